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
_FENCE = re.compile(r"```\w*\s*\n|json\s*\n(?=\s*\{)")
_TURN = re.compile(
    r"(?:<[|｜]?\w+[|｜]?>\s*)?(?:assistant|model)(?:\s*<[|｜]?\w+[|｜]?>)?\s*\n\s*|(?:<s>|<bos>|\[BOS\])\s*",
    re.IGNORECASE,
)
_TURN_BEGUN = re.compile(
    r"(?:<[|｜]?\w+[|｜]?>\s*)?(?:a[a-z]{0,8}|m[a-z]{0,4})?(?:\s*<[|｜]?\w+[|｜]?>)?\s*", re.IGNORECASE
)
"""<|im_start|>assistant and a new line, as a prompt begins an answer"""
_CALL = re.compile(r"```\s*tool\w*\s*\n")

# Headings: of an answer, and of what is none.
_HEADING = re.compile(
    r"[#*_\s\[【]{0,6}([a-z]+(?: [a-z]+)?|[\u4e00-\u9fff]{2,4})[*_\]】]{0,4}\s*?(?:[:：][*_]{0,4}\s*|(\n))",
    re.IGNORECASE,
)
_HEADING_BEGUN = re.compile(r"[#*_\s\[【]{0,6}([a-z ]+|[\u4e00-\u9fff]+)[*_\]】]{0,4}\s*", re.IGNORECASE)
_ROLES = ("assistant", "model")
_OF_ANSWERS = (
    *(*_ROLES, "ai", "bot", "chatbot", "response", "reply", "answer", "final answer", "final response"),
    *("助手", "助理", "回答", "回覆", "回复", "回應", "回应", "答案", "最終回答", "最终回答"),
)
_OF_THOUGHTS = (
    *("thinking", "thinking process", "thought", "thoughts", "thought process", "reasoning", "analysis"),
    *("inner thoughts", "inner monologue", "internal monologue"),
    *("思考", "思考過程", "思考过程", "推理", "推理過程", "推理过程", "分析", "內心獨白", "内心独白"),
)
_PREFACE = re.compile(
    r"(?:(?:sure|okay|ok|of course|certainly|alright|好的)[,.!，。！]?\s?)?"
    r"(?:here(?:['’]s| is)|以下是|這是|这是)"
    r"(?:[^\n:：.!?。！？]{0,60}(?:response|reply|answer|json|output|回[答覆應复应])[^\n:：.!?。！？]{0,24}"
    r"[:：]\s*?(?:\n\s*|(?=```|\{))|([^\n:：.!?。！？]{0,90}(?:[:：]\s*)?$))",
    re.IGNORECASE,
)
"""Here is the JSON that you asked for:"""
_PREFACES = ("here is", "here's", "here’s", "sure, here is", "sure! here is", "以下是", "這是", "这是")
_JSON = re.compile(r"(?:\[\s*)?\{\s*(?:$|([\"'])[^\"'\n]{0,40}(?:$|\1\s*(?:$|:)))|\[\s*(?:\{\s*\}|\")")
_WHOLE = re.compile(rf"{_JSON.pattern}|{_CALL.pattern}")
_CHANNEL = re.compile(r"(?:assistant\s*)?(?:(analysis|commentary)|final)(?=[A-Z\n\[*\"“\u4e00-\u9fff])")
_FINAL = re.compile(r"assistant\s*final\s*")
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
        while not _WHOLE.match(text) and (behind := self._behind(text, last=last)):
            text = text[behind:].lstrip()
        if behind is None or not text:
            return None
        if _WHOLE.match(text):
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
        channel = _CHANNEL.match(text)
        is_thought = bool(channel[1]) if channel else bool(_heading(text, _OF_THOUGHTS))
        return Opening(text[channel.end() :] if channel else text, moods, is_thought=is_thought)

    def _behind(self, text: str, *, last: bool) -> int | None:
        """Where it goes on behind a label or a fence; 0 where there is none, None: too early to tell."""
        if turn := _TURN.match(text):
            return turn.end()
        if not last and (_may_be_heading(text) or (text.startswith("<") and may_be_turn(text))):
            return None
        behind = [self._behind_label(text), _behind_fence(text), _behind_preface(text)]
        heading = _heading(text, _OF_ANSWERS)
        dressed = not text[:1].isalnum()  # what closes it may come yet
        if not last and (None in behind or (heading and dressed and heading == len(text))):
            return None
        return next(filter(None, (*behind, heading)), 0)

    def answer_in(self, text: str) -> int:
        """Where the answer begins in a thought that no marker ends; 0 where there is none yet."""
        if found := _FINAL.search(text):
            return found.end()
        for line in re.finditer(r"\n\s*", text):
            rest = text[line.end() :]
            label = self._label.match(rest)
            behind = label.end() if label else _heading(rest, _OF_ANSWERS)
            if behind and (behind < len(rest) or rest[0].isalnum()):
                return line.end() + behind
        return 0

    def _behind_label(self, text: str) -> int | None:
        if found := self._label.match(text):
            dressed = not text[0].isalnum()  # what closes it may come yet
            return None if dressed and found.end() == len(text) else found.end()
        letters = _letters(text)
        short = len(text) - len(letters) <= _LABEL_LIMIT
        if short and any(name.startswith(letters) for name in self._names):
            return None
        return None if self._begun.fullmatch(text) and "\n" not in text else 0


def _heading(text: str, names: Sequence[str]) -> int:
    """Where it goes on behind one of these headings; 0 where there is none."""
    found = _HEADING.match(text)
    if found is None or found[1].casefold() not in names or (found[2] and found[1].casefold() not in _ROLES):
        return 0
    return found.end()


def may_be_turn(text: str) -> bool:
    """Whether it may be how a prompt begins an answer, or nothing yet."""
    return bool(_TURN_BEGUN.fullmatch(text))


def is_remark(text: str) -> bool:
    """Whether it is one line with the heading of a thought: "Thoughts: tea is good."."""
    return bool(_heading(text, _OF_THOUGHTS)) and "\n" not in text.strip()


def _may_be_heading(text: str) -> bool:
    found = _HEADING_BEGUN.fullmatch(text)
    begun = " ".join(found[1].casefold().split()) if found else ""
    return bool(begun) and any(name.startswith(begun) for name in (*_OF_ANSWERS, *_OF_THOUGHTS))


def _behind_preface(text: str) -> int | None:
    if any(begin.startswith(text.casefold()) for begin in _PREFACES):
        return None
    found = _PREFACE.match(text)
    return 0 if found is None else None if found[1] is not None else found.end()


def _behind_fence(text: str) -> int | None:
    if found := _FENCE.match(text):
        return found.end()
    if "json\n".startswith(text):
        return None
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
    if _CALL.match(text):
        return ""
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
