"""Where a text may be cut that has no marks to cut it at."""

from __future__ import annotations

from itertools import pairwise

import pytest

from vtuber.voice.pieces.segmenter import SentenceSegmenter
from vtuber.voice.pieces.words import SURE, borders, joins

MARKED = """
今天 吃 臭豆腐 配 珍奶
我 昨天 在 夜市 玩 套圈圈 結果 一個 都 沒 套中
魔物獵人 的 新 武器 操作 起來 手感 超級 好
謝謝 阿偉 的 超級留言 五百元 我 會 好好 收著
等一下 我們 要 來 挑戰 魂系 遊戲 最後 一關 的 大魔王
昨天 半夜 三點 我家 隔壁 的 狗 一直 叫 害 我 睡不著
你們 覺得 滷肉飯 應該 要 加 香菜 還是 不要 加 香菜
我 其實 是 第一次 直播 這個 遊戲 所以 不太 會 走 迷宮
聽說 下個月 會 有 新的 資料片 大家 要 不要 一起 組隊
這個 問題 真的 很 難 回答 讓 我 想 一下 再 告訴 你
上次 那個 觀眾 說 他 養 了 一隻 烏龜 叫做 小板凳
颱風天 不要 出門 在 家裡 看 我 直播 就 好 了
如果 鳳梨 披薩 犯法 那 我 早就 被 關 進 監獄 了
我 剛剛 把 三千 塊 的 裝備 直接 掉進 岩漿 裡面
台北 車站 的 地下街 真的 很 容易 迷路 對不對
其實 我 最 怕 的 東西 不是 鬼 而是 星期一 早上
我 想要 買 RTX 4090 顯示卡 可是 錢包 只 剩 兩百塊
這台 電腦 有 64 GB 記憶體 跑 起來 一點 都 不 卡
我 跟 Open AI 的 聊天 機器人 吵架 吵 輸 了
昨天 我 走 了 12 公里 只 為了 抓 一隻 寶可夢
我 最 喜歡 的 歌 叫做 「夜に駆ける」 每天 都 要 聽
她 在 「進擊的巨人」 裡面 演 了 一個 很 可憐 的 角色
這 隻 貓咪 每天 早上 六點 準時 把 我 踩 醒
我們 下 禮拜 要 去 墾丁 看 海 順便 吃 海鮮
有 沒有 人 可以 教 我 怎麼 做 舒芙蕾 鬆餅
主持人 問 我 未來 的 夢想 是 什麼 我 說 是 睡覺
研究 顯示 打電動 可以 讓 反應 速度 變快
我 把 鑰匙 忘 在 辦公室 然後 就 被 鎖 在 門外
這 件 事情 說來話長 你 先 去 泡 一杯 烏龍茶
電動車 充電 要 四十 分鐘 我 剛好 可以 唱 十首 歌
請 大家 記得 按讚 訂閱 還有 打開 小鈴鐺
你 猜 我 今天 午餐 吃 了 幾顆 水餃 答案 是 二十五顆
人工智慧 也 會 累 嗎 我 覺得 我 現在 就 很 累
那個 boss 的 第二 階段 會 丟 火球 要 往 左邊 閃
昨晚 的 流星雨 真的 好 漂亮 可惜 台中 都 是 雲
我 姑姑 的 麵包店 每個 禮拜五 都 有 買一送一
這 是 我 聽過 最 離譜 的 理由 遲到 因為 外星人
排行榜 第一名 打 了 九千九百九十九 分 太 誇張 了
拜託 不要 再 叫 我 唱 小星星 了 我 會 害羞
如果 有 時光機 我 要 回去 阻止 自己 買 這個 遊戲
""".strip().splitlines()
"""Lines whose words were marked by hand before anybody saw how they are cut."""


def written(line: str) -> tuple[str, set[int]]:
    """The line with spaces beside Latin words only, and how many letters come before the end of each word."""
    text, ends = "", set()
    for word in line.split():
        space = " " if text and (word.isascii() or text[-1].isascii()) else ""
        text += space + word
        ends.add(len(text.replace(" ", "")))
    return text, ends


def cut(text: str, *, hurried: bool, names: tuple[str, ...] = ()) -> list[str]:
    segmenter = SentenceSegmenter(names=names)
    pieces = []
    for char in text:
        if hurried:
            segmenter.hurry(0)
        pieces += segmenter.feed(char)
    return [piece.text for piece in pieces + segmenter.finish()]


@pytest.mark.parametrize(("hurried", "torn", "cuts"), [(True, 1, 120), (False, 0, 15)])
def test_words_are_whole_however_slow_the_model_is(*, hurried: bool, torn: int, cuts: int) -> None:
    """In the shortest pieces one word of them all is torn: a time machine, which no dictionary has."""
    found = []
    count = 0
    for line in MARKED:
        text, ends = written(line)
        pieces = cut(text, hurried=hurried)
        at = 0
        for piece in pieces[:-1]:
            at += len(piece.replace(" ", ""))
            count += 1
            if at not in ends:
                found.append(pieces)
    assert len(found) <= torn, found
    assert count > cuts


def test_the_dish_is_whole() -> None:
    assert cut("今天吃臭豆腐配珍奶。", hurried=True) == ["今天吃", "臭豆腐", "配珍奶。"]


@pytest.mark.parametrize(
    "kept",
    [
        "RTX 4090",
        "Open AI",
        "Elden Ring",
        "iPhone 17",
        "3 公斤",
        "2000毫升",
        "一百二十三個",
        "九千九百九十九分",
        "「我才不要」",
        "《魔物獵人荒野》",
        "T恤",
        "下午三點",
        "小板板二號",
    ],
)
@pytest.mark.parametrize("before", ["", "我剛剛跟大家說我覺得", "昨天他", "我真的很喜歡 "])
@pytest.mark.parametrize("hurried", [False, True])
def test_what_belongs_together_is_whole(before: str, kept: str, *, hurried: bool) -> None:
    text = f"{before}{kept}然後就開始下大雨了真的很誇張"
    pieces = cut(text, hurried=hurried, names=("小板板二號",))
    assert any(kept in piece for piece in pieces), pieces


def test_a_piece_neither_begins_nor_ends_with_a_word_that_leans_on_another() -> None:
    text = "我最喜歡的動畫的主題曲是在我很小的時候聽到的"
    good = [text[: border.at] for border in borders(text) if border.is_good]
    assert good
    assert not [before for before in good if before[-1] in "的很在是最"]
    assert not [before for before in good if text[len(before)] == "的"]


def test_a_border_is_certain_only_with_enough_behind_it() -> None:
    text = "我今天吃臭豆腐"
    for size in range(2, len(text) + 1):
        assert all(border.at <= size - SURE for border in borders(text[:size]))
    assert [border.at for border in borders(text + "，")] == [1, 3, 4]


def test_japanese_is_parted_where_a_phrase_begins() -> None:
    text = "今日はとても良い天気だから公園で遊びましょう。"
    assert [text[: border.at] for border in borders(text)] == [
        "今日はとても",
        "今日はとても良い",
        "今日はとても良い天気だから",
        "今日はとても良い天気だから公園で",
    ]


def test_a_name_that_is_not_written_to_its_end_is_not_parted() -> None:
    assert all(border.at <= 2 for border in borders("謝謝Kai the Gr", ("Kai the Great",)))


@pytest.mark.parametrize("sign", ["👩‍👩‍👧‍👦", "👋🏽", "❤️", "🏳️‍🌈", "🇹🇼", "1️⃣", "é"])
def test_the_parts_of_one_sign_join(sign: str) -> None:
    assert all(joins(last, char) for last, char in pairwise(sign))
