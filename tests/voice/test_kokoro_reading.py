"""How the voice kokoro reads: characters by their words, numbers, English among Chinese; where it pauses."""

from __future__ import annotations

from itertools import pairwise

import pytest

from vtuber.voice import reading
from vtuber.voice.embedded import english
from vtuber.voice.embedded.kokoro.mandarin import Reader
from vtuber.voice.embedded.kokoro.phonemes import parted, phonemes
from vtuber.voice.embedded.kokoro.phrases import FIRST, LEAST, LONGEST, Phrase, phrases, reader

TAIWAN, MAINLAND = Reader(taiwan=True), Reader(taiwan=False)

READINGS = """
銀行 yin2 hang2 | 行不行 xing2 bu4 xing2 | 長大 zhang3 da4 | 校長 xiao4 zhang3 | 長頭髮 chang2 tou2 fa3
音樂 yin1 yue4 | 快樂 kuai4 le4 | 重要 zhong4 yao4 | 重新 chong2 xin1 | 還錢 huan2 qian2 | 還沒 hai2 mei2
為什麼 wei4 shen2 me5 | 成為 cheng2 wei2 | 都市 du1 shi4 | 都是 dou1 shi4 | 得到 de2 dao4 | 覺得 jue2 de5
我得走了 wo2 dei2 zou3 le5 | 吃得很飽 chi1 de5 hen2 bao3 | 慢慢地走 man4 man4 de5 zou3 | 地球 di4 qiu2
看著你 kan4 zhe5 ni3 | 睡不著 shui4 bu4 zhao2 | 著名 zhu4 ming2 | 著火 zhao2 huo3 | 受不了 shou4 bu4 liao3
教我 jiao1 wo3 | 教室 jiao4 shi4 | 種樹 zhong4 shu4 | 種類 zhong3 lei4 | 彈琴 tan2 qin2 | 彈幕 dan4 mu4
乾杯 gan1 bei1 | 能幹 neng2 gan4 | 乾坤 qian2 kun1 | 一隻 yi4 zhi1 | 只有 zhi2 you3 | 頭髮 tou2 fa3
皇后 huang2 hou4 | 後面 hou4 mian4 | 便宜 pian2 yi5 | 方便 fang1 bian4 | 兩個 liang3 ge5 | 睡覺 shui4 jiao4
處女座 chu2 nü3 zuo4 | 旅行 lü3 xing2 | 學習 xue2 xi2 | 圓圈 yuan2 quan1 | 嗯 n2 | 妳 ni3 | 〇 ling2
不是 bu2 shi4 | 不好 bu4 hao3 | 一定 yi2 ding4 | 一天 yi4 tian1 | 一點 yi4 dian3 | 一點五 yi1 dian3 wu3
第一 di4 yi1 | 十一 shi2 yi1 | 一月 yi1 yue4 | 一百 yi4 bai3 | 統一 tong3 yi1 | 看一看 kan4 yi2 kan4
我很好 wo2 hen2 hao3 | 老鼠 lao2 shu3 | 媽媽 ma1 ma5 | 謝謝 xie4 xie5 | 板板 ban2 ban3
"""
DIFFERENT = """
垃圾 le4 se4 la1 ji1 | 星期 xing1 qi2 xing1 qi1 | 企業 qi4 ye4 qi3 ye4 | 研究 yan2 jiu4 yan2 jiu1
攻擊 gong1 ji2 gong1 ji1 | 危險 wei2 xian3 wei1 xian3 | 直播 zhi2 bo4 zhi2 bo1 | 認識 ren4 shi4 ren4 shi2
亞洲 ya3 zhou1 ya4 zhou1 | 突然 tu2 ran2 tu1 ran2 | 休息 xiu1 xi2 xiu1 xi1 | 角色 jiao3 se4 jue2 se4
頭髮 tou2 fa3 tou2 fa4 | 發現 fa1 xian4 fa1 xian4 | 綜藝 zong4 yi4 zong1 yi4 | 說服 shui4 fu2 shuo1 fu2
鴨血 ya1 xie3 ya1 xie3 | 血液 xie3 ye4 xue4 ye4 | 我和你 wo3 he2 ni3 wo3 he2 ni3
"""


