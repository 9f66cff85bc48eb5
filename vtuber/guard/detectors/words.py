"""Finds words of the lists that came along, and the streamer's own: ``gate.words``, ``guard.words.files``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, partial

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.guard import ALL, HERS, Action, Door, Finding, Passage
from vtuber.guard.words.word_files import NAMES, OWN, POLICIES, uncalled
from vtuber.guard.words.word_list import WordList

_CLEAN = HERS | {Door.SHOWN, Door.NAME}
_DOORS = {
    **dict.fromkeys(POLICIES, ALL),
    **dict.fromkeys(("rude", "drugs", "harassment", "politics"), _CLEAN),
    OWN: ALL,
}
"""Chat may be rude, and is answered all the same."""
_TOLD = frozenset(("sexual", "rude", "harassment", "self_harm", "threats"))
"""Lists whose words somebody may say who condemns them, or tells what came of them. Of slurs nobody may."""
_NEAR = 40
"""Characters from such a word to what condemns it."""
_WARNING = re.compile(
    r"\b(?:stop|quit|dont|don't|never|no|nobody|not)\s+(?:\w+\s+){0,2}?"
    r"(?:asking|ask|saying|say|telling|tell|calling|call|posting|post|sending|send|spamming|spam|typing|requesting)\b"
    r"|\b(?:banned|kicked|fired|reported|timed out|muted|suspended|arrested)\s+(?:\w+\s+)?for\b"
    r"|(?:不要|別|不准|禁止|停止)再?(?:問|說|傳|叫|貼|畫|洗|打|私訊|對|罵)|要你傳|因為(?:說|傳|罵)",
    re.IGNORECASE,
)
"""What stands before it…"""
_BLAME = re.compile(
    r"\b(?:is|are|was)(?:\s+(?:not|never)|n't)\s+(?:ok|okay|funny|cool|allowed|welcome)\b"
    r"|\b(?:weirdos?|is\s+disgusting|is\s+harassment|gets?\s+you\s+banned)\b"
    r"|被(?:檢舉|停權|禁言|開除|封鎖|抓)|是騷擾|報警|是犯罪|很不尊重|告訴大人|告訴老師|不要傳|不好笑",
    re.IGNORECASE,
)
"""…and behind it."""
_ORDER = re.compile(r"\b(?:show|suck|send me|give me|sit on|ride)\b|給我|讓我|幫我", re.IGNORECASE)
"""With which somebody asks for it all the same."""


class Words:
    """Raises ConfigError for a file that cannot be used."""

    doors = ALL

    def __init__(self, settings: Settings, _character: Character) -> None:
        section = settings.guard.words
        actions: dict[str, str] = dict(section.policies.items())
        self._actions = {policy: Action(actions.get(policy, section.action)) for policy in (*POLICIES, OWN)}
        self._policies = {
            door: frozenset(
                policy
                for policy, action in self._actions.items()
                if door in _DOORS[policy] and action is not Action.SPEAK
            )
            for door in Door
        }
        self._action = Action(section.action)
        self._list = WordList.of_streamer(settings.gate.words, section.files, built_in=True)

    def detect(self, passage: Passage) -> Iterator[Finding]:
        find = partial(
            self._list.find, passage.window, since=len(passage.lead), in_name=passage.door is Door.NAME
        )
        for found in find(policies=self._policies[passage.door]):
            place = passage.found(found.begin, found.end)
            if place is None or (found.policy in _TOLD and _condemns(passage, *place)):
                continue
            rule, reason = f"built in: {found.policy}", f"a word of the list {found.policy}"
            if found.policy == OWN:
                rule, reason = f"gate.words: {found.word}", "a word in gate.words"
            yield Finding(rule, reason, self._actions[found.policy], *place)
        if passage.door is Door.NAME:
            for found in _uncalled().find(passage.text, in_name=True):
                reason = "a word that nobody may be called by"
                yield Finding(f"built in: {NAMES}", reason, self._action, found.begin, found.end)

    def may_begin(self, text: str) -> int:
        """How many letters at the end may be the beginning of a listed word; 0: none."""
        return self._list.may_begin(text)


def _condemns(passage: Passage, begin: int, end: int) -> bool:
    """Whether what stands around those words speaks against them."""
    if passage.door in (Door.NAME, Door.SHOWN) or _ORDER.search(passage.text):
        return False
    before, behind = passage.text[max(0, begin - _NEAR) : begin], passage.text[end : end + _NEAR]
    return bool(_WARNING.search(before) or _BLAME.search(behind))


@cache
def _uncalled() -> WordList:
    return WordList(uncalled())
