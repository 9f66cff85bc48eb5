"""What is sent to a page: cues as JSON, sound as binary.

A text frame is an object; its ``t`` says what it is.

``thinking`` says whom she answers: ``turn``, ``speaker``, ``platform``, ``name``, and ``text`` (what they
wrote, "" for nothing). If they did something beside writing, money above all, it has a ``deed``:

    kind     what it is: a ``vtuber.core.deeds.Kind``, such as "super_chat"
    colour   in which the platform shows it: "#1e88e5"
    en, zh   in short words: "US$50.00 Super Chat", "month 8 · Gold", "NT$75 Super Sticker: a hippo"

``hello`` comes first on every connection, and takes back all that came before: ``name`` (of the
character), ``speaker``, ``step`` (seconds of a mouth step), ``ready`` (whether the show can answer).
``ready`` says when that changes.

``chat`` is a line of chat: ``id``, ``platform``, ``name``, ``role`` (a ``vtuber.core.events.Role``, or
""), ``badge`` (where on this server its picture is, or ""), ``pieces`` (each a text, or an emote: its
name, and where its picture is), ``deed`` as above, and ``old`` where the page comes late. ``alert`` is
something that was given: ``id``, ``platform``, ``name``, ``text``, ``deed``; with an ``id`` that is
known, it has grown. ``gone`` has the ids in ``chat`` and ``alerts`` of what a moderator removed: it
vanishes at once.

``sounds`` says which page is heard: ``on`` (this one), ``where`` ("here", "OBS", "a browser", "a device",
or ""), ``others`` (whether another could be), ``way`` (seconds from a sample's time to the loudspeaker of
the page that is heard; 0 while nobody knows), so that the others move with what is heard.

A binary frame is a clip's sound:

    uint32   clip
    uint32   number of mouth steps (m), of 0.02 s each
    float64  at: when its first sample is heard, on the show's clock
    float64  offset: how many seconds of the clip come before it
    float64  now: the show's clock when the frame was sent
    uint8×m  how far the mouth is open in each step, 0..255
    uint8×m  what it forms in each: 0 closed, 1 A, 2 I, 3 U, 4 E, 5 O (``vtuber.core.mouth.SHAPES``)
    int16×n  samples, 24 kHz, mono

all little-endian.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from vtuber.core import sound
from vtuber.core.mouth import SHAPES, STEP

_HEADER = struct.Struct("<IIddd")


@dataclass(frozen=True, slots=True)
class TextFrame:
    """Sent as a JSON object, with the show's clock at that moment as ``now``."""

    fields: dict[str, Any]

    @property
    def size(self) -> int:
        return 200 + sum(len(value) for value in self.fields.values() if isinstance(value, str | list))

    @property
    def lasts(self) -> bool:
        """Whether it is sent even if a hush came since."""
        return self.fields["t"] not in ("begin", "word", "end", "hush")

    def names_whom(self, turn: int) -> bool:
        """Whether it names whoever that turn answers."""
        return self.fields["t"] == "thinking" and bool(self.fields["turn"] == turn)

    def shows_any(self, lines: Collection[int], alerts: Collection[int]) -> bool:
        """Whether it shows one of these lines of chat, or one of these alerts."""
        numbers = {"chat": lines, "alert": alerts}.get(self.fields["t"], ())
        return self.fields.get("id") in numbers

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
    shapes: str

    @property
    def size(self) -> int:
        return len(self.pcm)

    @property
    def end(self) -> float:
        return self.at + sound.seconds(self.pcm)

    def encode(self, now: float) -> bytes:
        opened = bytes(round(min(1.0, max(0.0, value)) * 255) for value in self.mouth)
        shapes = bytes(map(SHAPES.index, self.shapes))
        header = _HEADER.pack(self.clip, len(opened), self.at, self.offset, now)
        return header + opened + shapes + self.pcm

    def since(self, time: float) -> SoundFrame:
        """What of it is heard from ``time`` on, cut at a mouth step."""
        steps = max(0, int((time - self.at) / STEP))
        if steps == 0:
            return self
        skipped = steps * STEP
        first = round(skipped * sound.RATE) * sound.SAMPLE_BYTES
        return SoundFrame(
            self.clip,
            self.at + skipped,
            self.offset + skipped,
            self.pcm[first:],
            self.mouth[steps:],
            self.shapes[steps:],
        )


Frame = TextFrame | SoundFrame
