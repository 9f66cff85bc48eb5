"""The mind as a model server at an address: LM Studio, text-generation-webui, llama.cpp's, vLLM, Ollama…"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any

from vtuber.brain import Prompt, PromptLine, Usage
from vtuber.brain.openai.client import LEAST_CONTEXT, ModelServerClient
from vtuber.brain.openai.errors import ServerError, api_key
from vtuber.brain.openai.reply_filter import ServerReplyFilter
from vtuber.brain.openai.request import Attempt, Dialect
from vtuber.brain.openai.response import ResponseParser
from vtuber.brain.reply_filter import Habits
from vtuber.brain.tokens import estimate_lines
from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.availability import Availability, Progress
from vtuber.core.errors import BrainError
from vtuber.core.health import Health, State
from vtuber.core.text import clean, escaped

log = logging.getLogger(__name__)

_RETRIES = 2
"""How often a request that was refused for the moment is sent again."""
_PATIENT_RETRIES = 9
"""The same while nobody waits: a server that was just started loads its model first."""
_SLOWEST = 1.0
"""Tokens a second. Nobody waits for less."""
_USAGE_SECONDS = 0.5
"""Seconds that the usage may come after the last word."""
_MARGIN = 1.1
"""How many times the tokens that the server counted the next prompt is expected to take."""
_KNOWN = 32
"""A prompt of fewer tokens tells nothing about how well they are estimated."""
_LOADING_SECONDS = 300.0
"""Seconds that the first answer may take: some servers load their model for it."""
_SHRINK = 0.75
"""The context is lowered to this share when a prompt did not fit and the server says no number."""
_HELLO = PromptLine("viewer", "Hello!")


class OpenAi:
    """A Brain. A request that failed is sent again only as long as nothing of the reply was heard."""

    can_prefill = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.brain
        self._client = ModelServerClient(settings.brain.openai.url, api_key())
        self._model = settings.brain.openai.model
        self._look_again = False
        """The server seems to have another model by now."""
        self._context = settings.brain.context
        self._factor = 1.0
        """How many tokens the server counts for each that we estimate."""
        self._usage = Usage()
        self._paused_until = 0.0
        self._trouble: BrainError | None = BrainError("not started")
        self.availability = Availability()
        self._habits = Habits()
        self.dialect = Dialect()
        """How this server must be asked, as far as is known."""

    # What the show asks for

    async def start(self, progress: Progress) -> None:
        """Finds out what the server has. Raises BrainError when it does not answer."""
        progress(0.0, f"asking {self._client.host}")
        try:
            await self._look()
            progress(0.5, f"waiting for {self._model_name}")
            await self._probe()
        except BrainError as error:
            self._fail(error)
            raise

    async def prefill_head(self, head: tuple[PromptLine, ...]) -> None:
        await self._read(Prompt((*head, _HELLO), len(head), max_tokens=1, seed=0))

    async def prefill(self, lines: tuple[PromptLine, ...]) -> None:
        """Nothing: a server would have to be asked for a reply each time, and others wait for it too."""

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        try:
            async with aclosing(self._answer(prompt, self._settings.first_token_seconds)) as texts:
                async for text in texts:
                    yield text
        except BrainError as error:
            self._fail(error)
            raise

    async def count(self, lines: tuple[PromptLine, ...]) -> int:
        """Estimated, and corrected by what the server counted for the prompts before."""
        return int(estimate_lines(lines) * self._factor) + 1

    @property
    def context(self) -> int:
        return self._context

    @property
    def usage(self) -> Usage:
        """All 0 where the server reported none, or was stopped before it could."""
        return self._usage

    async def stop(self) -> None:
        await self._client.close()
        self.availability.set(ready=False)

    def health(self) -> Health:
        what = f"{self._model_name or 'a model'} at {self._client.host}"
        if self._trouble:
            return Health("brain", State.DOWN, f"{what}: {self._trouble.what}", self._trouble.hint)
        return Health("brain", State.OK, f"{what}, {self._context} tokens")

    # What the server is like

    @property
    def _model_name(self) -> str:
        """Without the folders that some servers put before it."""
        return clean(self._model.replace("\\", "/").rpartition("/")[2], 60)

    async def _look(self) -> None:
        """Which models it offers, and how many tokens the chosen one holds."""
        offered = await self._client.models()
        if not self._settings.openai.model:
            # LM Studio's list holds a model for search, too.
            talking = [name for name in offered if "embed" not in name.casefold()]
            self._model = next(iter(talking or offered), "")
        context = offered.get(self._model)
        if context is None:
            with suppress(BrainError):
                context = await self._client.context()
        if context:
            self._context = min(self._settings.context, context)

    async def _look_for_another(self) -> None:
        """Where nobody chose a model, the streamer may have loaded another one. Raises BrainError."""
        before = self._model
        await self._look()
        self._look_again = False
        if self._model != before:
            log.info("the model server now uses another model: %s", escaped(self._model_name))
            self.dialect = replace(self.dialect, names=False)  # whether they reach this one, nobody knows

    async def _probe(self) -> None:
        """Has it answer for the first time, and finds out whether a viewer's name reaches the model."""
        self.dialect = Dialect()
        plain = (await self._read(Prompt((_HELLO,), 0, max_tokens=1, seed=0))).prompt
        self.dialect = replace(self.dialect, names=True)
        hello = replace(_HELLO, name="Wanderer")
        named = (await self._read(Prompt((hello,), 0, max_tokens=1, seed=0))).prompt
        if not self.dialect.names or not 0 < plain < named:
            self.dialect = replace(self.dialect, names=False)

    async def _read(self, prompt: Prompt) -> Usage:
        """Has it read a prompt while nobody waits. Returns what that cost."""
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
        attempt = Attempt(prompt, self.dialect, _RETRIES if aloud else _PATIENT_RETRIES)
        deadlines = _Deadlines(seconds, prompt.max_tokens / _SLOWEST)
        begun = False
        while True:
            await self._pause(attempt, deadlines)
            stream = aloud and not attempt.whole
            body = attempt.dialect.body(self._model, attempt.prompt, self._settings, stream=stream)
            try:
                async with aclosing(self._heard(body, attempt.prompt)) as texts:
                    while (text := await deadlines.next(texts)) is not None:
                        if not begun:
                            self._accept(attempt)
                        begun = True
                        yield text
            except ServerError as error:
                self._heed(error)
                again = None if begun else attempt.again(error, body)
                if again is None:
                    raise
                attempt = again
            else:
                break
        if aloud and not begun and not prompt.reply_so_far:
            raise BrainError(
                "the model server's reply is empty",
                where="brain.openai",
                hint="use a model that does not think before it answers, or raise brain.max_tokens",
            )
        if not begun:
            self._accept(attempt)

    async def _pause(self, attempt: Attempt, deadlines: _Deadlines) -> None:
        """Waits before an attempt, as long as the server wants. Raises ServerError if that is too long."""
        pause = max(attempt.pause, self._paused_until - clock.now())
        if pause > 0:
            asked = ServerError(f"the model server asks banban to wait {pause:.0f} seconds", status=429)
            await deadlines.pause(pause, attempt.error or asked)

    def _heed(self, error: ServerError) -> None:
        """What it reported holds for later requests too."""
        self._paused_until = clock.now() + (error.wait or 0.0)
        self._look_again = error.about_model and not self._settings.openai.model
        if error.too_long:
            reported = error.context
            holds = reported if reported and reported < self._context else int(self._context * _SHRINK)
            self._context = max(holds, LEAST_CONTEXT)
            log.info("from now on, prompts to the model server have at most %d tokens", self._context)

    def _accept(self, attempt: Attempt) -> None:
        """The server took it: so it is asked from now on."""
        if attempt.dialect != self.dialect:
            log.info(
                "the model server rejects some options; banban now asks it this way: %s", attempt.dialect
            )
        self.dialect = attempt.dialect
        self._trouble = None
        self.availability.set(ready=True)

    def _fail(self, error: BrainError) -> None:
        """It is away until it has answered again."""
        self._trouble = error
        self.availability.set(ready=False)

    async def _heard(self, body: dict[str, Any], prompt: Prompt) -> AsyncGenerator[str, None]:
        """One request, and what may be heard of its answer."""
        response, reply = ResponseParser(), ServerReplyFilter(prompt, self._habits)
        self._usage = Usage()
        async with aclosing(self._client.chat(body)) as parts:
            while not response.over and (data := await _part(parts, response)) is not None:
                for text in response.feed(data):
                    if heard := reply.add(text):
                        yield heard
                if reply.ended:
                    return  # which closes the connection, and so stops the server
        for text in response.finish():
            if heard := reply.add(text):
                yield heard
        if heard := reply.finish():
            yield heard
        self._note_usage(response.usage, prompt)

    def _note_usage(self, usage: Usage, prompt: Prompt) -> None:
        """Learns from what the prompt really took: at once when that was more than expected."""
        self._usage = usage
        expected = estimate_lines(prompt.lines)
        if usage.prompt and expected >= _KNOWN:
            factor = min(max(_MARGIN * usage.prompt / expected, 0.25), 4.0)
            self._factor = max(factor, (self._factor + factor) / 2)


