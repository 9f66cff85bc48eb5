"""What has been heard so far of the sentence that is on the stage, as a function of time."""

from __future__ import annotations

from dataclasses import dataclass

from vtuber.core import sound
from vtuber.stage.cues import ClipBegins, ClipEnds, ClipSound, ClipWord, Cue, Hushed, Rested, Withdrawn
from vtuber.stage.track import Track

MOST_CLIPS = 32
MOST_WORDS = 500
"""Of one clip."""


@dataclass(slots=True)
class _Line:
    track: Track
    turn: int
    ends: float = float("inf")


class Captions:
    """Learns from cues, and keeps a bounded number of clips that are, or will be, heard."""

    def __init__(self) -> None:
        self._lines: dict[int, _Line] = {}

    def take(self, cue: Cue, now: float) -> None:
        """Learns from ``cue``, which came at ``now`` on the show's clock."""
        match cue:
            case ClipBegins():
                while len(self._lines) >= MOST_CLIPS:
                    del self._lines[next(iter(self._lines))]
                self._lines[cue.clip] = _Line(Track(cue.sentence.text), cue.sentence.turn)
            case ClipSound(clip=clip) if clip in self._lines:
                self._lines[clip].track.sound(cue.at, sound.seconds(cue.pcm))
            case ClipWord(clip=clip) if clip in self._lines:
                if len(self._lines[clip].track.words) < MOST_WORDS:
                    self._lines[clip].track.word(cue.word)
            case ClipEnds(clip=clip) if clip in self._lines:
                self._lines[clip].ends = cue.at
            case Hushed():
                self._lines.clear()
            case Withdrawn(turn=turn, finish=False):
                self._drop(turn)
            case Rested():  # the next reply may have begun already; what is its stays
                self._lines = {clip: line for clip, line in self._lines.items() if line.ends > now}
            case _:
                pass

    def _drop(self, turn: int) -> None:
        """That turn's words were taken back; what came before them does not come again."""
        if any(line.turn == turn for line in self._lines.values()):
            self._lines = {clip: line for clip, line in self._lines.items() if line.turn > turn}

    def clear(self) -> None:
        self._lines.clear()

    def text(self, now: float) -> str:
        """The last sentence stays until the next one's first word is heard."""
        heard = (line.track.heard(now) for line in reversed(self._lines.values()))
        return next(filter(None, heard), "")

    def speaking(self, now: float) -> bool:
        """From the first sample of a reply until the reply is over."""
        begins = (line.track.began for line in self._lines.values())
        return any(began is not None and began <= now for began in begins)

    def changing(self, now: float) -> bool:
        """Whether time alone may change any of this."""
        return any(line.ends > now for line in self._lines.values())
