"""The show's end of the worker: one process, its requests and its death."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
from collections import deque
from typing import Any

from vtuber.core import clock
from vtuber.core.errors import BrainError
from vtuber.core.text import escaped

log = logging.getLogger(__name__)

COMMAND = ("-P", "-m", "vtuber.brain.llama.worker")
ENVIRONMENT = {
    "PYTHONUTF8": "1",
    "GGML_NO_BACKTRACE": "1",  # a crash need not wait for a debugger
    # llama.cpp's threads spin at every step of an evaluation while one of them has lost its core: beside a
    # busy program a reply could take minutes. Spinning briefly costs nothing on an idle machine.
    "GOMP_SPINCOUNT": "1000",
}
_SECRETS = ("BANBAN_", "HF_TOKEN")
"""What begins like that in the environment is not for a model that came from a stranger."""
_FRAME_LIMIT = 1 << 22
_WORDS_KEPT = 20
_LAST_BREATH = 2.0
_WINDOWS_SEGFAULT = 0xC0000005

Frame = dict[str, Any]


class Request:
    """One request and the answers that arrive for it. Ends with a frame that holds "done" or "error"."""

    def __init__(self, number: int) -> None:
        self.id = number
        self.answers: asyncio.Queue[Frame] = asyncio.Queue()  # bounded by the request's own max_tokens
        self.over = asyncio.Event()

    def put(self, frame: Frame) -> None:
        self.answers.put_nowait(frame)
        if "done" in frame or "error" in frame:
            self.over.set()

    async def answer(self, seconds: float) -> Frame:
        """The next answer. Raises BrainError when it does not come in time, or says the request failed."""
        try:
            async with asyncio.timeout(seconds):
                frame = await clock.answered(self.answers.get())
        except TimeoutError:
            raise BrainError(
                f"the model wrote nothing for {seconds:g} seconds",
                where="brain",
                hint="use a smaller model or a shorter persona, or raise brain.first_token_seconds",
            ) from None
        if "error" in frame:
            raise BrainError(frame["error"], where="brain")
        return frame


class WorkerProcess:
    """A worker from its start to its end. Its tasks end with it; ``stop`` awaits them."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._requests: dict[int, Request] = {}
        self._number = 0
        self._last_words: deque[str] = deque(maxlen=_WORDS_KEPT)
        self._killed = False
        self.dead = asyncio.Event()
        self.doomed = False
        """Dead, or about to be: nothing should be asked of it."""
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._drain())]

    @classmethod
    async def begin(cls, command: tuple[str, ...] = COMMAND) -> WorkerProcess:
        """Starts a process. Raises BrainError when the system refuses."""
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                limit=_FRAME_LIMIT,
                env=_environment(),
                **_own_group(),
            )
        except OSError as error:
            raise BrainError(f"the model's process cannot be started ({error})", where="brain") from error
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, op: str, **fields: Any) -> Request:
        """Sends a request. When the process is dead its only answer is an error."""
        self._number += 1
        request = Request(self._number)
        if self.dead.is_set():
            request.put({"error": self.how_it_ended()})
            return request
        self._requests[request.id] = request
        self._send({"op": op, "id": request.id, **fields})
        return request

    async def answer_to(self, request: Request, seconds: float) -> Frame:
        """The next answer to what cannot be stopped half-way: a process that is late is ended."""
        try:
            return await request.answer(seconds)
        except BrainError:
            if not request.over.is_set():
                self.kill()
            raise

    def cancel(self, request: Request) -> None:
        """Asks that the request end now; it is over when ``request.over`` is set."""
        if not request.over.is_set():
            self._send({"op": "cancel", "id": request.id})

    def withdraw(self, request: Request) -> None:
        """Nobody wants that judgement any more."""
        if not request.over.is_set():
            self._send({"op": "withdraw", "id": request.id})

    def crashed(self) -> bool:
        """Whether it died of a forbidden access or instruction, as a build for another processor does."""
        code = self._process.returncode
        if code is None:
            return False
        if sys.platform == "win32":
            return code & 0xFFFFFFFF == _WINDOWS_SEGFAULT
        return -code in (signal.SIGSEGV, signal.SIGILL)

    def was_ended(self) -> bool:
        """Whether the system ended it (for memory, say), or a person: not we, nor anything that it did."""
        return sys.platform != "win32" and self._process.returncode == -signal.SIGKILL and not self._killed

    def how_it_ended(self) -> str:
        """How it ended, in a line."""
        code = self._process.returncode
        cause = "hung and was stopped" if self._killed else "ended" if code is None else _cause(code)
        words = f": {self._last_words[-1]}" if self._last_words else ""
        return f"the model's process {cause}{words}"

    async def stop(self, grace: float = 1.0) -> None:
        """Ends the process: closes its stdin, and kills it if it stays. Never raises."""
        self.doomed = True
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            with clock.outside():
                async with asyncio.timeout(grace):
                    await self._process.wait()
        except TimeoutError:
            self.kill()
        finally:
            with clock.outside():
                await asyncio.gather(*self._tasks, return_exceptions=True)

    def kill(self) -> None:
        """Ends it without a word; ``dead`` is set soon."""
        self.doomed = True
        if self._process.returncode is None:
            try:
                self._process.kill()
                self._killed = True
            except ProcessLookupError:
                log.debug("the model's process %d was already gone", self.pid)

    def _send(self, frame: Frame) -> None:
        stdin = self._process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(json.dumps(frame).encode("ascii") + b"\n")

    async def _listen(self) -> None:
        stdout = self._process.stdout
        try:
            while stdout is not None and (line := await stdout.readline()):
                self._take(line)
        except (OSError, ValueError) as error:
            log.debug("the model's process: %s", error)
        finally:
            await self._reap()
            self.doomed = True
            self.dead.set()
            for request in self._requests.values():
                request.put({"error": self.how_it_ended()})
            self._requests.clear()

    async def _reap(self) -> None:
        """Its stdout has ended: it is about to go by itself, and a kill would hide why."""
        try:
            with clock.outside():
                async with asyncio.timeout(_LAST_BREATH):
                    await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()

    def _take(self, line: bytes) -> None:
        frame = json.loads(line)
        request = self._requests.get(frame["id"])
        if request is None:
            return
        request.put(frame)
        if request.over.is_set():
            del self._requests[request.id]

    async def _drain(self) -> None:
        stderr = self._process.stderr
        while stderr is not None and (chunk := await stderr.read(4096)):
            for line in chunk.decode("utf-8", "replace").splitlines():
                if words := escaped(line.strip())[:500]:
                    self._last_words.append(words)
                    log.debug("model process: %s", words)


def _environment() -> dict[str, str]:
    """Ours, without its secrets."""
    ours = {name: value for name, value in os.environ.items() if not name.upper().startswith(_SECRETS)}
    return {**ENVIRONMENT, **ours}


def _own_group() -> dict[str, Any]:
    """Ctrl-C in the terminal is for the show alone."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"process_group": 0}


def _cause(code: int) -> str:
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = str(-code)
        return "was killed by SIGKILL (out of memory?)" if name == "SIGKILL" else f"was killed by {name}"
    return f"exited with status {code & 0xFFFFFFFF:#x}"
