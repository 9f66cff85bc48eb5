"""Asks a model that was made for it, on a server that speaks OpenAI's API, about sentences of hers.

It is asked ahead of what is heard: the answer is waited for while an earlier sentence is spoken. No answer in
time, or none that can be understood, is the strictest one: the guard takes what is raised here for it.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.errors import ConfigError
from vtuber.guard import Action, Door, Finding, Passage
from vtuber.guard.model_verdict import ModelVerdict, read

KEY = "BANBAN_GUARD_API_KEY"
"""The environment variable that holds the server's key, if it wants one."""
_BODY_LIMIT = 1 << 16
_TOKENS = 48
"""Longer than any verdict."""
_LINE = 400
"""Characters of the line that she answers which the model gets to see."""
_MARKS = re.compile(r"[<>\[\]|]+")
"""What the control tokens of models are made of."""


class Model:
    """Judges what the other detectors are not sure about (``doubts``), or every sentence."""

    doors = frozenset({Door.SPOKEN})

    def __init__(self, settings: Settings, _character: Character) -> None:
        options = settings.guard.model
        self._options = options
        self._action = Action(options.action)
        self._address = _address(options.url)
        key = os.environ.get(KEY, "").strip()
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._seconds, self._first_seconds = options.seconds, options.first_seconds

    def detect(self, _passage: Passage) -> Iterator[Finding]:
        """Nothing: it tells nothing at once."""
        return iter(())

    def doubts(self, passage: Passage) -> bool:
        return self._options.on == "all" or bool(passage.others)

    async def ask(self, passage: Passage) -> Iterator[Finding]:
        """Raises TimeoutError when the server is late, ValueError for nonsense, and what aiohttp raises."""
        patience = self._seconds if passage.before.strip() else self._first_seconds
        with clock.outside():
            async with asyncio.timeout(patience):
                verdict = read(_text(await self._answer(self._question(passage))))
        stopped = verdict.unsafe or (verdict.controversial and self._options.controversial)
        return iter((self._finding(verdict),) if stopped else ())

    def _finding(self, verdict: ModelVerdict) -> Finding:
        why = ", ".join(verdict.categories).lower() or "unsafe"
        return Finding(f"model: {why}", f"the guard's model objects ({why})", self._action)

    def _question(self, passage: Passage) -> list[dict[str, str]]:
        """With a policy a question about the sentence; else the conversation, as guard models expect it."""
        sentence, asked = _plain(passage.window), _plain(passage.asked[:_LINE])
        if policy := self._options.policy.strip():
            line = f"A viewer wrote: “{asked}”\n" if asked else ""
            question = (
                f"{policy}\n\n{line}The streamer says: “{sentence}”\n\n"
                "Does what the streamer says go against that? Answer with Yes or No and nothing else."
            )
            return [{"role": "user", "content": question}]
        return [
            {"role": "user", "content": asked or "What do you say?"},
            {"role": "assistant", "content": sentence},
        ]

    async def _answer(self, messages: list[dict[str, str]]) -> bytes:
        """The server's answer, as it came; at most so much of it that it can be one. Raises ValueError."""
        body: dict[str, Any] = {
            "messages": messages,
            "max_tokens": _TOKENS,
            "temperature": 0,
            "stream": False,
            **({"model": self._options.model} if self._options.model else {}),
        }
        async with (
            aiohttp.ClientSession(headers=self._headers) as session,
            session.post(self._address, json=body, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise ValueError(f"the server answers with status {response.status}")
            answer = bytearray()
            async for data in response.content.iter_any():
                answer += data
                if len(answer) > _BODY_LIMIT:
                    raise ValueError("the server's answer does not end")
            return bytes(answer)


def _address(url: str) -> str:
    """Of the server's chat. Raises ConfigError."""
    try:
        given = urlsplit(url.strip())
        usable = bool(given.hostname) and given.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(
            "the guard's model needs the address of a server",
            where="guard.model.url",
            hint="write an address like http://127.0.0.1:8080/v1, or set guard.model.use = false",
        )
    path = given.path.rstrip("/").removesuffix("/chat/completions") or "/v1"
    return f"{given.scheme}://{given.netloc}{path}/chat/completions"


def _text(body: bytes) -> str:
    """What the model wrote. Raises ValueError for anything but an answer of such a server."""
    try:
        text = json.loads(body)["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError, RecursionError):
        text = None
    if isinstance(text, str):
        return text
    raise ValueError("the server's answer is none of a model")


def _plain(text: str) -> str:
    """On one line, without what could pass for a model's control token."""
    return " ".join(_MARKS.sub(" ", text).split())
