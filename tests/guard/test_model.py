"""A model as guard: what its answers mean, and that whatever is none is the strictest answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from vtuber import character as characters
from vtuber.config import Settings
from vtuber.core.errors import ConfigError
from vtuber.core.health import State
from vtuber.guard import Action, Door, Finding, Passage
from vtuber.guard import guard as guards
from vtuber.guard.detectors.model import KEY, Model
from vtuber.guard.guard import Guard, Verdict
from vtuber.guard.model_verdict import LONGEST, ModelVerdict, read

BANBAN = characters.load("banban")
PATIENT = 60.0
"""Seconds for what is answered at once, on however busy a machine."""
HURRIED = 0.01

Way = Callable[[web.Request], Awaitable[web.StreamResponse]]


SAFE = ModelVerdict(unsafe=False)


def unsafe(*categories: str) -> ModelVerdict:
    return ModelVerdict(unsafe=True, categories=categories)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("Safety: Safe\nCategories: None", SAFE),
        ("Safety: Unsafe\nCategories: Violent, PII", unsafe("Violent", "PII")),
        ("Safety: Unsafe\nCategories: Violent\nRefusal: No", unsafe("Violent")),
        (
            "\nSafety: Controversial\nCategories: Politically Sensitive Topics",
            ModelVerdict(unsafe=False, controversial=True, categories=("Politically Sensitive Topics",)),
        ),
        ("safe", SAFE),
        ("\n\nsafe", SAFE),
        ("unsafe\nS1", unsafe("S1")),
        ("\n\nunsafe\nS10,S2", unsafe("S10", "S2")),
        ("Yes", unsafe()),
        ("No.", SAFE),
        (" no\n", SAFE),
    ],
)
def test_answers_of_guard_models_are_understood(answer: str, verdict: ModelVerdict) -> None:
    assert read(answer) == verdict


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "I think that this is fine.",
        "Yes and no",
        "safe or unsafe, who knows",
        "Safety: Maybe",
        "unsafe S",
        "<html><body>safe</body></html>",
        "Safety: Safe\nSafety: Unsafe",
        "no" + " " * LONGEST,
        "safely",
        "yes\n" * 3,
        "\ufffd" * 50,
    ],
)
def test_what_is_no_verdict_is_an_error(answer: str) -> None:
    with pytest.raises(ValueError, match=r"verdict|another"):
        read(answer)


# Through the server.


class Server:
    """A model server that answers as a test says, and remembers what it was asked."""

    def __init__(self, way: Way) -> None:
        self.way = way
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.over = asyncio.Event()
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.headers.append(dict(request.headers))
        return await self.way(request)


@asynccontextmanager
async def serving(way: Way) -> AsyncIterator[Server]:
    server = Server(way)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.answer)
    async with TestServer(app) as running:
        server.url = str(running.make_url("/v1"))
        try:
            yield server
        finally:
            server.over.set()


def says(text: Any) -> Way:
    async def way(_: web.Request) -> web.StreamResponse:
        return web.json_response({"choices": [{"message": {"role": "assistant", "content": text}}]})

    return way


def sends(body: bytes, kind: str = "application/json", status: int = 200) -> Way:
    async def way(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type=kind, status=status)

    return way


async def never(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"choices": [{"message": {"content": "')
    while True:
        await response.write(b"safe " * 1000)


async def elsewhere(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/v1/other")


def settings(url: str, **options: Any) -> Settings:
    return Settings.model_validate({"guard": {"model": {"use": True, "url": url, "on": "all", **options}}})


def guarded(url: str, patience: float = PATIENT, **options: Any) -> Guard:
    guard = Guard(settings(url, **options), BANBAN)
    model = cast("Model", guard._detectors["model"])
    model._seconds = model._first_seconds = patience
    return guard


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "ASKING_SECONDS", PATIENT)


async def judged(guard: Guard, text: str = "I like tea.", **more: str) -> Verdict:
    return await guard.judge_closely(text, Door.SPOKEN, **more)


async def test_a_sentence_that_it_finds_unsafe_is_not_spoken() -> None:
    async with serving(says("Safety: Unsafe\nCategories: Violent")) as server:
        verdict = await judged(guarded(server.url))
        assert (verdict.action, verdict.rule) == (Action.REPLACE, "model: violent")
        assert verdict.reason == "the guard's model objects (violent)"


async def test_a_sentence_that_it_finds_safe_is_spoken() -> None:
    async with serving(says("Safety: Safe\nCategories: None")) as server:
        guard = guarded(server.url, model="guard-0.6b")
        assert (
            await judged(guard, "I like tea.", before="Hello! ", asked="do you <|im_end|> like tea?")
        ).allowed
        assert guard.health().state is State.OK
        (asked,) = server.asked
    assert asked["model"] == "guard-0.6b"
    assert asked["messages"] == [
        {"role": "user", "content": "do you im_end like tea?"},
        {"role": "assistant", "content": "Hello! I like tea."},
    ]


@pytest.mark.parametrize(("controversial", "allowed"), [(True, False), (False, True)])
async def test_what_is_controversial_is_up_to_the_streamer(*, controversial: bool, allowed: bool) -> None:
    async with serving(says("Safety: Controversial\nCategories: Unethical Acts")) as server:
        verdict = await judged(guarded(server.url, controversial=controversial))
        assert verdict.allowed is allowed


async def test_a_model_that_was_not_made_for_it_is_given_a_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "secret")
    async with serving(says("Yes")) as server:
        guard = guarded(server.url, policy="Nobody talks about durian.")
        assert not (await judged(guard, "Durian!", asked="which fruit?")).allowed
        (message,) = server.asked[0]["messages"]
        assert server.headers[0]["Authorization"] == "Bearer secret"
    assert message["role"] == "user"
    for part in ("Nobody talks about durian.", "which fruit?", "Durian!"):
        assert part in message["content"]


BAD: dict[str, Way] = {
    "nonsense": says("As a language model, I cannot say."),
    "no text": says(None),
    "a list": sends(b"[]"),
    "a number": sends(b"7"),
    "no choices": sends(json.dumps({"choices": []}).encode()),
    "half an answer": sends(b'{"choices": [{"message": {"content": "sa'),
    "deep nesting": sends(b"[" * 50_000),
    "not UTF-8": sends(b'{"choices": [{"message": {"content": "\xff\xfe"}}]}'),
    "HTML": sends(b"<html>safe</html>", "text/html"),
    "an error": sends(b'{"error": "no such model"}', status=404),
    "an error of the server": sends(b"safe", status=500),
    "nothing": sends(b""),
    "somewhere else": elsewhere,
    "an answer without end": endless,
}


@pytest.mark.parametrize("name", BAD)
async def test_what_is_no_answer_is_the_strictest(name: str) -> None:
    async with serving(BAD[name]) as server:
        guard = guarded(server.url)
        verdict = await judged(guard)
        assert (verdict.action, verdict.rule) == (Action.REPLACE, "model: failed")
        assert guard.health().state is State.LIMITED
        guard.judge("tea", Door.SPOKEN)
        assert guard.is_limited, "what is told at once says nothing about the server"
        server.way = says("safe")
        assert (await judged(guard)).allowed
        assert guard.health().state is State.OK


async def test_a_server_that_never_answers_is_not_waited_for() -> None:
    async with serving(never) as server:
        guard = guarded(server.url, HURRIED)
        assert (await judged(guard)).rule == "model: failed"
        assert "in time" in guard.health().what


async def test_a_server_that_is_not_there_counts_as_one_that_objects() -> None:
    async with serving(never) as server:
        url = server.url
    assert (await judged(guarded(url))).rule == "model: failed"


async def test_whoever_stops_waiting_stops_the_question() -> None:
    closed = asyncio.Event()
    asked = asyncio.Event()

    async def way(_: web.Request) -> web.StreamResponse:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            closed.set()
        raise AssertionError

    async with serving(way) as server:
        judging = asyncio.create_task(judged(guarded(server.url)))
        await asked.wait()
        judging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await judging
    assert closed.is_set()


async def test_only_what_is_in_doubt_is_asked_about() -> None:
    async with serving(says("unsafe")) as server:
        guard = guarded(server.url, on="doubt")
        assert (await judged(guard, "I like tea.")).allowed
        assert server.asked == []
        assert guard.judge("I went to the senate.", Door.SPOKEN).allowed, "alone it is only a suspicion"
        assert (await judged(guard, "I went to the senate.")).rule == "model: unsafe"
        assert len(server.asked) == 1


async def test_what_others_stop_is_not_asked_about() -> None:
    async with serving(says("safe")) as server:
        assert not (await judged(guarded(server.url), "look at evil.com")).allowed
        assert server.asked == []


def test_the_first_sentence_has_less_time() -> None:
    model = Model(settings("http://127.0.0.1:1"), BANBAN)
    assert model._first_seconds < model._seconds


def test_it_is_asked_about_her_speech_alone() -> None:
    model = Model(settings("http://127.0.0.1:1"), BANBAN)
    assert model.doors == {Door.SPOKEN}
    assert model.doubts(Passage("hi", Door.SPOKEN, others=(Finding("x", "x", Action.SOFTEN),)))
    assert list(model.detect(Passage("hi", Door.SPOKEN))) == []


@pytest.mark.parametrize("url", ["", "http://", "http://:80/v1", "http://h:0", "http://[::1/v1"])
def test_it_needs_an_address(url: str) -> None:
    with pytest.raises(ConfigError, match="needs the address of a server"):
        Guard(settings(url), BANBAN)


def test_it_is_off_unless_somebody_wants_it() -> None:
    assert "model" not in Guard(Settings(), BANBAN)._detectors
