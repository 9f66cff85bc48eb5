"""How a command is stopped: once in order, and at last in any case."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from vtuber.app import running, terminal
from vtuber.core.simulated import SimulatedLoop


def test_only_the_first_signal_stops_it_until_it_should_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([100.0, 100.1, 105.0, 105.1])
    cancelled: list[Callable[..., object]] = []
    ended: list[int] = []
    left: list[list[int]] = []
    with monkeypatch.context() as patch:
        loop = SimulatedLoop()
        task = loop.create_future()
        patch.setattr(time, "monotonic", lambda: next(times))
        patch.setattr(signal, "raise_signal", ended.append)
        patch.setattr(signal, "signal", lambda *_: None)
        patch.setattr(loop, "call_soon_threadsafe", cancelled.append)
        patch.setattr(terminal, "leave_as_found", lambda: left.append(list(ended)))
        stop = running._Stop(loop, task)  # type: ignore[arg-type]  # a future is cancelled just as well
        for ends in ([], [], [], [signal.SIGINT]):
            stop(signal.SIGINT, None)
            assert ended == ends
    assert cancelled == [task.cancel]
    assert left == [[]]  # the terminal is given back before the end
    loop.close()


def test_ctrl_c_is_asked_about_and_sigterm_is_not() -> None:
    loop = SimulatedLoop()
    task = loop.create_future()
    answers = iter([False, True, False])
    ends: list[bool] = []
    stop = running._Stop(loop, task, lambda: next(answers))  # type: ignore[arg-type]  # as above
    for _ in range(2):
        stop(signal.SIGINT, None)
        ends.append(stop._began is not None)
    other = running._Stop(loop, task, lambda: next(answers))  # type: ignore[arg-type]  # as above
    other(signal.SIGTERM, None)
    ends.append(other._began is not None)
    assert ends == [False, True, True]
    loop.close()


def test_while_it_ends_threads_take_turns_quickly_and_afterwards_as_before() -> None:
    before = sys.getswitchinterval()
    ending: list[float] = []

    async def main() -> None:
        signal.raise_signal(signal.SIGTERM)
        ending.append(sys.getswitchinterval())

    running.run(main)
    assert ending == [pytest.approx(running.SWITCH_SECONDS)]
    assert sys.getswitchinterval() == before


def test_a_name_that_is_looked_up_for_ever_does_not_hold_up_the_end() -> None:
    hangs = threading.Event()

    async def main() -> str:
        asyncio.get_running_loop().run_in_executor(None, hangs.wait)
        await asyncio.sleep(0.05)
        return "done"

    try:
        assert running.run(main) == "done"
    finally:
        hangs.set()


def test_the_program_ends_with_its_status_though_a_thread_still_works() -> None:
    code = (
        "import sys, threading, time\n"
        "from vtuber.app import __main__ as program\n"
        "def run():\n"
        "    threading.Thread(target=time.sleep, args=(600,)).start()\n"
        "    print('said')\n"
        "    sys.exit(3)\n"
        "program._run = run\n"
        "program.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout.split(), done.stderr) == (3, [b"said"], b"")
