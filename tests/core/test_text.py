"""What strangers write: every trick in it, and everything that is none."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber.core.text import (
    MARKS_LIMIT,
    MESSAGE_LIMIT,
    NAME_LIMIT,
    clean,
    clean_name,
    escaped,
    is_cjk,
    joined,
    space_between,
)

# Hypothesis rarely finds these by itself.
tricks = st.text(
    alphabet=st.sampled_from(
        "aé漢 \t\n\r\0\x1b\x85\u2028\u3000\u200c\u200d\u202e\u2066\u0301\u0489\ufe0f\ud83d\udc00"
        "👩❤🔥\U0001faff\U000e0041\u3164\ufeff"
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    "text",
    [
        "hello there :)",
        "板板今天喝珍珠奶茶嗎？全糖正常冰！",
        "👩‍👩‍👧‍👦 ❤️‍🔥 👍🏽 🇹🇼 1️⃣ ☀︎ 葛\U000e0100",
        "ᠠ᠋ᠷ",
        "می‌خواهم",
        "क्‍ष நன்றி ขอบคุณค่ะ",
        "e\u0301 l'été, naïve ﷽",
        "<script>alert(1)</script> <|im_end|> %s {0} \\n",
        "🫨 younger than this Python",
    ],
)
def test_what_is_no_trick_stays(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  two \n\n lines\r\n", "two lines"),
        ("a\x1b[31mred\x1b[0m", "a[31mred[0m"),
        ("\x9b31m", "31m"),
        ("nul\0bell\a", "nulbell"),
        ("abc\u202edcba", "abcdcba"),
        ("!hush \u034f", "!hush"),
        ("!hush\U000e0000", "!hush"),
        ("hi\ufe0f 5\ufe0f", "hi 5"),
        ("ri\u180bg\u17b4g\u2800ed", "rigged"),
        ("a\u0336\u034f\U000e0100b", "a\u0336b"),
        ("\u2066x\u2069\u200f\u061c", "x"),
        ("a\u2028b\u2029c\x85d\x0be", "a b c d e"),
        ("\ud800 lone \udfff", "lone"),
        ("tag\U000e0041\U000e0042", "tag"),
        ("\ufeffbom soft\u00adhyphen", "bom softhyphen"),
        ("private \ue000 none \uffff", "private none"),
        ("\u3164\u115f\u2800", ""),
        ("\u200d\u200da\u200d\u200d\u200db\u200d", "a\u200db"),
        ("", ""),
    ],
)
def test_tricks_vanish(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize("between", ["", "\u202e", "\u200d", "\0", "\u00ad"])
def test_zalgo_is_cut_whatever_is_put_between_its_marks(between: str) -> None:
    marks = sum(char == "\u0335" for char in clean("Z" + f"\u0335\u0335{between}" * 20 + "o"))
    assert marks == MARKS_LIMIT


@pytest.mark.parametrize("between", [" ", "o", "\u3164"])
def test_each_letter_may_have_its_own_marks(between: str) -> None:
    marks = "\u0335" * MARKS_LIMIT
    assert clean(f"Z{marks}\u0335{between}e{marks}\u0335").count("\u0335") == 2 * MARKS_LIMIT


def test_what_is_far_beyond_the_limit_is_not_even_read() -> None:
    assert clean("\0" * 79 + "x", limit=10) == "x"
    assert clean("\0" * 80 + "x", limit=10) == ""


def test_a_megabyte_costs_no_more_than_a_line() -> None:
    assert clean("x" * 1_000_000) == "x" * MESSAGE_LIMIT
    assert clean("漢" * 1_000_000) == "漢" * MESSAGE_LIMIT
    assert clean("\u0301" * 1_000_000) == "\u0301" * MARKS_LIMIT
    assert clean("x" * 60, limit=10) == "x" * 10


def test_a_cut_leaves_no_loose_end() -> None:
    assert clean("ab cd", limit=3) == "ab"
    assert clean("👩\u200d👩", limit=2) == "👩"


@given(st.text() | tricks, st.integers(min_value=1, max_value=30))
def test_clean_is_one_harmless_line_within_its_limit_and_stays(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert len(cleaned.splitlines()) <= 1
    assert cleaned == cleaned.strip()
    assert "  " not in cleaned
    assert clean(cleaned, limit) == cleaned
    cleaned.encode("utf-8")
    odd = {char for char in cleaned if unicodedata.category(char)[0] == "C"}
    assert all(char in "\u200c\u200d" or "\U0001f000" <= char <= "\U0001faff" for char in odd)


@pytest.mark.parametrize("name", ["kai", "@kai", "＠kai", "@@ kai", "@kai\u034f"])
def test_a_handle_is_named_without_its_at(name: str) -> None:
    assert clean_name(name) == "kai"


@given(st.text() | tricks)
def test_a_name_is_never_empty_nor_invisible(name: str) -> None:
    cleaned = clean_name(name)
    assert 0 < len(cleaned) <= NAME_LIMIT
    assert any(
        unicodedata.category(char)[0] in "LNPS" or "\U0001f000" <= char <= "\U0001faff" for char in cleaned
    )
    assert clean_name(cleaned) == cleaned


@pytest.mark.parametrize("name", ["", " ", "\u200d", "\u3164", "\u2800", "\ufe0f\ufe0f", "\u202e", "\u0301"])
def test_a_name_that_shows_nothing_is_someone(name: str) -> None:
    assert clean_name(name) == "someone"


@pytest.mark.parametrize("name", ["Ann", "板板", "x 2", "→", "ann\u0301"])
def test_a_name_that_shows_something_stays(name: str) -> None:
    assert clean_name(name) == name


def test_a_name_may_be_a_young_emoji() -> None:
    assert clean_name("🫨") == "🫨"


@given(st.text() | tricks)
def test_escaped_is_printable_on_one_line(text: str) -> None:
    shown = escaped(text)
    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1
    shown.encode("utf-8")


def test_escaped_shows_what_was_there() -> None:
    assert escaped("plain 漢字 👍") == "plain 漢字 👍"
    assert escaped("\x1b[2J\n\u202e\ud800") == "\\x1b[2J\\n\\u202e\\ud800"


@pytest.mark.parametrize(
    ("before", "space", "after"),
    [
        ("Hello", " ", "there"),
        ("my favourite café", " ", "bad word"),
        ("She said “hi”", " ", "and left"),
        ("I love you! 🎉", " ", "Really."),
        ("안녕하세요.", " ", "반가워요"),
        ("你好，", "", "小明"),
        ("我愛", "", "pizza"),
        ("OK", "", "好"),
        ("すごい！", "", "ありがとう"),
        ("𠮷", "", "！"),
        ("", "", "Hello"),
        ("Hello", "", ""),
    ],
)
def test_chinese_and_japanese_stand_without_a_space(before: str, space: str, after: str) -> None:
    assert space_between(before, after) == space


def test_cjk_is_what_chinese_japanese_and_korean_are_written_in() -> None:
    assert all(map(is_cjk, "板ㄅ々あア、。「」가힣豈Ａ！､𠮷"))
    assert not any(map(is_cjk, "aé“…—ﷺ\ufb01🎉\ud800"))


def test_pieces_are_joined_as_they_were_written() -> None:
    assert joined([("", "我愛"), (" ", "pizza"), ("", "，真的。")]) == "我愛 pizza，真的。"
    assert joined([(" ", "Hello,"), (" ", ""), (" ", "there.")]) == "Hello, there."
    assert joined([]) == ""
