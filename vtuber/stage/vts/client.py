"""A session with VTube Studio: signing in, and one request after another.

The protocol is that of https://github.com/DenchiSoft/VTubeStudio: JSON over a websocket, an answer for each
request, known by its ``requestID``; ``APIError`` in place of an answer.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
from platformdirs import user_config_path

from vtuber.core import files
from vtuber.core.errors import StageError
from vtuber.core.text import clean, escaped

log = logging.getLogger(__name__)

NAME, DEVELOPER = "banban", "banban"
"""By which VTube Studio knows this program. Another name would have to be allowed once more."""

ANSWER_SECONDS = 3.0
"""How long an answer may take."""
ALLOW_SECONDS = 60.0
"""How long somebody may take to click "Allow"."""
MESSAGE_BYTES = 1 << 20
"""The longest answer that is read."""

DENIED, ONGOING, SWITCHED_OFF = 50, 51, 1
"""Numbers of errors (``ErrorID`` in VTube Studio's documentation)."""


class VtsError(StageError):
    """VTube Studio said no. ``number`` is its error's."""

    def __init__(self, what: str, number: int = -1, hint: str = "") -> None:
        super().__init__(what, hint=hint)
        self.number = number


def default_path() -> Path:
    """Where the token is kept that VTube Studio gave, readable by its owner alone."""
    return user_config_path("banban", appauthor=False) / "vtube-studio.json"


class VtsClient:
    """One connection, signed in. Not for two tasks at once."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = count(1)

    async def ask(self, kind: str, *, patience: float = 0.0, **data: Any) -> dict[str, Any]:
        """The answer's data, within ``patience`` seconds (0: the usual time).

        Raises VtsError, TimeoutError, and ConnectionError when the connection ends.
        """
        number = f"banban{next(self._numbers)}"
        await self._socket.send_json(
            {
                "apiName": "VTubeStudioPublicAPI",
                "apiVersion": "1.0",
                "requestID": number,
                "messageType": f"{kind}Request",
                "data": data,
            }
        )
        async with asyncio.timeout(patience or ANSWER_SECONDS):
            while True:
                answer = await self._receive()
                if answer.get("requestID") != number:
                    continue  # an answer that came too late, or an event
                found = answer.get("data")
                given = found if isinstance(found, dict) else {}
                if answer.get("messageType") == "APIError":
                    raise _error(given)
                return given

    async def _receive(self) -> dict[str, Any]:
        message = await self._socket.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise ConnectionError
        try:
            answer = json.loads(message.data)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise VtsError("what answers is not VTube Studio")
        return answer

    async def sign_in(self, path: Path) -> None:
        """By the token in ``path``; without one that holds, the streamer is asked. Raises VtsError."""
        token = _kept(path)
        if token and await self._authenticate(token):
            return
        given = await self.ask(
            "AuthenticationToken", patience=ALLOW_SECONDS, pluginName=NAME, pluginDeveloper=DEVELOPER
        )
        token = str(given.get("authenticationToken", ""))
        if not await self._authenticate(token):
            raise VtsError("VTube Studio gives no token that it takes")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.write_whole(path, [json.dumps({"token": token}).encode() + b"\n"])
        except OSError as error:
            log.warning(
                "what VTube Studio allowed cannot be kept in %s (%s): it asks again whenever it is connected",
                escaped(str(path)),
                error.strerror,
            )

    async def _authenticate(self, token: str) -> bool:
        answer = await self.ask(
            "Authentication", pluginName=NAME, pluginDeveloper=DEVELOPER, authenticationToken=token
        )
        return answer.get("authenticated") is True


@asynccontextmanager
async def connected(host: str, port: int) -> AsyncGenerator[VtsClient, None]:
    """A connection that is not signed in yet. Raises ``http.FAILURES`` and TimeoutError."""
    async with aiohttp.ClientSession() as session:
        async with asyncio.timeout(ANSWER_SECONDS):
            socket = await session.ws_connect(
                f"ws://{host}:{port}",
                max_msg_size=MESSAGE_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=0.5),
            )
        async with socket:
            yield VtsClient(socket)


def _kept(path: Path) -> str:
    try:
        with files.open_regular(path) as file:
            token = json.loads(file.read(4096))["token"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return ""
    return token if isinstance(token, str) else ""


_HINTS = {
    DENIED: "start banban again and click Allow in VTube Studio",
    ONGOING: "click Allow in VTube Studio",
    SWITCHED_OFF: "in VTube Studio, switch on Settings → General → Allow Plugin API access",
}


def _error(data: dict[str, Any]) -> VtsError:
    number = data.get("errorID")
    number = number if isinstance(number, int) else -1
    told = clean(str(data.get("message") or f"error {number}"), 160)
    return VtsError(f"VTube Studio refuses: {told}", number, _HINTS.get(number, ""))
