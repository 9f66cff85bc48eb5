"""Knows the streamer's own sites: a domain with all that is below it, or a page of one."""

from __future__ import annotations

import re
from collections.abc import Iterable

import idna

from vtuber.core.errors import ConfigError
from vtuber.guard.personal.web import Address


class OwnSites:
    """Raises ConfigError for what is no domain."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = [_split(site) for site in allowed]

    def has(self, address: Address) -> bool:
        """Whether an address is one of them. What only looks like one is not."""
        if not self._allowed:
            return False
        host = _ascii(address.host)
        return bool(host) and any(
            (host == own or host.endswith(f".{own}")) and _is_below(address.path, path)
            for own, path in self._allowed
        )


def _split(site: str) -> tuple[str, str]:
    bare = re.sub(r"^[a-z]+://", "", site.strip().lower()).removeprefix("www.").rstrip("/")
    host, slash, path = bare.partition("/")
    plain = _ascii(host)
    if "." not in plain:
        raise ConfigError(
            f"{site!r} is no domain", where="guard.links.allow", hint='write it like "example.org"'
        )
    return plain, slash + path


def _ascii(host: str) -> str:
    """The host in the letters of the Internet; "" when there is no such host."""
    try:
        return idna.encode(host.strip("."), uts46=True).decode("ascii").removeprefix("www.")
    except (idna.IDNAError, UnicodeError):
        return ""


def _is_below(path: str, own: str) -> bool:
    return not own or path.lower() == own or path.lower().startswith((f"{own}/", f"{own}?", f"{own}#"))
