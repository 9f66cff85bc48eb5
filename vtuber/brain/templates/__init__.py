"""Prompt formats: how lines become the text a model was trained on.

A format's own tokens are *control* pieces; what anybody wrote is never part of one, so that no chat text can
become a control token. Each piece is tokenized by itself: a line's tokens never depend on its neighbours, and
the prompt of the next turn begins with the very tokens of this one.

A new format is one entry in ``formats``. A GGUF's own, written in Jinja, is learned from it (``learning``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from vtuber.brain import PromptLine
from vtuber.brain.templates.markers import broken, markers_in, viewer_name

NAME = "{name}"
"""Where a format puts the author's name."""


class PromptPiece(NamedTuple):
    text: str
    kind: Literal["control", "plain", "own"]
    """"own" is what she said herself: the model may still hold the very tokens it made."""


class RoleFormat(NamedTuple):
    """What stands before and after a line's text."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Template:
    """One format. It has author names when ``named``; otherwise a viewer's name is folded into the text."""

    name: str
    system: RoleFormat
    viewer: RoleFormat
    own: RoleFormat
    joined: bool = False
    """A viewer's line goes on where a system line ended, with no beginning of its own."""
    opening: str = ""
    """What makes her speak, where that is not simply what her lines begin with."""
    begin: str = ""
    """What a prompt begins with, where the model does not see to that itself."""

    @property
    def named(self) -> bool:
        return NAME in self.viewer.before

    @property
    def markers(self) -> tuple[str, ...]:
        """Its words that no viewer may write, whether or not the model has a token for them."""
        return _markers(*self.system, *self.viewer, *self.own, self.opening)

    @property
    def stop(self) -> tuple[str, ...]:
        """Text that ends a reply, beside the model's own end tokens."""
        return _markers(*self.system, *self.viewer, self.own.after)

    def prompt(self, lines: Iterable[PromptLine], name: str, reply_so_far: str = "") -> Iterator[PromptPiece]:
        """All that is asked: ``lines``, and what makes her, called ``name``, go on after ``reply_so_far``."""
        yield from self.head(lines)
        before = self.own.before if self.named else self.opening or self.own.before
        yield from _named(before.rstrip(" "), _name(PromptLine("self", "", name)))
        if reply_so_far:
            yield PromptPiece(_spaces_after(before) + reply_so_far, "own")

    def head(self, lines: Iterable[PromptLine]) -> Iterator[PromptPiece]:
        """What every prompt begins with whose first lines are these."""
        if self.begin:
            yield PromptPiece(self.begin, "control")
        yield from self.render(lines)

    def render(self, lines: Iterable[PromptLine]) -> Iterator[PromptPiece]:
        """The pieces of ``lines``, each line closed; more lines only add to them."""
        joins = False
        for line in lines:
            before, after = {"system": self.system, "viewer": self.viewer, "self": self.own}[line.role]
            if joins and line.role != "self":
                before = ""
            joins = self.joined and line.role == "system"
            # The space before a word belongs to it, as in the texts that models learn from.
            space = _spaces_after(before)
            yield from _named(before.removesuffix(space), self._author(line))
            yield PromptPiece(space + self._text(line), "own" if line.role == "self" else "plain")
            yield PromptPiece(after, "control")

    def _author(self, line: PromptLine) -> str:
        return viewer_name(broken(line.name, self.markers)) if line.role == "viewer" else _name(line)

    def _text(self, line: PromptLine) -> str:
        if line.role != "viewer":
            return line.text
        text = " ".join(line.text.split())  # a viewer's line is one line: a second could pose as another's
        if not self.named and line.name:
            text = f"{self._author(line)}: {text}"
        return broken(text, self.markers)


def _named(before: str, name: str) -> Iterator[PromptPiece]:
    """What stands before a line's text, with the name where it belongs."""
    before, found, after = before.partition(NAME)
    if before:
        yield PromptPiece(before, "control")
    if found:
        yield PromptPiece(name, "plain")
        yield PromptPiece(after, "control")


def _name(line: PromptLine) -> str:
    return " ".join(line.name.split()) or "assistant"


def _markers(*texts: str) -> tuple[str, ...]:
    return markers_in(tuple(text.replace(NAME, "\n") for text in texts))


def _spaces_after(text: str) -> str:
    return " " * (len(text) - len(text.rstrip(" ")))
