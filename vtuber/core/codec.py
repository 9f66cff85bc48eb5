"""Events as JSON: the journal's lines, and what a replay reads back.

Fields that have their default value are left out. Money is a string and a currency, so that no cent is lost.
What a field may hold when it is read back is said by its type in ``events``.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError

from vtuber.core.events import (
    ChatMessage,
    Deletion,
    Event,
    Follow,
    Gift,
    Raid,
    Redemption,
    StreamStatus,
    Subscription,
)

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
_ADAPTERS: dict[str, TypeAdapter[Event]] = {name: TypeAdapter(kind) for name, kind in _KINDS.items()}


def dump(event: Event) -> dict[str, Any]:
    """A dict that ``json.dumps`` takes and ``load`` reads back as an equal event; always the same one."""
    name = _NAMES[type(event)]
    data = {"what": name, **_ADAPTERS[name].dump_python(event, mode="json", exclude_defaults=True)}
    if roles := data.get("author", {}).get("roles"):
        roles.sort()  # a set has another order in each run of Python
    return data


def load(data: object) -> Event:
    """The event that ``dump`` was given; its words are cleaned again. Raises ValueError."""
    name = data.get("what") if isinstance(data, dict) else None
    if not isinstance(name, str) or name not in _ADAPTERS:
        raise ValueError("not a known kind of event")
    try:
        event = _ADAPTERS[name].validate_python(data)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in wrong["loc"])
        raise ValueError(f"{place}: {wrong['msg']}") from None
    if isinstance(event, ChatMessage):
        for emote in event.emotes:
            if event.text[emote.begin : emote.end] != emote.name:
                raise ValueError("emotes: one is not in the text")
    return event
