"""What viewers are owed outlives the show: it is answered in the next one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rehearsal_room import Chat, Room, command, message, perform

from benchmarks.scripted import ScriptedBrain
from vtuber.app.live import goodbye
from vtuber.brain import Prompt
from vtuber.config import Settings
from vtuber.core.errors import PendingError
from vtuber.core.events import Author, ChatMessage, Deletion, Money, Raid, Redemption, Role
from vtuber.core.health import State
from vtuber.pending.changes import Change
from vtuber.pending.ledger import Ledger
from vtuber.record.facts import CommandGiven, Fact
from vtuber.show.agenda import REQUESTS_WAITING
from vtuber.show.commands import CROWDED
from vtuber.stage.access import Role as Access
from vtuber.voice import Adjustable

FIVE = Money(Decimal(5), "USD")
BROADCASTER = frozenset((Role.BROADCASTER,))


def deletion(gone: ChatMessage) -> Deletion:
    return Deletion(f"of {gone.id}", gone.platform, gone.channel, message_id=gone.id)


def raid() -> Raid:
    return Raid("raid-1", "twitch", "banban", Author("9", "zoe"), viewers=50)


Scene = Callable[[Room], Awaitable[None]]
Next = Callable[..., None]


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Next:
    """Plays a scene in the next show that shares what is kept with those before it."""
    monkeypatch.setattr(ScriptedBrain, "reply", "Yes, it is. I like it very much!")

    def play(scene: Scene, **settings: Any) -> None:
        perform(lambda: Room(tmp_path, survives=True, **settings), scene)

    return play


def test_what_was_not_answered_is_in_the_next_show(show: Next) -> None:
    async def ends_at_once(room: Room) -> None:
        room.types("is it good?", name="ann", money=FIVE)
        await room.until(lambda: room.journal("heard"))

    async def goes_on(room: Room) -> None:
        (owed,) = room.journal("unanswered")
        assert [(one["who"], one["what"]) for one in owed["events"]] == [("ann", "US$5.00")]
        await room.until_idle()
        assert room.heard() == ["Yes, it is. I like it very much!"]

    async def has_nothing_to_do(room: Room) -> None:
        assert not room.journal("unanswered")
        room.types("hello", name="bob")
        await room.until_idle()
        (batch,) = room.journal("batch")
        assert batch["who"] == "bob"

    show(ends_at_once)
    show(goes_on)
    show(has_nothing_to_do)


def test_the_same_message_comes_again_in_the_next_show(show: Next) -> None:
    paid = message("is it good?", name="ann", money=FIVE)

    async def answers(room: Room) -> None:
        room.show.receive(paid)
        await room.until(room.heard)

    async def knows_it(room: Room) -> None:
        room.show.receive(paid)
        room.types("hello", name="bob")
        await room.until_idle()
        assert sorted(line.get("drop", "") for line in room.journal("heard")) == ["", "duplicate"]

    show(answers)
    show(knows_it)


def kill(room: Room) -> None:
    """As far as what is kept is concerned: nothing more is written down."""
    for task in room.show.pending._tasks:
        task.cancel()
    room.show.pending._tasks = []


async def written(room: Room) -> None:
    """Until all that has happened is written down."""
    done = asyncio.Event()
    room.show.pending.after(done.set)
    await done.wait()


def test_what_moderators_said_holds_after_a_crash(show: Next) -> None:
    async def is_killed(room: Room) -> None:
        room.types("hello", name="troll")
        for order in (
            "!topic pizza",
            "!slow 20",
            "!mood happy",
            "!air 5",
            "!ignore troll",
            "!mute 100",
            "!pause",
        ):
            room.commands(order)
        for order in ("!voice silent", "!loudness -30", "!unignore nightbot"):
            room.commands(order, name="streamer", platform="console", roles=BROADCASTER)
        await written(room)
        kill(room)

    async def goes_on(room: Room) -> None:
        performer, speaker = room.show.performer, room.show.speakers[0]
        agenda, air = performer.agenda, performer.air
        assert (speaker.conversation.topic, agenda.pace, agenda.paused) == ("pizza", 20, True)
        assert (room.show.stage.mood(speaker.id), air.on, air.seconds) == ("happy", True, 5)
        assert isinstance(speaker.voice, Adjustable)
        assert (speaker.voice.chosen, speaker.voice.loudness) == ("silent", -30)
        assert 0 < agenda.silence <= 100
        ignored = [who for _, who, _ in room.show.inbox.ignored()]
        assert "troll" in ignored
        assert "nightbot" not in ignored
        room.commands("!air off")

    async def begins_afresh(room: Room) -> None:
        agenda = room.show.performer.agenda
        assert (agenda.paused, agenda.pace, agenda.silence) == (False, 0, 0)
        voice = room.show.speakers[0].voice
        assert isinstance(voice, Adjustable)
        assert (voice.chosen, voice.loudness) == ("", Settings().voice.loudness)
        assert "troll" not in [who for _, who, _ in room.show.inbox.ignored()]

    show(is_killed)
    show(goes_on)
    show(begins_afresh)


def test_what_was_deleted_stays_deleted(show: Next) -> None:
    gone, stays = (message(text, name=name, money=FIVE) for text, name in (("bad!", "eve"), ("good?", "ann")))
    later = message("bad, too!", name="eve", money=FIVE)

    async def is_killed(room: Room) -> None:
        room.commands("!pause")
        room.show.receive(gone)
        room.show.receive(stays)
        room.show.receive(deletion(gone))  # it overtakes what is being written
        room.show.receive(deletion(later))
        await written(room)
        await written(room)
        kill(room)

    async def goes_on(room: Room) -> None:
        assert [one["who"] for one in room.journal("unanswered")[0]["events"]] == ["ann"]
        room.show.receive(gone)
        room.show.receive(later)
        await written(room)
        room.commands("!resume")
        await room.until(room.heard)
        await room.until_idle()
        assert [batch["who"] for batch in room.journal("batch")] == ["ann"]

    show(is_killed)
    show(goes_on)


def test_whose_answer_had_begun_is_not_thanked_again(show: Next, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    stream = ScriptedBrain.stream

    def spying(brain: ScriptedBrain, prompt: Prompt) -> AsyncGenerator[str, None]:
        asked.append(prompt.lines[-1].text)
        return stream(brain, prompt)

    monkeypatch.setattr(ScriptedBrain, "stream", spying)

    async def is_killed(room: Room) -> None:
        room.types("is it good?", name="ann", money=FIVE)
        await room.until_speaking()
        room.show.receive(raid())
        await written(room)
        kill(room)

    async def goes_on(room: Room) -> None:
        await room.until(room.heard)
        await room.until_idle()
        await written(room)
        assert not room.show.resumption.owed()

    show(is_killed)
    show(goes_on)
    assert "[paid US$5.00]" in asked[0]
    again = " ".join(asked[1:])
    assert "is it good?" in again
    assert "raid: 50 viewers" in again
    assert "paid" not in again


def test_what_is_too_old_is_thanked_in_one_line(show: Next) -> None:
    async def is_killed(room: Room) -> None:
        room.commands("!pause")
        for name in ("ann", "bob", "cleo"):
            room.types("is it good?", name=name, money=FIVE)
        room.commands("!ask what is new?")
        await written(room)
        room.show.pending.keep(None)
        await written(room)
        kill(room)

    async def thanks_them(room: Room) -> None:
        await room.until(room.heard)
        await room.until_idle()
        assert [" ".join(room.heard()).count(name) for name in ("ann", "bob", "cleo")] == [1, 1, 1]
        await written(room)
        assert not room.show.resumption.owed()

    show(is_killed)
    show(thanks_them, pending={"answer_minutes": 0})


def test_what_is_too_old_is_thanked_once_a_pause_is_over(show: Next) -> None:
    async def is_killed(room: Room) -> None:
        room.commands("!pause")
        room.types("is it good?", name="ann", money=FIVE)
        await written(room)
        kill(room)

    async def thanks_her(room: Room) -> None:
        await asyncio.sleep(30)
        assert not room.journal("batch")
        room.commands("!resume")
        await room.until(room.heard)
        await room.until_idle()
        assert [line.count("ann") for line in room.heard()] == [1]

    show(is_killed)
    show(thanks_her, pending={"answer_minutes": 0})


def test_a_moderators_question_is_answered_after_a_crash(show: Next) -> None:
    async def is_killed(room: Room) -> None:
        room.commands("!mute 1")
        room.commands("!ask what is new?")
        await written(room)
        kill(room)

    async def goes_on(room: Room) -> None:
        await room.until(room.heard)
        assert room.journal("batch")[0]["who"] == "mod"
        await room.until_idle()
        assert not room.show.resumption.owed()

    show(is_killed)
    show(goes_on)


def test_a_moderators_question_that_comes_again_in_the_next_show_is_asked_once(show: Next) -> None:
    asked, begun = command("!ask what is new?"), command("!ask what is old?")

    async def is_killed(room: Room) -> None:
        room.show.receive(asked)
        await room.until(room.heard)
        await room.until_idle()
        room.show.receive(begun)
        await room.until_speaking()
        await written(room)
        kill(room)

    async def goes_on(room: Room) -> None:
        for question in (asked, begun):
            room.show.receive(question)
        await room.until(room.heard)
        await asyncio.sleep(5)
        await room.until_idle()
        assert len(room.heard()) == 1
        assert not room.journal("chosen")  # it has not waited behind others
        assert not room.journal("command")

    show(is_killed)
    show(goes_on)


def test_a_moderators_question_that_is_too_old_is_dropped_though_its_answer_had_begun(show: Next) -> None:
    async def is_killed(room: Room) -> None:
        room.commands("!ask what is new?")
        await room.until_speaking()
        await written(room)
        kill(room)

    async def has_nothing_to_say(room: Room) -> None:
        await asyncio.sleep(20)
        await room.until_idle()
        assert not room.journal("batch")
        assert not room.show.resumption.owed()

    show(is_killed)
    show(has_nothing_to_say, pending={"answer_minutes": 0})


def test_a_moderators_question_without_an_answer_is_owed(show: Next, monkeypatch: pytest.MonkeyPatch) -> None:
    async def has_no_voice(room: Room) -> None:
        async def fails(*_: Any) -> None:
            raise OSError("no sound card")

        with monkeypatch.context() as broken:
            broken.setattr(room.show.stage, "play", fails)
            room.commands("!ask what is new?")
            await room.until(lambda: room.journal("dropped"))
        assert [line["reason"] for line in room.journal("dropped")] == ["unanswered"]
        await written(room)

    async def goes_on(room: Room) -> None:
        assert [one["who"] for one in room.journal("unanswered")[0]["events"]] == ["mod"]
        await room.until(room.heard)

    show(has_no_voice)
    show(goes_on)


def test_what_waited_in_vain_for_a_moderators_yes_is_owed(show: Next) -> None:
    async def nobody_says_a_thing(room: Room) -> None:
        room.types("is it good?", name="ann", money=FIVE)
        await room.until(lambda: room.journal("dropped"), 600)
        assert {line["decision"] for line in room.journal("air")} == {"unanswered"}
        assert [line["reason"] for line in room.journal("dropped")] == ["unanswered"]

    async def is_refused(room: Room) -> None:
        assert [one["who"] for one in room.journal("unanswered")[0]["events"]] == ["ann"]
        await room.until(lambda: len(room.show.performer.air.waiting) == 2)
        for _ in range(2):
            room.commands("!no")
        await room.until(lambda: room.journal("dropped"))

    async def has_nothing_to_do(room: Room) -> None:
        assert not room.journal("unanswered")

    for scene in (nobody_says_a_thing, is_refused, has_nothing_to_do):
        show(scene, gate={"hold_to_air": True})


def test_what_fails_after_an_answer_was_heard_does_not_have_it_given_again(
    show: Next, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any) -> None:
        raise ZeroDivisionError

    async def scene(room: Room) -> None:
        monkeypatch.setattr(room.show.memory, "remember", fails)
        room.types("is it good?", name="ann", money=FIVE)
        await room.until(lambda: room.journal("failure"))
        await asyncio.sleep(20)
        await room.until_idle()
        assert len(room.heard()) == len(room.journal("batch")) == 1
        await written(room)
        assert not room.show.resumption.owed()

    show(scene)


def test_no_crowd_of_viewers_pushes_out_what_a_moderator_asked_for_while_it_is_written_down(
    show: Next,
) -> None:
    async def scene(room: Room) -> None:
        room.commands("!mute 9")
        room.commands("!ask This first.")
        for number in range(50):
            room.types("!ask me, me, me!", name=f"viewer {number}")
        await written(room)
        await written(room)
        did = [line["did"] for line in room.journal("command")]
        assert did.count(CROWDED) == 50 + 1 - REQUESTS_WAITING
        assert not room.journal("dropped")
        await room.until(lambda: room.journal("batch"))
        assert room.journal("batch")[0]["who"] == "mod"

    show(scene, gate={"commands": {"ask": {"who": "everyone"}}})


def test_a_question_is_written_down_before_anybody_hears_that_it_will_be_answered(show: Next) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        told: list[Fact] = []
        room.show.facts.subscribe(told.append)

        def taken() -> bool:
            return any(isinstance(fact, CommandGiven) for fact in told)

        room.show.receive(command("!mute 100"))
        await written(room)
        told.clear()
        room.show.receive(command("!ask what is new?"))
        assert not taken()
        assert not room.show.performer.agenda.requests
        await written(room)
        assert taken()
        assert room.show.performer.agenda.requests
        await room.until(lambda: any("she will answer it" in text for text, _ in chat.written))
        answer = room.show.backstage.command(Access.STREAMER, "ask", "and what is old?")
        assert answer["done"]
        assert len(room.show.performer.agenda.requests) == 1
        await room.show.backstage.written("ask")
        assert len(room.show.performer.agenda.requests) == 2
        await room.show.backstage.written("hush")

    show(scene, listeners=[chat])


def test_a_redemption_of_a_crashed_show_is_settled(show: Next, tmp_path: Path) -> None:
    chat = Chat("banban")
    one, two = (
        Redemption(f"r{n}", "twitch", "banban", Author("1", "ann"), "why?", reward="Ask") for n in (1, 2)
    )

    async def is_killed(room: Room) -> None:
        room.commands("!pause")
        room.show.receive(one)
        await written(room)
        room.show.pending.keep(None)
        await written(room)
        kill(room)

    async def goes_on(room: Room) -> None:
        await room.until(lambda: chat.settled)
        room.show.receive(two)
        await room.until(lambda: len(chat.settled) == 2)

    show(is_killed)
    show(goes_on, listeners=[chat])
    assert chat.settled == [("r1", True), ("r2", True)]


def test_the_end_of_a_show_names_who_is_not_answered(show: Next) -> None:
    async def ends(room: Room) -> None:
        room.commands("!pause")
        for name in ("ann", "bob"):
            room.types("is it good?", name=name, money=FIVE)
        await written(room)
        assert goodbye(room.show, 60).count("; not answered: ann, bob (next time);") == 1
        room.show.over.set()
        await room.until(lambda: room.journal("unanswered"))

    async def names_them(room: Room) -> None:
        assert [one["who"] for one in room.journal("unanswered")[0]["events"]] == ["ann", "bob"]

    show(ends)
    show(names_them)


def test_a_clock_that_was_set_back_keeps_what_is_owed(show: Next, monkeypatch: pytest.MonkeyPatch) -> None:
    async def is_killed(room: Room) -> None:
        room.commands("!mute 50")
        room.types("is it good?", name="ann", money=FIVE)
        await written(room)
        kill(room)

    async def goes_on(room: Room) -> None:
        assert 0 < room.show.performer.agenda.silence <= 50
        room.types("and me?", name="bob", money=FIVE)
        await written(room)
        await room.until(lambda: len(room.heard()) == 1)
        await room.until_idle()
        await written(room)
        assert not room.show.resumption.owed()

    async def has_nothing_to_do(room: Room) -> None:
        assert not room.journal("unanswered")

    show(is_killed)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 1e6)
    show(goes_on)
    show(has_nothing_to_do)


def test_a_folder_that_cannot_be_written_is_said_and_the_show_goes_on(show: Next, tmp_path: Path) -> None:
    (tmp_path / "pending").write_text("a file stands in the way")

    async def goes_on(room: Room) -> None:
        health = next(one for one in room.show.health() if one.part == "pending")
        assert health.state is State.DOWN
        assert "a crash would lose" in health.what
        assert "pending.folder" in health.hint
        room.types("is it good?", name="ann", money=FIVE)
        await room.until(room.heard)

    show(goes_on)


def test_a_redemption_that_was_settled_but_not_at_the_platform_is_given_back(show: Next) -> None:
    chat = Chat("banban")
    asked = Redemption("r1", "twitch", "banban", Author("1", "ann"), "why?", reward="Ask")

    async def answers(room: Room) -> None:
        room.show.receive(asked)
        await room.until(lambda: room.journal("settled"))
        await written(room)
        kill(room)

    async def hears_of_it_again(room: Room) -> None:
        room.show.receive(asked)
        room.show.receive(asked)
        await room.until(lambda: chat.settled)
        await room.until_idle()
        assert not room.heard()

    show(answers)
    show(hears_of_it_again, listeners=[chat])
    assert chat.settled == [("r1", False)]


def test_a_question_from_the_panel_survives_though_one_was_asked_in_every_show(show: Next) -> None:
    async def asks(room: Room) -> None:
        room.show.backstage.command(Access.STREAMER, "ask", "what is new?")
        await written(room)

    async def is_answered(room: Room) -> None:
        await asks(room)
        await room.until(room.heard)
        await room.until_idle()

    async def is_killed(room: Room) -> None:
        room.commands("!mute 100")
        await asks(room)
        kill(room)

    async def goes_on(room: Room) -> None:
        assert [one["who"] for one in room.journal("unanswered")[0]["events"]] == ["streamer"]
        room.commands("!resume")
        await room.until(room.heard)

    show(is_answered)
    show(is_killed)
    show(goes_on)


class Server:
    """A store that can be away."""

    place = "somewhere"

    def __init__(self) -> None:
        self.is_away = False
        self._ledger = Ledger()

    async def claim(self) -> None: ...

    async def open(self) -> list[Change]:
        await self.write(())
        return self._ledger.changes()

    async def write(self, changes: Sequence[Change]) -> None:
        if self.is_away:
            raise PendingError("is away")
        self._ledger.apply(changes)

    async def close(self) -> None: ...


def test_what_a_server_that_comes_late_knows_to_be_answered_is_not_answered_again(
    show: Next, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server()
    monkeypatch.setattr("vtuber.pending._server", lambda *_: server)
    paid = message("is it good?", name="ann", money=FIVE)

    async def answers(room: Room) -> None:
        room.show.receive(paid)
        await room.until(room.heard)
        await room.until_idle()
        await written(room)
        server.is_away = True
        kill(room)

    async def hears_of_it_again(room: Room) -> None:
        room.commands("!pause")
        room.show.receive(paid)
        await room.until(lambda: len(room.show.inbox))
        server.is_away = False
        await room.until(lambda: room.journal("dropped"))
        assert not len(room.show.inbox)
        assert not room.show.resumption.owed()

    show(answers)
    show(hears_of_it_again)


class LateChat(Chat):
    """A listener that starts long after the server is back."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server

    async def start(self) -> None:
        await asyncio.sleep(1)
        self._server.is_away = False
        await asyncio.sleep(30)


