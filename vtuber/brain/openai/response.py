"""What a model server answers, whatever it calls it: a stream of events, or one JSON object.

The content type is not believed; the first byte tells. Each ``data:`` line is an event of its own, as all
servers send them, whether or not an empty line follows.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from vtuber.brain import Usage
from vtuber.brain.openai.errors import ServerError, error_from

log = logging.getLogger(__name__)

BROKE_OFF = "the model server stopped in the middle of its answer"
SIZE_LIMIT = 4 << 20
"""Bytes of one line, or of an answer that is not a stream, at most."""

_THOUGHTS = ("reasoning_content", "reasoning", "thinking")
"""What servers call the field for what is thought and not said."""


class ResponseParser:
    """Give it the body as it comes with ``feed``, then ``finish`` it.

    Both raise ServerError for what is not an answer.
    """

    def __init__(self) -> None:
        self.complete = False
        """The text has ended; its usage may still come."""
        self.over = False
        """Nothing more will come at all."""
        self.usage = Usage()
        self.thought = False
        """Whether it thought, in a field of its own."""
        self.cut = False
        """Whether it was stopped at its limit of tokens."""
        self._line = bytearray()
        self._streamed: bool | None = None

    def feed(self, data: bytes) -> Iterator[str]:
        """The text in it, in the pieces in which it was made."""
        self._line += data
        if len(self._line) > SIZE_LIMIT:
            raise ServerError("the model server sent a line without an end", status=404)
        if self._streamed is None:
            self._streamed = self._is_stream()
        if self._streamed and (b"\n" in data or b"\r" in data):
            lines = bytes(self._line).splitlines(keepends=True)
            self._line = bytearray() if lines[-1].endswith((b"\n", b"\r")) else bytearray(lines.pop())
            for line in lines:
                yield from self._event(line)

    def finish(self) -> Iterator[str]:
        """The text that was still waiting for its end. Raises ServerError when the answer is not whole."""
        rest = bytes(self._line)
        if self._streamed:
            yield from self._event(rest)
        elif self._streamed is False:
            yield from self._take(_parsed(rest))
        if not self.complete:
            raise ServerError(BROKE_OFF, status=200)

    def _is_stream(self) -> bool | None:
        """None: too early to tell. Raises ServerError for a web page."""
        begin = bytes(self._line[:64]).removeprefix(b"\xef\xbb\xbf").lstrip()
        if begin.startswith(b"<"):
            raise ServerError("the answer is a web page; this is not a model server", status=404)
        return not begin.startswith(b"{") if begin else None

    def _event(self, line: bytes) -> Iterator[str]:
        field, _, value = line.removeprefix(b"\xef\xbb\xbf").partition(b":")
        value = value.strip()
        if field == b"error":  # llama.cpp's, once
            raise error_from(200, value)
        if field != b"data":
            return
        if value == b"[DONE]":
            self.complete = self.over = True
        else:
            yield from self._take(_parsed(value))

    def _take(self, event: Any) -> Iterator[str]:
        if not isinstance(event, dict):
            log.debug("the model server sent a malformed event")
            return
        if event.get("error") or event.get("object") == "error":
            raise error_from(200, event)
        if isinstance(usage := event.get("usage"), dict):
            self.usage = _usage(usage, event.get("timings"))
        choice = _first(event.get("choices"))
        whole = isinstance(choice.get("message"), dict)
        said = choice["message"] if whole else choice.get("delta")
        content = said.get("content") if isinstance(said, dict) else choice.get("text")
        yield from _texts(content)
        self.thought = self.thought or (isinstance(said, dict) and any(map(said.get, _THOUGHTS)))
        self.cut = self.cut or choice.get("finish_reason") == "length"
        if whole or choice.get("finish_reason"):
            self.complete = True


@dataclass(slots=True)
class Seen:
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
        return not self.was_heard and (self.thought or self.cut)


def _parsed(value: bytes) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _first(choices: Any) -> dict[str, Any]:
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}


def _texts(content: Any) -> Iterator[str]:
    """What is said in it: a text, or a list of parts, as of models that also draw or think."""
    for part in content if isinstance(content, list) else [{"text": content}]:
        if (
            not isinstance(part, dict)
            or "reason" in str(part.get("type"))
            or "think" in str(part.get("type"))
        ):
            continue
        text = part.get("text")
        if isinstance(text, str) and text:
            yield text


def _usage(usage: dict[str, Any], timings: Any) -> Usage:
    details = usage.get("prompt_tokens_details")
    reused = _number(details, "cached_tokens") or _number(timings, "cache_n")
    prompt = _number(usage, "prompt_tokens")
    return Usage(prompt, min(reused, prompt), _number(usage, "completion_tokens"))


def _number(table: Any, name: str) -> int:
    value = table.get(name) if isinstance(table, dict) else None
    return value if type(value) is int and 0 <= value < 1 << 31 else 0
