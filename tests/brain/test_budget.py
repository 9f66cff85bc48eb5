"""Whatever chat, moderators and the model's size do: what every prompt must be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from vtuber import character
from vtuber.brain import Prompt, PromptLine, Usage
from vtuber.brain.conversation import Conversation
from vtuber.config import Settings
from vtuber.core.availability import Availability, Progress
from vtuber.core.deeds import as_one
from vtuber.core.events import Answerable, Author, Batch, ChatMessage, Deletion, Money, Pick, Room
from vtuber.core.health import Health, State
from vtuber.memory import NOTHING, Recollection, Viewer
from vtuber.moderation.revocation import Revocation, cut

BANBAN = character.load("banban")
SHORT = replace(BANBAN, persona="You are 板板, and you like tea.")
MONEY = Money(Decimal(5), "USD")
NO_LINES: tuple[PromptLine, ...] = ()


class Counter:
    """A brain that only counts: a token for so many bytes, and some for what a format puts around a line."""

    def __init__(self, context: int, *, a_token: int, around: int, ahead: bool) -> None:
        self.context = context
        self.can_prefill = ahead
        self.availability = Availability(ready=True)
        self.usage = Usage()
        self.warmed: tuple[PromptLine, ...] = ()
        self.read: tuple[PromptLine, ...] = ()
        self.slow = False
        self.stopped = 0
        self._a_token, self._around = a_token, around

    def size(self, lines: Sequence[PromptLine]) -> int:
        texts = [text.encode() for line in lines for text in (line.text, line.name)]
        return sum(-(-len(text) // self._a_token) for text in texts) + self._around * len(lines)

    async def start(self, progress: Progress) -> None:
        progress(1.0, "")

    async def prefill_head(self, head: tuple[PromptLine, ...]) -> None:
        self.warmed = head

    async def prefill(self, lines: tuple[PromptLine, ...]) -> None:
        self.read = lines
        try:
            while self.slow:
                await asyncio.sleep(1)
        finally:
            self.stopped += self.slow

    async def count(self, lines: tuple[PromptLine, ...]) -> int:
        return self.size(lines)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        yield prompt.lines[-1].text

    async def stop(self) -> None: ...

    def health(self) -> Health:
        return Health("brain", State.OK, "counts")


@dataclass(slots=True)
class Told:
    """What should stand in history."""

    batch: Batch
    line: PromptLine
    reply: str = ""


def quiet(_share: float, _words: str) -> None: ...


words = st.text(st.characters(codec="utf-8", exclude_characters="[]"), max_size=400) | st.sampled_from(
    ("", "鳳梨披薩" * 100, "😀" * 500, "<|im_end|>", "x" * 5000)
)
names = st.sampled_from(("Kai", "板板", "名" * 2000, "👾" * 50, "")) | st.text(max_size=60)
people = st.integers(0, 5)
others = st.lists(st.tuples(people, words, st.booleans()), max_size=6)


class Talk(RuleBasedStateMachine):
    """Each message and reply begins with a word that nothing else has: "m1z", "r1z"…"""

    @initialize(
        context=st.integers(512, 6000),
        a_token=st.integers(1, 5),
        around=st.integers(0, 24),
        ahead=st.booleans(),
    )
    def start(self, context: int, a_token: int, around: int, *, ahead: bool) -> None:
        self.runner = asyncio.Runner()
        self.brain = Counter(context, a_token=a_token, around=around, ahead=ahead)
        settings = Settings.model_validate({"brain": {"model": "her.gguf"}})
        self.talk = Conversation(SHORT, settings, self.brain)
        self.do(self.talk.start(quiet))
        self.head = self.brain.warmed
        self.history: list[Told] = []
        self.seen: list[ChatMessage] = []
        self.gone: list[str] = []
        self.number = 0
        self.pending: Told | None = None

    def teardown(self) -> None:
        self.runner.close()

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def message(self, who: int, name: str, text: str, *, paid: bool = False) -> ChatMessage:
        self.number += 1
        author = Author(str(who), name)
        written = ChatMessage(
            f"m{self.number}z",
            "twitch",
            "c",
            author,
            f"m{self.number}z {text}",
            money=MONEY if paid else None,
        )
        self.seen.append(written)
        return written

    @rule(
        lead=st.tuples(people, names, words),
        company=others,
        crowd=st.sampled_from((0, 0, 0, 500)),
        buzz=words,
    )
    def ask(
        self, lead: tuple[int, str, str], company: list[tuple[int, str, bool]], crowd: int, buzz: str
    ) -> None:
        who, _, text = lead
        asking = self.message(*lead)
        more = [self.message(one, f"n{one}", words, paid=paid) for one, words, paid in company]
        more += [self.message(one, "one of many", "LUL", paid=bool(one % 2)) for one in range(6, crowd)]
        batch = Batch(Pick(asking), tuple(map(Pick, more)), Room(buzz=buzz[:30]))
        recollection = Recollection({("twitch", str(who)): Viewer("x", 3, text)}, (text,)) if who else NOTHING
        before = self.expected()
        prompt: Prompt = self.do(self.talk.prompt(batch, recollection, self.number))
        self.check(prompt, before)
        last = prompt.lines[-1]
        said = last.text.partition(" [")[0].rstrip("…")
        assert last.role == "viewer"
        assert said
        whole = as_one(batch).lead.event.text
        assert " ".join(whole.split()).startswith(said), "it is this turn's"
        assert last.name != "板板"
        kept = replace(last, text=last.text.partition(" [")[0])
        self.pending = Told(batch, kept if self.brain.can_prefill else last)

    @precondition(lambda self: self.pending is not None)
    @rule(text=words, heard=st.booleans())
    def answer(self, text: str, *, heard: bool) -> None:
        pending, self.pending = self.pending, None
        assert pending
        self.number += 1
        reply = " ".join(f"r{self.number}z {text}".split()) if heard else ""
        self.talk.note_reply(reply, pending.batch)
        if reply:
            self.history.append(replace(pending, reply=reply))

    @rule()
    def tidy(self) -> None:
        self.brain.read = NO_LINES
        before = self.expected()
        self.do(self.talk.tidy())
        if self.brain.read:
            self.check_history(self.brain.read[len(self.head) :], before)

    @precondition(lambda self: self.seen)
    @rule(data=st.data())
    def delete_message(self, data: st.DataObject) -> None:
        gone = data.draw(st.sampled_from(self.seen[-20:]))
        deletion = Deletion("d", "twitch", "c", message_id=gone.id)
        lines = frozenset(((gone.author.id, cut(gone.text)),))
        self.delete(
            Revocation(deletion, frozenset((gone.author.id,)), lines), lambda event: event.id == gone.id
        )

    @rule(who=people)
    def delete_author(self, who: int) -> None:
        deletion = Deletion("d", "twitch", "c", author_id=str(who))
        self.delete(Revocation(deletion, frozenset((str(who),))), lambda event: event.author.id == str(who))

    def delete(self, revocation: Revocation, is_gone: Callable[[Answerable], bool]) -> None:
        self.talk.revoke(revocation)
        self.gone += [event.id for event in self.seen if is_gone(event)]
        self.gone += [told.reply.split()[0] for told in self.history if any(map(is_gone, told.batch.events))]
        self.history = [told for told in self.history if not any(map(is_gone, told.batch.events))]
        self.seen = [event for event in self.seen if not is_gone(event)]
        if self.pending and any(map(is_gone, self.pending.batch.events)):
            self.pending = None

    def expected(self) -> list[PromptLine]:
        """History, if nothing of it were dropped now."""
        return [line for told in self.history for line in (told.line, PromptLine("self", told.reply, "板板"))]

    def check(self, prompt: Prompt, before: list[PromptLine]) -> None:
        opening = self.brain.size((PromptLine("self", "", "板板"),))
        assert self.brain.size(prompt.lines) + opening + prompt.max_tokens <= self.brain.context
        assert prompt.max_tokens >= min(160, self.brain.context // 8)
        assert prompt.new == self.brain.size(prompt.lines[-1:])
        assert prompt.lines[: prompt.head] == self.head
        assert all(fact in prompt.lines[0].text for fact in BANBAN.canon)
        self.check_history(prompt.lines[prompt.head : -1], before)

    def check_history(self, lines: Sequence[PromptLine], before: list[PromptLine]) -> None:
        """It only grew at its end, or lost at least its older half."""
        dropped = len(before) - len(lines)
        assert list(lines) == before[dropped:]
        assert dropped == 0 or 2 * dropped >= len(before)
        assert not any(word in line.text.split() for line in lines for word in self.gone)
        self.history = self.history[dropped // 2 :]


TestTalk = Talk.TestCase


def brain_and_talk(context: int = 1200) -> tuple[Counter, Conversation]:
    brain = Counter(context, a_token=4, around=6, ahead=True)
    return brain, Conversation(SHORT, Settings.model_validate({"brain": {"model": "her.gguf"}}), brain)


def batch(text: str) -> Batch:
    return Batch(Pick(ChatMessage("1", "twitch", "c", Author("1", "Kai"), text)))


async def test_history_is_halved_while_nobody_waits() -> None:
    brain, talk = brain_and_talk()
    await talk.start(quiet)
    lengths = []
    for number in range(60):
        prompt = await talk.prompt(batch(f"question {number}"), NOTHING, number)
        assert brain.read[: len(prompt.lines) - 1] == prompt.lines[:-1] or not number, "all of it was read"
        talk.note_reply("That is a good question, and here is the answer.")
        await talk.tidy()
        lengths.append((len(brain.read) - prompt.head) // 2)
    falls = [(long, short) for long, short in pairwise(lengths) if short <= long]
    assert len(falls) >= 3
    assert all(short == (long + 1) // 2 for long, short in falls)


async def test_what_is_deleted_is_not_read_again() -> None:
    brain, talk = brain_and_talk()
    await talk.start(quiet)
    for text in ("something rude", "hello"):
        await talk.prompt(batch(text), NOTHING, 1)
        talk.note_reply(f"You said {text}.")
    await talk.tidy()
    assert any("rude" in line.text for line in brain.read)
    tidying = asyncio.create_task(talk.stay_tidy())
    talk.revoke(Revocation(Deletion("d", "twitch", "c", author_id="1"), frozenset(("1",))))
    await talk.prompt(batch("hi"), NOTHING, 1)
    talk.note_reply("Welcome.")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [line.text for line in brain.read[-2:]] == ["hi", "Welcome."]
    assert not any("rude" in line.text for line in brain.read)
    tidying.cancel()
    await asyncio.wait({tidying})


async def test_a_question_stops_what_is_read_ahead() -> None:
    brain, talk = brain_and_talk()
    await talk.start(quiet)
    await talk.prompt(batch("hello"), NOTHING, 1)
    talk.note_reply("Hi.")
    brain.slow = True
    tidying = asyncio.create_task(talk.stay_tidy())
    while not brain.read:
        await asyncio.sleep(0)
    tidying.cancel()
    with suppress(asyncio.CancelledError):
        await tidying
    assert brain.stopped == 1


async def test_examples_go_before_any_canon_when_a_server_holds_less() -> None:
    brain = Counter(4096, a_token=4, around=6, ahead=True)
    talk = Conversation(BANBAN, Settings.model_validate({"brain": {"model": "her.gguf"}}), brain)
    await talk.start(quiet)
    wide = await talk.prompt(batch("hi"), NOTHING, 1)
    brain.context = 1024
    narrow = await talk.prompt(batch("hi"), NOTHING, 1)
    assert narrow.head < wide.head
    assert narrow.lines[0] == wide.lines[0]
    assert brain.size(narrow.lines) + narrow.max_tokens <= 1024
