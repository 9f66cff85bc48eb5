"""`banban check`: every part is tried, and told as it was while it was tried."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from vtuber.app import check
from vtuber.core.availability import Availability
from vtuber.core.errors import ListenerError, VoiceError
from vtuber.core.events import Deletion, Event
from vtuber.core.health import Health, State


class Line:
    """A listener that is well as long as somebody listens."""

    def __init__(
        self, error: ListenerError | None = None, *, reached: bool = True, state: State = State.OK
    ) -> None:
        self._error = error
        self._reached = reached
        self._state = state
        self._open = False
        self.availability = Availability()

    async def start(self) -> None: ...

    async def events(self) -> AsyncGenerator[Event, None]:
        if self._error:
            raise self._error
        self._open = self._reached
        self.availability.set(ready=self._reached)
        try:
            await asyncio.sleep(3600)
            yield Deletion("", "", "")
        finally:
            self._open = False
            self.availability.set(ready=False)

    def health(self) -> Health:
        return Health("chat.line", self._state if self._open else State.DOWN, "a line", "plug it in")


async def test_a_chat_that_was_reached_is_ok() -> None:
    line = Line()
    found = await check._try(line, lambda: check._listen(line))
    assert found.state is State.OK
    assert not line._open  # and hung up


@pytest.mark.parametrize("state", [State.LIMITED, State.OFF])
async def test_a_chat_that_is_as_well_as_it_will_be_is_not_waited_for(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "HEARING_SECONDS", 3600)
    line = Line(state=state)
    async with asyncio.timeout(5):
        found = await check._try(line, lambda: check._listen(line))
    assert found.state is state


async def test_a_chat_out_of_reach_is_down_with_its_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "HEARING_SECONDS", 0.2)
    line = Line(reached=False)
    found = await check._try(line, lambda: check._listen(line))
    assert (found.state, found.hint) == (State.DOWN, "plug it in")


async def test_a_chat_that_can_never_be_heard_says_why() -> None:
    line = Line(ListenerError("there is no such channel", hint="look at its name", final=True))
    found = await check._try(line, lambda: check._listen(line))
    assert (found.state, found.what, found.hint) == (
        State.DOWN,
        "there is no such channel",
        "look at its name",
    )


async def test_a_part_that_cannot_start_is_down_and_the_rest_goes_on() -> None:
    async def start() -> None:
        raise VoiceError("no such voice", where="voice.edge.voice", hint="choose another")

    class Part:
        def health(self) -> Health:
            return Health("voice", State.OK, "")

    found = await check._try(Part(), start)
    assert found == Health("voice", State.DOWN, "voice.edge.voice: no such voice", "choose another")


async def test_chats_are_tried_at_once() -> None:
    """Ten that are out of reach take no longer than one."""
    together = asyncio.Barrier(3)

    class Late(Line):
        async def events(self) -> AsyncGenerator[Event, None]:
            await together.wait()
            async for event in super().events():
                yield event

    found = await check._try_chats([Late(), Late(), Late()])
    assert [health.state for health in found] == [State.OK] * 3
