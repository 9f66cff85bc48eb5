"""The stage's timeline, in simulated time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rehearsal_room import Room, Screen
from stage_props import Maker, Recorder, simulated, tone

from vtuber.core import sound
from vtuber.core.clock import now
from vtuber.core.errors import VoiceError
from vtuber.core.events import Clip, Sentence, Sound, Spoken, Word
from vtuber.stage.cues import (
    ClipBegins,
    ClipEnds,
    ClipSound,
    ClipWord,
    Cue,
    Heard,
    Hushed,
    Rested,
    Thinking,
    Withdrawn,
)
from vtuber.stage.playhead import INSIDE
from vtuber.stage.stage import AHEAD, LEAD, Stage
from vtuber.stage.timeline import ClipTimeline

PIZZA = ("Pineapple", "belongs", "on", "pizza.")


def ends(cue: ClipSound) -> float:
    return cue.at + sound.seconds(cue.pcm)


def test_clips_follow_one_another_without_a_gap() -> None:
    async def main() -> None:
        screen = Recorder()
        stage = Stage([screen])
        start = now()
        first, second = await asyncio.gather(
            stage.play(Maker(PIZZA).clip(index=0)), stage.play(Maker(PIZZA).clip(index=1))
        )
        sounds = screen.all(ClipSound)
        assert sounds[0].at == pytest.approx(start + LEAD)
        assert all(ends(before) == after.at for before, after in pairwise(sounds))
        assert first == Spoken(
            first.sentence,
            "Pineapple belongs on pizza.",
            complete=True,
            began=start + LEAD,
            ended=second.began,
        )
        assert second.began == pytest.approx(start + LEAD + 2)
        assert now() == pytest.approx(start + LEAD + 4)

    simulated(main)


def test_sound_is_sent_before_it_is_heard_but_not_long_before() -> None:
    async def main() -> None:
        screen = Recorder()
        maker = Maker(["la"] * 30, each=1.5)
        await Stage([screen]).play(maker.clip())
        early = [cue.at - at for at, cue in screen.cues if isinstance(cue, ClipSound)]
        assert min(early) >= LEAD - 1e-9
        assert 2 < max(early) <= AHEAD + 1e-9
        assert max(len(cue.pcm) for cue in screen.all(ClipSound)) <= sound.RATE * sound.SAMPLE_BYTES
        assert sum(sound.seconds(cue.pcm) for cue in screen.all(ClipSound)) == pytest.approx(45)

    simulated(main)


def test_a_screen_is_sent_everything_in_order() -> None:
    async def main() -> None:
        screen = Recorder()
        stage = Stage([screen])
        stage.thinking("viewer", "hello?", "twitch")
        await stage.play(Maker(["Hi."]).clip(mood="happy"))
        stage.rest()
        kinds = [type(cue) for _, cue in screen.cues]
        assert kinds == [Thinking, ClipBegins, ClipWord, ClipSound, ClipEnds, Heard, Rested]
        [begins], [words] = screen.all(ClipBegins), screen.all(ClipWord)
        [sent], [ended] = screen.all(ClipSound), screen.all(ClipEnds)
        assert begins.at == sent.at
        assert ended.at == ends(sent)
        assert begins.sentence.mood == "happy"
        assert words.word == Word("Hi.", 0.0, 0.5)
        assert len(sent.mouth) == len(sent.shapes) == 25
        assert max(sent.mouth) == 1.0

    simulated(main)


def test_the_order_is_that_of_the_calls_however_slow_the_first_is() -> None:
    async def main() -> None:
        screen = Recorder()
        stage = Stage([screen])
        await asyncio.gather(
            stage.play(Maker(["slow"], pause=3).clip(index=0)), stage.play(Maker(["quick"]).clip(index=1))
        )
        assert [cue.sentence.index for cue in screen.all(ClipBegins)] == [0, 1]
        assert [cue.clip for cue in screen.all(ClipSound)] == [1, 2]

    simulated(main)


def test_sound_that_comes_late_moves_all_that_follows() -> None:
    async def main() -> None:
        screen = Recorder()
        stage = Stage([screen])
        spoken = await stage.play(Maker(["one", "two"], each=0.5, pause=2.0).clip())
        first, second = screen.all(ClipSound)
        assert second.at == pytest.approx(ends(first) + 1.5)
        assert spoken.complete
        assert now() == pytest.approx(ends(second))

    simulated(main)


def test_what_is_taken_back_is_silent_at_once() -> None:
    async def main() -> None:
        screen = Recorder()
        stage = Stage([screen])
        play = asyncio.create_task(stage.play(Maker(PIZZA).clip(turn=2)))
        await asyncio.sleep(0.8)
        assert stage.is_heard(2)
        assert not stage.is_heard(1)
        stage.withdraw(2)
        assert [type(cue) for _, cue in screen.cues[-2:]] == [Hushed, Withdrawn]
        assert stage.remaining() == 0
        assert not stage.is_heard(2)
        assert (await play).heard == "Pineapple belongs"

    simulated(main)


def test_what_is_taken_back_unheard_leaves_another_reply_alone() -> None:
    async def main() -> None:
        screen = Recorder()
        stage = Stage([screen])
        heard = asyncio.create_task(stage.play(Maker(PIZZA).clip(turn=1)))
        waiting = [
            asyncio.create_task(stage.play(Maker(PIZZA, pause=9).clip(turn=2, index=index)))
            for index in range(2)
        ]
        await asyncio.sleep(0.8)
        stage.withdraw(2)
        await asyncio.sleep(0)
        for play in waiting:
            assert (await play).heard == ""
        assert now() == pytest.approx(0.8)
        assert (await heard).heard == "Pineapple belongs on pizza."
        assert screen.all(Withdrawn) == [Withdrawn(2)]
        assert not screen.all(Hushed)
        assert (await stage.play(Maker(["Next."]).clip(turn=3))).heard == "Next."

    simulated(main)


def test_what_may_be_finished_is_heard_to_its_end() -> None:
    async def main() -> None:
        screen = Recorder()
        stage = Stage([screen])
        play = asyncio.create_task(stage.play(Maker(PIZZA).clip(turn=1)))
        await asyncio.sleep(0.8)
        stage.withdraw(1, finish=True)
        assert (await play).complete
        assert screen.all(Withdrawn) == [Withdrawn(1, finish=True)]
        assert not screen.all(Hushed)

    simulated(main)


@pytest.mark.parametrize(("after", "heard"), [(0.6, "Pineapple belongs"), (0.02, ""), (0.3, "Pineapple")])
def test_a_hush_keeps_what_was_heard(after: float, heard: str) -> None:
    async def main() -> None:
        screen = Recorder()
        stage = Stage([screen])
        makers = [Maker(PIZZA), Maker(PIZZA), Maker(PIZZA, pause=0.1)]
        plays = [
            asyncio.create_task(stage.play(maker.clip(index=index))) for index, maker in enumerate(makers)
        ]
        await asyncio.sleep(after)
        stage.hush()
        hushed_at = now()
        first, second, third = await asyncio.gather(*plays)
        assert now() == hushed_at
        assert (first.heard, first.complete) == (heard, False)
        assert (first.began is None) == (heard == "")
        assert (second.heard, second.began, third.heard, third.began) == ("", None, "", None)
        assert stage.remaining() == 0
        await asyncio.sleep(5)
        assert isinstance(screen.cues[-1][1], Hushed)
        assert all(maker.closed for maker in makers if maker.made)

    simulated(main)


def test_a_hush_stops_a_voice_that_is_still_at_work() -> None:
    async def main() -> None:
        stage = Stage()
        maker = Maker(PIZZA, pause=60)
        play = asyncio.create_task(stage.play(maker.clip()))
        await asyncio.sleep(1)
        stage.hush()
        assert (await play).began is None
        assert maker.closed
        assert now() < 2

    simulated(main)


def test_she_speaks_again_right_after_a_hush() -> None:
    async def main() -> None:
        screen = Recorder()
        stage = Stage([screen])
        cut = asyncio.create_task(stage.play(Maker(PIZZA).clip()))
        await asyncio.sleep(0.1)
        stage.hush()
        start = now()
        spoken = await stage.play(Maker(["Sorry!"]).clip(turn=2))
        assert spoken.complete
        assert spoken.began == pytest.approx(start + LEAD)
        assert not (await cut).complete

    simulated(main)


def test_cancelling_is_a_hush() -> None:
    async def main() -> None:
        screen = Recorder()
        stage = Stage([screen])
        play = asyncio.create_task(stage.play(Maker(PIZZA).clip()))
        await asyncio.sleep(0.7)
        play.cancel()
        with pytest.raises(asyncio.CancelledError):
            await play
        assert len(screen.all(Hushed)) == 1

    simulated(main)


def test_cancelling_a_clip_that_has_not_begun_leaves_the_others() -> None:
    async def main() -> None:
        screen = Recorder()
        stage = Stage([screen])
        first = asyncio.create_task(stage.play(Maker(PIZZA, pause=0.1).clip()))
        second = asyncio.create_task(stage.play(Maker(PIZZA).clip(index=1)))
        await asyncio.sleep(0.05)
        second.cancel()
        assert (await first).complete
        assert not screen.all(Hushed)

    simulated(main)


def test_a_voice_that_fails_leaves_what_was_said(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        stage = Stage()
        failing = Maker(["Half", "of"], error=VoiceError("no more sound\x1b[2J"))
        first, second = await asyncio.gather(
            stage.play(failing.clip(text="Half of it.")), stage.play(Maker(["Next."]).clip(index=1))
        )
        assert (first.heard, first.complete) == ("Half of", False)
        assert second.began == pytest.approx(LEAD + 1.0)

    simulated(main)
    assert "no more sound\\x1b[2J" in caplog.text


def test_of_a_voice_that_breaks_off_only_what_was_heard_counts() -> None:
    """Also when its words came before their sound."""

    async def main() -> None:
        async def chunks() -> AsyncIterator[Sound | Word]:
            for index, word in enumerate(PIZZA):
                yield Word(word, index * 0.5, index * 0.5 + 0.5)
            yield Sound(tone(0.7))
            raise VoiceError("no more sound")

        screen = Recorder()
        spoken = await Stage([screen]).play(Clip(Sentence(1, 0, " ".join(PIZZA)), chunks()))
        assert (spoken.heard, spoken.complete) == ("Pineapple belongs", False)
        assert screen.all(Heard)[-1].text == "Pineapple belongs"
        assert screen.all(ClipEnds)[0].at == pytest.approx(LEAD + 0.7)
        assert now() == pytest.approx(LEAD + 0.7)

    simulated(main)


def test_of_a_voice_that_breaks_off_at_once_nothing_was_heard() -> None:
    async def main() -> None:
        screen = Recorder()
        maker = Maker([], error=VoiceError("no sound"))
        spoken = await Stage([screen]).play(maker.clip(text="Hello."))
        assert (spoken.heard, spoken.complete, spoken.began) == ("", False, None)
        assert not screen.cues

    simulated(main)


def test_any_other_failure_is_raised_after_what_was_said() -> None:
    async def main() -> None:
        stage = Stage()
        with pytest.raises(ZeroDivisionError):
            await stage.play(Maker(["Half", "of"], error=ZeroDivisionError()).clip())
        assert now() == pytest.approx(LEAD + 1.0)
        assert (await stage.play(Maker(["Next."]).clip(index=1))).complete

    simulated(main)


def test_a_broken_screen_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Recorder):
        def show(self, cue: Cue) -> None:
            raise OSError("no screen")

    async def main() -> None:
        good = Recorder()
        assert (await Stage([Broken(), good]).play(Maker(PIZZA).clip())).complete
        assert len(good.all(ClipSound)) == 4

    with caplog.at_level(logging.ERROR):
        simulated(main)
    assert len(caplog.records) == 1


def test_quiet_waits_until_she_is_nearly_done() -> None:
    async def main() -> None:
        stage = Stage()
        play = asyncio.create_task(stage.play(Maker(PIZZA).clip()))
        await asyncio.sleep(0.01)
        assert stage.remaining() == pytest.approx(2.0 + LEAD - 0.01)
        await stage.quiet(0.5)
        assert now() == pytest.approx(1.5 + LEAD)
        await stage.quiet()
        assert now() == pytest.approx(2.0 + LEAD)
        await play

    simulated(main)


def test_quiet_ends_with_a_hush() -> None:
    async def main() -> None:
        stage = Stage()
        play = asyncio.create_task(stage.play(Maker(PIZZA).clip()))
        asyncio.get_running_loop().call_later(0.3, stage.hush)
        await asyncio.sleep(0.01)
        await stage.quiet()
        assert now() == pytest.approx(0.3)
        await play

    simulated(main)


@pytest.mark.parametrize(
    ("text", "words", "heard"),
    [
        ("Hi there, you!", ["Hi", "there,", "you!"], "Hi there,"),
        ("鳳梨披薩是神聖的。", ["鳳梨", "披薩", "是神聖的。"], "鳳梨披薩"),
        ("It costs $5.", ["It", "costs", "five dollars."], "It costs"),
        ("$5 each.", ["five", "dollars", "each."], "five dollars"),
        ("五元", ["5", "元", "整"], "5元"),
        ("Hi", ["Hi", "there,", "you!"], "Hi there,"),
    ],
)
def test_what_was_heard_reads_as_the_sentence_does(text: str, words: list[str], heard: str) -> None:
    clip = ClipTimeline(1, Sentence(1, 0, text))
    for index, word in enumerate(words):
        clip.add_word(Word(word, index, index + 1))
    clip.add_sound(10.0, 3.0)
    assert clip.heard(9.0) == ""
    assert clip.heard(11.5) == heard


class Subtitles(Screen):
    """An outsider's screen: what is heard, as text."""

    def __init__(self) -> None:
        super().__init__()
        self.sentences: dict[int, str] = {}

    def show(self, cue: Cue) -> None:
        if isinstance(cue, Heard):
            self.sentences[cue.clip] = cue.text


