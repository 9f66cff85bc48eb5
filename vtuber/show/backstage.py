"""What the control room asks of a show, and how its commands are given: in the same way as chat's."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import count
from uuid import uuid4

from vtuber.core import clock
from vtuber.core.errors import StageError
from vtuber.core.events import Answerable, Author, Batch, ChatMessage, Pick, is_paid
from vtuber.core.events import Role as ChatRole
from vtuber.core.health import Health
from vtuber.inbox import Inbox
from vtuber.memory import Memory
from vtuber.moderation.command_table import COMMANDS, CommandTable
from vtuber.moderation.commands import Command
from vtuber.moderation.trust import Trust
from vtuber.record.facts import Standing
from vtuber.show.commands import PLATFORMS, ModeratorCommands
from vtuber.show.hold_to_air import AirSentence
from vtuber.show.orders import PANEL, is_withheld
from vtuber.show.performer import Performer
from vtuber.show.speaker import Speaker
from vtuber.stage import Studio
from vtuber.stage.access import Role
from vtuber.stage.control.backstage import BASE
from vtuber.stage.control.chat import message
from vtuber.stage.control.shapes import (
    Air,
    AirRow,
    Answer,
    CommandRow,
    IgnoredRow,
    QueueRow,
    SettingsRow,
    ViewerRow,
)
from vtuber.stage.control.turns import REQUESTED, why
from vtuber.stage.stage import Stage
from vtuber.voice import Adjustable

QUEUE = 60
"""So many of those that wait are shown: the first of them."""

IGNORED = 50
"""So many of those who are ignored are shown: the latest."""

TRUST = {Role.MODERATOR: Trust.MODERATOR, Role.STREAMER: Trust.BROADCASTER}
"""How far whoever has a token is trusted, as if they wrote in chat."""

_ROLES = {Role.MODERATOR: ChatRole.MODERATOR, Role.STREAMER: ChatRole.BROADCASTER}


class Backstage:
    """A ``stage.control.backstage.Backstage`` of one show."""

    def __init__(
        self,
        speakers: Sequence[Speaker],
        stage: Stage,
        performer: Performer,
        inbox: Inbox,
        memory: Memory,
        *,
        moderators: ModeratorCommands,
        table: CommandTable,
        healths: Callable[[], list[Health]],
        find: Callable[[str, str], str | None],
        studio: Studio | None,
    ) -> None:
        """``find`` tells the id of whoever wrote lately on a platform under a name."""
        self._speakers = tuple(speakers)
        self._stage = stage
        self._performer = performer
        self._inbox = inbox
        self._memory = memory
        self._moderators = moderators
        self._table = table
        self._healths = healths
        self._find = find
        self._studio = studio
        self._show = uuid4().hex[:8]
        """In the ids of what is ordered here: a question that is owed keeps its id in the next show."""
        self._numbers = count(1)

    # Commands.

    def may(self, role: Role, name: str) -> bool:
        if name not in COMMANDS or role not in TRUST:
            return False
        return self._table.may(TRUST[role], name) and not is_withheld(name, TRUST[role], PANEL)

    def commands(self, role: Role) -> list[CommandRow]:
        return [
            {"name": name, "argument": spec.argument, "help": spec.help}
            for name, spec in COMMANDS.items()
            if self.may(role, name)
        ]

    def command(self, role: Role, name: str, argument: str) -> Answer:
        who = role.name.lower()
        author = Author(who, who, frozenset({_ROLES[role]}))
        text = f"{self._table.typed(name)} {argument}".rstrip()
        identity = f"{PANEL}-{self._show}-{next(self._numbers)}"
        given = ChatMessage(identity, PANEL, PANEL, author, text, at=clock.now())
        obeyed = self._moderators.obey(Command(name, argument, TRUST[role], given))
        return {"reply": obeyed.reply, "done": obeyed.done}

    async def written(self, name: str) -> None:
        await self._moderators.written(name)

    # What waits.

    def queue(self) -> list[QueueRow]:
        time = clock.now()
        requests = [self._row(Standing(event, 0, (REQUESTED,)), time) for event in self._requests()]
        for row in requests:
            row["kind"], row["rank"] = "request", None
        waiting = [self._row(standing, time) for standing in self._inbox.standings(time, QUEUE)]
        return [*requests, *waiting, *self._held(time)]

    def _requests(self) -> list[Answerable]:
        return self._performer.agenda.requests

    def _held(self, time: float) -> list[QueueRow]:
        rows = []
        for held in self._performer.agenda.held:
            row = self._row(Standing(held.pick.event, 0, (held.verdict.rule,)), time)
            row["kind"], row["rank"], row["number"] = "held", None, held.number
            rows.append(row)
        return rows

    @staticmethod
    def _row(standing: Standing, time: float) -> QueueRow:
        event = standing.event
        return {
            **message(event),
            **why(standing),
            "age": round(time - event.at, 1),
            "kind": "paid" if is_paid(event) else "ranked",
            "number": None,
        }

    def prepared(self) -> Answerable | None:
        return self._performer.prepared

    # How she is.

    def silence(self) -> tuple[bool, float]:
        return self._performer.agenda.paused, self._performer.agenda.silence

    def air(self) -> Air:
        air = self._performer.air
        return {"on": air.on, "seconds": air.seconds, "waiting": [*map(self._air_row, air.waiting)]}

    def _air_row(self, held: AirSentence) -> AirRow:
        sentence = held.sentence
        return {
            "number": held.number,
            "turn": sentence.turn,
            "text": sentence.text,
            "speaker": sentence.speaker,
            "voice": f"{BASE}/air/{held.number}/sound",
            "left": round(held.left, 3),
        }

    def settings(self) -> SettingsRow:
        first = self._speakers[0]
        voice = first.voice if isinstance(first.voice, Adjustable) else None
        return {
            "mood": self._stage.mood(first.id),
            "moods": [*dict.fromkeys(mood for one in self._speakers for mood in one.character.moods)],
            "topic": first.conversation.topic,
            "slow": self._performer.agenda.pace,
            "voices": [*voice.names] if voice else [],
            "voice": voice.chosen if voice else "",
            "loudness": voice.loudness if voice else None,
            "character": first.character.name,
        }

    async def air_sound(self, number: int) -> bytes | None:
        return await self._performer.air.preview(number)

    async def frame(self) -> bytes:
        if self._studio is None:
            raise StageError("OBS is not used here; set stage.obs.enabled = true")
        return await self._studio.frame()

    def health(self) -> Sequence[Health]:
        return self._healths()

    # Whom she knows.

    def ignored(self) -> list[IgnoredRow]:
        time = clock.now()
        return [
            {"platform": place, "name": who, "left": round(until - time, 3) if until < math.inf else None}
            for place, who, until in self._inbox.ignored()[:IGNORED]
            if until > time
        ]

    async def viewers(self, name: str) -> list[ViewerRow]:
        found = [(platform, self._find(platform, name)) for platform in PLATFORMS]
        return [await self._viewer(platform, who, name) for platform, who in found if who]

    async def _viewer(self, platform: str, who: str, name: str) -> ViewerRow:
        asked = ChatMessage("", platform, "", Author(who, name), "", at=clock.now())
        known, answers = None, list[str]()
        for one in self._speakers:
            recollection = await self._memory.recall(Batch(Pick(asked), speaker=one.id))
            known = recollection.viewers.get((platform, who), known)
            answers += recollection.answers
        return {
            "platform": platform,
            "id": who,
            "name": known.name if known else name,
            "messages": known.messages if known else 0,
            "words": [*known.words] if known else [],
            "answers": answers,
            "away": round(known.away) if known else 0,
            "new": known.new if known else False,
            "ignored": self._inbox.verdict_of_moderators(asked) is not None,
        }
