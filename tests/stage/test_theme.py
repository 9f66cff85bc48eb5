"""The streamer's own CSS file."""

from __future__ import annotations

from pathlib import Path

import pytest

from vtuber.stage.overlay.theme import MOST_BYTES, Theme, mistake


@pytest.mark.parametrize(
    "css",
    [
        "",
        "#chat { color: red; }",
        "/* { */ a::before { content: '}'; } @media (width > 1px) { b { color: \"#fff\" } }",
        "a { background: url(data:image/png;base64,AA'==) }",
        'a { content: "\\""; } /* it\'s */',
        ".a\\:b[data-x='{'] { --x: {} }",
    ],
)
def test_what_is_css_passes(css: str) -> None:
    assert mistake(css) == ""


@pytest.mark.parametrize(
    ("css", "told"),
    [
        ("a {\n color: red;\n\nb { color: blue; }", "line 1: a { is never closed"),
        ("a { color: red; }\n}", "line 2: a } closes nothing"),
        ("a { color: rgb(1, 2; }", "line 1: a } closes nothing"),
        ("\n\n/* for ever", "line 3: a comment is never closed"),
        ("a { content: 'open;\n }", "line 1: a text in ' is not closed"),
        ("a {}\0", "it is not text"),
    ],
)
def test_a_mistake_is_told_with_its_line(css: str, told: str) -> None:
    assert told in mistake(css)


def test_a_file_that_cannot_be_used_costs_a_message_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "mine.css"
    theme = Theme(str(path))
    assert theme.read() == ""
    assert "No such file" in theme.problem
    for body in (b"\xff\xfe\x00", b"a {", b" " * (MOST_BYTES + 1)):
        path.write_bytes(body)
        assert theme.read() == ""
        assert str(path) in theme.problem
        theme.read()
    assert len(caplog.records) == 4  # each once
    path.write_text(":root { --accent: teal; }", encoding="utf-8")
    assert "teal" in theme.read()
    assert theme.problem == ""
    assert Theme("").read() == ""
