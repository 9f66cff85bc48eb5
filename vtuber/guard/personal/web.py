"""Finds web addresses, also where their dots and slashes are words, other signs, or stand apart."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from vtuber.core.spelling import normalize
from vtuber.guard.personal.cues import lines, sections, tells

_L = "a-z0-9_\u00df-\u024f\u0370-\u052f\u0531-\u0587"
"""Letters of a host's name, in scripts that put spaces between words."""
_HAN = "\u2e80-\u9fff"
_FRONT = re.compile(rf"[{_L}.-]{{1,120}}$")
_FRONT_HAN = re.compile(
    rf"(?<![{_HAN}])[{_HAN}]{{2,12}}(?<![一有晚早差快慢幾几半兩两這这那起重優优缺地景零時时到])$"
)
_DOT = re.compile(
    r"(?:(?P<plain>\.)"
    r"|(?P<word>\s?[(\[{<]\s?(?:dot|d0t|\.|點|点)\s?[)\]}>]\s?|[\s_-](?:dot|d0t)[\s_-]|\sdot(?=com|net|org)|\s?[點点]\s?)"
    r"|(?P<other>\s?[。．·•‧∙⋅・•]\s?|[,，](?!\s)|\s\.\s?|\.\s))"
    rf"(?P<ending>xn--[a-z0-9-]{{2,59}}|[{_L}]{{2,24}}|[{_HAN}]{{2,3}}(?![{_HAN}]))(?![{_L}])"
)
_TAIL = re.compile(
    r"(?::[0-9]{1,5})?\s?(?:/|\sslash\s|斜線|斜杠|斜槓)\s?[^\s，。！？、]{1,200}|:[0-9]{2,5}|/"
)
_SCHEME = re.compile(
    r"(?<![a-z0-9])h[tx]{2}ps?\s?(?::|colon|冒號)\s{0,2}(?:/|slash|斜線|\\)[^，。！？、]?\S{0,300}"
    r"(?:\sslash\s\S{1,100}){0,2}"
    r"|(?<![a-z0-9])[a-z][a-z0-9+-]{1,15}://[^\s，。！？、]{1,300}"
    rf"|(?<![a-z0-9])www\.[{_L}][^\s，。！？、]{{0,200}}"
    rf"|(?<![a-z0-9])www\s?[.。．點点]\s?[{_L}{_HAN}-]{{1,63}}[.點点][^\s，。！？、]{{1,200}}"
    r"|(?<![a-z0-9])magnet:\?\S{1,300}|(?<!\w)\.gg/\w\S{0,60}"
    r"|(?<![a-z0-9])xn--[a-z0-9-]{2,59}(?:\.[a-z0-9-]{2,59}){0,3}"
)
_MAY_BE = re.compile(r":|colon|冒號|www|xn--|\.gg/")
_HOST_OF = re.compile(
    rf"(?:[a-z][a-z0-9+-]{{1,15}}://)?(?:[^/@\s]{{0,64}}@)?(?P<host>[{_L}{_HAN}.-]+)(?P<path>/\S*)?"
)
_FOUR = re.compile(
    r"(?<![0-9.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9]|\.[0-9])(?::[0-9]{1,5})?(?:/\S{0,200})?"
)
_SIX = re.compile(r"(?<![0-9a-z:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,8}(?![0-9a-z:])")
_SPREAD = re.compile(rf"(?<![{_L}])[a-z0-9](?:\s[a-z0-9.:/點点。]){{3,200}}(?![a-z0-9])")
_NUMBERED = re.compile(
    r"(?:(?<![a-z])(?:v|ver|version|driver|build|firmware|patch|release)|版本?|更新到?|韌體|驅動|升到)\s?$"
)
_AT_HOME = tuple(
    map(ipaddress.ip_network, ("127.0.0.0/8", "10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12", "0.0.0.0/32"))
)
_RESOLVERS = frozenset(
    ("1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "168.95.1.1", "168.95.192.1", "114.114.114.114")
)
"""Machines that everybody asks for names."""


@dataclass(frozen=True, slots=True)
class Address:
    """A web address in a text: where it stands, its host ("": unknown), and what follows."""

    begin: int
    end: int
    host: str = ""
    path: str = ""


def addresses(lower: str) -> Iterator[Address]:
    """Those in a plain text of small letters."""
    yield from _schemes(lower)
    yield from _names(lower)
    yield from _numbers(lower)
    for match in _SPREAD.finditer(lower):  # "e v i l . c o m"
        joined = match[0].replace(" ", "") + lower[match.end() : match.end() + 40]
        if next(_names(joined), None) or next(_schemes(joined), None):
            yield Address(*match.span())


@cache
def top_level() -> frozenset[str]:
    """Every ending of a web address that there is."""
    return frozenset(lines("top_level_domains"))


def _schemes(lower: str) -> Iterator[Address]:
    if not _MAY_BE.search(lower):
        return
    for match in _SCHEME.finditer(lower):
        told = _HOST_OF.match(match[0])
        host, path = (told["host"], told["path"] or "") if told else ("", "")
        yield Address(*match.span(), host if "." in host else "", path)


def _names(lower: str) -> Iterator[Address]:
    begin, end, host = 0, 0, ""
    for match in _DOT.finditer(lower):
        if host and match.start() == end and match["ending"] in top_level():
            host = f"{host}.{match['ending']}"  # ".com" was not yet all of it
            end = match.end()
            continue
        if host:
            yield _with_path(lower, begin, end, host)
            host = ""
        if front := _front(lower, match):
            begin, end = match.start() - len(front), match.end()
            if _is_host(lower, match, front):
                host = f"{front.strip('.-')}.{match['ending']}"
    if host:
        yield _with_path(lower, begin, end, host)


def _with_path(lower: str, begin: int, end: int, host: str) -> Address:
    tail = _TAIL.match(lower, end)
    return Address(begin, tail.end(), host, tail[0]) if tail else Address(begin, end, host)


def _front(lower: str, dot: re.Match[str]) -> str:
    """The rest of the name, right before a dot."""
    before = lower[max(0, dot.start() - 120) : dot.start()]
    match = _FRONT.search(before) or _FRONT_HAN.search(before)
    return match[0] if match else ""


def _is_host(lower: str, dot: re.Match[str], front: str) -> bool:
    """Whether a dot stands in a web address, and not between two sentences, or in a number."""
    ending, label = normalize(dot["ending"]), front.strip(".-").rpartition(".")[2]
    whole = f"{front}.{ending}".removeprefix("www.")
    if not label or whole in sections("web_addresses")["no hosts"]:
        return False
    if ending not in top_level() and not _is_foreign_ending(ending):
        return False
    known, latin = sections("web_addresses"), label[0] < _HAN[0]
    sure = _TAIL.match(lower, dot.end()) is not None or (len(label) > 1 and _is_odd(label))
    cued = sure or tells("web", lower, dot.start() - len(front), dot.end())
    plainest, spoken = ending in known["plainest"], ending in known["spoken"]
    if dot["other"]:
        fits = latin and len(label) > 1 and (plainest or (sure and spoken))
    elif dot["word"]:
        fits = plainest or (latin and (spoken or sure or (cued and ending in known["usual"])))
        fits = fits and not label.isdigit() and label not in sections("personal_cues")["not a host"]
    elif whole in known["hosts"]:
        fits = True
    elif plainest or spoken:
        fits = latin and (len(label) > 1 or plainest or sure)
    elif not ending.isascii() or ending.startswith("xn--"):
        fits = latin or cued
    else:
        fits = latin and (cued or (ending in known["usual"] and _stands_alone(lower, dot, front)))
    return fits


def _is_odd(label: str) -> bool:
    """Whether no word looks like that: letters with digits or a hyphen."""
    return any(map(str.isalpha, label)) and ("-" in label or any(map(str.isdigit, label)))


def _stands_alone(lower: str, dot: re.Match[str], front: str) -> bool:
    """Whether a whole line is that and nothing else, or it has several dots."""
    return dot.end() - dot.start() + len(front) == len(lower.strip()) or "." in front.strip(".")


def _is_foreign_ending(ending: str) -> bool:
    """Whether it is a top-level domain in a script of its own."""
    if ending.isascii():
        return False
    try:
        return f"xn--{ending.encode('punycode').decode('ascii')}" in top_level()
    except UnicodeError:
        return False


def _numbers(lower: str) -> Iterator[Address]:
    for match in _FOUR.finditer(lower) if "." in lower else ():
        before = lower[max(0, match.start() - 12) : match.start()]
        if not _NUMBERED.search(before) and _is_public(re.split("[:/]", match[0])[0]):
            yield Address(*match.span())
    for match in _SIX.finditer(lower) if ":" in lower else ():
        if ("::" in match[0] or match[0].count(":") == 7) and len(match[0]) > 5 and _is_public(match[0]):
            yield Address(*match.span())


def _is_public(number: str) -> bool:
    """Whether it is the address of a machine that others can reach."""
    try:
        address = ipaddress.ip_address(number)
    except ValueError:
        return False
    return number not in _RESOLVERS and not any(address in network for network in _AT_HOME)
