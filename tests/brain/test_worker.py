"""The model's process without a model: what is asked of the engine, and when it ends."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from vtuber.brain.llama.worker import Worker


class Letters:
    """A tokenizer whose tokens are bytes."""

    begins: tuple[int, ...] = ()

    def tokenize(self, text: str, *, control: bool) -> list[int]:
        return list(text.encode()) if not control else [0]

    def marker(self, token: int) -> bytes:
        return {1: b"<|channel|>", 2: b"<|message|>", 3: b"<|end|>"}.get(token, b"")

    def spell(self, token: int) -> bytes:
        return bytes([token])


class Counting:
    """An engine that says "z" for ever, and counts how often."""

    context = 4096
    restored = 0
    tokenizer = Letters()

    def __init__(self) -> None:
        self.made = 0
        self.cached: list[int] = []

    def prepare(self, tokens: Sequence[int]) -> int:
        self.cached = list(tokens)
        return 0

    def generate(self, _sampling: object, _said: Sequence[int]) -> Iterator[int]:
        while True:
            self.made += 1
            yield ord("z")


def generate(number: int) -> dict[str, Any]:
    asked = {"pieces": [["hi", "plain"]], "sampling": {"temperature": 0.0, "top_p": 1.0, "seed": 0}}
    rest = {"stop": [], "names": [], "asker": "", "goes_on": False, "max_tokens": 500}
    return {"op": "generate", "id": number, **asked, **rest}


@pytest.mark.parametrize("heard", [1, 2, 7])
def test_cancelling_takes_effect_within_one_token(heard: int) -> None:
    frames: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    texts = 0

    def send(frame: dict[str, Any]) -> None:
        nonlocal texts
        texts += "text" in frame
        if texts == heard and frame["id"] == 1:
            worker.take({"op": "cancel", "id": 1})
        frames.put(frame)

    worker = Worker(send)
    worker._engine = engine = Counting()
    threading.Thread(target=worker.work, daemon=True).start()
    worker.take(generate(1))
    while "done" not in (frame := frames.get(timeout=60)):
        assert frame["text"] == "z"
    assert frame["reply"] == texts == heard
    assert heard <= engine.made <= heard + 1

    worker.take(generate(2))
    while "done" not in (frame := frames.get(timeout=60)):
        assert frame["id"] == 2
    assert frame["reply"] == 500, "the next reply is not cancelled"


def test_prefilling_does_nothing_when_all_of_it_is_there() -> None:
    frames: list[dict[str, Any]] = []
    worker = Worker(frames.append)
    worker._engine = engine = Counting()
    engine.cached = list(b"hi there")
    engine.restored = 5
    worker._answer({"id": 1, "pieces": [["hi", "plain"]], "folder": "", "trusted": True}, worker._prefill)
    assert frames == [{"id": 1, "done": True, "prompt": 2, "reused": 2, "restored": 2}]
    assert engine.cached == list(b"hi there")


class Reciting(Counting):
    """An engine that says these tokens."""

    def __init__(self, tokens: bytes) -> None:
        super().__init__()
        self.tokens = tokens

    def generate(self, _sampling: object, _said: Sequence[int]) -> Iterator[int]:
        for token in self.tokens:
            self.made += 1
            yield token


@pytest.mark.parametrize(
    ("tokens", "heard", "made"),
    [
        (b"\x01analysis\x02The user says hi.\nShort.\x03\x01final\x02Hi Kai!\nKai: hi", "Hi Kai!", -7),
        (b"<think>\nhm\n</think>\n\nBanban: Hi Kai!\nKai: hi", "Hi Kai!", -7),
        (b"Okay, the user says hi.\n</think>\nHi Kai!", "Hi Kai!", 0),
        (b"Hi Kai!<|im_end|>and more", "Hi Kai!", -8),
        (b"Hi Kai!\nKai: hi", "Hi Kai!", -7),
    ],
)
def test_only_the_answer_is_told_and_no_more_is_made(tokens: bytes, heard: str, made: int) -> None:
    frames: list[dict[str, Any]] = []
    worker = Worker(frames.append)
    worker._engine = engine = Reciting(tokens)
    worker._current = 1
    request = {**generate(1), "names": ["Banban"], "asker": "Kai", "stop": ["<|im_end|>"]}
    worker._answer(request, worker._generate)
    assert "".join(frame.get("text", "") for frame in frames) == heard
    assert engine.made == len(tokens) + made
