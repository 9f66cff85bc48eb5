"""A model server in this process that does as it is told, well or badly, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from vtuber.brain import Prompt, PromptLine
from vtuber.config import Settings
from vtuber.core.simulated import SimulatedLoop

Way = Callable[["Call"], Awaitable[web.StreamResponse]]
"""How one request is answered."""

SYSTEM = PromptLine("system", "You are 板板.")
HI = PromptLine("viewer", "hi there", "Kai")
MODELS = {"data": [{"id": "models/her.gguf"}]}


class Impatient(SimulatedLoop):
    """Simulated time that goes on as soon as nothing happens: the server answers from this very loop."""

    PATIENCE = 0.02


def simulated(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=Impatient) as runner:
        runner.run(main)


def ask(*lines: PromptLine, so_far: str = "", max_tokens: int = 40) -> Prompt:
    lines = lines or (HI,)
    return Prompt((SYSTEM, *lines), 1, max_tokens, 7, so_far, ("板板", "banban"))


class Call:
    """One chat request."""

    def __init__(self, request: web.Request, body: dict[str, Any]) -> None:
        self.request = request
        self.body = body

    @property
    def roles(self) -> list[str]:
        return [message["role"] for message in self.body["messages"]]

    async def begin(self, kind: str = "text/event-stream") -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": kind})
        await response.prepare(self.request)
        return response


def event(text: str | None = None, **more: Any) -> bytes:
    """A chunk of a stream with this text, or with ``more`` in its choice."""
    choice = {"index": 0, "delta": {} if text is None else {"content": text}, "finish_reason": None, **more}
    return b"data: " + json.dumps({"choices": [choice]}, ensure_ascii=False).encode() + b"\n\n"


END = event(finish_reason="stop") + b"data: [DONE]\n\n"


def stream(*texts: str, end: bytes = END, kind: str = "text/event-stream") -> Way:
    """Says these pieces, as a server should."""
    return sends(*(event(text) for text in texts), end, kind=kind)


def sends(*parts: bytes, kind: str = "text/event-stream") -> Way:
    """Sends these bytes, each by itself, and ends well."""

    async def way(call: Call) -> web.StreamResponse:
        response = await call.begin(kind)
        for part in parts:
            await response.write(part)
            await asyncio.sleep(0)
        await response.write_eof()
        return response

    return way


def breaks_off(*texts: str) -> Way:
    """Says these pieces and hangs up in the middle."""

    async def way(call: Call) -> web.StreamResponse:
        response = await call.begin()
        await response.write(b"".join(map(event, texts)))
        await asyncio.sleep(0.01)
        assert call.request.transport
        call.request.transport.abort()
        return response

    return way


def trickles(text: str, then: bytes = b"", *, pause: float = 0.1) -> Way:
    """Says the same again and again, or only once and ``then`` that; never ends."""

    async def way(call: Call) -> web.StreamResponse:
        response = await call.begin()
        while True:
            await response.write(event(text) + then)
            await asyncio.sleep(pause)
            if then:
                await asyncio.sleep(3600)

    return way


def says(told: Any, status: int = 200, **headers: str) -> Way:
    """Answers with JSON, or with text as HTML."""

    async def way(_: Call) -> web.StreamResponse:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(told, str):
            return web.Response(text=told, status=status, headers=names, content_type="text/html")
        return web.json_response(told, status=status, headers=names)

    return way


def error(message: str, status: int = 400, **headers: str) -> Way:
    return says({"error": {"message": message, "type": "invalid_request_error"}}, status, **headers)


def whole(text: str, prompt_tokens: int = 20) -> Way:
    """Answers without a stream."""
    return says(
        {
            "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": 3},
        }
    )


async def silence(call: Call) -> web.StreamResponse:
    await asyncio.sleep(3600)
    raise AssertionError("nobody waits so long")


class ModelServer:
    """``ways`` answer the requests for a stream, one each, and the last one all that follow.

    Other requests, with which a brain looks and warms itself, are answered by ``aside``.
    """

    def __init__(self, *ways: Way) -> None:
        self.ways = list(ways)
        self.aside: Way = whole("Hi")
        self.models: Any = MODELS
        self.props: Any = None
        self.own: dict[str, Any] = {}
        """What it answers at addresses of its own API: JSON, or what makes it of the posted JSON."""
        self.calls: list[Call] = []
        self.looked: list[str] = []
        """Which addresses of its own API were asked."""
        self.url = ""

    @property
    def streams(self) -> list[Call]:
        return [call for call in self.calls if call.body.get("stream")]

    def settings(self, **brain: Any) -> Settings:
        told = {"use": "openai", "openai": {"url": self.url}, "first_token_seconds": 4, **brain}
        return Settings.model_validate({"brain": told})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        call = Call(request, await request.json())
        self.calls.append(call)
        if not call.body.get("stream"):
            return await self.aside(call)
        way = self.ways.pop(0) if len(self.ways) > 1 else self.ways[0]
        return await way(call)

    async def _list(self, _: web.Request) -> web.StreamResponse:
        if callable(self.models):
            answer: web.StreamResponse = await self.models()
            return answer
        return web.json_response(self.models) if self.models else web.Response(status=404)

    async def _own(self, request: web.Request) -> web.StreamResponse:
        self.looked.append(request.path)
        if request.path not in self.own:
            return web.Response(status=404)
        answer = self.own[request.path]
        return web.json_response(answer(await request.json()) if callable(answer) else answer)

    async def _props(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(self.props) if self.props else web.Response(status=404)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[ModelServer]:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_get("/v1/models", self._list)
        app.router.add_get("/props", self._props)
        app.router.add_route("*", "/{path:.*}", self._own)
        runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=0.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        try:
            yield self
        finally:
            await runner.cleanup()
