"""What the commands have in common: their settings, and how they run and are stopped."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from vtuber.app import terminal
from vtuber.config import Settings
from vtuber.config.file import load, located, named
from vtuber.core.errors import BanbanError
from vtuber.core.simulated import SimulatedLoop

T = TypeVar("T")
Flags = dict[str, Any]
"""What stands on the command line, by the option that it stands for; None when it was not given."""

STOP_SECONDS = 5.0
"""After so many seconds in which it did not end, another Ctrl-C ends the program at once."""

SWITCH_SECONDS = 0.0005
"""While it ends, no thread keeps the others waiting for longer. With Python's usual 5 ms each step of the end
would wait that long for every thread that still reads what nobody needs any more."""

_SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")  # SIGHUP: the terminal's window was closed
    if hasattr(signal, name)  # Windows has no SIGHUP
]


@contextmanager
def settings_of(
    config: Path | None, flags: Flags, *, verbose: bool = False, plain: bool = False
) -> Iterator[Settings]:
    """The settings, with the log set up. An error that names an option is given the option's place, too."""
    terminal.set_up_logging(verbose=verbose, plain=plain)
    settings = named(load(config, flags), config)
    try:
        yield settings
    except BanbanError as error:
        error.where = located(error.where, config, flags)
        raise


def run(
    main: Callable[[], Coroutine[Any, Any, T]],
    *,
    simulated: bool = False,
    means_it: Callable[[], bool] = lambda: True,
) -> T | None:
    """Runs it to its end. Ctrl-C and SIGTERM stop it in order, and count as a good end (None).

    ``means_it`` is asked at Ctrl-C; where it says no, that Ctrl-C changes nothing.
    """

    async def stoppable() -> T:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # we are in one
        stop = _Stop(asyncio.get_running_loop(), task, means_it)
        for number in _SIGNALS:
            signal.signal(number, stop)
        return await main()

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    interval = sys.getswitchinterval()
    try:
        with asyncio.Runner(loop_factory=SimulatedLoop if simulated else None) as runner:
            if not simulated:
                runner.get_loop().set_default_executor(_Lookups())
            return runner.run(stoppable())
    except asyncio.CancelledError:
        return None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        sys.setswitchinterval(interval)


class _Lookups(ThreadPoolExecutor):
    """What the loop itself does in threads: names are looked up there. The end of a show waits for none."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002, ARG002  # as it is
        super().shutdown(wait=False, cancel_futures=True)


class _Stop:
    """A signal handler. The first signal cancels the task; those that follow must not disturb its end."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        task: asyncio.Task[Any],
        means_it: Callable[[], bool] = lambda: True,
    ) -> None:
        self._loop = loop
        self._task = task
        self._means_it = means_it
        self._began: float | None = None

    def __call__(self, number: int, _: FrameType | None) -> None:
        if self._began is None:
            if number == signal.SIGINT and not self._means_it():
                return
            self._began = time.monotonic()
            sys.setswitchinterval(SWITCH_SECONDS)
            self._loop.call_soon_threadsafe(self._task.cancel)
        elif time.monotonic() - self._began > STOP_SECONDS:
            terminal.leave_as_found()
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt in the body, for work that tidies up behind itself."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
