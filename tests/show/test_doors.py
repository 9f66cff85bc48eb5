"""What may not be said comes in by every door there is, and gets neither to the model, nor out again."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rehearsal_room import Chat, Room

from benchmarks.scripted import ScriptedBrain, ScriptedVoice
from vtuber.brain import Prompt
from vtuber.core.events import (
    Answerable,
    Author,
    Batch,
    ChatMessage,
    Follow,
    Gift,
    Mark,
    Money,
    Pick,
    Raid,
    Redemption,
    Role,
    Sound,
    Subscription,
    Word,
)
from vtuber.core.spelling import normalize
from vtuber.guard.words.word_files import plain
from vtuber.listeners.twitch import irc
from vtuber.show.screening import A_VIEWER, MASKED
from vtuber.stage.cues import ClipBegins, ClipWord, Feels, Heard, Thinking
from vtuber.voice import Utterance

SLUR = next(word for word in plain("hate") if word.isascii() and word.isalpha() and len(word) > 5)
PHONE = "0912-345-678"
LINK = "evil.com/x"
PATTERN = "secret42"
"""What a closer look alone finds, and the streamer's words do not."""
BAD = (SLUR, PHONE, LINK, PATTERN)

MODERATOR = frozenset({Role.MODERATOR})
FIVE = Money(Decimal(5), "USD")
GATE = {"patterns": ["secret[0-9]+"]}
TWITCH = {"twitch": {"write": "replies"}}

Scene = Callable[[Room, str], Awaitable[None]]


def squashed(text: str) -> str:
    return re.sub(r"[\W_]+", "", normalize(text))


