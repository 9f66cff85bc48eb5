"""What it costs that the model lives in a process of its own, and how soon it is silent.

    python benchmarks/model_process.py [rounds]

Turn about, in one run, on the same prompts with the same cache: the bare library (llama-cpp-python's
``Llama`` in a process of its own, timed there) and our brain, timed from outside. Then replies are closed
half-way.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from contextlib import aclosing
from dataclasses import replace

from vtuber import character
from vtuber.brain import Line, Prompt
from vtuber.brain.llama.backend import Llama
from vtuber.brain.llama.child import ENVIRONMENT
from vtuber.brain.llama.loading import cores
from vtuber.brain.llama.model_file import locate
from vtuber.brain.memory import NOTHING
from vtuber.brain.prompt import Conversation
from vtuber.brain.templates.formats import FORMATS
from vtuber.config import Settings
from vtuber.events import Author, Batch, ChatMessage, Pick

BARE = """
import json, sys, time
from llama_cpp import Llama
model, threads = sys.argv[1], int(sys.argv[2])
llm = Llama(model, n_ctx=4096, n_threads=threads, n_threads_batch=threads, verbose=False)
for line in sys.stdin:
    tokens = []
    for text, kind in json.loads(line):
        tokens += llm.tokenize(text.encode(), add_bos=False, special=kind == "control")
    began = time.perf_counter()
    next(llm.generate(tokens, temp=0.7, top_p=0.9))
    print(time.perf_counter() - began, flush=True)
"""


async def main(rounds: int) -> None:
    settings = Settings()
    brain = Llama(settings)
    await brain.start(lambda _share, _words: None)
    talk = Conversation(character.load("banban"), settings, brain)
    await talk.start(lambda _share, _words: None)
    lead = ChatMessage("1", "twitch", "c", Author("k", "Kai"), "what do you think of rainy days?")
    prompt = await talk.prompt(Batch(Pick(lead)), NOTHING, 1)
    bare = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", BARE, str(locate("")), str(cores())),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**ENVIRONMENT, **os.environ},
    )
    await first_tokens(brain, bare, prompt, rounds)
    await silences(brain, prompt, rounds)
    if bare.stdin:
        bare.stdin.close()
    await bare.wait()
    await brain.stop()


async def first_tokens(brain: Llama, bare: asyncio.subprocess.Process, prompt: Prompt, rounds: int) -> None:
    ours, theirs = [], []
    for number in range(rounds + 1):
        asked = reworded(prompt, f"number {number}: what do you think of rainy days and of tea?")
        theirs.append(await bare_first_token(bare, asked))
        began = time.perf_counter()
        async with aclosing(brain.stream(asked)) as tokens:
            await anext(tokens)
            ours.append(time.perf_counter() - began)
    ours, theirs = ours[1:], theirs[1:]  # the first filled the bare one's cache
    extra = [a - b for a, b in zip(ours, theirs, strict=True)]
    report("first token, bare library", theirs)
    report("first token, our process", ours)
    report("difference", extra)
    print(f"ratio of the medians: {statistics.median(ours) / statistics.median(theirs):.3f}")


async def bare_first_token(bare: asyncio.subprocess.Process, prompt: Prompt) -> float:
    pieces = list(FORMATS["chatml"].prompt(prompt.lines, prompt.names[0]))
    if bare.stdin is None or bare.stdout is None:
        raise RuntimeError
    bare.stdin.write(json.dumps(pieces).encode() + b"\n")
    return float(await bare.stdout.readline())


async def silences(brain: Llama, prompt: Prompt, rounds: int) -> None:
    """From closing a stream until the model's process says that it is idle."""
    speaking, reading = [], []
    for number in range(rounds):
        stream = brain.stream(replace(prompt, seed=number, max_tokens=400))
        await anext(stream)
        await asyncio.sleep(0.005 * (number % 5))
        began = time.perf_counter()
        await stream.aclose()
        speaking.append(time.perf_counter() - began)
        task = asyncio.ensure_future(
            anext(brain.stream(reworded(prompt, f"{number} " + "pizza and tea, " * 300)))
        )
        await asyncio.sleep(0.1 + 0.03 * (number % 5))
        began = time.perf_counter()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        reading.append(time.perf_counter() - began)
    report("silent after closing, mid-reply", speaking)
    report("silent after cancelling, reading a long prompt", reading)


def reworded(prompt: Prompt, text: str) -> Prompt:
    return replace(prompt, lines=(*prompt.lines[:-1], Line("viewer", text, "Kai")))


def report(what: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    middle, late = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    milliseconds = (1000 * value for value in (middle, late, ordered[-1]))
    print(f"{what:48}", "p50 {:7.2f} ms   p99 {:7.2f} ms   max {:7.2f} ms".format(*milliseconds))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
