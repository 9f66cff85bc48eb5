"""Reads what a model that was trained as a guard answers: Qwen3Guard, Llama Guard, ShieldGemma."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 2000
"""Characters of an answer that may be a verdict."""
_SAFETY = re.compile(r"^\s*Safety: *(Safe|Unsafe|Controversial)\b", re.IGNORECASE | re.MULTILINE)
_CATEGORIES = re.compile(r"^\s*Categor(?:y|ies): *([^\n]{1,200})", re.IGNORECASE | re.MULTILINE)
_WORD = re.compile(
    r"\s*(safe|unsafe|yes|no)\b[.!*]*\s*(?:\n\s*(S\d{1,2}(?: *, *S\d{1,2}){0,20})\s*)?\Z", re.IGNORECASE
)
_NAME = re.compile(r"[A-Za-z][\w &/'()-]{0,60}")


@dataclass(frozen=True, slots=True)
class ModelVerdict:
    """What a model makes of a sentence."""

    unsafe: bool
    controversial: bool = False
    """It would be right in one place and wrong in another."""
    categories: tuple[str, ...] = ()
    """By the model's own names."""


def read(answer: str) -> ModelVerdict:
    """Raises ValueError for an answer that is no verdict."""
    if len(answer) > LONGEST:
        raise ValueError("its answer is no verdict: it is far too long")
    if rated := _SAFETY.findall(answer):
        if len({rating.lower() for rating in rated}) > 1:
            raise ValueError("it says one thing and another")
        rating = rated[0].lower()
        listed = _CATEGORIES.search(answer)
        names = _names(listed[1]) if listed else ()
        return ModelVerdict(rating == "unsafe", rating == "controversial", () if rating == "safe" else names)
    if word := _WORD.match(answer):
        unsafe = word[1].lower() in ("unsafe", "yes")
        return ModelVerdict(unsafe, categories=_names(word[2] or "") if unsafe else ())
    raise ValueError("its answer is no verdict")


def _names(listed: str) -> tuple[str, ...]:
    names = (name.strip() for name in listed.split(","))
    return tuple(name for name in names if name.lower() != "none" and _NAME.fullmatch(name))[:5]
