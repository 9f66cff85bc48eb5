"""Which voice says what: the first of them that can speak the language, and the next where one fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Container, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import registry
from vtuber.core.availability import Availability
from vtuber.core.errors import VoiceError
from vtuber.core.events import Chunk, Sound
from vtuber.core.health import Health, State
from vtuber.core.languages import CHINESE, ENGLISH, NAMES, LanguageDetector, primary, spoken
from vtuber.voice import PARTS, Utterance, Voice, doubts, manner
from vtuber.voice.member import Member, Shown
from vtuber.voice.pieces.converter import MAINLAND, TAIWAN, leaning
from vtuber.voice.silent import Silent
from vtuber.voice.speech.progress import SpeechProgress
from vtuber.voice.speech.speech_cache import SpeechCache

log = logging.getLogger(__name__)

AUTO = "auto"
SILENT = "silent"
OFFLINE = ("hibari", "kokoro")
AUTOMATIC = (*OFFLINE, "edge")
"""What "auto" stands for: what needs no network comes first."""

_ONLY_SHOWN = "captions only"


def build(settings: Settings, character: Character, cache: SpeechCache | None = None) -> VoiceRouter:
    """All voices that config names; behind them those of this machine, unless "silent" is named too.

    Raises ConfigError.
    """
    names = dict.fromkeys(settings.voice.use, "voice.use")
    for language, chosen in settings.voice.languages.items():
        for name in chosen.use:
            names.setdefault(name, f"voice.languages.{language}.use")
    alone = names.pop(SILENT, None)
    if names.pop(AUTO, None):
        names |= {name: names.get(name, "") for name in AUTOMATIC}
    elif not alone:
        names |= {name: names.get(name, "") for name in OFFLINE}
    voices = {
        name: registry.make("voice", PARTS, name, settings, character, where=where)
        for name, where in names.items()
    }
    return VoiceRouter(voices, settings, character, cache)


class VoiceRouter:
    """Speaks each sentence with the first voice that can; what one cannot say of it, the next says.

    A sentence of several languages goes to a voice that speaks them all. Where there is none, each part goes
    to one that speaks it. What nobody can speak is shown at the pace of reading.
    """

    def __init__(
        self,
        voices: Mapping[str, Voice],
        settings: Settings,
        character: Character,
        cache: SpeechCache | None = None,
    ) -> None:
        """Without a ``cache`` all is made anew."""
        self.availability = Availability()
        self._cache = cache or SpeechCache()
        self._settings = settings.voice
        self._members = {
            name: Member(name, voice, settings, character, self._cache) for name, voice in voices.items()
        }
        self._silent = Shown(SILENT, Silent(settings, character), settings, character, self._cache)
        by_language = (chosen.use for chosen in settings.voice.languages.values())
        self._named = {*settings.voice.use}.union(*by_language)
        said = [example.reply for example in character.examples] or [character.persona]
        self._expected = [*spoken(said)] or [ENGLISH]
        self._detector = LanguageDetector([*self._expected, *self._settings.languages])
        self._chosen = ""
        self._loudness = settings.voice.loudness
        self._language = ""  # of what was said last
        self._name, self._moods = character.name, character.moods
        self._doubts: list[doubts.Doubt] = []
        self._leaning = leaning("".join(said))

    @property
    def languages(self) -> frozenset[str]:
        return frozenset().union(*(member.voice.languages for member in self._members.values()))

    async def start(self) -> None:
        """Starts the voices: those that config names, and others without which she lacked a language.

        One that cannot start is tried again when it is needed.
        """
        spoken_by_now = set[str]()
        await self._cache.start()
        for member in self._members.values():
            named = member.name in self._named
            if not named and spoken_by_now.issuperset(self._expected):
                continue
            try:
                await member.start()
                spoken_by_now |= member.voice.languages
            except VoiceError as error:
                member.fail(error)
                log.log(logging.WARNING if named else logging.DEBUG, "%s", error)
        self._look_for_doubts()
        self._update()

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Chunk, None]:
        """What no voice can say is shown. Raises VoiceError where one broke off, and no other goes on."""
        progress, failed = SpeechProgress(utterance.text), dict[str, VoiceError]()
        heard = False
        while (rest := progress.rest()) and (progress.seconds == 0 or _has_letters(rest)):
            member, part = self._choose(replace(utterance, text=rest), failed)
            if member is self._silent and failed and heard:
                raise [*failed.values()][-1]
            progress.begin()
            try:
                async with aclosing(member.speak(part)) as items:
                    async for item in items:
                        heard = heard or (member is not self._silent and isinstance(item, Sound))
                        for due in progress.take(item):
                            yield due
            except VoiceError as error:
                failed[member.name] = error
                wait = member.fail(error)
                log.warning("%s; voice %s is tried again in %.0f seconds", error.what, member.name, wait)
            else:
                member.recover()
                for word in progress.complete(part.text):
                    yield word
            self._update()
        progress.begin()
        for word in progress.complete(progress.rest()):
            yield word

    async def stop(self) -> None:
        stops = [member.voice.stop() for member in self._members.values()]
        await asyncio.gather(*stops, self._cache.close())
        self._update()

    @property
    def names(self) -> Sequence[str]:
        return (*self._members, SILENT)

    @property
    def chosen(self) -> str:
        return self._chosen

    def choose(self, name: str) -> None:
        self._chosen = name

    @property
    def loudness(self) -> float:
        return self._loudness

    def set_loudness(self, lufs: float) -> None:
        self._loudness = lufs
        for member in self._members.values():
            member.set_loudness(lufs)

    def pronounced(self, text: str) -> Iterator[str]:
        for member in self._members.values():
            yield from member.voice.pronounced(text)

    def routes(self) -> list[Any]:
        """Those of the voices that answer HTTP requests (``stage.server.Routed``)."""
        return [
            route
            for member in self._members.values()
            for route in getattr(member.voice.voice, "routes", list[Any])()
        ]

    def health(self) -> Health:
        """Who speaks her languages, what is wrong with those who should, and how a better one would speak."""
        if not self._members:  # nobody wants a voice
            return self._silent.voice.health()
        told, mute, passed_over = dict[str, str](), set[str](), list[Member]()
        for language in self._expected:
            able = self._able(frozenset({language}), self._regional(language))
            speaking = next((member for member in able if not member.trouble), None)
            passed_over += able[: able.index(speaking)] if speaking else able
            if not speaking:
                mute.add(language)
            told[NAMES.get(language, language)] = speaking.voice.health().what if speaking else _ONLY_SHOWN
        troubles = [
            member.trouble
            for member in self._members.values()
            if member.trouble and (member.name in self._named or mute & member.voice.languages)
        ]
        what = "; ".join(f"{name}: {how}" if len(told) > 1 else how for name, how in told.items())
        if troubles:
            what = f"{what}; because {', and '.join(dict.fromkeys(trouble.what for trouble in troubles))}"
        advice = troubles or [member.trouble for member in passed_over if member.trouble]
        hint = "; or ".join(dict.fromkeys(trouble.hint for trouble in advice if trouble.hint))
        if self._doubts and not advice:
            doubt, hint = self._doubts[0]
            return Health("voice", State.LIMITED, f"{what}. {doubt}", hint)
        worst = State.DOWN if len(mute) == len(told) else State.LIMITED
        resting = [member.backoff for member in self._members.values() if member.backoff.is_resting]
        if resting:
            what += resting[0].note
            worst = State.RESTING if worst is State.DOWN else worst
        return Health("voice", worst if mute or troubles else State.OK, what, hint)

    def _look_for_doubts(self) -> None:
        """Tells of what stands in config and is hardly meant."""

        def members(tag: str) -> list[Member]:
            return self._able(frozenset({primary(tag)}), tag) if tag else [*self._members.values()]

        self._doubts = [*doubts.of_speakers(self._settings, members)]
        for doubt in (*self._doubts, *doubts.of_moods(self._settings, self._name, self._moods)):
            log.warning("%s; %s", *doubt)

    def _choose(self, utterance: Utterance, failed: Container[str]) -> tuple[Member, Utterance]:
        """Who speaks now, and how much of it: all, or what is in one language."""
        languages = self._detector.languages(utterance.text, self._language)
        language = self._detector.language(utterance.text, self._language)
        tag = self._regional(language, utterance.text)
        for member in self._able(languages or frozenset({language}), tag):
            if not (member.rests or member.name in failed):
                return member, self._styled(member, utterance, tag)
        if len(languages) > 1:
            first = self._detector.runs(utterance.text, self._language)[0]
            return self._choose(replace(utterance, text=first.text.strip()), failed)
        return self._silent, self._styled(self._silent, utterance, tag)

    def _able(self, languages: frozenset[str], tag: str) -> list[Member]:
        """Those that speak all ``languages``, in the order for the language ``tag``; also those that rest."""
        if self._chosen == SILENT:
            return []
        chosen = dict.fromkeys((self._chosen, *manner.for_language(self._settings, tag).use))
        members = [self._members[name] for name in chosen if name in self._members]
        if SILENT not in chosen:
            members += [member for member in self._members.values() if member not in members]
        return [member for member in members if member.speaks(languages)]

    def _styled(self, member: Member, utterance: Utterance, tag: str) -> Utterance:
        self._language = primary(tag)
        has_speaker = partial(self._has_speaker, member)
        style = manner.style(self._settings, tag, utterance.mood, has_speaker)
        return replace(utterance, language=tag, style=style)

    def _has_speaker(self, member: Member, name: str) -> bool:
        """Whether that speaker is this voice's; where nobody knows, whether it is no other's."""
        own = member.voice.has_speaker(name)
        return not any(one.voice.has_speaker(name) for one in self._members.values()) if own is None else own

    def _regional(self, language: str, text: str = "") -> str:
        """With its region: Chinese as it is written, or as config has it; any other as config names it."""
        usual = self._chinese(text) if language == CHINESE else language
        named = [tag for tag in self._settings.languages if primary(tag) == language]
        return usual if usual in named or language in named or not named else named[0]

    def _chinese(self, text: str) -> str:
        if self._settings.chinese in (TAIWAN, MAINLAND):
            return self._settings.chinese
        return MAINLAND if (leaning(text) or self._leaning) > 0 else TAIWAN

    def _update(self) -> None:
        ready = any(member.voice.is_ready for member in self._members.values())
        self.availability.set(ready=ready)


def _has_letters(text: str) -> bool:
    return any(map(str.isalnum, text))
