"""What in OBS keeps viewers from seeing and hearing her, and what to click."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from vtuber import config
from vtuber.core.health import Health, State
from vtuber.core.text import escaped
from vtuber.stage.obs import overlay_source
from vtuber.stage.obs.client import OLDEST, ObsClient
from vtuber.stage.obs.inventory import Inventory, missing
from vtuber.stage.obs.overlay_source import Canvas
from vtuber.stage.obs.setup import NO_BROWSER
from vtuber.stage.obs.targets import Filter, Source, targets_of

SETUP = "run `banban obs setup`"


def diagnose(
    client: ObsClient, settings: config.Obs, address: str, moods: Collection[str] = ()
) -> list[Health]:
    """A row for each part. ``address`` is the overlay's, ``moods`` are the character's."""
    return [
        _version(client),
        *_overlay(client, settings, address),
        *_captions(client, settings),
        *_bound(client, settings, moods),
        _enabled(settings),
    ]


def _version(client: ObsClient) -> Health:
    if client.is_old:
        what = f"OBS {client.version} is too old: {OLDEST} or newer is needed"
        return Health("obs", State.DOWN, what, "update OBS (Help → Check For Updates)")
    return Health("obs", State.OK, f"OBS {client.version} at {client.place}")


def _overlay(client: ObsClient, settings: config.Obs, address: str) -> Iterator[Health]:
    if not overlay_source.can_browse(client):
        hint = NO_BROWSER.format(address=address)
        yield Health("overlay", State.DOWN, "this OBS has no browser sources", hint)
        return
    name = overlay_source.find(client, settings, address)
    if not name:
        what = f"OBS has no browser source with the address {address}"
        yield Health("overlay", State.DOWN, what, SETUP)
        return
    shown, canvas = repr(escaped(name)), Canvas.of(client)
    wrong = overlay_source.wrong(overlay_source.settings_of(client, name), address, canvas)
    properties = f"double-click {shown} in Sources"
    if "url" in wrong:
        what, hint = (
            f"{shown} has another address than {address}",
            f"{properties}, and set URL to {wrong['url']}",
        )
        yield Health("overlay", State.DOWN, what, f"{hint}; or {SETUP}")
    elif "width" in wrong or "height" in wrong:
        hint = f"{properties}, and set Width and Height; or {SETUP}"
        yield Health("overlay", State.LIMITED, f"{shown} is not as large as the canvas ({canvas})", hint)
    else:
        yield Health("overlay", State.OK, f"{shown}, {canvas}")
    yield _program(client, name)
    yield _sound(client, name, rerouted="reroute_audio" not in wrong)


def _program(client: ObsClient, name: str) -> Health:
    scene = str((client.ask("GetCurrentProgramScene") or {}).get("currentProgramSceneName", ""))
    shown = repr(escaped(name))
    if name in _visible(client, scene):
        return Health("program", State.OK, f"{shown} is in the scene that viewers see ({escaped(scene)!r})")
    items = (client.ask("GetSceneItemList", sceneName=scene) or {}).get("sceneItems", [])
    if name in [item["sourceName"] for item in items]:
        what = f"{shown} is hidden in the scene that viewers see ({escaped(scene)!r})"
        return Health("program", State.LIMITED, what, f"click the eye beside {shown} in Sources")
    what = f"{shown} is not in the scene that viewers see ({escaped(scene)!r})"
    add = f"Sources → + → Browser → Add Existing → {shown}"
    hint = f"switch to a scene that has it, or add it to this one: {add}"
    return Health("program", State.LIMITED, what, hint)


def _visible(client: ObsClient, scene: str, seen: frozenset[str] = frozenset()) -> set[str]:
    """The names of all that can be seen in a scene, also through the scenes and groups in it."""
    request = "GetSceneItemList" if scene not in seen else ""
    if not request:
        return set()
    answer = (
        client.ask(request, sceneName=scene) or client.ask("GetGroupSceneItemList", sceneName=scene) or {}
    )
    found = set()
    for item in answer.get("sceneItems", []):
        if item["sceneItemEnabled"]:
            found.add(str(item["sourceName"]))
            if item.get("sourceType") == "OBS_SOURCE_TYPE_SCENE":
                found |= _visible(client, str(item["sourceName"]), seen | {scene})
    return found


def _sound(client: ObsClient, name: str, *, rerouted: bool) -> Health:
    shown = repr(escaped(name))
    if not rerouted:
        hint = f'double-click {shown} in Sources, and tick "Control audio via OBS"; or {SETUP}'
        return Health("sound", State.LIMITED, f"her sound does not go through OBS's mixer ({shown})", hint)
    if (client.ask("GetInputMute", inputName=name) or {}).get("inputMuted"):
        hint = f"click the loudspeaker beside {shown} in the Audio Mixer"
        return Health("sound", State.DOWN, f"{shown} is muted: viewers do not hear her", hint)
    return Health("sound", State.OK, f"{shown} has its slider in the mixer")


def _captions(client: ObsClient, settings: config.Obs) -> Iterator[Health]:
    if (name := settings.caption_source) and name not in (inventory := Inventory.of(client)).texts:
        there = name in inventory.inputs
        problem = missing("text source", name, inventory.texts, there=there)
        hint = f'{problem.hint}; or {SETUP}, or set stage.obs.caption_source to "" if the overlay is enough'
        yield Health("captions", State.LIMITED, problem.what, hint)
    elif name:
        yield Health("captions", State.OK, repr(escaped(name)))


def _bound(client: ObsClient, settings: config.Obs, moods: Collection[str]) -> Iterator[Health]:
    """What config binds, as far as it does not exist."""
    problem = Inventory.of(client).problem(settings.model_copy(update={"caption_source": ""}))
    if problem is not None:
        yield Health("config", State.LIMITED, problem.what, problem.hint)
    changes = [*settings.events.values(), *settings.moods.values(), *settings.commands.values()]
    targets = {target: None for change in changes for target in targets_of(change)}
    for target in targets:
        if isinstance(target, Source) and target.read(client) is None:
            what = f"no scene in OBS has a source called {escaped(target.name)!r}"
            yield Health("config", State.LIMITED, what, "write it in [stage.obs] as OBS does")
        elif isinstance(target, Filter) and target.read(client) is None:
            what = f"{escaped(target.source)!r} in OBS has no filter called {escaped(target.name)!r}"
            yield Health("config", State.LIMITED, what, 'write it in [stage.obs] as "Source/Filter"')
    hotkeys = (client.ask("GetHotkeyList") or {}).get("hotkeys", [])
    for change in changes:
        if change.hotkey and change.hotkey not in hotkeys:
            problem = missing("hotkey", change.hotkey, hotkeys)
            yield Health("config", State.LIMITED, problem.what, problem.hint)
    for mood in settings.moods:
        if moods and mood not in moods:
            what = f"she has no mood {escaped(mood)!r} (stage.obs.moods)"
            yield Health("config", State.LIMITED, what, f"her moods are {', '.join(moods)}")


def _enabled(settings: config.Obs) -> Health:
    if settings.enabled:
        return Health("config", State.OK, "the show uses OBS")
    hint = "set stage.obs.enabled = true for captions, scenes and commands; the overlay page works without"
    return Health("config", State.OFF, "the show leaves OBS alone", hint)
