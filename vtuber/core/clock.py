"""The show's clock: the event loop's own, so that one loop with simulated time moves everything together.

Two rules keep a simulated show honest. Whatever waits, waits through asyncio (``sleep``, ``timeout``…);
and whatever waits for real work outside the loop (the model's process, a thread, a server) does so inside
``with outside():``, which holds simulated time still until the work is done. On a real loop neither costs
anything.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import ParamSpec, TypeVar

from vtuber.core.simulated import Errand, SimulatedLoop

P = ParamSpec("P")
T = TypeVar("T")


def now() -> float:
    """Seconds on the show's clock. Monotonic; its zero means nothing. Needs a running loop."""
    return asyncio.get_running_loop().time()


def is_simulated() -> bool:
    """Whether the show is a rehearsal that has to be the same each time. Needs a running loop."""
    return isinstance(asyncio.get_running_loop(), SimulatedLoop)


@contextmanager
def outside() -> Iterator[None]:
    """While the body awaits work that is done outside the loop, simulated time stands still."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, SimulatedLoop):
        yield
        return
    loop.work_outside += 1
    try:
        yield
    finally:
        loop.work_outside -= 1


async def answered(answer: Awaitable[T]) -> T:
    """Awaits what comes from outside the loop, such as a line of another process.

    In simulated time such answers, and the results of threads, are taken in the order in which they began to
    be waited for, however early each of them is there. So none may need another that is asked for later.
    """
    loop = asyncio.get_running_loop()
    if not isinstance(loop, SimulatedLoop):
        return await answer
    turn: asyncio.Future[None] = loop.create_future()
    errand = Errand(lambda: None if turn.done() else turn.set_result(None))
    loop.errands.append(errand)
    try:
        with outside():
            given = await answer
            errand.done = True
            await turn
            return given
    finally:
        if errand in loop.errands:
            loop.errands.remove(errand)


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Calls it in a thread of its own, which counts as work outside.

    Not in the loop's executor: ending the program would wait for whatever hangs there. In simulated time,
    threads that work side by side end in the order in which they were begun.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()
    outcome: list[Callable[[], None]] = []

    def settle() -> None:
        if not answer.done():  # else nobody waits any more
            outcome[0]()

    errand = Errand(settle)

    def work() -> None:
        try:
            outcome.append(partial(answer.set_result, function(*args, **kwargs)))
        except BaseException as raised:  # noqa: BLE001  # handed to whoever waits
            outcome.append(partial(answer.set_exception, raised))
        if isinstance(loop, SimulatedLoop):  # it settles it in its turn
            errand.done = True
            loop.wake()
            return
        with suppress(RuntimeError):  # the loop is closed: the program ends
            loop.call_soon_threadsafe(settle)

    if isinstance(loop, SimulatedLoop):
        loop.errands.append(errand)
    threading.Thread(target=work, name=getattr(function, "__name__", "work"), daemon=True).start()
    try:
        with outside():
            return await answer
    finally:
        if isinstance(loop, SimulatedLoop) and errand in loop.errands:
            loop.errands.remove(errand)
