"""The guard as the show asks it: what it finds is a fact, and so is what all its verdicts took."""

from __future__ import annotations

from collections import Counter

from vtuber.guard import Door
from vtuber.guard.guard import Guard, Verdict
from vtuber.record.facts import Facts, Judged, LetThrough


class AuditedGuard:
    """Judges texts. Names, memories and the like, in which nothing was found, are only counted."""

    def __init__(self, guard: Guard, facts: Facts) -> None:
        self.about = ""
        """The id of the message that the texts belong to."""
        self._guard = guard
        self._facts = facts
        self._counts: Counter[str] = Counter()
        self._ms = 0.0

    def judge(
        self,
        text: str,
        door: Door,
        what: str,
        *,
        before: str = "",
        author: tuple[str, str] | None = None,
        about: str | None = None,
    ) -> Verdict:
        """As ``Guard.judge``. ``what`` it is, and whose (``about``: a message's id), is for the journal."""
        verdict = self.ask(text, door, before=before, author=author)
        if not verdict.allowed:
            self.tell(verdict, door, what, about)
        elif text:
            self._counts[what] += 1
            self._ms += verdict.ms
        return verdict

    def ask(
        self, text: str, door: Door, *, before: str = "", author: tuple[str, str] | None = None
    ) -> Verdict:
        """A verdict of which whoever asks may tell."""
        return self._guard.judge(text, door, before=before, author=author)

    def count(self, what: str, texts: int = 1) -> None:
        """Texts that were judged before, and in which nothing was found then either."""
        self._counts[what] += texts

    def tell(self, verdict: Verdict, door: Door, what: str, about: str | None = None) -> None:
        """A single verdict."""
        self._facts.tell(
            Judged(
                door=door,
                what=what,
                id=self.about if about is None else about,
                action=verdict.action,
                rule=verdict.rule,
                detector=verdict.detector,
                ms=round(verdict.ms, 3),
            )
        )

    def tell_counts(self, turn: int) -> None:
        """What was only counted since the last time, until this turn."""
        if self._counts:
            self._facts.tell(LetThrough(turn, dict(self._counts), round(self._ms, 3)))
        self._counts.clear()
        self._ms = 0.0
