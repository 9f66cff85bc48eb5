"""Writes which short ordinary words often stand side by side: vtuber/guard/data/ordinary_pairs.txt.

    python tools/pair_words.py

From the pairs of symspellpy's English dictionary, which come from Google's Ngram data, those of which both
are in ordinary_words.txt. Each line is a word, and what follows it.
"""

from __future__ import annotations

from collections import defaultdict
from importlib import resources
from pathlib import Path

DATA = Path(__file__).parents[1] / "vtuber" / "guard" / "data"
PAIRS = "frequency_bigramdictionary_en_243_342.txt"
HEAD = """\
# Short words (those of ordinary_words.txt) that often stand side by side: a word, and what follows it.
# A listed word that is cut into such pairs is not one ("the pen is"); cut into others, it is ("lady boy").
# Licence: MIT, as symspellpy; the counts behind it are Google Books Ngrams (CC BY 3.0).
# Source: the pairs of symspellpy's English dictionary, by tools/pair_words.py.
"""


def main() -> None:
    lines = (DATA / "ordinary_words.txt").read_text(encoding="utf-8").splitlines()
    words = {word for line in lines if not line.startswith("#") for word in line.split()}
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in (resources.files("symspellpy") / PAIRS).read_text(encoding="utf-8-sig").splitlines():
        word, other, _ = row.split(" ")
        if word in words and other in words:
            found[word].add(other)
    rows = (f"{word}: {' '.join(sorted(others))}\n" for word, others in sorted(found.items()))
    (DATA / "ordinary_pairs.txt").write_text(HEAD + "".join(rows), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
