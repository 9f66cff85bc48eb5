"""What a listener subscribes to in a channel, and which scope an account needs for it."""

from __future__ import annotations

from dataclasses import dataclass

from twitchio import eventsub

from vtuber.listeners.twitch.scopes import (
    MANAGE_REWARDS,
    READ_BITS,
    READ_CHAT,
    READ_FOLLOWS,
    READ_REWARDS,
)

POWER_UPS = "power-ups"
REWARDS = "channel-point rewards"
NO_POINTS = "only affiliates and partners have channel points: set chat.twitch.rewards to []"
OWN = (POWER_UPS, REWARDS)
"""What only the channel's own account can subscribe to."""


@dataclass(frozen=True, slots=True)
class EventSubSubscription:
    what: str
    """What is missing without it, in words."""
    payload: eventsub.SubscriptionPayload
    scopes: tuple[str, ...] = ()
    """One of these is needed."""
    hint: str = "nothing you can do"
    """For when Twitch refuses although the scope was granted."""


def chat_subscriptions(channel: str, account: str) -> list[EventSubSubscription]:
    """What everybody in the chat sees. Both are user ids."""
    kinds = (
        eventsub.ChatMessageSubscription,
        eventsub.ChatNotificationSubscription,
        eventsub.ChatMessageDeleteSubscription,
        eventsub.ChatClearSubscription,
        eventsub.ChatClearUserMessagesSubscription,
    )
    return [
        EventSubSubscription("chat", kind(broadcaster_user_id=channel, user_id=account), (READ_CHAT,))
        for kind in kinds
    ]


def channel_subscriptions(channel: str, account: str, *, rewards: bool) -> list[EventSubSubscription]:
    """What does not come through chat; with ``rewards`` what is bought for channel points."""
    wanted = [
        EventSubSubscription(
            "follows",
            eventsub.ChannelFollowSubscription(broadcaster_user_id=channel, moderator_user_id=account),
            (READ_FOLLOWS,),
            "make the account a moderator of the channel",
        ),
        EventSubSubscription(
            "the stream's start", eventsub.StreamOnlineSubscription(broadcaster_user_id=channel)
        ),
        EventSubSubscription(
            "the stream's end", eventsub.StreamOfflineSubscription(broadcaster_user_id=channel)
        ),
        EventSubSubscription(
            POWER_UPS, eventsub.ChannelBitsUseSubscription(broadcaster_user_id=channel), (READ_BITS,)
        ),
    ]
    if rewards:
        redeemed = eventsub.ChannelPointsRedeemAddSubscription(broadcaster_user_id=channel)
        wanted.append(EventSubSubscription(REWARDS, redeemed, (MANAGE_REWARDS, READ_REWARDS), NO_POINTS))
    return wanted
