"""Twitch: everything that happens in a channel with an account, or its chat alone without one."""

from __future__ import annotations

import re

from vtuber.config import Settings
from vtuber.errors import ConfigError
from vtuber.listeners.twitch.anonymous import AnonymousTwitch
from vtuber.text import escaped

_CHANNEL = re.compile(r"[A-Za-z0-9_]{1,25}")


def build(settings: Settings) -> list[AnonymousTwitch]:
    """A listener for each of ``chat.twitch.channels``. Raises ConfigError for a name that can be none."""
    names = [
        channel_name(given, f"chat.twitch.channels[{index}]")
        for index, given in enumerate(settings.chat.twitch.channels)
    ]
    return [AnonymousTwitch(settings, name) for name in dict.fromkeys(names)]


def channel_name(given: str, where: str = "chat.twitch.channels") -> str:
    """The login of a channel from whatever a streamer pastes. Raises ConfigError when it can be none."""
    name = re.sub(r"^(https?://)?((www|m)\.)?twitch\.tv/(popout/)?", "", given.strip(), flags=re.IGNORECASE)
    name = re.split(r"[/?#]", name.lstrip("#@"), maxsplit=1)[0]
    if not _CHANNEL.fullmatch(name):
        raise ConfigError(
            f"{escaped(given[:60])!r} is no name of a Twitch channel",
            where=where,
            cure="write the name as it stands in the channel's address: letters, digits and _",
        )
    return name.lower()
