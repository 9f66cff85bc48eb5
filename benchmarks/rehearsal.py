"""Whether a rehearsal is the same twice, and how long ten hours of chat take.

The recorded stream of tests/data (3,090 messages) is rehearsed twice at once, each time in a process of its
own with another order of sets (PYTHONHASHSEED), while other processes keep every core busy; then what both
decided is compared byte for byte, and their journals line by line, but for what the machine measured.
Then the stream is played again and again until so many hours are full.

    python -m benchmarks.rehearsal [--hours 10] [--model GGUF] [--messages 300]

With a model, that is asked, one rehearsal after the other; without, she says lines of her examples.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from typing import Any

from vtuber.record import decisions
from vtuber.record.parting import compare

CHAT = Path(__file__).parents[1] / "tests" / "data" / "twitch-vod-chat.json"
MEASURED = ("ms", "delays_ms")
"""Fields of a journal's line in which real time stands."""
MACHINES = ("part", "end")
"""Kinds of lines that tell of this machine: addresses, folders, memory, real time."""
BUSY = "while True: pass"


def chat(path: Path, messages: int, seconds: float = 0.0) -> int:
    """Writes so many messages of the recorded stream; again and again, until so many seconds are full."""
    whole: dict[str, Any] = json.loads(CHAT.read_text(encoding="utf-8"))
    rows, length = whole["comments"][:messages], float(whole["video"]["length_seconds"])
    rounds = max(1, -(-int(seconds) // int(length)))
    whole["comments"] = [
        {**row, "_id": f"{row['_id']}-{turn}", "content_offset_seconds": offset}
        for turn in range(rounds)
        for row in rows
        if (offset := row["content_offset_seconds"] + turn * length) <= max(seconds, length)
    ]
    path.write_text(json.dumps(whole), encoding="utf-8")
    return len(whole["comments"])


def rehearse(folder: Path, name: str, model: str, hash_seed: int) -> subprocess.Popen[bytes]:
    """Begins `banban rehearse`, whose record and journals are called by that name."""
    config = folder / f"{name}.toml"
    config.write_text(f"[journal]\nfolder = {json.dumps(str(folder / name))}\n", encoding="utf-8")
    which = ["--model", model] if model else ["--no-model"]
    command = ["rehearse", "chat.json", "--config", str(config), "--seed", "7", "--record", f"{name}.jsonl"]
    return subprocess.Popen(
        [sys.executable, "-m", "vtuber.app", *command, *which, *(["--voice", "silent"] if model else [])],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def timeless(folder: Path) -> Iterator[str]:
    """The lines of the journal in there, but for what the machine measured."""
    (path,) = folder.glob("*.jsonl")
    for line in path.read_text(encoding="utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        if row["kind"] not in MACHINES:
            yield json.dumps({key: value for key, value in row.items() if key not in MEASURED})


def twice(folder: Path, messages: int, model: str) -> None:
    count = chat(folder / "chat.json", messages)
    began = time.perf_counter()
    with ExitStack() as busy:
        first = busy.enter_context(rehearse(folder, "first", model, 1))
        if model:
            first.wait()  # two at once would share what llama.cpp may use
        for _ in range(os.cpu_count() or 1):
            load = busy.enter_context(subprocess.Popen([sys.executable, "-c", BUSY]))
            busy.callback(load.kill)
        second = busy.enter_context(rehearse(folder, "second", model, 2))
        codes = first.wait(), second.wait()
    took = time.perf_counter() - began
    print(f"{count:,} messages twice: {took:.0f} s, exit statuses {codes}")
    paths = folder / "first.jsonl", folder / "second.jsonl"
    print("what was decided: ", end="")
    print("the same bytes" if paths[0].read_bytes() == paths[1].read_bytes() else "OTHER BYTES")
    pairs = list(zip_longest(timeless(folder / "first"), timeless(folder / "second")))
    other = sum(one != another for one, another in pairs)
    print(f"journals but for measured time and the machine's own: {other} of {len(pairs):,} lines differ")
    found = compare(*map(decisions.read, paths))
    kinds = ("heard", "chosen", "prompt", "judged", "sentence", "reply")
    print("the same before they part, if they do:", {kind: found.same[kind] for kind in kinds})
    if found.parting:
        print(f"they part at {found.parting.t:.1f} s: {found.parting.first} | {found.parting.second}")
        print(f"  {dict(found.parting.differing)}")


def hours(folder: Path, count: float) -> None:
    messages = chat(folder / "chat.json", sys.maxsize, count * 3600)
    began = time.perf_counter()
    with rehearse(folder, "long", "", 3) as process:
        code = process.wait()
    took = time.perf_counter() - began
    rows = list(decisions.read(folder / "long.jsonl"))
    replies = sum(row["kind"] == "reply" for row in rows)
    print(
        f"{count:g} hours of chat, {messages:,} messages: {took:.0f} s "
        f"({count * 3600 / took:.0f} times real time), {replies:,} replies, {len(rows):,} decisions, "
        f"exit status {code}"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--hours", type=float, default=10.0)
    options.add_argument("--messages", type=int, default=sys.maxsize)
    options.add_argument("--model", default="")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        twice(Path(folder), chosen.messages, chosen.model)
        if chosen.hours:
            hours(Path(folder), chosen.hours)


if __name__ == "__main__":
    main()
