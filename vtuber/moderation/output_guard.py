"""A model's slips: a reply that has gone wrong, told before it is heard.

The filter (``filters``) judges what must never be said by anybody, these whether she is still herself. What
they find is no reason for silence: she is asked again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from vtuber.core.spelling import copy_key, normalize
from vtuber.core.text import space_between
from vtuber.moderation.filters import CONTROL_TOKENS, compiled
from vtuber.moderation.prompt_leak import PromptLeak

SYMBOLS = 40
"""So many characters without a letter among them are nothing that anybody could pronounce."""
LONGEST_LOOP = 120
"""Characters; what repeats itself over more than that is told by whole sentences."""
_LOOPED, _LOOPED_CHINESE = 40, 16
"""A loop of a few characters must be so long…"""
_ROUNDS = 3
"""…and a longer one be gone through so often."""
_SAME = 2
"""A sentence may be said so often in one reply…"""
_SAME_LENGTH = 6
"""…if it has so many letters; shorter ones as often as she likes."""
_SEAM, _LONGEST_LABEL = 24, 80
"""Characters of what was read before that may belong to a marker, or to a line's label."""

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
_ENDINGS = re.compile(r"[.!?。…]")
_NEGATION = re.compile(
    r"n['’]?t\b|\b(?:not?|never|hate|dislike|wrong)\b|[不沒没別别難难]|討厭|讨厌",
    re.IGNORECASE,
)

# A sentence that tells what others say, or forbids to say it, or asks, denies nothing.
_OTHERS = (
    r"some(?:one|body)?|people|they|you|he|she|who(?:ever)?|any(?:one|body)|every(?:one|body)|no(?:body| one)"
    r"|many|others?|haters?|heretics?|those"
)
_SAY = r"sa(?:y|ys|id|ying)|think\w*|thought|claim\w*|believ\w*|tell\w*|told|insist\w*|argu\w*|wr[io]te\w*"
_REPORTED = re.compile(
    rf"\b(?:{_OTHERS})\b(?:\W+\w+){{0,3}}?\W+(?:{_SAY})\b"
    rf"|\b(?:never|not|won['’]?t|can['’]?t|cannot|refuse to|how dare)\s+(?:\w+\s+){{0,2}}?(?:say|claim|admit)"
    r"|\b(?:stop|quit) (?:saying|claiming)\b|\b(?:don['’]?t|do not) (?:you dare )?tell me\b|\bwant to hear\b"
    r"|\b(?:lies?|nonsense|myth|rumou?r|not true) that\b"
    r"|(?:有人|(?<![跟和對对])[誰谁你妳您他她們们]|別人|别人|大家|有些人|那些|很多人|人家|敢|竟然|居然|[不別别][許许准要會会能]?)"
    r"[^,，.。!！?？]{0,6}(?:[說说講讲嫌罵骂](?!得[對对沒没])|[覺觉]得|[認认][為为])",
    re.IGNORECASE,
)
_REFUTED = re.compile(
    r"[?？]|\b(?:wrong|heresy|heretics?|lies?|lying|nonsense|myth|false|blasphemy|mistaken|banned)\b"
    rf"|\b(?:{_OTHERS})\b(?:\W+\w+){{0,2}}?\W+(?:{_SAY})\b|\bsa(?:id|ys) (?:nobody|no one)\b"
    r"|的(?:人|[傢家]伙)|[錯错]的|[胡瞎亂乱][說说]|[謊谎]|才怪",
    re.IGNORECASE,
)

# Who says that the others are right says it with them.
_AGREED = re.compile(
    r"\b(?:they|he|she|(?:some|every)(?:one|body))(?:['’]re| are|['’]s| is) right\b|\bi (?:\w+ ){0,2}?agree\b"
    r"|我(?:也|很|完全|百分之百)?同意|[說说][得的][對对沒没]",
    re.IGNORECASE,
)


class Violation(Exception):  # noqa: N818  # the model's, and no error of the program
    """What is wrong with a reply, in a few words."""


class OutputGuard:
    """One character's: what she is called, what is ``sacred`` to her, and patterns for its ``denials``.

    Raises ConfigError, naming the file (``where``), for a denial that fits everything or can take for ever.
    """

    def __init__(
        self, names: Sequence[str], sacred: Sequence[str], denials: Sequence[str], where: str
    ) -> None:
        self.names = names
        self.sacred = sacred
        self._denials = [
            compiled(source, f"{where}: denials.{index} {source!r}") for index, source in enumerate(denials)
        ]
        self._subjects = frozenset(_subjects(" ".join(sacred))) if denials else frozenset()

    def denies(self, sentence: str) -> bool:
        """Whether she says in it herself that what is sacred to her is not so."""
        for denial in self._denials:
            for match in denial.finditer(sentence):
                before, after = sentence[: match.start()], sentence[match.end() :]
                of_others = _REPORTED.search(before) or _REFUTED.search(after)
                if not of_others or _AGREED.search(sentence):
                    return True
        return False

    def may_deny(self, beginning: str) -> bool:
        """Whether a sentence that begins so may yet deny it, or not, if only by its last word."""
        about = self._subjects.intersection(_subjects(beginning))
        negated = bool(_NEGATION.search(beginning))
        return len(about) > 1 or (bool(about) and negated) or self.denies(beginning)


