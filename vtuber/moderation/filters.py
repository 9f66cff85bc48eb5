"""The gate's judgement: what is not heard, and what she does not say.

``hear`` is for every message and cheap; ``judge`` for those that were chosen, and closer; ``say`` for every
sentence of hers before it is spoken, and closest.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from vtuber import config
from vtuber.core.errors import ConfigError
from vtuber.core.events import Answerable, Pick
from vtuber.core.spelling import Words, normalize
from vtuber.core.text import MESSAGE_LIMIT
from vtuber.moderation import slurs
from vtuber.moderation.prompt_leak import PromptLeak

SPOKEN_LIMIT = 1000
"""A longer sentence is no sentence, and is not spoken."""
SLOW_MS = 20.0
"""A pattern that takes longer than this on one line could hold up the show."""
NAME_WORD_LENGTH = 5
"""Words at least as long are found in the middle of names too."""
_REGEX = "re:"


@dataclass(frozen=True, slots=True)
class Verdict:
    allowed: bool
    reason: str = ""
    """In words, for the terminal: "a word in gate.words"."""
    rule: str = ""
    """Which one exactly, for the journal: "gate.words: bad". Built-in words are not spelled out."""


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
    (_CONFESSION, "talk of prompts and models", "confession"),
)


class Filter:
    """Raises ConfigError for a pattern that fits everything, or one that can take for ever.

    ``secret`` is what she must not recite: the persona.
    """

    def __init__(self, gate: config.Gate, secret: str = "") -> None:
        self._words = _WordList(gate.words)
        self._patterns = tuple(
            compiled(source, f"gate.patterns[{index}] {source!r}")
            for index, source in enumerate(gate.patterns)
        )
        self._hateful = _WordList(slurs.hateful())
        self._rude = _WordList(slurs.rude())
        self._secret = PromptLeak(secret)

    def hear(self, event: Answerable) -> Verdict:
        """Of everything that comes in: the words of the config, in what it says."""
        return self._configured_word(self._words.find(normalize(event.text))) or ALLOWED

    def judge(self, pick: Pick) -> Verdict:
        """Of what was chosen: patterns and built-in words too, and the name, for she would say it."""
        event = pick.event
        return self._closely(event.text) or self._name(event.author.name) or ALLOWED

    def name(self, name: str) -> Verdict:
        """Of a chatter's name, in which words hide without anything around them."""
        return self._name(name) or ALLOWED

    def say(self, text: str) -> Verdict:
        """Of a sentence of hers."""
        if len(text) > SPOKEN_LIMIT:
            return _stopped("far too long", "length")
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
            return _stopped("recited from her persona", "built in: persona")
        return self._built_in(self._rude.find(normalize(text)))

    def _configured_word(self, found: str) -> Verdict | None:
        return _stopped("a word in gate.words", f"gate.words: {found}") if found else None

    def _configured_pattern(self, text: str) -> Verdict | None:
        for pattern in self._patterns:
            if pattern.search(text):
                return _stopped("a pattern in gate.patterns", f"gate.patterns: {pattern.pattern}")
        return None

    def _built_in(self, found: str) -> Verdict | None:
        return _stopped("a word that ends shows", "built in: word") if found else None


class _WordList:
    """Words, and regular expressions behind "re:", as the built-in lists have them."""

    def __init__(self, entries: Iterable[str]) -> None:
        entries = tuple(entries)
        words = [entry for entry in entries if not entry.startswith(_REGEX)]
        expressions = [entry.removeprefix(_REGEX) for entry in entries if entry.startswith(_REGEX)]
        self._words = Words(words)
        self._inside_names = Words((word for word in words if len(word) >= NAME_WORD_LENGTH), anywhere=True)
        self._expression = re.compile("|".join(expressions)) if expressions else None

    def find(self, normalized: str) -> str:
        if self._expression is not None and (match := self._expression.search(normalized)):
            return str(match.group())
        return self._words.find(normalized)

    def find_in_name(self, normalized: str) -> str:
        return self.find(normalized) or self._inside_names.find(normalized)


def _stopped(reason: str, rule: str) -> Verdict:
    return Verdict(allowed=False, reason=reason, rule=rule)


def compiled(source: str, where: str) -> re.Pattern[str]:
    """A pattern out of a file. Raises ConfigError for one that cannot be used; ``where`` it stands."""
    pattern = re.compile(source, re.IGNORECASE)
    if pattern.search(""):
        raise ConfigError("this fits every message", where=where, hint="have it ask for at least one letter")
    if probe := _slow_probe(pattern):
        raise ConfigError(
            f"this can hold up the show: it took far too long on {probe[:8]!r}…, repeated",
            where=where,
            hint="avoid a repeat inside a repeat, like (a+)+, and more than one .*",
        )
    return pattern


def _slow_probe(pattern: re.Pattern[str]) -> str:
    """A line on which the pattern backtracks for long, or "": its own letters, repeated ever longer."""
    own: list[str] = re.findall(r"\w", pattern.pattern)
    units = dict.fromkeys([*own[:30], *map("".join, pairwise(own[:30])), "a", "0", " ", ".a"])
    for length in (8, 12, 16, 20, 24, 28, 60, 120, 250, MESSAGE_LIMIT):
        for unit in units:
            probe = (unit * length)[:length] + "\0"
            if min(_milliseconds(pattern, probe), _milliseconds(pattern, probe)) > SLOW_MS:
                return probe
    return ""


def _milliseconds(pattern: re.Pattern[str], text: str) -> float:
    began = time.perf_counter()
    pattern.search(text)
    return (time.perf_counter() - began) * 1000
