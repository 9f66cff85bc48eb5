"""Emotes and badges that the overlay fetches, from a server of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import pytest
from aiohttp import web
from PIL import Image

from vtuber.stage.overlay import pictures
from vtuber.stage.overlay.pictures import Pictures


def picture(kind: str = "PNG", size: tuple[int, int] = (28, 28)) -> bytes:
    body = BytesIO()
    Image.new("RGB", size, "red").save(body, kind)
    return body.getvalue()


@asynccontextmanager
async def platform(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """A server that stands for a platform's. Gives its host and port."""
    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"{host}:{port}"
    await runner.cleanup()


def test_a_picture_is_fetched_once_and_kept_on_disk(tmp_path: Path) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(body=picture("GIF"), content_type="text/html")  # what it says counts for nothing

    async def main() -> None:
        async with platform(answer) as host:
            first = Pictures(hosts=[host], scheme="http", folder=tmp_path)
            name = first.name(f"http://{host}/emotes/25").removeprefix("picture/")
            found = await asyncio.gather(*(first.get(name) for _ in range(5)))
            assert {one[0] for one in found if one} == {"image/gif"}
            assert len(found) == 5
            await first.close()
            again = Pictures(hosts=[host], scheme="http", folder=tmp_path)
            again.name(f"http://{host}/emotes/25")
            assert await again.get(name) == ("image/gif", picture("GIF"))
            await again.close()
        assert asked == ["/emotes/25"]

    asyncio.run(main())


@pytest.mark.parametrize(
    "body",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        b"<html></html>",
        b"",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n" + bytes(40),
        picture(size=(5000, 4)),
        picture() + bytes(pictures.MOST_BYTES),
        bytes(3 << 20),
    ],
)
def test_what_is_no_small_picture_is_refused(tmp_path: Path, body: bytes) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="image/png")

    async def main() -> None:
        async with platform(answer) as host:
            made = Pictures(hosts=[host], scheme="http", folder=tmp_path)
            name = made.name(f"http://{host}/x").removeprefix("picture/")
            assert await made.get(name) is None
            assert not list(tmp_path.iterdir())
            await made.close()

    asyncio.run(main())


def test_a_server_that_never_answers_or_sends_elsewhere_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "SECONDS", 0.2)
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        if request.path == "/slow":
            await asyncio.sleep(1)
        raise web.HTTPFound("/picture")

    async def main() -> None:
        async with platform(answer) as host:
            made = Pictures(hosts=[host], scheme="http", folder=tmp_path)
            for path in ("/slow", "/elsewhere"):
                name = made.name(f"http://{host}{path}").removeprefix("picture/")
                assert await made.get(name) is None
                assert await made.get(name) is None  # it is not asked again and again
            await made.close()
        assert asked == ["/slow", "/elsewhere"]

    asyncio.run(main())


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/emoticons/v2/25",
        "http://static-cdn.jtvnw.net/emoticons/v2/25",
        "https://static-cdn.jtvnw.net.evil.example/25",
        "https://static-cdn.jtvnw.net@evil.example/25",
        "https://static-cdn.jtvnw.net:8080/25",
        "file:///etc/passwd",
        "//static-cdn.jtvnw.net/25",
        "https://[",
        "",
    ],
)
def test_no_other_host_is_ever_asked(address: str, tmp_path: Path) -> None:
    assert Pictures(folder=tmp_path).name(address) == ""


def test_a_page_cannot_name_an_address(tmp_path: Path) -> None:
    async def main() -> None:
        made = Pictures(folder=tmp_path)
        for name in ("https://static-cdn.jtvnw.net/x", "../secret", "0" * 32):
            assert await made.get(name) is None

    asyncio.run(main())


def test_memory_and_disk_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = picture()
    monkeypatch.setattr(pictures, "MEMORY_BYTES", len(body) * 3)
    monkeypatch.setattr(pictures, "DISK_BYTES", len(body) * 5)

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body)

    async def main() -> None:
        async with platform(answer) as host:
            made = Pictures(hosts=[host], scheme="http", folder=tmp_path)
            for number in range(51):
                assert await made.get(made.name(f"http://{host}/{number}").removeprefix("picture/"))
            assert made._size <= len(body) * 3
            assert len(made._bodies) == 3
            assert len(list(tmp_path.iterdir())) <= 5
            await made.close()

    asyncio.run(main())
