"""Runs one turn after another: takes the next assignment from the agenda, and stops at once when told to."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.deeds import as_one, bracketed, deed, is_more, written
from vtuber.core.events import Answerable, Batch, Deletion, Pick, is_paid
from vtuber.core.text import escaped
from vtuber.inbox import Drop, Inbox
from vtuber.memory import Memory
from vtuber.memory.purge import is_person
from vtuber.moderation.revocation import Revocation, cut
from vtuber.record.facts import TOLD, Facts, Failed, TurnBegan, TurnCut, TurnEnded
from vtuber.show.agenda import Agenda, Assignment
from vtuber.show.reply import Reply
from vtuber.show.screening import Screening
from vtuber.show.speaker import Speaker
from vtuber.show.turn import Turn
from vtuber.stage.stage import Stage

log = logging.getLogger(__name__)

TRIES = 3
"""How often she begins an answer of which nothing is heard, though no part is away."""

QUICK_SECONDS = 6.0
"""A viewer's next line within so many seconds of the first is answered with it, if nothing was heard yet."""
LINGERING = 4
"""How many replies that are over may still be seen, and so be withdrawn."""

AFTER_FAILURE = 1.0
"""Seconds until the next attempt after a reply failed."""


class Performer:
    """Answers what is in the inbox, for as long as ``run`` runs."""

    def __init__(
        self,
        settings: Settings,
        speakers: Sequence[Speaker],
        stage: Stage,
        memory: Memory,
        inbox: Inbox,
        *,
        facts: Facts,
        seed: int,
        is_trusted: Callable[[Answerable], bool] = lambda _: False,
    ) -> None:
        """``is_trusted`` says whether the author of an event is one of those who run the channel."""
        self.screening = Screening(speakers[0].guard, facts, self._unlearn)
        self.agenda = Agenda(
            inbox,
            self.screening,
            facts,
            block_minutes=settings.guard.block_minutes,
            is_trusted=is_trusted,
        )
        self._settings = settings
        self._speakers = tuple(speakers)
        self._stage = stage
        self._memory = memory
        self._inbox = inbox
        self._facts = facts
        self._seed = seed
        self._turns: list[Turn] = []
        self._over: deque[Turn] = deque(maxlen=LINGERING)
        self._tries: Counter[tuple[str, str]] = Counter()
        self._owed: list[Batch] = []

    @property
    def busy(self) -> bool:
        """Whether she thinks, speaks, or a moderator's request waits."""
        return bool(self._turns) or len(self.agenda) > 0

    # What others tell her. All of it takes effect at once.

    def hush(self, seconds: float, *, override: bool = False) -> None:
        """Silence now: drops all she says, thinks and was told to do. For how long: ``Agenda.be_silent``."""
        self.agenda.clear()
        if self._turns:
            self._cut(self._turns)
        else:
            self._stage.hush()  # the last words can still be read
        for speaker in self._speakers:
            self._stage.rest(speaker=speaker.id)
        self.agenda.be_silent(seconds, override=override)
        self._show_held()

    def pause(self) -> None:
        """She answers nobody, until ``resume``. What she is saying she says to its end."""
        self.agenda.pause()
        self._show_held()

    def resume(self) -> None:
        """Ends a pause and any silence."""
        self.agenda.resume()
        self._show_held()

    def _show_held(self) -> None:
        self._stage.hold(paused=self.agenda.paused, silent_until=clock.now() + self.agenda.silence)

    def skip(self) -> bool:
        """Drops the reply that is being heard (or made), and goes on. Whether there was one."""
        turns = [turn for turn in self._turns if turn.sounding] or self._turns
        self._cut(turns)
        return bool(turns)

    def go_on_with(self, event: Answerable) -> None:
        """Begins an answer anew of which nothing sounds yet, when its viewer has written more at once."""
        for turn in self._turns:
            lead = turn.batch.lead.event
            quick = event.at - lead.at <= QUICK_SECONDS and is_more(lead, event) and not is_paid(lead)
            if quick and not (turn.script or turn.batch.requested or turn.sounding or turn.was_cut):
                turn.cut(anew=True)
                self._stage.withdraw(turn.number)

    def revoke(self, revocation: Revocation) -> list[int]:
        """Takes back all that has to do with what a moderator deleted. Returns the turns that had.

        A reply to it stops at once (``gate.finish_deleted``: unless it is being heard already), and whatever
        else was in its batch waits again, to be answered without it.
        """
        may_finish = self._settings.gate.finish_deleted
        self.agenda.held.forget_refused()
        for speaker in self._speakers:
            speaker.conversation.revoke(revocation)
        held = [turn for turn in self._turns if turn.holds(revocation)]
        for turn in held:
            turn.withdraw()
            finish = may_finish and turn.is_heard
            if not finish:
                self._facts.tell(TurnCut(turn.number))
                turn.cut(anew=True)
            if not finish or revocation.takes(turn.batch.lead.event):
                self._stage.withdraw(turn.number, finish=finish)
        lingering = [turn for turn in self._over if turn.holds(revocation)]
        for turn in lingering:
            self._stage.withdraw(turn.number, finish=may_finish)
        return [turn.number for turn in (*lingering, *held)]

    def forget(self, platform: str, who: str) -> None:
        """Forgets all that is known of somebody, named by id or by name, and what she is saying to them."""
        for turn in self._turns:
            if any(is_person(event, platform, who) for event in turn.batch.events):
                turn.withdraw()
        self.agenda.held.forget(lambda event: is_person(event, platform, who))
        for speaker in self._speakers:
            speaker.conversation.forget(platform, who)
        self._memory.forget(platform, who)

    def _unlearn(self, event: Answerable) -> None:
        """Has memory forget what somebody wrote, as if a moderator had deleted it."""
        if words := written(event):
            deletion = Deletion(event.id, event.platform, event.channel, event.at, message_id=event.id)
            line = (event.author.id, cut(words))
            self._memory.revoke(Revocation(deletion, frozenset((event.author.id,)), frozenset((line,))))

    def _cut(self, turns: Sequence[Turn]) -> None:
        for turn in list(turns):
            self._facts.tell(TurnCut(turn.number))
            turn.cut()
        if turns:
            self._stage.hush()

    # What she does.

    async def run(self) -> None:
        """Turn after turn. The next is chosen when the one before is made and nearly heard.

        Until then the model has time for other things.
        """
        async with asyncio.TaskGroup() as tasks:
            for speaker in self._speakers:
                tasks.create_task(self._give_back_owed(speaker))
            for number in count(1):
                tidying = [tasks.create_task(_stay_tidy(speaker)) for speaker in self._speakers]
                await self._stage.quiet(self._settings.show.take_early)
                assignment = await self.agenda.next()
                for task in tidying:
                    task.cancel()  # not waited for: ``revoke`` must know at once who is in the batch
                turn = self._turn(number, assignment)
                self._turns.append(turn)
                tasks.create_task(self._perform(turn))
                await turn.made.wait()

    def _turn(self, number: int, assignment: Assignment) -> Turn:
        speaker = self._addressed(assignment.batch.lead.event)
        return Turn(
            number,
            replace(assignment.batch, speaker=speaker.id),
            speaker,
            self._stage,
            self._memory,
            screening=self.screening,
            facts=self._facts,
            seed=random.Random(f"{self._seed}:{number}").getrandbits(31),
            ahead=self._settings.voice.ahead,
            script=assignment.script,
        )

    def _addressed(self, event: Answerable) -> Speaker:
        """The speaker that the event calls by name; else the first one."""
        if len(self._speakers) == 1:
            return self._speakers[0]
        return next((one for one in self._speakers if one.is_addressed(event)), self._speakers[0])

    async def _perform(self, turn: Turn) -> None:
        """One turn, from the sign that she thinks to the last word. Its failure is its own."""
        self._facts.tell(TurnBegan(turn.number, turn.batch, turn.script))
        lead = as_one(turn.batch).lead.event
        if not turn.script and not turn.was_cut:
            self._stage.thinking(
                self.screening.name(lead.author.name, lead.id),
                self.screening.shown(written(lead), about=lead.id),
                lead.platform,
                turn.number,
                speaker=turn.speaker.id,
                deed=self.screening.deed(deed(lead), lead.id),
            )
        try:
            reply = await turn.run()
        except Exception as error:  # one reply failing never stops the show
            log.error("reply %d failed: %s", turn.number, escaped(repr(error)))  # noqa: TRY400  # in words
            log.debug("turn %d", turn.number, exc_info=error)
            self._facts.tell(Failed("turn", repr(error), turn.number))
            if not turn.script:
                self._put_off(turn, turn.batch.picks)
            return
        finally:
            self._turns.remove(turn)
            self._over.append(turn)
            if not any(other.speaker is turn.speaker for other in self._turns):
                self._stage.rest(speaker=turn.speaker.id)
            self.agenda.wake()
        self._note_reply(turn, reply)
        if turn.script:
            return
        if reply.answer and not turn.begins_anew:
            self._tries.pop((turn.batch.lead.event.platform, turn.batch.lead.event.id), None)
        elif reply.heard and not turn.was_cut:
            self._keep_owed(turn)
        else:
            self._put_off(turn, turn.batch.picks, patient=bool(reply.failed))

    def _keep_owed(self, turn: Turn) -> None:
        """She had nothing but a fallback line: whoever paid waits for more, as long as her model is away."""
        picks = turn.batch.picks
        owed = tuple(pick for pick in picks if is_paid(pick.event))
        for pick in picks:
            if pick not in owed:
                self._inbox.give_up(pick.event, Drop.UNANSWERED)
        if owed and not turn.speaker.brain.availability.is_ready:
            self._owed.append(turn.batch.of(owed))
        elif owed:
            self._put_off(turn, owed)

    async def _give_back_owed(self, speaker: Speaker) -> None:
        """Has those asked again who got a fallback line, whenever her model is back."""
        brain = speaker.brain.availability
        while True:
            await brain.until_away()
            await brain.until_ready()
            owed = [batch for batch in self._owed if batch.speaker == speaker.id]
            self._owed = [batch for batch in self._owed if batch not in owed]
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
        """Why the event that was answered does not wait again; None when it does.

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

    def _note_reply(self, turn: Turn, reply: Reply) -> None:
        lead = as_one(turn.batch).lead.event
        self.screening.tell_counts(turn.number)
        self._facts.tell(
            TurnEnded(
                turn=turn.number,
                batch=turn.batch,
                script=turn.script,
                heard=reply.heard,
                answer=reply.answer,
                began=reply.began,
                failed=reply.failed,
                cut=turn.was_cut,
                begins_anew=turn.begins_anew,
                withdrawn=turn.was_withdrawn,
                delays_ms=turn.watch.parts,
                prompt_tokens=reply.usage.prompt,
                reused_tokens=reply.usage.reused,
                restored_tokens=reply.usage.restored,
                ahead_tokens=reply.usage.ahead,
                new_tokens=reply.new_tokens,
            )
        )
        if turn.begins_anew and not turn.was_withdrawn and not reply.heard:
            return
        told = logging.getLogger(TOLD)
        if turn.was_withdrawn:
            told.info("(answered to what was taken back)")
        else:
            words = " ".join(filter(None, (bracketed(lead), written(lead))))
            told.info("%s: %s", escaped(lead.author.name), escaped(words))
        told.info("%s: %s", turn.speaker.character.name, escaped(reply.heard) or "(nothing)")


async def _stay_tidy(speaker: Speaker) -> None:
    """Its failure costs the next reply time, and nothing else."""
    try:
        await speaker.conversation.stay_tidy()
    except Exception as error:  # noqa: BLE001  # whatever it was, the show goes on
        log.warning("the conversation could not be shortened: %s", escaped(repr(error)))
