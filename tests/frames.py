"""Frames that a server in tests sends over a websocket, also such as no real one sends."""

from __future__ import annotations

from typing import Any

from aiohttp import web


async def send(socket: web.WebSocketResponse, frame: Any) -> None:
    """Bytes and text as they are; all else as JSON."""
    match frame:
        case bytes():
            await socket.send_bytes(frame)
        case str():
            await socket.send_str(frame)
        case _:
            await socket.send_json(frame)
