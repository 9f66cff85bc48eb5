"""EventSub's notifications: a JSON message becomes an event. Nothing here opens a connection.

After https://dev.twitch.tv/docs/eventsub/eventsub-subscription-types. Each kind of event has one source, so
that nothing comes twice: chat's own messages and notices, and besides them only what is not in chat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from vtuber.core.events import (
    Author,
    ChatMessage,
    Deletion,
    Emote,
    Event,
    Follow,
    Gift,
    Mark,
    Money,
    Raid,
    Redemption,
    Role,
    StreamStatus,
    Subscription,
)
from vtuber.core.text import clean, clean_name
from vtuber.listeners import emotes
from vtuber.listeners.lenient_json import rows, string, table, timestamp
from vtuber.listeners.twitch.irc import (
    CHARITY,
    ID_LIMIT,
    TIERS,
    exact,
    higher_tier,
    login_of,
    number,
    roles_of,
    said,
)

_FRAGMENTS_LIMIT = 500
_SHARED = "shared_chat_"
_ANONYMOUS = "@ananonymousgifter"
_SHOWN_IN_CHAT = frozenset(("message_effect", "gigantify_an_emote"))
"""Power-ups that are done to a message, which comes as a chat message too."""


@dataclass(frozen=True, slots=True)
class _Notification:
    id: str
    """The same when Twitch sends it again."""
    sent: float
    event: Mapping[str, Any]

    def id_of(self, key: str) -> str:
        return clean(string(self.event, key), ID_LIMIT)


class NotificationParser:
    """Turns the notifications about one channel into events.

    ``rewards`` are the titles of the channel-point rewards that count, in any case.
    """

    def __init__(self, channel: str, rewards: Iterable[str] = ()) -> None:
        self.malformed = 0
        """How many notifications could not be understood."""
        self.reward_ids: set[str] = set()
        """Of the rewards that count: words written for one come with its redemption, not as chat."""
        self._channel = channel
        self._rewards = {title.strip().casefold() for title in rewards}
        self._kinds: dict[str, Callable[[_Notification], Event | None]] = {
            "channel.chat.message": self._said,
            "channel.chat.notification": self._notice,
            "channel.chat.message_delete": self._deleted,
            "channel.chat.clear": self._cleared,
            "channel.chat.clear_user_messages": self._silenced,
            "channel.bits.use": self._bits,
            "channel.follow": self._followed,
            "channel.channel_points_custom_reward_redemption.add": self._redeemed,
            "stream.online": self._began,
            "stream.offline": self._ended,
        }

    def counts(self, title: str) -> bool:
        """Whether the reward of that title is one of those that count."""
        return title.strip().casefold() in self._rewards

    def event(self, message: object) -> Event | None:
        """What it means; None for what she neither answers nor must know."""
        metadata = table(message, "metadata")
        event = table(message, "payload.event")
        read = self._kinds.get(string(metadata, "subscription_type"))
        identity = clean(string(metadata, "message_id"), ID_LIMIT)
        if read is None or not event or not identity:
            self.malformed += 1
            return None
        return read(_Notification(identity, timestamp(metadata, "message_timestamp"), event))

    def open_redemption(self, row: Mapping[str, Any]) -> Event | None:
        """A row of Twitch's list of redemptions, which has the fields of the notification."""
        identity = clean(string(row, "id"), ID_LIMIT)
        return self._redeemed(_Notification(identity, timestamp(row, "redeemed_at"), row))

    # What comes through chat.

    def _said(self, notification: _Notification) -> Event | None:
        if notification.id_of("channel_points_custom_reward_id") in self.reward_ids:
            return None
        message = self._message(notification)
        return message if message and (message.text or message.money) else None

    def _message(self, notification: _Notification) -> ChatMessage | None:
        """Who wrote which words, of a chat message as of a notice."""
        event = notification.event
        author = self._author(notification, "chatter_user")
        if author is None:
            return None
        words, emoted, mentions = _words(table(event, "message"))
        answered = table(event, "reply")
        whom = string(answered, "parent_user_name") or string(answered, "parent_user_login")
        return ChatMessage(
            notification.id_of("message_id") or notification.id,
            "twitch",
            self._channel,
            author,
            words,
            emotes=emoted,
            reply_to=clean_name(whom) if whom else "",
            money=_bits(table(event, "cheer")),
            mentions=mentions,
            marks=_marks(event),
            shared_from=_shared_from(event),
            sent=notification.sent,
        )

    def _notice(self, notification: _Notification) -> Event | None:  # noqa: PLR0911  # one answer for each
        message = self._message(notification)
        if message is None:
            return None
        kind = string(notification.event, "notice_type")
        about = table(notification.event, kind)
        who = (message.id, "twitch", self._channel, message.author, message.text)
        sent = message.sent
        tier = "prime" if about.get("is_prime") is True else TIERS.get(string(about, "sub_tier"), "")
        if message.shared_from or kind.startswith(_SHARED):
            kind = ""  # a deed in another channel: here only its words count
        match kind:
            case "charity_donation":
                return _donation(about, message)
            case "watch_streak" if message.text:
                return replace(message, streak=_number(about, "streak_count"))
            case "sub" | "resub" | "prime_paid_upgrade" | "gift_paid_upgrade":
                months = max(1, _number(about, "cumulative_months"), message.author.months)
                return Subscription(*who, months=months, tier=tier, sent=sent)
            case "sub_gift":  # one of a bomb's comes with the bomb
                return None if string(about, "community_gift_id") else _gift(about, Gift(*who, sent=sent))
            case "community_sub_gift":
                return _gift(about, Gift(*who, count=max(1, _number(about, "total")), sent=sent))
            case "raid":
                return Raid(*who, viewers=_number(about, "viewer_count"), sent=sent)
            case _:
                return message if message.text else None

    def _deleted(self, notification: _Notification) -> Event | None:
        target = notification.id_of(
            "message_id"
        )  # without one nothing may be deleted, least of all everything
        return self._deletion(notification, message_id=target) if target else None

    def _silenced(self, notification: _Notification) -> Event | None:
        login = notification.id_of("target_user_login")
        target = notification.id_of("target_user_id") or (f"@{login}" if login else "")
        return self._deletion(notification, author_id=target) if target else None

    def _cleared(self, notification: _Notification) -> Event | None:
        return self._deletion(notification)

    def _deletion(self, notification: _Notification, message_id: str = "", author_id: str = "") -> Deletion:
        return Deletion(
            notification.id,
            "twitch",
            self._channel,
            message_id=message_id,
            author_id=author_id,
            sent=notification.sent,
        )

    # What does not.

    def _bits(self, notification: _Notification) -> Event | None:
        event = notification.event
        author = self._author(notification, "user")
        money = _bits(event)
        if author is None or money is None or event.get("type") == "cheer":  # a cheer is a chat message
            return None
        in_chat = string(event, "power_up.type") in _SHOWN_IN_CHAT
        words, emoted, mentions = _words({} if in_chat else table(event, "message"))
        return ChatMessage(
            notification.id,
            "twitch",
            self._channel,
            author,
            words,
            emotes=emoted,
            money=money,
            mentions=mentions,
            sent=notification.sent,
        )

    def _followed(self, notification: _Notification) -> Event | None:
        author = self._author(notification, "user")
        if author is None:
            return None
        return Follow(notification.id, "twitch", self._channel, author, sent=notification.sent)

    def _redeemed(self, notification: _Notification) -> Event | None:
        author = self._author(notification, "user")
        reward = table(notification.event, "reward")
        title, reward_id = string(reward, "title"), clean(string(reward, "id"), ID_LIMIT)
        identity = notification.id_of("id")
        if author is None or not identity or not self.counts(title):
            return None
        self.reward_ids.add(reward_id)
        return Redemption(
            identity,
            "twitch",
            self._channel,
            author,
            clean(string(notification.event, "user_input")),
            reward=clean(title),
            reward_id=reward_id,
            cost=_number(reward, "cost"),
            sent=notification.sent,
        )

    def _began(self, notification: _Notification) -> Event | None:
        if notification.event.get("type") != "live":  # a rerun, a premiere
            return None
        return StreamStatus(notification.id, "twitch", self._channel, sent=notification.sent)

    def _ended(self, notification: _Notification) -> Event | None:
        return StreamStatus(notification.id, "twitch", self._channel, live=False, sent=notification.sent)

    def _author(self, notification: _Notification, prefix: str) -> Author | None:
        """Roles are what this channel's badges say, and for its owner the id: nothing that can be chosen."""
        event = notification.event
        identity, login = notification.id_of(f"{prefix}_id"), notification.id_of(f"{prefix}_login")
        if not identity:
            identity = f"@{login}" if login else ""
        if not identity and event.get("chatter_is_anonymous") is True:
            identity = _ANONYMOUS
        if not identity:
            self.malformed += 1
            return None
        badges = [table(badge) for badge in rows(event, "badges")]
        held = {string(badge, "set_id"): string(badge, "info") for badge in badges}
        roles = roles_of(held) - {Role.BROADCASTER}
        if identity == notification.id_of("broadcaster_user_id"):
            roles.add(Role.BROADCASTER)
        months = number(held.get("subscriber", "") or held.get("founder", ""))
        name = clean_name(string(event, f"{prefix}_name") or login)
        return Author(identity, name, frozenset(roles), months, login_of(login))


