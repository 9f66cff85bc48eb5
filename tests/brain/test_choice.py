"""What "auto" stands for: a model that is named, a server on this machine, a fetched model, or the toy."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from model_server import ModelServer, stream

from vtuber import character
from vtuber.brain.choice import choose, languages
from vtuber.brain.openai import discovery
from vtuber.brain.openai.backend import OpenAi
from vtuber.brain.openai.discovery import PORTS
from vtuber.brain.openai.errors import KEY
from vtuber.config import Brain, Settings
from vtuber.models import best, machine, store
from vtuber.models.choices import GB
from vtuber.models.gguf import Header
from vtuber.models.machine import Card, Machine

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
        async with asyncio.timeout(30.0):  # a busy machine is no failure
            chosen = await choose(Settings())
    assert chosen.brain.is_toy
    assert discovery._LIST_SECONDS + discovery._MORE_SECONDS < 1.0  # all are asked at once


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


def page() -> web.Response:
    return web.Response(text="<!doctype html><p>my site", content_type="text/html")


STRANGERS: dict[str, Any] = {
    "a web page": page,
    "a file server's 404": None,
    "a player that wants a password": lambda: web.Response(status=403),
    "moved elsewhere": lambda: web.Response(status=307, headers={"Location": "http://127.0.0.1:1/"}),
    "some other JSON": {"data": [{"id": "her-8b"}]},
    "a list of nothing": {"object": "list", "data": []},
    "only embeddings": listing("bge-m3"),
    "no JSON at all": lambda: web.Response(body=b"\xff\xfe\x00", content_type="application/json"),
    "an endless answer": lambda: web.Response(body=b"[" * 3_000_000, content_type="application/json"),
}


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_what_is_no_model_server_is_left_alone(stranger: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ModelServer(GOOD)
    answer = STRANGERS[stranger]

    async def listed() -> web.Response:
        return answer()  # type: ignore[no-any-return]

    server.models = listed if callable(answer) else answer
    if stranger == "only embeddings":
        server.own["/api/tags"] = {"models": [{"name": "bge-m3"}]}
        server.own["/api/ps"] = {"models": []}
        server.own["/api/show"] = {"capabilities": ["embedding"]}
    async with server.running():
        use(monkeypatch, port_of(server))
        chosen = await choose(Settings())
    assert chosen.brain.is_toy
    assert not server.calls
    assert stranger == "only embeddings" or not server.looked  # a stranger is asked for a list, and no more


async def test_of_several_the_one_with_a_model_in_memory_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    idle, busy = ModelServer(GOOD), ModelServer(GOOD)
    idle.models, busy.models = listing("a"), listing("b")
    for server, state in ((idle, "not-loaded"), (busy, "loaded")):
        name = server.models["data"][0]["id"]
        server.own["/api/v0/models"] = {"data": [{"id": name, "type": "llm", "state": state}]}
    async with idle.running(), busy.running():
        use(monkeypatch, port_of(idle), port_of(busy))
        assert (await choose(Settings())).brain.openai.url == busy.url


async def test_of_equals_the_usual_order_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = ModelServer(GOOD), ModelServer(GOOD)
    one.models = other.models = listing("a")
    async with one.running(), other.running():
        use(monkeypatch, port_of(other), port_of(one))
        assert (await choose(Settings())).brain.openai.url == other.url


async def test_the_server_that_has_the_model_in_config_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = ModelServer(GOOD), ModelServer(GOOD)
    one.models, other.models = listing("a"), listing("b")
    async with one.running(), other.running():
        use(monkeypatch, port_of(one), port_of(other))
        chosen = await choose(Settings(brain=Brain.model_validate({"openai": {"model": "b"}})))
    assert (chosen.brain.openai.url, chosen.brain.openai.model) == (other.url, "b")


async def test_a_server_that_still_loads_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ModelServer(GOOD)

    async def listed() -> web.Response:
        return web.json_response({"error": {"message": "Loading model", "code": 503}}, status=503)

    server.models = listed
    async with server.running():
        use(monkeypatch, port_of(server))
        assert (await choose(Settings())).brain.openai.url == server.url


async def test_a_named_model_is_taken_and_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ModelServer(GOOD)
    server.models = listing("a")
    async with server.running():
        use(monkeypatch, port_of(server))
        for brain in ({"model": "her.gguf"}, {"use": "llama"}, {"use": "scripted"}):
            chosen = await choose(Settings(brain=Brain.model_validate(brain)))
            assert chosen.brain.openai == Brain().openai
            assert chosen.brain.use in ("llama", "scripted")
        assert (await choose(Settings(), servers=False)).brain.is_toy


async def test_an_address_in_config_is_taken_with_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "sk-secret")
    server, found = ModelServer(GOOD), ModelServer(GOOD)
    found.models = listing("a")
    async with server.running(), found.running():
        use(monkeypatch, port_of(found))
        chosen = await choose(Settings(brain=Brain.model_validate({"openai": {"url": server.url}})))
        assert (chosen.brain.use, chosen.brain.openai.url) == ("openai", server.url)
        brain = OpenAi(chosen)
        await brain.start(lambda _share, _words: None)
        assert server.calls[0].request.headers["Authorization"] == "Bearer sk-secret"
        await brain.stop()


async def test_who_stands_in_by_config_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ModelServer(GOOD)
    server.models = listing("a")
    async with server.running():
        use(monkeypatch, port_of(server))
        chosen = await choose(Settings(brain=Brain(then=("scripted",), patience_seconds=3)))
        assert (chosen.brain.then, chosen.brain.patience_seconds) == (("scripted",), 3)


@pytest.mark.parametrize("given", ["", "0", "99999", "http://evil.example:80", "-1,,x", "1.2.3.4:80"])
async def test_only_ports_of_this_machine_can_be_named(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PORTS, given)
    assert discovery.ports() == []
    assert await discovery.find() is None


def test_the_usual_ports() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(PORTS)
        assert discovery.ports() == [1234, 11434, 8080, 5000, 8000]


# Models that were fetched


def header(path: Path, size: float, **more: Any) -> Header:
    facts = {"chat_template": "{{ messages }}", "parameters": 10**9, **more}
    return Header(path, int(size * GB), path.stem, "llama", quantization="Q4_K_M", context=8192, **facts)


def fetched(*headers: Header, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "fetched", lambda: list(headers))


def test_the_best_is_the_largest_that_fits_and_can_chat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched(
        header(tmp_path / "small.gguf", 1.1),
        header(tmp_path / "good.gguf", 4.9),
        header(tmp_path / "tight.gguf", 8.8),
        header(tmp_path / "huge.gguf", 40),
        header(tmp_path / "base.gguf", 5, chat_template=""),
        header(tmp_path / "search.gguf", 5.1, pools=True),
        header(tmp_path / "lora.gguf", 5.2, kind="adapter"),
        header(tmp_path / "vocabulary.gguf", 5.3, parameters=0),
        monkeypatch=monkeypatch,
    )
    for here, name in (
        (Machine(16 * GB), "good"),
        (Machine(64 * GB), "tight"),
        (Machine(4 * GB), "small"),
        (Machine(16 * GB, (Card("card", 96 * GB),)), "huge"),
    ):
        found = best.best([], here)
        assert found is not None
        assert found.path.stem == name
    assert best.best([], Machine(1 * GB)) is None


def test_a_model_that_speaks_her_language_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "models"
    fetched(
        header(folder / "HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF/a.gguf", 3),
        header(folder / "unsloth/Qwen3-4B-Instruct-2507-GGUF/b.gguf", 2.5),
        header(folder / "own.gguf", 4),
        monkeypatch=monkeypatch,
    )
    for spoken, name in ((["Chinese", "English"], "b"), (["English"], "a"), (["Japanese"], "own")):
        found = best.best(spoken, Machine(16 * GB))
        assert found is not None
        assert found.path.stem == name


async def test_a_fetched_model_is_used_and_stands_behind_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "models/own.gguf"
    fetched(header(path, 0.1), monkeypatch=monkeypatch)
    monkeypatch.setattr(machine, "memory", lambda: Machine(16 * GB))
    chosen = await choose(Settings())
    assert (chosen.brain.use, chosen.brain.model) == ("llama", str(path))
    server = ModelServer(GOOD)
    server.models = listing("a")
    async with server.running():
        use(monkeypatch, port_of(server))
        chosen = await choose(Settings())
        assert (chosen.brain.use, chosen.brain.then, chosen.brain.model) == ("openai", ("llama",), str(path))
        fetched(header(path, 7.9), monkeypatch=monkeypatch)
        monkeypatch.setattr("psutil.virtual_memory", Free)
        assert (await choose(Settings())).brain.model == ""  # no room for two


class Free:
    total, available = 16 * GB, 5 * GB


def test_what_she_speaks() -> None:
    assert languages(character.load("banban")) == ["Chinese", "English"]
