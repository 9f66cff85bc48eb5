"""What no guard should be given: endless texts, every kind of character, lists that are broken. One clear
message says what, where, and what to do; nothing is spoken unjudged, and nothing else is lost."""

from __future__ import annotations

import os
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber import character as characters
from vtuber.config import Settings
from vtuber.core.errors import ConfigError
from vtuber.guard import Action, Door, Passage
from vtuber.guard.guard import MASK, MOST, Guard, Verdict, masked
from vtuber.guard.words.word_files import plain
from vtuber.guard.words.word_list import WordList

BANBAN = characters.load("banban")
DOORS = tuple(Door)
LONG = 100_000


def settings(*files: Path, words: tuple[str, ...] = ("durian", "壞蛋")) -> Settings:
    listed = {"words": {"files": [str(file) for file in files]}}
    return Settings.model_validate({"gate": {"words": words}, "guard": listed})


@pytest.fixture(scope="module")
def guard() -> Guard:
    return Guard(settings(), BANBAN)


# Texts.


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "piece", ["pizza ", "a", "1", "台北市", "🔥", "e\u0301", "f*ck ", "a@b.co ", "\u200b"]
)
def test_a_text_of_a_hundred_thousand_characters_goes_nowhere(guard: Guard, piece: str, door: Door) -> None:
    text = (piece * LONG)[:LONG]
    verdict = guard.judge(text, door)
    assert (verdict.action, verdict.detector) == (Action.REPLACE, "length")
    assert MASK not in verdict.text.strip(MASK + "".join(filter(str.isspace, piece)))
    assert len(verdict.text) == LONG
    assert not guard.glance(text).allowed
    assert guard.judge("hello there", door).allowed, "and the next one is judged as ever"


async def test_nor_is_anybody_asked_about_it(guard: Guard) -> None:
    assert (await guard.judge_closely("pizza " * LONG, Door.SPOKEN)).detector == "length"


