"""What of a model's text is her answer: no thoughts, channels, labels, tokens, calls of tools, and one line.

It reads by structure. Markers split the text into parts, of which only answers pass; the beginning of an
answer waits until it is clear that it is no label, no JSON and no thought that no tag opens. Ordinary text
passes at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from vtuber.brain import AFRESH, thoughts
from vtuber.brain.reply_markers import (
    MARKER,
    Meaning,
    begin_of_marker,
    begins_answer,
    meaning,
    without_cut_off,
)
from vtuber.brain.reply_opening import OpeningReader, is_remark, may_be_turn

_SPECIAL = re.compile(r"[<\[{◁【\n\f\ufffd]")
_CALL = re.compile(r"\s*\{\s*\"\w{1,30}\"\s*:")
_CALL_BEGUN = re.compile(r"\s*\{\s*(?:\"\w{0,30}\"?\s*)?$")
_CALLED = re.compile(r"[a-z]{2,}[a-z0-9]*(?:[._][a-z0-9]+)+(?::\d+)?[({]")
"""get_weather(city="Taipei"), functions.get_weather:0{…}"""
_LONGEST_NAME = 80
_BROKEN = re.compile("\ufffd{1,4}(?!\ufffd)")
_MOST_BROKEN = 8
"""More broken characters are a broken model: the output guard is to see them."""
_LONGEST_HELD = 20_000
_WEIGHED = 160
"""Characters: what has no more sign of a thought by then is none."""


class _Part(Enum):
    ANSWER = auto()
    THOUGHT = auto()
    HEADER = auto()


@dataclass(slots=True)
class Habits:
    """What was seen of a model; its filters share it."""

    thinks_untagged: bool = False
    """It closes thoughts that it never opened: its answers are waited for."""


class ReplyFilter:
    """``add`` takes the next text of a model and returns what may be said of it.

    ``names`` are hers, ``asker`` is whom she answers. ``goes_on``: earlier words of this reply were said, so
    that it begins in the middle. ``AFRESH`` in what comes back takes back what came before it.
    """

    def __init__(
        self,
        names: Sequence[str] = (),
        asker: str = "",
        *,
        goes_on: bool = False,
        habits: Habits | None = None,
    ) -> None:
        self._reader = OpeningReader(names)
        self._asker = asker
        self._habits = habits or Habits()
        self._part = _Part.ANSWER
        self._thought = ""
        """The name of a channel, or a thought in square brackets, which may be a mood."""
        self._is_bare = self._is_bracketed = False
        self._held = ""  # the beginning of a marker
        self._opening = ""  # the beginning of an answer
        self._tail = ""  # what may be JSON behind one
        self._has_thought = self._suspect = False
        self._begun = self._goes_on = goes_on
        self._broken = 0
        self._out: list[str] = []
        self.said = ""
        """All that came back and counts."""
        self.ended = False
        """Nothing more will be said, whatever comes."""

    def add(self, text: str) -> str:
        if self._is_plain(text):
            self.said += text
            return text
        if AFRESH in text:  # another filter has taken back what came before
            text = text.rpartition(AFRESH)[2]
            self._held, self._part = "", _Part.ANSWER
            self._begin_again()
        return self._take(text, last=False)

    def _is_plain(self, text: str) -> bool:
        """Whether it surely is a part of an answer; a quick look, for most tokens."""
        begun = self._begun and self._part is _Part.ANSWER and not self._may_be_call()
        return begun and not (self.ended or self._held or self._tail or _SPECIAL.search(text))

    def _may_be_call(self) -> bool:
        return not self.said or (
            len(self.said) < _LONGEST_NAME and self.said.isascii() and " " not in self.said
        )

    def finish(self) -> str:
        """What was still held back; call it when the model has ended by itself."""
        return self._take("", last=True)

    @property
    def has_thought(self) -> bool:
        """Whether the model has thought, or still does."""
        return self._has_thought or self._part is _Part.THOUGHT

    def _take(self, text: str, *, last: bool) -> str:
        text, self._held = self._held + text, ""
        while not self.ended and (marker := MARKER.search(text)):
            self._read(text[: marker.start()])
            text = text[marker.end() :]
            if not self.ended:
                self._meet(marker.group())
        if not self.ended:
            text = without_cut_off(text) if last else text
            end = len(text) if last else begin_of_marker(text)
            self._read(text[:end])
            self._held = text[end:]
        if last and not self.ended:
            self._end()
        out, self._out = "".join(self._out), []
        return out

    # Markers

    def _meet(self, marker: str) -> None:
        match meaning(marker):
            case Meaning.THOUGHT:
                self._open(bracketed=marker[0] in "[【")
            case Meaning.THOUGHT_OVER:
                self._close()
            case Meaning.HEADER:
                self._open()
                self._part = _Part.HEADER
            case Meaning.MESSAGE if self._part is _Part.HEADER:
                thinks = re.search("analysis|commentary", self._thought.casefold())
                self._part = _Part.THOUGHT if thinks else _Part.ANSWER
            case Meaning.PART_OVER | Meaning.ANSWER if self._part is not _Part.ANSWER:
                self._part = _Part.ANSWER
            case Meaning.NOTHING:
                self._read(marker)
            case what if self._part is _Part.ANSWER:
                self._meet_in_answer(marker, what)

    def _meet_in_answer(self, marker: str, what: Meaning) -> None:
        """Most end what was said. A token with which a reply begins is the guard's to see."""
        if what is Meaning.ANSWER and self._suspect:
            self._begin_again()
        if what in (Meaning.MESSAGE, Meaning.ANSWER):
            return
        if not self.said.strip() and begins_answer(marker) and may_be_turn(self._opening):
            self._opening += marker
            return
        if self._opening.strip():
            self._decide(last=True)
        if self.said.strip() or what in (Meaning.PART_OVER, Meaning.END):
            self.ended = True
        elif what is Meaning.TOKEN:
            self._read(marker)

    def _open(self, *, bracketed: bool = False) -> None:
        self._part, self._is_bracketed, self._thought = _Part.THOUGHT, bracketed, ""

    def _close(self) -> None:
        """A thought is over. One that was never opened was everything so far."""
        if self._part is _Part.ANSWER:
            self._habits.thinks_untagged = True
            self._begin_again()
        self._part, self._has_thought = _Part.ANSWER, True

    def _begin_again(self) -> None:
        if self.said:
            self._out = [AFRESH]
        self.said = self._opening = self._tail = ""
        self._begun = self._suspect = self._goes_on = False

    # Text between them

    def _read(self, text: str) -> None:
        if self._part is _Part.ANSWER:
            if self._begun:
                self._say(text)
            else:
                self._opening = (self._opening + text)[:_LONGEST_HELD]
                self._decide(last=False)
            return
        if self._part is _Part.HEADER or self._is_bracketed:
            self._thought = (self._thought + text)[:_LONGEST_HELD]

    def _decide(self, *, last: bool) -> None:
        """Passes the beginning of an answer on, as soon as it is clear that it is one."""
        opening = self._reader.read(self._opening, last=last)
        if opening is None:
            return
        if opening.is_whole:
            self._pass_on(" ".join(opening.text.split()))
            self.ended = True
        elif opening.is_thought:
            self._read_bare(last=last)
        elif not self._may_be_thought(opening.text, last=last):
            self._pass_on(opening.moods + opening.text)

    def _pass_on(self, text: str) -> None:
        self._opening, self._begun = "", True
        self._say(text)

    def _read_bare(self, *, last: bool) -> None:
        """A thought without markers ends where the name of the answer's channel stands, or a heading."""
        if behind := self._reader.answer_in(self._opening):
            self._opening = self._opening[behind:]
            self._decide(last=last)
        elif last and is_remark(self._opening) and thoughts.weigh(self._opening, self._asker) < 1:
            self._pass_on(self._opening)
        elif last:
            self._opening = ""

    def _may_be_thought(self, text: str, *, last: bool) -> bool:
        """Whether it must be waited for. At the end, what is left of it passes on instead."""
        habit = self._habits.thinks_untagged and not self._has_thought
        held = habit or self._suspect
        if not held:
            told = thoughts.begins_like_one(text, self._asker)
            if told is None and not last:
                return True
            held = self._suspect = bool(told)
        if held and last:
            self._habits.thinks_untagged = self._has_thought
            self._pass_on(thoughts.without(text, self._asker))
            return True
        if held and not habit and len(text) > _WEIGHED:
            held = thoughts.weigh(text, self._asker) > 1
        return held

    def _say(self, text: str) -> None:
        """Up to the end of her line. Begins with no white space, unless it goes on."""
        begun = self._goes_on or bool(self.said.strip())
        text = self._tail + (text if begun else text.lstrip())
        if not self._goes_on and self._may_be_call() and _CALLED.match(self.said + text):
            self._begin_again()
            text, self.ended = "", True
        if call := _CALL.search(text):  # JSON behind an answer
            text, self.ended = text[: call.start()], True
        tail = _CALL_BEGUN.search(text)
        text, self._tail = (text[: tail.start()], tail.group()) if tail else (text, "")
        line, ended, _ = text.partition("\n")
        line = line.replace(AFRESH, " ")
        if "\ufffd" in line and self._broken < _MOST_BROKEN:
            self._broken += line.count("\ufffd")
            line = re.sub(r"(?<=\s)\s+", "", _BROKEN.sub("", line))
        self.said += line
        self._out.append(line)
        self.ended = self.ended or bool(ended)

    def _end(self) -> None:
        if self._part is _Part.THOUGHT and self._is_bracketed and not self.said:
            self._part, self._opening = _Part.ANSWER, self._opening + self._thought
        if self._opening:
            self._decide(last=True)
        self._out.append(self._tail)
        self.said += self._tail
