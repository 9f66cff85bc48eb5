"""An audit of a show: who wrote what, what she said to it, and each verdict of the guard on both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

STOPPED = "stopped"
"""The action in journals that do not say which it was."""
SPEAK = "speak"


@dataclass(slots=True)
class AuditedVerdict:
    """What the guard made of one text."""

    door: str
    what: str
    action: str
    rule: str = ""
    detector: str = ""
    ms: float | None = None

    @property
    def allowed(self) -> bool:
        return self.action == SPEAK


@dataclass(slots=True)
class AuditedMessage:
    """Something that somebody in chat wrote or did."""

    t: float
    """Seconds since the show began."""
    id: str
    platform: str = ""
    who: str = ""
    author: str = ""
    login: str = ""
    what: str = ""
    """A message, a gift … (``codec``)."""
    text: str = ""
    verdicts: list[AuditedVerdict] = field(default_factory=list)
    became: list[str] = field(default_factory=list)
    """What became of it, in words."""
    turns: list[int] = field(default_factory=list)
    """In which it was answered, or read with what was."""

    def is_by(self, viewer: str) -> bool:
        """Whether it is by somebody of that name, login or id (any case, with or without an "@")."""
        viewer = viewer.removeprefix("@").casefold()
        return viewer in (self.who.casefold(), self.login.casefold(), self.author.casefold())


@dataclass(slots=True)
class AuditedSentence:
    text: str
    verdict: AuditedVerdict
    kind: str = ""
    """"fallback", "refusal", or "" for what the model wrote."""


@dataclass(slots=True)
class AuditedUtterance:
    """What she said in one turn."""

    t: float
    turn: int
    speaker: str = ""
    recited: bool = False
    """A moderator had her say it."""
    messages: list[str] = field(default_factory=list)
    """The ids of those that it answers, the first one first."""
    sentences: list[AuditedSentence] = field(default_factory=list)
    heard: str = ""
    became: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Audit:
    """A whole journal. Everything is in the order in which it began."""

    messages: dict[str, AuditedMessage] = field(default_factory=dict)
    utterances: dict[int, AuditedUtterance] = field(default_factory=dict)
    others: list[tuple[float, AuditedVerdict]] = field(default_factory=list)
    """Verdicts on what belongs to no message: a topic, a title."""
    let_through: Counter[str] = field(default_factory=Counter)
    """How many names, memories and the like in which nothing was found."""
    let_through_ms: float = 0.0
    malformed: int = 0
    """Lines that could not be read."""

    def by_message(self, id: str) -> Audit:  # noqa: A002  # as events call it
        """What has to do with one message."""
        return self._chosen({id} & self.messages.keys())

    def by_viewer(self, name: str) -> Audit:
        """What has to do with what one viewer wrote."""
        return self._chosen({message.id for message in self.messages.values() if message.is_by(name)})

    def by_minute(self, minute: int) -> Audit:
        """What began in one minute of the show, and the messages that were answered in it."""

        def fits(t: float) -> bool:
            return minute * 60 <= t < (minute + 1) * 60

        turns = {turn: said for turn, said in self.utterances.items() if fits(said.t)}
        behind = {each for said in turns.values() for each in said.messages}
        messages = {
            message.id: message
            for message in self.messages.values()
            if fits(message.t) or message.id in behind
        }
        return Audit(messages, turns, [one for one in self.others if fits(one[0])])

    def _chosen(self, ids: set[str]) -> Audit:
        turns = {turn: said for turn, said in self.utterances.items() if not ids.isdisjoint(said.messages)}
        wanted = ids | {each for said in turns.values() for each in said.messages}
        messages = {each: message for each, message in self.messages.items() if each in wanted}
        return Audit(messages, turns)

    def verdicts(self) -> Iterator[AuditedVerdict]:
        """All of them but those that were only counted."""
        for message in self.messages.values():
            yield from message.verdicts
        for said in self.utterances.values():
            yield from (one.verdict for one in said.sentences if one.kind != "refusal")
        yield from (verdict for _, verdict in self.others)

    def rows(self) -> list[dict[str, Any]]:
        """All of it, ready for JSON, in the order of time."""
        rows: list[dict[str, Any]] = [
            *({"kind": "message", **asdict(message)} for message in self.messages.values()),
            *({"kind": "utterance", **asdict(said)} for said in self.utterances.values()),
            *({"kind": "verdict", "t": t, **asdict(verdict)} for t, verdict in self.others),
        ]
        return sorted(rows, key=lambda row: row["t"])
