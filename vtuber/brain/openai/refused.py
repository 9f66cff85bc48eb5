"""A model server that did not answer as it was asked to, in a streamer's words."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from vtuber.core.errors import BrainError
from vtuber.core.text import clean

KEY = "BANBAN_OPENAI_API_KEY"
"""The environment variable that holds the server's key."""

_PASSING = frozenset((0, 200, 408, 425, 429))
_LONGEST_WAIT = 86_400.0
_CURES = {
    401: f"put the key that it wants into the environment variable {KEY}",
    403: f"put a key that may do this into the environment variable {KEY}",
    404: "correct brain.openai.url (most end in /v1) or brain.openai.model",
    429: "it limits how much may be asked of it; let another brain stand in, in brain.then",
}
_TOO_LONG = re.compile(
    r"context[ _](length|size|window)|exceed\w* .{0,40}context|prompt is too long|too many tokens",
    re.IGNORECASE,
)
_CONTEXT = re.compile(r"context[ _](?:length|size|window)\D{1,20}(\d{3,7})\b", re.IGNORECASE)
_TELLING = ("error", "message", "msg", "detail", "param", "code", "type", "loc")
"""What the parts of an error are called that say something about it. Others may repeat the whole request."""


def key() -> str:
    """The server's key, "" without one."""
    return os.environ.get(KEY, "").strip()


class Refused(BrainError):  # noqa: N818  # it is raised as one says it
    """``status`` is HTTP's: 0 without any, 200 when it was told within an answer. ``why`` are its own words.

    ``wait``: how many seconds it wants to be left alone, when it says so.
    """

    def __init__(
        self, what: str, *, status: int = 0, why: str = "", wait: float | None = None, hint: str = ""
    ) -> None:
        super().__init__(what, where="brain.openai", hint=hint or _CURES.get(status, ""))
        self.status = status
        self.why = why
        self.wait = wait

    @property
    def passing(self) -> bool:
        """Whether the same question may well be answered a moment later."""
        return self.status in _PASSING or self.status >= 500

    @property
    def wordless(self) -> bool:
        """Whether it began to answer and broke off, without saying why."""
        return self.status == 200 and not self.why

    @property
    def too_long(self) -> bool:
        """Whether the prompt was too long for it."""
        return self.status in (200, 400, 413, 422, 500) and bool(_TOO_LONG.search(self.why))

    @property
    def about_model(self) -> bool:
        """Whether it may have no such model (any more)."""
        told = self.status in (200, 400) and "model" in self.why.casefold() and not self.too_long
        return self.status == 404 or told

    @property
    def context(self) -> int | None:
        """How many tokens it holds, where it says so."""
        told = _CONTEXT.search(self.why)
        return int(told[1]) if told else None


def refusal(status: int, body: bytes | Any, headers: Mapping[str, str] | None = None) -> Refused:
    """What the server told with this status, as an error to raise."""
    why = clean(" ".join(_told(_parsed(body) if isinstance(body, bytes) else body)), 1000)
    if secret := key():
        why = why.replace(secret, "***")  # some repeat what they were given
    what = f"the model server refuses ({status})" if status != 200 else "the model server gives up"
    if why:
        what = f"{what}: {why if len(why) <= 200 else why[:199] + '…'}"
    return Refused(what, status=status, why=why, wait=_wait(headers or {}))


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        text = body.decode("utf-8", "replace").strip()
        return "" if text.startswith("<") else text  # nobody wants to be told a web page


def _told(told: Any, depth: int = 0) -> Iterator[str]:
    """Every text in what the server says of an error."""
    if depth > 5:
        return
    if isinstance(told, str):
        yield told
    elif isinstance(told, list):
        for part in told[:10]:
            yield from _told(part, depth + 1)
    elif isinstance(told, dict):
        for name in _TELLING:
            yield from _told(told.get(name), depth + 1)


def _wait(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds. A date is compared with the server's own clock."""
    given = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", given):
        return min(float(given), _LONGEST_WAIT)
    try:
        wait = parsedate_to_datetime(given) - parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError, TypeError):
        return None
    return min(max(wait.total_seconds(), 0.0), _LONGEST_WAIT)
