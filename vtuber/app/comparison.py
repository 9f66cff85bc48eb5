"""`banban rehearse --compare` and `--expect`: where two runs part, in words for a streamer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vtuber.app import terminal
from vtuber.record import decisions, parting
from vtuber.record.decision_words import clock_time
from vtuber.record.parting import Comparison, Parting

_MOST = 6
"""Differing fields that are shown."""
_IN_WORDS = {
    "sha256": "what the model reads before the question: who she is, what was said, what she remembers",
    "lines": "how many lines the model reads",
    "seed": "the seed",
    "asked": "the question",
    "text": "the words",
    "heard": "what was heard",
    "losers": "who else waited, and in which order",
    "rank": "how much the message counts",
    "character": "the character",
}
"""Fields of a decision, for people."""


def command(first: Path, second: Path, names: tuple[str, str] | None = None) -> bool:
    """Tells where two runs part; ``names`` in place of their files' names. Whether they are the same.

    Raises BanbanError for a file in which there is no run.
    """
    found = parting.compare(decisions.read(first), decisions.read(second))
    for line in _told(found, names or (str(first), str(second))):
        terminal.tell(line)
    return found.parting is None


def _told(found: Comparison, names: tuple[str, str]) -> Iterator[str]:
    same = (
        f"{found.same['heard']:,} messages, {found.same['reply']:,} replies, {found.same.total():,} decisions"
    )
    if found.parting is None:
        yield f"both runs are the same: {same}"
        return
    yield f"the runs part at {clock_time(found.parting.t)}, after what is the same in both: {same}"
    if found.parting.is_other_chat:
        yield "  not one message is the same: is it the same chat?"
    for line in found.parting.before:
        yield f"  {line}"
    yield from _sides(found.parting, names)


def _sides(found: Parting, names: tuple[str, str]) -> Iterator[str]:
    for name, words in zip(names, (found.first, found.second), strict=True):
        yield f"{name}:"
        yield f"  {clock_time(found.t)}  {'ends here' if words is None else words}"
    for field, (one, other) in list(found.differing.items())[:_MOST]:
        yield f"what differs is {_IN_WORDS.get(field, field)}: {one or '(nothing)'} | {other or '(nothing)'}"
    if (more := len(found.differing) - _MOST) > 0:
        yield f"and {more} more"