class _Deadlines:
    """How long one reply is waited for; only time in which somebody really waits counts.

    The first word must come within ``seconds``, whatever is tried for it; each further one too; and all of
    them within ``seconds`` and ``speaking`` together.
    """

    def __init__(self, seconds: float, speaking: float) -> None:
        self._seconds = seconds
        self._left = seconds + speaking
        self._begin_by: float | None = clock.now() + seconds

    async def next(self, texts: AsyncGenerator[str, None]) -> str | None:
        """The next text; None after the last. Raises BrainError when it does not come in time."""
        began = clock.now()
        try:
            with clock.outside():
                async with asyncio.timeout(self._seconds_left()):
                    text = await anext(texts, None)
        except TimeoutError:
            raise BrainError(
                "the model server did not answer in time",
                where="brain.openai",
                hint="use a smaller model or a shorter persona, or raise brain.first_token_seconds",
            ) from None
        self._left -= clock.now() - began
        self._begin_by = None
        return text

    async def pause(self, seconds: float, why: BrainError) -> None:
        """Waits before the next attempt. Raises ``why`` when that takes too long."""
        if seconds >= self._seconds_left():
            raise why
        await asyncio.sleep(seconds)

    def _seconds_left(self) -> float:
        if self._begin_by is not None:
            return self._begin_by - clock.now()
        return min(self._seconds, self._left)


async def _part(parts: AsyncGenerator[bytes, None], response: ResponseParser) -> bytes | None:
    """The next part of an answer; None after the last, or when only the usage is missing and late."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_USAGE_SECONDS if response.complete else None):
            return await anext(parts, None)
    return None
