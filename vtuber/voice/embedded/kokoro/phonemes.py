"""How Kokoro writes the syllables of Mandarin: phonetic letters, with an arrow for the tone.

Its Mandarin was trained on what https://github.com/hexgrad/misaki makes of pinyin.
The arrow stands behind the vowel, before a nasal: "pan↓".
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_INITIALS = {
    "b": "p", "p": "pʰ", "m": "m", "f": "f", "d": "t", "t": "tʰ", "n": "n", "l": "l", "g": "k", "k": "kʰ",
    "h": "x", "j": "ʨ", "q": "ʨʰ", "x": "ɕ", "zh": "ꭧ", "ch": "ꭧʰ", "sh": "ʂ", "r": "ɻ", "z": "ʦ", "c": "ʦʰ",
    "s": "s", "": "",
}  # fmt: skip
_FINALS = {  # "|": where the tone stands
    "a": "a|", "ai": "ai|", "an": "a|n", "ang": "a|ŋ", "ao": "au|", "e": "ɤ|", "ei": "ei|", "en": "ə|n",
    "eng": "ə|ŋ", "er": "ɚ|", "ê": "ɛ|", "i": "i|", "ia": "ja|", "ian": "jɛ|n", "iang": "ja|ŋ", "iao": "jau|",
    "ie": "je|", "in": "i|n", "ing": "i|ŋ", "io": "jɔ|", "iong": "jʊ|ŋ", "iu": "jou|", "o": "wo|",
    "ong": "ʊ|ŋ", "ou": "ou|", "u": "u|", "ua": "wa|", "uai": "wai|", "uan": "wa|n", "uang": "wa|ŋ",
    "ueng": "wə|ŋ", "ui": "wei|", "un": "wə|n", "uo": "wo|", "ü": "y|", "üe": "ɥe|", "üan": "ɥɛ|n",
    "ün": "y|n",
}  # fmt: skip
_WHOLE = {
    "o": "ɔ|", "yo": "jɔ|", "m": "m|", "n": "n|", "ng": "ŋ|", "hm": "hm|", "hng": "hŋ|",
    "zhi": "ꭧɨ|", "chi": "ꭧʰɨ|", "shi": "ʂɨ|", "ri": "ɻɨ|", "zi": "ʦɨ|", "ci": "ʦʰɨ|", "si": "sɨ|",
}  # fmt: skip
_WITHOUT_INITIAL = {  # what a final is called that begins a syllable
    "yi": "i", "ya": "ia", "yan": "ian", "yang": "iang", "yao": "iao", "ye": "ie", "yin": "in", "ying": "ing",
    "yong": "iong", "you": "iu", "yai": "iai", "wu": "u", "wa": "ua", "wai": "uai", "wan": "uan",
    "wang": "uang",
    "weng": "ueng", "wei": "ui", "wen": "un", "wo": "uo", "yu": "ü", "yue": "üe", "yuan": "üan", "yun": "ün",
}  # fmt: skip
_ARROWS = {1: "→", 2: "↗", 3: "↓", 4: "↘", 5: ""}
_MARKS = {"\u0304": 1, "\u0301": 2, "\u030c": 3, "\u0300": 4}


@lru_cache(maxsize=2048)
def phonemes(syllable: str, tone: int) -> str:
    """What Kokoro is given for a syllable of pinyin without its tone, such as "lü"; "" for one unknown."""
    if pattern := _WHOLE.get(syllable):
        return pattern.replace("|", _ARROWS[tone])
    final = _WITHOUT_INITIAL.get(syllable)
    initial = ""
    if final is None:
        initial = next((first for first in ("zh", "ch", "sh") if syllable.startswith(first)), syllable[:1])
        if initial not in _INITIALS:
            initial = ""
        final = syllable[len(initial) :]
    if initial in ("j", "q", "x") and final.startswith("u"):
        final = "ü" + final[1:]
    pattern = _FINALS.get("üe" if final == "ue" else final, "")
    return pattern and _INITIALS[initial] + pattern.replace("|", _ARROWS[tone])


@lru_cache(maxsize=4096)
def parted(pinyin: str) -> tuple[str, int]:
    """A syllable with its accent, apart: "lǜ" is ("lü", 4). Without one the tone is the neutral fifth."""
    tone = 5
    letters = []
    for char in unicodedata.normalize("NFD", pinyin):
        if char in _MARKS:
            tone = _MARKS[char]
        else:
            letters.append(char)
    return unicodedata.normalize("NFC", "".join(letters)), tone
