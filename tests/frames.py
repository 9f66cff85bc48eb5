"""Frames that a server in tests sends over a websocket, also such as no real one sends."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Fragments:
    """One message of text in several frames."""

    texts: list[str]


async def send(socket: web.WebSocketResponse, frame: Any) -> None:
    """Bytes and text as they are; all else as JSON."""
    match frame:
        case bytes():
            await socket.send_bytes(frame)
        case str():
            await socket.send_str(frame)
        case Fragments(texts):
            await _send_fragments(socket, texts)
        case _:
            await socket.send_json(frame)


async def _send_fragments(socket: web.WebSocketResponse, texts: list[str]) -> None:
    """aiohttp sends whole messages only; so these are written as they are at the wire."""
    assert socket._req is not None
    assert socket._req.transport is not None
    for number, text in enumerate(texts):
        body = text.encode()
        first = (0x80 if number == len(texts) - 1 else 0) | (0 if number else 1)
        socket._req.transport.write(struct.pack("!BBQ", first, 127, len(body)) + body)
