"""What the model is asked: a head that only grows, and at its end what is asked now.

The head is the persona with its canon, the few-shot lines, and the history of the show. When the context
is nearly full the older half of history is dropped at once, if possible while nobody waits; otherwise the
model's cache holds from turn to turn.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from vtuber.brain import Brain, Prompt, PromptLine
from vtuber.brain.history import Exchange, History
from vtuber.brain.question import Question, question
from vtuber.brain.small_talk import SmallTalk
from vtuber.character import Character, Example
from vtuber.config import Settings
from vtuber.core.availability import Progress
from vtuber.core.deeds import as_one
from vtuber.core.errors import BrainError, ConfigError
from vtuber.core.events import Batch, is_money
from vtuber.memory import Recollection
from vtuber.moderation.revocation import Revocation

log = logging.getLogger(__name__)

_SLACK = 16
"""Tokens kept free for what begins a prompt, and for words that the model spells with more of them."""
_LEAST_QUESTION = 48
"""Tokens that a question must have, or there is nothing to answer."""
_REPLY_SHARE = 8
"""A reply takes at most this part of the context (one in so many)…"""
_QUESTION_SHARE = 2
"""…a question at most this part of what the persona and the examples leave…"""
_SPARE_SHARE = 4
"""…and when less than this part of that is left, history is made shorter as soon as nobody waits."""


class Conversation:
    """One show's talk between her and chat. ``start`` first, when the brain has started."""

    def __init__(self, character: Character, settings: Settings, brain: Brain) -> None:
        self.topic = ""
        """What the stream is about right now; stands at the end of each new question."""
        self._character = character
        self._settings = settings
        self._brain = brain
        self._names = (character.name, *character.aliases)
        self._toy = settings.brain.is_toy
        """The embedded model answers each afresh: with a history it soon repeats only itself."""
        self._small_talk = SmallTalk(character) if self._toy else None
        self._head: tuple[PromptLine, ...] = ()
        self._estimated = False
        """Whether the head was fitted while nobody could count."""
        self._context = 0
        """Tokens for which the head was fitted…"""
        self._reply = 0
        """…of them for a reply…"""
        self._free = 0
        """…and for history and question together."""
        self._history = History()
        self._counts: dict[PromptLine, int] = {}
        self._stale = asyncio.Event()
        """Set when history has changed since the model read it."""

    async def start(self, progress: Progress) -> None:
        """Fits the head to the model and has it evaluated. Raises ConfigError when it is too long."""
        needed = await self._fit_head()
        if not self._estimated:
            self._check_length(needed)
        self._tell_what_is_missing()
        progress(1.0, f"the model is reading {needed} tokens of the persona")
        try:
            await self._brain.prefill_head(self._head)
        except BrainError:
            if self._brain.context == self._context:
                raise
            self._check_length(await self._fit_head())  # a server turned out to hold less
            await self._brain.prefill_head(self._head)

    def _check_length(self, needed: int) -> None:
        if self._free < _LEAST_QUESTION:
            raise ConfigError(
                f"the persona and the canon take {needed} tokens, but next to a reply of "
                f"{self._reply} only {needed + self._free - _LEAST_QUESTION} are free",
                where=str(self._character.folder / "persona.md"),
                hint="shorten the persona, raise brain.context or lower brain.max_tokens",
            )

    def _tell_what_is_missing(self) -> None:
        if self._reply < self._settings.brain.max_tokens:
            log.warning(
                "the model's context of %d tokens leaves only %d tokens for a reply",
                self._brain.context,
                self._reply,
            )
        if (left := len(list(self._examples())) - len(self._head) // 2) > 0:
            log.warning(
                "%d examples of %s are left out: they do not fit into the model's context",
                left,
                self._character.folder.name,
            )

    async def prompt(self, batch: Batch, recollection: Recollection, seed: int) -> Prompt:
        """What to ask so that she answers ``batch``. It and its answer fit the model's context."""
        if self._toy:
            self._history = History()
        could_count = self._estimated and not self._is_away
        if could_count or self._brain.context != self._context:  # a server turned out to hold less
            await self._fit_head()
        told = {line.text for line in self._history.lines}
        now = await self._fitting(question(batch, recollection, self.topic, self._names, told))
        lead = as_one(batch).lead.event
        known, last = ("", batch.answer) if is_money(lead) else (batch.answer, "")
        if self._small_talk and not known:
            known = self._small_talk.answer(lead, now.name)
        near = () if known else tuple(self._near(lead.text, now.name))
        new = await self._sum((*near, now.asked))
        await self._make_room(new)
        history = self._history.lines
        self._history.begin(Exchange(batch, recollection, self._kept(now)))
        return Prompt(
            lines=(*self._head, *history, *near, now.asked),
            head=len(self._head),
            max_tokens=self._reply,
            seed=seed,
            names=self._names,
            new=new,
            known=known,
            last=last,
        )

    def _near(self, text: str, name: str) -> Iterator[PromptLine]:
        """What she says to what is like the question: a small model goes by what it has just read."""
        if self._small_talk:
            for says, reply in self._small_talk.nearest(text, name):
                yield PromptLine("viewer", says, name)
                yield PromptLine("self", reply, self._character.name)

    def note_reply(self, text: str, batch: Batch | None = None) -> None:
        """What was said in answer to ``batch`` (the last one asked about, when None). May be corrected later.

        When nothing was, the question is forgotten too.
        """
        said = " ".join(text.split())
        self._history.answer(PromptLine("self", said, self._character.name) if said else None, batch)
        self._stale.set()

    def revoke(self, revocation: Revocation) -> bool:
        """Drops what held words that a moderator deleted. Whether something stood in history that did."""
        self._stale.set()
        return self._history.drop_where(lambda exchange: exchange.holds(revocation))

    def forget(self, platform: str, who: str) -> None:
        """Drops what was said with somebody, named by id or by name."""
        self._history.drop_where(lambda exchange: exchange.is_with(platform, who))
        self._stale.set()

    async def stay_tidy(self) -> None:
        """Tidies up after each change of history, until cancelled."""
        while True:
            await self._stale.wait()
            with suppress(BrainError):  # the next prompt meets the same error
                await self.tidy()

    async def tidy(self) -> None:
        """For while nobody waits: makes room for the next question, and has all that stands before it read.

        Cancelled, it ends at once, and so does the model. Raises BrainError.
        """
        self._stale.clear()
        if self._toy:
            return
        await self._make_room(self._free // _SPARE_SHARE)
        if lines := self._history.lines:
            await self._brain.prefill((*self._head, *lines))

    def digest(self, prompt: Prompt) -> dict[str, Any]:
        """For the journal: the question and a fingerprint of all of it, or the whole."""
        lines = [[line.role, line.name, line.text] for line in prompt.lines]
        fingerprint = hashlib.sha256(repr(lines).encode("utf-8", "replace")).hexdigest()[:16]
        row = {"sha256": fingerprint, "lines": len(lines), "asked": lines[-1][2], "seed": prompt.seed}
        if self._settings.journal.prompts == "whole":
            row["whole"] = lines
        return row

    # The head

    def _persona(self) -> PromptLine:
        parts = [self._character.persona, *self._character.canon]
        if not self._toy:  # the embedded model would only babble about it
            moods = " ".join(f"[{mood}]" for mood in self._character.moods)
            parts.append(f"You may begin a sentence with the mood you say it in, one of {moods}.")
        return PromptLine("system", "\n".join(parts))

    def _examples(self) -> Iterator[Example]:
        """For the embedded model none in Chinese, nor any with a name in it: it would call others by that."""
        for example in self._character.examples:
            named = example.viewer.casefold() in example.reply.casefold()
            if not self._toy or (example.reply.isascii() and not named):
                yield example

    async def _fit_head(self) -> int:
        """The persona with its canon, and as many examples as fit. How many tokens that takes."""
        self._context, self._estimated = self._brain.context, self._is_away
        self._counts.clear()
        self._reply = min(self._settings.brain.max_tokens, self._context // _REPLY_SHARE)
        opening = await self._count(PromptLine("self", "", self._character.name))
        room = self._context - self._reply - opening - _SLACK
        self._head = (self._persona(),)
        taken = await self._count(self._head[0])
        for example in self._examples():
            pair = (
                PromptLine("viewer", example.text, example.viewer),
                PromptLine("self", example.reply, self._character.name),
            )
            more = await self._sum(pair)
            if taken + more > room // 2:
                break
            self._head += pair
            taken += more
        self._free = room - taken
        return taken

    @property
    def _is_away(self) -> bool:
        return not self._brain.availability.is_ready

    # The budget, in tokens

    async def _count(self, line: PromptLine) -> int:
        if line not in self._counts:
            self._counts[line] = await self._brain.count((line,))
        return self._counts[line]

    async def _sum(self, lines: Iterable[PromptLine]) -> int:
        return sum([await self._count(line) for line in lines])

    async def _fitting(self, asked: Question) -> Question:
        limit = max(self._free // _QUESTION_SHARE, _LEAST_QUESTION)
        while not asked.is_least and await self._count(asked.asked) > limit:
            asked = asked.shorter()
        return asked

    def _kept(self, now: Question) -> PromptLine:
        """What of a question stands in history: what was said; what stood beside it was for that turn.

        For that the model must read the answer once more. One that cannot while nobody waits gets to see all
        of the question again, as it was asked.
        """
        return now.said if self._brain.can_prefill else now.asked

    async def _make_room(self, tokens: int) -> None:
        """Drops the older half of history, as often as it must, so that so many tokens are free beside it."""
        while lines := self._history.lines:
            taken = await self._sum(lines)
            if lines != self._history.lines:
                continue  # something was said or deleted meanwhile
            if taken + tokens <= self._free:
                break
            self._history.drop_older_half()
        self._counts = {line: self._counts[line] for line in lines if line in self._counts}
