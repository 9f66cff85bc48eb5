"""What "auto" stands for: a model that is named, a server on this machine, a fetched model, or the toy."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from model_server import ModelServer, stream

from vtuber.brain.choice import choose
from vtuber.brain.openai import discovery
from vtuber.brain.openai.backend import OpenAi
from vtuber.brain.openai.discovery import PORTS
from vtuber.brain.openai.errors import KEY
from vtuber.config import Settings
from vtuber.models import store

GOOD = stream("Hello there.")


@contextmanager
def deaf(count: int) -> Iterator[list[int]]:
    """Ports that accept and never answer."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        yield [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()


def use(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    monkeypatch.setenv(PORTS, ",".join(map(str, ports)))


def port_of(server: ModelServer) -> int:
    return int(server.url.rpartition(":")[2].partition("/")[0])


def listing(*names: str, **more: Any) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": name, "object": "model", **more} for name in names]}


@pytest.fixture(autouse=True)
def no_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(store, "folder", lambda: tmp_path / "models")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "models"


async def test_ports_that_accept_and_never_answer_hold_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    with deaf(len(discovery.USUAL)) as ports:
        use(monkeypatch, *ports)
        async with asyncio.timeout(1.0):
            chosen = await choose(Settings())
    assert chosen.brain.is_toy


async def test_a_server_is_found_beside_deaf_ones_and_backed_by_the_toy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = ModelServer(GOOD)
    server.models = listing("bge-m3", "her-8b")
    monkeypatch.setenv(KEY, "sk-secret")
    async with server.running():
        with deaf(3) as ports:
            use(monkeypatch, *ports, port_of(server))
            chosen = await choose(Settings())
        assert (chosen.brain.use, chosen.brain.then) == ("openai", ("llama",))
        brain = OpenAi(chosen)
        await brain.start(lambda _share, _words: None)
        assert brain.health().what.startswith("her-8b at a model server (127.0.0.1:")
        assert not any("Authorization" in call.request.headers for call in server.calls)
        await brain.stop()