@pytest.mark.parametrize("hush_after", [None, 0.8])
def test_a_second_screen_shows_what_was_heard(play: Callable[..., None], hush_after: float | None) -> None:
    subtitles = Subtitles()

    async def scene(room: Room) -> None:
        room.types("hello?")
        await room.until_speaking()
        if hush_after is not None:
            await asyncio.sleep(hush_after)
            room.commands("!hush")
        await room.until_idle()
        assert " ".join(subtitles.sentences.values()) == room.heard()[-1]

    play(scene, reply="This is all that there is to say.", screens=[subtitles])
    assert subtitles.sentences


def test_a_word_is_sent_when_it_is_heard_whatever_the_pauses() -> None:
    async def main() -> None:
        screen = Recorder()
        stage = Stage([screen])
        await stage.play(Maker(["one", "two"], each=0.5, pause=2.0).clip())
        sounds = screen.all(ClipSound)
        heard = [(at, cue.text) for at, cue in screen.cues if isinstance(cue, Heard)]
        assert [text for _, text in heard] == ["one", "one two"]
        for (at, _), played in zip(heard, sounds, strict=True):
            assert played.at < at < played.at + 0.01

    simulated(main)


def test_a_word_that_has_just_begun_when_a_hush_comes_was_sent() -> None:
    async def main() -> None:
        screen = Recorder()
        stage = Stage([screen])
        play = asyncio.create_task(stage.play(Maker(PIZZA).clip()))
        await asyncio.sleep(LEAD + 0.5005)
        stage.hush()
        assert (await play).heard == screen.all(Heard)[-1].text == "Pineapple belongs"
        assert isinstance(screen.cues[-1][1], Hushed)

    simulated(main)


