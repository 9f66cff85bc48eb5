"""A show that says what a test wants, over the API of a real one, for the control panel's tests."""

from __future__ import annotations

import asyncio
import io
import json
import wave
from typing import Any

from aiohttp import web

from vtuber.stage.access import HEADERS, Handler
from vtuber.stage.control import page

STREAMER, MODERATOR = "streamer-token", "moderator-token"
EVERYTHING = {
    "hush": "", "skip": "", "pause": "", "resume": "", "mute": "SECONDS", "say": "TEXT", "ask": "TEXT",
    "ignore": "@NAME [MINUTES]", "unignore": "@NAME", "held": "", "allow": "NUMBER", "deny": "NUMBER",
    "next": "ID", "drop": "ID", "forget": "@NAME", "topic": "[TEXT]", "mood": "[NAME]", "voice": "[NAME]",
    "loudness": "[LUFS]", "slow": "SECONDS", "status": "", "air": "[on|off|SECONDS]", "yes": "NUMBER",
    "no": "NUMBER", "edit": "NUMBER [TEXT]", "rate": "[#TURN] good|bad|TEXT", "scene": "NAME",
}  # fmt: skip
FEWER = (
    "hush",
    "skip",
    "pause",
    "resume",
    "ask",
    "ignore",
    "unignore",
    "held",
    "allow",
    "deny",
    "next",
    "drop",
)


EVENTS = 50_000
"""So many may wait for a panel: more than any test tells."""


def quiet() -> dict[str, Any]:
    """The state of a show in which nothing happens."""
    return {
        "now": {
            "state": "listening",
            "paused": False,
            "silent_for": 0,
            "turn": 0,
            "speaker": "",
            "whom": None,
            "why": {"rank": None, "reasons": []},
            "losers": [],
            "sentences": [],
            "next": None,
        },
        "queue": [],
        "air": {"on": False, "seconds": None, "waiting": []},
        "chat": [],
        "alerts": [],
        "health": [{"part": "brain", "state": "ok", "what": "a model", "hint": ""}],
        "delays": {},
        "journal": [],
        "settings": {
            "mood": "",
            "moods": ["happy", "sad"],
            "topic": "",
            "slow": 0,
            "voices": ["hibari", "edge"],
            "voice": "hibari",
            "loudness": -16,
            "character": "板板",
        },
        "viewers": [],
    }


@web.middleware
async def _strictly(request: web.Request, handler: Handler) -> web.StreamResponse:
    answer = await handler(request)
    if not answer.prepared:
        answer.headers.update(HEADERS)
    return answer


class ScriptedShow:
    """Tells every panel the same, and remembers which commands came."""

    def __init__(self) -> None:
        self.state = quiet()
        self.given: list[tuple[str, str]] = []
        self.known: list[dict[str, Any]] = []
        self.tokens = {STREAMER: list(EVERYTHING), MODERATOR: list(FEWER)}
        self.panels: set[asyncio.Queue[bytes | None]] = set()
        self.connections = 0
        self.url = ""
        self.breathing = 1.0
        """Seconds between signs of life."""
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        app = web.Application(middlewares=[_strictly])
        app.add_routes(page.routes())
        app.router.add_get("/api/v1/me", self._me)
        app.router.add_get("/api/v1/events", self._events)
        app.router.add_get("/api/v1/viewers", self._viewers)
        app.router.add_get("/api/v1/air/{number}/sound", self._sound)
        app.router.add_post("/api/v1/commands/{name}", self._command)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/control"

    async def stop(self) -> None:
        self.drop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def drop(self) -> None:
        """Ends every stream."""
        for panel in self.panels:
            panel.put_nowait(None)

    def tell(self, kind: str, value: Any) -> None:
        """Sends an event to every panel; a part of the state is remembered for those that come later."""
        if kind in self.state and kind not in ("chat", "journal"):
            self.state[kind] = value
        event = _event(kind, value)
        for panel in self.panels:
            panel.put_nowait(event)

    def now(self, **changes: Any) -> None:
        self.tell("now", {**self.state["now"], **changes})

    def _may(self, request: web.Request) -> list[str]:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            raise web.HTTPUnauthorized(text="The token is missing or wrong.")
        return self.tokens[token]

    async def _me(self, request: web.Request) -> web.Response:
        commands = [
            {"name": name, "argument": EVERYTHING[name], "help": f"help for {name}"}
            for name in self._may(request)
        ]
        return web.json_response({"role": "streamer", "commands": commands})

    async def _viewers(self, request: web.Request) -> web.Response:
        self._may(request)
        return web.json_response({"viewers": self.known})

    async def _sound(self, request: web.Request) -> web.Response:
        self._may(request)
        self.given.append(("hear", request.match_info["number"]))
        written = io.BytesIO()
        with wave.open(written, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(24_000)
            file.writeframes(bytes(24_000))
        return web.Response(body=written.getvalue(), content_type="audio/wav")

    async def _command(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self._may(request):
            raise web.HTTPForbidden(text="Only the streamer may do this.")
        argument = (await request.json())["argument"] if request.can_read_body else ""
        self.given.append((name, argument))
        if name in ("pause", "resume"):
            self.now(paused=name == "pause")
        return web.json_response({"reply": f"did {name}", "done": argument != "nonsense"})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        self._may(request)
        answer = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await answer.prepare(request)
        panel: asyncio.Queue[bytes | None] = asyncio.Queue(EVENTS)
        self.panels.add(panel)
        self.connections += 1
        try:
            await answer.write(_event("state", self.state))
            while True:
                try:
                    event = await asyncio.wait_for(panel.get(), self.breathing)
                except TimeoutError:
                    event = b": here\n\n"
                if event is None:
                    break
                await answer.write(event)
        except ConnectionError:
            pass
        finally:
            self.panels.discard(panel)
        return answer


def _event(kind: str, value: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n".encode()
