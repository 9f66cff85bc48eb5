"""Whether a sentence goes against a fact of canon, by its words alone: for where no model can tell.

A fact holds words that it affirms, and may hold some that it bars ("never drinks coffee") and some that are
the only ones allowed ("only at night"). How a sentence speaks of them (denying, praising, conceding…) is
weighed; the weights were fitted on labelled lines about three characters (``benchmarks.guard.canon --fit``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path

from vtuber.core.spelling import normalize
from vtuber.guard.canon.subject import is_chinese, shared, terms

FILE = Path(__file__).parents[1] / "data" / "stance.words"
_LEAST_COMMON = 2
_RECITED = 5
"""Words in common that anybody may have who speaks of a fact; ten are the fact itself."""
_WEIGHTS = "weights"
_MISSING = "only missing"
_IDIOMS = "idioms"
_CLAUSE = re.compile(r"[^,.;:!?，。；：！？…\n]+")
_SENTENCE = re.compile(r"[^.!?。！？]+[.!?。！？]*")
_BARS = re.compile(r"\b(?:never|not|no|nobody|cannot)\b|n['’]t\b|[不沒没禁別别勿]")
_ONLY = re.compile(r"\b(?:only|nothing but)\b|[只僅仅]")
_CORRECTED = re.compile(
    r"\b(is|are|was)(?:n't|\s+not)\b(?=[^.!?]*,\s*(?:it|they|that|this)(?:'s|'re|\s+is|\s+are|\s+was)\b)"
    r"|不(?=是[^。!?,，]*[,，]\s*(?:而|它|牠|這)?是)"
)
"""What is not one thing, but another: "it isn't a topping, it's a calling" denies nothing."""
_QUOTED = re.compile('["“”「」『』]')


class Fact:
    """One sentence of canon. Its words do without ``names``, which are those of the character."""

    def __init__(self, text: str, names: Iterable[str] = ()) -> None:
        _lexicon()  # which is read now, and not in the middle of a show
        names = tuple(names)
        plain, barred, only = set[str](), set[str](), set[str]()
        for clause in _CLAUSE.findall(normalize(text)):
            bars, allows = _BARS.search(clause), _ONLY.search(clause)
            begins = min((found.start() for found in (bars, allows) if found), default=len(clause))
            plain |= terms(clause[:begins], names)
            if allows and allows.start() == begins:
                only |= terms(clause[allows.end() :], names)
            elif bars:
                barred |= terms(clause[bars.end() :], names)
        self.barred = frozenset(barred)
        self.only = frozenset(only)
        self.terms = frozenset(plain) | self.barred | self.only

    def weigh(self, sentence: str, *, whole: bool = True) -> float:
        """How likely it is (0..1) that the sentence goes against this. 0: it is about something else.

        What is missing in a sentence says nothing while it is not ``whole``.
        """
        common = shared(self.terms, sentence)
        if not self.is_meant_by(common):
            return 0.0
        weights = _lexicon()[1]
        signs = self.signs(sentence, common)
        if not whole:
            signs.pop(_MISSING, None)
        return 1 / (1 + math.exp(-sum(weights.get(name, 0.0) * value for name, value in signs.items())))

    def is_meant_by(self, common: frozenset[str]) -> bool:
        """Whether a sentence that shares these words is probably about this, not only about one of them."""
        if self.barred or self.only:
            return bool(common)
        return len(common) >= _LEAST_COMMON or 2 * len(common) >= len(self.terms)

    def signs(self, sentence: str, common: frozenset[str]) -> dict[str, float]:
        """What is weighed, by its names in the file of weights."""
        normalized = normalize(sentence).replace("’", "'")
        if not _lexicon()[0]["blaming"].search(normalized):
            normalized = _CORRECTED.sub(lambda match: match[1] or "", normalized)
        clauses = [_Clause(clause, self, common) for clause in _CLAUSE.findall(normalized)]
        has = {name: float(any(name in one.words for one in clauses)) for name in _lexicon()[0]}
        by_others = has["reporting"]
        found = {
            "any": 1.0,
            "share": len(common) / len(self.terms),
            "recited": min(1.0, max(0.0, len(common) / _RECITED - 1)),
            **{f"any {name}": has[name] for name in ("conceding", "changing", "reporting", "refusing")},
            **{f"any {name}": has[name] for name in ("self", "removing")},
            "self conceding": has["self"] * has["conceding"],
            "self doing": has["self"] * has["doing"],
            "quoted": float(bool(_QUOTED.search(sentence))),
            "asked": float("?" in normalized),
            "exclaimed": float("!" in normalized),
        }
        value = sum(one.value for one in clauses)
        barred_affirmed = float(any(one.affirms_barred for one in clauses))
        if not self.barred and not self.only:
            return found | {
                "plain": 1.0,
                "plain bad unrefused": float(value < 0) * (1 - has["refusing"]),
                "plain bad of her own": float(any(one.value < 0 and not one.is_reported for one in clauses)),
                **{f"plain {name}": has[name] for name in ("comparing", "blaming", "praising", "doing")},
            }
        return found | {
            "bound": 1.0,
            "bound value": max(-2.0, min(2.0, value)),
            "barred affirmed of her own": barred_affirmed * (1 - by_others),
            "barred denied": float(any(one.denies_barred for one in clauses)),
            "only affirmed": float(any(one.affirms_only for one in clauses)) * (1 - barred_affirmed),
            "only denied": float(any(one.denies_only for one in clauses)),
            _MISSING: float(bool(self.only) and not common & self.only),
            **{f"bound {name}": has[name] for name in ("denying", "doing")},
        }


class _Clause:
    """What stands between two commas."""

    def __init__(self, text: str, fact: Fact, common: frozenset[str]) -> None:
        self.words = _counted(text)
        denied = self.words.get("denying", 0)
        value = min(self.words.get("praising", 0), 2) - min(self.words.get("blaming", 0), 2)
        value -= min(self.words.get("removing", 0), 1)
        self.value = float(value)
        """How well it speaks of things: below 0, badly."""
        if denied % 2:
            self.value = -value or -1.0
        elif denied and not value:
            self.value = 0.5
        here = shared(common, text)
        self.is_reported = "reporting" in self.words
        against = bool(denied or self.words.get("removing"))
        self.affirms_barred = bool(here & fact.barred) and not against
        self.denies_barred = bool(here & fact.barred) and against
        self.affirms_only = bool(here & fact.only) and not denied
        self.denies_only = bool(here & fact.only) and bool(denied)


@lru_cache(maxsize=256)
def _counted(clause: str) -> dict[str, int]:
    """How many words of each category it holds. What only looks like one ("I never tire of") is none."""
    clause = _lexicon()[0][_IDIOMS].sub(" ", clause)
    counts = ((name, len(pattern.findall(clause))) for name, pattern in _lexicon()[0].items())
    return {name: count for name, count in counts if count}


def facts(canon: Iterable[str], names: Sequence[str] = ()) -> Iterator[Fact]:
    """A fact of each sentence that is about something."""
    for text in canon:
        for sentence in _SENTENCE.findall(text):
            if (fact := Fact(sentence, names)).terms:
                yield fact


@cache
def _lexicon() -> tuple[dict[str, re.Pattern[str]], dict[str, float]]:
    """The categories of words, and the weights."""
    entries: dict[str, list[str]] = {}
    weights: dict[str, float] = {}
    section = ""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[] ")
        elif section == _WEIGHTS and line.strip():
            name, _, weight = line.rpartition(" ")
            weights[name.strip()] = float(weight)
        elif not line.startswith("#"):
            entries.setdefault(section, []).extend(line.split())
    return {name: _pattern(words) for name, words in entries.items() if name}, weights


def _pattern(entries: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(entries, key=len, reverse=True)
    latin = "|".join(
        re.escape(one).replace("_", r"\s+").replace(r"\*", r"[\w']*")
        for one in longest_first
        if not is_chinese(one)
    )
    chinese = "|".join(re.escape(one) for one in longest_first if is_chinese(one))
    return re.compile(rf"(?<![\w'])(?:{latin})(?![\w'])" + (f"|{chinese}" if chinese else ""))