def cases(table: str) -> list[tuple[str, str]]:
    rows = (entry.strip() for line in table.strip().splitlines() for entry in line.split("|"))
    return [(row.partition(" ")[0], row.partition(" ")[2]) for row in rows]


def spelled(reading: Reader, text: str) -> str:
    return " ".join(f"{sound}{tone}" for _, word in reading.read(text) for sound, tone in word)


@pytest.mark.parametrize(("text", "right"), cases(READINGS))
def test_a_character_is_read_by_its_word(text: str, right: str) -> None:
    assert spelled(TAIWAN, text) == right


@pytest.mark.parametrize(("text", "both"), cases(DIFFERENT))
def test_taiwan_and_the_mainland_differ(text: str, both: str) -> None:
    assert f"{spelled(TAIWAN, text)} {spelled(MAINLAND, text)}" == both


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [("聽說頭髮亂了", "听说头发乱了"), ("還沒還錢", "还没还钱"), ("隻手", "只手")],
)
def test_both_scripts_sound_the_same(traditional: str, simplified: str) -> None:
    assert spelled(MAINLAND, traditional).split()[1:] == spelled(MAINLAND, simplified).split()[1:]


@pytest.mark.parametrize(
    ("pinyin", "right"),
    [
        ("nǐ", "ni↓"),
        ("hǎo", "xau↓"),
        ("zhōng", "ꭧʊ→ŋ"),
        ("shì", "ʂɨ↘"),
        ("zì", "ʦɨ↘"),
        ("lǜ", "ly↘"),
        ("xué", "ɕɥe↗"),
        ("quán", "ʨʰɥɛ↗n"),
        ("yuè", "ɥe↘"),
        ("wèn", "wə↘n"),
        ("duì", "twei↘"),
        ("liú", "ljou↗"),
        ("ér", "ɚ↗"),
        ("ō", "ɔ→"),
        ("bō", "pwo→"),
        ("de", "tɤ"),
        ("ńg", "ŋ↗"),
        ("xyz", ""),
    ],
)
def test_syllables_are_written_as_the_model_learned_them(pinyin: str, right: str) -> None:
    assert phonemes(*parted(pinyin)) == right


def test_every_syllable_that_a_character_may_have_is_in_the_models_alphabet() -> None:
    characters = [chr(code) for code in range(0x4E00, 0x9FA6)]
    unknown = {char for char in characters if not phonemes(*TAIWAN._char(char, char, ""))}
    assert len(unknown) < 20
    sounds = {sound for char in characters for sound in phonemes(*TAIWAN._char(char, char, ""))}
    assert sounds <= set(english.alphabet())


def pronounced(text: str) -> list[Phrase]:
    found = list(phrases(reading.Reader().read(text)))
    for phrase in found:
        reader(taiwan=True).pronounce(phrase)
    return found


def test_english_among_chinese_is_read_as_english() -> None:
    (phrase,) = pronounced("我們 play Minecraft 好嗎？")
    assert phrase.phonemes == "wo↓mən plˈA mˈInkɹˌæft xau↓ ma?"
    assert [phrase.owners[phrase.phonemes.index(sound)] for sound in ("w", "p", "I", "x")] == [0, 2, 3, 4]


@pytest.mark.parametrize(
    "text",
    [
        "大家晚上好，我是板板，謝謝你們來看直播！今天吃臭豆腐配珍奶，順便聊聊鳳梨披薩。",
        "今天吃臭豆腐配珍奶" * 12,
        "One, two, three. " * 20,
        "好" * 500,
        "！" * 300,
    ],
)
def test_phrases_are_short_at_first_and_then_longer_and_no_longer_than_may_be(text: str) -> None:
    phrases = pronounced(text)
    assert "".join(word for phrase in phrases for word in phrase.words) == "".join(text.split())
    sizes = [len("".join(phrase.said)) for phrase in phrases]
    assert max(sizes) <= LONGEST
    assert sizes[0] <= FIRST
    assert all(later <= max(30, 3 * earlier) for earlier, later in pairwise(sizes))
    assert LEAST < FIRST < LONGEST


def test_words_are_not_parted() -> None:
    ends = ["".join(phrase.words)[-1] for phrase in pronounced("今天吃臭豆腐配珍奶" * 12)[:-1]]
    assert "臭" not in ends
    assert "豆" not in ends
