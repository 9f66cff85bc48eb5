"""The status line: how the show is, in as many columns as there are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeGuard

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.utils import get_cwidth

from vtuber.core import clock
from vtuber.core.events import Answerable, Deletion, Event, StreamStatus
from vtuber.core.text import escaped
from vtuber.record.facts import ChatReceived, Fact, PartChanged, TurnEnded
from vtuber.show.alarms import ANSWERS
from vtuber.show.show import Show
from vtuber.stage.cues import Cue, Heard, Hushed, Rested, Thinking

VIEWERS_SECONDS = 60.0
VIEWERS_KEPT = 20_000
SEPARATOR = " | "

Piece = tuple[int, str]
"""How important it is (0: most), and its words."""


class Status:
    """``note`` subscribes to the show's facts, ``show`` to the stage's cues; ``look`` works out the line."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self._viewers: dict[tuple[str, str], float] = {}
        self._delay = 0.0
        self._down: dict[str, str] = {}
        self._doing: dict[str, tuple[str, int]] = {}
        """By speaker: what, and in which turn."""
        self._asked: dict[int, str] = {}
        """By turn. What is prepared is not what she says."""
        self._pieces: Sequence[Piece] = ()

    def note(self, fact: Fact) -> None:
        """Keeps who wrote, how long the last answer took, and which parts are down."""
        match fact:
            case ChatReceived(event=event) if _is_viewers(event):
                key = event.platform, event.author.id
                self._viewers.pop(key, None)
                self._viewers[key] = clock.now()
                if len(self._viewers) > VIEWERS_KEPT:
                    del self._viewers[next(iter(self._viewers))]
            case TurnEnded(began=began, delays_ms=delays) if fact.counts and began is not None:
                self._delay = sum(delays.values()) / 1000
            case PartChanged(part=part, state=state):
                self._down.pop(part, None)
                if state in ("down", "resting"):
                    self._down[part] = state
            case _:
                pass

    def show(self, cue: Cue) -> None:
        """Keeps what she is doing."""
        match cue:
            case Thinking(name=name, speaker=speaker, turn=turn):
                self._asked[turn] = name
                self._doing.setdefault(speaker, ("thinking", turn))
            case Heard(speaker=speaker, turn=turn):
                self._doing[speaker] = ("speaking", turn)
                self._asked = {one: name for one, name in self._asked.items() if one >= turn}
            case Rested(speaker=speaker):
                self._doing.pop(speaker, None)
            case Hushed():
                self._doing.clear()
            case _:
                pass

    def look(self) -> bool:
        """Works out what the line says, in the show's loop. Returns whether that is something new."""
        before = self._pieces
        while self._viewers and next(iter(self._viewers.values())) < clock.now() - VIEWERS_SECONDS:
            del self._viewers[next(iter(self._viewers))]
        pages = sum(getattr(screen, "open_pages", 0) for screen in self._show.screens)
        self._pieces = [
            (0, self._state()),
            *((1, _down(part)) for part in self._down),
            (3, f"{len(self._show.inbox)} waiting"),
            (5, f"{len(self._viewers)} viewer{'' if len(self._viewers) == 1 else 's'}/min"),
            (6, f"last delay {self._delay:.1f} s" if self._delay else "no reply yet"),
            (4, f"{pages} page{'' if pages == 1 else 's'} open" if pages else "no page open"),
            (2, "Ctrl-X: silence"),
        ]
        return self._pieces != before

    def line(self, width: int) -> StyleAndTextTuples:
        """The line, for a terminal of so many columns."""
        return [("", f" {fitting(self._pieces, width - 1)}")]

    def _state(self) -> str:
        agenda = self._show.performer.agenda
        if agenda.silence:
            return f"silent for {math.ceil(agenda.silence)} s"
        doing, turn = next(iter(self._doing.values()), ("", 0))
        busy = f"{doing} → {escaped(self._asked.get(turn, ''))}".removesuffix(" → ")
        if agenda.paused:
            return "paused"
        return busy or "listening"


def _is_viewers(event: Event) -> TypeGuard[Answerable]:
    return not isinstance(event, Deletion | StreamStatus) and event.platform != "console"


def _down(part: str) -> str:
    return "she is silent though chat waits" if part == ANSWERS else f"{part} is down"


def fitting(pieces: Sequence[Piece], width: int) -> str:
    """The most important pieces that fit, in their order; the first of all is cut where even it does not."""
    kept = list(pieces)
    while len(kept) > 1 and get_cwidth(SEPARATOR.join(words for _, words in kept)) > width:
        kept.remove(max(kept, key=lambda piece: piece[0]))
    text = SEPARATOR.join(words for _, words in kept)
    while get_cwidth(text) > width:
        text = text[:-1]
    return text
