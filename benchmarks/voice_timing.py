"""How far the times of words and of the mouth's shapes are from the sound that they belong to.

    python -m benchmarks.voice_timing [--kokoro FOLDER] [--seen] [--lines N]

FOLDER holds Kokoro's graph (it ends in ``.onnx``) and ``voices``. The lines are those that nobody looked
at while the times were made better, or with ``--seen`` the others. Times are held against what is seen in
the sound without knowing the words: where it begins after a pause, where hissing begins behind a vowel
("s", "sh"), where a vowel breaks off because the mouth closes ("p", "t", "k", "b", "d", "g"), and where
the vocal cords begin to swing behind a voiceless consonant (but behind "p", "t", "k": they may wait
there). What is seen twice near the time that was told belongs to another sound as likely, and is left
out; so are nasals, glides and weak fricatives, which begin nowhere in the sound.

The alignment looks for the borders of hisses and stops, too, by another filter and without these limits; the
voice behind other consonants ("f", "ch", "x") it does not look for.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vtuber.core.sound import RATE, Samples
from vtuber.voice.embedded import english
from vtuber.voice.embedded.hibari.model import HibariModel
from vtuber.voice.embedded.kokoro.model import KokoroModel, read_styles
from vtuber.voice.embedded.kokoro.phrases import phrases, reader
from vtuber.voice.embedded.network import CancelToken
from vtuber.voice.reading import Reader
from vtuber.voice.speech import captions
from vtuber.voice.speech.alignment import aligned
from vtuber.voice.speech.articulation import Phoneme

LINES = Path(__file__).parent / "speech_lines"
STEP = 0.005
WITHIN = 0.13
"""Seconds before and after the time that a model tells in which the sound is searched."""

Spoken = tuple[Samples, list[Phoneme]]
Levels = npt.NDArray[np.float64]

_VOWELS = "aɑɐæʌɒiɪᵻɨuʊyeɛəɜɚᵊɤoɔAIWYOQː→↗↓↘"
_HISSES = "szʃʂɕ"
_STOPS = "ptkbdɡ"
_LIPS = "pb"
_VOICED = _VOWELS + "ˈˌ"
_VOICELESS = "fθxʧʦʨꭧʰszʃʂɕ"
_LAGS = slice(RATE // 400, RATE // 70)
"""The periods of voices from 70 to 400 Hz."""


def bands(samples: Samples) -> tuple[Levels, Levels]:
    """The level in dB of what is below and above 3.5 kHz, for each ``STEP``."""
    hop, size = round(STEP * RATE), round(0.016 * RATE)
    around = np.pad(samples, (size // 2, size))
    windows = np.lib.stride_tricks.sliding_window_view(around, size)[::hop][: len(samples) // hop]
    power = np.abs(np.fft.rfft(windows * np.hanning(size), axis=1)) ** 2
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    low, high = power[:, (hertz > 100) & (hertz < 3500)], power[:, hertz >= 3500]
    return 10 * np.log10(low.sum(axis=1) + 1e-9), 10 * np.log10(high.sum(axis=1) + 1e-9)


def steepest(level: Levels, time: float, least: float) -> float | None:
    """When it rises near ``time`` by ``least`` dB within 40 ms; None where it does so twice, or never."""
    rise = level[8:] - level[:-8]
    begin, end = (max(0, round((time + way * WITHIN) / STEP) - 4) for way in (-1, 1))
    places = np.flatnonzero(rise[begin:end] >= least)
    if not len(places) or places[-1] - places[0] >= 16:
        return None
    at = begin + int(rise[begin:end].argmax())
    return (at + 4) * STEP


def voicing(samples: Samples) -> Levels:
    """How periodic the sound is, from 0 to 1, for each ``STEP``: the vocal cords swing or they do not."""
    hop, size = round(STEP * RATE), round(0.03 * RATE)
    around = np.pad(np.convolve(samples, np.hanning(25) / 13, "same"), (size // 2, size))  # below 1 kHz
    windows = np.lib.stride_tricks.sliding_window_view(around, size)[::hop][: len(samples) // hop]
    windows = (windows - windows.mean(axis=1, keepdims=True)) * np.hanning(size)
    same = np.fft.irfft(np.abs(np.fft.rfft(windows, 2 * size, axis=1)) ** 2, axis=1)
    own = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(size), 2 * size)) ** 2)
    periodic = (same / np.maximum(same[:, :1], 1e-7))[:, _LAGS] / (own / own[0])[_LAGS]
    loud = same[:, 0] > np.percentile(same[:, 0], 95) / 10**2.5
    return np.where(loud, np.clip(periodic.max(axis=1), 0, 1), 0.0)


def crossing(level: Levels, time: float) -> float | None:
    """When it rises above a half near ``time``, and stays there for 30 ms; None where it does so twice."""
    begin, end = (max(1, round((time + way * WITHIN) / STEP)) for way in (-1, 1))
    up = [
        at
        for at in range(begin, min(end, len(level) - 6))
        if level[at - 1] < 0.5 and (level[at : at + 6] >= 0.5).all()
    ]
    return up[0] * STEP if len(up) == 1 else None


def onset(level: Levels, time: float) -> float | None:
    """When sound begins near ``time`` that follows 0.1 s of quiet."""
    loud = level > np.percentile(level, 95) - 35
    for at in range(round((time - 0.25) / STEP), round((time + 0.15) / STEP)):
        if 20 <= at < len(loud) and loud[at] and not loud[at - 20 : at].any():
            return at * STEP
    return None


def landmarks(samples: Samples, phonemes: Sequence[Phoneme]) -> Iterator[tuple[str, int, float]]:
    """What can be seen of phonemes: the kind, the phoneme's index, and when it begins in the sound."""
    low, high = bands(samples)
    voiced = voicing(samples)
    before = ""
    owner: int | None = -1
    for at, phoneme in enumerate(phonemes):
        if not phoneme.is_heard:
            before = "." if phoneme.sign != " " else before
            owner = None
            continue
        first = phoneme.owner != owner
        owner = phoneme.owner
        found = None
        time = phoneme.start - 0.03
        if before in ("", "."):
            kind, found = "word after a pause", onset(np.maximum(low, high), time)
        elif before in _VOWELS and phoneme.sign in _HISSES and first:
            kind, found = "word that hisses", steepest(high - low, time, 20)
        elif before in _VOWELS and phoneme.sign in _STOPS and first:
            kind, found = "word that stops", steepest(-low, time, 12)
        elif before in _VOWELS and phoneme.sign in _LIPS:
            kind, found = "lips that close", steepest(-low, time, 12)
        elif before in _VOICELESS and phoneme.sign in _VOICED:
            kind, found = f"voice that begins behind {_manner(before)}", crossing(voiced, time)
        before = phoneme.sign
        if found is not None:
            yield kind, at, found


