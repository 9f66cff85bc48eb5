"""What her mouth does at a moment, from the sound that the stage has sent ahead."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from vtuber.core.mouth import CLOSED, STEP
from vtuber.stage.cues import ClipSound

KEPT = 600
"""Pieces of sound at most; each is a second or less."""


@dataclass(frozen=True, slots=True)
class Mouth:
    """How far it is open (0..1), and what it forms (one of ``mouth.SHAPES``)."""

    opened: float = 0.0
    shape: str = CLOSED


class MouthTrack:
    """The mouth of all sound that was sent and not heard yet."""

    def __init__(self) -> None:
        self._pieces: deque[ClipSound] = deque(maxlen=KEPT)

    def add(self, piece: ClipSound) -> None:
        self._pieces.append(piece)

    def clear(self) -> None:
        """Nothing more is heard."""
        self._pieces.clear()

    def at(self, time: float) -> Mouth | None:
        """The mouth at ``time`` (show clock); None when nothing is heard then. What is past is forgotten."""
        while self._pieces and _end(self._pieces[0]) <= time:
            self._pieces.popleft()
        if not self._pieces or self._pieces[0].at > time:
            return None
        piece = self._pieces[0]
        step = min(int((time - piece.at) / STEP), len(piece.mouth) - 1)
        return Mouth(piece.mouth[step], piece.shapes[step] if step < len(piece.shapes) else CLOSED)

    def until_more(self, time: float) -> float | None:
        """Seconds from ``time`` until something is heard; 0 while it is; None when nothing is to come."""
        if not self._pieces:
            return None
        return max(0.0, self._pieces[0].at - time)


def _end(piece: ClipSound) -> float:
    return piece.at + len(piece.mouth) * STEP
