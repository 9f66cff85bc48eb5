"""hibari-tts with three things added: when each word is heard, cancelling at once, and bounded work.

It runs in onnxruntime. The model's own graph computes how many frames each phoneme lasts; adding that
tensor to the graph's outputs gives exact word timings.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from hibari import dsp
from hibari.voices import DEFAULT, voice_path

from vtuber.core.sound import RATE, Samples
from vtuber.voice.embedded import english
from vtuber.voice.embedded.network import CancelToken, Network
from vtuber.voice.speech.articulation import Phoneme

MOST_PHONEMES = 400
"""The model's own limit; time and memory grow with the square."""

_DURATIONS = "/Clip_output_0"
_SEED = 0
_PAD = 0


class HibariModel:
    """hibari-tts, loaded once and used by one thread at a time."""

    def __init__(self) -> None:
        self._network = Network(Path(voice_path(DEFAULT)), threads=1, also=_DURATIONS)
        self._english = english.reader()

    def make(self, words: Sequence[str], speed: float, token: CancelToken) -> tuple[Samples, list[Phoneme]]:
        """Speaks ``words``. Gives samples at ``RATE``, and when each phoneme is heard.

        The same words give the same samples. Raises Cancelled.
        """
        signs = self._signs(words)
        token.check()
        if len(signs) > MOST_PHONEMES and len(words) > 1:
            return self._make_halves(words, speed, token)
        if not signs:
            return np.zeros(0, np.float32), []
        signs = signs[:MOST_PHONEMES]
        vocabulary = english.alphabet()
        ids = [_PAD, *(vocabulary[sign] for sign, _ in signs), _PAD]
        feed = {"ids": np.asarray([ids], np.int64), "speed": np.asarray([speed], np.float32)}
        outputs = self._network.run(feed, token)
        samples: Samples = dsp.synth(*(output[0] for output in outputs[:6]), np.random.default_rng(_SEED))
        durations = outputs[6] if len(outputs) > 6 else np.ones(len(ids))
        edges = np.concatenate([[0.0], np.cumsum(durations)]) * (len(samples) / RATE / durations.sum())
        times = pairwise(edges[1:-1].tolist())
        return samples, [Phoneme(*sign, *time) for sign, time in zip(signs, times, strict=True)]

    def _make_halves(
        self, words: Sequence[str], speed: float, token: CancelToken
    ) -> tuple[Samples, list[Phoneme]]:
        middle = len(words) // 2
        first, early = self.make(words[:middle], speed, token)
        second, late = self.make(words[middle:], speed, token)
        begun = len(first) / RATE
        moved = [
            Phoneme(sign, None if owner is None else middle + owner, begun + start, begun + end)
            for sign, owner, start, end in late
        ]
        return np.concatenate([first, second]), early + moved

    def _signs(self, words: Sequence[str]) -> list[tuple[str, int | None]]:
        """The phonemes, each with the word it belongs to (None: the space between two)."""
        vocabulary = english.alphabet()
        signs: list[tuple[str, int | None]] = []
        for phonemes, owner in self._english.read(words):
            if signs and phonemes:
                signs.append((" ", None))
            signs += [(phoneme, owner) for phoneme in phonemes if phoneme in vocabulary]
        return signs
