"""A viewer's line: what they wrote or did, and after it what belongs to this turn alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from vtuber.brain import PromptLine
from vtuber.brain.recalled import ANSWER_LIMIT, WORDS_LIMIT, recalled, shortened
from vtuber.core.deeds import Kind, amount, as_one, kind_of, tier_name, written
from vtuber.core.events import (
    Answerable,
    Batch,
    ChatMessage,
    Follow,
    Gift,
    Mark,
    Pick,
    Raid,
    Redemption,
    Subscription,
    is_paid,
)
from vtuber.core.spelling import copy_key, normalize
from vtuber.memory import Recollection

LEAD_LIMIT = 300
"""Characters of the message she answers."""
TOGETHER_LIMIT = 500
"""Characters of several messages of one viewer that she answers together."""
ASIDE_LIMIT = 60
"""Characters of any other message."""
RECALLED = 200
"""Characters of what a viewer wrote before and was told, beside a short message; beside a long one, less."""
ASIDES = 80
"""Characters of what else stands beside a short message; less beside a long one, or much that is recalled."""
DEED_LIMIT = 100
"""Characters of what somebody did beside writing."""
TOPIC_LIMIT = 120
"""Characters of what the stream is about."""
NAME_LIMIT = 40
NOBODY = "someone"
"""A viewer without a name that can be shown."""
_SHORT = 8


@dataclass(frozen=True, slots=True)
class Question:
    name: str
    text: str
    asides: tuple[str, ...] = ()
    """What else there is to know this time, the most important first."""

    @property
    def asked(self) -> PromptLine:
        """All of it."""
        bracketed = (f"[{aside}]" for aside in self.asides)
        return PromptLine("viewer", " ".join((self.text, *bracketed)), self.name)

    @property
    def said(self) -> PromptLine:
        """What is left of it for history."""
        return PromptLine("viewer", self.text, self.name)

    @property
    def is_least(self) -> bool:
        """Whether it cannot be any shorter."""
        return not self.asides and self.name == NOBODY and len(self.text) <= 1

    def shorter(self) -> Question:
        """Half the asides; when there are none, two thirds of the text, and at last without the name."""
        if self.asides:
            return replace(self, asides=self.asides[: len(self.asides) // 2])
        if len(self.text) > max(len(self.name), _SHORT) or self.name == NOBODY:
            return replace(self, text=self.text[: len(self.text) * 2 // 3])
        return replace(self, name=NOBODY)  # half a name may be another's, or hers


def question(
    batch: Batch,
    recollection: Recollection,
    topic: str,
    mine: Sequence[str],
    told: AbstractSet[str] = frozenset(),
) -> Question:
    """What is asked about a batch. Nobody goes by one of ``mine``, her names.

    ``told`` is what the prompt says anyway: there, little is recalled.
    """
    said = batch.lead.event.text
    batch = as_one(batch)
    lead = batch.lead.event
    text = _words(lead, LEAD_LIMIT if lead.text == said else TOGETHER_LIMIT)
    asides = [_also(pick, mine) for pick in batch.others if _counts(pick.event)]
    room = RECALLED if told.isdisjoint(recollection.answers) else ASIDES
    past = [_visit(lead, recollection)]
    past += _past(lead, recollection, room - max(0, len(text) - ASIDE_LIMIT))
    asides += filter(None, past)
    free = ASIDES - max(0, len(text) - ASIDE_LIMIT) - sum(map(len, past))
    for aside in _asides(batch, mine):
        if len(aside) <= free:
            asides.append(aside)
            free -= len(aside)
    if topic:
        asides.append(f"the stream is about: {_quoted(topic, TOPIC_LIMIT)}")
    return Question(_named(lead.author.name, mine), text or "…", tuple(asides))


def _asides(batch: Batch, mine: Sequence[str]) -> Iterator[str]:
    """What else there is to know, the most useful first."""
    if batch.lead.copies > 1:
        yield f"{batch.lead.copies} viewers say this"
    for pick in batch.others[:2]:
        if not _counts(pick.event):
            yield _also(pick, mine)
    if batch.room.buzz:
        yield f"chat repeats {_quoted(batch.room.buzz, 20)}"


def _visit(lead: Answerable, recollection: Recollection) -> str:
    """Whether its author is here for the first time or has come back, if it is known."""
    if lead.author.name == NOBODY:  # Twitch's anonymous account is many people
        return ""
    marks = lead.marks if isinstance(lead, ChatMessage) else frozenset()
    known = recollection.viewers.get((lead.platform, lead.author.id))
    if Mark.FIRST in marks or (known and known.new):
        return "new here"
    if known and known.away:
        hours = round(known.away / 3600)
        return f"back after {hours} hours" if hours < 2 * 24 else f"back after {hours // 24} days"
    return "came back" if Mark.RETURNING in marks else ""


def _past(lead: Answerable, recollection: Recollection, room: int) -> Iterator[str]:
    """What the lead's author wrote before, and what she told them."""
    known = recollection.viewers.get((lead.platform, lead.author.id))
    words = (known.words or (known.last_words,)) if known else ()
    said, told = recalled(lead.text, list(filter(None, words)), recollection.answers, room)
    if said:
        yield f"they wrote before: {_quoted(said, WORDS_LIMIT)}"
    if told:
        yield f"you told them before: {_quoted(told, ANSWER_LIMIT)}"