def test_no_detector_reads_it(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    class Reader:
        doors = frozenset(Door)

        def detect(self, passage: Passage) -> tuple[()]:
            read.append(len(passage.text) + len(passage.before) + len(passage.asked))
            return ()

    monkeypatch.setitem(guard._detectors, "reader", Reader())
    guard.judge("x" * LONG, Door.MESSAGE)
    assert read == []
    guard.judge("x" * MOST, Door.MESSAGE, before="y" * LONG, asked="z" * LONG)
    assert read
    assert read[0] < 3 * MOST


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("flood", ["show ", "death to ", "dox ", "同性戀", "shit ", "a@b.co ", "1 "])
def test_no_flood_hides_what_comes_last(guard: Guard, flood: str, door: Door) -> None:
    text = f"{flood * (480 // len(flood))} {plain('hate')[0]}"
    assert "built in: hate" in {finding.rule for _, finding in guard.judge(text, door).findings}
    assert not guard.judge(text.replace(plain("hate")[0], "durian"), door).allowed


def of_every_category() -> dict[str, str]:
    """Up to eight characters of each, from the first to the last planes."""
    found: dict[str, list[str]] = {}
    for number in range(sys.maxunicode + 1):
        same = found.setdefault(unicodedata.category(chr(number)), [])
        if len(same) < 8 or number % 9973 == 0:
            same.append(chr(number))
    return {category: "".join(chars) for category, chars in found.items()}


EVERY = of_every_category()


@pytest.mark.parametrize("category", sorted(EVERY))
def test_characters_of_every_category_are_judged(guard: Guard, category: str) -> None:
    for char in EVERY[category]:
        for text in (char, f"so {char} it is", char * 30):
            for door in DOORS:
                assert not any(
                    finding.rule.endswith("failed") for _, finding in guard.judge(text, door).findings
                ), hex(ord(char))
        assert not guard.judge(f"it is durian {char} durian", Door.MESSAGE).allowed
    assert not guard.is_limited


def test_there_are_thirty_categories() -> None:
    assert len(EVERY) == 30


CHARACTERS = (
    st.characters()
    | st.sampled_from("durian壞蛋@.:/-*0123456789 \n\u200b\u202e🔥")
    | st.characters(categories=["Cs", "Cf", "Mn", "Co"])
)
TEXTS = st.text(CHARACTERS, max_size=60)


@given(
    TEXTS,
    TEXTS,
    st.sampled_from(DOORS),
    st.sampled_from(["", "durian", "a@b.com", "evil.com", "0912-345-678"]),
)
def test_any_text_is_judged_and_only_what_was_found_is_masked(
    guard: Guard, before: str, text: str, door: Door, wrong: str
) -> None:
    text = f"{text[:20]} {wrong} {text[20:]}"
    verdict = guard.judge(text, door, before=before, asked=before)
    assert not guard.is_limited
    _is_masked_rightly(text, verdict)
    if wrong in ("durian", "a@b.com"):
        assert not verdict.allowed


def _is_masked_rightly(text: str, verdict: Verdict) -> None:
    assert len(verdict.text) == len(text)
    found: set[int] = set()
    for _, finding in verdict.findings:
        found.update(range(max(0, finding.begin), len(text) if finding.end is None else finding.end))
    for place, (was, now) in enumerate(zip(text, verdict.text, strict=True)):
        assert now == (MASK if place in found and not was.isspace() else was)
    assert verdict.text == masked(text, [finding for _, finding in verdict.findings])


# Lists.


def test_a_large_list_is_read_once_and_looked_through_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "many.txt"
    file.write_text("\n".join(f"zq{number}" for number in range(60_000)), encoding="ascii")
    reads: list[Path] = []
    content = Path.read_bytes

    def noted(path: Path) -> bytes:
        reads.append(path)
        return content(path)

    monkeypatch.setattr(Path, "read_bytes", noted)
    guard = Guard(settings(file), BANBAN)
    assert reads.count(file) == 1
    assert guard.judge("so zq12345!", Door.SPOKEN).rule == "gate.words: zq12345"
    assert guard.glance("so z.q.7").rule == "gate.words: zq7"
    assert guard.may_go_on("I like dur") is guard.may_go_on("this is zq123") is False
    assert guard.judge("hello there", Door.SPOKEN).allowed


def test_a_list_that_was_changed_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("mangosteen", encoding="utf-8")
    assert Guard(settings(file), BANBAN).judge("lychee", Door.SPOKEN).allowed
    file.write_text("lychee", encoding="utf-8")
    os.utime(file, (1, 1))
    assert not Guard(settings(file), BANBAN).judge("lychee", Door.SPOKEN).allowed


BROKEN = {
    "another encoding": ("好\n壞蛋\n".encode("big5"), "not in UTF-8", 1),
    "half a character": ("fine\n壞".encode()[:-1], "not in UTF-8", 2),
    "half of UTF-16": ("fine\n".encode("utf-16")[:-1], "not in UTF-8", 1),
    "a picture": (b"\x89PNG\r\n\x1a\n\xff\xfe\0\0", "not in UTF-8", 1),
    "a pattern": (b"fine\nre:(a+)+$\n", "not a regular expression", 2),
    "a word without end": (b"fine\n" + b"x" * LONG, "no word", 2),
    "signs alone": (b"fine\n\n***\n", "no letter", 3),
    "nothing beside a gap": ("kill …\n".encode(), "words are missing", 1),
    "both": (b"fine\nbad\n- bad\n", "harmless, too", 2),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_list_is_one_message_that_says_where(tmp_path: Path, name: str) -> None:
    content, words, line = BROKEN[name]
    file = tmp_path / "mine.txt"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=words) as refused:
        Guard(settings(file), BANBAN)
    assert f"{file}:{line}" in refused.value.where
    assert refused.value.hint
    assert len(str(refused.value).splitlines()) <= 3
    assert len(str(refused.value)) < 500


def test_a_folder_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read the list") as refused:
        Guard(settings(tmp_path), BANBAN)
    assert refused.value.where == str(tmp_path)


def test_lists_that_contradict_config_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("- durian\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="'durian'") as refused:
        Guard(settings(file), BANBAN)
    assert refused.value.where == f"gate.words[0] and {file}:1"


def test_an_empty_list_finds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    for content in (b"", b"\xef\xbb\xbf", b"# nothing\n\n", b"\r\n\r\n"):
        file.write_bytes(content)
        assert WordList.of_streamer((), (str(file),)).find("anything") == []
