"""The show: builds every part from Settings, keeps each one going, and takes in what chat says."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Protocol

from vtuber import __version__, memory, stage
from vtuber import listeners as chats
from vtuber.config import Settings
from vtuber.core import chinese, clock, limits, registry
from vtuber.core.availability import Progress
from vtuber.core.errors import BanbanError, ConfigError, ListenerError
from vtuber.core.events import (
    Answerable,
    ChatMessage,
    Deletion,
    Event,
    Redemption,
    StreamStatus,
    is_money,
)
from vtuber.core.health import Health, State
from vtuber.core.text import escaped
from vtuber.guard import Action
from vtuber.inbox import Drop, Inbox
from vtuber.inbox.worth import ExchangeRates
from vtuber.listeners import Listener, RedemptionListener, Writer
from vtuber.moderation.commands import CommandParser
from vtuber.moderation.message_index import MessageIndex
from vtuber.moderation.trust import Trust
from vtuber.pending import PendingEvents
from vtuber.record.facts import ChatReceived, Facts, Filtered, Revoked, ShowBegan, ShowEnded
from vtuber.record.journal import Journal
from vtuber.record.metrics import Metrics
from vtuber.show import garbage, speaker
from vtuber.show.alarms import Alarms
from vtuber.show.backstage import Backstage
from vtuber.show.chat_feed import ChatFeed
from vtuber.show.commands import ModeratorCommands
from vtuber.show.figures import Figures
from vtuber.show.kept_state import StateKeeper
from vtuber.show.outbox import Outbox
from vtuber.show.performer import Performer
from vtuber.show.promises import Promises
from vtuber.show.ratings import Ratings
from vtuber.show.redemptions import Redemptions
from vtuber.show.resumption import Resumption
from vtuber.show.screening import Screening
from vtuber.show.speaker import Speaker
from vtuber.show.supervisor import Supervisor
from vtuber.show.thanks import Thanks
from vtuber.stage import Screen, Studio
from vtuber.stage.control.control import Control
from vtuber.stage.cues import Ready
from vtuber.stage.server import Routed, Server
from vtuber.stage.stage import Stage

log = logging.getLogger(__name__)

STOP_SECONDS = 1.2
"""How long parts may take to stop, all together: two seconds with ``LAST_NOTES`` and the way out."""

ARRIVE_SECONDS = 3.0
"""How long the table of all parts waits for chats that are not reached yet. They are heard meanwhile."""

LAST_NOTES = 0.3
"""How long she may take, when the show ends, to note what was heard of her last reply."""

_LEFT_OUT = (Action.REPLACE, Action.DROP)
"""What has a message with the streamer's own words go no further."""

_NOT_SHOWN = (Drop.DUPLICATE, Drop.REVOKED, Drop.IGNORED, Drop.COMMAND, Drop.FILTERED)
"""What is dropped for these reasons is shown on no page either."""


class _Startable(Protocol):
    async def start(self) -> None: ...


class _Stoppable(Protocol):
    async def stop(self) -> None: ...


class _Reporting(Protocol):
    def health(self) -> Health: ...


