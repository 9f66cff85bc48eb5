"""The best of the models that were fetched."""

from __future__ import annotations

from collections.abc import Collection

from vtuber.models import store
from vtuber.models.choices import LIVELY, Place, judge
from vtuber.models.gguf import Header
from vtuber.models.machine import Machine


def best(languages: Collection[str], machine: Machine) -> Header | None:
    """The one that speaks these languages, where that is known, and of those the largest that fits well.

    None when none fits, or none can chat.
    """

    def worth(header: Header) -> tuple[int, bool, int]:
        spoken = store.languages(header)
        known = (2 if all(one in spoken for one in languages) else 0) if spoken else 1
        return known, not judge(header.size, machine).tight, header.size

    def fits(header: Header) -> bool:
        place = judge(header.size, machine).place
        return place is Place.CARD or (place is Place.MEMORY and header.size <= LIVELY)

    return max(filter(fits, (one for one in store.fetched() if one.can_chat)), key=worth, default=None)
