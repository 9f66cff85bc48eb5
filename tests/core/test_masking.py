"""Secrets are masked, and nothing else is."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber.app import terminal
from vtuber.core import masking
from vtuber.core.health import Health, State
from vtuber.core.masking import keep_secret, masked

SECRET = 'sésame\'s "street" \\ 1/2'


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(masking, "_known", set())
    keep_secret(SECRET)
    yield
    masking._pattern.cache_clear()


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
    ],
)
def test_what_is_known_is_found_however_it_is_written(written: str) -> None:
    assert masked(f"<{written}>") == "<***>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://127.0.0.1:8930/control#token=abc&x=1", "http://127.0.0.1:8930/control#token=***&x=1"),
        ("GET /ws?Token=abc", "GET /ws?Token=***"),
        ("ClientError(url='http://x/?access_token=q')", "ClientError(url='http://x/?access_token=***')"),
        ("Authorization: Bearer 0123456789abcdef==", "Authorization: Bearer ***"),
        ("PASS oauth:0123456789abcdef", "PASS oauth:***"),
        ("redis://me:hunter2@localhost:6379", "redis://me:***@localhost:6379"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    "text", ["a bearer of bad news", "tokens a second = 71", "a = b", "mail me@example.com", "珍奶=全糖"]
)
def test_other_words_are_left_alone(text: str) -> None:
    assert masked(text) == text


@given(
    st.dictionaries(st.text(), st.text() | st.sampled_from(['a://b:c"d@', 'token="\\', "?key=x\\", SECRET]))
)
def test_a_line_of_json_stays_one(row: dict[str, str]) -> None:
    line = masked(json.dumps(row, ensure_ascii=False))
    assert isinstance(json.loads(line), dict)


def test_neither_a_log_line_nor_a_row_of_health_tells_a_secret() -> None:
    keep_secret("sesame street")
    record = logging.LogRecord("x", logging.ERROR, "", 0, "failed: %r", (OSError("no sesame street"),), None)
    assert "street" not in terminal._SafeFormatter("%(message)s").format(record)
    row = Health("x", State.DOWN, "no answer from http://x/?a=sesame%20street", "try sesame street").row()
    assert "street" not in f"{row['what']}{row['hint']}"
