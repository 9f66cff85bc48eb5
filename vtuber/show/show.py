"""The show: builds every part from Settings, keeps each one going, and lets her answer, turn after turn."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from vtuber import __version__, character, memory, voice
from vtuber.brain.conversation import Conversation
from vtuber.brain.fallback import build as build_brain
from vtuber.config import Settings
from vtuber.core import clock, codec, limits, registry
from vtuber.core.availability import Progress
from vtuber.core.errors import BanbanError, BrainError, ListenerError, VoiceError
from vtuber.core.events import (
    Answerable,
    ChatMessage,
    Deletion,
    Event,
    StreamStatus,
    is_money,
    is_paid,
    without_words,
)
from vtuber.core.health import Health, State
from vtuber.core.text import escaped
from vtuber.inbox import Drop, Inbox
from vtuber.inbox.rates import Rates
from vtuber.listeners import PARTS as LISTENERS
from vtuber.listeners import Listener, RedemptionListener, Writer
from vtuber.moderation.commands import CommandParser
from vtuber.moderation.filters import Filter
from vtuber.moderation.message_index import MessageIndex
from vtuber.record.journal import Journal
from vtuber.record.metrics import Metrics
from vtuber.show import garbage
from vtuber.show.commands import ModeratorCommands
from vtuber.show.outbox import Outbox
from vtuber.show.performer import Performer
from vtuber.show.redemptions import Redemptions
from vtuber.show.reply import ReplyWriter
from vtuber.show.supervisor import Supervisor
from vtuber.show.turn import Cast, Turn
from vtuber.stage import SCREENS, Screen
from vtuber.stage.server import Routed, Server
from vtuber.stage.stage import Stage

log = logging.getLogger(__name__)

STOP_SECONDS = 1.5
"""How long parts may take to stop, all together."""

ARRIVE_SECONDS = 3.0
"""How long the table of all parts waits for chats that are not reached yet. They are heard meanwhile."""

LAST_NOTES = 0.3
"""How long she may take, when the show ends, to note what was heard of her last reply."""


class _Startable(Protocol):
    async def start(self) -> None: ...


class _Part(Protocol):
    def health(self) -> Health: ...


class _Stoppable(Protocol):
    async def stop(self) -> None: ...


class Show:
    """One show. ``run`` it once; it ends when cancelled, after ``seconds``, or when ``over`` is set."""

    def __init__(
        self,
        settings: Settings,
        *,
        seed: int | None = None,
        listeners: Sequence[Listener] | None = None,
        screens: Sequence[Screen] | None = None,
    ) -> None:
        """``listeners`` and ``screens`` take the place of those that config asks for."""
        self.settings = settings
        self.character = character.load(settings.show.character)
        self.seed = random.SystemRandom().getrandbits(31) if seed is None else seed
        self.metrics = Metrics()
        self.journal = Journal(settings)
        self.supervisor = Supervisor(self.journal)
        self.inbox = Inbox(settings.inbox, self.character.aliases, self.seed)
        self.index = MessageIndex()
        self.rates = Rates(settings.chat.rates)
        self.commands = CommandParser(settings.gate)
        self.filter = Filter(settings.gate, self.character.persona)
        self.brain = build_brain(settings, self.character)
        self.voice = voice.build(settings, self.character)
        self.memory = memory.build(settings)
        self.screens = list(screens) if screens is not None else build_screens(settings, self.character)
        self.stage = Stage(self.screens)
        self.server = Server(settings.stage, self.health)
        self.listeners = list(listeners) if listeners is not None else build_listeners(settings)
        self.over = asyncio.Event()
        """Set it to end the show."""
        self.deaf = asyncio.Event()
        """Set when every listener has come to its end (a recording that was played)."""
        self.cast = Cast(
            settings,
            self.character,
            Conversation(self.character, settings, self.brain),
            self.brain,
            ReplyWriter(settings, self.character, self.brain, self.brain.fallback_lines, self.filter),
            self.voice,
            self.stage,
            self.memory,
            self.filter,
            self.journal,
        )
        self.performer = Performer(self.cast, self.inbox, self.metrics, seed=self.seed)
        self.points = Redemptions(
            [one for one in self.listeners if isinstance(one, RedemptionListener)], self.journal
        )
        self.outbox = Outbox(
            [listener for listener in self.listeners if isinstance(listener, Writer)],
            self.filter,
            self.journal,
            prefix=self.commands.table.prefix,
            refused=self.inbox.verdict_of_moderators,
        )
        self.desk = ModeratorCommands(
            self.cast,
            self.performer,
            self.inbox,
            self.commands,
            self.outbox,
            healths=self.health,
            find=self.index.author,
        )
        self.inbox.on_drop = self._dropped
        self.performer.on_answered = self._answered

    def health(self) -> list[Health]:
        """Every part's state, in the order of the flow."""
        parts: list[_Part] = [
            *self.listeners,
            self.brain,
            self.voice,
            self.memory,
            self.server,
            *self.screens,
            self.journal,
        ]
        return [*(part.health() for part in parts), limits.health(self.journal.folder)]

    @property
    def idle(self) -> bool:
        """Whether she neither thinks nor speaks, and nothing she must answer waits."""
        return not self.performer.busy and not self.inbox.paid_waiting

    async def run(
        self, *, progress: Progress, on_air: Callable[[], None], seconds: float | None = None
    ) -> None:
        """Starts every part, goes on air, and stops every part again, whatever happens.

        ``on_air`` is called once everything runs, and chats had a moment to be reached. Raises BanbanError
        when the show cannot begin.
        """
        self.journal.open()
        self.journal.write(
            "show", version=__version__, character=self.character.name, seed=self.seed, format=1
        )
        try:
            await self.start(progress)
            await self._broadcast(on_air, seconds)
        finally:
            await self.stop()

    async def start(self, progress: Progress) -> None:
        """Every part, side by side. The first that cannot work is raised."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._start_brain_or_go_on(progress))
                tasks.create_task(self._start_voice())
                routed = (*self.listeners, self.brain, self.voice, self.memory, *self.screens)
                for routes in (part.routes() for part in routed if isinstance(part, Routed)):
                    self.server.add_routes(routes)
                others: list[_Startable] = [self.memory, *self.listeners, self.server, *self.screens]
                for part in others:
                    tasks.create_task(part.start())
        except* BanbanError as group:
            raise _first(group) from None

    async def stop(self) -> None:
        """Silence first, then every part, with a deadline for all of them together."""
        self.performer.hush(0)
        self.desk.close()
        self.outbox.close()
        figures = self.metrics.report(self.inbox.dropped)
        self.journal.write("end", **figures, unwritten=self.outbox.dropped)
        parts: list[_Stoppable] = [self.brain, self.voice, self.memory, self.server, *self.screens]
        stopping = [asyncio.create_task(part.stop()) for part in parts]
        with clock.outside():
            _, late = await asyncio.wait(stopping, timeout=STOP_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*stopping, return_exceptions=True)
        self.journal.close()

    async def start_brain(self, progress: Progress) -> None:
        """Loads the model and has it read who she is."""
        await self.brain.start(progress)
        await self.cast.conversation.start(progress)

    async def _start_brain_or_go_on(self, progress: Progress) -> None:
        """A brain that is away comes later; until then she has her fallback lines."""
        with suppress(BrainError):  # which is raised again, once it is known what it is to begin with
            await self.brain.start(progress)
        try:
            await self.cast.conversation.start(progress)
        except BrainError as error:
            log.warning("%s; she goes on air without it", error)

    async def _start_voice(self) -> None:
        try:
            await self.voice.start()
        except VoiceError as error:
            log.warning("%s", error)

    async def _broadcast(self, on_air: Callable[[], None], seconds: float | None) -> None:
        duties = [
            self.supervisor.keep("chat", self._listen),
            self.supervisor.keep("turns", self.performer.run),
            self.supervisor.keep("moderators", self.desk.run),
            self.supervisor.keep("writing", self.outbox.run),
            self.supervisor.keep("journal", self.journal.run),
            self.supervisor.keep("health", lambda: self.supervisor.watch(self.health)),
            self.metrics.watch_loop(),
            self.metrics.watch_memory(),
            garbage.collect_when(lambda: self.idle),
        ]
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(duty) for duty in duties]
            try:
                await self._reach_chats()
                on_air()
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self.over.wait()
            finally:
                await self._fall_silent()
                self.points.give_back()
            for task in running:
                task.cancel()

    async def _reach_chats(self) -> None:
        """Waits until every chat is heard, or for ``ARRIVE_SECONDS``."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ARRIVE_SECONDS):
                # A listener says how it is, not when that changes.
                while any(listener.health().state is State.DOWN for listener in self.listeners):  # noqa: ASYNC110  # see above
                    await asyncio.sleep(0.05)

    async def _fall_silent(self) -> None:
        """Cuts her short, and leaves her a moment to note what was heard."""
        self.performer.hush(0)
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_NOTES):
                while self.performer.busy:  # noqa: ASYNC110  # a few times at most
                    await asyncio.sleep(0.01)

    # What chat says.

    async def _listen(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for listener in self.listeners:
                tasks.create_task(self.supervisor.keep(listener.health().part, _Hearing(listener, self.hear)))
        self.deaf.set()

    def hear(self, event: Event) -> None:
        """Something happened in chat: a command acts at once, the rest waits in the inbox. Never blocks."""
        event = replace(event, at=clock.now())
        if isinstance(event, Deletion):
            self._revoke(event)
            return
        if isinstance(event, StreamStatus):
            self._note_stream(event)
            return
        self.metrics.messages += 1
        self.commands.trusted.note(event.platform, event.author)
        self.index.note(event)
        if isinstance(event, ChatMessage) and event.money:
            event = replace(event, money=self.rates.valued(event.money))
        if isinstance(event, ChatMessage) and (command := self.commands.parse(event)):
            self.journal.write("heard", event=codec.dump(event), drop="command")
            self.desk.obey(command)
            return
        drop = self._admit(event)
        self.journal.write("heard", event=codec.dump(event), **({"drop": drop} if drop else {}))

    def _admit(self, event: Answerable) -> str:
        """Into the inbox, unless something speaks against it. Returns what does (and its rule), or ""."""
        self.points.spent(event)
        verdict = self.filter.hear(event)
        if not verdict.allowed and is_money(event):
            event = without_words(event)  # whoever gave money is thanked, whatever they wrote
        elif not verdict.allowed:
            self.inbox.dropped[Drop.FILTERED] += 1
            self.points.settle(event, answered=False)
            return f"filtered: {verdict.rule}"
        drop = self.inbox.put(event)
        self.metrics.paid += is_paid(event) and drop is not Drop.DUPLICATE
        if drop:
            if drop is not Drop.DUPLICATE:
                self.points.settle(event, answered=False)
            return drop
        self.memory.hear(event)
        self.performer.agenda.notice()
        return ""

    def _note_stream(self, status: StreamStatus) -> None:
        self.journal.write("heard", event=codec.dump(status))
        log.info("%s: the stream has %s", escaped(status.channel), "begun" if status.live else "ended")

    def _revoke(self, deletion: Deletion) -> None:
        self.journal.write("heard", event=codec.dump(deletion))
        revocation = self.index.revocation(deletion)
        waiting = self.inbox.revoke(revocation)
        revocation = replace(revocation, answers=self.memory.revoke(revocation))
        turns = self.performer.revoke(revocation)
        self.journal.write(
            "revoked",
            deletion=deletion.id,
            waiting=[event.id for event in waiting],
            turns=turns,
            authors=len(revocation.authors),
            lines=len(revocation.lines),
            answers=len(revocation.answers),
        )

    def _answered(self, turn: Turn) -> None:
        """Something of an answer was heard."""
        for event in turn.batch.events:
            self.points.settle(event, answered=True)
        lead = turn.batch.lead.event
        wanted = lead.platform == "twitch" and self.settings.chat.twitch.write == "replies"
        if wanted and not (turn.was_cut or turn.was_withdrawn):
            self.outbox.put(turn.reply.heard, lead)

    def _dropped(self, event: Answerable, why: Drop) -> None:
        """What had waited for an answer gets none."""
        self.journal.write("dropped", id=event.id, reason=why)
        self.points.settle(event, answered=False)


class _Hearing:
    """One listener's duty: what it hears goes to the show."""

    def __init__(self, listener: Listener, hear: Callable[[Event], None]) -> None:
        self._listener = listener
        self._hear = hear

    async def __call__(self) -> None:
        try:
            async for event in self._listener.events():
                self._hear(event)
                if isinstance(event, Deletion):
                    await asyncio.sleep(0)  # a wave of bans holds up nobody
        except ListenerError as error:
            if not error.final:
                raise
            log.error("%s", error)  # noqa: TRY400  # a streamer is told in words


def build_listeners(settings: Settings) -> list[Listener]:
    """The listeners that config asks for. Raises ConfigError."""
    wanted = {
        "console": settings.chat.console,
        "replay": bool(settings.chat.replay.file),
        "twitch": bool(settings.chat.twitch.channels),
        "youtube": bool(settings.chat.youtube.streams),
    }
    names = [(name, "") for name, on in wanted.items() if on]
    names += [(name, f"chat.also[{index}]") for index, name in enumerate(settings.chat.also)]
    built: list[Listener] = []
    for name, where in names:
        made = registry.load("listeners", LISTENERS, name, where)(settings)
        built.extend(made if isinstance(made, list) else [made])
    return built


def build_screens(settings: Settings, whose: character.Character) -> list[Screen]:
    """The screens that config asks for. Raises ConfigError."""
    wanted = ["overlay", *(["obs"] if settings.stage.obs.enabled else [])]
    return [registry.load("stage", SCREENS, name)(settings, whose) for name in wanted]


def _first(group: BaseExceptionGroup[BanbanError]) -> BanbanError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, BanbanError)  # noqa: S101  # except* let nothing else in
    return error
