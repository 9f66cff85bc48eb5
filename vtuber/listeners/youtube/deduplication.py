"""Each message once, whichever transport delivers it: one id for both, and what was delivered before.

The pages call a message base64 of a protobuf ``{1: {1: id}}``; the API calls it "LCC." and base64 of ``{1:
video, 2: {1: id}}``, often without the video. Found by comparing recorded ids of both; YouTube documents
neither.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote

from vtuber.core.events import Answerable, Deletion, Event
from vtuber.core.recent import Recent
from vtuber.core.text import clean

HISTORY_SECONDS = 30.0
"""How long before the show began a message may have been written to be delivered. By YouTube's clock."""
SAME_SECONDS = 2.0
"""The transports may give times of the same message that differ by this."""
LIMIT = 100
"""Characters of an id."""

_BYTES = 2
"""The wire type of a field that holds bytes."""
_KEPT = 8192
_ALIKE = 8
"""So many messages of one author with the same words are remembered."""


def message_id(given: str) -> str:
    """The id inside the one that was given; that one itself when it has another form."""
    given = given[: LIMIT * 8]
    coded = unquote(given)
    holder = 2 if coded.startswith("LCC.") else 1
    try:
        whole = base64.b64decode(coded.removeprefix("LCC.") + "===", altchars="-_")
        inner = _fields(_fields(whole)[holder])[1].decode("ascii")
    except (ValueError, KeyError, IndexError):
        inner = ""
    return clean(inner, LIMIT) or _short(clean(given, LIMIT * 8))


def _short(name: str) -> str:
    """Long ids of one chat may begin alike: what they end with counts as well."""
    if len(name) <= LIMIT:
        return name
    return hashlib.blake2s(name.encode("utf-8", "surrogatepass")).hexdigest()


def _fields(message: bytes) -> dict[int, bytes]:
    """The fields of a protobuf message that holds only short bytes. Raises ValueError or IndexError."""
    found = {}
    while message:
        number, wire = divmod(message[0], 8)
        end = 2 + message[1]
        if wire != _BYTES or message[1] > 0x7F or end > len(message):
            raise ValueError("another kind of message")
        found[number] = message[2:end]
        message = message[end:]
    return found


_Words = tuple[type, str, str]
"""Kind, author and text."""


@dataclass(frozen=True, slots=True)
class _Delivered:
    id: str
    sent: float
    transport: str


class Deduplicator:
    """Lets each event of one stream through once, and none that is too old.

    The transports give a message the same id; where they do not, its author, words and time are compared.
    """

    def __init__(self) -> None:
        self.since = 0.0
        """What was sent before (on YouTube's clock) is too old; 0: nothing is."""
        self._ids: Recent[str, None] = Recent(_KEPT)
        self._delivered: Recent[_Words, tuple[_Delivered, ...]] = Recent(_KEPT)
        self._other_ids: Recent[str, str] = Recent(_KEPT)

    def new(self, events: list[Event], transport: str) -> Iterator[Event]:
        """Those that are new; ``transport`` is the name of the one that brought them."""
        for received in events:
            event = self._with_known_id(received)
            is_old = isinstance(event, Answerable) and 0 < event.sent < self.since
            if not is_old and self._is_new(event, transport):
                yield event

    def _with_known_id(self, event: Event) -> Event:
        """A deletion names the message by the id under which it was delivered."""
        if isinstance(event, Deletion) and (known := self._other_ids.get(event.message_id)):
            return replace(event, message_id=known)
        return event

    def _is_new(self, event: Event, transport: str) -> bool:
        identity = event.id
        if isinstance(event, Deletion) and event.message_id:
            identity = f"removed {event.message_id}"  # each transport has an id of its own for the removal
        known = identity in self._ids
        self._ids.set(identity, None)
        if not isinstance(event, Answerable):
            return not known
        return not self._was_delivered(event, transport, known=known) and not known

    def _was_delivered(self, event: Answerable, transport: str, *, known: bool) -> bool:
        """Whether another transport gave the same under another id. Each message counts for one such."""
        words = (type(event), event.author.id, event.text)
        delivered = self._delivered.get(words) or ()
        for one in delivered:
            same = one.id == event.id if known else abs(one.sent - event.sent) <= SAME_SECONDS
            if same and one.transport != transport:
                self._delivered.set(words, tuple(other for other in delivered if other is not one))
                if not known:
                    self._other_ids.set(event.id, one.id)
                return True
        if not known:
            self._delivered.set(words, (*delivered, _Delivered(event.id, event.sent, transport))[-_ALIKE:])
        return False
