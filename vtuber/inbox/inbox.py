"""The inbox: deduplicated, ranked, bounded. Time comes with the events, never from a clock.

Every event that is put in is, at any time, exactly one of: taken, waiting, or counted in ``dropped``. Paid
ones do not count towards the bound, and are dropped only by ``drop``, where a moderator says so, or when they
come twice.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum

from vtuber import config
from vtuber.core.deeds import is_more
from vtuber.core.events import (
    HOUSE,
    Answerable,
    Batch,
    ChatMessage,
    Pick,
    Role,
    Room,
    is_money,
    is_paid,
    is_promised,
)
from vtuber.core.recent import Recent
from vtuber.core.spelling import copy_key, normalize
from vtuber.inbox.crowd import Crowd
from vtuber.inbox.rank import (
    MANY_COPIES,
    PLAIN,
    RANKS,
    SIDE_TALK,
    Rank,
    Reason,
    of_many,
    reasons,
    score,
    terms,
)
from vtuber.inbox.waiting import Key, WaitingEvent, WaitingEvents
from vtuber.inbox.worth import paid_score
from vtuber.moderation.revocation import RecentRevocations, Revocation
from vtuber.moderation.trust import accounts
from vtuber.record.facts import Chosen, Dropped, Facts, Standing

IDS = 20_000
"""At least so many of the latest messages are recognized when they come a second time."""
PEOPLE = 20_000
"""Of at least so many of the latest chatters it is known how fast they write; twice as many at most."""
ECHO_SECONDS = 30.0
"""Seconds in which a line that was taken is not taken again, whoever repeats it."""
ECHO_LENGTH = 6
"""Characters; shorter lines (a greeting) are not taken for echoes."""
CHANT_SECONDS = 120.0
"""What the room repeats is dealt with once, until nobody has repeated it for so long."""
CHANTS = 500
"""At least so many of the short lines that were taken lately are known."""
COPY_KEY_LENGTH = 160
"""Characters of a line that decide what it asks, and whether another one is its copy."""
BUZZ_LENGTH = 24
"""Characters of the longest line that can be what everybody repeats."""
LINES = 8
"""How many lines of one viewer are answered together."""
_RUNNING = frozenset((Role.BROADCASTER, Role.MODERATOR))
UNDONE = 20
"""So many of the batches that were taken last can be put back as if they never had been."""
PREFERRED = 20
"""At least of so many it is known that a moderator wants them answered next."""
LOSERS = 6
"""Of so many it is told why they were not chosen."""
CANDIDATES = 32
"""How many of the most important are considered as company for the one she answers."""


class Drop(StrEnum):
    """Why an event is not answered."""

    DUPLICATE = "duplicate"
    """The same message came twice."""
    COPY = "copy"
    """It is counted into one that says the same, or is an echo of one just taken."""
    FLOOD = "flood"
    """Its author writes too fast, or has too many waiting."""
    FULL = "full"
    """There was no room for it among the more important ones."""
    OLD = "old"
    """It waited too long."""
    REVOKED = "revoked"
    """A moderator deleted it."""
    IGNORED = "ignored"
    """A moderator, or config, has its author ignored."""
    COMMAND = "command"
    """It is a command, for another bot or by somebody who may not use it."""
    FILTERED = "filtered"
    """A filter stopped it."""
    UNWANTED = "unwanted"
    """A moderator does not want it answered."""
    CUT = "cut"
    """A moderator cut the answer before anything of it was heard."""
    UNANSWERED = "unanswered"
    """Nothing of an answer was heard, several times."""


class Inbox:
    """The same seed and the same events, at the same times, give the same batches."""

    def __init__(self, settings: config.Inbox, aliases: Iterable[str], seed: int, facts: Facts) -> None:
        """``facts`` reports what had waited and is dropped; ``put`` returns why it takes nothing in."""
        self.dropped: Counter[str] = Counter()
        """How many were dropped, by reason (a ``Drop``)."""
        self._facts = facts
        self._settings = settings
        self._importance = Rank(aliases)
        self._dice = random.Random(seed)
        self._crowd = Crowd()
        self._waiting = WaitingEvents(RANKS)
        self._full_again: Recent[Key, float] = Recent(PEOPLE)
        self._seen: Recent[Key, None] = Recent(IDS)
        self._seen_paid: Recent[Key, None] = Recent(IDS)
        self._revoked = RecentRevocations()
        self._echoes: Recent[str, float] = Recent(IDS)
        self._chants: Recent[str, float] = Recent(CHANTS)
        self._told: Recent[str, float] = Recent(CHANTS)
        self._ignored: dict[Key, float] = dict.fromkeys(accounts(settings.ignore), float("inf"))
        self._ignored_names = {who for _, who in self._ignored}
        """All that were ever ignored."""
        self._spared: set[Key] = set()
        """Of those that are ignored: whose money is thanked all the same."""
        self._preferred: Recent[Key, None] = Recent(PREFERRED)
        self._before: Recent[Key, list[tuple[Recent[str, float], str, float | None]]] = Recent(UNDONE)
        """By the lead of a batch that was taken: what was noted of its lines before."""
        self._latest = 0.0
        self._count = 0

    def __len__(self) -> int:
        """How many wait, paid ones included."""
        return len(self._waiting)

    def events(self) -> Iterator[Answerable]:
        """All that wait."""
        return (entry.event for entry in self._waiting)

    @property
    def paid_waiting(self) -> int:
        return len(self._waiting.paid)

    # In.

    def know(self, platform: str, identity: str) -> None:
        """A message of that id was dealt with in an earlier show: it is a duplicate when it comes again."""
        key = (platform, identity)
        self._seen.set(key, None)
        self._seen_paid.set(key, None)
        if entry := self._waiting.find(key):  # it has come again already
            self._drop(entry, Drop.DUPLICATE)

    def put(self, event: Answerable, *, for_a_bot: bool = False) -> Drop | None:
        """Takes an event in, or returns why not. ``event.at`` is when it came, on the show's clock.

        What is ``for_a_bot`` is only noted as what the chat repeats.
        """
        self._latest = max(self._latest, event.at)
        normalized, entry = _entry(event)
        self._count += 1
        entry.number = self._count
        drop = self._objection(entry)
        if drop is None:
            self._crowd.note(entry.author, _repeatable(entry), event.at)
            if for_a_bot:
                drop = Drop.COMMAND
            elif not entry.paid:
                drop = self._limits(entry) or self._fit(entry, normalized)
        if drop is None:
            self._keep(entry)
        else:
            self.dropped[drop] += 1
        return drop

    def take_back(self, batch: Batch) -> None:
        """Puts back a batch of which nobody knows that it was taken, as if it never had been."""
        for known, key, value in reversed(self._before.get(_key(batch.lead.event)) or ()):
            if value is None:
                known.discard(key)
            else:
                known.set(key, value)
        self.give_back(batch)

    def give_back(self, batch: Batch) -> None:
        """Puts back a batch that could not be answered. That it was taken remains known."""
        self._count += len(batch.picks)
        for number, pick in enumerate(batch.picks, -self._count):
            normalized, entry = _entry(pick.event, pick.copies)
            entry.number = number  # before all that came meanwhile
            if self._waiting.find(entry.key):  # it came again meanwhile, with its money
                self.dropped[Drop.DUPLICATE] += 1
                continue
            drop = self.verdict_of_moderators(pick.event)
            if drop is None and not entry.paid:
                drop = self._fit(entry, normalized)
            if drop is None:
                self._keep(entry)
            else:
                self.give_up(entry.event, drop)

    def give_up(self, event: Answerable, why: Drop) -> None:
        """Counts an event that does not wait (any more) as not answered, and tells so."""
        self.dropped[why] += 1
        self._facts.tell(Dropped(event, why))

    def _objection(self, entry: WaitingEvent) -> Drop | None:
        """Why an event is refused, even a paid one."""
        key = entry.key
        if key in self._seen_paid or (not entry.paid and key in self._seen):
            return Drop.DUPLICATE
        (self._seen_paid if entry.paid else self._seen).set(key, None)
        return self.verdict_of_moderators(entry.event)

    def verdict_of_moderators(self, event: Answerable) -> Drop | None:
        """Why a moderator does not want the event answered; None when none said so."""
        if event in self._revoked:
            return Drop.REVOKED
        if self._ignored and self._is_ignored(event):
            return Drop.IGNORED
        return None

    def _limits(self, entry: WaitingEvent) -> Drop | None:
        """Why an unpaid event is refused: it is old, a copy, or its author writes too fast."""
        event, author = entry.event, entry.author
        if is_promised(event):
            return None
        if event.at < self._latest - self._settings.forget_after:
            return Drop.OLD
        share = self._share(event)
        if self._is_too_fast(author, event.at, share):
            return Drop.FLOOD
        if self._is_copy(entry):
            return Drop.COPY
        if self._waiting.of_author(author) >= share:
            return Drop.FLOOD
        return None

    def _share(self, event: Answerable) -> int:
        """How many messages of its author may wait. Those who run the channel may paste a few lines."""
        roles, share = event.author.roles, self._settings.per_author
        return max(share, LINES) if roles and not _RUNNING.isdisjoint(roles) else share

    def _is_too_fast(self, author: Key, at: float, share: int) -> bool:
        """Whether an author's token bucket is empty: of ``share``, one more every ``author_seconds``.

        The bucket is kept as one number: when it will be full again.
        """
        every = self._settings.author_seconds
        full_again = max(self._full_again.get(author) or at, at) + every
        if full_again - at > every * share:
            return True
        self._full_again.set(author, full_again)
        return False

    def _is_copy(self, entry: WaitingEvent) -> bool:
        original = self._waiting.like(entry.copy_key)
        if original is None:
            taken = self._echoes.get(entry.copy_key)
            echo = taken is not None and entry.event.at - taken < ECHO_SECONDS
            return echo or self._is_answered_chant(entry)
        author = entry.author
        if author != original.author and author not in original.others:
            original.copies += 1
            if len(original.others) < MANY_COPIES:
                original.others.add(author)
            bare_word = original.rank <= PLAIN and " " not in original.event.text
            if original.copies == MANY_COPIES and not bare_word:
                self._waiting.promote(original, of_many(original.rank))
        return True

    def _is_answered_chant(self, entry: WaitingEvent) -> bool:
        """Whether she has dealt with what the room repeats and asks nobody: while it does, once is enough."""
        at, chant = entry.event.at, _repeatable(entry)
        for key, _ in chant:
            answered = self._chants.get(key)
            if answered is None or at - answered > CHANT_SECONDS or not self._crowd.repeats(key, at):
                return False
        if (
            not chant
            or self._importance.rank(entry.event, normalize(entry.event.text), entry.copy_key) > PLAIN
        ):
            return False
        for key, _ in chant:
            self._chants.set(key, at)
        return True

    def _news_of_the_room(self, now: float, note: Callable[[Recent[str, float], str], None]) -> str:
        """What the chat repeats, if not told lately: told each time, it would begin each of her replies."""
        buzz = self._crowd.buzz(now)
        key = copy_key(normalize(buzz)) if buzz else ""
        told = self._told.get(key)
        if key:
            note(self._told, key)
        return "" if told is not None and now - told < CHANT_SECONDS else buzz

    def _fit(self, entry: WaitingEvent, normalized: str) -> Drop | None:
        """Ranks an unpaid event, and makes room for it if one of no higher rank waits.

        When the inbox is full, one of the lowest rank is dropped at random, the newcomer among them. So a
        flood leaves a fair sample of itself, and nothing more important is dropped.
        """
        entry.rank = self._importance.rank(entry.event, normalized, entry.copy_key)
        if entry.key in self._preferred:
            entry.rank = RANKS - 1
        if len(self._waiting) - self.paid_waiting < self._settings.size or is_promised(entry.event):
            return None
        lowest = self._waiting.lowest()
        least = lowest[0].rank
        if entry.rank < least:
            return Drop.FULL
        unlucky = int(self._dice.random() * (len(lowest) + (entry.rank == least)))
        if unlucky == len(lowest):
            return Drop.FULL
        self._drop(lowest[unlucky], Drop.FULL)
        return None

    def _keep(self, entry: WaitingEvent) -> None:
        if double := self._waiting.find(entry.key):  # the same message came without its money before
            self._drop(double, Drop.DUPLICATE)
        self._waiting.add(entry)

    # Out.

    def take(self, now: float) -> Batch | None:
        """Removes and returns whom to answer next, and who else is speaking. None when nobody waits."""
        self._latest = max(self._latest, now)
        horizon = now - self._settings.forget_after
        for entry in [entry for entry in self._waiting.unpaid() if entry.event.at < horizon]:
            if entry.key not in self._preferred and not is_promised(entry.event):
                self._drop(entry, Drop.OLD)
        lead = self._lead(now)
        if lead is None:
            return None
        standing = self._standing(lead, now)
        own = [lead] if lead.paid else self._together(lead)
        chosen = [*own, *self._company(own[0], now, without=own)]
        before: list[tuple[Recent[str, float], str, float | None]] = []

        def note(known: Recent[str, float], key: str) -> None:
            before.append((known, key, known.get(key)))
            known.set(key, now)

        for entry in chosen:
            self._remove(entry)
            if len(entry.copy_key) >= ECHO_LENGTH:
                note(self._echoes, entry.copy_key)
            for key, _ in _repeatable(entry):
                note(self._chants, key)
        picks = tuple(Pick(entry.event, entry.copies) for entry in chosen)
        room = Room(len(self), self._news_of_the_room(now, note))
        self._before.set(_key(picks[0].event), before)
        self._facts.tell(Chosen(standing, self.standings(now, LOSERS)))
        return Batch(picks[0], picks[1:], room, preferred=lead.key in self._preferred)

    def standings(self, now: float, most: int) -> list[Standing]:
        """The first of those that wait, in the order in which they would be answered."""
        first = self._preferred_waiting()[:most]
        paid = heapq.nlargest(
            most - len(first),
            (entry for entry in self._waiting.paid if entry not in first),
            key=lambda entry: paid_score(entry.event, now),
        )
        unpaid = heapq.nlargest(
            most - len(first) - len(paid),
            (entry for entry in self._waiting.unpaid() if entry not in first),
            key=lambda entry: self._score(entry, now),
        )
        return [self._standing(entry, now) for entry in (*first, *paid, *unpaid)]

    def _standing(self, entry: WaitingEvent, now: float) -> Standing:
        event, next_ = entry.event, [Reason.NEXT] if entry.key in self._preferred else []
        if entry.paid:
            return Standing(event, paid_score(event, now), (*next_, Reason.PAID))
        rank, age = entry.rank, now - event.at
        if next_:  # the rank that it had otherwise says more
            rank = self._importance.rank(event, normalize(event.text)[:COPY_KEY_LENGTH], entry.copy_key)
        why = reasons(event, rank, entry.copies, age, self._settings.forget_after)
        return Standing(event, self._score(entry, now), (*next_, *why))

    def find(self, wanted: str, now: float) -> Answerable | None:
        """What waits under that id; or, of somebody with that name, what would be answered first."""
        name = wanted.removeprefix("@").casefold()
        theirs = [entry for entry in self._waiting if name in entry.event.author.names]
        ranks = (self._standing(entry, now) for entry in theirs)
        best = max(ranks, key=lambda one: (is_paid(one.event), one.rank), default=None)
        exact = (entry.event for entry in self._waiting if entry.event.id == wanted)
        return next(exact, best.event if best else None)

    def _preferred_waiting(self) -> list[WaitingEvent]:
        """What moderators want answered before all else that waits, in the order in which they said so."""
        keys = dict.fromkeys(key for key, _ in self._preferred.items())
        return [entry for key in keys if (entry := self._waiting.find(key))]

    def _lead(self, now: float) -> WaitingEvent | None:
        if preferred := self._preferred_waiting():
            return preferred[0]
        if self._waiting.paid:
            return max(self._waiting.paid, key=lambda entry: paid_score(entry.event, now))
        return max(self._waiting.unpaid(), key=lambda entry: self._score(entry, now), default=None)

    def _together(self, lead: WaitingEvent) -> list[WaitingEvent]:
        """The lead and what its author wrote before and after it, in that order: it is answered together."""
        author = lead.author
        more = [
            entry
            for entry in self._waiting.unpaid()
            if entry.author == author and entry.rank > SIDE_TALK and is_more(lead.event, entry.event)
        ]
        lines = sorted({lead, *more}, key=lambda entry: (entry.event.at, entry.number))
        at = lines.index(lead)
        begin = max(0, min(at, len(lines) - LINES))
        return lines[begin : begin + LINES]

    def _company(self, lead: WaitingEvent, now: float, without: list[WaitingEvent]) -> list[WaitingEvent]:
        """Who else is in the batch: paid events first, so that they drain, then what goes with the lead.

        Of the paid ones, more of what the lead did comes first: all of it is answered as one.
        """
        places = max(0, self._settings.batch - len(without))
        paid = heapq.nlargest(
            places,
            (entry for entry in self._waiting.paid if entry is not lead),
            key=lambda entry: (is_more(lead.event, entry.event), paid_score(entry.event, now)),
        )
        candidates = heapq.nlargest(
            CANDIDATES,
            (entry for entry in self._waiting.unpaid() if entry.rank > SIDE_TALK and entry not in without),
            key=lambda entry: self._score(entry, now),
        )
        about = terms(lead.event.text)

        def fitting(entry: WaitingEvent) -> float:
            same = len(about & terms(entry.event.text)) + (entry.author == lead.author)
            return self._score(entry, now) + min(same, 2)

        return paid + heapq.nlargest(places - len(paid), candidates, key=fitting)

    def _score(self, entry: WaitingEvent, now: float) -> float:
        return score(entry.rank, entry.copies, now - entry.event.at, self._settings.forget_after)

    # What moderators choose, and take away.

    def prefer(self, event: Answerable) -> None:
        """It is answered before all else that waits, or will be if it is given back; until then it stays."""
        key = _key(event)
        self._preferred.set(key, None)
        if (entry := self._waiting.find(key)) and not entry.paid:
            self._waiting.promote(entry, RANKS - 1)

    def drop(self, event: Answerable, why: Drop = Drop.UNWANTED) -> bool:
        """It is not answered, as a moderator wishes unless ``why`` says else. Returns whether it waited."""
        entry = self._waiting.find(_key(event))
        if entry:
            self._drop(entry, why)
        return entry is not None

    def revoke(self, revocation: Revocation) -> tuple[Answerable, ...]:
        """Removes what was deleted, at once, and returns it. What comes later, or is given back, is dropped.

        Whoever repeats a deleted line is its echo, and it is no buzz.
        """
        self._revoked.add(revocation)
        deletion = revocation.deletion
        if revocation.clears:
            self._crowd.forget_lines()
        else:
            for who in revocation.authors:
                self._crowd.forget((deletion.platform, who))
            for _, text in revocation.lines:
                self._strike(copy_key(normalize(text)[:COPY_KEY_LENGTH]), deletion.at)
        return self._drop_all([e for e in self._waiting if revocation.takes(e.event)], Drop.REVOKED)

    def _strike(self, line: str, at: float) -> None:
        self._crowd.strike(line, at)
        if len(line) >= ECHO_LENGTH:
            self._echoes.set(line, at)

    def ignore(
        self, platform: str, who: str, until: float = float("inf"), *, spare_money: bool = False
    ) -> tuple[Answerable, ...]:
        """Takes nothing of ``who`` (an id or a name) before then, paid or not, and removes what waits.

        ``platform`` "" means all of them. With ``spare_money``, money is taken all the same, and a longer
        time that a moderator gave stays. Returns what was removed.
        """
        key = (platform, who.casefold())
        if spare_money and self._ignored.get(key, 0.0) >= until:
            return ()
        self._tidy_ignored()
        self._ignored[key] = until
        self._ignored_names.add(key[1])
        (self._spared.add if spare_money else self._spared.discard)(key)
        return self._drop_all([e for e in self._waiting if self._is_ignored(e.event)], Drop.IGNORED)

    def spares_money(self, platform: str, who: str) -> bool:
        """Whether the money of an ignored account is thanked all the same."""
        return (platform, who) in self._spared

    def unignore(self, platform: str, who: str) -> bool:
        """Undoes every ``ignore`` of ``who`` there. Returns whether there was one."""
        name = who.casefold()
        places = {platform, ""} if platform else {place for place, _ in self._ignored}
        undone = [self._ignored.pop((place, name), float("-inf")) for place in places]
        return any(until > self._latest for until in undone)

    def ignored(self) -> list[tuple[str, str, float]]:
        """Whoever is ignored now, the latest first: platform ("" for all), id or name, and until when."""
        return [(*key, until) for key, until in reversed(self._ignored.items()) if until > self._latest]

    def _is_ignored(self, event: Answerable) -> bool:
        if event.platform in HOUSE:
            return False  # a viewer may be called "streamer"
        author = event.author
        names = (author.id.casefold(), author.name.casefold(), author.login)
        if self._ignored_names.isdisjoint(names):
            return False  # at a glance, for most of chat
        ignored = (
            key
            for platform in (event.platform, "")
            for name in names
            if self._ignored.get(key := (platform, name), float("-inf")) > max(event.at, self._latest)
        )
        return any(not (key in self._spared and is_money(event)) for key in ignored)

    def _tidy_ignored(self) -> None:
        """Forgets those whose time is over, when there are many."""
        if len(self._ignored) < PEOPLE:
            return
        self._ignored = {key: until for key, until in self._ignored.items() if until > self._latest}
        self._ignored_names = {who for _, who in self._ignored}
        self._spared &= self._ignored.keys()

    def _drop_all(self, entries: list[WaitingEvent], reason: Drop) -> tuple[Answerable, ...]:
        for entry in entries:
            self._drop(entry, reason)
        return tuple(entry.event for entry in entries)

    def _drop(self, entry: WaitingEvent, reason: Drop) -> None:
        self._remove(entry)
        self.give_up(entry.event, reason)

    def _remove(self, entry: WaitingEvent) -> None:
        self._waiting.remove(entry)


def _key(event: Answerable) -> Key:
    return event.platform, event.id


def _entry(event: Answerable, copies: int = 1) -> tuple[str, WaitingEvent]:
    """The event's text, normalized, and the event as it waits."""
    normalized = normalize(event.text)[:COPY_KEY_LENGTH]
    # Two raids are two, though neither says a word; and whoever repeats a paid line has not paid for it.
    paid = is_paid(event)
    is_line = isinstance(event, ChatMessage) and not paid
    return normalized, WaitingEvent(event, paid, copy_key(normalized) if is_line else "", copies=copies)


def _repeatable(entry: WaitingEvent) -> list[tuple[str, str]]:
    """What others may repeat of a message: its emotes, or the text itself when it is short."""
    event = entry.event
    if not isinstance(event, ChatMessage) or not entry.copy_key:
        return []
    if event.emotes:
        return [(name, name) for name in dict.fromkeys(emote.name for emote in event.emotes[:5])]
    return [(entry.copy_key, event.text)] if len(event.text) <= BUZZ_LENGTH else []
