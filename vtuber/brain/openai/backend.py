"""The mind as a model server at an address: LM Studio, text-generation-webui, llama.cpp's, vLLM, Ollama…"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any

from vtuber.brain import Prompt, PromptLine, Usage
from vtuber.brain.openai.answer import Answer
from vtuber.brain.openai.attempt import Attempt
from vtuber.brain.openai.client import Client
from vtuber.brain.openai.dialect import Dialect
from vtuber.brain.openai.refused import Refused, key
from vtuber.brain.openai.reply import Reply
from vtuber.brain.openai.waiting import Waiting
from vtuber.brain.tokens import estimate_lines
from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.availability import Availability, Progress
from vtuber.core.errors import BrainError
from vtuber.core.health import Health, State
from vtuber.core.text import clean, escaped

log = logging.getLogger(__name__)

_PAUSES = (0.25, 1.0)
"""Seconds before a question that was refused for the moment is asked again."""
_LONG_PAUSES = (0.25, 1.0, 2.0, 5.0, 10.0, 10.0, 10.0, 10.0, 10.0)
"""The same when nobody waits: a server that was just started loads its model first."""
_SLOWEST = 1.0
"""Tokens a second. Nobody waits for less."""
_USAGE_SECONDS = 0.5
"""So long may the usage come behind the last word."""
_MARGIN = 1.1
"""By so much more than the server told do we expect the next prompt to take."""
_KNOWN = 32
"""A prompt of fewer tokens tells nothing about how well we count."""
_LOADING_SECONDS = 300.0
"""So long may the first question take: some servers load their model for it."""
_LEAST_CONTEXT = 512
_NEARER = 0.75
"""By so much less the server holds than was thought, when a prompt did not fit."""
_MUTE = "its model may think to itself all the time: take one that does not, or raise brain.max_tokens"
_HELLO = PromptLine("viewer", "Hello!")


class OpenAi:
    """A Brain. A reply is heard once: what failed is asked again only as long as nothing of it was heard."""

    can_prefill = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.brain
        self._client = Client(settings.brain.openai.url, key())
        self._model = settings.brain.openai.model
        self._look_again = False
        """The server seems to have another model by now."""
        self._context = settings.brain.context
        self.dialect = Dialect()
        self._factor = 1.0
        self._usage = Usage()
        self._left_alone_until = 0.0
        self._trouble: BrainError | None = BrainError("not started")
        self.availability = Availability()

    # What the show asks for

    async def start(self, progress: Progress) -> None:
        """Finds out what the server has. Raises BrainError when it does not answer."""
        progress(0.0, f"asking {self._client.host}")
        try:
            await self._look()
            progress(0.5, f"waiting for {self._told_model}")
            await self._meet()
        except BrainError as error:
            self._fail(error)
            raise

    async def prefill_head(self, head: tuple[PromptLine, ...]) -> None:
        await self._read(Prompt((*head, _HELLO), len(head), max_tokens=1, seed=0))

    async def prefill(self, lines: tuple[PromptLine, ...]) -> None:
        """A server would have to be asked for a reply each time, and others wait for it too."""

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        try:
            async with aclosing(self._answer(prompt, self._settings.first_token_seconds)) as texts:
                async for text in texts:
                    yield text
        except BrainError as error:
            self._fail(error)
            raise

    async def count(self, lines: tuple[PromptLine, ...]) -> int:
        """Estimated, by what the server told of the prompts before."""
        return int(estimate_lines(lines) * self._factor) + 1

    @property
    def context(self) -> int:
        return self._context

    @property
    def usage(self) -> Usage:
        """All 0 where the server told none, or was stopped before it could."""
        return self._usage

    async def stop(self) -> None:
        await self._client.close()

    def health(self) -> Health:
        what = f"{self._told_model or 'a model'} at {self._client.host}"
        if self._trouble:
            return Health("brain", State.DOWN, f"{what}: {self._trouble.what}", self._trouble.hint)
        return Health("brain", State.OK, f"{what}, {self._context} tokens")

    # What the server is like

    @property
    def _told_model(self) -> str:
        """Its name, without the folders that some servers put before it."""
        return clean(self._model.replace("\\", "/").rpartition("/")[2], 60)

    async def _look(self) -> None:
        """Which models it offers, and how much the chosen one holds."""
        try:
            told = await self._client.models()
        except Refused as refused:
            if refused.status not in (404, 405):  # some have no such list
                raise
            told = None
        offered = _offered(told)
        if not self._settings.openai.model:
            # LM Studio's list holds a model for search, too.
            talking = [name for name in offered if "embed" not in name.casefold()]
            self._model = next(iter(talking or offered), "")
        context = offered.get(self._model) or await self._props()
        if context:
            self._context = min(self._settings.context, context)

    async def _look_for_another(self) -> None:
        """Where nobody chose a model, the streamer may have loaded another one. Raises BrainError."""
        before = self._model
        await self._look()
        self._look_again = False
        if self._model != before:
            log.info("the model server has another model now: %s", escaped(self._told_model))
            self.dialect = replace(self.dialect, names=False)  # whether they reach this one, nobody knows

    async def _props(self) -> int | None:
        with suppress(BrainError):
            told = await self._client.props()
            defaults = told.get("default_generation_settings") if isinstance(told, dict) else None
            return _whole(defaults.get("n_ctx")) if isinstance(defaults, dict) else None
        return None

    async def _meet(self) -> None:
        """Has it answer for the first time, and finds out whether a name reaches the model."""
        self.dialect = Dialect()
        plain = (await self._read(Prompt((_HELLO,), 0, max_tokens=1, seed=0))).prompt
        self.dialect = replace(self.dialect, names=True)
        hello = replace(_HELLO, name="Wanderer")
        named = (await self._read(Prompt((hello,), 0, max_tokens=1, seed=0))).prompt
        if not self.dialect.names or not 0 < plain < named:
            self.dialect = replace(self.dialect, names=False)

    async def _read(self, prompt: Prompt) -> Usage:
        """Has it read a prompt while nobody waits. What that cost."""
        seconds = max(_LOADING_SECONDS, self._settings.first_token_seconds)
        try:
            async with aclosing(self._answer(prompt, seconds, aloud=False)) as texts:
                async for _ in texts:
                    pass
        except BrainError as error:
            self._fail(error)
            raise
        return self._usage

    # A reply

    async def _answer(
        self, prompt: Prompt, seconds: float, *, aloud: bool = True
    ) -> AsyncGenerator[str, None]:
        """What may be heard. Asks until something is, as far as that makes sense, and never after."""
        if self._look_again:
            await self._look_for_another()
        attempt = Attempt(prompt, self.dialect, _PAUSES if aloud else _LONG_PAUSES)
        waiting = Waiting(seconds, prompt.max_tokens / _SLOWEST)
        begun = False
        while True:
            await self._leave_alone(attempt, waiting)
            stream = aloud and not attempt.whole
            body = attempt.dialect.body(self._model, attempt.prompt, self._settings, stream=stream)
            try:
                async with aclosing(self._heard(body, attempt.prompt)) as texts:
                    while (text := await waiting.next(texts)) is not None:
                        if not begun:
                            self._learn(attempt)
                        begun = True
                        yield text
            except Refused as refused:
                self._heed(refused)
                again = None if begun else attempt.again(refused, body)
                if again is None:
                    raise
                attempt = again
            else:
                break
        if aloud and not begun and not prompt.reply_so_far:
            raise BrainError("the model server answers without a word", where="brain.openai", hint=_MUTE)
        if not begun:
            self._learn(attempt)

    async def _leave_alone(self, attempt: Attempt, waiting: Waiting) -> None:
        """Waits as long as the server asked for, or is good for it. Raises Refused when that is too long."""
        pause = max(attempt.pause, self._left_alone_until - clock.now())
        if pause > 0:
            resting = Refused(f"the model server wants to be left alone for {pause:.0f} seconds", status=429)
            await waiting.pause(pause, attempt.refused or resting)

    def _heed(self, refused: Refused) -> None:
        """What it told holds for questions to come, too."""
        self._left_alone_until = clock.now() + (refused.wait or 0.0)
        self._look_again = refused.about_model and not self._settings.openai.model
        if refused.too_long:
            self._hold_less(refused.context)

    def _hold_less(self, told: int | None) -> None:
        """A prompt did not fit: the server holds less than was thought, or we count too few tokens."""
        holds = told if told and told < self._context else int(self._context * _NEARER)
        self._context = max(holds, _LEAST_CONTEXT)
        log.info("the model server is given at most %d tokens from now on", self._context)

    def _learn(self, attempt: Attempt) -> None:
        """The server took it: so it is asked from now on."""
        if attempt.dialect != self.dialect:
            log.info("the model server is asked in another way from now on: %s", attempt.dialect)
        self.dialect = attempt.dialect
        self._trouble = None
        self.availability.set(ready=True)

    def _fail(self, error: BrainError) -> None:
        """It cannot be asked until it has answered again."""
        self._trouble = error
        self.availability.set(ready=False)

    async def _heard(self, body: dict[str, Any], prompt: Prompt) -> AsyncGenerator[str, None]:
        """One request, and what may be heard of its answer."""
        answer, reply = Answer(), Reply(prompt)
        self._usage = Usage()
        async with aclosing(self._client.chat(body)) as parts:
            while not answer.over and (data := await _part(parts, answer)) is not None:
                for text in answer.feed(data):
                    if heard := reply.add(text):
                        yield heard
                if reply.ended:
                    return  # which closes the connection, and so stops the server
        for text in answer.finish():
            if heard := reply.add(text):
                yield heard
        if heard := reply.finish():
            yield heard
        self._note(answer.usage, prompt)

    def _note(self, usage: Usage, prompt: Prompt) -> None:
        """Learns from what the prompt really took: at once when that was more than expected."""
        self._usage = usage
        expected = estimate_lines(prompt.lines)
        if usage.prompt and expected >= _KNOWN:
            factor = min(max(_MARGIN * usage.prompt / expected, 0.25), 4.0)
            self._factor = max(factor, (self._factor + factor) / 2)


def _offered(told: Any) -> dict[str, int | None]:
    """The models in a server's list, and how many tokens each holds where it says so."""
    listed = told.get("data") if isinstance(told, dict) else None
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return {
        entry["id"]: _whole(entry.get("max_model_len"))
        for entry in entries
        if isinstance(entry.get("id"), str) and entry["id"]
    }


def _whole(told: Any) -> int | None:
    """A number of tokens, if it is one with which anybody could speak."""
    return told if isinstance(told, int) and told >= _LEAST_CONTEXT else None


async def _part(parts: AsyncGenerator[bytes, None], answer: Answer) -> bytes | None:
    """The next part of an answer; None behind the last, or when only the usage is missing and late."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_USAGE_SECONDS if answer.complete else None):
            return await anext(parts, None)
    return None
