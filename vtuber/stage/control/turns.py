"""What she says, to whom, why that message and why not the others: kept from facts and cues."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from vtuber.core.events import Batch
from vtuber.record.facts import (
    Chosen,
    Fact,
    Failed,
    SentenceAired,
    SentenceHeard,
    SentenceHeldToAir,
    SentenceJudged,
    Standing,
    TurnBegan,
    TurnEnded,
    TurnSetAside,
)
from vtuber.stage.control.chat import message
from vtuber.stage.control.shapes import Loser, SentenceRow, Why
from vtuber.stage.cues import ClipBegins, Cue

CHOICES = 8
"""So many of the latest choices are known: the turn of a choice begins soon."""
SENTENCES = 40
"""The most sentences of a turn that are shown."""
TURNS = 8
"""The most turns at once; there are seldom three."""

REQUESTED = "requested"
"""The reason of what a moderator asked for."""
TOGETHER = "together"
"""The reason of what leads a batch because what was chosen may not be answered."""

REFUSED = ("no", "cut")
"""What moderators decide about a sentence that is not heard then."""


@dataclass(slots=True)
class TurnView:
    """A turn that is not over."""

    number: int
    batch: Batch
    script: str
    why: Why
    losers: list[Loser]
    sentences: list[SentenceRow] = field(default_factory=list)
    indices: dict[int, SentenceRow] = field(default_factory=dict)
    """The sentences that are on the stage, by their index."""
    held: dict[int, SentenceRow] = field(default_factory=dict)
    """Those that wait to be heard until a moderator decides, by their number."""

    @property
    def speaks(self) -> bool:
        """Whether the screens have some of it."""
        return bool(self.indices)

    def made(self, text: str) -> SentenceRow | None:
        """The first sentence of that text that is still to come."""
        return next((row for row in self.sentences if row == {"text": text, "state": "made"}), None)

    def hold(self, fact: SentenceHeldToAir | SentenceAired) -> None:
        """A sentence waits; or it is refused, or may be heard, maybe in other words."""
        if isinstance(fact, SentenceHeldToAir):
            if row := self.made(fact.text):
                self.held[fact.number] = row
        elif (row := self.held.pop(fact.number, None)) is None:
            return
        elif fact.decision in REFUSED:
            self.sentences.remove(row)
        else:
            row["text"] = fact.text


class Turns:
    """The turns that are not over: the first is thought about or heard, the second is prepared."""

    def __init__(self) -> None:
        self._turns: dict[int, TurnView] = {}
        self._choices: deque[Chosen] = deque(maxlen=CHOICES)

    @property
    def current(self) -> TurnView | None:
        return next(iter(self._turns.values()), None)

    def note(self, fact: Fact) -> None:
        """Takes in what happened."""
        match fact:
            case Chosen():
                self._choices.append(fact)
            case TurnBegan():
                self._begin(fact)
            case SentenceJudged(turn=turn) if turn in self._turns:
                shown = fact.refusal or not fact.stopped_by
                if shown and len(self._turns[turn].sentences) < SENTENCES:
                    self._turns[turn].sentences.append({"text": fact.text, "state": "made"})
            case SentenceHeldToAir(turn=turn) | SentenceAired(turn=turn) if turn in self._turns:
                self._turns[turn].hold(fact)
            case SentenceHeard(turn=turn, index=index) if turn in self._turns:
                if row := self._turns[turn].indices.get(index):
                    row["state"] = "heard"
            case TurnEnded(turn=turn) | TurnSetAside(turn=turn) | Failed(turn=int(turn)):
                self._turns.pop(turn, None)
            case _:
                pass

    def show(self, cue: Cue) -> None:
        """Takes in what the screens are shown."""
        if isinstance(cue, ClipBegins) and (turn := self._turns.get(cue.sentence.turn)):
            row = turn.made(cue.sentence.text)
            if row is None:
                row = {"text": cue.sentence.text, "state": "made"}
                if len(turn.sentences) < SENTENCES:
                    turn.sentences.append(row)
            row["state"] = "sent"
            turn.indices[cue.sentence.index] = row

    def _begin(self, fact: TurnBegan) -> None:
        why, losers = self._reasons(fact)
        self._turns[fact.turn] = TurnView(fact.turn, fact.batch, fact.script, why, losers)
        if len(self._turns) > TURNS:
            del self._turns[next(iter(self._turns))]

    def _reasons(self, fact: TurnBegan) -> tuple[Why, list[Loser]]:
        if fact.script or fact.batch.requested:
            return {"rank": None, "reasons": [REQUESTED]}, []
        ids = {event.id for event in fact.batch.events}
        chosen = next((one for one in reversed(self._choices) if one.winner.event.id in ids), None)
        if chosen is None:
            return {"rank": None, "reasons": [TOGETHER]}, []
        losers: list[Loser] = [
            {**message(loser.event), **why(loser)} for loser in chosen.losers if loser.event.id not in ids
        ]
        return why(chosen.winner), losers


def why(standing: Standing) -> Why:
    """Why an event stands where it does, as it is sent."""
    return {"rank": round(standing.rank, 2), "reasons": [str(reason) for reason in standing.reasons]}
