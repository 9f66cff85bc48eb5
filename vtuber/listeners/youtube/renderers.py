"""A chat as YouTube's pages get it, in JSON for their own scripts: an action becomes an event.

Nothing here opens a connection. YouTube documents none of this; the shapes are those of recorded answers. An
action adds an item to the chat, takes one away, or moves some decoration; an item is in a "renderer".
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from vtuber.core.events import (
    Author,
    ChatMessage,
    Deletion,
    Emote,
    Event,
    Gift,
    Mark,
    Money,
    Raid,
    Role,
    Subscription,
)
from vtuber.core.text import NAME_LIMIT, clean, clean_name, escaped
from vtuber.listeners import emotes, money
from vtuber.listeners.lenient_json import at, rows, string, table
from vtuber.listeners.youtube.deduplication import LIMIT, message_id

log = logging.getLogger(__name__)

_ROLES = {"OWNER": Role.BROADCASTER, "MODERATOR": Role.MODERATOR}
_DECORATION = frozenset(
    (
        "addInteractivityWidgetAction",
        "closeLiveChatActionPanelAction",
        "liveChatReportModerationStateCommand",
        "removeBannerForLiveChatCommand",
        "removeFanzoneTickerChipCommand",
        "showCreatorGoalTickerChipCommand",
        "showFanzoneTickerChipCommand",
        "showLiveChatActionPanelAction",  # a poll, like the next but one
        "showLiveChatTooltipCommand",
        "updateLiveChatPollAction",
        "updateOrAddInteractivityWidgetAction",
    )
)
_NO_EVENTS = frozenset(
    (
        "liveChatAutoModMessageRenderer",  # held back until a moderator has seen it
        "liveChatModeChangeMessageRenderer",
        "liveChatModerationMessageRenderer",
        "liveChatPlaceholderItemRenderer",
        "liveChatSponsorshipsGiftRedemptionAnnouncementRenderer",  # who got one of the gifts
        "liveChatViewerEngagementMessageRenderer",
    )
)
_TENURE = re.compile(r"(\d{1,4})\s*(year|年|년)?")
"""How long somebody has been a member: "8 months", "1 year". English is asked for, and not always given."""
_JEWELS = re.compile(r"sent (.+?)(?: for [\d.,]+ Jewels?)?")
_RUNS_LIMIT = 500
"""A text is made of no more pieces than this."""
_GIFTS_LIMIT = 10_000
_BUTTONS_LIMIT = 10


def is_action(row: Mapping[str, Any]) -> bool:
    """Whether it looks like an action, known or not."""
    return any(key.endswith(("Action", "Command")) for key in row)


class ActionParser:
    """Turns actions into events, and counts those it does not know. Never raises."""

    def __init__(self, channel: str, new_id: Callable[[], object] = uuid.uuid4) -> None:
        """``new_id`` gives an id to what has none."""
        self._channel = channel
        self._new_id = new_id
        self.malformed = 0
        """How many actions could not be understood."""
        self._actions: dict[str, Callable[[Any], Event | None]] = {
            "addBannerToLiveChatCommand": self._banner,
            "addChatItemAction": lambda body: self._item(table(body, "item")),
            "addLiveChatTickerItemAction": self._ticker,
            "markChatItemAsDeletedAction": self._deleted,
            "markChatItemsByAuthorAsDeletedAction": self._banned,
            "removeChatItemAction": self._deleted,
            "removeChatItemByAuthorAction": self._banned,
            "replaceChatItemAction": self._replaced,
        }
        self._items: dict[str, Callable[[dict[str, Any]], Event | None]] = {
            "giftMessageViewModel": self._jewels,
            "liveChatMembershipItemRenderer": self._membership,
            "liveChatPaidMessageRenderer": self._super_chat,
            "liveChatPaidStickerRenderer": self._sticker,
            "liveChatSponsorshipsGiftPurchaseAnnouncementRenderer": self._gifts,
            "liveChatTextMessageRenderer": self._text_message,
        }

    def event(self, action: object) -> Event | None:
        """What the action means; None for what she neither answers nor must know."""
        for kind, body in action.items() if isinstance(action, dict) else ():
            if kind in self._actions:
                return self._actions[kind](body)
            if kind in _DECORATION:
                return None
        self._note_malformed(action)
        return None

    def _item(self, item: dict[str, Any]) -> Event | None:
        for kind, it in item.items():
            if kind in self._items and isinstance(it, dict):
                return self._items[kind](it)
            if kind in _NO_EVENTS:
                return None
        self._note_malformed(item)
        return None

    def _ticker(self, body: object) -> Event | None:
        """The strip above the chat shows again what was paid. What has no date there is only a picture."""
        for ticker in table(body, "item").values():
            if shown := table(ticker, "showItemEndpoint.showLiveChatItemEndpoint.renderer"):
                event = self._item(shown)
                return event if event and event.sent else None
        self._note_malformed(body)
        return None

    def _banner(self, body: object) -> Raid | None:
        """Another channel's viewers were sent here. What was pinned is in the chat as well."""
        banner = table(body, "bannerRenderer.liveChatBannerRenderer")
        redirect = table(banner, "contents.liveChatBannerRedirectRenderer")
        said = rows(redirect, "bannerMessage.runs")
        target = table(redirect, "inlineActionButton.buttonRenderer.command.watchEndpoint")
        # It begins with who sent them. One that sends our own viewers elsewhere leads there.
        if not said or target or table(said[0]).get("bold") is not True:
            return None
        name = clean_name(string(said[0], "text").strip().removeprefix("@"))
        identity = message_id(string(banner, "actionId")) or f"raid-{name}"
        return Raid(identity, "youtube", self._channel, Author(f"@{name}", name))

    def _replaced(self, body: object) -> Event | None:
        """A message takes the place of its placeholder, or something else that of a message."""
        return self._item(table(body, "replacementItem")) or self._deleted(body)

    def _deleted(self, body: object) -> Deletion | None:
        if not (target := message_id(string(body, "targetItemId"))):
            self._note_malformed(body)
            return None
        return Deletion(f"deleted-{target}", "youtube", self._channel, message_id=target)

    def _banned(self, body: object) -> Deletion | None:
        if not (author := clean(string(body, "externalChannelId"), LIMIT)):
            self._note_malformed(body)
            return None
        # Somebody may be banned twice, and nothing in the two actions differs.
        return Deletion(f"banned-{self._new_id()}", "youtube", self._channel, author_id=author)

    def _text_message(self, it: dict[str, Any]) -> ChatMessage | None:
        message = self._message(it)
        return message if message.text else None

    def _super_chat(self, it: dict[str, Any]) -> ChatMessage:
        price = money.read(formatted_text(it, "purchaseAmountText"))
        said = self._message(it)
        return replace(said, money=price, marks=_paid_marks(it), colour=_colour(it, "bodyBackgroundColor"))

    def _message(self, it: dict[str, Any]) -> ChatMessage:
        said, pictures, mentions = _words(it)
        return ChatMessage(
            *self._head(it, it),
            said,
            emotes=pictures,
            reply_to=_reply_to(it),
            mentions=mentions,
            sent=_sent(it),
        )

    def _sticker(self, it: dict[str, Any]) -> ChatMessage:
        return ChatMessage(
            *self._head(it, it),
            clean(string(it, "sticker.accessibility.accessibilityData.label")),
            money=money.read(formatted_text(it, "purchaseAmountText")),
            marks=frozenset((Mark.STICKER,)) | _paid_marks(it),
            colour=_colour(it, "backgroundColor"),
            sent=_sent(it),
        )

    def _jewels(self, it: dict[str, Any]) -> ChatMessage:
        """A picture for YouTube's own coins, whose worth is not given."""
        said = clean(formatted_text(it, "text"))
        gift = _JEWELS.fullmatch(said)
        return ChatMessage(
            *self._head(it, it),
            gift.group(1) if gift else said,
            money=Money(None, ""),
            marks=frozenset((Mark.STICKER,)),
            sent=_sent(it),
        )

    def _membership(self, it: dict[str, Any]) -> Subscription:
        """A new member, or one who says for how many months they are."""
        head = self._head(it, it)
        said, _, _ = _words(it)
        level = formatted_text(it, "headerSubtext")
        if "headerPrimaryText" not in it:  # "Welcome to ", the level, "!"
            level = string(it, "headerSubtext.runs.1.text")
        months = max(1, _months(formatted_text(it, "headerPrimaryText")), head[-1].months)
        return Subscription(*head, said, months=months, tier=clean(level, NAME_LIMIT), sent=_sent(it))

    def _gifts(self, it: dict[str, Any]) -> Gift:
        header = table(it, "header.liveChatSponsorshipsHeaderRenderer")
        words = [string(run, "text").strip() for run in rows(header, "primaryText.runs")[:_RUNS_LIMIT]]
        count = next((int(word) for word in words if word.isdecimal() and len(word) < 10), 1)
        return Gift(*self._head(it, header), count=min(max(1, count), _GIFTS_LIMIT), sent=_sent(it))

    def _head(self, it: dict[str, Any], named: dict[str, Any]) -> tuple[str, str, str, Author]:
        """The fields that every event begins with; ``named`` holds its author's name and badges."""
        name = clean_name(formatted_text(named, "authorName").removeprefix("@"))
        roles, months, badge = _standing(named)
        # A channel's id never begins with "@", so a name in its place cannot be taken for one.
        identity = clean(string(it, "authorExternalChannelId"), LIMIT) or f"@{name}"
        stable = clean(f"unnamed-{identity}-{string(it, 'timestampUsec')}", LIMIT)
        author = Author(identity, name, roles, months, badge=badge)
        return message_id(string(it, "id")) or stable, "youtube", self._channel, author

    def _note_malformed(self, what: object) -> None:
        self.malformed += 1
        names = ", ".join(map(str, islice(what, 5))) if isinstance(what, dict) else type(what).__name__
        log.debug("malformed action from YouTube: %s", escaped(names[:200]))


