"""The thread in which an embedded voice works, when the show ends before it is done."""

from __future__ import annotations

import asyncio
import threading

import pytest

from vtuber.voice.embedded import network
from vtuber.voice.embedded.network import CancelToken, Worker


def test_what_was_given_up_is_not_waited_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    loads, goes_on = threading.Event(), threading.Event()

    def load() -> None:
        loads.set()
        goes_on.wait(60)

    async def main() -> None:
        worker = Worker("a model that loads")
        loading = asyncio.create_task(worker.make(load, CancelToken()))
        await asyncio.to_thread(loads.wait, 60)
        monkeypatch.setattr(network, "GIVE_UP_SECONDS", 0.01)
        loading.cancel()
        await asyncio.gather(loading, return_exceptions=True)
        monkeypatch.setattr(network, "GIVE_UP_SECONDS", 3600)
        async with asyncio.timeout(20):
            await worker.close()

    try:
        asyncio.run(main())
    finally:
        goes_on.set()