def _manner(sign: str) -> str:
    return "a hiss" if sign in _HISSES else "any other"


def hibari() -> Callable[[str], Iterator[Spoken]]:
    model = HibariModel()

    def speak(line: str) -> Iterator[Spoken]:
        words = Reader().read(line, "en").by_word(captions.split(line))
        yield model.make([english.said(word, before_number=False) for word in words], 1.0, CancelToken())

    return speak


def kokoro(folder: Path) -> Callable[[str], Iterator[Spoken]]:
    model, token = KokoroModel(next(folder.glob("*.onnx"))), CancelToken()
    styles = read_styles(folder / "voices", "zf_xiaoyi")

    def speak(line: str) -> Iterator[Spoken]:
        for phrase in phrases(Reader().read(line)):
            reader(taiwan=True).pronounce(phrase)
            spoken = model.make(phrase.phonemes, styles, 1.0, token)
            yield spoken.samples, phrase.timed(spoken.edges)

    return speak


def report(name: str, speak: Callable[[str], Iterator[Spoken]], lines: Sequence[str]) -> None:
    """Prints the drift of each kind, as the model tells the times and as they are sent."""
    drifts: dict[str, list[tuple[float, float]]] = {}
    for line in lines:
        for samples, told in speak(line):
            sent = aligned(samples, told)
            for kind, at, found in landmarks(samples, told):
                drift = (told[at].start - found, sent[at].start - found)
                drifts.setdefault(kind, []).append(drift)
                drifts.setdefault("all of them", []).append(drift)
    for kind, found_drifts in drifts.items():
        parts = []
        for times in np.transpose(found_drifts) * 1000:
            p95 = np.percentile(np.abs(times), 95)
            parts.append(f"{np.median(times):+4.0f} ms at the median, {p95:3.0f} off at p95")
        print(f"{name}: {kind}, {len(found_drifts)}: told {parts[0]}; sent {parts[1]}")


def main() -> None:
    """Measures each voice that is there."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kokoro", type=Path, help="the folder of Kokoro's files")
    options.add_argument("--seen", action="store_true", help="the lines that the times were made better with")
    options.add_argument("--lines", type=int, default=100, help="how many lines of each language")
    asked = options.parse_args()
    english_lines, chinese_lines = (
        (LINES / f"{'say' if asked.seen else 'unseen'}_{language}.txt")
        .read_text(encoding="utf-8")
        .splitlines()[: asked.lines]
        for language in ("en", "zh")
    )
    report("hibari", hibari(), english_lines)
    if asked.kokoro:
        speak = kokoro(asked.kokoro)
        report("kokoro, Chinese", speak, chinese_lines)
        report("kokoro, English", speak, english_lines)


if __name__ == "__main__":
    main()
