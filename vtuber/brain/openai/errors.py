"""What goes wrong with a model server, in a streamer's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vtuber.core import http
from vtuber.core.errors import BrainError

KEY = "BANBAN_OPENAI_API_KEY"
"""The environment variable that holds the server's key."""

_PASSING = frozenset((0, 200, 408, 425, 429))
_HINTS = {
    401: f"put its API key into the environment variable {KEY}",
    403: f"put an API key that may use this model into the environment variable {KEY}",
    404: "correct brain.openai.url (most addresses end in /v1) or brain.openai.model",
    429: "wait, or name a second brain in brain.then that answers meanwhile: this server limits requests",
}
_TOO_LONG = re.compile(
    r"context[ _](length|size|window)|exceed\w* .{0,40}context|prompt is too long|too many tokens",
    re.IGNORECASE,
)
_CONTEXT = re.compile(r"context[ _](?:length|size|window)\D{1,20}(\d{3,7})\b", re.IGNORECASE)


def api_key() -> str:
    """The server's key, "" without one."""
    return http.key_of(KEY)


class ServerError(BrainError):
    """A model server did not answer as it was asked to.

    ``status`` is HTTP's: 0 without any, 200 when the error came within an answer. ``why`` are the server's
    own words. ``wait``: seconds until it may be asked again, when it says so.
    """

    def __init__(
        self, what: str, *, status: int = 0, why: str = "", wait: float | None = None, hint: str = ""
    ) -> None:
        super().__init__(what, where="brain.openai", hint=hint or _HINTS.get(status, ""))
        self.status = status
        self.why = why
        self.wait = wait

    @property
    def passing(self) -> bool:
        """Whether the same request may well be answered a moment later."""
        return self.status in _PASSING or self.status >= 500

    @property
    def loading(self) -> bool:
        """Whether it will answer as soon as its model is loaded."""
        return self.status == 503 and "loading" in self.why.casefold()

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
        """Whether the server may not have this model, or not any more."""
        named = self.status in (200, 400) and "model" in self.why.casefold() and not self.too_long
        return self.status == 404 or named

    @property
    def about_chat(self) -> bool:
        """Whether this model cannot chat or cannot be loaded, and another one of the same server may."""
        return self.status in (200, 400, 404, 405, 422, 424) or self.status >= 500

    @property
    def context(self) -> int | None:
        """How many tokens it holds, where it says so."""
        found = _CONTEXT.search(self.why)
        return int(found[1]) if found else None


def error_from(status: int, body: bytes | Any, headers: Mapping[str, str] | None = None) -> ServerError:
    """The error to raise for what a server answered with this status."""
    why = http.error_words(body, secret=api_key())
    what = (
        "the model server reports an error"
        if status == 200
        else f"the model server refuses the request ({status})"
    )
    if why:
        what = f"{what}: {http.shortened(why)}"
    return ServerError(what, status=status, why=why, wait=http.retry_after(headers or {}))
