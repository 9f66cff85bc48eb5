"""What a moderator deletes is gone from the whole show, wherever it had got to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rehearsal_room import Chat, Room, message, perform

from benchmarks.scripted import ScriptedBrain
from vtuber.brain import Prompt
from vtuber.core.events import (
    Answerable,
    Author,
    Batch,
    ChatMessage,
    Deletion,
    Event,
    Follow,
    Money,
    Pick,
    Redemption,
    Role,
    StreamStatus,
    Subscription,
)
from vtuber.listeners.replay import Replay
from vtuber.show.performer import LINGERING, Performer
from vtuber.show.show import Show
from vtuber.show.turn import Turn
from vtuber.stage.cues import ClipBegins, Hushed, Thinking, Withdrawn

Scene = Callable[[Room], Awaitable[None]]
LONG = " ".join(f"It goes on to {number}," for number in range(10, 18))
BAD = "brokkoli"
"""The word that is in everything deleted here, and in nothing else."""
FIVE = Money(Decimal(5), "USD")
MODERATOR = frozenset({Role.MODERATOR})
EVERY_KIND = pytest.mark.parametrize("kind", ["message", "author", "chat"])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every prompt the model was given, without its head, as one text each."""
    asked: list[str] = []
    whole = ScriptedBrain.stream

    async def stream(self: ScriptedBrain, prompt: Prompt) -> AsyncGenerator[str, None]:
        asked.append("\n".join(line.text for line in prompt.lines[prompt.head :]))
        async for text in whole(self, prompt):
            yield text

    monkeypatch.setattr(ScriptedBrain, "stream", stream)
    return asked


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Plays a scene; ``reply`` is what she says to everything. The model has a history."""

    def play(scene: Scene, *, reply: str = "Yes, it is!", **settings: Any) -> None:
        monkeypatch.setattr(ScriptedBrain, "reply", reply)
        settings = {"brain": {"use": "scripted", "model": "own"}, **settings}
        perform(lambda: Room(tmp_path, **settings), scene)

    return play


def deletion(kind: str, event: Answerable, **more: Any) -> Deletion:
    """Of the event alone, of its author, or of the whole chat."""
    told: dict[str, dict[str, Any]] = {
        "message": {"message_id": event.id},
        "author": {"author_id": event.author.id},
        "chat": {},
    }
    return Deletion(f"d-{event.id}", event.platform, event.channel, **told[kind], **more)


def elsewhere(text: str, **more: Any) -> ChatMessage:
    """A message in another channel, of which nothing is deleted."""
    return replace(message(text, **more), channel="elsewhere")


def cues(room: Room, *kinds: type[Any]) -> list[Any]:
    return [cue for _, cue in room.screen.cues if isinstance(cue, kinds)]


# Where it may have got to.


@EVERY_KIND
def test_while_it_waits(play: Any, asked: list[str], kind: str) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        gone = room.types(f"a {BAD} for you?", money=FIVE)
        room.show.receive(deletion(kind, gone))
        room.commands("!resume")
        await asyncio.sleep(5)
        assert room.heard() == asked == []
        assert room.show.inbox.dropped == {"revoked": 1}
        (line,) = room.journal("revoked")
        assert line["deletion"] == f"d-{gone.id}"
        assert line["waiting"] == [gone.id]
        assert BAD not in str(line)

    play(scene)


@EVERY_KIND
def test_while_she_thinks(play: Any, kind: str) -> None:
    async def scene(room: Room) -> None:
        gone = room.types(f"a {BAD} for you?")
        await asyncio.sleep(0.1)
        assert ScriptedBrain.streaming == 1
        room.show.receive(deletion(kind, gone))
        assert cues(room, Thinking, Withdrawn)[-1] == Withdrawn(1)
        await asyncio.sleep(0.01)
        assert ScriptedBrain.streaming == 0
        await asyncio.sleep(5)
        assert room.heard() == [""]
        assert not cues(room, ClipBegins)
        assert room.journal("revoked")[0]["turns"] == [1]
        assert room.show.inbox.dropped == {"revoked": 1}

    play(scene)


@EVERY_KIND
def test_while_she_speaks(play: Any, asked: list[str], kind: str) -> None:
    async def scene(room: Room) -> None:
        gone = room.types(f"a {BAD} for you?")
        await room.until_speaking()
        await asyncio.sleep(1)
        room.show.receive(deletion(kind, gone))
        assert [type(cue) for _, cue in room.screen.cues[-2:]] == [Hushed, Withdrawn]
        assert room.show.stage.remaining() == 0
        await room.until_idle()
        (cut,) = room.heard()
        assert "It goes" in cut
        recalled = await room.show.memory.recall(Batch(Pick(message("and now?")), speaker="banban"))
        assert not recalled.answers
        assert not any(viewer.last_words for viewer in recalled.viewers.values())
        room.show.receive(elsewhere("what else?"))
        await room.until(lambda: len(asked) == 2)
        assert asked[1] == "what else?"

    play(scene, reply=LONG)


@EVERY_KIND
def test_she_may_finish_where_config_lets_her(play: Any, asked: list[str], kind: str) -> None:
    async def scene(room: Room) -> None:
        gone = room.types(f"a {BAD} for you?")
        await room.until_speaking()
        await asyncio.sleep(1)
        room.show.receive(deletion(kind, gone))
        assert cues(room, Withdrawn) == [Withdrawn(1, finish=True)]
        await room.until_idle()
        assert room.heard() == [LONG.strip()]
        assert not cues(room, Hushed)
        recalled = await room.show.memory.recall(Batch(Pick(message("and now?")), speaker="banban"))
        assert not recalled.answers
        room.show.receive(elsewhere("what else?"))
        await room.until(lambda: len(asked) == 2)
        assert asked[1] == "what else?"
        assert "revoked" not in room.show.inbox.dropped

    play(scene, reply=LONG, gate={"finish_deleted": True})


def test_she_does_not_even_begin_where_config_lets_her_finish(play: Any) -> None:
    async def scene(room: Room) -> None:
        gone = room.types(f"a {BAD} for you?")
        await asyncio.sleep(0.1)
        room.show.receive(deletion("message", gone))
        await room.until_idle()
        assert room.heard() == [""]

    play(scene, gate={"finish_deleted": True})


def test_in_the_very_step_in_which_it_was_chosen(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def perform(performer: Performer, turn: Turn) -> None:
        shows[0].receive(deletion("message", turn.batch.lead.event))
        await performed(performer, turn)

    async def scene(room: Room) -> None:
        shows.append(room.show)
        room.types(f"a {BAD} for you?")
        await room.until(room.heard)
        assert room.heard() == [""]
        assert not cues(room, Thinking)

    shows: list[Show] = []
    performed = Performer._perform
    monkeypatch.setattr(Performer, "_perform", perform)
    play(scene)


@EVERY_KIND
def test_when_she_has_just_answered_it(play: Any, asked: list[str], kind: str) -> None:
    async def scene(room: Room) -> None:
        gone = room.types(f"a {BAD} for you?")
        await room.until(room.heard)
        room.show.receive(deletion(kind, gone))
        assert room.screen.cues[-1][1] == Withdrawn(1)
        room.show.receive(elsewhere("anything else?"))
        await room.until(lambda: len(asked) == 2)
        assert asked[1] == "anything else?"

    play(scene)


def test_of_replies_that_are_over_only_the_latest_are_looked_at(play: Any) -> None:
    async def scene(room: Room) -> None:
        written = []
        for number in range(LINGERING + 2):
            written.append(room.types(f"question {number}?", name=f"viewer {number}"))
            await room.until(lambda: len(room.heard()) == len(written))
        for one in (written[1], written[2]):
            room.show.receive(deletion("message", one))
        assert [line["turns"] for line in room.journal("revoked")] == [[], [3]]

    play(scene)


@EVERY_KIND
def test_long_after_it_was_answered(play: Any, asked: list[str], kind: str) -> None:
    async def scene(room: Room) -> None:
        first = elsewhere("something nice?", name="other")
        room.show.receive(first)
        await room.until_idle()
        gone = room.types(f"a {BAD} for you?")
        await room.until_idle()
        for number in range(5):
            room.show.receive(elsewhere(f"question {number}?", name=f"n{number}"))
            await room.until_idle()
        await asyncio.sleep(60)
        assert BAD in asked[-1]
        room.show.receive(deletion(kind, gone))
        room.show.receive(elsewhere("so?"))
        await room.until_idle()
        assert BAD not in asked[-1]
        assert first.text in asked[-1]
        assert "question 4?" in asked[-1]
        recalled = await room.show.memory.recall(Batch(Pick(message("and now?")), speaker="banban"))
        assert recalled.answers == (ScriptedBrain.reply,), "the answer to the last question, which stays"
        assert recalled.viewers["twitch", "id-mika"].last_words == "so?"

    play(scene)


# Who else was in the batch.


def test_company_that_is_deleted_while_she_thinks(play: Any, asked: list[str]) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        room.types("what do you think, banban?", name="lead")
        gone = room.types(f"a {BAD} for you", name="other")
        room.types("me too", name="third")
        room.commands("!resume")
        await asyncio.sleep(0.1)
        assert BAD in asked[0]
        room.show.receive(deletion("message", gone))
        await room.until_idle()
        await room.until(lambda: len(room.heard()) == 2)
        assert room.heard() == ["", "Yes, it is!"]
        assert [batch["who"] for batch in room.journal("batch")] == ["lead", "lead"]
        assert len(room.journal("batch")[1]["others"]) == 1
        assert BAD not in asked[1]
        assert "me too" in asked[1]

    play(scene)


def test_company_that_is_deleted_while_she_speaks(play: Any, asked: list[str]) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        room.types("mine first", name="rich", money=FIVE)
        gone = room.types(f"a {BAD} for you", name="other")
        room.commands("!resume")
        await room.until_speaking()
        await asyncio.sleep(1)
        room.show.receive(deletion("author", gone))
        assert room.show.stage.remaining() == 0
        await room.until_idle()
        await room.until(lambda: len(room.heard()) == 2)
        assert room.heard()[1] == LONG.strip()
        assert BAD not in asked[1]
        assert room.show.metrics.paid_answered == room.show.metrics.turns == 1

    play(scene, reply=LONG)


def test_company_that_is_deleted_stays_unseen_where_she_may_finish(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        room.types("mine first", name="rich", money=FIVE)
        gone = room.types(f"a {BAD} for you", name="other")
        room.commands("!resume")
        await room.until_speaking()
        await asyncio.sleep(1)
        room.show.receive(deletion("message", gone))
        await room.until_idle()
        assert room.heard() == [LONG.strip()]
        assert not cues(room, Withdrawn), "whom she answers was not deleted"
        assert room.show.metrics.paid_answered == 1

    play(scene, reply=LONG, gate={"finish_deleted": True})


@pytest.mark.parametrize("moment", [0.1, 2.0])
def test_company_of_what_is_deleted_is_answered(play: Any, asked: list[str], moment: float) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        gone = room.types(f"a {BAD} for you", name="lead", money=Money(Decimal(50), "USD"))
        room.types("and mine", name="poor", money=FIVE)
        room.types("me too", name="third")
        room.commands("!resume")
        await asyncio.sleep(moment)
        room.show.receive(deletion("author", gone))
        await room.until_idle()
        await room.until(lambda: len(room.heard()) == 2)
        assert room.journal("batch")[1]["who"] == "poor"
        assert "me too" in asked[1]
        assert BAD not in asked[1]
        assert room.show.metrics.paid_answered == 1

    play(scene, reply=LONG)


def test_what_another_reply_has_still_to_say_is_left_alone(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("tell me all?")
        await room.until_speaking()
        room.types(f"a {BAD} for you?", name="other", money=FIVE)
        await room.until(lambda: len(cues(room, Thinking)) == 2)
        assert room.show.stage.remaining() > 0.5
        gone = cues(room, Thinking)[1]
        assert BAD in gone.text
        room.show.receive(Deletion("d", "twitch", "banban", author_id="id-other"))
        assert cues(room, Withdrawn) == [Withdrawn(2)]
        await room.until_idle()
        assert not cues(room, Hushed)
        assert room.heard() == ["Yes, it is!"]
        assert [line["turn"] for line in room.journal("set_aside")] == [2]

    play(scene)


def test_words_called_to_mind_are_deleted_while_she_thinks(play: Any, asked: list[str]) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        gone = room.types(f"I like {BAD}")
        room.show.inbox.take(0.0)
        room.types("what do I like?")
        room.commands("!resume")
        await asyncio.sleep(0.1)
        assert f"they wrote before: I like {BAD}" in asked[0]
        room.show.receive(deletion("message", gone))
        await room.until(lambda: any(room.heard()))
        assert asked[1] == "what do I like?"
        assert room.heard() == ["", "Yes, it is!"]

    play(scene)


def test_an_answer_called_to_mind_is_taken_back_too(play: Any, asked: list[str]) -> None:
    async def scene(room: Room) -> None:
        gone = room.types("what is green?")
        await room.until_idle()
        room.types("and what else?")
        await room.until_idle()
        assert f"you told them before: It is {BAD}." in asked[-1]
        room.show.receive(deletion("message", gone))
        room.types("really?")
        await room.until_idle()
        assert asked[-1] == "really? [they wrote before: and what else?]"

    play(scene, reply=f"It is {BAD}.")


def chants(room: Room) -> ChatMessage:
    """Four people repeat a line that nobody answers, and one asks a question."""
    room.commands("!pause")
    written = [room.types(f"!{BAD}", name=f"fan{number}") for number in range(4)]
    room.types("what is it, banban?", name="lead")
    room.commands("!resume")
    return written[2]


def test_the_rooms_buzz_is_deleted_while_she_thinks(play: Any, asked: list[str]) -> None:
    async def scene(room: Room) -> None:
        gone = chants(room)
        await asyncio.sleep(0.1)
        assert asked == [f"what is it, banban? [chat repeats !{BAD}]"]
        room.show.receive(deletion("message", gone))
        await room.until(lambda: len(asked) == 2)
        assert asked[1] == "what is it, banban?"

    play(scene)


def test_the_rooms_buzz_is_deleted_while_she_speaks(play: Any, asked: list[str]) -> None:
    async def scene(room: Room) -> None:
        gone = chants(room)
        await room.until_speaking()
        await asyncio.sleep(0.5)
        room.show.receive(deletion("message", gone))
        assert not cues(room, Hushed), "nobody asked her about it"
        await room.until(lambda: LONG.strip() in room.heard())
        room.types("and now?", name="other")
        await room.until(lambda: "and now?" in asked[-1])
        assert f"repeats !{BAD}" not in asked[-1]

    play(scene, reply=LONG)


# Who is to be forgotten, and is not ignored.


def test_who_is_forgotten_hears_her_out_and_is_not_remembered(play: Any, asked: list[str]) -> None:
    async def scene(room: Room) -> None:
        room.types(f"I like {BAD}")
        await room.until_speaking()
        room.show.performer.forget("twitch", "Mika")
        await room.until_idle()
        assert room.heard() == [LONG.strip()]
        assert not cues(room, Hushed, Withdrawn)
        recalled = await room.show.memory.recall(Batch(Pick(message("and now?")), speaker="banban"))
        assert not recalled.viewers
        assert not recalled.answers
        room.types("hello again?")
        await room.until(lambda: len(asked) == 2)
        assert asked[1] == "hello again?"

    play(scene, reply=LONG)


def test_who_is_forgotten_is_not_answered_again_when_that_reply_is_skipped(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types(f"I like {BAD}")
        await room.until_speaking()
        room.show.performer.forget("twitch", "Mika")
        room.commands("!skip")
        await asyncio.sleep(30)
        assert len(room.heard()) == 1

    play(scene, reply=LONG)


# What she was told to say.


@EVERY_KIND
def test_an_order_goes_with_its_line(play: Any, kind: str) -> None:
    async def scene(room: Room) -> None:
        given = [
            message(f"!say {BAD} number {number}.", name="rogue", roles=MODERATOR) for number in range(3)
        ]
        for one in given:
            room.show.receive(one)
        await room.until_speaking()
        await asyncio.sleep(0.3)
        for one in given:
            room.show.receive(deletion(kind, one))
        assert room.show.stage.remaining() == 0
        room.show.receive(elsewhere("!say Good evening.", name="mod", roles=MODERATOR))
        await room.until(lambda: "Good evening." in room.heard())
        assert BAD in room.heard()[0]
        assert not any("number 2" in cue.sentence.text for cue in cues(room, ClipBegins))

    play(scene)


def test_the_same_order_may_be_given_again(play: Any) -> None:
    async def scene(room: Room) -> None:
        mod = {"name": "mod", "roles": MODERATOR}
        room.show.receive(deletion("message", room.types("!say Good evening.", **mod)))
        room.types("!say Good evening.", **mod)
        await room.until_idle()
        assert room.heard() == ["Good evening."]

    play(scene)


# What does not concern her.


def test_unknown_things_and_the_same_again_change_nothing(play: Any) -> None:
    async def scene(room: Room) -> None:
        kept = room.types("is it good?")
        await room.until_speaking()
        hear = room.show.receive
        hear(Deletion("1", "twitch", "banban", message_id="unheard-of"))
        hear(Deletion("2", "twitch", "banban", author_id="unheard-of"))
        hear(Deletion("3", "twitch", "banban", author_id="@unheard_of"))
        hear(Deletion("4", "youtube", "banban", message_id=kept.id))
        hear(Deletion("5", "youtube", "banban", author_id=kept.author.id))
        hear(Deletion("6", "twitch", "elsewhere", author_id=kept.author.id))
        hear(Deletion("7", "twitch", "elsewhere"))
        assert not cues(room, Hushed)
        for _ in range(3):
            hear(Deletion("8", "twitch", "banban", message_id=kept.id))
        await room.until_idle()
        assert room.show.inbox.dropped == {"revoked": 1}
        hear(StreamStatus("s", "twitch", "banban"))

    play(scene)


def test_a_follow_and_a_reward_of_a_banned_author_go_too(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        who = Author("id-mika", "mika")
        room.show.receive(Follow("f", "twitch", "banban", who))
        room.show.receive(Redemption("r", "twitch", "banban", who, "sing!", reward="a wish"))
        room.show.receive(Subscription("s", "twitch", "banban", who, "hi"))
        room.show.receive(Deletion("d", "twitch", "banban", author_id="id-mika"))
        assert len(room.show.inbox) == 0
        assert room.show.inbox.dropped == {"revoked": 3}

    play(scene)


def test_a_rewards_text_goes_with_the_message_that_shows_it(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        gone = room.types(f"say {BAD}")
        who = gone.author
        room.show.receive(Redemption("r", "twitch", "banban", who, gone.text, reward="a wish"))
        room.show.receive(deletion("message", gone))
        assert len(room.show.inbox) == 0
        room.show.receive(Redemption("late", "twitch", "banban", who, gone.text, reward="a wish"))
        paid = room.types(gone.text, money=FIVE)
        assert len(room.show.inbox) == 1
        batch = room.show.inbox.take(0.0)
        assert batch is not None
        assert batch.lead.event.id == paid.id

    play(scene)


@pytest.mark.parametrize("text", ["!hush", "!skip"])
def test_what_is_forgotten_and_then_cut_is_not_begun_again(play: Any, text: str) -> None:
    async def scene(room: Room) -> None:
        room.types("a question?", money=FIVE)
        await room.until_speaking()
        await asyncio.sleep(1)
        room.commands("!forget @mika")
        room.commands(text)
        await asyncio.sleep(20)
        assert len(room.heard()) == 1
        assert room.show.metrics.paid_answered == 1

    play(scene, reply=LONG)


def test_what_was_deleted_and_then_cut_is_not_begun_again(play: Any, asked: list[str]) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        gone = room.types(f"a {BAD} for you", name="lead", money=Money(Decimal(50), "USD"))
        room.types("and mine", name="poor", money=FIVE)
        room.commands("!resume")
        await room.until_speaking()
        await asyncio.sleep(1)
        room.show.receive(deletion("message", gone))
        room.commands("!hush")
        await asyncio.sleep(20)
        assert len(asked) == 1, "she was let finish, and then she was not"

    play(scene, reply=LONG, gate={"finish_deleted": True})


# Out of order.


@EVERY_KIND
def test_it_comes_after_its_own_deletion(play: Any, asked: list[str], kind: str) -> None:
    async def scene(room: Room) -> None:
        late = message(f"a {BAD} for you?", sent=1000.0, money=FIVE)
        room.show.receive(deletion(kind, late, sent=1000.5))
        await asyncio.sleep(30)
        room.show.receive(late)
        room.types("something nice?", sent=1030.0)
        await room.until_idle()
        assert asked == ["something nice?"]
        assert room.show.inbox.dropped == {"revoked": 1}

    play(scene)


@pytest.mark.parametrize("kind", ["author", "chat"])
def test_where_the_platform_says_no_time_a_moment_decides(play: Any, asked: list[str], kind: str) -> None:
    async def scene(room: Room) -> None:
        late = message(f"a {BAD} for you?")
        room.show.receive(deletion(kind, late))
        await asyncio.sleep(3)
        room.show.receive(late)
        await asyncio.sleep(3)
        room.types("may I again?")
        await room.until_idle()
        assert asked == ["may I again?"]

    play(scene)


def test_an_old_deletion_that_comes_again_takes_nothing_newer(play: Any, asked: list[str]) -> None:
    async def scene(room: Room) -> None:
        ban = Deletion("d", "twitch", "banban", author_id="id-mika", sent=1000.0)
        room.show.receive(ban)
        room.types("I am allowed again?", sent=1600.0)
        await asyncio.sleep(0.1)
        room.show.receive(ban)
        await room.until_idle()
        assert room.heard() == ["Yes, it is!"]

    play(scene)


# Many.


def test_500_bans_at_once(play: Any, asked: list[str]) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        for number in range(500):
            room.types(f"{BAD} number {number}", name=f"bot{number}")
        room.types("what is going on?")
        room.commands("!resume")
        await room.until_speaking()
        for number in range(500):
            room.show.receive(Deletion(f"d{number}", "twitch", "banban", author_id=f"id-bot{number}"))
        await room.until_idle()
        await asyncio.sleep(1)
        assert len(room.show.inbox) == 0
        assert BAD not in asked[-1]
        assert "what is going on?" in asked[-1]
        assert room.heard()[-1] == "Yes, it is!"

    play(scene)


def test_a_wave_of_bans_leaves_room_for_what_others_do(tmp_path: Path) -> None:
    class Wave(Chat):
        async def events(self) -> AsyncGenerator[Event, None]:
            await begun.wait()
            for number in range(500):
                yield Deletion(f"d{number}", "twitch", "banban", author_id=f"id-bot{number}")

    async def scene(room: Room) -> None:
        begun.set()
        steps = 0
        while len(room.journal("revoked")) < 500:
            await asyncio.sleep(0)
            steps += 1
        assert steps >= 500

    begun = asyncio.Event()
    perform(lambda: Room(tmp_path, listeners=(Wave(),)), scene)


def test_a_journal_that_is_replayed_drops_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScriptedBrain, "reply", "Yes, it is!")
    recorded: list[Path] = []

    async def first(room: Room) -> None:
        room.commands("!pause")
        gone = room.types(f"a {BAD} for you?")
        room.types("something nice?", name="other")
        await asyncio.sleep(1)
        room.show.receive(deletion("message", gone))
        await asyncio.sleep(1)
        room.journal("heard")
        assert room.show.journal.path is not None
        recorded.append(room.show.journal.path)

    perform(lambda: Room(tmp_path), first)

    async def again(room: Room) -> None:
        room.commands("!pause")
        await room.show.listeners_ended.wait()
        batch = room.show.inbox.take(0.0)
        assert batch is not None
        assert [event.text for event in batch.events] == ["something nice?"]
        assert room.show.inbox.dropped["revoked"] == 1

    chat = {"replay": {"file": str(recorded[0])}}

    def room() -> Room:
        made = Room(tmp_path, listeners=None, chat={"console": False, **chat})
        assert [type(listener) for listener in made.show.listeners] == [Replay]
        return made

    perform(room, again)
