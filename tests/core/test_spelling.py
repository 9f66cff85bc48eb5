from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber.core.spelling import copy_key, normalize


@pytest.mark.parametrize(
    ("one", "another"),
    [("LOL!!!", "lol"), ("hahahaha", "haha"), ("KEKW KEKW KEKW", "kekw"), ("哈哈哈哈", "哈"), ("Ｗ", "w"),
     ("so  GOOOOD?!", "so good"), ("😂😂😂", "😂"), ("板板好可愛！", "板板，好可愛")],
)  # fmt: skip
def test_near_identical_lines_have_one_copy_key(one: str, another: str) -> None:
    assert copy_key(normalize(one)) == copy_key(normalize(another)) != ""


@pytest.mark.parametrize(
    ("one", "another"), [("I vote 1", "I vote 11"), ("yes", "no"), ("😂", "😭"), ("?", "!")]
)
def test_different_lines_have_different_copy_keys(one: str, another: str) -> None:
    assert copy_key(normalize(one)) != copy_key(normalize(another))


@given(st.text(max_size=100), st.text(alphabet="abcåßсо😂 壞蛋", max_size=30))
def test_whatever_is_written_has_a_copy_key(anything: str, mixed: str) -> None:
    for text in (anything, mixed):
        normalized = normalize(text)
        assert isinstance(copy_key(normalized), str)
        assert normalize(normalized) == normalize(normalize(normalized))
