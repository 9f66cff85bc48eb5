"""How early she speaks, with a scripted model and voice whose timings are exact, for three kinds of text.

The model's first token comes after 250 ms, then 40 pieces of 4 characters a second; the voice takes 0.15 of
the duration of what it says, 15 characters a second. The ratio is to the moment when the first sentence of
the text is written to its end and spoken whole, as by a program that waits for sentences.

    python -m benchmarks.early_speech
"""

from __future__ import annotations

import asyncio
import logging
import re
import statistics
import sys
import tempfile
import time

from benchmarks.first_sound import Probe
from benchmarks.scripted import ScriptedBrain, ScriptedVoice
from vtuber.config import Settings
from vtuber.core.events import Author, ChatMessage
from vtuber.show.show import Show

_LONG = "ineapple on pizza is by far the best thing that ever happened to me and to everybody that I know"

TEXTS = {
    "an early comma": f"Of course, p{_LONG}. And you?",
    "long, without a comma": f"P{_LONG} well enough to share one with on a day like this one. And you?",
    "no punctuation": f"p{_LONG} and that is how it was and how it is and how it will be " * 2,
}
AIM = 0.75
ROUNDS = 5


def waiting_for_sentences(text: str) -> float:
    """Seconds until the first whole sentence is written and spoken, with these timings."""
    sentence = re.split(r"(?<=[.!?]) ", text)[0]
    written = ScriptedBrain.first + len(sentence) / ScriptedBrain.size / ScriptedBrain.rate
    return written + len(sentence) / ScriptedVoice.letters_a_second * ScriptedVoice.factor


async def measure(folder: str) -> dict[str, list[float]]:
    """Seconds from a message's arrival to the first sound, for each text. The journal goes to ``folder``."""
    settings = Settings.model_validate(
        {
            "brain": {"use": "scripted"},
            "guard": {"repeats": {"use": False}},  # its reply is always the same
            "voice": {"use": ["scripted", "silent"]},
            "memory": {"use": "forgetful"},
            "stage": {"port": 0},
            "journal": {"folder": folder},
        }
    )
    probe = Probe()
    show = Show(settings, seed=1, listeners=[], screens=[probe])
    taken: dict[str, list[float]] = {name: [] for name in TEXTS}
    ready = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(show.run(progress=lambda *_: None, on_air=ready.set))
        await ready.wait()
        for number in range(ROUNDS):
            for name, text in TEXTS.items():
                ScriptedBrain.reply = text
                probe.reset()
                arrived = time.perf_counter()
                show.receive(
                    ChatMessage(f"{number}{name}", "test", "test", Author(name, name), f"{number} {name}?")
                )
                await asyncio.wait_for(probe.heard.wait(), 10)
                taken[name].append(probe.at - arrived)
                while show.performer.busy:
                    show.performer.hush(0)
                    await asyncio.sleep(0.02)
        show.over.set()
    return taken


def main() -> None:
    """Prints the seconds and the ratios."""
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        measured = asyncio.run(measure(folder))
    for name, values in measured.items():
        whole = waiting_for_sentences(TEXTS[name])
        median = statistics.median(values)
        sys.stdout.write(
            f"{name:24} {median:.3f} s (worst {max(values):.3f}, aim {AIM}); "
            f"{median / whole:.2f} of waiting for the sentence ({whole:.3f} s)\n"
        )


if __name__ == "__main__":
    main()
