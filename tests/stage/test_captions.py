"""Captions follow the sound, not the moment at which they were told."""

from __future__ import annotations

from vtuber.core import sound
from vtuber.core.events import Sentence, Word
from vtuber.stage.cues import ClipBegins, ClipEnds, ClipSound, ClipWord, Cue, Hushed, Rested, Withdrawn
from vtuber.stage.obs.captions import MOST_CLIPS, MOST_WORDS, Captions


def silence(clip: int, at: float, seconds: float) -> ClipSound:
    return ClipSound(clip, bytes(round(seconds * sound.RATE) * sound.SAMPLE_BYTES), [], at)


def clip(number: int, text: str, at: float, *, word: float = 0.5, turn: int = 1) -> list[Cue]:
    """A clip with a word every ``word`` seconds."""
    words = text.split()
    cues: list[Cue] = [ClipBegins(number, Sentence(turn, number, text), at)]
    cues += [
        ClipWord(number, Word(spelling, index * word, (index + 1) * word))
        for index, spelling in enumerate(words)
    ]
    return [*cues, silence(number, at, len(words) * word), ClipEnds(number, at + len(words) * word)]


def told(*cues: Cue) -> Captions:
    captions = Captions()
    for cue in cues:
        captions.take(cue, 0.0)
    return captions


def test_a_word_is_shown_when_it_is_heard() -> None:
    captions = told(*clip(1, "Three words here.", 10.0))
    assert [captions.text(at) for at in (9.9, 10.1, 10.4, 10.6, 11.1, 12.0)] == [
        "",
        "Three",
        "Three",
        "Three words",
        "Three words here.",
        "Three words here.",
    ]


def test_a_sentence_stays_until_the_next_one_is_heard() -> None:
    captions = told(*clip(1, "One.", 10.0), *clip(2, "Two.", 11.0))
    assert [captions.text(at) for at in (10.1, 10.9, 11.1)] == ["One.", "One.", "Two."]


def test_sound_that_comes_late_holds_up_its_words() -> None:
    begins, first, second, _, _ = clip(1, "Late word.", 10.0)
    captions = told(begins, first, second, silence(1, 10.0, 0.4), silence(1, 13.0, 0.6))
    assert captions.text(13.05) == "Late"
    assert captions.text(13.15) == "Late word."


def test_she_speaks_from_the_first_sound_to_the_rest() -> None:
    captions = told(*clip(1, "Now.", 10.0))
    assert [captions.speaking(at) for at in (9.9, 10.1, 20.0)] == [False, True, True]
    captions.take(Rested(), 20.0)
    assert not captions.speaking(20.0)
    assert captions.text(20.0) == ""


def test_a_rest_leaves_the_reply_that_comes_next() -> None:
    captions = told(*clip(1, "Old.", 10.0), *clip(2, "New.", 10.5))
    captions.take(Rested(), 10.5)
    assert captions.text(10.5) == ""
    assert captions.text(10.6) == "New."


def test_a_hush_leaves_nothing_and_words_that_come_after_it_are_void() -> None:
    captions = told(*clip(1, "Old.", 10.0), Hushed(), ClipWord(1, Word("Late", 0.0, 1.0)), Rested())
    assert captions.text(10.6) == ""
    assert not captions.speaking(10.6)
    assert not captions.changing(0.0)


def test_what_was_taken_back_is_read_no_more_nor_what_came_before_it() -> None:
    captions = told(*clip(1, "One.", 10.0), *clip(2, "Two.", 10.5, turn=2), *clip(3, "Three.", 12.0, turn=3))
    captions.take(Withdrawn(2), 11.5)
    assert captions.text(11.5) == ""
    assert captions.text(12.1) == "Three."


def test_a_reply_taken_back_before_it_began_leaves_the_one_before_it() -> None:
    captions = told(*clip(1, "One.", 10.0))
    captions.take(Withdrawn(2), 10.1)
    assert captions.text(10.1) == "One."


def test_what_may_be_finished_can_be_read() -> None:
    captions = told(*clip(1, "One more.", 10.0))
    captions.take(Withdrawn(1, finish=True), 10.1)
    assert captions.text(10.6) == "One more."


def test_time_changes_nothing_once_all_is_heard() -> None:
    captions = told(*clip(1, "One.", 10.0))
    assert captions.changing(9.0)
    assert not captions.changing(10.5)


def test_it_keeps_a_bounded_number_of_clips_and_words() -> None:
    captions = Captions()
    for number in range(10_000):
        captions.take(ClipBegins(number, Sentence(1, number, "x"), 0.0), 0.0)
        captions.take(ClipWord(9_999, Word("x", 0.0, 0.1)), 0.0)
    for _ in range(10_000):
        captions.take(ClipWord(9_999, Word("x", 0.0, 0.1)), 0.0)
    assert len(captions._lines) == MOST_CLIPS
    assert len(captions._lines[9_999].track.words) == MOST_WORDS
