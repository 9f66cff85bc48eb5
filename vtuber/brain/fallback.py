"""Several brains that stand in for each other; when none can answer, ``ReplyWriter`` says a fallback line.

The first that is well answers. One that fails, or does not begin in time, is set aside, and the next goes on
from what was said already. What is set aside is tried again in the background; no viewer waits for that.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

from vtuber.brain import AFRESH, PARTS, Brain, Judge, Prompt, PromptLine, Usage
from vtuber.brain.fallback_lines import FallbackLines
from vtuber.brain.reply_filter import Habits, ReplyFilter
from vtuber.brain.tokens import estimate_lines
from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import registry
from vtuber.core.availability import Availability, Progress
from vtuber.core.backoff import Backoff
from vtuber.core.errors import BanbanError, BrainError
from vtuber.core.health import Health, State
from vtuber.core.text import escaped

log = logging.getLogger(__name__)

T = TypeVar("T")

_FIRST_RETRY, _LONGEST_RETRY = 1.0, 60.0
"""Seconds until a brain that was set aside is tried again; doubled each time, until it has answered."""


class _Deadline(NamedTuple):
    seconds: float
    hint: str


class _LateError(BrainError):
    """No answer within the deadline."""


_START = _Deadline(3600.0, "use a smaller model or a shorter persona")
"""For loading, or for reading a whole persona; a brain gives up before, by its own deadlines."""


@dataclass(eq=False, slots=True)
class _Member:
    name: str
    brain: Brain
    started: bool = False
    trouble: BanbanError | None = None
    """Why it is set aside."""
    habits: Habits = field(default_factory=Habits)
    backoff: Backoff = field(default_factory=lambda: Backoff(_FIRST_RETRY, _LONGEST_RETRY))
    recovery: asyncio.Task[None] | None = None
    """What tries it meanwhile."""

    @property
    def is_away(self) -> bool:
        """Whether it is just bringing itself back, and whoever asks it must wait for that."""
        return not self.brain.availability.is_ready

    def health(self) -> Health:
        own = self.brain.health()
        if self.trouble is None or own.state.is_away:
            return own
        what = f"{own.what}: {self.trouble.what}{self.backoff.note}"
        return Health("brain", self.backoff.state, what, self.trouble.hint)


class BrainFallback:
    """A Brain made of others, by their names in config.toml."""

    def __init__(
        self, brains: Mapping[str, Brain], settings: Settings, fallback_lines: Sequence[str]
    ) -> None:
        self._members = [_Member(name, brain) for name, brain in brains.items()]
        self._last_deadline = _Deadline(
            settings.brain.first_token_seconds,
            "use a smaller model or a shorter persona, or raise brain.first_token_seconds",
        )
        self._deadline = self._last_deadline
        if len(brains) > 1:
            self._deadline = _Deadline(
                settings.brain.patience_seconds,
                "use a smaller model or a shorter persona, or raise brain.patience_seconds",
            )
        self.fallback_lines = FallbackLines(fallback_lines)
        """Said when none can answer."""
        self._answering: _Member | None = None
        self._head: tuple[PromptLine, ...] = ()
        self.availability = Availability()
        """Ready while one at least is."""
        for member in self._members:
            member.brain.availability.watch(self._note_availability)
        self._note_availability()

    async def start(self, progress: Progress) -> None:
        """Raises what the first says when none can start, and any's ConfigError."""

        async def start(member: _Member) -> None:
            with registry.named(member.brain):
                await member.brain.start(progress)
            member.started = True

        await self._ask(self._members, start, _START)
        self._raise_unless_well()

    async def prefill_head(self, head: tuple[PromptLine, ...]) -> None:
        """Should all die over that, they are asked once more. Raises what the first says when none can."""
        self._head = head

        async def prefill(member: _Member) -> None:
            await member.brain.prefill_head(head)
            await self._take_back(member)

        await self._ask(self._well or self._started, prefill, _START)
        if not self._well:
            await self._ask(self._started, prefill, _START)
        self._raise_unless_well()

    async def prefill(self, lines: tuple[PromptLine, ...]) -> None:
        """By the one that is asked first; what troubles it shows when it answers."""
        for member in self._ready[:1]:
            with suppress(BrainError):
                await member.brain.prefill(lines)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        """Nothing when none has anything to say. Raises BrainError when none can, after what they said."""
        self._head = prompt.lines[: prompt.head]
        if prompt.known:
            self._answering = None
            yield prompt.known
            return
        asked, said = prompt.lines[-1], prompt.reply_so_far
        order = await self._order(asked.name)
        trouble = None if order else self._members[0].trouble
        for attempt, member in enumerate(order):
            deadline = self._deadline if order[-1] is not member else self._last_deadline
            question = replace(prompt, seed=prompt.seed + attempt, reply_so_far=said)
            self._answering = member
            try:
                async with aclosing(_heard(member, question, deadline)) as texts:
                    async for text in texts:
                        said = (said + text).rpartition(AFRESH)[2]
                        yield text
            except BrainError as error:
                trouble = error
                if member in order[attempt + 1 :] and not isinstance(error, _LateError):
                    log.warning("%s: %s; it is asked once more", member.name, escaped(error.what))
                    continue
                self._set_aside(member, error)
                if member in order[attempt + 1 :]:
                    break  # whoever asked has waited long enough for a fallback line
            else:
                if said.strip():
                    member.backoff.reset()
                    self.fallback_lines.answered(asked.name)
                    return
        self._answering = None
        if trouble:
            raise trouble

    async def count(self, lines: tuple[PromptLine, ...]) -> int:
        """What they take at most, whoever will answer. Where none can count, it is estimated."""
        able = self._ready or [member for member in self._started if not member.is_away]
        counted = await self._ask(able, lambda member: member.brain.count(lines), self._deadline)
        return max(counted, default=estimate_lines(lines))

    async def judge(self, question: str) -> float | None:
        """By the one that answers now, or would be asked first. Raises BrainError when none is there."""
        ready = self._ready
        asked = self._answering if self._answering in ready else next(iter(ready), None)
        if asked is None:
            raise BrainError("no brain is there to judge", where="brain")
        return await asked.brain.judge(question) if isinstance(asked.brain, Judge) else None

    @property
    def can_prefill(self) -> bool:
        """Whether all can that have started."""
        return bool(self._started) and all(member.brain.can_prefill for member in self._started)

    @property
    def context(self) -> int:
        """The smallest."""
        return min(member.brain.context for member in self._members)

    @property
    def usage(self) -> Usage:
        return self._answering.brain.usage if self._answering else Usage()

    async def stop(self) -> None:
        recoveries = [member.recovery for member in self._members if member.recovery]
        for recovery in recoveries:
            recovery.cancel()
        stopping = [member.brain.stop() for member in self._members]
        await asyncio.gather(*recoveries, *stopping, return_exceptions=True)

    def routes(self) -> list[Any]:
        """Those of the brains that answer HTTP requests (``stage.server.Routed``)."""
        return [route for one in self._members for route in getattr(one.brain, "routes", list)()]

    def health(self) -> Health:
        each = [member.health() for member in self._members]
        if len(each) == 1:
            return each[0]
        each_is = [
            f"{member.name}: {health.what}" for member, health in zip(self._members, each, strict=True)
        ]
        states = {health.state for health in each}
        hint = next((health.hint for health in each if health.state is not State.OK and health.hint), "")
        if each[0].state is State.OK and not any(state.is_away for state in states):
            state, hint = State.OK, ""  # those behind it may be toys
        else:
            state = states.pop() if len(states) == 1 else State.LIMITED
        return Health("brain", state, "; then ".join(each_is), hint)

    async def answers(self, prompt: Prompt) -> dict[str, str | BrainError]:
        """What each of them says to this, by its name in config.toml, or why it says nothing: to try them."""
        found: dict[str, str | BrainError] = {}
        for member in self._members:
            said = ""
            try:
                async with aclosing(_heard(member, prompt, self._last_deadline)) as texts:
                    async for text in texts:
                        said = (said + text).rpartition(AFRESH)[2]
                found[member.name] = said
            except BrainError as error:
                found[member.name] = error
        return found

    # Who is well

    @property
    def _started(self) -> list[_Member]:
        return [member for member in self._members if member.started]

    @property
    def _well(self) -> list[_Member]:
        return [member for member in self._members if member.trouble is None]

    @property
    def _ready(self) -> list[_Member]:
        return [member for member in self._well if not member.is_away]

    async def _order(self, viewer: str) -> list[_Member]:
        """Who is asked, one after the other: all that are well, the ready ones first; and the last once more.

        A viewer whose last answer was a fallback line waits a little for one of them to come back.
        """
        if not self._well and self.fallback_lines.had(viewer):
            with suppress(TimeoutError):
                async with asyncio.timeout(self._deadline.seconds):
                    await self.availability.until_ready()
        ready = self._ready
        order = [*ready, *(member for member in self._well if member not in ready)]
        return [*order, *order[-1:]]

    async def _ask(
        self, members: Sequence[_Member], ask: Callable[[_Member], Awaitable[T]], deadline: _Deadline
    ) -> list[T]:
        """What those answer that can; the others are set aside. Raises ConfigError."""

        async def one(member: _Member) -> T:  # nobody is asked before it runs: it may be cancelled until then
            return await _within(deadline, ask(member))

        found = await asyncio.gather(*map(one, members), return_exceptions=True)
        answers = []
        for member, answer in zip(members, found, strict=True):
            if isinstance(answer, BrainError):
                self._set_aside(member, answer)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                answers.append(answer)
        return answers

    def _note_availability(self) -> None:
        self.availability.set(ready=bool(self._ready))

    def _raise_unless_well(self) -> None:
        if not self._well and (trouble := self._members[0].trouble):
            raise trouble

    def _set_aside(self, member: _Member, why: BrainError) -> None:
        """Asks nothing of it until it has recovered."""
        if member.trouble is None:
            log.warning("%s is not used until it works again: %s", member.name, escaped(why.what))
            member.recovery = asyncio.create_task(self._recover(member))
        member.trouble = why
        self._note_availability()

    async def _take_back(self, member: _Member) -> None:
        """It is well, and need not be tried any more."""
        if member.trouble is None:
            return
        log.info("%s works again", member.name)
        member.trouble = None
        self._note_availability()
        if (recovery := member.recovery) and recovery is not asyncio.current_task():
            recovery.cancel()
            await asyncio.wait({recovery})

    async def _recover(self, member: _Member) -> None:
        """Tries it later and later, until it is well and quick."""
        while member.trouble is not None:
            await asyncio.sleep(member.backoff.next())
            try:
                await self._try(member)
            except Exception as error:  # noqa: BLE001  # whatever it was, she must not lose it for ever
                member.trouble = error if isinstance(error, BanbanError) else BrainError(repr(error))
                log.debug("%s does not work yet: %s", member.name, escaped(member.trouble.what))
            else:
                await self._take_back(member)

    async def _try(self, member: _Member) -> None:
        """Raises whatever keeps it from answering in time."""
        if not member.started:
            await _within(_START, member.brain.start(lambda _share, _words: None))
            member.started = True
        await _within(_START, member.brain.prefill_head(self._head))
        # With nothing left to read, this shows whether it is quick.
        await _within(self._deadline, member.brain.prefill_head(self._head))


