"""Prompt formats: how lines become the text a model was trained on.

A format's own tokens are *control* pieces; what anybody wrote is never part of one, so that no chat text can
become a control token. Each piece is tokenized by itself: a line's tokens never depend on its neighbours, and
the prompt of the next turn begins with the very tokens of this one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

from vtuber.brain import Line
from vtuber.errors import ConfigError

NAME = "{name}"
"""Where a format puts the author's name."""
_RESERVED = frozenset({"system", "user", "assistant", "model", "tool", "human"})


class Piece(NamedTuple):
    text: str
    kind: Literal["control", "plain", "own"]
    """"own" is what she said herself: the model may still hold the very tokens it made."""


class Around(NamedTuple):
    """What stands before and after a line's text."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Format:
    system: Around | None
    """None: the format has no such line; the text begins the first viewer line."""
    viewer: Around
    own: Around
    stop: tuple[str, ...] = ()
    """Text that ends a reply, beside the model's own end tokens."""
    markers: tuple[str, ...] = ()
    """What begins a line where that is ordinary text: it is broken wherever a viewer writes it."""

    @property
    def named(self) -> bool:
        """Whether a viewer's line is headed by the name; otherwise the name stands in its text."""
        return NAME in self.viewer.before


_LLAMA3 = "<|start_header_id|>{}<|end_header_id|>\n\n"
_TURN = Around("<start_of_turn>user\n", "<end_of_turn>\n")

FORMATS: Mapping[str, Format] = {
    "chatml": Format(
        Around("<|im_start|>system\n", "<|im_end|>\n"),
        Around("<|im_start|>user\n", "<|im_end|>\n"),
        Around("<|im_start|>assistant\n", "<|im_end|>\n"),
    ),
    "llama-3": Format(
        Around(_LLAMA3.format("system"), "<|eot_id|>"),
        Around(_LLAMA3.format("user"), "<|eot_id|>"),
        Around(_LLAMA3.format("assistant"), "<|eot_id|>"),
    ),
    # Llama 3 whose headers are the authors' names.
    "banban": Format(
        Around(_LLAMA3.format("system"), "<|eot_id|>"),
        Around(_LLAMA3.format(NAME), "<|eot_id|>"),
        Around(_LLAMA3.format(NAME), "<|eot_id|>"),
    ),
    "gemma": Format(None, _TURN, Around("<start_of_turn>model\n", "<end_of_turn>\n")),
    "mistral": Format(None, Around("[INST] ", " [/INST]"), Around("", "</s>")),
    "phi-3": Format(
        Around("<|system|>\n", "<|end|>\n"),
        Around("<|user|>\n", "<|end|>\n"),
        Around("<|assistant|>\n", "<|end|>\n"),
    ),
    "zephyr": Format(
        Around("<|system|>\n", "</s>\n"),
        Around("<|user|>\n", "</s>\n"),
        Around("<|assistant|>\n", "</s>\n"),
        stop=("<|user|>", "<|system|>"),
    ),
    "vicuna": Format(
        Around("", "\n\n"),
        Around("USER: ", "\n"),
        Around("ASSISTANT: ", "</s>\n"),
        stop=("USER:", "\n\n"),
        markers=("USER:", "ASSISTANT:"),
    ),
    "guanaco": Format(
        Around("", "\n\n"),
        Around("### Human: ", "\n"),
        Around("### Assistant: ", "\n"),
        stop=("###", "\n\n"),
        markers=("### Human:", "### Assistant:", "###"),
    ),
    "plain": Format(
        Around("", "\n\n"),
        Around("Chat: ", "\n"),
        Around("Reply: ", "\n"),
        stop=("\n", "Chat:"),
        markers=("Chat:", "Reply:"),
    ),
}

# What in a GGUF's chat template gives its format away, the surest first.
_SIGNS = (
    ("<|im_start|>", "chatml"),
    ("<|start_header_id|>", "llama-3"),
    ("<start_of_turn>", "gemma"),
    ("[INST]", "mistral"),
    ("<|end|>", "phi-3"),
    ("<|user|>", "zephyr"),
    ("### Human", "guanaco"),
    ("USER:", "vicuna"),
)
_NAMED_HEADER = re.compile(r"message(\.name|\[.name.\])")


def choose(name: str, chat_template: str) -> str:
    """The format called ``name``, or with "auto" the one that the GGUF's ``chat_template`` looks like.

    Raises ConfigError for a name that is none.
    """
    if name == "auto":
        return detect(chat_template)
    if name not in FORMATS:
        raise ConfigError(
            f"there is no prompt format called {name!r}",
            where="brain.template",
            cure=f'use "auto" or one of {", ".join(FORMATS)}',
        )
    return name


def detect(chat_template: str) -> str:
    for sign, name in _SIGNS:
        if sign in chat_template:
            named = name == "llama-3" and _NAMED_HEADER.search(chat_template)
            return "banban" if named else name
    return "plain"


def render(lines: Iterable[Line], style: Format) -> Iterator[Piece]:
    """The pieces of ``lines``, each line closed."""
    carried = ""  # a system text that waits for the first viewer line
    for line in lines:
        if line.role == "system" and style.system is None:
            carried += line.text + "\n\n"
            continue
        around = {"system": style.system, "viewer": style.viewer, "self": style.own}[
            line.role
        ] or style.viewer
        yield from _head(around, line)
        if carried and line.role == "viewer":
            yield Piece(carried, "plain")
            carried = ""
        yield Piece(_text(line, style), "own" if line.role == "self" else "plain")
        yield Piece(around.after, "control")
    if carried:  # only a system text was asked for: what it costs is known, where it ends is not
        yield Piece(carried, "plain")


def opening(style: Format, name: str, reply_so_far: str = "") -> Iterator[Piece]:
    """What makes the model go on as herself, after what she has already said."""
    yield from _head(style.own, Line("self", "", name))
    if reply_so_far:
        yield Piece(reply_so_far, "own")


def _head(around: Around, line: Line) -> Iterator[Piece]:
    before, found, after = around.before.partition(NAME)
    if before:
        yield Piece(before, "control")
    if found:
        yield Piece(_name(line), "plain")
        yield Piece(after, "control")


def _name(line: Line) -> str:
    name = " ".join(line.name.split())
    if line.role == "viewer":
        name = name.rstrip(" :：")  # "Assistant:" is a role too
    if line.role == "viewer" and (not name or name.casefold() in _RESERVED):
        return f"viewer {name}".strip()
    return name or "assistant"


def _text(line: Line, style: Format) -> str:
    if line.role != "viewer":
        return line.text
    text = " ".join(line.text.split())  # a viewer's line is one line: a second could pose as another's
    if not style.named and line.name:
        text = f"{_name(line)}: {text}"
    return _tame(text, style.markers)


def _tame(text: str, markers: tuple[str, ...]) -> str:
    """Without markers, also those that only appear once another was broken."""
    before = None
    while text != before:
        before = text
        for marker in markers:
            text = _pattern(marker).sub(marker.strip(" #:"), text)
    return text


@cache
def _pattern(marker: str) -> re.Pattern[str]:
    colons = r"(?:\s*[:：])+" if marker.endswith(":") else ""
    return re.compile(re.escape(marker.rstrip(":")) + colons, re.IGNORECASE)
