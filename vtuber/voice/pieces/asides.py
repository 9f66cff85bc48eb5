"""Tells a stage direction ("*smiles*", "(waves at all)", "*臉紅*") from words that are meant to be said.

A direction is known by what it tells, a gesture or a manner of speaking, and by where it stands: it
interrupts a sentence, or stands between two. An emphasised word is a part of its sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_GESTURES = (
    "smile grin giggle laugh chuckle sigh gasp blush wink wave nod shrug pout sob yawn blink hug bow"
    " gulp sip chew munch nibble bite lick sniff sniffle sneeze cough snort snicker smirk frown glare"
    " stare gaze glance peek peer squint lean tilt spin twirl bounce clap cheer poke pat boop nudge tap"
    " slam toss grab raise lower wipe scratch rub fidget twiddle shuffle stretch hide cover tremble"
    " shiver flinch freeze pause hesitate stammer stutter whisper mumble mutter murmur hum sing scream"
    " shout squeal shriek growl purr meow whimper whine weep cry beam brighten perk wag swish flick"
    " flutter furrow scrunch puff cuddle snuggle nuzzle kiss bonk facepalm ponder nom pose strut trip"
    " stumble collapse faint salute curtsy roll cross clasp clench tuck adjust gesture point reach lift"
    " turn look tear take"
)
_WEAK = "look turn take point cross cover raise lower lift reach tear hide roll hold trip gesture"
"""Words of every day, too: a gesture only in the form of a stage direction."""
_MANNERS = (
    "softly quietly excitedly nervously shyly happily sadly angrily sheepishly playfully gently loudly"
    " dramatically sarcastically proudly cheerfully awkwardly smugly teasingly innocently sleepily"
)
_NO_DEED = (
    "always perhaps sometimes nothing something anything everything during this thus was has yes its is"
    " as does goes thanks bless guess yours ours news less unless class boss pass kiss miss"
)
_THEY = "she he they it"
_HERE = "i you we me my your us our i'm you're we're let's"
_HERE_WORDS = frozenset(_HERE.split())
_JOINED = (
    "a an the my your his her its our their this that these those to of is are was were be am been do"
    " does did don't can could will would should must not so very too more most i you we they he she it"
    " for with and or no any some such just please"
)
"""Behind these a sentence goes on: what is marked there is a word of it."""
_VOICE = re.compile(
    r"\b(?:in|with) an? [\w -]{0,24}(?:voice|tone|whisper|smile|grin|smirk|wink|sigh|laugh)\b"
)
_BODY = (
    r"(?:eyes?|ears?|tails?|hands?|arms?|cheeks?|head|throat|tongue|fists?|fingers?|lips?|nose|face|hair"
    r"|shoulders?|chest|knees?|forehead|eyebrows?|voice|glasses|headset|chair|desk|screen|camera)"
)
_OWN = re.compile(
    rf"^[a-z]+(?:(?<!s)s|ing)\b.*\b(?:her|his|their|its|{_BODY})\b|^(?:her|his|\w+'s) {_BODY}\b"
    rf"|^{_BODY} [a-z]+(?:(?<!s)s|ing)\b|^to (?:her|him|them)sel(?:f|ves)$"
)
"""What she does, by its form, with what is hers."""

_CHINESE = re.compile(
    r"[臉脸][紅红]|微笑|[偷傻苦竊窃大輕轻冷壞坏奸賊贼]笑|^笑|笑[著着了]|[嘆叹][了口]*[氣气]|[揮挥][揮挥手了]"
    r"|[點点搖摇低抬歪側转轉回][著着了]?[頭头]|眨[眨了著眼]|鞠躬|吐舌|伸[懶懒]腰|打[哈呵]欠|托腮|[嘟撇噘]嘴|嘟[著着起]"
    r"|[拍摸抱戳揉捏咬舔拉推][拍摸抱戳揉捏推著着了住你頭头臉脸手]|[掩遮捂][嘴臉脸面住]|深吸|[小輕轻大低][聲声]|[語语][氣气]"
    r"|眼睛|眼神|目光|害羞|露出|[轉转][圈身]|跳[起了來来]|鼓[起著着]|跺[腳脚]|[看望][向著着了]|[舉举][手起]|哭[泣著着了]"
    r"|沉默|停[頓顿]|思考|比[心讚]|伸[手出]|[開开]心地|[興兴][奮奋]地|\w地$"
)
_NOT_CHINESE = re.compile(r"[我你妳您]|好笑|笑[話话死]|[可搞]笑")
_ENOUGH = 8
"""Characters behind an aside after which no word is waited for."""
_BRIEF = re.compile(r"[\u4e00-\u9fff][^。！？]{0,11}")
"""Chinese in brackets that is a direction wherever a clause has ended."""
_FAR = 10
"""Letters into which a Chinese gesture must begin."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an aside stands."""

    mark: str
    """What opens it: one of ``*_~{(<``."""
    apart: bool
    """Whether a clause has ended before it."""
    word: str
    """The word before it; "" when there is none."""
    behind: str
    """What follows, as far as it is known."""
    last: bool
    """Whether that is all."""


