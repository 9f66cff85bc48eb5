"""YouTube's watch page, read: whose video it is, whether it is on air, and whether it has a chat.

A channel's ``/live`` page is the watch page of what is live there or comes next, else some other page.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from vtuber.core.text import clean
from vtuber.listeners.connection import Lost
from vtuber.listeners.youtube.browser import no_consent
from vtuber.listeners.youtube.tree import rows, string, table, text

_PLAYER = re.compile(r"\bytInitialPlayerResponse\s*=\s*(?=\{)")
_CONTENT = re.compile(r"\bytInitialData\b[\"'\]\s]*=\s*(?=\{)")
_CHAT = "contents.twoColumnWatchNextResults.conversationBar"
"""The column beside the video, where its chat is."""
_REFUSED = frozenset(("ERROR", "UNPLAYABLE", "LOGIN_REQUIRED"))
_ROBOT = re.compile(r"\bbot\b", re.IGNORECASE)


class Airing(StrEnum):
    UPCOMING = "upcoming"
    LIVE = "live"
    ENDED = "ended"
    NEVER = "never"
    """A video that is no stream."""


@dataclass(frozen=True, slots=True)
class Video:
    id: str
    channel_id: str
    title: str
    airing: Airing
    starts: float = 0.0
    """When it shall begin, in seconds since 1970; 0 when nobody said."""
    refusal: str = ""
    """Why nobody without an account may see it (it is private, for members…), in YouTube's words."""
    chatless: str = ""
    """Why it has no chat, in YouTube's words."""


def read(html: str) -> Video | None:
    """The page's video; None when the page is no video's. Raises Lost when it is no page as we know them."""
    player, content = _script(html, _PLAYER), _script(html, _CONTENT)
    if player is None and content is None:
        if "consent.youtube.com" in html:
            raise no_consent()
        raise Lost("YouTube answers with a page that is not understood")
    video_id = string(player, "videoDetails.videoId")
    video_id = video_id or string(content, "currentVideoEndpoint.watchEndpoint.videoId")
    refusal = _refusal(player, content)
    if not video_id and not refusal:
        return None
    return Video(
        id=clean(video_id, 20),
        channel_id=clean(string(player, "videoDetails.channelId") or _owner(content), 40),
        title=clean(string(player, "videoDetails.title")),
        airing=_airing(player, content),
        starts=_starts(player),
        refusal=refusal,
        chatless=clean(
            text(content, f"{_CHAT}.conversationBarRenderer.availabilityMessage.messageRenderer.text")
        ),
    )


def _script(html: str, name: re.Pattern[str]) -> Any:
    """The object that a script of the page sets; None when there is none."""
    if (found := name.search(html)) is None:
        return None
    try:
        return json.JSONDecoder().raw_decode(html, found.end())[0]
    except (ValueError, RecursionError):
        raise Lost("YouTube's page broke off") from None


def _has_live_chat(content: Any) -> bool:
    chat = table(content, f"{_CHAT}.liveChatRenderer")
    return bool(chat) and chat.get("isReplay") is not True


def _owner(content: Any) -> str:
    """The channel's id, from the box under the video."""
    boxes = rows(content, "contents.twoColumnWatchNextResults.results.results.contents")
    path = "videoSecondaryInfoRenderer.owner.videoOwnerRenderer.navigationEndpoint.browseEndpoint.browseId"
    return next(filter(None, (string(box, path) for box in boxes)), "")


def _refusal(player: Any, content: Any) -> str:
    """Why it cannot be seen. A chat that is there can be read, whatever the player wants to know first."""
    status = table(player, "playabilityStatus")
    if string(status, "status") not in _REFUSED or _has_live_chat(content):
        return ""
    reason = clean(string(status, "reason") or string(status, "messages.0")) or "it cannot be watched"
    if _ROBOT.search(reason):
        raise Lost(f"YouTube says: {reason}", 'try again later, or set chat.youtube.way to "api"')
    return reason


def _airing(player: Any, content: Any) -> Airing:
    details = table(player, "videoDetails")
    broadcast = table(player, "microformat.playerMicroformatRenderer.liveBroadcastDetails")
    if details.get("isUpcoming") is True:
        return Airing.UPCOMING
    if details.get("isLive") is True or broadcast.get("isLiveNow") is True:
        return Airing.LIVE
    if broadcast or details.get("isLiveContent") is True:
        return Airing.ENDED
    # A player that refuses says nothing.
    if _has_live_chat(content):
        return Airing.LIVE
    return Airing.ENDED if table(content, f"{_CHAT}.liveChatRenderer") else Airing.NEVER


def _starts(player: Any) -> float:
    slate = table(player, "playabilityStatus.liveStreamability.liveStreamabilityRenderer.offlineSlate")
    stamp = string(slate, "liveStreamOfflineSlateRenderer.scheduledStartTime")
    return float(stamp) if stamp.isascii() and stamp.isdigit() and len(stamp) <= 12 else 0.0
