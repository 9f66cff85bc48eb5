"""What the audience has heard by now. The stage works it out once, for every screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from vtuber.core.clock import now
from vtuber.stage.cues import Heard
from vtuber.stage.timeline import ClipTimeline

INSIDE = 0.001
"""Seconds that a word must have sounded to be heard."""


class Playhead:
    """Follows the clips that are on the stage, and sends a ``Heard`` cue as soon as more of them is heard."""

    def __init__(self, send: Callable[[Heard], None]) -> None:
        self._send = send
        self._clips: dict[ClipTimeline, str | None] = {}  # and what was last sent of it
        self._timer: asyncio.TimerHandle | None = None

    def follow(self, clip: ClipTimeline) -> None:
        """Takes in a new clip, or one that has grown."""
        self._clips.setdefault(clip, None)
        self._update()

    def leave(self, clip: ClipTimeline) -> None:
        """Nothing of it is heard from now on."""
        self._update()
        self._clips.pop(clip, None)

    def _update(self) -> None:
        """Sends what is heard by now, and comes back when there is more."""
        time = now()
        for clip, sent in list(self._clips.items()):
            heard = clip.heard(time)
            if heard != sent and clip.began is not None and clip.began <= time:
                self._clips[clip] = heard
                self._send(Heard(clip.clip, clip.sentence.turn, heard, clip.sentence.speaker))
        if self._timer is not None:
            self._timer.cancel()
        changes = [change for clip in self._clips if (change := clip.next_change(time)) is not None]
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(min(changes) + INSIDE, self._update) if changes else None
