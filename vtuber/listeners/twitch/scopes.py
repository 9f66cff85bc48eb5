"""What Twitch must allow her, and what each of it is for.

After https://dev.twitch.tv/docs/authentication/scopes and the scopes that EventSub's subscriptions ask for.
"""

from __future__ import annotations

from collections.abc import Collection

from vtuber.core.health import Health, State

LOGIN = "banban login twitch"
"""What a streamer types to grant scopes."""
READ_CHAT = "user:read:chat"
WRITE_CHAT = "user:write:chat"
READ_FOLLOWS = "moderator:read:followers"
READ_BITS = "bits:read"
READ_REWARDS = "channel:read:redemptions"
MANAGE_REWARDS = "channel:manage:redemptions"

SCOPES = {
    READ_CHAT: "read the chat: messages, subscriptions, gifts, raids, and what moderators remove",
    WRITE_CHAT: "write in chat",
    READ_FOLLOWS: "see who follows",
    READ_BITS: "see bits that are used outside of chat",
    MANAGE_REWARDS: "make channel-point rewards, answer them, or give the points back",
}
"""What is asked for at the login, and what she can do with each. The last two only serve an account's own
channel.
"""


def grant(scope: str, login: str) -> str:
    """The hint for an account that lacks a scope."""
    return f"log in as {login} again and allow {scope}: {LOGIN}"


def rights(granted: Collection[str]) -> list[Health]:
    """A row for each scope, for a table."""
    return [
        Health(scope, State.OK, f"banban can {purpose}")
        if scope in granted
        else Health(scope, State.OFF, f"banban cannot {purpose}", "log in again, and allow it")
        for scope, purpose in SCOPES.items()
    ]