class Witness:
    """Keeps whatever the model reads, and the voice, the screens and chat are given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, echoes: bool) -> None:
        self.chat = Chat("banban")
        self.read: list[str] = []
        self.spoken: list[str] = []
        stream, speak = ScriptedBrain.stream, ScriptedVoice.speak

        async def watched_stream(brain: ScriptedBrain, prompt: Prompt) -> AsyncGenerator[str, None]:
            lines = [line for line in prompt.lines[prompt.head :] if line.role == "viewer"]
            self.read += [f"{line.name}: {line.text}" for line in lines]
            if echoes:  # a model that says whatever it reads
                brain.reply = f"So {lines[-1].text} is what I heard of {lines[-1].name}."
            async for text in stream(brain, prompt):
                yield text

        async def watched_speak(
            voice: ScriptedVoice, utterance: Utterance
        ) -> AsyncGenerator[Sound | Word, None]:
            self.spoken.append(utterance.text)
            async for item in speak(voice, utterance):
                yield item

        monkeypatch.setattr(ScriptedBrain, "stream", watched_stream)
        monkeypatch.setattr(ScriptedVoice, "speak", watched_speak)

    def shown(self, room: Room) -> list[str]:
        """All text that a screen was sent: the page's, and OBS's."""
        found: list[str] = []
        for _, cue in room.screen.cues:
            match cue:
                case Thinking(name=name, text=text, deed=deed):
                    found += [f"{name}: {text}", *(deed.words.values() if deed else ())]
                case ClipBegins(sentence=sentence, name=name):
                    found += [sentence.text, sentence.mood, name]
                case ClipWord(word=word, text=text):
                    found += [word.text, text]
                case Heard(text=text) | Feels(mood=text):
                    found.append(text)
                case _:
                    pass
        return found

    def check(self, room: Room, bad: str) -> None:
        sides = {
            "the model": self.read,
            "the voice": self.spoken,
            "a screen": self.shown(room),
            "chat": [text for text, _ in self.chat.written],
        }
        for side, texts in sides.items():
            leaked = [text for text in texts if squashed(bad) in squashed(text)]
            assert not leaked, f"{side} got {leaked}"


@pytest.fixture
def put_through(play: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Witness]:
    """Plays a scene with each of the bad texts, in one show, and looks what came of it."""

    def put_through(
        scene: Scene, *, echoes: bool = True, bads: tuple[str, ...] = BAD, **settings: Any
    ) -> Witness:
        witness = Witness(monkeypatch, echoes=echoes)

        async def whole(room: Room) -> None:
            for bad in bads:
                await scene(room, bad)
                await room.until_idle()
                await asyncio.sleep(1)
                witness.check(room, bad)
            assert not room.journal("failure")

        options = {"gate": GATE, "chat": TWITCH, "show": {"reply_seconds": 60}} | settings
        play(whole, listeners=[witness.chat], **options)
        return witness

    return put_through


def author(name: str = "mika", **more: Any) -> Author:
    return Author(f"id-{name}", name, **more)


EVENTS: dict[str, Callable[[str], Answerable]] = {
    "a message": lambda bad: chat(f"is {bad} good?"),
    "a message that she sidesteps": lambda bad: chat(f"who should win the election, Trump or {bad}?"),
    "a name": lambda bad: chat("is it good?", who=author(bad)),
    "a name around it": lambda bad: chat("is it good?", who=author(f"xx {bad} xx")),
    "a paid message": lambda bad: chat(f"take {bad}", money=FIVE),
    "the name of who paid": lambda bad: chat("take this", who=author(bad), money=FIVE),
    "a cheer": lambda bad: chat(f"Cheer100 {bad}", money=Money(Decimal(100), "BITS")),
    "a sticker": lambda bad: chat(bad, money=FIVE, marks=frozenset({Mark.STICKER})),
    "a gift without a price": lambda bad: chat(bad, money=Money(None, ""), marks=frozenset({Mark.STICKER})),
    "a charity": lambda bad: chat("for them", money=FIVE, charity=f"Friends of {bad}"),
    "whom they reply to": lambda bad: chat(f"@{bad} is it good?", reply_to=bad),
    "whom they mention": lambda bad: chat(f"is @xX{bad}Xx good?", mentions=(f"xX{bad}Xx",)),
    "whom they mention unasked": lambda bad: chat(f"is @xX{bad}Xx good?"),
    "many mentions": lambda bad: chat(" ".join(f"@x{number}_{bad}" for number in range(20))),
    "another channel": lambda bad: chat("hello?", shared_from=bad),
    "a subscription": lambda bad: Subscription("s", "twitch", "banban", author(), f"hi {bad}", months=7),
    "a subscriber's name": lambda bad: Subscription("s", "twitch", "banban", author(bad), "hi"),
    "a tier": lambda bad: Subscription("s", "youtube", "banban", author(), "hi", tier=f"Club {bad}"),
    "a gift": lambda bad: Gift("g", "twitch", "banban", author(), f"for {bad}", count=5),
    "a giver's name": lambda bad: Gift("g", "twitch", "banban", author(bad), count=5, tier="2"),
    "a gift's tier": lambda bad: Gift("g", "youtube", "banban", author(), count=5, tier=f"Club {bad}"),
    "a raider": lambda bad: Raid("r", "twitch", "banban", author(bad), viewers=50),
    "a follower": lambda bad: Follow("f", "twitch", "banban", author(bad)),
    "a reward": lambda bad: Redemption("p", "twitch", "banban", author(), "hi", reward=f"Say {bad}", cost=5),
    "a redemption": lambda bad: Redemption("p", "twitch", "banban", author(), bad, reward="Ask", cost=5),
    "who redeemed": lambda bad: Redemption("p", "twitch", "banban", author(bad), "hi", reward="Ask"),
}


def chat(text: str, who: Author | None = None, **more: Any) -> ChatMessage:
    return ChatMessage("c", "twitch", "banban", who or author(), text, **more)


@pytest.mark.parametrize("door", EVENTS)
def test_an_event_brings_nothing_bad(put_through: Callable[..., Witness], door: str) -> None:
    async def scene(room: Room, bad: str) -> None:
        event = EVENTS[door](bad)
        room.show.receive(replace(event, id=f"{event.id}-{bad}"))

    witness = put_through(scene)
    assert witness.read or "sidesteps" in door
    assert witness.spoken


GIFT = (
    "@display-name=Kai;id=77f2;login=kai;mod=0;msg-id=subgift;msg-param-months=1;room-id=19571752;"
    "msg-param-recipient-display-name={0};msg-param-recipient-id=89614178;msg-param-recipient-user-name={0};"
    "msg-param-sub-plan-name={0};msg-param-sub-plan=1000;system-msg=Kai\\sgifted\\s{0};user-id=5;"
    "tmi-sent-ts=1554218464577 :tmi.twitch.tv USERNOTICE #banban"
)


def test_whoever_is_given_something_is_not_named(put_through: Callable[..., Witness]) -> None:
    async def scene(room: Room, bad: str) -> None:
        event = irc.IrcParser().event(irc.parse(GIFT.format(bad)))
        assert isinstance(event, Gift)
        room.show.receive(replace(event, id=f"gift-{bad}"))

    assert any("gave away a subscription" in read for read in put_through(scene).read)


# What is in pieces.


def halves(bad: str) -> tuple[str, str]:
    return bad[: len(bad) // 2], bad[len(bad) // 2 :]


def test_two_lines_of_a_viewer_make_nothing_bad(put_through: Callable[..., Witness]) -> None:
    async def scene(room: Room, bad: str) -> None:
        room.commands("!pause")
        for half in halves(bad):
            room.types(half)
        room.commands("!resume")

    put_through(scene, bads=(SLUR,))


def test_a_name_and_what_follows_make_nothing_bad(put_through: Callable[..., Witness]) -> None:
    async def scene(room: Room, bad: str) -> None:
        name, text = halves(bad)
        room.types(f"{text} is good?", name=name)

    (read,) = put_through(scene, bads=(SLUR,)).read
    assert read == f"{A_VIEWER}: {halves(SLUR)[1]} is good?", "she answers, and calls them by no name"


@pytest.mark.parametrize("titled", ["a reward", "a charity"])
def test_a_title_and_what_follows_make_nothing_bad(put_through: Callable[..., Witness], titled: str) -> None:
    async def scene(room: Room, bad: str) -> None:
        title, text = (f"Say {halves(bad)[0]}", f"{halves(bad)[1]} is good?")
        if titled == "a reward":
            room.show.receive(Redemption("p", "twitch", "banban", author(), text, reward=title, cost=5))
        else:
            room.show.receive(chat(text, money=FIVE, charity=title))

    (read,) = put_through(scene, bads=(SLUR,)).read
    assert MASKED in read
    assert read.endswith(f"{halves(SLUR)[1]} is good?")


def test_what_two_viewers_write_makes_nothing_bad_together(put_through: Callable[..., Witness]) -> None:
    async def scene(room: Room, bad: str) -> None:
        first, second = halves(bad)
        room.commands("!pause")
        room.types(f"is it good? {first}", name="ann")
        room.types(f"{second} is it?", name="bob")
        room.commands("!resume")

    witness = put_through(scene, bads=(SLUR,), inbox={"batch": 4})
    assert len(witness.read) == 1
    assert "bob" not in witness.read[0]


# What else she reads.


def test_what_chat_repeats_is_judged(put_through: Callable[..., Witness]) -> None:
    async def scene(room: Room, bad: str) -> None:
        room.commands("!pause")
        for number in range(5):
            room.types(f"{bad}!!", name=f"fan{number}-{len(bad)}")
        room.types("is the pizza good?", name="ann")
        room.commands("!resume")

    witness = put_through(scene)
    assert any("pizza" in read for read in witness.read)
    assert not any("chat repeats" in read for read in witness.read)


@pytest.mark.parametrize("paid", [True, False])
def test_nothing_that_was_taken_out_is_remembered(put_through: Callable[..., Witness], *, paid: bool) -> None:
    remembered: list[str] = []

    async def scene(room: Room, bad: str) -> None:
        name = f"mem-{len(remembered)}"
        room.types(f"my cat is called {bad}", name=name, **({"money": FIVE} if paid else {}))
        await room.until_idle()
        asked = room.types("what is my cat called?", name=name)
        await room.until_idle()
        known = await room.show.memory.recall(Batch(Pick(asked), speaker="banban"))
        remembered.append(str(known.viewers["twitch", f"id-{name}"].words))
        assert squashed(bad) not in squashed(remembered[-1])

    witness = put_through(scene)
    assert not any("they wrote before" in read for read in witness.read)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no embedded server on Windows")
def test_nothing_that_was_taken_out_comes_back_in_the_next_show(
    play: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    memory = {"use": "embedded", "folder": tmp_path / "memory", "recall_seconds": 5}
    witness = Witness(monkeypatch, echoes=False)

    async def first(room: Room) -> None:
        room.types("my dog is called Rex")
        room.types(f"my cat is called {PATTERN}", money=FIVE)
        await room.until_idle()

    async def second(room: Room) -> None:  # by then, nothing is forbidden
        room.types("what is my cat called, and my dog?")
        await room.until_idle()

    play(first, memory=memory, gate=GATE)
    play(second, memory=memory)
    assert "they wrote before: my dog is called Rex" in witness.read[-1]
    assert PATTERN not in str(witness.read)


# What moderators order.


@pytest.mark.parametrize(
    "order",
    [
        *("!topic {}", "!topic chess with {}", "!ask what is {}?", "!say {}", "!say hello, {} and all"),
        *("!mood {}", "!ignore @{}", "!ignore @{} 5", "!unignore @{}", "!forget @{}", "!help {}", "!mute {}"),
        *("!slow {}", "!{}", "!hush {}", "!status {}"),
    ],
)
def test_no_order_brings_anything_bad(put_through: Callable[..., Witness], order: str) -> None:
    async def scene(room: Room, bad: str) -> None:
        room.commands(order.format(bad))
        await room.until_idle()
        room.commands("!status")
        room.commands("!resume")
        await asyncio.sleep(1)
        room.types("what are we doing?", name=f"ann{len(bad)}")

    witness = put_through(scene)
    assert witness.chat.written
    assert witness.read


@pytest.mark.parametrize("order", ["!held", "!allow {}", "!deny {}"])
def test_what_waits_for_a_moderator_is_told_without_it(
    put_through: Callable[..., Witness], order: str
) -> None:
    number = 0

    async def scene(room: Room, bad: str) -> None:
        nonlocal number
        room.types(f"is {bad} held, and {PHONE}?", name=bad)
        await asyncio.sleep(1)
        number += len(room.show.performer.agenda.held) > 0
        room.commands(order.format(number))
        await asyncio.sleep(1)

    guard = {"words": {"action": "hold"}, "patterns": {"action": "hold"}}
    witness = put_through(scene, guard=guard, bads=(PHONE, LINK) if "allow" in order else BAD)
    assert witness.chat.written


def test_what_a_moderator_allows_is_read_without_a_number(put_through: Callable[..., Witness]) -> None:
    async def scene(room: Room, _: str) -> None:
        room.types(f"is {PATTERN} held, and {PHONE}?")
        await asyncio.sleep(1)
        assert room.commands("!allow 1").startswith("she will answer")

    (read,) = put_through(scene, guard={"patterns": {"action": "hold"}}, bads=(PHONE,)).read
    assert PATTERN in read


@pytest.mark.parametrize("order", ["!ask is it good?", "!say it is good", "!mute zzz", "!forget @x"])
def test_a_moderators_name_may_be_bad_too(put_through: Callable[..., Witness], order: str) -> None:
    async def scene(room: Room, bad: str) -> None:
        room.commands(order, name=bad, roles=MODERATOR)

    put_through(scene)


def test_whoever_is_forgotten_is_not_named(put_through: Callable[..., Witness]) -> None:
    async def scene(room: Room, bad: str) -> None:
        room.commands("!forgetme", name=bad)
        await asyncio.sleep(1)

    assert [text for text, _ in put_through(scene).chat.written] == ["you are forgotten"] * len(BAD)


# What she says herself.


@pytest.mark.parametrize(
    "reply",
    ["I say {} now.", "[{}] Hello there.", "Look: {0}! And {0}.", "It is {}™ you know.", "Well. *{}* Well."],
)
def test_a_model_that_says_it_is_stopped(
    put_through: Callable[..., Witness], monkeypatch: pytest.MonkeyPatch, reply: str
) -> None:
    async def scene(room: Room, bad: str) -> None:
        monkeypatch.setattr(ScriptedBrain, "reply", reply.format(bad))
        room.types("what do you say?", name=f"ann{len(bad)}")

    assert put_through(scene, echoes=False).spoken


def test_a_voice_that_spells_words_of_its_own_shows_nothing_bad(
    put_through: Callable[..., Witness], monkeypatch: pytest.MonkeyPatch
) -> None:
    speak, spelled = ScriptedVoice.speak, ""

    async def inventive(voice: ScriptedVoice, utterance: Utterance) -> AsyncGenerator[Sound | Word, None]:
        async for item in speak(voice, utterance):
            yield replace(item, text=spelled) if isinstance(item, Word) else item

    async def scene(room: Room, bad: str) -> None:
        nonlocal spelled
        spelled = bad
        room.types("what do you say?", name=f"ann{len(bad)}")

    monkeypatch.setattr(ScriptedVoice, "speak", inventive)
    put_through(scene)


# Whoever gave something is thanked.

PAID: dict[str, tuple[Answerable, str, str]] = {
    "super chat": (
        replace(chat("{bad}", money=FIVE), platform="youtube"),
        "paid US$5.00",
        "US$5.00 Super Chat",
    ),
    "cheer": (chat("{bad}", money=Money(Decimal(100), "BITS")), "paid 100 bits", "100 bits"),
    "sticker": (
        chat("{bad}", money=FIVE, marks=frozenset({Mark.STICKER})),
        "sticker for US$5.00",
        "US$5.00 Super Sticker",
    ),
    "subscription": (
        Subscription("s", "twitch", "banban", author(), "{bad}", months=8),
        "subscribed, month 8",
        "month 8",
    ),
    "gift": (
        Gift("g", "twitch", "banban", author(), "{bad}", count=5),
        "gave away 5 subscriptions",
        "5 subscriptions",
    ),
    "charity": (
        chat("{bad}", money=FIVE, charity="The Cats"),
        "gave US$5.00 to The Cats",
        "US$5.00 for The Cats",
    ),
    "redemption": (
        Redemption("p", "twitch", "banban", author(), "is it good?", reward="Ask"),
        "spent points on Ask",
        "Ask",
    ),
}


@pytest.mark.parametrize("kind", PAID)
def test_who_gives_is_thanked_without_a_bad_name_and_bad_words(
    put_through: Callable[..., Witness], kind: str
) -> None:
    given, told, shown = PAID[kind]
    rooms: list[Room] = []

    async def scene(room: Room, bad: str) -> None:
        text = given.text.replace("{bad}", f"you {bad}")
        room.show.receive(replace(given, text=text, author=author(f"xX{bad}Xx"), id=f"paid-{bad}"))
        await room.until_idle()
        rooms[:] = [room]

    witness = put_through(scene, bads=(SLUR, PATTERN))
    news = [read for read in dict.fromkeys(witness.read) if read.startswith(f"{A_VIEWER}: [")]
    assert news
    assert all(told in read for read in news)
    bubbles = [cue for _, cue in rooms[0].screen.cues if isinstance(cue, Thinking)]
    assert [cue.name for cue in bubbles] == [A_VIEWER] * 2
    assert all(cue.deed and shown in cue.deed.words["en"] for cue in bubbles)
    assert rooms[0].show.metrics.paid_answered == 2


def test_points_for_bad_words_are_given_back(put_through: Callable[..., Witness]) -> None:
    async def scene(room: Room, bad: str) -> None:
        given = Redemption(f"p-{bad}", "twitch", "banban", author(), f"say {bad}", reward="Ask")
        room.show.receive(given)

    witness = put_through(scene, bads=(SLUR, PATTERN))
    assert witness.read == []
    assert [answered for _, answered in witness.chat.settled] == [False, False]


def test_a_name_that_may_be_said_is_said_though_the_words_may_not(
    put_through: Callable[..., Witness],
) -> None:
    async def scene(room: Room, bad: str) -> None:
        room.types(f"you {bad}", name="Ann", money=FIVE)

    witness = put_through(scene, bads=(SLUR,), gate={"words": [SLUR]})
    assert witness.read == ["Ann: [paid US$5.00]"]