class Show:
    """One show. ``run`` it once.

    Once it is on air, only three things end it: ``over`` is set, its ``seconds`` are up, or ``run`` is
    cancelled. Whatever fails meanwhile is reported and started again.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        seed: int | None = None,
        speakers: Sequence[Speaker] | None = None,
        listeners: Sequence[Listener] | None = None,
        screens: Sequence[Screen] | None = None,
        caches_speech: bool = False,
        dry: bool = False,
        pending: PendingEvents | None = None,
    ) -> None:
        """``speakers``, ``listeners`` and ``screens`` take the place of those that config asks for.

        ``dry``: no sound is heard, nothing is written or done on the platforms, or changed in OBS.

        ``pending`` keeps what viewers are owed for the next show; without it, a crash loses that.

        ``caches_speech``: see ``speaker.build``; a seed then does not make the same show again.
        Raises ConfigError.
        """
        self.settings = settings
        self.seed = random.SystemRandom().getrandbits(31) if seed is None else seed
        self.over = asyncio.Event()
        """Set it to end the show."""
        self.listeners_ended = asyncio.Event()
        """Set when every listener has come to its end (a recording that was played)."""
        self.facts = Facts()
        self.journal = Journal(settings)
        self.machine = limits.Machine(self.journal.folder)
        self.metrics = Metrics()
        self.supervisor = Supervisor(self.facts)

        if speakers is None:
            speakers = [speaker.build(settings, caches_speech=caches_speech)]
        self.speakers = list(speakers)
        _check_ids(self.speakers)
        self.memory = memory.build(settings)
        self.pending = pending or PendingEvents()
        self.promises = Promises(self.pending)
        self.listeners = list(listeners) if listeners is not None else chats.build(settings)
        if screens is None:
            screens = stage.build(settings, self.speakers[0].character)
        self.screens = list(screens)
        names_of_speakers = {one.id: one.character.name for one in self.speakers}
        self.stage = Stage(self.screens, names_of_speakers, muted=dry)
        self.server = Server(settings.stage, self.health)
        self.studio = _studio(self.screens, dry=dry)

        self.index = MessageIndex()
        self.rates = ExchangeRates(settings.chat.rates)
        self.commands = CommandParser(settings.gate, settings.inbox.ignore)
        self.guard = self.speakers[0].guard
        words = settings.guard.words
        # Else they are judged when the message is chosen: it may be held, or its author blocked.
        self._drops_own_words = Action(words.policies.get("own", words.action)) in _LEFT_OUT
        names = [name for one in self.speakers for name in one.character.aliases]
        self.inbox = Inbox(settings.inbox, names, self.seed, self.facts)
        self.performer = Performer(
            settings,
            self.speakers,
            self.stage,
            self.memory,
            self.inbox,
            facts=self.facts,
            seed=self.seed,
            promises=self.promises,
            is_trusted=lambda event: self.commands.trusted.of(event.platform, event.author) > Trust.EVERYONE,
        )
        self.state = StateKeeper(self.pending, self.speakers, self.stage, self.performer, self.inbox)
        self.thanks = Thanks(
            self.performer,
            self.promises,
            self.inbox,
            minutes=settings.pending.answer_minutes,
            chinese=chinese.is_in_chinese(self.speakers[0].character.persona),
        )
        self.resumption = Resumption(
            self.pending,
            self.promises,
            self.performer,
            inbox=self.inbox,
            index=self.index,
            facts=self.facts,
            state=self.state,
            thanks=self.thanks,
            answer_minutes=settings.pending.answer_minutes,
            admit=self._admit_again,
        )
        # Nobody is told what is judged for the pages: it is every line of chat.
        self.feed = ChatFeed(self.stage, Screening(self.guard, Facts(), lambda _: None))
        self.redemptions = Redemptions(
            [one for one in self.listeners if isinstance(one, RedemptionListener) and not dry], self.facts
        )
        self.outbox = Outbox(
            [one for one in self.listeners if isinstance(one, Writer) and not dry],
            self.guard,
            self.facts,
            prefix=self.commands.table.prefix,
            refused=self.inbox.verdict_of_moderators,
            replies=["twitch"] if settings.chat.twitch.write == "replies" else [],
        )
        self.ratings = Ratings(self.facts)
        self.moderators = ModeratorCommands(
            settings,
            self.speakers,
            self.stage,
            self.performer,
            self.inbox,
            commands=self.commands,
            outbox=self.outbox,
            facts=self.facts,
            metrics=self.metrics,
            ratings=self.ratings,
            healths=self.health,
            find=self.index.author,
            promises=self.promises,
            studio=self.studio,
            dry=dry,
        )
        self.backstage = Backstage(
            self.speakers,
            self.stage,
            self.performer,
            self.inbox,
            self.memory,
            moderators=self.moderators,
            table=self.commands.table,
            healths=self.health,
            find=self.index.author,
            studio=self.studio,
        )
        self.control = Control(self.backstage)
        self.stage.watch(self.control.show, "the control panel")
        self.alarms = Alarms(self.inbox, self.metrics, may_be_silent=lambda: self.performer.is_held_back)
        self.figures = Figures(self.facts, self.metrics, self.inbox, self.health)
        self._subscribe()

    def _subscribe(self) -> None:
        """Has the parts told of the facts that look on."""
        for part in (
            self.journal,
            self.metrics,
            self.redemptions,
            self.promises,
            self.state,
            self.ratings,
            self.outbox,
            self.alarms,
        ):
            self.facts.subscribe(part.note)
        if self.studio is not None:
            self.studio.follow(self.facts)
        self.facts.subscribe(self.control.note)

    def health(self) -> list[Health]:
        """Every part's state, in the order of the flow."""
        return self.supervisor.described(self._health_rows())

    def _health_rows(self) -> list[Health]:
        return [
            *(_health(listener, "chat") for listener in self.listeners),
            *(health for one in self.speakers for health in self._health_of(one)),
            _health(self.memory, "memory"),
            self.pending.health(),
            self.server.health(),
            self.control.health(),
            *(_health(screen, "stage") for screen in self.screens),
            *(one.guard.health() for one in self.speakers if one.guard.is_limited),
            self.journal.health(),
            self.machine.health(),
            *self.alarms.rows(),
        ]

    def _health_of(self, one: Speaker) -> list[Health]:
        """Of several speakers, each part says whose it is."""
        healths = [one.character.health(), _health(one.brain, "brain"), _health(one.voice, "voice")]
        if len(self.speakers) == 1:
            return healths
        return [replace(health, part=f"{health.part} {one.id}") for health in healths]

    @property
    def idle(self) -> bool:
        """Whether she neither thinks nor speaks, and nothing she must answer waits."""
        return not self.performer.busy and not self.inbox.paid_waiting

    # From start to stop.

    async def run(
        self, *, progress: Progress, on_air: Callable[[], None], seconds: float | None = None
    ) -> None:
        """Starts every part, goes on air, and stops every part again, whatever happens.

        ``on_air`` is called once everything runs, and chats had a moment to be reached. Raises BanbanError
        when the show cannot begin.
        """
        self.journal.open()
        names = ", ".join(one.character.name for one in self.speakers)
        self.facts.tell(ShowBegan(__version__, names, self.seed))
        try:
            await self.start(progress)
            await self._broadcast(on_air, seconds)
        finally:
            await self.stop()

    async def start(self, progress: Progress) -> None:
        """Every part, side by side. The first that cannot work is raised."""
        self.stage.tell(Ready(ready=False))
        parts: list[_Startable] = [
            self.memory,
            self.pending,
            *self.listeners,
            self.server,
            self.control,
            *self.screens,
        ]
        routed = [*parts, self.figures, *(part for one in self.speakers for part in (one.brain, one.voice))]
        try:
            for part in routed:
                if isinstance(part, Routed):
                    with registry.named(part):
                        self.server.add_routes(part.routes())
            async with asyncio.TaskGroup() as tasks:
                for one in self.speakers:
                    tasks.create_task(clock.in_thread(one.guard.warm_up))
                    tasks.create_task(clock.in_thread(one.writer.warm_up))
                    tasks.create_task(one.start_brain_or_go_on(progress))
                    tasks.create_task(one.start_voice_or_go_on())
                for part in parts:
                    tasks.create_task(_start(part))
        except* BanbanError as group:
            raise _first(group) from None

    async def stop(self) -> None:
        """Silence first, then every part, with a deadline for all of them together."""
        self.performer.hush(0)
        self.stage.tell(Ready(ready=False))
        self.moderators.close()
        self.outbox.close()
        self.facts.tell(ShowEnded(self.metrics.report(self.inbox.dropped), self.outbox.dropped))
        parts: list[_Stoppable] = [part for one in self.speakers for part in (one.brain, one.voice)]
        parts += [self.memory, self.pending, self.server, self.control, *self.screens]
        stopping = [asyncio.create_task(part.stop()) for part in parts]
        with clock.outside():
            _, late = await asyncio.wait(stopping, timeout=STOP_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*stopping, return_exceptions=True)
        await self.journal.close()

    async def _broadcast(self, on_air: Callable[[], None], seconds: float | None) -> None:
        """Has every duty done until the show ends. None can end it: each is kept by the supervisor."""
        duties: dict[str, Callable[[], Awaitable[None]]] = {
            "chat": self._listen,
            "turns": self.performer.run,
            "thanks": self.thanks.run,
            "chat on pages": self.feed.run,
            "moderators": self.moderators.run,
            "writing": self.outbox.run,
            "journal": self.journal.run,
            "control panel": self.control.run,
            "health": lambda: self.supervisor.watch(self.health),
            "event loop lag": self.metrics.watch_loop,
            "limits of the machine": self.machine.watch,
            "memory use": self.metrics.watch_memory,
            "garbage collection": lambda: garbage.collect_when(lambda: self.idle),
        }
        self.resumption.begin()
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(self.supervisor.keep(name, duty)) for name, duty in duties.items()]
            try:
                await self._reach_chats()
                self.stage.tell(Ready(ready=True))
                self.alarms.begin()
                on_air()
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self.over.wait()
            finally:
                self.promises.end()
                await self._fall_silent()
                self.redemptions.refund()
                self.resumption.end()
            for task in running:
                task.cancel()

    async def _reach_chats(self) -> None:
        """Waits until every chat is heard, or for ``ARRIVE_SECONDS``."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ARRIVE_SECONDS):
                for listener in self.listeners:
                    await listener.availability.until_ready()

    async def _fall_silent(self) -> None:
        """Cuts her short, and leaves her a moment to note what was heard."""
        self.performer.hush(0)
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_NOTES):
                while self.performer.busy:  # noqa: ASYNC110  # a few times at most
                    await asyncio.sleep(0.01)

    # What comes from chat.

    async def _listen(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for listener in self.listeners:
                duty = partial(self._receive_all, listener)
                tasks.create_task(self.supervisor.keep(_health(listener, "chat").part, duty))
        self.listeners_ended.set()

    async def _receive_all(self, listener: Listener) -> None:
        """Everything from one listener, until it ends or says that it never can be heard."""
        try:
            async for event in listener.events():
                self.receive(event)
                if isinstance(event, Deletion):
                    await asyncio.sleep(0)  # a wave of bans holds up nobody
        except ListenerError as error:
            if not error.final:
                raise
            log.error("%s", error)  # noqa: TRY400  # for the streamer, in words

    def receive(self, event: Event) -> None:
        """Something happened in chat: a command acts at once, the rest waits in the inbox. Never blocks."""
        event = replace(event, at=clock.now())
        if isinstance(event, Deletion):
            self._revoke(event)
            return
        if isinstance(event, StreamStatus):
            self.facts.tell(ChatReceived(event))
            log.info("%s: the stream has %s", escaped(event.channel), "begun" if event.live else "ended")
            return
        event = self._noted(event)
        if isinstance(event, ChatMessage) and (command := self.commands.parse(event)):
            self.facts.tell(ChatReceived(event, drop="command"))
            self.moderators.obey(command)
            return
        for_a_bot = isinstance(event, ChatMessage) and self.commands.is_for_a_bot(event)
        if isinstance(event, Redemption) and self.promises.is_from_before(event):
            self.redemptions.give_back(event)
        self.promises.take_in(event, partial(self._admit, event, for_a_bot=for_a_bot))

    def _noted(self, event: Answerable) -> Answerable:
        """The event with what its money is worth; who wrote what is known from now on."""
        self.commands.trusted.note(event.platform, event.author)
        self.index.note(event)
        if isinstance(event, ChatMessage) and event.money:
            return replace(event, money=self.rates.valued(event.money))
        return event

    def _admit_again(self, event: Answerable) -> None:
        """What is owed from an earlier show, which has shown and remembered it."""
        self._admit(self._noted(event), again=True)

    def _admit(self, event: Answerable, *, for_a_bot: bool = False, again: bool = False) -> None:
        """Into the inbox, unless something speaks against it."""
        admitted = event
        verdict = self.guard.glance(event.text)
        is_refused = self._drops_own_words and not verdict.allowed
        if is_refused and is_money(event):
            admitted = replace(event, text="")  # whoever gave money is thanked, whatever they wrote
        elif is_refused:
            self.inbox.dropped[Drop.FILTERED] += 1
            self.facts.tell(ChatReceived(event, Drop.FILTERED, verdict.rule))
            return
        drop = self.inbox.put(admitted, for_a_bot=for_a_bot)
        if drop not in _NOT_SHOWN and not again:
            self.feed.take_in(admitted)
        self.facts.tell(ChatReceived(event, drop or ""))
        if is_refused:
            found = Filtered(event.id, verdict.rule, verdict.action, verdict.detector, masked=verdict.text)
            self.facts.tell(found)
        if drop is None:
            if not again:
                self.memory.note(admitted)
            self.performer.take_in(admitted)

    def _revoke(self, deletion: Deletion) -> None:
        """Takes away what a moderator deleted, wherever it is."""
        self.facts.tell(ChatReceived(deletion))
        self.promises.delete(deletion)
        revocation = self.index.revocation(deletion)
        self.feed.revoke(revocation)
        waiting = self.inbox.revoke(revocation)
        revocation = replace(revocation, answers=self.memory.revoke(revocation))
        turns = self.performer.revoke(revocation)
        self.facts.tell(
            Revoked(
                deletion=deletion.id,
                waiting=[event.id for event in waiting],
                turns=turns,
                authors=len(revocation.authors),
                lines=len(revocation.lines),
                answers=len(revocation.answers),
            )
        )


async def _start(part: _Startable) -> None:
    with registry.named(part):
        await part.start()


def _health(part: _Reporting, kind: str) -> Health:
    """The part's own row; one in its place when it raises, so that no report of a part ends the show."""
    try:
        return part.health()
    except Exception as error:  # noqa: BLE001  # a part from elsewhere may do anything
        name = f"{kind}.{type(part).__name__}"
        return Health(name, State.DOWN, f"cannot say how it is: {error!r}", "report that to whoever made it")


def _studio(screens: Sequence[Screen], *, dry: bool) -> Studio | None:
    """The broadcasting program, if one of the screens is one. In a dry run it looks on."""
    studio = next((screen for screen in screens if isinstance(screen, Studio)), None)
    if dry and studio is not None:
        studio.look_on()
    return studio


def _check_ids(speakers: Sequence[Speaker]) -> None:
    """Raises ConfigError where two speakers could not be told apart."""
    for number, one in enumerate(speakers):
        for other in speakers[:number]:
            if one.id == other.id:
                raise ConfigError(
                    f"two characters have a folder called {one.id!r}",
                    where=f"{other.character.folder} and {one.character.folder}",
                    hint="rename one of the folders",
                )


def _first(group: BaseExceptionGroup[BanbanError]) -> BanbanError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, BanbanError)  # noqa: S101  # except* let nothing else in
    return error
