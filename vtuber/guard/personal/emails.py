"""Finds e-mail addresses, also where "@" and dots are words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vtuber.guard.personal.cues import sections, tells
from vtuber.guard.personal.web import top_level

_DOTTED = r"(?:\s?(?:\.|[點点。．])\s?|\s?[(\[{<]\s?(?:dot|\.|點)\s?[)\]}>]\s?|[\s_-](?:dot|d0t)[\s_-])"
_AT = (
    r"(?P<at>@|\s@\s|@\s|\s@|\s?[(\[{<]\s?(?:at|@)\s?[)\]}>]\s?"
    r"|\s?小老鼠\s?|[_-]at[_-]|\s?#\s?|\sat\s|\s?艾特\s?)"
)
_MAY_BE = re.compile(r"[@#]|[\s_(\[{<-]at[\s_)\]}>-]|小老鼠|艾特")
_HOSTS = (
    "gmail|googlemail|hotmail|outlook|yahoo|ymail|proton|protonmail|pm|icloud|qq|naver|pchome|msn|yandex|gmx|zoho"
    "|tutanota|foxmail|mail"
)
_BEHIND = re.compile(
    rf"{_AT}(?P<host>(?:(?![點点]|-d[o0]t-)[\w-]){{1,63}})(?P<rest>(?:{_DOTTED}[a-z0-9][\w-]{{0,62}}){{0,4}})"
)
_FRONT = re.compile(r"[\w.+-]{1,64}$", re.ASCII)
_PROVIDER = re.compile(_HOSTS)
_SPLIT = re.compile(_DOTTED)


def emails(lower: str) -> Iterator[tuple[int, int]]:
    """Where they stand in a plain text of small letters."""
    if not _MAY_BE.search(lower):
        return
    for match in _BEHIND.finditer(lower):
        front = _FRONT.search(lower, max(0, match.start() - 64), match.start())
        if front and _is_mail(lower, front, match):
            yield front.start(), match.end()


def _is_mail(lower: str, front: re.Match[str], behind: re.Match[str]) -> bool:
    at, host, rest = behind["at"], behind["host"], behind["rest"]
    ending = _SPLIT.split(rest)[-1] if rest else ""
    local = front[0].strip(".-")
    if not local or (local in sections("personal_cues")["not a mailbox"] and at == " at "):
        return False
    provider = _PROVIDER.fullmatch(host) is not None
    if at == "@":
        return bool(rest) or provider
    if at.strip() == "#":
        return provider and bool(rest)
    known = bool(rest) and (ending in top_level() or ending in sections("web_addresses")["plainest"])
    if at == " at ":
        cued = tells("mail", lower, front.start(), behind.start(), before=40, behind=40)
        return (known and (provider or rest.strip()[0] != "." or cued)) or (provider and cued)
    if at.strip() == "@":
        return known or (provider and bool(rest))
    return bool(rest) or provider