def test_words_that_come_before_their_sound_are_sent_one_by_one() -> None:
    async def main() -> None:
        async def chunks() -> AsyncIterator[Sound | Word]:
            for index, word in enumerate(PIZZA):
                yield Word(word, index * 0.5, index * 0.5 + 0.5)
            yield Sound(tone(0.7))
            yield Sound(tone(1.3))

        screen = Recorder()
        await Stage([screen]).play(Clip(Sentence(1, 0, " ".join(PIZZA)), chunks()))
        heard = [(at, cue.text) for at, cue in screen.cues if isinstance(cue, Heard)]
        for index, (at, text) in enumerate(heard):
            assert text == " ".join(PIZZA[: index + 1])
            assert at == pytest.approx(LEAD + index * 0.5 + INSIDE)
        assert len(heard) == 4
        assert [cue.offset for cue in screen.all(ClipSound)] == pytest.approx([0.0, 0.7, 1.7])

    simulated(main)


def test_what_is_sent_ahead_delays_no_word_of_what_is_heard_now() -> None:
    async def main() -> None:
        screen = Recorder()
        stage = Stage([screen])
        await asyncio.gather(*(stage.play(Maker(PIZZA).clip(index=index)) for index in range(2)))
        heard = [(at, cue.clip) for at, cue in screen.cues if isinstance(cue, Heard) and cue.text]
        assert [clip for _, clip in heard] == [1] * 4 + [2] * 4
        for index, (at, _) in enumerate(heard):
            assert at == pytest.approx(LEAD + index * 0.5 + INSIDE)

    simulated(main)


