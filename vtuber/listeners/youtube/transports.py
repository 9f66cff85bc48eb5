"""The ways to read a video's chat, YouTube's pages and its API: which one is used now.

The first that works is used, and tried again from time to time when another had to take over.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable
from typing import Protocol

from vtuber.core import clock
from vtuber.core.events import Event
from vtuber.listeners.connection import ConnectionLost
from vtuber.listeners.youtube.address import StreamAddress
from vtuber.listeners.youtube.video import Video

FAILURES = 3
"""After so many failures in a row another transport is used, where there is one."""
REST_SECONDS = 300.0
"""How long a transport that failed is left alone while another works."""


class VideoFinder(Protocol):
    """Finds the video that an address means, over connections that it does not own."""

    @property
    def now(self) -> float:
        """The time on YouTube's clock, in seconds since 1970; 0 while it is not known."""
        ...

    async def find(self, address: StreamAddress) -> Video | None:
        """The video; of a channel, what is live there or comes next, else None. Raises ConnectionLost."""
        ...


class ChatReader(Protocol):
    """Reads the live chat of one video."""

    answered: float | None
    """When YouTube last answered with chat, on the show's clock; None until it did."""

    @property
    def malformed(self) -> int:
        """How many actions or items could not be understood."""
        ...

    def events(self) -> AsyncGenerator[Event, None]:
        """What happens, as it happens, oldest first. It goes on when called again after ConnectionLost.

        Ends when the stream has ended. Raises ConnectionLost when reading failed and may be tried again, and
        a final ListenerError when this chat cannot be read this way (it is disabled, the video is private).
        """
        ...


class TransportUnavailable(ConnectionLost):
    """A transport cannot be used for ``after`` seconds, however often it is tried; by default for ever."""

    def __init__(self, why: str, hint: str = "", *, after: float = math.inf) -> None:
        super().__init__(why, hint)
        self.after = after


class Transport:
    """One way to read chat, and how well it has worked so far. ``make`` gives a reader for a video's id."""

    def __init__(self, name: str, finder: VideoFinder, make: Callable[[str], ChatReader]) -> None:
        self.name = name
        """For the streamer: "YouTube's pages", "the API"."""
        self.finder = finder
        self.trouble: ConnectionLost | None = None
        """Why it failed; None while it works."""
        self.unavailable_until = -math.inf
        self.rests_until = -math.inf
        self._make = make
        self._failures = 0
        self._video_id = ""
        self._reader: ChatReader | None = None

    def reader(self, video: Video) -> ChatReader:
        """For that video's chat: the same as before, so that it goes on where it was."""
        if self._reader is None or self._video_id != video.id:
            self._reader, self._video_id = self._make(video.id), video.id
        return self._reader

    def worked(self) -> None:
        """Forgets earlier failures."""
        self.trouble = None
        self._failures = 0
        self.rests_until = self.unavailable_until = -math.inf

    def failed(self, trouble: ConnectionLost) -> None:
        """Counts a failure."""
        self.trouble = trouble
        self._failures += 1
        if isinstance(trouble, TransportUnavailable):
            self.unavailable_until = clock.now() + trouble.after
        if self._failures >= FAILURES:
            self.rests_until = clock.now() + REST_SECONDS


class Transports:
    """The transports that config asks for, the best first."""

    def __init__(self, transports: list[Transport]) -> None:
        self._transports = transports

    def choice(self) -> Transport | None:
        """The one to use now; None while all are unavailable."""
        able = [one for one in self._transports if one.unavailable_until <= clock.now()]
        fresh = [one for one in able if one.rests_until <= clock.now()]
        return next(iter(fresh), None) or min(able, key=lambda one: one.rests_until, default=None)

    def available_at(self) -> float:
        """When the first of the unavailable ones may be used again; infinite for never."""
        return min(one.unavailable_until for one in self._transports)

    def better_at(self, used: Transport) -> float:
        """When one that is better than the one in use is to be tried; infinite when there is none."""
        better = self._transports[: self._transports.index(used)]
        return min((max(one.unavailable_until, one.rests_until) for one in better), default=math.inf)

    def others(self, used: Transport | None) -> list[ConnectionLost]:
        """Why better ones are not used, and why worse ones could not be."""
        place = self._transports.index(used) if used else 0
        return [
            one.trouble
            for number, one in enumerate(self._transports)
            if one.trouble and (number < place or (number > place and one.unavailable_until > clock.now()))
        ]

    def trouble(self) -> ConnectionLost:
        """What is wrong with each, in one."""
        known = [(one.name, one.trouble) for one in self._transports if one.trouble]
        if len(known) == 1:
            return known[0][1]
        hints = dict.fromkeys(trouble.hint for _, trouble in known if trouble.hint)
        return ConnectionLost(
            "; ".join(f"{name}: {trouble.why}" for name, trouble in known), "; ".join(hints)
        )
