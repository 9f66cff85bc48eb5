"""What to make of a look at a video: hear it, wait for it, say why it cannot be heard, or be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from vtuber.listeners.youtube.source import Source
from vtuber.listeners.youtube.watch import Airing, Video

_LATEST = 4e9
"""Seconds since 1970 that a plan may name."""


class Step(StrEnum):
    HEAR = "hear"
    WAIT = "wait"
    BARRED = "barred"
    """It cannot be heard as long as nobody changes something."""
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Outlook:
    step: Step
    what: str
    hint: str = ""
    goes_on: bool = False
    """Whether the stream has not ended, if it ever began."""
    again: float = 20.0
    """Seconds until the next look: sooner than what was said in between counts as said before she came."""


ENDED = Outlook(Step.OVER, "the stream has ended", again=0.0)
CHAT_ENDED = Outlook(Step.WAIT, "the chat has ended", again=5.0)
"""And soon somebody looks whether the stream has, too."""
NOTHING = Outlook(Step.WAIT, "waiting for the next stream")


def outlook(video: Video | None, source: Source) -> Outlook:
    """``video``: what was found of the source; None when nothing was."""
    if video is None:
        return barred("YouTube shows no such video", f"check {source.where}") if source.is_video else NOTHING
    if video.refusal:
        return _refused(video.refusal, source)
    if video.airing is Airing.ENDED:
        return ENDED if source.is_video else NOTHING
    if video.airing is Airing.NEVER:
        return barred("this video is no live stream", f"check {source.where}")
    return _ahead(video)


def _ahead(video: Video) -> Outlook:
    """Of a stream that is on, or will be."""
    if video.chatless:
        hint = "switch the live chat on in YouTube Studio, in the stream's settings"
        return barred(f"the stream has no chat. YouTube says: {video.chatless}", hint, goes_on=True)
    if video.airing is Airing.UPCOMING:
        return Outlook(Step.WAIT, "waiting for the stream" + _planned(video.starts), goes_on=True)
    return Outlook(Step.HEAR, "", goes_on=True)


def barred(what: str, hint: str, *, goes_on: bool = False) -> Outlook:
    """It cannot be heard, for this reason."""
    return Outlook(Step.BARRED, what, hint, goes_on, again=60.0)


def _refused(words: str, source: Source) -> Outlook:
    """In YouTube's words, which are all that tells the reasons apart."""
    what = f"the stream cannot be seen by everybody. YouTube says: {words}"
    if "member" in words.lower():
        return barred(what, "a chat for members only cannot be heard; open the stream to everyone")
    if "private" in words.lower():
        return barred(what, f"make the video public or unlisted in YouTube Studio, or check {source.where}")
    return barred(what, f"check {source.where}, and who may see the video")


def _planned(starts: float) -> str:
    """In the time of this computer's place."""
    if not 0 < starts < _LATEST:
        return ""
    return f", planned for {datetime.fromtimestamp(starts, UTC).astimezone():%Y-%m-%d %H:%M}"