def test_sound_without_words_is_heard_too() -> None:
    async def main() -> None:
        async def hum() -> AsyncIterator[Sound]:
            yield Sound(bytes(48_000))

        screen = Recorder()
        await Stage([screen]).play(Clip(Sentence(3, 0, "Hm.", speaker="ann"), hum()))
        assert screen.all(Heard) == [Heard(1, 3, "", "ann")]

    simulated(main)


@given(
    words=st.lists(st.text("abc是", min_size=1, max_size=6), min_size=1, max_size=8),
    pauses=st.floats(0, 1),
    until=st.floats(0.01, 9),
    breaks=st.booleans(),
)
def test_what_was_sent_last_is_what_was_heard(
    words: list[str], pauses: float, until: float, *, breaks: bool
) -> None:
    async def main() -> None:
        screen = Recorder()
        stage = Stage([screen])
        maker = Maker(words, each=0.3, pause=pauses, error=VoiceError("gone") if breaks else None)
        play = asyncio.create_task(stage.play(maker.clip()))
        await asyncio.sleep(until)
        stage.hush()
        spoken = await play
        await asyncio.sleep(9)
        sent = [cue.text for cue in screen.all(Heard)]
        assert (sent or [""])[-1] == spoken.heard

    simulated(main)


@given(
    st.lists(st.text("abc是 \n", min_size=1, max_size=6), min_size=1, max_size=8),
    st.floats(0, 1),
    st.floats(0, 9),
)
def test_more_time_never_takes_a_word_back(words: list[str], gap: float, time: float) -> None:
    clip = ClipTimeline(1, Sentence(1, 0, " ".join(words)))
    at = 0.0
    for index, word in enumerate(words):
        clip.add_word(Word(word, index * 0.5, index * 0.5 + 0.5))
        clip.add_sound(at, 0.5)
        at += 0.5 + gap
    assert clip.heard(time + 0.2).startswith(clip.heard(time))
    assert clip.heard(100).split() == " ".join(words).split()