def is_direction(inside: str, place: Place) -> bool | None:
    """Whether it is a stage direction. None: what follows it must be known first."""
    told = _told(inside, place)
    if told is not None or place.mark not in "*_":
        return bool(told)
    if not place.last and len(place.behind) < _ENOUGH and not re.search(r"\w", place.behind):
        return None
    return _stands_alone(inside, place)


def _told(inside: str, place: Place) -> bool | None:
    """By what it tells; None where that says nothing."""
    text = inside.strip(" *_~\"'").casefold()
    if not text.isascii():
        chinese = _CHINESE.search(text)
        short = place.mark == "(" and place.apart and _BRIEF.fullmatch(text)
        if (short or (chinese and chinese.start() <= _FAR)) and not _NOT_CHINESE.search(text):
            return True
    words = re.findall(r"[a-z']+", text)
    at, form = _gesture(words)
    if form and _fits(words, at, form, place):
        return True
    if _VOICE.search(text) and not _HERE_WORDS & set(words):
        return True
    if words and words[0] in _MANNERS.split() and len(words) <= 3 and place.apart:
        return True
    owned = bool(_OWN.match(text)) and words[0] not in _NO_DEED.split() and not _HERE_WORDS & set(words)
    if owned and (place.apart or place.word.casefold() not in _JOINED.split()):
        return True
    return None if place.apart and place.mark in "*_" else False


def _gesture(words: list[str]) -> tuple[int, str]:
    """Which of the first words is a gesture's, and its form: "", "s", "ing"."""
    for at, word in enumerate(words[:4]):
        if form := _FORMS.get(word):
            return at, form
    return -1, ""


def _fits(words: list[str], at: int, form: str, place: Place) -> bool:
    """Whether a gesture's word makes a stage direction of them all."""
    first, before = words[0], place.word.casefold()
    joins = _THEY if form == "s" else _JOINED
    if form == "weak" or (at == 0 and not place.apart and before in joins.split()):
        return False
    if form == "bare" and place.mark == "(" and len(words) > 2:
        return False
    return (
        at == 0 or place.apart or first in _THEY.split() or (form != "bare" and first not in _JOINED.split())
    )


def _stands_alone(inside: str, place: Place) -> bool:
    """A starred phrase between two sentences, by its form and what follows."""
    words = re.findall(r"[a-z']+", inside.casefold())
    follows = re.search(r"[^\W_]", place.behind)
    new = not follows or not follows.group().islower()
    if inside.rstrip()[-1:] in "!?！？" or _HERE_WORDS & set(words):
        return False
    if not inside.isascii():
        return not place.behind or not place.behind[0].isalnum()
    if inside.isupper() and len(inside) > 1:
        return False
    if words and words[0] in _THEY.split():
        return new
    deed = (
        bool(words)
        and words[0] not in _NO_DEED.split()
        and bool(re.match(r"[a-z]+(?:(?<!s)s|ing)$", words[0]))
    )
    return (new and (inside[:1].islower() or deed)) or (deed and inside[:1].islower())


def _inflected(stem: str) -> list[tuple[str, str]]:
    """A gesture's word in its forms, and their names."""
    bare = "weak" if stem in _WEAK.split() else "bare"
    doubled = stem + stem[-1] if re.search(r"[^aeiou][aeiou][bgmnpt]$", stem) else stem
    longer = re.search(r"(?:s|sh|ch|x)$", stem)
    third = stem[:-1] + "ies" if re.search(r"[^aeiou]y$", stem) else stem + ("es" if longer else "s")
    return [(stem, bare), (third, "s"), (f"{stem[:-1] if stem.endswith('e') else doubled}ing", "ing")]


_FORMS = {word: form for stem in _GESTURES.split() for word, form in _inflected(stem)}
