"""One turn: a speaker's reply, from the batch it answers to what was heard of it.

Read ``Turn`` top to bottom: recall → prompt → sentences → sound → stage → memory. It works ahead of the
audience, only a little: it takes sentences from the reply writer and hands them to the stage, which draws
their sound from the voice. Cutting a turn stops that; the stage hushes what is being heard; what was heard by
then is kept.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from vtuber.brain import Prompt
from vtuber.core import clock, sound
from vtuber.core.errors import BanbanError, RecallError, VoiceError
from vtuber.core.events import Batch, Chunk, Clip, Sentence, Sound, Spoken, Word
from vtuber.memory import NOTHING, Memory, Recollection
from vtuber.moderation.revocation import Revocation
from vtuber.record.facts import Fact, Facts, Prompted, SentenceHeard, SentenceJudged, SoundMade, StepReached
from vtuber.record.metrics import Stopwatch
from vtuber.show.hold_to_air import Decision, HoldToAir
from vtuber.show.promises import Promises
from vtuber.show.reply import Reply
from vtuber.show.screening import Screening
from vtuber.show.speaker import Speaker
from vtuber.stage.stage import Before, Stage
from vtuber.voice import Utterance

log = logging.getLogger(__name__)


class _VoiceWords:
    """A sentence's caption as a voice spells it; words that were not judged with the sentence are now."""

    def __init__(self, text: str, screening: Screening) -> None:
        self._judged = "".join(text.split())
        self._screening = screening
        self._before = ""

    def shown(self, word: Word) -> Word:
        """The word, as it may be shown."""
        text = word.text
        if "".join(text.split()) not in self._judged:
            text = self._screening.shown(text, self._before)
        self._before += f"{text} "
        return replace(word, text=text)


