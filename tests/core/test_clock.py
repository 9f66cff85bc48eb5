"""Simulated time: it jumps, it stands still for work outside, and it runs out of patience."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine
from typing import Any

import pytest

from vtuber.core import clock
from vtuber.core.simulated import SimulatedLoop


def simulated(main: Coroutine[Any, Any, None], loop: type[SimulatedLoop] = SimulatedLoop) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main)


class Impatient(SimulatedLoop):
    PATIENCE = 0.05


async def hang_outside(seconds: float) -> None:
    async with asyncio.timeout(seconds):
        with clock.outside():
            await asyncio.get_running_loop().create_future()


def test_time_jumps_over_a_year_and_wakes_everybody_in_order() -> None:
    woken: list[str] = []

    async def sleeper(seconds: float, name: str) -> None:
        await asyncio.sleep(seconds)
        woken.append(f"{name} {clock.now():g}")

    async def main() -> None:
        began = clock.now()
        await asyncio.gather(sleeper(3, "c"), sleeper(1, "a"), sleeper(2, "b"), sleeper(3600 * 24 * 365, "z"))
        assert clock.now() - began == 3600 * 24 * 365

    simulated(main())
    assert woken == ["a 1", "b 2", "c 3", "z 3.1536e+07"]


def test_many_small_steps_arrive() -> None:
    async def main() -> None:
        for _ in range(10_000):
            await asyncio.sleep(0.1)
        assert clock.now() == pytest.approx(1000)

    simulated(main())


def test_deadlines_are_simulated_too() -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1000):
                await asyncio.get_running_loop().create_future()
        assert clock.now() == 1000

    simulated(main())


def test_time_stands_still_while_a_thread_works() -> None:
    async def main() -> None:
        async with asyncio.timeout(0.001):
            await clock.in_thread(time.sleep, 0.1)
        assert clock.now() == 0
        await asyncio.sleep(5)
        assert clock.now() == 5

    simulated(main())


def test_others_go_on_but_their_timers_wait_for_work_outside() -> None:
    happened: list[str] = []
    release = threading.Event()

    async def sleeper() -> None:
        await asyncio.sleep(1)
        happened.append("slept")

    async def main() -> None:
        sleeping = asyncio.create_task(sleeper())
        working = asyncio.create_task(clock.in_thread(release.wait))
        for _ in range(10):
            await asyncio.sleep(0)
            happened.append("step")
        release.set()
        await working
        happened.append("worked")
        await sleeping

    simulated(main())
    assert happened == ["step"] * 10 + ["worked", "slept"]


@pytest.mark.parametrize("delays", [(0.0, 0.1, 0.05), (0.1, 0.0, 0.05), (0.05, 0.1, 0.0)])
def test_answers_from_outside_are_taken_in_the_order_in_which_they_were_asked_for(
    delays: tuple[float, ...],
) -> None:
    taken: list[int] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        arrived = [asyncio.Event() for _ in delays]

        def arrive() -> None:
            for number in sorted(range(len(delays)), key=delays.__getitem__):
                time.sleep(0.02)
                loop.call_soon_threadsafe(arrived[number].set)

        async def asks(number: int) -> None:
            await clock.answered(arrived[number].wait())
            taken.append(number)

        async def works(number: int) -> None:
            await clock.in_thread(time.sleep, delays[number])
            taken.append(number + 10)

        threading.Thread(target=arrive).start()
        await asyncio.gather(asks(0), works(1), asks(1), works(2), asks(2))
        assert clock.now() == 0
        await clock.answered(arrived[0].wait())
        assert isinstance(loop, SimulatedLoop)
        assert not loop.errands

    simulated(main())
    assert taken == [0, 11, 1, 12, 2]


def test_whoever_does_not_wait_any_more_holds_up_nobody() -> None:
    async def fails() -> None:
        raise ZeroDivisionError

    async def main() -> None:
        never = asyncio.create_task(clock.answered(asyncio.Event().wait()))
        await asyncio.sleep(0)
        never.cancel()
        assert await clock.in_thread(lambda: 7) == 7
        with pytest.raises(ZeroDivisionError):
            await clock.answered(fails())
        assert await clock.in_thread(lambda: 8) == 8
        assert clock.now() == 0

    simulated(main())


def test_time_stands_still_while_a_process_answers() -> None:
    async def main() -> None:
        echo = (
            "import sys, time\nfor line in sys.stdin: time.sleep(0.05); print(line.strip()[::-1], flush=True)"
        )
        with clock.outside():
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", echo, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        assert process.stdin is not None
        assert process.stdout is not None
        for word in (b"abc", b"xyz"):
            process.stdin.write(word + b"\n")
            async with asyncio.timeout(0.001):
                with clock.outside():
                    assert await process.stdout.readline() == word[::-1] + b"\n"
        process.stdin.close()
        with clock.outside():
            assert await process.wait() == 0
        assert clock.now() == 0

    simulated(main())


def test_outside_ends_with_its_body_however_that_ends() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        with pytest.raises(KeyError), clock.outside(), clock.outside():
            raise KeyError
        hanging = asyncio.create_task(hang_outside(1))
        await asyncio.sleep(0)
        assert loop.work_outside == 1
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        assert loop.work_outside == 0

    simulated(main())


def test_work_outside_that_never_ends_meets_its_deadline_at_last() -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError):
            await hang_outside(3)
        assert clock.now() == 3

    simulated(main(), Impatient)


def test_the_executors_threads_are_joined_in_real_time() -> None:
    done = threading.Event()

    def work() -> None:
        time.sleep(0.2)
        done.set()

    async def main() -> None:
        asyncio.get_running_loop().run_in_executor(None, work)

    simulated(main())  # since Python 3.12 a jump over its timeout would be a warning
    assert done.is_set()


async def test_a_real_loop_keeps_its_own_time() -> None:
    loop = asyncio.get_running_loop()
    assert not isinstance(loop, SimulatedLoop)
    before = clock.now()
    with clock.outside():
        await asyncio.sleep(0.02)
    assert clock.now() - before >= 0.02 - 0.001
    with pytest.raises(TimeoutError):
        await hang_outside(0.01)
    assert await clock.in_thread(threading.get_ident) != threading.get_ident()


def test_a_thread_that_hangs_does_not_hold_up_the_end_of_the_program() -> None:
    program = """
