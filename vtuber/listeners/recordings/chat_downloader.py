"""Rows as chat-downloader writes them, old and new, of YouTube and of Twitch."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from vtuber.core.events import Author, ChatMessage, Deletion, Event, Gift, Money, Role, Subscription
from vtuber.core.text import clean, clean_name
from vtuber.listeners import emotes, money
from vtuber.listeners.lenient_json import rows, seconds, string, table
from vtuber.listeners.recordings.twitch_notices import Notices, told
from vtuber.listeners.recordings.twitch_vods import gone
from vtuber.listeners.twitch import cheermotes
from vtuber.listeners.twitch import irc as twitch_irc

ID_LIMIT = twitch_irc.ID_LIMIT
COLUMNS = frozenset(("time_in_seconds", "timestamp", "video_offset_time_msec"))
"""One of them is in every file; in CSV, they are columns."""

_NOTICES = {
    "subscription": "sub",
    "resubscription": "resub",
    "extend_subscription": "extendsub",
    "gift_paid_upgrade": "giftpaidupgrade",
    "anonymous_gift_paid_upgrade": "anongiftpaidupgrade",
    "prime_paid_upgrade": "primepaidupgrade",
    "subscription_gift": "subgift",
    "anonymous_subscription_gift": "anonsubgift",
    "mystery_subscription_gift": "submysterygift",
    "anonymous_mystery_subscription_gift": "anonsubmysterygift",
    "raid": "raid",
}
_PARAMS = {
    "cumulative_months": "msg-param-cumulative-months",
    "months": "msg-param-months",
    "mass_gift_count": "msg-param-mass-gift-count",
    "number_of_raiders": "msg-param-viewerCount",
    "origin_id": "msg-param-origin-id",
}
_PLANS = {"Prime": "Prime", "Tier 1": "1000", "Tier 2": "2000", "Tier 3": "3000"}
_MEMBERSHIPS = ("membership_item", "ticker_sponsor_item")
_NOT_CHAT = re.compile(
    r"banner|tooltip|placeholder|engagement|mode_change|redemption|donation_announcement|poll"
    r"|room_state|user_state|notice$|host|reconnect|successful_login"
)
_BADGES = {
    "owner": Role.BROADCASTER,
    "broadcaster": Role.BROADCASTER,
    "moderator": Role.MODERATOR,
    "vip": Role.VIP,
    "subscriber": Role.SUBSCRIBER,
    "founder": Role.SUBSCRIBER,
}
_MEMBER = re.compile(r"(?:new )?member(?:\s*\((?P<count>\d{1,4}) (?P<unit>month|year)s?\))?", re.IGNORECASE)
_COUNT = re.compile(r"\b\d{1,6}\b")


def is_row(row: Mapping[str, Any]) -> bool:
    timed = not COLUMNS.isdisjoint(row)
    return timed and any(key in row for key in ("message", "message_type", "action_type", "author"))


def times(row: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Seconds since the stream began, and seconds since 1970; None for what the row does not say."""
    offset = seconds(row, "time_in_seconds")
    exact = seconds(row, "video_offset_time_msec")
    if exact is not None and (offset is None or exact > 0):  # before the stream it is always 0
        offset = exact / 1000
    stamp: Any = row.get("timestamp")
    known = isinstance(stamp, int | float) and not isinstance(stamp, bool) and 0 < stamp < 1e17
    return offset, stamp / 1e6 if known else None


def read(row: Mapping[str, Any], channel: str, notices: Notices) -> Event | None:
    """What happened; None for what she neither answers nor must know. Raises ValueError, saying why."""
    kind = string(row, "message_type") or string(row, "action_type")
    author = _author(row)
    platform = _platform(row, author)
    if deletion := _deletion(row, kind, platform, channel, author):
        return deletion
    if _NOT_CHAT.search(kind):
        return None
    raw = row.get("message")
    if raw is not None and not isinstance(raw, str):
        raise ValueError("its text is not text")
    raw = raw or ""
    spans = _spans(raw, rows(row, "emotes"))
    notice = told(raw, (author.name, author.login)) if _is_comment(row, kind, platform) else None
    if notice:
        raw, spans = raw[notice.end :], emotes.moved(spans, -notice.end)
    cheers = cheermotes.spans(raw, twitch_irc.number(string(row, "bits")))
    safe, emoted = emotes.cleaned(*emotes.without(raw, cheers, spans))
    paid = _money(row, kind)
    if not author.id:
        if not safe:
            raise ValueError("it has no author")
        author = replace(author, id=gone(_id(row, author, safe)))
    answered = table(row, "in_reply_to").get("author")
    said = ChatMessage(
        _id(row, author, safe),
        platform,
        channel,
        author,
        safe,
        emotes=emoted,
        reply_to=_name(table(answered)),
        money=paid,
    )
    if notice:
        return notices.event(notice.kind, notice.params, said)
    if kind in _NOTICES:
        return _notice(row, _NOTICES[kind], said, notices)
    if special := _membership(row, kind, said):
        return special
    return said if safe or paid else None


def _is_comment(row: Mapping[str, Any], kind: str, platform: str) -> bool:
    """Whether it is a comment of a Twitch recording: there, notices are told as comments."""
    return platform != "youtube" and kind in ("", "text_message") and not row.get("action_type")


def _notice(row: Mapping[str, Any], kind: str, said: ChatMessage, notices: Notices) -> Event | None:
    params = {name: string(row, key) for key, name in _PARAMS.items()}
    params["msg-param-sub-plan"] = _PLANS.get(string(row, "subscription_type"), "")
    return notices.event(kind, params, said)


