"""The sentence that `banban check` asks of a model: only an answer shows that it can be talked to."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from vtuber.brain.choice import languages
from vtuber.core.errors import BrainError
from vtuber.core.events import Author, Batch, ChatMessage, Pick
from vtuber.core.health import Health, State
from vtuber.core.text import clean
from vtuber.memory import NOTHING
from vtuber.show.speaker import Speaker

_SEED = 7
_TOKEN = re.compile(r"<[|｜/]?\w[^<>\s]*[|｜]?>|\[/?[A-Z_]{3,}\]|#{3,} *\w+:|[Ġ▁\ufffd]")
"""What belongs to a format of prompts, or to how a model stores words, and to no sentence."""
_MOOD = re.compile(r"^(\[[\w -]+\]\s*)+")
_LETTERS = 0.5
"""So much of a sentence at least is letters."""
_REPEATED = 0.75
"""Where more of it than this is one and the same thing, it is no sentence."""
_MANY = 6
"""Fewer words than these may well be the same."""


def is_sentence(text: str) -> bool:
    """Whether a person might say that: letters, no token of a prompt's format, not always the same again."""
    solid = [char for char in text if not char.isspace()]
    letters = [char for char in solid if char.isalpha()]
    if not letters or _TOKEN.search(text) or len(letters) < _LETTERS * len(solid):
        return False
    return not any(_is_repetition(bits) for bits in (letters, text.casefold().split()))


def _is_repetition(bits: list[str]) -> bool:
    most = max(Counter(bits).values())
    return len(bits) > _MANY and most > _REPEATED * len(bits)


async def ask(speaker: Speaker) -> Health:
    """How her brain is after it was asked for a sentence: each of those that stand in for each other.

    Raises BrainError when none of them said one.
    """
    prompt = await speaker.conversation.prompt(_question(speaker), NOTHING, _SEED)
    said: dict[str, str] = {}
    failed: dict[str, BrainError] = {}
    for name, answer in (await speaker.brain.answers(prompt)).items():
        if isinstance(answer, BrainError):
            failed[name] = answer
        elif is_sentence(text := _MOOD.sub("", clean(answer, 200))):
            said[name] = text
        else:
            failed[name] = _no_sentence(text)
    if not said:
        raise next(iter(failed.values()))
    health = speaker.brain.health()
    many = len(said) + len(failed) > 1
    words = [f"{name if many else 'she'} says: “{text}”" for name, text in said.items()]
    if failed and health.state is State.OK:
        health = replace(health, state=State.LIMITED)
    words += [f"{name}: {error.what}" for name, error in failed.items() if error.what not in health.what]
    hint = next((error.hint for error in failed.values() if error.hint), health.hint)
    return replace(health, what="; ".join([health.what, *words]), hint=hint)


def _no_sentence(text: str) -> BrainError:
    return BrainError(
        f"what the model writes is no sentence: “{text}”" if text else "the model said nothing",
        where="brain",
        hint="check that its prompt template is the right one (brain.template, or in the model server), "
        "or use another model",
    )


def _question(speaker: Speaker) -> Batch:
    text = "Hello! Who are you?" if "English" in languages(speaker.character) else "你好！你是誰？"
    return Batch(Pick(ChatMessage("check", "console", "", Author("check", "Kai"), text)))
