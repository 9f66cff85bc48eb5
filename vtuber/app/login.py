"""Logging in and out of accounts on the platforms: what the streamer reads meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from vtuber.config import Settings
from vtuber.core.health import Health
from vtuber.listeners.twitch.login import DeviceCode, login, logout
from vtuber.listeners.twitch.scopes import rights
from vtuber.listeners.twitch.tokens import TokenFile

Tell = Callable[[str], None]


async def log_in_at_twitch(settings: Settings, tell: Tell) -> list[Health]:
    """Waits until the streamer has entered the code. Returns what she may do now. Raises BanbanError."""

    def show(code: DeviceCode) -> None:
        tell("In a browser, log in to Twitch with the account that banban should use. Then open")
        tell(f"  {code.address}")
        tell(f"and enter this code, or check that the page shows the same one:  {code.code}")
        tell(f"The code is valid for {code.seconds / 60:.0f} minutes. Waiting… (Ctrl-C cancels)")

    file = TokenFile()
    token = await login(settings, file, show)
    tell(f"Logged in as {token.login}. The tokens are stored in {file.path}")
    return rights(token.scopes)


async def log_out_at_twitch(settings: Settings, tell: Tell, name: str) -> None:
    """Logs out one account, or all when ``name`` is "". Raises BanbanError."""
    for line in await logout(settings, TokenFile(), name):
        tell(line)
