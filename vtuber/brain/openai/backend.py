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
from vtuber.brain.openai.deadlines import Deadlines
from vtuber.brain.openai.discovery import FoundServer
from vtuber.brain.openai.errors import ServerError, api_key
from vtuber.brain.openai.judgement import Judgement
from vtuber.brain.openai.model_choice import LOADING_SECONDS, ModelChoice
from vtuber.brain.openai.reply_filter import ServerReplyFilter
from vtuber.brain.openai.request import Attempt, Dialect
from vtuber.brain.openai.response import SIZE_LIMIT, ResponseParser, Seen
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
_SHRINK = 0.75
"""The context is lowered to this share when a prompt did not fit and the server says no number."""
_HELLO = PromptLine("viewer", "Hello!")
_JUDGE_SECONDS = 10.0
"""No judgement is waited for longer, and by most who ask not nearly as long."""
_TASTE = 16
"""Tokens of its first answer: enough to see whether it says something or only thinks."""


class OpenAi:
    """A Brain. A request that failed is sent again only as long as nothing of the reply was heard."""

    can_prefill = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.brain
        server = settings.brain.openai
        found = isinstance(server, FoundServer)
        self._client = ModelServerClient(server.url, "" if found else api_key())
        program = server.program if isinstance(server, FoundServer) else ""
        self._model = ModelChoice(self._client, server.model, program, settings.brain.context)
        self._judgement = Judgement(settings.brain)
        self._answer_seen = Seen()
        self._look_again = False
        """The server seems to have another model by now."""
        self._loading = ""
        """What is said of that, while the server loads the model once more."""
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
            await self._model.look_patiently(progress)
            await self._model.meet(self._probe, progress)
        except BrainError as error:
            self._fail(error)
            raise

    async def prefill_head(self, head: tuple[PromptLine, ...]) -> None:
        async with self._model.telling_that_it_loads(self._note_loading):
            try:
                await self._read(Prompt((*head, _HELLO), len(head), max_tokens=1, seed=0))
            finally:
                self._loading = ""

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

    async def judge(self, question: str) -> float | None:
        """By one token of a request of its own. What fails says nothing about replies."""
        try:
            with clock.outside():
                async with asyncio.timeout(_JUDGE_SECONDS):
                    return await self._judged(question)
        except TimeoutError:
            raise ServerError(f"no judgement for {_JUDGE_SECONDS:g} seconds") from None

    async def _judged(self, question: str) -> float:
        """Once more where the server cannot tell how likely its tokens are."""
        body, answer = self._judgement.body(self._model.name, question, self.dialect), b""
        try:
            async with aclosing(self._client.chat(body)) as parts:
                async for data in parts:
                    answer = (answer + data)[: SIZE_LIMIT + 1]  # then it cannot be read
        except ServerError as error:
            if self._judgement.is_too_much(error):
                return await self._judged(question)
            raise
        return Judgement.likelihood(answer)

    @property
    def context(self) -> int:
        return self._model.context

    @property
    def usage(self) -> Usage:
        """All 0 where the server reported none, or was stopped before it could."""
        return self._usage

    async def stop(self) -> None:
        await self._client.close()
        self.availability.set(ready=False)

    def health(self) -> Health:
        what = f"{self._model.title or 'a model'} at {self._model.where}"
        if self._loading:
            return Health("brain", State.DOWN, self._loading, "wait until the model is loaded")
        if self._trouble:
            return Health("brain", State.DOWN, f"{what}: {self._trouble.what}", self._trouble.hint)
        return Health("brain", State.OK, f"{what}, {self._model.context} tokens")

    # What the server is like

    async def _look_for_another(self) -> None:
        """Where nobody chose a model, the streamer may have loaded another one. Raises BrainError."""
        before = self._model.name
        await self._model.look()
        self._look_again = False
        if self._model.name != before:
            log.info("the model server now uses another model: %s", escaped(self._model.title))
            self.dialect = replace(self.dialect, names=False)  # whether they reach this one, nobody knows

    async def _probe(self, others: bool) -> None:  # noqa: FBT001  # as ModelChoice.meet calls it
        """Has it answer, keeps it from thinking, and finds out whether a viewer's name reaches the model."""
        retries = _RETRIES if others else _PATIENT_RETRIES
        self.dialect = Dialect()
        hello = Prompt((_HELLO,), 0, max_tokens=_TASTE, seed=0)
        plain = (await self._read(hello, retries)).prompt
        while self._answer_seen.is_thinking and (less := self.dialect.thinking_less()):
            self.dialect = less
            plain = (await self._read(hello, retries)).prompt
        if others and not self._answer_seen.was_heard:
            silent = "it only thinks" if self._answer_seen.is_thinking else "its answer is empty"
            raise ServerError(f"{self._model.title}: {silent}", status=200, why=silent)
        self.dialect = replace(self.dialect, names=True)
        named_hello = replace(_HELLO, name="Wanderer")
        named = (await self._read(Prompt((named_hello,), 0, max_tokens=1, seed=0), retries)).prompt
        if not self.dialect.names or not 0 < plain < named:
            self.dialect = replace(self.dialect, names=False)

    async def _read(self, prompt: Prompt, retries: int = _PATIENT_RETRIES) -> Usage:
        """Has it read a prompt while nobody waits. Returns what that cost."""
        seconds = max(LOADING_SECONDS, self._settings.first_token_seconds)
        try:
            async with aclosing(self._answer(prompt, seconds, retries, aloud=False)) as texts:
                async for _ in texts:
                    pass
        except BrainError as error:
            self._fail(error)
            raise
        return self._usage

    # A reply

    async def _answer(
        self, prompt: Prompt, seconds: float, retries: int = _RETRIES, *, aloud: bool = True
    ) -> AsyncGenerator[str, None]:
        """What may be heard. Asks until something is, as far as that makes sense, and never after."""
        if self._look_again:
            await self._look_for_another()
        attempt = Attempt(prompt, self.dialect, retries)
        deadlines = Deadlines(seconds, prompt.max_tokens / _SLOWEST)
        begun = False
        while True:
            await self._pause(attempt, deadlines)
            stream = aloud and not attempt.whole
            body = attempt.dialect.body(self._model.name, attempt.prompt, self._settings, stream=stream)
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
            raise self._empty(attempt)
        if not begun:
            self._accept(attempt)

    async def _pause(self, attempt: Attempt, deadlines: Deadlines) -> None:
        """Waits before an attempt, as long as the server wants. Raises ServerError if that is too long."""
        pause = max(attempt.pause, self._paused_until - clock.now())
        if pause > 0:
            asked = ServerError(f"the model server asks banban to wait {pause:.0f} seconds", status=429)
            await deadlines.pause(pause, attempt.error or asked)

    def _heed(self, error: ServerError) -> None:
        """What it reported holds for later requests too."""
        self._paused_until = clock.now() + (error.wait or 0.0)
        self._look_again = error.about_model and not self._model.wanted
        if error.too_long:
            reported = error.context
            holds = (
                reported
                if reported and reported < self._model.context
                else int(self._model.context * _SHRINK)
            )
            self._model.context = max(holds, LEAST_CONTEXT)
            log.info("from now on, prompts to the model server have at most %d tokens", self._model.context)

    def _empty(self, attempt: Attempt) -> BrainError:
        """The error for a reply of which nothing may be heard. It is kept from thinking from then on."""
        server = self._model.program or "the model server"
        if self._answer_seen.is_thinking:
            self.dialect = attempt.dialect.thinking_less() or attempt.dialect
            what = "the model only thinks: it used up all its tokens before it said anything"
            hint = (
                f"switch thinking off in {server}, use a model that does not think, or raise brain.max_tokens"
            )
        elif self._answer_seen.text.strip():
            what = f"nothing of what the model writes can be said: {clean(self._answer_seen.text, 60)}"
            hint = f"check that its prompt template in {server} is the right one, or use another model"
        else:
            what = "the model server's reply is empty"
            hint = f"check that its prompt template in {server} is the right one, or use another model"
        return BrainError(what, where="brain.openai", hint=hint)

    def _accept(self, attempt: Attempt) -> None:
        """The server took it: so it is asked from now on."""
        if attempt.dialect != self.dialect:
            log.info(
                "the model server rejects some options; banban now asks it this way: %s", attempt.dialect
            )
        self.dialect = attempt.dialect
        self._trouble = None
        self.availability.set(ready=True)

    def _note_loading(self, words: str) -> None:
        """It does not answer because its model is not in memory any more: that mends itself."""
        log.info("%s", escaped(words))
        self._loading = words

    def _fail(self, error: BrainError) -> None:
        """It is away until it has answered again."""
        self._trouble = error
        self.availability.set(ready=False)

    async def _heard(self, body: dict[str, Any], prompt: Prompt) -> AsyncGenerator[str, None]:
        """One request, and what may be heard of its answer."""
        response, reply = ResponseParser(), ServerReplyFilter(prompt, self._habits)
        self._usage = Usage()
        seen = self._answer_seen = Seen()
        async with aclosing(self._client.chat(body)) as parts:
            while not response.over and (data := await _part(parts, response)) is not None:
                for text in response.feed(data):
                    seen.add(text)
                    if heard := reply.add(text):
                        seen.was_heard = True
                        yield heard
                if reply.ended:
                    return  # which closes the connection, and so stops the server
        for text in response.finish():
            seen.add(text)
            if heard := reply.add(text):
                seen.was_heard = True
                yield heard
        if heard := reply.finish():
            seen.was_heard = True
            yield heard
        seen.thought, seen.cut = response.thought or reply.has_thought, response.cut
        self._note_usage(response.usage, prompt)

    def _note_usage(self, usage: Usage, prompt: Prompt) -> None:
        """Learns from what the prompt really took: at once when that was more than expected."""
        self._usage = usage
        expected = estimate_lines(prompt.lines)
        if usage.prompt and expected >= _KNOWN:
            factor = min(max(_MARGIN * usage.prompt / expected, 0.25), 4.0)
            self._factor = max(factor, (self._factor + factor) / 2)


async def _part(parts: AsyncGenerator[bytes, None], response: ResponseParser) -> bytes | None:
    """The next part of an answer; None after the last, or when only the usage is missing and late."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_USAGE_SECONDS if response.complete else None):
            return await anext(parts, None)
    return None
