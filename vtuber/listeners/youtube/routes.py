"""Which way is taken: the first that works, and that one again from time to time when another had to do."""

from __future__ import annotations

import math
from collections.abc import Callable

from vtuber.core import clock
from vtuber.listeners.connection import Lost
from vtuber.listeners.youtube.finders import Finder
from vtuber.listeners.youtube.watch import Video
from vtuber.listeners.youtube.way import Refused, Way

PATIENCE = 3
"""After so many failures in a row another way is taken, where there is one."""
AGAIN_SECONDS = 300.0
"""After so long a way that failed is tried again, though another works."""


class Route:
    """One way, and how it has done so far."""

    def __init__(self, name: str, finder: Finder, make: Callable[[str], Way]) -> None:
        self.name = name
        """For the streamer: "the pages", "the API"."""
        self.finder = finder
        self.trouble: Lost | None = None
        """Why it failed; None while it works."""
        self.refused_until = -math.inf
        self.rests_until = -math.inf
        self._make = make
        self._failures = 0
        self._video_id = ""
        self._way: Way | None = None

    def way(self, video: Video) -> Way:
        """To that video's chat: the same as before, so that it goes on where it was."""
        if self._way is None or self._video_id != video.id:
            self._way, self._video_id = self._make(video.id), video.id
        return self._way

    def worked(self) -> None:
        self.trouble = None
        self._failures = 0
        self.rests_until = self.refused_until = -math.inf

    def failed(self, trouble: Lost) -> None:
        self.trouble = trouble
        self._failures += 1
        if isinstance(trouble, Refused):
            self.refused_until = clock.now() + trouble.after
        if self._failures >= PATIENCE:
            self.rests_until = clock.now() + AGAIN_SECONDS


class Routes:
    """The ways that config asks for, the best first."""

    def __init__(self, routes: list[Route]) -> None:
        self._routes = routes

    def choice(self) -> Route | None:
        """The one to take now; None while all refuse."""
        able = [route for route in self._routes if route.refused_until <= clock.now()]
        fresh = [route for route in able if route.rests_until <= clock.now()]
        return next(iter(fresh), None) or min(able, key=lambda route: route.rests_until, default=None)

    def again(self) -> float:
        """When the first of those that refuse may be asked again; infinite for never."""
        return min(route.refused_until for route in self._routes)

    def better(self, taken: Route) -> float:
        """When one that is better than the one taken is to be tried; infinite when there is none."""
        better = self._routes[: self._routes.index(taken)]
        return min((max(route.refused_until, route.rests_until) for route in better), default=math.inf)

    def others(self, taken: Route | None) -> list[Lost]:
        """Why better ones are not taken, and why worse ones could not be."""
        place = self._routes.index(taken) if taken else 0
        return [
            route.trouble
            for number, route in enumerate(self._routes)
            if route.trouble and (number < place or (number > place and route.refused_until > clock.now()))
        ]

    def trouble(self) -> Lost:
        """What is wrong with each, in one."""
        known = [(route.name, route.trouble) for route in self._routes if route.trouble]
        if len(known) == 1:
            return known[0][1]
        cures = dict.fromkeys(trouble.hint for _, trouble in known if trouble.hint)
        return Lost("; ".join(f"{name}: {trouble.why}" for name, trouble in known), "; ".join(cures))
