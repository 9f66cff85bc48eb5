"""`banban voices`: the voices and what they can here; and fetching the one that speaks Chinese by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from rich.text import Text

from vtuber import character as characters
from vtuber.app import terminal
from vtuber.app.models import Fetching
from vtuber.app.running import Flags, interruptible, run, settings_of
from vtuber.config import Settings
from vtuber.core import registry
from vtuber.core.errors import BanbanError
from vtuber.core.events import Sound
from vtuber.core.health import Health, State
from vtuber.core.languages import NAMES
from vtuber.core.text import escaped
from vtuber.voice import ANY_LANGUAGE, PARTS, Utterance, Voice

FETCHED = {"kokoro": "Chinese and English without a network, 95 MB"}
"""The voices that have files to fetch, and what they are for."""

_TRIED_SECONDS = 15.0
"""How long a voice may take for its first sound when it is tried."""
_SHOWN = 4
"""Languages of a voice that are named; of the rest their number is told."""


def command(config: Path | None, flags: Flags) -> None:
    """Tries every voice with a word, and shows what came of it."""
    with settings_of(config, flags) as settings:
        tried = run(lambda: try_all(settings))
    if tried is not None:
        terminal.show_health("banban voices", tried)


async def try_all(settings: Settings) -> list[Health]:
    """How each voice is on this machine, with the languages that it speaks."""
    return await asyncio.gather(*(_try(name, settings) for name in registry.names("voice", PARTS)))


async def _try(name: str, settings: Settings) -> Health:
    voice: Voice | None = None
    try:
        character = characters.load(settings.show.character)
        voice = registry.make("voice", PARTS, name, settings, character, where="voice.use")
        with registry.named(voice):
            async with asyncio.timeout(_TRIED_SECONDS):
                await _say_a_word(voice)
        health = voice.health()
    except TimeoutError:
        health = Health("", State.DOWN, f"no sound within {_TRIED_SECONDS:g} seconds")
    except BanbanError as error:
        health = Health("", State.DOWN, error.what, error.hint)
    finally:
        if voice is not None:
            await voice.stop()
    languages = _told(voice.languages) if voice else ""
    return replace(health, part=name, what=f"{languages}: {health.what}" if languages else health.what)


async def _say_a_word(voice: Voice) -> None:
    await voice.start()
    english = {"en", ANY_LANGUAGE} & voice.languages
    utterance = Utterance("Hello.") if english else Utterance("你好。", min(voice.languages))
    async with aclosing(voice.speak(utterance)) as items:
        async for item in items:
            if isinstance(item, Sound):
                return


def _told(languages: Collection[str]) -> str:
    """The names of the languages, English and Chinese first."""
    if ANY_LANGUAGE in languages:
        return "any language"
    known = [NAMES.get(language, language) for language in sorted(languages, key=_by_use)]
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return ", ".join(known[:_SHOWN]) + more


def _by_use(language: str) -> tuple[int, str]:
    order = list(NAMES)
    return (order.index(language) if language in order else len(order), language)


def get(name: str | None) -> None:
    """Fetches what the voice of that name needs; without one it lists those that can be fetched."""
    if not name:
        listed = "\n".join(f"banban voices get {voice}   {what}" for voice, what in FETCHED.items())
        terminal.out.print(Text(listed), soft_wrap=True)
        return
    terminal.set_up_logging(verbose=False)
    with interruptible(), Fetching() as watch:
        if name not in FETCHED:
            raise BanbanError(
                "there is nothing to download for this voice",
                where=name,
                hint=f"choose one of {', '.join(FETCHED)}",
            )
        from vtuber.models import kokoro  # noqa: PLC0415  # with the hub's library, which is slow to load

        folder = kokoro.get(watch)
    terminal.out.print(Text(escaped(f"{folder}\nIt speaks Chinese from the next start on.")), soft_wrap=True)
