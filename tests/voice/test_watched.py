"""Voices from elsewhere that do what none may: the next goes on, and nothing hangs, raises or is left."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from itertools import repeat
from typing import Any

import pytest
from voice_props import chain, hear

from benchmarks.scripted import tone
from vtuber.core.availability import Availability
from vtuber.core.events import Sound, Word
from vtuber.core.health import Health, State
from vtuber.core.simulated import SimulatedLoop
from vtuber.voice import Utterance

TEXT = "one two three"
SOUND = Sound(tone(1.0))


class Elsewhere:
    """A voice of which a test replaces whatever it wants."""

    languages: Any = frozenset({"en"})

    def __init__(self, speak: Callable[[Utterance], Any]) -> None:
        self.availability: Any = Availability(ready=True)
        self.speak = speak

    async def start(self) -> None:
        """Nothing to load."""

    async def stop(self) -> None:
        """Nothing to stop."""

    def health(self) -> Any:
        return Health("voice", State.OK, "well")


def sends(*items: Any) -> Callable[[Utterance], AsyncGenerator[Any, None]]:
    async def speak(_: Utterance) -> AsyncGenerator[Any, None]:
        for item in items:
            if isinstance(item, BaseException):
                raise item
            yield item

    return speak


async def _no_iterator(_: Utterance) -> None:
    """Forgot to yield."""


def _raises(_: Utterance) -> None:
    raise RuntimeError


async def _endless(item: Any) -> AsyncGenerator[Any, None]:
    while True:
        yield item


async def _trickle(_: Utterance) -> AsyncGenerator[Sound, None]:
    while True:
        await asyncio.sleep(1)
        yield Sound(b"")


def _good() -> Elsewhere:
    return Elsewhere(sends(Word("one", 0, 0.3), Word("two", 0.3, 0.6), Word("three", 0.6, 1), SOUND))


BAD: dict[str, Callable[[Utterance], Any]] = {
    "half a sample": sends(Sound(SOUND.pcm[:-1])),
    "a text": sends("hello"),
    "bare bytes": sends(SOUND.pcm),
    "nothing at all": sends(None, SOUND),
    "a sound of text": sends(Sound("abc")),  # type: ignore[arg-type]  # that is what is wrong
    "a word without text": sends(Word(None, 0, 1), SOUND),  # type: ignore[arg-type]  # the same
    "a time that is none": sends(Word("one", math.nan, math.inf), SOUND),
    "a cancellation of its own": sends(asyncio.CancelledError()),
    "no iterator": _no_iterator,
    "an error at once": _raises,
    "empty sounds without end": lambda _: _endless(Sound(b"")),
    "words without end": lambda _: _endless(Word("one", 0, 0)),
    "empty sounds, slowly": _trickle,
}


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize("speak", BAD.values(), ids=BAD)
def test_the_next_voice_says_it(speak: Callable[[Utterance], Any]) -> None:
    async def main() -> None:
        router = chain(Elsewhere(speak), _good())
        await router.start()
        heard = await hear(router.speak(Utterance(TEXT)))
        heard.check(TEXT)
        assert heard.level_at(0, 1) > -30
        await router.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(main())


class _Plain:
    """No generator: it cannot be closed."""

    def __init__(self) -> None:
        self._items = [Word("one", 0, 0.3), Word("two", 0.3, 0.6), Word("three", 0.6, 1), SOUND]

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        if not self._items:
            raise StopAsyncIteration
        return self._items.pop(0)


async def test_what_cannot_be_closed_is_heard() -> None:
    (await hear(chain(Elsewhere(lambda _: _Plain())).speak(Utterance(TEXT)))).check(TEXT)


async def _fails() -> None:
    raise RuntimeError


async def test_one_that_cannot_start_nor_stop_nor_say_how_it_is(caplog: pytest.LogCaptureFixture) -> None:
    bad = _good()
    bad.start = bad.stop = _fails  # type: ignore[method-assign]  # a voice that fails
    bad.health = _raises  # type: ignore[method-assign, assignment]  # and this too
    router = chain(bad, _good())
    await router.start()
    (await hear(router.speak(Utterance(TEXT)))).check(TEXT)
    assert "the voice number 1 failed (RuntimeError)" in router.health().what
    await router.stop()
    assert "while it was stopped: the voice number 1 failed (RuntimeError)" in caplog.messages


@pytest.mark.parametrize(
    ("name", "value"), [("languages", ["en"]), ("languages", None), ("availability", None)]
)
async def test_one_that_lacks_what_a_voice_has(name: str, value: Any) -> None:
    bad = _good()
    setattr(bad, name, value)
    router = chain(bad, _good())
    await router.start()
    (await hear(router.speak(Utterance(TEXT)))).check(TEXT)


def test_one_that_never_starts() -> None:
    async def main() -> None:
        bad = _good()
        bad.start = asyncio.Event().wait  # type: ignore[method-assign, assignment]  # it never starts
        router = chain(bad, _good())
        await router.start()
        (await hear(router.speak(Utterance(TEXT)))).check(TEXT)

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(main())


@pytest.mark.parametrize("forms", ["raises", "no texts", "endless"])
def test_one_that_cannot_say_what_it_pronounces_costs_one_message(
    forms: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Odd(Elsewhere):
        def pronounced(self, text: str) -> Iterator[Any]:
            if forms == "raises":
                raise RuntimeError
            yield from repeat(text if forms == "endless" else 5)

    router = chain(Odd(sends(SOUND)))
    for _ in range(3):
        assert len([*router.pronounced("It is 25°C now ш")]) == (20 if forms == "endless" else 3)
    assert len(caplog.records) == (forms != "endless")
