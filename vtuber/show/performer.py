"""Her part of the show: whom she answers next, one turn after another, and stopping at once."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter, deque
from collections.abc import Callable, Sequence
from itertools import count

from vtuber.core import clock
from vtuber.core.events import Answerable, Batch, Pick, is_paid
from vtuber.core.health import State
from vtuber.core.text import escaped
from vtuber.inbox import Drop, Inbox
from vtuber.memory.purge import is_person
from vtuber.moderation.revocation import Revocation
from vtuber.record.metrics import Metrics
from vtuber.show.agenda import Agenda
from vtuber.show.turn import Cast, Reply, Turn

log = logging.getLogger(__name__)

TRIES = 3
"""How often she begins an answer of which nothing is heard, though no part is away."""

LINGERING = 4
"""Of so many replies that are over, something may still be seen."""

AFTER_FAILURE = 1.0
"""Seconds before she tries again when a reply failed."""


class Performer:
    """Answers what is in the inbox, for as long as ``run`` runs."""

    def __init__(self, cast: Cast, inbox: Inbox, metrics: Metrics, *, seed: int) -> None:
        self.metrics = metrics
        self.agenda = Agenda(inbox, cast.filter, cast.journal)
        self.on_answered: Callable[[Turn], None] = lambda _turn: None
        """Told of each answer of which something was heard, when it is over."""
        self._cast = cast
        self._inbox = inbox
        self._seed = seed
        self._turns: list[Turn] = []
        self._over: deque[Turn] = deque(maxlen=LINGERING)
        self._tries: Counter[tuple[str, str]] = Counter()
        self._owed: list[Batch] = []
        self._fell_silent: float | None = None

    @property
    def busy(self) -> bool:
        """Whether she thinks, speaks, or has something to do by order."""
        return bool(self._turns) or len(self.agenda) > 0

    # What others tell her. All of it takes effect at once.

    def hush(self, seconds: float, *, anew: bool = False) -> None:
        """Silence now: drops all she says, thinks and was told to do. For how long: ``Agenda.be_silent``."""
        self.agenda.clear()
        self._cut(self._turns)
        self.agenda.be_silent(seconds, anew=anew)

    def skip(self) -> bool:
        """Drops the reply that is being heard (or made), and goes on. Whether there was one."""
        turns = [turn for turn in self._turns if turn.sounding] or self._turns
        self._cut(turns)
        return bool(turns)

    def revoke(self, revocation: Revocation) -> list[int]:
        """Takes back all that has to do with what a moderator deleted. Returns the turns that had.

        A reply to it stops at once (``gate.finish_deleted``: unless it is being heard already), and whatever
        else was in its batch waits again, to be answered without it.
        """
        cast, may_finish = self._cast, self._cast.settings.gate.finish_deleted
        cast.conversation.revoke(revocation)
        held = [turn for turn in self._turns if turn.holds(revocation)]
        for turn in held:
            turn.withdraw()
            finish = may_finish and turn.is_heard
            if not finish:
                cast.journal.write("cut", turn=turn.number)
                turn.cut(anew=True)
            if not finish or revocation.takes(turn.batch.lead.event):
                cast.stage.withdraw(turn.number, finish=finish)
        lingering = [turn for turn in self._over if turn.holds(revocation)]
        for turn in lingering:
            cast.stage.withdraw(turn.number, finish=may_finish)
        return [turn.number for turn in (*lingering, *held)]

    def forget(self, platform: str, who: str) -> None:
        """Forgets all that is known of somebody, told by id or by name, and what she is saying to them."""
        for turn in self._turns:
            if any(is_person(event, platform, who) for event in turn.batch.events):
                turn.withdraw()
        self._cast.conversation.forget(platform, who)
        self._cast.memory.forget(platform, who)

    def _cut(self, turns: Sequence[Turn]) -> None:
        for turn in list(turns):
            self._cast.journal.write("cut", turn=turn.number)
            turn.cut()
        if turns:
            self._cast.stage.hush()

    # What she does.

    async def run(self) -> None:
        """Turn after turn. The next is chosen when the one before is made and nearly heard.

        Until then the model has time for other things.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._give_back_owed())
            for number in count(1):
                tidying = tasks.create_task(self._stay_tidy())
                await self._cast.stage.quiet(self._cast.settings.show.take_early)
                assignment = await self.agenda.next()
                tidying.cancel()  # not waited for: who is in the batch must be known to ``revoke`` at once
                seed = random.Random(f"{self._seed}:{number}").getrandbits(31)
                turn = Turn(number, assignment.batch, self._cast, seed=seed, script=assignment.script)
                self._turns.append(turn)
                tasks.create_task(self._perform(turn))
                await turn.made.wait()

    async def _stay_tidy(self) -> None:
        """Its failure costs the next reply time, and nothing else."""
        try:
            await self._cast.conversation.stay_tidy()
        except Exception as error:  # noqa: BLE001  # whatever it was, the show goes on
            log.warning("the conversation was not put in order: %s", escaped(repr(error)))

    async def _perform(self, turn: Turn) -> None:
        """One turn, from the sign that she thinks to the last word. Its failure is its own."""
        self._note_batch(turn)
        lead = turn.batch.lead.event
        if not turn.script and not turn.was_cut:
            self._cast.stage.thinking(lead.author.name, lead.text, lead.platform, turn.number)
        try:
            reply = await turn.run()
        except Exception as error:  # one reply failing never stops the show
            log.error("turn %d failed: %s", turn.number, escaped(repr(error)))  # noqa: TRY400  # in words
            log.debug("turn %d", turn.number, exc_info=error)
            self._cast.journal.write("failure", part="turn", turn=turn.number, error=repr(error))
            if not turn.script:
                self._put_off(turn, turn.batch.picks)
            return
        finally:
            self._turns.remove(turn)
            self._over.append(turn)
            if not self._turns:
                self._cast.stage.rest()
            self.agenda.notice()
        self._note_reply(turn, reply)
        if turn.script:
            return
        if reply.heard and not turn.begins_anew:
            self._count(turn, reply)
        if reply.answer and not turn.begins_anew:
            self.on_answered(turn)
        elif reply.heard and not turn.was_cut:
            self._console(turn)
        else:
            self._put_off(turn, turn.batch.picks, patient=bool(reply.failed))
        if reply.heard:
            self._fell_silent = clock.now()

    def _console(self, turn: Turn) -> None:
        """She had nothing but a fallback line: whoever paid waits for more, as long as her model is away."""
        picks = turn.batch.picks
        owed = tuple(pick for pick in picks if is_paid(pick.event))
        for pick in picks:
            if pick not in owed:
                self._inbox.give_up(pick.event, Drop.UNANSWERED)
        if owed and self._is_away:
            self._owed.append(turn.batch.of(owed))
        elif owed:
            self._put_off(turn, owed)

    @property
    def _is_away(self) -> bool:
        return self._cast.brain.health().state is State.DOWN

    async def _give_back_owed(self) -> None:
        """Has those asked again who got a fallback line, once her model is back."""
        while True:
            await asyncio.sleep(AFTER_FAILURE)
            if self._owed and not self._is_away:
                owed, self._owed = self._owed, []
                for batch in owed:
                    self.agenda.put_back(batch)

    def _put_off(self, turn: Turn, picks: Sequence[Pick], *, patient: bool = False) -> None:
        """Nothing of an answer was heard, or all of it was taken back: who asked for it waits again.

        ``patient``: a part is away, and will come back.
        """
        if reason := self._why_given_up(turn, picks[0].event, patient=patient):
            self._inbox.give_up(picks[0].event, reason)
            picks = picks[1:]
        if picks:
            self.agenda.put_back(turn.batch.of(picks))
        if not turn.was_cut:
            self.agenda.be_silent(AFTER_FAILURE)

    def _why_given_up(self, turn: Turn, event: Answerable, *, patient: bool) -> Drop | None:
        """Why whom she answered does not wait again; None when they do, which is not for ever.

        There are ``TRIES``; and what a moderator cut is not begun again, only its company is. Of what was
        deleted, the inbox knows.
        """
        key = (event.platform, event.id)
        if turn.begins_anew:
            return None
        if not (turn.was_cut or patient):
            self._tries[key] += 1
        if not turn.was_cut and self._tries[key] < TRIES:
            return None
        self._tries.pop(key, None)
        return Drop.CUT if turn.was_cut else Drop.UNANSWERED

    def _count(self, turn: Turn, reply: Reply) -> None:
        """The turn in figures."""
        batch, metrics = turn.batch, self.metrics
        metrics.turns += 1
        if reply.answer:
            self._tries.pop((batch.lead.event.platform, batch.lead.event.id), None)
            metrics.paid_answered += sum(is_paid(pick.event) for pick in batch.picks)
        if (usage := reply.usage).prompt:
            metrics.read(usage.prompt, reused=usage.reused, new=reply.new_tokens, ahead=usage.ahead)
        if reply.began is not None:
            metrics.answered(turn.watch)
            if self._fell_silent is not None:
                waited_for = self._fell_silent
                if not batch.room.waiting:
                    waited_for = max(waited_for, batch.lead.event.at)
                metrics.dead_air.append(max(0.0, reply.began - waited_for) * 1000)

    def _note_batch(self, turn: Turn) -> None:
        self._cast.journal.write(
            "batch",
            turn=turn.number,
            who=turn.batch.lead.event.author.name,
            lead=turn.batch.lead.event.id,
            copies=turn.batch.lead.copies,
            others=[pick.event.id for pick in turn.batch.others],
            waiting=turn.batch.room.waiting,
            script=turn.script,
        )

    def _note_reply(self, turn: Turn, reply: Reply) -> None:
        lead = turn.batch.lead.event
        self._cast.journal.write(
            "reply",
            turn=turn.number,
            heard=reply.heard,
            failed=reply.failed,
            delays_ms={part: round(value, 1) for part, value in turn.watch.parts.items()},
            prompt_tokens=reply.usage.prompt,
            reused_tokens=reply.usage.reused,
            restored_tokens=reply.usage.restored,
            ahead_tokens=reply.usage.ahead,
            new_tokens=reply.new_tokens,
        )
        if turn.was_withdrawn:
            log.info("(answered to what was taken back)")
        else:
            log.info("%s: %s", escaped(lead.author.name), escaped(lead.text))
        log.info("%s: %s", self._cast.character.name, escaped(reply.heard) or "(nothing)")
