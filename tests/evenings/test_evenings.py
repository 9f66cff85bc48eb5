"""First evenings, each played from `banban live` to what the audience sees and hears."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import edge_service
import kokoro_files
import pytest
import pytest_asyncio
from aiohttp import web
from evening import Evening
from model_server import END, Call, ModelServer, Way, event, stream
from PIL import Image
from playwright.async_api import Browser, async_playwright

from vtuber.brain.openai.discovery import PORTS

pytestmark = pytest.mark.asyncio(loop_scope="session")

DATA = Path(__file__).parents[1] / "data"
SPEAKS = "document.querySelector('#words').innerText"
ANSWERS = "(document.querySelector('#bubble:not([hidden])')?.innerText ?? '')"
CHINESE = "晚安呀，今天也要吃鳳梨披薩喔！"
"""What the scripted model says to everything."""


def ports(*servers: ModelServer) -> dict[str, str]:
    """The environment in which these stand on the usual ports."""
    return {PORTS: ",".join(server.url.rsplit(":", 1)[1].removesuffix("/v1") for server in servers)}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def evening(chromium: Browser, tmp_path: Path) -> AsyncIterator[Evening]:
    context = await chromium.new_context(viewport={"width": 960, "height": 540})
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    made = Evening(tmp_path, page)
    yield made
    made.close()
    await context.close()
    assert not errors


class Server(ModelServer):
    """A model server as it stands on a usual port: its list says what it is."""

    def __init__(self, *ways: Way) -> None:
        super().__init__(*ways)
        self.models = {"object": "list", "data": [{"id": "her.gguf", "object": "model"}]}


async def test_an_english_streamer_with_nothing_at_all(evening: Evening) -> None:
    shown = await evening.live()
    shown.type("hello Banban, do you like pineapple on pizza?")
    await asyncio.gather(evening.page_until(f"{SPEAKS}.length > 3"), evening.until_sounding())
    (reply,) = await evening.journal(shown, "reply")
    assert reply["heard"][:20] in shown.text


async def test_a_chinese_streamer_with_a_model_server_on_a_usual_port(evening: Evening) -> None:
    async with Server(stream(CHINESE)).running() as server:
        shown = await evening.live(**ports(server))
        assert "her.gguf" in shown.text
        shown.type("板板晚安")
        await evening.page_until(f"{SPEAKS}.includes('鳳梨披薩')")
        await shown.until(CHINESE)
        assert server.streams


async def says_good_evening(evening: Evening, server: ModelServer, speaks: str) -> None:
    """She types 「板板晚安」: the page sounds, and shows what was written; the table says who ``speaks``."""
    shown = await evening.live(**ports(server))
    table = re.sub(r"[\s│]+", " ", shown.text)  # a row may be folded
    assert "English: hibari" in table
    assert f"Chinese: {speaks}" in table, shown.text
    shown.type("板板晚安")
    await evening.until_sounding()
    await evening.page_until(f"{SPEAKS}.includes('鳳梨披薩')")
    assert not re.search(r"[^\x00-\x7f]\s+[^\x00-\x7f]", await evening.page.evaluate(SPEAKS))
    (reply,) = await evening.journal(shown, "reply")
    assert reply["heard"] == CHINESE


async def test_a_taiwanese_streamer_with_a_network(evening: Evening) -> None:
    async with Server(stream(CHINESE)).running() as server, edge_service.running() as service:
        service.reads = True
        (evening.folder / "config.toml").write_text(f'voice.edge.url = "{service.url}"', encoding="utf-8")
        await says_good_evening(evening, server, "edge, online")
        assert any("今天" in request for request in service.requests)


async def test_a_taiwanese_streamer_without_a_network(evening: Evening) -> None:
    kokoro_files.ready()
    (evening.folder / "config.toml").write_text(
        f"""
        voice.edge.url = "ws://127.0.0.1:9"
        voice.kokoro.model = '{kokoro_files.MODEL}'
        voice.kokoro.voices = '{kokoro_files.VOICES}'
        """,
        encoding="utf-8",
    )
    async with Server(stream(CHINESE)).running() as server:
        await says_good_evening(evening, server, "kokoro, embedded")


async def test_ones_own_character_with_a_picture(evening: Evening) -> None:
    picture = evening.folder / "me.png"
    Image.new("RGBA", (400, 600), (200, 80, 160, 255)).save(picture)
    made = evening.run("character", "new", "luna", "--face", str(picture))
    for _ in range(6):
        made.press("\r")
    assert await made.until_over() == 0, made.text
    async with Server(stream("I am Luna, nice to meet you!")).running() as server:
        shown = await evening.live("--character", "luna", **ports(server))
        shown.type("what is your name?")
        await evening.page_until(f"{SPEAKS}.includes('Luna')")
        await evening.page_until("banban.painted > 0")
        box = await evening.page.locator("#face canvas").first.bounding_box()
        assert box is not None
        assert box["height"] > 200
        pinkish = """(() => {
            const canvas = document.querySelector("#face canvas");
            const { width, height } = canvas;
            const middle = canvas.getContext("2d").getImageData(width / 2, height * 0.6, 1, 1);
            const [red, green, blue] = middle.data;
            return red > 150 && green < 130 && blue > 110;
        })()"""
        await evening.page_until(pinkish)


async def test_a_youtube_replay_with_super_chats(evening: Evening) -> None:
    async with Server(stream("Thank you so much!")).running() as server:
        recorded = str(DATA / "youtube-superchats.json")
        shown = await evening.live("--replay", recorded, "--speed", "2", **ports(server))
        await shown.until("$50.00")
        await evening.page_until(f"{ANSWERS}.includes('$')")
        assert any("$" in str(call.body["messages"][-1]) for call in server.streams)


async def test_a_model_server_that_thinks(evening: Evening) -> None:
    thought = stream("<think>Okay, the user", " says hello.</think>", "Hello ", "my friend!")
    async with Server(thought).running() as server:
        shown = await evening.live(**ports(server))
        shown.type("hello")
        (reply,) = await evening.journal(shown, "reply")
        assert reply["heard"] == "Hello my friend!"
        assert "Okay, the user" not in shown.text


async def test_a_model_server_that_is_cold(evening: Evening) -> None:
    warm = asyncio.Event()

    def after(way: Way) -> Way:
        async def cold(call: Call) -> web.StreamResponse:
            await warm.wait()
            return await way(call)

        return cold

    server = Server(after(stream("Now I am awake!")))
    server.aside = after(server.aside)
    async with server.running():
        (evening.folder / "config.toml").write_text("brain.first_token_seconds = 60", encoding="utf-8")
        shown = evening.run("live", "--port", "0", **ports(server))
        await shown.until("loading", 60)
        await asyncio.sleep(5)
        warm.set()
        await shown.until("is on air", 60)
        shown.type("good morning")
        await shown.until("Now I am awake!")


async def test_no_network(evening: Evening) -> None:
    (evening.folder / "config.toml").write_text(
        """
        chat.twitch.channels = ["somebody"]
        chat.twitch.irc_url = "ws://127.0.0.1:9"
        chat.youtube.streams = ["@somebody"]
        chat.youtube.base_url = "http://127.0.0.1:9"
        voice.use = "edge"
        voice.edge.url = "ws://127.0.0.1:9"
        """,
        encoding="utf-8",
    )
    async with Server(stream("I am still here.")).running() as server:
        shown = await evening.live(**ports(server))
        shown.type("can you hear me?")
        words = evening.page_until(f"{SPEAKS}.includes('still here')")
        await asyncio.gather(words, evening.until_sounding())  # by the voice that needs no network
        assert "Traceback" not in shown.text


async def a_long_tale(call: Call) -> web.StreamResponse:
    """Goes from house to house for about a minute, and says nothing twice."""
    response = await call.begin()
    for who in ("my aunt", "a baker", "two sailors", "nobody", "the owl", "seven students"):
        for seen in ("a red lamp", "cold soup", "an old map", "wet boots"):
            await response.write(event(f"In the house of {who} there was {seen}. "))
            await asyncio.sleep(0.05)
    await response.write(END)
    return response


async def test_a_hush_in_a_panic(evening: Evening) -> None:
    async with Server(a_long_tale).running() as server:
        shown = await evening.live(**ports(server))
        shown.type("tell me a story")
        await evening.until_sounding()
        await evening.page_until(f"{SPEAKS}.includes('house')")  # a few words were heard
        shown.press("\x18")  # Ctrl-X
        await evening.until_silent(5)
        await evening.page_until("document.querySelector('#caption').hidden", 5)
        await evening.page_until("document.querySelector('#bubble').hidden", 5)
        await shown.until("silent for")
        await shown.until("(cut)")


async def test_a_paste_in_a_flood(evening: Evening) -> None:
    async with Server(stream("One at a time, please!")).running() as server:
        recorded = str(DATA / "twitch-vod-chat.json")
        shown = await evening.live("--replay", recorded, "--speed", "20", **ports(server))
        lines = "\r".join(f"line {number} of a paste" for number in range(10_000))
        shown.press(f"\x1b[200~{lines}\x1b[201~\r")
        shown.type("still there?")
        await shown.until(
            lambda: any("still there?" in str(call.body["messages"][-1]) for call in server.streams)
        )
        assert not any("line 9" in str(call.body["messages"][-1]) for call in server.streams)
        shown.press("\x03")
        await shown.until("Ctrl-C again ends the show")
        shown.press("\x03")
        assert await shown.until_over() == 0
        assert "the show is over" in shown.text
