"""What a server sends as sound, whatever it calls it, becomes samples at our rate while it arrives.

What it is, its first bytes tell; only sound without any header is what it was asked to be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

import miniaudio
import numpy as np

from vtuber.core import http, sound
from vtuber.core.errors import VoiceError
from vtuber.core.sound import Samples
from vtuber.voice.online.openai.wav import LEAST_RATE, MOST_RATE, WavDecoder, WavError
from vtuber.voice.speech import mp3
from vtuber.voice.speech.resampler import Resampler

WHERE = "voice.openai"
CUT_OFF = "the speech server stopped in the middle of a sentence"

_SOON, _KNOWN = 64, 2048
"""Bytes by which it is known what it is; for what begins like an MP3, the second."""
_FILE_LIMIT = 32 << 20
"""Bytes of a file that can only be decoded whole."""
_PAGE = re.compile(rb"\s*<(!doctype|html|\?xml|head|body)\b", re.IGNORECASE)
_JSON = re.compile(rb'\s*(\{\s*"|\[\s*\{|"[\w ]{4})')
_NAMES = {"opus": "Opus", "aac": "AAC", "webm": "WebM", "mp4": "MP4"}


class _Decoder(Protocol):
    rate: int

    def feed(self, data: bytes) -> Samples: ...
    def finish(self) -> Samples: ...


class SoundDecoder:
    """``asked``: the format that the server was asked for. ``rate``: of sound without a header.

    ``longest``: seconds that a file may last. All methods raise VoiceError.
    """

    def __init__(self, asked: str, headers: Mapping[str, str], *, rate: int, longest: float) -> None:
        self._asked = asked
        self._rate = _told_rate(headers) or rate
        self._says_mp3 = "mpeg" in headers.get("Content-Type", "")
        self._longest = longest
        self._begin = bytearray()
        self._inner: _Decoder | None = None
        self._resampler: Resampler | None = None

    def feed(self, data: bytes) -> Samples:
        """Takes more of the body. Gives the sound that can be decoded by now."""
        if self._inner is None:
            self._begin += data
            if len(self._begin) < (_KNOWN if self._begin[:1] == b"\xff" else _SOON):
                return np.zeros(0, np.float32)
            data = self._choose()
        return self._at_our_rate(self._decoded(data))

    def finish(self) -> Samples:
        """The rest of the sound."""
        parts = [self._at_our_rate(self._decoded(self._choose()))] if self._inner is None else []
        parts.append(self._at_our_rate(self._decoded(None)))
        if self._resampler:
            parts.append(self._resampler.finish())
        return np.concatenate(parts)

    @property
    def is_cut_off(self) -> bool:
        """Whether less came than the file's header says, once it is finished."""
        return isinstance(self._inner, WavDecoder) and self._inner.missing

    def close(self) -> None:
        if isinstance(self._inner, mp3.Mp3Decoder):
            self._inner.close()

    def _choose(self) -> bytes:
        """Makes the decoder by the first bytes, and gives those."""
        begin = bytes(self._begin)
        kind = _kind(begin, raw=self._asked == "pcm" and not self._says_mp3)
        if kind == "text":
            words = http.error_words(begin)
            told = f": {http.shortened(words)}" if words else ", which is a web page"
            raise VoiceError(
                f"the speech server answers with text instead of sound{told}",
                where=WHERE,
                hint="correct voice.openai.url: it must be that of a speech server, and most end in /v1",
            )
        if kind in _NAMES:
            raise VoiceError(
                f"the speech server sends {_NAMES[kind]}, which banban cannot read",
                where=WHERE,
                hint='set voice.openai.format = "wav", "pcm" or "mp3" to one that this server can send',
            )
        if kind == "wav":
            self._inner = WavDecoder()
        elif kind == "mp3":
            self._inner = mp3.Mp3Decoder()
        elif kind in ("flac", "vorbis"):
            self._inner = _WholeFile(kind, self._longest)
        elif self._asked == "pcm":
            self._inner = _Pcm(self._rate)
        elif begin:
            raise _damaged()
        else:
            raise VoiceError(
                "the speech server sends no sound", where=WHERE, hint="check its voice and its model"
            )
        self._begin.clear()
        return begin

    def _decoded(self, data: bytes | None) -> Samples:
        inner = self._inner
        if inner is None:
            raise _damaged()
        try:
            return inner.finish() if data is None else inner.feed(data)
        except WavError as error:
            raise VoiceError(f"the speech server {error}", where=WHERE, hint=_OTHER_FORMAT) from error
        except miniaudio.MiniaudioError as error:
            raise _damaged() from error

    def _at_our_rate(self, samples: Samples) -> Samples:
        if self._resampler is None:
            if self._inner is None or not self._inner.rate:
                return samples
            self._resampler = Resampler(self._inner.rate)
        return self._resampler.feed(samples)


