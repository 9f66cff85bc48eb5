"""How fast the model writes and how fast she speaks, measured in simulated time."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine
from typing import Any

import pytest

from vtuber.core.simulated import SimulatedLoop
from vtuber.voice.pace import LATE, SURE, Delivery, Pace

SENTENCE = "Pineapples take two years to grow, far longer than it takes me to eat one."


def run(scene: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(scene)


async def write(delivery: Delivery, gaps: list[float], token: str = "four") -> None:
    """The first token at once, then one after each gap."""
    delivery.wrote(token)
    await go_on(delivery, gaps, token)


async def go_on(delivery: Delivery, gaps: list[float], token: str = "four") -> None:
    for gap in gaps:
        await asyncio.sleep(gap)
        delivery.wrote(token)


@pytest.mark.parametrize("stalled_at", [0, 1, 9, 19])
def test_one_stall_does_not_change_the_speed(stalled_at: int) -> None:
    async def scene() -> None:
        pace = Pace(20.0)
        gaps = [0.05] * 20
        gaps[stalled_at] = 4.0
        await write(Delivery(pace), gaps)
        assert pace.writing == pytest.approx(80)

    run(scene())


@pytest.mark.parametrize(("inherited", "gap"), [(1.2, 0.01), (400.0, 0.5), (1.2, 0.5)])
def test_the_last_reply_counts_only_until_this_one_is_measured(inherited: float, gap: float) -> None:
    async def scene() -> None:
        pace = Pace(20.0)
        pace.writing = inherited
        delivery = Delivery(pace)
        assert pace.writing == inherited
        await write(delivery, [gap] * 4)
        delivery.cut("Hi Mika!")
        assert (delivery.seconds < 20.0) == (gap == 0.5)
        await write(Delivery(pace), [gap] * 40)
        assert pace.writing == pytest.approx(4 / gap)

    run(scene())


@pytest.mark.parametrize("held_up", [0.0, 3.0])
def test_what_was_written_while_it_was_held_up_says_nothing(held_up: float) -> None:
    async def scene() -> None:
        pace = Pace(20.0)
        delivery = Delivery(pace)
        await write(delivery, [0.2] * 10)
        delivery.cut("A piece.")
        with delivery.handing_on():
            await asyncio.sleep(held_up)
        await go_on(delivery, [0.0 if held_up else 0.2] * 10)
        assert pace.writing == pytest.approx(20)

    run(scene())


def test_a_model_as_fast_as_can_be_is_measured_too() -> None:
    async def scene() -> None:
        pace = Pace(20.0)
        pace.writing = 2.0
        delivery = Delivery(pace)
        await write(delivery, [0.0] * 40)
        delivery.cut("Oh, hello.")
        assert not delivery.is_over

    run(scene())


def test_after_a_silence_the_room_is_counted_from_what_is_said_then() -> None:
    """Also after the machine was asleep."""

    async def scene() -> None:
        delivery = Delivery(Pace(20.0))
        await write(delivery, [0.05] * 20)
        delivery.cut("Well now,")
        with delivery.handing_on():
            pass
        await asyncio.sleep(3600)
        assert delivery.room == 0
        delivery.cut("that is a lovely question about tea.")
        assert delivery.room > 60

    run(scene())


def test_however_slow_the_model_is_she_says_one_sentence() -> None:
    async def scene() -> None:
        pace = Pace(20.0)
        delivery = Delivery(pace)
        await write(delivery, [8.0] * 20)
        assert pace.writing == pytest.approx(0.5)
        clauses = 0
        while pace.speaking("") * LATE > clauses * len("and a clause,"):
            delivery.cut("and a clause,")
            clauses += 1
            assert not delivery.is_over
        delivery.cut("and another clause,")
        assert not delivery.is_over
        delivery.cut("and the end.")
        assert delivery.is_over

    run(scene())


def test_a_sentence_without_an_end_is_broken_off() -> None:
    delivery = Delivery(Pace(20.0))
    for _ in range(5):
        delivery.cut(SENTENCE[:-1])
        assert not delivery.is_over
    delivery.cut(SENTENCE[:-1])
    assert delivery.is_over


def test_a_reply_in_two_languages_is_as_long_as_its_parts() -> None:
    async def scene() -> None:
        pace = Pace(20.0)
        for _ in range(40):
            pace.spoke(
                "今天我學到一件事，鳳梨要兩年", 14 * 2.5 / 5
            )  # a slow voice in Chinese: 5 weights a second
        delivery = Delivery(pace)
        await write(delivery, [0.5] * 20)  # 8 weights a second: slow for English only
        delivery.cut("Well, OK.")
        assert delivery.seconds < 20.0
        delivery.cut("今天我學到一件事，鳳梨要兩年才會長大，比我吃掉它的時間久很多很多。")
        assert delivery.seconds == 20.0

    run(scene())


def test_emoji_take_no_time_to_say() -> None:
    pace = Pace(20.0)
    before = pace.speaking("a")
    pace.spoke("So cute! " + "😂" * 60, 8 / before)
    assert pace.speaking("a") == pytest.approx(before, rel=0.01)
    delivery = Delivery(pace)
    delivery.cut("So cute! " + "😂" * 400)
    assert not delivery.is_over


def test_a_short_piece_says_less_about_her_speed() -> None:
    shorter, longer = Pace(20.0), Pace(20.0)
    shorter.spoke("Oh.", 0.6)
    longer.spoke("Oh." * 10, 6.0)
    assert 14 < shorter.speaking("a") < 15
    assert longer.speaking("a") == pytest.approx(9)


def test_a_model_that_says_nothing_for_long_has_no_speed() -> None:
    async def scene() -> None:
        pace = Pace(20.0)
        delivery = Delivery(pace)
        await write(delivery, [1.0] * 5, "")
        delivery.cut("Oh, hello.")
        assert pace.writing == delivery.room == math.inf

    run(scene())


def test_nothing_cut_has_all_the_time() -> None:
    delivery = Delivery(Pace(20.0))
    assert delivery.seconds == 20.0
    assert delivery.room == math.inf


@pytest.mark.parametrize(("text", "speed"), [("AI板板", 12.5), ("abcdefgh 好好", 15.0), ("", 15.0)])
def test_the_language_is_the_one_that_takes_longer_to_say(text: str, speed: float) -> None:
    assert Pace(20.0).speaking(text) == speed


@pytest.mark.parametrize(("writing", "weight"), [(math.inf, 24), (12.0, 18), (2.0, 12)])
def test_the_first_piece_of_a_slow_model_is_shorter(writing: float, weight: int) -> None:
    pace = Pace(20.0)
    pace.writing = writing
    assert pace.first_piece(24) == weight


def test_a_model_half_as_fast_as_the_voice_has_a_head_start() -> None:
    async def scene() -> None:
        pace = Pace(20.0)
        pace.writing = 7.5 / SURE  # 7.5 weights a second are counted on, where 15 are said
        delivery = Delivery(pace)
        delivery.cut("an elephant is")
        assert delivery.seconds == pytest.approx(2.0)
        may_begin = [delivery.may_begin]
        delivery.cut("xx")  # half of these two seconds must be written: 15 weights
        may_begin.append(delivery.may_begin)
        assert may_begin == [False, True]

    run(scene())


def test_a_reply_that_has_begun_goes_on() -> None:
    async def scene() -> None:
        pace = Pace(20.0)
        pace.writing = 1.0
        delivery = Delivery(pace)
        delivery.cut("x")
        may_begin = [delivery.may_begin]
        with delivery.handing_on():
            may_begin.append(delivery.may_begin)
        assert may_begin == [False, True]

    run(scene())


def test_the_room_is_what_can_be_written_and_spoken_in_time() -> None:
    async def scene() -> None:
        pace = Pace(20.0)
        pace.writing = 10.0
        delivery = Delivery(pace)
        assert delivery.room == math.inf  # nothing is cut yet
        delivery.cut("a black tree")  # 0.8 s
        assert delivery.room == pytest.approx(10 * (0.8 + 1.0))
        await asyncio.sleep(3)
        for waited in (0.0, 0.4):
            await asyncio.sleep(waited)
            with delivery.handing_on():
                left = 0.8 + 0.5 - waited
                assert delivery.room == pytest.approx(left / (1 / 10 + 0.3 * 0.8 / 12))

    run(scene())


@pytest.mark.parametrize(("held_up", "measured"), [(0.04, 40.0), (0.06, 20.0)])
def test_only_a_long_hold_up_makes_what_follows_worthless(held_up: float, measured: float) -> None:
    async def scene() -> None:
        pace = Pace(20.0)
        delivery = Delivery(pace)
        await write(delivery, [0.2] * 5)
        with delivery.handing_on():
            await asyncio.sleep(held_up)
        await go_on(delivery, [0.2 - held_up, *[0.1] * 200])
        assert pace.writing == pytest.approx(measured, rel=0.05)

    run(scene())
