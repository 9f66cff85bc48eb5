"""What came of a show, read from its journal."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from vtuber.core import codec
from vtuber.core.deeds import Kind, Language, deed
from vtuber.core.events import (
    Answerable,
    ChatMessage,
    Deletion,
    Gift,
    Money,
    Raid,
    Redemption,
    StreamStatus,
    is_promised,
)
from vtuber.core.languages import LanguageDetector
from vtuber.record.journal_rows import JournalRows
from vtuber.record.metrics import PARTS, percentiles

LANGUAGES = ("zh", "en", "ja", "ko")
"""Those that are told apart, by their letters."""
REGULARS = 20
"""So many of those who wrote most are named."""
OPENER_WORDS = 2
OPENER_LETTERS = 3
"""How many words, or Chinese characters, the opening of a reply is."""
AFTER_SECONDS = 20.0
"""A moment is as good as what chat writes within so long after it."""
CLIPS = 12
"""So many moments are proposed."""
APART_SECONDS = 45.0
"""Two of them are at least so far apart."""

REPLY_CHECK = "reply"
"""Stands among the detectors for what is wrong with a whole reply: a loop, somebody else's line."""

_EVERYDAY = (Kind.SUBSCRIPTION, Kind.REDEMPTION)
"""Paid events that are no moment by themselves."""
_LAUGHTER = re.compile(
    r"(?i)(?:哈{2,}|ㄏ{2,}|草+$|笑死|w{3,}|\bl+o+l+\b|\blmf?ao+|\brofl|\bkek[lw]|\blul\b|\bomegalul|\bxd+\b|😂|🤣)"
)
_WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)*", re.UNICODE)
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(slots=True)
class PaidEvent:
    """Somebody paid, subscribed, raided."""

    at: float
    """Seconds since the show began, as everywhere here."""
    who: str
    what: str
    """``vtuber.core.deeds.Kind``."""
    amount: str
    words: Mapping[Language, str]
    """What and how much it was, for people."""
    waited: float | None = None
    """Seconds until her answer began; None: it was never answered."""
    drop: str = ""
    """Why not (``vtuber.inbox.Drop``), where that is known."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A part that was not as it should be."""

    at: float
    part: str
    what: str
    seconds: float | None
    """Until it was well again; None: it was not, until the show ended."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What may be worth a clip."""

    at: float
    why: str
    """"laughter", "chat", "raid" or "paid"."""
    heard: str
    """What she said; "" for what was given."""
    score: float
    paid: PaidEvent | None = None
    """What was given."""


@dataclass(slots=True)
class ShowReport:
    """All figures of a show, ready for JSON but for ``asdict``."""

    journal: str = ""
    character: str = ""
    version: str = ""
    seconds: float = 0.0
    malformed: int = 0
    lost: int = 0
    """Lines that the disk did not take."""
    ended: bool = False
    """Whether the journal has an end: a show that was killed has none."""
    messages: int = 0
    a_minute: list[int] = field(default_factory=list)
    replies: int = 0
    replies_a_minute: list[int] = field(default_factory=list)
    delays: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """By part and "total": (when, milliseconds) of each reply."""
    dead_air: list[tuple[float, float]] = field(default_factory=list)
    """(when, milliseconds): silence between two replies while chat waited."""
    paid: list[PaidEvent] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    stopped: dict[str, dict[str, int]] = field(default_factory=dict)
    """What the guard stopped: by detector, and by what became of it."""
    regulars: list[tuple[str, int, int]] = field(default_factory=list)
    """(name, messages, answers) of those who wrote most."""
    viewers: int = 0
    chat_languages: dict[str, int] = field(default_factory=dict)
    her_languages: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    failures: int = 0
    openers: list[tuple[str, int]] = field(default_factory=list)
    repeats: list[tuple[str, int]] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    commands: dict[str, int] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """Ready for JSON, with percentiles of what there is much of."""
        whole = asdict(self)
        whole["delays_ms"] = {
            part: percentiles(value for _, value in values) for part, values in self.delays.items()
        }
        whole["dead_air_ms"] = percentiles(value for _, value in self.dead_air)
        return whole


def read(path: Path) -> ShowReport:
    """The report of a journal. Raises BanbanError."""
    reader = _Reader()
    rows = JournalRows(path)
    known = sum(reader.take(row) for row in rows)
    if not known:
        raise rows.foreign()
    report = reader.report()
    report.journal = path.name
    report.malformed += rows.malformed
    return report


