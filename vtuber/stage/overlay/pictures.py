"""Emotes and badges: fetched from the platforms' own servers and given to pages as ours.

A page asks for a picture by a name that stands for an address which a platform sent, never by the address,
and no other host than the platforms' is asked. What comes is a picture by its content, small, and soon, or
nothing: a page shows the emote's name then.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import platformdirs
from PIL import Image

from vtuber.core import files, http
from vtuber.core.clock import in_thread, now, outside
from vtuber.core.text import escaped

log = logging.getLogger(__name__)

HOSTS = ("static-cdn.jtvnw.net", "yt3.ggpht.com", "yt4.ggpht.com", "lh3.googleusercontent.com")
"""Where Twitch and YouTube keep emotes and badges."""
KINDS = {"PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp", "JPEG": "image/jpeg"}
MOST_BYTES = 512 * 1024
"""A larger picture is none."""
MOST_PIXELS = 1024
"""Of its width and its height."""
MEMORY_BYTES = 8 << 20
DISK_BYTES = 64 << 20
KNOWN = 5000
"""Addresses that have a name."""
AT_ONCE = 4
"""Pictures that are fetched side by side."""
WAITING = 64
"""Pictures that may wait for that; any more have to be asked for again."""
SECONDS = 5.0
"""How long fetching one may take."""
RETRY_SECONDS = 60.0
"""A picture that could not be had is not asked for again for so long."""


class Pictures:
    """``hosts`` and ``scheme`` are for tests, and so is ``folder``; None: the user's cache."""

    def __init__(
        self, *, hosts: Iterable[str] = HOSTS, scheme: str = "https", folder: Path | None = None
    ) -> None:
        self._hosts = frozenset(hosts)
        self._scheme = scheme
        self._folder = folder or platformdirs.user_cache_path("banban", appauthor=False) / "pictures"
        self._addresses: OrderedDict[str, str] = OrderedDict()
        self._bodies: OrderedDict[str, tuple[str, bytes]] = OrderedDict()
        self._size = 0
        self._failed: OrderedDict[str, float] = OrderedDict()
        self._fetching: dict[str, asyncio.Task[tuple[str, bytes] | None]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._session: aiohttp.ClientSession | None = None
        self._written = 0

    def name(self, address: str) -> str:
        """Under which a page can ask for it; "" for an address at which no platform keeps pictures."""
        try:
            parts = urlsplit(address)
            known = parts.scheme == self._scheme and parts.netloc.lower() in self._hosts
        except ValueError:
            known = False
        if not known:
            return ""
        name = hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()[:32]
        self._addresses[name] = address
        self._addresses.move_to_end(name)
        if len(self._addresses) > KNOWN:
            self._addresses.popitem(last=False)
        return f"picture/{name}"

    async def get(self, name: str) -> tuple[str, bytes] | None:
        """Its type and its bytes; None when it cannot be had."""
        if name in self._bodies:
            self._bodies.move_to_end(name)
            return self._bodies[name]
        if name not in self._addresses or now() < self._failed.get(name, 0.0):
            return None
        task = self._fetching.get(name)
        if task is None:
            if len(self._fetching) >= WAITING:
                return None
            task = asyncio.create_task(self._find(name))
            self._fetching[name] = task
            task.add_done_callback(lambda _: self._fetching.pop(name, None))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Ends all that is fetched. Harmless when nothing ever was."""
        tasks = list(self._fetching.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            with outside():
                await self._session.close()
            self._session = None

    async def _find(self, name: str) -> tuple[str, bytes] | None:
        """From the disk, else from the platform."""
        body = await in_thread(self._read, name)
        kind = await in_thread(kind_of, body) if body else ""
        if not body or not kind:
            async with self._turns:
                body = await self._fetch(self._addresses.get(name, ""))
            kind = await in_thread(kind_of, body)
            if kind:
                await in_thread(self._write, name, body)
        if not kind:
            self._failed[name] = now() + RETRY_SECONDS
            if len(self._failed) > KNOWN:
                self._failed.popitem(last=False)
            return None
        self._keep(name, kind, body)
        return kind, body

    def _keep(self, name: str, kind: str, body: bytes) -> None:
        self._bodies[name] = kind, body
        self._size += len(body)
        while self._size > MEMORY_BYTES:
            _, (_, oldest) = self._bodies.popitem(last=False)
            self._size -= len(oldest)

    async def _fetch(self, address: str) -> bytes:
        """What the platform has at that address; nothing when it fails, is late, or sends too much."""
        try:
            with outside():
                if self._session is None:
                    timeout = aiohttp.ClientTimeout(total=SECONDS)
                    self._session = aiohttp.ClientSession(timeout=timeout)
                async with self._session.get(address, allow_redirects=False) as response:
                    if response.status != 200:
                        return b""
                    body = await http.read(response)
        except (*http.FAILURES, TimeoutError, ValueError) as error:
            log.debug("a picture could not be fetched: %s", escaped(repr(error)))
            return b""
        return body if len(body) <= MOST_BYTES else b""

    def _read(self, name: str) -> bytes:
        try:
            with files.open_regular(self._folder / name) as file:
                return file.read(MOST_BYTES + 1)[:MOST_BYTES]
        except OSError:
            return b""

    def _write(self, name: str, body: bytes) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            files.write_whole(self._folder / name, [body])
            self._written += 1
            if self._written % 50 == 1:
                self._sweep()
        except OSError as error:
            log.debug("a picture is not kept: %s", escaped(repr(error)))

    def _sweep(self) -> None:
        """Deletes the oldest when there are too many."""
        files.remove_abandoned(self._folder)
        found = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in self._folder.iterdir())
        total = sum(size for _, size, _ in found)
        for _, size, path in found:
            if total <= DISK_BYTES:
                break
            path.unlink(missing_ok=True)
            total -= size


def kind_of(body: bytes) -> str:
    """The type of a small picture, by its content; "" for what is none. Nothing of it is decoded."""
    if not body or len(body) > MOST_BYTES:
        return ""
    try:
        with Image.open(io.BytesIO(body), formats=list(KINDS)) as picture:
            return KINDS.get(picture.format or "", "") if max(picture.size) <= MOST_PIXELS else ""
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return ""
