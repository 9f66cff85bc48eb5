"""A format's own words, broken wherever a viewer writes them, and names that no format takes for a role.

Where the model has a token for them this changes nothing: no plain text becomes that token. But "USER:" is
ordinary text to every model, and "<|im_end|>" is to one that was trained with another format.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

_ROLES = frozenset(
    {"system", "user", "assistant", "model", "tool", "human", "developer", "function", "ipython"}
)
_BRACKETED = re.compile(r"<+[^<>\s]{1,64}>+|\[[^\[\]\s]{1,64}\]")
"""What most formats are made of: <|im_end|>, </s>, <<SYS>>, [INST]."""
_LONGEST = 64
"""A line longer than that is no marker but a speech."""
_EDGES = re.compile(r"^\W+|\W+$")
_UNSEEN = "\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
_TO_FULL_WIDTH = 0xFEE0


@cache
def markers_in(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The markers in a format's control texts: tokens in brackets, and lines like "USER:" or "### Human:"."""
    found: dict[str, None] = {}
    for text in texts:
        found |= dict.fromkeys(_BRACKETED.findall(text))
        for line in _BRACKETED.sub("\n", text).splitlines():
            found |= dict.fromkeys(_plain_markers(line.strip()))
    return tuple(found)


def _plain_markers(line: str) -> Iterable[str]:
    word = _EDGES.sub("", line)
    if word and word != line and len(line) <= _LONGEST:  # without a sign beside it, a word is only a word
        yield line
    sign = line.split(maxsplit=1)[0] if line else ""
    if len(sign) > 1 and not _EDGES.sub("", sign):
        yield sign


def broken(text: str, markers: tuple[str, ...]) -> str:
    """Without ``markers``, also those that only appear once another was broken."""
    before = None
    while text != before:
        before = text
        for marker in markers:
            text = _pattern(marker).sub(_EDGES.sub("", marker), text)
    return text


@cache
def _pattern(marker: str) -> re.Pattern[str]:
    """Finds it in any case and width, with any spaces and colons, and with what is not seen in between."""
    bare = marker.rstrip(":")
    colons = rf"(?:[\s{_UNSEEN}]*[:：])+" if marker != bare else ""
    return re.compile(f"[{_UNSEEN}]*".join(map(_like, bare)) + colons, re.IGNORECASE)


def _like(char: str) -> str:
    if char.isspace():
        return r"\s*"
    code = ord(char) - (_TO_FULL_WIDTH if "！" <= char <= "～" else 0)
    wide = chr(code + _TO_FULL_WIDTH) if ord("!") <= code <= ord("~") else ""
    return f"[{re.escape(chr(code) + wide)}]"


def viewer_name(name: str) -> str:
    """One line, and no role's, however that is written."""
    name = " ".join(name.split()).rstrip(" :：")  # "Assistant:" is a role too
    return f"viewer {name}".strip() if not name or is_role(name) else name


def is_role(name: str) -> bool:
    """Whether a model or a server might take it for who speaks in every talk."""
    seen = "".join(char for char in unicodedata.normalize("NFKC", name) if char.isalnum())
    return seen.casefold() in _ROLES
