"""Finds which of many strings are in a text, in a time that does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator
from operator import add

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

_LONGEST = 64
"""Characters of a string in a table."""


class Index:
    """Strings, each with the keys of what has it: an automaton, or ``in_table``, which is quicker to make."""

    def __init__(self, *, in_table: bool = False) -> None:
        self._keys: dict[str, int] = {}
        self._others: dict[str, list[int]] = {}
        self._in_table = in_table

    def add(self, text: str, key: int) -> None:
        """The empty string is in no text."""
        if not text:
            return
        if text in self._keys:
            self._others.setdefault(text, []).append(key)
        else:
            self._keys[text] = key

    def close(self) -> None:
        """Nothing is added from now on."""
        if self._in_table:
            self._lengths = sorted({len(text) for text in self._keys if len(text) <= _LONGEST})
            self._beginnings = frozenset(text[:2] for text in self._keys)
            return
        self._search = AhoCorasick(
            self._keys,
            matchkind=MatchKind.Standard,
            store_patterns=False,
            implementation=Implementation.ContiguousNFA,
        )

    def find(self, text: str) -> Iterator[tuple[int, int, int]]:
        """(key, where it begins, where it ends) of each that is in the text."""
        for begin, end in self._in_table_of(text) if self._in_table else self._in_automaton(text):
            found = text[begin:end]
            yield self._keys[found], begin, end
            for key in self._others.get(found, ()):
                yield key, begin, end

    def _in_automaton(self, text: str) -> Iterator[tuple[int, int]]:
        for _, begin, end in self._search.find_matches_as_indexes(text, overlapping=True):
            yield begin, end

    def _in_table_of(self, text: str) -> Iterator[tuple[int, int]]:
        for begin, pair in enumerate((*map(add, text, text[1:]), text[-1:])):
            if pair in self._beginnings or pair[:1] in self._beginnings:
                for length in self._lengths:
                    if text[begin : begin + length] in self._keys and begin + length <= len(text):
                        yield begin, begin + length
