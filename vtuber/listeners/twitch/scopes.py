"""What Twitch must allow her, and what each of it is for.

After https://dev.twitch.tv/docs/authentication/scopes and the scopes that EventSub's subscriptions ask for.
"""

from __future__ import annotations

from collections.abc import Collection

from vtuber.core.health import Health, State

SCOPES = {
    "user:read:chat": "hear the chat: messages, subscriptions, gifts, raids, and what moderators remove",
    "user:write:chat": "write in chat",
    "moderator:read:followers": "hear who follows",
    "bits:read": "hear of bits that are used outside of chat",
    "channel:manage:redemptions": "make channel-point rewards, answer them, or give the points back",
}
"""What she can do with each. The last two are of use in the account's own channel alone."""


def missing(granted: Collection[str]) -> dict[str, str]:
    """The scopes that were not granted, and what she cannot do without each."""
    return {scope: purpose for scope, purpose in SCOPES.items() if scope not in granted}


def rights(granted: Collection[str]) -> list[Health]:
    """A row for each scope, for a table."""
    return [
        Health(scope, State.OK, f"she can {purpose}")
        if scope in granted
        else Health(scope, State.OFF, f"she cannot {purpose}", "log in again, and allow it")
        for scope, purpose in SCOPES.items()
    ]
