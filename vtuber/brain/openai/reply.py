"""What may be heard of a model server's answer."""

from __future__ import annotations

from vtuber.brain import Prompt
from vtuber.brain.openai.onward import Onward
from vtuber.brain.reply import ReplyText

_STOP = ("\n", "<|", "<｜", "</s>", "<end_of_turn>", "[INST]", "[/INST]")
"""A reply is one line, and no format's token is meant for ears: a server with the wrong one sends them."""
_LETTERS_A_TOKEN = 8
"""No language has more; a server that knows no limit is stopped there."""
_THINKS, _THOUGHT = "<think>", "</think>"


class Reply:
    """Add the text as it comes; what comes back may be said."""

    def __init__(self, prompt: Prompt) -> None:
        self._thoughts = _Thoughts()
        self._line = ReplyText(_STOP, prompt.names)
        self._onward = Onward(prompt.reply_so_far)
        self._left = prompt.max_tokens * _LETTERS_A_TOKEN

    @property
    def ended(self) -> bool:
        """Nothing more will be said, whatever comes."""
        return self._line.ended or self._left <= 0

    def add(self, text: str) -> str:
        return self._bounded(self._onward.add(self._said(self._thoughts.add(text))))

    def finish(self) -> str:
        """What was still held back, when the server has ended by itself."""
        rest = self._said(self._thoughts.finish()) + self._line.finish()
        return self._bounded(self._onward.add(rest) + self._onward.finish())

    def _said(self, text: str) -> str:
        return self._line.add(text.encode("utf-8", "ignore"))  # halves of a character vanish

    def _bounded(self, text: str) -> str:
        text = text[: max(self._left, 0)]
        self._left -= len(text)
        return text


class _Thoughts:
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
