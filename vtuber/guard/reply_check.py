"""Finds a reply that has gone wrong before it is heard: loops, broken characters, another speaker's line…

The filter (``filters``) judges what nobody may say; this tells whether the model still plays its character.
After a violation the model is asked again.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from vtuber.core.spelling import copy_key, normalize
from vtuber.core.text import space_between
from vtuber.guard.detectors.tokens import CONTROL_TOKENS
from vtuber.guard.prompt.prompt_leak import PromptLeak
from vtuber.guard.role.identity import Identity, claims_humanity

SYMBOLS = 40
"""Characters in a row without a letter or digit that nobody could pronounce."""
LONGEST_LOOP = 120
"""Characters of the longest loop that is looked for; longer ones are found as repeated sentences."""
_LOOPED, _LOOPED_CHINESE = 40, 16
"""Characters that a loop must take altogether."""
_ROUNDS = 3
"""How often a loop must be repeated."""
_SAME = 2
"""How often a sentence may be said in one reply."""
_SAME_LENGTH = 6
"""Letters of the shortest sentence to which that applies."""
_SEAM, _LONGEST_LABEL = 24, 80
"""Characters of what was read before that may belong to a marker, or to a line's label."""

_MAY_LABEL = re.compile("[:<]")
"""One of them is in every label."""
_BROKEN = re.compile(
    "[\ufffd\ud800-\udfff\ue000-\uf8ff\x00-\x08\x0e-\x1f\x7f-\x9f]"
    "|[\u202a-\u202e\u2066-\u2069]|[\u0300-\u036f]{4}"  # what turns a line around, or runs out of it
    "|<0x[0-9A-Fa-f]{2}>"  # a byte that a tokenizer spelled out
    "|â€|Ã[^\\w\\s]"  # UTF-8 that was read as Latin-1
)
_ROLES = (
    r"user|human|viewer|chat|assistant|system|model|bot|ai|instruction|input|output|response|reply"
    r"|使用者|用[戶户]|[觀观][眾众]|[聊]天室|助理|助手|系[統统]|人[類类]"
)
_ALSO = re.compile(r"\[also ([^:\]]{1,50}):")
_SENTENCE = re.compile(r"[^.!?。！？…]*[.!?。！？…]+[\"'”’」』)）]*\s*")


class Violation(Exception):  # noqa: N818  # the model's, and no error of the program
    """What is wrong with a reply, in a few words."""


class OutputGuard:
    """What the guard knows of one character: ``names``, ``persona``, and ``canon``, which she may recite.

    Whoever is not ``may_be_human`` tells nobody that she is.
    """

    def __init__(
        self, names: Sequence[str], canon: Sequence[str], persona: str = "", *, may_be_human: bool = True
    ) -> None:
        self.names = names
        self.canon = canon
        self.identity = Identity(names, persona)
        self.may_be_human = may_be_human


class ReplyCheck:
    """Checks one reply: ``read`` what the model writes, ``check_piece`` what she is to say of it.

    ``secret`` is what only the prompt tells her, ``names`` are the viewers in the prompt, ``asked`` is the
    line that she answers. All methods raise Violation.
    """

    def __init__(
        self, guard: OutputGuard, secret: Sequence[str] = (), names: Iterable[str] = (), asked: str = ""
    ) -> None:
        self._identity = guard.identity
        self._may_be_human = guard.may_be_human
        hidden = " ".join(secret)
        for fact in guard.canon:
            hidden = hidden.replace(fact, " ")
        self._leak = PromptLeak.of(hidden)
        self._names = [*names, *guard.names, *_ALSO.findall(asked)]
        self._label: re.Pattern[str] | None = None
        self._read = self._plain = ""
        self._unsaid = 0
        self._said = ""
        self._sentence = ""  # the one that has not ended
        self._times: Counter[str] = Counter()
        self.may_leak = False
        """Whether what was checked last may be the beginning of a leak: let nobody hear it yet."""

    def read(self, text: str) -> None:
        """Takes the next few characters that the model wrote, markup included."""
        begin = max(0, len(self._read) - _SEAM)
        self._read += text
        line = max(0, len(self._plain) - _LONGEST_LABEL)
        self._plain += unicodedata.normalize("NFKC", text)
        if _BROKEN.search(self._read, begin):
            raise Violation("broken characters")
        if CONTROL_TOKENS.search(self._plain, line):
            raise Violation("a control token")
        if self._is_labelled(line):
            raise Violation("somebody else's line")
        self._unsaid = 0 if any(map(str.isalnum, text)) else self._unsaid + len(text)
        if self._unsaid >= SYMBOLS:
            raise Violation("nothing to pronounce")
        if _loops(" ".join(self._plain[-_ROUNDS * LONGEST_LOOP :].casefold().split())):
            raise Violation("a loop")

    def _is_labelled(self, since: int) -> bool:
        """Whether a line by somebody begins there. What finds it is made only where there may be one."""
        if not _MAY_LABEL.search(self._plain, since):
            return False
        if self._label is None:
            self._label = _label(self._names)
        return bool(self._label.search(self._plain, since))

    def check_piece(self, piece: str) -> None:
        """Takes the next piece of what she is to say."""
        self._said += f" {piece}"
        if self._leak.is_in(self._said):
            raise Violation("a quote from the prompt")
        self._sentence += space_between(self._sentence, piece) + piece
        if self._identity.denied_in(self._sentence):
            raise Violation("a claim to be somebody else")
        if not self._may_be_human and claims_humanity(self._sentence):
            raise Violation("a claim to be human")
        whole = ""
        for sentence in _SENTENCE.findall(self._sentence):
            whole += sentence
            self._end_sentence(sentence)
        self._sentence = self._sentence[len(whole) :]
        self.may_leak = self._leak.may_begin_in(self._said)

    def finish(self) -> None:
        """The reply is over."""
        if self._read.strip() and not self._said:
            raise Violation("nothing to pronounce")
        self._end_sentence(self._sentence)
        self.may_leak = False

    def _end_sentence(self, sentence: str) -> None:
        same = copy_key(normalize(sentence))
        self._times[same] += 1
        if len(same) >= _SAME_LENGTH and self._times[same] > _SAME:
            raise Violation("a loop")


def _label(names: Iterable[str]) -> re.Pattern[str]:
    """Finds the beginning of a line by a role or by one of ``names``: "Mika:", "<Mika>"."""
    plain = {unicodedata.normalize("NFKC", name).strip() for name in names}
    known = "|".join([_ROLES, *(re.escape(name) for name in sorted(plain) if len(name) > 1)])
    return re.compile(
        rf"(?:^|[\n.!?。…\"”」])[\s*_#<(\[@>-]*(?:{known})[\s*_>)\]]*:(?!//)|<(?:{known})>", re.IGNORECASE
    )


def _loops(text: str) -> bool:
    """Whether the text ends with something repeated over and over."""
    chinese = any(char.isalpha() and not char.isascii() for char in text[-_LOOPED_CHINESE:])
    looped = _LOOPED_CHINESE if chinese else _LOOPED
    return any(
        text.endswith(text[-length:] * max(_ROUNDS, -(-looped // length)))
        for length in range(1, min(LONGEST_LOOP, len(text) // _ROUNDS) + 1)
    )
