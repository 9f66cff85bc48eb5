"""`banban guard`: what would become of a text, in a table or as JSON lines."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from vtuber.app.guard import command
from vtuber.core.errors import BanbanError
from vtuber.guard import Door


def rows(capsys: pytest.CaptureFixture[str], **given: Any) -> list[dict[str, Any]]:
    options = {"text": None, "file": None, "door": None, "as_json": True} | given
    command(None, {}, **options)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def file(folder: Path, data: bytes) -> str:
    path = folder / "lines.txt"
    path.write_bytes(data)
    return str(path)


def test_each_line_of_a_file_becomes_an_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["I love pizza.", "", "到 evil.com 看看", "a\u2028b\x0bc", "鳳梨" * 10, "last"]
    found = rows(capsys, file=file(tmp_path, "\r\n".join(lines).encode()))
    assert [row["text"] for row in found] == lines
    assert [row["verdict"] for row in found] == ["speak", "speak", "replace", "speak", "speak", "speak"]
    assert [row["detector"] for row in found] == ["", "", "links", "", "", ""]
    assert all(set(row) == {"text", "verdict", "detector", "ms"} and row["ms"] >= 0 for row in found)


def test_the_door_decides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = file(tmp_path, b"look at evil.com\n")
    assert rows(capsys, file=path)[0]["verdict"] == "replace"
    assert rows(capsys, file=path, door=Door.MESSAGE)[0]["verdict"] in ("speak", "soften")


def test_a_line_of_a_hundred_thousand_letters_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (row,) = rows(capsys, file=file(tmp_path, b"pizza " * 17_000))
    assert row["verdict"] != "speak", "nobody says that"


def test_the_standard_input_is_a_file_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "sys.stdin", io.TextIOWrapper(io.BytesIO("\ufeffhi\n好\n".encode()), encoding="ascii")
    )
    assert [row["text"] for row in rows(capsys, file="-")] == ["hi", "好"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"fine\n\xff\xfe broken\n", "line 2 is not UTF-8"),
        ("台灣豬肉\n".encode("big5"), "line 1 is not UTF-8"),
        ("hello\n".encode("utf-16"), "it looks like UTF-16"),
    ],
)
def test_another_encoding_is_one_clear_message(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(BanbanError, match=words) as raised:
        command(None, {}, text=None, file=file(tmp_path, data), door=None, as_json=True)
    assert raised.value.hint == "save the file as UTF-8"


def test_a_file_that_is_not_there_is_one_too(tmp_path: Path) -> None:
    with pytest.raises(BanbanError, match="cannot be read"):
        command(None, {}, text=None, file=str(tmp_path / "none"), door=None, as_json=True)


@pytest.mark.parametrize(("text", "path"), [(None, None), ("a", "b")])
def test_a_text_or_a_file(text: str | None, path: str | None) -> None:
    with pytest.raises(BanbanError):
        command(None, {}, text=text, file=path, door=None, as_json=False)


def test_a_text_is_judged_at_every_door(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(capsys, text="go to evil.com")
    assert [row["door"] for row in found] == list(Door)
    spoken = next(row for row in found if row["door"] == "spoken")
    assert (spoken["verdict"], spoken["detector"], spoken["reason"]) == ("replace", "links", "a web address")
    command(None, {}, text="go to evil.com", file=None, door=None, as_json=False)
    table = capsys.readouterr().out
    assert "masked on the page" in table
    assert "a web address" in table


def test_words_of_ones_own_are_not_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[gate]\nwords = ["durian"]\n', encoding="utf-8")
    command(config, {}, text="I like d.u.r.i.a.n", file=None, door=None, as_json=True)
    written = capsys.readouterr().out
    assert '"verdict": "speak"' not in written
    assert "durian" not in written
