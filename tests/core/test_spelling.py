from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber.core.spelling import Words, copy_key, normalize


@pytest.mark.parametrize(
    "text",
    ["bad", "BAD", "baaaaaad", "b.a.d", "b a d", "b_a_d", "b-a-d", "b@d", "b4d", "bаd", "ｂａｄ", "bád",
     "🅱🅰🅳",     "b\u200ba\u200bd", "ba.d", "so bad!", "你bad嗎", "*bad*", "bad,really", "@bad", "ʙᴀᴅ"],
)  # fmt: skip
def test_a_word_is_found_however_it_is_dressed_up(text: str) -> None:
    assert Words(["bad"]).find(normalize(text)) == "bad"


@pytest.mark.parametrize("text", ["badge", "forbade", "sinbad", "ba d", "a bd", "8 4 d4", "", "84 0"])
def test_a_latin_word_stands_alone(text: str) -> None:
    assert Words(["bad"]).find(normalize(text)) == ""


def test_a_number_is_no_word() -> None:
    assert Words(["ass"]).find("455 4 5 5") == ""
    assert Words(["ass"]).find("455 a55") == "ass"


def test_doubled_letters_are_needed_and_may_be_spread() -> None:
    words = Words(["faggot"])
    assert words.find("f a g g o t") == "faggot"
    assert words.find("f a g o t") == ""


def test_chinese_words_are_found_anywhere_but_not_across_a_comma() -> None:
    words = Words(["壞蛋"])
    assert words.find(normalize("你這壞蛋")) == words.find(normalize("壞.蛋")) == "壞蛋"
    assert words.find(normalize("東西壞，蛋沒了")) == ""


def test_phrases_survive_missing_spaces_and_letters_apart() -> None:
    words = Words(["kill yourself"])
    for text in ("killyourself", "KILL-YOURSELF", "k i l l y o u r s e l f"):
        assert words.find(normalize(text)) == "kill yourself"


def test_in_names_words_hide_within() -> None:
    assert Words(["badger"], anywhere=True).find(normalize("xXb4dgerXx")) == "badger"
    assert Words(["badger"]).find(normalize("xXb4dgerXx")) == ""


@pytest.mark.parametrize(
    ("one", "another"),
    [("LOL!!!", "lol"), ("hahahaha", "haha"), ("KEKW KEKW KEKW", "kekw"), ("哈哈哈哈", "哈"), ("Ｗ", "w"),
     ("so  GOOOOD?!", "so good"), ("😂😂😂", "😂"), ("板板好可愛！", "板板，好可愛")],
)  # fmt: skip
def test_near_identical_lines_have_one_gist(one: str, another: str) -> None:
    assert copy_key(normalize(one)) == copy_key(normalize(another)) != ""


@pytest.mark.parametrize(
    ("one", "another"), [("I vote 1", "I vote 11"), ("yes", "no"), ("😂", "😭"), ("?", "!")]
)
def test_different_lines_have_different_copy_keys(one: str, another: str) -> None:
    assert copy_key(normalize(one)) != copy_key(normalize(another))


@given(st.text(max_size=100), st.text(alphabet="abcåßсо😂 壞蛋", max_size=30))
def test_folding_and_finding_never_fail_and_folding_is_done_in_one_go(anything: str, mixed: str) -> None:
    for text in (anything, mixed):
        normalized = normalize(text)
        assert isinstance(copy_key(normalized), str)
        words = Words([text, "abc"])
        assert words.find(normalize(f"so {text} x")) in {"", "abc", normalized.strip()}


@given(
    st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=12),
    st.sampled_from([".", " ", "-", "_", " . "]),
)
def test_any_word_is_found_with_anything_between_its_letters(word: str, between: str) -> None:
    assert Words([word]).find(normalize(between.join(word.upper()))) == normalize(word)