def _words(message: Mapping[str, Any]) -> tuple[str, tuple[Emote, ...], tuple[str, ...]]:
    """The clean text, its emotes, and who is mentioned in it."""
    raw = string(message, "text")
    pieces: list[str] = []
    spans: list[emotes.Span] = []
    mentions: list[str] = []
    cheers: list[tuple[int, int]] = []
    at = 0
    for fragment in map(table, rows(message, "fragments")[:_FRAGMENTS_LIMIT]):
        piece = string(fragment, "text")
        if fragment.get("type") == "cheermote":
            cheers.append((at, at + len(piece)))
        if fragment.get("type") == "emote":
            picture = emotes.twitch_picture(string(fragment, "emote.id"))
            spans.append(emotes.Span(at, at + len(piece), picture))
        if fragment.get("type") == "mention" and (name := piece.removeprefix("@")):
            mentions.append(clean_name(name))
        pieces.append(piece)
        at += len(piece)
    if "".join(pieces) != raw:
        spans, cheers = [], []  # their places are not known
    raw, spans = emotes.without(raw, cheers, spans)
    words = said(raw)
    begin = raw.find(words)
    safe, emoted = emotes.cleaned(
        words, [(start - begin, end - begin, picture) for start, end, picture in spans]
    )
    return safe, emoted, tuple(mentions)


