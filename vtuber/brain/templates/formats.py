"""The formats that are known, and which of them a GGUF's own chat template is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from vtuber.brain import PromptLine
from vtuber.brain.templates import NAME, RoleFormat, Template
from vtuber.core.errors import ConfigError

AUTO = "auto"
"""Whatever the GGUF's chat template is, by the best means."""
JINJA = "jinja"
"""The GGUF's chat template itself."""

_LLAMA3 = "<|start_header_id|>{}<|end_header_id|>\n\n"

_ALL = (
    Template(
        "chatml",
        system=RoleFormat("<|im_start|>system\n", "<|im_end|>\n"),
        viewer=RoleFormat("<|im_start|>user\n", "<|im_end|>\n"),
        own=RoleFormat("<|im_start|>assistant\n", "<|im_end|>\n"),
    ),
    Template(
        "llama-3",
        system=RoleFormat(_LLAMA3.format("system"), "<|eot_id|>"),
        viewer=RoleFormat(_LLAMA3.format("user"), "<|eot_id|>"),
        own=RoleFormat(_LLAMA3.format("assistant"), "<|eot_id|>"),
    ),
    # Llama 3 whose headers are the authors' names.
    Template(
        "banban",
        system=RoleFormat(_LLAMA3.format("system"), "<|eot_id|>"),
        viewer=RoleFormat(_LLAMA3.format(NAME), "<|eot_id|>"),
        own=RoleFormat(_LLAMA3.format(NAME), "<|eot_id|>"),
    ),
    Template(
        "gemma",
        system=RoleFormat("<start_of_turn>user\n", "\n\n"),
        viewer=RoleFormat("<start_of_turn>user\n", "<end_of_turn>\n"),
        own=RoleFormat("<start_of_turn>model\n", "<end_of_turn>\n"),
        joined=True,
    ),
    Template(
        "mistral",
        system=RoleFormat("[INST] ", "\n\n"),
        viewer=RoleFormat("[INST] ", " [/INST]"),
        own=RoleFormat(" ", "</s>"),
        joined=True,
    ),
    Template(
        "phi-3",
        system=RoleFormat("<|system|>\n", "<|end|>\n"),
        viewer=RoleFormat("<|user|>\n", "<|end|>\n"),
        own=RoleFormat("<|assistant|>\n", "<|end|>\n"),
    ),
    Template(
        "zephyr",
        system=RoleFormat("<|system|>\n", "</s>\n"),
        viewer=RoleFormat("<|user|>\n", "</s>\n"),
        own=RoleFormat("<|assistant|>\n", "</s>\n"),
    ),
    Template(
        "vicuna",
        system=RoleFormat("", " "),
        viewer=RoleFormat("USER: ", ""),
        own=RoleFormat(" ASSISTANT: ", "</s>"),
    ),
    Template(
        "guanaco",
        system=RoleFormat("", "\n"),
        viewer=RoleFormat("### Human: ", "\n"),
        own=RoleFormat("### Assistant: ", "\n"),
    ),
    Template(
        "alpaca",
        system=RoleFormat("", "\n\n"),
        viewer=RoleFormat("### Instruction:\n", "\n\n"),
        own=RoleFormat("### Response:\n", "</s>\n\n"),
    ),
    Template(
        "plain",
        system=RoleFormat("", "\n\n"),
        viewer=RoleFormat("Chat: ", "\n"),
        own=RoleFormat("Reply: ", "\n"),
    ),
)

FORMATS: Mapping[str, Template] = {template.name: template for template in _ALL}
_ALIASES = {"qwen": "chatml"}

# What in a chat template gives its format away, the surest first.
_SIGNS = (
    ("<|im_start|>", "chatml"),
    ("<|start_header_id|>", "llama-3"),
    ("<start_of_turn>", "gemma"),
    ("[INST]", "mistral"),
    ("<|end|>", "phi-3"),
    ("<|user|>", "zephyr"),
    ("### Human", "guanaco"),
    ("### Instruction", "alpaca"),
    ("USER:", "vicuna"),
)
_NAMED_HEADER = re.compile(r"message(\.name|\[.name.\])")

_TALK = (
    PromptLine("system", "1"),
    *(PromptLine("viewer", "2"), PromptLine("self", "3")) * 2,
    PromptLine("viewer", "2"),
)
"""Formats that write this alike are the same."""


def by_name(name: str) -> Template | None:
    """The format of that name; None for AUTO and JINJA. Raises ConfigError for a name that is none."""
    name = _ALIASES.get(name, name)
    if name in (AUTO, JINJA):
        return None
    if name not in FORMATS:
        names = ", ".join((AUTO, JINJA, *FORMATS, *_ALIASES))
        raise ConfigError(
            f"there is no prompt format called {name!r}", where="brain.template", hint=f"use one of {names}"
        )
    return FORMATS[name]


def recognised(learned: Template) -> Template:
    """The known format that writes just what ``learned`` does, or else that one itself."""
    for known in FORMATS.values():
        if _written(known) == _written(learned):
            return replace(known, begin=learned.begin)
    return learned


def alike(chat_template: str) -> Template | None:
    """The known format that a chat template looks like: a guess, by the signs in it."""
    for sign, name in _SIGNS:
        if sign in chat_template:
            named = name == "llama-3" and _NAMED_HEADER.search(chat_template)
            return FORMATS["banban" if named else name]
    return None


def nearest(chat_template: str) -> Template:
    """The same; for one that looks like none, the simplest."""
    return alike(chat_template) or FORMATS["plain"]


def _written(template: Template) -> str:
    return "".join(piece.text for piece in replace(template, begin="").prompt(_TALK, "me"))
