"""Finds postal addresses in the way of the West: a number, a street, and perhaps a flat and a town."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vtuber.guard.personal.cues import sections, tells

_ONE = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen"
    r"|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|oh|hundred)"
)
_NUMBER = rf"(?P<number>[0-9]{{1,5}}[a-z]?(?:-[0-9]{{1,4}})?|{_ONE}(?:[\s-]{_ONE}){{0,4}})"
_SURE = (
    r"street|st|str|avenue|ave|av|road|rd|boulevard|blvd|lane|ln|mews|crescent|cres|terrace|parkway|pkwy|turnpike"
    r"|esplanade|cul-de-sac|causeway|highway|hwy|freeway|promenade"
)
_COMMON = (
    r"drive|dr|court|ct|way|place|pl|close|circle|cir|park|hill|walk|row|square|sq|gardens|grove|green|rise|view"
    r"|loop|trail|path|plaza|alley|heights|hollow|ridge|run|cove|point|crossing|wharf|quay|yard|bend|villas"
)
_PLAIN = frozenset(("way", "run", "point", "view", "yard", "walk", "place", "park", "close", "green", "rise"))
"""Types that are ordinary words."""
_WORD = r"[A-Za-z\u00c0-\u024f0-9][\w'’\u00c0-\u024f-]{0,24}\.?"
_STREET = re.compile(
    rf"(?<![\w.,#$€£:+-]){_NUMBER},?\s+(?:on\s)?(?P<name>(?:{_WORD}\s+){{1,4}}?)"
    rf"(?P<type>(?P<sure>{_SURE})|{_COMMON})(?![\w'’])(?P<dot>\.?)",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    rf"(?<!\w)(?:{_WORD}\s+){{1,3}}?(?:{_SURE}),?\s(?:number|no\.?|#)\s?[0-9]{{1,4}}[a-z]?(?!\w)",
    re.IGNORECASE,
)
_HOME = r"(?:apt|apartment|unit|flat|suite|ste|room|rm|floor|fl|no|door|bldg|building|#)"
_FLAT = re.compile(
    rf"[\s,]{{0,3}}(?:{_HOME}\.?\s?#?\s?[a-z]?[0-9]{{1,4}}[a-z]?(?![\w])|#\s?[0-9]{{1,4}}[a-z]?)",
    re.IGNORECASE,
)
_TOWN = re.compile(
    r"\s?,\s?[A-Z][\w.'-]{1,24}(?:\s[A-Z][\w.'-]{1,24}){0,3}(?:\s?,?\s?[A-Z]{2}(?![A-Za-z]))?(?:\s?,?\s?[0-9]{5}(?:-[0-9]{4})?)?"
    r"|\s?,?\s(?:in\s)?[A-Z][a-z]{2,24}(?:\s[A-Z][a-z]{2,24})?,?\s[A-Z]{2}(?![A-Za-z])(?:\s[0-9]{5})?"
    r"|\s?,?\s?[A-Za-z ]{0,24},?\s?[A-Za-z]{2,}\s[0-9]{4,5}(?![0-9])"
)
_ZIP = re.compile(
    r"(?<![\w])[A-Z][a-z]{2,20}(?:\s[A-Z][a-z]{2,20})?,\s?[A-Z]{2}\s[0-9]{5}(?:-[0-9]{4})?(?![\w])"
)
_POSTCODE = re.compile(r"(?<![\w-])[A-Z]{1,2}[0-9][0-9A-Z]?\s[0-9][ABD-HJLNP-UW-Z]{2}(?![\w-])")
_LOOSE_POSTCODE = re.compile(
    r"(?<![\w-])[a-z]{1,2}[0-9][0-9a-z]?\s?[0-9][abd-hjlnp-uw-z]{2}(?![\w-])", re.IGNORECASE
)
_BOX = re.compile(r"(?<!\w)p\.?\s?o\.?\s?box\s?#?\s?[0-9]{1,6}(?!\w)", re.IGNORECASE)
_TAIWAN = re.compile(
    rf"(?<!\w)no\.?\s?[0-9]{{1,4}}(?:-[0-9]{{1,3}})?,?\s+(?:(?:aly|alley|ln|lane|sec|section)\.?\s?[0-9]{{1,4}},?\s+){{0,3}}"
    rf"(?:{_WORD}\s+){{1,3}}?(?:rd|road|st|street|blvd|ave)(?!\w)",
    re.IGNORECASE,
)
_TAIWAN_LANE = re.compile(
    r"(?<!\w)(?:(?:no|lane|ln|alley|aly|sec|section)\.?\s?[0-9]{1,4}(?:-[0-9]{1,3})?,?\s+){2,4}",
    re.IGNORECASE,
)
_ROOM = re.compile(
    r"(?<!\w)(?:room|flat|rm|unit)\s?[0-9]{1,4}[a-z]?,?\s(?:[0-9]{1,3}\s?/\s?f,?\s|(?:block|tower|phase)\s?\w{1,3},?\s){1,2}"
    r"[a-z]+(?:\s[a-z]+){0,4}|(?<!\w)[0-9]{1,3}/f,\s?[0-9a-z][\w ,-]{4,60}",
    re.IGNORECASE,
)
_NO_TYPE = re.compile(
    r"(?<![\w.,#$-])[0-9]{1,5}\s(?:[NSEW]\.?\s)?(?:[A-Z][a-z]{2,20}\s?){1,3}(?:,?\s(?:apt|unit|suite|flat|#)\.?\s?\w{1,5})?"
    r",\s?[A-Z][a-z]{2,20}(?:\s[A-Z][a-z]{2,20})?,?\s[A-Z]{2}(?![A-Za-z])"
)
_PLACE = re.compile(
    r"(?<![\d.])-?[0-9]{1,2}\.[0-9]{4,}\s?[,， ]\s?-?[0-9]{1,3}\.[0-9]{4,}(?![\d.])|///\w+\.\w+\.\w+"
)
_ABROAD = re.compile(
    r"(?<!\w)[0-9]{1,4}(?:\s?(?:bis|ter))?,?\s(?:rue|avenue|calle|via|chemin|all[ée]e|plaza|rua|ulica)\s"
    r"(?:d[eu]s?\s|de la\s|la\s)?"
    r"[A-Z\u00c0-\u024f][\w'\u00c0-\u024f-]{2,24}"
    r"|(?<!\w)[A-Z\u00c0-\u024f][\w\u00c0-\u024f-]{2,24}(?:stra(?:ß|ss)e|str\.|weg|gasse|platz|allee)\s[0-9]{1,4}[a-z]?(?!\w)"
)
_JAPAN = re.compile(r"(?<![\w-])[0-9]{1,3}-[0-9]{1,3}(?:-[0-9]{1,4})?(?![\w-])")
_IN_JAPAN = re.compile(
    r"\w-(?:ku|shi|cho|chome|machi|gun|ken|to|mura)(?!\w)|(?<!\w)(?:tokyo|osaka|kyoto|yokohama|nagoya|sapporo|fukuoka"
    r"|kobe|sendai|hiroshima|saitama|chiba|kawasaki|okinawa|japan)(?!\w)"
)
_AFTER_NAMES = re.compile(
    r"[\s-]{1,2}(?:fighter|food|view|cred|sign|map|art|smart|wear|rac\w+|level|light\w*|lamp\w*|trip|rage|block\w*|test"
    r"|performance|dance\w*|walker|runner|movie|song|film|episode|show|game|cat|album|by)(?!\w)",
    re.IGNORECASE,
)


def streets(text: str, lower: str) -> Iterator[tuple[int, int]]:
    """Where they stand in a plain text; ``lower`` is the same in small letters."""
    for match in _STREET.finditer(text):
        if end := _ending(text, lower, match):
            yield match.start(), end
    for pattern in (_ZIP, _POSTCODE, _BOX, _BEHIND, _TAIWAN, _TAIWAN_LANE, _ROOM, _NO_TYPE, _PLACE, _ABROAD):
        for match in pattern.finditer(text):
            yield match.span()
    for match in _LOOSE_POSTCODE.finditer(text):
        if tells("live", lower, *match.span()):
            yield match.span()
    for match in _JAPAN.finditer(lower):
        near = lower[max(0, match.start() - 40) : match.end() + 40]
        if match[0].count("-") == 2 and _IN_JAPAN.search(near):
            yield match.start(), min(len(lower), match.end() + 40)


def _ending(text: str, lower: str, match: re.Match[str]) -> int:
    """Where the address ends that begins with a street; 0: it is none."""
    names = match["name"].split()
    if any(name.lower().strip(".") in sections("personal_cues")["not a street"] for name in names):
        return 0
    end = match.end()
    begin = match.start()
    flat = _FLAT.match(text, end)
    place = _TOWN.match(text, flat.end() if flat else end)
    if flat or place:
        end = (place or flat).end()  # type: ignore[union-attr]  # one of them was found
        if place and (again := _FLAT.match(text, end)):
            end = again.end()
    known = tells("live", lower, begin, match.end(), before=40, behind=0)
    named = all(name[0].isupper() or name[0].isdigit() for name in names) and match["type"][0].isupper()
    shouted = text.isupper()
    digits = match["number"][0].isdigit()
    plain = match["type"].lower() in _PLAIN and not named
    if known and not plain:
        return end if digits or match["sure"] else 0
    if flat or (place and named and not shouted):
        return end
    if _AFTER_NAMES.match(text, match.end()):
        return 0
    if match["sure"]:
        return (
            end
            if digits and (named or (not text[end : end + 1].isspace() or len(match["number"]) > 1))
            else 0
        )
    return end if named and digits and not shouted and len(match["number"]) > 1 else 0
