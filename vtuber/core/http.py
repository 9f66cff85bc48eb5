"""What every client of an HTTP server needs: its address, its errors in plain words, a bounded body."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from vtuber.core.errors import ConfigError
from vtuber.core.text import clean

FAILURES = (aiohttp.ClientError, OSError, UnicodeError)
"""What a connection may raise. UnicodeError: a host's name that cannot be one."""
BODY_LIMIT = 1 << 20
"""Bytes of an answer that is read whole, at most."""

_LONGEST_WAIT = 86_400.0
_TELLING = ("error", "message", "msg", "detail", "param", "code", "type", "loc")
"""The fields of an error that say something about it. Others may repeat the whole request."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server's API is: ``http://host:port/path``, without a "/" at its end."""

    scheme: str
    host: str
    """With the port, without a name and password."""
    path: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}{self.path}"


def address(url: str, *, where: str, example: str, without: str = "") -> Address:
    """The address of a server, as the option ``where`` gives it; its path is "/v1" where it has none.

    ``without`` is what people copy behind it by mistake. Raises ConfigError when it is no address.
    """
    try:
        given = urlsplit(url.strip())
        host = given.netloc.rpartition("@")[2] if given.hostname and given.port != 0 else ""
    except ValueError:
        host = ""
    if not host:
        raise ConfigError(
            "this is not the address of a server", where=where, hint=f"write an address like {example}"
        )
    return Address(given.scheme, host, given.path.rstrip("/").removesuffix(without) or "/v1")


def key_of(variable: str) -> str:
    """The key in an environment variable, "" without one."""
    return os.environ.get(variable, "").strip()


def reason(error: Exception) -> str:
    """Why a server could not be reached, in the system's words where it has some."""
    deeper = getattr(error, "os_error", error)
    number = getattr(deeper, "errno", None)
    known = os.strerror(number) if isinstance(number, int) and number > 0 else ""
    return clean(known or getattr(deeper, "strerror", None) or str(deeper) or type(error).__name__, 100)


async def read(response: aiohttp.ClientResponse) -> bytes:
    """The body, or its beginning when it is longer than ``BODY_LIMIT``."""
    body = bytearray()
    async for data in response.content.iter_any():
        body += data
        if len(body) > BODY_LIMIT:
            break
    return bytes(body[:BODY_LIMIT])


def error_words(body: bytes | Any, *, secret: str = "") -> str:
    """What a server says of an error, in one line: from its JSON or its plain text, never from a web page.

    ``secret`` is not repeated, though some servers do.
    """
    why = clean(" ".join(_words(_parsed(body) if isinstance(body, bytes) else body)), 1000)
    return why.replace(secret, "***") if secret else why


def shortened(words: str) -> str:
    """A server's words, short enough for a message."""
    return words if len(words) <= 200 else words[:199] + "…"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds, a day at most. A date is compared with the server's own clock."""
    given = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", given):
        return min(float(given), _LONGEST_WAIT)
    try:
        wait = parsedate_to_datetime(given) - parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError, TypeError):
        return None
    return min(max(wait.total_seconds(), 0.0), _LONGEST_WAIT)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        text = body.decode("utf-8", "replace").strip()
        return "" if text.startswith("<") else text  # nobody wants to read a web page


def _words(answer: Any, depth: int = 0) -> Iterator[str]:
    """Every text in what the server says of an error."""
    if depth > 5:
        return
    if isinstance(answer, str):
        yield answer
    elif isinstance(answer, list):
        for part in answer[:10]:
            yield from _words(part, depth + 1)
    elif isinstance(answer, dict):
        for name in _TELLING:
            yield from _words(answer.get(name), depth + 1)
