"""What a prompt is made of, in tokens, and what the model had to read of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vtuber.app.chat.mind import Mind
from vtuber.brain import Brain, Prompt, PromptLine
from vtuber.core.errors import BanbanError


async def why(mind: Mind) -> str:
    """A table of the last prompt. Raises BanbanError when there was none."""
    prompt, usage = mind.prompt, mind.usage
    if prompt is None:
        raise BanbanError("nothing has been asked yet", hint="send a message first")
    if prompt.known:
        return "no model was asked: this is a line of hers, from small_talk.toml or character.toml"
    rows = await _parts(prompt, mind.character.canon, mind.brain)
    if mind.settings.brain.is_toy:  # it is told no history, but what is like the question
        rows = {"small talk" if name == "history" else name: tokens for name, tokens in rows.items()}
    if not usage.prompt:
        return _table(rows, "this model does not report what it read; each part was counted on its own")
    around = usage.prompt - sum(rows.values())
    if around >= 0:
        rows["format"] = around
    rows |= {"total": usage.prompt, "cached": usage.reused, "evaluated": usage.prompt - usage.reused}
    rows["reply"] = usage.reply
    return _table(
        rows, "" if around >= 0 else "the parts are estimates, because this model only counts whole prompts"
    )


async def _parts(prompt: Prompt, canon: Sequence[str], brain: Brain) -> dict[str, int]:
    *before, asked = enumerate(prompt.lines)
    system = [line for _, line in before if line.role == "system"]
    spoken = [(index, line) for index, line in before if line.role != "system"]
    bare = [replace(line, text=_without(line.text, canon)) for line in system]
    parts = {
        "persona": bare,
        "examples": [line for index, line in spoken if index < prompt.head],
        "history": [line for index, line in spoken if index >= prompt.head],
        "this turn": [asked[1]],
    }
    counted = {name: await _count(brain, lines) for name, lines in parts.items()}
    facts = await _count(brain, system) - counted["persona"]
    return {"persona": counted.pop("persona"), "canon": facts, **counted}


async def _count(brain: Brain, lines: Sequence[PromptLine]) -> int:
    return await brain.count(tuple(lines)) if lines else 0


def _without(text: str, facts: Sequence[str]) -> str:
    for fact in facts:
        text = text.replace(fact, "")
    return text


def _table(rows: dict[str, int], remark: str) -> str:
    printed = [f"{name:<10} {tokens:>7,}" for name, tokens in rows.items()]
    return "\n".join([*printed, *([remark] if remark else [])])
