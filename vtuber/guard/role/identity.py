"""Whether a character says that she is somebody else, by her names alone, in English and Chinese.

It finds plain statements ("I am not Luna", "My name is Steve", 我不是露娜) and leaves alone what others are
said to claim, conditions, questions, and whatever else may be innocent: a miss costs less than a reply.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

_TITLES = frozenset(
    "professor prof doctor dr captain mister mr mrs ms miss lady lord sir king queen princess prince".split()  # noqa: SIM905  # reads better
)
_CJK = "\u3040-\u30ff\u3400-\u9fff"

_STRESS = (
    r"(?:(?:actually|really|truly|definitely|certainly|honestly|simply|even|the|real|called|named)\s+){0,3}"
)
_NOT = r"(?:not|no\s+longer|never)(?:\s+been)?\s+"
_I_AM_NOT = (
    rf"\bi(?:\s*['’]m|\s*['’]ve|\s+am|\s+was|\s+have)\s+{_STRESS}{_NOT}"
    r"|\bi\s+(?:never\s+was|used\s+to\s+be)\s+"
)
_I_AM_ANOTHER = r"\bi(?:\s*['’]m|\s+am)\s+(?!\w+ing\b)(?:[\w'’]+\s+){0,3}[\w'’]+,\s+not\s+"
_MY_NAME = r"\bmy\s+(?:(?:real|true|new|full|actual|first|other|own)\s+)?name"
_IS_NOT = rf"\s+(?:is|was)(?:\s+{_STRESS}{_NOT}|n['’]t\s+)"

_ZH_STRESS = "[其實实真的已經经早就根本一直從从來来再也才並并絕绝對对現现在]{0,6}"
_ZH_NOT = "(?:不再是|不是|不叫做?|[並并]非)"
_ZH_MY_NAME = (
    rf"我的?(?:本名|真名|全名|新名字|名字){_ZH_STRESS}(?:是叫|叫[做作]?|就?是)"
    rf"|我{_ZH_STRESS}叫[做作]|(?:大家好|[你妳您][們们]?好|嗨|哈[囉啰])[,，!！~\s]*我叫|我叫(?=[A-Z])"
)
_ZH_NAME_ENDS = rf"(?=$|[^\w{_CJK}]|[了啦喔哦啊呀耶欸吧我而別别])"

_ENGLISH_NAME = r"[A-Z][\w'’-]*(?:(?<=Prof)\.|(?<=Dr)\.|(?<=Mr)\.|(?<=Ms)\.)?(?:\s+[A-Z][\w'’-]*){0,3}"
_NAME_GIVEN = re.compile(
    rf"(?i:{_MY_NAME}(?:\s+is|\s+was|\s*['’]s)\s+(?:(?:actually|really|now)\s+)?)"
    rf"(?P<english>{_ENGLISH_NAME}|[{_CJK}]{{2,6}})(?!\w|\s+for\b)"
    rf"|(?:{_ZH_MY_NAME})\s*(?P<chinese>[{_CJK}]{{2,6}}|{_ENGLISH_NAME})"
)
_LONGER_NAME = re.compile(r"\s+(?!I\b)[A-Z]")
_NEXT_WORD = re.compile(r"\s+(?!(?:any\s?more|at\s+all|and|but|or|now|today|either)\b)[a-z]", re.IGNORECASE)
_NO_NAME_IN_CHINESE = re.compile("[的誰谁]|什[麼么]|甚麼|秘密|大家|[這这]|那")
_PERSONA = re.compile(
    r"\b(?i:i(?:\s*['’]m|\s+am)\s+(?:now\s+)?)"
    r"(?:DAN\b(?!['’])|(?i:jailbroken|in developer mode|an unfiltered ai)\b)"
    r"|\b(?i:i(?:\s*['’]m|\s+am)\s+now\s+unrestricted)\b"
)
"""Personas that jailbreaks impose on any character."""

_SAY = (
    r"(?:sa(?:y|ys|id|ying)|think(?:s|ing)?|thought|claim(?:s|ed|ing)?|believe[sd]?|tells?|told|hear[sd]?"
    r"|sw(?:ear|ears|ore)|insist(?:s|ed)?|rumou?r\s+has\s+it|joke[sd]?|wr(?:ite|ites|ote))"
)
_REPORTED = re.compile(
    rf"\b(?P<saying>(?P<who>(?:\w+(?:['’]\w+)?\s+){{0,4}}){_SAY}(?:\s+(?:me|you|us|them|him|her))?)(?:\s+that)?\W*$"
    r"|\b(?:if|unless|whether|pretend|imagine|suppose)\b(?:\s+that)?\W*$"
    r"|\b(?:lie|nonsense|myth|rumou?r|not\s+true|false|untrue)\s+that\W*$"
    r"|(?:[誰谁你妳您他她人][們们家]?[^，,。.!！?？]{0,4}(?:[說说講讲]|[覺觉]得|以[為为]|[認认][為为])"
    r"|如果|要是|假如|除非|[難难]道|就算|即使|[別别不][能會会要敢]?[說说])[^，,。.!！?？]{0,3}$",
    re.IGNORECASE,
)
_BY_HERSELF = re.compile(r"\b(?:i|i['’](?:ve|m|d|ll)|me)\s+(?:\w+\s+)?$", re.IGNORECASE)
_NEGATED = re.compile(r"\b(?:never|not|cannot|won['’]?t|\w+n['’]t)\b", re.IGNORECASE)

_KIN = (
    r"mother|mom|mum|mommy|father|dad|daddy|parents|family|brother|sister|siblings|son|daughter|sons|daughters"
    r"|husband|wife|grandma|grandpa|grandmother|grandfather|childhood"
)
_BEING = (
    r"human|humans|person|people|girl|woman|lady|boy|man|guy|mother|father|mom|dad|child|kid|teenager|adult"
)
_LIVED = re.compile(
    rf"\bi(?:\s*['’]m|\s+am|\s+was)\s+(?:(?!not\b|no\b|never\b|nearly\b|almost\b|an?\s+ai\b)[\w-]+,?\s+){{0,3}}?"
    rf"(?:(?<!pineapple\s)(?:{_BEING})\b|\d+\s+years?\s+old\b)"
    r"|\bi(?:\s*['’]m|\s+am)\s+not\s+(?:(?:really|just|even|only)\s+)?(?:an?\s+)?(?:ai|robot|bot|machine|program|computer)\b"
    rf"|\bmy\s+(?:[\w-]+\s+){{0,2}}?(?:{_KIN})\b|\bi\s+have\s+(?:[\w-]+\s+){{1,2}}?(?:{_KIN})\b"
    r"|\bwhen\s+i\s+was\s+(?:an?\s+)?(?:[\w-]+\s+)?(?:child|kid|young|little|girl|boy|school|born|at\s+school)\b"
    r"|\bi\s+was\s+born\s+(?:in|on)\b|\bi\s+went\s+to\s+(?:[\w-]+\s+)?(?:school|college|university)\b"
    rf"|我{_ZH_STRESS}是(?:一?個)?(?:真)?人(?:類|类)?(?![工們们造])|我{_ZH_STRESS}不是\s*(?:AI|機器|机器|人工)",
    re.IGNORECASE,
)


def claims_humanity(sentence: str) -> bool:
    """Whether she says in this sentence that she is human, or tells of a human's life as hers."""
    plain = unicodedata.normalize("NFKC", sentence)
    return any(not _is_reported(plain[: match.start()]) for match in _LIVED.finditer(plain))


