"""The overlay's widgets, in today's Chromium and in the engines of older versions of OBS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from browsers import until
from engines import ENGINES, TODAY, launched
from PIL import Image
from playwright.async_api import Browser, ConsoleMessage, Page
from stage_props import Maker, ServedOverlay, an_overlay

from vtuber.config.overlay import Overlay as Look
from vtuber.core.deeds import Deed, Kind
from vtuber.core.deeds import deed as deed_of
from vtuber.core.events import Author, Emote, Redemption
from vtuber.stage.cues import Alert, ChatLine, Ready, Vanished
from vtuber.stage.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

BROWSERS = [TODAY, *(pytest.param(one, marks=pytest.mark.engines) for one in ENGINES[1:])]
only_today = pytest.mark.parametrize("browser", [TODAY], indirect=True)
"""Of a test that is the same in every engine."""


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=BROWSERS)
async def browser(request: pytest.FixtureRequest, chromium: Browser) -> AsyncIterator[Browser]:
    if request.param == TODAY:
        yield chromium
        return
    async with launched(request.param) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """Whatever goes wrong in its scripts fails the test, and so does a request to another host."""
    context = await browser.new_context(viewport={"width": 960, "height": 540}, locale="en-US")
    opened = await context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda said: problems.append(said.text) if is_wrong(said) else None)
    opened.on(
        "request",
        lambda asked: None if asked.url.startswith("http://127.0.0.1:") else problems.append(asked.url),
    )
    yield opened
    await context.close()
    assert not problems


def is_wrong(said: ConsoleMessage) -> bool:
    """A picture or a show that is gone is no mistake of the page."""
    return said.type == "error" and "Failed to load" not in said.text and "WebSocket" not in said.text


@pytest_asyncio.fixture(loop_scope="session")
async def overlay() -> AsyncIterator[ServedOverlay]:
    made = an_overlay()
    await made.start()
    yield made
    await made.stop()


async def opened(page: Page, overlay: ServedOverlay, path: str = "") -> Stage:
    await page.goto(overlay.url + path)
    await until(page, "window.banban?.connections > 0")
    return Stage([overlay], {"banban": "板板"})


async def shown(page: Page, selector: str) -> bool:
    """Whether any of it can be seen."""
    found = await page.evaluate(
        "(selector) => [...document.querySelectorAll(selector)].some((one) => one.offsetWidth > 0)", selector
    )
    return bool(found)


LINES = """() => {
    const tops = new Map();
    for (const span of document.querySelectorAll("#words .word:not(.coming)")) {
        const range = document.createRange();
        range.selectNodeContents(span);
        for (const [index] of [...span.textContent].entries()) {
            range.setStart(span.firstChild, index);
            range.setEnd(span.firstChild, index + 1);
            const top = Math.round(range.getBoundingClientRect().top / 8);
            tops.set(top, (tops.get(top) ?? "") + range);
        }
    }
    return [...tops.keys()].sort((a, b) => a - b).map((top) => tops.get(top).trim());
}"""
"""The lines of the caption as they stand on the page."""

CHINESE = "鳳梨披薩 是 神聖的， 今天 晚上 我 要去 夜市 吃 臭豆腐 配珍奶， 再買 3 個 雞排 回家！"
ENGLISH = (
    "Pineapple on pizza is sacred, and whoever doubts that has simply never tasted one that was made well."
)


@pytest.mark.parametrize(("sentence", "space"), [(CHINESE, ""), (ENGLISH, " ")], ids=["zh", "en"])
async def test_lines_end_between_words(page: Page, overlay: ServedOverlay, sentence: str, space: str) -> None:
    words = sentence.split()
    stage = await opened(page, overlay, "overlay/captions?scale=2")
    text = space.join(words)
    await stage.play(Maker(words, each=0.04).clip(text=text, space=space))
    await until(page, f"banban.caption.endsWith('{words[-1]}')")
    lines = await page.evaluate(LINES)
    assert len(lines) > 2
    assert space.join(lines) == text
    ends = {len(space.join(words[: index + 1])) for index in range(len(words))}
    for index in range(1, len(lines)):
        assert len(space.join(lines[:index])) in ends
    height = await page.evaluate(
        "document.querySelector('#lines').offsetHeight"
        " / parseFloat(getComputedStyle(document.querySelector('#words')).lineHeight)"
    )
    assert height == pytest.approx(2, abs=0.05)


async def test_words_that_are_not_heard_yet_cannot_be_seen(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay, "overlay/captions")
    play = asyncio.create_task(stage.play(Maker(["one", "two", "three"], each=0.5).clip()))
    await until(page, "banban.caption === 'one'")
    assert await page.evaluate(LINES) == ["one"]
    await play


async def test_nothing_is_drawn_while_nothing_changes(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay, "?face=off")
    stage.thinking("viewer", "hi", "twitch", 1)
    await stage.play(Maker(["one", "two"], each=0.1).clip())
    stage.rest()
    await until(page, "banban.state === 'idle' && banban.caption === ''")
    drawn = await page.evaluate("banban.drawn")
    await asyncio.sleep(1)
    assert await page.evaluate("banban.drawn") - drawn <= 1


@only_today
@pytest.mark.parametrize(
    ("path", "seen", "unseen"),
    [
        ("overlay/avatar", ["#face"], ["#caption", "#bubble"]),
        ("overlay/captions", ["#caption"], ["#face", "#bubble"]),
        ("overlay/bubble", ["#bubble"], ["#face", "#caption"]),
        ("overlay/status", [], ["#face", "#caption", "#bubble"]),
        ("?show=captions,bubble", ["#caption", "#bubble"], ["#face"]),
        ("", ["#face", "#caption", "#bubble"], []),
    ],
)
async def test_each_widget_has_a_page_of_its_own(
    page: Page, overlay: ServedOverlay, path: str, seen: list[str], unseen: list[str]
) -> None:
    stage = await opened(page, overlay, path)
    if "#face" in seen:
        await until(page, "banban.audible")
    stage.thinking("viewer", "hi", "twitch", 1)
    await stage.play(Maker(["one", "two"], each=0.1).clip())
    await until(page, "banban.caption !== ''")
    for selector in seen:
        assert await shown(page, selector), selector
    for selector in unseen:
        assert not await shown(page, selector), selector
    if "#face" in seen:
        await until(page, "banban.played > 0")
    else:
        assert await page.evaluate("banban.played") == 0  # words alone never sound


def a_line(number: int, text: str, **more: Any) -> ChatLine:
    return ChatLine(number, "twitch", more.pop("name", f"viewer {number}"), text, **more)


def an_alert(number: int, words: str = "100 bits", **more: str) -> Alert:
    deed = Deed(Kind.CHEER, {"en": words, "zh": words}, "#9c3ee8")
    return Alert(number, "twitch", more.get("name", "ann"), more.get("text", ""), deed)


CHAT = "[...document.querySelectorAll('#chat .line')].map((line) => line.querySelector('.text').textContent)"
ALERTS = "[...document.querySelectorAll('#alerts .deed')].map((deed) => deed.textContent)"
HOSTILE = "<img src=x onerror=window.broken=1><script>broken=1</script>{0} %s \u202e ${broken=1}"


async def test_chat_and_alerts_come_grow_and_vanish(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay)
    for number in range(3):
        stage.tell(a_line(number, f"line {number}", role="moderator"))
    stage.tell(an_alert(7))
    await until(page, f"{CHAT}.length === 3 && {ALERTS}[0] === '100 bits'")
    stage.tell(an_alert(7, "300 bits"))
    await until(page, f"String({ALERTS}) === '300 bits'")
    stage.tell(Vanished((1,), (7,)))
    await until(page, f"String({CHAT}) === 'line 0,line 2' && {ALERTS}.length === 0")
    await page.reload()  # one that comes late
    await until(page, f"String({CHAT}) === 'line 0,line 2' && {ALERTS}.length === 0")
    stage.hush()
    stage.tell(a_line(9, "after"))
    await until(page, f"String({CHAT}) === 'line 0,line 2,after'")


@only_today
async def test_her_words_and_what_they_answer_fade_together(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay)
    await page.evaluate(
        """() => {
            window.faded = new Set();
            const note = () => {
                for (const one of document.querySelectorAll(".fading")) window.faded.add(one.id);
            };
            const whatever = { subtree: true, attributes: true };
            new MutationObserver(note).observe(document.querySelector("#talk"), whatever);
        }"""
    )
    stage.thinking("mika", "soup?", "twitch", 1)
    await stage.play(Maker(["Yes."], each=0.2).clip())
    await until(page, "!document.querySelector('#bubble').hidden && banban.caption === 'Yes.'")
    stage.rest()
    await until(page, "document.querySelector('#bubble').hidden && banban.caption === ''")
    assert await page.evaluate("[...window.faded].sort()") == ["bubble", "caption"]


@only_today
async def test_nothing_that_viewers_write_is_markup(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay)
    emote = Emote("<img>", 0, 5, "https://static-cdn.jtvnw.net/emoticons/v2/1/default/dark/2.0")
    stage.tell(a_line(1, HOSTILE, name=HOSTILE[:50], badge="javascript:window.broken=1"))
    stage.tell(a_line(2, "<img> hi", emotes=(emote,)))
    stage.tell(an_alert(3, HOSTILE, name=HOSTILE[:50], text=HOSTILE))
    reward = deed_of(Redemption("r", "twitch", "c", Author("1", "ann"), reward=HOSTILE, cost=5))
    assert reward is not None
    stage.tell(Alert(4, "twitch", "ann", "", replace(reward, colour="red;background:url(//evil.example)")))
    stage.thinking(HOSTILE[:50], HOSTILE, HOSTILE, 1)
    await until(page, f"{CHAT}.length === 2 && {ALERTS}.length === 2")
    told = await page.evaluate(f"{ALERTS}[1]")
    assert told.startswith("<img src=x onerror=window.broken=1>"), "the title of a reward"
    assert "url" not in await page.evaluate("document.querySelectorAll('.alert')[1].style.cssText")
    assert await page.evaluate("window.broken") is None
    assert await page.evaluate("document.querySelectorAll('main script, main img:not(.emote)').length") == 0
    # The emote cannot be had here, so its name stands in its place.
    await until(page, f"{CHAT}[1] === '<img> hi'")


@only_today
async def test_emotes_come_from_our_own_server(page: Page, overlay: ServedOverlay, tmp_path: Path) -> None:
    body = BytesIO()
    Image.new("RGB", (28, 28), "red").save(body, "PNG")

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body.getvalue())

    app = web.Application()
    app.router.add_get("/emote", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = "{}:{}".format(*runner.addresses[0][:2])
    overlay._state._chat._name_of = overlay._pictures.name
    overlay._pictures._hosts, overlay._pictures._scheme = frozenset((host,)), "http"
    overlay._pictures._folder = tmp_path
    stage = await opened(page, overlay)
    stage.tell(a_line(1, "so Kappa !", emotes=(Emote("Kappa", 3, 8, f"http://{host}/emote"),)))
    await until(page, "document.querySelector('.emote')?.naturalWidth === 28")
    address = await page.evaluate("document.querySelector('.emote').src")
    assert address.startswith(overlay.url + "picture/")
    await runner.cleanup()


@only_today
async def test_a_long_message_leaves_room_for_others(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay)
    stage.tell(a_line(1, "short"))
    stage.tell(a_line(2, "A" * 500))
    stage.tell(a_line(3, "word " * 6))
    await until(page, f"{CHAT}.length === 3")
    heights = await page.evaluate(
        "[...document.querySelectorAll('#chat .line')].map((one) => one.offsetHeight)"
    )
    assert heights[1] < 7 * heights[0]


@only_today
async def test_what_was_paid_is_not_lost_behind_what_costs_nothing(
    page: Page, overlay: ServedOverlay
) -> None:
    stage = await opened(page, overlay, "overlay/alerts")
    stage.tell(an_alert(0, "999 bits"))
    free = Deed(Kind.FOLLOW, {"en": "follows now", "zh": ""}, "#9146ff")
    for number in range(1, 100):
        stage.tell(Alert(number, "twitch", f"bot {number}", "", free))
    for number in range(100, 103):
        stage.tell(an_alert(number, f"{number} bits"))
    await until(page, f"{ALERTS}.length === 3")
    shown = await page.evaluate(ALERTS)
    assert shown[0] == "999 bits"
    givers = await page.locator("#alerts .giver").all_inner_texts()
    gone = [int(name.removeprefix("bot ")) for name in givers if name.startswith("bot ")]
    stage.tell(Vanished((), (0, *gone)))  # their time is over
    await until(page, f"String({ALERTS}) === '100 bits,101 bits,102 bits'")


@only_today
async def test_a_flood_leaves_a_page_small(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay)
    for number in range(500):
        stage.tell(a_line(number, f"line {number}"))
        stage.tell(an_alert(number + 1000))
    await until(page, f"{CHAT}.at(-1) === 'line 499'")
    assert await page.evaluate("document.querySelectorAll('#chat .line').length") <= 40
    assert await page.evaluate("document.querySelectorAll('.alert').length") <= 3


async def test_back_in_a_moment(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay)
    assert not await shown(page, "#back")
    stage.tell(Ready(ready=False))
    await until(page, "document.querySelector('#back').offsetWidth > 0")
    stage.tell(Ready(ready=True))
    await until(page, "document.querySelector('#back').offsetWidth === 0")
    stage.thinking("viewer", "hi", "twitch", 1)
    await until(page, "banban.state === 'thinking'")
    await overlay.stop()
    await until(page, "document.querySelector('#back').offsetWidth > 0 && banban.state === 'idle'")


@only_today
async def test_config_and_address_say_how_it_looks(page: Page, tmp_path: Path) -> None:
    theme = tmp_path / "mine.css"
    theme.write_text("#caption { border-radius: 7px; }", encoding="utf-8")
    look = Look(accent="#123456", chat="10,20,30,40", captions="off", theme=str(theme), back="brb", lang="zh")
    made = an_overlay(overlay=look)
    await made.start()
    try:
        await opened(page, made, "?ink=rgb(1,2,3)&scale=9&nonsense=1&captions=on")
        style = "getComputedStyle(document.documentElement).getPropertyValue"
        assert (
            await page.evaluate(f"{style}.call(getComputedStyle(document.documentElement), '--ink')")
            == "rgb(1,2,3)"
        )
        radius = "getComputedStyle(document.querySelector('#caption')).borderRadius"
        Stage([made]).tell(a_line(1, "hi"))
        line = "getComputedStyle(document.querySelector('#chat .line'))"
        await until(page, f"document.querySelector('#chat .line') && {line}.color === 'rgb(1, 2, 3)'")
        assert await page.evaluate(f"{line}.backgroundColor") == "rgba(255, 253, 250, 0.96)"
        accent = "getComputedStyle(document.querySelector('#speaker')).backgroundColor"
        assert await page.evaluate(accent) == "rgb(18, 52, 86)"
        box = await page.evaluate("document.querySelector('#chat').getBoundingClientRect().toJSON()")
        assert [round(box[side]) for side in ("left", "top", "width", "height")] == [96, 108, 288, 216]
        assert await page.evaluate(radius) == "7px"
        assert await page.evaluate("document.querySelector('#back-words').textContent") == "brb"
        assert await page.evaluate("document.querySelector('#unmute').textContent") == "🔊 點一下就聽得到她"
        theme.write_text("#caption { border-radius: 7px;", encoding="utf-8")
        await opened(page, made, "overlay/captions")
        assert await page.evaluate(radius) != "7px"
        assert "line 1: a { is never closed" in made.health().what
    finally:
        await made.stop()


@only_today
@pytest.mark.parametrize(("paper", "light"), [("black", False), ("rgba(250, 250, 240, 0.9)", True)])
async def test_names_can_be_read_on_any_paper(page: Page, tmp_path: Path, paper: str, *, light: bool) -> None:
    made = an_overlay(overlay=Look(paper=paper, ink="white" if not light else "black"))
    await made.start()
    try:
        stage = await opened(page, made)
        stage.tell(a_line(1, "hi"))
        name = "document.querySelector('#chat .author')"
        await until(page, name)
        shades = [
            int(shade) for shade in (await page.evaluate(f"getComputedStyle({name}).color"))[4:-1].split(",")
        ]
        assert (sum(shades) < 3 * 128) == light
    finally:
        await made.stop()


async def test_the_demo_shows_everything_without_a_show(page: Page, overlay: ServedOverlay) -> None:
    await page.goto(overlay.url + "overlay/demo")
    for selector in ("#chat .line", "#thinking", "#bubble", "#caption", ".alert"):
        await until(page, f"document.querySelector('{selector}')?.offsetWidth > 0")
    assert overlay.open_pages == 0
