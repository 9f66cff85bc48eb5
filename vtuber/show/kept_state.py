"""What moderators have said of a show, kept for the case that it is killed: the next one goes on with it."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from vtuber.core import clock
from vtuber.inbox import Inbox
from vtuber.moderation.command_table import LOUDNESS
from vtuber.pending import PendingEvents
from vtuber.record.facts import Blocked, CommandGiven, Fact
from vtuber.show.performer import Performer
from vtuber.show.speaker import Speaker
from vtuber.stage.stage import Stage
from vtuber.voice import Adjustable

log = logging.getLogger(__name__)

IGNORED = 1_000
"""So many accounts at most stay ignored."""


@dataclass(frozen=True)
class Until:
    """A time that is to come: by the wall's clock, and how far off it was, should that be set back."""

    at: float
    seconds: float

    @property
    def left(self) -> float:
        return min(self.seconds, max(0.0, self.at - time.time()))

    @classmethod
    def after(cls, seconds: float) -> Until:
        """So many seconds from now, to the second."""
        return cls(round(time.time() + seconds), math.ceil(seconds))


@dataclass(frozen=True)
class Ignored:
    """An account that is not answered; without ``until``, for the whole show."""

    platform: str
    who: str
    until: Until | None = None
    spare_money: bool = False


@dataclass(frozen=True)
class ShowState:
    """All of it, as it is stored."""

    topic: str = ""
    moods: dict[str, str] = field(default_factory=dict)
    """By the speaker's id."""
    voices: dict[str, str] = field(default_factory=dict)
    """By the speaker's id, like the next: the voice that a moderator chose."""
    loudness: dict[str, Annotated[float, Field(ge=LOUDNESS[0], le=LOUDNESS[1])]] = field(default_factory=dict)
    """LUFS, where it is another than config says."""
    paused: bool = False
    silent: Until | None = None
    pace: float = 0.0
    air: bool = False
    """Hold-to-air."""
    air_seconds: float | None = None
    ignored: list[Ignored] = field(default_factory=list)
    answered: list[tuple[str, str]] = field(default_factory=list)
    """Accounts that config has ignored, and a moderator has not."""


_ADAPTER = TypeAdapter(ShowState)


class StateKeeper:
    """Keeps the state after each command, and brings it back."""

    def __init__(
        self,
        pending: PendingEvents,
        speakers: Sequence[Speaker],
        stage: Stage,
        performer: Performer,
        inbox: Inbox,
    ) -> None:
        self._pending = pending
        self._speakers = tuple(speakers)
        self._stage = stage
        self._performer = performer
        self._inbox = inbox
        self._voices = {one.id: one.voice for one in speakers if isinstance(one.voice, Adjustable)}
        self._loudness = {speaker: voice.loudness for speaker, voice in self._voices.items()}
        """What config says."""
        self._by_config = frozenset((platform, who) for platform, who, _ in inbox.ignored())
        self._at_first = ShowState(
            topic=self._speakers[0].conversation.topic,
            pace=performer.agenda.pace,
            air=performer.air.on,
            air_seconds=performer.air.seconds,
        )
        self._is_known = False
        """Whether moderators changed something in this show, or what they said before was brought back."""

    def note(self, fact: Fact) -> None:
        """Subscribes to the show's facts."""
        if isinstance(fact, CommandGiven | Blocked):
            state = self._state()
            self._is_known |= state != self._at_first
            if self._is_known:
                self._pending.keep(asdict(state))

    def bring_back(self, stored: dict[str, Any]) -> None:
        """The show is as it was, unless moderators changed something since.

        What cannot be read is as config says.
        """
        if self._is_known:
            return
        try:
            state = _ADAPTER.validate_python(stored)
        except ValidationError as error:
            log.warning("how the last show was cannot be read: %s", error.errors()[0]["msg"])
            return
        self._is_known = True
        performer, agenda = self._performer, self._performer.agenda
        self._bring_back_speakers(state)
        for one in state.ignored:
            until = math.inf if one.until is None else clock.now() + one.until.left
            self._inbox.ignore(one.platform, one.who, until, spare_money=one.spare_money)
        for platform, who in state.answered:
            self._inbox.unignore(platform, who)
        agenda.set_pace(state.pace)
        performer.air.switch(on=state.air, seconds=state.air_seconds)
        if state.silent is not None and state.silent.left:
            performer.hush(state.silent.left, override=True)
        if state.paused:
            performer.pause()
        log.info("the last show did not end by itself: everything moderators said still holds")

    def _bring_back_speakers(self, state: ShowState) -> None:
        for speaker in self._speakers:
            speaker.conversation.topic = state.topic
            if (mood := state.moods.get(speaker.id, "")) in speaker.character.moods:
                self._stage.feel(mood, speaker=speaker.id)
        for identity, voice in self._voices.items():
            if (chosen := state.voices.get(identity, "")) in voice.names:
                voice.choose(chosen)
            if (lufs := state.loudness.get(identity)) is not None:
                voice.set_loudness(lufs)

    def _state(self) -> ShowState:
        agenda, air = self._performer.agenda, self._performer.air
        ignored = self._ignored()
        known = {(one.platform, one.who) for one in ignored}
        return ShowState(
            topic=self._speakers[0].conversation.topic,
            moods={one.id: mood for one in self._speakers if (mood := self._stage.mood(one.id))},
            voices={speaker: voice.chosen for speaker, voice in self._voices.items() if voice.chosen},
            loudness={
                speaker: voice.loudness
                for speaker, voice in self._voices.items()
                if voice.loudness != self._loudness[speaker]
            },
            paused=agenda.paused,
            silent=Until.after(agenda.silence) if agenda.silence else None,
            pace=agenda.pace,
            air=air.on,
            air_seconds=air.seconds,
            ignored=[one for one in ignored if (one.platform, one.who) not in self._by_config][-IGNORED:],
            answered=sorted(self._by_config - known),
        )

    def _ignored(self) -> list[Ignored]:
        """All of them, the latest last."""
        now, inbox = clock.now(), self._inbox
        return [
            Ignored(
                platform,
                who,
                None if until == math.inf else Until.after(until - now),
                inbox.spares_money(platform, who),
            )
            for platform, who, until in reversed(inbox.ignored())
        ]
