"""What can be changed in OBS and changed back: the scene on program, a source, a filter.

Each is read before it is changed. What the streamer changed meanwhile is left as it is then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from vtuber import config
from vtuber.stage.obs.client import ObsClient

Setting = str | bool | Mapping[tuple[str, int], bool]
"""A scene's name; whether a filter is on; which of the items of a source (scene, id) are visible."""


class Target(Protocol):
    """Equal to another of the same thing."""

    def read(self, client: ObsClient) -> Setting | None:
        """How it is now; None when OBS has no such thing."""
        ...

    def write(self, client: ObsClient, setting: Setting) -> bool:
        """Whether OBS did it."""
        ...

    def holds(self, now: Setting, wanted: Setting) -> bool:
        """Whether it still is as it was set to be."""
        ...


@dataclass(frozen=True, slots=True)
class Program:
    """The scene on program."""

    def read(self, client: ObsClient) -> Setting | None:
        return (client.ask("GetCurrentProgramScene") or {}).get("currentProgramSceneName")

    def write(self, client: ObsClient, setting: Setting) -> bool:
        return client.ask("SetCurrentProgramScene", sceneName=setting) is not None

    def holds(self, now: Setting, wanted: Setting) -> bool:
        return now == wanted


@dataclass(frozen=True, slots=True)
class Source:
    """A source, wherever it stands: in scenes, and in groups."""

    name: str

    def read(self, client: ObsClient) -> Setting | None:
        found = {
            (place, int(item["sceneItemId"])): bool(item["sceneItemEnabled"])
            for place, item in scene_items(client)
            if item["sourceName"] == self.name
        }
        return found or None

    def write(self, client: ObsClient, setting: Setting) -> bool:
        if isinstance(setting, bool):
            setting = dict.fromkeys(_items(self.read(client)), setting)
        done = [
            client.ask("SetSceneItemEnabled", sceneName=place, sceneItemId=number, sceneItemEnabled=visible)
            for (place, number), visible in _items(setting).items()
        ]
        return bool(done) and None not in done

    def holds(self, now: Setting, wanted: Setting) -> bool:
        return all(visible == wanted for visible in _items(now).values())


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of a source or a scene."""

    source: str
    name: str

    def read(self, client: ObsClient) -> Setting | None:
        found = client.ask("GetSourceFilter", sourceName=self.source, filterName=self.name)
        return None if found is None else bool(found["filterEnabled"])

    def write(self, client: ObsClient, setting: Setting) -> bool:
        names = {"sourceName": self.source, "filterName": self.name}
        return client.ask("SetSourceFilterEnabled", **names, filterEnabled=setting) is not None

    def holds(self, now: Setting, wanted: Setting) -> bool:
        return now == wanted


def targets_of(change: config.ObsChange) -> dict[Target, str | bool]:
    """What a change of config makes of each target."""
    found: dict[Target, str | bool] = {Program(): change.scene} if change.scene else {}
    found.update((Source(name), True) for name in change.show)
    found.update((Source(name), False) for name in change.hide)
    for path in change.filter:
        source, _, name = path.partition("/")
        found[Filter(source, name)] = True
    return found


def scene_items(client: ObsClient) -> list[tuple[str, dict[str, Any]]]:
    """Every item with the scene or the group that it stands in."""
    scenes = [str(scene["sceneName"]) for scene in (client.ask("GetSceneList") or {}).get("scenes", [])]
    found = []
    groups: dict[str, None] = {}
    for scene in scenes:
        for item in (client.ask("GetSceneItemList", sceneName=scene) or {}).get("sceneItems", []):
            found.append((scene, item))
            if item.get("isGroup"):
                groups[str(item["sourceName"])] = None
    for group in groups:
        items = (client.ask("GetGroupSceneItemList", sceneName=group) or {}).get("sceneItems", [])
        found += [(group, item) for item in items]
    return found


def _items(setting: Setting | None) -> Mapping[tuple[str, int], bool]:
    return setting if isinstance(setting, Mapping) else {}
