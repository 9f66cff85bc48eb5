"""What a listener subscribes to in a channel, and what an account must be allowed for it."""

from __future__ import annotations

from dataclasses import dataclass

from twitchio import eventsub

READ_CHAT = "user:read:chat"
WRITE_CHAT = "user:write:chat"
READ_FOLLOWS = "moderator:read:followers"
READ_BITS = "bits:read"
READ_REWARDS = "channel:read:redemptions"
MANAGE_REWARDS = "channel:manage:redemptions"

POWER_UPS = "power-ups"
REWARDS = "channel-point rewards"
NO_POINTS = "only affiliates and partners have channel points: until then, empty chat.twitch.rewards"
OWN = (POWER_UPS, REWARDS)
"""What only the channel's own account hears."""


@dataclass(frozen=True, slots=True)
class Want:
    what: str
    """What is not heard without it, in words."""
    subscription: eventsub.SubscriptionPayload
    scopes: tuple[str, ...] = ()
    """One of these is needed."""
    help: str = "nothing you can do"
    """For when Twitch refuses although the scope was granted."""


def in_chat(channel: str, account: str) -> list[Want]:
    """What everybody in the chat sees. Both are user ids."""
    kinds = (
        eventsub.ChatMessageSubscription,
        eventsub.ChatNotificationSubscription,
        eventsub.ChatMessageDeleteSubscription,
        eventsub.ChatClearSubscription,
        eventsub.ChatClearUserMessagesSubscription,
    )
    return [Want("chat", kind(broadcaster_user_id=channel, user_id=account), (READ_CHAT,)) for kind in kinds]


def beside_chat(channel: str, account: str, *, rewards: bool) -> list[Want]:
    """What chat does not tell; with ``rewards`` what is bought for channel points."""
    wants = [
        Want(
            "follows",
            eventsub.ChannelFollowSubscription(broadcaster_user_id=channel, moderator_user_id=account),
            (READ_FOLLOWS,),
            "make the account a moderator of the channel",
        ),
        Want("the stream's begin", eventsub.StreamOnlineSubscription(broadcaster_user_id=channel)),
        Want("the stream's end", eventsub.StreamOfflineSubscription(broadcaster_user_id=channel)),
        Want(POWER_UPS, eventsub.ChannelBitsUseSubscription(broadcaster_user_id=channel), (READ_BITS,)),
    ]
    if rewards:
        redeemed = eventsub.ChannelPointsRedeemAddSubscription(broadcaster_user_id=channel)
        wants.append(Want(REWARDS, redeemed, (MANAGE_REWARDS, READ_REWARDS), NO_POINTS))
    return wants
