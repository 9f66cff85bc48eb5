"""What she is drawn with, in a real Chromium: which picture is shown when, and what a hostile one can do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import bundle_vrm
import pytest
import pytest_asyncio
from browsers import until
from pictures import character_in, portrait
from PIL import Image
from playwright.async_api import Browser, Page
from stage_props import Maker, ServedOverlay, an_overlay
from vrm_model import model

from vtuber import character as characters
from vtuber.character.face import Face, Look
from vtuber.character.model import Model
from vtuber.character.picture import SVG, Picture
from vtuber.core.clock import now
from vtuber.stage.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

VARIANTS = ("", "-open", "-blink", "-open-blink", "-a", "-u")


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser) -> AsyncIterator[Page]:
    """Whatever goes wrong in its scripts fails the test."""
    context = await chromium.new_context(viewport={"width": 960, "height": 540})
    opened = await context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    await context.close()
    assert not errors


@pytest_asyncio.fixture(loop_scope="session")
async def pictured(tmp_path: Path) -> AsyncIterator[ServedOverlay]:
    """Her everyday face in all variants, a happy one, a sad one alone; each of another height, as a sign."""
    folder = character_in(tmp_path / "luna")
    for index, variant in enumerate(VARIANTS):
        portrait(folder / f"face{variant}.png", size=(200, 280 + index))
    for name in ("face-happy.webp", "face-happy-open.webp", "face-sad.jpg"):
        portrait(folder / name)
    async with served(characters.load(str(folder)).face) as made:
        yield made


class served:  # noqa: N801  # reads like the function it stands for
    """An overlay with that face, while it is needed."""

    def __init__(self, face: Face) -> None:
        self._overlay = an_overlay(face)

    async def __aenter__(self) -> ServedOverlay:
        await self._overlay.start()
        return self._overlay

    async def __aexit__(self, *_: object) -> None:
        await self._overlay.stop()


def drawn(svg: str, *, rigged: bool = True) -> Face:
    """A face of that drawing, unchecked."""
    return Face({"": Look(Picture("face.svg", SVG, svg.encode()))}, is_rigged=rigged)


async def opened(page: Page, overlay: ServedOverlay, options: str = "") -> Stage:
    await page.goto(overlay.url + options)
    await until(page, "window.banban?.connections > 0 && banban.painted > 0")
    return Stage([overlay])


async def looks_of(page: Page) -> Mapping[str, Any]:
    index = await page.evaluate("fetch('face.json').then((answer) => answer.json())")
    looks: Mapping[str, Any] = index["looks"]
    return looks


SEEN = """() => {
    const canvas = document.querySelector("#face canvas");
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    const rows = [];
    for (let y = 0; y < height; y += 1)
        for (let x = 0; x < width; x += 1) if (data[(y * width + x) * 4 + 3] > 128) { rows.push(y); break; }
    return { top: rows[0] ?? -1, bottom: rows.at(-1) ?? -1, count: rows.length };
}"""
"""Which rows of her canvas show anything."""


async def test_a_picture_opens_its_mouth_and_grows_with_the_sound(
    page: Page, pictured: ServedOverlay
) -> None:
    stage = await opened(page, pictured)
    look = (await looks_of(page))[""]
    await until(page, f"banban.pose.picture === '{look['shut']}'")
    rest = await page.evaluate(SEEN)
    play = asyncio.create_task(stage.play(Maker(["Hey!"] * 8, each=0.2).clip()))
    wide = json.dumps([look["open"], *look["vowels"].values()])
    await until(page, f"banban.mouth > 0.9 && {wide}.includes(banban.pose.picture)")
    assert (await page.evaluate(SEEN))["top"] < rest["top"] - 10  # pixels, upwards
    stage.hush()
    await play
    await until(page, "banban.mouth === 0")
    await until(page, f"banban.pose.picture === '{look['shut']}'")


async def test_a_picture_shuts_its_eyes_for_a_moment(page: Page, pictured: ServedOverlay) -> None:
    await opened(page, pictured)
    look = (await looks_of(page))[""]
    await until(page, f"banban.pose.picture === '{look['blink']}'")
    await until(page, f"banban.pose.picture === '{look['shut']}'")


async def test_each_mood_has_its_picture_or_the_everyday_one(page: Page, pictured: ServedOverlay) -> None:
    stage = await opened(page, pictured)
    looks = await looks_of(page)
    for mood in ("happy", "sad"):
        stage.feel(mood)
        await until(page, f"banban.mood === '{mood}' && banban.pose.picture === '{looks[mood]['shut']}'")
        play = asyncio.create_task(stage.play(Maker(["Hey!"] * 8, each=0.2).clip(mood=mood)))
        wide = looks[mood]["open"] or looks[mood]["shut"]
        await until(page, f"banban.mouth > 0.9 && banban.pose.picture === '{wide}'")
        stage.hush()
        await play
        await until(page, "banban.mouth === 0")
    stage.feel("shy")
    await until(page, f"banban.pose.picture === '{looks['']['shut']}'")


CHOSEN = """async ([rows, broken]) => {
    const { Avatar } = await import("./avatars/png/avatar.js");
    const place = document.getElementById("face").cloneNode(false);
    document.getElementById("stage").append(place);
    const avatar = new Avatar(place, () => {});
    const { looks } = await (await fetch("face.json")).json();
    for (const [mood, name] of broken) {
        const { vowels } = looks[mood];
        (name in vowels ? vowels : looks[mood])[name] = "face/none.png";
    }
    await avatar.load({ looks });
    const still = { breath: 0, x: 0, y: 0, bodyY: 0, tilt: 0 };
    const names = new Map();
    for (const [mood, { vowels, ...look }] of Object.entries(looks)) {
        for (const [name, address] of Object.entries({ ...look, ...vowels }))
            names.set(address, [mood, name]);
    }
    return rows.map(([mood, shape, lids]) => {
        avatar.feel(mood);
        const isDrawn = avatar.draw({ ...still, lids }, shape === "X" ? 0 : 0.9, shape);
        return isDrawn ? names.get(avatar.shown.picture) : [];
    });
}"""
"""Which pictures an avatar draws for (mood, shape of the mouth, how far the eyes are open)."""


@pytest.mark.parametrize(
    ("broken", "drawn"),
    [
        ([], {
            ("", "X", 1): ("", "shut"), ("", "A", 1): ("", "A"), ("", "U", 1): ("", "open"),
            ("", "X", 0): ("", "blink"), ("", "A", 0): ("", "blink"), ("", "U", 0): ("", "blink"),
            ("happy", "X", 1): ("happy", "shut"), ("happy", "A", 1): ("happy", "shut"),
            ("happy", "X", 0): ("happy", "shut"), ("happy", "U", 0): ("happy", "shut"),
            ("sad", "A", 1): ("sad", "open"), ("sad", "A", 0): ("sad", "open"),
            ("sad", "X", 0): ("sad", "shut"), ("shy", "A", 1): ("", "A"), ("shy", "X", 0): ("", "blink"),
        }),
        ([("", "A")], {("", "A", 1): ("", "open"), ("shy", "A", 1): ("", "open")}),
        ([("", "A"), ("", "open")], {("", "A", 1): ("", "shut"), ("", "U", 1): ("", "shut")}),
        ([("", "blink")], {("", "X", 0): ("", "shut"), ("", "A", 0): ("", "A")}),
        ([("happy", "shut")], {("happy", "X", 1): ("", "shut"), ("happy", "A", 1): ("", "shut")}),
        ([("sad", "shut")], {("sad", "X", 1): ("", "shut"), ("sad", "A", 1): ("sad", "open")}),
    ],
    ids=["none was made", "a vowel", "all open ones", "shut eyes", "a mood's", "a mood's with a shut mouth"],
)  # fmt: skip
async def test_a_picture_that_is_missing_or_broken_is_shown_by_the_nearest(
    page: Page, tmp_path: Path, broken: list[tuple[str, str]], drawn: Mapping[Any, Any]
) -> None:
    folder = character_in(tmp_path / "luna")
    for name in ("face", "face-open", "face-a", "face-blink", "face-happy", "face-sad", "face-sad-open"):
        portrait(folder / f"{name}.png")
    async with served(characters.load(str(folder)).face) as overlay:
        await opened(page, overlay)
        found = await page.evaluate(CHOSEN, [list(drawn), broken])
    assert dict(zip(drawn, map(tuple, found), strict=True)) == drawn


async def test_one_picture_alone_bounces(page: Page, tmp_path: Path) -> None:
    folder = character_in(tmp_path / "luna")
    portrait(folder / "face.png")
    async with served(characters.load(str(folder)).face) as overlay:
        stage = await opened(page, overlay)
        rest = await page.evaluate(SEEN)
        play = asyncio.create_task(stage.play(Maker(["Hey!"] * 8, each=0.2).clip()))
        await until(page, "banban.mouth > 0.9")
        assert (await page.evaluate(SEEN))["top"] < rest["top"] - 10
        stage.hush()
        await play


@pytest.mark.parametrize("face", ["drawing", "picture"])
async def test_nothing_is_painted_while_she_is_paused(page: Page, tmp_path: Path, face: str) -> None:
    folder = character_in(tmp_path / "luna")
    portrait(folder / "face.png")
    chosen = characters.load(str(folder) if face == "picture" else "banban").face
    async with served(chosen) as overlay:
        stage = await opened(page, overlay)
        stage.hold(paused=True, silent_until=0.0)
        await page.locator("#paused").wait_for(state="visible")
        await asyncio.sleep(0.3)
        before = await page.evaluate("[banban.painted, banban.drawn]")
        await asyncio.sleep(1.0)
        painted, made = await page.evaluate("[banban.painted, banban.drawn]")
        assert painted == before[0]
        assert made - before[1] <= 2  # for signs of life
        stage.hold(paused=False, silent_until=now())
        await until(page, f"banban.painted > {painted}")


async def test_she_reads_what_was_written_to_her(page: Page) -> None:
    async with served(characters.load("banban").face) as overlay:
        stage = await opened(page, overlay)
        stage.thinking("viewer", "hello there", "twitch", 1)
        await until(page, "banban.pose.gaze.x < -0.5")  # where the bubble is
        await page.goto(overlay.url + "?side=left")
        await until(page, "window.banban?.pose.gaze?.x > 0.5")
        stage.rest()


async def test_a_mood_comes_with_a_gesture(page: Page) -> None:
    async with served(characters.load("banban").face) as overlay:
        stage = await opened(page, overlay)
        stage.feel("happy")
        await until(page, "banban.pose.gesture === 'laugh'")
        await until(page, "banban.pose.gesture === ''")


LAYERED = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 90">
  <style>.mine { fill: #00ff00 }</style>
  <clipPath id="cut"><rect x="30" y="30" width="10" height="10"/></clipPath>
  <g class="head">
    <rect class="mine" x="10" y="10" width="70" height="70"/>
    <g clip-path="url(#cut)"><rect class="iris" x="20" y="20" width="40" height="40" fill="#ff0000"/></g>
    <g id="mouth"><rect class="closed" x="20" y="60" width="10" height="10" fill="#0000ff"/>
      <rect class="open" visibility="hidden" x="60" y="60" width="10" height="10" fill="#ffffff"/></g>
  </g>
</svg>"""


