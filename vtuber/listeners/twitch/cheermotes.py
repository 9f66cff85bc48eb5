"""Where the cheermotes are in a message: names with a number of bits ("Cheer100"), which Twitch draws.

Twitch's chat does not mark them, and channels have names of their own. They are known by their sum: it is the
number of bits that the message was paid with.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import combinations

_WORD = re.compile(r"(?<!\S)([A-Za-z0-9]*[A-Za-z])([0-9]{1,7})(?!\S)")
_GLOBAL = frozenset(
    """anon bday biblethump bitboss bonus charity cheer cheerwhal corgo dansgame doodlecheer elegiggle
    failfish frankerz goal heyguys holidaycheer kappa kreygasm mrdestructoid muxy notlikethis party
    pjsalt pride ripcheer scoops seemsgood shamrock showlove streamlabs swiftrage trihard uni vohiyo
    4head""".split()  # noqa: SIM905  # as in money.CODES
)
"""Names that every channel has, in small letters."""
_NAMES_LIMIT = 10
"""Of more different names than this, only the known ones are looked for."""

Span = tuple[int, int]
"""A place in a text: code points, end exclusive."""


def spans(text: str, bits: int) -> list[Span]:
    """The places of the cheermotes in a message that was paid with so many bits."""
    if bits <= 0:
        return []
    places: defaultdict[str, list[Span]] = defaultdict(list)
    worth: defaultdict[str, int] = defaultdict(int)
    for word in _WORD.finditer(text):
        name = word.group(1).lower()
        places[name].append(word.span())
        worth[name] += int(word.group(2))
    found = _summing_up(dict(worth), bits) or tuple(name for name in places if name in _GLOBAL)
    return sorted(place for name in found for place in places[name])


def _summing_up(worth: dict[str, int], bits: int) -> tuple[str, ...]:
    """The names that are together worth so many bits; the known ones first, and as few others as may be."""
    if len(worth) > _NAMES_LIMIT:
        worth = {name: bits for name, bits in worth.items() if name in _GLOBAL}
    choices = (names for count in range(1, len(worth) + 1) for names in combinations(worth, count))
    fitting = [names for names in choices if sum(worth[name] for name in names) == bits]
    return max(fitting, key=lambda names: sum(name in _GLOBAL for name in names), default=())
