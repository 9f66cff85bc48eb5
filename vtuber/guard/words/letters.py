"""Says for every character which letters it may stand for, or how far it parts the letters beside it."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

import decancer_py

from vtuber.core.chinese import is_han, simplified
from vtuber.core.text import invisible

TOGETHER, SIGN, DASH, SPACE, CLAUSE, SENTENCE = range(6)
"""What stands between two letters, from nothing to the end of a sentence."""


class Letter(NamedTuple):
    """What a character stands for: letters, or a gap between others, or (without both) nothing."""

    letters: str
    gap: int = TOGETHER
    doubt: int = 0
    """1: it may be either, as "@" is a letter in "b@d", and none in "@bad". 2: it is rather a gap, as "♥"."""


_CLASSES = ("a4@", "b8", "c(¢", "e3€", "g9q6", "il1!|I", "o0", "s5$z2", "t7+", "uv")
"""What may be written for one another. Each class is one letter while a word is searched for."""
CLASS = {sign: signs[0] for signs in _CLASSES for sign in signs}
ACCEPTED = {
    "a": "a4@", "b": "b8", "c": "c(¢", "e": "e3€", "g": "g9q6", "i": "iI1!|l", "l": "lI1!|",
    "o": "o0", "q": "q9g", "s": "s5$z2", "t": "t7+", "u": "uv", "v": "vu", "z": "z2s",
}  # fmt: skip
"""What may be written for a letter of a listed word."""
VOWELS = frozenset("aeiou")
STAR = "*"

_SIGNS = {"@": SIGN, "$": SIGN, "€": SIGN, "¢": SIGN, "!": SENTENCE, "|": SIGN, "(": DASH, "+": SIGN}
_GAPS = {
    **dict.fromkeys("_~～\\＼^=#%*<>[]{}", SIGN),
    **dict.fromkeys("-.'’‘´`·・‧/\"“”)&", DASH),
    **dict.fromkeys(",，、;；:：…「」『』（）《》〈〉【】", CLAUSE),
    **dict.fromkeys("。！？?\n\r｡", SENTENCE),
}  # fmt: skip
_EMOJI = {"🆎": "ab", "🆑": "cl", "🆒": "cool", "🆓": "free", "🆔": "id", "🆕": "new", "🆖": "ng",
          "🆗": "ok", "🆘": "sos", "🆙": "up", "🆚": "vs", "⭕": "o", "❗": "!", "❕": "!", "💲": "$",
          "➕": "+", "✝": "t", "❌": "x", "✖": "x", "©": "c", "®": "r", "🔞": "18", "💯": "100"}  # fmt: skip
_CONFUSABLE = (
    "I۱𐌠ǀΙ𝚰𝛪𝜤𝝞𝞘ⲒІӀⵏᛁꓲ𐌉∣ a𖽀 c𑣲𑣩𐔜 e𑢦𑢮 fք𑣂𑢢𐔥 iͺ𑣃 k𐔘 l𖼨𖼖𑢣𑢲𐔦 n𐔓 o𑣈𑣗𑓐𑣠𑢵𐔖 pϱ𝛠𝜚𝝔𝞎𝟈 r𖼵 "
    "s𑣁𖼺 t𖼊𑢼 uꞟ𑣘𖽂𑢸 v𑜆𑣀ꛟ𖼈𑢠𐔝 w𑜊𑜎𑜏𑣯𑣦 x𑣬𐔧 yᶌ𑣜𖽃𑢤 z𑣄𑣥𑢩"
)
"""Of Unicode's confusable characters (UTS 39), those that decancer has no letter for, or another."""
_LOOKS = {
    **{sign: signs[0] for signs in _CONFUSABLE.split() for sign in signs[1:]},
    "ᔕ": "s", "ㇿ": "", "ß": "b", "ı": "i", "ƽ": "s", "Ꙅ": "s", "ϱ": "p", "٥": "o", "०": "o", "੦": "o",
    "Ꞟ": "u", "ꛟ": "v", "٧": "v", "٨": "a", "ꭱ": "r",
    # Turned around: a word upside down runs backwards, too.
    **dict(zip("ɐɔǝɟƃᴉʞɹʇʎ", "acefgikrty", strict=True)),
    **dict(zip("ロタエカニトハ", "口夕工力二卜八", strict=True)),
    **dict(zip("⻁⻄⻅⻋⻓⻔⻘⻚⻛⻝", "虎西见车长门青页风食", strict=True)),
    **dict(zip("⻢⻤⻥⻨⻩⻬⻮⻰⺠", "马鬼鱼麦黄齐齿龙民", strict=True)),
}  # fmt: skip
"""Where the look-alikes of decancer say something else, or nothing."""
_EAST_ASIA = (("\u1100", "\u11ff"), ("\u3040", "\u30ff"), ("\uac00", "\ud7af"))
_TONES = frozenset(map(chr, range(0x2B9, 0x2E0)))
"""And other marks beside letters, those of zhuyin among them."""
_FIRST_LETTERS = (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)
"""Letters in squares and circles, white and black, and those of flags."""
_INVISIBLE = frozenset(invisible())
"""In Unicode's first plane; elsewhere, all of them are of a category that shows nothing."""


