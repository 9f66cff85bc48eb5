"""OBS as a screen, tried on a real OBS."""

from __future__ import annotations

import asyncio
import base64
import logging
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from obs_props import PATIENCE, Screens, until
from real_obs import PASSWORD, RealObs, free_port

from vtuber.core import sound
from vtuber.core.events import Clip, Sentence, Sound, Word
from vtuber.core.health import State
from vtuber.stage.cues import Heard, Hushed, Rested
from vtuber.stage.obs import Obs
from vtuber.stage.obs import client as obs_client
from vtuber.stage.stage import Stage


def say(obs: Obs, text: str, *, clip: int = 1) -> None:
    """A sentence is heard whose words come together."""
    obs.show(Heard(clip, 1, text))


async def chunks(*words: str) -> AsyncIterator[Sound | Word]:
    for index, word in enumerate(words):
        yield Word(word, index * 0.4, (index + 1) * 0.4)
        yield Sound(bytes(round(0.4 * sound.RATE) * sound.SAMPLE_BYTES))


async def test_captions_follow_the_words(real: RealObs, screen: Screens) -> None:
    obs = await screen()
    stage = Stage([obs])
    await until(real.caption, "")
    sentence = Sentence(1, 0, "Good evening, 大家好!")
    seen: list[str] = []

    async def watch() -> None:
        while True:
            text = await asyncio.to_thread(real.caption)
            if not seen or text != seen[-1]:
                seen.append(text)
            await asyncio.sleep(0.01)

    watching = asyncio.create_task(watch())
    spoken = await stage.play(Clip(sentence, chunks("Good", "evening,", "大家", "好!")))
    assert spoken.complete
    await until(real.caption, sentence.text)
    stage.rest()
    await until(real.caption, "")
    await until(lambda: seen[-1], "")
    watching.cancel()
    steps = iter(["", "Good", "Good evening,", "Good evening, 大家", sentence.text, ""])
    assert all(text in steps for text in seen), seen  # in this order; a busy machine may miss one
    assert len(seen) > 3, seen


async def test_the_caption_is_drawn(real: RealObs, screen: Screens, tmp_path: Path) -> None:
    def picture() -> bytes:
        answer = real.ask(
            "GetSourceScreenshot", sourceName="Idle", imageFormat="png", imageWidth=640, imageHeight=360
        )
        return base64.b64decode(answer["imageData"].partition(",")[2])

    obs = await screen()
    await until(real.caption, "")
    await asyncio.sleep(0.2)  # a few frames
    empty = picture()
    say(obs, "你好 OBS!")
    await until(real.caption, "你好 OBS!")
    await until(lambda: picture() == empty, expected=False)
    await asyncio.sleep(0.2)
    (tmp_path / "caption.png").write_bytes(picture())
    obs.show(Hushed())
    await until(lambda: picture() == empty, expected=True)


async def test_the_scene_changes_while_she_speaks(real: RealObs, screen: Screens) -> None:
    real.choose("Other")
    obs = await screen(speaking_scene="Talking")
    say(obs, "Look at me!")
    await until(real.scene, "Talking")
    obs.show(Rested())
    await until(real.scene, "Other")


async def test_it_returns_to_the_idle_scene(real: RealObs, screen: Screens) -> None:
    real.choose("Other")
    obs = await screen(speaking_scene="Talking", idle_scene="Idle")
    say(obs, "Look at me!")
    await until(real.scene, "Talking")
    obs.show(Hushed())
    await until(real.scene, "Idle")


async def test_a_scene_that_the_streamer_chose_meanwhile_stays(real: RealObs, screen: Screens) -> None:
    obs = await screen(speaking_scene="Talking", idle_scene="Idle")
    say(obs, "Look at me!")
    await until(real.scene, "Talking")
    real.choose("Other")
    say(obs, "And now?", clip=2)
    await until(real.caption, "And now?")
    obs.show(Hushed())
    await until(real.caption, "")
    await asyncio.sleep(0.3)  # time enough to do wrong
    assert real.scene() == "Other"


async def test_stop_leaves_obs_as_it_was(real: RealObs, screen: Screens) -> None:
    obs = await screen(speaking_scene="Talking")
    say(obs, "Good bye.")
    await until(real.scene, "Talking")
    await until(real.caption, "Good bye.")
    await obs.stop()
    assert real.scene() == "Idle"
    assert real.caption() == ""


async def test_it_comes_back_when_obs_was_killed(real: RealObs, screen: Screens) -> None:
    obs = await screen(speaking_scene="Talking")
    assert obs.health().state is State.OK
    say(obs, "Before.")
    await until(real.caption, "Before.")
    assert obs.availability.is_ready
    await asyncio.to_thread(real.kill)
    async with asyncio.timeout(PATIENCE):
        await obs.availability.until_away()
    assert obs.health().state is State.DOWN
    gone = f"OBS does not answer at 127.0.0.1:{real.port}"
    async with asyncio.timeout(PATIENCE):
        while obs.health().what != gone:  # until it was tried again: "stopped answering"
            await asyncio.sleep(0.02)
    assert "WebSocket Server Settings" in obs.health().hint
    await asyncio.to_thread(real.start)
    async with asyncio.timeout(PATIENCE):
        await obs.availability.until_ready()
    assert obs.health().state is State.OK
    await until(real.caption, "Before.")
    await until(real.scene, "Talking")
    obs.show(Hushed())
    await until(real.caption, "")


