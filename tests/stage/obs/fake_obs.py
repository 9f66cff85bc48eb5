"""A server that speaks OBS's protocol (obs-websocket 5) at the wire, for an OBS that cannot be had here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import frames
from aiohttp import WSMsgType, web

Data = dict[str, Any]
Answer = Callable[[Data], Data | None]
"""What OBS answers to a request's data; None: it refuses."""


def answers(**fields: Any) -> Callable[[Data], list[Any]]:
    """The same answers with these fields in place of theirs."""
    return lambda whole: [{**whole, "d": {**whole["d"], **fields}}]


SPOILS: dict[str, Callable[[Data], list[Any]]] = {
    "no JSON": lambda _: ["no json"],
    "deep": lambda _: ["[" * 100_000],
    "bytes": lambda _: [b"\xff" * 100],
    "a list": lambda _: [[]],
    "without an operation": lambda _: [{}],
    "of another type": lambda whole: [{"op": 7, "d": [whole["d"]]}],
    "too long": lambda _: ["x" * (2 << 20)],
    "to nobody": answers(requestId="none"),
    "without a status": answers(requestStatus=None),
    "data that is a list": answers(responseData=["x"]),
    "data that is a text": answers(responseData="x"),
    "names that are none": answers(responseData={"inputs": [{"inputName": {}}], "scenes": 7}),
    "no sources and no scenes": answers(responseData={"inputs": None, "scenes": [None]}),
}
"""Answers as no OBS gives them."""


class FakeObs:
    """Answers what ``answers`` has, refuses the rest, and remembers what it was asked."""

    def __init__(self, *, version: str = "31.0.0", greets: bool = True, speaks: bool = True) -> None:
        self.greets = greets
        self.speaks = speaks
        self.spoils: Callable[[Data], list[Any]] | None = None
        """Makes of an answer what is sent in its place: text, bytes, or anything that JSON has."""
        self.connections = 0
        self.port = 0
        self.asked: list[tuple[str, Data]] = []
        self.answers: dict[str, Answer] = {"GetVersion": lambda _: {"obsVersion": version}}
        self._sockets: list[web.WebSocketResponse] = []

    def done(self, name: str) -> list[Data]:
        """The data of every request of that name."""
        return [data for asked, data in self.asked if asked == name]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[FakeObs]:
        app = web.Application()
        app.add_routes([web.get("/", self._connect)])
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            for socket in self._sockets:
                await asyncio.wait_for(socket.close(), 1)
            await runner.cleanup()

    async def tell(self, name: str, **data: Any) -> None:
        """An event."""
        await self.send({"op": 5, "d": {"eventType": name, "eventIntent": 1, "eventData": data}})

    async def send(self, frame: Any) -> None:
        """Text, bytes, or anything that JSON has."""
        for socket in self._sockets:
            if not socket.closed:
                await frames.send(socket, frame)

    async def _connect(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(timeout=0.1)
        await socket.prepare(request)
        self._sockets.append(socket)
        self.connections += 1
        if self.greets:
            await socket.send_json({"op": 0, "d": {"obsWebSocketVersion": "5.5.0", "rpcVersion": 1}})
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            got = json.loads(message.data)
            if got["op"] == 1:
                await socket.send_json({"op": 2, "d": {"negotiatedRpcVersion": 1}})
            elif got["op"] == 6:
                await self._answer(socket, got["d"])
        return socket

    async def _answer(self, socket: web.WebSocketResponse, request: Data) -> None:
        name, data = request["requestType"], request.get("requestData", {})
        self.asked.append((name, data))
        if not self.speaks:
            return
        known = self.answers.get(name)
        answer = known(data) if known else None
        status = {"result": answer is not None, "code": 100 if answer is not None else 600}
        reply = {"requestType": name, "requestId": request["requestId"], "requestStatus": status}
        whole = {"op": 7, "d": {**reply, "responseData": answer or {}}}
        for frame in self.spoils(whole) if self.spoils else [whole]:
            await frames.send(socket, frame)
