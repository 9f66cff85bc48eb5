"""A server that speaks VTube Studio's API as its documentation has it, and remembers what it was told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import frames
from aiohttp import WSMsgType, web

TOKEN = "a-token-of-vts"
HOTKEYS = [
    {"name": "Smile", "type": "ToggleExpression", "hotkeyID": "1"},
    {"name": "Wave", "type": "TriggerAnimation", "hotkeyID": "2"},
]


class VtsServer:
    """``allows``: whether somebody clicks "Allow"; None: nobody clicks."""

    def __init__(self) -> None:
        self.allows: bool | None = True
        self.tokens = {TOKEN}
        self.asked_to_allow = 0
        self.sessions = self.looks = 0
        self.created: dict[str, dict[str, Any]] = {}
        self.injected: list[dict[str, float]] = []
        self.hotkeys: list[str] = []
        self.worn: set[str] = set()
        """The expressions that are shown, by their hotkeys."""
        self.available: list[Any] = list(HOTKEYS)
        self.model_loaded = True
        self.answers = True
        self.garbage: str | None = None
        self.spoils: Callable[[dict[str, Any]], list[Any]] | None = None
        """Makes of an answer what is sent in its place: text, bytes, or anything that JSON has."""
        self.port = 0
        self._sockets: set[web.WebSocketResponse] = set()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        for socket in list(self._sockets):
            await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        self.sessions += 1
        signed_in = False
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT or not self.answers:
                    continue
                if self.garbage is not None:
                    await socket.send_str(self.garbage)
                    continue
                asked = json.loads(message.data)
                assert asked["apiName"] == "VTubeStudioPublicAPI"
                kind, data = asked["messageType"].removesuffix("Request"), asked["data"]
                answer: dict[str, Any] | None
                if kind == "AuthenticationToken":
                    answer = await self._allowed()
                elif kind == "Authentication":
                    signed_in = data["authenticationToken"] in self.tokens
                    answer = {"authenticated": signed_in, "reason": ""}
                elif not signed_in:
                    answer = _error(8, "This request requires authentication.")
                else:
                    answer = self._answer(kind, data)
                failed = "errorID" in answer
                whole = {
                    "apiName": "VTubeStudioPublicAPI",
                    "apiVersion": "1.0",
                    "timestamp": 1625405710728,
                    "requestID": asked["requestID"],
                    "messageType": "APIError" if failed else f"{kind}Response",
                    "data": answer,
                }
                for frame in self.spoils(whole) if self.spoils else [whole]:
                    await frames.send(socket, frame)
        finally:
            self._sockets.discard(socket)
        return socket

    async def _allowed(self) -> dict[str, Any]:
        self.asked_to_allow += 1
        while self.allows is None:
            await asyncio.sleep(0.01)
        if not self.allows:
            return _error(50, "User has denied API access for your plugin.")
        self.tokens.add(TOKEN)
        return {"authenticationToken": TOKEN}

    def _answer(self, kind: str, data: dict[str, Any]) -> dict[str, Any]:  # noqa: PLR0911  # one for each kind
        match kind:
            case "ParameterCreation":
                assert 4 <= len(data["parameterName"]) <= 32
                assert data["parameterName"].isalnum()
                self.created[data["parameterName"]] = data
                return {"parameterName": data["parameterName"]}
            case "InjectParameterData":
                known = {"MouthOpen", *self.created}
                values = {row["id"]: row["value"] for row in data["parameterValues"]}
                if not set(values) <= known:
                    return _error(453, "Parameter not found.")
                self.injected.append(values)
                return {}
            case "HotkeysInCurrentModel":
                self.looks += 1
                return {
                    "modelLoaded": self.model_loaded,
                    "modelName": "Banban" if self.model_loaded else "",
                    "modelID": "id",
                    "availableHotkeys": self.available if self.model_loaded else [],
                }
            case "ExpressionState":
                return {"modelLoaded": self.model_loaded, "expressions": self._states(data)}
            case "HotkeyTrigger":
                self.hotkeys.append(data["hotkeyID"])
                self.worn ^= {data["hotkeyID"]} & {*self._expressions}
                return {"hotkeyID": data["hotkeyID"]}
        return _error(7, "Unknown request.")

    @property
    def _expressions(self) -> list[str]:
        return [row["name"] for row in self.available if row["type"] == "ToggleExpression"]

    def _states(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {
                "name": f"{name}.exp3",
                "file": f"{name}.exp3.json",
                "active": name in self.worn,
                "usedInHotkeys": [{"name": name, "id": "1"}] if asked.get("details") else [],
            }
            for name in self._expressions
        ]


def _error(number: int, message: str) -> dict[str, Any]:
    return {"errorID": number, "message": message}


@asynccontextmanager
async def vts_server() -> AsyncGenerator[VtsServer, None]:
    """One that listens at a free port."""
    server = VtsServer()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
