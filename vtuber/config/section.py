"""What every section of config.toml is, and the kinds of values in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from vtuber.core.masking import without_secret


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
LanguageCode = Annotated[str, Field(pattern="^[a-z]{2,3}$")]
"""Of a language, without a region: "en", "zh"."""
Rate = Annotated[float, Field(gt=0, le=1_000_000)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
FilePath = Annotated[str, FromConfigFolder()]
Folder = Annotated[Path | None, FromConfigFolder()]
Pattern = Annotated[str, AfterValidator(_regular)]
Written = Annotated[str, Field(min_length=1, max_length=100)]
Said = Annotated[str, Field(max_length=200)]
SocketAddress = Annotated[str, _address("wss", "ws")]
WebAddress = Annotated[str, _address("https", "http")]
RedisAddress = Annotated[str, _address("redis", "rediss", "unix")]


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
