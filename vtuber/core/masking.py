"""Secrets that are written nowhere: those that are known, and what looks like one.

The log, the journal, `/health` and errors pass ``masked`` on their way out, whoever wrote them.
"""

from __future__ import annotations

import json
import os
import re
from functools import cache
from urllib.parse import quote, quote_plus

STARS = "***"
_STARRED = rf"\g<before>{STARS}"

SHORTEST = 6
"""A shorter secret is not looked for: it might be any word."""

_VARIABLE = re.compile(r"BANBAN_\w*(TOKEN|KEY|PASSWORD|SECRET)")
"""Environment variables that hold one."""

_IN_ADDRESS = re.compile(r"(?P<before>\b\w{1,20}://[^/?#@\s:]*:)(?P<secret>[^/?#\s]+)(?=@)")
_IN_QUERY = re.compile(
    r"(?P<before>[?&](?:password|passwd|token|secret|api_?key|key)=)(?P<secret>[^&#\s]+)", re.IGNORECASE
)
_NAMED = re.compile(r"(?P<before>(?:token|secret|password|passwd|key)=)[^&#\s\"'\\<>]+", re.IGNORECASE)
_IN_HEADER = re.compile(r"(?P<before>(?:bearer|oauth)[ :] ?)(?=\S*\d)[\w.~+/-]{12,}=*", re.IGNORECASE)
_SIGNS = ("token=", "secret=", "password=", "passwd=", "key=", "bearer", "oauth")
"""Without one of them, neither of those two can match: a quicker look."""

_known: set[str] = set()


def keep_secret(secret: str) -> None:
    """From now on ``masked`` finds it, however it is written in addresses and JSON."""
    if len(secret) >= SHORTEST:
        _known.update((secret, quote(secret), quote(secret, safe=""), quote_plus(secret)))
        _known.update((json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]))
        _pattern.cache_clear()


def masked(text: str) -> str:
    """The same text, with stars in the place of every secret. Quick where there is none: chat passes it."""
    if (known := _pattern()) is not None:
        text = known.sub(STARS, text)
    if "@" in text and "://" in text:
        text = _IN_ADDRESS.sub(_STARRED, text)
    small = text.lower()
    if any(sign in small for sign in _SIGNS):
        text = _IN_HEADER.sub(_STARRED, _NAMED.sub(_STARRED, text))
    return text


def holds_secret(text: str) -> bool:
    """Whether the text is an address with a password in it."""
    return bool(_IN_ADDRESS.search(text) or _IN_QUERY.search(text))


def without_secret(text: str) -> str:
    """The same text, with stars in the place of an address's password."""
    for pattern in (_IN_ADDRESS, _IN_QUERY):
        text = pattern.sub(_STARRED, text)
    return text


@cache
def _pattern() -> re.Pattern[str] | None:
    """Finds what is known; None when nothing is."""
    longest_first = sorted(_known, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


for _name, _secret in os.environ.items():
    if _VARIABLE.fullmatch(_name):
        keep_secret(_secret.strip())
