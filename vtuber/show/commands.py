"""Moderators' commands: what each one does, and the reply to whoever gave it."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import partial

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.events import HOUSE, ChatMessage
from vtuber.core.health import Health
from vtuber.core.recent import Recent
from vtuber.core.text import escaped
from vtuber.guard import Action, Door
from vtuber.inbox import Inbox
from vtuber.moderation import command_table
from vtuber.moderation.command_table import COMMANDS, UsageError
from vtuber.moderation.commands import Command, CommandParser
from vtuber.moderation.trust import Trust, plain
from vtuber.record.facts import TOLD, CommandGiven, Facts
from vtuber.record.metrics import Metrics
from vtuber.show.agenda import REQUESTS_WAITING
from vtuber.show.air_commands import AirCommands
from vtuber.show.audited import AuditedGuard
from vtuber.show.orders import PANEL, PROMISED, Act, Obeyed, Refusal, is_withheld
from vtuber.show.outbox import Outbox
from vtuber.show.performer import Performer
from vtuber.show.promises import Promises
from vtuber.show.ratings import Ratings
from vtuber.show.sound_commands import SoundCommands
from vtuber.show.speaker import Speaker
from vtuber.show.studio_commands import StudioCommands
from vtuber.show.waiting_commands import WaitingCommands
from vtuber.stage import Studio
from vtuber.stage.stage import Stage

log = logging.getLogger(TOLD)

PLATFORMS = ("twitch", "youtube")
"""Where a viewer is forgotten when the command names no platform."""

VIEWERS_SECONDS = 60.0
"""Seconds in which a viewer's command is not carried out a second time."""

LEAVING = 500
"""How many viewers may wait to be forgotten."""

FORGET_EVERY = 0.05
"""Seconds between two of them, so that a crowd delays nobody else."""

IDS = 5000
"""How many of the latest commands are remembered, to ignore one that arrives twice."""

CROWDED = "too many viewers ask for this right now; try again later"


