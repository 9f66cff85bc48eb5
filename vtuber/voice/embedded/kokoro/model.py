"""Kokoro-82M in onnxruntime: phonemes become sound, and each phoneme's own time is known.

https://huggingface.co/hexgrad/Kokoro-82M, its weights under the Apache License 2.0. The graph works out how
many frames each phoneme lasts; that tensor is made one more output. A graph that lacks it works too.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vtuber.core.sound import RATE, Samples
from vtuber.voice.embedded import english
from vtuber.voice.embedded.network import CancelToken, Network

MOST_PHONEMES = 300
"""So many are spoken at once at most; the model's own limit is 510. A hush waits for none of them."""

_DURATIONS = r"(?:/\w+)*/Clip_output_0"
_STYLES = (510, 1, 256)
"""A speaker's file: 32-bit floats, one style for each number of phonemes."""
_PAD = 0
_THREADS = 2


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the model made of phonemes."""

    samples: Samples
    """At ``RATE``."""
    edges: list[float]
    """When each phoneme begins, in seconds, and when the last one ends."""


class KokoroModel:
    """The graph, loaded once and used by one thread at a time."""

    def __init__(self, file: Path) -> None:
        """Raises OSError, and ValueError when this is not the graph of a Kokoro."""
        try:
            self._network = Network(file, threads=_THREADS, arena=True, also=_DURATIONS)
        except OSError:
            raise
        except Exception as error:  # onnxruntime raises many kinds
            raise ValueError(f"{file} is damaged, or no ONNX model") from error
        inputs = self._network.inputs
        self._tokens = next((name for name in ("tokens", "input_ids") if name in inputs), "")
        if not self._tokens or not {"style", "speed"} <= set(inputs):
            raise ValueError(f"{file} is another model, not Kokoro's")
        self._speed = np.int32 if "int" in inputs["speed"] else np.float32

    def make(self, phonemes: str, styles: Samples, speed: float, token: CancelToken) -> Spoken:
        """Speaks at most ``MOST_PHONEMES``, all of them of the alphabet. Raises Cancelled."""
        ids = [english.alphabet()[phoneme] for phoneme in phonemes[:MOST_PHONEMES]]
        feed = {
            self._tokens: np.asarray([[_PAD, *ids, _PAD]], np.int64),
            "style": styles[len(ids)],
            "speed": np.asarray([speed], self._speed),
        }
        outputs = self._network.run(feed, token)
        samples: Samples = np.asarray(outputs[0], np.float32).reshape(-1)
        frames = _frames(outputs, len(ids))
        edges = np.cumsum(frames) * (len(samples) / RATE / frames.sum())
        return Spoken(samples, edges[:-1].tolist())


def _frames(outputs: list[Any], count: int) -> Any:
    """How many frames each phoneme lasts, and the silence around them; all alike where it does not say."""
    found = np.asarray(outputs[-1], np.float64).reshape(-1) if len(outputs) > 1 else np.zeros(0)
    return found if len(found) == count + 2 and found.sum() > 0 else np.ones(count + 2)


def read_styles(place: Path, name: str) -> Samples:
    """The speaker ``name``: from its own file in a folder, or from a file of many (``voices-v1.0.bin``).

    Raises OSError, and ValueError when it is damaged, or is not there.
    """
    if not place.is_dir() and zipfile.is_zipfile(place):
        with np.load(place, allow_pickle=False) as every:
            if name not in every.files:
                raise ValueError(f"{place} has no speaker {name!r}: it has {', '.join(sorted(every.files))}")
            styles = every[name]
    else:
        file = place / f"{name}.bin" if place.is_dir() else place
        styles = np.fromfile(file, np.float32)
        if styles.size != np.prod(_STYLES):
            raise ValueError(f"{file} is damaged, or no speaker of Kokoro's")
    found = np.asarray(styles, np.float32).reshape(_STYLES)
    if not np.isfinite(found).all():
        raise ValueError(f"{place} is damaged: {name} is not a speaker")
    return found


def speakers(place: Path) -> list[str]:
    """The names of all speakers in a folder, or in a file that holds many."""
    if place.is_dir():
        return sorted(file.stem for file in place.glob("*.bin"))
    if not zipfile.is_zipfile(place):
        return [place.stem]
    with np.load(place, allow_pickle=False) as every:
        return sorted(every.files)
