"""What OBS has: its scenes and sources, and whether those that config names are among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Self

from vtuber import config
from vtuber.core.errors import StageError
from vtuber.core.text import escaped
from vtuber.stage.obs.client import ObsClient


@dataclass(frozen=True, slots=True)
class Inventory:
    """By the names that the streamer sees."""

    scenes: Sequence[str] = ()
    inputs: Sequence[str] = ()
    texts: Sequence[str] = ()
    """Of the inputs, those that show a text."""

    @classmethod
    def of(cls, client: ObsClient) -> Self:
        """Asks OBS."""
        inputs = (client.ask("GetInputList") or {}).get("inputs", [])
        scenes = (client.ask("GetSceneList") or {}).get("scenes", [])
        return cls(
            scenes=[str(one["sceneName"]) for one in scenes],
            inputs=[str(one["inputName"]) for one in inputs],
            texts=[str(one["inputName"]) for one in inputs if str(one["inputKind"]).startswith("text_")],
        )

    def problem(self, settings: config.Obs) -> StageError | None:
        """The first thing that config names and OBS has not."""
        caption = settings.caption_source
        if caption and caption not in self.texts:
            return missing("text source", caption, self.texts, there=caption in self.inputs)
        for scene in scenes_of(settings):
            if scene not in self.scenes:
                return missing("scene", scene, self.scenes)
        return None


def scenes_of(settings: config.Obs) -> list[str]:
    """Every scene that config names for a show."""
    changes = [*settings.events.values(), *settings.moods.values(), *settings.commands.values()]
    named = [settings.speaking_scene, settings.idle_scene, *(change.scene for change in changes)]
    return list(dict.fromkeys(filter(None, [*named, *settings.scenes])))


def missing(kind: str, name: str, names: Sequence[str], *, there: bool = False) -> StageError:
    """OBS has no such thing: which was probably meant. ``there``: something else is called so."""
    shown = escaped(name)
    what = f"{shown!r} in OBS is not a {kind}" if there else f"OBS has no {kind} called {shown!r}"
    near = get_close_matches(name, names, n=1)
    if near:
        return StageError(what, hint=f"did you mean {escaped(near[0])!r}?")
    if names:
        return StageError(what, hint=f"it has {', '.join(repr(escaped(one[:100])) for one in names[:8])}")
    return StageError(what, hint=f"add a {kind} with this name in OBS, or run `banban obs setup`")
