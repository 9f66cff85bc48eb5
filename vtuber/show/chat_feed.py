"""What pages show of chat: its newest lines, as many as can be read, and an alert for whatever was given."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from itertools import count

from vtuber.core.deeds import as_one, deed, is_more, written
from vtuber.core.events import (
    Answerable,
    Batch,
    ChatMessage,
    Follow,
    Pick,
    Raid,
    Redemption,
    Role,
    is_money,
)
from vtuber.core.recent import Recent
from vtuber.moderation.revocation import RecentRevocations, Revocation
from vtuber.show.screening import Screening
from vtuber.stage.cues import Alert, ChatLine, Vanished
from vtuber.stage.stage import Stage

PAUSE = 0.5
"""Seconds between two looks at what came. Nobody reads faster than this allows."""
LINES = 3
"""The newest lines that are shown at each look; of a chat that is faster, the others are not."""
GIFTS = 200
"""How many gifts may wait for their alert; the oldest give way."""
ALERTS = 5
"""Alerts at each look."""
FREE = 10
"""How many follows and redemptions may wait for theirs, one at each look where no gift waits: a thousand
bots may follow at once."""
COMBO_SECONDS = 10.0
"""What the same viewer adds within so many seconds is added to their alert."""
KEPT = 100
"""Lines and alerts on pages that can vanish."""

_ROLES = (Role.BROADCASTER, Role.MODERATOR, Role.OPERATOR, Role.VIP, Role.SUBSCRIBER)


@dataclass(slots=True)
class _Shown:
    number: int
    event: Answerable
    at: float
    """When it last grew."""


class ChatFeed:
    """Takes whatever comes, at once; shows the newest of it. Its work is the same, however busy chat is."""

    def __init__(self, stage: Stage, screening: Screening) -> None:
        self._stage = stage
        self._screening = screening
        self._numbers = count(1)
        self._lines: deque[Answerable] = deque(maxlen=LINES)
        self._gifts: deque[Answerable] = deque(maxlen=GIFTS)
        self._free: deque[Answerable] = deque(maxlen=FREE)
        self._shown_lines: deque[_Shown] = deque(maxlen=KEPT)
        self._shown_alerts: deque[_Shown] = deque(maxlen=KEPT)
        self._revoked = RecentRevocations()
        self._seen: Recent[tuple[str, str], None] = Recent(KEPT * 10)
        self._more = asyncio.Event()

    def take_in(self, event: Answerable) -> None:
        """Something that may be shown, soon. Never blocks."""
        key = event.platform, event.id
        if key in self._seen or event in self._revoked:
            return
        self._seen.set(key, None)
        if is_money(event) or isinstance(event, Raid):
            self._gifts.append(event)
        elif isinstance(event, Follow | Redemption):
            self._free.append(event)
        if isinstance(event, ChatMessage) or event.text:
            self._lines.append(event)
        self._more.set()

    def revoke(self, revocation: Revocation) -> None:
        """Has all that was deleted vanish at once, and takes none of it in from now on."""
        self._revoked.add(revocation)
        for waiting in (self._lines, self._gifts, self._free):
            kept = [event for event in waiting if not revocation.takes(event)]
            waiting.clear()
            waiting.extend(kept)
        lines = _take_out(self._shown_lines, revocation)
        alerts = _take_out(self._shown_alerts, revocation)
        if lines or alerts:
            self._stage.tell(Vanished(lines, alerts))

    async def run(self) -> None:
        """Shows what comes, until it is cancelled."""
        while True:
            await self._more.wait()
            self._more.clear()
            if self._free and not self._gifts:
                self._alert(self._free.popleft())
            for _ in range(min(ALERTS, len(self._gifts))):
                self._alert(self._gifts.popleft())
            for _ in range(len(self._lines)):  # meanwhile, some may vanish and others come
                if self._lines:
                    self._show(self._lines.popleft())
                await asyncio.sleep(0)  # to judge a line takes milliseconds, and a hush may wait
            if self._gifts or self._free:
                self._more.set()
            await asyncio.sleep(PAUSE)

    def _show(self, event: Answerable) -> None:
        fit = self._screening.line(event)
        if fit is None:
            return
        done = self._screening.deed(deed(fit), event.id)
        text = written(fit)
        if not text and done is None:
            return
        number = next(self._numbers)
        self._shown_lines.append(_Shown(number, event, event.at))
        self._stage.tell(
            ChatLine(
                number,
                fit.platform,
                fit.author.name,
                text,
                fit.emotes if isinstance(fit, ChatMessage) and text else (),
                next((role for role in _ROLES if role in fit.author.roles), ""),
                fit.author.badge,
                done,
            )
        )

    def _alert(self, event: Answerable) -> None:
        shown = next((one for one in self._shown_alerts if _adds(one, event)), None)
        if shown is None:
            shown = _Shown(next(self._numbers), event, event.at)
            self._shown_alerts.append(shown)
        else:
            shown.event = as_one(Batch(Pick(shown.event), (Pick(event),))).lead.event
            shown.at = event.at
        fit = self._screening.line(shown.event)
        done = self._screening.deed(deed(fit), event.id) if fit is not None else None
        if fit is None or done is None:
            return
        self._stage.tell(Alert(shown.number, fit.platform, fit.author.name, written(fit), done))


def _adds(shown: _Shown, event: Answerable) -> bool:
    """Whether ``event`` is more of what an alert shows already."""
    paid = is_money(shown.event) and is_money(event)
    return paid and event.at - shown.at <= COMBO_SECONDS and is_more(shown.event, event)


def _take_out(shown: deque[_Shown], revocation: Revocation) -> tuple[int, ...]:
    """Takes out what was deleted. Returns its numbers."""
    gone = [one for one in shown if revocation.takes(one.event)]
    for one in gone:
        shown.remove(one)
    return tuple(one.number for one in gone)
