"""A model server that says one sentence to everything, at a steady pace, in a process of its own.

It speaks the API of OpenAI, as a cluster behind vLLM does: so many requests are answered side by side, each
at full pace, and those beyond them wait for their turn.

    python -m benchmarks.scripted_server [--slots 64] [--first 0.2] [--rate 40]

Prints its address.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import PIPE, Popen

from aiohttp import web

REPLY = "Pineapple on pizza is always the right answer, my friend."
SIZE = 4
"""Characters of a token."""


class ScriptedServer:
    """Its first token comes after ``first`` seconds, ``rate`` tokens a second then."""

    def __init__(self, slots: int, first: float, rate: float) -> None:
        self._slots = asyncio.Semaphore(slots)
        self._first, self._rate = first, rate
        self.app = web.Application()
        self.app.router.add_get("/v1/models", self._models)
        self.app.router.add_post("/v1/chat/completions", self._answer)

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "scripted"}]})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        async with self._slots:
            if not asked.get("stream"):
                message = {"role": "assistant", "content": "No"}
                choice = {"index": 0, "message": message, "finish_reason": "stop"}
                return web.json_response({"choices": [choice]})
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            await asyncio.sleep(self._first)
            for start in range(0, len(REPLY), SIZE):
                await response.write(_chunk({"content": REPLY[start : start + SIZE]}, None))
                await asyncio.sleep(1 / self._rate)
            await response.write(_chunk({}, "stop") + b"data: [DONE]\n\n")
            return response


def _chunk(delta: dict[str, str], reason: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


@contextmanager
def running(*options: str) -> Iterator[str]:
    """The server in a process; gives the address for ``brain.openai.url``."""
    command = [sys.executable, "-m", "benchmarks.scripted_server", *options]
    with Popen(command, stdout=PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


async def _serve(server: ScriptedServer) -> None:
    runner = web.AppRunner(server.app, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    host, port = runner.addresses[0][:2]
    sys.stdout.write(f"http://{host}:{port}/v1\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    """Serves until it is killed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--slots", type=int, default=64)
    arguments.add_argument("--first", type=float, default=0.2)
    arguments.add_argument("--rate", type=float, default=40.0)
    given = arguments.parse_args()
    logging.disable()  # who hangs up in mid-answer is no fault

    async def serve() -> None:
        await _serve(ScriptedServer(given.slots, given.first, given.rate))

    asyncio.run(serve())


if __name__ == "__main__":
    main()
