"""The mind as a model server at an address: LM Studio, text-generation-webui, llama.cpp's, vLLM, Ollama…"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from vtuber.brain import Prompt, PromptLine, Usage
from vtuber.brain.openai.client import LEAST_CONTEXT, ModelServerClient
from vtuber.brain.openai.discovery import FoundServer
from vtuber.brain.openai.errors import ServerError, api_key
from vtuber.brain.openai.offered import Catalogue, Offered, look
from vtuber.brain.openai.reply_filter import ServerReplyFilter
from vtuber.brain.openai.request import Attempt, Dialect
from vtuber.brain.openai.response import ResponseParser
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
_TASTE = 16
"""Tokens of its first answer: enough to see whether it says something or only thinks."""
_MOST_TRIED = 6
"""So many models of a list are tried, until one can chat."""
_SOON = 3.0
"""A server that has not answered by then is likely loading its model."""


class OpenAi:
    """A Brain. A request that failed is sent again only as long as nothing of the reply was heard."""

    can_prefill = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.brain
        server = settings.brain.openai
        found = isinstance(server, FoundServer)
        self._client = ModelServerClient(server.url, "" if found else api_key())
        self._program = server.program if isinstance(server, FoundServer) else ""
        self._model = server.model
        self._catalogue = Catalogue("", ())
        self._mute: set[str] = set()
        """Models that turned out to say nothing."""
        self._answer_seen = _Seen()
        self._look_again = False
        """The server seems to have another model by now."""
        self._context = settings.brain.context
        self._factor = 1.0
        """How many tokens the server counts for each that we estimate."""
        self._usage = Usage()
        self._paused_until = 0.0
        self._trouble: BrainError | None = BrainError("not started")
        self.availability = Availability()
        self.dialect = Dialect()
        """How this server must be asked, as far as is known."""

    # What the show asks for

    async def start(self, progress: Progress) -> None:
        """Finds out what the server has. Raises BrainError when it does not answer."""
        progress(0.0, f"asking {self._client.host}")
        try:
            await self._look_patiently(progress)
            await self._meet(progress)
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
        what = f"{self._model_name or 'a model'} at {self._where}"
        if self._trouble:
            return Health("brain", State.DOWN, f"{what}: {self._trouble.what}", self._trouble.hint)
        return Health("brain", State.OK, f"{what}, {self._context} tokens")

    # What the server is like

    @property
    def _model_name(self) -> str:
        """Without the folders that some servers put before it."""
        return clean(self._model.replace("\\", "/").rpartition("/")[2], 60)

    @property
    def _where(self) -> str:
        """Which server it is, for people."""
        return f"{self._program} ({self._client.host})" if self._program else self._client.host

    async def _look(self) -> None:
        """Which models it offers, and how many tokens the chosen one holds."""
        self._catalogue = await look(self._client)
        self._program = self._catalogue.program or self._program
        if self._settings.openai.model:
            await self._choose(self._settings.openai.model)
        elif talkers := self._talkers:
            await self._choose(talkers[0].name)
        elif self._catalogue.models:
            raise self._nobody_chats("it says so itself")

    @property
    def _talkers(self) -> list[Offered]:
        return [model for model in self._catalogue.talkers if model.name not in self._mute]

    async def _choose(self, name: str) -> None:
        self._model = name
        offered = self._catalogue.of(name)
        context = offered.context if offered else None
        if context is None:
            with suppress(BrainError):
                context = await self._client.context()
        if context:
            self._context = min(self._settings.context, context)

    async def _look_patiently(self, progress: Progress) -> None:
        """Some servers do not even tell what they have while they load it. Raises BrainError."""
        end = clock.now() + _LOADING_SECONDS
        while True:
            try:
                return await self._look()
            except ServerError as error:
                if not error.loading or clock.now() > end:
                    raise
            progress(0.5, f"{self._program or self._client.host} is loading its model …")
            await asyncio.sleep(1.0)

    async def _meet(self, progress: Progress) -> None:
        """Has a model answer for the first time: the chosen one, or else the first that can chat."""
        if self._settings.openai.model or not self._talkers:
            async with self._waiting(progress):
                return await self._probe(_PATIENT_RETRIES)
        refused = ""
        for model in self._talkers[:_MOST_TRIED]:
            await self._choose(model.name)
            try:
                async with self._waiting(progress):
                    return await self._probe(_RETRIES if len(self._talkers) > 1 else _PATIENT_RETRIES)
            except ServerError as error:
                if not error.about_chat:
                    raise
                log.info("%s cannot chat (%s)", escaped(self._model_name), escaped(error.why or error.what))
                refused = error.why or error.what
                self._mute.add(model.name)
        self._mute.clear()  # the streamer may mend them
        raise self._nobody_chats(refused)

    def _nobody_chats(self, why: str) -> BrainError:
        names = ", ".join(clean(model.name, 60) for model in self._catalogue.models[:_MOST_TRIED])
        return BrainError(
            f"none of the models that {self._where} offers can chat ({names}: {clean(why, 200)})",
            where="brain.openai",
            hint="load a chat model there, or name one in brain.openai.model",
        )

    @asynccontextmanager
    async def _waiting(self, progress: Progress) -> AsyncIterator[None]:
        """Says meanwhile what is waited for: a model that must be loaded first takes a minute or more."""
        offered = self._catalogue.of(self._model)
        cold = f"{self._where} is loading {self._model_name} …"

        async def tell() -> None:
            if offered is None or offered.loaded is not False:
                progress(0.5, f"waiting for {self._model_name or 'the model'}")
                await asyncio.sleep(_SOON)
            progress(0.5, cold)

        telling = asyncio.create_task(tell())
        try:
            yield
        finally:
            telling.cancel()

    async def _look_for_another(self) -> None:
        """Where nobody chose a model, the streamer may have loaded another one. Raises BrainError."""
        before = self._model
        await self._look()
        self._look_again = False
        if self._model != before:
            log.info("the model server now uses another model: %s", escaped(self._model_name))
            self.dialect = replace(self.dialect, names=False)  # whether they reach this one, nobody knows

    async def _probe(self, retries: int) -> None:
        """Has it answer, keeps it from thinking, and finds out whether a viewer's name reaches the model."""
        self.dialect = Dialect()
        hello = Prompt((_HELLO,), 0, max_tokens=_TASTE, seed=0)
        plain = (await self._read(hello, retries)).prompt
        while self._answer_seen.is_thinking and (less := self.dialect.thinking_less()):
            self.dialect = less
            plain = (await self._read(hello, retries)).prompt
        self.dialect = replace(self.dialect, names=True)
        named_hello = replace(_HELLO, name="Wanderer")
        named = (await self._read(Prompt((named_hello,), 0, max_tokens=1, seed=0), retries)).prompt
        if not self.dialect.names or not 0 < plain < named:
            self.dialect = replace(self.dialect, names=False)

    async def _read(self, prompt: Prompt, retries: int = _PATIENT_RETRIES) -> Usage:
        """Has it read a prompt while nobody waits. Returns what that cost."""
        seconds = max(_LOADING_SECONDS, self._settings.first_token_seconds)
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
            raise self._empty(attempt)
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

    def _empty(self, attempt: Attempt) -> BrainError:
        """The error for a reply of which nothing may be heard. It is kept from thinking from then on."""
        server = self._program or "the model server"
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

    def _fail(self, error: BrainError) -> None:
        """It is away until it has answered again."""
        self._trouble = error
        self.availability.set(ready=False)

    async def _heard(self, body: dict[str, Any], prompt: Prompt) -> AsyncGenerator[str, None]:
        """One request, and what may be heard of its answer."""
        response, reply = ResponseParser(), ServerReplyFilter(prompt)
        self._usage = Usage()
        seen = self._answer_seen = _Seen()
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
        seen.thought, seen.cut = response.thought, response.cut
        if heard := reply.finish():
            seen.was_heard = True
            yield heard
        self._note_usage(response.usage, prompt)

    def _note_usage(self, usage: Usage, prompt: Prompt) -> None:
        """Learns from what the prompt really took: at once when that was more than expected."""
        self._usage = usage
        expected = estimate_lines(prompt.lines)
        if usage.prompt and expected >= _KNOWN:
            factor = min(max(_MARGIN * usage.prompt / expected, 0.25), 4.0)
            self._factor = max(factor, (self._factor + factor) / 2)


@dataclass(slots=True)
class _Seen:
    """What came of the last request, heard or not."""

    text: str = ""
    """Its beginning."""
    was_heard: bool = False
    thought: bool = False
    cut: bool = False

    def add(self, text: str) -> None:
        self.text += text[: max(0, 1000 - len(self.text))]

    @property
    def is_thinking(self) -> bool:
        """Whether all of it were thoughts: seen ones, or hidden ones that took all its tokens."""
        return not self.was_heard and (self.thought or self.cut or "<think" in self.text)


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
