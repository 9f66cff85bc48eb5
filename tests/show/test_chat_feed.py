"""What pages show of chat: the newest of it, what may be shown of it, and nothing that was deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from vtuber import character
from vtuber.config import Gate, Settings
from vtuber.core.clock import now
from vtuber.core.events import Author, ChatMessage, Deletion, Emote, Follow, Gift, Money, Redemption, Role
from vtuber.core.simulated import SimulatedLoop
from vtuber.guard.guard import Guard
from vtuber.moderation.message_index import MessageIndex
from vtuber.record.facts import Facts
from vtuber.show.chat_feed import COMBO_SECONDS, KEPT, LINES, PAUSE, ChatFeed
from vtuber.show.screening import Screening
from vtuber.stage.cues import Alert, ChatLine, Cue, Vanished
from vtuber.stage.stage import Stage

ROOT = Path(__file__).resolve().parents[2]


class Room:
    """A feed, and what pages are shown."""

    def __init__(self) -> None:
        settings = Settings(gate=Gate(words=("moldy",)))
        guard = Guard(settings, character.load(str(ROOT / "characters" / "banban")))
        self.stage = Stage()
        self.cues: list[Cue] = []
        self.stage.watch(self.cues.append, "test")
        self.feed = ChatFeed(self.stage, Screening(guard, Facts(), lambda _: None))
        self.index = MessageIndex()
        self.count = 0

    def write(self, text: str, name: str = "ann", **more: Any) -> ChatMessage:
        self.count += 1
        author = Author(f"id-{name}", name, more.pop("roles", frozenset()))
        event = ChatMessage(f"m{self.count}", "twitch", "c", author, text, now(), **more)
        self.take(event)
        return event

    def cheer(self, bits: int, text: str = "", name: str = "ann") -> ChatMessage:
        return self.write(text, name, money=Money(Decimal(bits), "BITS"))

    def take(self, event: Any) -> None:
        self.index.note(event)
        self.feed.take_in(event)

    def delete(self, **what: Any) -> None:
        self.feed.revoke(self.index.revocation(Deletion("d", "twitch", "c", now(), **what)))

    def all(self, kind: type[Any]) -> list[Any]:
        return [cue for cue in self.cues if isinstance(cue, kind)]

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.all(ChatLine)]


def in_a_room(scene: Callable[[Room], Awaitable[None]]) -> None:
    async def main() -> None:
        room = Room()
        running = asyncio.create_task(room.feed.run())
        await scene(room)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(main())


def test_a_line_is_shown_with_its_emotes_and_its_authors_role() -> None:
    async def scene(room: Room) -> None:
        emote = Emote("Kappa", 3, 8, "https://static-cdn.jtvnw.net/emoticons/v2/25/default/dark/2.0")
        roles = frozenset((Role.SUBSCRIBER, Role.MODERATOR))
        room.write("hi Kappa", emotes=(emote,), roles=roles)
        await asyncio.sleep(PAUSE)
        (line,) = room.all(ChatLine)
        assert (line.name, line.text, line.role) == ("ann", "hi Kappa", "moderator")
        assert line.emotes[0].picture == emote.picture

    in_a_room(scene)


def test_of_a_thousand_messages_a_second_the_newest_few_are_shown() -> None:
    async def scene(room: Room) -> None:
        for second in range(3):
            for number in range(1000):
                room.write(f"line {second} {number}", f"viewer{number}")
                await asyncio.sleep(0.001)
        assert len(room.texts) <= LINES * (3 / PAUSE + 1)
        await asyncio.sleep(2 * PAUSE)
        assert room.texts[-1] == "line 2 999"

    in_a_room(scene)


def test_what_comes_while_the_newest_are_shown_waits_for_the_next_look() -> None:
    async def scene(room: Room) -> None:
        for number in range(200):
            room.write(f"line {number}", f"viewer{number}")
            await asyncio.sleep(0)  # no time passes
        assert len(room.texts) <= LINES

    in_a_room(scene)


def test_what_may_not_be_shown_is_not() -> None:
    async def scene(room: Room) -> None:
        room.write("this is moldy bread")
        room.write("fine", "moldy")
        room.write("<b>fine</b>", "bob")
        await asyncio.sleep(PAUSE)
        assert not any("moldy" in line.text or "moldy" in line.name for line in room.all(ChatLine))
        assert room.texts[-1] == "<b>fine</b>"
        room.cheer(100, "moldy", "dan")
        await asyncio.sleep(2 * PAUSE)
        (alert,) = room.all(Alert)
        assert (alert.name, "moldy" in alert.text, alert.deed.words["en"]) == ("dan", False, "100 bits")

    in_a_room(scene)


def test_what_is_deleted_vanishes_at_once_or_never_comes() -> None:
    async def scene(room: Room) -> None:
        first = room.write("one")
        room.write("two", "bob")
        await asyncio.sleep(2 * PAUSE)
        shown = {line.text: line.number for line in room.all(ChatLine)}
        room.delete(message_id=first.id)
        assert room.cues[-1] == Vanished((shown["one"],))
        room.delete(author_id="id-bob")
        assert room.cues[-1] == Vanished((shown["two"],))
        waiting = room.write("three", "cat")
        room.delete(message_id=waiting.id)
        room.take(waiting)  # it comes again, or late
        await asyncio.sleep(2 * PAUSE)
        assert room.texts == ["one", "two"]
        room.cheer(100, "hello there", "eve")
        await asyncio.sleep(2 * PAUSE)
        (alert,) = room.all(Alert)
        room.delete(author_id="id-eve")
        assert room.cues[-1].alerts == (alert.number,)

    in_a_room(scene)


def test_what_the_same_viewer_adds_is_added_to_their_alert() -> None:
    async def scene(room: Room) -> None:
        room.cheer(100)
        await asyncio.sleep(1)
        room.cheer(200)
        room.cheer(5, name="bob")
        await asyncio.sleep(COMBO_SECONDS + 1)
        room.cheer(1)
        await asyncio.sleep(1)
        alerts = [(alert.number, alert.name, alert.deed.words["en"]) for alert in room.all(Alert)]
        numbers = [number for number, _, _ in alerts]
        assert [text for _, _, text in alerts] == ["100 bits", "300 bits", "5 bits", "1 bit"]
        assert numbers[0] == numbers[1]
        assert len(set(numbers)) == 3

    in_a_room(scene)


def test_a_wave_of_gifts_is_one_alert_and_none_is_lost() -> None:
    async def scene(room: Room) -> None:
        for number in range(50):
            room.take(Gift(f"g{number}", "twitch", "c", Author("id-ann", "ann"), at=now()))
        await asyncio.sleep(20)
        alerts = room.all(Alert)
        assert len({alert.number for alert in alerts}) == 1
        assert alerts[-1].deed.words["en"] == "gave away 50 subscriptions"

    in_a_room(scene)


def test_follows_and_redemptions_have_alerts_behind_what_was_paid() -> None:
    async def scene(room: Room) -> None:
        for number in range(1000):  # bots
            room.take(Follow(f"f{number}", "twitch", "c", Author(f"id{number}", f"bot {number}"), at=now()))
        room.take(
            Redemption("r", "twitch", "c", Author("id-ann", "ann"), at=now(), reward="moldy hat", cost=50)
        )
        room.cheer(100, name="rich")
        await asyncio.sleep(PAUSE / 2)
        assert [alert.name for alert in room.all(Alert)] == ["rich"]
        await asyncio.sleep(1000 * PAUSE)
        free = room.all(Alert)[1:]
        assert [alert.name for alert in free] == [*(f"bot {number}" for number in range(991, 1000)), "ann"]
        assert free[0].deed.words["en"] == "follows now"
        assert "moldy" not in str(free[-1].deed.words), "titles of rewards are screened, too"

    in_a_room(scene)


def test_it_keeps_no_more_than_can_vanish() -> None:
    async def scene(room: Room) -> None:
        for number in range(KEPT * 3):
            room.write(f"line {number}")
            await asyncio.sleep(PAUSE)
        assert len(room.feed._shown_lines) == KEPT
        room.delete()
        assert len(room.cues[-1].lines) == KEPT  # type: ignore[union-attr]

    in_a_room(scene)
