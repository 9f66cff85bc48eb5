from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from vtuber.config import Chat, ReplayChat, Settings
from vtuber.core import clock
from vtuber.core.errors import ConfigError, ListenerError
from vtuber.core.health import State
from vtuber.core.simulated import SimulatedLoop
from vtuber.listeners.recordings.recording import read
from vtuber.listeners.replay import Replay

TWITCH = Path(__file__).parents[1] / "data" / "twitch-vod-chat.json"


def replay(path: Path | str, speed: float = 1.0) -> Replay:
    return Replay(Settings(chat=Chat(replay=ReplayChat(file=str(path), speed=speed))))


def simulated(main: Any) -> Any:
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(main)


def test_every_event_comes_at_its_time_and_nothing_drifts() -> None:
    async def main() -> list[tuple[float, float]]:
        listener = replay(TWITCH, speed=4)
        await listener.load()
        began = clock.now()
        times = []
        async for event in listener.events():
            assert event.at == clock.now()
            times.append(event.at - began)
            await asyncio.sleep(0.01)  # the show takes its time
        assert "finished" in listener.health().what
        return list(zip(times, [offset / 4 for offset, _ in read(TWITCH).rows], strict=True))

    times = simulated(main())
    assert len(times) == 3090
    assert all(heard >= due - 1e-6 for heard, due in times)
    assert times[-1][0] - times[-1][1] < 0.5  # a burst in one second waits for itself, and is caught up


def test_others_run_while_much_is_due_at_once(tmp_path: Path) -> None:
    rows = [
        {"content_offset_seconds": 0, "_id": str(n), "message": {"body": "x"}, "commenter": None}
        for n in range(1000)
    ]
    path = tmp_path / "burst.json"
    path.write_text(json.dumps(rows), encoding="utf-8")

    async def main() -> tuple[int, int]:
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        listener = replay(path)
        await listener.load()
        task = asyncio.create_task(other())
        heard = [event async for event in listener.events()]
        task.cancel()
        return len(heard), turns

    heard, turns = simulated(main())
    assert heard == 1000
    assert turns >= 20


def test_health_says_what_was_read(tmp_path: Path) -> None:
    path = tmp_path / "cut.json"
    path.write_text(TWITCH.read_text(encoding="utf-8")[:-5000], encoding="utf-8")

    async def main() -> None:
        listener = replay(path, speed=4)
        assert "not read yet" in listener.health().what
        assert listener.availability.is_ready
        await listener.load()
        assert listener.health().state is State.OK
        assert ", at 4×; 1 malformed row: row " in listener.health().what

    simulated(main())


def test_a_missing_file_is_final_and_shows_in_health(tmp_path: Path) -> None:
    async def main() -> None:
        listener = replay(tmp_path / "none.json")
        with pytest.raises(ListenerError) as caught:
            await anext(aiter(listener.events()))
        assert caught.value.final
        assert listener.health().state is State.DOWN
        assert not listener.availability.is_ready

    simulated(main())


def test_no_file_is_a_mistake_in_the_settings() -> None:
    with pytest.raises(ConfigError):
        replay("")


async def test_it_can_be_closed_in_the_middle() -> None:
    async with aclosing(replay(TWITCH, 1000).events()) as events:
        async for event in events:
            assert event.id
            break


@pytest.mark.parametrize("module", ["vtuber.listeners.replay", "vtuber.app.rehearse"])
def test_a_recording_needs_none_of_the_platforms_libraries(module: str) -> None:
    """Each of them takes up to a second to load."""
    script = f"import sys, {module}; print({{'twitchio', 'pytchat', 'httpx'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert done.stdout == "set()\n"