async def test_obs_may_be_started_later(real: RealObs, screen: Screens) -> None:
    await asyncio.to_thread(real.kill)
    obs = await screen()
    assert obs.health().state is State.DOWN
    say(obs, "Is anybody here?")
    await asyncio.to_thread(real.start)
    await until(real.caption, "Is anybody here?")
    assert obs.health().state is State.OK


@pytest.mark.parametrize(
    ("password", "trouble"), [("wrong", "refuses the password"), ("", "asks for a password")]
)
async def test_a_wrong_password_is_reported(
    real: RealObs,
    screen: Screens,
    monkeypatch: pytest.MonkeyPatch,
    password: str,
    trouble: str,
) -> None:
    monkeypatch.setenv(obs_client.PASSWORD, password)
    obs = await screen()
    assert obs.health().state is State.DOWN
    assert trouble in obs.health().what
    assert obs_client.PASSWORD in obs.health().hint


async def test_a_program_that_is_not_obs_is_reported(screen: Screens) -> None:
    runner = web.AppRunner(web.Application())
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    obs = await screen(port=port)
    assert obs.health().what == f"the program that answers at 127.0.0.1:{port} is not OBS"
    await runner.cleanup()


async def test_a_missing_source_is_reported_until_it_is_there(real: RealObs, screen: Screens) -> None:
    obs = await screen(caption_source="Captoin")
    health = obs.health()
    assert health.state is State.LIMITED
    assert health.what == "OBS has no text source called 'Captoin'"
    assert health.hint == "did you mean 'Caption'?"
    say(obs, "There.")
    real.add_text("Captoin")
    try:
        await until(lambda: obs.health().state, State.OK)
        await until(lambda: real.caption("Captoin"), "There.")
    finally:
        real.ask("RemoveInput", inputName="Captoin")
    await until(lambda: obs.health().state, State.LIMITED)


@pytest.mark.parametrize(
    ("options", "what", "hint"),
    [
        ({"caption_source": "Backdrop"}, "'Backdrop' in OBS is not a text source", "'Caption'"),
        ({"speaking_scene": "talking"}, "OBS has no scene called 'talking'", "mean 'Talking'"),
        ({"speaking_scene": "Talking", "idle_scene": "zzz"}, "no scene called 'zzz'", "'Other'"),
    ],
)
async def test_what_does_not_fit_is_reported(
    real: RealObs, screen: Screens, options: dict[str, str], what: str, hint: str
) -> None:
    health = (await screen(**options)).health()
    assert health.state is State.LIMITED
    assert what in health.what
    assert hint in health.hint


async def test_a_frozen_obs_costs_no_memory_and_gets_the_last_word(real: RealObs, screen: Screens) -> None:
    obs = await screen(speaking_scene="Talking")
    threads = threading.active_count()
    real.freeze()
    try:
        for number in range(2_500):
            say(obs, f"Sentence {number}.", clip=number)
        assert threading.active_count() <= threads
        await asyncio.sleep(0.1)
    finally:
        real.thaw()
    await until(real.caption, "Sentence 2499.")


async def test_stop_does_not_wait_for_a_frozen_obs(
    real: RealObs, screen: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(obs_client, "ANSWER_SECONDS", 120.0)
    obs = await screen()
    say(obs, "Before.")
    await until(real.caption, "Before.")
    real.freeze()
    try:
        async with asyncio.timeout(PATIENCE):
            await obs.stop()
        assert "obs" not in [thread.name for thread in threading.enumerate()]
    finally:
        real.thaw()


async def test_stop_does_not_wait_for_an_attempt_to_connect(
    real: RealObs, screen: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(obs_client, "ANSWER_SECONDS", 120.0)
    real.freeze()
    try:
        obs = await screen()
        assert obs.health().state is State.DOWN
        async with asyncio.timeout(PATIENCE):
            await obs.stop()
        assert "obs" not in [thread.name for thread in threading.enumerate()]
    finally:
        real.thaw()


async def test_the_library_writes_nothing_to_the_log(
    real: RealObs, screen: Screens, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    obs = await screen()
    say(obs, "A secret of hers.")
    await until(real.caption, "A secret of hers.")
    await obs.stop()
    assert [record.name for record in caplog.records if "obs" in record.name] == ["vtuber.stage.obs.link"]
    assert "secret" not in caplog.text
    assert PASSWORD not in caplog.text


async def test_it_is_off_unless_it_is_switched_on(screen: Screens) -> None:
    obs = await screen(enabled=False)
    say(obs, "Nobody sees this.")
    assert obs.health().state is State.OFF
