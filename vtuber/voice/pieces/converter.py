"""Chinese as it is written and said in one region, whatever the model wrote: 视频 is 影片 in Taiwan.

OpenCC's dictionaries do it, but for some words: those that they take for a programmer's though everybody says
them (an "object" is a partner, a "menu" is of a restaurant), and everyday words that they lack.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from functools import cache, lru_cache

from opencc_purepy import OpenCC
from opencc_purepy.dictionary_lib import DictionaryMaxlength

from vtuber.core.chinese import choices, is_han
from vtuber.core.text import is_kana

TAIWAN, MAINLAND, AS_WRITTEN = "zh-TW", "zh-CN", "as_written"

_USUAL_IN_TAIWAN = """
對象 文件 項目 類型 菜單 消息 刷新 性能 觸摸 數據 循環 連接 指針 歐拉 腳本 實例 參數 全局
局部 發佈 聲明 鏡像 萬象 自行車 拋出 導入 導出 保存 擴展 映射 查看 窗口 綁定 聯繫 視圖 設備
高端 優化 像素 點擊 調度 仿真 分區 交互 組件 重載
"""
_USUAL = frozenset(_USUAL_IN_TAIWAN.split())
"""Words that OpenCC takes for a programmer's. In Taiwan they are said, and mean what they say."""
_EVERYDAY = """
質量>品質 菠蘿>鳳梨 土豆>馬鈴薯 西紅柿>番茄 酸奶>優格 空調>冷氣 公交車>公車 公交>公車 點贊>按讚 贊>讚
攝像頭>攝影機 充電寶>行動電源 外賣>外送 打車>叫車 幼兒園>幼稚園 三文魚>鮭魚 金槍魚>鮪魚 筆記本電腦>筆記型電腦
口袋妖怪>寶可夢 神奇寶貝>寶可夢 馬里奧>瑪利歐 衛生間>洗手間 圓珠筆>原子筆 創可貼>OK繃 網盤>雲端硬碟
獼猴桃>奇異果 冰激凌>冰淇淋 芝士>起司 性價比>CP值 網卡>網路卡 鐘表>鐘錶 姓餘>姓余 姓範>姓范 姓於>姓于
贊成>贊成 贊助>贊助 贊同>贊同
"""
"""Words of the mainland, and Taiwan's for them."""
_FEW_KANA = 1
"""A text with more is Japanese."""


class Converter:
    """Writes the Chinese of one ``region``. ``own`` is what a character is made of: its words stay."""

    def __init__(self, region: str, own: str = "") -> None:
        self._region = region
        self._own = own
        self.leaning = 0
        """How the model wrote last: simplified (more than 0), traditional (less), or unknown (0)."""
        self._from_simplified: Callable[[str], str] | None = None
        self._from_traditional: Callable[[str], str] | None = None

    def load(self) -> None:
        """Reads the dictionaries, once: 0.2 s, 40 MB."""
        if self._from_simplified or self._region not in (TAIWAN, MAINLAND):
            return
        if self._region == MAINLAND:
            self._from_traditional = self._from_simplified = OpenCC("tw2s").convert
        else:
            dictionary = _dictionary(frozenset(word for word in _phrases() if word in self._own))
            self._from_traditional = OpenCC("t2twp", dictionary).convert
            self._from_simplified = OpenCC("s2twp", dictionary).convert

    def reply(self, names: Collection[str] = ()) -> Callable[[str], str]:
        """What converts the pieces of one reply, in their order. None of ``names`` changes."""
        if self._region not in (TAIWAN, MAINLAND):
            return str
        return _Reply(self, names).convert

    def convert(self, text: str) -> str:
        """``text``, which is written as the model wrote last."""
        self.load()
        simplified = self.leaning > 0 or not _scripts()[0].isdisjoint(text)
        convert = self._from_simplified if simplified else self._from_traditional
        if convert is None:
            return text
        found = convert(text)
        # The word for Taiwan itself has two spellings; its people write the short one.
        return found.replace("臺", "台") if self._region == TAIWAN and "臺" not in text else found


class _Reply:
    """Converts a reply's pieces, but for names in them."""

    def __init__(self, converter: Converter, names: Collection[str]) -> None:
        self._converter = converter
        kept = sorted((name for name in names if any(map(is_han, name)) and len(name) > 1), key=len)
        self._names = re.compile(f"({'|'.join(map(re.escape, reversed(kept)))})") if kept else None

    def convert(self, text: str) -> str:
        if not any(map(is_han, text)) or sum(map(is_kana, text)) > _FEW_KANA:
            return text
        parts = self._names.split(text) if self._names else [text]
        converter = self._converter
        converter.leaning = leaning("".join(parts[::2])) or converter.leaning
        parts[::2] = [converter.convert(part) for part in parts[::2]]
        return "".join(parts)


def region_of(texts: Iterable[str]) -> str:
    """The region that is written for in ``texts``: Taiwan in traditional characters."""
    found = leaning("".join(texts))
    if not found:
        return AS_WRITTEN
    return MAINLAND if found > 0 else TAIWAN


def leaning(text: str) -> int:
    """By how many characters it is rather simplified (more than 0) than traditional (less)."""
    simplified, traditional = _scripts()
    return sum((char in simplified) - (char in traditional) for char in text)


@cache
def _scripts() -> tuple[frozenset[str], frozenset[str]]:
    """The characters that are only simplified, and those that are only traditional."""
    simplified = {one for one, others in choices("STCharacters.txt").items() if one not in others}
    traditional = {one for one, others in choices("TSCharacters.txt").items() if one not in others}
    return frozenset(simplified - traditional), frozenset(traditional - simplified)


@lru_cache(maxsize=4)
def _dictionary(kept: frozenset[str]) -> DictionaryMaxlength:
    """OpenCC's, with the words of a viewer in Taiwan, but for those that are ``kept``."""
    dictionary = DictionaryMaxlength.from_json()
    phrases = {word: other for word, other in _phrases().items() if word not in kept}
    dictionary.tw_phrases = phrases, max(map(len, phrases))
    return dictionary


@cache
def _phrases() -> dict[str, str]:
    """What is said otherwise in Taiwan, in traditional characters, and how."""
    found = {word: others[0] for word, others in choices("TWPhrases.txt").items()}
    everyday = dict(pair.split(">") for pair in _EVERYDAY.split())
    return {word: other for word, other in found.items() if word not in _USUAL} | everyday
