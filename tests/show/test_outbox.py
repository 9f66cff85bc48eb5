"""What is written in chat: bounded, judged, and never in anybody's way."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from rehearsal_room import Chat, Room

from vtuber.core.events import Deletion, Money, Role, Subscription
from vtuber.show.outbox import WAITING, WRITE_SECONDS

REPLIES = {"twitch": {"write": "replies"}}
BROADCASTER = frozenset({Role.BROADCASTER})


def why_not(room: Room) -> list[str]:
    return [line["why_not"] for line in room.journal("written")]


def test_a_command_is_answered_where_it_was_given(play: Any) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        room.commands("!pause")
        room.commands("!resume", name="mod", roles=BROADCASTER, platform="console")
        await asyncio.sleep(0.1)
        given = room.journal("command")[0]
        assert chat.written == [("she answers nobody until !resume", given["id"])]
        assert why_not(room) == ["banban does not write in this chat", ""]

    play(scene, listeners=[chat])


def test_nothing_is_written_where_she_may_not(play: Any) -> None:
    chat = Chat("another")

    async def scene(room: Room) -> None:
        room.commands("!pause")
        await asyncio.sleep(0.1)
        assert chat.written == []
        assert why_not(room) == ["banban does not write in this chat"]

    play(scene, listeners=[chat])


def test_why_a_line_was_not_sent_is_reported(play: Any, caplog: pytest.LogCaptureFixture) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        chat.why_not = "20 lines in 30 seconds are all that Twitch takes"
        room.commands("!pause")
        await asyncio.sleep(0.1)
        assert why_not(room) == [chat.why_not]

    with caplog.at_level("INFO"):
        play(scene, listeners=[chat])
    assert chat.why_not in caplog.text


def test_a_writer_that_hangs_or_fails_keeps_no_line_from_being_written(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = Chat("banban")

    async def broken(channel: str, text: str, *, reply_to: str = "") -> str:
        raise ZeroDivisionError

    async def scene(room: Room) -> None:
        chat.slowness = 3600
        room.commands("!pause")
        await asyncio.sleep(WRITE_SECONDS + 1)
        chat.slowness = 0
        room.commands("!resume")
        await asyncio.sleep(0.1)
        monkeypatch.setattr(chat, "write", broken)
        room.commands("!skip")
        await asyncio.sleep(0.1)
        assert why_not(room) == ["sending took longer than 10 seconds", "", "ZeroDivisionError()"]
        assert [text for text, _ in chat.written] == ["she answers again"]

    play(scene, listeners=[chat])


def test_the_oldest_goes_when_too_much_waits(play: Any) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        chat.slowness = 1
        room.commands("!skip")
        await asyncio.sleep(0.1)
        for seconds in range(1, WAITING + 6):
            room.commands(f"!mute {seconds}")
        assert room.show.outbox.dropped == 5
        assert why_not(room) == ["too many lines were waiting"] * 5
        await asyncio.sleep(WAITING + 2)
        first, second, *_, last = [text for text, _ in chat.written]
        assert (first, second) == ("there is no reply to drop", "she is silent for 6 seconds")
        assert last == f"she is silent for {WAITING + 5} seconds"

    play(scene, listeners=[chat])


def test_viewers_keep_no_moderator_waiting(play: Any) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        chat.slowness = 1
        for number in range(500):
            room.types("!forgetme", name=f"viewer {number}")
        room.commands("!pause")
        await asyncio.sleep(2.5)
        assert [text for text, _ in chat.written] == ["you are forgotten", "she answers nobody until !resume"]
        assert room.show.outbox.dropped == 0
        assert why_not(room).count("other lines are waiting to be sent") == 499

    play(scene, listeners=[chat])


def test_what_may_be_meant_for_another_bot_is_not_answered_in_chat(play: Any) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        room.commands("!shoutout @friend")
        room.commands("!puase")
        await asyncio.sleep(0.1)
        assert [text for text, _ in chat.written] == ["there is no command !puase; did you mean !pause?"]
        assert why_not(room) == ["it may be meant for another bot", ""]

    play(scene, listeners=[chat])


@pytest.mark.parametrize("name", ["evil.com", "xx_badword_xx", "@https://evil.example/x"])
def test_a_viewers_name_makes_her_write_nothing_bad(play: Any, name: str) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        for text in (f"!ignore @{name}", f"!unignore @{name}", f"!forget @{name}"):
            room.commands(text)
        await asyncio.sleep(0.1)
        assert [text for text, _ in chat.written] == [
            "she does not answer that viewer",
            "that viewer is answered again",
            "that viewer is forgotten",
        ]

    play(scene, listeners=[chat], gate={"words": ["badword"]})


def test_words_that_must_not_be_said_are_not_written(play: Any) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        room.commands("!badword")
        room.commands("!topic chess")
        room.show.speakers[0].conversation.topic = "a badword"
        room.commands("!status")
        await asyncio.sleep(0.1)
        assert [text for text, _ in chat.written] == ["she knows the topic now"]
        assert why_not(room)[0] == "it may be meant for another bot"
        assert "filtered: gate.words: badword" in why_not(room)

    play(scene, listeners=[chat], gate={"words": ["badword"]})


# What she says.


def test_what_was_heard_of_a_reply_is_written_when_it_is_over(play: Any) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        asked = room.types("is the pizza good?")
        await room.until_speaking()
        assert chat.written == []
        await room.until_idle()
        await asyncio.sleep(0.1)
        assert chat.written == [("Yes, it is. I like it very much!", asked.id)]
        room.commands("!say This is no answer.")
        await room.until_idle()
        room.show.receive(Subscription("s1", "twitch", "banban", asked.author))
        await room.until_idle()
        await asyncio.sleep(0.1)
        assert chat.written[1:] == [
            ("she will say it", room.journal("command")[0]["id"]),
            ("Yes, it is. I like it very much!", ""),  # there is no message to reply to
        ]

    play(scene, listeners=[chat], chat=REPLIES)


def test_replies_stay_out_of_chat_unless_config_wants_them(play: Any) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        room.types("is the pizza good?")
        await room.until_idle()
        await asyncio.sleep(0.1)
        assert chat.written == []

    play(scene, listeners=[chat], chat={"twitch": {"write": "commands"}})


@pytest.mark.parametrize("how", ["!hush", "!skip", "!mute 3", "deleted"])
def test_a_reply_that_was_cut_is_not_written(play: Any, how: str) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        asked = room.types("tell me everything")
        await room.until_speaking()
        await asyncio.sleep(1)
        if how == "deleted":
            room.show.receive(Deletion("d", asked.platform, asked.channel, message_id=asked.id))
        else:
            room.commands(how)
        await room.until(lambda: room.journal("reply"))
        await asyncio.sleep(0.1)
        assert room.heard()[0]
        assert not [text for text, _ in chat.written if text.startswith("It goes")]

    play(
        scene,
        listeners=[chat],
        chat=REPLIES,
        reply=" ".join(f"It goes on to {number}," for number in range(10, 20)),
    )


@pytest.mark.parametrize("gone", [0, 1])
def test_a_reply_is_not_written_when_she_finishes_what_was_deleted(play: Any, gone: int) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        room.commands("!pause")
        for name in ("ann", "bob"):
            room.types(f"is {name}'s pizza good?", name=name)
        room.commands("!resume")
        await room.until_speaking()
        await asyncio.sleep(0.5)
        (batch,) = room.journal("batch")
        deleted = [batch["lead"], *batch["others"]][gone]
        room.show.receive(Deletion("d", "twitch", "banban", message_id=deleted))
        await room.until_idle()
        await asyncio.sleep(0.1)
        assert room.heard() == ["Yes, it is. I like it very much!"]
        assert not [text for text, _ in chat.written if text.startswith("Yes")]

    play(scene, listeners=[chat], chat=REPLIES, gate={"finish_deleted": True})


def test_what_waits_to_be_written_is_not_when_its_message_is_deleted(play: Any) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        chat.slowness = 2
        room.commands("!skip")
        room.commands("!pause")
        room.commands("!resume")
        await asyncio.sleep(0.1)
        gone = room.journal("command")[1]["id"]
        room.show.receive(Deletion("d", "twitch", "banban", message_id=gone))
        await asyncio.sleep(10)
        assert why_not(room) == ["", "the message that it answers was deleted", ""]

    play(scene, listeners=[chat])


@pytest.mark.parametrize("start", ["!hush", "！hush", "/ban mika", ".ban mika", "bo hush"])
def test_nobody_has_her_order_anything(play: Any, start: str) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        room.types("repeat after me", money=Money(Decimal(5), "USD"))
        await room.until_idle()
        await asyncio.sleep(0.1)
        ((text, _),) = chat.written
        assert text == f"… {start} now."

    play(scene, listeners=[chat], chat=REPLIES, gate={"prefix": "bo"}, reply=f"{start} now.")


def test_what_still_waits_when_the_show_ends_is_in_the_journal(play: Any) -> None:
    chat = Chat("banban")
    rooms: list[Room] = []

    async def scene(room: Room) -> None:
        rooms.append(room)
        chat.slowness = 5
        room.commands("!skip")
        await asyncio.sleep(0.1)
        room.commands("!pause")

    play(scene, listeners=[chat])
    assert why_not(rooms[0]) == ["the show has ended"] * 2
    assert rooms[0].journal("end")[0]["unwritten"] == 0
