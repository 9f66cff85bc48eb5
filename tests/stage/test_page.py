"""The overlay page in a real Chromium: what is heard, read and seen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from io import BytesIO
from zlib import decompress

import numpy as np
import numpy.typing as npt
import pytest
import pytest_asyncio
from browsers import until
from playwright.async_api import Browser, FloatRect, Page, Route
from stage_props import Maker, ServedOverlay, an_overlay, tone

from vtuber.core import sound
from vtuber.core.clock import now
from vtuber.core.deeds import Deed, Kind
from vtuber.core.events import Chunk, Clip, Sentence, Sound, Viseme, Word
from vtuber.stage.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

PIZZA = ("Pineapple", "belongs", "on", "pizza.")
RESTLESS = [f"word{index}" for index in range(40)]
LOUD = 0.1  # RMS; the tones have 0.21
LEVEL = """() => {
    const wave = new Float32Array(window.tapped.fftSize);
    window.tapped.getFloatTimeDomainData(wave);
    return Math.hypot(...wave.slice(-480)) / Math.sqrt(480);
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser) -> AsyncIterator[Page]:
    """A page a quarter of a stream's size. Whatever goes wrong in its scripts fails the test."""
    context = await chromium.new_context(viewport={"width": 960, "height": 540})
    opened = await context.new_page()
    opened.set_default_timeout(15_000)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    await context.close()
    assert not errors


@pytest_asyncio.fixture(loop_scope="session")
async def overlay() -> AsyncIterator[ServedOverlay]:
    made = an_overlay()
    await made.start()
    yield made
    await made.stop()


async def opened(page: Page, overlay: ServedOverlay, options: str = "", face: str = "#face canvas") -> Stage:
    """The page, connected and tapped, and a stage that drives it."""
    await page.goto(overlay.url + options)
    await until(page, "window.banban?.connections > 0")
    await page.wait_for_selector(face, state="attached")
    await page.evaluate("window.tapped = banban.tap()")
    return Stage([overlay])


BRISK = {"const LINGER = 3;": "const LINGER = 1;", "const READ = 1.5;": "const READ = 0.5;"}


async def brisk(page: Page) -> None:
    """Has the page it opens next leave its last words for a third of their time."""

    async def answer(route: Route) -> None:
        response = await route.fetch()
        script = await response.text()
        for usual, brisk in BRISK.items():
            assert usual in script
            script = script.replace(usual, brisk)
        await route.fulfill(response=response, body=script)

    await page.route("**/exchange.js*", answer)


async def tapped(page: Page) -> npt.NDArray[np.float64]:
    """The last 1.37 s of what was really played."""
    return np.array(
        await page.evaluate(
            """() => {
                const wave = new Float32Array(window.tapped.fftSize);
                window.tapped.getFloatTimeDomainData(wave);
                return [...wave];
            }"""
        )
    )


def longest_silence(wave: npt.NDArray[np.float64]) -> float:
    """Seconds of the longest stretch without sound between the first and the last sound."""
    loud = np.flatnonzero(np.abs(wave) > 0.02)
    return float(np.max(np.diff(loud))) / sound.RATE


