"""Writes the worst slurs with one letter misspelled: vtuber/guard/data/hate.misspelled.txt.

    python tools/misspelled_slurs.py

Of each the first two letters stay. Behind them one vowel is another or missing, or two letters beside each
other change places. What is a word of symspellpy's English dictionary, or ends in "in" for "ing", is left
out; so is what is one backwards, as lists are read backwards, too ("riggin").
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

FILE = Path(__file__).parents[1] / "vtuber" / "guard" / "data" / "hate.misspelled.txt"
DICTIONARY = "frequency_dictionary_en_82_765.txt"
SLURS = ("nigger", "niggers", "faggot", "faggots")
KEPT = 2
VOWELS = "aeiou"
HEAD = """\
# Hate, in English: the worst slurs with one letter misspelled, where no ordinary word is spelled so.
# Licence: MIT, as the project.
# Source: tools/misspelled_slurs.py, which says by which rule; without what symspellpy's dictionary (MIT) has.
# One entry a line.

"""


def misspelled(word: str) -> Iterator[str]:
    for place in range(KEPT, len(word)):
        before, letter, behind = word[:place], word[place], word[place + 1 :]
        if letter in VOWELS:
            yield before + behind
            yield from (before + vowel + behind for vowel in VOWELS)
        if behind:
            yield before + behind[0] + letter + behind[1:]


def main() -> None:
    rows = (resources.files("symspellpy") / DICTIONARY).read_text(encoding="utf-8-sig").splitlines()
    known = {row.split(" ")[0] for row in rows}
    known |= {word[:-1] for word in known if word.endswith("ing")} | {f"{word}{word[-1]}in" for word in known}
    found = sorted(
        {spelling for slur in SLURS for spelling in misspelled(slur)}
        - set(SLURS)
        - known
        - {word[::-1] for word in known}
    )
    FILE.write_text(HEAD + "".join(f"{word}\n" for word in found), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
