"""Filters a server's answer: leaves out what is none (see ``brain.reply_filter``) or was said before."""

from __future__ import annotations

from collections.abc import Iterator

from vtuber.brain import Prompt
from vtuber.brain.reply_filter import Habits, ReplyFilter

_LETTERS_A_TOKEN = 8
"""No language has more; a server that ignores the limit of tokens is stopped there."""


class ServerReplyFilter:
    """``add`` takes the next text from the server and returns what may be said of it."""

    def __init__(self, prompt: Prompt, habits: Habits | None = None) -> None:
        self._reply = ReplyFilter(prompt.names, prompt.lines[-1].name, habits=habits)
        self._continuation = Continuation(prompt.reply_so_far)
        self._left = prompt.max_tokens * _LETTERS_A_TOKEN

    @property
    def ended(self) -> bool:
        """Nothing more will be said, whatever comes."""
        return self._reply.ended or self._left <= 0

    @property
    def has_thought(self) -> bool:
        """Whether the model has thought, or still does."""
        return self._reply.has_thought

    def add(self, text: str) -> str:
        text = text.encode("utf-8", "ignore").decode()  # halves of a character vanish
        return self._bounded(self._continuation.add(self._reply.add(text)))

    def finish(self) -> str:
        """What was still held back; call it when the server has ended by itself."""
        return self._bounded(self._continuation.add(self._reply.finish()) + self._continuation.finish())

    def _bounded(self, text: str) -> str:
        text = text[: max(self._left, 0)]
        self._left -= len(text)
        return text


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
