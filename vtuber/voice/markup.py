"""What a model writes and no voice should say: mood tags, stage directions, marks of emphasis.

It is read character by character, so it does not matter how the text was chunked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_NARROW = str.maketrans("［］（）＊", "[]()*")
_CLOSERS = {"[": "]", "【": "】", "(": ")", "*": "*"}
"""What opens an aside, and what closes it."""
_LONGEST = {"[": 40, "【": 16, "(": 48, "*": 60}
"""After so many characters without its closer, it was no aside."""
_EMPHASIS = "*_#`"
_LONGEST_RUN = 32
"""How many emphasis marks in a row are kept, at most."""
_CLAUSE_ENDS = ".!?。！？…,;:，；：、—～~\n"
_MARKS = ".!?。！？,;:，；：、…—～"
_CHINESE = "\u4e00-\u9fff"

# Stage directions. Some verbs make one anywhere. Where a clause has ended, others are known by their form,
# too: "smiles", "tilting her head", "soft giggle", "臉紅".
_DEED = (
    r"(?:smil|grin|giggl|laugh|chuckl|sigh|gasp|blush|wink|wav|nod|shrug|pout|sob|yawn|blink|hug|bow|gulp)"
)
_TOLD_ANYWHERE = re.compile(rf"{_DEED}(?:e?s|ing)\b")
_NO_DEED = r"always|perhaps|sometimes|nothing|something|anything|everything|during|this|was|has|yes|its|is|as"
_TOLD_APART = re.compile(
    rf"(?!(?:{_NO_DEED})\b)(?:[a-z]+(?:(?<!s)s|ing)\b|(?:[a-z]+ ){{0,2}}{_DEED}(?:e?s?|ing)\b)[^.!?]*"
    rf"|[{_CHINESE}][^。！？]{{0,11}}"
)
_MAY_BEGIN = re.compile(rf"[a-z{_CHINESE}]")


@dataclass(frozen=True, slots=True)
class Mood:
    """The mood of what follows."""

    name: str


class MarkupParser:
    """Takes characters; gives those that are to be said, and the moods among them.

    A mood is one of ``moods`` in square brackets, ``[happy]``. Anything else in square brackets is dropped,
    and so are stage directions (``*smiles*``, ``(laughs)``). Where a clause has ended, a mood may also stand
    in other brackets.
    """

    def __init__(self, moods: Collection[str] = ()) -> None:
        self._moods = frozenset(mood.lower() for mood in moods)
        self._held = ""  # an aside or emphasis marks, until it is clear which
        self._before = "\n"  # the character before them
        self._apart = True  # whether a clause has ended before them

    def feed(self, char: str) -> Iterator[str | Mood]:
        if self._opener() and self._goes_on(char):
            yield from self._go_on(char)
            return
        narrow = char.translate(_NARROW)
        in_run = char in _EMPHASIS and not self._held.strip(char)
        while self._held and not in_run:
            yield from self._let_go(char)
        if char in _EMPHASIS or narrow in _CLOSERS:
            self._held = (self._held + char)[:_LONGEST_RUN]
        elif narrow != "]":
            yield self._say(char)

    def finish(self) -> Iterator[str | Mood]:
        """What is left to be said. A tag that was never closed is dropped."""
        if self._opener() == "[" and self._held[1:].partition(" ")[0].lower() not in self._moods:
            self._held = ""
        while self._held:
            yield from self._let_go("\n")

    def _say(self, char: str) -> str:
        self._before = char
        if char == "\n" or not char.isspace():
            self._apart = char in _CLAUSE_ENDS
        return char

    def _let_go(self, following: str) -> Iterator[str | Mood]:
        """Gives out what was held, which was no aside, without marks of emphasis."""
        held, self._held = self._held, ""
        opener, inside = held[:1].translate(_NARROW), held[1:]
        if opener == "[":
            mood, _, rest = inside.partition(" ")
            if mood.lower() in self._moods:
                yield Mood(mood.lower())
                inside = rest
        elif opener in _CLOSERS and inside.strip("*"):
            if opener != "*" or not self._is_emphasis("*", inside[0]):
                yield self._say(held[0])
        elif held:
            inside = "" if self._is_emphasis(held, following) else held
            yield from map(self._say, inside)
            return
        for char in inside:
            yield from self.feed(char)

    # Asides

    def _opener(self) -> str:
        """What opened the aside that is held; "" when none is."""
        opener = self._held[:1].translate(_NARROW)
        return opener if opener in _CLOSERS and self._held[1:2] != "*" else ""

    def _goes_on(self, char: str) -> bool:
        """Whether what is held may still be an aside with ``char`` behind it."""
        opener, inside = self._opener(), self._held[1:] + char
        narrow = char.translate(_NARROW)
        if narrow == _CLOSERS[opener]:
            return opener != "*" or len(inside) > 1  # two stars are no aside
        if char == "\n" or narrow in _CLOSERS or len(inside) > _LONGEST[opener]:
            return False
        return opener == "[" or self._may_be_told(inside)

    def _may_be_told(self, inside: str) -> bool:
        """Whether ``inside`` may be the beginning of a mood or a stage direction."""
        if self._apart and any(mood.startswith(inside.lower()) for mood in self._moods):
            return True
        first, space, _ = inside.partition(" ")
        known = self._apart or not space or bool(_TOLD_ANYWHERE.fullmatch(first))
        return known and bool(_MAY_BEGIN.match(inside))

    def _go_on(self, char: str) -> Iterator[str | Mood]:
        opener, inside = self._opener(), self._held[1:]
        if char.translate(_NARROW) != _CLOSERS[opener]:
            self._held += char
            return
        words = re.findall(r"\w+", inside.lower())
        moods = [word for word in words if word in self._moods]
        if opener == "[" or (self._apart and moods == words):
            yield from map(Mood, moods[:1])
        elif not (_TOLD_ANYWHERE.match(inside) or (self._apart and _TOLD_APART.fullmatch(inside))):
            while self._held:
                yield from self._let_go(char)
            if opener == "*":
                self._held = char
            else:
                yield self._say(char)
            return
        self._held = ""
        self._before = " "

    # Emphasis

    def _is_emphasis(self, marks: str, after: str) -> bool:
        """Whether the ``marks`` are markup. They are not in 2 * 3, snake_case, C#, ^_^."""
        before = self._before
        if marks[0] not in _EMPHASIS:
            return False
        if marks[0] == "`":
            return True
        if marks[0] == "#":
            return before == "\n" and after.isspace()
        if before.isspace() and after.isspace():
            return len(marks) > 2  # a line of stars
        if before.isalnum() and after.isalnum():
            return marks[0] == "*" and len(marks) > 1
        return before.isalnum() or after.isalnum() or before in _MARKS
