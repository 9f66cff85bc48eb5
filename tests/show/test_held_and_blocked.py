"""What is held waits for a moderator's word; whoever is blocked is not answered for some minutes."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from rehearsal_room import Chat, Room, message

from vtuber.core.events import Deletion, Money, Redemption, Role
from vtuber.show.held import LIMIT

FIVE = Money(Decimal(5), "USD")
HOLDING: dict[str, Any] = {
    "gate": {"patterns": ["secret[0-9]+"]},
    "guard": {"patterns": {"action": "hold"}},
    "inbox": {"batch": 1},
}
BLOCKING: dict[str, Any] = {
    "gate": {"patterns": ["secret[0-9]+"]},
    "guard": {"patterns": {"action": "block"}, "block_minutes": 2},
}


def asked(room: Room) -> list[str]:
    return [line["asked"] for line in room.journal("prompt")]


# Held.


def test_a_held_message_waits_until_a_moderator_allows_it(play: Any) -> None:
    async def scene(room: Room) -> None:
        held = room.types("is the secret42 pizza good?")
        await room.until(lambda: room.journal("held"))
        assert room.journal("held") == [
            {
                "t": room.journal("held")[0]["t"],
                "kind": "held",
                "id": held.id,
                "number": 1,
                "rule": "gate.patterns: secret[0-9]+",
                "detector": "patterns",
            }
        ]
        await asyncio.sleep(300)
        assert room.heard() == []
        assert room.show.inbox.dropped == {}
        assert "1 held for a moderator" in room.commands("!status")
        assert room.commands("!allow 1") == "she will answer @mika"
        await room.until_idle()
        assert asked(room) == ["is the secret42 pizza good?"]
        assert len(room.heard()) == 1
        (decided,) = room.journal("decided")
        assert (decided["id"], decided["number"], decided["allowed"]) == (held.id, 1, True)
        assert decided["command"] == room.journal("command")[-1]["id"]
        assert room.commands("!held") == "no message waits"

    play(scene, **HOLDING)


def test_a_held_message_that_is_denied_is_not_answered(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is the secret42 pizza good?")
        await room.until(lambda: room.journal("held"))
        assert room.commands("!deny #1") == "she does not answer @mika"
        assert room.commands("!allow 1") == "no message 1 waits; !held lists those that do"
        await asyncio.sleep(30)
        assert room.heard() == []
        assert room.show.inbox.dropped == {"filtered": 1}

    play(scene, **HOLDING)


def test_the_list_says_what_was_found_and_not_the_words(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is the secret42 pizza good?")
        room.types("and the secret7 tea?", name="lou")
        await room.until(lambda: len(room.journal("held")) == 2)
        told = room.commands("!held")
        assert told.startswith("1: @mika (")
        assert "; 2: @lou (" in told
        assert "secret" not in told
        assert "pizza good?" in told

    play(scene, **HOLDING)


@pytest.mark.parametrize("words", ["!allow", "!allow all", "!deny -1", "!allow ²", "!deny 99999999999999"])
def test_what_is_no_number_is_none(play: Any, words: str) -> None:
    async def scene(room: Room) -> None:
        room.types("is the secret42 pizza good?")
        await room.until(lambda: room.journal("held"))
        assert f"write {words.partition(' ')[0]} NUMBER" in room.commands(words)
        assert len(room.show.performer.agenda.held) == 1

    play(scene, **HOLDING)


def test_viewers_decide_nothing(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is the secret42 pizza good?")
        await room.until(lambda: room.journal("held"))
        assert room.commands("!allow 1", name="mika") == ""
        assert len(room.show.performer.agenda.held) == 1

    play(scene, **HOLDING)


def test_only_so_many_wait_and_the_oldest_goes(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        for number in range(LIMIT + 3):
            room.types(f"is the secret{number} pizza good?", name=f"viewer {number}")
        room.commands("!resume")
        await room.until(lambda: len(room.journal("held")) == LIMIT + 3)
        assert [held.number for held in room.show.performer.agenda.held] == list(range(4, LIMIT + 4))
        assert room.show.inbox.dropped == {"filtered": 3}

    play(scene, **HOLDING)


@pytest.mark.parametrize("how", ["deleted", "ignored", "forgotten"])
def test_what_moderators_take_away_is_held_no_longer(play: Any, how: str) -> None:
    async def scene(room: Room) -> None:
        held = room.types("is the secret42 pizza good?")
        await room.until(lambda: room.journal("held"))
        if how == "deleted":
            room.show.receive(Deletion("d1", "twitch", "banban", message_id=held.id))
        else:
            room.commands("!ignore @mika" if how == "ignored" else "!forget @mika")
        assert room.commands("!held") == "no message waits"
        assert "no message 1 waits" in room.commands("!allow 1")
        await asyncio.sleep(10)
        assert room.heard() == []

    play(scene, **HOLDING)


def test_an_allowed_message_is_deleted_before_its_turn(play: Any) -> None:
    async def scene(room: Room) -> None:
        held = room.types("is the secret42 pizza good?")
        await room.until(lambda: room.journal("held"))
        room.commands("!mute 20")
        assert room.commands("!allow 1") == "she will answer @mika after 20 seconds of silence"
        room.show.receive(Deletion("d1", "twitch", "banban", message_id=held.id))
        await asyncio.sleep(30)
        assert room.heard() == []

    play(scene, **HOLDING)


def test_money_is_thanked_and_not_held(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("take this, secret43", money=FIVE)
        await room.until_idle()
        (prompt,) = asked(room)
        assert "paid US$5.00" in prompt
        assert "secret" not in prompt
        assert room.journal("held") == []

    play(scene, **HOLDING)


@pytest.mark.parametrize("allowed", [True, False])
def test_points_for_a_held_message_are_given_back_when_it_is_denied(play: Any, *, allowed: bool) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        author = message("").author
        room.show.receive(
            Redemption("r1", "twitch", "banban", author, "is secret42 good?", reward="Ask her", cost=100)
        )
        await room.until(lambda: room.journal("held"))
        assert chat.settled == []
        room.commands("!allow 1" if allowed else "!deny 1")
        await room.until_idle()
        assert chat.settled == [("r1", allowed)]

    play(scene, listeners=[chat], **HOLDING)


def test_words_of_ones_own_can_be_held_too(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is the durian pizza good?")
        await room.until(lambda: room.journal("held"))
        room.commands("!allow 1")
        await room.until_idle()
        assert asked(room) == ["is the durian pizza good?"]

    play(scene, gate={"words": ["durian"]}, guard={"words": {"policies": {"own": "hold"}}})


def test_words_of_ones_own_can_be_softened(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is the durian pizza good?")
        await room.until_idle()
        assert asked(room) == ["is the ＊＊＊＊＊＊ pizza good?"]

    play(scene, gate={"words": ["durian"]}, guard={"words": {"policies": {"own": "soften"}}})


# Blocked.


def test_whoever_is_blocked_is_not_answered_for_some_minutes(play: Any) -> None:
    async def scene(room: Room) -> None:
        bad = room.types("is the secret42 pizza good?")
        await room.until(lambda: room.journal("blocked"))
        (blocked,) = room.journal("blocked")
        assert (blocked["id"], blocked["author"], blocked["minutes"]) == (bad.id, "id-mika", 2)
        assert (blocked["rule"], blocked["detector"]) == ("gate.patterns: secret[0-9]+", "patterns")
        room.types("and the tea?")
        room.types("and the cake?", name="lou")
        await room.until_idle()
        assert asked(room) == ["and the cake?"]
        assert room.show.inbox.dropped == {"filtered": 1, "ignored": 1}
        await asyncio.sleep(130)
        room.types("and now?")
        await room.until_idle()
        assert asked(room)[1:] == ["and now?"]

    play(scene, **BLOCKING)


def test_what_else_they_wrote_is_not_answered_either(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        room.types("what do you think of tea?")
        room.types("is the secret42 pizza good?")
        room.commands("!resume")
        await asyncio.sleep(20)
        assert room.heard() == []
        assert room.show.inbox.dropped == {"filtered": 1, "ignored": 1}

    play(scene, **BLOCKING)


def test_a_moderator_undoes_a_block_by_the_name(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is the secret42 pizza good?")
        await room.until(lambda: room.journal("blocked"))
        assert room.commands("!unignore @mika") == "@mika is answered again"
        room.types("and the tea?")
        await room.until_idle()
        assert asked(room) == ["and the tea?"]

    play(scene, **BLOCKING)


def test_money_of_whoever_is_blocked_is_thanked(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("take this, secret43", money=FIVE)
        await room.until_idle()
        assert len(room.journal("blocked")) == 1
        room.types("more, secret43", money=FIVE)
        await room.until_idle()
        assert len(asked(room)) == 2
        assert room.show.metrics.paid_answered == 2
        room.types("and the tea?")
        assert room.show.inbox.dropped["ignored"] == 1
        room.commands("!ignore @id-mika")  # a moderator means it
        room.types("take this", money=FIVE)
        assert room.show.inbox.dropped["ignored"] == 2

    play(scene, **BLOCKING)


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.BROADCASTER])
def test_those_who_run_the_channel_are_not_blocked(play: Any, role: Role) -> None:
    async def scene(room: Room) -> None:
        room.types("is the secret42 pizza good?", roles=frozenset((role,)))
        room.types("and the tea?", roles=frozenset((role,)))
        await room.until_idle()
        assert room.journal("blocked") == []
        assert room.show.inbox.dropped == {"filtered": 1}
        assert asked(room) == ["and the tea?"]

    play(scene, **BLOCKING)
