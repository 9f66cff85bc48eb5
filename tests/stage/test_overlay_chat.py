"""What the overlay's pages are told of chat, as frames."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from stage_props import ServedOverlay, an_overlay

from vtuber.core.deeds import Deed, Kind
from vtuber.core.events import Emote
from vtuber.stage.cues import Alert, ChatLine, Hushed, Ready, Vanished
from vtuber.stage.overlay.chat_state import ALERTS, LINES

EMOTE = Emote("Kappa", 3, 8, "https://static-cdn.jtvnw.net/emoticons/v2/25/default/dark/2.0")
PIZZA = Deed(Kind.CHEER, {"en": "100 bits", "zh": "100 小奇點"}, "#9c3ee8")


@pytest.fixture
async def overlay() -> AsyncIterator[ServedOverlay]:
    made = an_overlay()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


class Visitor:
    def __init__(self, link: aiohttp.ClientWebSocketResponse) -> None:
        self.link = link

    async def hear(self, wanted: str) -> dict[str, object]:
        async with asyncio.timeout(10):
            while True:
                note = await self.link.receive_json()
                if note["t"] == wanted:
                    return dict(note)


async def visit(client: aiohttp.ClientSession, overlay: ServedOverlay) -> Visitor:
    address = overlay.url.replace("http", "ws") + "ws"
    return Visitor(await client.ws_connect(address, origin=overlay.url.rstrip("/")))


async def test_fifty_pages_are_told_the_same(overlay: ServedOverlay, client: aiohttp.ClientSession) -> None:
    visitors = [await visit(client, overlay) for _ in range(50)]
    for visitor in visitors:
        await visitor.hear("hello")
    overlay.show(ChatLine(1, "twitch", "ann", "so Kappa yes", (EMOTE,), role="vip", deed=PIZZA))
    overlay.show(Alert(2, "twitch", "ann", "so", PIZZA))
    for visitor in visitors:
        line = await visitor.hear("chat")
        name = overlay._pictures.name(EMOTE.picture)
        assert line["pieces"] == ["so ", ["Kappa", name], " yes"]
        assert (line["name"], line["role"]) == ("ann", "vip")
        assert (await visitor.hear("alert"))["deed"] == {
            "kind": "cheer",
            "colour": "#9c3ee8",
            "en": "100 bits",
            "zh": "100 小奇點",
        }


async def test_what_vanishes_is_never_sent(overlay: ServedOverlay, client: aiohttp.ClientSession) -> None:
    early = await visit(client, overlay)
    await early.hear("hello")
    for number in (1, 2):
        overlay.show(ChatLine(number, "twitch", "ann", f"line {number}"))
    overlay.show(Hushed())  # which takes back what she says, not what chat does
    overlay.show(Vanished((1,)))
    assert (await early.hear("chat"))["id"] == 2
    assert (await early.hear("gone"))["chat"] == [1]
    late = await visit(client, overlay)
    line = await late.hear("chat")
    assert (line["id"], line["old"]) == (2, True)


async def test_a_late_page_is_sent_the_latest_only(
    overlay: ServedOverlay, client: aiohttp.ClientSession
) -> None:
    overlay.show(Ready(ready=False))
    for number in range(500):
        overlay.show(ChatLine(number, "twitch", "ann", f"line {number}"))
        overlay.show(Alert(1000 + number, "twitch", "ann", "", PIZZA))
    late = await visit(client, overlay)
    assert (await late.hear("hello"))["ready"] is False
    overlay.show(Ready(ready=True))
    kinds = []
    while (note := await late.link.receive_json())["t"] != "ready":
        kinds.append(note["t"])
    assert kinds.count("chat") == LINES
    assert kinds.count("alert") == ALERTS


@pytest.mark.parametrize("path", ["chat", "captions", "avatar", "demo"])
async def test_each_widget_has_an_address(
    overlay: ServedOverlay, client: aiohttp.ClientSession, path: str
) -> None:
    async with client.get(f"{overlay.url}overlay/{path}?scale=1.2&show=x&back=a%26b") as answer:
        assert answer.status == 200
        assert answer.url.path == "/"
        assert answer.url.query["scale"] == "1.2"
        assert answer.url.query["back"] == "a&b"


@pytest.mark.parametrize("path", ["overlay/nonsense", "overlay/", "picture/x", "picture/..%2f..%2fx"])
async def test_nothing_else_has_one(overlay: ServedOverlay, client: aiohttp.ClientSession, path: str) -> None:
    async with client.get(overlay.url + path) as answer:
        assert answer.status == 404
