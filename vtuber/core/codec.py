"""Events as JSON: the journal's lines, and what a replay reads back.

Fields that have their default value are left out. Money is a string and a currency, so that no cent is lost.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from decimal import Decimal, InvalidOperation
from typing import Any

from vtuber.core.events import (
    Author,
    ChatMessage,
    Deletion,
    Emote,
    Event,
    Follow,
    Gift,
    Mark,
    Money,
    Raid,
    Redemption,
    Role,
    StreamStatus,
    Subscription,
)
from vtuber.core.text import clean, clean_name

_KINDS: dict[str, type[Event]] = {
    "message": ChatMessage,
    "subscription": Subscription,
    "gift": Gift,
    "raid": Raid,
    "follow": Follow,
    "redemption": Redemption,
    "stream": StreamStatus,
    "deletion": Deletion,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}

ID_LIMIT = 100
NUMBER_LIMIT = 1_000_000_000


def dump(event: Event) -> dict[str, Any]:
    """A dict that ``json.dumps`` takes and ``load`` reads back as an equal event."""
    data: dict[str, Any] = {"what": _NAMES[type(event)]}
    for field in fields(event):
        value = getattr(event, field.name)
        if field.default is MISSING or value != field.default:
            data[field.name] = _plain(value)
    return data


def load(data: object) -> Event:
    """The event that ``dump`` was given; its words are cleaned again. Raises ValueError."""
    row = _mapping(data, "an event")
    kind = _KINDS.get(_string(row, "what"))
    if kind is None:
        raise ValueError("not a known kind of event")
    wanted = [field.name for field in fields(kind) if field.name in row or field.default is MISSING]
    return kind(**{name: _READERS[name](row, name) for name in wanted})


def _plain(value: Any) -> Any:
    match value:
        case Author():
            plain: dict[str, Any] = {"id": value.id, "name": value.name}
            if value.roles:
                plain["roles"] = sorted(value.roles)
            if value.months:
                plain["months"] = value.months
            if value.login:
                plain["login"] = value.login
            return plain
        case Money():
            return [None if value.amount is None else str(value.amount), value.currency]
        case Emote():
            return [value.name, value.begin, value.end]
        case tuple():
            return [_plain(item) for item in value]
        case frozenset():
            return sorted(value)
        case _:
            return value


def _mapping(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} is no JSON object")  # noqa: TRY004 - load promises ValueError alone
    return value


def _string(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str):
        raise ValueError(f"{key} is no text")  # noqa: TRY004 - the same
    return value


def _identity(row: Mapping[str, Any], key: str) -> str:
    return clean(_string(row, key), ID_LIMIT)


def _words(row: Mapping[str, Any], key: str) -> str:
    return clean(_string(row, key))


def _name(row: Mapping[str, Any], key: str) -> str:
    name = _string(row, key)
    return clean_name(name) if name else ""


def _number(row: Mapping[str, Any], key: str) -> int:
    value = row.get(key)
    if type(value) is not int or not 0 <= value <= NUMBER_LIMIT:
        raise ValueError(f"{key} is no number from 0 to {NUMBER_LIMIT}")
    return value


def _time(row: Mapping[str, Any], key: str) -> float:
    value: Any = row.get(key)
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"{key} is no time")
    return float(value)


def _author(row: Mapping[str, Any], key: str) -> Author:
    who = _mapping(row.get(key), key)
    roles = _texts(who, "roles") if "roles" in who else []
    months = _number(who, "months") if "months" in who else 0
    # Role() raises ValueError for a role that does not exist.
    login = _identity(who, "login") if "login" in who else ""
    name = clean_name(_string(who, "name"))
    return Author(_identity(who, "id"), name, frozenset(map(Role, roles)), months, login)


def _emotes(row: Mapping[str, Any], key: str) -> tuple[Emote, ...]:
    text = _words(row, "text")
    match row.get(key):
        case list(items):
            return tuple(_emote(item, text) for item in items)
        case _:
            raise ValueError("emotes are no list")


def _emote(item: object, text: str) -> Emote:
    match item:
        case [str(name), int(begin), int(end)] if 0 <= begin < end and text[begin:end] == name:
            return Emote(name, begin, end)
        case _:
            raise ValueError("an emote is not in its text")


def _names(row: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(clean_name(name) for name in _texts(row, key))


def _marks(row: Mapping[str, Any], key: str) -> frozenset[Mark]:
    return frozenset(map(Mark, _texts(row, key)))  # raises ValueError for a mark that does not exist


def _texts(row: Mapping[str, Any], key: str) -> list[str]:
    value = row.get(key)
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError(f"{key} is no list of texts")
    return value


def _truth(row: Mapping[str, Any], key: str) -> bool:
    value = row.get(key)
    if not isinstance(value, bool):
        raise ValueError(f"{key} is neither true nor false")  # noqa: TRY004 - load promises ValueError alone
    return value


def _money(row: Mapping[str, Any], key: str) -> Money | None:
    match row.get(key):
        case None:
            return None
        case [None, str(currency)]:
            return Money(None, clean(currency, 8))
        case [str(amount), str(currency)] if len(amount) <= ID_LIMIT:
            try:
                value = Decimal(amount)
            except InvalidOperation as wrong:
                raise ValueError("money has no amount") from wrong
            if not value.is_finite() or not 0 <= value <= NUMBER_LIMIT:
                raise ValueError("money has no amount")
            return Money(value, clean(currency, 8))
        case _:
            raise ValueError("money is no amount and currency")


_READERS: dict[str, Callable[[Mapping[str, Any], str], Any]] = {
    "id": _identity,
    "platform": _identity,
    "channel": _identity,
    "author": _author,
    "text": _words,
    "at": _time,
    "emotes": _emotes,
    "reply_to": _name,
    "money": _money,
    "months": _number,
    "tier": _identity,
    "count": _number,
    "viewers": _number,
    "message_id": _identity,
    "author_id": _identity,
    "mentions": _names,
    "marks": _marks,
    "shared_from": _name,
    "sent": _time,
    "reward": _words,
    "reward_id": _identity,
    "cost": _number,
    "live": _truth,
    "title": _words,
}
