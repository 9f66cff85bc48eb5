"""What stands before and around an answer: her label in any dress, a code fence, JSON, a channel's name."""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

_ASIDE = r"[(（\[【][^()（）\[\]【】\n]{1,24}[)）\]】]"
_DRESS = r"[^\w:：﹕︰|\n]|_"
_SAYS = r"(?:\s*(?:says|said|replies|answers|[說说][道]?|回[答覆復應应]))?"
_COLON = r"\s*(?:[:：﹕︰|]|(?<=[>*])\s*\n|(?<=>))"
_BEHIND = r"[*_\])】」』\"'`]{0,4}\s*"
_LABEL_LIMIT = 40
"""Characters around a name, and of a tag that is waited for."""
_FENCE = re.compile(r"```\w*\s*\n")
_JSON = re.compile(r"(?:\[\s*)?\{\s*(?:$|([\"'])[^\"'\n]{0,40}(?:$|\1\s*(?:$|:)))|\[\s*\{\s*\}")
_CHANNEL = re.compile(r"(?:assistant\s*)?(?:(analysis|commentary)|final)(?=[A-Z\n\[*\"“\u4e00-\u9fff])")
_CHANNELS = ("analysis", "commentary", "final", "assistantanalysis", "assistantcommentary", "assistantfinal")

# The keys of an answer, the likeliest first; of a call; and of a mood.
_ANSWERS = (
    *("response", "reply", "answer", "message", "text", "content", "speech", "say", "says", "said"),
    *("dialogue", "line", "utterance", "output", "final", "final_answer", "assistant", "result"),
    *("回應", "回应", "回答", "回覆", "回复", "內容", "内容", "台詞", "台词"),
)
_CALLS = frozenset(
    ("arguments", "parameters", "tool_calls", "function_call", "tool_call", "tool", "args", "action_input")
)
_MOODS = ("mood", "emotion", "expression", "feeling", "心情", "表情", "情緒")
_CUT_OFF = re.compile(rf'"(?:{"|".join(_ANSWERS)})"\s*:\s*"((?:[^"\\]|\\.)*)', re.IGNORECASE)
_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Opening:
    """How an answer begins: ``text`` without what stood before it."""

    text: str
    moods: str = ""
    """Mood tags that stood before a label."""
    is_whole: bool = False
    """It was JSON: there is no more of it than ``text``."""
    is_thought: bool = False
    """It is a channel's, and no answer."""


class OpeningReader:
    """Reads how an answer begins. ``names`` are hers."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = [_letters(name) for name in names]
        spelled = sorted({_spelled(name) for name in names if name.strip()}, key=len, reverse=True)
        known = "|".join(spelled) or r"(?!)"
        head = rf"(?:{_DRESS}){{0,6}}(?:{known})(?:{_DRESS}){{0,4}}(?:{_ASIDE})?(?:{_DRESS}){{0,4}}"
        self._label = re.compile(head + _SAYS + _COLON + _BEHIND, re.IGNORECASE)
        self._begun = re.compile(
            rf"{head}(?:[(（\[【][^()（）\[\]【】\n]{{0,24}}|\s*\w{{0,7}})?", re.IGNORECASE
        )

    def read(self, text: str, *, last: bool) -> Opening | None:
        """None while it is too early to tell; ``last``: there will be no more."""
        text = text.lstrip()
        behind: int | None = 0
        while not _JSON.match(text) and (behind := self._behind(text, last=last)):
            text = text[behind:].lstrip()
        if behind is None or not text:
            return None
        if _JSON.match(text):
            answer = _read_json(text, last=last)
            return None if answer is None else Opening(answer, is_whole=True)
        tags = _behind_tags(text)
        if tags is None and not last:
            return None
        moods, text = text[: tags or 0], text[tags or 0 :]
        if moods and (behind := self._behind(text, last=last)):
            text = text[behind:]
        if not last and (behind is None or not text or _may_be_channel(text)):
            return None
        if channel := _CHANNEL.match(text):
            return Opening(text[channel.end() :], moods, is_thought=bool(channel[1]))
        return Opening(text, moods)

    def _behind(self, text: str, *, last: bool) -> int | None:
        """Where it goes on behind a label or a fence; 0 where there is none, None: too early to tell."""
        behind = [self._behind_label(text), _behind_fence(text)]
        if None in behind and not last:
            return None
        return next(filter(None, behind), 0)

    def _behind_label(self, text: str) -> int | None:
        if found := self._label.match(text):
            dressed = not text[0].isalnum()  # what closes it may come yet
            return None if dressed and found.end() == len(text) else found.end()
        letters = _letters(text)
        short = len(text) - len(letters) <= _LABEL_LIMIT
        if short and any(name.startswith(letters) for name in self._names):
            return None
        return None if self._begun.fullmatch(text) and "\n" not in text else 0


def _behind_fence(text: str) -> int | None:
    if found := _FENCE.match(text):
        return found.end()
    begun = text.startswith("```") and len(text) < _LABEL_LIMIT and "\n" not in text
    return None if begun or text in ("`", "``") else 0


def _behind_tags(text: str) -> int | None:
    end = 0
    while text[end : end + 1] == "[":
        close = text.find("]", end)
        if close < 0:
            return None if len(text) - end <= _LABEL_LIMIT and "\n" not in text else end
        end = close + 1
        end += len(text[end:]) - len(text[end:].lstrip())
    return end


def _may_be_channel(text: str) -> bool:
    return any(name.startswith("".join(text.split())) for name in _CHANNELS)


def _read_json(text: str, *, last: bool) -> str | None:
    """The answer in it, "" where it has none, as a call of a tool; None while it is not whole."""
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(text)
    except (ValueError, RecursionError):
        if not last:
            return None
        with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
            return _answer_in(ast.literal_eval(text.strip()))  # as Python writes it
        cut = _CUT_OFF.search(text)
        return _unescaped(cut[1]) if cut else ""
    return _answer_in(found)


def _answer_in(found: Any, depth: int = 0) -> str:
    if isinstance(found, str):
        return found
    if isinstance(found, list) and all(isinstance(one, str) for one in found):
        return " ".join(found)
    if isinstance(found, list) and depth < _DEPTH:
        return next(filter(None, (_answer_in(one, depth + 1) for one in found[:8])), "")
    if not isinstance(found, dict) or depth == _DEPTH or _CALLS & found.keys():
        return ""
    plain = {str(key).casefold(): value for key, value in found.items()}
    answers = (_answer_in(plain[key], depth + 1) for key in _ANSWERS if key in plain)
    words = (value for value in plain.values() if isinstance(value, str) and len(value.split()) > 1)
    text = next(filter(None, answers), "") or max(words, key=len, default="")
    mood = next((plain[key] for key in _MOODS if isinstance(plain.get(key), str)), "")
    return f"[{mood}] {text}" if text and mood.isalpha() else text


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text


def _letters(text: str) -> str:
    return re.sub(r"\W|_", "", unicodedata.normalize("NFKC", text)).casefold()


def _spelled(name: str) -> str:
    return r"\s*".join(map(re.escape, unicodedata.normalize("NFKC", name).split()))
