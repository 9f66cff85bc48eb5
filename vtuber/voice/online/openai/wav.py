"""Reads a WAV while it arrives. Servers that stream write lengths into its header that mean nothing."""

from __future__ import annotations

import struct

import numpy as np

from vtuber.core.sound import Samples

LEAST_RATE, MOST_RATE = 4_000, 200_000
"""Samples per second that a server may send."""

_HEADER_LIMIT = 65_536
_ENDLESS = 0x7F000000
"""A length from which it is a stream's, whose end nobody knew; 0 says the same."""
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE


class WavError(ValueError):
    """No WAV, or of a kind that cannot be read. Its text says so to a streamer, behind "the server "."""


class WavDecoder:
    """Mono samples of PCM of 8 to 32 bits or of floats; several channels become one."""

    def __init__(self) -> None:
        self.rate = 0
        """Samples per second; 0 while it is unknown."""
        self.missing = False
        """Whether less came than its header says."""
        self._data = bytearray()
        self._begun = False
        self._left: int | None = None  # bytes of sound to come; None: nobody knows
        self._kind = 0
        self._channels = self._bytes = 1

    def feed(self, data: bytes) -> Samples:
        """Takes more of the file. Gives the samples in it. Raises WavError."""
        self._data += data
        if not self._begun:
            self._read_header()
        return self._samples() if self._begun else np.zeros(0, np.float32)

    def finish(self) -> Samples:
        if not self._begun:
            raise WavError("sends a sound file that ends before its sound begins")
        self.missing = bool(self._left)
        return np.zeros(0, np.float32)

    def _read_header(self) -> None:
        at = 12
        while len(self._data) >= at + 8:
            name, size = self._data[at : at + 4], struct.unpack_from("<I", self._data, at + 4)[0]
            if name == b"data":
                if not self.rate:
                    raise WavError("sends a sound file without a format")
                self._begun = True
                self._left = size if 0 < size < _ENDLESS else None
                del self._data[: at + 8]
                return
            if at + size > _HEADER_LIMIT:
                raise WavError("sends a damaged sound file")
            if len(self._data) < at + 8 + size:
                return
            if name == b"fmt ":
                self._read_format(bytes(self._data[at + 8 : at + 8 + size]))
            at += 8 + size + size % 2

    def _read_format(self, chunk: bytes) -> None:
        if len(chunk) < 16:
            raise WavError("sends a damaged sound file")
        self._kind, self._channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
        if self._kind == _EXTENSIBLE and len(chunk) >= 26:
            self._kind = struct.unpack_from("<H", chunk, 24)[0]
        self._bytes = bits // 8
        known = (_PCM, 1), (_PCM, 2), (_PCM, 3), (_PCM, 4), (_FLOAT, 4), (_FLOAT, 8)
        if (self._kind, self._bytes) not in known or bits % 8:
            raise WavError(f"sends a kind of WAV that banban does not read ({self._kind}, {bits} bits)")
        if not LEAST_RATE <= rate <= MOST_RATE or not 1 <= self._channels <= 8:
            raise WavError("sends a damaged sound file")
        self.rate = rate

    def _samples(self) -> Samples:
        frame = self._bytes * self._channels
        size = len(self._data) if self._left is None else min(len(self._data), self._left)
        size -= size % frame
        taken = bytes(self._data[:size])
        if self._left is None:
            del self._data[:size]
        else:
            self._left -= size
            if self._left < frame:
                self._left = 0
            del self._data[: size if self._left else len(self._data)]  # what follows the sound is no sound
        channels = _numbers(taken, self._kind, self._bytes).reshape(-1, self._channels)
        mono: Samples = channels.mean(axis=1, dtype=np.float32)
        return mono


def _numbers(data: bytes, kind: int, size: int) -> Samples:
    if kind == _FLOAT:
        numbers = np.frombuffer(data, "<f4" if size == 4 else "<f8").astype(np.float32)
        return np.clip(np.nan_to_num(numbers, nan=0.0), -1, 1)
    if size == 1:
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / np.float32(128)
    if size == 3:
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return wide.view("<i4")[:, 0].astype(np.float32) / np.float32(1 << 31)
    whole = np.frombuffer(data, "<i2" if size == 2 else "<i4")
    return whole.astype(np.float32) / np.float32(1 << (8 * size - 1))
