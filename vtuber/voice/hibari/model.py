"""hibari-tts with three things added: when each word is heard, cancelling at once, and bounded work.

It runs in onnxruntime. The model's own graph computes how many frames each phoneme lasts; adding that
tensor to the graph's outputs gives exact word timings.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when onnxruntime is imported, and only then

import onnxruntime
from hibari import dsp
from hibari.g2p import G2P
from hibari.g2p.normalize import normalize
from hibari.tts import ASSETS
from hibari.voices import DEFAULT, voice_path

from vtuber.core.sound import RATE, Samples
from vtuber.voice.hibari.dictionary import PackedDictionary

MOST_PHONEMES = 400
"""The model's own limit; time and memory grow with the square."""

_DURATIONS = "/Clip_output_0"
_PROVIDERS = ["CPUExecutionProvider"]
_SEED = 0
_PAD = 0


class Cancelled(Exception):  # noqa: N818  (no error: somebody asked for it)
    """The work was cancelled through its token."""


class CancelToken:
    """Cancels work from another thread, also while the network runs."""

    def __init__(self) -> None:
        self.options = onnxruntime.RunOptions()

    def cancel(self) -> None:
        self.options.terminate = True

    def check(self) -> None:
        """Raises Cancelled once it was cancelled."""
        if self.options.terminate:
            raise Cancelled


class HibariModel:
    """hibari-tts, loaded once and used by one thread at a time."""

    def __init__(self) -> None:
        self._session = _session(Path(voice_path(DEFAULT)).read_bytes())
        self._vocabulary: dict[str, int] = json.loads(Path(ASSETS, "vocab.json").read_text(encoding="utf-8"))
        self._g2p: Any = G2P()
        lexicon, tagger = self._g2p.lexicon, self._g2p.tagger
        for words in (lexicon.golds, lexicon.silvers):
            words.d = PackedDictionary(words.d)
        tagger.weights = PackedDictionary(tagger.weights)
        self._g2p.oov("warm")

    def make(
        self, words: Sequence[str], speed: float, token: CancelToken
    ) -> tuple[Samples, list[tuple[float, float]]]:
        """Speaks ``words``. Gives samples at ``RATE``, and when each word begins and ends, in seconds.

        The same words give the same samples. Raises Cancelled.
        """
        ids, owners = self._phonemes(words)
        token.check()
        if len(ids) > MOST_PHONEMES and len(words) > 1:
            return self._make_halves(words, speed, token)
        if not ids:
            return np.zeros(0, np.float32), [(0.0, 0.0)] * len(words)
        ids = [_PAD, *ids[:MOST_PHONEMES], _PAD]
        feed = {"ids": np.asarray([ids], np.int64), "speed": np.asarray([speed], np.float32)}
        try:
            outputs = self._session.run(None, feed, token.options)
        except Exception:  # cancelled half-way, the network raises what it likes
            token.check()
            raise
        token.check()
        samples: Samples = dsp.synth(*(output[0] for output in outputs[:6]), np.random.default_rng(_SEED))
        durations = outputs[6] if len(outputs) > 6 else np.ones(len(ids))
        edges = np.concatenate([[0.0], np.cumsum(durations)]) * (len(samples) / RATE / durations.sum())
        return samples, _spans(edges[1:-1].tolist(), owners, len(words))

    def _make_halves(
        self, words: Sequence[str], speed: float, token: CancelToken
    ) -> tuple[Samples, list[tuple[float, float]]]:
        middle = len(words) // 2
        first, early = self.make(words[:middle], speed, token)
        second, late = self.make(words[middle:], speed, token)
        begun = len(first) / RATE
        moved = [(begun + start, begun + end) for start, end in late]
        return np.concatenate([first, second]), early + moved

    def _phonemes(self, words: Sequence[str]) -> tuple[list[int], list[int | None]]:
        """The phonemes' ids, and for each the word it belongs to (None: the space between two)."""
        groups = self._read(" ".join(filter(None, words)))
        vocabulary = self._vocabulary
        ids: list[int] = []
        owners: list[int | None] = []
        for owner, (_, phonemes) in zip(_owners(words, [text for text, _ in groups]), groups, strict=True):
            if ids and phonemes:
                ids.append(vocabulary[" "])
                owners.append(None)
            known = [vocabulary[phoneme] for phoneme in phonemes if phoneme in vocabulary]
            ids += known
            owners += [owner] * len(known)
        return ids, owners

    def _read(self, text: str) -> list[tuple[str, str]]:
        """Each word of ``text`` as it is read out ("$3": "three", "dollars"), with its phonemes."""
        g2p = self._g2p
        try:
            tokens = g2p.phonemize_tokens(g2p.tokenize(normalize(text)))
        except Exception:  # noqa: BLE001  (its rules have gaps, such as numbers too large for its words)
            first, _, rest = text.partition(" ")
            return self._read(first) + self._read(rest) if rest else []
        groups = [("", "")]
        for token in tokens:
            word, phonemes = groups[-1]
            groups[-1] = (word + token.text, phonemes + (token.phonemes or ""))
            if token.whitespace:
                groups.append(("", ""))
        return groups


def _session(graph: bytes) -> Any:
    """The network. Its last output is the frames of each phoneme, where the graph has that tensor."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.enable_cpu_mem_arena = False  # a fiftieth slower, and 20 MB smaller
    try:
        return onnxruntime.InferenceSession(graph + _extra_output(_DURATIONS), options, _PROVIDERS)
    except Exception:  # noqa: BLE001  (onnxruntime raises many kinds; in another graph every phoneme counts the same)
        return onnxruntime.InferenceSession(graph, options, _PROVIDERS)


def _extra_output(tensor: str) -> bytes:
    """Bytes that make ``tensor`` an output. Protocol Buffers merge what is appended to a serialised model."""

    def message(number: int, body: bytes) -> bytes:
        return bytes([number << 3 | 2, len(body)]) + body

    graph, output, name = 7, 12, 1  # field numbers in ModelProto, GraphProto, ValueInfoProto
    return message(graph, message(output, message(name, tensor.encode())))


def _owners(words: Sequence[str], read: Sequence[str]) -> list[int]:
    """For each word as it is read out ("three", "dollars") the index of the word it stands for ("$3")."""
    owners = [0] * len(read)
    matcher = SequenceMatcher(None, list(words), list(read), autojunk=False)
    for _, begin, end, read_begin, read_end in matcher.get_opcodes():
        for at in range(read_begin, read_end):
            share = (at - read_begin) * (end - begin) // (read_end - read_begin)
            owners[at] = max(0, begin + share if begin < end else begin - 1)
    return owners


def _spans(edges: Sequence[float], owners: Sequence[int | None], count: int) -> list[tuple[float, float]]:
    """When each of ``count`` words begins and ends; one without phonemes takes no time."""
    found: dict[int, tuple[float, float]] = {}
    for owner, (start, end) in zip(owners, pairwise(edges), strict=False):
        if owner is not None:
            found[owner] = (found[owner][0] if owner in found else start, end)
    spans = []
    last = 0.0
    for index in range(count):
        start, end = found.get(index, (last, last))
        spans.append((start, end))
        last = end
    return spans
