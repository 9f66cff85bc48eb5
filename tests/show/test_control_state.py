"""What the control panel is told of a show, and what its orders about messages do; in simulated time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from rehearsal_room import Chat, Room, command, message

from vtuber.core import sound
from vtuber.core.events import (
    Answerable,
    Author,
    Batch,
    ChatMessage,
    Deletion,
    Gift,
    Money,
    Pick,
    Raid,
    Redemption,
    Role,
)
from vtuber.core.health import Health, State
from vtuber.inbox import Drop
from vtuber.record.facts import ChatReceived, Dropped, PartChanged, TurnBegan
from vtuber.stage import access
from vtuber.stage.control import chat, state, streams
from vtuber.stage.control.control import Control
from vtuber.stage.control.shapes import Air, Answer, CommandRow, IgnoredRow, QueueRow, SettingsRow, ViewerRow
from vtuber.stage.cues import ClipSound
from vtuber.voice.router import VoiceRouter

FIVE = Money(Decimal(5), "USD")
LONG = "Word after word after word, " * 12


def snapshot(room: Room) -> dict[str, Any]:
    return dict(room.show.control._state.value())


def fates(room: Room) -> dict[str, str]:
    return {row["text"]: row["fate"] for row in snapshot(room)["chat"]}


def order(room: Room, name: str, argument: str = "", role: access.Role = access.Role.STREAMER) -> Answer:
    return room.show.backstage.command(role, name, argument)


# Now.


def test_why_she_answers_this_one_and_not_the_others(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("first, banban?")
        await room.until_speaking()
        room.types("lol", name="a")
        room.types("@banban what is soup?", name="b", roles=frozenset({Role.SUBSCRIBER}))
        room.types("I like soup", name="c")
        room.types("I gave", name="d", money=FIVE)
        now = snapshot(room)["now"]
        assert (now["state"], now["whom"]["text"]) == ("speaking", "first, banban?")
        assert now["why"]["reasons"][:2] == ["addressed", "question"]
        assert now["next"]["text"] == "I gave"
        await room.until(lambda: (snapshot(room)["now"]["whom"] or {}).get("text") == "I gave")
        now = snapshot(room)["now"]
        assert now["why"]["reasons"] == ["paid"]
        assert [row["text"] for row in now["losers"]][:1] == ["@banban what is soup?"]
        assert {row["text"] for row in now["losers"]} == {"@banban what is soup?", "I like soup", "lol"}
        assert now["losers"][0]["reasons"] == ["addressed", "question", "regular"]

    play(scene, reply=LONG, inbox={"batch": 1})


def test_each_sentence_is_made_and_sent_and_heard(play: Any) -> None:
    seen: list[list[str]] = []

    async def scene(room: Room) -> None:
        room.types("hello?")
        while not room.heard():
            states = [row["state"] for row in snapshot(room)["now"]["sentences"]]
            if states and (not seen or seen[-1] != states):
                seen.append(states)
            await asyncio.sleep(0.05)
        assert seen[0][0] in ("made", "sent")
        assert ["heard", "sent"] in seen
        assert snapshot(room)["now"]["state"] == "listening"

    play(scene)


def test_a_pause_and_a_silence_are_seen_with_what_is_left_of_it(play: Any) -> None:
    async def scene(room: Room) -> None:
        assert snapshot(room)["now"]["state"] == "listening"
        order(room, "pause")
        assert (snapshot(room)["now"]["state"], snapshot(room)["now"]["paused"]) == ("paused", True)
        order(room, "mute", "20")
        await asyncio.sleep(5)
        now = snapshot(room)["now"]
        assert (now["state"], now["paused"], now["silent_for"]) == ("silent", True, 15.0)
        order(room, "resume")
        assert snapshot(room)["now"]["state"] == "listening"

    play(scene)


# The queue.


def test_the_queue_is_in_the_order_in_which_she_would_answer(play: Any) -> None:
    async def scene(room: Room) -> None:
        order(room, "pause")
        order(room, "mute", "60")
        for number in range(3):
            room.types(f"I like soup number {number}", name=f"v{number}")
        room.types("banban, why is soup hot?", name="asker")
        room.types("for you", name="rich", money=FIVE)
        order(room, "ask", "What is new?")
        await asyncio.sleep(1)
        rows = snapshot(room)["queue"]
        assert [row["kind"] for row in rows] == ["request", "paid", *["ranked"] * 4]
        assert rows[0]["reasons"] == ["requested"]
        assert rows[2]["text"] == "banban, why is soup hot?"
        assert {row["age"] for row in rows} == {1.0}

    play(scene)


def test_one_that_is_chosen_to_be_next_is(play: Any) -> None:
    async def scene(room: Room) -> None:
        order(room, "pause")
        waits = [room.types(f"I like soup number {number}", name=f"v{number}") for number in range(5)]
        room.types("banban, why is soup hot?", name="asker", money=FIVE)
        answer = order(room, "next", waits[3].id)
        assert answer == {"reply": "she answers @v3 next once she is resumed", "done": True}
        assert order(room, "next", "@v1")["done"]
        assert [row["reasons"][0] for row in snapshot(room)["queue"][:3]] == ["next", "next", "paid"]
        order(room, "resume")
        await room.until_idle()
        leads = [line["lead"] for line in room.journal("batch")]
        assert leads[:2] == [waits[3].id, waits[1].id]

    play(scene, inbox={"batch": 1})


def test_one_that_is_chosen_takes_the_place_of_what_is_prepared_and_outlives_a_hush(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("first, banban?")
        await room.until_speaking()
        paid = room.types("I gave", name="rich", money=FIVE)
        other = room.types("I like soup", name="other")
        await room.until(lambda: room.show.performer.prepared)
        assert order(room, "next", other.id)["done"]
        order(room, "hush")
        await room.until_idle()
        answered = [line["lead"] for line in room.journal("batch") if line["turn"] > 2]
        assert answered == [other.id, paid.id]

    play(scene, reply=LONG, inbox={"batch": 1})


def test_one_that_is_dropped_is_not_answered_though_it_was_prepared(play: Any) -> None:
    points = Redemption("r1", "twitch", "banban", message("", name="pointy").author, "sing!", reward="song")

    async def scene(room: Room) -> None:
        room.types("first, banban?")
        await room.until_speaking()
        room.show.receive(points)
        await room.until(lambda: room.show.performer.prepared)
        unwanted = room.types("I like soup", name="other")
        assert order(room, "drop", "r1") == {"reply": "she does not answer @pointy", "done": True}
        assert order(room, "drop", unwanted.id, access.Role.MODERATOR)["done"]
        assert fates(room)["sing!"] == fates(room)["I like soup"] == "dropped: unwanted"
        assert order(room, "drop", unwanted.id) == {"reply": "no such message waits", "done": False}
        await room.until_idle()
        assert len(room.heard()) == 1

    listener = Chat("banban")
    play(scene, reply=LONG, listeners=[listener])
    assert listener.settled == [("r1", False)]


def test_a_request_can_be_dropped_and_what_is_being_said_cannot(play: Any) -> None:
    async def scene(room: Room) -> None:
        said = room.types("first, banban?")
        await room.until_speaking()
        assert order(room, "drop", said.id)["done"] is False
        order(room, "ask", "What is new?")
        (row,) = [row for row in snapshot(room)["queue"] if row["kind"] == "request"] or [
            {"id": room.show.performer._lineup.prepared[0].batch.lead.event.id}
        ]
        assert order(room, "drop", row["id"])["done"]
        await room.until_idle()
        assert len(room.heard()) == 1

    play(scene, reply=LONG)


def test_what_is_held_is_seen_whole_and_let_through_by_its_number(play: Any) -> None:
    async def scene(room: Room) -> None:
        held = room.types("what about cabbages?", name="mika")
        await room.until(lambda: len(room.show.performer.agenda.held))
        (row,) = snapshot(room)["queue"]
        assert (row["kind"], row["number"], row["text"]) == ("held", 1, "what about cabbages?")
        assert fates(room) == {"what about cabbages?": "held"}
        assert order(room, "next", held.id)["reply"] == "it is held; !allow 1 lets her answer it"
        assert order(room, "next", "1", access.Role.MODERATOR)["reply"] == "she will answer @mika"
        await room.until_idle()
        assert fates(room) == {"what about cabbages?": "answered"}

    play(scene, gate={"words": ["cabbages"]}, guard={"words": {"policies": {"own": "hold"}}})


def test_chat_may_choose_and_drop_by_name(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        room.types("I like soup", name="ann")
        room.types("me too, banban", name="bob")
        assert room.commands("!next @ann") == "she answers @ann next once she is resumed"
        assert room.commands("!drop bob") == "she does not answer @bob"
        assert room.commands("!drop nobody") == "no such message waits"
        assert "write !next NUMBER or @NAME" in room.commands("!next")
        room.commands("!resume")
        await room.until_idle()
        assert [line["who"] for line in room.journal("batch")] == ["ann"]

    play(scene)


def test_whom_she_does_not_answer_is_told_when_it_changes(play: Any) -> None:
    async def scene(room: Room) -> None:
        control = room.show.control._state
        control.changes()
        order(room, "ignore", "@Ann 10")
        order(room, "ignore", "@bob the builder")
        assert control.changes()["viewers"] == [
            {"platform": "", "name": "bob the builder", "left": None},
            {"platform": "", "name": "ann", "left": 600.0},
        ]
        await asyncio.sleep(60)
        assert "viewers" not in control.changes(), "whoever was told can count"
        assert snapshot(room)["viewers"][1]["left"] == 540.0
        order(room, "ignore", "@Ann 10")
        assert [row["left"] for row in control.changes()["viewers"]] == [None, 600.0], "it lasts longer now"
        order(room, "unignore", "@bob the builder")
        assert [row["name"] for row in control.changes()["viewers"]] == ["ann"]
        await asyncio.sleep(600)
        assert control.changes()["viewers"] == []

    play(scene, inbox={"ignore": []})


def test_whoever_comes_between_two_looks_misses_nothing(play: Any) -> None:
    async def scene(room: Room) -> None:
        told: list[tuple[str, Any]] = []
        control = state.ControlState(room.show.backstage, lambda *event: told.append(event), lambda: True)
        control.changes()
        order(room, "pause")
        assert control.for_newcomer()["now"]["paused"]
        assert [value["paused"] for kind, value in told if kind == "now"] == [True], "the others know it, too"
        order(room, "resume")
        assert not control.changes()["now"]["paused"]

    play(scene)


def test_help_on_the_panel_lists_what_the_token_gives(play: Any) -> None:
    async def scene(room: Room) -> None:
        listed = order(room, "help", role=access.Role.MODERATOR)["reply"].split(", ")
        assert "!hush" in listed
        assert not {"!say", "!air", "!edit", "!forgetme"} & {*listed}
        assert not order(room, "help", "say", access.Role.MODERATOR)["done"]
        assert order(room, "help", "say")["reply"].startswith("!say TEXT")
        assert "!say" in room.commands("!help"), "in chat they may"

    play(scene)


# Chat and alerts.


def test_what_becomes_of_each_line(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("first, banban?")
        await room.until_speaking()
        assert fates(room) == {"first, banban?": "answering"}
        room.show.receive(command("!status"))
        room.types("!lurk", name="a")
        doomed = room.types("delete me", name="b")
        room.types("I like soup", name="c")
        room.show.receive(Deletion("d1", "twitch", "banban", message_id=doomed.id))
        await room.until_idle()
        assert fates(room) == {
            "first, banban?": "answered",
            "!status": "command",
            "!lurk": "command",
            "delete me": "deleted",
            "I like soup": "answered",
        }
        room.show.receive(Deletion("d2", "twitch", "banban", author_id="id-c"))
        assert fates(room)["I like soup"] == "deleted"
        assert fates(room)["first, banban?"] == "answered"
        room.show.receive(Deletion("d3", "twitch", "banban"))
        assert {*fates(room).values()} == {"deleted"}

    play(scene)


def test_what_people_did_is_an_alert(play: Any) -> None:
    async def scene(room: Room) -> None:
        author = message("", name="kind").author
        room.show.receive(Gift("g1", "twitch", "banban", author, count=5))
        room.show.receive(Raid("r1", "twitch", "banban", author, viewers=30))
        room.types("hello", name="rich", money=FIVE)
        room.types("hello", name="poor")
        alerts = snapshot(room)["alerts"]
        assert [(alert["id"][0], alert["deed"]["kind"]) for alert in alerts][:2] == [
            ("g", "gift"),
            ("r", "raid"),
        ]
        assert len(alerts) == 3
        assert all(alert["deed"]["zh"] and alert["deed"]["en"] for alert in alerts)

    play(scene)


def test_delays_of_the_latest_replies_by_part(play: Any) -> None:
    async def scene(room: Room) -> None:
        assert snapshot(room)["delays"]["total"] == {"last": [], "p50": None, "p95": None}
        for number in range(state.REPLIES + 2):
            room.types(f"question {number}, banban?", name=f"v{number}")
            await room.until_idle()
        delays = snapshot(room)["delays"]
        assert {len(delays[part]["last"]) for part in ("queue", "first_audio", "total")} == {state.REPLIES}
        assert delays["total"]["p50"] <= delays["total"]["p95"]

    play(scene)


# How she sounds.


def test_her_voice_and_loudness_are_changed_while_she_is_on_air(play: Any) -> None:
    async def scene(room: Room) -> None:
        router = room.show.speakers[0].voice
        assert isinstance(router, VoiceRouter)
        settings = snapshot(room)["settings"]
        assert (settings["voice"], settings["loudness"]) == ("", -16.0)
        assert settings["voices"][0] == "scripted"
        assert order(room, "loudness", "-23") == {"reply": "she speaks at -23 LUFS", "done": True}
        assert order(room, "loudness", "-3")["done"] is False
        assert order(room, "voice", "scriptd") == {
            "reply": "she speaks with scripted wherever it can",
            "done": True,
        }
        assert not order(room, "voice", "nonsense")["done"]
        assert snapshot(room)["settings"]["voice"] == "scripted"
        assert order(room, "voice", "silent")["done"]
        assert snapshot(room)["settings"]["voice"] == "silent"
        room.types("hello?")
        await room.until_idle()
        assert len(room.heard()) == 1, "she is read, and not heard"
        order(room, "voice")
        order(room, "loudness")
        settings = snapshot(room)["settings"]
        assert (settings["voice"], settings["loudness"]) == ("", -16.0)
        assert room.commands("!voice silent") == "!voice is only for broadcasters"

    play(scene)


def test_she_is_as_loud_as_the_command_says(play: Any) -> None:
    async def scene(room: Room) -> None:
        measured = []
        room.types("hello?")
        await room.until_idle()  # how loud this voice is by itself is known then
        for lufs in ("-30", "-23", "-16"):
            assert order(room, "loudness", lufs)["done"]
            room.screen.cues.clear()
            room.types(f"how loud is {lufs}?")
            await room.until_idle()
            pcm = b"".join(cue.pcm for _, cue in room.screen.cues if isinstance(cue, ClipSound))
            measured.append(sound.loudness(sound.from_pcm(pcm)))
        assert measured == pytest.approx([-30, -23, -16], abs=1)

    play(scene)


# Twelve hours of it.


class Nobody:
    """A backstage of which nothing is asked."""

    def commands(self, role: access.Role) -> list[CommandRow]:
        raise NotImplementedError

    def may(self, role: access.Role, name: str) -> bool:
        raise NotImplementedError

    def command(self, role: access.Role, name: str, argument: str) -> Answer:
        raise NotImplementedError

    async def written(self, name: str) -> None:
        raise NotImplementedError

    def queue(self) -> list[QueueRow]:
        return []

    def prepared(self) -> Answerable | None:
        return None

    def silence(self) -> tuple[bool, float]:
        return False, 0.0

    def air(self) -> Air:
        return {"on": False, "seconds": None, "waiting": []}

    async def air_sound(self, number: int) -> bytes | None:
        raise NotImplementedError

    async def frame(self) -> bytes:
        raise NotImplementedError

    def settings(self) -> SettingsRow:
        raise NotImplementedError

    def health(self) -> Sequence[Health]:
        return [Health("brain", State.DOWN, "http://127.0.0.1/?token=abcdefgh", "set it to token=abcdefgh")]

    def ignored(self) -> list[IgnoredRow]:
        return []

    async def viewers(self, name: str) -> list[ViewerRow]:
        raise NotImplementedError


@pytest.mark.parametrize("watched", [False, True])
async def test_it_does_not_grow_however_much_is_written(watched: bool) -> None:  # noqa: FBT001
    control = Control(Nobody())
    if watched:  # by somebody who takes nothing
        control._streams._clients.add(streams.Client(frozenset(state.ADDED), "a sleeper", None))
        control._streams.is_watched.set()
    authors = [Author(f"id{number}", f"viewer {number}") for number in range(5000)]
    for number in range(4000 if watched else 200_000):
        author, money = authors[number % 5000], FIVE if number % 9 == 0 else None
        event = ChatMessage(f"m{number}", "twitch", "banban", author, f"line {number}", money=money)
        control.note(ChatReceived(event, "" if number % 3 else Drop.FLOOD))
        if number % 10 == 0:  # turns that begin and are never heard of again
            control.note(TurnBegan(number, Batch(Pick(event)), ""))
        elif number % 3 == 0:
            control.note(Dropped(event, Drop.OLD))
    value, log, turns = control._state, control._state._chat, control._state._turns
    assert (len(log._lines), len(log._alerts)) == (chat.LINES, chat.ALERTS)
    assert len(value._journal) == state.JOURNAL
    assert max(len(log._turns), len(turns._turns), len(turns._choices)) <= chat.TURNS
    assert len(control._streams._pending) < streams.PENDING
    for client in control._streams._clients:
        assert client._size == 0, "it was dropped"
        assert client.is_over
    assert len(json.dumps(log.rows)) < 100_000


async def test_secrets_are_told_to_no_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    control = Control(Nobody())
    control.note(PartChanged("stage.server", "ok", "http://10.0.0.1:8930/?token=abcdefgh"))
    control.note(ChatReceived(message("look: token=abcdefgh")))
    health = control._state._health()
    rows = [control._state._row(at, fact) for at, fact in control._state._journal]
    assert "abcdefgh" not in json.dumps([health, rows])
    assert [row["kind"] for row in rows] == ["part", "heard"]