def test_nothing_at_all_is_complete_at_once() -> None:
    async def main() -> None:
        spoken = await Stage().play(Maker([]).clip(text="…"))
        assert spoken == Spoken(Sentence(1, 0, "…"), "…", complete=True)

    simulated(main)


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        ([("I", 0.0), ("love", 0.5)], "I love"),  # it ends before the sentence does
        ([("I", 0.0), ("love", 0.5), ("pizza.", 5.0)], "I love"),  # it tells of more than it says
        ([("I", 0.0), ("love", 0.5), ("pizza", 0.9)], "I love pizza."),
        ([("Aye", 0.0), ("luv", 0.5)], "I love pizza."),  # in other words
        ([], "I love pizza."),
    ],
)
def test_a_voice_that_just_ends_is_heard_as_far_as_it_came(
    words: list[tuple[str, float]], heard: str
) -> None:
    async def chunks() -> AsyncGenerator[Sound | Word, None]:
        for text, start in words:
            yield Word(text, start, start + 0.4)
        yield Sound(sound.silence(1.0))

    async def main() -> None:
        spoken = await Stage().play(Clip(Sentence(1, 0, "I love pizza."), chunks()))
        assert spoken.heard == heard
        assert spoken.complete == (heard == "I love pizza.")

    simulated(main)
