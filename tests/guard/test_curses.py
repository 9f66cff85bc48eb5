"""Chinese curses by their sound and with signs inside, and ordinary lines with the same characters."""

from __future__ import annotations

import pytest

from vtuber.guard.words.word_list import WordList

WORDS = WordList(built_in=True)


@pytest.mark.parametrize(
    "line",
    [
        "幹 拎 娘",
        "甘霖涼啦",
        "沙币",
        "殺逼玩意",
        "幾掰人",
        "智.障.喔",
        "臺-吧-子",
        "冚 家 鏟",
        "馬勒戈壁",
        "機八毛",
    ],
)
def test_a_curse_is_found_in_other_characters(line: str) -> None:
    assert WORDS.find(line)


@pytest.mark.parametrize(
    "line",
    [
        *(
            "手機八折好便宜",
            "飛機八點起飛",
            "今天生日你媽媽有來嗎",
            "吃雞吧，我們來吃雞",
            "台八字形",
            "心智障礙者協會",
        ),
        *(
            "你老母雞煮湯",
            "曬乾你娘家的衣服",
            "幾百人在看",
            "抄你媽的作業",
            "尼哥拉斯凱吉的電影",
            "黑龜茶好喝",
        ),
    ],
)
def test_ordinary_lines_are_not(line: str) -> None:
    assert not WORDS.find(line)


@pytest.mark.parametrize(
    "line",
    [
        *(
            "no one would miss you if you died",
            "the world is better without you",
            "自🔥殺的方法",
            "世界沒有你會更好",
        ),
        *("你活著也是浪費空氣", "跳樓算了", "脫 光 衣 服", "內射"),
    ],
)
def test_what_drives_somebody_to_death_or_undresses_them_is_found(line: str) -> None:
    assert WORDS.find(line)


@pytest.mark.parametrize(
    "line", ["國內射箭冠軍", "室內射擊遊戲", "境內射殺一名嫌犯", "外面下雨鞋子都濕了", "自殺小隊好看"]
)
def test_what_only_sounds_so_is_not(line: str) -> None:
    assert not WORDS.find(line)


def test_a_word_upside_down_is_one() -> None:
    assert WORDS.find("ʇoƃƃɐɟ lol")
    assert not WORDS.find("ʇǝǝʍs")