def test_a_server_that_comes_while_the_show_starts_has_nobody_thanked_twice(
    show: Next, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server()
    monkeypatch.setattr("vtuber.pending._server", lambda *_: server)

    async def is_killed(room: Room) -> None:
        room.commands("!pause")
        room.types("is it good?", name="ann", money=FIVE)
        await written(room)
        server.is_away = True
        kill(room)

    async def thanks_her(room: Room) -> None:
        room.commands("!resume")
        await room.until(room.heard)
        await asyncio.sleep(10)
        await room.until_idle()
        assert len(room.journal("unanswered")) == 1
        assert len(room.heard()) == 1

    show(is_killed)
    show(thanks_her, listeners=[LateChat(server)], pending={"answer_minutes": 0})


@pytest.mark.parametrize("first", ["", "!topic pasta"])
def test_a_server_that_comes_late_brings_back_all_that_held(
    show: Next, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    server = Server()
    monkeypatch.setattr("vtuber.pending._server", lambda *_: server)
    gone = message("bad!", name="eve", money=FIVE)

    async def is_killed(room: Room) -> None:
        room.commands("!topic pizza")
        room.commands("!air on")
        room.types("is it good?", name="ann", money=FIVE)
        room.show.receive(deletion(gone))
        await written(room)
        server.is_away = True
        kill(room)

    async def begins_without(room: Room) -> None:
        topic, air = room.show.speakers[0].conversation, room.show.performer.air
        room.types("!forgetme", name="bob")
        if first:
            room.commands(first)
        assert (topic.topic, air.on) == (first.removeprefix("!topic "), False)
        server.is_away = False
        await room.until(lambda: room.journal("unanswered"))
        room.show.receive(gone)
        assert (topic.topic, air.on) == (("pasta", False) if first else ("pizza", True))
        room.commands("!air off")
        await room.until(room.heard)
        await room.until_idle()
        assert [batch["who"] for batch in room.journal("batch")] == ["ann"]

    show(is_killed)
    show(begins_without)
