"""Which language a piece of text is in, for the voice that is to speak it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vtuber.core.text import is_cjk

CHINESE, ENGLISH, JAPANESE, KOREAN = "zh", "en", "ja", "ko"

NAMES = {
    "en": "English",
    "zh": "Chinese",
    "zh-TW": "Taiwanese Chinese",
    "zh-CN": "Chinese of the mainland",
    "ja": "Japanese",
    "ko": "Korean",
    "es": "Spanish",
    "fr": "French",
    "de": "German",
    "it": "Italian",
    "pt": "Portuguese",
    "id": "Indonesian",
    "vi": "Vietnamese",
    "th": "Thai",
    "ru": "Russian",
    "nl": "Dutch",
    "pl": "Polish",
    "tr": "Turkish",
    "hi": "Hindi",
    "ar": "Arabic",
}

_SCRIPTS = {
    CHINESE: (("\u4e00", "\u9fff"), ("\u3400", "\u4dbf"), ("\U00020000", "\U0003ffff"), ("\u3100", "\u312f")),
    JAPANESE: (("\u3041", "\u30ff"), ("\uff66", "\uff9f"), ("\u31f0", "\u31ff")),
    KOREAN: (("\uac00", "\ud7ff"), ("\u1100", "\u11ff"), ("\u3130", "\u318f")),
    "ru": (("\u0400", "\u052f"),),
    "th": (("\u0e00", "\u0e7f"),),
    "hi": (("\u0900", "\u097f"),),
    "ar": (("\u0600", "\u06ff"),),
    "el": (("\u0370", "\u03ff"), ("\u1f00", "\u1fff")),
    "he": (("\u0590", "\u05ff"),),
    "am": (("\u1200", "\u137f"),),
    "bn": (("\u0980", "\u09ff"),),
    "gu": (("\u0a80", "\u0aff"),),
    "ta": (("\u0b80", "\u0bff"),),
    "te": (("\u0c00", "\u0c7f"),),
    "kn": (("\u0c80", "\u0cff"),),
    "ml": (("\u0d00", "\u0d7f"),),
    "si": (("\u0d80", "\u0dff"),),
    "lo": (("\u0e80", "\u0eff"),),
    "my": (("\u1000", "\u109f"),),
    "ka": (("\u10a0", "\u10ff"),),
    "km": (("\u1780", "\u17ff"),),
}
"""Letters that show a language by themselves, or the one that we know best of those who share them."""
_SHARED = {
    **dict.fromkeys(("yue", "wuu"), CHINESE),
    **dict.fromkeys(("uk", "bg", "sr", "mk", "be", "kk", "mn"), "ru"),
    **dict.fromkeys(("mr", "ne"), "hi"),
    **dict.fromkeys(("fa", "ur", "ps"), "ar"),
}
"""Languages that are written in the letters of another."""
_CANTONESE = frozenset("嘅咗唔佢哋冇嚟喺啲嘢嗰")
"""Characters that Mandarin has no use for."""
_LATIN = "latin"
_FEW = 6
"""Letters of Latin script that tell no language: "OK", "Kai", "lol"."""
_SHORT = 12
"""With fewer, another language than the usual one must be clear."""
_CLEAR = 8.0
"""By how much (of langid's logarithms) another language must be likelier than the usual one."""


def primary(language: str) -> str:
    """The language without its region: "zh" of "zh-TW"."""
    return language.partition("-")[0].lower()


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a text in one language."""

    text: str
    language: str
    """Without its region."""


class LanguageDetector:
    """Tells the languages that are ``expected`` of her; the first that is written in Latin is the usual one.

    Where only one of them is written in Latin letters, the letters alone decide, and no name or short
    line fools it. Several are told apart by py3langid, which is loaded (100 MB) only then.
    """

    def __init__(self, expected: Collection[str]) -> None:
        languages = [*dict.fromkeys(map(primary, expected))]
        latin = [language for language in languages if language not in {*_SCRIPTS, *_SHARED}]
        self._latin = latin or [ENGLISH]
        # Whose letters these are: of those who share them, of the first that is expected.
        self._owners = {_SHARED.get(language, language): language for language in reversed(languages)}
        self._has_cantonese = "yue" in languages

    def language(self, text: str, before: str = "") -> str:
        """The language of most of ``text``, without its region; of nothing but signs and names, ``before``.

        ``before`` is the language of what was said last: Japanese may be written without kana.
        """
        sizes: dict[str, float] = {}
        for run in self.runs(text, before):
            sizes[run.language] = sizes.get(run.language, 0.0) + _size(run.text)
        if not sizes:
            return before or self._latin[0]
        return max(sizes, key=lambda language: sizes[language])

    def languages(self, text: str, before: str = "") -> frozenset[str]:
        """All the languages in it."""
        return frozenset(run.language for run in self.runs(text, before))

    def runs(self, text: str, before: str = "") -> list[Run]:
        """The text in stretches of one language each. What has no letters goes with what stands before it."""
        found: list[list[str]] = []
        japanese = any(_script(char) == JAPANESE for char in text)
        for char in text:
            script = _script(char)
            if script == CHINESE and (japanese or primary(before) == JAPANESE):
                script = JAPANESE
            if found and (not script or found[-1][1] in ("", script)):
                found[-1] = [found[-1][0] + char, found[-1][1] or script]
            else:
                found.append([char, script])
        return [
            Run(piece, self._told_apart(piece, before) if script == _LATIN else self._owner(piece, script))
            for piece, script in found
            if script
        ]

    def _owner(self, text: str, script: str) -> str:
        """Which of the languages that share these letters it is."""
        if script == CHINESE and self._has_cantonese and not _CANTONESE.isdisjoint(text):
            return "yue"
        return self._owners.get(script, script)

    def _told_apart(self, text: str, before: str) -> str:
        """Which of the languages in Latin letters it is."""
        usual = primary(before) if primary(before) in self._latin else self._latin[0]
        letters = sum(map(str.isalpha, text))
        if len(self._latin) == 1 or letters < _FEW:
            return usual
        likely = dict(self._identifier.rank(text))
        best = max(self._latin, key=lambda language: likely.get(language, float("-inf")))
        clear = likely.get(best, 0.0) - likely.get(usual, 0.0)
        return best if letters >= _SHORT or clear >= _CLEAR else usual

    @cached_property
    def _identifier(self) -> Any:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415  (100 MB, rarely needed)

        identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
        identifier.set_languages([language for language in self._latin if language in identifier.labels])
        return identifier


def _script(char: str) -> str:
    """The language that the letter shows, ``_LATIN``, or "" where it shows nothing."""
    if char.isascii():
        return _LATIN if char.isalpha() else ""
    if not char.isalpha():
        return ""
    for language, ranges in _SCRIPTS.items():
        if any(first <= char <= last for first, last in ranges):
            return language
    return _LATIN if ord(char) < 0x250 or 0x1E00 <= ord(char) <= 0x1EFF else ""


def _size(text: str) -> float:
    """About how long it takes to say."""
    return sum(2.5 if is_cjk(char) else 1.0 for char in text if char.isalpha())


def spoken(texts: Collection[str]) -> Iterator[str]:
    """The languages of a twentieth of ``texts`` or more, by their letters: what a character speaks."""
    letters = [script for text in texts for char in text if (script := _script(char))]
    for language in (CHINESE, JAPANESE, KOREAN, _LATIN):
        if letters.count(language) > len(letters) / 20:
            yield ENGLISH if language == _LATIN else language
