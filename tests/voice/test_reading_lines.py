"""Hard lines are read as people read them, the streamer's own words as she wants, and no text runs away."""

from __future__ import annotations

import pytest

from benchmarks.reading import LINES, Case, cases
from vtuber.config.voice import Voice
from vtuber.voice.reading import Reader, language_of
from vtuber.voice.speech import captions

READER = Reader()
HARD = [case for file in sorted(LINES.glob("*.tsv")) for case in cases(file)]


@pytest.mark.parametrize("case", HARD, ids=[case.written for case in HARD])
def test_a_hard_line_is_read_as_people_read_it(case: Case) -> None:
    """One that is marked as missed is not: the mark goes when it is."""
    assert case.fits(READER.read(case.written, case.language).said) != case.missed


def test_three_hundred_hard_lines_are_read_right() -> None:
    assert sum(not case.missed for case in HARD) >= 300


# The streamer's own pronunciations


def own(table: dict[str, str], text: str) -> str:
    return Reader(Voice(pronunciations=table)).read(text).said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Kaede is here, KAEDE!", "Kah-eh-deh is here, Kah-eh-deh!"),
        ("Kaedes and xKaede", "Kaedes and xKaede"),
        ("我是Kaede啦", "我是Kah-eh-deh啦"),
        ("板板好棒", "版版好棒"),
        ("3D is nice", "three dimensions is nice"),
        ("(a+)+$ and .* here", "a plus and all here"),
    ],
)
def test_a_word_of_the_table_is_said_as_it_says(text: str, said: str) -> None:
    table = {"Kaede": "Kah-eh-deh", "板板": "版版", "板": "X", "3D": "three dimensions"}
    assert own(table | {"(a+)+$": "a plus", ".*": "all"}, text) == said


def test_a_table_that_looks_like_a_catastrophic_pattern_is_words() -> None:
    table = {"(a+)+$": "x", "(.*)*b": "y", "a" * 90: "z"}
    assert own(table, "a" * 89 + " ok") == "aaa ok"
    assert own(table, "a" * 20_000 + "!") != ""


def test_a_table_has_a_longest_word_first_and_may_silence() -> None:
    assert own({"New York": "NY city", "New": "Nu", "hush": ""}, "New York, New hush") == "NY city, Nu"


# Emoji and emotes


@pytest.mark.parametrize(
    ("text", "silent", "named"),
    [
        ("Hi 🎉🎉 there", "Hi there", "Hi party popper there"),
        ("早安☀️", "早安", "早安 太陽"),
        ("🎉", "", "party popper"),
        ("ok :kekw: 👨‍👩‍👧", "ok", "ok family man woman girl"),
    ],
)
def test_emoji_are_left_out_or_named(text: str, silent: str, named: str) -> None:
    assert READER.read(text).said == silent
    assert Reader(Voice(emoji="named")).read(text).said == named


# Captions


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Dec. 24 is 3.5 km", ["December twenty-fourth", "", "is", "three point five kilometers", ""]),
        ("我有2個🎉", ["我", "有", "兩", "個"]),
        ("see https://a.bc/d now", ["see", "the link", "now"]),
        ("so $1 + 2$ ok", ["so", "one plus two", "", "", "ok"]),
    ],
)
def test_each_word_of_the_caption_has_its_part(text: str, said: list[str]) -> None:
    assert READER.read(text).by_word(captions.split(text)) == said


@pytest.mark.parametrize(
    ("text", "language"),
    [("hello", "en"), ("你好 OK", "zh"), ("I love 板板 so much, really", "en"), ("こんにちは世界", "ja")],
)
def test_the_script_tells_the_language_of_numbers(text: str, language: str) -> None:
    assert language_of(text) == language


def test_the_callers_language_counts_more() -> None:
    assert READER.read("20:30", "zh-TW").said == "二十點半"
    assert READER.read("3", "ja").said == "3"
    assert READER.read("666!", usual="zh-TW").said == "六六六!"
    assert READER.read("OK 6", usual="zh-TW").said == "OK six"


# Bad input

JUNK = [
    "a",
    "好",
    "1",
    "1,",
    "0-",
    "a@",
    "🎉",
    "\x00",
    "$",
    "$a",
    "[(",
    "(´",
    "1/",
    "x1",
    "\\frac{",
    "T_T",
    "w",
    "haha",
]
JUNK += [
    "Jan 1 ",
    "1.2.",
    "我有2個apple，3.5% ok! ",
    "\ud800",
    "\x1b[31m",
    "1999-",
    "http://",
    "&amp;",
    "no no ",
    "ㄏ",
    "ㄅ歉",
    "1-",
    "1x",
    "1e",
    "1:2,",
    "= =",
    "<b>",
    "$1-",
    "1->",
    "①",
    "|1 ",
    "1.1.1.1:",
    "Văn ",
]


@pytest.mark.parametrize("unit", JUNK)
def test_a_text_of_twenty_thousand_characters_is_read(unit: str) -> None:
    text = (unit * 20_000)[:20_000]
    for language in ("zh-TW", "en", "ja"):
        reading = READER.read(text, language)
        words = captions.split(text)
        assert len(reading.by_word(words)) == len(words)
        assert len(reading.said) < 12 * len(text)


@pytest.mark.parametrize("text", ["", " ", "🎉🎉🎉", "\x00\x07\x1b", "!!!", "\u200b", "(´▽`)", "***"])
def test_of_what_nobody_can_say_nothing_is_said(text: str) -> None:
    assert READER.read(text, "en").said == READER.read(text, "zh").said == ""