async def test_sound_is_really_played_without_gaps(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay)
    await asyncio.gather(
        *(stage.play(Maker(["la"] * 5, each=0.1).clip(index=index)) for index in range(2)),
    )
    await until(page, f"banban.played >= {sound.RATE}")
    wave = await tapped(page)
    loud = np.flatnonzero(np.abs(wave) > 0.02)
    assert loud[-1] - loud[0] == pytest.approx(sound.RATE, abs=sound.RATE * 0.01)
    assert longest_silence(wave) < 0.001
    steepest = 0.3 * 2 * np.pi * 240 / sound.RATE
    assert np.max(np.abs(np.diff(wave[loud[0] + 1 : loud[-1]]))) < steepest * 1.1  # no click either
    assert np.sqrt(np.mean(wave[loud[0] : loud[-1]] ** 2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.05)


BUSY = "(ms) => { const end = performance.now() + ms; while (performance.now() < end); }"
"""Nothing else happens in the page meanwhile."""


async def test_what_comes_to_a_page_that_stood_still_is_heard_later_and_whole(
    page: Page, overlay: ServedOverlay
) -> None:
    stage = await opened(page, overlay)
    stood = asyncio.create_task(page.evaluate(BUSY, 900))
    await asyncio.sleep(0.05)
    await stage.play(Maker(["la"] * 4, each=0.1).clip())
    await stage.play(Maker(["la"] * 4, each=0.1).clip(turn=2))  # before the page has heard of the first
    await stood
    await until(page, f"banban.played === {round(0.8 * sound.RATE)}")
    wave = await tapped(page)
    loud = np.flatnonzero(np.abs(wave) > 0.02)
    assert loud[-1] - loud[0] > 0.79 * sound.RATE
    assert np.max(np.abs(wave)) < 0.31, "two sentences sound at once"


async def test_words_appear_as_they_are_heard(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay)
    await page.evaluate(
        """() => {
            window.seen = [];
            const look = () => {
                if (banban.caption !== (window.seen.at(-1) ?? "")) window.seen.push(banban.caption);
                requestAnimationFrame(look);
            };
            look();
        }"""
    )
    spoken = await stage.play(Maker(PIZZA, each=0.25).clip())
    await until(page, "banban.caption.endsWith('pizza.')")
    seen = await page.evaluate("window.seen")
    assert seen == ["Pineapple", "Pineapple belongs", "Pineapple belongs on", spoken.heard]
    await stage.play(Maker(["鳳梨", "披薩！"], each=0.1).clip(index=1, text="鳳梨披薩！", space=""))
    await until(page, "banban.caption === 'Pineapple belongs on pizza.鳳梨披薩！'")
    await stage.play(Maker(["神聖"], each=0.1).clip(index=2))
    await until(page, "banban.caption === 'Pineapple belongs on pizza.鳳梨披薩！ 神聖'")
    await stage.play(Maker(["Next."], each=0.1).clip(turn=2))
    await until(page, "banban.caption === 'Next.'")


async def test_the_mouth_takes_the_shapes_that_the_voice_tells(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay)
    assert await page.evaluate("banban.mouthShape") == "X"

    async def chunks() -> AsyncIterator[Chunk]:
        yield Word("Ooh.", 0.0, 1.0)
        yield Viseme("U", 0.0, 1.0)
        yield Viseme("I", 1.0, 2.0)
        yield Viseme("X", 2.0, 3.0)
        yield Sound(tone(3.0))

    play = asyncio.create_task(stage.play(Clip(Sentence(turn=1, index=0, text="Ooh."), chunks())))
    await until(page, "banban.mouthShape === 'U' && banban.mouth > 0.9 && banban.pose.mouth !== 'closed'")
    await until(page, "banban.mouthShape === 'I' && banban.mouth > 0.9")
    await until(page, "banban.mouthShape === 'X' && banban.mouth < 0.1")
    await play
    stage.rest()


async def test_the_mouth_moves_with_the_sound_and_mood_shows(page: Page, overlay: ServedOverlay) -> None:
    await brisk(page)
    stage = await opened(page, overlay)
    drawn = "[banban.pose.mood, banban.pose.mouth === 'closed']"
    assert await page.evaluate(drawn) == ["neutral", True]
    play = asyncio.create_task(stage.play(Maker(["Hey!"] * 8, each=0.2).clip(mood="angry")))
    await until(page, "banban.mouth > 0.7")
    assert await page.evaluate(drawn) == ["angry", False]
    assert await page.evaluate("banban.state") == "speaking"
    assert await page.evaluate("banban.mood") == "angry"
    await play
    stage.rest()
    await until(page, "banban.mouth === 0 && banban.state === 'idle'")
    await until(page, "banban.mood === ''")
    await until(page, "banban.pose.mouth === 'closed' && banban.pose.mood === 'neutral'")
    stage.feel("sad")  # a moderator's command
    await until(page, "banban.mood === 'sad'")
    assert await page.evaluate(drawn) == ["sad", True]


async def test_she_blinks_and_breathes(page: Page, overlay: ServedOverlay) -> None:
    await opened(page, overlay)
    await until(page, "banban.painted > 0")
    before = await page.evaluate("banban.pose.breath")
    await until(page, "banban.blinks > 0")
    await until(page, f"banban.pose.breath !== {before}")


async def test_whom_she_answers_and_that_she_thinks(page: Page, overlay: ServedOverlay) -> None:
    await brisk(page)
    stage = await opened(page, overlay)
    assert await page.locator("#bubble").is_hidden()
    stage.thinking("路人甲", "hello there", "twitch", 1)
    await page.locator("#thinking").wait_for(state="visible")
    assert await page.locator("#name").inner_text() == "路人甲"
    assert await page.locator("#said").inner_text() == "hello there"
    play = asyncio.create_task(stage.play(Maker(PIZZA, each=0.2).clip()))
    await page.locator("#thinking").wait_for(state="hidden")
    stage.thinking("next", "and me?", "youtube", 2)
    assert await page.locator("#name").inner_text() == "路人甲"
    await play
    await until(page, "document.getElementById('name').textContent === 'next'")
    stage.rest()
    await page.locator("#thinking").wait_for(state="hidden")
    await page.locator("#bubble").wait_for(state="hidden")


async def test_of_two_speakers_the_page_shows_whoever_speaks(page: Page, overlay: ServedOverlay) -> None:
    await brisk(page)
    await opened(page, overlay)
    stage = Stage([overlay], {"banban": "板板", "ann": "Ann of the Sea"})
    label = page.locator("#speaker")
    stage.feel("sad", speaker="ann")
    stage.thinking("viewer", "hello there", "twitch", 1, speaker="banban")
    await page.locator("#thinking").wait_for(state="visible")
    first = asyncio.create_task(stage.play(Maker(PIZZA, each=0.2).clip(turn=1, speaker="banban")))
    await until(page, "banban.caption !== ''")
    assert await label.inner_text() == "板板"
    stage.thinking("next", "and you?", "youtube", 2, speaker="ann")
    await first
    stage.rest(speaker="banban")
    await until(page, "document.getElementById('name').textContent === 'next'")
    await until(page, "banban.state === 'thinking'")
    await stage.play(Maker(["Me", "too."], each=0.2).clip(turn=2, speaker="ann"))
    await until(page, "banban.caption === 'Me too.'")
    assert await label.inner_text() == "Ann of the Sea"
    assert await page.evaluate("banban.mood") == "sad"
    stage.rest(speaker="ann")
    await until(page, "banban.state === 'idle'")


SHOWN = "document.getElementById('talk').textContent"


async def test_what_was_deleted_vanishes_while_she_speaks(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay)
    stage.thinking("troll", "bad words", "twitch", 1)
    play = asyncio.create_task(stage.play(Maker(RESTLESS, each=0.2).clip()))
    await until(page, "banban.caption.includes('word2')")
    await page.locator("#bubble").wait_for(state="visible")
    stage.withdraw(1)
    await until(page, "document.getElementById('bubble').hidden && banban.caption === ''")
    shown = await page.evaluate(SHOWN)
    assert "troll" not in shown
    assert "bad words" not in shown
    assert "word2" not in shown
    await until(page, f"({LEVEL})() === 0")
    await play
    stage.thinking("viewer", "and me?", "twitch", 2)
    await page.locator("#bubble").wait_for(state="visible")
    assert await page.locator("#said").inner_text() == "and me?"
    await stage.play(Maker(["Hello."], each=0.2).clip(turn=2))
    await until(page, "banban.caption === 'Hello.'")


async def test_what_was_deleted_vanishes_while_she_finishes(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay)
    stage.thinking("troll", "bad words", "twitch", 1)
    play = asyncio.create_task(stage.play(Maker(RESTLESS[:12], each=0.2).clip()))
    await until(page, "banban.caption.includes('word2')")
    stage.withdraw(1, finish=True)
    await until(page, "document.getElementById('bubble').hidden")
    assert "bad words" not in await page.evaluate(SHOWN)
    await until(page, "banban.caption.includes('word11')")
    assert await page.locator("#bubble").is_hidden()
    await play


async def test_what_was_deleted_vanishes_when_she_is_through_with_it(
    page: Page, overlay: ServedOverlay
) -> None:
    stage = await opened(page, overlay)
    await stage.play(Maker(["Before."], each=0.1).clip(turn=1))
    stage.thinking("troll", "bad words", "twitch", 2)
    await stage.play(Maker(["Answered."], each=0.1).clip(turn=2))
    await until(page, "banban.caption === 'Answered.'")
    stage.thinking("viewer", "and me?", "twitch", 3)
    stage.withdraw(2)
    await until(page, "document.getElementById('name').textContent === 'viewer' && banban.caption === ''")
    await asyncio.sleep(0.1)  # a few frames
    shown = await page.evaluate(SHOWN)
    assert "Before." not in shown
    assert "bad words" not in shown
    stage.withdraw(3)
    await page.locator("#bubble").wait_for(state="hidden")
    assert "and me?" not in await page.evaluate(SHOWN)


async def test_what_was_deleted_while_the_page_was_away_is_gone_when_it_is_back(
    page: Page, overlay: ServedOverlay
) -> None:
    stage = await opened(page, overlay)
    stage.thinking("troll", "bad words", "twitch", 1)
    play = asyncio.create_task(stage.play(Maker(RESTLESS, each=0.2).clip()))
    await until(page, "banban.caption.includes('word2')")
    connection = next(iter(overlay._pages))._transport
    assert connection is not None
    connection.abort()
    stage.withdraw(1)
    await until(page, "banban.connections === 2")
    await until(page, "document.getElementById('bubble').hidden && banban.caption === ''")
    shown = await page.evaluate(SHOWN)
    assert "troll" not in shown
    assert "bad words" not in shown
    assert "word2" not in shown
    await play


async def test_a_hush_silences_at_once(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay)
    play = asyncio.create_task(stage.play(Maker(RESTLESS, each=0.3).clip()))
    await until(page, f"({LEVEL})() > {LOUD}")
    assert stage.remaining() > 6
    before = await page.evaluate("window.tapped.context.currentTime")
    stage.hush()
    spoken = await play
    assert not spoken.complete
    await until(page, f"({LEVEL})() === 0")
    assert await page.evaluate("window.tapped.context.currentTime") < before + 3  # not because it was over
    received = await page.evaluate("banban.heard")
    await asyncio.sleep(0.3)
    assert await page.evaluate(LEVEL) == 0
    assert await page.evaluate("banban.heard") == received
    assert await page.evaluate("banban.caption") == ""
    await stage.play(Maker(["Again."], each=0.3).clip(turn=2))
    await until(page, "banban.caption === 'Again.'")


HOSTILE = (
    "<img src=x onerror='window.broken=1'>",
    "<script>window.broken=1</script>",
    "\u202e<svg onload=window.broken=1>\u202c",
    "javascript:window.broken=1",
    "${window.broken=1}{{window.broken=1}}",
    "z\u0300\u0301\u0302\u0303\u0304\u0305\u0306",
)


async def test_hostile_text_stays_text(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay)
    markup = "document.querySelectorAll('#talk img, #talk script, #talk svg').length"
    for turn, evil in enumerate(HOSTILE):
        stage.thinking(evil, evil, evil, turn)
        spoken = asyncio.create_task(
            stage.play(Maker([evil], each=0.2).clip(turn=turn, text=evil, mood=evil))
        )
        await until(page, "banban.caption !== ''")
        assert await page.evaluate("window.broken") is None, evil
        assert await page.evaluate(markup) == 0, evil
        assert "\u202e" not in await page.evaluate("document.getElementById('name').textContent")
        if evil.isascii():
            assert await page.evaluate("document.getElementById('said').textContent") == evil
        await spoken
        stage.hush()
        stage.rest()
        await until(page, "banban.caption === '' && document.getElementById('bubble').hidden")


async def test_a_page_opened_in_the_middle_catches_up(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay)
    stage.thinking("viewer", "sing!", "twitch", 1)
    await stage.play(Maker(["Listen."], each=0.1).clip())
    play = asyncio.create_task(stage.play(Maker(RESTLESS, each=0.2).clip(index=1, mood="happy")))
    await until(page, "banban.caption.includes('word4')")
    await page.reload()
    await until(page, "window.banban?.caption.includes('word4')")
    assert (await page.evaluate("banban.caption")).startswith("Listen. word0 word1 word2")
    assert await page.evaluate("banban.mood") == "happy"
    assert await page.locator("#name").inner_text() == "viewer"
    await page.evaluate("window.tapped = banban.tap()")
    await until(page, f"({LEVEL})() > {LOUD}")
    await until(page, "banban.caption.includes('word9')")
    stage.hush()
    spoken = await play
    assert spoken.heard.split()[-1] in {f"word{index}" for index in range(9, 30)}


async def test_it_comes_back_when_the_show_does(page: Page, overlay: ServedOverlay) -> None:
    await opened(page, overlay)
    port = int(overlay.url.rsplit(":", 1)[1].strip("/"))
    await overlay.stop()
    again = an_overlay(port=port)
    await again.start()
    try:
        await until(page, "banban.connections === 2")
        await Stage([again]).play(Maker(["Back!"], each=0.2).clip())
        await until(page, "banban.caption === 'Back!'")
    finally:
        await again.stop()


async def test_the_background_is_transparent(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay)
    stage.thinking("viewer", "hi", "twitch", 1)
    await page.locator("#thinking").wait_for(state="visible")
    await page.evaluate(SETTLED)  # for what pops up
    looks = [await page.screenshot(omit_background=True, clip=square(*at)) for at in ((8, 8), (480, 100))]
    assert all(is_clear(look) for look in looks)
    assert is_opaque(await page.screenshot(omit_background=True, clip=square(775, 320)))  # her hair


SETTLED = """() => Promise.all(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().iterations < Infinity).map((one) => one.finish()))"""
"""What moves once has come to its end."""


def square(x: float, y: float) -> FloatRect:
    return {"x": x, "y": y, "width": 16, "height": 16}


SIZES = ((1920, 1080), (1280, 720), (1080, 1920))


@pytest.mark.parametrize("scale", ["0.5", "1", "2"])
@pytest.mark.parametrize("side", ["left", "right"])
async def test_nothing_leaves_the_picture(page: Page, overlay: ServedOverlay, side: str, scale: str) -> None:
    stage = await opened(page, overlay, f"?side={side}&scale={scale}")
    stage.hold(paused=True, silent_until=now() + 60)
    deed = Deed(Kind.STICKER, {"en": "US$50.00 Super Sticker: " + "W" * 90, "zh": ""}, "#e91e63")
    long = "supercalifragilistic" * 12
    for turn, (width, height) in enumerate(SIZES):
        await page.set_viewport_size({"width": width, "height": height})
        stage.thinking("😀" * 200, "字" * 500, "youtube", turn, deed=deed)
        await page.locator("#thinking").wait_for(state="visible")
        await page.evaluate(SETTLED)
        boxes = [await page.locator("#thinking").bounding_box()]
        clip = Maker([long, "字" * 100], each=0.1).clip(turn=turn, text=f"{long} {'字' * 100}")
        play = asyncio.create_task(stage.play(clip))
        await until(page, "banban.caption.endsWith('字')")
        seen = ("#bubble", "#name", "#badge", "#said", "#caption", "#speaker", "#face", "#paused", "#muted")
        boxes += [await page.locator(name).bounding_box() for name in seen]
        for box in boxes:
            assert box is not None
            assert box["x"] >= 0
            assert box["y"] >= 0
            assert box["x"] + box["width"] <= width + 0.5
            assert box["y"] + box["height"] <= height + 0.5
        await play
        stage.hush()
        stage.rest()
        await until(page, "banban.caption === '' && document.getElementById('bubble').hidden")


async def test_the_page_is_as_large_as_its_address_asks(page: Page, overlay: ServedOverlay) -> None:
    warnings: list[str] = []
    page.on("console", lambda line: warnings.append(line.text))
    for asked, factor in (("0.6", 0.6), ("1.4", 1.4), ("1", 1), ("huge", 1), ("3", 1)):
        warnings.clear()
        await opened(page, overlay, f"?scale={asked}&side=up&tokn=x")
        box = await page.locator("#face").bounding_box()
        assert box is not None
        assert box["height"] == pytest.approx(540 * 0.68 * factor, abs=1)
        ignored = ["scale"] if asked in ("huge", "3") else []
        said = [line for line in warnings if "ignored" in line or "no option" in line]
        assert len(said) == len(ignored) + 2
        assert all(any(name in line for line in said) for name in [*ignored, "side", "tokn"])


async def test_what_a_viewer_gave_stands_in_the_bubble(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay)
    badge, said = page.locator("#badge"), page.locator("#said")
    colour = "getComputedStyle(document.getElementById('badge')).backgroundColor"
    paid = Deed(Kind.SUPER_CHAT, {"en": "US$50.00 Super Chat", "zh": "US$50.00 超級留言"}, "#e91e63")
    stage.thinking("rich", "", "youtube", 1, deed=paid)
    await badge.wait_for(state="visible")
    assert await badge.inner_text() == "US$50.00 Super Chat"
    assert await page.evaluate(colour) == "rgb(233, 30, 99)"
    assert await said.is_hidden()
    stage.rest()
    evil = "<img src=x onerror='window.broken=1'>"
    stage.thinking("odd", "hi", "twitch", 2, deed=Deed(Kind.REDEMPTION, {"en": evil, "zh": ""}, "url(x)"))
    await until(page, "document.getElementById('name').textContent === 'odd'")
    assert await badge.inner_text() == evil
    assert await page.evaluate("document.querySelectorAll('#talk img').length") == 0
    assert "url" not in await page.evaluate("document.getElementById('badge').style.cssText")
    stage.rest()
    stage.thinking("plain", "hi", "twitch", 3)
    await until(page, "document.getElementById('name').textContent === 'plain'")
    assert await badge.is_hidden()
    stage.rest()


async def test_what_a_viewer_gave_is_told_in_chinese(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay, "?lang=zh")
    deed = Deed(Kind.GIFT, {"en": "gave away 5 subscriptions", "zh": "送出 5 份訂閱"}, "#9146ff")
    stage.thinking("giver", "", "twitch", 1, deed=deed)
    await page.locator("#badge").wait_for(state="visible")
    assert await page.locator("#badge").inner_text() == "送出 5 份訂閱"
    stage.rest()


async def test_a_page_that_loses_the_show_leaves_the_sound_to_another(
    page: Page, chromium: Browser, overlay: ServedOverlay
) -> None:
    stage = await opened(page, overlay)
    await until(page, "banban.audible")
    context = await chromium.new_context()
    second = await context.new_page()
    await opened(second, overlay)
    play = asyncio.create_task(stage.play(Maker(["la"] * 30, each=0.2).clip()))
    await until(page, f"({LEVEL})() > {LOUD}")
    connection = next(iter(overlay._pages))._transport
    assert connection is not None
    connection.abort()
    await until(second, f"({LEVEL})() > {LOUD}")
    await until(page, "banban.connections === 2")
    assert await page.evaluate("banban.audible") is False
    await until(page, f"({LEVEL})() === 0")
    stage.hush()
    await play
    await context.close()


async def test_obs_sounds_while_it_shows_the_page(
    page: Page, chromium: Browser, overlay: ServedOverlay
) -> None:
    await opened(page, overlay)
    await until(page, "banban.audible")
    context = await chromium.new_context()
    source = await context.new_page()
    await source.add_init_script("window.obsstudio = { pluginVersion: '2.24.0' }")
    await opened(source, overlay)
    await until(source, "banban.audible")
    await until(page, "!banban.audible")
    assert "sound from OBS at 127.0.0.1" in overlay.health().what
    told = "window.dispatchEvent(new CustomEvent('obsSourceActiveChanged', { detail: { active: false } }))"
    await source.evaluate(told)
    await until(page, "banban.audible")
    await until(source, "!banban.audible")
    await context.close()


async def test_a_page_sounds_beside_another_when_its_address_says_so(
    page: Page, chromium: Browser, overlay: ServedOverlay
) -> None:
    stage = await opened(page, overlay)
    context = await chromium.new_context()
    second, silent = await context.new_page(), await context.new_page()
    await opened(second, overlay, "?sound=on")
    await silent.goto(overlay.url + "?sound=off")
    play = asyncio.create_task(stage.play(Maker(["la"] * 30, each=0.2).clip()))
    await until(page, f"({LEVEL})() > {LOUD}")
    await until(second, f"({LEVEL})() > {LOUD}")
    await until(silent, "banban.state === 'speaking'")
    assert await silent.evaluate("banban.played") == 0
    assert await silent.locator("#unmute").is_hidden()
    stage.hush()
    await play
    await context.close()


WATCH = """() => {
    window.seen = [];
    const look = () => {
        const { hidden } = document.getElementById("bubble");
        const pair = `${hidden ? "" : document.getElementById("name").textContent}|${banban.caption}`;
        if (pair !== window.seen.at(-1)) window.seen.push(pair);
        requestAnimationFrame(look);
    };
    look();
}"""


async def test_a_bubble_never_stands_over_anothers_answer(page: Page, overlay: ServedOverlay) -> None:
    await brisk(page)
    stage = await opened(page, overlay)
    await page.evaluate(WATCH)
    stage.thinking("ann", "one?", "twitch", 1)
    await page.locator("#bubble").wait_for(state="visible")
    await stage.play(Maker(["One."], each=0.4).clip(turn=1))
    stage.thinking("bob", "two?", "youtube", 3)  # chosen early, and then a moderator's !say came before it
    await stage.play(Maker(["Said."], each=0.4).clip(turn=2))
    await until(page, "!document.getElementById('bubble').hidden")
    await stage.play(Maker(["Two."], each=0.4).clip(turn=3))
    stage.rest()
    await stage.play(Maker(["Again."], each=0.4).clip(turn=4))
    stage.rest()
    await until(page, "document.getElementById('bubble').hidden && banban.caption === ''")
    seen = await page.evaluate("window.seen")
    pairs = {"ann|", "ann|One.", "|", "|Said.", "bob|", "bob|Two.", "|Again."}
    assert set(seen) <= pairs
    assert {"ann|One.", "|Said.", "bob|Two.", "|Again."} <= set(seen)


async def test_the_last_words_can_be_read_while_the_next_is_thought_of(
    page: Page, overlay: ServedOverlay
) -> None:
    stage = await opened(page, overlay)
    await page.evaluate(WATCH)
    stage.thinking("ann", "one?", "twitch", 1)
    await stage.play(Maker(["One."], each=0.3).clip(turn=1))
    stage.thinking("bob", "two?", "youtube", 2)
    await page.locator("#thinking").wait_for(state="visible")
    assert (await page.evaluate("window.seen"))[-1] == "ann|One."
    await until(page, "window.seen.at(-1) === 'bob|'")
    stage.rest()


async def test_a_hush_takes_what_can_be_read(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay)
    await page.evaluate(
        """() => {
            window.frames = -1;
            const look = () => {
                const said = banban.caption !== "" || banban.mouth > 0;
                const shown = said || !document.getElementById("bubble").hidden;
                if (window.hushed && !shown && window.frames < 0) window.frames = window.count;
                if (window.hushed) window.count += 1;
                requestAnimationFrame(look);
            };
            look();
            window.count = 0;
            const parse = JSON.parse;
            JSON.parse = (text) => {
                const frame = parse(text);
                if (frame.t === "hush") window.hushed = true;
                return frame;
            };
        }"""
    )
    stage.thinking("viewer", "hi", "twitch", 1)
    play = asyncio.create_task(stage.play(Maker(RESTLESS, each=0.3).clip()))
    await until(page, "banban.caption.includes('word2')")
    stage.hush()
    stage.rest()
    await play
    await until(page, "window.frames >= 0")
    assert await page.evaluate("window.frames") <= 1
    assert "word2" not in await page.evaluate(SHOWN)


async def test_a_page_that_was_away_during_a_hush_shows_nothing_of_before(
    page: Page, overlay: ServedOverlay
) -> None:
    stage = await opened(page, overlay)
    stage.thinking("viewer", "hi", "twitch", 1)
    play = asyncio.create_task(stage.play(Maker(RESTLESS, each=0.3).clip()))
    await until(page, "banban.caption.includes('word2')")
    connection = next(iter(overlay._pages))._transport
    assert connection is not None
    connection.abort()
    stage.hush()
    stage.rest()
    await until(page, "banban.connections === 2")
    await until(page, "document.getElementById('bubble').hidden && banban.caption === ''")
    await until(page, f"({LEVEL})() === 0")
    await play


async def test_signs_for_paused_and_muted(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay)
    paused, muted = page.locator("#paused"), page.locator("#muted")
    assert await paused.is_hidden()
    assert await muted.is_hidden()
    stage.hold(paused=True, silent_until=0.0)
    await paused.wait_for(state="visible")
    await page.reload()
    await paused.wait_for(state="visible")
    assert await muted.is_hidden()
    stage.hold(paused=False, silent_until=now() + 60)
    await paused.wait_for(state="hidden")
    await muted.wait_for(state="visible")
    stage.hold(paused=False, silent_until=now() + 0.5)
    await muted.wait_for(state="hidden")  # by itself, when the time is over
    stage.hold(paused=True, silent_until=now() + 60)
    await page.goto(overlay.url + "?signs=off")
    await until(page, "window.banban?.connections > 0")
    await asyncio.sleep(0.1)
    assert await paused.is_hidden()
    assert await muted.is_hidden()


async def test_only_one_page_sounds_and_the_other_goes_on_in_mid_word(
    page: Page, chromium: Browser, overlay: ServedOverlay
) -> None:
    stage = await opened(page, overlay)
    await until(page, "banban.audible")
    context = await chromium.new_context()
    second = await context.new_page()
    await opened(second, overlay)
    play = asyncio.create_task(stage.play(Maker(["la"] * 30, each=0.2).clip()))
    await until(page, f"({LEVEL})() > {LOUD}")
    await until(second, "banban.played > 0")
    assert await second.evaluate(LEVEL) == 0
    assert "2 pages are open; sound from a browser" in overlay.health().what
    await page.goto("about:blank")
    await until(second, f"({LEVEL})() > {LOUD}")
    stage.hush()
    await play
    await context.close()


async def test_a_silent_page_moves_with_what_another_lets_be_heard(
    page: Page, chromium: Browser, overlay: ServedOverlay
) -> None:
    await page.add_init_script(
        "Object.defineProperty(AudioContext.prototype, 'outputLatency', { get: () => 0.2 })"
    )
    stage = await opened(page, overlay)
    await until(page, "banban.audible")
    context = await chromium.new_context()
    second = await context.new_page()
    await second.goto(overlay.url + "?sound=off")
    await until(second, "window.banban?.connections > 0")
    await stage.play(Maker(PIZZA, each=0.1).clip())
    await until(second, "banban.latency === 0.2")
    await page.goto("about:blank")
    await until(second, "banban.latency === 0.03")
    await context.close()


async def test_options_turn_things_off(page: Page, overlay: ServedOverlay) -> None:
    await page.goto(overlay.url + "?captions=off&bubble=off&sound=off&face=off&scale=1.2")
    await until(page, "window.banban?.connections > 0")
    stage = Stage([overlay])
    stage.thinking("viewer", "hi", "twitch", 1)
    await stage.play(Maker(PIZZA, each=0.1).clip())
    await until(page, "banban.caption !== ''")
    for name in ("#bubble", "#caption", "#face", "#unmute"):
        assert await page.locator(name).is_hidden()
    assert await page.evaluate("banban.played") == 0
    assert await page.evaluate("banban.latency") == 0.03  # its words come with the sound of another page


async def test_a_browser_that_lets_nothing_sound_offers_a_button(page: Page, overlay: ServedOverlay) -> None:
    await page.add_init_script(
        "const real = AudioContext; window.AudioContext = class extends real {"
        " constructor(o) { super(o); this.suspend(); } resume() { return window.allowed ? super.resume() :"
        " Promise.reject(new Error('no gesture')); } }"
    )
    stage = await opened(page, overlay)
    await page.locator("#unmute").wait_for(state="visible")
    play = asyncio.create_task(stage.play(Maker(RESTLESS, each=0.1).clip()))
    await until(page, "banban.caption.includes('word3')")
    assert await page.evaluate("banban.played") == 0
    await page.evaluate("window.allowed = true")
    await page.locator("#unmute").click()
    await until(page, f"({LEVEL})() > {LOUD}")
    await page.locator("#unmute").wait_for(state="hidden")
    stage.hush()
    await play


async def test_it_says_how_late_it_sounds(page: Page, overlay: ServedOverlay) -> None:
    stage = await opened(page, overlay)
    await stage.play(Maker(PIZZA, each=0.1).clip())
    health = json.loads(await page.evaluate("fetch('/health').then((answer) => answer.text())"))
    assert "late" in health["parts"][0]["what"]


def is_opaque(png: bytes) -> bool:
    """Whether Chromium needed no alpha for it."""
    return png[24:26] == b"\x08\x02"


def is_clear(png: bytes) -> bool:
    """Whether every pixel is nothing at all: then every byte is 0, whatever its line's filter."""
    assert png[24:26] == b"\x08\x06"
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    stream, data = BytesIO(png[8:]), b""
    while head := stream.read(8):
        body = stream.read(int.from_bytes(head[:4], "big") + 4)[:-4]
        data += body if head[4:] == b"IDAT" else b""
    lines = np.frombuffer(decompress(data), np.uint8).reshape(height, 1 + width * 4)
    return not lines[:, 1:].any()
