"""The mind as a GGUF run by llama.cpp, in a process of its own that is brought back when it dies."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from vtuber.brain import NO, YES, Prompt, PromptLine, Usage
from vtuber.brain.llama.keeper import ProcessKeeper
from vtuber.brain.llama.loading import Loaded, check, load
from vtuber.brain.llama.process import COMMAND, Request, WorkerProcess
from vtuber.brain.llama.prompt_format import HINT, PromptFormat, learn
from vtuber.brain.templates import Template
from vtuber.brain.templates.formats import by_name
from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.availability import Availability, Progress
from vtuber.core.errors import BrainError
from vtuber.core.health import Health, State
from vtuber.models.choices import better
from vtuber.models.store import locate

log = logging.getLogger(__name__)

_STOP_SECONDS = 3.0
"""A process that has not stopped a reply by then is ended."""
_CLOSE_SECONDS = 0.3
"""Whoever closes a stream waits so long for that; the next one who asks waits for the rest."""
_END_SECONDS = 0.5
"""At the end of the show the process has so long to go by itself."""
_PATIENCE = 10
"""Loading, and reading a whole persona, may take so many times as long as a token…"""
_PATIENCE_SECONDS = 60.0
"""…and always so long."""
_TOY_TEMPERATURE = 0.3
"""The embedded model is never asked to be more fanciful."""
_ASIDE = "["
"""The embedded model imitates what the show tells it in brackets; it has no moods to tell in them."""


class Llama:
    """A Brain. One reply is made at a time; a second ``stream`` waits for the first to end.

    Every answer of the process has a deadline. A process that misses one and cannot be stopped is ended and
    brought back; a slow one that can keeps what it has read, and the next try goes on from there.
    """

    command: tuple[str, ...] = COMMAND
    """How the process is started; tests start others."""
    cache_folder: Path
    """Where the prompt cache is kept on disk."""
    can_prefill = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.brain
        self.cache_folder = user_cache_path("banban", appauthor=False) / "prompt-cache"
        self._path = Path()
        self._loaded: Loaded | None = None
        self._format: PromptFormat | None = None
        self.availability = Availability()
        self._keeper = ProcessKeeper(self._begin, self.availability, self._settings.first_token_seconds)
        self._turn = asyncio.Lock()
        self._ending: asyncio.Task[None] | None = None
        self._head: tuple[PromptLine, ...] = ()
        self._first_head: tuple[PromptLine, ...] = ()
        self._restored = 0
        self._trusted = True
        self._extra_buffers = True
        self._usage = Usage()
        self._ahead = 0

    # What the show asks for

    async def start(self, progress: Progress) -> None:
        by_name(self._settings.template)
        check(self._settings)
        self._path = locate(self._settings.model)
        progress(0.0, f"loading {self._path.name}")
        await self._keeper.start(progress)

    async def prefill_head(self, head: tuple[PromptLine, ...]) -> None:
        self._head = head
        self._first_head = self._first_head or head
        async with self._turn:
            await self._read_head(await self._idle())

    async def prefill(self, lines: tuple[PromptLine, ...]) -> None:
        async with self._turn:
            process = await self._idle()
            request = process.ask("prefill", pieces=list(self.template.head(lines)), folder="", trusted=False)
            try:
                frame = await process.answer_to(request, self._long_seconds)
                self._ahead += frame["prompt"] - frame["reused"]
            finally:
                if not request.over.is_set():
                    await self._close(process, request)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        async with self._turn:
            self._head = prompt.lines[: prompt.head]
            process = await self._idle()
            self._usage = Usage()
            request = self._ask(process, prompt)
            try:
                while "done" not in (frame := await request.answer(self._token_seconds)):
                    self._trusted = self._trusted or self._restored > 0
                    yield frame["text"]
                self._note_usage(frame)
            finally:
                if request.over.is_set():
                    self._drain(request)
                else:
                    await self._close(process, request)

    async def count(self, lines: tuple[PromptLine, ...]) -> int:
        process = await self._keeper.living()
        request = process.ask("count", pieces=list(self.template.render(lines)))
        return int((await process.answer_to(request, self._token_seconds))["tokens"])

    async def judge(self, question: str) -> float | None:
        """Between two tokens of a reply. None: the toy understands no question."""
        if not self._settings.model:
            return None
        process = await self._keeper.living()
        lines = (PromptLine("viewer", question),)
        request = process.ask("judge", pieces=list(self.template.prompt(lines, "")), yes=YES, no=NO)
        try:
            return float((await request.answer(self._token_seconds))["yes"])
        finally:
            if not request.over.is_set():
                process.withdraw(request)

    @property
    def context(self) -> int:
        return self._loaded.context if self._loaded else self._settings.context

    @property
    def template(self) -> Template:
        """How the model is asked; known after ``start``."""
        if self._format is None:
            raise BrainError("the model was not started", where="brain")
        return self._format.template

    @property
    def usage(self) -> Usage:
        return self._usage

    @property
    def pid(self) -> int | None:
        """The model's process, while there is one."""
        process = self._keeper.process
        return process.pid if process and not process.doomed else None

    async def stop(self) -> None:
        """A reply being made ends with a BrainError. The process is gone in little more than _END_SECONDS."""
        if self._ending:
            self._ending.cancel()
            await asyncio.gather(self._ending, return_exceptions=True)
            self._ending = None
        await self._keeper.stop(_END_SECONDS)
        self._loaded = None

    def health(self) -> Health:
        if self._loaded is None:
            return Health("brain", State.DOWN, self._keeper.trouble or "not started")
        if self._keeper.has_failed:
            return Health(
                "brain", State.DOWN, "nothing restarts the model's process any more", "start banban again"
            )
        if not self.availability.is_ready:
            backoff = self._keeper.backoff
            hint = "use a smaller model or a smaller brain.context" if backoff.is_resting else "wait a moment"
            what = f"restarting: {self._keeper.trouble}{backoff.note}"
            return Health("brain", backoff.state, what, hint)
        what = (
            f"{self._path.stem} ({self._loaded.description}), {self.context} tokens, "
            f"prompt format {self.template.name}"
        )
        if adapters := len(self._settings.lora):
            what += f", {adapters} LoRA adapter{'s' * (adapters > 1)}"
        if self._restored:
            what += f", {self._restored} tokens of the persona loaded from disk"
        if not self._extra_buffers:
            limit = (
                f"{what}; slower, because this build of llama.cpp crashes on this processor",
                'reinstall llama-cpp-python with CMAKE_ARGS="-DGGML_NATIVE=OFF"',
            )
        elif self._format and self._format.doubt:
            limit = f"{what}, which is a guess, because {self._format.doubt}", HINT
        elif not self._settings.model:
            limit = f"a toy model: {what}", better()
        else:
            return Health("brain", State.OK, what)
        return Health("brain", State.LIMITED, *limit)

    # A reply

    def _ask(self, process: WorkerProcess, prompt: Prompt) -> Request:
        name = prompt.names[0] if prompt.names else ""
        return process.ask(
            "generate",
            pieces=list(self.template.prompt(prompt.lines, name, prompt.reply_so_far)),
            sampling={
                "temperature": self._settings.temperature,
                "top_p": self._settings.top_p,
                "seed": prompt.seed,
                **(self._toys if not self._settings.model else {}),
            },
            stop=[*self.template.stop, *(() if self._settings.model else (_ASIDE,))],
            names=prompt.names,
            asker=prompt.lines[-1].name,
            goes_on=bool(prompt.reply_so_far),
            max_tokens=prompt.max_tokens,
        )

    @property
    def _toys(self) -> dict[str, float]:
        """The embedded model makes sense as long as it stays near to what it has read."""
        return {"temperature": min(self._settings.temperature, _TOY_TEMPERATURE), "echo_penalty": 0}

    @property
    def _token_seconds(self) -> float:
        return self._settings.first_token_seconds

    @property
    def _long_seconds(self) -> float:
        return max(_PATIENCE_SECONDS, _PATIENCE * self._token_seconds)

    async def _close(self, process: WorkerProcess, request: Request) -> None:
        """Stops the model. One that takes its time is waited for by ``_idle``, not by whoever cancelled."""
        process.cancel(request)
        self._ending = asyncio.create_task(self._end(process, request))
        with clock.outside():
            await asyncio.wait({self._ending}, timeout=_CLOSE_SECONDS)

    async def _end(self, process: WorkerProcess, request: Request) -> None:
        """The model is idle when this returns, or its process is on its way out."""
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await clock.answered(request.over.wait())
        except TimeoutError:
            log.warning("the model did not stop its reply; its process is restarted")
            process.kill()
        self._drain(request)

    def _drain(self, request: Request) -> None:
        """What nobody waits for any more may tell the usage."""
        while not request.answers.empty():
            self._note_usage(request.answers.get_nowait())

    async def _idle(self) -> WorkerProcess:
        """The process, once it has nothing else to do."""
        if self._ending:
            with clock.outside():
                await asyncio.wait({self._ending})
        return await self._keeper.living()

    async def _read_head(self, process: WorkerProcess) -> None:
        """Has it read from disk, where it was in an earlier show; else it is kept there.

        What is on disk is trusted until a process dies of it, which is until the model has answered from it.
        Only the show's first head is kept: a later one may hold what viewers said.
        """
        trusted, self._trusted, self._restored = self._trusted, False, 0
        request = process.ask(
            "prefill",
            pieces=list(self.template.head(self._head)),
            folder=str(self.cache_folder) if self._head == self._first_head else "",
            trusted=trusted,
        )
        self._restored = int((await process.answer_to(request, self._long_seconds))["restored"])
        self._trusted = trusted and not self._restored

    def _note_usage(self, frame: dict[str, Any]) -> None:
        if "reply" in frame:
            self._usage = Usage(
                frame["prompt"], frame["reused"], frame["reply"], frame["restored"], self._ahead
            )
            self._ahead = 0

    # The process

    async def _begin(self, progress: Progress) -> WorkerProcess:
        """A process with the model loaded. Raises ConfigError for a file that cannot be loaded."""
        while True:
            process = await WorkerProcess.begin(self.command)
            self._ahead = 0
            loaded = False
            try:
                self._loaded = await load(
                    process,
                    self._path,
                    self._settings,
                    self._long_seconds,
                    progress,
                    extra_buffers=self._extra_buffers,
                )
                self._format = self._format or await learn(
                    process, self._path, self._settings, self._loaded.chat_template
                )
                loaded = True
                if self._head:  # whoever asks before it is read would take the wait for a hang
                    before = self._keeper.process
                    if self._restored and before is not None and before.was_ended():
                        self._trusted = True  # it had loaded what is on disk, and did not die of it
                    await self._read_head(process)
            except BaseException as error:  # cancelled too: no process may be left behind
                process.kill()
                await process.stop()
                unfit = self._extra_buffers and not loaded and process.crashed()
                if unfit and isinstance(error, BrainError):
                    log.warning("%s; trying again without the processor's fastest instructions", error.what)
                    self._extra_buffers = False
                    continue
                raise
            return process