_OTHER_FORMAT = 'try another voice.openai.format: "wav", "pcm" or "mp3"'


def _damaged() -> VoiceError:
    return VoiceError("the speech server sends damaged sound", where=WHERE, hint=_OTHER_FORMAT)


def _kind(begin: bytes, *, raw: bool) -> str:
    """What the first bytes are the beginning of; "" when of nothing that is known."""
    found = ""
    if begin[:4] == b"RIFF" and begin[8:12] == b"WAVE":
        found = "wav"
    elif begin[:4] == b"fLaC":
        found = "flac"
    elif begin[:4] == b"OggS":
        found = "opus" if b"OpusHead" in begin[:100] else "vorbis"
    elif begin[:4] == b"\x1aE\xdf\xa3":
        found = "webm"
    elif begin[4:8] == b"ftyp":
        found = "mp4"
    elif _PAGE.match(begin) or _JSON.match(begin):
        found = "text"
    elif mp3.begins(begin) and (not raw or len(begin) >= _KNOWN):
        found = "mp3"
    elif len(begin) > 1 and begin[0] == 0xFF and begin[1] & 0xF6 == 0xF0 and not raw:
        found = "aac"
    return found


def _told_rate(headers: Mapping[str, str]) -> int:
    """The rate that a server tells of sound without a header, 0 when it does not."""
    found = re.search(r"rate=(\d{4,6})\b", headers.get("Content-Type", ""))
    told = found[1] if found else headers.get("X-Sample-Rate", "").strip()
    rate = int(told) if re.fullmatch(r"\d{4,6}", told) else 0
    return rate if LEAST_RATE <= rate <= MOST_RATE else 0


class _Pcm:
    """Samples of 16 bits, little-endian, one channel."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._rest = b""

    def feed(self, data: bytes) -> Samples:
        data = self._rest + data
        size = len(data) - len(data) % sound.SAMPLE_BYTES
        self._rest = data[size:]
        return sound.from_pcm(data[:size])

    def finish(self) -> Samples:
        return np.zeros(0, np.float32)


class _WholeFile:
    """FLAC and Ogg Vorbis, which are decoded when all of them has arrived."""

    def __init__(self, kind: str, longest: float) -> None:
        self.rate = 0
        self._is_flac = kind == "flac"
        self._longest = longest
        self._data = bytearray()

    def feed(self, data: bytes) -> Samples:
        self._data += data
        if len(self._data) > _FILE_LIMIT:
            raise miniaudio.DecodeError("too long")
        return np.zeros(0, np.float32)

    def finish(self) -> Samples:
        data = bytes(self._data)
        info = miniaudio.flac_get_info(data) if self._is_flac else miniaudio.vorbis_get_info(data)
        if not LEAST_RATE <= info.sample_rate <= MOST_RATE or info.duration > self._longest:
            raise miniaudio.DecodeError("too long")
        decoded = miniaudio.decode(data, miniaudio.SampleFormat.SIGNED16, 1, info.sample_rate)
        self.rate = info.sample_rate
        return np.asarray(decoded.samples, np.float32) / np.float32(32768)
