"""Hold-to-air: what a moderator lets through is heard, in its order; what they do not, never is."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from rehearsal_room import Room

from vtuber.core import sound
from vtuber.core.errors import VoiceError
from vtuber.core.events import Deletion
from vtuber.show.hold_to_air import PATIENCE
from vtuber.stage.cues import ClipSound

TWO = "Yes, it is. I like it very much!"
HELD: dict[str, Any] = {"gate": {"hold_to_air": True}}


def texts(room: Room) -> list[str]:
    return [one.sentence.text for one in room.show.performer.air.waiting]


def sounds(room: Room) -> int:
    return sum(isinstance(cue, ClipSound) for _, cue in room.screen.cues)


def test_nothing_is_heard_before_a_yes(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is pizza good?")
        await room.until(lambda: len(texts(room)) == 2)
        assert texts(room) == ["Yes, it is.", "I like it very much!"]
        await asyncio.sleep(PATIENCE / 2)
        assert sounds(room) == 0
        assert room.commands("!air") == "1: Yes, it is.; 2: I like it very much!"
        assert room.commands("!yes") == "1 is heard"
        await room.until_speaking()
        assert room.commands("!yes 2") == "2 is heard"
        await room.until_idle()
        assert room.heard() == [TWO]
        decided = [(line["number"], line["decision"]) for line in room.journal("air")]
        assert decided == [(1, "yes"), (2, "yes")]
        assert room.commands("!yes") == "no sentence waits"

    play(scene, **HELD)


def test_a_sentence_that_is_refused_is_neither_heard_nor_remembered(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is pizza good?")
        await room.until(lambda: len(texts(room)) == 2)
        assert room.commands("!no 2") == "2 is not heard"
        room.commands("!yes 1")
        await room.until_idle()
        assert room.heard() == ["Yes, it is."]
        room.types("is tea good?")
        await room.until(lambda: len(texts(room)) == 2)
        said = [text for role, _, text in room.journal("prompt")[-1]["whole"] if role == "self"]
        assert said[-1] == "Yes, it is."

    play(scene, **HELD, journal={"prompts": "whole"})


def test_what_a_moderator_refused_whole_is_not_tried_again(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is pizza good?")
        await room.until(lambda: len(texts(room)) == 2)
        room.commands("!no")
        room.commands("!no")
        await asyncio.sleep(30)
        assert texts(room) == []
        assert len(room.journal("batch")) == 1
        assert room.show.inbox.dropped == {"cut": 1}

    play(scene, **HELD)


def test_the_wait_for_a_yes_is_no_parts_delay(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is pizza good?")
        await room.until(lambda: len(texts(room)) == 2)
        time.sleep(0.5)  # the parts of the delay are measured in real time
        room.commands("!air off")
        await room.until_idle()
        (reply,) = room.journal("reply")
        assert reply["delays_ms"]["first_audio"] < 500

    play(scene, **HELD)


def test_a_later_yes_waits_for_the_sentences_before_it(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is pizza good?")
        await room.until(lambda: len(texts(room)) == 2)
        room.commands("!yes 2")
        await asyncio.sleep(20)
        assert sounds(room) == 0
        room.commands("!yes 1")
        await room.until_idle()
        assert room.heard() == [TWO]

    play(scene, **HELD)


def test_an_edited_sentence_is_heard_and_remembered_as_it_was_edited(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is pizza good?")
        await room.until(lambda: len(texts(room)) == 2)
        assert room.commands("!edit 1 No, never.") == "she says that instead of 1"
        room.commands("!yes 2")
        await room.until_idle()
        assert room.heard() == ["No, never. I like it very much!"]

    play(scene, **HELD)


def test_the_panel_shows_only_what_is_still_to_come(play: Any) -> None:
    def shown(room: Room) -> list[tuple[str, str]]:
        return [(row["text"], row["state"]) for row in room.show.control._state.value()["now"]["sentences"]]

    async def scene(room: Room) -> None:
        room.types("is pizza good?")
        await room.until(lambda: len(texts(room)) == 2)
        assert shown(room) == [("Yes, it is.", "made"), ("I like it very much!", "made")]
        room.commands("!no 1")
        assert shown(room) == [("I like it very much!", "made")]
        room.commands("!edit 2 I love it!")
        await room.until_speaking()
        assert shown(room) == [("I love it!", "sent")]

    play(scene, **HELD)


def test_an_edited_sentence_is_judged_like_hers(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is pizza good?")
        await room.until(lambda: len(texts(room)) == 2)
        assert "a filter stopped this" in room.commands("!edit 1 it is quark")
        assert len(texts(room)) == 2
        assert room.commands("!edit") == "write !edit NUMBER [TEXT]"
        assert room.commands("!edit x y") == "'x' is not a number; write !edit NUMBER [TEXT]"
        assert room.commands("!edit 7 what?") == "no sentence 7 waits"

    play(scene, gate={"hold_to_air": True, "words": ["quark"]})


def test_nobody_answers_and_nothing_is_heard(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is pizza good?")
        await room.until(lambda: room.journal("hold"))
        await asyncio.sleep(PATIENCE + 1)
        await room.until(lambda: not texts(room))
        assert sounds(room) == 0
        assert {line["decision"] for line in room.journal("air")} == {"unanswered"}

    play(scene, **HELD)


def test_without_a_no_it_is_heard_after_some_seconds(play: Any) -> None:
    async def scene(room: Room) -> None:
        assert room.commands("!air 5") == "each sentence is heard after 5 seconds, unless !no"
        began = asyncio.get_running_loop().time()
        room.types("is pizza good?")
        await room.until(lambda: len(texts(room)) == 2)
        room.commands("!no 2")
        await room.until_speaking()
        assert asyncio.get_running_loop().time() - began >= 5
        await room.until_idle()
        assert room.heard() == ["Yes, it is."]

    play(scene)


def test_a_sentence_waits_while_somebody_edits_it(play: Any) -> None:
    async def scene(room: Room) -> None:
        control = room.show.control._state
        room.types("is pizza good?")
        await room.until(lambda: len(texts(room)) == 2)
        control.changes()
        assert room.commands("!edit 1") == "1 waits for other words"
        assert control.changes()["air"]["waiting"][0]["left"] == PATIENCE, "panels count from there"
        await asyncio.sleep(PATIENCE / 2)
        assert sounds(room) == 0
        room.commands("!edit 1 No, never.")
        await room.until_idle()
        assert room.heard() == ["No, never. I like it very much!"]
        assert room.commands("!edit 1") == "no sentence 1 waits"
        room.types("is tea good?")
        await room.until(lambda: len(texts(room)) == 2)
        room.commands("!edit 3")
        await asyncio.sleep(PATIENCE * 2)  # and nobody came back to it
        await room.until_idle()
        assert room.heard()[1] == "I like it very much!"

    play(scene, gate={"hold_to_air": True, "air_seconds": 3})


def test_switched_off_all_that_waits_is_heard(play: Any) -> None:
    async def scene(room: Room) -> None:
        assert room.commands("!air on") == "each sentence waits for !yes or !no"
        room.types("is pizza good?")
        await room.until(lambda: len(texts(room)) == 2)
        assert room.commands("!air off") == "her sentences are heard at once"
        await room.until_idle()
        assert room.heard() == [TWO]

    play(scene)


def test_while_a_reply_waits_no_other_is_made(play: Any) -> None:
    async def scene(room: Room) -> None:
        for index in range(5):
            room.types(f"question {index}?", name=f"viewer{index}")
        await room.until(lambda: len(texts(room)) == 2)
        await asyncio.sleep(PATIENCE / 2)
        assert len(texts(room)) == 2
        assert len(room.journal("batch")) <= 2

    play(scene, **HELD, inbox={"batch": 1})


@pytest.mark.parametrize("how", ["hush", "skip", "delete"])
def test_a_cut_takes_what_waits(play: Any, how: str) -> None:
    async def scene(room: Room) -> None:
        asked = room.types("is pizza good?")
        await room.until(lambda: len(texts(room)) == 2)
        if how == "delete":
            gone = Deletion("d1", "twitch", "banban", 0.0, message_id=asked.id)
            room.show.receive(gone)
        else:
            room.commands(f"!{how}")
        await room.until(lambda: not texts(room))
        await asyncio.sleep(30)
        assert sounds(room) == 0
        assert {line["decision"] for line in room.journal("air")} == {"cut"}

    play(scene, **HELD)


@pytest.mark.parametrize("yes", ["!yes 1", "!yes 2", "!air off"])
@pytest.mark.parametrize("how", ["hush", "skip"])
def test_a_cut_takes_what_has_its_yes_and_is_not_on_air_yet(play: Any, how: str, yes: str) -> None:
    async def scene(room: Room) -> None:
        room.types("is pizza good?")
        await room.until(lambda: len(texts(room)) == 2)
        room.commands(yes)
        room.commands(f"!{how}")
        await asyncio.sleep(30)
        assert sounds(room) == 0

    play(scene, **HELD)


def test_a_moderator_can_listen_before(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is pizza good?")
        await room.until(lambda: len(texts(room)) == 2)
        pcm = await room.show.performer.air.preview(1)
        assert pcm is not None
        assert sound.seconds(pcm) > 0.1
        assert await room.show.performer.air.preview(9) is None
        assert sounds(room) == 0

    play(scene, **HELD)


def test_only_a_few_listen_at_once(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is pizza good?")
        await room.until(lambda: len(texts(room)) == 2)
        air = room.show.performer.air
        heard = await asyncio.gather(*(air.preview(1) for _ in range(5)), return_exceptions=True)
        assert [isinstance(one, bytes) for one in heard] == [True, True, False, False, False]
        assert all(isinstance(one, VoiceError) for one in heard[2:])
        assert isinstance(await air.preview(1), bytes)

    play(scene, **HELD)


def test_what_is_said_of_a_reply_is_kept(play: Any, tmp_path: Path) -> None:
    async def scene(room: Room) -> None:
        room.show.ratings._path = path = tmp_path / "kept" / "ratings.jsonl"
        assert room.commands("!rate good") == "she has said nothing yet"
        room.types("is pizza good?")
        await room.until_idle()
        assert room.commands("!rate Good") == f"kept: {TWO}"
        assert room.commands("!rate Only with pineapple.") == f"kept: {TWO}"
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert [(row["asked"], row["said"], row["rating"], row["corrected"]) for row in rows] == [
            ("is pizza good?", TWO, "good", ""),
            ("is pizza good?", TWO, "corrected", "Only with pineapple."),
        ]
        room.show.ratings._path = tmp_path  # which cannot be written
        assert "not kept" in room.commands("!rate bad")

    play(scene)


def test_a_reply_can_be_rated_while_she_goes_on(play: Any, tmp_path: Path) -> None:
    async def scene(room: Room) -> None:
        room.show.ratings._path = path = tmp_path / "ratings.jsonl"
        questions = []
        for asked in ("is pizza good?", "is soup good?", "is bread good?"):
            questions.append(room.types(asked))
            await room.until_idle()
        turns = [line["turn"] for line in room.journal("reply")]
        assert room.commands(f"!rate #{turns[0]} bad") == f"kept: {TWO}"
        assert room.commands(f"!rate #{turns[1]} Only in winter.") == f"kept: {TWO}"
        assert "no longer be rated" in room.commands("!rate #99 good")
        room.show.receive(Deletion("d1", "twitch", "banban", message_id=questions[1].id))
        assert "no longer be rated" in room.commands(f"!rate #{turns[1]} good"), "it was taken back"
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert [(row["asked"], row["rating"], row["corrected"]) for row in rows] == [
            ("is pizza good?", "bad", ""),
            ("is soup good?", "corrected", "Only in winter."),
        ]

    play(scene)


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes are Unix's")
def test_a_rating_waits_for_no_disk_that_hangs(play: Any, tmp_path: Path) -> None:
    """A pipe that nobody reads hangs as a disk does."""
    path = tmp_path / "ratings.jsonl"
    os.mkfifo(path)
    wakes = threading.Timer(20, path.read_bytes)  # should it be waited for

    async def scene(room: Room) -> None:
        room.show.ratings._path = path
        room.types("is pizza good?")
        await room.until_idle()
        for _ in range(2):
            assert room.commands("!rate good") == "the rating was not kept: the disk does not answer"
        with path.open("rb") as disk:
            assert json.loads(disk.read())["rating"] == "good"

    wakes.start()
    try:
        play(scene)
    finally:
        wakes.cancel()