class ModeratorCommands:
    """Carries out each command as soon as it arrives, replies to whoever gave it, and tells the facts.

    Viewers who ask to be forgotten, of whom there may be a crowd, wait for ``run``.
    """

    def __init__(
        self,
        settings: Settings,
        speakers: Sequence[Speaker],
        stage: Stage,
        performer: Performer,
        inbox: Inbox,
        *,
        commands: CommandParser,
        outbox: Outbox,
        facts: Facts,
        metrics: Metrics,
        ratings: Ratings,
        healths: Callable[[], list[Health]],
        find: Callable[[str, str], str | None],
        promises: Promises,
        studio: Studio | None = None,
        dry: bool = False,
    ) -> None:
        """``find`` tells the id of whoever wrote lately on a platform under a name."""
        self._settings = settings
        self._speakers = tuple(speakers)
        self._guard = AuditedGuard(self._speakers[0].guard, facts)
        self._stage = stage
        self._performer = performer
        self._promises = promises
        self._agenda = performer.agenda
        air = AirCommands(performer.air, ratings, self._guard, commands.table)
        self._inbox = inbox
        self._trusted = commands.trusted
        self._table = commands.table
        self._outbox = outbox
        self._facts = facts
        self._metrics = metrics
        self._healths = healths
        self._find = find
        self._carried_out: Recent[tuple[str, str], None] = Recent(IDS)
        self._viewers: Recent[tuple[str, str, str], float] = Recent(IDS)
        self._leaving: asyncio.Queue[tuple[str, str]] = asyncio.Queue(LEAVING)
        self._asked = 0
        """How many questions are being written down, before they wait."""
        waiting = WaitingCommands(
            performer, self._table, shown=self._shown, when=self._when, guard=self._guard
        )
        self._acts: dict[str, Act] = {
            "hush": self._hush,
            "skip": self._skip,
            "pause": self._pause,
            "resume": self._resume,
            "mute": self._mute,
            "say": self._say,
            "ask": self._ask,
            "ignore": self._ignore,
            "unignore": self._unignore,
            "forget": self._forget,
            "topic": self._topic,
            "mood": self._mood,
            "slow": self._slow,
            "status": self._status,
            "help": self._help,
            "forgetme": self._forgetme,
            **waiting.acts(),
            **air.acts(),
            **StudioCommands(studio, dry=dry).acts(),
            **SoundCommands(settings.voice.loudness, [one.voice for one in self._speakers]).acts(),
        }

    async def run(self) -> None:
        """Forgets the viewers who asked for it, one after another, until cancelled."""
        while True:
            self._performer.forget(*await self._leaving.get())
            await asyncio.sleep(FORGET_EVERY)

    def close(self) -> None:
        """Forgets those who still wait for it."""
        while not self._leaving.empty():
            self._performer.forget(*self._leaving.get_nowait())

    def obey(self, command: Command) -> Obeyed:
        """Acts at once. A command that comes a second time, or too soon from a viewer, does nothing more."""
        message = command.message
        key = (message.platform, message.id)
        is_asked = command.name in PROMISED and self._promises.is_known(message)
        if is_asked or key in self._carried_out:
            return Obeyed("this command came before", done=False)
        self._carried_out.set(key, None)
        self._guard.about = message.id
        withheld = "it may be meant for another bot" if command.stray else ""
        if self._is_too_soon(command):
            withheld = "this viewer sent the same command a moment ago"
            obeyed = Obeyed(withheld, done=False)
        else:
            obeyed = self._carry_out(command)
        note = partial(self._note, command, obeyed.reply)
        if command.name in PROMISED:
            self._promises.after(note)
        else:
            note()
        if withheld:
            self._outbox.withhold(obeyed.reply, message, withheld)
        elif message.platform != PANEL:  # which has it from here
            humble = command.trust is Trust.EVERYONE
            self._promises.after(partial(self._outbox.put, obeyed.reply, message, humble=humble))
        return obeyed

    async def written(self, name: str) -> None:
        """Returns once what a command of that name promised is written down; for most at once."""
        if name in PROMISED:
            await self._promises.written()

    def _carry_out(self, command: Command) -> Obeyed:
        if command.problem:
            return Obeyed(command.problem, done=False)
        try:
            return Obeyed(self._acts[command.name](command), done=True)
        except Refusal as refusal:
            return Obeyed(str(refusal), done=False)
        except UsageError as wrong:
            reply = "; ".join(filter(None, (str(wrong), f"write {self._table.usage(command.name)}")))
            return Obeyed(reply, done=False)

    def _is_too_soon(self, command: Command) -> bool:
        """However many viewers ask, and however often, none of them is served twice in a minute."""
        if command.trust is not Trust.EVERYONE:
            return False
        who = (command.message.platform, command.message.author.id, command.name)
        before = self._viewers.get(who)
        if before is not None and clock.now() - before < VIEWERS_SECONDS:
            return True
        self._viewers.set(who, clock.now())
        return False

    def _note(self, command: Command, did: str) -> None:
        message = command.message
        self._facts.tell(
            CommandGiven(
                id=message.id,
                platform=message.platform,
                channel=message.channel,
                by=message.author.id,
                who=message.author.name,
                role=str(command.trust),
                text=message.text,
                order=command.name,
                did=did,
            )
        )
        level = logging.DEBUG if command.trust is Trust.EVERYONE else logging.INFO
        log.log(level, "%s by %s: %s", escaped(message.text), escaped(message.author.name), escaped(did))

    # Her voice.

    def _hush(self, _: Command) -> str:
        seconds = self._settings.gate.hush_seconds
        self._performer.hush(seconds)
        return f"she is silent for {seconds:g} seconds"

    def _skip(self, _: Command) -> str:
        if not self._performer.skip():
            raise Refusal("there is no reply to drop")
        return "dropped the reply"

    def _pause(self, _: Command) -> str:
        self._performer.pause()
        return f"she answers nobody until {self._table.typed('resume')}"

    def _resume(self, _: Command) -> str:
        self._performer.resume()
        return "she answers again"

    def _mute(self, command: Command) -> str:
        seconds = command_table.seconds(command.argument, least=1)
        self._performer.hush(seconds, override=True)
        return f"she is silent for {seconds:g} seconds"

    def _say(self, command: Command) -> str:
        words = command_table.text(command.argument)
        if self._is_crowded(command):
            raise Refusal(CROWDED)
        self._performer.say(replace(command.message, text=words), words)
        return f"she will say it{self._when()}"

    def _ask(self, command: Command) -> str:
        words = command_table.text(command.argument)
        verdict = self._guard.judge(words, Door.MESSAGE, "question")
        if verdict.action.severity > Action.SOFTEN.severity:
            raise Refusal(f"a filter stopped this question: {verdict.reason}")
        question = replace(command.message, text=verdict.text, emotes=(), reply_to="", mentions=())
        if self._is_crowded(command):
            raise Refusal(CROWDED)
        self._asked += 1
        self._promises.take_in(question, partial(self._ask_her, question), asked=True)
        return f"she will answer it{self._when()}"

    def _ask_her(self, question: ChatMessage) -> None:
        self._asked -= 1
        self._performer.ask(question)

    def _slow(self, command: Command) -> str:
        seconds = command_table.seconds(command.argument, least=0)
        self._agenda.set_pace(seconds)
        return (
            f"she answers at most once in {seconds:g} seconds"
            if seconds
            else "she answers as fast as she can"
        )

    def _is_crowded(self, command: Command) -> bool:
        """Whether a viewer's request would push out another that waits, maybe a moderator's."""
        return command.trust is Trust.EVERYONE and self._asked + len(self._agenda) >= REQUESTS_WAITING

    def _when(self) -> str:
        silence = math.ceil(self._agenda.silence)
        return f" after {silence} seconds of silence" if silence else ""

    # People.

    def _ignore(self, command: Command) -> str:
        name, seconds = command_table.viewer_and_seconds(command.argument)
        place, channel = _place(command.message), command.message.channel
        trust = self._trusted.known(place, name, channel)
        another_moderator = trust is Trust.MODERATOR and name.casefold() not in command.message.author.names
        if trust >= command.trust and not (another_moderator and trust is command.trust):  # that may be a bot
            raise Refusal(f"{self._shown(name)} is {trust}, and you are {command.trust}")
        self._inbox.ignore(place, name, until=clock.now() + seconds)
        self._performer.reconsider()
        if seconds < math.inf:
            return f"she does not answer {self._shown(name)} for {seconds / 60:g} minutes"
        return f"she does not answer {self._shown(name)}"

    def _unignore(self, command: Command) -> str:
        name = command_table.viewer(command.argument)
        place = _place(command.message)
        undone = self._inbox.unignore(place, name)
        for platform in [place] if place else PLATFORMS:
            if known := self._find(platform, name):  # whom the guard blocked, it blocked by their id
                undone |= self._inbox.unignore(platform, known)
        if not undone:
            raise Refusal(f"{self._shown(name)} was not ignored")
        return f"{self._shown(name)} is answered again"

    def _forget(self, command: Command) -> str:
        name, place = command_table.viewer(command.argument), _place(command.message)
        for platform in [place] if place else PLATFORMS:
            self._performer.forget(platform, name)
            if known := self._find(platform, name):  # by a name that memory may not know
                self._performer.forget(platform, known)
        return f"{self._shown(name)} is forgotten"

    def _forgetme(self, command: Command) -> str:
        try:
            self._leaving.put_nowait((command.message.platform, command.message.author.id))
        except asyncio.QueueFull:
            raise Refusal(CROWDED) from None
        return "you are forgotten"

    def _shown(self, name: str) -> str:
        """A name that a viewer chose, if she may write it."""
        doors = (Door.NAME, Door.WRITTEN)
        judged = (self._guard.judge(name, door, "name in a command").allowed for door in doors)
        return f"@{name}" if all(judged) else "that viewer"

    # What she is like.

    def _topic(self, command: Command) -> str:
        topic = command.argument
        doors = (Door.PROMPT, Door.SPOKEN)
        judged = (self._guard.judge(topic, door, "topic") for door in doors)
        if verdict := next((one for one in judged if not one.allowed), None):
            raise Refusal(f"a filter stopped this topic: {verdict.reason}")
        for speaker in self._speakers:
            speaker.conversation.topic = command.argument
        return "she knows the topic now" if command.argument else "there is no topic now"

    def _mood(self, command: Command) -> str:
        moods = {plain(mood): mood for speaker in self._speakers for mood in speaker.character.moods}
        near = get_close_matches(plain(command.argument), moods, n=1) if command.argument else [""]
        if not near:
            raise UsageError(f"her moods are {', '.join(moods.values())}")
        mood = moods.get(near[0], "")
        for speaker in self._speakers:
            if not mood or mood in speaker.character.moods:
                self._stage.feel(mood, speaker=speaker.id)
        return f"she is {mood} now" if mood else "each sentence has its own mood again"

    # What they want to know.

    def _status(self, _: Command) -> str:
        performer, agenda, first = self._performer, self._agenda, self._speakers[0]
        mood, topic = self._stage.mood(first.id), first.conversation.topic
        cache = first.speech_cache
        states = [
            "paused" if agenda.paused else "busy" if performer.busy else "listening",
            f"silent for {math.ceil(agenda.silence)} seconds" if agenda.silence else "",
            f"one answer in {agenda.pace:g} seconds" if agenda.pace else "",
            f"{len(self._inbox)} waiting",
            f"{len(agenda.held)} held for a moderator" if len(agenda.held) else "",
            f"{len(performer.air.waiting)} sentences wait to be heard" if performer.air.waiting else "",
            f"{self._metrics.turns} replies",
            f"{cache.hits} of {cache.asked} pieces of speech were there already" if cache.hits else "",
            f"mood {mood}" if mood else "",
            ", ".join(f"{health.part}: {health.state}" for health in self._healths()),
            f"topic {topic}" if topic else "",
        ]
        return "; ".join(filter(None, states))

    def _help(self, command: Command) -> str:
        table, trust, platform = self._table, command.trust, command.message.platform
        names = [name for name in table.open_to(trust) if not is_withheld(name, trust, platform)]
        if not command.argument:
            return ", ".join(map(table.typed, names))
        name = table.find(command.argument) or table.nearest(command.argument, trust)
        if name not in names:
            raise UsageError("you have no such command")
        return f"{table.usage(name)}: {COMMANDS[name].help}"


def _place(message: ChatMessage) -> str:
    """The platform that a command is about; "" (all of them) for one of the terminal's or the panel's."""
    return "" if message.platform in HOUSE else message.platform
