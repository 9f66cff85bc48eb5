"""The guard's options: a section for each detector."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from vtuber.config.section import Section

Action = Literal["soften", "replace", "drop", "hold", "block"]
"""What becomes of a text in which something was found (``vtuber.guard.Action``)."""


class Detector(Section):
    use: bool = True
    action: Action = "replace"


class Guard(Section):
    """What is looked for in all that she reads, says and shows."""

    block_minutes: Annotated[float, Field(ge=0.1, le=10_080)] = 10.0
    """How long somebody is not answered in whose message something with the action "block" was found."""
    words: Detector = Detector()
    patterns: Detector = Detector()
    links: Detector = Detector()
    contact: Detector = Detector()
    confession: Detector = Detector()
    prompt: Detector = Detector()
    tokens: Detector = Detector()
    topics: Detector = Detector()
    length: Detector = Detector()
