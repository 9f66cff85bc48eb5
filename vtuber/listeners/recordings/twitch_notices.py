"""Notices of Twitch in a recording, which tells some of them as a comment.

"Ann subscribed at Tier 1. They've subscribed for 3 months! hi" is a subscription with the words "hi". Only a
sentence with its author's own name is taken for a notice: anybody could type the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from vtuber.core.events import ChatMessage, Event
from vtuber.core.recent import Recent
from vtuber.listeners import money
from vtuber.listeners.twitch import irc as twitch_irc

_ANONYMOUS = ("ananonymousgifter", "An anonymous user")
"""The login of Twitch's account for gifts of somebody who is not named, and what its notices call it."""

_TIER = r"(?:(?P<prime>Prime)|Tier (?P<tier>\d))"
_SOMEBODY = r".{1,60}?"
_SENTENCES = tuple(
    (kind, re.compile(sentence + r"(?:\s+|$)"))
    for kind, sentence in {
        "resub": r" (?:just )?subscribed (?:at |with (?:a |Twitch )?)" + _TIER + r"(?: sub)?[.!]"
        r"(?: They've subscribed for (?P<months>\d{1,4}) months?"
        r"(?:, currently on an? \d{1,4} month streak)?!)?",
        "giftpaidupgrade": rf" is continuing the Gift Sub they got from {_SOMEBODY}!",
        "primepaidupgrade": rf" converted from an? (?:Prime|Tier \d) sub to an? {_TIER} sub!",
        "submysterygift": rf" is gifting (?P<count>\d{{1,6}}) {_TIER} Subs? to {_SOMEBODY}'s community!",
        "subgift": rf" gifted (?:an?|(?P<each>\d{{1,3}}) months? of) {_TIER}(?: sub)? to {_SOMEBODY}!",
        "communitypayforward": rf" is paying forward the Gift they got from {_SOMEBODY} to {_SOMEBODY}!",
        "viewermilestone": r" watched (?P<streak>\d{1,6}) consecutive streams(?: this month)?"
        r" and sparked a watch streak!",
        "charitydonation": r": Donated (?P<paid>[A-Z]{3} \d[\d.,]*) to support (?P<charity>.{1,120}?)\s*$",
    }.items()
)
"""What follows the name."""
_WITH_WORDS = frozenset(("resub", "viewermilestone"))
"""To which their authors may add words."""
_RAID = re.compile(r"(?P<viewers>\d{1,9}) raiders from (?P<name>.{1,60}) have joined!\s*")
_BADGE = "bits badge tier notification"
"""All that is told of a badge for bits."""
_PARAMS = {
    "months": "cumulative-months",
    "count": "mass-gift-count",
    "each": "gift-months",
    "streak": "value",
    "charity": "charity-name",
    "viewers": "viewerCount",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A notice that stands at the beginning of a comment."""

    kind: str
    """Its ``msg-id`` in Twitch's IRC."""
    params: Mapping[str, str]
    """The parameters that it would have there."""
    end: int
    """Where in the comment its author's own words begin."""


def told(body: str, names: tuple[str, ...], *, is_notice: bool = False) -> Told | None:
    """The notice with which the comment begins; ``names`` are what its author is called.

    With ``is_notice`` the recording says itself that it is one, and any name will do.
    """
    if body.strip() == _BADGE:
        return Told("bitsbadgetier", {}, len(body))
    if (raid := _RAID.fullmatch(body)) and (is_notice or _is_one(raid["name"], names)):
        return Told("raid", _params(raid), len(body))
    if _is_one(_ANONYMOUS[0], names):
        names = (*names, _ANONYMOUS[1])
    if is_notice and (first := re.match(r"[^\s:]+", body)):
        names = (*names, first.group())
    for name in filter(None, names):
        if not _is_one(body[: len(name)], (name,)):
            continue
        for kind, sentence in _SENTENCES:
            if found := sentence.match(body, len(name)):
                return Told(kind, _params(found), found.end() if kind in _WITH_WORDS else len(body))
    return None


def _is_one(given: str, names: tuple[str, ...]) -> bool:
    return given.casefold() in {name.casefold() for name in names if name}


def _params(found: re.Match[str]) -> dict[str, str]:
    groups = {name: text for name, text in found.groupdict().items() if text}
    params = {f"msg-param-{_PARAMS[name]}": text for name, text in groups.items() if name in _PARAMS}
    if "prime" in groups:
        params["msg-param-sub-plan"] = "Prime"
    elif "tier" in groups:
        params["msg-param-sub-plan"] = groups["tier"] + "000"
    if paid := groups.get("paid"):
        price = money.read(paid)
        params["msg-param-donation-currency"] = price.currency
        params["msg-param-donation-amount"] = str(int((price.amount or 0) * 100))
        params["msg-param-exponent"] = "2"
    return params


class Notices:
    """Turns notices into events; gifts that were told as a bomb before are not told again."""

    def __init__(self) -> None:
        self._bombs = twitch_irc.GiftBombs()
        self._owed: Recent[str, int] = Recent(256)
        """How many gifts of an author's last bomb are still to come: comments do not name their bomb."""

    def event(self, kind: str, params: Mapping[str, str], said: ChatMessage) -> Event | None:
        """What the notice means; None for what she neither answers nor must know."""
        if self._bombs.covers(kind, params) or self._is_owed(kind, params, said.author.id):
            return None
        return twitch_irc.notice(kind, params, said)

    def _is_owed(self, kind: str, params: Mapping[str, str], author: str) -> bool:
        if params.get("msg-param-origin-id") or params.get("msg-param-community-gift-id"):
            return False
        if kind in ("submysterygift", "anonsubmysterygift"):
            self._owed.set(author, twitch_irc.number(params.get("msg-param-mass-gift-count", "")))
        left = self._owed.get(author) or 0
        if kind not in ("subgift", "anonsubgift") or not left:
            return False
        self._owed.set(author, left - 1)
        return True