def _words(it: dict[str, Any]) -> tuple[str, tuple[Emote, ...], tuple[str, ...]]:
    """What somebody wrote: clean, where the channel's own emoji are in it, and who was mentioned."""
    pieces: list[str] = []
    spans: list[emotes.Span] = []
    mentions: dict[str, None] = {}
    length = 0
    for run in rows(it, "message.runs")[:_RUNS_LIMIT] or [{"text": formatted_text(it, "message")}]:
        piece = string(run, "text")
        if emoji := table(run, "emoji"):
            piece, is_own = _emoji(emoji)
            if is_own:
                spans.append(emotes.Span(length, length + len(piece), _picture(emoji.get("image"))))
        elif piece.startswith("@") and string(run, "navigationEndpoint.browseEndpoint.browseId"):
            mentions[clean_name(piece[1:])] = None
        pieces.append(piece)
        length += len(piece)
    return *emotes.cleaned("".join(pieces), spans), tuple(mentions)


def _emoji(emoji: dict[str, Any]) -> tuple[str, bool]:
    """Its text, and whether it is a picture of YouTube's or a channel's, not a character of Unicode."""
    name = string(emoji, "emojiId")
    if emoji.get("isCustomEmoji") is True or "/" in name:
        return string(emoji, "shortcuts.0") or string(
            emoji, "image.accessibility.accessibilityData.label"
        ), True
    return name, False


