"""How pages of the overlay look: [stage.overlay]. A page's own address wins, with the same names."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from vtuber.config.section import FilePath, Section

Widget = Literal["avatar", "captions", "bubble", "chat", "alerts", "status", "signs"]

WIDGETS: tuple[Widget, ...] = ("avatar", "captions", "bubble", "chat", "alerts", "status", "signs")

_COLOUR = re.compile(
    r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})|[a-z]{3,30}|(rgb|hsl)a?\([\d\s.,%/]{5,40}\)", re.IGNORECASE
)
_NUMBER = r"\s*(100|\d{1,2})(\.\d+)?\s*"
_PLACE = re.compile(rf"on|off|{_NUMBER}(,{_NUMBER}){{3}}(,\s*[0-2](\.\d+)?\s*)?")


def _is_like(pattern: re.Pattern[str], what: str) -> AfterValidator:
    def check(text: str) -> str:
        if text and not pattern.fullmatch(text.strip()):
            raise ValueError(what)
        return text

    return AfterValidator(check)


Colour = Annotated[str, _is_like(_COLOUR, 'a colour as in CSS, such as "#ff5d7d" or "rgba(0, 0, 0, 0.5)"')]
Place = Annotated[
    str, _is_like(_PLACE, '"on", "off", or LEFT,TOP,WIDTH,HEIGHT in percent of the page, such as "2,5,30,60"')
]


class Overlay(Section):
    """Names and values are those of the page's address: see docs/obs.md."""

    show: tuple[Widget, ...] = WIDGETS
    """What the page at "/" shows."""
    side: Literal["right", "left"] = "right"
    scale: Annotated[float, Field(ge=0.5, le=2)] = 1.0
    lang: Literal["auto", "en", "zh"] = "auto"
    """Of what the page says itself. auto: the browser's."""
    lines: Annotated[int, Field(ge=1, le=4)] = 2
    """Of captions, at once."""
    back: Annotated[str, Field(max_length=60)] = ""
    """What stands on the page while she is away. Empty: "Back in a moment"."""
    font: Annotated[str, Field(max_length=200)] = ""
    """A font-family of CSS. Empty: the page's own."""
    ink: Colour = ""
    """The colour of letters on paper. Empty: the page's own, and so below."""
    paper: Colour = ""
    """Under captions and alerts, and under chat, too, once this or ``ink`` is set."""
    accent: Colour = ""
    """Of her name's tag, and of stripes."""
    highlight: Colour = ""
    """Of viewers' names in the bubble, and of what they gave."""
    avatar: Place = "on"
    captions: Place = "on"
    bubble: Place = "on"
    chat: Place = "on"
    alerts: Place = "on"
    status: Place = "on"
    signs: Place = "on"
    theme: FilePath = ""
    """A CSS file of the streamer's, read after the page's own."""

    @property
    def given(self) -> dict[str, object]:
        """All that is not as usual, for the page."""
        return self.model_dump(mode="json", exclude_defaults=True, exclude={"theme"})
