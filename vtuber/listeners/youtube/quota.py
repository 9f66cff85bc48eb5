"""How much of the API's daily quota is used. One for all who use the same key.

A key has 10,000 units a day; the day turns at midnight, Pacific time. What each request costs is in
https://developers.google.com/youtube/v3/determine_quota_cost and, for live chats, in the method's own page.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vtuber.core import clock
from vtuber.listeners.youtube.way import Refused

LIST = 1
"""Units for a look at channels, videos or a playlist."""
CHAT = 5
"""Units for a page of a live chat."""
SHOW_SECONDS = 4 * 3600.0
"""The day's units last for a show of this length."""

_UNKNOWN_DAY_SECONDS = 3600.0
_LATEST = 1e11
"""Seconds since 1970 that a clock may show."""


class Quota:
    """Counts. Knows the day from the dates of YouTube's own answers, for our clock may be wrong."""

    def __init__(self, daily: int) -> None:
        self.daily = daily
        self.used = 0
        self._ahead: float | None = None
        """How far YouTube's clock is ahead of the show's; None until it answered once."""
        self._day: date | None = None

    def __str__(self) -> str:
        return f"{self.used:,} of {self.daily:,} units of the API used today"

    @property
    def now(self) -> float:
        """Seconds since 1970 on YouTube's clock; 0 while nobody knows."""
        return 0.0 if self._ahead is None else clock.now() + self._ahead

    @property
    def pause(self) -> float:
        """Seconds between two pages of a chat, so that the day's units last for a show."""
        return SHOW_SECONDS * CHAT / max(self.daily, 1)

    def spend(self, units: int) -> None:
        """Counts a request that is about to be made. Raises Refused when it is one too many."""
        self._turn()
        if self.used + units > self.daily:
            raise self.over(
                f"the {self.daily:,} units of YouTube's API for today are used up",
                "she reads it again when the day turns (midnight, Pacific time); raise "
                "chat.youtube.daily_units if your key has more",
            )
        self.used += units

    def exhausted(self) -> Refused:
        """YouTube says that nothing is left, whatever we counted: others may use the same key."""
        self.used = max(self.used, self.daily)
        return self.over(
            "YouTube says that the API's units for today are used up",
            "she reads it again when the day turns (midnight, Pacific time)",
        )

    def over(self, why: str, hint: str) -> Refused:
        return Refused(why, hint, after=self._until_midnight())

    def heed(self, dated: str) -> None:
        """What YouTube's clock says: the ``Date`` of an answer."""
        try:
            moment = parsedate_to_datetime(dated).timestamp()
        except (ValueError, OverflowError):
            return
        if 0 < moment < _LATEST:
            self._ahead = moment - clock.now()
            self._turn()

    def _moment(self) -> datetime | None:
        return datetime.fromtimestamp(self.now, _pacific()) if self.now else None

    def _turn(self) -> None:
        """Begins to count anew when it is another day."""
        if (moment := self._moment()) is None:
            return
        if self._day is not None and moment.date() > self._day:
            self.used = 0
        self._day = moment.date()

    def _until_midnight(self) -> float:
        if (moment := self._moment()) is None:
            return _UNKNOWN_DAY_SECONDS
        midnight = datetime.combine(moment.date() + timedelta(days=1), time(), moment.tzinfo)
        return max(1.0, midnight.timestamp() - moment.timestamp())


def _pacific() -> tzinfo:
    try:
        return ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:  # Windows keeps no time zones; an hour late in summer harms nobody
        return timezone(timedelta(hours=-8))
