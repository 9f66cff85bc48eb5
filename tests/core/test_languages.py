"""Which language a piece of text is in."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber.core.languages import LanguageDetector, primary, spoken

LINES = [
    line.split("\t")[:2]
    for line in (Path(__file__).parent.parent / "data" / "languages.tsv").read_text("utf-8").splitlines()
]
"""300 short pieces, written by somebody who had not seen the code."""
MANY = LanguageDetector(["zh-TW", "en", "ja", "ko", "es", "fr", "de"])
TWO = LanguageDetector(["zh-TW", "en"])


def _is_right(detector: LanguageDetector, language: str, text: str) -> bool:
    if language == "mixed":
        return detector.languages(text) == {"zh", "en"}
    return language == "any" or detector.language(text) == primary(language)


def test_short_pieces_of_chinese_and_english_are_all_known() -> None:
    own = [(language, text) for language, text in LINES if language[:2] in ("zh", "en", "mi")]
    wrong = [text for language, text in own if not (_is_right(TWO, language, text))]
    assert len(own) > 150
    assert wrong == []


def test_pieces_of_seven_languages_are_mostly_known() -> None:
    right = Counter(language for language, text in LINES if _is_right(MANY, language, text))
    total = Counter(language for language, _ in LINES)
    assert right.total() > 0.93 * total.total()  # the rest are single words: "por favor", 大丈夫
    assert all(right[language] > 0.6 * total[language] for language in total)


@pytest.mark.parametrize("name", ["Kai", "Ann", "OK", "lol", "www", "Señor", "José!"])
def test_names_are_no_other_language(name: str) -> None:
    assert TWO.language(name) == "en"
    assert MANY.language(name, "en") == "en"


def test_japanese_is_known_by_its_kana_and_goes_on_without() -> None:
    assert MANY.language("今日はいい天気") == "ja"
    assert MANY.language("大丈夫", "ja") == "ja"
    assert MANY.language("大丈夫") == "zh"


def test_signs_and_numbers_go_on_in_the_language_before() -> None:
    assert TWO.language("100!!", "zh") == "zh"
    assert TWO.language("🎉", "") == "en"
    assert TWO.languages("123 …") == frozenset()


def test_a_mixed_sentence_has_runs() -> None:
    runs = [(run.text, run.language) for run in TWO.runs("我愛 pineapple pizza，你呢？")]
    assert runs == [("我愛 ", "zh"), ("pineapple pizza，", "en"), ("你呢？", "zh")]


@given(st.text(max_size=60))
def test_runs_are_the_whole_text(text: str) -> None:
    runs = MANY.runs(text)
    assert "".join(run.text for run in runs) == (text if runs else "")


def test_what_a_character_speaks() -> None:
    assert set(spoken(["Hello there, my friends, how are you?", "你好"])) == {"en", "zh"}
    assert [*spoken(["Hello there, my friends, how are you? 板"])] == ["en"]
    assert [*spoken([""])] == []


def test_english_and_chinese_need_no_library() -> None:
    code = (
        "import sys; from vtuber.core.languages import LanguageDetector;"
        "LanguageDetector(['en', 'zh', 'ja']).language('Hello there, my dear friends!');"
        "print('py3langid' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"False\n"


@pytest.mark.parametrize(
    ("expected", "text", "language"),
    [
        (["en", "he"], "שלום לכולם", "he"),
        (["en", "el"], "Καλησπέρα σε όλους", "el"),
        (["en", "yue"], "大家好", "yue"),
        (["zh-TW", "en", "yue"], "大家晚安", "zh"),
        (["zh-TW", "en", "yue"], "佢哋唔係好鍾意", "yue"),
        (["zh-TW", "en"], "佢哋唔係好鍾意", "zh"),
        (["uk", "en"], "Добрий вечір", "uk"),
        (["en"], "Добрый вечер", "ru"),
        (["en", "he", "yue", "el"], "Good evening everyone", "en"),
    ],
)
def test_letters_belong_to_the_languages_that_are_expected(
    expected: list[str], text: str, language: str
) -> None:
    assert LanguageDetector(expected).language(text) == language
