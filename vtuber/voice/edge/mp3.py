"""Decodes an MP3 while it arrives."""

from __future__ import annotations

from array import array
from collections.abc import Generator

import miniaudio
import numpy as np

from vtuber.core.sound import RATE, Samples

DELAY = 1105 / RATE
"""Seconds by which the sound is late: an encoder adds 576 samples in front, a decoder 529."""

_FRAME_SAMPLES = 576  # of MPEG-2 Layer III, the kind for 24 kHz
_FRAME_BYTES = 144  # at 48 kbit/s
_MARGIN = 3  # frames that stay undecoded until the end, so that the decoder never runs out of data before


class Mp3Decoder:
    """For mono at ``RATE`` and 48 kbit/s, as edge-tts asks for. Raises MiniaudioError for damaged data."""

    def __init__(self) -> None:
        self._source = _Source()
        self._decoder: Generator[array[int], int, None] | None = None
        self._decoded = 0  # frames

    def feed(self, data: bytes) -> Samples:
        """Takes more of the file. Gives the samples that can be decoded by now."""
        self._source.data += data
        ready = len(self._source.data) // _FRAME_BYTES - _MARGIN - self._decoded
        return self._decode(ready) if ready > 0 else np.zeros(0, np.float32)

    def finish(self) -> Samples:
        """The rest of the samples."""
        ready = len(self._source.data) // _FRAME_BYTES + 1 - self._decoded
        return self._decode(ready) if self._source.data else np.zeros(0, np.float32)

    def close(self) -> None:
        if self._decoder:
            self._decoder.close()

    def _decode(self, frames: int) -> Samples:
        if self._decoder is None:
            self._decoder = miniaudio.stream_any(
                self._source,
                miniaudio.FileFormat.MP3,
                miniaudio.SampleFormat.SIGNED16,
                nchannels=1,
                sample_rate=RATE,
                frames_to_read=_FRAME_SAMPLES,
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
