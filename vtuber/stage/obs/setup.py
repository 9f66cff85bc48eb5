"""Makes the scene and the sources in OBS that a show needs, or mends them. Nothing else is touched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vtuber import config
from vtuber.core.health import Health, State
from vtuber.core.text import escaped
from vtuber.stage.obs import overlay_source
from vtuber.stage.obs.client import ObsClient
from vtuber.stage.obs.overlay_source import BROWSER, Canvas

FONTS = {"windows": "Microsoft JhengHei", "macos": "PingFang TC"}
"""For captions, by what OBS calls the system; they have Chinese letters."""
OTHER_FONT = "Noto Sans CJK TC"

BOTTOM_CENTRE = 8
"""How OBS writes an item's alignment: the middle of its lower edge."""

NO_BROWSER = (
    "install OBS from obsproject.com (some Linux packages come without the browser plugin); until then, open"
    " {address} in a browser, and add its window to the scene"
)


def set_up(client: ObsClient, settings: config.Obs, address: str) -> list[Health]:
    """Says what it did, and what somebody has to do. Done again, it changes nothing."""
    return list(_Setup(client, settings, address).run())


class _Setup:
    def __init__(self, client: ObsClient, settings: config.Obs, address: str) -> None:
        self._client = client
        self._settings = settings
        self._address = address
        self._scene = settings.scene
        self._canvas = Canvas.of(client)

    def run(self) -> Iterator[Health]:
        kinds = overlay_source.kinds_of_inputs(self._client)
        yield self._make_scene(kinds)
        name = overlay_source.find(self._client, self._settings, self._address)
        can_browse = overlay_source.can_browse(self._client)
        yield self._make_overlay(name, kinds, can_browse=can_browse)
        if self._settings.caption_source:
            yield self._make_captions(kinds, visible=not can_browse)

    def _make_scene(self, kinds: dict[str, str]) -> Health:
        scenes = (self._client.ask("GetSceneList") or {}).get("scenes", [])
        if self._scene in [scene["sceneName"] for scene in scenes]:
            return _fine("scene", f"{self._scene!r} is there")
        if self._scene in kinds or self._client.ask("CreateScene", sceneName=self._scene) is None:
            return _taken("scene", self._scene, "scene", "stage.obs.scene")
        return _fine("scene", f"made {self._scene!r}: switch to it, or add it to your own scenes")

    def _make_overlay(self, name: str, kinds: dict[str, str], *, can_browse: bool) -> Health:
        if not can_browse:
            hint = NO_BROWSER.format(address=self._address)
            return Health("overlay", State.DOWN, "this OBS has no browser sources", hint)
        if not name:
            name = self._settings.overlay_source
            wanted = overlay_source.wrong({}, self._address, self._canvas)
            if name in kinds or not self._create(name, BROWSER, wanted):
                return _taken("overlay", name, "browser source", "stage.obs.overlay_source")
            return _fine("overlay", f"made {name!r}: {self._canvas}, {self._address}, sound in the mixer")
        if name != self._settings.overlay_source:
            return _fine("overlay", f"{escaped(name)!r} shows it already, and is left as you made it")
        did = self._mend(name)
        return _fine("overlay", f"{name!r}: {', '.join(did) or 'nothing to change'}")

    def _mend(self, name: str) -> list[str]:
        found = overlay_source.settings_of(self._client, name)
        wrong = overlay_source.wrong(found, self._address, self._canvas)
        did = []
        if wrong:
            self._client.ask("SetInputSettings", inputName=name, inputSettings=wrong, overlay=True)
            words = {"url": f"address {wrong.get('url')}", "width": f"size {self._canvas}",
                     "height": f"size {self._canvas}", "reroute_audio": "sound in the mixer",
                     "is_local_file": "no local file"}  # fmt: skip
            did += list(dict.fromkeys(words[key] for key in wrong))
        if self._place(name):
            did.append(f"put into {self._scene!r}")
        return did

    def _make_captions(self, kinds: dict[str, str], *, visible: bool) -> Health:
        name = self._settings.caption_source
        if kinds.get(name, "").startswith("text_"):
            placed = self._place(name, visible=visible)
            return _fine("captions", f"{name!r}: {'put into the scene' if placed else 'nothing to change'}")
        known = (self._client.ask("GetInputKindList") or {}).get("inputKinds", [])
        texts = [kind for start in ("text_gdiplus", "text_ft2") for kind in known if kind.startswith(start)]
        if not texts:
            return Health(
                "captions", State.LIMITED, "this OBS has no text sources", "the overlay has captions"
            )
        if name in kinds or not self._create(name, texts[0], self._text_settings(texts[0]), visible=visible):
            return _taken("captions", name, "text source", "stage.obs.caption_source")
        return _fine(
            "captions",
            f"made {name!r}"
            + ("" if visible else ", hidden: show it where the overlay's own are not wanted"),
        )

    def _text_settings(self, kind: str) -> dict[str, Any]:
        system = str((self._client.ask("GetVersion") or {}).get("platform", ""))
        font = {"face": FONTS.get(system, OTHER_FONT), "style": "Regular", "flags": 0}
        font = {**font, "size": round(self._canvas.height / 20)}
        width = round(self._canvas.width * 0.8)
        if kind.startswith("text_gdiplus"):
            box = {"extents": True, "extents_wrap": True, "extents_cx": width,
                   "extents_cy": round(self._canvas.height / 5)}  # fmt: skip
            return {"text": "", "font": font, "align": "center", "valign": "bottom", "outline": True, **box}
        return {"text": "", "font": font, "outline": True, "word_wrap": True, "custom_width": width}

    def _create(self, name: str, kind: str, settings: dict[str, Any], *, visible: bool = True) -> bool:
        made = self._client.ask(
            "CreateInput",
            sceneName=self._scene,
            inputName=name,
            inputKind=kind,
            inputSettings=settings,
            sceneItemEnabled=visible,
        )
        if made is not None and kind != BROWSER:
            self._move_to_bottom(int(made["sceneItemId"]))
        return made is not None

    def _move_to_bottom(self, item: int) -> None:
        middle = {"positionX": self._canvas.width / 2, "positionY": self._canvas.height * 0.95}
        transform = {**middle, "alignment": BOTTOM_CENTRE}
        self._client.ask(
            "SetSceneItemTransform", sceneName=self._scene, sceneItemId=item, sceneItemTransform=transform
        )

    def _place(self, name: str, *, visible: bool = True) -> bool:
        """Into the scene, where it is not. Whether it was put there."""
        there = self._client.ask("GetSceneItemId", sceneName=self._scene, sourceName=name)
        if there is not None:
            return False
        item = {"sceneName": self._scene, "sourceName": name, "sceneItemEnabled": visible}
        return self._client.ask("CreateSceneItem", **item) is not None


def _fine(part: str, what: str) -> Health:
    return Health(part, State.OK, what)


def _taken(part: str, name: str, kind: str, option: str) -> Health:
    return Health(
        part,
        State.DOWN,
        f"{name!r} in OBS is something else than a {kind}, and is left as it is",
        f"rename it in OBS, or set {option} to another name",
    )