class Turn:
    """One reply in the making. ``run`` it once; ``cut`` it any time.

    With a ``script`` nobody thinks: she says exactly that, as far as her filter lets her. ``ahead`` sentences
    are made before they are due; more, where the next reply would not be ready when they are over.
    """

    def __init__(
        self,
        number: int,
        batch: Batch,
        speaker: Speaker,
        stage: Stage,
        memory: Memory,
        *,
        screening: Screening,
        air: HoldToAir,
        facts: Facts,
        seed: int,
        ahead: int,
        script: str = "",
        promises: Promises,
    ) -> None:
        self.number = number
        self.batch = batch
        self.speaker = speaker
        self.script = script
        self._promises = promises
        self._asked = promises.asked(batch)
        """The batch as she is told of it."""
        self.watch = Stopwatch()
        self.reply = Reply()
        self.made = asyncio.Event()
        """Set when nothing is left to be made: all that is still to come is being heard."""
        self._stage = stage
        self._memory = memory
        self._screening = screening
        self._air = air
        self._facts = facts
        self._seed = seed
        self._ahead = ahead
        self._open: list[Sentence] = []
        """Handed to the stage, and not over."""
        self._fewer = asyncio.Event()
        self._judged: list[str] = []
        self._maker: asyncio.Task[None] | None = None
        self._cut = False
        self._refused = False
        self._anew = False
        self._withdrawn = False
        self._recollection = NOTHING
        self._began_at = 0.0
        self._held = 0.0
        """Seconds for which a piece was held only because there was time."""
        self._written_in: float | None = None
        self._is_thought = False
        """Whether a model was asked for it."""
        self._first_sound_at: float | None = None
        self.is_over = False
        """Whether nothing more of it is heard."""

    async def run(self) -> Reply:
        """Makes the reply and waits until it was heard, or cut. Parts that fail are named in the reply."""
        self._began_at = clock.now()
        self.watch.waited("queue", self._began_at - self.batch.lead.event.at)
        async with asyncio.TaskGroup() as tasks:
            self._maker = tasks.create_task(self._make(tasks))
            self._maker.add_done_callback(lambda _: self.made.set())
            if self._cut:
                self._maker.cancel()
        self.is_over = True
        if self.reply.began is not None and self._first_sound_at is not None:
            self._facts.tell(StepReached(self.number, "on_air"))
            self.watch.waited("on_air", self.reply.began - self._first_sound_at)
        if not self.script and not self._withdrawn:
            await self._remember()
        return self.reply

    async def _make(self, tasks: asyncio.TaskGroup) -> None:
        """Hands each sentence to the stage as soon as it is known, a few ahead of what is heard."""
        try:
            async with aclosing(self._sentences()) as sentences:
                async for sentence in sentences:
                    if self._written_in is None:
                        self._written_in = clock.now() - self._began_at - self._held
                    await self._room_for_more()
                    self._open.append(sentence)
                    slot = len(self.reply.spoken)
                    self.reply.spoken.append(Spoken(sentence, "", complete=False))
                    tasks.create_task(self._play(sentence, slot))
        except BanbanError as error:
            self._fail(error)
        if not self.script:
            self.reply.usage = self.speaker.brain.usage
        if not self.script and not self._withdrawn:
            self.speaker.conversation.note_reply(self.reply.written, self._asked)

    async def _room_for_more(self) -> None:
        """Waits while enough is ready: so many sentences, which last until the next reply can begin."""
        pace = self.speaker.writer.pace
        while len(self._open) > self._ahead:
            if sum(pace.takes(sentence.text) for sentence in self._open) < pace.start < math.inf:
                return
            self._fewer.clear()
            await self._fewer.wait()

    async def _sentences(self) -> AsyncGenerator[Sentence, None]:
        """What she is going to say, a piece at a time."""
        writer = self.speaker.writer
        if self.script:
            pieces = writer.recite(self.script, turn=self.number, tell=self._tell, quiet=self._quiet)
        else:
            prompt = await self._prompt()
            pieces = writer.answer(
                prompt, turn=self.number, tell=self._tell, lap=self._lap, quiet=self._quiet
            )
        index = 0
        async with aclosing(pieces):
            async for piece in pieces:
                given = self._stage.mood(self.speaker.id)  # by a moderator, who knows better than her words
                yield Sentence(
                    turn=self.number,
                    index=index,
                    text=piece.text,
                    mood="" if piece.is_guess and given else piece.mood,
                    fallback=piece.fallback,
                    space=piece.space,
                    speaker=self.speaker.id,
                )
                index += 1

    def _tell(self, fact: Fact) -> None:
        if isinstance(fact, SentenceJudged) and not fact.refusal:
            self._judged.append(fact.text)
        self._facts.tell(fact)

    async def _quiet(self, less_than: float) -> None:
        began = clock.now()
        try:
            await self._stage.quiet(less_than)
        finally:
            self._held += clock.now() - began

    async def _prompt(self) -> Prompt:
        conversation = self.speaker.conversation
        self._recollection = await self._recall()
        prompt = await conversation.prompt(self._asked, self._recollection, self._seed)
        self.reply.new_tokens = prompt.new
        self._is_thought = not prompt.known
        self._lap("prompt")
        self._facts.tell(Prompted(self.number, conversation.digest(prompt)))
        return prompt

    async def _recall(self) -> Recollection:
        try:
            return self._screening.recollection(await self._memory.recall(self.batch), self.batch)
        except RecallError as error:
            log.debug("nothing recalled: %s", error.what)
            return NOTHING

    async def _play(self, sentence: Sentence, slot: int) -> None:
        """Has one sentence heard, unless the turn was cut before this task began."""
        if self._cut:
            return
        try:
            asked = time.perf_counter()
            airs = await self._air.passed(sentence, partial(self._spoken, sentence))
            if isinstance(airs, Decision) or self._cut:  # a yes may have come just before the cut
                self._refused = self._refused or airs is Decision.NO
                return
            if self._first_sound_at is None:
                self.watch.leave_out(time.perf_counter() - asked)  # a moderator's time, and no part's
            self.reply.spoken[slot] = Spoken(airs, "", complete=False)
            spoken = await self._stage.play(Clip(airs, self._sound(airs)), self._before(airs))
        except BanbanError as error:
            self._fail(error)
            return
        finally:
            self._open.remove(sentence)
            self._fewer.set()
        self.reply.spoken[slot] = spoken
        self._facts.tell(SentenceHeard(self.number, sentence.index, spoken.heard, spoken.complete))

    def _before(self, sentence: Sentence) -> Before | None:
        """What is written down before this sentence is heard."""
        if sentence.fallback or not self._promises.is_owed(self.batch):
            return None
        if self._stage.remaining() <= 0:
            self._promises.begin_soon(self.batch)
        return partial(self._promises.begin, self.batch)

    def _spoken(self, sentence: Sentence, text: str) -> AsyncGenerator[Chunk, None]:
        """What a moderator hears of it before the audience does."""
        return self.speaker.voice.speak(Utterance(text, mood=sentence.mood))

    async def _sound(self, sentence: Sentence) -> AsyncGenerator[Chunk, None]:
        """What is heard of a sentence. Raises VoiceError when it breaks off: no more of it counts as said."""
        began, making, seconds = clock.now(), 0.0, 0.0
        words = _VoiceWords(sentence.text, self._screening)
        utterance = Utterance(sentence.text, mood=sentence.mood)
        try:
            async with aclosing(self.speaker.voice.speak(utterance)) as chunks:
                while True:
                    asked = clock.now()
                    chunk = await anext(chunks, None)
                    making += clock.now() - asked
                    if chunk is None:
                        break
                    seconds += self._mark(chunk, began)
                    yield words.shown(chunk) if isinstance(chunk, Word) else chunk
        except VoiceError:
            self._facts.tell(SoundMade(self.number, sentence.index, round(seconds, 3)))
            raise
        self.speaker.writer.pace.spoke(sentence.text, seconds, making)
        self._facts.tell(SoundMade(self.number, sentence.index, round(seconds, 3)))

    def _mark(self, chunk: Chunk, began: float) -> float:
        """Notes the first sound; the voice was asked when it ``began``. Returns the chunk's seconds."""
        if not isinstance(chunk, Sound):
            return 0.0
        if self._first_sound_at is None:
            self._first_sound_at = clock.now()
            self._lap("first_audio")
            if self._is_thought and self._written_in is not None:
                self.speaker.writer.pace.started(self._written_in + self._first_sound_at - began)
        return sound.seconds(chunk.pcm)

    def _lap(self, part: str) -> None:
        if part not in self.watch.parts:
            self.watch.lap(part)
            self._facts.tell(StepReached(self.number, part))

    def _fail(self, error: BanbanError) -> None:
        self.reply.failed = self.reply.failed or str(error)
        log.error("%s", error)

    async def _remember(self) -> None:
        """Keeps what was heard: for good, and for the next prompt where that is less than was written."""
        heard = self.reply.answer
        if self._cut or heard != self.reply.written:  # a turn that was cut has noted nothing yet
            self.speaker.conversation.note_reply(heard, self._asked)
        if heard:
            try:
                await self._memory.remember(self.batch, heard)
            except RecallError as error:
                log.debug("not remembered: %s", error.what)

    # What becomes of it on the way.

    def cut(self, *, anew: bool = False) -> None:
        """Stops the making, now; the caller hushes the stage. The first cut decides what ``begins_anew``."""
        if self._cut:
            return  # a second cancellation would not let the maker put its tools away
        self._cut, self._anew = True, anew
        for spoken in self._stage.so_far(self.number):
            self.reply.spoken[spoken.sentence.index] = spoken
        if not self.script and not self._withdrawn:  # the next prompt may be made before this turn is over
            self.speaker.conversation.note_reply(self.reply.answer, self._asked)
        self._air.drop(self.number)
        if self._maker is not None:
            self._maker.cancel()

    def set_aside(self) -> None:
        """Stops the making of a reply of which nothing was heard, and forgets it."""
        self.cut(anew=True)
        self.speaker.guard.unsay(self._judged)

    def withdraw(self) -> None:
        """Nothing of it is remembered."""
        self._withdrawn = True

    def holds(self, revocation: Revocation) -> bool:
        """Whether it answers something that a moderator deleted, or has called it to mind.

        A script goes with its command. What the room repeats is no reason to stop in mid-speech.
        """
        return (
            any(map(revocation.takes, self.batch.events))
            or self._recollection.holds(revocation, self.batch.lead.event)
            or (not self.is_heard and revocation.repeats(self.batch.room.buzz))
        )

    @property
    def was_cut(self) -> bool:
        return self._cut

    @property
    def was_refused(self) -> bool:
        """Whether a moderator did not let a sentence of it be heard."""
        return self._refused

    @property
    def begins_anew(self) -> bool:
        """Whether what is left of the batch is to be answered as if it never had been."""
        return self._anew

    @property
    def was_withdrawn(self) -> bool:
        return self._withdrawn

    @property
    def sounding(self) -> bool:
        """Whether the screens have been sent some of it: it is being heard, or will be in a moment."""
        return self.reply.began is not None or self._stage.is_sent(self.number)

    @property
    def is_heard(self) -> bool:
        """Whether the audience has begun to hear it."""
        return self.reply.began is not None or self._stage.is_heard(self.number)
