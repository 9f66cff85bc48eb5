"""Her accounts on the platforms: what a streamer reads while she is let in, and when she leaves."""

from __future__ import annotations

from collections.abc import Callable

from vtuber.config import Settings
from vtuber.core.health import Health
from vtuber.listeners.twitch.login import Invitation, login, logout
from vtuber.listeners.twitch.scopes import rights
from vtuber.listeners.twitch.tokens import TokenFile

Tell = Callable[[str], None]


async def log_in_at_twitch(settings: Settings, tell: Tell) -> list[Health]:
    """Waits until the streamer has entered the code. Gives what she may do now. Raises BanbanError."""

    def invite(invitation: Invitation) -> None:
        tell("In any browser, log in at Twitch as whom she is to be there, then open")
        tell(f"  {invitation.address}")
        tell(f"and enter this code, or see that it is the same:  {invitation.code}")
        tell(f"It is good for {invitation.seconds / 60:.0f} minutes. Waiting… (Ctrl-C stops)")

    file = TokenFile()
    token = await login(settings, file, invite)
    tell(f"{token.login} is logged in. The tokens are in {file.path}")
    return rights(token.scopes)


async def log_out_at_twitch(settings: Settings, tell: Tell, name: str) -> None:
    """Of one account, or of all when ``name`` is "". Raises BanbanError."""
    for line in await logout(settings, TokenFile(), name):
        tell(line)
