"""Who speaks in a show: a character, with all that is hers alone."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from vtuber import character as characters
from vtuber.brain.conversation import Conversation
from vtuber.brain.fallback import BrainFallback
from vtuber.brain.fallback import build as build_brain
from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core.availability import Progress
from vtuber.core.errors import BrainError, VoiceError
from vtuber.core.events import Answerable, ChatMessage
from vtuber.core.spelling import normalize
from vtuber.guard.guard import Guard
from vtuber.inbox.rank import Names
from vtuber.show.reply_writer import ReplyWriter
from vtuber.voice import Voice
from vtuber.voice.reading.speakable import forms
from vtuber.voice.router import build as build_voice
from vtuber.voice.speech import speech_cache
from vtuber.voice.speech.speech_cache import SpeechCache

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Speaker:
    """One of those who speak on a stage. A show has one or several; they take turns."""

    id: str
    """The name of the character's folder; it stands in ``Batch.speaker`` and ``Sentence.speaker``."""
    character: Character
    brain: BrainFallback
    conversation: Conversation
    guard: Guard
    writer: ReplyWriter
    voice: Voice
    speech_cache: SpeechCache

    def is_addressed(self, event: Answerable) -> bool:
        """Whether a message calls her by one of her names, or replies to her."""
        names = Names(self.character.aliases)
        replied_to = event.reply_to if isinstance(event, ChatMessage) else ""
        return names.stand_in(normalize(event.text)) or names.hold(replied_to)

    async def start_brain(self, progress: Progress) -> None:
        """Loads the model and has it read who she is. Raises BrainError or ConfigError."""
        await self.brain.start(progress)
        await self.conversation.start(progress)
        await self.guard.consult(self.brain.judge)

    async def start_brain_or_go_on(self, progress: Progress) -> None:
        """The same, but a brain that is away comes later. Until then she has her fallback lines."""
        with suppress(BrainError):  # which is raised again, once it is known what it is to begin with
            await self.brain.start(progress)
        try:
            await self.conversation.start(progress)
        except BrainError as error:
            log.warning("%s; %s goes on air without it", error, self.character.name)
        await self.guard.consult(self.brain.judge)

    async def start_voice_or_go_on(self) -> None:
        """Loads the voice. One that cannot be is tried again with each sentence."""
        try:
            await self.voice.start()
        except VoiceError as error:
            log.warning("%s", error)


def build(settings: Settings, *, caches_speech: bool = False) -> Speaker:
    """The character in ``show.character``, with the brain and the voice that config asks for.

    ``caches_speech``: what the voice says often is kept on disk, as config asks for. Raises ConfigError.
    """
    character = characters.load(settings.show.character)
    brain = build_brain(settings, character)
    cache = speech_cache.build(settings.voice.cache_megabytes if caches_speech else 0)
    voice = build_voice(settings, character, cache)
    guard = Guard(settings, character, partial(forms, voice))
    return Speaker(
        id=character.folder.name,
        character=character,
        brain=brain,
        conversation=Conversation(character, settings, brain),
        guard=guard,
        writer=ReplyWriter(settings, character, brain, brain.fallback_lines, guard),
        voice=voice,
        speech_cache=cache,
    )
