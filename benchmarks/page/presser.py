"""Presses ``POST /hush`` from a process of its own, as a Stream Deck does.

Each line on its input is one press, by a new connection; its answer is a line with the moment of the press
(seconds of ``time.monotonic``, which all processes of this machine share), written once it was answered.

    python -m benchmarks.page.presser PORT     # the first line of its input is the token
"""

from __future__ import annotations

import asyncio
import http.client
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

DEADLINE = 10.0
"""Seconds in which the show answers."""


class Presser:
    """The process, for whoever has it press."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def press(self) -> float:
        """Presses, and returns when that was."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        async with asyncio.timeout(DEADLINE):
            return float(await self._process.stdout.readline())


@asynccontextmanager
async def presser(port: int, token: str) -> AsyncIterator[Presser]:
    """It is there while the body runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.page.presser",
        str(port),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    try:
        process.stdin.write(f"{token}\n".encode())
        yield Presser(process)
    finally:
        process.stdin.close()
        await process.wait()


def main() -> None:
    """Presses until its input ends."""
    headers = {"Authorization": f"Bearer {sys.stdin.readline().strip()}"}
    for _ in sys.stdin:
        pressed = time.monotonic()
        show = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=DEADLINE)
        show.request("POST", "/hush", headers=headers)
        assert show.getresponse().status == http.HTTPStatus.OK
        show.close()
        sys.stdout.write(f"{pressed}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
