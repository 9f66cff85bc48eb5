"""Channel points: kept when she answered, given back when she did not; once for each redemption."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from rehearsal_room import Chat, Room, message

from vtuber.brain.fallback_lines import FallbackLines
from vtuber.core.events import Author, Deletion, Money, Redemption

LONG = " ".join(f"It goes on to {number}," for number in range(10, 20))
_ids = count(1)


def redemption(text: str = "what is pizza?", name: str = "mika") -> Redemption:
    author = Author(f"id-{name}", name)
    return Redemption(f"r{next(_ids)}", "twitch", "banban", author, text, reward="Ask", cost=100)


def test_she_answers_and_the_points_are_kept(play: Any) -> None:
    chat, other = Chat(), Chat()

    async def scene(room: Room) -> None:
        asked = redemption()
        room.show.receive(asked)
        await room.until_speaking()
        assert chat.settled == []  # not before she has answered
        await room.until_idle()
        assert chat.settled == other.settled == [(asked.id, True)]
        room.show.receive(asked)  # it comes again
        await asyncio.sleep(5)
        assert len(chat.settled) == 1
        assert [line["answered"] for line in room.journal("settled")] == [True]

    play(scene, listeners=[chat, other])
    assert len(chat.settled) == 1


def test_company_is_answered_too(play: Any) -> None:
    chat = Chat()

    async def scene(room: Room) -> None:
        room.commands("!pause")
        redeemed = [redemption(name=name) for name in ("ann", "bob", "cat")]
        for one in redeemed:
            room.show.receive(one)
        room.types("and me?")
        room.commands("!resume")
        await room.until_idle()
        assert len(room.heard()) == 1
        assert sorted(chat.settled) == sorted((one.id, True) for one in redeemed)

    play(scene, listeners=[chat])


@pytest.mark.parametrize("gate", [{"words": ["forbidden"]}, {"patterns": ["forbidden"]}])
def test_what_the_gate_stops_is_given_back_and_not_answered(play: Any, gate: Any) -> None:
    chat = Chat()

    async def scene(room: Room) -> None:
        stopped = redemption("the forbidden word")
        room.show.receive(stopped)
        room.show.receive(stopped)
        await asyncio.sleep(5)
        assert chat.settled == [(stopped.id, False)]
        assert room.heard() == []
        assert room.show.inbox.dropped["filtered"] >= 1
        assert room.show.inbox.paid_waiting == 0

    play(scene, listeners=[chat], gate=gate)
    assert len(chat.settled) == 1


def test_what_moderators_take_away_is_given_back(play: Any) -> None:
    chat = Chat()

    async def scene(room: Room) -> None:
        room.commands("!pause")
        deleted, ignored, late = redemption(name="ann"), redemption(name="bob"), redemption(name="bob")
        room.show.receive(deleted)
        room.show.receive(ignored)
        room.show.receive(Deletion("d", "twitch", "banban", message_id=deleted.id))
        assert chat.settled == [(deleted.id, False)]
        room.commands("!ignore @bob")
        room.show.receive(late)
        assert chat.settled[1:] == [(ignored.id, False), (late.id, False)]

    play(scene, listeners=[chat])
    assert len(chat.settled) == 3


def test_an_answer_that_is_cut_counts_when_something_was_heard(play: Any) -> None:
    chat = Chat()

    async def scene(room: Room) -> None:
        unheard = redemption()
        room.show.receive(unheard)
        await asyncio.sleep(0.1)
        room.commands("!skip")
        await room.until(lambda: not room.show.performer.busy)
        assert chat.settled == [(unheard.id, False)]
        heard = redemption()
        room.show.receive(heard)
        await room.until_speaking()
        await asyncio.sleep(1)
        room.commands("!hush")
        await room.until(lambda: not room.show.performer.busy)
        assert chat.settled[1:] == [(heard.id, True)]

    play(scene, listeners=[chat], reply=LONG)


def test_whoever_was_only_company_to_what_was_cut_is_answered_later(play: Any) -> None:
    chat = Chat()

    async def scene(room: Room) -> None:
        room.commands("!pause")
        lead = room.types("cut me", name="rich", money=Money(Decimal(500), "USD"))
        company = redemption(name="ann")
        room.show.receive(company)
        room.commands("!resume")
        await asyncio.sleep(0.1)
        room.commands("!skip")
        await asyncio.sleep(0.1)
        batch = room.journal("batch")[0]
        assert (batch["lead"], batch["others"]) == (lead.id, [company.id])
        assert chat.settled == []
        await room.until_idle()
        assert chat.settled == [(company.id, True)]

    play(scene, listeners=[chat])


def test_what_she_never_manages_to_answer_is_given_back(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = Chat()
    monkeypatch.setattr(FallbackLines, "take", lambda *_: "")

    async def scene(room: Room) -> None:
        asked = redemption()
        room.show.receive(asked)
        await asyncio.sleep(30)
        assert chat.settled == [(asked.id, False)]

    play(scene, listeners=[chat], reply="")


def test_what_waits_when_the_show_ends_is_given_back(play: Any) -> None:
    chat = Chat()
    speaking, waiting = redemption(name="ann"), redemption(name="bob")

    async def scene(room: Room) -> None:
        room.show.receive(speaking)
        await room.until_speaking()
        await asyncio.sleep(1)
        room.show.receive(waiting)
        assert len(room.show.redemptions) == 2

    play(scene, listeners=[chat], reply=LONG)
    assert chat.settled == [(speaking.id, True), (waiting.id, False)]


def test_a_listener_that_fails_to_fulfil_stops_nothing(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, chat = Chat(), Chat()

    def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(broken, "fulfil", fail)

    async def scene(room: Room) -> None:
        asked = redemption()
        room.show.receive(asked)
        room.show.receive(message("hello"))
        await room.until_idle()
        assert chat.settled == [(asked.id, True)]

    play(scene, listeners=[broken, chat])
