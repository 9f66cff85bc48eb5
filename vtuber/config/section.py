"""What every section of config.toml is, and the kinds of values in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class FromConfigFolder:
    """Marks an option that holds a path: written in config.toml, it begins at that file's folder."""


def _address(*schemes: str) -> AfterValidator:
    def check(url: str) -> str:
        if url and not url.lower().startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(
                "an address that begins with " + " or ".join(f"{scheme}://" for scheme in schemes)
            )
        return url

    return AfterValidator(check)


def _regular(pattern: str) -> str:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"a valid regular expression ({error})") from None
    return pattern


CurrencyCode = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Rate = Annotated[float, Field(gt=0, le=1_000_000)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
FilePath = Annotated[str, FromConfigFolder()]
Folder = Annotated[Path | None, FromConfigFolder()]
Pattern = Annotated[str, AfterValidator(_regular)]
SocketAddress = Annotated[str, _address("wss", "ws")]
WebAddress = Annotated[str, _address("https", "http")]
RedisAddress = Annotated[str, _address("redis", "rediss", "unix")]

_IN_ADDRESS = re.compile(r"(?P<before>\w+://[^/?#@\s:]*:)(?P<secret>[^/?#\s]+)(?=@)")
_IN_QUERY = re.compile(
    r"(?P<before>[?&](?:password|passwd|token|secret|api_?key|key)=)(?P<secret>[^&#\s]+)", re.IGNORECASE
)


def holds_secret(text: str) -> bool:
    """Whether the text is an address with a password in it."""
    return bool(_IN_ADDRESS.search(text) or _IN_QUERY.search(text))


def without_secret(text: str) -> str:
    """The same text, with stars in the place of an address's password."""
    for pattern in (_IN_ADDRESS, _IN_QUERY):
        text = pattern.sub(r"\g<before>***", text)
    return text


class Section(BaseModel):
    """A table of config.toml. Passwords never show in its ``repr``."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, without_secret(value) if isinstance(value, str) else value