def _counts(event: Answerable) -> bool:
    """Whether it is told however little room there is: who pays, or brings a crowd, expects to be greeted."""
    return is_paid(event) or isinstance(event, Raid)


def _also(pick: Pick, mine: Sequence[str]) -> str:
    event = pick.event
    return f"also {_named(event.author.name, mine)}: {_words(event, ASIDE_LIMIT)}"


def _named(name: str, mine: Sequence[str]) -> str:
    """A viewer's name; nobody goes by hers."""
    name = _quoted(name, NAME_LIMIT) or NOBODY
    return (
        f"viewer {name}" if copy_key(normalize(name)) in {copy_key(normalize(one)) for one in mine} else name
    )


def _quoted(text: str, limit: int) -> str:
    """A stranger's words on one line; square brackets are kept for what the show itself tells her."""
    line = " ".join(text.split()).replace("[", "(").replace("]", ")")
    return shortened(line, limit)


def _deed(event: Answerable) -> str:
    """What somebody did beside writing."""
    deed = ""
    is_member = event.platform == "youtube"
    match event:
        case ChatMessage():
            deed = _deed_of_message(event)
        case Subscription(months=months, tier=tier):
            new = "became a member" if is_member else "subscribed"
            again = f"member for {months} months" if is_member else f"subscribed, month {months}"
            deed = ", ".join(filter(None, (again if months > 1 else new, tier_name(tier))))
        case Gift(count=count, months=months):
            what = "membership" if is_member else "subscription"
            deed = f"gave away {count} {what}s" if count > 1 else f"gave away a {what}"
            deed += f" of {months} months" if months > 1 else ""
        case Follow():
            deed = "follows the channel now"
        case Redemption(reward=reward):
            deed = f"spent points on {reward}"
        case Raid(viewers=viewers):
            deed = f"raid: {viewers or 'many'} viewers arrive"
    return f"[{_quoted(deed, DEED_LIMIT)}]" if deed else ""


def _deed_of_message(message: ChatMessage) -> str:
    paid = amount(message.money) if message.money else ""
    if message.money and kind_of(message) is Kind.STICKER:
        sent = f"sent a sticker for {paid}" if paid else "sent a gift"
        return f"{sent}: {message.text}" if message.text else sent
    if message.charity:
        return f"gave {paid or 'money'} to {message.charity}"
    if message.money:
        first = ", for the first time" if Mark.FIRST_PAID in message.marks else ""
        return f"paid {paid or 'an unknown amount'}{first}"
    return f"watched {message.streak} streams in a row" if message.streak else ""


def _words(event: Answerable, limit: int) -> str:
    """What somebody did, and what they wrote."""
    return " ".join(filter(None, (_deed(event), _quoted(written(event), limit))))
