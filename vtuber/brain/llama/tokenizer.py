"""Text to a model's tokens and back. Only the model's own process imports this, like ``engine``."""

from __future__ import annotations

import ctypes
from typing import Any, Literal

import llama_cpp as c

from vtuber.brain.reply_markers import marks_part


class Tokenizer:
    """The vocabulary of a loaded ``model``."""

    def __init__(self, model: Any) -> None:
        self.vocab = c.llama_model_get_vocab(model)
        """llama.cpp's own handle to it."""
        self._piece = ctypes.create_string_buffer(256)
        self._lead = self._leading()

    @property
    def begins(self) -> list[int]:
        """What every prompt begins with, as the GGUF wants it: the BOS token or nothing."""
        return [int(c.llama_vocab_bos(self.vocab))] if c.llama_vocab_get_add_bos(self.vocab) else []

    def name(self, which: Literal["bos", "eos"]) -> str:
        """How templates write one of the model's own tokens; "" when it has none."""
        token = int({"bos": c.llama_vocab_bos, "eos": c.llama_vocab_eos}[which](self.vocab))
        return str(c.llama_vocab_get_text(self.vocab, token).decode("utf-8", "replace")) if token >= 0 else ""

    def tokenize(self, text: str, *, control: bool) -> list[int]:
        """``control``: template tokens in the text become control tokens; otherwise it is plain text."""
        tokens = self._raw_tokens("\n" + text, control=control) if self._lead else []
        if self._lead and tokens[: len(self._lead)] == self._lead:
            return tokens[len(self._lead) :]
        return self._raw_tokens(text, control=control)

    def _leading(self) -> list[int]:
        """What a line break becomes at the beginning of a text, where the vocabulary puts a space there.

        A piece stands in the middle of a prompt, where no space belongs: it is tokenized after a line break.
        """
        first = self._raw_tokens("a", control=False)[:1]
        spaced = any(self.spell(token).startswith(b" ") for token in first)
        return self._raw_tokens("\n", control=False) if spaced else []

    def _raw_tokens(self, text: str, *, control: bool) -> list[int]:
        raw = text.encode("utf-8", "replace")
        room = len(raw) + 8
        tokens = (c.llama_token * room)()
        count = c.llama_tokenize(self.vocab, raw, len(raw), tokens, room, False, control)  # noqa: FBT003  # C
        if count < 0:
            raise ValueError(f"{len(raw)} bytes could not be turned into tokens")
        return list(tokens[:count])

    def is_control(self, token: int) -> bool:
        return bool(c.llama_vocab_is_eog(self.vocab, token) or c.llama_vocab_is_control(self.vocab, token))

    def marker(self, token: int) -> bytes:
        """The text of a control token that marks a part of a reply, as a thought; b"" of any other."""
        if c.llama_vocab_is_eog(self.vocab, token) or not c.llama_vocab_is_control(self.vocab, token):
            return b""
        text = bytes(c.llama_vocab_get_text(self.vocab, token))
        return text if marks_part(text.decode("utf-8", "replace")) else b""

    def spell(self, token: int) -> bytes:
        """The token's bytes; a control token has none."""
        size = c.llama_token_to_piece(self.vocab, token, self._piece, len(self._piece), 0, False)  # noqa: FBT003  # C
        if size < 0:
            self._piece = ctypes.create_string_buffer(-size)
            return self.spell(token)
        return self._piece.raw[:size]
