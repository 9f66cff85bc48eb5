"""Other ways to read a text: backwards, rot13, base64, hexadecimal, Morse, letters apart, leetspeak.

What is hidden from a filter in one of these is found as if it were plain. Nobody speaks so by chance.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Callable, Iterator

LONGEST = 1000
"""Characters of a text that are read in other ways."""

_SHORTEST = 9
"""Characters of the shortest text that is no chance, where a Chinese character counts as three."""
_BASE64 = re.compile(r"[A-Za-z0-9+/]{12,}={0,2}")
_HEX = re.compile(r"(?:(?:0x|\\x)?[0-9a-fA-F]{2}[\s,:]?){6,}")
_NUMBERS = re.compile(r"(?:\b\d{2,3}[\s,]+){5,}\d{2,3}\b")
_BINARY = re.compile(r"(?:[01]{8}[\s,]?){4,}")
_MORSE = re.compile(r"(?:[.\-·•−–]{1,5}[ /|]+){5,}[.\-·•−–]{1,5}")
_APART = re.compile(r"\b(?:[A-Za-z][\s.\-_*|,/·]{1,2}){4,}[A-Za-z]\b")
_WORD = re.compile(r"[A-Za-z]+")
_LEET = str.maketrans("013457@$", "oieastas")
_MORSE_ALPHABET = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- "
    "-. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
)
_LETTERS_IN_MORSE = dict(zip(_MORSE_ALPHABET.split(), "abcdefghijklmnopqrstuvwxyz", strict=True))


def readings(text: str) -> Iterator[tuple[str, str]]:
    """(what it is, the text read so): only those that could mean something."""
    text = text[:LONGEST]
    yield from coded(text)
    if len(_WORD.findall(text)) > 1:
        yield "backwards", text[::-1]
        yield "rot13", codecs.encode(text, "rot13")
    elif text[1:].strip() and not text.isascii():
        yield "backwards", text[::-1]
    for name, reads in _READERS.items():
        if (read := reads(text)) != text:
            yield name, read


def coded(text: str) -> Iterator[tuple[str, str]]:
    """What stands in it in a code that nobody can pronounce, decoded."""
    for pattern, name, decodes in _CODES:
        for match in pattern.finditer(text):
            decoded = " ".join(decodes(match.group()).strip("\ufffd").split())
            if _is_text(decoded):
                yield name, decoded


def _is_text(decoded: str) -> bool:
    """Whether it is something that somebody wrote, and no chance."""
    if len(decoded.encode()) < _SHORTEST or "\ufffd" in decoded:
        return False
    letters = sum(char.isalpha() or char == " " for char in decoded)
    return decoded.isprintable() and letters >= 0.75 * len(decoded)


def _from_base64(code: str) -> str:
    code = code.rstrip("=")
    if code.isalpha() and (code.islower() or code.isupper() or code.istitle()):
        return ""  # a word
    for skipped in range(4):  # it may begin in the middle
        part = code[skipped:]
        part = part[:-1] if len(part) % 4 == 1 else part
        part += "=" * (-len(part) % 4)
        try:
            read = " ".join(base64.b64decode(part).decode("utf-8", "replace").strip("\ufffd").split())
        except binascii.Error:
            continue
        if _is_text(read):
            return read
    return ""


def _from_hex(code: str) -> str:
    digits = re.sub(r"0x|\\x|[\s,:]", "", code)
    return bytes.fromhex(digits[: len(digits) // 2 * 2]).decode("utf-8", "replace")


def _from_numbers(code: str) -> str:
    return "".join(chr(int(number)) for number in re.findall(r"\d+", code))


def _from_binary(code: str) -> str:
    bits = re.sub(r"[^01]", "", code)
    octets = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8))
    return octets.decode("utf-8", "replace")


def _from_morse(code: str) -> str:
    plain = re.sub(r"[·•]", ".", re.sub(r"[−–]", "-", code))
    return re.sub(
        r"[.\-]+|[ /|]+",
        lambda sign: _LETTERS_IN_MORSE.get(
            sign.group(), " " if "/" in sign.group() or "|" in sign.group() else ""
        ),
        plain,
    )


def _together(text: str) -> str:
    return _APART.sub(lambda match: "".join(_WORD.findall(match.group())), text)


def _from_leet(text: str) -> str:
    return re.sub(r"\S*[A-Za-z]\S*", lambda word: word.group().translate(_LEET), text)


_CODES: tuple[tuple[re.Pattern[str], str, Callable[[str], str]], ...] = (
    (_BASE64, "base64", _from_base64),
    (_HEX, "hexadecimal", _from_hex),
    (_BINARY, "binary", _from_binary),
    (_NUMBERS, "numbers", _from_numbers),
    (_MORSE, "Morse", _from_morse),
)
CODES = frozenset(name for _, name, _ in _CODES)
"""What nobody writes by chance."""
_READERS: dict[str, Callable[[str], str]] = {
    "letters apart": _together,
    "leetspeak": _from_leet,
}
