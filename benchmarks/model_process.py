"""What it costs that the model lives in a process of its own, and how soon it speaks and is silent.

    python -m benchmarks.model_process [rounds]

All in one run. Turn about, on the same prompts with the same cache: the bare library (llama-cpp-python's
``Llama`` in a process of its own, timed there) and our brain, timed from outside. A token's way from the
model's process to whoever asked, while 5,000 messages a second go into the inbox. The first token of a show,
with and without the state after the prompt's head on disk. Speaking again after the process was killed in
the middle of a reply, beside a mere start. Then replies are closed half-way.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import psutil

from benchmarks.inbox import TICK, chat
from benchmarks.rates import percentile
from vtuber import character, config
from vtuber.brain import Prompt, PromptLine
from vtuber.brain.conversation import Conversation
from vtuber.brain.fallback import BrainFallback
from vtuber.brain.llama.backend import Llama
from vtuber.brain.llama.loading import cores
from vtuber.brain.llama.process import COMMAND, ENVIRONMENT
from vtuber.brain.templates.formats import FORMATS
from vtuber.config import Settings
from vtuber.core.errors import BrainError
from vtuber.core.events import Author, Batch, ChatMessage, Pick
from vtuber.inbox import Inbox
from vtuber.inbox.inbox import IDS
from vtuber.memory import NOTHING
from vtuber.models.store import locate
from vtuber.moderation.message_index import MessageIndex
from vtuber.record.facts import Facts
from vtuber.show import garbage

DECODED = 64
"""Tokens of a reply whose speed is measured."""
MESSAGES = 5000
"""So many a second."""
MADE = 5 * IDS
"""So many are made before, so that only the inbox's work is beside a token's."""
HELPING = 100
"""Never more at once, however late the loop is."""
BARE = """
import json, sys, time
from llama_cpp import Llama
model, threads = sys.argv[1], int(sys.argv[2])
llm = Llama(model, n_ctx=4096, n_threads=threads, n_threads_batch=threads, verbose=False)
for line in sys.stdin:
    tokens = []
    asked = json.loads(line)
    for text, kind in asked["pieces"]:
        tokens += llm.tokenize(text.encode(), add_bos=False, special=kind == "control")
    began = time.perf_counter()
    reply = llm.generate(tokens, temp=0.7, top_p=0.9)
    next(reply)
    first = time.perf_counter()
    for _ in range(asked["more"]):
        llm.detokenize([next(reply)])
    print(json.dumps([first - began, time.perf_counter() - first]), flush=True)
"""
ENDLESS = """
import vtuber.brain.llama.engine as e, vtuber.brain.llama.worker as p
generate = p.Worker._generate
p.Worker._generate = lambda self, request: generate(self, {**request, "stop": []})
e.Engine.is_control = lambda self, token: False
p.main()
"""
"""Replies as long as was asked for, whatever the model says."""
UNFILTERED = """
import vtuber.brain.llama.worker as p
p.ReplyFilter.add = lambda self, text: text
p.main()
"""
"""Tells each token at once: a first word may otherwise wait for the second, lest it be a label."""
STAMPED = """
import time, vtuber.brain.llama.worker as p
tell = p.Worker._tell
p.Worker._tell = lambda self, request, text: tell(self, request, text and f"{time.monotonic_ns()} ")
p.main()
"""
"""Says the system's monotonic time in place of each token."""