import asyncio, time
from vtuber.core.clock import in_thread

async def main():
    hanging = asyncio.create_task(in_thread(time.sleep, 3600))
    await asyncio.sleep(0.1)
    hanging.cancel()

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], timeout=60, check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


async def test_what_a_thread_raises_reaches_whoever_waits() -> None:
    with pytest.raises(ZeroDivisionError):
        await clock.in_thread(lambda: 1 // 0)


def test_threads_end_in_the_order_in_which_they_were_begun() -> None:
    ended: list[str] = []

    async def work(name: str, seconds: float) -> None:
        await clock.in_thread(time.sleep, seconds)
        ended.append(name)

    async def main() -> None:
        await asyncio.gather(work("slow", 0.1), work("quick", 0.0), work("second", 0.02))

    simulated(main())
    assert ended == ["slow", "quick", "second"]


def test_a_thread_that_hangs_keeps_back_the_others_only_for_so_long() -> None:
    release = threading.Event()

    async def main() -> None:
        hanging = asyncio.create_task(clock.in_thread(release.wait))
        await asyncio.sleep(0)
        assert await clock.in_thread(lambda: "quick") == "quick"
        assert clock.now() == 0
        hanging.cancel()
        release.set()

    simulated(main(), Impatient)


def test_every_timer_comes_at_its_own_moment_however_near_another_is() -> None:
    moments: list[float] = []

    async def sleeper(until: float) -> None:
        await asyncio.sleep(until - clock.now())
        moments.append(clock.now())

    wanted = [1021.0 - 2e-12, 1021.0, 1021.0 + 5e-7, 3600.0 * 24 * 200, 3600.0 * 24 * 200 + 1e-7]

    async def main() -> None:
        await asyncio.gather(*map(sleeper, reversed(wanted)))

    simulated(main())
    assert moments == wanted


def test_timers_of_one_moment_come_in_the_order_in_which_they_were_set() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        came: list[int] = []
        others = [loop.call_at(when / 7, int) for when in range(50)]
        for number in range(20):
            loop.call_at(5.0, came.append, number)
            others[number * 2].cancel()
        await asyncio.sleep(10)
        assert came == list(range(20))

    simulated(main())


def test_what_never_comes_to_rest_still_hears_the_outside() -> None:
    async def main() -> None:
        working = asyncio.create_task(asyncio.create_subprocess_exec(sys.executable, "-c", ""))
        while not working.done():
            await asyncio.sleep(0)
        with clock.outside():
            assert await working.result().wait() == 0
        thread = asyncio.create_task(clock.in_thread(lambda: "done"))
        while not thread.done():
            await asyncio.sleep(0)
        assert thread.result() == "done"

    simulated(main())
