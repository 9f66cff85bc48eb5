"""Finds control tokens of models: text that is none, and that a model may take for an order."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.guard import HERS, Action, Finding, Passage

CONTROL_TOKENS = re.compile(
    r"<\||\|>"  # ChatML, Llama 3, Phi, GLM…
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|gMASK)\]|<</?SYS>>"
    r"|</?(?:s|bos|eos|pad|unk|think|thinking|tool_call|system|user|assistant)>"
    r"|<(?:start|end)_of_(?:turn|text|image)>|<\w*(?:im_start|im_end|eot_id|endoftext)\w*>?"
    r"|\b(?:im_start|im_end|eot_id|start_header_id|end_header_id|start_of_turn|end_of_turn)\b"
    r"|#{2,}\s*(?:Human|User|Assistant|Instruction|Response|System|Input|Output)\b"
    r"|^\s*(?:Human|User|Assistant|System|USER|ASSISTANT|SYSTEM)\s*:"
    r"|<reserved_\d+>|\bEND_OF_TURN_TOKEN\b",
    re.IGNORECASE,
)


class ControlTokens:
    """Tokens of any family of models, and the labels that open a turn."""

    doors = HERS

    def __init__(self, _settings: Settings, _character: Character) -> None:
        pass

    def detect(self, passage: Passage) -> Iterator[Finding]:
        for place in passage.search(CONTROL_TOKENS):
            yield Finding("built in: control token", "a control token", Action.REPLACE, *place)