class _Reader:
    """Takes a journal in line by line, in one pass."""

    def __init__(self) -> None:
        self._report = ShowReport()
        self._detector = LanguageDetector(LANGUAGES)
        self._minutes: Counter[int] = Counter()
        self._reply_minutes: Counter[int] = Counter()
        self._seconds: Counter[int] = Counter()
        self._laughs: Counter[int] = Counter()
        self._names: dict[str, str] = {}
        """By author."""
        self._authors: dict[str, str] = {}
        """By message."""
        self._wrote: Counter[str] = Counter()
        self._answered: Counter[str] = Counter()
        self._paid: dict[str, PaidEvent] = {}
        self._batches: dict[int, Mapping[str, Any]] = {}
        self._only_fallback: dict[int, bool] = {}
        """By turn, whether she has nothing but fallback lines to say, which answer nobody."""
        self._spoken: list[tuple[float, float, str]] = []
        """When each reply began and ended, and what was heard of it."""
        self._dropped: Counter[str] = Counter()
        self._stopped: dict[str, Counter[str]] = defaultdict(Counter)
        self._ill: dict[str, tuple[float, str]] = {}
        self._openers: Counter[str] = Counter()
        self._sentences: Counter[str] = Counter()
        self._chat_languages: Counter[str] = Counter()
        self._her_languages: Counter[str] = Counter()
        self._commands: Counter[str] = Counter()
        self._times: dict[str, float] = {}
        """When each message came."""
        self._silent_since: float | None = None
        """When the last reply was over."""

    def take(self, row: Mapping[str, Any]) -> bool:
        """Takes one line in. Whether it is of a kind that journals have."""
        kind = str(row.get("kind", ""))
        taker = getattr(self, f"_take_{kind}", None)
        if taker is None:
            return False
        try:
            self._report.seconds = max(self._report.seconds, float(row["t"]))
            taker(float(row["t"]), row)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            self._report.malformed += 1
            return False
        return True

    def _take_show(self, _: float, row: Mapping[str, Any]) -> None:
        self._report.character, self._report.version = str(row["character"]), str(row["version"])

    def _take_end(self, _: float, row: Mapping[str, Any]) -> None:
        self._report.ended = bool(row)

    def _take_lost(self, _: float, row: Mapping[str, Any]) -> None:
        self._report.lost += int(row["lines"])

    def _take_heard(self, at: float, row: Mapping[str, Any]) -> None:
        event = codec.load(row["event"])
        drop, _, rule = str(row.get("drop", "")).partition(": ")
        if drop:
            self._dropped[drop] += 1
        self._stop({"rule": rule})
        if isinstance(event, Deletion | StreamStatus):
            return
        author = event.author.id or event.author.name
        self._report.messages += 1
        self._minutes[int(at // 60)] += 1
        self._seconds[int(at)] += 1
        self._laughs[int(at)] += bool(_LAUGHTER.search(event.text))
        self._names[author] = event.author.name
        self._authors[event.id] = author
        self._times[event.id] = at
        self._wrote[author] += 1
        if _WORDS.search(event.text):
            self._chat_languages[self._detector.language(event.text)] += 1
        if is_promised(event) and event.id not in self._paid:
            self._paid[event.id] = _paid(at, event, drop)

    def _take_dropped(self, _: float, row: Mapping[str, Any]) -> None:
        reason = str(row["reason"])
        self._dropped[reason] += 1
        if (paid := self._paid.get(str(row["id"]))) is not None:
            paid.drop = reason

    def _take_command(self, _: float, row: Mapping[str, Any]) -> None:
        self._commands[str(row["order"])] += 1

    def _take_filtered(self, _: float, row: Mapping[str, Any]) -> None:
        self._stop(row)

    def _take_judged(self, _: float, row: Mapping[str, Any]) -> None:
        self._stop(row)

    def _take_sentence(self, _: float, row: Mapping[str, Any]) -> None:
        turn = int(row["turn"])
        self._only_fallback[turn] = self._only_fallback.get(turn, True) and bool(row.get("spare"))
        if row.get("stopped_by"):
            self._stop({**row, "rule": row["stopped_by"]})

    def _stop(self, row: Mapping[str, Any]) -> None:
        if row.get("rule"):
            detector = str(row.get("detector") or str(row["rule"]).partition(":")[0])
            self._stopped[detector][str(row.get("action") or "stopped")] += 1

    def _take_slip(self, _: float, row: Mapping[str, Any]) -> None:
        self._stopped[REPLY_CHECK][str(row["what"])] += 1

    def _take_batch(self, _: float, row: Mapping[str, Any]) -> None:
        self._batches[int(row["turn"])] = row

    def _take_set_aside(self, _: float, row: Mapping[str, Any]) -> None:
        self._batches.pop(int(row["turn"]), None)

    def _take_reply(self, at: float, row: Mapping[str, Any]) -> None:
        turn = int(row["turn"])
        batch = self._batches.pop(turn, None)
        answers = not self._only_fallback.pop(turn, False)
        heard = str(row["heard"])
        if not heard or batch is None or batch.get("script"):
            return
        delays = {part: _finite(row["delays_ms"][part]) for part in PARTS if part in row["delays_ms"]}
        lasted = _finite(row.get("lasted") or 0.0)
        total = round(sum(delays.values()), 1)
        asked = self._times.get(str(batch["lead"]), at - total / 1000)
        began = max(0.0, at - lasted if lasted else asked + total / 1000)
        self._report.replies += 1
        self._reply_minutes[int(at // 60)] += 1
        self._her_languages[self._detector.language(heard)] += 1
        self._spoken.append((began, at, heard))
        self._openers[opener(heard)] += 1
        for part, value in {**delays, **({"total": total} if delays else {})}.items():
            self._report.delays.setdefault(part, []).append((at, value))
        if answers:
            self._answer((batch["lead"], *batch.get("others", ())), began)
        if self._silent_since is not None:
            since = self._silent_since if batch["waiting"] else max(self._silent_since, asked)
            self._report.dead_air.append((at, round(max(0.0, began - since) * 1000, 1)))
        self._silent_since = at

    def _answer(self, messages: Iterable[object], began: float) -> None:
        for message in map(str, messages):
            self._answered[self._authors.get(message, "")] += 1
            if (paid := self._paid.get(message)) is not None and paid.waited is None:
                paid.waited = round(max(0.0, began - paid.at), 3)

    def _take_spoken(self, _: float, row: Mapping[str, Any]) -> None:
        said = " ".join(_WORDS.findall(str(row["heard"]).casefold()))
        if len(said) >= 8 or len(_HAN.findall(said)) >= 4:
            self._sentences[str(row["heard"]).strip()] += 1

    def _take_part(self, at: float, row: Mapping[str, Any]) -> None:
        part, state = str(row["part"]), str(row["state"])
        if state in ("down", "resting") and part not in self._ill:
            self._ill[part] = (at, str(row["what"]))
        elif state in ("ok", "limited") and part in self._ill:
            began, what = self._ill.pop(part)
            self._report.faults.append(Fault(began, part, what, round(at - began, 3)))

    def _take_failure(self, at: float, row: Mapping[str, Any]) -> None:
        self._report.failures += 1
        self._report.faults.append(Fault(at, str(row["part"]), str(row["error"]), 0.0))

    def report(self) -> ShowReport:
        """What was read, put in order."""
        found = self._report
        minutes = int(found.seconds // 60) + 1
        found.a_minute = [self._minutes[minute] for minute in range(minutes)]
        found.replies_a_minute = [self._reply_minutes[minute] for minute in range(minutes)]
        found.paid = list(self._paid.values())
        found.dropped = dict(self._dropped.most_common())
        found.stopped = {detector: dict(found_) for detector, found_ in sorted(self._stopped.items())}
        found.viewers = len(self._wrote)
        found.regulars = [
            (self._names[author], count, self._answered[author])
            for author, count in self._wrote.most_common(REGULARS)
        ]
        found.chat_languages = dict(self._chat_languages.most_common())
        found.her_languages = dict(self._her_languages.most_common())
        found.faults += [Fault(at, part, what, None) for part, (at, what) in self._ill.items()]
        found.faults.sort(key=lambda fault: fault.at)
        found.openers = [(words, count) for words, count in self._openers.most_common(10) if count > 1]
        found.repeats = [(words, count) for words, count in self._sentences.most_common(10) if count > 1]
        found.commands = dict(self._commands.most_common())
        found.moments = self._moments()
        return found

    def _moments(self) -> list[Moment]:
        """Where chat wrote and laughed more than usual after something that she said, and what was given."""
        usual = max(1.0, self._report.messages / max(1.0, self._report.seconds) * AFTER_SECONDS)
        found = [self._moment(began, ended, heard, usual) for began, ended, heard in self._spoken]
        found += [
            Moment(paid.at, "raid" if paid.what == Kind.RAID else "paid", "", 2.0, paid)
            for paid in self._report.paid
            if paid.what not in _EVERYDAY
        ]
        best: list[Moment] = []
        for moment in sorted(found, key=lambda one: -one.score):
            if moment.score > 1.0 and all(abs(moment.at - other.at) >= APART_SECONDS for other in best):
                best.append(moment)
        return sorted(best[:CLIPS], key=lambda one: one.at)

    def _moment(self, began: float, ended: float, heard: str, usual: float) -> Moment:
        after = range(int(ended), int(ended + AFTER_SECONDS))
        wrote, laughed = sum(self._seconds[s] for s in after), sum(self._laughs[s] for s in after)
        score = wrote / usual + 3 * laughed / usual
        return Moment(round(began, 3), "laughter" if 3 * laughed > wrote else "chat", heard, round(score, 2))


def opener(heard: str) -> str:
    """How a reply begins: its first words, or its first characters in Chinese."""
    words: list[str] = _WORDS.findall(heard)
    if words and _HAN.match(words[0]):
        return words[0][:OPENER_LETTERS]
    return " ".join(words[:OPENER_WORDS]).casefold()


def _finite(value: Any) -> float:
    """Raises ValueError for what JSON and a plot have no place for."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not a number")
    return number


def _paid(at: float, event: Answerable, drop: str) -> PaidEvent:
    done = deed(event)
    kind, words = (str(done.kind), done.words) if done else ("", {})
    return PaidEvent(at, event.author.name, kind, _amount(event), words, drop=drop)


def _amount(event: Answerable) -> str:
    match event:
        case ChatMessage(money=Money(amount=Decimal()) as money):
            return str(money)
        case Gift(count=count) | Raid(viewers=count) | Redemption(cost=count) if count:
            return str(count)
        case _:
            return ""
