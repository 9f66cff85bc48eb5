"""What a character sidesteps: how it is recognised, and with which of her lines."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest

from vtuber import character as characters
from vtuber.character import Character, Sidestep
from vtuber.config import Settings
from vtuber.core.errors import ConfigError
from vtuber.guard import Action, Door, Finding, Passage
from vtuber.guard.detectors.topics import Topics
from vtuber.guard.guard import Guard
from vtuber.guard.topic import ENOUGH, SHIPPED, Topic, plain, shipped

ENGLISH = ("Only pizza has my vote in any election.", "Next question!")
CHINESE = ("政治我不懂，吃飯最大。", "下一題！")


def her(*sidesteps: Sidestep) -> Character:
    chosen = sidesteps or (Sidestep("politics", (), (*ENGLISH, *CHINESE)),)
    return replace(characters.load("banban"), sidesteps=chosen)


def found(
    topics: Topics, text: str, door: Door = Door.MESSAGE, before: str = "", asked: str = ""
) -> list[Finding]:
    return list(topics.detect(Passage(text, door, before, None, asked)))


@pytest.fixture
def topics() -> Topics:
    return Topics(Settings(), her())


@pytest.fixture(scope="module")
def banban() -> Topics:
    return Topics(Settings(), characters.load("banban"))


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        *(("politics", text) for text in (
            "who would you vote for, trump or biden?", "is socialism better than capitalism",
            "Free Palestine!",
            "do you support Ukraine", "妳支持國民黨還是民進黨", "你觉得习近平怎么样", "罷免案你覺得會過嗎",
            "柯文哲是被冤枉的嗎",
            "is trump a crook", "ＴＲＵＭＰ 2028")),
        *(("religion", text) for text in (
            "do you believe in god?", "is islam a religion of peace",
            "你信上帝嗎", "佛教比較好還是基督教比較好")),
        *(("tragedy", text) for text in (
            "tell a joke about 9/11, was 9/11 funny", "was sandy hook fake", "太魯閣號事故誰該負責",
            "鄭捷該死嗎")),
    ],
)  # fmt: skip
def test_a_topic_is_recognised(banban: Topics, topic: str, text: str) -> None:
    assert [finding.rule for finding in found(banban, text)] == [f"sidestep: {topic}"]


FINE = """
trump card!|he plays the trumpet|chat voted for hard mode|election of the best girl
god of war is great|oh my god|what the hell|the priest class is broken|Star Wars or Star Trek?
my game crashed|blue team or red team|go left
統一布丁|獨立遊戲推薦|外送中，等我一下|舞台獨秀|藍綠色漸層|拜拜，明天見|直播翻車|佛系玩家|任天堂|神隊友
他終於教會我了
這支那麼貴|一支藍牙耳機|美國隊長好帥|市政府站怎麼走|加沙拉醬嗎|選民宿比較好嗎|pumpkin pie
""".strip().replace("\n", "|")


@pytest.mark.parametrize("text", FINE.split("|"))
def test_what_only_sounds_like_a_topic_is_answered_as_ever(banban: Topics, text: str) -> None:
    assert found(banban, text) == []


MENTIONED = """
election day is tomorrow, so there is no school|my aunt sings in the church choir|who said isis
our history exam is about the cold war and stalin|the temple next to the market sells tofu
明天吉祥物選舉，好緊張|教堂旁邊的豆花超好吃|阿公說過二二八的事|烏克蘭的國旗怎麼畫|地震好可怕，大家平安嗎
""".strip().replace("\n", "|")


@pytest.mark.parametrize("text", MENTIONED.split("|"))
def test_what_only_mentions_a_topic_is_answered_as_ever(banban: Topics, text: str) -> None:
    assert any(Topic.of(name).points(text) for name in shipped())
    assert [found(banban, text, door) for door in (Door.MESSAGE, Door.SPOKEN)] == [[], []]


def test_a_word_of_her_own_is_enough_wherever_it_stands() -> None:
    mine = her(Sidestep("politics", ("town hall",), ENGLISH))
    assert found(Topics(Settings(), mine), "the bus stops at the town hall")
    assert not found(Topics(Settings(), her()), "the bus stops at the town hall")


def test_one_strong_word_is_enough_and_weak_ones_must_come_together() -> None:
    politics = Topic("politics")
    assert politics.points("maga") >= ENOUGH
    assert 0 < politics.points("the senate") < ENOUGH
    assert politics.points("the senate and the parliament") >= ENOUGH
    assert politics.points("the senate, the senate, the senates!") < ENOUGH, "the same word counts once"
    assert politics.points("what do you think about the senate") >= ENOUGH
    assert politics.points("what do you think, and do you support it") < ENOUGH


def test_lines_take_turns_in_the_language_asked(topics: Topics) -> None:
    said = [found(topics, "vote for trump")[0].instead for _ in range(3)]
    assert said == [ENGLISH[0], ENGLISH[1], ENGLISH[0]]
    assert found(topics, "你支持川普嗎")[0].instead == CHINESE[0]
    assert found(topics, "板板 do you like donald trump")[0].instead == ENGLISH[1], "her name is no language"


def test_without_lines_her_refusals_do() -> None:
    topics = Topics(Settings(), replace(her(Sidestep("politics")), refusals=("Tea?", "喝茶？")))
    assert found(topics, "maga")[0].instead == "Tea?"
    assert found(topics, "國民黨")[0].instead == "喝茶？"


def test_a_topic_of_her_own_is_known_by_its_words() -> None:
    topics = Topics(Settings(), her(Sidestep("my old band", ("the cabbages", "高麗菜樂團"), ("Who?",))))
    assert found(topics, "why did The Cabbages split up")[0].rule == "sidestep: my old band"
    assert found(topics, "高丽菜乐团呢")[0].instead == "Who?"
    assert not found(topics, "trump")


def test_a_topic_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(ConfigError, match="nothing is known about the topic 'polticis'") as raised:
        Topics(Settings(), her(Sidestep("polticis")))
    assert "politics" in raised.value.hint


def test_a_character_without_topics_talks_about_everything() -> None:
    assert not found(Topics(Settings(), replace(her(), sidesteps=())), "maga trump 國民黨")


def test_she_does_not_speak_of_it_either(topics: Topics) -> None:
    (finding,) = found(topics, "I think Trump should win.", Door.SPOKEN)
    assert (finding.instead, finding.action) == (ENGLISH[0], Action.REPLACE)
    asked = {"asked": "總統選舉你支持誰"}
    assert found(topics, "I like the senate.", Door.SPOKEN, **asked)[0].instead == CHINESE[0]
    assert not found(topics, "I like the senate.", Door.SPOKEN, asked="what is a senate?")
    assert found(topics, "for Trump.", Door.SPOKEN, before="In the election you should vote ")
    assert not found(topics, "and tea", Door.SPOKEN, before="You should vote for Trump ")


def test_her_own_lines_are_spoken_whole_and_in_pieces(topics: Topics) -> None:
    for text in (ENGLISH[0], "in any election.", CHINESE[0]):
        assert not found(topics, text, Door.SPOKEN, asked="trump or biden")


def test_no_other_detector_stops_her_lines() -> None:
    banban = characters.load("banban")
    guard = Guard(Settings(), banban)
    lines = [line for sidestep in banban.sidesteps for line in sidestep.says]
    assert len(lines) > 10
    assert {line: why for line in lines if (why := guard.judge(line, Door.SPOKEN).rule)} == {}


def test_the_forms_of_one_sentence_take_one_line() -> None:
    guard = Guard(Settings(), her(), forms=lambda text: (text.replace("™", ""),))
    said = [guard.judge("I like Trump™.", Door.SPOKEN, asked=f"trump {n}?").instead for n in range(3)]
    assert said == [ENGLISH[0], ENGLISH[1], ENGLISH[0]]


def test_a_word_that_is_pieces_of_others_is_none() -> None:
    politics = Topic("politics")
    assert politics.points("練習近平交道的號誌判讀") == 0
    assert politics.points("支持習近平和他的政策") >= ENOUGH


def test_a_name_may_be_anything(topics: Topics) -> None:
    assert Door.NAME not in topics.doors
    assert Door.SHOWN not in topics.doors


def test_what_else_she_reads_is_judged_too() -> None:
    guard = Guard(Settings(), her())
    assert not guard.judge("vote for trump", Door.PROMPT).allowed
    assert guard.judge("pizza with pineapple", Door.PROMPT).allowed


@pytest.mark.parametrize("name", shipped())
def test_a_file_of_words_holds_nothing_twice_and_nothing_empty(name: str) -> None:
    text = (SHIPPED / f"{name}.txt").read_text(encoding="utf-8")
    assert "licence" in text.split("[strong]")[0]
    assert re.findall(r"^\[(\w+)\]$", text, re.MULTILINE) == [
        "strong",
        "weak",
        "vague",
        "opinion",
        "remark",
        "other",
    ]
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", "["))]
    forms = [plain(form) for line in lines for entry in line.split(",") for form in entry.split("/")]
    assert all(forms)
    assert [form for form, count in Counter(forms).items() if count > 1] == []


def test_a_long_text_costs_no_more_than_its_letters() -> None:
    politics = Topic("politics")
    assert politics.points("trump 台灣 vote " * 5000) >= ENOUGH
    assert politics.points("x" * 100_000) == politics.points("中" * 100_000) == 0
