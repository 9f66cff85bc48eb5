"""What YouTube shows of a video: whose it is, whether it is live and has a chat; and what to do about it.

A channel's ``/live`` page is the watch page of what is live there or comes next, else some other page.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from vtuber.core.text import clean
from vtuber.listeners.connection import ConnectionLost
from vtuber.listeners.lenient_json import rows, string, table
from vtuber.listeners.youtube.address import StreamAddress
from vtuber.listeners.youtube.browser import no_consent
from vtuber.listeners.youtube.renderers import formatted_text

_PLAYER = re.compile(r"\bytInitialPlayerResponse\s*=\s*(?=\{)")
_CONTENT = re.compile(r"\bytInitialData\b[\"'\]\s]*=\s*(?=\{)")
_CHAT = "contents.twoColumnWatchNextResults.conversationBar"
"""The column next to the video, where its chat is."""
_REFUSED = frozenset(("ERROR", "UNPLAYABLE", "LOGIN_REQUIRED"))
_ROBOT = re.compile(r"\bbot\b", re.IGNORECASE)


class Airing(StrEnum):
    UPCOMING = "upcoming"
    LIVE = "live"
    ENDED = "ended"
    NEVER = "never"
    """A video that is not a stream."""


@dataclass(frozen=True, slots=True)
class Video:
    id: str
    channel_id: str
    title: str
    airing: Airing
    starts: float = 0.0
    """When it is planned to begin, in seconds since 1970; 0 when that is not known."""
    refusal: str = ""
    """Why it cannot be seen without an account (it is private, for members…), in YouTube's words."""
    chatless: str = ""
    """Why it has no chat, in YouTube's words."""


def read_page(html: str) -> Video | None:
    """The page's video; None when it is not a video's page. Raises ConnectionLost for an unknown kind."""
    player, content = _script(html, _PLAYER), _script(html, _CONTENT)
    if player is None and content is None:
        if "consent.youtube.com" in html:
            raise no_consent()
        raise ConnectionLost("YouTube sent a page that banban does not understand")
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
            formatted_text(
                content, f"{_CHAT}.conversationBarRenderer.availabilityMessage.messageRenderer.text"
            )
        ),
    )


def _script(html: str, name: re.Pattern[str]) -> Any:
    """The object that a script of the page sets; None when there is none."""
    if (found := name.search(html)) is None:
        return None
    try:
        return json.JSONDecoder().raw_decode(html, found.end())[0]
    except (ValueError, RecursionError):
        raise ConnectionLost("YouTube sent only a part of the page") from None


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
    reason = clean(string(status, "reason") or string(status, "messages.0")) or "the video cannot be watched"
    if _ROBOT.search(reason):
        raise ConnectionLost(f"YouTube says: {reason}", 'try again later, or set chat.youtube.way to "api"')
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
    # A player that refuses says nothing about it.
    if _has_live_chat(content):
        return Airing.LIVE
    return Airing.ENDED if table(content, f"{_CHAT}.liveChatRenderer") else Airing.NEVER


def _starts(player: Any) -> float:
    slate = table(player, "playabilityStatus.liveStreamability.liveStreamabilityRenderer.offlineSlate")
    stamp = string(slate, "liveStreamOfflineSlateRenderer.scheduledStartTime")
    return float(stamp) if stamp.isascii() and stamp.isdigit() and len(stamp) <= 12 else 0.0


_LATEST = 4e9
"""The latest planned time that is believed, in seconds since 1970."""


class Step(StrEnum):
    READ = "read"
    WAIT = "wait"
    BLOCKED = "blocked"
    """Its chat cannot be read as long as nobody changes something."""
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Assessment:
    step: Step
    what: str
    hint: str = ""
    goes_on: bool = False
    """Whether the stream has not ended, if it ever began."""
    again: float = 20.0
    """Seconds until the next look: less than how old a message may be to be answered."""


ENDED = Assessment(Step.OVER, "the stream has ended", again=0.0)
CHAT_ENDED = Assessment(Step.WAIT, "the chat has ended", again=5.0)
"""Whether the stream has ended too shows at the next look."""
NOTHING = Assessment(Step.WAIT, "waiting for the next stream")


def assess(video: Video | None, address: StreamAddress) -> Assessment:
    """What to do about the video that was found at the address; None when nothing was."""
    if video is None:
        return blocked("YouTube has no such video", f"check {address.where}") if address.is_video else NOTHING
    if video.refusal:
        return _refused(video.refusal, address)
    if video.airing is Airing.ENDED:
        return ENDED if address.is_video else NOTHING
    if video.airing is Airing.NEVER:
        return blocked("this video is not a live stream", f"check {address.where}")
    return _ahead(video)


def _ahead(video: Video) -> Assessment:
    """Of a stream that is live, or will be."""
    if video.chatless:
        hint = "turn the live chat on in YouTube Studio, in the stream's settings"
        return blocked(f"the stream has no chat. YouTube says: {video.chatless}", hint, goes_on=True)
    if video.airing is Airing.UPCOMING:
        return Assessment(Step.WAIT, "waiting for the stream" + _planned(video.starts), goes_on=True)
    return Assessment(Step.READ, "", goes_on=True)


def blocked(what: str, hint: str, *, goes_on: bool = False) -> Assessment:
    """Its chat cannot be read, for this reason."""
    return Assessment(Step.BLOCKED, what, hint, goes_on, again=60.0)


def _refused(words: str, address: StreamAddress) -> Assessment:
    """The reasons differ in YouTube's words alone."""
    what = f"the stream is not public. YouTube says: {words}"
    if "member" in words.lower():
        return blocked(what, "open the stream to everyone: banban cannot read a members-only chat")
    if "private" in words.lower():
        return blocked(what, f"make the video public or unlisted in YouTube Studio, or check {address.where}")
    return blocked(what, f"check {address.where}, and who may see the video")


def _planned(starts: float) -> str:
    """In this computer's time zone."""
    if not 0 < starts < _LATEST:
        return ""
    return f", planned for {datetime.fromtimestamp(starts, UTC).astimezone():%Y-%m-%d %H:%M}"


def no_channel(name: str) -> ConnectionLost:
    """There is no channel of that name (any more)."""
    return ConnectionLost(f"YouTube has no channel {name!r}", "check chat.youtube.streams")
