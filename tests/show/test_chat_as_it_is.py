"""Chat as it is: invisible suffixes, bots and commands for bots, from public reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rehearsal_room import Room

from vtuber.core.events import ChatMessage, Event, Role
from vtuber.listeners.recordings import recording
from vtuber.listeners.twitch import irc

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
