"""What chat wrote, on its way to the model and to the page: each text through the guard, by its own door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vtuber.core.deeds import Deed
from vtuber.core.events import Answerable, Batch, Pick, Redemption, is_money
from vtuber.guard import Action, Door
from vtuber.guard.guard import MASK, Guard, Verdict
from vtuber.memory import Recollection
from vtuber.record.facts import Facts, Filtered
from vtuber.show.audited import AuditedGuard

A_VIEWER = "a viewer"
"""Whoever has a name that may not be said."""


class Screening:
    """Lets through what of chat may be read, said and shown. Whoever gave money is always thanked."""

    def __init__(self, guard: Guard, facts: Facts) -> None:
        self._guard = guard
        self._audited = AuditedGuard(guard, facts)
        self._facts = facts

    # What she answers.

    def fit(self, picks: Sequence[Pick]) -> tuple[list[Pick], list[tuple[Pick, Verdict]]]:
        """Those of the picks that may be answered, as they may be read; and those with too much in them.

        They are read together: what is split over two of them is found in the second. Whoever gave money is
        among the first whatever they wrote, and maybe among the second too.
        """
        fit: list[Pick] = []
        found: list[tuple[Pick, Verdict]] = []
        before = ""
        for pick in picks:
            event = pick.event
            verdict = self._guard.judge(event.text, Door.MESSAGE, before=before, author=_who(event))
            self._note(event, verdict)
            if verdict.action.severity > Action.SOFTEN.severity:
                found.append((pick, verdict))
                if not is_money(event):
                    continue
                text = ""
            else:
                text = verdict.text
            before = f"{before} {text} "
            fit.append(self.named(replace(pick, event=replace(event, text=text))))
        return fit, found

    def _note(self, event: Answerable, verdict: Verdict) -> None:
        if verdict.allowed:
            if event.text:
                self._audited.tell(verdict, Door.MESSAGE, "message", event.id)
            return
        self._facts.tell(
            Filtered(
                event.id,
                verdict.rule,
                action=verdict.action,
                detector=verdict.detector,
                ms=round(verdict.ms, 3),
                masked=verdict.text,
            )
        )

    def named(self, pick: Pick) -> Pick:
        """The pick, with a name and a title that may be said."""
        event = self._titled(pick.event)
        name = self.name(event.author.name, event.id)
        return replace(pick, event=replace(event, author=replace(event.author, name=name)))

    def _titled(self, event: Answerable) -> Answerable:
        """A redemption's title, which somebody wrote."""
        if isinstance(event, Redemption) and not self._reads(event.reward, "title", event.id):
            return replace(event, reward=MASK * 3)
        return event

    def name(self, name: str, about: str = "") -> str:
        """The name, if it may be said and shown. ``about``: the id of the message by whoever has it."""
        doors = (Door.NAME, Door.SHOWN)
        judged = (self._audited.judge(name, door, "name", about).allowed for door in doors)
        return name if all(judged) else A_VIEWER

    # What else she reads.

    def batch(self, batch: Batch) -> Batch:
        """The batch without what chat repeats, if that may not be read."""
        buzz = batch.room.buzz
        if buzz and not self._reads(buzz, "what chat repeats", batch.lead.event.id):
            return replace(batch, room=replace(batch.room, buzz=""))
        return batch

    def recollection(self, known: Recollection, about: str = "") -> Recollection:
        """What is recalled, without lines that may not be read. ``about``: the id of what she answers."""

        def reads(text: str) -> bool:
            return self._reads(text, "memory", about)

        viewers = {
            who: replace(
                viewer,
                last_words=viewer.last_words if reads(viewer.last_words) else "",
                words=tuple(filter(reads, viewer.words)),
            )
            for who, viewer in known.viewers.items()
        }
        return replace(known, viewers=viewers, answers=tuple(filter(reads, known.answers)))

    def _reads(self, text: str, what: str, about: str) -> bool:
        return self._audited.judge(text, Door.PROMPT, what, about).allowed

    # What the page shows.

    def shown(self, text: str, about: str = "") -> str:
        """What may be shown of a viewer's words; the rest is masked. ``about``: the id of their message."""
        return self._audited.judge(text, Door.SHOWN, "bubble", about).text

    def deed(self, deed: Deed | None, about: str = "") -> Deed | None:
        """What somebody did, in words that may be shown."""
        if deed is None:
            return None
        words = {language: self.shown(words, about) for language, words in deed.words.items()}
        return replace(deed, words=words)


def _who(event: Answerable) -> tuple[str, str]:
    return event.platform, event.author.id
