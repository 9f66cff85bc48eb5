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

A_VIEWER = "a viewer"
"""Whoever has a name that may not be said."""


class Screening:
    """Lets through what of chat may be read, said and shown. Whoever gave money is always thanked."""

    def __init__(self, guard: Guard, facts: Facts) -> None:
        self._guard = guard
        self._facts = facts

    # What she answers.

    def fit(self, picks: Sequence[Pick]) -> tuple[list[Pick], list[tuple[Pick, Verdict]]]:
        """Those of the picks that may be answered, as they may be read; and the others, with what was wrong.

        They are read together: what is split over two of them is found in the second.
        """
        fit: list[Pick] = []
        unfit: list[tuple[Pick, Verdict]] = []
        before = ""
        for pick in picks:
            event = pick.event
            verdict = self._guard.judge(event.text, Door.MESSAGE, before=before, author=_who(event))
            if verdict.action.severity <= Action.SOFTEN.severity:
                text = verdict.text
            elif is_money(event):
                text = ""
            else:
                unfit.append((pick, verdict))
                self._facts.tell(Filtered(event.id, verdict.rule))
                continue
            if not verdict.allowed:
                self._facts.tell(Filtered(event.id, verdict.rule))
            before = f"{before} {text} "
            fit.append(replace(pick, event=self._named(_titled(replace(event, text=text), self._guard))))
        return fit, unfit

    def _named(self, event: Answerable) -> Answerable:
        """The event, by a name that may be said."""
        return replace(event, author=replace(event.author, name=self.name(event.author.name)))

    def name(self, name: str) -> str:
        """The name, if it may be said and shown."""
        judged = (self._guard.judge(name, door).allowed for door in (Door.NAME, Door.SHOWN))
        return name if all(judged) else A_VIEWER

    # What else she reads.

    def batch(self, batch: Batch) -> Batch:
        """The batch without what chat repeats, if that may not be read."""
        if batch.room.buzz and not self._reads(batch.room.buzz):
            return replace(batch, room=replace(batch.room, buzz=""))
        return batch

    def recollection(self, known: Recollection) -> Recollection:
        """What is recalled, without lines that may not be read."""
        viewers = {
            who: replace(
                viewer,
                last_words=viewer.last_words if self._reads(viewer.last_words) else "",
                words=tuple(words for words in viewer.words if self._reads(words)),
            )
            for who, viewer in known.viewers.items()
        }
        return replace(known, viewers=viewers, answers=tuple(filter(self._reads, known.answers)))

    def _reads(self, text: str) -> bool:
        return self._guard.judge(text, Door.PROMPT).allowed

    # What the page shows.

    def shown(self, text: str) -> str:
        """What may be shown of a viewer's words; the rest is masked."""
        return self._guard.judge(text, Door.SHOWN).text

    def deed(self, deed: Deed | None) -> Deed | None:
        """What somebody did, in words that may be shown."""
        if deed is None:
            return None
        return replace(deed, words={language: self.shown(words) for language, words in deed.words.items()})


def _who(event: Answerable) -> tuple[str, str]:
    return event.platform, event.author.id


def _titled(event: Answerable, guard: Guard) -> Answerable:
    """A redemption's title, which somebody wrote."""
    if isinstance(event, Redemption) and not guard.judge(event.reward, Door.PROMPT).allowed:
        return replace(event, reward=MASK * 3)
    return event
