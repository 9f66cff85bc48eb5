"""Reads lists of words from files: a comment at the head, then one entry a line.

``word``          a Latin one stands alone; one in Chinese is found anywhere
``word*``         with any ending; ``*word`` with any beginning; ``*word*`` anywhere
``kill … you``    with up to three words, or six Chinese characters, in between
``~詞``           also what only sounds like it
``- phrase``      harmless, although an entry is in it
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from vtuber.core.errors import ConfigError

SHIPPED = Path(__file__).parents[1] / "data"
"""The built-in lists, ``<policy>.<language>.txt``: files that say what they are."""
GAP = "…"
MOST_LETTERS = 200
"""In one entry. What is longer is no word: the file is something else."""
POLICIES = ("hate", "sexual", "self_harm", "threats", "drugs", "harassment", "rude", "politics")
HARMLESS = "harmless"
"""The name of a file in which all is."""
NAMES = "names"
"""The policy of words that nobody may be called by; they may be said."""
OWN = "own"
"""The policy of the streamer's own words."""


class Entry(NamedTuple):
    """One line of a list."""

    text: str
    """As it is written, without its signs but with its stars."""
    policy: str = OWN
    harmless: bool = False
    by_sound: bool = False

    @property
    def parts(self) -> tuple[str, ...]:
        """More than one: others may stand between them."""
        if GAP not in self.text:
            return (self.text,)
        return tuple(part.strip() for part in self.text.split(GAP))


class Line(NamedTuple):
    """A line of a file that is no comment."""

    text: str
    source: str
    number: int | None = None
    policy: str = OWN

    @property
    def where(self) -> str:
        return self.source if self.number is None else f"{self.source}:{self.number}"


def parse(line: str, policy: str = OWN) -> Entry:
    """Raises ValueError, which says what is wrong."""
    text = line.strip()
    if text.isalpha() and len(text) <= MOST_LETTERS:
        return Entry(text, policy)  # as most are, and lists may be long
    if text.startswith("re:"):
        raise ValueError("an entry is a word, not a regular expression: those belong into gate.patterns")
    harmless = text.startswith("- ")
    text = text.removeprefix("- ").strip()
    by_sound = text.startswith("~")
    text = text.removeprefix("~").strip().replace("...", GAP)
    if len(text) > MOST_LETTERS:
        raise ValueError(f"an entry of {len(text)} characters is no word")
    entry = Entry(text, policy, harmless, by_sound)
    if not all(any(char.isalnum() for char in part) for part in entry.parts):
        raise ValueError("words are missing beside the …" if GAP in text else "there is no letter in it")
    return entry


def lines(path: Path, policy: str = OWN) -> Iterator[Line]:
    """The lines of a file, in UTF-8 or UTF-16 with its mark. Raises ConfigError for any other, or none."""
    source = str(path)
    for number, text in enumerate(_text(path).splitlines(), 1):
        stripped = text.strip()
        if stripped and not stripped.startswith("#"):
            yield Line(stripped, source, number, policy)


def entries(found: Iterable[Line]) -> Iterator[Entry]:
    """Raises ConfigError for a line that is none, and for words that are listed as harmless, too."""
    listed: list[tuple[Entry, Line]] = []
    harmless: dict[str, Line] = {}
    for line in found:
        try:
            entry = parse(line.text, line.policy)
        except ValueError as error:
            raise ConfigError(str(error), where=line.where, hint="change or remove that line") from None
        if entry.harmless:
            harmless[entry.text.casefold()] = line
        else:
            listed.append((entry, line))
        yield entry
    for entry, line in listed if harmless else ():
        if other := harmless.get(entry.text.casefold()):
            raise ConfigError(
                f"{entry.text!r} is listed, and listed as harmless, too",
                where=f"{line.where} and {other.where}",
                hint="remove one of the two lines",
            )


def own(words: Iterable[str], files: Iterable[str]) -> tuple[Entry, ...]:
    """The streamer's own: ``gate.words``, and ``guard.words.files``. Raises ConfigError."""
    found = [Line(word, f"gate.words[{index}]") for index, word in enumerate(words)]
    for file in files:
        found += lines(Path(file))
    return tuple(entries(found))


@lru_cache(maxsize=1)
def shipped() -> tuple[Entry, ...]:
    """The entries of all built-in lists."""
    return tuple(
        entry
        for path in sorted(SHIPPED.glob("*.*.txt"))
        for entry in entries(lines(path, path.name.split(".", 1)[0]))
    )


@lru_cache(maxsize=1)
def uncalled() -> tuple[Entry, ...]:
    """What may be spoken of, and that nobody may be called by."""
    return tuple(entries(lines(SHIPPED / "names.txt", NAMES)))


def plain(policy: str) -> tuple[str, ...]:
    """The built-in words of a policy that stand for nothing but themselves."""
    return tuple(
        entry.parts[0]
        for entry in shipped()
        if entry.policy == policy and not entry.harmless and len(entry.parts) == 1 and "*" not in entry.text
    )


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"cannot read the list of words: {error.strerror or error}",
            where=str(path),
            hint="correct the path in guard.words.files, or remove it there",
        ) from None
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeError as error:
        line = content.count(b"\n", 0, getattr(error, "start", 0)) + 1
        raise ConfigError(
            "this list of words is not in UTF-8",
            where=f"{path}:{line}",
            hint="save it again as UTF-8 (in Notepad: Save as, Encoding)",
        ) from None
