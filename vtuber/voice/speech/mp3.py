"""Decodes an MP3 while it arrives."""

from __future__ import annotations

from array import array
from collections.abc import Generator
from typing import NamedTuple

import miniaudio
import numpy as np

from vtuber.core.sound import Samples

DELAY = 1105
"""Samples by which the sound is late: an encoder adds 576 in front, a decoder 529."""

_MARGIN = 3  # frames that stay undecoded until the end, so that the decoder never runs out of data before
_MOST_JUNK = 4096
"""Bytes between two frames, at most."""
_BIT_RATES = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),  # MPEG-1
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),  # MPEG-2
)
_RATES = (44_100, 48_000, 32_000)


class Frame(NamedTuple):
    """What the four bytes at the beginning of a frame say (ISO 11172-3 and 13818-3, Layer III)."""

    rate: int
    samples: int
    size: int
    """Bytes, with these four."""


def frame_at(data: bytes | bytearray, at: int = 0) -> Frame | None:
    """The frame that begins there, if one does."""
    if len(data) < at + 4 or data[at] != 0xFF or data[at + 1] & 0xE6 != 0xE2:
        return None
    version = data[at + 1] >> 3 & 3  # 0: MPEG-2.5, 2: MPEG-2, 3: MPEG-1
    bits, rate, padded = data[at + 2] >> 4, data[at + 2] >> 2 & 3, data[at + 2] >> 1 & 1
    if version == 1 or bits in (0, 15) or rate == 3:
        return None
    hertz = _RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    bit_rate = _BIT_RATES[0 if version == 3 else 1][bits] * 1000
    samples = 1152 if version == 3 else 576
    return Frame(hertz, samples, samples // 8 * bit_rate // hertz + padded)


def begins(data: bytes | bytearray) -> bool:
    """Whether an MP3 begins here, as far as it is there (other sound may look like a frame)."""
    if data[:3] == b"ID3":
        return True
    first = frame_at(data)
    return first is not None and (len(data) < first.size + 4 or frame_at(data, first.size) is not None)


class Mp3Decoder:
    """Of any rate and bit rate; several channels become one. Raises MiniaudioError for damaged data."""

    def __init__(self) -> None:
        self.rate = 0
        """Samples per second; 0 while it is unknown."""
        self._source = _Source()
        self._decoder: Generator[array[int], int, None] | None = None
        self._walked = 0  # bytes: where the next frame begins
        self._junk = 0  # bytes since the last frame
        self._samples = 0  # of one frame
        self._frames = 0  # that have arrived
        self._decoded = 0

    def feed(self, data: bytes) -> Samples:
        """Takes more of the file. Gives the samples that can be decoded by now."""
        self._source.data += data
        self._walk()
        ready = self._frames - _MARGIN - self._decoded
        return self._decode(ready) if ready > 0 else np.zeros(0, np.float32)

    def finish(self) -> Samples:
        """The rest of the samples."""
        if self._source.data and not self.rate:
            raise miniaudio.DecodeError("no MP3")
        return self._decode(self._frames + 1 - self._decoded) if self.rate else np.zeros(0, np.float32)

    def close(self) -> None:
        if self._decoder:
            self._decoder.close()

    def _walk(self) -> None:
        """Counts the frames that have arrived whole."""
        data = self._source.data
        if not self._walked and data[:3] == b"ID3" and len(data) >= 10:
            self._walked = 10 + (data[6] << 21 | data[7] << 14 | data[8] << 7 | data[9])
        while len(data) >= self._walked + 4:
            frame = frame_at(data, self._walked)
            if frame is None or (self.rate and frame.rate != self.rate):
                self._walked += 1
                self._junk += 1
                if self._junk > _MOST_JUNK:
                    raise miniaudio.DecodeError("no MP3")
                continue
            if len(data) < self._walked + frame.size:
                break
            self._junk = 0
            self._walked += frame.size
            self.rate, self._samples = frame.rate, frame.samples
            self._frames += 1

    def _decode(self, frames: int) -> Samples:
        if self._decoder is None:
            self._decoder = miniaudio.stream_any(
                self._source,
                miniaudio.FileFormat.MP3,
                miniaudio.SampleFormat.SIGNED16,
                nchannels=1,
                sample_rate=self.rate,
                frames_to_read=self._samples,
            )
        parts = [np.zeros(0, np.int16)]
        for _ in range(frames):
            part = next(self._decoder, None)
            if part is None:
                break
            parts.append(np.frombuffer(part, np.int16))
        self._decoded += frames
        return np.concatenate(parts).astype(np.float32) / np.float32(32768)


class _Source(miniaudio.StreamableSource):  # type: ignore[misc]  # it ships no types
    """What has arrived. The decoder reads the beginning twice, so it must be able to go back."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._at = 0

    def read(self, num_bytes: int) -> bytes:
        found = bytes(self.data[self._at : self._at + num_bytes])
        self._at += len(found)
        return found

    def seek(self, offset: int, origin: miniaudio.SeekOrigin) -> bool:
        if origin is miniaudio.SeekOrigin.END:
            raise OSError  # it has not arrived
        self._at = offset + (self._at if origin is miniaudio.SeekOrigin.CURRENT else 0)
        return True
