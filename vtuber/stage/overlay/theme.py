"""The streamer's own CSS file, which is given to pages after ours.

It is read each time a page asks, so that a change shows when the page is loaded again. Browsers pass
over what they do not understand without a word; a brace that is missing can take the rest of the file
along. So it is looked through before, and one that cannot be right is not given out.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

from vtuber.core import files
from vtuber.core.text import escaped

log = logging.getLogger(__name__)

MOST_BYTES = 256 * 1024

_TOKEN = re.compile(
    r"""
    (?P<comment>/\*.*?\*/)
    | (?P<open_comment>/\*)
    | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    | (?P<open_string>["'])
    | (?P<address>url\(\s*(?!["'\s])[^)\n]*\))
    | (?P<escape>\\.)
    | (?P<bracket>[{}()\[\]])
    """,
    re.DOTALL | re.VERBOSE | re.IGNORECASE,
)
_PAIRS = {"}": "{", ")": "(", "]": "["}


class Theme:
    """``path``: "" for none."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._told = ""
        self.problem = ""
        """What was wrong with it when it was read last; "" for nothing."""

    @property
    def trouble(self) -> tuple[str, str] | None:
        """The same for the table, and what to do about it; None for nothing."""
        hint = "mend it and load the page again; until then the page looks as it does without it"
        return (self.problem, hint) if self.problem else None

    def read(self) -> str:
        """Its text, or "" when it cannot be used; then ``problem`` says why, and so does the log, once."""
        if not self._path:
            return ""
        text, self.problem = _read(Path(self._path))
        if self.problem and self.problem != self._told:
            log.warning("%s; the overlay looks as it does without it", escaped(self.problem))
        self._told = self.problem
        return "" if self.problem else text


def _read(path: Path) -> tuple[str, str]:
    try:
        with files.open_regular(path) as file:
            body = file.read(MOST_BYTES + 1)
    except OSError as error:
        return "", f"the theme {path} cannot be read: {error.strerror or error}"
    if len(body) > MOST_BYTES:
        return "", f"the theme {path} has more than {MOST_BYTES // 1024} KB"
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "", f"the theme {path} is not a text in UTF-8"
    wrong = mistake(text)
    return text, f"the theme {path} cannot be understood: {wrong}" if wrong else ""


def mistake(css: str) -> str:
    """What makes a text no CSS, with its line; "" when nothing does."""
    open_: list[tuple[str, int]] = []
    for token in _TOKEN.finditer(css):
        kind, text = token.lastgroup, token.group()
        line = css.count("\n", 0, token.start()) + 1
        if kind == "open_comment":
            return f"line {line}: a comment is never closed with */"
        if kind == "open_string":
            return f"line {line}: a text in {text} is not closed on its line"
        if kind != "bracket":
            continue
        if text not in _PAIRS:
            open_.append((text, line))
        elif not open_ or open_.pop()[0] != _PAIRS[text]:
            return f"line {line}: a {text} closes nothing"
    if open_:
        return f"line {open_[-1][1]}: a {open_[-1][0]} is never closed"
    if "\0" in css:
        return "it is not text"
    return ""
