"""A neural network in onnxruntime that another thread can cancel at once, and the thread it runs in."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when onnxruntime is imported, and only then

import onnxruntime

from vtuber.core import clock

T = TypeVar("T")

_PROVIDERS = ["CPUExecutionProvider"]


class Cancelled(Exception):  # noqa: N818  (no error: somebody asked for it)
    """The work was cancelled through its token."""


class CancelToken:
    """Cancels work from another thread, also while the network runs."""

    def __init__(self) -> None:
        self.options = onnxruntime.RunOptions()

    def cancel(self) -> None:
        self.options.terminate = True

    def check(self) -> None:
        """Raises Cancelled once it was cancelled."""
        if self.options.terminate:
            raise Cancelled


class Network:
    """A graph, loaded. Its work can be cancelled between two of its nodes."""

    def __init__(self, file: Path, *, threads: int, arena: bool = False, also: str = "") -> None:
        """``arena``: keeps memory for the next node, which large graphs need: theirs is freed after each run.

        ``also``: a regular expression; the first tensor whose name it matches is one more output, the last.
        Raises OSError, and what onnxruntime raises when the file is no graph.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.enable_cpu_mem_arena = arena
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # the model thinks meanwhile
        graph = file.read_bytes()
        if also and (found := re.search(also.encode(), graph)):
            graph += _extra_output(found.group())
        self._arena = arena
        self._session: Any = onnxruntime.InferenceSession(graph, options, _PROVIDERS)

    @property
    def inputs(self) -> dict[str, str]:
        """The type of each input, as onnxruntime writes it ("tensor(float)")."""
        return {each.name: each.type for each in self._session.get_inputs()}

    def run(self, feed: dict[str, Any], token: CancelToken) -> list[Any]:
        """The outputs, in the graph's order. Raises Cancelled."""
        token.check()
        if self._arena:
            token.options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        try:
            outputs: list[Any] = self._session.run(None, feed, token.options)
        except Exception:  # cancelled half-way, the network raises what it likes
            token.check()
            raise
        token.check()
        return outputs


GIVE_UP_SECONDS = 0.5
"""What does not heed its token (a model that loads) is left to itself after so long."""


class Worker:
    """One thread that makes one thing after the other."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, name)
        self._left: asyncio.Future[Any] | None = None
        """What was left to itself last."""

    async def make(self, work: Callable[[], T], token: CancelToken) -> T:
        """The result of ``work``. When cancelled, it cancels the token and waits a moment for the thread."""
        job = self._thread.submit(work)
        future = asyncio.wrap_future(job)
        with clock.outside():
            try:
                return await asyncio.shield(future)
            except asyncio.CancelledError:
                token.cancel()
                if not job.cancel():
                    future.add_done_callback(_seen)
                    self._left = future
                    await asyncio.wait([future], timeout=GIVE_UP_SECONDS)
                raise

    async def close(self) -> None:
        """Waits a moment for the thread's end, if it has not before. What it was to do next it leaves."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._left is not None and not self._left.done():
            return
        ending = asyncio.ensure_future(clock.in_thread(self._thread.shutdown))
        await asyncio.wait([ending], timeout=GIVE_UP_SECONDS)
        ending.cancel()


def _seen(future: asyncio.Future[Any]) -> None:
    """Nobody waits any more for what it raised."""
    if not future.cancelled():
        future.exception()


def _extra_output(tensor: bytes) -> bytes:
    """Bytes that make ``tensor`` an output. Protocol Buffers merge what is appended to a serialised model."""

    def message(number: int, body: bytes) -> bytes:
        return bytes([number << 3 | 2, len(body)]) + body

    graph, output, name = 7, 12, 1  # field numbers in ModelProto, GraphProto, ValueInfoProto
    return message(graph, message(output, message(name, tensor)))