async def test_a_drawing_keeps_its_colours_and_what_is_cut_out_of_it(page: Page) -> None:
    async with served(drawn(LAYERED)) as overlay:
        stage = await opened(page, overlay)
        stage.hold(paused=True, silent_until=0.0)
        await page.locator("#paused").wait_for(state="visible")
        colours = await page.evaluate(
            """() => {
                const canvas = document.querySelector("#face canvas");
                const place = document.getElementById("face").getBoundingClientRect();
                const scale = Math.min(place.width, place.height) / 90;
                const left = (canvas.width - 90 * scale) / 2;
                const top = (canvas.height + place.height) / 2 - 90 * scale;
                const context = canvas.getContext("2d");
                const at = (x, y) => [...context.getImageData(left + x * scale, top + y * scale, 1, 1).data];
                return [at(50, 50), at(35, 35), at(24, 24), at(25, 65), at(65, 65), at(3, 3)];
            }"""
        )
    green, red, blue = [0, 255, 0, 255], [255, 0, 0, 255], [0, 0, 255, 255]
    assert colours == [green, red, green, blue, green, [0, 0, 0, 0]]


async def test_eyes_and_mouth_drawn_alone_leave_no_trace_of_the_frame_before(page: Page) -> None:
    async with served(characters.load("characters/banban").face) as overlay:
        await opened(page, overlay)
        found = await page.evaluate(
            """async () => {
                const { Avatar } = await import("./avatars/svg/avatar.js");
                const place = document.getElementById("face").cloneNode(false);
                document.getElementById("stage").append(place);
                const avatar = new Avatar(place, () => {});
                await avatar.load({ picture: (await (await fetch("face.json")).json()).picture });
                const { element, context } = avatar.surface;
                const seen = () => context.getImageData(0, 0, element.width, element.height).data;
                const still = { breath: 0.3, sway: 0.2, x: 0, y: -3, bodyY: 0, tilt: 2, hand: 0, raised: 0 };
                const pose = (lids, x, y) => ({ ...still, lids, gaze: { x, y } });
                avatar.draw(pose(1, 0, 0), 0, "X");
                const found = [];
                const wide = [[1, 1, 1, 0.9, "A"], [0.1, -1, -1, 0.9, "I"], [0.6, -1, 1, 0.3, "O"]];
                for (const [lids, x, y, open, shape] of [...wide, [1, 1, -1, 0.9, "E"], [1, 0, 0, 0, "X"]]) {
                    const before = avatar.region;
                    avatar.draw(pose(lids, x, y), open, shape);
                    const alone = avatar.region === before && before.width < element.width / 2;
                    const patched = seen();
                    avatar.render(false);
                    const whole = seen();
                    const far = whole.filter((value, at) => Math.abs(value - patched[at]) > 40);
                    const near = whole.filter((value, at) => Math.abs(value - patched[at]) > 2);
                    found.push([alone, far.length, near.length]);
                }
                return found;
            }"""
        )
    # The browser smooths a few edges otherwise where it draws less; what was left behind would differ by far.
    assert all(alone and not far and near < 100 for alone, far, near in found), found


