"""What is heard of a brain, or of several with fallback lines, as ``ReplyWriter`` would say it."""

from __future__ import annotations

from contextlib import aclosing

from vtuber.brain import Brain, Prompt
from vtuber.brain.fallback import BrainFallback
from vtuber.core.errors import BrainError


async def heard(brain: Brain, prompt: Prompt) -> str:
    """Raises BrainError when nobody has anything to say."""
    said, trouble = "", BrainError("nothing was said")
    try:
        async with aclosing(brain.stream(prompt)) as tokens:
            async for token in tokens:
                said += token
    except BrainError as error:
        trouble = error
    else:
        if said.strip():
            return said
    if isinstance(brain, BrainFallback) and (line := brain.fallback_lines.take(prompt.lines[-1], said)):
        return said + line
    raise trouble
