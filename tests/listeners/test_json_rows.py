from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vtuber.listeners.recordings import json_rows
from vtuber.listeners.recordings.json_rows import MalformedRow, Row
from vtuber.listeners.recordings.text_source import TextSource

Scan = Callable[[Any], tuple[list[Any], list[MalformedRow]]]


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    def scan(content: str | bytes) -> tuple[list[Any], list[MalformedRow]]:
        path = tmp_path / "rows"
        path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
        with TextSource(path) as source:
            found = list(json_rows.read(source))
        return [row.value for row in found if isinstance(row, Row)], [
            row for row in found if isinstance(row, MalformedRow)
        ]

    return scan


FIXTURES = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]  # each example may share a folder
VALUES = [{"a": 1}, {"b": "two\nlines, [brackets]"}, {"c": {"d": [{"e": None}]}}]
WRAPPED = {"video": {"id": "1", "comments": [0]}, "comments": VALUES, "more": [{"x": 1}]}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(VALUES),
        json.dumps(VALUES, indent=2),
        "\n".join(map(json.dumps, VALUES)),
        "\r\n".join(map(json.dumps, VALUES)) + "\r\n\r\n",
        "\n".join(json.dumps(value, indent=4) for value in VALUES),
        json.dumps(WRAPPED),
        json.dumps(WRAPPED, indent=1),
        "\ufeff \n" + json.dumps(VALUES),
    ],
)
@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_every_shape_of_file(scan: Scan, monkeypatch: pytest.MonkeyPatch, content: Any, piece: int) -> None:
    monkeypatch.setattr(json_rows, "PIECE", piece)
    assert scan(content) == (VALUES, [])


def test_windows_utf_16(scan: Scan) -> None:
    assert scan(json.dumps([{"名": "板板"}], ensure_ascii=False).encode("utf-16")) == ([{"名": "板板"}], [])


@given(data=st.data(), piece=st.sampled_from([3, 64, 1 << 20]))
@settings(suppress_health_check=FIXTURES)
@pytest.mark.parametrize("shape", ["list", "lines", "wrapped"])
def test_a_file_cut_anywhere_gives_every_whole_row_before_the_cut(
    scan: Scan, monkeypatch: pytest.MonkeyPatch, shape: str, data: Any, piece: int
) -> None:
    monkeypatch.setattr(json_rows, "PIECE", piece)
    values = [{"n": number, "text": "x" * number} for number in range(6)]
    whole = {
        "list": json.dumps(values),
        "lines": "\n".join(map(json.dumps, values)),
        "wrapped": json.dumps({"video": {}, "comments": values}),
    }[shape]
    cut = data.draw(st.integers(0, len(whole)))
    begin = 0 if shape != "wrapped" else whole.index("[")
    ends = [whole.index(json.dumps(value), begin) + len(json.dumps(value)) for value in values]
    complete = sum(end <= cut for end in ends)
    good, malformed = scan(whole[:cut])
    if shape == "wrapped" and cut <= begin:
        assert good == []
        return
    assert good == values[:complete]
    assert len(malformed) <= 1
    if complete < len(values) and cut not in (begin, begin + 1) and complete + bool(malformed) == 0:
        assert cut == 0


def test_a_broken_row_is_named_and_the_rest_is_used(scan: Scan) -> None:
    good, malformed = scan('{"a": 1}\n{"a": oops}\n\n{"a": "x\n{"a": 2}\nnonsense\n{"a": 3}\n{"a": 4')
    assert good == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert [(row.number, row.line) for row in malformed] == [(2, 2), (3, 4), (5, 6), (7, 8)]
    assert malformed[-1].why == "cut off"
    assert malformed[0].why.startswith("not JSON")


def test_a_broken_element_of_a_printed_list(scan: Scan) -> None:
    good, malformed = scan('[\n{"a": 1},\n{"a": },\n{"a": 3}\n]\n')
    assert good == [{"a": 1}, {"a": 3}]
    assert [(row.number, row.line) for row in malformed] == [(2, 3)]


def test_monsters(scan: Scan) -> None:
    good, malformed = scan('{"a": ' + "[" * 100_000 + '\n{"a": ' + "9" * 5000 + '}\n{"a": NaN}\n{"b": 1}')
    assert good == [{"a": None}, {"b": 1}]
    assert len(malformed) == 2


def test_a_row_larger_than_allowed_is_given_up(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "PIECE", 100)
    monkeypatch.setattr(json_rows, "ROW_LIMIT", 1000)
    good, malformed = scan('{"a": 1}\n{"a": "' + "x" * 5000 + '"}\n{"b": 1}')
    assert good == [{"a": 1}, {"b": 1}]
    assert len(malformed) == 1


@given(content=st.binary(max_size=200) | st.text('[]{}",:\n\\1ea ', max_size=80).map(str.encode))
@settings(suppress_health_check=FIXTURES)
def test_any_file_is_read_to_its_end(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(content)
    with TextSource(path) as source:
        numbers = [row.number for row in json_rows.read(source)]
    assert numbers == sorted(numbers)
