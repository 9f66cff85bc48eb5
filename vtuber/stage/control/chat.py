"""Chat as a panel shows it: each line with what became of it, and what people did beside writing."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from vtuber.core.deeds import deed as deed_of
from vtuber.core.events import Answerable, Author, ChatMessage, Deletion, Role, StreamStatus
from vtuber.record.facts import (
    ChatReceived,
    Dropped,
    Fact,
    Failed,
    HeldDecided,
    MessageHeld,
    TurnBegan,
    TurnEnded,
    TurnSetAside,
)
from vtuber.stage.control.shapes import Alert, ChatRow, Deed, Fate, Message

LINES = 200
"""So many of the latest lines are kept."""
ALERTS = 50
TURNS = 32
"""Of so many of the latest turns it is known what they answer."""
WAITING, ANSWERING, ANSWERED = "waiting", "answering", "answered"
HELD, DELETED, COMMAND, DUPLICATE = "held", "deleted", "command", "duplicate"

Key = tuple[str, str]
"""(platform, id)."""

Tell = Callable[[str, Any], None]
"""Is told the kind of an event, and what is added to the state."""


def message(event: Answerable) -> Message:
    """What somebody wrote or did, as it is sent."""
    return {
        "id": event.id,
        "platform": event.platform,
        "name": event.author.name,
        "text": event.text,
        "deed": _deed(event),
    }


def _deed(event: Answerable) -> Deed | None:
    done = deed_of(event)
    if done is None:
        return None
    return {"kind": str(done.kind), "colour": done.colour, "en": done.words["en"], "zh": done.words["zh"]}


def _role(author: Author) -> str:
    """The highest of the author's roles; "" for none."""
    highest = next((role for role in Role if role in author.roles), Role.SUBSCRIBER if author.months else "")
    return str(highest)


@dataclass(slots=True)
class _Line:
    """A line of chat that is kept; made ready to be sent only when somebody asks."""

    event: Answerable
    at: float
    fate: str

    def row(self) -> ChatRow:
        return {**message(self.event), "role": _role(self.event.author), "at": self.at, "fate": self.fate}


class ChatLog:
    """The latest lines of chat, their fates, and the latest alerts. Bounded, however fast chat is."""

    def __init__(self, tell: Tell, is_wanted: Callable[[], bool]) -> None:
        """``is_wanted`` says whether anybody is told."""
        self._tell = tell
        self._is_wanted = is_wanted
        self._lines: dict[Key, _Line] = {}
        self._alerts: deque[_Line] = deque(maxlen=ALERTS)
        self._turns: dict[int, Sequence[Key]] = {}

    @property
    def rows(self) -> list[ChatRow]:
        """The lines, the oldest first."""
        return [line.row() for line in self._lines.values()]

    @property
    def alerts(self) -> list[Alert]:
        """The oldest first."""
        return [alert for line in self._alerts if (alert := _alert(line))]

    def note(self, fact: Fact) -> None:
        """Takes in what happened."""
        match fact:
            case ChatReceived(event=Deletion() as deletion):
                self._delete(deletion)
            case ChatReceived(event=StreamStatus()):
                pass
            case ChatReceived():
                self._receive(fact)
            case Dropped(event=event, reason=reason):
                self._settle([_key(event)], f"dropped: {reason}")
            case MessageHeld(id=ident):
                self._settle([key for key in self._lines if key[1] == ident], HELD)
            case HeldDecided(id=ident, allowed=True):
                self._settle([key for key in self._lines if key[1] == ident], WAITING)
            case _:
                self._note_turn(fact)

    def _note_turn(self, fact: Fact) -> None:
        match fact:
            case TurnBegan(turn=turn, batch=batch):
                self._turns[turn] = [_key(event) for event in batch.events]
                if len(self._turns) > TURNS:
                    del self._turns[next(iter(self._turns))]
                self._settle(self._turns[turn], ANSWERING)
            case TurnEnded(turn=turn):
                self._end(turn, ANSWERED if fact.answers else WAITING)
            case TurnSetAside(turn=turn) | Failed(turn=int(turn)):
                self._end(turn, WAITING)
            case _:
                pass

    def _receive(self, fact: ChatReceived) -> None:
        event, drop = fact.event, fact.drop
        if isinstance(event, Deletion | StreamStatus):
            return
        key = _key(event)
        if drop == DUPLICATE and key in self._lines:
            return
        fate = WAITING if not drop else drop if drop == COMMAND else f"dropped: {drop}"
        line = _Line(event, round(time.time(), 1), fate)  # for people: when it was written
        self._lines.pop(key, None)
        self._lines[key] = line
        if len(self._lines) > LINES:
            del self._lines[next(iter(self._lines))]
        is_wanted = self._is_wanted()
        if is_wanted:
            self._tell("chat", line.row())
        if drop != DUPLICATE and _did_more(event):
            self._alerts.append(line)
            if is_wanted and (alert := _alert(line)):
                self._tell("alert", alert)

    def _delete(self, deletion: Deletion) -> None:
        def is_meant(key: Key) -> bool:
            if key[0] != deletion.platform:
                return False
            if deletion.message_id:
                return key[1] == deletion.message_id
            if not deletion.author_id:
                return True
            author = self._lines[key].event.author
            login = deletion.author_id.removeprefix("@").casefold()
            return author.id == deletion.author_id or (
                deletion.author_id.startswith("@") and login in author.names
            )

        self._settle(filter(is_meant, self._lines), DELETED)

    def _end(self, turn: int, fate: str) -> None:
        """A turn is over. What was deleted, or dropped, meanwhile remains so."""
        keys = self._turns.pop(turn, ())
        self._settle((key for key in keys if self._fate(key) == ANSWERING), fate)

    def _fate(self, key: Key) -> str:
        line = self._lines.get(key)
        return line.fate if line else ""

    def _settle(self, keys: Iterable[Key], fate: str) -> None:
        for key in keys:
            line = self._lines.get(key)
            if line is None or line.fate in (fate, DELETED):
                continue
            line.fate = fate
            if self._is_wanted():
                told: Fate = {"id": line.event.id, "platform": line.event.platform, "fate": fate}
                self._tell("fate", told)


def _did_more(event: Answerable) -> bool:
    """Whether its author did something beside writing, at a glance."""
    return not isinstance(event, ChatMessage) or event.money is not None


def _alert(line: _Line) -> Alert | None:
    event, done = line.event, _deed(line.event)
    if done is None:
        return None
    return {
        "id": event.id,
        "platform": event.platform,
        "name": event.author.name,
        "deed": done,
        "text": event.text,
        "at": line.at,
    }


def _key(event: Answerable) -> Key:
    return event.platform, event.id
