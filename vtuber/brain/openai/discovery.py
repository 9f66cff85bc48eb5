"""Finds a model server that runs on this machine.

All the usual ports are asked at once, and for no longer than a second. Nothing but loopback is asked, and
what is found there is sent no key.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from vtuber.brain.openai.client import ModelServerClient
from vtuber.brain.openai.errors import ServerError
from vtuber.brain.openai.offered import Catalogue, more_of
from vtuber.config import OpenAi

USUAL = {
    1234: "LM Studio",
    11434: "Ollama",
    8080: "llama.cpp",
    5000: "text-generation-webui",
    8000: "a model server",
}
"""What usually listens at which port, what is preferred first. 8000 is vLLM's, and others'."""
PORTS = "BANBAN_MODEL_PORTS"
"""The environment variable with other ports, such as "1234,9000"; empty: none is asked."""
_LIST_SECONDS, _MORE_SECONDS = 0.6, 0.3
"""So long a server may take to list its models, and to tell more of them."""


class FoundServer(OpenAi):
    """A server that nobody configured: a stranger, who is sent no key."""

    program: str = ""
    """What it is, for people."""


def ports() -> list[int]:
    """Those to be asked."""
    given = os.environ.get(PORTS)
    if given is None:
        return list(USUAL)
    return [int(one) for one in given.split(",") if one.strip().isdecimal() and 0 < int(one) < 65536]


async def find(wanted: str = "") -> FoundServer | None:
    """The best server there is: one with the ``wanted`` model, else with one in memory, else with any."""
    answers = await asyncio.gather(*(_ask(port, wanted) for port in ports()))
    found = [answer for answer in answers if answer is not None]
    return min(found, key=lambda answer: answer[0])[1] if found else None  # the first of equals


async def _ask(port: int, wanted: str) -> tuple[int, FoundServer] | None:
    """The server at a port, and how little it is worth."""
    url = f"http://127.0.0.1:{port}/v1"
    usual = USUAL.get(port, "a model server")
    try:
        async with _client(url) as client:
            async with asyncio.timeout(_LIST_SECONDS):
                listed = await client.models(strict=True)  # a stranger is asked no more than this
            catalogue = await more_of(client, listed, _MORE_SECONDS) if listed else Catalogue("", ())
    except TimeoutError:
        return None
    except ServerError as error:
        if not error.loading:
            return None
        return 2, FoundServer(url=url, model=wanted, program=usual)
    if not catalogue.talkers:
        return None
    found = FoundServer(url=url, model=wanted, program=catalogue.program or usual)
    if wanted:
        return (0 if catalogue.of(wanted) else 3), found
    return (1 if catalogue.talkers[0].loaded else 2), found


@asynccontextmanager
async def _client(url: str) -> AsyncIterator[ModelServerClient]:
    client = ModelServerClient(url, key="")
    try:
        yield client
    finally:
        await client.close()
