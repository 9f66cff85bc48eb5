"""An entry of ``chat.youtube.streams``, as a streamer pastes it: one video, or a channel."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from vtuber.core.errors import ConfigError
from vtuber.core.text import clean, escaped

_VIDEO = re.compile(r"[A-Za-z0-9_-]{11}")
_CHANNEL = re.compile(r"UC[A-Za-z0-9_-]{22}")
_HANDLE = re.compile(r"@[\w.·-]{1,30}")
_NAME = re.compile(r"\w[\w.-]{0,99}")
_HOST = re.compile(r"((www|m|music|gaming|studio)\.)?(youtube\.com|youtube-nocookie\.com)|(www\.)?youtu\.be")
_VIDEO_PATHS = frozenset(("live", "shorts", "embed", "v", "e", "video", "watch"))
_CHANNEL_PATHS = frozenset(("channel", "c", "user"))
_NO_VIDEOS = frozenset(("live_stream", "videoseries"))
"""What stands in the place of a video's id, and has the length of one."""
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class StreamAddress:
    name: str
    """Short, and different for each: the video's id, "@name", "UC…", "c/name", "user/name"."""
    is_video: bool
    where: str = field(default="chat.youtube.streams", compare=False)
    """The option that it stands in."""


def parse(given: str, where: str = "chat.youtube.streams") -> StreamAddress:
    """The video or channel that was pasted: an id, "@name", or any of their addresses.

    What is a video's id by its form is taken for one. Raises ConfigError for what can be neither.
    """
    text = clean(given, _LONGEST).strip(" <>\"'")
    if _CHANNEL.fullmatch(text) or _HANDLE.fullmatch(text):
        return StreamAddress(text, is_video=False, where=where)
    if _VIDEO.fullmatch(text):
        return StreamAddress(text, is_video=True, where=where)
    video, channel = _addressed(text)
    if video or channel:
        return StreamAddress(video or channel, is_video=bool(video), where=where)
    raise ConfigError(
        f"{escaped(text[:60])!r} is neither a video nor a channel on YouTube",
        where=where,
        hint='write the address of the stream or of the channel, or the channel\'s "@name"',
    )


def _addressed(text: str) -> tuple[str, str]:
    """The video's id or the channel's name in an address; the other is "", and so are both of no address."""
    try:
        address = urlsplit(_whole(text))
        host = (address.hostname or "").rstrip(".")
        asked = {key: values[0] for key, values in parse_qs(address.query, max_num_fields=50).items()}
    except ValueError:
        return "", ""
    if address.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        return "", ""
    parts = [unquote(part) for part in address.path.split("/") if part]
    if host.endswith("youtu.be"):
        parts = ["watch", *parts]
    return _video(parts, asked), _channel(parts, asked)


def _whole(text: str) -> str:
    """The address with all that may be left out: "watch?v=…", "c/name", "youtube.com/…"."""
    if "://" in text:
        return text
    begin = re.split(r"[/?]", text.lstrip("/"), maxsplit=1)[0]
    is_path = begin in _VIDEO_PATHS | _CHANNEL_PATHS or begin.startswith("@")
    return f"https://youtube.com/{text.lstrip('/')}" if is_path else f"https://{text}"


def _video(parts: list[str], asked: dict[str, str]) -> str:
    candidates = [asked.get("v", "")]
    if len(parts) > 1 and parts[0] in _VIDEO_PATHS:
        candidates.append(parts[1])
    return next((one for one in candidates if _VIDEO.fullmatch(one) and one not in _NO_VIDEOS), "")


def _channel(parts: list[str], asked: dict[str, str]) -> str:
    name = parts[1] if len(parts) > 1 else ""
    if parts and _HANDLE.fullmatch(parts[0]):
        return parts[0]
    if parts and parts[0] in ("c", "user") and _NAME.fullmatch(name):
        return f"{parts[0]}/{name}"
    for one in (name if parts[:1] == ["channel"] else "", asked.get("channel", "")):  # of an embedded player
        if _CHANNEL.fullmatch(one):
            return one
    return ""
