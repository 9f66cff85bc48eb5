"""Filters a model server's answer: leaves out its thinking, all but one line, and what was said already."""

from __future__ import annotations

from collections.abc import Iterator

from vtuber.brain import Prompt
from vtuber.brain.reply_decoder import ReplyDecoder

_STOP = ("\n", "<|", "<｜", "</s>", "<end_of_turn>", "[INST]", "[/INST]")
"""A reply is one line without any format's tokens: a server with the wrong format sends them."""
_LETTERS_A_TOKEN = 8
"""No language has more; a server that ignores the limit of tokens is stopped there."""
_THINKS, _THOUGHT = "<think>", "</think>"


class ServerReplyFilter:
    """``add`` takes the next text from the server and returns what may be said of it."""

    def __init__(self, prompt: Prompt) -> None:
        self._thinking = _ThinkingFilter()
        self._line = ReplyDecoder(_STOP, prompt.names)
        self._continuation = Continuation(prompt.reply_so_far)
        self._left = prompt.max_tokens * _LETTERS_A_TOKEN

    @property
    def ended(self) -> bool:
        """Nothing more will be said, whatever comes."""
        return self._line.ended or self._left <= 0

    def add(self, text: str) -> str:
        return self._bounded(self._continuation.add(self._said(self._thinking.add(text))))

    def finish(self) -> str:
        """What was still held back; call it when the server has ended by itself."""
        rest = self._said(self._thinking.finish()) + self._line.finish()
        return self._bounded(self._continuation.add(rest) + self._continuation.finish())

    def _said(self, text: str) -> str:
        return self._line.add(text.encode("utf-8", "ignore"))  # halves of a character vanish

    def _bounded(self, text: str) -> str:
        text = text[: max(self._left, 0)]
        self._left -= len(text)
        return text


class _ThinkingFilter:
    """Leaves out what a model thinks before it speaks, between <think> and </think>."""

    def __init__(self) -> None:
        self._held = ""
        self._over = False

    def add(self, text: str) -> str:
        if self._over:
            return text
        self._held += text
        begin = self._held.lstrip()
        if _THINKS.startswith(begin):  # so far
            return ""
        if begin.startswith(_THINKS):
            _, ended, begin = begin.partition(_THOUGHT)
            if not ended:
                self._held = _THINKS + self._held[-len(_THOUGHT) :]
                return ""
        self._over, self._held = True, ""
        return begin

    def finish(self) -> str:
        """What only began like a thought."""
        held, self._held = self._held.lstrip(), ""
        return "" if held.startswith(_THINKS) else held


_ENDS = ".!?…。！？"


class Continuation:
    """Joins an answer that was asked to go on with ``so_far``, and leaves out what it repeats of that.

    It may begin again from any word, from the very first or from the last, which may be cut in half. Where it
    then goes another way, whole sentences that were said before are left out.
    """

    def __init__(self, so_far: str) -> None:
        self._so_far = so_far
        self._tails = [_letters(so_far[at:]) for at in _word_begins(so_far)]  # the longest first
        self._held = ""
        self._joined = not so_far

    def add(self, text: str) -> str:
        if self._joined:
            return text
        self._held += text
        return "" if self._repeats(_letters(self._held)) else self._join()

    def finish(self) -> str:
        """What was still held back, unless it only repeats."""
        return "" if self._joined or self._repeats(_letters(self._held)) else self._join()

    def _repeats(self, letters: list[str]) -> bool:
        """Whether all of it was said before, as far as it goes."""
        return any(tail[: len(letters)] == letters for tail in self._tails)

    def _join(self) -> str:
        self._joined = True
        letters = _letters(self._held)
        for tail in self._tails:
            if letters[: len(tail)] == tail:
                return _behind(self._held, len(tail))
        repeated = max((_common(letters, tail) for tail in self._tails), default=0)
        rest = _behind(self._held, _whole_sentences(self._held, repeated)).lstrip()
        return _seam(self._so_far, rest) + rest


def _letters(text: str) -> list[str]:
    return [char.lower() for char in text if not char.isspace()]


def _word_begins(text: str) -> Iterator[int]:
    before = " "
    for at, char in enumerate(text):
        if not char.isspace() and (before.isspace() or _is_cjk(char) or _is_cjk(before)):
            yield at
        before = char


def _behind(text: str, letters: int) -> str:
    """What follows so many letters of a text."""
    for at, char in enumerate(text):
        if letters == 0:
            return text[at:]
        letters -= not char.isspace()
    return ""


def _common(one: list[str], other: list[str]) -> int:
    """With how many letters both begin."""
    alike = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        alike += 1
    return alike


def _whole_sentences(text: str, limit: int) -> int:
    """How many of the first ``limit`` letters are whole sentences."""
    ends = [at for at, letter in enumerate(_letters(text)[:limit], 1) if letter in _ENDS]
    return ends[-1] if ends else 0


def _seam(so_far: str, after: str) -> str:
    """What stands between the two."""
    before = so_far.rstrip()
    word = bool(after) and (after[0].isalnum() or after[0] in "\"'“‘([")
    if not word or _is_cjk(before[-1:]) or _is_cjk(after[0]):
        return ""
    if after[0].isupper() and before[-1:] not in _ENDS:
        return "… "  # she thought better of it
    return "" if before != so_far else " "


def _is_cjk(char: str) -> bool:
    return "\u2e80" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7af" or "\uf900" <= char <= "\uffef"
