"""What chat wrote, on its way to the model and to the page: each text through the guard, by its own door."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from vtuber.core.deeds import Deed
from vtuber.core.events import Answerable, Batch, ChatMessage, Gift, Pick, Redemption, Subscription, is_money
from vtuber.guard import Action, Door, Finding
from vtuber.guard.guard import MASK, Guard, Verdict, masked
from vtuber.memory import Recollection, Viewer
from vtuber.record.facts import Facts, Filtered
from vtuber.show.audited import AuditedGuard

A_VIEWER = "a viewer"
"""Whoever has a name that may not be said."""
MASKED = MASK * 3
"""Any other name that may not be said."""
MENTIONS = 10
"""How many names in one message are judged; any more are masked."""
_KNOWN = 1000
"""Names of which is remembered that they may be said: the same people write again and again."""
_LETTERS = re.compile(r"[^\W\d]+")
_MENTION = re.compile(r"[@＠]([\w.-]+)")


class Screening:
    """Lets through what of chat may be read, said and shown. Whoever gave money is always thanked."""

    def __init__(self, guard: Guard, facts: Facts, unlearn: Callable[[Answerable], None]) -> None:
        """``unlearn`` has memory forget the words of an event, which were noted before they were judged."""
        self._guard = AuditedGuard(guard, facts)
        self._facts = facts
        self._unlearn = unlearn
        self._known: OrderedDict[tuple[str, Door], None] = OrderedDict()

    # What she answers.

    def fit(self, picks: Sequence[Pick]) -> tuple[list[Pick], list[tuple[Pick, Verdict]]]:
        """Those of the picks that may be answered, as they may be read; and those with too much in them.

        They are read together: what is split over two of them is found in the second. Whoever gave money is
        among the first whatever they wrote, and may be among the second too. What she has a line of her own
        for, as about a topic that she sidesteps, is answered with that.
        """
        fit: list[Pick] = []
        found: list[tuple[Pick, Verdict]] = []
        before = ""
        for pick in picks:
            event = self.labelled(pick.event)
            verdict = self._message(event, before)
            if event.text != pick.event.text or not verdict.allowed:
                self._unlearn(pick.event)
            text, answer = verdict.text, _answer(verdict)
            if answer:
                text = "" if is_money(event) else masked(event.text, _mild(verdict))
            elif verdict.action.severity > Action.SOFTEN.severity:
                found.append((pick, verdict))
                if not is_money(event):
                    continue
                text = ""
            before = f"{before} {text} "
            fit.append(replace(pick, event=self._unmixed(_with_text(event, text)), answer=answer))
        return fit, found

    def _message(self, event: Answerable, before: str) -> Verdict:
        """What is wrong with a message; ``before`` are those that are read with it."""
        verdict = self._guard.ask(event.text, Door.MESSAGE, before=before, author=_who(event))
        if not verdict.allowed:
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
        elif event.text:
            self._guard.tell(verdict, Door.MESSAGE, "message")
        return verdict

    def request(self, batch: Batch) -> Batch:
        """What a moderator asked for, or allowed: only what is always left out is left out of its words."""
        lead, event = batch.lead, self.labelled(batch.lead.event)
        verdict = self._guard.ask(event.text, Door.MESSAGE, author=_who(event))
        event = _with_text(event, masked(event.text, _mild(verdict)))
        return replace(batch, lead=replace(lead, event=event))

    def labelled(self, event: Answerable) -> Answerable:
        """The event, by names that may be said: its author's, and all others that stand in it."""
        self._guard.about = event.id
        event = replace(event, author=replace(event.author, name=self.name(event.author.name)))
        if "@" in event.text or "＠" in event.text:
            mentioned = event.mentions if isinstance(event, ChatMessage) else ()
            event = _with_text(event, self._mentioning(event.text, mentioned))
        match event:
            case ChatMessage():
                return replace(
                    event,
                    charity=self._label(event.charity),
                    reply_to=self._label(event.reply_to),
                    shared_from=self._label(event.shared_from),
                    mentions=tuple(map(self._label, event.mentions[:MENTIONS])),
                )
            case Redemption():
                return replace(event, reward=self._label(event.reward))
            case Subscription() | Gift():
                return replace(event, tier=self._label(event.tier))
            case _:
                return event

    def name(self, name: str, about: str | None = None) -> str:
        """A viewer's name, if it may be said and shown. ``about``: the id of what they wrote."""
        return name if self._is_fit(name, Door.NAME, about) else A_VIEWER

    def _label(self, text: str) -> str:
        """What something or somebody else is called, if that may be said and shown."""
        return text if not text or self._is_fit(text, Door.NAME) else MASKED

    def _is_fit(self, name: str, door: Door, about: str | None = None) -> bool:
        apart = _LETTERS.sub(r" \g<0> ", name)  # a number is one also between the letters of a name
        judged = dict.fromkeys(
            ((name, door), (name, Door.PROMPT), (name, Door.SHOWN), (apart.strip(), Door.SHOWN))
        )
        if (name, door) in self._known:
            self._known.move_to_end((name, door))
            self._guard.count("name", len(judged))
            return True
        if not all(self._guard.judge(text, one, "name", about=about).allowed for text, one in judged):
            return False
        self._known[name, door] = None
        if len(self._known) > _KNOWN:
            self._known.popitem(last=False)
        return True

    def _mentioning(self, text: str, mentioned: Iterable[str]) -> str:
        """The text, in which nobody is called by a name that may not be said."""
        names = sorted({*_MENTION.findall(text), *filter(None, mentioned)}, key=len, reverse=True)
        for number, name in enumerate(names):
            if number >= MENTIONS or not self._is_fit(name, Door.NAME):
                text = text.replace(name, MASKED)
        return text

    def _unmixed(self, event: Answerable) -> Answerable:
        """The event without the names that make another word together with what was written behind them."""
        if self._is_mixed(event.author.name, event.text, "name and message"):
            event = replace(event, author=replace(event.author, name=A_VIEWER))
        match event:
            case Redemption() if self._is_mixed(event.reward, event.text, "reward and message"):
                return replace(event, reward=MASKED)
            case ChatMessage() if self._is_mixed(event.charity, event.text, "charity and message"):
                return replace(event, charity=MASKED)
            case _:
                return event

    def _is_mixed(self, name: str, text: str, what: str) -> bool:
        """Whether a name makes another word together with the text, which is not wrong by itself."""
        if not name or not text:
            return False
        mixed = self._guard.ask(text, Door.MESSAGE, before=f"{name}: ")
        if mixed.allowed or not self._guard.ask(text, Door.MESSAGE).allowed:
            return False
        self._guard.tell(mixed, Door.MESSAGE, what)
        return True

    # What else she reads.

    def batch(self, batch: Batch) -> Batch:
        """The batch without what chat repeats, if that may not be read."""
        buzz = batch.room.buzz
        self._guard.about = batch.lead.event.id
        if buzz and not self._recalls(buzz, batch.lead.event.text, "what chat repeats"):
            return replace(batch, room=replace(batch.room, buzz=""))
        return batch

    def recollection(self, known: Recollection, batch: Batch) -> Recollection:
        """What is recalled of whom she answers, without what may not be read; of others, no words."""
        lead = batch.lead.event
        self._guard.about = lead.id
        viewers = {
            who: self._viewer(viewer, lead.text) if who == _who(lead) else _wordless(viewer)
            for who, viewer in known.viewers.items()
        }
        answers = tuple(told for told in known.answers if self._recalls(told, lead.text))
        return replace(known, viewers=viewers, answers=answers)

    def _viewer(self, viewer: Viewer, before: str) -> Viewer:
        words = tuple(said for said in viewer.words if self._recalls(said, before))
        last = viewer.last_words
        fit = last in words or (last not in viewer.words and self._recalls(last, before))
        return replace(viewer, last_words=last if fit else "", words=words)

    def _recalls(self, text: str, before: str, what: str = "memory") -> bool:
        """Whether words of chat may be read beside what she answers."""
        doors = (Door.MESSAGE, Door.PROMPT)
        return all(self._guard.judge(text, door, what, before=f"{before} ").allowed for door in doors)

    # What the page shows.

    def shown(self, text: str, before: str = "", about: str | None = None) -> str:
        """What may be shown of a text that she does not say; the rest is masked."""
        return self._guard.judge(text, Door.SHOWN, "on the page", before=before, about=about).text

    def line(self, event: Answerable) -> Answerable | None:
        """What may be shown of a line of chat, by names that may be; None for nothing.

        Of whoever gave money, what they gave is always shown.
        """
        event = self.labelled(event)
        before = f"{event.author.name}: "  # together they may make another word
        verdict = self._guard.judge(event.text, Door.SHOWN, "chat on the page", before=before, about=event.id)
        if verdict.action.severity <= Action.SOFTEN.severity:
            return _with_text(event, verdict.text)
        return _with_text(event, "") if is_money(event) else None

    def deed(self, deed: Deed | None, about: str | None = None) -> Deed | None:
        """What somebody did, in words that may be shown."""
        if deed is None:
            return None
        words = {language: self.shown(words, about=about) for language, words in deed.words.items()}
        return replace(deed, words=words)

    # What that took.

    def tell_counts(self, turn: int) -> None:
        """How many texts were let through up to this turn, and what it took to judge them."""
        self._guard.tell_counts(turn)


def _answer(verdict: Verdict) -> str:
    """What she says to a message, if all that is wrong with it is that she has a line of her own for it."""
    wrong = [finding for _, finding in verdict.findings if finding.action.severity > Action.SOFTEN.severity]
    known = verdict.action is Action.REPLACE and all(finding.instead for finding in wrong)
    return wrong[0].instead if known else ""


def _mild(verdict: Verdict) -> Iterator[Finding]:
    return (one for _, one in verdict.findings if one.action.severity <= Action.SOFTEN.severity)


def _who(event: Answerable) -> tuple[str, str]:
    return event.platform, event.author.id


def _wordless(viewer: Viewer) -> Viewer:
    return replace(viewer, last_words="", words=())


def _with_text(event: Answerable, text: str) -> Answerable:
    """The event in other words, in which no emote stands where it was."""
    if text == event.text:
        return event
    return (
        replace(event, text=text, emotes=()) if isinstance(event, ChatMessage) else replace(event, text=text)
    )
