"""The control panel in a real Chromium: what it shows, what its buttons send, and what it bears."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from browsers import until
from playwright.async_api import Browser, ConsoleMessage, Page
from rehearsal_room import Room
from scripted_show import MODERATOR, STREAMER, ScriptedShow

from benchmarks.scripted import ScriptedBrain
from vtuber.stage.access import Role

pytestmark = pytest.mark.asyncio(loop_scope="session")

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
HOSTILE = (
    "<img src=x onerror=window.pwned=1>",
    "<script>window.pwned=1</script>",
    "</li></ul><h1>hello",
    "\u202egnp.exe \u2066",
    "{n} {character} %s ${1+1}",
    "Z\u0351\u0363" + "\u0336\u0489" * 80,
    "w" * 400,
    "javascript:window.pwned=1",
)
LONG_REPLY = (
    "Of course it is good. My oven is hot, and the cheese runs over the edge. Some people like it cold. "
    "I had a slice for breakfast, and one for lunch. Nobody saw me eat the third one. "
    "Tomorrow there will be more of it."
)
AT_ONCE = """([selector, word]) => new Promise((resolve) => {
    const look = () => {
        const button = document.querySelector(selector);
        if (button?.textContent.startsWith(word)) resolve(button.click());
        else requestAnimationFrame(look);
    };
    look();
})"""
"""Presses a button in the very frame in which it has that word."""
Opener = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def show() -> AsyncIterator[ScriptedShow]:
    scripted = ScriptedShow()
    await scripted.start()
    yield scripted
    await scripted.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def panel(chromium: Browser, show: ScriptedShow) -> AsyncIterator[Opener]:
    """Opens the panel. Whatever goes wrong in its scripts, or against its policy, fails the test."""
    contexts, errors = [], []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            errors.append(message.text)

    async def opened(
        token: str = STREAMER, *, url: str = "", size: Any = DESKTOP, locale: str = "en-US", **options: Any
    ) -> Page:
        context = await chromium.new_context(viewport=size, locale=locale, **options)
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", note)
        await page.goto((url or show.url) + (f"#token={token}" if token else ""))
        if token in show.tokens:
            await until(
                page,
                "document.querySelector('#link').textContent !== '' && !document.body.matches('.waiting')",
            )
        return page

    yield opened
    for context in contexts:
        await context.close()
    assert not errors


@pytest_asyncio.fixture(loop_scope="session")
async def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    """A real show on air, with a scripted brain and voice."""
    monkeypatch.setenv("BANBAN_CONTROL_TOKEN", STREAMER)
    monkeypatch.setenv("BANBAN_MODERATOR_TOKEN", MODERATOR)
    made, ready = Room(tmp_path), asyncio.Event()
    running = asyncio.create_task(made.show.run(progress=lambda _share, _words: None, on_air=ready.set))
    await asyncio.wait_for(ready.wait(), 20)
    yield made
    made.show.over.set()
    await running


async def until_given(show: ScriptedShow, *commands: tuple[str, str]) -> None:
    async with asyncio.timeout(10):
        while not set(commands) <= set(show.given):
            await asyncio.sleep(0.01)


async def texts(page: Page, selector: str) -> list[str]:
    return [text.strip() for text in await page.locator(selector).all_inner_texts()]


def message(number: int, text: str = "hi", name: str = "bob", fate: str = "waiting") -> dict[str, Any]:
    row = {"platform": "twitch", "name": name, "role": "", "text": text, "at": 0, "fate": fate}
    return {"id": f"m{number}"} | row


def waits(at: int, text: str = "hi", name: str = "bob", **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "deed": None,
        "reasons": [],
        "age": 3,
        "rank": 2.5,
        "kind": "ranked",
        "number": None,
    }
    return {"id": f"m{at}", "platform": "twitch", "name": name, "text": text} | row | more


def viewer(name: str, words: list[str]) -> dict[str, Any]:
    known = {"messages": 3, "answers": ["Hello."], "away": 4000, "new": False, "ignored": False}
    return {"platform": "twitch", "id": "7", "name": name, "words": words, **known}


async def test_what_viewers_write_is_never_markup(panel: Opener, show: ScriptedShow) -> None:
    page = await panel()
    plain = await page.evaluate("document.querySelectorAll('img, script, h1, iframe, a').length")
    one = {
        "id": "w",
        "platform": "twitch",
        "name": HOSTILE[0],
        "text": HOSTILE[1],
        "deed": dict.fromkeys(("kind", "colour", "en", "zh"), HOSTILE[2]),
    }
    show.now(
        state="speaking",
        whom=one,
        why={"rank": 2, "reasons": [HOSTILE[0]]},
        losers=[
            {"id": str(at), "name": text, "text": text, "rank": 1, "reasons": []}
            for at, text in enumerate(HOSTILE)
        ],
        sentences=[{"text": text, "state": "sent"} for text in HOSTILE],
        next=one,
    )
    show.tell(
        "queue", [waits(at, text, text, deed={"en": text, "zh": text}) for at, text in enumerate(HOSTILE)]
    )
    show.tell(
        "air",
        {
            "on": True,
            "seconds": None,
            "waiting": [{"number": 1, "turn": 1, "text": HOSTILE[0], "voice": "", "left": None}],
        },
    )
    for at, text in enumerate(HOSTILE):
        show.tell("chat", message(at, text, text, f"dropped: {text}"))
        show.tell(
            "alert",
            {
                "id": str(at),
                "platform": "x",
                "name": text,
                "deed": {"en": text, "zh": text},
                "text": text,
                "at": 1e9,
            },
        )
        show.tell("journal", text)
    show.tell("health", [{"part": HOSTILE[0], "state": "down", "what": HOSTILE[1], "hint": HOSTILE[2]}])
    show.tell("delays", {HOSTILE[0]: {"last": [1, 2], "p50": 1, "p95": 2}})
    names = {"moods": list(HOSTILE), "voices": list(HOSTILE), "character": HOSTILE[0], "topic": HOSTILE[1]}
    show.tell("settings", {**show.state["settings"], **names})
    show.known = [viewer(HOSTILE[0], list(HOSTILE))]
    await until(page, f"document.querySelectorAll('#chat-rows li').length === {len(HOSTILE)}")
    for row in range(len(HOSTILE)):
        await page.locator("#chat-rows .name").nth(row).click()
        await page.click("#tabs [data-to=chat]")
    await until(page, "document.querySelectorAll('#viewer-known dd').length === 4")
    for tab, shown in (
        ("people", "#alert-rows"),
        ("steer", "#moods"),
        ("health", "#journal"),
        ("chat", "#chat-rows"),
    ):
        await page.click(f"#tabs [data-to={tab}]")
        await until(page, f"document.querySelector('{shown}').children.length >= {len(HOSTILE)}")
        assert await page.evaluate("document.documentElement.scrollWidth") <= DESKTOP["width"]
    assert await page.evaluate("document.querySelectorAll('img, script, h1, iframe, a').length") == plain
    assert await page.evaluate("window.pwned") is None
    assert await page.text_content("#whom-name") == HOSTILE[0]
    assert await page.evaluate(
        "[...document.querySelectorAll('#chat-rows .name')].map((name) => name.textContent)"
    ) == list(HOSTILE)
    box = await page.locator("#stop").bounding_box()
    assert box is not None
    assert box["width"] > 150


async def test_without_a_token_it_asks_for_one(panel: Opener, show: ScriptedShow) -> None:
    page = await panel("")
    await page.wait_for_selector("#door[open]")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.fill("#door-token", f"{show.url}#token={STREAMER}")
    await page.press("#door-token", "Enter")
    await until(page, "document.querySelector('#link').textContent === 'live'")
    assert not await page.is_visible("#door")
    await page.reload()
    await until(page, "document.querySelector('#link').textContent === 'live'")
    assert page.url == show.url
    assert asked
    assert STREAMER not in "".join(asked)


async def test_a_token_of_the_streamers_own_can_be_pasted(panel: Opener, show: ScriptedShow) -> None:
    show.tokens["open, sesame street!"] = show.tokens[STREAMER]
    page = await panel("")
    await page.fill("#door-token", "open, sesame street!")
    await page.press("#door-token", "Enter")
    await until(page, "document.querySelector('#link').textContent === 'live'")


async def test_an_old_token_is_forgotten(panel: Opener, show: ScriptedShow) -> None:
    page = await panel("of-yesterday")
    await page.wait_for_selector("#door[open]")
    assert "not accepted" in (await page.inner_text("#door-why"))
    assert page.url == show.url
    assert await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])") == "[{},{}]"
    await page.evaluate(f"location.hash = 'token={STREAMER}'")  # the right address, pasted into the same tab
    await until(page, "document.querySelector('#link').textContent === 'live'")


async def test_a_token_that_ends_during_the_show(panel: Opener, show: ScriptedShow) -> None:
    page = await panel()
    del show.tokens[STREAMER]
    show.drop()
    await page.wait_for_selector("#door[open]")


async def test_a_moderator_sees_only_what_a_moderator_may(panel: Opener, show: ScriptedShow) -> None:
    show.tell("queue", [waits(1)])
    page = await panel(MODERATOR)
    for tab in ("steer", "people", "chat"):
        await page.click(f"#tabs [data-to={tab}]")
        hidden = {"steer": ["#moods", "#voice", "#air-form", "#topic", "#slow"], "people": ["#viewer-forget"]}
        for selector in hidden.get(tab, []):
            assert not await page.is_visible(selector), selector
    assert await page.is_visible("#stop")
    assert not await page.is_visible("#speak [value=say]")
    assert await page.is_visible("#speak [value=ask]")
    assert not await page.is_visible("#last")
    await page.keyboard.press("s")  # the key of what is not there does nothing
    await page.keyboard.press("+")
    await page.hover("#queue-rows li")
    await page.click("#queue-rows .drop")
    await until_given(show, ("drop", "m1"))
    assert show.given == [("drop", "m1")]


async def test_two_panels_that_press_opposite_buttons(panel: Opener, show: ScriptedShow) -> None:
    one, other = await panel(), await panel(MODERATOR)
    assert await texts(one, "#pause b") == ["Pause"]
    too_soon = asyncio.create_task(other.evaluate(AT_ONCE, ["#pause", "Resume"]))
    await one.click("#pause")
    for page in (one, other):
        await until(page, "document.querySelector('#pause b').textContent === 'Resume'")
        assert "paused" in (await page.inner_text("#state"))
        assert await page.locator("#dock button:visible").count() == 3
    await too_soon
    await asyncio.sleep(0.55)
    assert show.given == [("pause", "")], "what was pressed was meant for the word that had stood there"
    await asyncio.gather(one.click("#pause"), other.click("#pause"))
    await until_given(show, ("resume", ""))
    for page in (one, other):
        await until(page, "document.querySelector('#pause b').textContent === 'Pause'")
    assert {name for name, _ in show.given[1:]} == {"resume"}


async def test_stop_asks_nothing(panel: Opener, show: ScriptedShow) -> None:
    page = await panel()
    await page.click("#stop")
    await page.keyboard.press("h")
    await page.fill("#speak-text", "hush")
    for _ in range(5):  # it is held down
        await page.keyboard.down("F9")
    await page.keyboard.up("F9")
    async with asyncio.timeout(5):
        while len(show.given) < 3:
            await asyncio.sleep(0.01)
    assert show.given == [("hush", "")] * 3
    show.now(silent_for=5)
    await until(page, "document.querySelector('#doing').textContent.startsWith('silent for')")
    assert await texts(page, "#pause b") == ["Pause"], (
        "whoever wants her to stay silent does not end it by accident"
    )
    await page.click("#end-silence")
    await until_given(show, ("resume", ""))


async def test_a_stop_that_does_not_arrive_is_said(panel: Opener, show: ScriptedShow) -> None:
    page = await panel()
    await show.stop()
    await page.keyboard.press("h")
    await page.wait_for_selector("#said .wrong")
    assert "STOP DID NOT ARRIVE" in (await page.inner_text("#said"))


async def test_why_this_one_and_not_the_others(panel: Opener, show: ScriptedShow) -> None:
    page = await panel()
    show.now(
        turn=7,
        state="speaking",
        whom={"id": "1", "platform": "twitch", "name": "Ann", "text": "Pizza?", "deed": None},
        why={"rank": 7, "reasons": ["addressed", "question"]},
        losers=[
            {"id": "2", "name": "Bob", "text": "lol", "rank": 0.25, "reasons": ["side_talk", "brand_new"]}
        ],
        sentences=[{"text": "Yes.", "state": "heard"}, {"text": "Always.", "state": "made"}],
        next={"id": "3", "name": "Cy", "text": "Why?"},
    )
    await until(page, "document.querySelectorAll('#choice tr').length === 2")
    rows = await texts(page, "#choice tr")
    assert [row.replace("\n", " ").replace("\t", " ").split() for row in rows] == [
        ["✓", "7.0", "Ann", "Pizza?", "speaks", "to", "her", "·", "a", "question"],
        ["0.3", "Bob", "lol", "side", "talk", "·", "brand", "new"],
    ]
    assert await texts(page, "#words span") == ["Yes.", "Always."]
    assert "Cy" in (await page.inner_text("#coming"))
    assert not await page.is_visible("#last"), "there is no reply yet that is over"
    show.now(state="listening", whom=None, sentences=[], next=None)
    await until(page, "document.querySelector('#words .last')")
    assert await texts(page, "#words span") == ["Yes."], "only what was heard is her last reply"
    await page.keyboard.press("+")
    await page.click("#better")
    for turn, said in ((8, "No."), (9, "Maybe.")):  # she goes on while somebody writes
        show.now(turn=turn, state="speaking", sentences=[{"text": said, "state": "heard"}])
        await until(page, f"document.querySelector('#words').textContent.includes('{said}')")
    assert "No." in await page.inner_text("#last-words")
    await page.fill("#correction", "Yes, with ham.")
    await page.click("#correct button")
    await until_given(show, ("rate", "#7 good"), ("rate", "#7 Yes, with ham."))


async def test_sentences_wait_for_a_yes(panel: Opener, show: ScriptedShow) -> None:
    page = await panel()
    waiting = [
        {"number": at, "turn": 1, "text": f"Line {at}.", "voice": f"/api/v1/air/{at}/sound", "left": 4.0}
        for at in (1, 2, 3)
    ]
    too_soon = asyncio.create_task(page.evaluate(AT_ONCE, ["#air-rows .yes", "Yes"]))
    show.tell("air", {"on": True, "seconds": 5, "waiting": waiting})
    await too_soon
    await asyncio.sleep(0.35)
    assert show.given == [], "what came this very moment nobody can have read"
    assert await page.locator("#air-rows kbd:visible").all_inner_texts() == ["Y", "N", "E"], (
        "of the first alone"
    )
    await page.keyboard.press("y")
    await page.click("#air-rows .hear >> nth=1")
    await until_given(show, ("hear", "2"))
    await page.click("#air-rows .no >> nth=1")
    await page.click("#air-rows .edit >> nth=2")
    await page.fill("#air-rows textarea", "Better.")
    show.tell("air", {"on": True, "seconds": 5, "waiting": waiting[2:]})
    await until(page, "document.querySelectorAll('#air-rows li').length === 1")
    assert await page.input_value("#air-rows textarea") == "Better."
    await page.click("#air-rows [type=submit]")
    await until_given(show, ("yes", "1"), ("no", "2"), ("edit", "3"), ("edit", "3 Better."))
    await page.click("#tabs [data-to=steer]")
    await page.click("#air-mode [value=off]")
    await page.fill("#air-number", "2.5")
    await page.click("#air-mode [value=seconds]")
    await until_given(show, ("air", "off"), ("air", "2.5"))


async def test_a_key_opens_nothing_that_has_no_button(panel: Opener, show: ScriptedShow) -> None:
    show.tokens[MODERATOR] += ["yes", "no"]
    page = await panel(MODERATOR)
    waiting = [{"number": 1, "turn": 1, "text": "Hi.", "speaker": "", "voice": "", "left": 9}]
    show.tell("air", {"on": True, "seconds": None, "waiting": waiting})
    await page.wait_for_selector("#air-rows .yes")
    assert not await page.is_visible("#air-rows .edit")
    await page.keyboard.press("e")
    assert await page.locator("#air-rows textarea").count() == 0


async def test_the_queue_holds_still_under_the_pointer(panel: Opener, show: ScriptedShow) -> None:
    page = await panel()
    show.tell("queue", [waits(1, name="Ann"), waits(2, name="Bob"), waits(3, name="Cy ７")])
    await page.wait_for_selector("#queue-rows li:nth-child(3)")
    await page.hover("#queue-rows li >> nth=2")
    show.tell(
        "queue",
        [
            waits(4, name="Di", kind="paid", deed={"en": "$5", "zh": "5 元"}),
            waits(3, name="Cy ７"),
            waits(2, name="Bob"),
        ],
    )
    await page.wait_for_selector("#queue-rows li:nth-child(4)")
    assert await texts(page, "#queue-rows .who") == ["Ann", "Bob", "Cy ７", "Di"]
    assert await page.locator("#queue-rows li.gone").count() == 1
    await page.click("#queue-rows li:nth-child(3) .next")
    await page.click("#queue-rows li:nth-child(3) .ignore")
    await page.click("#said button")
    await until_given(show, ("next", "m3"), ("ignore", "@Cy ７ 10080"), ("unignore", "@Cy ７"))
    assert await page.is_visible("#queue-rows li:nth-child(3) .ignore")
    await page.mouse.move(5, 5)
    await until(page, "document.querySelectorAll('#queue-rows li').length === 3")
    assert await texts(page, "#queue-rows .who") == ["Di", "Cy ７", "Bob"]
    show.tell("queue", [waits(5, name="streamer", platform="panel", kind="request")])
    await until(page, "document.querySelector('#queue-rows').textContent.includes('streamer')")
    assert not await page.is_visible("#queue-rows li:last-child .ignore"), "nobody else wrote that"


async def test_a_held_message_is_allowed_or_denied(panel: Opener, show: ScriptedShow) -> None:
    page = await panel()
    show.tell("queue", [waits(1, kind="held", number=7)])
    await page.click("#queue-rows .allow")
    await until_given(show, ("allow", "7"))
    assert not await page.is_visible("#queue-rows .next")


async def test_what_she_says_and_is_like(panel: Opener, show: ScriptedShow) -> None:
    page = await panel()
    await page.keyboard.press("s")
    await page.keyboard.type("Hello hyp!")
    await page.keyboard.press("Enter")
    await until_given(show, ("say", "Hello hyp!"))
    await until(page, "document.querySelector('#speak-text').value === ''")
    await page.keyboard.press("Escape")
    await page.keyboard.press("a")
    await page.keyboard.type("nonsense")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#said .wrong")
    assert await page.input_value("#speak-text") == "nonsense", "what was not done is still there"
    await page.click("#tabs [data-to=steer]")
    await page.click("#moods [value=sad]")
    await page.fill("#topic", "Cooking")
    show.tell("settings", {**show.state["settings"], "topic": "Games", "mood": "sad"})
    await until(page, "document.querySelector('#moods [value=sad]').ariaPressed === 'true'")
    assert await page.input_value("#topic") == "Cooking", "nobody writes over what somebody is writing"
    await page.press("#topic", "Enter")
    await page.select_option("#voice", "edge")
    await page.locator("#loudness").press("ArrowLeft")
    await page.fill("#slow", "20")
    await page.press("#slow", "Enter")
    await page.fill("#other-commands [data-name=scene] input", "Just Chatting")
    await page.press("#other-commands [data-name=scene] input", "Enter")
    await page.click("#other-commands [data-name=status] button")
    await until_given(
        show, ("mood", "sad"), ("topic", "Cooking"), ("voice", "edge"), ("loudness", "-17"), ("slow", "20"),
        ("scene", "Just Chatting"), ("status", ""),
    )  # fmt: skip
    own = {"held", "mute", "scene", "status"}
    assert (
        set(await page.evaluate("[...document.querySelectorAll('.other')].map((row) => row.dataset.name)"))
        == own
    )


async def test_a_viewer_is_looked_up_and_forgotten(panel: Opener, show: ScriptedShow) -> None:
    page = await panel()
    show.known = [viewer("Ann", ["I like ham", "my cat sings"])]
    show.tell("chat", message(1, name="Ann"))
    await page.click("#chat-rows .name")
    await until(page, "document.querySelectorAll('#viewer-known dd').length === 4")
    assert not await page.is_visible("#viewer-unignore")
    assert "I like ham\nmy cat sings" in await page.inner_text("#viewer-known")
    await page.click("#viewer-forget")
    assert show.given == [], "it cannot be undone, so it is asked once more"
    await page.click("#viewer-forget")
    await until_given(show, ("forget", "@Ann"))
    assert not await page.is_visible("#ignored")
    ignored = [
        {"platform": "", "name": HOSTILE[0], "left": 300},
        {"platform": "twitch", "name": "bob", "left": None},
    ]
    show.tell("viewers", ignored)
    await until(page, "document.querySelectorAll('#ignored-rows li').length === 2")
    first, second = await texts(page, "#ignored-rows .top")
    assert first.startswith(HOSTILE[0])
    assert "min left" in first
    assert "left" not in second
    await page.click("#ignored-rows li:last-child button")
    await until_given(show, ("unignore", "@bob"))
    show.tell("viewers", [])
    await page.mouse.move(0, 0)
    await until(page, "document.querySelector('#ignored').hidden")


@pytest.mark.parametrize(
    ("locale", "said"),
    [("en-US", "nobody for 72 seconds"), ("zh-TW", "她已經 72 秒沒有回答任何人；聊天室有 3 則在等")],
)
async def test_an_alarm_stands_above_everything_until_it_is_over(
    panel: Opener, show: ScriptedShow, locale: str, said: str
) -> None:
    page = await panel(locale=locale)
    rows = [
        {
            "part": "live.answers",
            "state": "down",
            "what": "she has answered nobody for 72 seconds; 3 in chat wait",
            "hint": "see the row brain",
        },
        {"part": "brain", "state": "down", "what": "it is gone", "hint": ""},
    ]
    show.tell("health", rows)
    await page.wait_for_selector("#alarms li:visible")
    (told,) = await texts(page, "#alarms li")
    assert said in told
    assert "brain" in told  # what to do
    show.tell("health", [{"part": "live.answers", "state": "ok", "what": "she answers again", "hint": ""}])
    await until(page, "!document.querySelector('#alarms li')")


async def test_health_is_a_list_of_repairs(panel: Opener, show: ScriptedShow) -> None:
    page = await panel()
    await page.click("#tabs [data-to=health]")
    await until(page, "document.querySelector('#repairs .well')")
    rows = [
        ("voice", "limited", "no network", ""),
        ("obs", "down", "it is closed", "open OBS"),
        ("brain", "ok", "a model", ""),
    ]
    show.tell("health", [dict(zip(("part", "state", "what", "hint"), row, strict=True)) for row in rows])
    show.tell(
        "delays",
        {"total": {"last": [900, 1500], "p50": 900, "p95": 1500}, "queue": {"last": [5], "p50": 5, "p95": 5}},
    )
    await until(
        page, "document.querySelectorAll('#repairs li').length === 2 && document.querySelector('.plot')"
    )
    first, second = await texts(page, "#repairs li")
    assert first.split("\n")[0] == "obs down"
    assert first.endswith("Do this first: open OBS")
    assert "first" not in second
    assert await texts(page, ".plot .numbers") == ["p50 5 ms · p95 5 ms", "p50 900 ms · p95 1.5 s"]
    assert await page.locator(".plot rect").count() == 3
    assert await texts(page, "#tabs [data-to=health] .count") == ["2"]


async def test_repairs_are_in_chinese_as_far_as_the_panel_knows_them(
    panel: Opener, show: ScriptedShow
) -> None:
    page = await panel(locale="zh-TW")
    await page.click("#tabs [data-to=health]")
    rows = [
        ("stage.obs", "OBS does not answer at 127.0.0.1:4455", "restart OBS, and update it"),
        ("voice", "the cat sits on it", "check the internet connection; or feed <b>the cat</b>"),
    ]
    names = ("part", "what", "hint", "state")
    show.tell("health", [dict(zip(names, (*row, "down"), strict=True)) for row in rows])
    await until(page, "document.querySelectorAll('#repairs li').length === 2")
    obs, voice = await texts(page, "#repairs li")
    assert "127.0.0.1:4455 的 OBS 沒有回應" in obs
    assert obs.endswith("先做這件事： 重新啟動 OBS，並更新它")
    assert "the cat sits on it" in voice
    assert voice.endswith("檢查網際網路連線；或feed <b>the cat</b>")
    await page.click("#language")
    await until(page, "document.querySelector('#repairs').innerText.includes('restart OBS, and update it')")


async def test_a_lost_stream_is_said_at_once_and_found_again(panel: Opener, show: ScriptedShow) -> None:
    page = await panel()
    port = int(show.url.rsplit(":", 1)[1].split("/")[0])
    await show.stop()
    await page.wait_for_selector("#stale:visible", timeout=2000)
    assert "stale" in await page.inner_text("#stale")
    assert await page.is_visible("#stop")
    show.state["now"]["paused"] = True
    await show.start(port)
    await until(page, "document.querySelector('#link').textContent === 'live'")
    await until(page, "document.querySelector('#pause b').textContent === 'Resume'")
    assert not await page.is_visible("#stale")


async def test_a_tab_that_slept_for_an_hour(panel: Opener, show: ScriptedShow) -> None:
    page = await panel("")
    await page.clock.install()
    show.breathing = 3600
    await page.goto("about:blank")
    await page.goto(f"{show.url}#token={STREAMER}")
    await page.clock.run_for(100)
    await until(page, "document.querySelector('#link').textContent !== ''")
    async with asyncio.timeout(5):
        while show.connections < 1:
            await asyncio.sleep(0.01)
    await page.clock.fast_forward("01:00:00")  # its connection still stands, as far as it can tell
    async with asyncio.timeout(5):
        while show.connections < 2:
            await page.clock.run_for(100)
            await asyncio.sleep(0.01)
    show.now(paused=True)
    async with asyncio.timeout(5):
        while await page.text_content("#pause b") != "Resume":
            await page.clock.run_for(100)


async def test_nothing_is_drawn_while_nobody_looks(panel: Opener, show: ScriptedShow) -> None:
    page = await panel()
    await page.evaluate(
        """() => {
            window.seen = "hidden";
            Object.defineProperty(document, "visibilityState", { get: () => window.seen });
            window.changes = 0;
            const what = { subtree: true, childList: true, characterData: true, attributes: true };
            new MutationObserver((all) => (window.changes += all.length)).observe(document.body, what);
        }"""
    )
    await asyncio.sleep(0.1)
    before = await page.evaluate("window.changes")
    for number in range(300):
        show.tell("chat", message(number))
    show.now(paused=True)
    show.tell(
        "air",
        {
            "on": True,
            "seconds": None,
            "waiting": [{"number": 1, "turn": 1, "text": "Hi.", "voice": "", "left": None}],
        },
    )
    await until(page, "document.title.startsWith('(1)')")
    assert await page.evaluate("window.changes") == before
    await page.evaluate("window.seen = 'visible'; document.dispatchEvent(new Event('visibilitychange'))")
    await until(page, "document.querySelector('#pause b').textContent === 'Resume'")
    await until(page, "document.querySelectorAll('#chat-rows li').length === 200")


async def test_a_busy_chat_does_not_grow(panel: Opener, show: ScriptedShow) -> None:
    page = await panel()
    count = "document.querySelectorAll('*').length"
    for number in range(400):
        show.tell("chat", message(number))
    await until(page, "document.querySelectorAll('#chat-rows li').length === 200")
    before = await page.evaluate(count)
    for number in range(400, 4_000):
        show.tell("chat", message(number, f"{'long ' * (number % 40)}line {number}", f"viewer {number}"))
        if number % 50 == 0:
            show.tell("fate", {"id": f"m{number - 20}", "platform": "twitch", "fate": "dropped: flood"})
            show.tell("journal", f"line {number}")
            show.tell(
                "alert",
                {
                    "id": str(number),
                    "platform": "x",
                    "name": "bob",
                    "deed": {"en": "$5"},
                    "text": "",
                    "at": 1e9,
                },
            )
            show.tell("queue", [waits(number + at) for at in range(30)])
            show.now(
                losers=[waits(number + at) for at in range(6)],
                sentences=[{"text": str(number), "state": "sent"}],
            )
        if number % 500 == 0:
            await asyncio.sleep(0)
    newest = "document.querySelector('#chat-rows li:last-child .words').textContent"
    await until(page, f"{newest}.endsWith('line 3999')")
    await until(page, "document.querySelector('#words').textContent.trim() === '3950'")
    assert await page.locator("#chat-rows li").count() == 200
    for tab, rows in (("health", "#journal"), ("people", "#alert-rows"), ("chat", "#chat-rows")):
        await page.click(f"#tabs [data-to={tab}]")
        await until(page, f"document.querySelectorAll('{rows} li').length === {200 if tab == 'chat' else 50}")
    assert await page.evaluate(count) - before < 50 * 10 + 30 * 14 + 6 * 8 + 60
    await page.locator("#chat-rows").evaluate("(list) => { list.scrollTop = 0; }")
    await page.wait_for_selector("#chat-more:visible")
    first = await page.inner_text("#chat-rows li:first-child")
    show.tell("chat", message(4_000, "newest"))
    await until(page, "document.querySelector('#chat-more').textContent === '↓ 1 new'")
    assert await page.inner_text("#chat-rows li:first-child") == first, "what somebody reads stands still"
    await page.click("#chat-more")
    await until(
        page, "document.querySelector('#chat-rows li:last-child .words').textContent.trim() === 'newest'"
    )


async def test_every_control_has_a_name_in_both_languages(panel: Opener, show: ScriptedShow) -> None:
    show.tell("queue", [waits(1)])
    show.tell("chat", message(1))
    page = await panel(locale="zh-TW")
    assert await texts(page, "#pause b") == ["暫停"]
    controls = "document.querySelectorAll('button, input, textarea, select')"
    named = "one.ariaLabel || one.textContent.trim() || one.labels?.length"
    assert (
        await page.evaluate(f"[...{controls}].filter((one) => !({named})).map((one) => one.outerHTML)") == []
    )
    told = "[...document.querySelectorAll('[data-t]')].map((one) => [one.dataset.t, one.textContent])"
    untold = [name for name, text in await page.evaluate(told) if not re.search("[\u4e00-\u9fff]", text)]
    assert untold == ["language"], "its own name, in English"
    await page.click("#language")
    assert await texts(page, "#pause b") == ["Pause"]
    await page.reload()
    await until(page, "document.documentElement.lang === 'en'")


async def test_keys_are_listed_and_can_be_switched_off(panel: Opener, show: ScriptedShow) -> None:
    page = await panel()
    await page.keyboard.press("?")
    await page.wait_for_selector("#help[open]")
    assert "silence at once" in await page.inner_text("#keys")
    await page.uncheck("#keys-on")
    await page.keyboard.press("Escape")
    await page.keyboard.press("h")
    await page.keyboard.press("F9")
    await until_given(show, ("hush", ""))
    assert show.given == [("hush", "")]
    await page.keyboard.press("Tab")
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


async def test_on_a_phone_the_stop_is_under_the_thumb(panel: Opener, show: ScriptedShow) -> None:
    show.tell("queue", [waits(at, "word " * 60, "n" * 60) for at in range(20)])
    page = await panel(size=PHONE, has_touch=True, is_mobile=True)
    for tab in ("now", "queue", "chat", "people", "steer", "health"):
        await page.tap(f"#tabs [data-to={tab}]")
        assert await page.locator("main section:visible").count() == 1
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        box = await page.locator("#stop").bounding_box()
        assert box is not None
        assert box["y"] > PHONE["height"] * 0.8
        assert box["height"] >= 64
    await page.tap("#stop")
    await until_given(show, ("hush", ""))


# With a real show.


async def test_the_panel_of_a_real_show(panel: Opener, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScriptedBrain, "reply", LONG_REPLY)
    address = room.show.server.control_address(Role.STREAMER)
    page = await panel(url=address.partition("#")[0])
    moderator = await panel(MODERATOR, url=address.partition("#")[0])
    assert await moderator.locator("#moods button:visible").count() == 0
    await until(page, "document.querySelector('#name').textContent === '板板'")
    room.types("is the <b>pizza</b> good?", name="<i>ann</i>")
    await until(page, "document.querySelector('#whom-name').textContent === '<i>ann</i>'")
    await until(page, "document.body.dataset.state === 'speaking' && document.querySelector('#words .sent')")
    assert "a question" in await page.inner_text("#choice")
    room.types("and the soup?", name="bob")
    room.types("what is for dessert?", name="cy")
    await until(page, "document.querySelectorAll('#queue-rows li').length >= 1")
    await until(page, "document.querySelectorAll('#chat-rows li').length === 3")
    assert await texts(page, "#chat-rows .answering .name") == ["<i>ann</i>"]

    await page.hover("#queue-rows li:last-child")
    last = await page.inner_text("#queue-rows li:last-child .who")
    await page.click("#queue-rows li:last-child .drop")
    await until(page, "document.querySelector('#chat-rows .lost .fate')?.textContent === 'not wanted'")
    assert await texts(page, "#chat-rows .lost .name") == [last]

    await asyncio.gather(page.click("#pause"), moderator.click("#pause"))
    for one in (page, moderator):
        await until(one, "document.querySelector('#pause b').textContent === 'Resume'")
    assert room.show.performer.agenda.paused
    await page.click("#stop")
    await room.until(lambda: room.show.stage.remaining() == 0)
    await until(page, "document.querySelector('#words .sent') === null")
    await asyncio.sleep(0.55)
    await moderator.click("#pause")
    await until(page, "document.querySelector('#pause b').textContent === 'Pause'")
    await room.until(lambda: not room.show.performer.agenda.paused)

    await page.click("#tabs [data-to=steer]")
    await page.click("#moods [value=happy]")
    await until(page, "document.querySelector('#moods [value=happy]').ariaPressed === 'true'")
    await page.click("#air-mode [value=on]")
    await page.wait_for_selector("#held:visible")
    room.types("tell me about the soup?", name="di")
    await page.wait_for_selector("#air-rows li")
    assert not await moderator.is_visible("#air-rows .edit")
    number = await page.locator("#air-rows li").count()
    assert number >= 1
    await asyncio.sleep(0.35)
    await page.click("#air-rows .edit >> nth=0")
    await page.fill("#air-rows textarea", "It is soup.")
    await page.click("#air-rows [type=submit]")
    said = "[...document.querySelectorAll('#words span')].map((one) => one.textContent.trim())"
    await until(page, f"{said}.includes('It is soup.')")
    given = [(line["who"], line["order"]) for line in room.journal("command")]
    assert given[0] == ("streamer", "drop")
    assert {("streamer", "hush"), ("moderator", "resume"), ("streamer", "mood"), ("streamer", "edit")} <= {
        *given
    }
    assert room.show.journal.path is not None
    assert STREAMER not in room.show.journal.path.read_text(encoding="utf-8")
