"""Large dictionaries in little memory: the same answers as a dict."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hibari.tts import ASSETS
from hypothesis import given
from hypothesis import strategies as st

from vtuber.voice.embedded.dictionary import PackedDictionary

hostile = st.text(alphabet='"\\\n\t :a', max_size=6)
words = st.one_of(st.text(st.characters(), max_size=8), hostile, st.just("\ud800"))
values = st.recursive(
    st.none() | st.floats(allow_nan=False) | words,
    lambda inner: st.dictionaries(words, inner, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(words, values, max_size=40), words)
def test_it_answers_as_a_dict_does(entries: dict[str, object], word: str) -> None:
    packed = PackedDictionary(entries)
    for known, value in entries.items():
        assert packed.get(known) == value
    assert packed.get(word) == entries.get(word)


@pytest.mark.parametrize("word", ["b", 'a" "b', 'x"\n"a', '"', "\ud800", "", " "])
def test_what_is_not_there_is_not_found(word: str) -> None:
    assert PackedDictionary({"a": "b", "x": {"y": "z"}}).get(word) is None
    assert PackedDictionary({}).get(word) is None


@pytest.mark.parametrize("file", ["lexicon_us_gold.json.gz", "lexicon_us_silver.json.gz"])
def test_no_word_of_the_voice_is_lost(file: str) -> None:
    entries = json.loads(gzip.decompress(Path(ASSETS, file).read_bytes()))
    packed = PackedDictionary(entries)
    assert {word: packed.get(word) for word in entries} == entries