def is_latin(letter: str) -> bool:
    """Whether it is a Latin letter or a digit: in words of these, every letter counts."""
    return letter.isascii() and letter.isalnum()


def is_zhuyin(letter: str) -> bool:
    return "\u3105" <= letter <= "\u312f" or "\u31a0" <= letter <= "\u31bf"


class _Letters(dict[str, Letter]):
    """Works out what a character stands for when it is first met. Keeps no more than common text needs."""

    _MOST = 30_000

    def __missing__(self, char: str) -> Letter:
        if len(self) >= self._MOST:
            self.clear()
        letter = self[char] = _letter(char)
        return letter


def _letter(char: str) -> Letter:
    plain = unicodedata.normalize("NFKC", char)
    if plain.isascii() and len(plain) == 1 and not (plain.isalnum() and unicodedata.category(char)[0] == "S"):
        char = plain  # a wide one, or a bold one
    if char.isascii() and char.isalnum():
        return Letter("I" if char == "I" else char.lower())
    if char in _SIGNS:
        return Letter(char, _SIGNS[char], doubt=1)
    if char in _GAPS or char.isspace():
        return Letter("", _GAPS.get(char, SPACE))
    return _of_emoji(char) or _of_a_script(char)


def _of_a_script(char: str) -> Letter:
    category = unicodedata.category(char)
    if category[0] in "MC" or ord(char) in _INVISIBLE or char in _TONES:
        return Letter("")
    if is_han(char) or is_zhuyin(char):
        return Letter(_in_one_script(char))
    letters = _plain(char)
    if category[0] in "SP" and letters:
        return Letter(letters, SIGN, doubt=1 if _is_sure(char, letters) else 2)
    return Letter(letters, TOGETHER if letters else SIGN)


def _is_sure(char: str, letters: str) -> bool:
    """Whether a sign is a letter by its nature (ⓐ), and is not only drawn like one."""
    return letters in unicodedata.normalize("NFKD", char).casefold()


def _of_emoji(char: str) -> Letter | None:
    if char in _EMOJI:
        return Letter(_EMOJI[char], SIGN, doubt=1)
    for first in _FIRST_LETTERS:
        if 0 <= ord(char) - first < 26:
            return Letter(chr(ord("a") + ord(char) - first), SIGN, doubt=1)
    return None


def _plain(char: str) -> str:
    """The letters that a character is drawn like; "" where it is no letter at all."""
    if char in _LOOKS:
        return _LOOKS[char]
    category = unicodedata.category(char)
    plain = unicodedata.normalize("NFKD", char).casefold()
    plain = "".join(part for part in plain if unicodedata.category(part)[0] in "LN")
    if category[0] == "S" and len(plain) > 1:
        return ""  # ™ and its like stand between letters
    if plain and all(map(is_latin, plain)):
        return plain
    if any(map(_is_of_east_asia, plain)):
        return _in_one_script(plain) if len(plain) == 1 else char
    small = char.lower()
    return _looks(char) or _LOOKS.get(small, "") or _looks(small) or (plain if category[0] in "LN" else "")


def _looks(char: str) -> str:
    """The Latin letters that a character of another script is drawn like."""
    try:
        return "".join(filter(is_latin, str(decancer_py.parse(char)).lower()))
    except ValueError:  # half a character
        return ""


def _is_of_east_asia(letter: str) -> bool:
    """Whether it is Chinese, Japanese or Korean: they look like Latin ones only to those who want it."""
    return is_han(letter) or any(first <= letter <= last for first, last in _EAST_ASIA)


def _in_one_script(char: str) -> str:
    """A Chinese character as it is written simplified."""
    char = unicodedata.normalize("NFKC", char)
    return simplified().get(char, char)


LETTERS = _Letters()
