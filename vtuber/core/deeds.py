"""What somebody did beside writing, in short words for people: "US$50.00 Super Chat", "month 8 · Gold".

For the terminal and the page. What the model is told stands in ``brain/question.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from vtuber.core.events import (
    Answerable,
    Batch,
    ChatMessage,
    Follow,
    Gift,
    Mark,
    Money,
    Raid,
    Redemption,
    Subscription,
)
from vtuber.core.text import NOBODY

Language = Literal["en", "zh"]
"""English, or Traditional Chinese."""


class Kind(StrEnum):
    """What a screen may draw differently."""

    SUPER_CHAT = "super_chat"
    CHEER = "cheer"
    STICKER = "sticker"
    CHARITY = "charity"
    SUBSCRIPTION = "subscription"
    GIFT = "gift"
    RAID = "raid"
    FOLLOW = "follow"
    REDEMPTION = "redemption"
    STREAK = "streak"
    ANNOUNCEMENT = "announcement"


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did, as screens show it beside their words."""

    kind: Kind
    words: Mapping[Language, str]
    colour: str
    """In which the platform shows it: "#1e88e5"."""


_SYMBOLS = {
    "USD": "US$", "TWD": "NT$", "HKD": "HK$", "AUD": "A$", "CAD": "CA$", "NZD": "NZ$", "SGD": "S$",
    "MXN": "MX$", "BRL": "R$", "EUR": "€", "GBP": "£", "JPY": "¥", "CNY": "CN¥", "KRW": "₩", "INR": "₹",
    "PHP": "₱", "VND": "₫", "THB": "฿", "ILS": "₪", "TRY": "₺", "UAH": "₴", "RUB": "₽", "MYR": "RM",
}  # fmt: skip
"""Symbols that stand for one currency alone. Any other currency goes by its code."""
_WHOLE = frozenset(("CLP", "COP", "HUF", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"))
"""Whose prices have no decimals."""
_COUNTED = {"BITS": ("bits", "小奇點"), "JEWELS": ("Jewels", "寶石")}
"""The platforms' own coins."""

_TIERS = ("#1e88e5", "#00e5ff", "#1de9b6", "#ffca28", "#f57c00", "#e91e63", "#e62117")
"""YouTube's colours of a paid message, from the least to the most; the last is that of all higher tiers."""
_TIER_DOLLARS = (2, 5, 10, 20, 50, 100)
"""Where in US dollars the next one begins."""
_BITS = ((10_000, "#f43021"), (5_000, "#0099fe"), (1_000, "#1db2a5"), (100, "#9c3ee8"), (1, "#979797"))
"""Twitch's colours of bits, from so many on."""
_PLATFORMS = {"twitch": "#9146ff", "youtube": "#ff0033"}
_MEMBER = "#0f9d58"
"""In which YouTube shows members and what they give."""
_PLAIN = "#5f6b7a"


def deed(event: Answerable) -> Deed | None:
    """What somebody did beside writing; None for an ordinary message."""
    if (kind := kind_of(event)) is None:
        return None
    words: dict[Language, str] = {"en": _english(event, kind), "zh": _chinese(event, kind)}
    return Deed(kind, words, _colour(event, kind))


def described(event: Answerable, language: Language = "en") -> str:
    """The same in one language; "" for an ordinary message."""
    done = deed(event)
    return done.words[language] if done else ""


def bracketed(event: Answerable, language: Language = "en") -> str:
    """The same in square brackets, for a line in which the author's words follow."""
    words = described(event, language)
    return f"[{words}]" if words else ""


def written(event: Answerable) -> str:
    """What its author wrote themselves: the name of a sticker is the platform's."""
    return "" if kind_of(event) is Kind.STICKER else event.text


TOGETHER_SECONDS = 30.0
"""Lines that one viewer writes within this time are answered together, where they wait together."""


def is_more(lead: Answerable, event: Answerable) -> bool:
    """Whether ``event`` is more of what its author did in ``lead``: bits tap by tap, or the next line."""
    if (lead.platform, lead.channel, lead.author.id) != (event.platform, event.channel, event.author.id):
        return False
    if not lead.author.id and (lead.author.name == NOBODY or lead.author.name != event.author.name):
        return False
    match lead, event:
        case ChatMessage(money=Money() as money), ChatMessage(money=Money() as added, text=""):
            known = money.amount is not None and added.amount is not None and money.currency == added.currency
            return known and kind_of(lead) == kind_of(event) and lead.charity == event.charity
        case ChatMessage(money=None), ChatMessage(money=None):
            return event.reply_to == lead.reply_to and abs(event.at - lead.at) <= TOGETHER_SECONDS
        case Gift(), Gift(text=""):
            return (lead.months, lead.tier) == (event.months, event.tier)
        case _:
            return False


def as_one(batch: Batch) -> Batch:
    """The same, in which the lead is everything that ``is_more`` of it as well."""
    lead = batch.lead.event
    added = [pick.event for pick in batch.others if is_more(lead, pick.event)]
    if isinstance(lead, Gift):
        lead = replace(lead, count=lead.count + sum(gift.count for gift in added if isinstance(gift, Gift)))
    elif isinstance(lead, ChatMessage) and lead.money and added:
        paid = [lead.money, *(more.money for more in added if isinstance(more, ChatMessage) and more.money)]
        worth = [money.dollars for money in paid if money.dollars is not None]
        dollars = sum(worth, Decimal(0)) if len(worth) == len(paid) else None
        whole = sum((money.amount or Decimal(0) for money in paid), Decimal(0))
        lead = replace(lead, money=Money(whole, lead.money.currency, dollars))
    elif isinstance(lead, ChatMessage) and added:
        lines = sorted((lead, *added), key=lambda line: line.at)
        lead = replace(lead, text=" ".join(line.text for line in lines), emotes=())
    others = tuple(pick for pick in batch.others if pick.event not in added)
    return replace(batch, lead=replace(batch.lead, event=lead), others=others)


def amount(money: Money, language: Language = "en") -> str:
    """As a price is printed: "US$50.00", "NT$75", "200 bits"; "" when nobody knows how much it is."""
    if money.amount is None:
        return ""
    if names := _COUNTED.get(money.currency):
        name = names[language == "zh"]
        if money.amount == 1 and language == "en":
            name = name.removesuffix("s")
        return f"{money.amount.normalize():,f} {name}"
    whole = money.currency in _WHOLE or not money.currency
    if whole and money.amount == money.amount.to_integral_value():
        number = f"{money.amount:,.0f}"
    else:
        number = f"{money.amount:,.2f}"
    symbol = _SYMBOLS.get(money.currency)
    return f"{symbol}{number}" if symbol else f"{number} {money.currency}".strip()


def kind_of(event: Answerable) -> Kind | None:
    """Which kind of deed it is; None for an ordinary message."""
    match event:
        case Subscription():
            return Kind.SUBSCRIPTION
        case Gift():
            return Kind.GIFT
        case Raid():
            return Kind.RAID
        case Follow():
            return Kind.FOLLOW
        case Redemption():
            return Kind.REDEMPTION
        case ChatMessage():
            return _kind_of_message(event)


def _kind_of_message(message: ChatMessage) -> Kind | None:
    kinds = {
        Kind.CHARITY: bool(message.charity),
        Kind.STICKER: Mark.STICKER in message.marks,
        Kind.CHEER: message.money is not None and message.money.currency == "BITS",
        Kind.SUPER_CHAT: message.money is not None,
        Kind.STREAK: message.streak > 0,
        Kind.ANNOUNCEMENT: Mark.ANNOUNCEMENT in message.marks,
    }
    return next((kind for kind, is_so in kinds.items() if is_so), None)


def tier_name(tier: str, language: Language = "en") -> str:
    """What people call a tier of subscriptions: Twitch counts them, on YouTube they have names.

    "" for Twitch's usual one.
    """
    if tier in ("2", "3"):
        return f"層級 {tier}" if language == "zh" else f"Tier {tier}"
    return {"1": "", "prime": "Prime"}.get(tier, tier)


def _english(event: Answerable, kind: Kind) -> str:  # noqa: PLR0911  # one answer for each kind
    is_member = event.platform == "youtube"
    match event:
        case ChatMessage():
            return _english_message(event, kind)
        case Subscription(months=months, tier=tier):
            what = f"month {months}" if months > 1 else "new member" if is_member else "subscribed"
            return _dotted(what, tier_name(tier))
        case Gift(count=count, months=months, tier=tier):
            what = "membership" if is_member else "subscription"
            what = f"{count:,} {what}s" if count != 1 else f"a {what}"
            each = (f" of {months} months" + (" each" if count > 1 else "")) if months > 1 else ""
            return _dotted(f"gave away {what}{each}", tier_name(tier))
        case Raid(viewers=0):
            return "raid"
        case Raid(viewers=viewers):
            return f"raid: {viewers:,} viewer" + ("s" if viewers > 1 else "")
        case Follow():
            return "follows now"
        case Redemption(reward=reward, cost=cost):
            return _dotted(reward, f"{cost:,} points" if cost else "")


def _english_message(message: ChatMessage, kind: Kind) -> str:
    paid = amount(message.money) if message.money else ""
    first = " (their first)" if Mark.FIRST_PAID in message.marks else ""
    match kind:
        case Kind.CHARITY:
            return f"{paid or 'a donation'} for {message.charity}"
        case Kind.STICKER:
            return ": ".join(filter(None, (f"{paid} Super Sticker{first}" if paid else "gift", message.text)))
        case Kind.CHEER:
            return paid or "bits"
        case Kind.STREAK:
            return f"watched {message.streak} streams in a row"
        case Kind.ANNOUNCEMENT:
            return "announcement"
        case _:
            is_super = message.platform == "youtube"
            return f"{paid} Super Chat{first}".strip() if is_super else paid or "paid"


def _chinese(event: Answerable, kind: Kind) -> str:  # noqa: PLR0911  # one answer for each kind
    is_member = event.platform == "youtube"
    match event:
        case ChatMessage():
            return _chinese_message(event, kind)
        case Subscription(months=months, tier=tier):
            what = f"第 {months} 個月" if months > 1 else "新會員" if is_member else "訂閱"
            return _dotted(what, tier_name(tier, "zh"))
        case Gift(count=count, months=months, tier=tier):
            each = f"{months} 個月的" if months > 1 else ""
            what = f"送出 {count:,} 份{each}{'會員' if is_member else '訂閱'}"
            return _dotted(what, tier_name(tier, "zh"))
        case Raid(viewers=0):
            return "帶觀眾來了"
        case Raid(viewers=viewers):
            return f"揪團：{viewers:,} 位觀眾"
        case Follow():
            return "開始追隨"
        case Redemption(reward=reward, cost=cost):
            return _dotted(reward, f"{cost:,} 點" if cost else "")


def _chinese_message(message: ChatMessage, kind: Kind) -> str:
    paid = amount(message.money, "zh") if message.money else ""
    first = "（首次）" if Mark.FIRST_PAID in message.marks else ""
    match kind:
        case Kind.CHARITY:
            return f"捐款給{message.charity}" + (f"：{paid}" if paid else "")
        case Kind.STICKER:
            return "：".join(filter(None, (f"{paid} 超級貼圖{first}" if paid else "禮物", message.text)))
        case Kind.CHEER:
            return paid or "小奇點"
        case Kind.STREAK:
            return f"連續收看 {message.streak} 場直播"
        case Kind.ANNOUNCEMENT:
            return "公告"
        case _:
            is_super = message.platform == "youtube"
            return f"{paid} 超級留言{first}".strip() if is_super else paid or "付費留言"


def _dotted(*parts: str) -> str:
    return " · ".join(filter(None, parts))


def _colour(event: Answerable, kind: Kind) -> str:
    if isinstance(event, ChatMessage):
        if event.colour:
            return event.colour
        if kind is Kind.CHEER and event.money:
            bits = event.money.amount or Decimal(1)
            return next((colour for least, colour in _BITS if bits >= least), _BITS[-1][1])
        if event.platform == "youtube" and event.money:
            worth = event.money.dollars or 0
            return super_chat_colour(1 + sum(worth >= least for least in _TIER_DOLLARS))
    if event.platform == "youtube" and kind in (Kind.SUBSCRIPTION, Kind.GIFT):
        return _MEMBER
    return _PLATFORMS.get(event.platform, _PLAIN)


def super_chat_colour(tier: int) -> str:
    """The colour of YouTube's tier of that number, 1 the least."""
    return _TIERS[min(max(tier, 1), len(_TIERS)) - 1]