def _picture(image: object) -> str:
    """The address of the largest of a picture's sizes; "" when there is none."""
    sizes = [string(size, "url") for size in map(table, rows(table(image), "thumbnails")[:_BUTTONS_LIMIT])]
    return clean(sizes[-1]) if sizes else ""


def _standing(it: dict[str, Any]) -> tuple[frozenset[Role], int, str]:
    """The author's roles, months and member's badge, from their badges alone: YouTube draws its own for those
    in charge, and each channel draws its own for members.
    """
    roles: set[Role] = set()
    months = 0
    drawn = ""
    for row in rows(it, "authorBadges")[:_BUTTONS_LIMIT]:
        badge = table(row, "liveChatAuthorBadgeRenderer")
        icon = string(badge, "icon.iconType")
        if icon in _ROLES:
            roles.add(_ROLES[icon])
        elif not icon and table(badge, "customThumbnail"):
            roles.add(Role.SUBSCRIBER)
            months = max(months, _months(string(badge, "tooltip")))
            drawn = _picture(badge["customThumbnail"])
    return frozenset(roles), months, drawn


def _months(tenure: str) -> int:
    if (time := _TENURE.search(tenure[:NAME_LIMIT])) is None:
        return 0
    return int(time.group(1)) * (12 if time.group(2) else 1)


def _reply_to(it: dict[str, Any]) -> str:
    """Whose super chat it replies to: the name on the button that shows what else was replied."""
    for button in rows(it, "beforeContentButtons")[:_BUTTONS_LIMIT]:
        shown = "buttonViewModel.onTap.innertubeCommand.showEngagementPanelEndpoint.identifier.tag"
        title = string(button, "buttonViewModel.title")
        if title.startswith("@") and string(button, shown) == "PAreply_thread":
            return clean_name(title[1:])
    return ""


def _paid_marks(it: dict[str, Any]) -> frozenset[Mark]:
    """YouTube asks everybody to celebrate somebody's first."""
    celebrated = "lowerBumper.liveChatItemBumperViewModel.content.bumperUserEduContentViewModel"
    return frozenset((Mark.FIRST_PAID,)) if table(it, celebrated) else frozenset()


def _colour(it: dict[str, Any], key: str) -> str:
    """As it is written on the web: the number is of its opacity, red, green and blue, a byte each."""
    number = it.get(key)
    return f"#{number & 0xFFFFFF:06x}" if type(number) is int and 0 <= number <= 0xFFFFFFFF else ""


def _sent(it: dict[str, Any]) -> float:
    stamp = string(it, "timestampUsec")
    return int(stamp) / 1_000_000 if stamp.isascii() and stamp.isdigit() and len(stamp) <= 18 else 0.0


def formatted_text(node: object, path: str) -> str:
    """The words of the formatted text there: its ``simpleText`` or ``content``, or its ``runs`` joined."""
    found = at(node, path)
    if plain := string(found, "simpleText") or string(found, "content"):
        return plain
    return "".join(string(run, "text") for run in rows(found, "runs")[:_RUNS_LIMIT])
