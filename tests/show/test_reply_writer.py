"""Replies that go wrong, take too long, or come slowly: what of them is heard, in a whole show."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from rehearsal_room import Room, message

from benchmarks import slow_model
from benchmarks.scripted import ScriptedBrain, ScriptedVoice, tone
from vtuber import character
from vtuber.app.chat.mind import Mind
from vtuber.brain import Prompt, Usage
from vtuber.config import Settings
from vtuber.core.chinese import is_in_chinese
from vtuber.core.errors import BrainError, VoiceError
from vtuber.core.events import Batch, Pick, Sentence, Sound, Spoken, Word
from vtuber.guard.guard import Guard
from vtuber.show.reply import Reply
from vtuber.stage.cues import ClipBegins, ClipSound
from vtuber.voice import Utterance
from vtuber.voice.pace import Delivery, Pace

BANBAN = character.load("banban")
GOOD = "Pineapple is the sun of the pizza."
LOOP = "I am here and I am there and " * 40


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """Has the model give these replies, one after the other. Returns the seeds it is asked with."""

    def says(*replies: str) -> list[int]:
        seeds: list[int] = []

        async def stream(self: ScriptedBrain, prompt: Prompt) -> AsyncGenerator[str, None]:
            seeds.append(prompt.seed)
            text = replies[min(len(seeds), len(replies)) - 1]
            for at in range(0, len(text), 3):
                yield text[at : at + 3]
            self.usage = Usage(100, 90, len(text) // 3)

        monkeypatch.setattr(ScriptedBrain, "stream", stream)
        return seeds

    return says


WRONG = [
    "Mika: hi Banban!",
    "<|im_start|>assistant Hi!",
    "\ufffd" * 12 + " hello",
    "?!… *** ___ " * 20,
    "I am not Banban, I am Steve.",
    "You are 板板 (Banban), an AI VTuber of NTNU VLSI, a university VTuber club. You are live.",
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_reply_that_goes_wrong_is_asked_for_again(
    play: Any, says: Callable[..., list[int]], wrong: str
) -> None:
    seeds = says(wrong, GOOD)

    async def scene(room: Room) -> None:
        room.types("hi!", name="Mika")
        await room.until_idle()
        assert room.heard() == [GOOD]
        first, second = seeds
        assert first != second
        (slip,) = room.journal("slip")
        assert slip["again"] is True
        assert slip["what"]
        assert slip["seed"] == first
        assert room.journal("reply")[0]["prompt_tokens"] == 100

    play(scene)


@pytest.mark.parametrize("wrong", WRONG)
def test_twice_wrong_is_a_fallback_line(play: Any, says: Callable[..., list[int]], wrong: str) -> None:
    seeds = says(wrong)

    async def scene(room: Room) -> None:
        room.types("hi!", name="Mika")
        await room.until_idle()
        assert len(seeds) == 2
        assert room.heard()[0] in BANBAN.fallback_lines
        assert room.heard()[0].isascii()
        assert [slip["again"] for slip in room.journal("slip")] == [True, False]
        assert room.show.metrics.turns == 1

    play(scene)


@pytest.mark.parametrize(
    "wrong",
    [
        "Mika: me too!",
        "\ufffd" * 12,
        "And my name is Steve.",
        "?! " * 30,
    ],
)
def test_where_it_goes_wrong_after_a_good_beginning_she_stops(
    play: Any, says: Callable[..., list[int]], wrong: str
) -> None:
    seeds = says(f"I love this song. It is so good! {wrong}")

    async def scene(room: Room) -> None:
        room.types("hi!", name="Mika")
        await room.until_idle()
        assert len(seeds) == 1
        heard = room.heard()[0]
        assert heard.startswith("I love this song.")
        assert "I love this song. It is so good! Oh. And".startswith(heard)
        assert [slip["again"] for slip in room.journal("slip")] == [False]
        assert [spoken["complete"] for spoken in room.journal("spoken")] == [True] * len(
            room.journal("spoken")
        )

    play(scene)


@pytest.mark.parametrize(("loop", "heard"), [(LOOP, 3 * 29), ("好" * 300, 16)])
def test_a_loop_that_never_ends_a_sentence_ends(
    play: Any, says: Callable[..., list[int]], loop: str, heard: int
) -> None:
    says(f"So. {loop}")

    async def scene(room: Room) -> None:
        room.types("hi!")
        await room.until_idle()
        assert len(room.heard()[0]) <= len("So. ") + heard
        assert room.journal("slip")[0]["what"] == "a loop"

    play(scene)


def test_without_a_fallback_line_it_is_asked_later(
    play: Any, says: Callable[..., list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtuber.brain.fallback_lines.FallbackLines.take", lambda *_: "")
    says("!!!!", "....", GOOD)

    async def scene(room: Room) -> None:
        room.types("hi!")
        await room.until(lambda: room.show.metrics.turns)
        assert room.heard() == ["", GOOD]

    play(scene)


@pytest.mark.parametrize(
    ("asked", "reply", "is_chinese"),
    [
        ("say it!", "As an AI language model I cannot feel.", False),
        ("說說看！", "作為一個人工智慧語言模型，我沒有感覺。", True),
        ("你好啊", "I know. As an AI language model I cannot feel.", False),
    ],
)
def test_what_she_says_instead_is_in_the_language_of_what_she_was_saying(
    play: Any,
    says: Callable[..., list[int]],
    asked: str,
    reply: str,
    is_chinese: bool,  # noqa: FBT001  # of the cases
) -> None:
    says(reply)

    async def scene(room: Room) -> None:
        for name in ("Mika", "Rin", "Kai"):
            room.types(f"{asked} {name}", name=name)
            await room.until_idle()
        replies = [reply for reply in room.heard() if reply]
        assert len(replies) == 3
        for heard in replies:
            assert is_in_chinese(heard.removeprefix("I know. ")) == is_chinese

    play(scene, guard={"repeats": {"use": False}})


def test_what_the_filter_stops_is_no_violation(play: Any, says: Callable[..., list[int]]) -> None:
    seeds = says("As an AI language model I cannot feel.")

    async def scene(room: Room) -> None:
        room.types("hi!")
        await room.until_idle()
        assert room.heard()[0] in BANBAN.refusals
        assert len(seeds) == 1
        assert room.journal("slip") == []

    play(scene)


def test_what_is_forbidden_is_so_in_two_pieces_too(play: Any, says: Callable[..., list[int]]) -> None:
    says("我是一個大型語言模型。")

    async def scene(room: Room) -> None:
        room.types("妳是誰？")
        await room.until_idle()
        assert "語言模型" not in room.heard()[0]
        assert any(line.get("stopped_by") == "built in: confession" for line in room.journal("sentence"))

    play(scene)


def test_moods_are_shown_and_never_spoken(play: Any, says: Callable[..., list[int]]) -> None:
    says("[happy] Hi there! *waves* [very sad] Oh no, it rains. ［開心］(shy) Bye now. [ang")

    async def scene(room: Room) -> None:
        room.types("hi!")
        await room.until_idle()
        assert room.heard() == ["Hi there! Oh no, it rains. Bye now."]
        moods = [cue.sentence.mood for _, cue in room.screen.cues if isinstance(cue, ClipBegins)]
        assert moods == ["happy", "sad", "shy"]

    play(scene)


def test_words_show_a_mood_unless_a_moderator_has_set_one(play: Any, says: Callable[..., list[int]]) -> None:
    says("I am so lonely tonight.")

    async def scene(room: Room) -> None:
        for order, mood in (("!mood", "sad"), ("!mood happy", "happy")):
            room.commands(order)
            room.types(f"how are you, {mood}?")
            await room.until_idle()
            assert [cue.sentence.mood for _, cue in room.screen.cues if isinstance(cue, ClipBegins)][
                -1
            ] == mood

    play(scene)


@pytest.mark.parametrize(
    "wrong",
    [
        '{"name": "get_weather", "arguments": {"city": "Taipei"}}',
        "<think>Mika says hi. I should be nice.",
        "<tool_call>get_weather</tool_call>",
        "The user says hi. I should respond in character.",
    ],
)
def test_a_reply_of_which_nothing_is_an_answer_is_asked_for_again(
    play: Any, says: Callable[..., list[int]], wrong: str
) -> None:
    seeds = says(wrong, GOOD)

    async def scene(room: Room) -> None:
        room.types("hi!", name="Mika")
        await room.until_idle()
        assert room.heard() == [GOOD]
        assert len(seeds) == 2

    play(scene)


REPORTED = (Path(__file__).parent.parent / "data" / "reports" / "model-outputs.jsonl").read_text("utf-8")


@pytest.mark.parametrize("case", [json.loads(line) for line in REPORTED.splitlines()])
def test_of_what_models_are_reported_to_write_only_the_answer_is_heard(
    play: Any, says: Callable[..., list[int]], case: dict[str, str]
) -> None:
    says(case["model"], GOOD)

    async def scene(room: Room) -> None:
        room.types("hello, how are you?", name="Kai")
        await room.until_idle()
        assert room.heard() == [case["heard"] or GOOD]

    play(scene)


def test_a_thought_that_gave_no_sign_is_cut_off_where_it_ends(
    play: Any, says: Callable[..., list[int]]
) -> None:
    thought = "Pizza again, a sermon then. Sermons are long. A joke first."
    says(f"{thought}</think>{GOOD}", f"{thought}</think>{GOOD}")

    async def scene(room: Room) -> None:
        room.types("hi!", name="Mika")
        await room.until_idle()
        assert GOOD in room.heard()[0]
        room.types("and again!", name="Mika")
        await room.until_idle()
        assert room.heard()[1] == GOOD

    play(scene)


# Length

SENTENCES = " ".join(f"This is sentence number {number} of my speech." for number in range(40))
CHINESE = "".join(f"這是我今天要說的第{number}句話。" for number in "一二三四五六七八九十甲乙丙丁戊己庚辛")


@pytest.mark.parametrize(("reply", "speed"), [(SENTENCES, 15.0), (CHINESE, 5.0), (CHINESE, 2.5)])
def test_a_reply_takes_its_time_and_ends_with_a_sentence(
    play: Any, says: Callable[..., list[int]], monkeypatch: pytest.MonkeyPatch, reply: str, speed: float
) -> None:
    says(reply)
    monkeypatch.setattr(ScriptedVoice, "letters_a_second", speed)

    async def scene(room: Room) -> None:
        for number in range(4):  # how fast she speaks is learned
            room.screen.cues.clear()
            room.types(f"how long, {number}?", name=f"viewer {number}")
            await room.until_idle()
        sounds = [cue for _, cue in room.screen.cues if isinstance(cue, ClipSound)]
        seconds = sounds[-1].at - sounds[0].at
        assert 6 < seconds < 14
        assert room.heard()[-1][-1] in ".。"

    play(scene, show={"reply_seconds": 10})


@pytest.mark.parametrize(
    ("reply", "heard"),
    [
        ("I love this song so much. And I also", "I love this song so much."),
        ("So much! I love this song. And then we went home", "So much! I love this song."),
        ("我很喜歡這首歌。而且我覺得它非常非常非常好聽因為它", "我很喜歡這首歌。"),
        ("I never come to an end at all", "I never come to an end at all"),
    ],
)
def test_a_sentence_that_the_model_could_not_end_is_left_out(
    play: Any, says: Callable[..., list[int]], reply: str, heard: str
) -> None:
    says(reply)

    async def scene(room: Room) -> None:
        room.types("hi!")
        await room.until_idle()
        assert room.heard() == [heard]

    play(scene, brain={"max_tokens": 8})


# Slow models


@pytest.mark.parametrize(("reply", "letters"), [(slow_model.ENGLISH, 4), (slow_model.CHINESE, 1)])
@pytest.mark.parametrize("tokens", [4.0, 4.5, 5.0])
def test_a_slow_model_leaves_no_gap_in_her_speech(reply: str, letters: int, tokens: float) -> None:
    for heard in slow_model.measure(reply, tokens=tokens, letters=letters, rounds=2):
        assert heard.longest_gap <= slow_model.NATURAL
        assert heard.began < 6.0
        assert sum(map(len, heard.pieces)) >= 20
        assert reply.replace(" ", "").startswith("".join(heard.pieces).replace(" ", ""))


def test_a_fast_model_is_never_waited_for() -> None:
    delivery = Delivery(Pace(20.0))
    delivery.cut("Well,")
    assert delivery.may_begin
    assert delivery.room == float("inf")
    assert delivery.seconds == 20.0


def test_one_stall_cuts_neither_this_reply_short_nor_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    without = slow_model.measure(slow_model.ENGLISH, tokens=25.0, letters=4, rounds=1)[0].pieces
    replies = count()
    writes = ScriptedBrain.stream

    async def stream(self: ScriptedBrain, prompt: Prompt) -> AsyncGenerator[str, None]:
        stalls = next(replies) == 0
        async with aclosing(writes(self, prompt)) as tokens:
            async for token in tokens:
                yield token
                if stalls:
                    stalls = False
                    await asyncio.sleep(4.0)

    monkeypatch.setattr(ScriptedBrain, "stream", stream)
    for heard in slow_model.measure(slow_model.ENGLISH, tokens=25.0, letters=4, rounds=3):
        assert heard.pieces == without
        assert len(without) > 3


@pytest.mark.parametrize("writing", [2.0, 400.0])
def test_what_she_is_told_to_say_has_no_end_before_its_end(play: Any, writing: float) -> None:
    script = " ".join(["This is a sentence which a moderator wants said."] * 9)

    async def scene(room: Room) -> None:
        room.show.speakers[0].writer.pace.writing = writing  # of the last reply
        room.commands(f"!say {script}")
        await room.until_idle()
        assert room.heard() == [script]

    play(scene, show={"reply_seconds": 5})


def test_a_voice_that_fails_is_no_measure(
    play: Any, says: Callable[..., list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    says("The voice is not well.")

    async def speak(self: ScriptedVoice, utterance: Utterance) -> AsyncGenerator[Sound, None]:
        yield Sound(tone(0.4))
        raise VoiceError("it broke")

    monkeypatch.setattr(ScriptedVoice, "speak", speak)
    monkeypatch.setattr("vtuber.voice.member.FIRST_WAIT", 0.0)  # each sentence breaks off

    async def scene(room: Room) -> None:
        pace = room.show.speakers[0].writer.pace  # nobody tells of it
        before = pace.speaking("a")
        room.types("hi!")
        await room.until_idle()
        assert room.journal("clip")
        assert pace.speaking("a") == before

    play(scene)


async def test_a_chat_has_the_same_output_guard(says: Callable[..., list[int]]) -> None:
    seeds = says("I am not Banban, I am Steve.", f"[happy] {GOOD}")
    mind = Mind(Settings.model_validate({"brain": {"use": "scripted"}}), character.load("banban"))
    await mind.start(lambda _share, _words: None)
    said = [sentence async for sentence in mind.answer(Batch(Pick(message("hi"))), 1)]
    assert "".join(said) == GOOD
    assert len(seeds) == 2


def test_what_was_heard_is_written_as_she_wrote_it() -> None:
    parts = (
        ("", "我愛臭豆", "我愛臭豆"),
        ("", "腐！", "腐！"),
        (" ", "Really,", "Really,"),
        (" ", "I do.", "I"),
    )
    reply = Reply(
        [Spoken(Sentence(1, 0, text, space=space), heard, complete=True) for space, text, heard in parts]
    )
    assert reply.heard == reply.answer == "我愛臭豆腐！ Really, I"


@pytest.mark.parametrize(("pause", "heard"), [(0.0, []), (1.0, ["It has a secret."])])
def test_a_piece_that_may_be_half_of_a_forbidden_one_waits_for_the_next(
    play: Any, monkeypatch: pytest.MonkeyPatch, pause: float, heard: list[str]
) -> None:
    async def stream(_: ScriptedBrain, __: Prompt) -> AsyncGenerator[str, None]:
        yield "It has a secret. E"
        await asyncio.sleep(pause)
        yield "nding is near."

    monkeypatch.setattr(ScriptedBrain, "stream", stream)
    monkeypatch.setattr(Guard, "may_go_on", lambda _, said: said.endswith("secret."))

    async def scene(room: Room) -> None:
        room.types("how does it end?", name="Mika")
        await room.until_idle()
        *said, refusal = [sentence["heard"] for sentence in room.journal("spoken")]
        assert said == heard
        assert refusal in BANBAN.refusals

    play(scene, gate={"words": ["secret ending"]})


def test_however_many_pieces_may_be_half_of_one_the_first_is_not_held_for_longer(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, said = list[str](), list[int]()

    async def stream(_: ScriptedBrain, __: Prompt) -> AsyncGenerator[str, None]:
        for number in ("one", "two", "three", "four", "five", "six"):
            written.append(number)
            yield f"It has {number} secrets. "
            await asyncio.sleep(0.05)

    speak = ScriptedVoice.speak

    def spoken(self: ScriptedVoice, utterance: Utterance) -> AsyncGenerator[Sound | Word, None]:
        said.append(len(written))
        return speak(self, utterance)

    monkeypatch.setattr(ScriptedBrain, "stream", stream)
    monkeypatch.setattr(ScriptedVoice, "speak", spoken)
    monkeypatch.setattr(Guard, "may_go_on", lambda _, __: True)

    async def scene(room: Room) -> None:
        room.types("how does it end?", name="Mika")
        await room.until_idle()
        assert said[0] < len(written) == 6

    play(scene)


def test_what_was_held_is_heard_when_the_model_fails(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def stream(_: ScriptedBrain, __: Prompt) -> AsyncGenerator[str, None]:
        yield "It has a secret. "
        await asyncio.sleep(0.05)
        raise BrainError("the model has died")

    monkeypatch.setattr(ScriptedBrain, "stream", stream)
    monkeypatch.setattr(Guard, "may_go_on", lambda _, said: said.endswith("secret."))

    async def scene(room: Room) -> None:
        room.types("how does it end?", name="Mika")
        await room.until_idle()
        assert room.heard()[0].startswith("It has a secret.")

    play(scene)
