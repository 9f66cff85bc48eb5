"""The browser source in OBS that shows the overlay: which it is, and whether it is as it should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from vtuber import config
from vtuber.stage.obs.client import ObsClient

BROWSER = "browser_source"


@dataclass(frozen=True, slots=True)
class Canvas:
    """The size of what OBS draws, in pixels."""

    width: int
    height: int

    @classmethod
    def of(cls, client: ObsClient) -> Canvas:
        """Asks OBS."""
        video = client.ask("GetVideoSettings") or {}
        return cls(int(video.get("baseWidth", 1920)), int(video.get("baseHeight", 1080)))

    def __str__(self) -> str:
        return f"{self.width}×{self.height}"


def can_browse(client: ObsClient) -> bool:
    """Whether this OBS has browser sources at all."""
    kinds = (client.ask("GetInputKindList", unversioned=True) or {}).get("inputKinds", [])
    return BROWSER in kinds


def kinds_of_inputs(client: ObsClient) -> dict[str, str]:
    """What each input is, without the version of its kind, by its name."""
    inputs = (client.ask("GetInputList") or {}).get("inputs", [])
    return {
        str(one["inputName"]): str(one.get("unversionedInputKind") or one.get("inputKind", ""))
        for one in inputs
    }


def settings_of(client: ObsClient, name: str) -> dict[str, Any]:
    """An input's settings, those that nobody changed included."""
    found = client.ask("GetInputSettings", inputName=name) or {}
    kind = str(found.get("inputKind", ""))
    usual = (client.ask("GetInputDefaultSettings", inputKind=kind) or {}).get("defaultInputSettings", {})
    return {**usual, **found.get("inputSettings", {})}


def find(client: ObsClient, settings: config.Obs, address: str) -> str:
    """The source that shows the overlay: the one of that name, else one with its address; "" for none."""
    browsers = [name for name, kind in kinds_of_inputs(client).items() if kind == BROWSER]
    if settings.overlay_source in browsers:
        return settings.overlay_source
    urls = {name: str(settings_of(client, name).get("url", "")) for name in browsers}
    return next((name for name, url in urls.items() if place(url) == place(address)), "")


def wrong(source: Mapping[str, Any], address: str, canvas: Canvas) -> dict[str, Any]:
    """Those of a browser source's settings that are wrong, as they should be."""
    wanted = {
        "url": with_place(str(source.get("url", "")), address),
        "width": canvas.width,
        "height": canvas.height,
        "reroute_audio": True,
        "is_local_file": False,
    }
    return {name: value for name, value in wanted.items() if source.get(name, False) != value}


def place(url: str) -> str:
    """Host and port of an address; "" when it has none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        return ""
    host = "127.0.0.1" if host in ("localhost", "::1") else host
    return f"{host}:{port}" if host else ""


def with_place(url: str, address: str) -> str:
    """The same page and options, at another address: whatever the streamer chose in it is kept."""
    wanted = urlsplit(address)
    token = parse_qs(wanted.query).get("token", [""])[0]
    if not place(url):
        return address
    parts = urlsplit(url)
    options = parse_qs(parts.query, keep_blank_values=True)
    if place(url) == place(address) and options.get("token", [""])[0] == token:
        return url
    options.pop("token", None)
    query = urlencode({**options, **({"token": [token]} if token else {})}, doseq=True)
    return wanted._replace(path=parts.path or "/", query=query).geturl()
