"""Twitch's dialect of IRC: a line becomes an event. Nothing here opens a connection.

After https://dev.twitch.tv/docs/irc and IRCv3's message tags.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from vtuber.core.events import (
    Author,
    ChatMessage,
    Deletion,
    Event,
    Gift,
    Mark,
    Money,
    Raid,
    Role,
    Subscription,
)
from vtuber.core.text import clean, clean_name
from vtuber.listeners import emotes
from vtuber.listeners.money import CODES
from vtuber.listeners.twitch import cheermotes

CHARITY = "charity"
"""For one whose name was not told."""
LINE_LIMIT = 16_384
"""Characters of a line; Twitch's are at most 8,191 bytes of tags and 512 of the rest."""
ID_LIMIT = 100
_NUMBER_LIMIT = 1_000_000_000
_BOMBS_KEPT = 256

_ESCAPES = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}
_BADGES = {
    "broadcaster": Role.BROADCASTER,
    "moderator": Role.MODERATOR,
    "lead_moderator": Role.MODERATOR,
    "vip": Role.VIP,
    "subscriber": Role.SUBSCRIBER,
    "founder": Role.SUBSCRIBER,
}
_ANONYMOUS = frozenset(("ananonymousgifter", "ananonymouscheerer"))
"""Accounts of Twitch's own, for whoever does not want to be named."""
TIERS = {"Prime": "prime", "1000": "1", "2000": "2", "3000": "3"}
_SUBSCRIPTIONS = frozenset(
    ("sub", "resub", "extendsub", "giftpaidupgrade", "anongiftpaidupgrade", "primepaidupgrade")
)
_GIFTS = frozenset(("subgift", "anonsubgift"))
_BOMBS = frozenset(("submysterygift", "anonsubmysterygift"))


@dataclass(frozen=True, slots=True)
class IrcMessage:
    tags: Mapping[str, str]
    nick: str
    command: str
    params: tuple[str, ...]

    @property
    def text(self) -> str:
        """What was said: the parameter after the channel."""
        return self.params[1] if len(self.params) > 1 else ""


def parse(line: str) -> IrcMessage:
    """One line of IRC without its line break. Raises ValueError when it is none."""
    if len(line) > LINE_LIMIT:
        raise ValueError("too long for a line")
    rest, tags, nick = line, {}, ""
    if rest.startswith("@"):
        head, _, rest = rest[1:].partition(" ")
        tags = _tags(head)
    rest = rest.lstrip(" ")
    if rest.startswith(":"):
        prefix, _, rest = rest[1:].partition(" ")
        nick, _, user = prefix.partition("@")[0].partition("!")
        nick = nick or user
    head, colon, trailing = rest.lstrip(" ").partition(" :")
    command, *params = head.split(" ") if head else [""]
    if not (command.isascii() and command.isalnum()):
        raise ValueError("no command in the line")
    params = [param for param in params if param]
    return IrcMessage(tags, nick, command.upper(), (*params, trailing) if colon else tuple(params))


def _tags(head: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in head.split(";"))
    return {key: _unescaped(value) for key, _, value in pairs if key}


def _unescaped(value: str) -> str:
    if "\\" not in value:
        return value
    chars = iter(value)
    return "".join(char if char != "\\" else _escape(next(chars, "")) for char in chars)


def _escape(char: str) -> str:
    return _ESCAPES.get(char, char)


def roles_of(badges: Iterable[str]) -> set[Role]:
    """The roles that Twitch's badges stand for, by the badges' own names."""
    return {_BADGES[badge] for badge in badges if badge in _BADGES}


