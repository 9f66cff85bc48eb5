"""Which brain a command uses: the one that config names, or what there is on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vtuber.app.offer import offer
from vtuber.app.running import Flags, run, settings_of
from vtuber.brain.choice import AUTO, choose
from vtuber.config import Settings


@contextmanager
def settings_with_brain(
    config: Path | None,
    flags: Flags,
    *,
    verbose: bool = False,
    plain: bool = False,
    servers: bool = True,
    offers: bool = False,
) -> Iterator[Settings]:
    """``settings_of``, with the brain that "auto" stands for. Without ``servers`` none is looked for.

    With ``offers``, whoever has only the toy is offered a better one (``offer``).
    """
    with settings_of(config, flags, verbose=verbose, plain=plain) as settings:
        found = chosen(settings, servers=servers)
        if offers and settings.brain.use == AUTO and found.brain.is_toy and offer(settings):
            found = chosen(settings, servers=servers)
        yield found


def chosen(settings: Settings, *, servers: bool = True) -> Settings:
    """The settings with the brain that "auto" stands for.

    Raises ConfigError, and SystemExit when it is stopped.
    """
    found = run(lambda: choose(settings, servers=servers))
    if found is None:
        raise SystemExit
    return found
