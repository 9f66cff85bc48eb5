"""Which brain `brain.use = "auto"` stands for, on this machine and now.

A model that config names; else a model server that answers on this machine; else the best GGUF that was
fetched and fits; else the embedded toy. Behind a server stands the best of the rest, for when it is away.
"""

from __future__ import annotations

from typing import Any

import psutil

from vtuber import character as characters
from vtuber.brain.openai.discovery import find
from vtuber.character import Character
from vtuber.config import OpenAi, Settings
from vtuber.core.languages import NAMES, spoken
from vtuber.models import machine
from vtuber.models.best import best
from vtuber.models.choices import CONTEXT
from vtuber.models.machine import Machine

AUTO = "auto"


async def choose(settings: Settings, *, servers: bool = True) -> Settings:
    """The settings with the brain chosen. Without ``servers`` none is looked for.

    Raises ConfigError when there is no such character.
    """
    brain = settings.brain
    if brain.use != AUTO:
        return settings
    if brain.model:
        return _with(settings, use="llama")
    speaks = languages(characters.load(settings.show.character))
    configured = brain.openai.url != OpenAi().url
    server = brain.openai if configured else await find(brain.openai.model) if servers else None
    fetched = best(speaks, roomy(settings))
    model = str(fetched.path) if fetched else ""
    if server is None:
        return _with(settings, use="llama", model=model)
    if fetched and fetched.size + CONTEXT > psutil.virtual_memory().available:
        model = ""  # the server's model lies in memory, too
    return _with(
        settings,
        use="openai",
        openai=server,
        model=model,
        then=brain.then or ("llama",),
        # What stands in knows much less: it is worth waiting for the other one.
        patience_seconds=brain.patience_seconds
        if brain.then
        else max(brain.patience_seconds, brain.first_token_seconds / 2),
    )


def languages(character: Character) -> list[str]:
    """What she speaks, as far as her examples show it."""
    said = [example.reply for example in character.examples] or [character.persona]
    return [NAMES[language] for language in spoken(said)]


def roomy(settings: Settings) -> Machine:
    """This machine as far as models are put there: without its cards, unless they are used."""
    if settings.brain.gpu_layers == 0:
        return machine.memory()
    return machine.this()


def _with(settings: Settings, **brain: Any) -> Settings:
    return settings.model_copy(update={"brain": settings.brain.model_copy(update=brain)})