def number(text: str) -> int:
    """A whole number out of a tag; 0 when it is none or absurd."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        return 0
    return min(int(text), _NUMBER_LIMIT)


def notice(kind: str, params: Mapping[str, str], message: ChatMessage) -> Event | None:
    """What a USERNOTICE of that ``msg-id`` means; ``message`` says who sent it and with which words.

    Twitch's recordings carry the same parameters as its IRC.
    """
    who = (message.id, message.platform, message.channel, message.author)
    sent = message.sent
    if kind in _SUBSCRIPTIONS:
        known = [number(params.get(f"msg-param-{key}", "")) for key in ("cumulative-months", "months")]
        tier = TIERS.get(params.get("msg-param-sub-plan", ""), "")
        return Subscription(
            *who, message.text, months=max(1, *known, message.author.months), tier=tier, sent=sent
        )
    if kind in _GIFTS or kind in _BOMBS:
        return _gift(params, Gift(*who, message.text, sent=sent))
    if kind == "raid":
        return Raid(*who, message.text, viewers=number(params.get("msg-param-viewerCount", "")), sent=sent)
    if kind == "charitydonation":
        paid = _amount(
            params, "msg-param-donation-amount", "msg-param-donation-currency", "msg-param-exponent"
        )
        charity = clean(params.get("msg-param-charity-name", "")) or CHARITY
        return replace(message, money=paid or Money(None, ""), charity=charity)
    if kind == "onetapgiftredeemed":
        bits = number(params.get("msg-param-bits-spent", ""))
        return replace(message, money=Money(Decimal(bits) if bits else None, "BITS"))
    if kind == "viewermilestone" and params.get("msg-param-category", "watch-streak") == "watch-streak":
        message = replace(message, streak=number(params.get("msg-param-value", "")))
    if kind == "ritual" and params.get("msg-param-ritual-name") == "new_chatter":
        message = replace(message, marks=message.marks | {Mark.FIRST})
    # Of these, as of an announcement, what counts is whether its sender said something. Nor is there more to
    # a gift that is paid forward: that it was given is told by another notice.
    return message if message.text else None


def _gift(params: Mapping[str, str], gift: Gift) -> Gift:
    count = max(1, number(params.get("msg-param-mass-gift-count", "")))
    months = max(1, number(params.get("msg-param-gift-months", "")))
    return replace(gift, count=count, months=months, tier=higher_tier(params.get("msg-param-sub-plan", "")))


def higher_tier(plan: str) -> str:
    """The tier of what was given, where it is more than the usual one."""
    tier = TIERS.get(plan, "")
    return tier if tier in ("2", "3") else ""


class GiftBombs:
    """Remembers gift bombs, so that fifty gifts become one event."""

    def __init__(self) -> None:
        self._origins: OrderedDict[str, None] = OrderedDict()

    def covers(self, kind: str, params: Mapping[str, str]) -> bool:
        """Whether this notice is one of the gifts of a bomb that came before."""
        # What a bomb and each of its gifts have in common; Twitch has used both names.
        origins = [params.get(key, "") for key in ("msg-param-community-gift-id", "msg-param-origin-id")]
        origins = [origin for origin in origins if origin]
        if kind in _BOMBS:
            self._remember(origins)
        if kind not in _GIFTS:
            return False
        is_known = not self._origins.keys().isdisjoint(origins)
        if params.get("msg-param-community-gift-id") and not is_known:
            self._remember(origins)  # its bomb was missed: its first gift stands for it
        return is_known

    def _remember(self, origins: list[str]) -> None:
        self._origins.update(dict.fromkeys(origins))
        while len(self._origins) > _BOMBS_KEPT:
            self._origins.popitem(last=False)


class IrcParser:
    """Turns messages into events."""

    def __init__(self) -> None:
        self._bombs = GiftBombs()
        self._unnamed = 0

    def event(self, line: IrcMessage) -> Event | None:
        """What the line means; None for what she neither answers nor must know."""
        if not line.params:
            return None
        match line.command:
            case "PRIVMSG":
                message = self._message(line)
                return message if message.text or message.money else None
            case "USERNOTICE":
                return self._notice(line)
            case "CLEARCHAT":
                return self._clear(line)
            case "CLEARMSG" if target := line.tags.get("target-msg-id", ""):
                return self._deleted(line, target)
            case _:
                return None

    def _id(self, line: IrcMessage) -> str:
        tags = line.tags
        if given := clean(tags.get("id", ""), ID_LIMIT):
            return given
        if sent := tags.get("tmi-sent-ts", ""):
            # Stable, so that a line that comes twice has the same id.
            target = tags.get("target-msg-id", "") or tags.get("target-user-id", "") or line.nick
            return clean(f"{line.command.lower()}-{sent}-{target}", ID_LIMIT)
        self._unnamed += 1
        return f"{line.command.lower()}-{self._unnamed}"

    def _message(self, line: IrcMessage) -> ChatMessage:
        words, places = said(line.text), emotes.twitch_spans(line.tags.get("emotes", ""))
        cheers = cheermotes.spans(words, number(line.tags.get("bits", "")))
        text, emoted = emotes.cleaned(*emotes.without(words, cheers, places))
        answered = line.tags.get("reply-parent-display-name") or line.tags.get("reply-parent-user-login")
        return ChatMessage(
            self._id(line),
            "twitch",
            _channel(line),
            _author(line),
            text,
            emotes=emoted,
            reply_to=clean_name(answered) if answered else "",
            money=_money(line.tags),
            marks=_marks(line),
            shared_from=_shared_from(line.tags),
            sent=_sent(line.tags),
        )

    def _notice(self, line: IrcMessage) -> Event | None:
        kind = line.tags.get("msg-id", "")
        if self._bombs.covers(kind, line.tags):
            return None
        return notice(kind, line.tags, self._message(line))

    def _deleted(self, line: IrcMessage, target: str) -> Deletion:
        message = clean(target, ID_LIMIT)
        return Deletion(self._id(line), "twitch", _channel(line), message_id=message, sent=_sent(line.tags))

    def _clear(self, line: IrcMessage) -> Deletion:
        login = clean(line.text, ID_LIMIT)
        author = clean(line.tags.get("target-user-id", ""), ID_LIMIT) or (f"@{login}" if login else "")
        return Deletion(self._id(line), "twitch", _channel(line), author_id=author, sent=_sent(line.tags))


def _channel(line: IrcMessage) -> str:
    return clean(line.params[0].removeprefix("#"), ID_LIMIT)


def said(text: str) -> str:
    """Without the wrapping of a ``/me``; emotes are counted inside it."""
    return text.removeprefix("\x01ACTION ").removesuffix("\x01") if text.startswith("\x01ACTION ") else text


def _author(line: IrcMessage) -> Author:
    tags = line.tags
    login = line.nick if line.command == "PRIVMSG" else tags.get("login", "")
    # Of this channel alone: "source-badges" are of a channel that shares its chat, and give no rights here.
    roles = roles_of(part.partition("/")[0] for part in tags.get("badges", "").split(","))
    if tags.get("mod") == "1" or tags.get("user-type") == "mod":
        roles.add(Role.MODERATOR)
    if tags.get("vip") == "1":
        roles.add(Role.VIP)
    if tags.get("subscriber") == "1":
        roles.add(Role.SUBSCRIBER)
    held = dict(part.partition("/")[::2] for part in tags.get("badge-info", "").split(","))
    months = number(held.get("subscriber", "") or held.get("founder", ""))
    # A user id is digits, so a login in its place is marked with "@".
    identity = clean(tags.get("user-id", ""), ID_LIMIT) or f"@{clean(login, ID_LIMIT)}"
    name = clean_name("" if login.lower() in _ANONYMOUS else tags.get("display-name") or login)
    return Author(identity, name, frozenset(roles), months, login_of(login))


def login_of(given: str) -> str:
    """A login as it is compared; "" for what can be none."""
    return given.lower() if re.fullmatch(r"[A-Za-z0-9_]{1,25}", given) else ""


def _marks(line: IrcMessage) -> frozenset[Mark]:
    notices = (
        (line.tags.get("msg-id"), line.tags.get("source-msg-id")) if line.command == "USERNOTICE" else ()
    )
    marks = {
        Mark.FIRST: line.tags.get("first-msg") == "1",
        Mark.RETURNING: line.tags.get("returning-chatter") == "1",
        Mark.ANNOUNCEMENT: "announcement" in notices,
    }
    return frozenset(mark for mark, is_so in marks.items() if is_so)


def _shared_from(tags: Mapping[str, str]) -> str:
    """The id of the room it was written in, where that is another one that shares its chat with ours."""
    source = tags.get("source-room-id", "")
    return clean(source, ID_LIMIT) if source != tags.get("room-id", "") else ""


def _sent(tags: Mapping[str, str]) -> float:
    stamp = tags.get("tmi-sent-ts", "")
    return int(stamp) / 1000 if stamp.isascii() and stamp.isdigit() and len(stamp) <= 15 else 0.0


def _money(tags: Mapping[str, str]) -> Money | None:
    if bits := number(tags.get("bits", "")):
        return Money(Decimal(bits), "BITS")
    return _amount(tags, "pinned-chat-paid-amount", "pinned-chat-paid-currency", "pinned-chat-paid-exponent")


def _amount(tags: Mapping[str, str], amount: str, currency: str, exponent: str) -> Money | None:
    """From the tags of these names; None where there is none."""
    paid = number(tags.get(amount, ""))
    return exact(paid, tags.get(currency, ""), number(tags.get(exponent, ""))) if paid else None


def exact(units: int, currency: str, digits: int) -> Money:
    """So many cents, or whatever the smallest unit is of a currency with so many digits behind the point."""
    return Money(Decimal(units).scaleb(-min(digits, 8)), currency if currency in CODES else "")
