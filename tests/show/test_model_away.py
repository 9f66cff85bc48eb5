"""While no brain is there she says so now and then; who is owed an answer gets one later, or is thanked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from decimal import Decimal
from typing import Any

import pytest
from rehearsal_room import Chat, Room

from benchmarks.scripted import ScriptedBrain
from vtuber.brain import Prompt, PromptLine
from vtuber.core.errors import BrainError
from vtuber.core.events import Author, Deletion, Money, Raid, Redemption

FIVE = Money(Decimal(5), "USD")
ANSWER = "Yes, it is. I like it very much!"


class Model:
    """What may become of every ``ScriptedBrain``."""

    def __init__(self) -> None:
        self.is_away = False
        self.fails_at = ""
        """A question that it dies of, each time."""

    def check(self, question: str = "") -> None:
        if self.is_away or (self.fails_at and self.fails_at in question):
            raise BrainError("the model is not there")


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    model, stream = Model(), ScriptedBrain.stream

    async def checked(brain: ScriptedBrain, prompt: Prompt) -> AsyncGenerator[str, None]:
        model.check(prompt.lines[-1].text)
        async for text in stream(brain, prompt):
            yield text

    async def prefill_head(_brain: ScriptedBrain, _head: tuple[PromptLine, ...]) -> None:
        model.check()

    monkeypatch.setattr(ScriptedBrain, "stream", checked)
    monkeypatch.setattr(ScriptedBrain, "prefill_head", prefill_head)
    return model


def said(room: Room) -> list[str]:
    return [line for line in room.heard() if line]


def fallbacks(room: Room) -> int:
    """How many of her lines were fallback lines."""
    return sum(line in room.show.speakers[0].character.fallback_lines for line in said(room))


def owed(room: Room) -> list[str]:
    return [event.author.name for event in room.show.resumption.owed()]


@pytest.mark.parametrize("money", [FIVE, None])
def test_she_says_so_now_and_then_and_not_to_each(play: Any, model: Model, money: Money | None) -> None:
    async def scene(room: Room) -> None:
        model.is_away = True
        for number in range(100):
            room.types(f"what is number {number}?", name=f"viewer{number}", money=money)
            await asyncio.sleep(3)
        assert 2 <= len(said(room)) == fallbacks(room) <= 5

    play(scene, inbox={"batch": 1})


def test_all_that_is_owed_is_answered_when_it_is_back(play: Any, model: Model) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        model.is_away = True
        for number in range(6):
            room.types(f"what is number {number}?", name=f"viewer{number}", money=FIVE)
        room.show.receive(Raid("raid", "twitch", "banban", Author("8", "zoe"), viewers=50))
        room.show.receive(Redemption("wish", "twitch", "banban", Author("9", "ann"), "a wish", reward="Ask"))
        room.commands("!ask what is new?")
        await asyncio.sleep(120)
        assert len(said(room)) == fallbacks(room)
        assert (len(owed(room)), chat.settled, dict(room.show.inbox.dropped)) == (9, [], {})
        model.is_away = False
        await room.until(lambda: not owed(room), 200)
        assert said(room)[fallbacks(room) :] == [ANSWER] * 9
        assert chat.settled == [("wish", True)]

    play(scene, listeners=[chat], inbox={"batch": 1})


def test_what_she_is_to_say_word_for_word_does_not_wait(play: Any, model: Model) -> None:
    async def scene(room: Room) -> None:
        model.is_away = True
        room.types("what is new?")
        await room.until(lambda: said(room))
        room.commands("!ask what is old?")
        room.commands("!say We are back soon.")
        await room.until(lambda: "We are back soon." in said(room), 5)
        assert [event.text for event in room.show.performer.agenda.requests] == ["what is old?"]

    play(scene)


def test_who_has_waited_for_too_long_is_thanked_in_one_line(play: Any, model: Model) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        model.is_away = True
        for name in ("ann", "bob", "cleo"):
            room.types("is it good?", name=name, money=FIVE)
        gone = room.types("is it bad?", name="eve", money=FIVE)
        room.types("hello", name="dan")
        room.show.receive(Redemption("wish", "twitch", "banban", Author("9", "kai"), "a wish", reward="Ask"))
        room.commands("!ask what is new?")
        await asyncio.sleep(60)
        room.show.receive(Deletion("gone", gone.platform, gone.channel, message_id=gone.id))
        await asyncio.sleep(50)
        room.types("am I late?", name="flo", money=FIVE)
        assert len(said(room)) == fallbacks(room)
        await room.until(lambda: owed(room) == ["flo"])
        (line,) = [one for one in said(room) if "thank you" in one]
        assert line == "A while ago, ann, bob and cleo supported us: thank you so much!"
        assert chat.settled == [("wish", False)]
        assert not room.show.performer.agenda.requests
        model.is_away = False
        await room.until(lambda: not owed(room), 100)
        assert ANSWER in said(room)

    play(scene, listeners=[chat], inbox={"batch": 1}, pending={"answer_minutes": 2})


def test_nobody_is_thanked_while_a_moderator_has_her_silent(play: Any, model: Model) -> None:
    async def scene(room: Room) -> None:
        model.is_away = True
        room.types("is it good?", name="ann", money=FIVE)
        room.commands("!pause")
        await asyncio.sleep(100)
        assert (said(room), owed(room)) == ([], ["ann"])
        room.commands("!resume")
        await room.until(lambda: not owed(room))
        assert "ann" in said(room)[-1]

    play(scene, pending={"answer_minutes": 1})


def test_a_question_that_her_model_dies_of_each_time_is_thanked_for_and_stops_nobody(
    play: Any, model: Model
) -> None:
    async def scene(room: Room) -> None:
        model.fails_at = "deadly"
        room.types("what is deadly?", name="ann", money=FIVE)
        room.types("what is new?", name="bob", money=FIVE)
        await room.until(lambda: not owed(room), 200)
        assert [line for line in said(room) if "ann" in line] == [
            "A while ago, ann supported us: thank you so much!"
        ]
        assert ANSWER in said(room)

    play(scene, inbox={"batch": 1})
