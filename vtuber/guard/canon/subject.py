"""What a sentence of canon is about, and whether another is about that too: by the words they share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from vtuber.core.spelling import normalize

CJK = "\u3400-\u9fff"
_WORD = re.compile(rf"[{CJK}]+|[^\W\d_{CJK}]+(?:['’][^\W\d_{CJK}]+)*")
_SPELLED = re.compile(r"(?<![^\W_])[a-z](?:[-. ][a-z](?![^\W_])){3,}")
_APART = re.compile(rf"(?<=[{CJK}])[\s、，,.·…~\-]+(?=[{CJK}])")
_TWICE = re.compile(r"(.)\1")
_ENDINGS = tuple(
    "ations ation ingly ness ings ing edly ies ied ers est ed er es ly s y e".split()  # noqa: SIM905  # reads better
)
_SHORTEST = 3
"""Letters that are left of a word when its ending is taken away."""
_STOP = frozenset(
    """
    a about after again all also always am an and any anyone anything are as at be because been before
    being but by can could did do does doing done down ever every everybody everyone everything for from
    get gets got had has have having he her here hers herself him himself his how however i if in into
    is it its itself just like made make makes many may me might mine more most much must my myself
    never no nobody none nor not nothing now of off often on once one only or other our ours out over
    own really same say says shall she should so some someone something soon stay stays still such than
    that the their theirs them themselves then there these they thing things this those thus to too true
    truly until up upon us very was we well were what when where which while who whoever whom whose why
    will with without would yet you your yours yourself i'm it's that's don't doesn't isn't can't won't
    """.split()  # noqa: SIM905  # reads better
)
_STOP_CHINESE = re.compile(
    "自己|我們|你們|他們|她們|我们|你们|他们|她们|大家|所有|任何|永遠|永远|一定|絕對|绝对|從不|从不|從來|从来|從沒|从没|不能|"
    "[是的得了在只就都也還还又再很最更不沒没無无別别會会能可要有過过著着把被和與与跟或及從从到對对於于為为以而且但如我你妳您他她它誰谁這这那些個个們们"
    "嗎吗呢吧啊喔哦呀]"
)


def terms(text: str, names: Iterable[str] = ()) -> frozenset[str]:
    """Stems of English words, and pairs of neighbouring Chinese characters, without ``names``."""
    return _words(_plain(text)) - frozenset(term for name in names for term in _words(_plain(name)))


def shared(wanted: Iterable[str], text: str) -> frozenset[str]:
    """Those of the ``wanted`` terms that a text holds."""
    plain = _plain(text)
    words = _words(plain)
    return frozenset(term for term in wanted if term in words or (is_chinese(term) and term in plain))


def is_chinese(term: str) -> bool:
    return term[0] >= "\u3000"


@lru_cache(maxsize=256)
def _plain(text: str) -> str:
    """Its letters as they are read: what was spelled with gaps is whole."""
    plain = _SPELLED.sub(lambda word: re.sub("[-. ]", "", word.group()), normalize(text))
    return _APART.sub("", plain)


@lru_cache(maxsize=256)
def _words(plain: str) -> frozenset[str]:
    return frozenset(_terms(plain))


def _terms(plain: str) -> Iterator[str]:
    for word in _WORD.findall(plain):
        if not is_chinese(word):
            if word not in _STOP and len(word) > 1:
                yield stem(word)
            continue
        for part in _STOP_CHINESE.split(word):
            yield from (part[at : at + 2] for at in range(len(part) - 1))
            if len(part) == 1:
                yield part


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """What forms of a word have in common, roughly, and its usual misspellings: "cofee", "coffees"."""
    word = word.replace("’", "'").removesuffix("'s")
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            word = word.removesuffix(ending)
            break
    return _TWICE.sub(r"\1", word)
