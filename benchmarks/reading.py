"""How often a line of chat is read as people read it.

    python -m benchmarks.reading [--show] [FILE ...]

Each file has one line per case: the language, the text as it is written, and what is said, with bars between
alternatives. Spaces, punctuation, hyphens and case make no difference. ``--show`` lists what
is read otherwise. A fourth column marks what is known to be missed.
"""

from __future__ import annotations

import argparse
import csv
import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vtuber.voice.reading import Reader

LINES = Path(__file__).parent / "speech_lines"
_NO_SOUND = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Case:
    language: str
    written: str
    spoken: tuple[str, ...]
    missed: bool = False
    """Whether it is known to be read otherwise."""

    def fits(self, said: str) -> bool:
        return heard(said) in map(heard, self.spoken)


def heard(text: str) -> str:
    """What of a text is compared."""
    return _NO_SOUND.sub("", text).casefold()


def cases(file: Path) -> Iterator[Case]:
    """The cases of a file. Its first line names the columns."""
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield Case(
                row["LANGUAGE"], row["WRITTEN"], tuple(row["SPOKEN"].split(" | ")), bool(row.get("MISSED"))
            )


def main() -> None:
    """Prints how many of each file's lines are read right, and how long one takes."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--show", action="store_true", help="list what is read otherwise")
    options.add_argument("files", nargs="*", type=Path, default=sorted(LINES.glob("*.tsv")))
    asked = options.parse_args()
    for file in asked.files:
        reader = Reader()
        took: list[float] = []
        right = total = 0
        for case in cases(file):
            began = time.perf_counter()
            said = reader.read(case.written, case.language).said
            took.append(time.perf_counter() - began)
            total += 1
            right += case.fits(said)
            if asked.show and not case.fits(said):
                print(f"{case.written}\n    {said}\n    {' | '.join(case.spoken)}")
        median, most = statistics.median(took) * 1000, max(took) * 1000
        print(
            f"{file.name}: {right} of {total} lines, {median:.3f} ms a line at the median, {most:.2f} at most"
        )


if __name__ == "__main__":
    main()
