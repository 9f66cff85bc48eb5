"""What OBS is to show after each cue."""

from __future__ import annotations

from vtuber.core.events import Sentence
from vtuber.stage.cues import ClipBegins, Cue, Heard, Hushed, Rested, Withdrawn
from vtuber.stage.obs.changes import Watcher
from vtuber.stage.obs.picture import Picture


def shown(*cues: Cue) -> tuple[str, bool]:
    """The caption after the cues, and whether it is the scene for speaking."""
    picture, watcher = Picture(), Watcher()
    for cue in cues:
        picture = picture.after(cue)
        watcher.take(cue)
    return picture.caption, watcher.doing == "speaking"


def test_the_caption_is_what_was_heard() -> None:
    assert shown(ClipBegins(1, Sentence(1, 0, "One."), 1.0)) == ("", False)
    assert shown(Heard(1, 1, "")) == ("", True)
    assert shown(Heard(1, 1, ""), Heard(1, 1, "One"), Heard(1, 1, "One word.")) == ("One word.", True)


def test_a_sentence_stays_until_a_word_of_the_next_is_heard() -> None:
    assert shown(Heard(1, 1, "One."), Heard(2, 1, "")) == ("One.", True)
    assert shown(Heard(1, 1, "One."), Heard(2, 1, ""), Heard(2, 1, "Two.")) == ("Two.", True)


def test_a_rest_and_a_hush_leave_nothing() -> None:
    assert shown(Heard(1, 1, "One."), Rested()) == ("", False)
    assert shown(Heard(1, 1, "One."), Hushed()) == ("", False)


def test_one_speakers_rest_leaves_the_other_alone() -> None:
    assert shown(Heard(1, 1, "One.", "ann"), Rested("bob")) == ("One.", True)
    assert shown(Heard(1, 1, "One.", "ann"), Rested("ann")) == ("", False)


def test_what_was_taken_back_is_read_no_more() -> None:
    assert shown(Heard(1, 1, "One."), Withdrawn(1)) == ("", False)
    assert shown(Heard(1, 1, "One."), Heard(2, 2, ""), Withdrawn(2)) == ("", False)


def test_what_was_taken_back_before_it_was_heard_leaves_the_reply_before_it() -> None:
    assert shown(Heard(1, 1, "One."), Withdrawn(2)) == ("One.", True)


def test_what_may_be_finished_can_be_read() -> None:
    assert shown(Heard(1, 1, "One"), Withdrawn(1, finish=True)) == ("One", True)
