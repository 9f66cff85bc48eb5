"""Whatever is written and deleted, in whatever order: nothing deleted is asked, told or shown again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from rehearsal_room import Room, perform

from benchmarks.scripted import ScriptedBrain
from vtuber.brain import Prompt
from vtuber.core.clock import now
from vtuber.core.events import (
    Answerable,
    Author,
    Batch,
    ChatMessage,
    Deletion,
    Emote,
    Money,
    Pick,
    Redemption,
    Subscription,
)
from vtuber.stage.cues import ClipBegins, Thinking
from vtuber.stage.obs.picture import Picture
from vtuber.stage.overlay.frames import TextFrame
from vtuber.stage.overlay.state import PageState

AUTHORS = ("ann", "bob", "cem")
CHANNELS = ("ours", "theirs")
DAY = 1_000_000.0
"""What the platform's clock says when ours says 0."""
OWN_ASIDES = re.compile(r"\[(?:they wrote before|you told them before|chat repeats)[^]]*\]")


@dataclass(frozen=True)
class Say:
    author: str
    channel: str
    kind: str
    late: bool
    """It is on its way until a ``Wait`` is over."""


@dataclass(frozen=True)
class Delete:
    which: int
    """Counted back from the latest."""
    what: str
    again: bool


@dataclass(frozen=True)
class Wait:
    seconds: float


says = st.builds(
    Say,
    st.sampled_from(AUTHORS),
    st.sampled_from(CHANNELS),
    st.sampled_from(["chat", "chat", "paid", "sub", "reward", "emote"]),
    st.sampled_from([False, False, False, True]),
)
deletes = st.builds(
    Delete, st.integers(0, 5), st.sampled_from(["message", "message", "author", "chat"]), st.booleans()
)
waits = st.builds(Wait, st.sampled_from([0.0, 0.05, 0.3, 1.0, 2.5, 20.0]))
steps = st.lists(says | says | deletes | waits | waits, min_size=4, max_size=24)


@dataclass
class Play:
    """One show, and what is known of it that she must not know any more."""

    room: Room
    written: list[Answerable] = field(default_factory=list)
    late: list[Answerable] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    """The words that were deleted."""
    seen: int = 0
    page: PageState = field(default_factory=lambda: PageState("her"))
    """What a page that comes now is told."""
    picture: Picture = field(default_factory=Picture)
    """What OBS shows."""

    async def run(self, steps: list[Say | Delete | Wait]) -> None:
        for step in steps:
            match step:
                case Say():
                    self.say(step)
                case Delete():
                    self.delete(step)
                case Wait(seconds=seconds):
                    await asyncio.sleep(seconds)
                    late, self.late = self.late, []
                    for one in late:
                        self.room.show.receive(one)
            await self.look()
        await asyncio.sleep(30)
        await self.look()

    def say(self, step: Say) -> None:
        number = len(self.written)
        word = f"w{number}x"
        who = Author(f"id-{step.author}", step.author)
        head = (f"m{number}", "twitch", step.channel, who)
        sent = DAY + now()
        message = ChatMessage(*head, f"{word} is it", sent=sent)
        match step.kind:
            case "paid":
                events: list[Answerable] = [
                    ChatMessage(*head, f"{word} is it", money=Money(Decimal(5), "USD"), sent=sent)
                ]
            case "sub":
                events = [Subscription(*head, f"{word} is it", sent=sent)]
            case "reward":
                reward = Redemption(f"r{number}", *head[1:], f"{word} is it", reward="a wish", sent=sent)
                events = [message, reward]
            case "emote":
                events = [ChatMessage(*head, word, emotes=(Emote(word, 0, len(word)),), sent=sent)]
            case _:
                events = [message]
        self.written.append(events[0])
        if step.late and len(events) == 1:  # only the message that shows a reward's text tells what it is
            self.late += events
        else:
            for one in events:
                self.room.show.receive(one)

    def delete(self, step: Delete) -> None:
        if step.which >= len(self.written):
            return
        target = self.written[-1 - step.which]
        told: dict[str, Any] = {"message_id": target.id} if step.what == "message" else {}
        told |= {"author_id": target.author.id} if step.what == "author" else {}
        deletion = Deletion("d", "twitch", target.channel, sent=DAY + now(), **told)
        for one in self.written:
            if step.what == "message":
                deleted = one is target
            elif step.what == "author":
                deleted = one.author == target.author and one.channel == target.channel
            else:
                deleted = one.channel == target.channel and isinstance(one, ChatMessage)
            if deleted:
                self.gone.add(one.text.split()[0])
        for _ in range(1 + step.again):
            self.room.show.receive(deletion)
        event(f"deleted: {step.what}")

    async def look(self) -> None:
        """Into all she has told since the last look, what can be seen now, and what memory knows."""
        cues = self.room.screen.cues
        for _, cue in cues[self.seen :]:
            if isinstance(cue, Thinking):
                self.check(cue.text)
            if isinstance(cue, ClipBegins):
                self.check(cue.sentence.text)
            self.page.take(cue)
            self.picture = self.picture.after(cue)
        self.seen = len(cues)
        self.check(
            " ".join(str(frame.fields) for frame in self.page.so_far() if isinstance(frame, TextFrame))
        )
        self.check(self.picture.caption)
        for name in AUTHORS:
            one = ChatMessage("?", "twitch", "ours", Author(f"id-{name}", name), "?")
            recalled = await self.room.show.memory.recall(Batch(Pick(one), speaker="banban"))
            self.check(str(recalled))

    def check(self, told: str) -> None:
        assert not self.gone & set(re.findall(r"w\d+x", told)), told


@given(steps)
@settings(max_examples=30)
def test_what_was_deleted_never_comes_again(steps: list[Say | Delete | Wait]) -> None:
    plays: list[Play] = []

    async def stream(self: ScriptedBrain, prompt: Prompt) -> AsyncGenerator[str, None]:
        """She repeats what she is asked, of all in the batch."""
        for line in prompt.lines[prompt.head :]:
            plays[0].check(line.text)
        self.reply = OWN_ASIDES.sub("", prompt.lines[-1].text)
        async for text in whole(self, prompt):
            yield text

    async def scene(room: Room) -> None:
        plays.append(Play(room))
        await plays[0].run(steps)

    whole = ScriptedBrain.stream
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScriptedBrain, "stream", stream)
        perform(lambda: Room(Path(folder), brain={"use": "scripted", "model": "own"}), scene)
        assert not any("failure" in str(line) for line in plays[0].room.journal("failure"))
