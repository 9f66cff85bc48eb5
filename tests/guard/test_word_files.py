"""Lists of words in files: what a line may be, and what is wrong with a file, said clearly."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from vtuber import character as characters
from vtuber.config import Settings
from vtuber.core.errors import ConfigError
from vtuber.guard import Action, Door, Finding, Passage
from vtuber.guard.detectors.words import Words
from vtuber.guard.words.word_files import own, parse
from vtuber.guard.words.word_list import WordList


def words(**options: object) -> Words:
    settings = Settings.model_validate({"gate": {"words": ["durian"]}, "guard": {"words": options}})
    return Words(settings, characters.load("banban"))


def findings(detector: Words, text: str, door: Door, before: str = "") -> list[Finding]:
    return list(detector.detect(Passage(text, door, before=before)))


def test_a_line_is_a_word_with_its_signs() -> None:
    assert parse("bad").parts == ("bad",)
    assert parse("~壞蛋").by_sound
    assert parse("~壞蛋").text == "壞蛋"
    assert parse("- not bad").harmless
    assert parse("kill … yourself").parts == parse("kill ... yourself").parts == ("kill", "yourself")


@pytest.mark.parametrize("line", ["re:b.d", "…", "kill …", "!!!", "- ", "x" * 201])
def test_a_line_that_is_no_word_is_refused_with_its_place(line: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text(f"# mine\n\nbad\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        own((), [str(file)])
    assert refused.value.where == f"{file}:4"
    assert refused.value.hint


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_may_be_written_by_an_editor_of_windows(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("壞蛋\r\nbad\r\n", encoding=encoding)
    assert [entry.text for entry in own(["durian"], [str(file)])] == ["durian", "壞蛋", "bad"]


@pytest.mark.parametrize("encoding", ["big5", "gb18030"])
def test_a_file_in_another_encoding_is_refused(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("bad\n\n壞蛋\n", encoding=encoding)
    with pytest.raises(ConfigError, match="UTF-8") as refused:
        own((), [str(file)])
    assert refused.value.where == f"{file}:3"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        words(files=[str(tmp_path / "none.txt")])
    assert refused.value.where == str(tmp_path / "none.txt")


def test_lists_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("Bad\n", encoding="utf-8")
    (tmp_path / "two.txt").write_text("fine\n- bad\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="'Bad' is listed, and listed as harmless") as refused:
        own((), [str(tmp_path / "one.txt"), str(tmp_path / "two.txt")])
    assert refused.value.where == f"{tmp_path / 'one.txt'}:1 and {tmp_path / 'two.txt'}:2"


def test_a_streamer_may_allow_a_built_in_word(tmp_path: Path) -> None:
    assert findings(words(), "oh shit", Door.SPOKEN)
    (tmp_path / "mine.txt").write_text("- shit\n", encoding="utf-8")
    assert not findings(words(files=[str(tmp_path / "mine.txt")]), "oh shit", Door.SPOKEN)


def test_each_list_may_have_its_action() -> None:
    detector = words(policies={"rude": "soften", "own": "block"})
    assert [one.action for one in findings(detector, "oh shit, durian", Door.SPOKEN)] == [
        Action.SOFTEN,
        Action.BLOCK,
    ]
    assert findings(words(policies={"own": "speak"}), "durian", Door.SPOKEN) == []


def test_chat_may_be_rude_and_she_may_not() -> None:
    for door, found in (
        (Door.MESSAGE, 0),
        (Door.PROMPT, 0),
        (Door.SPOKEN, 1),
        (Door.SHOWN, 1),
        (Door.NAME, 1),
    ):
        assert len(findings(words(), "shit", door)) == found, door


def test_what_is_split_over_two_lines_is_found_in_the_second() -> None:
    (one,) = findings(words(), "ian, yes", Door.SPOKEN, before="I like dur ")
    assert (one.begin, one.end) == (0, 3)
    assert findings(words(), "yes", Door.SPOKEN, before="I like durian. ") == []


def test_a_million_words_are_read_and_found(tmp_path: Path) -> None:
    file = tmp_path / "many.txt"
    letters = "bdfghjklmn"
    file.write_text(
        "\n".join("q" + "".join(one) for one in itertools.product(letters, repeat=6)),
        encoding="ascii",
    )
    listed = WordList(own((), [str(file)]))
    assert [one.word for one in listed.find("so q.N.N.N.N.N.N it is")] == ["qnnnnnn"]
    assert listed.find("nothing of that here, and nothing there") == []


def test_a_very_long_text_is_searched_once() -> None:
    listed = WordList(["bad", "*as*", "壞蛋", "~自殺", "kill … yourself"])
    for piece in ("a", "as ", "s.", "壞", "黑!", "kill ", "1", "|", "ㄓ", "a b ", "🔥"):
        assert len(listed.find(piece * (100_000 // len(piece)))) <= 100_000
