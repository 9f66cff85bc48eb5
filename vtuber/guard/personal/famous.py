"""Knows addresses that are nobody's home: those of stories, songs and sights."""

from __future__ import annotations

from functools import cache

from vtuber.guard.personal.cues import lines


def is_famous(address: str) -> bool:
    """Whether an address, in small letters, is one that everybody knows."""
    plain = "".join(address.split())
    return any(famous in plain for famous in _famous())


@cache
def _famous() -> tuple[str, ...]:
    return tuple("".join(line.split()) for line in lines("famous_addresses"))
