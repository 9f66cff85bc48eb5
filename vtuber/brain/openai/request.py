"""What is sent to a model server: a prompt as messages, in a form that this server accepts.

What a server lacks is found out from its refusals, and left out from then on.

The server puts the messages into its model's own format, and most servers then read a format's tokens
wherever they stand: so what anybody but the streamer wrote is broken where it looks like one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from vtuber.brain import Prompt, PromptLine
from vtuber.brain.openai.errors import ServerError
from vtuber.brain.templates.markers import is_role, viewer_name
from vtuber.config import Brain
from vtuber.core.backoff import Backoff

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""What OpenAI's API allows as a name."""
_TOKEN = re.compile(r"<(?=[|/｜]?[^\s<>]*>)|\[(?=/?[A-Z_]+\])|<(?=<)")
"""Where something like <|im_end|>, </s>, <<SYS>> or [INST] begins."""
_SPEAKER = re.compile(r"(system|user|assistant|human)\s*[:：]|#{3,}", re.IGNORECASE)
"""What begins a line in formats without tokens."""

_THINK_LESS: tuple[dict[str, Any], ...] = (
    {},
    {"reasoning_effort": "none", "enable_thinking": False, "think": False},
    {"reasoning_effort": "low"},
)
"""What may keep a model from thinking where ``chat_template_kwargs`` did not, the strongest first."""
_NO_THINK = " /no_think"
"""The same in the words of some models, where their server knows no such option."""
_ROOM = 512
"""Tokens more for a model that thinks a little in any case."""
_BARE = frozenset(
    (
        "stream_options",
        "chat_template_kwargs",
        "seed",
        "top_p",
        *(name for one in _THINK_LESS for name in one),
    )
)
"""Options that the plainest servers do not know."""
_OPTIONS = (*sorted(_BARE), "stream", "temperature", "max_completion_tokens", "max_tokens")
_ABOUT_SYSTEM = re.compile(r"\bsystem\b|alternat", re.IGNORECASE)
_ABOUT_PROMPT = (200, 400, 422, 500)
"""Statuses with which a server complains about the prompt itself; 200 and 500 when its template did."""

_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.25, 10.0, 4.0
"""Seconds between attempts, and how many times longer each is than the one before."""

Message = dict[str, str]


def messages(
    lines: Iterable[PromptLine], *, names: bool, system: bool, reply_so_far: str = ""
) -> list[Message]:
    """The lines as messages of OpenAI's API.

    ``names``: an author's name stands beside the text where the API allows it; otherwise it begins the text.
    Without ``system`` messages, their text begins the first viewer's message. That she is to go on from
    ``reply_so_far`` stands in the last message: only some servers would go on from a message of hers, others
    begin it anew or refuse it.
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
        so_far = f'[you have already said: "{plain(reply_so_far)}" Go on exactly there, repeat nothing.]'
        made[-1]["content"] += f" {so_far}"
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


@dataclass(frozen=True, slots=True)
class Dialect:
    """What of OpenAI's API a server understands."""

    names: bool = False
    """Whether authors' names reach the model; if not, they stand in the text."""
    system: bool = True
    """Whether it takes system messages; if not, their text begins the first viewer's message."""
    without: frozenset[str] = frozenset()
    """Options that it refuses."""
    think_less: int = 0
    """How it is kept from thinking: which of ``_THINK_LESS``."""

    def body(self, model: str, prompt: Prompt, settings: Brain, *, stream: bool) -> dict[str, Any]:
        """The request's JSON. What is empty is left out."""
        limit = "max_completion_tokens" if "max_tokens" in self.without else "max_tokens"
        options: dict[str, Any] = {
            "model": model,
            limit: prompt.max_tokens + (_ROOM if self.think_less == len(_THINK_LESS) - 1 else 0),
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "seed": prompt.seed,
            "stream": stream,
            "stream_options": {"include_usage": True} if stream and "stream" not in self.without else None,
            # She speaks at once: what a model thinks first would be silence.
            "chat_template_kwargs": {"enable_thinking": False},
            **_THINK_LESS[self.think_less],
        }
        chat = messages(prompt.lines, names=self.names, system=self.system, reply_so_far=prompt.reply_so_far)
        if self.think_less == 1:
            chat[0]["content"] += _NO_THINK
        kept = {
            name: value
            for name, value in options.items()
            if name not in self.without and value not in (None, "")
        }
        return {**kept, "messages": chat}

    def thinking_less(self) -> Dialect | None:
        """What to try after a reply that was nothing but thoughts; None when all was tried."""
        if self.think_less + 1 == len(_THINK_LESS):
            return None
        return replace(self, think_less=self.think_less + 1)

    def simpler(self, error: ServerError, sent: Collection[str]) -> Dialect | None:
        """What to try after this ``error`` about the options ``sent``; None when nothing can be left out."""
        if error.status not in _ABOUT_PROMPT:
            return None
        plainly = error.status in (400, 422)  # it is about the request, not about what came of it
        named = [name for name in _OPTIONS if name in sent and re.search(rf"\b{name}\b", error.why)]
        simpler = None
        if plainly and "reasoning_effort" in named and (less := self.thinking_less()):
            simpler = less  # it knows the option, perhaps, but not this value
        elif plainly and named:
            simpler = replace(self, without=self.without.union(named))
        elif self.system and _ABOUT_SYSTEM.search(error.why):
            simpler = replace(self, system=False)
        elif plainly and self.names:
            simpler = replace(self, names=False)
        elif plainly and _BARE.intersection(sent):
            simpler = replace(self, without=self.without | _BARE)
        elif plainly and self.system:
            simpler = replace(self, system=False)
        return simpler


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to have a prompt answered, and what follows from its failure."""

    prompt: Prompt
    dialect: Dialect
    retries: int
    """How often more the same request may be sent."""
    backoff: Backoff = field(default_factory=lambda: Backoff(_FIRST_PAUSE, _LONGEST_PAUSE, factor=_GROWTH))
    pause: float = 0.0
    """Seconds to wait before it."""
    error: ServerError | None = None
    """Why it must wait."""
    whole: bool = False
    """Not as a stream: in the middle of one, some servers cannot say any more what is wrong."""

    def again(self, error: ServerError, sent: Collection[str]) -> Attempt | None:
        """The next attempt after this ``error`` about the options that were ``sent``; None to give up."""
        if error.too_long:
            shorter = _shorter(self.prompt)
            return replace(self, prompt=shorter, whole=False) if shorter else None
        if dialect := self.dialect.simpler(error, sent):
            return replace(self, dialect=dialect)
        if error.wordless and not self.whole:
            return replace(self, whole=True)
        if error.passing and self.retries:
            pause = self.backoff.next() if error.wait is None else 0.0
            return replace(self, retries=self.retries - 1, pause=pause, error=error, whole=False)
        return None


def _shorter(prompt: Prompt) -> Prompt | None:
    """The prompt without the older half of its history."""
    history = prompt.lines[prompt.head :]
    kept = list(history[(len(history) + 1) // 2 :])
    while kept and kept[0].role != "viewer":
        del kept[0]
    return replace(prompt, lines=(*prompt.lines[: prompt.head], *kept)) if kept else None
