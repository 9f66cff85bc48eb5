"""A question of yes or no to a model server: one token, and how likely it was where the server says so."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from vtuber.brain import NO, YES, Prompt, PromptLine
from vtuber.brain.openai.errors import ServerError, error_from
from vtuber.brain.openai.request import Dialect
from vtuber.config import Brain

CHOICES = 5
"""Of how many of the likeliest tokens we want to know how likely they are: no server gives fewer at most."""
_REFUSED = (400, 422, 500, 501)
"""Statuses of servers that cannot tell likelihoods."""
_YES = frozenset(word.strip().casefold() for word in YES)
_NO = frozenset(word.strip().casefold() for word in NO)


class Judgement:
    """How one server is asked."""

    def __init__(self, settings: Brain) -> None:
        self._settings = settings
        self._tells = True
        """Whether it tells how likely its tokens are."""

    def body(self, model: str, question: str, dialect: Dialect) -> dict[str, Any]:
        """The request's JSON."""
        prompt = Prompt((PromptLine("viewer", question),), 0, max_tokens=1, seed=0)
        body = dialect.body(model, prompt, self._settings, stream=False)
        if "temperature" in body:
            body["temperature"] = 0
        return body | ({"logprobs": True, "top_logprobs": CHOICES} if self._tells else {})

    def is_too_much(self, error: ServerError) -> bool:
        """Whether the question may be asked once more, without what the server cannot tell."""
        asked, self._tells = self._tells, self._tells and error.status not in _REFUSED
        return asked and not self._tells

    @staticmethod
    def likelihood(answer: bytes) -> float:
        """How likely yes is. Raises ServerError for an answer that is neither yes nor no."""
        try:
            parsed = json.loads(answer)
            if isinstance(parsed, dict) and parsed.get("error"):
                raise error_from(200, parsed)
            choice = parsed["choices"][0]
            weighed = list(_weighed(choice))
        except (ValueError, RecursionError, LookupError, TypeError, OverflowError):
            raise ServerError("the model server's judgement cannot be read", status=200) from None
        yes = sum(weight for word, weight in weighed if word in _YES)
        no = sum(weight for word, weight in weighed if word in _NO)
        if not yes + no > 0:
            raise ServerError("the model answers neither yes nor no", status=200)
        return yes / (yes + no)


def _weighed(choice: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """The first words that it weighed, and how likely each is; or the one that it wrote."""
    listed = (choice.get("logprobs") or {}).get("content")
    if listed:
        for one in listed[0].get("top_logprobs") or listed[:1]:
            yield _word(one["token"]), math.exp(min(0.0, float(one["logprob"])))
        return
    words = str(choice["message"]["content"]).split()
    yield _word(words[0] if words else ""), 1.0


def _word(token: str) -> str:
    return token.strip(" \t\r\n.,!。，！*\"'“”「").casefold()
