"""What a model writes and no voice should say: mood tags, stage directions, marks of emphasis, HTML.

It is read character by character, so it does not matter how the text was chunked.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from vtuber.voice.pieces.asides import Place, is_direction

_NARROW = str.maketrans("［］（）＊｛｝＜＞～", "[]()*{}<>~")
_ASIDES = {
    "[": (re.compile(r"\[+([^\[\]\n]*)\]+"), "[]\n", 40),
    "【": (re.compile(r"【([^【】\n]*)】"), "【】\n", 16),
    "(": (re.compile(r"\(([^()\n]+)\)"), "()\n", 60),
    "{": (re.compile(r"\{([^{}\n]+)\}"), "{}\n", 60),
    "<": (re.compile(r"<([^<>\n]+)>"), "<>\n", 80),
}
"""What an opener may begin, up to its closer; what ends it otherwise; how long it is at most."""
_MARKED_LIMIT = {"*": 90, "_": 60, "~": 24}
_MOST_MARKS = 3
_ENTITY = re.compile(r"&(?:#\d{1,6}|#x[0-9a-f]{1,5}|[a-z]{2,8});", re.IGNORECASE)
_ENTITY_BEGUN = re.compile(r"&#?\w{0,8}")
_TAG = re.compile(
    r"/?(?:a|abbr|b|big|blockquote|body|br|center|cite|code|dd|del|details|div|dl|dt|em|font|footer|h[1-6]|head"
    r"|header|hr|html|i|img|ins|kbd|li|main|mark|ol|p|pre|q|rp|rt|ruby|s|samp|section|small|span|strike|strong"
    r"|style|sub|summary|sup|table|tbody|td|th|thead|tr|tt|u|ul|var|video|audio|speak|break|emphasis|prosody"
    r"|voice|say-as|sub|phoneme|response|reply|answer|speech|output|message|text|sentence|emotion|mood|action)"
    r"(?:\s*/|\s+[\w:-]+\s*=.*|\s*)"
    r"|!--.*--|!doctype\b.*|\?xml\b.*",
    re.IGNORECASE,
)
_EMPHASIS = "*_#`~"
_LONGEST_RUN = 32
"""How many emphasis marks in a row are kept, at most."""
_SPECIAL = frozenset("*_#`~[]【({<&\x02［］（＊｛＜～")
"""What may begin markup."""
_LITERAL = "\x02"
"""Stands in what is held for closing marks that are no emphasis."""
_QUOTES = "\"'“「『[(（"
_CLAUSE_ENDS = ".!?。！？…,:;，；：、—～~\n"
_MARKS = ".!?。！？,;:，；：、…—～"
_RECENT = 24


@dataclass(frozen=True, slots=True)
class Mood:
    """The mood of what follows."""

    name: str


class MarkupParser:
    """Takes characters; gives those that are to be said, and the moods among them.

    A mood is one of ``moods`` in square brackets, ``[happy]``. Anything else in square brackets is dropped,
    and so are stage directions (``asides``), HTML and what is struck out. Where a clause has ended, a mood
    may also stand in other brackets.
    """

    def __init__(self, moods: Collection[str] = ()) -> None:
        self._moods = frozenset(mood.lower() for mood in moods)
        self._held = ""  # from something on that may be markup
        self._recent = "\n"  # the last characters that were said
        self._apart = True  # whether a clause has ended there
        self._literal = ""

    def feed(self, char: str) -> Iterable[str | Mood]:
        """Takes the next character; gives what is clear by now."""
        if self._held or char in _SPECIAL:
            self._held += char
            return self._read(last=False)
        self._note(char)
        return (char,)

    def finish(self) -> Iterator[str | Mood]:
        """What is left to be said. A tag that was never closed is dropped."""
        yield from self._read(last=True)

    def _read(self, *, last: bool) -> Iterator[str | Mood]:
        while self._held:
            first = self._held[0].translate(_NARROW)
            if first in _ASIDES:
                found = self._read_aside(first, last=last)
            elif first in _EMPHASIS:
                found = self._read_marks(first, last=last)
            elif first == "&":
                found = self._read_entity(last=last)
            elif first == _LITERAL:
                found = self._take(1, self._literal)
            else:
                found = self._take(1, "" if first == "]" else self._held[0])
            if found is None:
                return
            yield from found

    def _take(self, size: int, said: str = "", *moods: str) -> list[str | Mood]:
        """Removes so much of what is held; gives ``moods`` and what is said of it."""
        self._held = self._held[size:]
        for char in said:
            self._note(char)
        return [*map(Mood, moods[:1]), *said]

    def _note(self, char: str) -> None:
        """Keeps where the next character will stand."""
        self._recent = self._recent[-_RECENT:] + char
        if char == "\n" or not char.isspace():
            self._apart = char in _CLAUSE_ENDS

    def _read_aside(self, opener: str, *, last: bool) -> list[str | Mood] | None:
        """Something in brackets: None while it is not whole."""
        shape, ends, limit = _ASIDES[opener]
        text = self._held.translate(_NARROW)
        found = shape.match(text)
        if found is None:
            inside = text.lstrip(opener) if opener == "[" else text[1:]
            begun = opener != "<" or not inside or inside[0].isalpha() or inside[0] in "/!?"
            open_yet = begun and len(text) <= limit + 1 and not any(end in inside for end in ends)
            return None if open_yet and not last else self._unclosed(opener, last=last)
        if text.startswith("[[") and found.end() == len(text) and not last:
            return None  # a second closer
        found_markup = self._read_whole(opener, found.end(), self._held[slice(*found.span(1))], last=last)
        return self._take(1, self._held[0]) if found_markup is None else found_markup

    def _read_whole(self, opener: str, end: int, inside: str, *, last: bool) -> list[str | Mood] | None:
        """Something in brackets, up to ``end``; None where it is to be said."""
        words = re.findall(r"\w+", inside.lower())
        moods = [word for word in words if word in self._moods]
        if opener == "[" or (self._apart and (opener == "【" or (words and moods == words))):
            return self._drop(end, *moods)
        if opener == "<" and _TAG.fullmatch(inside):
            return self._take(end, " " if inside.lower().startswith("br") else "")
        if opener != "【" and is_direction(inside, self._place(opener, end, last=last)):
            return self._drop(end)
        return None

    def _drop(self, size: int, *moods: str) -> list[str | Mood]:
        """Where it stood, a word ends."""
        self._recent += " "
        return self._take(size, "", *moods)

    def _unclosed(self, opener: str, *, last: bool) -> list[str | Mood]:
        if opener != "[":
            return self._take(1, self._held[0])
        mood, space, _ = self._held.lstrip("[［").partition(" ")
        brackets = len(self._held) - len(self._held.lstrip("[［"))
        if mood.lower() in self._moods:
            return self._take(brackets + len(mood) + len(space), "", mood.lower())
        return self._take(len(self._held) if last else brackets)

    def _place(self, mark: str, end: int, *, last: bool) -> Place:
        word = re.search(r"([\w']+)\W*$", self._recent)
        return Place(mark, self._apart, word[1] if word else "", self._held[end:], last)

    # Marks of emphasis

    def _read_marks(self, mark: str, *, last: bool) -> list[str | Mood] | None:
        """A run of the same mark, and what it may enclose; None while that is not whole."""
        text = self._held.translate(_NARROW)
        run = len(text) - len(text.lstrip(mark))
        if run == len(text) and not last and run < _LONGEST_RUN:
            return None
        following = text[run : run + 1] or "\n"
        if run <= _MOST_MARKS and self._may_open(mark, run, following):
            close = text.find(mark, run)
            waits = not last and "\n" not in text
            if close < 0 and waits and len(text) <= _MARKED_LIMIT[mark] + run:
                return None
            closing = len(text[close:]) - len(text[close:].lstrip(mark)) if close > 0 else 0
            if closing and closing < run and close + closing == len(text) and waits:
                return None
            if closing >= run and not text[close - 1].isspace():
                return self._read_marked(mark, run, close, last=last)
        held = self._held[:run]
        return self._take(run, "" if self._is_emphasis(held.translate(_NARROW), following) else held)

    def _may_open(self, mark: str, run: int, following: str) -> bool:
        """Whether something enclosed may begin here, in 2*3, snake_case, 5~10 it does not."""
        before = self._recent[-1]
        if mark not in _MARKED_LIMIT or not (following.isalnum() or following in _QUOTES):
            return False
        if mark == "*":
            return not (before.isalnum() and (before.isdigit() or following.isdigit()))
        if mark == "_":
            return not before.isalnum()
        return run > 1 or (self._apart and not before.isalnum() and following.isalpha())

    def _read_marked(self, mark: str, run: int, close: int, *, last: bool) -> list[str | Mood] | None:
        """What a run of marks encloses."""
        inside, behind = self._held[run:close], self._held[close + run :]
        struck = mark == "~" and run > 1
        told = struck or is_direction(inside, self._place(mark, close + run, last=last))
        if told is None or not (told or behind or last):
            return None
        if told:
            return self._drop(close + run)
        if mark == "~":
            return self._take(1, self._held[0])
        before, literal = self._recent[-1], self._held[:run]
        if run == 1 and before.isascii() and before.isalnum() and behind[:1].isalnum():  # a*b*c
            self._held, self._literal = literal + inside + _LITERAL + behind, literal
            return self._take(run, literal)
        self._held = inside + behind
        return []

    def _is_emphasis(self, marks: str, after: str) -> bool:
        """Whether the ``marks`` are markup. They are not in 2 * 3, snake_case, C#, ^_^."""
        before = self._recent[-1]
        if marks[0] == "~":
            return False
        if marks[0] == "`":
            return True
        if marks[0] == "#":
            return len(marks) > 1 or (before == "\n" and after.isspace())
        if before.isspace() and after.isspace():
            return len(marks) > 2  # a line of stars
        if before.isalnum() and after.isalnum():
            return marks[0] == "*" and len(marks) > 1
        return before.isalnum() or after.isalnum() or before in _MARKS

    def _read_entity(self, *, last: bool) -> list[str | Mood] | None:
        """A character as HTML spells it."""
        if found := _ENTITY.match(self._held):
            char = html.unescape(found.group())
            if char != found.group():
                return self._take(found.end(), char)
        if not last and _ENTITY_BEGUN.fullmatch(self._held):
            return None
        return self._take(1, self._held[0])
