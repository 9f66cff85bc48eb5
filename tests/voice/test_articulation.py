"""Phonemes in time: words, and what the mouth does."""

from __future__ import annotations

import pytest

from vtuber.core.events import Viseme
from vtuber.core.mouth import SHAPES
from vtuber.voice.embedded import english
from vtuber.voice.speech.articulation import Phoneme, spans, visemes


def spoken(signs: str, owner: int = 0) -> list[Phoneme]:
    """Each sign lasts 0.1 s."""
    return [Phoneme(sign, owner, round(at / 10, 1), round(at / 10 + 0.1, 1)) for at, sign in enumerate(signs)]


@pytest.mark.parametrize(
    ("signs", "shapes"),
    [
        ("mˈun", "XU"),  # moon
        ("sˈi", "I"),  # see: with the lips already spread
        ("bˈI", "XAI"),  # buy
        ("θˈO", "OU"),  # though
        ("ɪz.", "I"),
        ("hˈW ˈæɹ jˈu", "AUAIU"),  # how are you
        ("pʰa→ma↓", "XAXA"),  # 趴馬
        ("ni↓xau↓", "IAU"),  # 你好
        ("…", ""),
        ("", ""),
    ],
)
def test_shapes(signs: str, shapes: str) -> None:
    assert "".join(viseme.shape for viseme in visemes(spoken(signs))) == shapes


def test_shapes_last_as_long_as_they_sound() -> None:
    found = [
        Viseme(each.shape, round(each.start, 2), round(each.end, 2)) for each in visemes(spoken("mˈI. ˈu"))
    ]
    assert found == [
        Viseme("X", 0.0, 0.1),
        Viseme("A", 0.1, 0.25),
        Viseme("I", 0.25, 0.3),
        Viseme("U", 0.5, 0.7),
    ]


def test_every_sound_has_a_shape_that_there_is() -> None:
    for sign in english.alphabet():
        assert {viseme.shape for viseme in visemes(spoken(f"{sign}ə"))} <= set(SHAPES)


def test_words_take_the_time_of_their_phonemes() -> None:
    phonemes = [*spoken("ab", 1), Phoneme(" ", None, 0.2, 0.3), Phoneme("c", 3, 0.3, 0.4)]
    assert spans(phonemes, 5) == [(0.0, 0.0), (0.0, 0.2), (0.2, 0.2), (0.3, 0.4), (0.4, 0.4)]
    assert spans([], 2) == [(0.0, 0.0)] * 2
