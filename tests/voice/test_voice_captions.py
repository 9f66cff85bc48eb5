"""Captions: words, and when they are heard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voice_props import hear

from vtuber.core.events import Chunk, Sound
from vtuber.voice.online.edge.aligner import WordAligner
from vtuber.voice.reading import Reader
from vtuber.voice.speech import captions


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello (yes), it is 3.5!", ["Hello", "(yes),", "it", "is", "3.5!"]),
        ("大家好，我是「板板」。", ["大", "家", "好，", "我", "是", "「板", "板」。"]),
        ("AI好 OK嗎？", ["AI", "好", "OK", "嗎？"]),
        ("", []),
    ],
)
def test_split(text: str, words: list[str]) -> None:
    assert captions.split(text) == words


@given(st.text())
def test_split_spells_the_text(text: str) -> None:
    assert "".join(captions.split(text)) == "".join(text.split())


async def test_a_silent_clip_lasts_as_long_as_reading_it() -> None:
    heard = await hear(_as_async(captions.silent("你好，我是板板")))
    heard.check("你好，我是板板")
    assert heard.seconds == pytest.approx(7 / 5)
    assert not any(heard.pcm)


async def _as_async(items: Iterable[Chunk]) -> AsyncIterator[Chunk]:
    for item in items:
        yield item


def test_words_come_before_their_sound() -> None:
    words = captions.spread(["a", "b", "c", "d"], 0.0, 1.0)
    items = list(captions.interleaved(bytes(48_000), words, 0.0))
    assert [type(item) is Sound for item in items] == [False, True] * 4


def aligned(text: str) -> WordAligner:
    return WordAligner(Reader().read(text))


def test_follower_gives_punctuation_to_its_words_and_misses_none() -> None:
    aligner = aligned("“Hello,” brave 🎉 new 3.5 world!")
    words = aligner.meet("Hello", 0.1, 0.3) + aligner.meet("BRAVE", 0.4, 0.6)
    words += aligner.meet("nonsense", 0.6, 0.7) + aligner.meet("world", 1.0, 1.5)
    assert [word.text for word in words] == ["“Hello,”", "brave", "🎉", "new", "3.5", "world!"]
    assert (words[0].start, words[1].end, words[-1].start) == (0.1, 0.6, 1.0)
    assert 0.6 <= words[3].start < words[4].start < 1.0
    assert aligner.done


def test_follower_gives_a_number_with_the_first_of_its_words() -> None:
    aligner = aligned("over 3.5 km now")
    words = aligner.meet("over", 0.0, 0.2) + aligner.meet("three", 0.2, 0.4)
    assert [(word.text, word.start) for word in words] == [("over", 0.0), ("3.5", 0.2)]
    assert words[1].end > 0.6
    assert aligner.meet("point", 0.4, 0.6) == []
    words = aligner.meet("now", 1.5, 1.8)
    assert [word.text for word in words] == ["km", "now"]


def test_follower_splits_chinese_words() -> None:
    words = aligned("我們好。").meet("我們", 0.0, 0.4)
    assert [(word.text, word.start) for word in words] == [("我", 0.0), ("們", 0.2)]


@given(
    st.text("ab好，. 🎉", max_size=20),
    st.lists(st.sampled_from(["a", "b", "ab", "好", "x", ""]), max_size=10),
)
def test_follower_always_spells_the_text(text: str, spoken: list[str]) -> None:
    aligner = aligned(text)
    words = [word for at, name in enumerate(spoken) for word in aligner.meet(name, at / 2, at / 2 + 0.4)]
    words += aligner.rest(9.0)
    assert "".join(word.text for word in words) == "".join(text.split())
    assert all(one.start <= two.start for one, two in pairwise(words))
