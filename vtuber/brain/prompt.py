"""What the model is asked: a head that never changes, what was said so far, and now this.

The head is the persona, what is sacred and the few-shot lines. After it history only grows, each viewer line
byte for byte as it was asked, so that the model's cache holds. When the context is nearly full the older half
of history is dropped at once; the model moves the rest of its cache instead of reading it again.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import Any

from vtuber.brain import Brain, Line, Progress, Prompt
from vtuber.brain.memory import Recollection
from vtuber.brain.memory.purge import is_person
from vtuber.character import Character
from vtuber.config import Settings
from vtuber.errors import ConfigError
from vtuber.events import (
    Answerable,
    Batch,
    ChatMessage,
    Follow,
    Gift,
    Pick,
    Raid,
    Redemption,
    Subscription,
    is_paid,
)
from vtuber.inbox.revocation import Revocation

log = logging.getLogger(__name__)

LEAD_LIMIT = 300
"""Characters of the message she answers."""
ASIDE_LIMIT = 60
"""Characters of any other message, or of something recalled."""
ASIDES = 80
"""Characters of everything that is told beside a short message; beside a long one, less."""
TOPIC_LIMIT = 120
"""Characters of what the stream is about."""
HISTORY = 12
"""Exchanges that stand in the prompt. The embedded model gets none: it soon repeats only itself."""
_OPENING = 32
"""Tokens kept free for what begins a prompt and a reply."""
_LEAST_LINE = 48
"""Tokens that a viewer's line must have, or there is nothing to answer."""


@dataclass(slots=True)
class _Exchange:
    batch: Batch
    asked: Line
    recollection: Recollection
    answered: Line | None = None

    def holds(self, revocation: Revocation) -> bool:
        """Whether something stands in it that a moderator deleted."""
        return (
            any(map(revocation.forgets, self.batch.events))
            or self.recollection.holds(revocation, self.batch.lead.event)
            or revocation.repeats(self.batch.room.buzz)
        )


