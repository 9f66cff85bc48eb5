"""Which concepts a text touches: words that mean much the same count as one (``data/concepts.txt``)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations
from pathlib import Path

PATH = Path(__file__).parents[1] / "data" / "concepts.txt"
SHORTEST_STEM, LONGEST_TERM = 3, 5
"""Letters of the shortest stem before a star; characters of the longest Chinese term that is looked up."""


@lru_cache(maxsize=1)
def _terms() -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Concepts by word or phrase, and by stem."""
    whole: dict[str, tuple[str, ...]] = {}
    stems: dict[str, tuple[str, ...]] = {}
    for line in PATH.read_text(encoding="utf-8").splitlines():
        name, colon, terms = line.partition(": ")
        if not colon or line.startswith("#"):
            continue
        for number, group in enumerate(terms.split(" | ")):
            is_phrases = number and group.isascii()
            for term in group.split(", ") if is_phrases else group.split():
                table, key = (stems, term[:-1]) if term.endswith("*") else (whole, term)
                table[key] = (*table.get(key, ()), name)
    return whole, stems


def touched(words: Iterable[str], chinese: Iterable[str]) -> set[str]:
    """Concepts, each with a mark, and their pairs: of English words in their order, and runs of Chinese."""
    whole, stems = _terms()
    found: set[str] = set()
    two, one = "", ""
    for word in words:
        found.update(whole.get(word, ()))
        for length in range(SHORTEST_STEM, len(word) + 1):
            found.update(stems.get(word[:length], ()))
        if one:
            found.update(whole.get(f"{one} {word}", ()))
        if two:
            found.update(whole.get(f"{two} {one} {word}", ()))
        two, one = one, word
    for run in chinese:
        for length in range(1, LONGEST_TERM + 1):
            for at in range(len(run) - length + 1):
                found.update(whole.get(run[at : at + length], ()))
    marked = {f"§{name}" for name in found}
    return marked | {f"§{one}+{other}" for one, other in combinations(sorted(found), 2)}
