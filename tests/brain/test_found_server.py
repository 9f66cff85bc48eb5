"""A model server on a usual port, met by the program as a streamer runs it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from model_server import Call, ModelServer, Way, event, says, sends, stream, whole
from test_live import Live

from vtuber.brain.openai.discovery import PORTS

CHINESE = "[happy] 嗨！我最喜歡珍珠奶茶，全糖正常冰。"


def ollama(server: ModelServer, *names: str) -> None:
    server.models = {"object": "list", "data": [{"id": name, "object": "model"} for name in names]}
    server.own = {
        "/api/tags": {"models": [{"name": name} for name in names]},
        "/api/ps": {"models": []},
        "/api/show": lambda body: {"capabilities": ["embedding" if "bge" in body["model"] else "completion"]},
    }


@contextmanager
def beside(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server in a thread of its own, on the only port that is asked."""
    over, there = asyncio.Event(), threading.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with server.running():
            there.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert there.wait(10)
        monkeypatch.setenv(PORTS, server.url.rpartition(":")[2].removesuffix("/v1"))
        yield
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Callable[..., Live]]:
    shows: list[Live] = []

    def begin(*arguments: str, **options: Any) -> Live:
        shows.append(Live(tmp_path / "show", *arguments, **options))
        return shows[-1]

    yield begin
    for show in shows:
        show.end()


def check(folder: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """What `banban check` says of the brain, and its exit status."""
    done = subprocess.run(
        [sys.executable, "-m", "vtuber.app", "check", "--json", *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=180,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, next(row for row in json.loads(done.stdout) if row["part"] == "brain")


def test_she_speaks_chinese_with_the_model_of_a_server_that_was_found(
    live: Callable[..., Live], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ModelServer(stream(*CHINESE))

    async def cold(_: Call) -> web.StreamResponse:
        await asyncio.sleep(0.5)
        return await whole("嗨")(_)

    ollama(server, "bge-m3:latest", "qwen3:8b")
    server.aside = cold
    with beside(server, monkeypatch):
        show = live()
        show.until_on_air()
        assert "is loading qwen3:8b" in show.said
        assert "openai: qwen3:8b at Ollama (127.0.0.1:" in show.said
        assert "; then llama: a toy model" in show.said
        show.types("板板你好，你喜歡喝什麼？")
        show.until(lambda: show.journal("reply"))
        said = "".join(line["text"] for line in show.journal("sentence"))
        assert "我最喜歡珍珠奶茶" in said
        assert {call.body["model"] for call in server.calls} == {"qwen3:8b"}
        assert "板板你好，你喜歡喝什麼？" in server.streams[-1].body["messages"][-1]["content"]


def test_check_prints_her_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ModelServer(stream(*CHINESE))
    ollama(server, "qwen3:8b")
    with beside(server, monkeypatch):
        status, brain = check(tmp_path)
    assert "openai says: “嗨！我最喜歡珍珠奶茶，全糖正常冰。”" in brain["what"]
    assert "llama says: “" in brain["what"]
    assert brain["state"] == "ok"
    assert status == 0


def thinks(call: Call) -> Any:
    message = {"role": "assistant", "content": "", "reasoning_content": "The user says hello. Hm."}
    if call.body["stream"]:
        return sends(event(None, delta=message), event(finish_reason="length"))(call)
    return says({"choices": [{"message": message, "finish_reason": "length"}]})(call)


@pytest.mark.parametrize(
    ("way", "what", "hint"),
    [
        (thinks, "only thinks", "switch thinking off"),
        (stream("<|im_start|>", "<|im_end|>"), "no sentence", "prompt template"),
        (stream("▁Hi▁there▁you"), "no sentence", "prompt template"),
        (
            says({"error": "this model does not support chat"}, 400),
            "does not support chat",
            "brain.openai.model",
        ),
    ],
    ids=["thinks for ever", "tokens", "raw words", "cannot chat"],
)
def test_check_says_what_is_wrong_with_a_model(
    way: Way, what: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ModelServer(way)
    ollama(server, "odd:8b")
    if way is thinks or "chat" in what:
        server.aside = way
    (tmp_path / "config.toml").write_text('[brain]\nuse = "openai"\n[brain.openai]\nurl = "URL"\n')
    with beside(server, monkeypatch):
        text = (tmp_path / "config.toml").read_text().replace("URL", server.url)
        (tmp_path / "config.toml").write_text(text)
        status, brain = check(tmp_path)
    assert (status, brain["state"]) == (1, "down")
    assert what in brain["what"]
    assert hint in brain["hint"]