ARMED = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" onload="parent.broken=window.broken=1">
  <script>window.broken=1</script><style>@import url(/evil.css);</style>
  <image href="/evil.png" width="9" height="9"/><image href="https://evil.example/" width="9" height="9"/>
  <g class="head"><a href="javascript:window.broken=1">x</a><path d="M0 0h4v4Z" onclick="window.broken=1"/>
    <foreignObject><img xmlns="http://www.w3.org/1999/xhtml" src="/x" onerror="broken=1"/>
    </foreignObject><animate attributeName="href" onbegin="window.broken=1" dur="1s"/>
  </g>
</svg>"""


@pytest.mark.parametrize("rigged", [True, False])
async def test_nothing_in_a_picture_can_run_or_load(page: Page, rigged: bool) -> None:  # noqa: FBT001
    """Such a picture is refused before the show. The page does not rely on that."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    async with served(drawn(ARMED, rigged=rigged)) as overlay:
        stage = await opened(page, overlay)
        await stage.play(Maker(["Pizza."], each=0.3).clip(mood="happy"))
        assert await page.evaluate("window.broken") is None
        assert await page.locator("#face").inner_html() == await page.locator("#face canvas").evaluate(
            "(one) => one.outerHTML"
        )
    assert not [url for url in asked if "evil" in url or url.endswith("/x")]