async def _heard(member: _Member, prompt: Prompt, deadline: _Deadline) -> AsyncGenerator[str, None]:
    """Its answer, each text of it in time, without what nobody should hear. Raises BrainError."""
    asker, goes_on = prompt.lines[-1].name, bool(prompt.reply_so_far)
    reply = ReplyFilter(prompt.names, asker, goes_on=goes_on, habits=member.habits)
    trouble = None
    try:
        async with aclosing(member.brain.stream(prompt)) as tokens:
            while not reply.ended and (token := await _within(deadline, anext(tokens, None))) is not None:
                if text := reply.add(token):
                    yield text
    except BrainError as error:
        trouble = error
    if text := reply.finish():
        yield text
    if trouble:
        raise trouble


async def _within(deadline: _Deadline, answer: Awaitable[T]) -> T:
    """The answer. Raises BrainError when it does not come in time."""
    try:
        async with asyncio.timeout(deadline.seconds):
            return await answer
    except TimeoutError:
        raise _LateError(
            f"no answer for {deadline.seconds:g} seconds", where="brain", hint=deadline.hint
        ) from None


def build(settings: Settings, character: Character) -> BrainFallback:
    """The chosen brain, those that answer when it cannot, and her fallback lines. Raises ConfigError.

    "auto", where nobody has chosen yet (``choice.choose``), is what needs nothing else: llama.
    """
    names = {"llama" if settings.brain.use == "auto" else settings.brain.use: "brain.use"}
    for index, name in enumerate(settings.brain.then):
        names.setdefault(name, f"brain.then[{index}]")
    brains = {
        name: registry.make("brain", PARTS, name, settings, where=where) for name, where in names.items()
    }
    return BrainFallback(brains, settings, character.fallback_lines)