async def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with brain_at(Path(folder)) as brain:
            prompt = await asked_of(brain)
            bare = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", BARE, str(locate("")), str(cores())),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={**ENVIRONMENT, **os.environ},
            )
            async with brain_at(Path(folder), ("-c", UNFILTERED)) as sends_all:
                await first_tokens(brain, sends_all, bare, prompt, rounds)
            await decoding(Path(folder), bare, prompt, rounds)
            if bare.stdin:
                bare.stdin.close()
            await bare.wait()
            await silences(brain, prompt, rounds)
        await ways(Path(folder), prompt, rounds)
        await beginnings(Path(folder), max(3, rounds // 5))
        await killings(Path(folder), max(3, rounds // 5))


OWN = Settings(brain=config.Brain(use="llama", model=str(locate(""))))
"""Its path given, the embedded model is asked for everything: it has no lines of hers to say."""


@asynccontextmanager
async def brain_at(cache: Path, command: tuple[str, ...] = COMMAND) -> AsyncIterator[Llama]:
    brain = Llama(OWN)
    brain.cache_folder, brain.command = cache, command
    await brain.start(lambda _share, _words: None)
    try:
        yield brain
    finally:
        await brain.stop()


async def asked_of(brain: Llama) -> Prompt:
    """The first prompt of a show; the brain has read its head."""
    talk = Conversation(character.load("banban"), OWN, brain)
    await talk.start(lambda _share, _words: None)
    lead = ChatMessage("1", "twitch", "c", Author("k", "Kai"), "what do you think of rainy days?")
    return await talk.prompt(Batch(Pick(lead)), NOTHING, 1)


# Beside the bare library


async def first_tokens(
    brain: Llama, sends_all: Llama, bare: asyncio.subprocess.Process, prompt: Prompt, rounds: int
) -> None:
    ours, texts, theirs = [], [], []
    for number in range(rounds + 1):
        asked = reworded(prompt, f"number {number}: what do you think of rainy days and of tea?")
        theirs.append((await ask_bare(bare, asked))[0])
        ours.append(await first_token(sends_all, asked))
        texts.append(await first_token(brain, asked))
    ours, texts, theirs = ours[1:], texts[1:], theirs[1:]  # the first filled the bare one's cache
    report("first token, bare library", theirs)
    report("first token, our process", ours)
    report("first words that may be said, our process", texts)
    report("difference of the tokens", [a - b for a, b in zip(ours, theirs, strict=True)])
    print(f"ratio of the medians, tokens: {statistics.median(ours) / statistics.median(theirs):.3f}")


async def decoding(cache: Path, bare: asyncio.subprocess.Process, prompt: Prompt, rounds: int) -> None:
    ours, theirs = [], []
    async with brain_at(cache, ("-c", ENDLESS)) as brain:
        for number in range(rounds + 1):
            asked = replace(reworded(prompt, f"{number}?"), max_tokens=1 + DECODED, names=(), seed=number)
            theirs.append((await ask_bare(bare, asked, DECODED))[1])
            async with aclosing(brain.stream(asked)) as tokens:
                await anext(tokens)
                began = time.perf_counter()
                async for _ in tokens:
                    pass
                ours.append((time.perf_counter() - began) * DECODED / (brain.usage.reply - 1))
    ratios = [their / our for our, their in zip(ours[1:], theirs[1:], strict=True)]
    for who, seconds in (("bare library", theirs), ("our process", ours)):
        print(f"decoding, {who:38} {DECODED / statistics.median(seconds[1:]):.1f} tokens a second")
    print(
        f"decoding, our speed by the bare library's: {statistics.median(ratios):.3f} (median of the rounds)"
    )


async def ask_bare(bare: asyncio.subprocess.Process, prompt: Prompt, more: int = 0) -> list[float]:
    """Seconds to its first token, and for ``more`` after that."""
    pieces = list(FORMATS["chatml"].prompt(prompt.lines, prompt.names[0] if prompt.names else ""))
    if bare.stdin is None or bare.stdout is None:
        raise RuntimeError
    bare.stdin.write(json.dumps({"pieces": pieces, "more": more}).encode() + b"\n")
    return list(json.loads(await bare.stdout.readline()))


# A token's way


async def ways(cache: Path, prompt: Prompt, rounds: int) -> None:
    """From before a token is sent by the model's process until a turn would have it."""
    messages = tuple(islice(chat(seed=7), MADE))
    for rate in (0, MESSAGES):
        async with brain_at(cache, ("-c", STAMPED)) as brain, asyncio.TaskGroup() as tasks:
            # As in a show, amid replies.
            beside = [tasks.create_task(garbage.collect_when(lambda: False))]
            beside.append(tasks.create_task(flooded(rate, messages)))
            took = await ways_of(BrainFallback({"llama": brain}, OWN, ()), prompt, rounds)
            for task in beside:
                task.cancel()
        report(f"a token's way, {rate} messages a second, {len(took)} tokens", took)


async def ways_of(fallback: BrainFallback, prompt: Prompt, rounds: int) -> list[float]:
    """Seconds, of each token in so many replies."""
    took = []
    for number in range(rounds):
        async with aclosing(fallback.stream(replace(prompt, seed=number))) as tokens:
            async for stamps in tokens:
                now = time.monotonic_ns()
                took += [(now - int(stamp)) / 1e9 for stamp in stamps.split()]
    return took


async def flooded(rate: int, messages: Sequence[ChatMessage]) -> None:
    """Puts so many messages a second into an inbox until cancelled; they come again, mostly forgotten."""
    inbox, index = Inbox(config.Inbox(), ("板板", "banban"), 1, Facts()), MessageIndex()
    loop = asyncio.get_running_loop()
    began, done, put = loop.time(), 0, 0
    try:
        while True:
            due = int((loop.time() - began) * rate)
            for number in range(done, min(due, done + HELPING)):
                event = replace(messages[number % len(messages)], at=loop.time())
                index.note(event)
                inbox.put(event)
                put += 1
                await asyncio.sleep(0)  # each comes by itself
            done = due
            await asyncio.sleep(TICK)
    finally:
        print(f"messages put, of {rate} a second: {put / (loop.time() - began):.0f} a second")


# Beginning, and beginning again


async def beginnings(folder: Path, rounds: int) -> None:
    """From a model that is loaded to the first token of a show."""
    seconds: dict[str, list[float]] = {"without": [], "with": []}
    for number in range(rounds):
        cache = folder / f"show {number}"
        for _ in ("without", "with"):
            async with brain_at(cache) as brain:
                began = time.perf_counter()
                await first_token(brain, await asked_of(brain))
                took = time.perf_counter() - began
            seconds["with" if brain.usage.restored else "without"].append(took)
    for which, values in seconds.items():
        report(f"a show's first token, {which} the head on disk", values)
    ratio = statistics.median(seconds["with"]) / statistics.median(seconds["without"])
    print(f"ratio of the medians: {ratio:.3f}")


async def killings(cache: Path, rounds: int) -> None:
    """From a kill in the middle of a reply to the first token of the next."""
    again, loads = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        async with brain_at(cache) as brain:
            loads.append(time.perf_counter() - began)
            prompt = replace(await asked_of(brain), max_tokens=400)
            async with aclosing(brain.stream(prompt)) as tokens:
                await anext(tokens)
                psutil.Process(brain.pid).kill()
                began = time.perf_counter()
                try:
                    async for _ in tokens:
                        pass
                except BrainError:
                    again.append(await first_token(brain, prompt) and time.perf_counter() - began)
    report("start of the process, and loading", loads)
    report("speaking again after a kill in mid-reply", again)
    report("difference", [a - b for a, b in zip(again, loads, strict=True)])


# Falling silent


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


async def first_token(brain: Llama, prompt: Prompt) -> float:
    """Seconds to it; the rest is not waited for."""
    began = time.perf_counter()
    async with aclosing(brain.stream(prompt)) as tokens:
        await anext(tokens)
        return time.perf_counter() - began


def reworded(prompt: Prompt, text: str) -> Prompt:
    return replace(prompt, lines=(*prompt.lines[:-1], PromptLine("viewer", text, "Kai")))


def report(what: str, seconds: list[float]) -> None:
    figures: dict[str, Any] = {f"p{share}": percentile(seconds, share / 100) for share in (50, 99)}
    figures["max"] = max(seconds)
    print(f"{what:54}", "   ".join(f"{name} {1000 * value:7.2f} ms" for name, value in figures.items()))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