@pytest.mark.parametrize("body", ["", "<svg", "<html xmlns='http://www.w3.org/1999/xhtml'/>", "{}"])
async def test_a_drawing_that_is_none_leaves_the_page_alive(page: Page, body: str) -> None:
    async with served(drawn(body)) as overlay:
        await page.goto(overlay.url)
        await until(page, "window.banban?.connections > 0")
        await Stage([overlay]).play(Maker(["Still", "here."], each=0.1).clip())
        await until(page, "banban.caption === 'Still here.'")
        assert await page.locator("#face canvas").count() == 0


@pytest.fixture
def modelled(tmp_path: Path) -> Face:
    """A model, and a picture that stands in for it."""
    assert bundle_vrm.bundle() == ""
    folder = character_in(tmp_path / "luna")
    portrait(folder / "face.png")
    (folder / "face.vrm").write_bytes(model())
    return characters.load(str(folder)).face


async def test_a_model_speaks_blinks_and_shows_its_mood(page: Page, modelled: Face) -> None:
    await page.set_viewport_size({"width": 320, "height": 180})
    async with served(modelled) as overlay:
        stage = await opened(page, overlay)
        assert await page.evaluate("banban.pose.avatar") == "vrm"
        seen = await page.locator("#face canvas").screenshot(omit_background=True)
        with Image.open(BytesIO(seen)) as picture:
            colour = picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2))
        assert isinstance(colour, tuple)
        assert colour[0] > colour[1] > colour[2]  # its skin
        await until(page, "banban.blinks > 0")
        play = asyncio.create_task(stage.play(Maker(["Hey!"] * 8, each=0.2).clip(mood="happy")))
        await until(page, "banban.mouth > 0.7 && banban.pose.weights.happy > 0.3")
        await until(page, "['aa', 'ih', 'ou', 'ee', 'oh'].some((one) => banban.pose.weights[one] > 0.5)")
        stage.hush()
        await play
        await until(page, "['aa', 'ih', 'ou', 'ee', 'oh'].every((one) => banban.pose.weights[one] < 0.1)")


@pytest.mark.parametrize("what", ["nothing draws in 3D", "it is no model", "the bundle was not built"])
async def test_a_picture_stands_in_for_a_model_that_cannot_be_drawn(
    page: Page, modelled: Face, what: str
) -> None:
    if what == "it is no model":
        modelled = replace(modelled, model=Model("face.vrm", b"glTF" + bytes(100)))
    elif what == "the bundle was not built":
        await page.route("**/three.bundle.js", lambda route: route.abort())
    else:
        await page.add_init_script(
            "const real = HTMLCanvasElement.prototype.getContext;"
            "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
            " return kind === '2d' ? real.call(this, kind, ...rest) : null; }"
        )
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text))
    async with served(modelled) as overlay:
        await opened(page, overlay)
        assert await page.evaluate("banban.pose.avatar") == "png"
        assert await page.evaluate("banban.pose.picture") == "face/0.png"
    assert any("avatar cannot be shown" in line for line in said)
