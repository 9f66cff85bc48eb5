"""One turn: a speaker's reply, from the batch it answers to what was heard of it.

Read ``Turn`` top to bottom: recall → prompt → sentences → sound → stage → memory. It works ahead of the
audience, only a little: it takes sentences from the reply writer and hands them to the stage, which draws
their sound from the voice. Cutting a turn stops that; the stage hushes what is being heard; what was heard by
then is kept.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from vtuber.brain import Prompt
from vtuber.core import clock, sound
from vtuber.core.errors import BanbanError, RecallError, VoiceError
from vtuber.core.events import Batch, Clip, Sentence, Sound, Spoken, Word
from vtuber.memory import NOTHING, Memory, Recollection
from vtuber.moderation.revocation import Revocation
from vtuber.record.facts import Facts, Prompted, SentenceHeard, SoundMade, StepReached
from vtuber.record.metrics import Stopwatch
from vtuber.show.reply import Reply
from vtuber.show.screening import Screening
from vtuber.show.speaker import Speaker
from vtuber.stage.stage import Stage
from vtuber.voice.captions import silent

log = logging.getLogger(__name__)

SOUND_SECONDS = 15.0
"""Seconds without sound after which a voice is given up for this sentence."""


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
    are made before they are due.
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
        facts: Facts,
        seed: int,
        ahead: int,
        script: str = "",
    ) -> None:
        self.number = number
        self.batch = batch
        self.speaker = speaker
        self.script = script
        self.watch = Stopwatch()
        self.reply = Reply()
        self.made = asyncio.Event()
        """Set when nothing is left to be made: all that is still to come is being heard."""
        self._stage = stage
        self._memory = memory
        self._screening = screening
        self._facts = facts
        self._seed = seed
        self._ahead = asyncio.Semaphore(ahead + 1)
        self._maker: asyncio.Task[None] | None = None
        self._cut = False
        self._anew = False
        self._withdrawn = False
        self._recollection = NOTHING
        self._first_sound_at: float | None = None

    async def run(self) -> Reply:
        """Makes the reply and waits until it was heard, or cut. Parts that fail are named in the reply."""
        self.watch.waited("queue", clock.now() - self.batch.lead.event.at)
        async with asyncio.TaskGroup() as tasks:
            self._maker = tasks.create_task(self._make(tasks))
            self._maker.add_done_callback(lambda _: self.made.set())
            if self._cut:
                self._maker.cancel()
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
                    await self._ahead.acquire()
                    slot = len(self.reply.spoken)
                    self.reply.spoken.append(Spoken(sentence, "", complete=False))
                    tasks.create_task(self._play(sentence, slot))
        except BanbanError as error:
            self._fail(error)
        if not self.script:
            self.reply.usage = self.speaker.brain.usage
        if not self.script and not self._withdrawn:
            self.speaker.conversation.note_reply(self.reply.written, self.batch)

    async def _sentences(self) -> AsyncGenerator[Sentence, None]:
        """What she is going to say, a piece at a time."""
        writer = self.speaker.writer
        if self.script:
            pieces = writer.recite(
                self.script, turn=self.number, tell=self._facts.tell, quiet=self._stage.quiet
            )
        else:
            prompt = await self._prompt()
            pieces = writer.answer(
                prompt, turn=self.number, tell=self._facts.tell, lap=self._lap, quiet=self._stage.quiet
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

    async def _prompt(self) -> Prompt:
        conversation = self.speaker.conversation
        self._recollection = await self._recall()
        prompt = await conversation.prompt(self.batch, self._recollection, self._seed)
        self.reply.new_tokens = prompt.new
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
            self._ahead.release()
            return
        try:
            spoken = await self._stage.play(Clip(sentence, self._sound(sentence)))
        except BanbanError as error:
            self._fail(error)
            return
        finally:
            self._ahead.release()
        self.reply.spoken[slot] = spoken
        self._facts.tell(SentenceHeard(self.number, sentence.index, spoken.heard, spoken.complete))

    async def _sound(self, sentence: Sentence) -> AsyncGenerator[Sound | Word, None]:
        """The voice's sound; when it can make none, silence in which the caption can be read.

        Raises VoiceError when it breaks off: the audience hears no more of the sentence than it said.
        """
        seconds, words = 0.0, _VoiceWords(sentence.text, self._screening)
        kept: list[Sound | Word] = []  # while there is no sound: the silence has words of its own
        try:
            async with aclosing(self.speaker.voice.speak(sentence.text)) as chunks:
                while (chunk := await self._next(chunks)) is not None:
                    seconds += self._mark(chunk)
                    kept.append(words.shown(chunk) if isinstance(chunk, Word) else chunk)
                    while seconds and kept:
                        yield kept.pop(0)
        except VoiceError as error:
            if seconds:
                self._facts.tell(SoundMade(self.number, sentence.index, round(seconds, 3)))
                raise
            log.warning("no voice works, so this sentence is only shown: %s", error.what)
            for chunk in silent(sentence.text):
                seconds += self._mark(chunk)
                yield chunk
        else:
            for chunk in kept:
                yield chunk
            self.speaker.writer.pace.spoke(sentence.text, seconds)
        self._facts.tell(SoundMade(self.number, sentence.index, round(seconds, 3)))

    async def _next(self, chunks: AsyncGenerator[Sound | Word, None]) -> Sound | Word | None:
        """The voice's next chunk; None after the last. Raises VoiceError, also for one that hangs."""
        try:
            async with asyncio.timeout(SOUND_SECONDS):
                return await anext(chunks, None)
        except TimeoutError:
            raise VoiceError(
                f"the voice made no sound for {SOUND_SECONDS:g} seconds", where="voice"
            ) from None

    def _mark(self, chunk: Sound | Word) -> float:
        """Notes the first sound. Returns the chunk's duration in seconds."""
        if isinstance(chunk, Word):
            return 0.0
        if self._first_sound_at is None:
            self._first_sound_at = clock.now()
            self._lap("first_audio")
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
            self.speaker.conversation.note_reply(heard, self.batch)
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
        if self._maker is not None:
            self._maker.cancel()

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
    def begins_anew(self) -> bool:
        """Whether what is left of the batch is to be answered as if it never had been."""
        return self._anew

    @property
    def was_withdrawn(self) -> bool:
        return self._withdrawn

    @property
    def sounding(self) -> bool:
        """Whether some of it is already on the stage."""
        return self._first_sound_at is not None

    @property
    def is_heard(self) -> bool:
        """Whether the audience has begun to hear it."""
        return self.reply.began is not None or self._stage.is_heard(self.number)
