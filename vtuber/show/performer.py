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
from vtuber.core.backoff import Backoff
from vtuber.core.deeds import as_one, bracketed, deed, is_more, written
from vtuber.core.events import Answerable, Deletion, Pick, Sentence, is_paid, is_promised
from vtuber.core.text import escaped
from vtuber.inbox import Drop, Inbox
from vtuber.memory import Memory
from vtuber.memory.purge import is_person
from vtuber.moderation.revocation import Revocation, cut
from vtuber.record.facts import TOLD, Facts, Failed, TurnBegan, TurnCut, TurnEnded
from vtuber.show.agenda import Agenda, Assignment
from vtuber.show.hold_to_air import HoldToAir
from vtuber.show.lineup import Lineup, Urgency
from vtuber.show.promises import Promises
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
AWAY_SECONDS = (20.0, 300.0)
"""While no brain is there she says so, and again after the first wait, up to the longest."""


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
        promises: Promises,
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
        self.air = HoldToAir(facts, on=settings.gate.hold_to_air, seconds=settings.gate.air_seconds or None)
        self._settings = settings
        self._speakers = tuple(speakers)
        self._stage = stage
        self._memory = memory
        self._inbox = inbox
        self._facts = facts
        self._promises = promises
        self._seed = seed
        self._numbers = count(1)
        self._lineup = Lineup(self.agenda, stage, facts)
        self._turns = self._lineup.turns
        self._over: deque[Turn] = deque(maxlen=LINGERING)
        self._tries: Counter[tuple[str, str]] = Counter()
        self._waits = Backoff(*AWAY_SECONDS)
        for speaker in self._speakers:
            speaker.brain.availability.watch(self._look_at_brains)

    @property
    def busy(self) -> bool:
        """Whether she thinks, speaks, or a moderator's request waits."""
        return bool(self._turns) or len(self.agenda) > 0

    @property
    def is_held_back(self) -> bool:
        """Whether a moderator keeps her from speaking: a pause, a silence, a sentence not yet allowed."""
        is_silent = self.agenda.silence > AFTER_FAILURE
        return self.agenda.paused or is_silent or bool(self.air.waiting)

    @property
    def can_think(self) -> bool:
        """Whether a brain is there to answer with."""
        return any(speaker.brain.availability.is_ready for speaker in self._speakers)

    @property
    def prepared(self) -> Answerable | None:
        """What the reply answers that is made while another is heard; None when there is none."""
        return next((turn.batch.lead.event for turn in self._lineup.prepared), None)

    # What others tell her. All of it takes effect at once.

    def hush(self, seconds: float, *, override: bool = False) -> None:
        """Silence now: drops all she says, thinks and was told to do. For how long: ``Agenda.be_silent``."""
        self._lineup.set_aside_prepared()
        self.agenda.clear()
        if self._turns:
            self._cut([turn for turn in self._turns if not turn.was_cut])
            self._stage.hush()
        else:
            self._stage.hush()  # the last words can still be read
        for speaker in self._speakers:
            self._stage.rest(speaker=speaker.id)
        self.agenda.be_silent(seconds, override=override)
        self._show_held()

    def pause(self) -> None:
        """She answers nobody, until ``resume``. What she is saying she says to its end."""
        self.agenda.pause()
        self._lineup.set_aside_prepared()
        self._show_held()

    def resume(self) -> None:
        """Ends a pause and any silence."""
        self.agenda.resume()
        self._show_held()

    def _show_held(self) -> None:
        self._stage.hold(paused=self.agenda.paused, silent_until=clock.now() + self.agenda.silence)

    def skip(self) -> bool:
        """Drops the reply that is being heard (or made), and goes on. Whether there was one."""
        self._lineup.set_aside_prepared()  # they go on from what is not said now
        turns = [turn for turn in self._turns if not (turn.was_cut or turn.is_over)]
        self._cut(turns)
        return bool(turns)

    def say(self, request: Answerable, script: str) -> None:
        """She says exactly this next."""
        self.agenda.say(request, script)
        self._lineup.make_way(Urgency.REQUESTED)

    def ask(self, request: Answerable) -> None:
        """She answers this next."""
        self.agenda.ask(request)
        self._lineup.make_way(Urgency.REQUESTED)

    def decide(self, number: int, *, allowed: bool, command: str) -> Pick | None:
        """A moderator says whether the held message of that number is answered, next. None: there is none."""
        pick = self.agenda.decide(number, allowed=allowed, command=command)
        if pick and allowed:
            self._lineup.make_way(Urgency.REQUESTED)
        return pick

    def find(self, wanted: str) -> Answerable | None:
        """What waits under that id, prepared or not; or of somebody with that name, what would be next."""
        name = wanted.removeprefix("@").casefold()
        prepared = [event for turn in self._lineup.prepared for event in turn.batch.events]
        exact = [event for event in (*prepared, *self.agenda.requests) if event.id == wanted]
        named = [event for event in prepared if name in event.author.names]
        return next(iter(exact), None) or self._inbox.find(wanted, clock.now()) or next(iter(named), None)

    def prefer(self, event: Answerable) -> None:
        """A moderator wants this answered next, of all that waits."""
        self._inbox.prefer(event)
        if all(event.id != turn.batch.lead.event.id for turn in self._lineup.prepared):
            self._lineup.make_way(Urgency.REQUESTED)
        self.agenda.wake()

    def drop(self, event: Answerable, why: Drop = Drop.UNWANTED) -> bool:
        """This is not answered, mostly as a moderator wishes. Whether it waited, or was only prepared."""
        for turn in self._lineup.prepared:
            if any(event.id == other.id for other in turn.batch.events):
                self._lineup.set_aside(turn)
                break
        return self._inbox.drop(event, why) or self.agenda.drop(event, why)

    def take_in(self, event: Answerable) -> None:
        """Something waits in the inbox: what is prepared may have to make way for it, or take it in."""
        if is_paid(event):
            self._lineup.make_way(Urgency.PAID)
        self._go_on_with(event)
        self.agenda.wake()

    def reconsider(self) -> None:
        """A moderator wants somebody not answered."""
        for turn in self._lineup.prepared:
            if any(self._inbox.verdict_of_moderators(event) for event in turn.batch.events):
                self._lineup.set_aside(turn)
                return

    def _go_on_with(self, event: Answerable) -> None:
        """Begins an answer anew of which nothing sounds yet, when its viewer has written more at once."""
        for turn in self._turns:
            lead = turn.batch.lead.event
            quick = event.at - lead.at <= QUICK_SECONDS and is_more(lead, event) and not is_paid(lead)
            is_asked_for = turn.batch.requested or turn.batch.preferred
            if quick and not (turn.script or is_asked_for or turn.sounding or turn.was_cut):
                self._lineup.set_aside(turn)
                return

    def revoke(self, revocation: Revocation) -> list[int]:
        """Takes back all that has to do with what a moderator deleted. Returns the turns that had.

        A reply to it stops at once (``gate.finish_deleted``: unless it is being heard already), and whatever
        else was in its batch waits again, to be answered without it.
        """
        may_finish = self._settings.gate.finish_deleted
        self.agenda.held.forget_refused()
        changed = [one for one in self._speakers if one.conversation.revoke(revocation)]
        held = [turn for turn in self._turns if turn.holds(revocation)]
        stale = [
            turn
            for turn in self._lineup.prepared
            if turn in held or turn.speaker in changed or any(one.number < turn.number for one in held)
        ]
        if stale:  # whatever was prepared stands on what was to be said before it
            self._lineup.set_aside(stale[0])
        for turn in (turn for turn in held if turn not in stale):
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
        if revocation.expels or changed or held or lingering:  # she may have said it, or their name
            for speaker in self._speakers:
                speaker.speech_cache.clear()
        return [turn.number for turn in (*lingering, *held)]

    def forget(self, platform: str, who: str) -> None:
        """Forgets all that is known of somebody, named by id or by name, and what she is saying to them."""
        for turn in self._turns:
            if any(is_person(event, platform, who) for event in turn.batch.events):
                turn.withdraw()
        self.agenda.held.forget(lambda event: is_person(event, platform, who))
        for speaker in self._speakers:
            speaker.conversation.forget(platform, who)
            speaker.speech_cache.clear()
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

        Until then the model has time for other things. It is chosen as late as can be so that it is ready
        when the one before is over; how early that is, is measured.
        """
        async with asyncio.TaskGroup() as tasks:
            for number in self._numbers:
                tidying = [tasks.create_task(_stay_tidy(speaker)) for speaker in self._speakers]
                await self._nearly_over()
                assignment = await self.agenda.next()
                for task in tidying:
                    task.cancel()  # not waited for: ``revoke`` must know at once who is in the batch
                turn = self._turn(number, assignment)
                self._lineup.add(turn, assignment)
                tasks.create_task(self._perform(turn))
                await turn.made.wait()
                if turn.reply.failed and not (turn.was_cut or self.can_think):
                    self.agenda.put_off(self._waits.next())  # she has just said so: once serves all

    async def _nearly_over(self) -> None:
        """Waits until all that was made lasts no longer than the next reply takes to begin."""
        while True:
            await self.air.clear()
            paces = [speaker.writer.pace for speaker in self._speakers]
            start = max(pace.start for pace in paces) + self._settings.show.take_early
            left = self._stage.remaining() + sum(
                max(0.0, self._takes(sentence) - seconds) for sentence, seconds in self._stage.coming()
            )
            if left <= start:
                return
            await self._stage.change(left - start)

    def _takes(self, sentence: Sentence) -> float:
        speaker = next(one for one in self._speakers if one.id == sentence.speaker)
        return speaker.writer.pace.takes(sentence.text)

    def _turn(self, number: int, assignment: Assignment) -> Turn:
        speaker = self._addressed(assignment.batch.lead.event)
        return Turn(
            number,
            replace(assignment.batch, speaker=speaker.id),
            speaker,
            self._stage,
            self._memory,
            screening=self.screening,
            air=self.air,
            facts=self._facts,
            seed=random.Random(f"{self._seed}:{number}").getrandbits(31),
            ahead=self._settings.voice.ahead,
            script=assignment.script,
            promises=self._promises,
        )

    def _addressed(self, event: Answerable) -> Speaker:
        """The speaker that the event calls by name; else the first one."""
        if len(self._speakers) == 1:
            return self._speakers[0]
        return next((one for one in self._speakers if one.is_addressed(event)), self._speakers[0])

    async def _perform(self, turn: Turn) -> None:
        """One turn, from the sign that she thinks to the last word. Its failure is its own."""
        was_away = not turn.speaker.brain.availability.is_ready
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
            reply = turn.reply  # whatever was heard of it was heard
        finally:
            was_set_aside = self._lineup.was_set_aside(turn)
            self._lineup.remove(turn)
            if not was_set_aside:
                self._over.append(turn)
            if not any(other.speaker is turn.speaker for other in self._turns):
                self._stage.rest(speaker=turn.speaker.id)
            self.agenda.wake()
        if was_set_aside:
            return
        self._note_reply(turn, reply)
        if turn.script:
            return
        if reply.answer and not turn.begins_anew:
            self._tries.pop((turn.batch.lead.event.platform, turn.batch.lead.event.id), None)
        elif reply.heard and not turn.was_cut:
            self._keep_owed(turn, patient=was_away)
        else:
            self._put_off(turn, turn.batch.picks, patient=bool(reply.failed))

    def _keep_owed(self, turn: Turn, *, patient: bool) -> None:
        """She had nothing but a fallback line: whoever is owed an answer waits for one."""
        owed = [pick for pick in turn.batch.picks if turn.batch.requested or is_promised(pick.event)]
        for pick in turn.batch.picks:
            if pick not in owed:
                self._inbox.give_up(pick.event, Drop.UNANSWERED)
        if owed:
            self._put_off(turn, owed, patient=patient)

    def _look_at_brains(self) -> None:
        """One has come or gone: whoever waits for one is answered as soon as it is there."""
        if self.can_think:
            self._waits.reset()
            self.agenda.put_off(0)

    def _put_off(self, turn: Turn, picks: Sequence[Pick], *, patient: bool = False) -> None:
        """Nothing of an answer was heard, or all of it was taken back: who asked for it waits again.

        ``patient``: a part is away, and will come back.
        """
        if reason := self._why_given_up(turn, picks[0].event, patient=patient):
            self._inbox.give_up(picks[0].event, reason)
            picks = picks[1:]
        if picks:
            self.agenda.put_back(turn.batch.of(picks))
        if not (turn.was_cut or turn.was_refused):
            self.agenda.be_silent(AFTER_FAILURE)

    def _why_given_up(self, turn: Turn, event: Answerable, *, patient: bool) -> Drop | None:
        """Why the event that was answered does not wait again; None when it does.

        There are ``TRIES``; and what a moderator cut, or did not let be heard, is not begun again, only its
        company is. Of what was deleted, the inbox knows.
        """
        key = (event.platform, event.id)
        if turn.begins_anew:
            return None
        if turn.was_refused:
            return Drop.CUT
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
                ended=reply.ended,
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
