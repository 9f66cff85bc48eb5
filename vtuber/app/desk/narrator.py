"""Tells the show as it happens: chat that comes, whom she answers, and her words as they are heard."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vtuber.app.desk.line import Line, below, line
from vtuber.app.desk.menu import Menu
from vtuber.core.deeds import deed, written
from vtuber.core.events import Deletion, Event, Sentence, StreamStatus
from vtuber.core.text import joined
from vtuber.record.facts import ChatReceived, CommandGiven, Fact, Failed, TurnBegan, TurnEnded, TurnSetAside
from vtuber.stage.cues import ClipBegins, Cue, Heard, Hushed, Withdrawn

UNSEEN = ("command", "duplicate")
"""Why an event was dropped (``ChatReceived.drop``) that is no line of its own."""


@dataclass(slots=True)
class _Speech:
    """A turn's reply, as far as it was heard."""

    whom: str
    """Whom it answers; "" for nobody."""
    speaker: str = ""
    heard: dict[int, tuple[str, str]] = field(default_factory=dict)
    """By sentence: the white space before it, and its words so far."""

    @property
    def text(self) -> str:
        return joined(piece for _, piece in sorted(self.heard.items()))


class Narrator:
    """``note`` subscribes to the show's facts, ``show`` to the stage's cues.

    ``speak`` is told what is being heard, at every word; a reply that is over is a line.
    """

    def __init__(
        self,
        write: Callable[[Line], None],
        speak: Callable[[Line | None], None],
        names: Mapping[str, str],
        menu: Menu,
    ) -> None:
        """``names`` are the speakers', by their ids."""
        self._write = write
        self._speak = speak
        self._names = names
        self._menu = menu
        self._clips: dict[int, Sentence] = {}
        self._turns: dict[int, _Speech] = {}

    def note(self, fact: Fact) -> None:
        """Writes what happened in chat, and every reply that is over."""
        match fact:
            case ChatReceived(event=event, drop=drop, rule=rule) if drop not in UNSEEN:
                self._hear(event, f"{drop}: {rule}" if rule else drop)
            case CommandGiven() if fact.role != "everyone":
                self._obey(fact)
            case TurnBegan(turn=turn, batch=batch, script=script):
                self._turns[turn] = _Speech("" if script else batch.lead.event.author.name)
            case TurnEnded():
                self._end(fact)
            case Failed(turn=int(turn)) | TurnSetAside(turn=turn):
                self._turns.pop(turn, None)
                self._look()
            case _:
                pass

    def show(self, cue: Cue) -> None:
        """Keeps up with what is being heard."""
        match cue:
            case ClipBegins(clip=clip, sentence=sentence):
                self._clips[clip] = sentence
            case Heard(clip=clip, text=text) if clip in self._clips:
                self._say(self._clips[clip], text)
            case Hushed():
                self._clips.clear()
            case Withdrawn(turn=turn, finish=False) if turn in self._turns:
                self._turns[turn].heard.clear()
            case _:
                return
        self._look()

    def _say(self, sentence: Sentence, text: str) -> None:
        speech = self._turns.get(sentence.turn)
        if speech is None:
            return
        speech.speaker = sentence.speaker
        speech.heard[sentence.index] = (sentence.space, text)
        self._clips = {clip: one for clip, one in self._clips.items() if one.turn >= sentence.turn}

    def _look(self) -> None:
        speaking = [speech for speech in self._turns.values() if speech.text]
        self._speak(self._line(speaking[-1], speaking[-1].text) if speaking else None)

    def _line(self, speech: _Speech, text: str, *more: tuple[str, str]) -> Line:
        name = self._names.get(speech.speaker, speech.speaker)
        return line(("her", name), f" → {speech.whom}: " if speech.whom else ": ", text, *more)

    def _end(self, reply: TurnEnded) -> None:
        speech = self._turns.pop(reply.turn, _Speech(""))
        self._look()
        cut = [("dim", " (cut)")] if reply.cut else []
        if reply.withdrawn:
            self._write(line(("dim", "(a reply to what was deleted)")))
        elif reply.heard:
            speech.speaker = reply.batch.speaker
            self._write(self._line(speech, reply.heard, *cut))
        elif not (reply.script or reply.begins_anew):
            why = f": {reply.failed.splitlines()[0]}" if reply.failed else ""
            self._write(line(("dim", f"(nothing of an answer to {speech.whom} was heard{why})")))

    def _obey(self, command: CommandGiven) -> None:
        is_list = command.platform == "console" and command.order == "help" and len(command.text.split()) == 1
        did = ("dim", f" ({command.did})")
        self._write(line(("name", command.who), f": {command.text}", "" if is_list else did))
        for row in self._menu.rows(self._menu.entries) if is_list else ():
            self._write(below(row))

    def _hear(self, event: Event, drop: str) -> None:
        if isinstance(event, Deletion | StreamStatus):
            return  # the log tells of the one, and the other is seen by what is gone
        name, text, done = event.author.name, written(event), deed(event)
        if done is not None:
            colour = done.colour if re.fullmatch(r"#[0-9a-fA-F]{6}", done.colour) else "paid"
            words = done.words["en"]
            why = ("dim", f" ({drop})" if drop else "")
            self._write(line(("name", name), " ", (colour, f"[{words}]"), f" {text}" if text else "", why))
        elif drop:
            self._write(line(("dim", f"{name}: {text} ({drop})"), is_chat=True))
        else:
            self._write(line(("name", name), f": {text}", is_chat=True))
