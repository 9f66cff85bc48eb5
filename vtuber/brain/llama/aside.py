"""A small second context beside the one that replies: a question there costs that one none of its cache.

Only the model's own process imports this, like ``engine``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import llama_cpp as c

CONTEXT = 1024
"""Tokens of the longest question."""
BATCH = 64
"""Tokens evaluated at once: about as many as are new in a question, and little memory to compute in."""


def whole(tokens: int, size: int) -> int:
    """How many of so many tokens stand in whole portions of that size."""
    return tokens // size * size


class Aside:
    """``context`` is llama.cpp's, of the same model. What two questions begin with is read once.

    ``repeatable``: as ``Engine.open`` has it.
    """

    def __init__(self, context: Any, *, repeatable: bool = False) -> None:
        self._context = context
        self._repeatable = repeatable
        self._should_stop: Callable[[], bool] = lambda: False
        self._abort = c.ggml_abort_callback(lambda _data: self._should_stop())
        c.llama_set_abort_callback(context, self._abort, None)
        self._memory = c.llama_get_memory(context)
        self._cached: list[int] = []

    def share(
        self,
        tokens: Sequence[int],
        these: Sequence[int],
        those: Sequence[int],
        should_stop: Callable[[], bool] = lambda: False,
    ) -> float:
        """How likely one of ``these`` is to come next after ``tokens``, where only they and ``those`` may.

        Raises ValueError for too many tokens, RuntimeError when llama.cpp fails or ``should_stop`` says so.
        """
        self._should_stop = should_stop
        if not 0 < len(tokens) <= CONTEXT:
            raise ValueError(f"a question of {len(tokens)} tokens does not fit beside a reply")
        for begin in range(self._keep(tokens), len(tokens), BATCH):
            self._evaluate(tokens[begin : begin + BATCH])
        weights = c.llama_get_logits_ith(self._context, -1)
        highest = max(weights[token] for token in (*these, *those))
        likely, unlikely = (
            sum(math.exp(weights[token] - highest) for token in set(side)) for side in (these, those)
        )
        return likely / (likely + unlikely)

    def close(self) -> None:
        c.llama_free(self._context)

    def _keep(self, tokens: Sequence[int]) -> int:
        """Forgets what does not begin ``tokens``; returns how many of them are left. The last never is."""
        same = 0
        while same < min(len(self._cached), len(tokens) - 1) and self._cached[same] == tokens[same]:
            same += 1
        if self._repeatable:
            same = whole(same, BATCH)
        if not c.llama_memory_seq_rm(self._memory, 0, same, -1):  # a recurrent model forgets all or nothing
            c.llama_memory_clear(self._memory, True)  # noqa: FBT003  # C
            same = 0
        del self._cached[same:]
        return same

    def _evaluate(self, tokens: Sequence[int]) -> None:
        if self._should_stop():
            raise RuntimeError("it was withdrawn")
        array = (c.llama_token * len(tokens))(*tokens)
        outcome = c.llama_decode(self._context, c.llama_batch_get_one(array, len(tokens)))
        if outcome:
            c.llama_memory_clear(self._memory, True)  # noqa: FBT003  # C
            self._cached.clear()
            raise RuntimeError(f"llama.cpp failed to compute an answer ({outcome})")
        self._cached.extend(tokens)
