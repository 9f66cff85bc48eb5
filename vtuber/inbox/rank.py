"""How much a message matters: whether it is paid, meant for her, a question, by a regular, and its age.

A rank is a small number: ``SIDE_TALK`` at the bottom, then 1 plus a bit for each of REGULAR, QUESTION and
ADDRESSED. So whatever is addressed to her outranks whatever is not, and among those a question comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from vtuber.core.events import Answerable, ChatMessage, Follow, Raid
from vtuber.core.spelling import normalize

SIDE_TALK = 0
"""Emotes alone, commands for other bots, and what viewers say to each other."""
REGULAR, QUESTION, ADDRESSED = 1, 2, 4
PLAIN = 1 + REGULAR
"""The highest rank of what is neither a question nor meant for her."""
RANKS = 1 + (1 + REGULAR + QUESTION + ADDRESSED)
"""How many ranks there are."""

MANY_COPIES = 3
"""A line that so many people write ranks like a regular's."""

_ASKS = re.compile(
    r"(?:@\S+ )?(?:(?:hey|so|but|and|ok|well)\b,? )?"
    r"(?:(?:who|what|why|how|when|where|which|whose)(?:'?s|'?re|'?d)?\b"
    r"|(?:are|do|did|can|could|will|would|should|have) (?:you|u|we|i)\b)"
)
_ASKS_IN_CHINESE = re.compile(
    r"[嗎吗誰谁哪]|什[麼么]|怎[麼么]|[為为]何|如何|多少|[幾几][點点個个歲岁時时]|呢(?:\W|$)"
    r"|是不是|有[沒没]有|[會会]不[會会]|要不要|能不能|可不可以"
)
_TERM = re.compile(r"[a-z0-9]{4,}|[\u3040-\u9fff]{2,}")

AGE_GAIN = 1.5
"""How many ranks a message gains at most by waiting."""


RIPE = 0.5
"""Who has gained so much of what waiting can give ranks higher for it: the reason is told."""


class Reason(StrEnum):
    """Why an event ranks as it does: what people are told of it."""

    NEXT = "next"
    """A moderator wants it answered next."""
    PAID = "paid"
    RAID = "raid"
    FOLLOW = "follow"
    ADDRESSED = "addressed"
    """It is meant for her."""
    QUESTION = "question"
    REGULAR = "regular"
    """By somebody who subscribes, or has a role in the channel."""
    REPEATED = "repeated"
    """Several people wrote the same."""
    SIDE_TALK = "side_talk"
    """Emotes alone, or what viewers say to each other."""
    WAITED = "waited"
    """It gained by waiting."""
    STALE = "stale"
    """It waited so long that it loses again."""


class Names:
    """What a character is called by."""

    def __init__(self, aliases: Iterable[str]) -> None:
        self._aliases = frozenset(normalize(alias).strip().lstrip("@") for alias in aliases) - {""}
        # Latin names stand alone; others are found wherever they are, for Chinese has no spaces.
        parts = [
            rf"(?<![a-z0-9_]){re.escape(alias)}(?![a-z0-9_])" if alias.isascii() else re.escape(alias)
            for alias in sorted(self._aliases)
        ]
        self._pattern = re.compile("|".join(parts)) if parts else None

    def stand_in(self, normalized: str) -> bool:
        """Whether one of them stands in a text (as ``normalize`` makes it)."""
        return self._pattern is not None and self._pattern.search(normalized) is not None

    def hold(self, name: str) -> bool:
        """Whether ``name`` is one of them."""
        return normalize(name) in self._aliases


class Rank:
    """Knows by which names she is called."""

    def __init__(self, aliases: Iterable[str]) -> None:
        self._names = Names(aliases)

    def rank(self, event: Answerable, normalized: str, copy_key: str) -> int:
        """Of an unpaid event; ``normalized`` and ``copy_key`` are what ``spelling`` makes of its text."""
        if isinstance(event, Follow):
            return 1
        if not isinstance(event, ChatMessage):
            return RANKS - 1  # a raid: whatever else there is was paid for
        addressed = self._is_addressed(event, normalized)
        if not addressed and (_is_noise(event, copy_key) or _is_to_another(event, normalized)):
            return SIDE_TALK
        rank = 1
        if addressed:
            rank += ADDRESSED
        if _is_question(normalized) and copy_key[:1].isalnum():
            rank += QUESTION
        if event.author.months or event.author.roles:
            rank += REGULAR
        return rank

    def _is_addressed(self, event: ChatMessage, normalized: str) -> bool:
        if self._names.stand_in(normalized):
            return True
        if event.reply_to:
            return self._names.hold(event.reply_to) or normalize(event.reply_to) == _name_of(event.channel)
        # An "@" and the channel's name asks to look here.
        return "@" in normalized and bool(event.channel) and f"@{_name_of(event.channel)}" in normalized


def of_many(rank: int) -> int:
    """The rank of a line that many people wrote."""
    return rank if rank == SIDE_TALK else 1 + ((rank - 1) | REGULAR)


def score(rank: int, copies: int, age: float, lifetime: float) -> float:
    """What counts when she chooses: rank, how many say it, and its age.

    A message gains while it waits up to an eighth of its lifetime; then it goes stale and loses again.
    """
    return rank + AGE_GAIN * _ripeness(age, lifetime) + min(copies, 10) / 20


def _ripeness(age: float, lifetime: float) -> float:
    """What it has gained by waiting, 0..1."""
    ripe = lifetime / 8
    if age < ripe:
        return age / ripe
    return (lifetime - age) / (lifetime - ripe) if age < lifetime else 0.0


def reasons(event: Answerable, rank: int, copies: int, age: float, lifetime: float) -> tuple[Reason, ...]:
    """What an unpaid event's score comes from, the weightiest first."""
    if isinstance(event, Raid):
        return (Reason.RAID,)
    if isinstance(event, Follow):
        return (Reason.FOLLOW,)
    found = [] if rank > SIDE_TALK else [Reason.SIDE_TALK]
    for bit, reason in ((ADDRESSED, Reason.ADDRESSED), (QUESTION, Reason.QUESTION)):
        if (rank - 1) & bit and rank > SIDE_TALK:
            found.append(reason)
    if event.author.months or event.author.roles:
        found.append(Reason.REGULAR)
    if copies > 1:
        found.append(Reason.REPEATED)
    if age > lifetime / 2:
        found.append(Reason.STALE)
    elif _ripeness(age, lifetime) >= RIPE:
        found.append(Reason.WAITED)
    return tuple(found)


def terms(text: str) -> frozenset[str]:
    """What a text is about, roughly: its longer words, and pairs of Chinese characters."""
    found: set[str] = set()
    for word in _TERM.findall(normalize(text)):
        found.update(
            [word] if word.isascii() else (word[index : index + 2] for index in range(len(word) - 1))
        )
    return frozenset(found)


def _name_of(channel: str) -> str:
    return channel.lstrip("#").casefold()


def _is_question(normalized: str) -> bool:
    if "?" in normalized or _ASKS.match(normalized):
        return True
    return not normalized.isascii() and _ASKS_IN_CHINESE.search(normalized) is not None


def _is_noise(event: ChatMessage, copy_key: str) -> bool:
    if not copy_key[:1].isalnum() or event.text.startswith("!"):
        return True
    drawn = sum(emote.end - emote.begin for emote in event.emotes)
    return drawn > 0 and drawn + event.text.count(" ") >= len(event.text)


def _is_to_another(event: ChatMessage, normalized: str) -> bool:
    return bool(event.reply_to) or (
        normalized.startswith("@") and len(normalized) > 1 and normalized[1] != " "
    )
