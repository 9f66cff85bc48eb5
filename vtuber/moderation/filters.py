"""Decides what is not answered and what is not said.

``check_message`` checks every message, and is cheap. ``check_pick`` checks a message that was chosen, more
closely. ``check_spoken`` checks every sentence before it is spoken, most closely.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from vtuber import config
from vtuber.core.events import Answerable, Pick
from vtuber.core.spelling import normalize
from vtuber.moderation.patterns import compiled
from vtuber.moderation.prompt_leak import PromptLeak
from vtuber.moderation.word_list import WordList

SPOKEN_LIMIT = 1000
"""Characters; a longer sentence is not spoken."""


@dataclass(frozen=True, slots=True)
class Verdict:
    allowed: bool
    reason: str = ""
    """For people: "a word in gate.words"."""
    rule: str = ""
    """For the journal: "gate.words: bad". Built-in words are not spelled out."""


ALLOWED = Verdict(allowed=True)

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
_ENDINGS = r"com|net|org|gg|tv|io|ru|xyz|cc|tw|cn|jp|info|app|dev|ly"
_ADDRESS = re.compile(
    r"https?:|\bwww\.\w|\b[a-z0-9-]{2,}\.(?:" + _ENDINGS + r")(?![a-z0-9])"
    r"|\b[a-z0-9-]+\.[a-z]{2,}/\w|\b[a-z0-9-]{2,} dot (?:com|net|org|gg|tv)\b"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b",
    re.IGNORECASE | re.ASCII,
)
_CONTACT = re.compile(
    r"(?<![\w.+-])[\w.+-]+ ?(?:@|[(\[]at[)\]]) ?[\w-]+\.[a-z]{2,}"
    r"|(?<![\d.,+])(?!(?:19|20)\d\d-\d\d?-\d)(?:\+\d|0\d|\d{3})(?:[ ()-]{0,2}\d){7,}(?![\d,])",
    re.IGNORECASE | re.ASCII,
)
_CONFESSION = re.compile(
    r"\b(?:system|initial|hidden) prompts?\b|\bmy (?:instructions|prompt)\b"
    r"|\b(?:as|i am|i'm) an? (?:ai|artificial intelligence|large)? ?language model\b"
    r"|\bas an ai assistant\b|\bi(?:'m| am) (?:chatgpt|smollm\w*|qwen\w*|llama\w*|gpt\w*)\b"
    r"|系[統统]提示|提示[詞词]|我的(?:指令|設定[檔档])"
    r"|(?:作[為为]|身[為为]|我是)(?:一[個个])?(?:AI|人工智[慧能])?(?:大型)?[語语]言模型",
    re.IGNORECASE,
)
_SPOKEN_RULES = (
    (CONTROL_TOKENS, "a control token", "control token"),
    (_ADDRESS, "a web address", "address"),
    (_CONTACT, "an e-mail address or a phone number", "contact"),
    (_CONFESSION, "talk about prompts and language models", "confession"),
)


class Filter:
    """Raises ConfigError for a pattern that fits everything, or that can take too long.

    ``secret`` must not be recited: the persona.
    """

    def __init__(self, gate: config.Gate, secret: str = "") -> None:
        self._words = WordList(gate.words)
        self._patterns = compiled(gate.patterns, "gate.patterns")
        self._hateful = WordList.shipped("hateful")
        self._rude = WordList.shipped("rude")
        self._secret = PromptLeak(secret)

    def check_message(self, event: Answerable) -> Verdict:
        """Checks the text of any event against ``gate.words``."""
        return self._configured_word(self._words.find(normalize(event.text))) or ALLOWED

    def check_pick(self, pick: Pick) -> Verdict:
        """Checks a chosen event against patterns and built-in words too; and its author's name."""
        event = pick.event
        return self._closely(event.text) or self._name(event.author.name) or ALLOWED

    def check_name(self, name: str) -> Verdict:
        """Checks a viewer's name, in which words hide without spaces around them."""
        return self._name(name) or ALLOWED

    def check_spoken(self, text: str) -> Verdict:
        """Checks a sentence before it is spoken."""
        if len(text) > SPOKEN_LIMIT:
            return _stopped("a sentence that is far too long", "length")
        return self._closely(text) or self._spoken(text) or ALLOWED

    def _closely(self, text: str) -> Verdict | None:
        normalized = normalize(text)
        return (
            self._configured_word(self._words.find(normalized))
            or self._configured_pattern(text)
            or self._built_in(self._hateful.find(normalized))
        )

    def _name(self, name: str) -> Verdict | None:
        normalized = normalize(name)
        return (
            self._configured_word(self._words.find_in_name(normalized))
            or self._configured_pattern(name)
            or self._built_in(self._hateful.find_in_name(normalized))
        )

    def _spoken(self, text: str) -> Verdict | None:
        plain = unicodedata.normalize("NFKC", text)
        for pattern, reason, rule in _SPOKEN_RULES:
            if pattern.search(plain):
                return _stopped(reason, f"built in: {rule}")
        if self._secret.is_in(text):
            return _stopped("a quote from the persona", "built in: persona")
        return self._built_in(self._rude.find(normalize(text)))

    def _configured_word(self, found: str) -> Verdict | None:
        return _stopped("a word in gate.words", f"gate.words: {found}") if found else None

    def _configured_pattern(self, text: str) -> Verdict | None:
        for pattern in self._patterns:
            if pattern.search(text):
                return _stopped("a pattern in gate.patterns", f"gate.patterns: {pattern.pattern}")
        return None

    def _built_in(self, found: str) -> Verdict | None:
        return _stopped("a slur or an explicit word", "built in: word") if found else None


def _stopped(reason: str, rule: str) -> Verdict:
    return Verdict(allowed=False, reason=reason, rule=rule)
