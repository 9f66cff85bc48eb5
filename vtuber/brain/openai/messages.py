"""Lines as messages of OpenAI's API.

The server puts them into its model's own format, and most servers then read a format's tokens wherever they
stand: so what anybody but the streamer wrote is broken where it looks like one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from vtuber.brain import PromptLine
from vtuber.brain.names import is_role, viewer_name

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""What OpenAI's API takes for a name."""
_TOKEN = re.compile(r"<(?=[|/｜]?[^\s<>]*>)|\[(?=/?[A-Z_]+\])|<(?=<)")
"""Where something like <|im_end|>, </s>, <<SYS>> or [INST] begins."""
_SPEAKER = re.compile(r"(system|user|assistant|human)\s*[:：]|#{3,}", re.IGNORECASE)
"""What begins a line in formats without tokens."""

Message = dict[str, str]


def messages(
    lines: Iterable[PromptLine], *, names: bool, system: bool, reply_so_far: str = ""
) -> list[Message]:
    """With ``names`` where they are allowed, otherwise in the text. Without ``system`` messages, too.

    That she goes on from ``reply_so_far`` is told beside the last message: only some servers would go on from
    a message of hers, others begin it anew or refuse it.
    """
    made: list[Message] = []
    carried = ""  # a system text that waits for the first viewer
    for line in lines:
        if line.role == "system" and not system:
            carried += line.text + "\n\n"
            continue
        message = _message(line, names=names)
        if carried and line.role == "viewer":
            message["content"] = carried + message["content"]
            carried = ""
        made.append(message)
    if reply_so_far and made:
        told = f'[you have already said: "{plain(reply_so_far)}" Go on exactly there, repeat nothing.]'
        made[-1]["content"] += f" {told}"
    return made


def plain(text: str) -> str:
    """The text without anything that a server could take for a format's own token or speaker."""
    before = None
    while text != before:  # what was broken may leave another behind
        before = text
        text = _SPEAKER.sub(lambda found: found[1] or "", _TOKEN.sub(r"\g<0> ", text))
    return text


def _message(line: PromptLine, *, names: bool) -> Message:
    if line.role == "system":
        return {"role": "system", "content": line.text}
    if line.role == "self":
        return {"role": "assistant", "content": plain(line.text)}
    text = plain(" ".join(line.text.split()))  # one line: a second could pose as another's
    if not line.name:
        return {"role": "user", "content": text}
    if names and _NAME.fullmatch(line.name) and not is_role(line.name):
        return {"role": "user", "content": text, "name": line.name}
    return {"role": "user", "content": f"{viewer_name(plain(line.name))}: {text}"}
