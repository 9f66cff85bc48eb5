"""What is new in what the ways bring: nothing from before she came, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from vtuber.core.events import Answerable, Deletion, Event
from vtuber.core.recent import Recent

HISTORY_SECONDS = 30.0
"""What was said so long before she came is still told. By YouTube's clock alone."""
SAME_SECONDS = 2.0
"""Two ways may tell times of the same message that differ by this."""
_KEPT = 8192
_ALIKE = 8
"""So many messages of one author with the same words are remembered."""

_Words = tuple[type, str, str]
"""Kind, author and text."""


@dataclass(frozen=True, slots=True)
class _Heard:
    id: str
    sent: float
    way: str


class News:
    """One stream's. Ways give a message the same id; where they do not, its author, words and time tell."""

    def __init__(self) -> None:
        self.since = 0.0
        """What was sent before (on YouTube's clock) is no news; 0: everything is."""
        self._ids: Recent[str, None] = Recent(_KEPT)
        self._heard: Recent[_Words, tuple[_Heard, ...]] = Recent(_KEPT)
        self._other_names: Recent[str, str] = Recent(_KEPT)

    def of(self, events: list[Event], way: str) -> Iterator[Event]:
        """Those that are new; ``way`` is the name of the way that brought them."""
        for told in events:
            event = self._renamed(told)
            is_old = isinstance(event, Answerable) and 0 < event.sent < self.since
            if not is_old and self._is_new(event, way):
                yield event

    def _renamed(self, event: Event) -> Event:
        """A deletion speaks of the message by the name under which it was heard."""
        if isinstance(event, Deletion) and (name := self._other_names.get(event.message_id)):
            return replace(event, message_id=name)
        return event

    def _is_new(self, event: Event, way: str) -> bool:
        name = event.id
        if isinstance(event, Deletion) and event.message_id:
            name = f"removed {event.message_id}"  # each way has a name of its own for the deed
        known = name in self._ids
        self._ids.set(name, None)
        if not isinstance(event, Answerable):
            return not known
        return not self._was_heard(event, way, known=known) and not known

    def _was_heard(self, event: Answerable, way: str, *, known: bool) -> bool:
        """Whether another way told the same under another id. Each message answers for one such only."""
        words = (type(event), event.author.id, event.text)
        heard = self._heard.get(words) or ()
        for one in heard:
            same = one.id == event.id if known else abs(one.sent - event.sent) <= SAME_SECONDS
            if same and one.way != way:
                self._heard.set(words, tuple(other for other in heard if other is not one))
                if not known:
                    self._other_names.set(event.id, one.id)
                return True
        if not known:
            self._heard.set(words, (*heard, _Heard(event.id, event.sent, way))[-_ALIKE:])
        return False
