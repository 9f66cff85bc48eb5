"""What is sent to a page: cues as JSON, sound as binary.

A text frame is an object; its ``t`` says what it is.

``thinking`` says whom she answers: ``turn``, ``speaker``, ``platform``, ``name``, and ``text`` (what they
wrote, "" for nothing). If they did something beside writing, money above all, it has a ``deed``:

    kind     what it is: a ``vtuber.core.deeds.Kind``, such as "super_chat"
    colour   in which the platform shows it: "#1e88e5"
    en, zh   in short words: "US$50.00 Super Chat", "month 8 · Gold", "NT$75 Super Sticker: a hippo"

A binary frame is a clip's sound:

    uint32   clip
    uint32   number of mouth values that follow (m)
    float64  at: when its first sample is heard, on the show's clock
    float64  offset: how many seconds of the clip come before it
    float64  now: the show's clock when the frame was sent
    uint8×m  how far the mouth is open, 0..255, one for each 0.04 s; padded to an even length
    int16×n  samples, 24 kHz, mono

all little-endian.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vtuber.core import sound

_HEADER = struct.Struct("<IIddd")


@dataclass(frozen=True, slots=True)
class TextFrame:
    """Sent as a JSON object, with the show's clock at that moment as ``now``."""

    fields: dict[str, Any]

    @property
    def size(self) -> int:
        return 200

    @property
    def lasts(self) -> bool:
        """Whether it is sent even if a hush came since."""
        return self.fields["t"] in ("hello", "thinking", "withdrawn", "rest", "mood", "held", "sounds")

    def names_whom(self, turn: int) -> bool:
        """Whether it names whoever that turn answers."""
        return self.fields["t"] == "thinking" and bool(self.fields["turn"] == turn)

    def encode(self, now: float) -> str:
        return json.dumps({**self.fields, "now": now})


@dataclass(frozen=True, slots=True)
class SoundFrame:
    """Sent as binary, with the show's clock at that moment in its header."""

    clip: int
    at: float
    offset: float
    pcm: bytes
    mouth: Sequence[float]

    @property
    def size(self) -> int:
        return len(self.pcm)

    @property
    def end(self) -> float:
        return self.at + sound.seconds(self.pcm)

    def encode(self, now: float) -> bytes:
        shapes = bytes(round(min(1.0, max(0.0, value)) * 255) for value in self.mouth)
        header = _HEADER.pack(self.clip, len(shapes), self.at, self.offset, now)
        return header + shapes + bytes(len(shapes) % 2) + self.pcm

    def since(self, time: float) -> SoundFrame:
        """What of it is heard from ``time`` on, cut at a mouth step."""
        steps = max(0, int((time - self.at) / sound.MOUTH_STEP))
        if steps == 0:
            return self
        skipped = steps * sound.MOUTH_STEP
        first = round(skipped * sound.RATE) * sound.SAMPLE_BYTES
        return SoundFrame(
            self.clip, self.at + skipped, self.offset + skipped, self.pcm[first:], self.mouth[steps:]
        )


Frame = TextFrame | SoundFrame