class Conversation:
    """One show's talk between her and chat. ``start`` first, when the brain has started."""

    def __init__(self, character: Character, settings: Settings, brain: Brain) -> None:
        self.topic = ""
        """What the stream is about right now; told at the end of each new question."""
        self._character = character
        self._settings = settings
        self._brain = brain
        self._names = (character.name, *character.aliases)
        self._toy = settings.brain.use == "llama" and not settings.brain.model
        self._remembered = 0 if self._toy else HISTORY
        self._head: tuple[Line, ...] = ()
        self._head_tokens = 0
        self._history: list[_Exchange] = []
        self._counts: dict[Line, int] = {}

    async def start(self, progress: Progress) -> None:
        """Fits the head to the model and has it evaluated. Raises ConfigError when it is too long."""
        persona = self._persona()
        self._head, self._head_tokens = (persona,), await self._count(persona)
        room = self._room()
        if self._head_tokens > room - _LEAST_LINE:
            raise ConfigError(
                f"the persona takes {self._head_tokens} tokens, and beside a reply of "
                f"{self._settings.brain.max_tokens} only {room - _LEAST_LINE} are free",
                where=str(self._character.folder / "persona.md"),
                cure="shorten it, raise brain.context or lower brain.max_tokens",
            )
        await self._add_examples(room // 2)
        progress(1.0, f"reading {self._head_tokens} tokens of who she is")
        await self._brain.warm(self._head)

    async def prompt(self, batch: Batch, recollection: Recollection, seed: int) -> Prompt:
        """What to ask so that she answers ``batch``. It and its answer fit the model's context."""
        self._history = [exchange for exchange in self._history if exchange.answered]
        asked = await self._fitting(self._line(batch, recollection))
        await self._drop_old(await self._count(asked))
        self._history.append(_Exchange(batch, asked, recollection))
        return Prompt(
            lines=(*self._head, *self._said()),
            head=len(self._head),
            max_tokens=self._settings.brain.max_tokens,
            seed=seed,
            names=self._names,
        )

    def heard(self, text: str, batch: Batch | None = None) -> None:
        """What was said in answer to ``batch`` (the last one asked about, when None). May be corrected later.

        When nothing was, the question is forgotten too.
        """
        for exchange in reversed(self._history):
            if batch is None or exchange.batch is batch:
                said = " ".join(text.split())
                exchange.answered = Line("self", said, self._character.name) if said else None
                return

    def revoke(self, revocation: Revocation) -> None:
        """Drops what held words that a moderator deleted. The cache is lost from there on, knowingly."""
        self._history = [exchange for exchange in self._history if not exchange.holds(revocation)]

    def forget(self, platform: str, who: str) -> None:
        """Drops what was said with somebody, told by id or by name."""
        self._history = [
            exchange
            for exchange in self._history
            if not any(is_person(event, platform, who) for event in exchange.batch.events)
        ]

    def digest(self, prompt: Prompt) -> dict[str, Any]:
        """For the journal: the question and a fingerprint of all of it, or the whole."""
        lines = [[line.role, line.name, line.text] for line in prompt.lines]
        fingerprint = hashlib.sha256(repr(lines).encode("utf-8", "replace")).hexdigest()[:16]
        told = {"sha256": fingerprint, "lines": len(lines), "asked": lines[-1][2], "seed": prompt.seed}
        if self._settings.journal.prompts == "whole":
            told["whole"] = lines
        return told

    # The head

    def _persona(self) -> Line:
        parts = [self._character.persona, *self._character.sacred]
        if not self._toy:  # the embedded model would only babble about it
            moods = " ".join(f"[{mood}]" for mood in self._character.moods)
            parts.append(f"You may begin a sentence with the mood you say it in, one of {moods}.")
        return Line("system", "\n".join(parts))

    async def _add_examples(self, limit: int) -> None:
        for index, example in enumerate(self._character.examples):
            pair = (
                Line("viewer", example.text, example.viewer),
                Line("self", example.reply, self._character.name),
            )
            tokens = await self._brain.count(pair)
            if self._head_tokens + tokens > limit:
                left = len(self._character.examples) - index
                log.warning("%d examples of %s do not fit the model", left, self._character.folder.name)
                return
            self._head += pair
            self._head_tokens += tokens

    # The budget, in tokens

    def _room(self) -> int:
        return self._brain.context - self._settings.brain.max_tokens - _OPENING

    async def _count(self, line: Line) -> int:
        if line not in self._counts:
            self._counts[line] = await self._brain.count((line,))
        return self._counts[line]

    async def _fitting(self, line: Line) -> Line:
        """The line, cut until it fits beside the head."""
        free = self._room() - self._head_tokens
        while await self._count(line) > free and len(line.text) > 8:
            line = Line(line.role, line.text[: len(line.text) * 2 // 3], line.name[:24])
        return line

    async def _drop_old(self, asked: int) -> None:
        """Forgets the older half of history when it is long, or the next question would not fit."""
        said = [await self._count(line) for line in self._said()]
        while self._history and (
            len(self._history) >= self._remembered or self._head_tokens + sum(said) + asked > self._room()
        ):
            del self._history[: (len(self._history) + 1) // 2]
            said = [await self._count(line) for line in self._said()]
        kept = set(self._said())
        self._counts = {line: count for line, count in self._counts.items() if line in kept}

    def _said(self) -> list[Line]:
        return [line for exchange in self._history for line in (exchange.asked, exchange.answered) if line]

    # A viewer's line

    def _line(self, batch: Batch, recollection: Recollection) -> Line:
        lead = batch.lead.event
        text = " ".join(filter(None, (_deed(lead), _quoted(lead.text, LEAD_LIMIT))))
        asides = [f"[{self._also(pick)}]" for pick in batch.others if is_paid(pick.event)]  # never left out
        free = ASIDES - max(0, len(text) - ASIDE_LIMIT)
        for aside in self._asides(batch, recollection):
            if len(aside) <= free:
                asides.append(f"[{aside}]")
                free -= len(aside)
        if self.topic:
            asides.append(f"[the stream is about: {_quoted(self.topic, TOPIC_LIMIT)}]")
        return Line("viewer", " ".join((text or "…", *asides)), self._named(lead.author.name))

    def _asides(self, batch: Batch, recollection: Recollection) -> list[str]:
        """What else there is to know, the most useful first."""
        lead = batch.lead.event
        told: list[str] = []
        if batch.lead.copies > 1:
            told.append(f"{batch.lead.copies} viewers say this")
        known = recollection.viewers.get((lead.platform, lead.author.id))
        if recollection.answers:
            told.append(f"you told them before: {_quoted(recollection.answers[-1], ASIDE_LIMIT)}")
        elif known and known.last_words and known.last_words != lead.text:
            told.append(f"they wrote before: {_quoted(known.last_words, ASIDE_LIMIT)}")
        told += [self._also(pick) for pick in batch.others[:2] if not is_paid(pick.event)]
        if batch.room.buzz:
            told.append(f"chat repeats {_quoted(batch.room.buzz, 20)}")
        return told

    def _also(self, pick: Pick) -> str:
        event = pick.event
        words = " ".join(filter(None, (_deed(event), _quoted(event.text, ASIDE_LIMIT))))
        return f"also {self._named(event.author.name)}: {words}"

    def _named(self, name: str) -> str:
        """A viewer's name; nobody goes by hers."""
        name = _quoted(name, 40) or "someone"
        mine = {own.casefold() for own in self._names}
        return f"viewer {name}" if name.casefold() in mine else name


def _quoted(text: str, limit: int) -> str:
    """A stranger's words on one line; square brackets are kept for what the show itself tells her."""
    line = " ".join(text.split()).replace("[", "(").replace("]", ")")
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _deed(event: Answerable) -> str:
    """What somebody did beside writing."""
    deed = ""
    match event:
        case ChatMessage(money=money) if money is not None:
            deed = f"[paid {money}]"
        case Subscription(months=months):
            deed = f"[subscribed, month {months}]" if months > 1 else "[subscribed]"
        case Gift(count=count):
            deed = f"[gave away {count} subscriptions]"
        case Follow():
            deed = "[follows the channel now]"
        case Redemption(reward=reward):
            deed = f"[spent points on {_quoted(reward, ASIDE_LIMIT)}]"
        case Raid(viewers=viewers):
            deed = f"[raid: {viewers} viewers arrive]"
    return deed
