"""What a message is called, the same whichever way it came.

The pages call it base64 of a protobuf ``{1: {1: id}}``; the API calls it "LCC." and base64 of ``{1: video,
2: {1: id}}``, often without the video. Found by comparing recorded ids of both; YouTube documents neither.
"""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import unquote

from vtuber.core.text import clean

LIMIT = 100

_BYTES = 2
"""The wire type of a field that holds bytes."""


def message_id(given: str) -> str:
    """The id inside the one that was given; that one itself when it is of another make."""
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
            raise ValueError("no message of this make")
        found[number] = message[2:end]
        message = message[end:]
    return found
