"""Links, addresses, @names, #tags and commands: what they point to, and no spelling of it."""

from __future__ import annotations

import re

from vtuber.voice.reading.line import Line, rule

_LINK = r"(?:https?://|www\.)[!-~]{1,2000}"
_TLD = r"(?:com|net|org|tv|gg|io|co|me|app|dev|ai|edu|gov|info|xyz|be|ly|moe|live|jp|tw|uk|us|de|fr|cn|hk|kr)"
_DOMAIN = (
    rf"(?<![A-Za-z0-9_.@/-])(?:[A-Za-z0-9-]{{1,63}}\.){{1,4}}{_TLD}(?:/[!-~]{{0,500}})?(?![A-Za-z0-9_-])"
)
_TOLD = re.compile(r"(?:連結|link|網址|url)\W{0,3}$", re.IGNORECASE)
_SAID = {".": "dot", "@": "at", "/": "slash"}
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _link(found: re.Match[str], line: Line) -> str:
    link = found.group()
    tail = link[len(link.rstrip(".,!?;:)]}'\"")) :]
    if _TOLD.search(line.before(found.start(), 12)):
        return tail
    return ("連結" if line.chinese else "the link") + tail


def _dotted(found: re.Match[str], _: Line) -> str:
    """An address in words: "kai at example dot com"."""
    text = found.group()
    address = text.rstrip(".,!?;:/)")
    words = re.sub(r"[._@/+-]", lambda sign: f" {_SAID.get(sign[0], '')} ", address)
    return " ".join(words.split()) + text[len(address) :].replace("/", "")


RULES = (
    rule(r"!?\[(?=[^\[\]\n]{0,200}\]\([^()\s]{1,500}\))", lambda *_: "", "["),
    rule(r"\]\((?:https?://|www\.|/|#)[^()\s]{0,500}\)", lambda *_: "", "]"),
    rule(_LINK, _link, "/."),
    rule(
        r"(?<![A-Za-z0-9_.@+-])[A-Za-z0-9_.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,10}(?![A-Za-z0-9_-])",
        _dotted,
        "@",
    ),
    rule(_DOMAIN, _dotted, "."),
    rule(r"(?<![A-Za-z0-9@])@(?=\w)", lambda *_: "", "@"),
    rule(r"(?<![A-Za-z0-9#&])#([^\W\d_]{1,60})", lambda found, _: _CAMEL.sub(" ", found[1]), "#"),
    rule(r"(?<![A-Za-z0-9#&])#(?=_)", lambda *_: "", "#"),
    rule(r"(?<![\w!])!(?=[a-z]{2,20}(?![a-z]))", lambda *_: "", "!"),
)
