"""What YouTube's server sends its pages about a chat, as recorded: actions, and what is in them."""

from __future__ import annotations

import base64
from typing import Any

from youtube_server import NOW, Action

PHOTO = {"thumbnails": [{"url": "https://yt3.ggpht.com/a=s32", "width": 32, "height": 32}]}
"""Only one size of it, at which pytchat's own processors fail."""


def coded(inner: str) -> str:
    """The id that the pages use, of the id in it."""
    name = inner.encode()
    wrapped = bytes((10, len(name))) + name
    return base64.urlsafe_b64encode(bytes((10, len(wrapped))) + wrapped).decode().replace("=", "%3D")


def item(kind: str, **its: Any) -> Action:
    return {"clickTrackingParams": "CAEQl98B", "addChatItemAction": {"item": {kind: its}, "clientId": "C"}}


def head(number: int, name: str = "Ann", *badges: Any, sent: float = NOW) -> dict[str, Any]:
    """What every item begins with."""
    return {
        "id": coded(f"m{number}"),
        "timestampUsec": f"{sent * 1_000_000:.0f}",
        "authorExternalChannelId": f"UC{name.lower()}",
        "authorName": {"simpleText": f"@{name}"},
        "authorPhoto": PHOTO,
        **({"authorBadges": list(badges)} if badges else {}),
    }


def icon(kind: str) -> Any:
    return {"liveChatAuthorBadgeRenderer": {"icon": {"iconType": kind}, "tooltip": kind.title()}}


def member(tooltip: str = "New member") -> Any:
    return {"liveChatAuthorBadgeRenderer": {"customThumbnail": PHOTO, "tooltip": tooltip}}


def runs(*pieces: Any) -> Any:
    return {"runs": [{"text": piece} if isinstance(piece, str) else piece for piece in pieces]}


def emote(name: str) -> Any:
    return {
        "emoji": {
            "emojiId": f"UCwzpXmWAFEVKH3VzwvSlY_w/{name}",
            "shortcuts": [f":_{name}:", f":{name}:"],
            "image": {**PHOTO, "accessibility": {"accessibilityData": {"label": name}}},
            "isCustomEmoji": True,
        }
    }


def emoji(character: str) -> Any:
    return {"emoji": {"emojiId": character, "shortcuts": [":face:"], "image": PHOTO}}


def text(number: int, *pieces: Any, by: dict[str, Any] | None = None, **more: Any) -> Action:
    message = runs(*(pieces or (f"hi {number}",)))
    return item("liveChatTextMessageRenderer", **(by or head(number)), message=message, **more)


def super_chat(number: int, amount: str, *pieces: Any, by: dict[str, Any] | None = None) -> Action:
    price = {"simpleText": amount}
    message = {"message": runs(*pieces)} if pieces else {}
    return item("liveChatPaidMessageRenderer", **(by or head(number)), purchaseAmountText=price, **message)


def sticker(number: int, amount: str, label: str) -> Action:
    picture = {**PHOTO, "accessibility": {"accessibilityData": {"label": label}}}
    price = {"simpleText": amount}
    return item("liveChatPaidStickerRenderer", **head(number), purchaseAmountText=price, sticker=picture)


def redirected(number: int, *pieces: Any, to: str = "") -> Action:
    """A banner: ``pieces`` in the order in which it shows them, a name in bold as ``{"bold": True, …}``."""
    target = {"watchEndpoint": {"videoId": to}} if to else {"urlEndpoint": {"url": "https://support/x"}}
    redirect = {
        "bannerMessage": runs(*pieces),
        "authorPhoto": PHOTO,
        "inlineActionButton": {"buttonRenderer": {"text": runs("Learn more"), "command": target}},
    }
    banner = {
        "actionId": coded(f"m{number}"),
        "bannerType": "LIVE_CHAT_BANNER_TYPE_CROSS_CHANNEL_REDIRECT",
        "contents": {"liveChatBannerRedirectRenderer": redirect},
    }
    return {"addBannerToLiveChatCommand": {"bannerRenderer": {"liveChatBannerRenderer": banner}}}


def jewels(number: int, told: str) -> Action:
    # Thinner than the others: neither a channel's id nor a date.
    return item(
        "giftMessageViewModel",
        id=coded(f"m{number}"),
        authorName={"content": "@Ann "},
        text={"content": told},
    )


def new_member(number: int, *welcome: str) -> Action:
    who = head(number, "Ann", member())
    return item("liveChatMembershipItemRenderer", **who, headerSubtext=runs(*welcome))


def milestone(number: int, told: Any, level: str, *pieces: Any, badge: str = "Member (6 months)") -> Action:
    return item(
        "liveChatMembershipItemRenderer",
        **head(number, "Ann", member(badge)),
        headerPrimaryText=told,
        headerSubtext={"simpleText": level},
        **({"message": runs(*pieces)} if pieces else {"empty": True}),
    )


def gifts(number: int, *told: str) -> Action:
    who = head(number, "Ann", member())
    named = {key: who.pop(key) for key in ("authorName", "authorPhoto", "authorBadges")}
    header = {"liveChatSponsorshipsHeaderRenderer": {**named, "primaryText": runs(*told)}}
    return item("liveChatSponsorshipsGiftPurchaseAnnouncementRenderer", **who, header=header)


def gift_received(number: int) -> Action:
    message = runs("received a gift membership by ", "Ann")
    return item("liveChatSponsorshipsGiftRedemptionAnnouncementRenderer", **head(number), message=message)


def ticker(kind: str, shown: Action) -> Action:
    """The same again, in the strip above the chat."""
    inner = shown["addChatItemAction"]["item"]
    its_id = next(iter(inner.values())).get("id", "")
    show = {"showLiveChatItemEndpoint": {"renderer": inner}}
    return {
        "addLiveChatTickerItemAction": {
            "item": {kind: {"id": its_id, "durationSec": 120, "showItemEndpoint": show}},
            "durationSec": "120",
        }
    }


def deleted(number: int, how: str = "removeChatItemAction") -> Action:
    return {how: {"targetItemId": coded(f"m{number}")}}


def banned(author: str, how: str = "removeChatItemByAuthorAction") -> Action:
    return {how: {"externalChannelId": author}}
