"""What the show is doing, as one value: kept from facts and cues, bounded however long it runs."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Any

from vtuber.core import clock
from vtuber.core.masking import masked
from vtuber.record.facts import Fact, TurnEnded
from vtuber.record.metrics import PARTS, percentiles
from vtuber.stage.control.backstage import Backstage
from vtuber.stage.control.chat import ChatLog, Tell, message
from vtuber.stage.control.shapes import DelayRow, HealthRow, Message, Now, QueueRow, Snapshot
from vtuber.stage.control.turns import Turns
from vtuber.stage.cues import Cue

JOURNAL = 50
"""So many of the latest facts are kept."""
LINE = 600
"""Characters of a line of the journal that are sent."""
REPLIES = 20
"""Delays are those of so many replies."""

PARTS_OF_STATE = ("now", "queue", "air", "health", "delays", "settings", "viewers")
"""What is sent anew as a whole when it has changed."""
ADDED = ("chat", "fate", "alert", "journal", "fact")
"""What is sent one by one."""


class ControlState:
    """``value`` is the whole; ``changes`` is what is another than when it was last asked."""

    def __init__(self, backstage: Backstage, tell: Tell, wanted: Callable[[], bool]) -> None:
        """``tell`` is given what is added. Facts are only made ready to be sent while they are ``wanted``."""
        self._backstage = backstage
        self._tell = tell
        self._wanted = wanted
        self._chat = ChatLog(tell, wanted)
        self._turns = Turns()
        self._journal: deque[tuple[float, Fact]] = deque(maxlen=JOURNAL)
        self._delays: dict[str, deque[float]] = {part: deque(maxlen=REPLIES) for part in (*PARTS, "total")}
        self._told: dict[str, Any] = {}

    def note(self, fact: Fact) -> None:
        """Subscribes to the show's facts."""
        self._chat.note(fact)
        self._turns.note(fact)
        if isinstance(fact, TurnEnded) and fact.counts and fact.began is not None:
            for part, value in fact.delays_ms.items():
                self._delays[part].append(round(value, 1))
            self._delays["total"].append(round(sum(fact.delays_ms.values()), 1))
        self._journal.append((clock.now(), fact))
        if self._wanted():
            row = self._row(clock.now(), fact)
            self._tell("journal", _line(row))
            self._tell("fact", row)

    def show(self, cue: Cue) -> None:
        """Watches the stage."""
        self._turns.show(cue)

    def value(self) -> Snapshot:
        """The whole state as it is now."""
        queue = self._backstage.queue()
        return {
            "now": self._now(queue),
            "queue": queue,
            "air": self._backstage.air(),
            "chat": self._chat.rows,
            "alerts": self._chat.alerts,
            "health": self._health(),
            "delays": self._delay_rows(),
            "journal": [_line(self._row(at, fact)) for at, fact in self._journal],
            "settings": self._backstage.settings(),
            "viewers": self._backstage.ignored(),
        }

    def for_newcomer(self) -> Snapshot:
        """The same, for one who listens from now on: those who listen already are told first what is new.

        Else what goes back at once to what they know would be told to nobody, the newcomer included.
        """
        for part, value in self.changes().items():
            self._tell(part, value)
        return self.value()

    def changes(self, parts: tuple[str, ...] = PARTS_OF_STATE) -> dict[str, Any]:
        """Of these parts of the state, those that are others than when they were last asked for."""
        queue = self._backstage.queue() if {"now", "queue"} & {*parts} else []
        made: dict[str, Callable[[], Any]] = {
            "now": lambda: self._now(queue),
            "queue": lambda: queue,
            "air": self._backstage.air,
            "health": self._health,
            "delays": self._delay_rows,
            "settings": self._backstage.settings,
            "viewers": self._backstage.ignored,
        }
        changed = {}
        for part in parts:
            value = made[part]()
            if (essence := _essence(part, value)) != self._told.get(part):
                self._told[part] = essence
                changed[part] = value
        return changed

    def _now(self, queue: list[QueueRow]) -> Now:
        paused, silent_for = self._backstage.silence()
        turn = self._turns.current
        prepared = self._backstage.prepared()
        best: Message | None = message(prepared) if prepared else next(map(_as_message, queue), None)
        now: Now = {
            "state": "silent" if silent_for else "paused" if paused else "listening",
            "paused": paused,
            "silent_for": round(silent_for, 1),
            "turn": 0,
            "speaker": "",
            "whom": None,
            "why": {"rank": None, "reasons": []},
            "losers": [],
            "sentences": [],
            "next": best,
        }
        if turn:
            now["state"] = "speaking" if turn.speaks else "thinking"
            now["turn"], now["speaker"] = turn.number, turn.batch.speaker
            now["whom"] = message(turn.batch.lead.event)
            now["why"], now["losers"], now["sentences"] = turn.why, turn.losers, turn.sentences
        return now

    def _health(self) -> list[HealthRow]:
        return [
            {
                "part": health.part,
                "state": health.state.value,
                "what": masked(health.what),
                "hint": masked(health.hint),
            }
            for health in self._backstage.health()
        ]

    def _delay_rows(self) -> dict[str, DelayRow]:
        rows: dict[str, DelayRow] = {}
        for part, values in self._delays.items():
            shares = percentiles(values)
            rows[part] = {"last": [*values], "p50": shares["p50"], "p95": shares["p95"]}
        return rows

    @staticmethod
    def _row(at: float, fact: Fact) -> dict[str, Any]:
        """The fact, without tokens; "t" is on the show's clock."""
        row: dict[str, Any] = _without_secrets({"t": round(at, 3), "kind": fact.kind, **fact.row()})
        return row


def _without_secrets(value: Any) -> Any:
    match value:
        case str():
            return masked(value)
        case dict():
            return {name: _without_secrets(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_without_secrets(inner) for inner in value]
        case _:
            return value


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, default=str)[:LINE]


def _as_message(row: QueueRow) -> Message:
    return {
        "id": row["id"],
        "platform": row["platform"],
        "name": row["name"],
        "text": row["text"],
        "deed": row["deed"],
    }


def _essence(part: str, value: Any) -> str:
    """What of a part makes it another one: not that time passes, which whoever is told of it can count."""
    if part == "now":
        value = {**value, "silent_for": _until(value["silent_for"] or None)}
    elif part == "queue":
        value = [(row["platform"], row["id"], row["kind"], row["reasons"]) for row in value]
    elif part == "viewers":
        value = [(row["platform"], row["name"], _until(row["left"])) for row in value]
    elif part == "air":
        waiting = [(row["number"], row["text"], _until(row["left"])) for row in value["waiting"]]
        value = {**value, "waiting": waiting}
    return json.dumps(value)


def _until(left: float | None) -> int | None:
    """When something is over that lasts so many seconds yet (show clock); None for what has no end."""
    return None if left is None else round(clock.now() + left)
