"""What a chat template does, learned from what it writes.

It is rendered a few times with numbers that nobody can guess in place of all texts and names. What stands
between the numbers is the format's own, and is all that is kept: no chat text ever passes through the
template, and a prompt only grows at its end, whatever the template would do to either.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

from vtuber.brain import PromptLine
from vtuber.brain.templates import NAME, RoleFormat, Template
from vtuber.brain.templates.formats import JINJA
from vtuber.brain.templates.jinja import Jinja, Message, UnfitError

_ROLES = {"system": "system", "viewer": "user", "self": "assistant"}
_EXCHANGES = 4
"""The longest conversation that is tried."""
_THINKS = "<think>"
_HAS_THOUGHT = "\n\n</think>\n\n"
"""Where a template makes the model think aloud before it speaks, it has."""


def learn(jinja: Jinja, *, bos: str, adds_bos: bool) -> Template:
    """The Template that writes what ``jinja`` does. ``adds_bos``: the model puts ``bos`` before each prompt.

    Where the template has no place for a system line, the first viewer line begins with it. Raises
    UnfitError when no Template can do what it does, HostileError when it does what none may.
    """
    reasons: list[UnfitError] = []
    for has_system in (True, False):
        for listed in (False, True):
            lesson = _Lesson(jinja, bos, adds_bos=adds_bos, listed=listed, has_system=has_system)
            try:
                return lesson.learned()
            except UnfitError as error:
                reasons.append(error)
    raise reasons[0]


class _Lesson:
    """One way of asking: ``listed`` puts a text into a list of contents, ``has_system`` has a system line."""

    def __init__(self, jinja: Jinja, bos: str, *, adds_bos: bool, listed: bool, has_system: bool) -> None:
        self._jinja = jinja
        self._bos, self._adds_bos = bos, adds_bos
        self._mark = _number()  # in place of bos, which another token may look like
        self._listed, self._has_system = listed, has_system
        self._first = 1 if has_system else 0
        her = _number()
        self._talk = [PromptLine("system", _number())] * self._first
        for _ in range(_EXCHANGES):
            self._talk += [PromptLine("viewer", _number(), _number()), PromptLine("self", _number(), her)]

    def learned(self) -> Template:
        template = self._read()
        if template.named and not self._has_system:
            raise UnfitError("it has no place for a system line")
        self._compare(template)
        opening = template.opening.rstrip()
        if opening.endswith(_THINKS):
            template = replace(template, opening=opening + _HAS_THOUGHT)
        return replace(template, begin=self._begin())

    def _read(self) -> Template:
        """The format, from what stands between the texts of two exchanges and a question."""
        begin, *parts, last = self._between(self._first + 5, opened=True)
        ahead, asked, answered = (begin, *parts)[self._first :][:3]
        after_viewer = self._end(self._first + 1, asked, last)
        after_own = self._end(self._first + 2, answered)
        viewer = RoleFormat(answered.removeprefix(after_own), after_viewer)
        joined = not self._has_system or not ahead.endswith(viewer.before)
        if not self._has_system:
            system = RoleFormat(viewer.before, "\n\n")
        else:
            system = RoleFormat(begin, ahead if joined else ahead.removesuffix(viewer.before))
        return Template(
            JINJA,
            system=system,
            viewer=viewer,
            own=RoleFormat(asked.removeprefix(after_viewer), after_own),
            joined=joined,
            opening=last.removeprefix(after_viewer),
        )

    def _compare(self, template: Template) -> None:
        """Raises UnfitError unless the template writes what Jinja does, at any length."""
        talk = self._talk if template.named else [replace(line, name="") for line in self._talk]
        for count in range(self._first + 1, len(talk), 2):
            theirs = self._written(count, opened=True)
            ours = "".join(piece.text for piece in template.render(talk[:count]))
            if template.named:  # the reply is headed by her name instead
                theirs = theirs[: len(ours)]
            else:
                ours += template.opening
            if ours != theirs:
                raise UnfitError("it writes the same line in different ways")

    def _begin(self) -> str:
        """What it begins a prompt with and the model does not add."""
        begins = self._rendered(self._first + 1).startswith(self._mark)
        return self._bos if begins and not self._adds_bos else ""

    def _between(self, count: int, *, opened: bool) -> list[str]:
        """What stands before, between and after the texts of the first ``count`` lines."""
        parts, rest = [], self._written(count, opened=opened)
        for line in self._talk:
            rest = rest.replace(line.name, NAME) if line.name else rest
        for line in self._talk[:count]:
            part, found, rest = rest.partition(line.text)
            if not found:
                raise UnfitError(f"it leaves out, changes or moves the text of a {line.role} line")
            parts.append(part)
        return [*parts, rest]

    def _end(self, count: int, *longer: str) -> str:
        """What closes the last of ``count`` lines, if that is how the ``longer`` texts begin."""
        end = self._between(count, opened=False)[-1]
        return end if all(text.startswith(end) for text in longer) else ""

    def _written(self, count: int, *, opened: bool = False) -> str:
        """What it writes of the first ``count`` lines, without what a prompt begins with."""
        text = self._rendered(count, opened=opened)
        if text.startswith(self._mark):
            text = text.removeprefix(self._mark)
        elif self._adds_bos:
            text = text.removeprefix(self._bos)
        return text.replace(self._mark, self._bos)

    def _rendered(self, count: int, *, opened: bool = False) -> str:
        return self._jinja.render(map(self._message, self._talk[:count]), opened=opened, bos=self._mark)

    def _message(self, line: PromptLine) -> Message:
        content = [{"type": "text", "text": line.text}] if self._listed else line.text
        name = {"name": line.name} if line.name else {}
        return {"role": _ROLES[line.role], "content": content, **name}


def _number() -> str:
    return f"{secrets.randbelow(10**24):024d}"
