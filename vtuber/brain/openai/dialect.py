"""How a server must be asked: what it lacks is found out from its refusals, and left out from then on."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from vtuber.brain import Prompt
from vtuber.brain.openai.messages import messages
from vtuber.brain.openai.refused import Refused
from vtuber.config import Brain

_BARE = frozenset(("stream_options", "chat_template_kwargs", "seed", "top_p"))
"""Options that the plainest servers do not know."""
_OPTIONS = (*sorted(_BARE), "stream", "temperature", "max_completion_tokens", "max_tokens")
_ABOUT_SYSTEM = re.compile(r"\bsystem\b|alternat", re.IGNORECASE)
_TOLD = (200, 400, 422, 500)
"""With these a server complains about the prompt itself; 200 and 500 are those whose template did."""


@dataclass(frozen=True, slots=True)
class Dialect:
    names: bool = False
    """Whether it keeps the names of authors; if not, they stand in the text."""
    system: bool = True
    """Whether it has system messages; if not, theirs begins the first viewer's."""
    without: frozenset[str] = frozenset()
    """Options that it refuses."""

    def body(self, model: str, prompt: Prompt, settings: Brain, *, stream: bool) -> dict[str, Any]:
        """The request. What is empty is left out."""
        limit = "max_completion_tokens" if "max_tokens" in self.without else "max_tokens"
        options: dict[str, Any] = {
            "model": model,
            limit: prompt.max_tokens,
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "seed": prompt.seed,
            "stream": stream,
            "stream_options": {"include_usage": True} if stream and "stream" not in self.without else None,
            # She speaks at once: what a model thinks first would be silence.
            "chat_template_kwargs": {"enable_thinking": False},
        }
        told = messages(prompt.lines, names=self.names, system=self.system, reply_so_far=prompt.reply_so_far)
        kept = {
            name: value
            for name, value in options.items()
            if name not in self.without and value not in (None, "")
        }
        return {**kept, "messages": told}

    def milder(self, refused: Refused, sent: Collection[str]) -> Dialect | None:
        """How to ask instead of what was ``sent`` and refused; None when nothing more can be left out."""
        if refused.status not in _TOLD:
            return None
        plainly = refused.status in (400, 422)  # it is about the request, not about what came of it
        named = [name for name in _OPTIONS if name in sent and re.search(rf"\b{name}\b", refused.why)]
        milder = None
        if plainly and named:
            milder = replace(self, without=self.without.union(named))
        elif self.system and _ABOUT_SYSTEM.search(refused.why):
            milder = replace(self, system=False)
        elif plainly and self.names:
            milder = replace(self, names=False)
        elif plainly and _BARE.intersection(sent):
            milder = replace(self, without=self.without | _BARE)
        elif plainly and self.system:
            milder = replace(self, system=False)
        return milder
