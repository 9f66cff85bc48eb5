"""Whether what is heard is what was written: a speech recogniser listens to her.

100 English and 100 Chinese lines, as a model writes them (a few letters at a time), go the whole way: pieces,
router, mastering, sound. Beside it the bare voice speaks the same line in one go. The recogniser
is Whisper base; its own mistakes count in both. English: word error rate. Chinese: character error rate,
Traditional or Simplified. Case and punctuation make no difference. ``--show`` lists what was heard otherwise.

    python -m benchmarks.voice.heard [--language en zh] [--lines 100] [--show]
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from opencc_purepy import OpenCC
from voice_props import CHARACTER

from benchmarks.voice.bare import BareVoices, kokoro_settings, spoken
from benchmarks.voice.chain import read
from benchmarks.voice.whisper import Whisper
from vtuber.config import Settings
from vtuber.config import Voice as VoiceSettings
from vtuber.core.sound import Samples
from vtuber.voice.pieces.segmenter import SentenceSegmenter
from vtuber.voice.router import VoiceRouter, build

FILES = {"en": "say_en", "zh": "say_zh"}
_TOKEN = 3
"""Letters that the model writes at a time."""
_simplified = OpenCC("t2s")


@dataclass(frozen=True, slots=True)
class Heard:
    """One line, and what was heard of it."""

    written: str
    routed: str
    bare: str


def units(text: str, language: str) -> list[str]:
    """What is compared: words, or characters."""
    if language == "zh":
        return re.findall(r"[^\W_]", _simplified.convert(text).lower())
    return re.sub(r"[’']", "", text.lower()).replace("-", " ").translate(_NO_MARKS).split()


_NO_MARKS = {ord(mark): " " for mark in '.,!?;:"“”…—()'}


def errors(written: Sequence[str], heard: Sequence[str]) -> int:
    """How many units were put in, left out or exchanged (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for at, one in enumerate(written, 1):
        diagonal, row[0] = row[0], at
        for to, other in enumerate(heard, 1):
            diagonal, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, diagonal + (one != other))
    return row[-1]


def rate(lines: Sequence[tuple[str, str]], language: str) -> float:
    """Errors of all lines together, as a share of what was written."""
    pairs = [(units(written, language), units(heard, language)) for written, heard in lines]
    return sum(errors(*pair) for pair in pairs) / sum(len(written) for written, _ in pairs)


def compared(lines: Sequence[Heard], language: str) -> tuple[int, int]:
    """In how many lines the chain has more errors than the bare voice, and in how many fewer."""
    more = [
        rate([(line.written, line.routed)], language) - rate([(line.written, line.bare)], language)
        for line in lines
    ]
    return sum(one > 0 for one in more), sum(one < 0 for one in more)


async def routed(router: VoiceRouter, line: str) -> Samples:
    """What is heard of a line that a model writes."""
    segmenter = SentenceSegmenter()
    pieces = [piece for at in range(0, len(line), _TOKEN) for piece in segmenter.feed(line[at : at + _TOKEN])]
    sounds = [(await spoken(router, piece.text)).samples for piece in (*pieces, *segmenter.finish())]
    return np.concatenate(sounds)


async def measure(language: str, count: int) -> list[Heard]:
    """What is heard of the first ``count`` lines."""
    settings = VoiceSettings(use=("hibari", "kokoro"))
    if language == "zh":
        settings = settings.model_copy(update={"kokoro": kokoro_settings()})
    router, bare, whisper = build(Settings(voice=settings), CHARACTER), BareVoices(), Whisper()
    await router.start()
    found = []
    for line in read(FILES[language])[:count]:
        whole, alone = await routed(router, line), (await bare.speak(line)).samples
        found.append(Heard(line, whisper.heard(whole, language), whisper.heard(alone, language)))
    await bare.stop()
    await router.stop()
    return found


def main() -> None:
    """Prints the rates."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--language", nargs="+", choices=[*FILES], default=[*FILES])
    arguments.add_argument("--lines", type=int, default=100)
    arguments.add_argument("--show", action="store_true")
    given = arguments.parse_args()
    logging.disable()
    for language in given.language:
        began = time.perf_counter()
        lines = asyncio.run(measure(language, given.lines))
        ours = rate([(line.written, line.routed) for line in lines], language)
        alone = rate([(line.written, line.bare) for line in lines], language)
        worse, better = compared(lines, language)
        kind = "word" if language == "en" else "character"
        print(
            f"{language}: {kind} error rate {ours:.1%} through the whole chain, "
            f"{alone:.1%} by the bare voice; worse in {worse} lines, better in {better} "
            f"({len(lines)} lines, {time.perf_counter() - began:.0f} s)",
            flush=True,
        )
        for line in lines if given.show else ():
            if units(line.routed, language) != units(line.written, language):
                print(f"  {line.written}\n    chain: {line.routed}\n    bare:  {line.bare}")


if __name__ == "__main__":
    main()
