"""What is stored of pending events: small changes, each a JSON object.

They commute: applied in any order, and any of them more than once, they give the same. So what one store
missed while it was away is simply written to it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, PlainValidator, TypeAdapter, ValidationError

from vtuber.core import codec
from vtuber.core.events import ID_LIMIT, Answerable, Deletion, Event
from vtuber.core.text import clean

HIGHEST = 2**50
"""No change has a higher number. What follows one that has it, which is none of ours, has the same."""
Number = Annotated[int, Field(strict=True, ge=0, le=HIGHEST)]
Key = Annotated[str, Field(max_length=300)]
Moment = Annotated[float, Field(allow_inf_nan=False)]


def _answerable(data: Any) -> Event:
    event = data if not isinstance(data, dict) else codec.load(data)
    if not isinstance(event, Answerable):
        raise ValueError("not an event that can be answered")  # noqa: TRY004  # pydantic's
    return event


def _deletion(data: Any) -> Event:
    event = data if not isinstance(data, dict) else codec.load(data)
    if not isinstance(event, Deletion):
        raise ValueError("not a deletion")  # noqa: TRY004  # pydantic's
    return event


@dataclass(frozen=True, slots=True)
class Added:
    """An event waits for its answer."""

    number: Number
    """Of the change: a later one has a higher number, whatever clocks say."""
    event: Annotated[Answerable, PlainValidator(_answerable), PlainSerializer(codec.dump)]
    received: Moment
    """Seconds since 1970."""
    asked: bool = False
    """It was put by a command (``!ask``) and comes before all that waits."""
    do: Literal["add"] = "add"

    @property
    def key(self) -> str:
        return key_of(self.event)


@dataclass(frozen=True, slots=True)
class Begun:
    """Its answer begins to be heard in a moment; or did not after all."""

    number: Number
    key: Key
    begun: bool = True
    do: Literal["begin"] = "begin"


@dataclass(frozen=True, slots=True)
class Settled:
    """It waits no longer: its answer was heard, or nobody wants one."""

    number: Number
    key: Key
    do: Literal["settle"] = "settle"


@dataclass(frozen=True, slots=True)
class Deleted:
    """A moderator deleted something."""

    number: Number
    deletion: Annotated[Deletion, PlainValidator(_deletion), PlainSerializer(codec.dump)]
    received: Moment
    do: Literal["delete"] = "delete"


@dataclass(frozen=True, slots=True)
class Kept:
    """How the show is; None when it has ended."""

    number: Number
    state: dict[str, Any] | None
    do: Literal["keep"] = "keep"


Change = Added | Begun | Settled | Deleted | Kept

_ADAPTER: TypeAdapter[Change] = TypeAdapter(Annotated[Change, Field(discriminator="do")])


def key_of(event: Answerable) -> str:
    """What the platform itself calls it: the same however often it comes, and after it was stored."""
    return f"{event.platform}:{clean(event.id, ID_LIMIT)}"


def dump(change: Change) -> str:
    """One line of JSON."""
    return _ADAPTER.dump_json(change).decode()


def load(line: str | bytes) -> Change:
    """What ``dump`` was given. Raises ValueError."""
    try:
        return _ADAPTER.validate_json(line)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}") from None
