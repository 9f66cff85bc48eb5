"""The guard as the show asks it: each of its verdicts is a fact."""

from __future__ import annotations

from vtuber.guard import Door
from vtuber.guard.guard import Guard, Verdict
from vtuber.record.facts import Facts, Judged


class AuditedGuard:
    """Judges texts, and tells the facts what it found and what that took."""

    def __init__(self, guard: Guard, facts: Facts) -> None:
        self._guard = guard
        self._facts = facts

    def judge(self, text: str, door: Door, what: str, about: str = "") -> Verdict:
        """As ``Guard.judge``. ``what`` it is, and whose (``about``: a message's id), is for the journal."""
        verdict = self._guard.judge(text, door)
        if text:
            self.tell(verdict, door, what, about)
        return verdict

    def tell(self, verdict: Verdict, door: Door, what: str, about: str = "") -> None:
        """A verdict that the guard itself was asked for."""
        self._facts.tell(
            Judged(
                door=door,
                what=what,
                id=about,
                action=verdict.action,
                rule=verdict.rule,
                detector=verdict.detector,
                ms=round(verdict.ms, 3),
            )
        )
