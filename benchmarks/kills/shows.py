"""Shows one after the other, until there were so many kills: ``measure``."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks.kills.browsers import Browsers
from benchmarks.kills.platform import Platform
from benchmarks.kills.toll import Toll, described
from benchmarks.kills.victims import Model, Obs, Valkey, Victim
from vtuber.memory.valkey import EmbeddedValkey

VICTIMS: dict[str, type[Victim]] = {"redis": Valkey, "model": Model, "obs": Obs, "page": Browsers}
"""What can be killed beside the show itself, "banban"."""


async def measure(
    kills: int, *, of: str, paid: int, seed: int, tell: Callable[[str], object] = lambda _: None
) -> Toll:
    """Shows with so many paid messages each. ``tell`` is told the toll after each."""
    toll, dice = Toll(), random.Random(seed)
    async with AsyncExitStack() as stack:
        victim = VICTIMS[of]() if of in VICTIMS else None
        if victim is not None:
            await stack.enter_async_context(victim.running())
        while toll.kills < kills:
            with tempfile.TemporaryDirectory() as folder:
                platform = Platform(Path(folder), paid, dice, victim)
                try:
                    toll.kills += await platform.run(kills - toll.kills)
                finally:
                    EmbeddedValkey(Path(folder) / "memory").leave("")
                toll.add(platform)
            figures = victim.figures if victim else {}
            lines = [f"  {described(name, seconds)}" for name, seconds in figures.items()]
            tell("\n".join([str(toll), *lines]))
    return toll
