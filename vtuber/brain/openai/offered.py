"""The models that a server offers: which of them can chat, which is loaded, and which program serves them.

Every server lists the names of its models. LM Studio, Ollama and llama.cpp's own server tell more of them, at
addresses of their own; what they say there counts, and a model's name is only a hint where nobody says.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from vtuber.brain.openai.client import ModelServerClient, tokens
from vtuber.brain.openai.errors import ServerError
from vtuber.core import clock

_SECONDS = 2.0
"""So long a program may take to tell more than names."""
_MOST_ASKED = 40
"""Ollama is asked about each of its models by itself, and about no more than these."""
_NO_TALKER = re.compile(
    r"embed|rerank|whisper|minilm|dall-e|moderation|(?<![a-z])(?:bge|e5|gte|tts|asr|clip)(?![a-z])",
    re.IGNORECASE,
)
"""Names of models for search, for sound and for pictures: tried last where the server does not say more."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A model on a server's list. None is for what the server does not say."""

    name: str
    context: int | None = None
    """Tokens that it holds."""
    chats: bool | None = None
    """Whether it writes text at all; a model for search does not."""
    loaded: bool | None = None
    """Whether it lies in memory; any other is loaded when it is first asked."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a server offers, the model to be tried first at its head."""

    program: str
    """Such as "Ollama"; "" where the server does not say."""
    models: tuple[Offered, ...]

    @property
    def talkers(self) -> tuple[Offered, ...]:
        """Without those of which the server says that they cannot chat."""
        return tuple(model for model in self.models if model.chats is not False)

    def of(self, name: str) -> Offered | None:
        """The model of that name, if it is offered."""
        return next((model for model in self.models if model.name == name), None)


async def look(client: ModelServerClient) -> Catalogue:
    """Asks the server what it has. Raises ServerError as ``ModelServerClient.models`` does."""
    return await more_of(client, await client.models(), _SECONDS)


async def more_of(client: ModelServerClient, listed: dict[str, int | None], seconds: float) -> Catalogue:
    """What a server tells within so many seconds of the models that it has ``listed``."""
    asked: list[Callable[[ModelServerClient], Awaitable[_Told]]] = []
    if client.is_near:  # a service far away is none of these programs
        asked = [_lm_studio, _ollama, _llama_cpp, _text_generation_webui]
    told = await asyncio.gather(*(_or_nothing(ask(client), seconds) for ask in asked))
    program = next((one.program for one in told if one.program), "")
    models = [_with(Offered(name, context), told) for name, context in listed.items()]
    return Catalogue(program, tuple(sorted(models, key=_worth)))  # stable: the server's own order counts


def _worth(model: Offered) -> tuple[bool, bool, bool]:
    doubtful = model.chats is None and bool(_NO_TALKER.search(model.name))
    return model.chats is False, doubtful, not model.loaded


@dataclass(frozen=True, slots=True)
class _Told:
    """What a program says of its models beyond their names."""

    program: str = ""
    models: tuple[Offered, ...] = ()


def _with(model: Offered, told: list[_Told]) -> Offered:
    for more in (known for one in told for known in one.models if known.name == model.name):
        model = replace(
            model,
            context=more.context or model.context,
            chats=model.chats if more.chats is None else more.chats,
            loaded=model.loaded if more.loaded is None else more.loaded,
        )
    return model


async def _or_nothing(asked: Awaitable[_Told], seconds: float) -> _Told:
    try:
        with clock.outside():
            async with asyncio.timeout(seconds):
                return await asked
    except (ServerError, TimeoutError):
        return _Told()


async def _lm_studio(client: ModelServerClient) -> _Told:
    """Its list has every model on the disk: the one in memory comes first, and embeddings are told apart."""
    entries = _entries(await client.get("/api/v0/models"), "data")
    if not any("state" in entry for entry in entries):
        return _Told()
    return _Told(
        "LM Studio",
        tuple(
            Offered(
                _text(entry, "id"),
                tokens(entry.get("loaded_context_length")),
                chats=_text(entry, "type") in ("llm", "vlm") if _text(entry, "type") else None,
                loaded=entry.get("state") == "loaded",
            )
            for entry in entries
        ),
    )


async def _ollama(client: ModelServerClient) -> _Told:
    running = _entries(await client.get("/api/ps"), "models")
    names = [_text(entry, "name") for entry in _entries(await client.get("/api/tags"), "models")]

    async def one(name: str) -> Offered:
        known = next((entry for entry in running if _text(entry, "name") == name), None)
        try:
            shown = await client.get("/api/show", {"model": name})
        except ServerError:
            shown = None
        able = shown.get("capabilities") if isinstance(shown, dict) else None
        return Offered(
            name,
            tokens(known.get("context_length")) if known else None,
            chats="completion" in able if isinstance(able, list) and able else None,
            loaded=known is not None,
        )

    return _Told("Ollama", tuple(await asyncio.gather(*map(one, names[:_MOST_ASKED]))))


async def _llama_cpp(client: ModelServerClient) -> _Told:
    """One model, in memory; or as a router over several, of which its list says how they are."""
    listed = _entries(await client.get("/v1/models"), "data")
    if not any(entry.get("owned_by") == "llamacpp" for entry in listed):
        return _Told()
    states = {
        _text(entry, "id"): entry["status"] for entry in listed if isinstance(entry.get("status"), dict)
    }
    return _Told(
        "llama.cpp",
        tuple(Offered(name, loaded=state.get("value") == "loaded") for name, state in states.items()),
    )


async def _text_generation_webui(client: ModelServerClient) -> _Told:
    info = await client.get("/v1/internal/model/info")
    loaded = _text(info, "model_name") if isinstance(info, dict) else ""
    return _Told("text-generation-webui", (Offered(loaded, loaded=True),)) if loaded else _Told()


def _entries(answer: Any, field: str) -> list[dict[str, Any]]:
    listed = answer.get(field) if isinstance(answer, dict) else None
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _text(entry: dict[str, Any], field: str) -> str:
    value = entry.get(field)
    return value if isinstance(value, str) else ""