def _membership(row: Mapping[str, Any], kind: str, said: ChatMessage) -> Event | None:
    """YouTube's memberships, bought or given."""
    who = (said.id, said.platform, said.channel, said.author)
    header = string(row, "header_primary_text")
    if "gift_purchase" in kind:
        count = _COUNT.search(header or said.text)
        return Gift(*who, count=max(1, int(count.group())) if count else 1)
    if kind not in _MEMBERSHIPS:
        return None
    months = _COUNT.search(header)
    words = "" if said.text.startswith("Welcome to ") else said.text  # the platform's words, not the member's
    return Subscription(*who, words, months=max(1, said.author.months, int(months.group()) if months else 0))


def _deletion(
    row: Mapping[str, Any], kind: str, platform: str, channel: str, author: Author
) -> Deletion | None:
    kinds = f"{kind} {string(row, 'action_type')}"
    message = clean(string(row, "target_message_id"), ID_LIMIT)
    target = clean(string(row, "target_author_id"), ID_LIMIT) or author.id
    banned = any(word in kinds for word in ("ban_user", "by_author", "clear_chat"))
    if not banned and not ("delete" in kinds and message):
        return None
    stamp = string(row, "timestamp") or f"{seconds(row, 'time_in_seconds')}"
    if banned:
        return Deletion(clean(f"ban-{stamp}-{target}", ID_LIMIT), platform, channel, author_id=target)
    return Deletion(clean(f"deleted-{message}", ID_LIMIT), platform, channel, message_id=message)


def _id(row: Mapping[str, Any], author: Author, words: str) -> str:
    if given := clean(string(row, "message_id"), ID_LIMIT):
        return given
    if stamp := string(row, "timestamp"):  # in microseconds; a ticker repeats it
        return clean(f"{author.id}-{stamp}", ID_LIMIT)
    return hashlib.blake2s(f"{author.id} {times(row)} {words}".encode(), digest_size=12).hexdigest()


def _platform(row: Mapping[str, Any], author: Author) -> str:
    if author.id.startswith("UC") or "money" in row or "amount" in row:
        return "youtube"
    return "twitch" if author.id.isdecimal() or "channel_id" in row else "chat"


def _name(author: Mapping[str, Any]) -> str:
    name = string(author, "display_name") or string(author, "name")
    return clean_name(name.removeprefix("@")) if name else ""


def _author(row: Mapping[str, Any]) -> Author:
    who = row.get("author")
    if not isinstance(who, dict):  # the old form
        who = {"name": who, "id": row.get("author_id"), "badges": row.get("badges")}
    name = _name(who)
    # Only Twitch has both names, and only there the second is theirs alone.
    login = twitch_irc.login_of(string(who, "name")) if string(who, "display_name") else ""
    # A name in an id's place begins with "@", so that it is nobody's id.
    identity = clean(string(who, "id"), ID_LIMIT) or (f"@{login or name.casefold()}" if name else "")
    roles, months = _roles(who.get("badges"))
    if who.get("is_moderator") is True:
        roles.add(Role.MODERATOR)
    if who.get("is_subscriber") is True:
        roles.add(Role.SUBSCRIBER)
    return Author(identity, name or clean_name(""), frozenset(roles), months, login)


def _roles(badges: object) -> tuple[set[Role], int]:
    """By the platform's name of a badge; its title (old form: all there is) counts where there is no name."""
    if isinstance(badges, str):
        badges = [{"title": title} for title in badges.split(",")]
    roles: set[Role] = set()
    months = 0
    for badge in map(table, rows(badges)):
        title = string(badge, "title").strip()
        name = string(badge, "icon_name") or string(badge, "name")
        if role := _BADGES.get((name or title).lower()):
            roles.add(role)
        elif not name and (member := _MEMBER.fullmatch(title)):
            roles.add(Role.SUBSCRIBER)
            months = int(member["count"] or 1) * (12 if (member["unit"] or "").lower() == "year" else 1)
    return roles, months


def _money(row: Mapping[str, Any], kind: str) -> Money | None:
    if bits := twitch_irc.number(string(row, "bits")):
        return Money(Decimal(bits), "BITS")
    price = row.get("money", row.get("amount"))
    if isinstance(price, dict):
        printed = price.get("text")
        if not isinstance(printed, str):
            printed = f"{string(price, 'currency')} {_decimal(price.get('amount'))}"
        return money.read(printed)
    if isinstance(price, str):
        return money.read(price)
    if price is not None:
        return Money(_decimal(price), "")
    return Money(None, "") if re.search(r"(^|_)paid_(message|sticker)", kind) else None


def _decimal(value: object) -> Decimal:
    try:
        amount = Decimal(str(value)) if isinstance(value, int | float) else Decimal(0)
    except InvalidOperation:
        return Decimal(0)
    return amount if amount.is_finite() and 0 <= amount < 10**9 else Decimal(0)


def _spans(words: str, emoted: list[Any]) -> list[emotes.Span]:
    spans: list[emotes.Span] = []
    for emote in map(table, emoted[: emotes.LIMIT]):
        places = emote.get("locations")
        if isinstance(places, list):
            places = ",".join(string(place) for place in places)
        pictures = [clean(string(picture, "url")) for picture in rows(emote, "images")[:10]]
        picture = next((address for address in reversed(pictures) if address), "")
        if isinstance(places, str):
            found = emotes.twitch_spans(places)
            spans += [span._replace(picture=span.picture or picture) for span in found]
        elif name := string(emote, "name"):
            matches = re.finditer(re.escape(name), words[:10_000])
            spans += [
                emotes.Span(*match.span(), picture)
                for match, _ in zip(matches, range(emotes.LIMIT), strict=False)
            ]
    return spans
