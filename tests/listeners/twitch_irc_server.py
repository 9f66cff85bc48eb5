"""A server that speaks Twitch's IRC over a websocket, each connection by a script of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

Script = Callable[["Caller"], Awaitable[None]]


class Caller:
    """The server's side of one connection."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.request = request
        self.said: list[str] = []

    async def line(self) -> str:
        return (await self.socket.receive_str(timeout=5)).removesuffix("\r\n")

    async def welcome(self) -> None:
        """What Twitch says to an anonymous reader."""
        assert await self.line() == "CAP REQ :twitch.tv/tags twitch.tv/commands"
        nick = (await self.line()).removeprefix("NICK ")
        assert nick.startswith("justinfan")
        assert nick[9:].isdigit()
        join = await self.line()
        assert join == "JOIN #room"
        await self.send(":tmi.twitch.tv CAP * ACK :twitch.tv/tags twitch.tv/commands")
        await self.send(f":tmi.twitch.tv 001 {nick} :Welcome, GLHF!", f":tmi.twitch.tv 376 {nick} :>")
        await self.send(
            f":{nick}!{nick}@{nick}.tmi.twitch.tv JOIN #room", "@room-id=1 :tmi.twitch.tv ROOMSTATE #room"
        )

    async def send(self, *lines: str) -> None:
        await self.socket.send_str("".join(line + "\r\n" for line in lines))

    async def drop(self) -> None:
        assert self.request.transport
        self.request.transport.abort()


def said(number: int, text: str = "hi") -> str:
    return (
        f"@id=m{number};user-id=7;display-name=Ann :ann!ann@ann.tmi.twitch.tv PRIVMSG #room :{text} {number}"
    )


@asynccontextmanager
async def server(*scripts: Script) -> AsyncIterator[str]:
    """Each connection follows its own script; one without a script is welcomed and gets nothing."""
    waiting = list(scripts)
    failures: list[BaseException] = []

    async def answer(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(timeout=0.2)
        await socket.prepare(request)
        caller = Caller(socket, request)
        try:
            if waiting:
                await waiting.pop(0)(caller)
            else:
                await caller.welcome()
                await socket.receive()
        except AssertionError as failure:
            failures.append(failure)
        return socket

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"ws://{host}:{port}/"
    finally:
        await runner.cleanup()
    assert not failures, failures