def _gift(about: Mapping[str, Any], gift: Gift) -> Gift:
    months = max(1, _number(about, "duration_months"))
    return replace(gift, months=months, tier=higher_tier(string(about, "sub_tier")))


def _donation(about: Mapping[str, Any], message: ChatMessage) -> ChatMessage:
    amount = table(about, "amount")
    units = _number(amount, "value")
    money = exact(units, string(amount, "currency"), _number(amount, "decimal_place"))
    charity = clean(string(about, "charity_name")) or CHARITY
    return replace(message, money=money if units else Money(None, ""), charity=charity)


def _bits(event: Mapping[str, Any]) -> Money | None:
    """None where none were paid; an unknown amount where it cannot be understood."""
    amount = event.get("bits")
    if amount in (None, 0):
        return None
    bits = number(string(amount))
    return Money(Decimal(bits) if bits else None, "BITS")


def _marks(event: Mapping[str, Any]) -> frozenset[Mark]:
    if event.get("message_type") == "user_intro":  # Twitch offers it to who writes here for the first time
        return frozenset((Mark.FIRST,))
    if string(event, "notice_type").removeprefix(_SHARED) == "announcement":
        return frozenset((Mark.ANNOUNCEMENT,))
    return frozenset()


def _shared_from(event: Mapping[str, Any]) -> str:
    source = clean(string(event, "source_broadcaster_user_id"), ID_LIMIT)
    if not source or source == string(event, "broadcaster_user_id"):
        return ""
    return clean(string(event, "source_broadcaster_user_login"), ID_LIMIT) or source


def _number(event: Mapping[str, Any], key: str) -> int:
    return number(string(event, key))
