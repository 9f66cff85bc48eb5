"""The official API's items of a chat: each becomes an event. Nothing here opens a connection.

After https://developers.google.com/youtube/v3/live/docs/liveChatMessages. The API does not mark
emotes: a shortcode such as ":face-blue-smiling:" is taken for one. Nor does it mark mentions and replies.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from vtuber.core.deeds import super_chat_colour
from vtuber.core.events import Author, ChatMessage, Deletion, Event, Gift, Mark, Money, Role, Subscription
from vtuber.core.text import clean, clean_name, escaped
from vtuber.listeners import emotes, money
from vtuber.listeners.lenient_json import string, table, timestamp
from vtuber.listeners.youtube.deduplication import LIMIT, message_id

log = logging.getLogger(__name__)

_SHORTCODE = re.compile(r":(?=[\w-]*[^\W\d_])[\w-]{2,60}:")
_LONGEST_RAW = 4000
"""Characters of a text in which emotes are looked for."""
_ROLES = {
    "isChatOwner": Role.BROADCASTER,
    "isChatModerator": Role.MODERATOR,
    "isChatSponsor": Role.SUBSCRIBER,
}
_QUIET = frozenset(
    """chatEndedEvent giftMembershipReceivedEvent pollEvent sponsorOnlyModeStartedEvent
    sponsorOnlyModeEndedEvent""".split()  # noqa: SIM905  # as in money.CODES
)
"""Types that are nothing to answer. A gift becomes an event when it is given."""
_REMOVALS = {
    "messageDeletedEvent": "messageDeletedDetails.deletedMessageId",
    "messageRetractedEvent": "messageRetractedDetails.retractedMessageId",
    "userBannedEvent": "userBannedDetails.bannedUserDetails.channelId",
    "tombstone": "",
}
"""Where in the snippet they say what is removed."""
_NUMBER_LIMIT = 1_000_000
_MICROS_LIMIT = 10**15


class ItemParser:
    """Turns items into events."""

    def __init__(self, channel: str) -> None:
        self.malformed = 0
        """How many items could not be understood."""
        self._channel = channel

    def event(self, item: object) -> Event | None:
        """What the item means; None for what she neither answers nor must know."""
        try:
            return read(item, self._channel)
        except ValueError as error:
            self.malformed += 1
            log.debug("malformed item from YouTube's API (%s): %s", error, escaped(str(item)[:200]))
            return None


def read(item: object, channel: str) -> Event | None:
    """What the item means. Raises ValueError, saying why it cannot be understood."""
    kind = string(item, "snippet.type")
    if kind in _QUIET:
        return None
    identity = message_id(string(item, "id"))
    if not identity:
        raise ValueError("it has no id")
    sent_at = timestamp(item, "snippet.publishedAt")
    if kind in _REMOVALS:
        return _deletion(item, kind, Deletion(identity, "youtube", channel, sent=sent_at))
    author = _author(item)
    if not author.id:
        raise ValueError("it has no author")
    said = ChatMessage(identity, "youtube", channel, author, "", sent=sent_at)
    return _said(item, kind, said)


def _deletion(item: object, kind: str, deletion: Deletion) -> Deletion:
    target = string(item, f"snippet.{_REMOVALS[kind]}") if _REMOVALS[kind] else ""
    if kind == "userBannedEvent":  # for good or for a while: either way, what they wrote goes
        author, message = clean(target, LIMIT), ""
    elif kind == "tombstone":  # all that is left of the message of that id
        author, message = "", deletion.id
        deletion = replace(deletion, id=f"tombstone-{deletion.id}")
    else:
        author, message = "", message_id(target)
    if not author and not message:  # which would mean the whole chat
        raise ValueError("it removes nothing")
    return replace(deletion, author_id=author, message_id=message)


def _said(item: object, kind: str, said: ChatMessage) -> Event | None:
    details = table(item, f"snippet.{kind.removesuffix('Event')}Details")
    match kind:
        case "textMessageEvent":
            said = _worded(said, string(details, "messageText") or string(item, "snippet.displayMessage"))
            return said if said.text else None
        case "superChatEvent":
            said = replace(_worded(said, string(details, "userComment")), money=_money(details))
            return replace(said, colour=_colour(details))
        case "superStickerEvent":
            said = _sticker(said, string(details, "superStickerMetadata.altText"), _money(details))
            return replace(said, colour=_colour(details))
        case "giftEvent":  # bought with "jewels", whose price is not given
            gift = table(item, "snippet.giftEventDetails.giftMetadata")
            return _sticker(said, string(gift, "altText") or string(gift, "giftName"), Money(None, ""))
        case "newSponsorEvent" | "memberMilestoneChatEvent" | "membershipGiftingEvent":
            return _membership(kind, details, said)
        case _:
            raise ValueError("an unknown type")


def _worded(said: ChatMessage, words: str) -> ChatMessage:
    spans = [found.span() for found in _SHORTCODE.finditer(words[:_LONGEST_RAW])]
    text, emoted = emotes.cleaned(words, spans)
    return replace(said, text=text, emotes=emoted)


def _sticker(said: ChatMessage, name: str, price: Money) -> ChatMessage:
    return replace(said, text=clean(name), money=price, marks=frozenset((Mark.STICKER,)))


def _membership(kind: str, details: dict[str, Any], said: ChatMessage) -> Event:
    who = (said.id, said.platform, said.channel)
    if kind == "membershipGiftingEvent":
        count = max(1, _number(details.get("giftMembershipsCount")))
        return Gift(*who, said.author, count=count, sent=said.sent)
    months = _number(details.get("memberMonth"))
    return Subscription(
        *who,
        replace(said.author, months=months),
        clean(string(details, "userComment")),
        months=max(1, months),
        tier=clean(string(details, "memberLevelName"), LIMIT),
        sent=said.sent,
    )


def _author(item: object) -> Author:
    details = table(item, "authorDetails")
    identity = string(details, "channelId") or string(item, "snippet.authorChannelId")
    roles = frozenset(role for key, role in _ROLES.items() if details.get(key) is True)
    return Author(clean(identity, LIMIT), clean_name(string(details, "displayName").removeprefix("@")), roles)


def _money(details: dict[str, Any]) -> Money:
    """Exact by the millionths of a unit, else as it is printed."""
    micros = _whole(details.get("amountMicros"), _MICROS_LIMIT)
    unit = string(details, "currency")
    if micros is None:
        return money.read(string(details, "amountDisplayString"))
    return Money(Decimal(micros).scaleb(-6), unit if unit in money.CODES else "")


def _colour(details: dict[str, Any]) -> str:
    """Of the tier that was paid for."""
    tier = _number(details.get("tier"))
    return super_chat_colour(tier) if tier else ""


def _number(value: object) -> int:
    return _whole(value, _NUMBER_LIMIT) or 0


def _whole(value: object, limit: int) -> int | None:
    """A whole number from 0 to the limit, however it is written; None when it is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= limit:
        return value
    return None
