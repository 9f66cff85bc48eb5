"""Finds that she falls out of her role: talk about prompts, language models, an assistant's refusals."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.guard import HERS, Action, Finding, Passage

_CONFESSION = re.compile(
    r"\b(?:system|initial|hidden) prompts?\b|\bmy (?:instructions|prompt)\b"
    r"|\b(?:as|i am|i'm) an? (?:ai|artificial intelligence|large)? ?language model\b"
    r"|\bas an ai assistant\b|\bi(?:'m| am) (?:chatgpt|smollm\w*|qwen\w*|llama\w*|gpt\w*)\b"
    r"|系[統统]提示|提示[詞词]|我的(?:指令|設定[檔档])"
    r"|(?:作[為为]|身[為为]|我是)(?:一[個个])?(?:AI|人工智[慧能])?(?:大型)?[語语]言模型",
    re.IGNORECASE,
)


class Confession:
    """What no character says of herself."""

    doors = HERS

    def __init__(self, settings: Settings, _character: Character) -> None:
        self._action = Action(settings.guard.confession.action)

    def detect(self, passage: Passage) -> Iterator[Finding]:
        for place in passage.search(_CONFESSION):
            yield Finding(
                "built in: confession", "talk about prompts and language models", self._action, *place
            )
