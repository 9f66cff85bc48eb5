"""YouTube: what happens in the live chat of a video, or of whatever a channel streams."""

from __future__ import annotations

from vtuber.config import Settings
from vtuber.core.errors import ConfigError
from vtuber.listeners.youtube import source
from vtuber.listeners.youtube.client import KEY, key
from vtuber.listeners.youtube.quota import Quota
from vtuber.listeners.youtube.stream import Stream


def build(settings: Settings) -> list[Stream]:
    """A listener for each of ``chat.youtube.streams``. Raises ConfigError for what cannot be one."""
    asked = settings.chat.youtube
    if asked.way == "api" and asked.streams and not key():
        raise ConfigError(
            "the API cannot be asked without a key",
            where="chat.youtube.way",
            hint=f'put a key into the environment variable {KEY}, or set the way to "auto"',
        )
    sources = [
        source.read(given, f"chat.youtube.streams[{index}]") for index, given in enumerate(asked.streams)
    ]
    quota = Quota(asked.daily_units)  # one, for they share the key
    return [Stream(settings, one, quota) for one in dict.fromkeys(sources)]
