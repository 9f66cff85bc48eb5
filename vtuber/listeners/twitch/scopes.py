"""What Twitch must allow her, and what each of it is for.

After https://dev.twitch.tv/docs/authentication/scopes and the scopes that EventSub's subscriptions ask for.
"""

from __future__ import annotations

from collections.abc import Collection

from vtuber.health import Health, State

SCOPES = {
    "user:read:chat": "hear the chat, and what moderators remove from it",
    "user:write:chat": "write in chat",
    "moderator:read:followers": "hear who follows",
    "channel:read:subscriptions": "hear who subscribes and who gives subscriptions",
    "bits:read": "hear of bits that are used outside of chat",
    "channel:read:redemptions": "hear which channel points are spent",
    "channel:manage:redemptions": "fulfil what channel points were spent on, or give them back",
}
"""What she can do with each. Those of "channel:" and "bits:" are of use only in the account's own channel."""


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
