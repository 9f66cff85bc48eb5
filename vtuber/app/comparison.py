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
    "sha256": "what the model reads before the question (who she is, what was said, what she remembers)",
    "lines": "how many lines the model reads",
    "seed": "the seed",
    "asked": "the question",
    "text": "the words",
    "heard": "what was heard",
    "losers": "who else waited, and in which order",
    "rank": "how much the message counts",
    "character": "the character",
    "speaker": "who speaks",
}
"""Fields of a decision, for people."""
_FINGERPRINTS = ("sha256",)
"""Those whose values tell nobody anything."""


def command(first: Path, second: Path, names: tuple[str, str] | None = None) -> bool:
    """Tells where two runs part; ``names`` in place of their files' names. Whether they are the same.

    Raises BanbanError for a file in which there is no run.
    """
    found = parting.compare(decisions.read(first), decisions.read(second))
    for line in _told(found, names or (str(first), str(second))):
        terminal.tell(line)
    return found.parting is None


def _told(found: Comparison, names: tuple[str, str]) -> Iterator[str]:
    same = ", ".join(
        f"{count:,} {what if count == 1 else more}"
        for count, what, more in (
            (found.same["heard"], "message", "messages"),
            (found.same["reply"], "reply", "replies"),
            (found.same.total(), "decision", "decisions"),
        )
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
    yield from _heard(found, names)


def _sides(found: Parting, names: tuple[str, str]) -> Iterator[str]:
    for name, words in zip(names, (found.first, found.second), strict=True):
        yield f"{name}:"
        yield f"  {clock_time(found.t)}  {'ends here' if words is None else words}"
    for field, (one, other) in list(found.differing.items())[:_MOST]:
        values = "" if field in _FINGERPRINTS else f": {one or '(nothing)'} | {other or '(nothing)'}"
        yield f"what differs is {_IN_WORDS.get(field, field)}{values}"
    if (more := len(found.differing) - _MOST) > 0:
        yield f"and {more} more"


def _heard(found: Comparison, names: tuple[str, str]) -> Iterator[str]:
    """What viewers notice of it."""
    if (reply := found.other_reply) is None:
        yield "all that is heard is the same"
        return
    yield f"reply {reply.number} is the first that is heard otherwise:"
    for name, words in zip(names, (reply.first, reply.second), strict=True):
        yield f"{name}:"
        yield f"  {words or 'ends before it'}"
