"""Twitch: everything that happens in a channel with an account, or its chat alone without one."""

from __future__ import annotations

import logging
import re

from vtuber.config import Settings
from vtuber.core.errors import ConfigError
from vtuber.core.text import escaped
from vtuber.listeners import Listener
from vtuber.listeners.twitch.account import AccountTwitch
from vtuber.listeners.twitch.anonymous import AnonymousTwitch
from vtuber.listeners.twitch.session import Session
from vtuber.listeners.twitch.tokens import Token, TokenFile

log = logging.getLogger(__name__)

_CHANNEL = re.compile(r"[A-Za-z0-9_]{1,25}")


def build(settings: Settings) -> list[Listener]:
    """A listener for each of ``chat.twitch.channels``, with an account when one is logged in.

    Raises ConfigError for a name that can be none, and for a file with tokens that others can read.
    """
    given = settings.chat.twitch.channels
    names = [channel_name(name, f"chat.twitch.channels[{index}]") for index, name in enumerate(given)]
    channels = list(dict.fromkeys(names))
    file = TokenFile()
    if accounts := _chosen_first(file.read(), settings.chat.twitch.account):
        session = Session(settings, accounts, file)
        return [AccountTwitch(settings, channel, session) for channel in channels]
    return [AnonymousTwitch(settings, channel) for channel in channels]


def _chosen_first(accounts: list[Token], chosen: str) -> list[Token]:
    """The account that reads and writes comes first; none when config names one that is not there."""
    if chosen and chosen.lower() not in (account.login.lower() for account in accounts):
        log.warning("the account %r is not logged in at Twitch: banban login twitch", escaped(chosen))
        return []
    return sorted(accounts, key=lambda account: account.login.lower() != chosen.lower())


def channel_name(given: str, where: str = "chat.twitch.channels") -> str:
    """The login of a channel from whatever a streamer pastes. Raises ConfigError when it can be none."""
    name = re.sub(r"^(https?://)?((www|m)\.)?twitch\.tv/(popout/)?", "", given.strip(), flags=re.IGNORECASE)
    name = re.split(r"[/?#]", name.lstrip("#@"), maxsplit=1)[0]
    if not _CHANNEL.fullmatch(name):
        raise ConfigError(
            f"{escaped(given[:60])!r} is no name of a Twitch channel",
            where=where,
            hint="write the name as it stands in the channel's address: letters, digits and _",
        )
    return name.lower()
