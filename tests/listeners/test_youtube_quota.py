from __future__ import annotations

import asyncio
import math
from zoneinfo import ZoneInfoNotFoundError

import pytest
from youtube_api_server import in_simulated_time

from vtuber.listeners.youtube import api_client as module
from vtuber.listeners.youtube.api_client import Quota
from vtuber.listeners.youtube.transports import TransportUnavailable


@in_simulated_time
async def test_units_are_counted_until_there_are_none() -> None:
    quota = Quota(11)
    quota.spend(5)
    quota.spend(5)
    assert str(quota) == "10 of 11 units of the API's daily quota used"
    with pytest.raises(TransportUnavailable) as refused:
        quota.spend(5)
    assert "the 11 units" in refused.value.why
    assert "chat.youtube.daily_units" in refused.value.hint
    assert quota.used == 10
    quota.spend(1)


@in_simulated_time
async def test_the_day_turns_at_midnight_in_california_by_youtubes_clock() -> None:
    quota = Quota(10)
    quota.set_clock("Fri, 18 Sep 2020 06:00:00 GMT")  # 23:00 the day before, daylight saving time
    quota.spend(10)
    with pytest.raises(TransportUnavailable) as refused:
        quota.spend(1)
    assert refused.value.after == 3600
    await asyncio.sleep(3599)
    with pytest.raises(TransportUnavailable):
        quota.spend(1)
    await asyncio.sleep(2)
    quota.spend(10)
    with pytest.raises(TransportUnavailable) as refused:
        quota.spend(1)
    assert refused.value.after == 24 * 3600 - 1


@in_simulated_time
async def test_winter() -> None:
    quota = Quota(0)
    quota.set_clock("Tue, 01 Dec 2020 07:00:00 GMT")
    with pytest.raises(TransportUnavailable) as refused:
        quota.spend(1)
    assert refused.value.after == 3600


@in_simulated_time
async def test_youtube_may_know_of_more_that_is_used() -> None:
    quota = Quota(10_000)
    quota.set_clock("Fri, 18 Sep 2020 06:00:00 GMT")
    quota.spend(5)
    assert quota.exhausted().after == 3600
    with pytest.raises(TransportUnavailable):
        quota.spend(5)
    await asyncio.sleep(3601)
    quota.spend(5)
    assert quota.used == 5


@in_simulated_time
async def test_malformed_dates_and_systems_without_time_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_zones(name: str) -> None:
        raise ZoneInfoNotFoundError(name)

    quota = Quota(0)
    for date in (
        "",
        "yesterday",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 18 Sep 1020 06:00:00 GMT",
        "\x00",
    ):
        quota.set_clock(date)
    with pytest.raises(TransportUnavailable) as refused:
        quota.spend(1)
    assert 0 < refused.value.after < math.inf
    monkeypatch.setattr(module, "ZoneInfo", no_zones)
    quota.set_clock("Tue, 01 Dec 2020 07:00:00 GMT")
    with pytest.raises(TransportUnavailable) as refused:
        quota.spend(1)
    assert refused.value.after == 3600


def test_the_days_units_last_for_a_show() -> None:
    assert Quota(10_000).pause == pytest.approx(7.2)
    assert Quota(1_000_000).pause < 0.1