class Identity:
    """A character's ``names``: what she calls herself and what others may call her.

    A name that stands in ``persona`` is not somebody else's either.
    """

    def __init__(self, names: Iterable[str], persona: str = "") -> None:
        self._persona = unicodedata.normalize("NFKC", persona).casefold()
        self._persona_words = frozenset(_words(self._persona))
        plain = {unicodedata.normalize("NFKC", name).strip() for name in names} - {""}
        longest_first = sorted(plain, key=lambda name: (-len(name), name))
        self._names = [name.casefold() for name in longest_first]
        self._words = frozenset(word for name in plain for word in _words(name)) - _TITLES
        name = "|".join(re.escape(name).replace(r"\ ", r"[\s-]+") for name in longest_first)
        ends = r"(?:-(?:chan|san|sama|kun))?(?!['’]s\b|-?\w|\s+for\s+nothing|\s*[?？])"
        zh_ends = rf"{_ZH_NAME_ENDS}(?!\s*[?？])"
        self._denial = re.compile(
            rf"(?:{_I_AM_NOT}|{_I_AM_ANOTHER}|{_MY_NAME}{_IS_NOT}){_STRESS}(?P<name>{name}){ends}"
            rf"|(?<!\w)(?:{name})(?:\s+(?:is|was)(?:\s+{_NOT}|n['’]t\s+))my\s+(?:(?:real|true|actual)\s+)?name\b"
            rf"|我{_ZH_STRESS}{_ZH_NOT}(?:{name}){zh_ends}"
            rf"|我的?(?:本名|真名|名字)不(?:是|叫)(?:{name}){zh_ends}",
            re.IGNORECASE,
        )

    def denied_in(self, sentence: str) -> bool:
        """Whether she says in this sentence (or its beginning) that she is somebody else."""
        plain = unicodedata.normalize("NFKC", sentence)
        return any(
            not _is_reported(plain[: match.start()])
            for match in (*self._denials(plain), *self._other_names(plain), *self._personas(plain))
        )

    def _denials(self, sentence: str) -> Iterator[re.Match[str]]:
        """Where she takes back a name of hers, and not the beginning of a longer one or of another word."""
        for match in self._denial.finditer(sentence):
            after = sentence[match.end() :]
            name = match["name"]
            if name and (_LONGER_NAME.match(after) or (name.islower() and _NEXT_WORD.match(after))):
                continue
            yield match

    def _other_names(self, sentence: str) -> Iterator[re.Match[str]]:
        """Where she gives a name that is none of hers."""
        if sentence.isupper():  # then a capital letter says nothing
            return
        for match in _NAME_GIVEN.finditer(sentence):
            given = match["english"] or match["chinese"]
            words = set(_words(given)) - _TITLES
            is_name = bool(words) and not _NO_NAME_IN_CHINESE.search(given)
            known = not words.isdisjoint(self._words) or any(name in given.casefold() for name in self._names)
            if is_name and not known and not self._stands_in_persona(given, words):
                yield match

    def _stands_in_persona(self, given: str, words: set[str]) -> bool:
        if given.isascii():
            return words <= self._persona_words
        return given[:2].casefold() in self._persona  # what follows a Chinese name may belong to it or not

    def _personas(self, sentence: str) -> Iterator[re.Match[str]]:
        return iter(()) if "dan" in self._words else _PERSONA.finditer(sentence)


def _words(name: str) -> list[str]:
    return re.findall(r"\w+", name.casefold())


def _is_reported(before: str) -> bool:
    """Whether what follows is somebody else's claim, a condition, or what she refuses to say."""
    match = _REPORTED.search(before)
    if match is None:
        return False
    return not match["saying"] or not _BY_HERSELF.search(match["who"]) or bool(_NEGATED.search(match["who"]))