class Watch:
    """Over one reply. ``read`` what the model writes, ``judge`` what she is to say of it; both raise Slip.

    ``secret`` is what she was told and nobody else is, ``names`` whoever is in the talk with her, ``asked``
    the line that she answers.
    """

    def __init__(
        self, manners: OutputGuard, secret: Sequence[str] = (), names: Iterable[str] = (), asked: str = ""
    ) -> None:
        self._manners = manners
        told = " ".join(secret)
        for fact in manners.sacred:
            told = told.replace(fact, " ")
        self._secret = PromptLeak(told)
        self._label = _label([*names, *manners.names, *_ALSO.findall(asked)])
        self._read = self._plain = ""
        self._unsaid = 0
        self._said = ""
        self._open = ""  # the sentence that has not ended
        self._question = _question_in(asked)  # what that one answers, if anything: a viewer's, or her own
        self._times: dict[str, int] = {}
        self.doubts = False
        """What was judged last may still turn out to be the beginning of a slip: let nobody hear it yet."""

    def read(self, text: str) -> None:
        """The next few characters that the model wrote, before anything is taken out of them."""
        begin = max(0, len(self._read) - _SEAM)
        self._read += text
        line = max(0, len(self._plain) - _LONGEST_LABEL)
        self._plain += unicodedata.normalize("NFKC", text)
        if _BROKEN.search(self._read, begin):
            raise Violation("broken characters")
        if CONTROL_TOKENS.search(self._plain, line):
            raise Violation("a piece of the prompt's machinery")
        if self._label.search(self._plain, line):
            raise Violation("somebody else's line")
        self._unsaid = 0 if any(map(str.isalnum, text)) else self._unsaid + len(text)
        if self._unsaid >= SYMBOLS:
            raise Violation("nothing to pronounce")
        if _loops(" ".join(self._plain[-_ROUNDS * LONGEST_LOOP :].casefold().split())):
            raise Violation("a loop")

    def judge(self, piece: str) -> None:
        """The next piece of what she is to say."""
        self._said += f" {piece}"
        if self._secret.is_in(self._said):
            raise Violation("recited from the prompt")
        whole = ""
        self._open += space_between(self._open, piece) + piece
        for sentence in _SENTENCE.findall(self._open):
            whole += sentence
            self._end_sentence(sentence)
        self._open = self._open[len(whole) :]
        self.doubts = self._secret.may_begin_in(self._said) or self._manners.may_deny(
            self._question + self._open
        )

    def finish(self) -> None:
        """The reply is over."""
        if self._read.strip() and not self._said:
            raise Violation("nothing to pronounce")
        self._end_sentence(self._open)
        self.doubts = False

    def _end_sentence(self, sentence: str) -> None:
        plain = unicodedata.normalize("NFKC", sentence)
        if any(map(self._manners.denies, {plain, self._question + plain})):
            raise Violation("she denies what is sacred to her")
        self._question = _question_in(plain)
        same = copy_key(normalize(sentence))
        self._times[same] = self._times.get(same, 0) + 1
        if len(same) >= _SAME_LENGTH and self._times[same] > _SAME:
            raise Violation("a loop")


def _label(names: Iterable[str]) -> re.Pattern[str]:
    """The beginning of a line of a role's or of one of ``names``: "Mika:", "<Mika>"."""
    plain = {unicodedata.normalize("NFKC", name).strip() for name in names}
    known = "|".join([_ROLES, *(re.escape(name) for name in sorted(plain) if len(name) > 1)])
    return re.compile(
        rf"(?:^|[\n.!?。…\"”」])[\s*_#<(\[@>-]*(?:{known})[\s*_>)\]]*:(?!//)|<(?:{known})>", re.IGNORECASE
    )


def _question_in(text: str) -> str:
    """The question that the text ends with, before what the show tells in brackets; "" when there is none."""
    plain = unicodedata.normalize("NFKC", text.partition("[")[0])
    end = len(plain)
    while end and not plain[end - 1].isalnum():
        end -= 1
    asks = "?" in plain[end:] or plain[:end].endswith(("嗎", "吗"))
    return f"{_ENDINGS.split(plain[:end])[-1]}? " if asks else ""


def _loops(text: str) -> bool:
    """Whether the text ends with the same over and over."""
    chinese = any(char.isalpha() and not char.isascii() for char in text[-_LOOPED_CHINESE:])
    looped = _LOOPED_CHINESE if chinese else _LOOPED
    return any(
        text.endswith(text[-length:] * max(_ROUNDS, -(-looped // length)))
        for length in range(1, min(LONGEST_LOOP, len(text) // _ROUNDS) + 1)
    )


def _subjects(text: str) -> Iterable[str]:
    """What a text is about: its longer words, and what stands for them in Chinese."""
    normalized = normalize(text)
    yield from (word.rstrip("s") for word in re.findall(r"[a-z]{5,}", normalized))
    for run in re.findall(r"[\u4e00-\u9fff]+", normalized):
        yield from (run[at : at + 2] for at in range(len(run) - 1))
