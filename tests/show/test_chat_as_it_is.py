"""Chat as it is: invisible suffixes, bots and commands for bots, from public reports."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rehearsal_room import Room, message

from vtuber.core.events import Author, ChatMessage, Deletion, Event, Role
from vtuber.core.text import NAME_LIMIT, clean_name
from vtuber.listeners.recordings import recording
from vtuber.listeners.twitch import irc
from vtuber.stage.cues import Thinking

REPORTS = Path(__file__).parent.parent / "data" / "reports"


def irc_events(name: str) -> list[Event]:
    parser = irc.IrcParser()
    lines = (REPORTS / name).read_text(encoding="utf-8").splitlines()
    events = [parser.event(irc.parse(line)) for line in lines if line and not line.startswith("#")]
    return [event for event in events if event is not None]


def test_an_invisible_suffix_is_no_argument_and_changes_no_command(play: Any) -> None:
    events = irc_events("irc-invisible-suffix.txt")
    assert len(events) == 20

    async def scene(room: Room) -> None:
        for event in events:
            room.show.receive(event)
        given = room.journal("command")
        assert [line["order"] for line in given][::2] == [line["order"] for line in given][1::2]
        assert {line["order"] for line in given} == {
            *("hush", "resume", "status", "help", "topic", "mood", "pause", "slow")
        }
        topics = [line["did"] for line in given if line["order"] == "topic"]
        assert topics[0] == topics[1] != topics[2] == topics[3], "with and without a topic"
        assert not any("write" in line["did"] for line in given)

    play(scene)


@pytest.mark.parametrize(
    "hidden",
    ["\u034f", "\U000e0000", "\u200b", "\ufe0f", "\u2800", "\u3164", "\U000e0020", "\u180b", "\u2063\u2063"],
)
@pytest.mark.parametrize(
    "text", ["!slow 3{}", "!slow 3 {}", "!slow{} 3", "{}!slow 3", "{} !slow 3", "!sl{}ow 3"]
)
def test_nothing_invisible_changes_a_command(text: str, hidden: str, play: Any) -> None:
    raw = "@id=1;user-id=7;badges=moderator/1 :mo!mo@mo PRIVMSG #banban :" + text.format(hidden)

    async def scene(room: Room) -> None:
        event = irc.IrcParser().event(irc.parse(raw))
        assert isinstance(event, ChatMessage)
        room.show.receive(event)
        assert room.show.performer.agenda.pace == 3

    play(scene)


def test_bots_and_commands_for_bots_are_not_answered(play: Any) -> None:
    events = [event for _, event in recording.read(REPORTS / "bots-and-their-commands.json").rows]
    assert len(events) == 6

    async def scene(room: Room) -> None:
        for event in events:
            room.show.receive(event)
        await room.until_idle()
        drops = [line.get("drop", "") for line in room.journal("heard")]
        assert drops == ["ignored", "command", "ignored", "", "", "command"]
        assert len(room.heard()) <= 2

    play(scene)


@pytest.mark.parametrize("name", ["twitchdownloader-null-commenters.json", "chatdownloader-2020-twitch.json"])
def test_people_without_an_account_are_no_flood(name: str, play: Any) -> None:
    events = [event for _, event in recording.read(REPORTS / name).rows]

    async def scene(room: Room) -> None:
        for event in events:
            room.show.receive(event)
        assert [line.get("drop", "") for line in room.journal("heard")] == [""] * len(events)
        await room.until_idle()
        assert set(room.show.inbox.dropped) <= {"stale"}

    play(scene)


@pytest.mark.parametrize(
    "text", ["!lurk", "!so @x", "!8ball am I cute?", "!指令", "！點歌 晴天", "!hush", "! skip"]
)
def test_a_command_that_is_none_here_is_not_answered(text: str, play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types(text)
        await room.until_idle()
        assert room.heard() == []

    play(scene)


@pytest.mark.parametrize("text", ["!!! wow", "!?", "wow!lurk", "hey !lurk does not work", "¡hola!"])
def test_what_only_begins_like_a_command_is_answered(text: str, play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types(text)
        await room.until_idle()
        assert len(room.heard()) == 1

    play(scene)


def test_a_bot_that_is_a_moderator_commands_nothing(play: Any) -> None:
    """Anybody can make a bot write what they like."""
    moderator = frozenset({Role.MODERATOR})

    async def scene(room: Room) -> None:
        assert room.commands("!pause", name="Nightbot", roles=moderator) == ""
        assert room.commands("!pause", name="My_Bot", roles=moderator) != "", "the list is the one in config"
        assert room.commands("!say hi", name="NightBot", roles=moderator, platform="youtube") == ""

    play(scene)

    async def own_list(room: Room) -> None:
        assert room.commands("!pause", name="My_Bot", roles=moderator) == ""
        room.types("hello", name="My_Bot")
        room.types("hello you", name="My_Bot", platform="youtube")
        await room.until_idle()
        assert len(room.heard()) == 1
        assert room.commands("!pause", name="helper", roles=moderator) != "", "named as an operator"

    play(own_list, inbox={"ignore": ["twitch:my_bot", "helper"]}, gate={"operators": ["twitch:helper"]})


# Several lines of one viewer


def asked(room: Room) -> list[str]:
    return [line["asked"].partition(" [")[0] for line in room.journal("prompt")]


def answered(room: Room) -> list[str]:
    """What was asked when something of the answer was heard."""
    heard = {line["turn"] for line in room.journal("reply") if line["heard"]}
    return [line["asked"].partition(" [")[0] for line in room.journal("prompt") if line["turn"] in heard]


@pytest.mark.parametrize("pause", [0, 0.001, 0.05, 0.2])
def test_a_quick_second_line_is_answered_with_the_first(pause: float, play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("I think")
        await asyncio.sleep(pause)
        room.types("that pineapple is bad")
        await room.until_idle()
        assert answered(room) == ["I think that pineapple is bad"]

    play(scene)


def test_a_second_line_that_comes_while_she_speaks_is_answered_next(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("I think")
        await room.until_speaking()
        room.types("that pineapple is bad")
        await room.until_idle()
        assert answered(room) == ["I think", "that pineapple is bad"]

    play(scene)


def test_lines_that_waited_together_are_answered_together(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        for text, name in (("I think", "ann"), ("is tofu good?", "bob"), ("that you are nice", "ann")):
            room.types(text, name=name)
            await asyncio.sleep(3)
        room.commands("!resume")
        await room.until_idle()
        assert sorted(answered(room)) == ["I think that you are nice", "is tofu good?"]

    play(scene, inbox={"batch": 1})


@pytest.mark.parametrize("pause", [0, 0.002])
@pytest.mark.parametrize(
    "you",
    [{"name": "you", "platform": "console", "roles": frozenset({Role.BROADCASTER})}, {"name": "a viewer"}],
    ids=["broadcaster", "viewer"],
)
def test_a_paste_of_six_lines_is_one_answer(pause: float, you: dict[str, Any], play: Any) -> None:
    lines = [f"line {number} of what I pasted" for number in range(6)]

    async def scene(room: Room) -> None:
        for line in lines:
            room.types(line, **you)
            await asyncio.sleep(pause)
        await room.until_idle()
        assert answered(room) == [" ".join(lines)]

    play(scene)


def test_nobody_can_keep_her_from_speaking_by_writing_on(play: Any) -> None:
    async def scene(room: Room) -> None:
        for number in range(60):
            room.types(f"and another thing is {number}", roles=frozenset({Role.MODERATOR}))
            await asyncio.sleep(0.3)
        assert len(room.heard()) > 1

    play(scene)


def test_a_deleted_line_is_left_out_of_what_is_answered_together(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("I think")
        gone = room.types("that you smell")
        room.types("is tofu good")
        room.show.receive(Deletion("d", "twitch", "banban", message_id=gone.id))
        await room.until_idle()
        assert answered(room) == ["I think is tofu good"]

    play(scene)


def test_nobody_is_taken_for_another_who_has_no_name_either(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        for number in range(8):
            written = message(f"what of idea number {number}?")
            room.show.receive(replace(written, author=Author("", "someone")))
        assert [line["drop"] for line in room.journal("heard") if "drop" in line] == ["command"]
        room.commands("!resume")
        await room.until_idle()
        assert len(answered(room)) >= 2

    play(scene)


@pytest.mark.parametrize("name", ["😀" * 200, "👩‍👩‍👧‍👦" * 200, "@" * 200, "🏳️‍🌈" * 200 + "\u034f"])
def test_a_name_of_200_emoji_is_bounded_everywhere(name: str, play: Any) -> None:
    raw = f"@id=1;user-id=7;display-name={name} :mo!mo@mo PRIVMSG #banban :hello there"

    async def scene(room: Room) -> None:
        event = irc.IrcParser().event(irc.parse(raw))
        assert isinstance(event, ChatMessage)
        assert 0 < len(event.author.name) <= NAME_LIMIT
        room.show.receive(event)
        room.show.receive(replace(message("is tofu good?"), author=Author("x", name)))
        await room.until_idle()
        assert room.heard()
        shown = [cue.name for _, cue in room.screen.cues if isinstance(cue, Thinking)]
        assert all(len(clean_name(name)) <= NAME_LIMIT for name in shown)
        asked = [line["whole"][-1] for line in room.journal("prompt")]
        assert all(0 < len(name) <= 41 for _, name, _ in asked)

    play(scene, journal={"prompts": "whole"})
