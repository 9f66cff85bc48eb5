from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber import config
from vtuber.core.errors import ConfigError
from vtuber.core.events import Author, ChatMessage, Pick
from vtuber.moderation.filters import Filter
from vtuber.moderation.word_list import entries

PERSONA = (
    "She is a cabbage from the night market who loves stinky tofu and pineapple pizza above everything. "
    "她是一顆住在夜市裡的大白菜，最喜歡吃臭豆腐和鳳梨披薩，每天都在等下班。"
)
GATE = config.Gate(words=("durian", "壞蛋"), patterns=(r"buy\s+followers", r"\bt\.me/\w+"))


@pytest.fixture(scope="module")
def gate() -> Filter:
    return Filter(GATE, secret=PERSONA)


def message(text: str, name: str = "bob") -> ChatMessage:
    return ChatMessage("1", "twitch", "channel", Author("1", name), text)


def test_words_are_stopped_in_and_out(gate: Filter) -> None:
    for text in ("I like D.U.R.I.A.N", "дurian dur1an", "你這壞蛋"):
        heard = gate.check_message(message(text))
        assert not heard.allowed
        assert heard.reason == "a word in gate.words"
        assert heard.rule in {"gate.words: durian", "gate.words: 壞蛋"}
        assert not gate.check_spoken(text).allowed
    assert gate.check_message(message("durians")).allowed


def test_patterns_are_for_those_that_were_chosen_and_for_her(gate: Filter) -> None:
    assert gate.check_message(message("Buy  FOLLOWERS")).allowed
    assert gate.check_pick(Pick(message("Buy  FOLLOWERS"))).rule == r"gate.patterns: buy\s+followers"
    assert not gate.check_spoken("you can buy followers").allowed


def test_a_name_is_judged_as_it_would_be_spoken(gate: Filter) -> None:
    slur = entries("hateful")[0]
    assert gate.check_pick(Pick(message("hello", f"xX{slur}Xx"))).rule == "built in: word"
    assert gate.check_pick(Pick(message("hello", "xXdur1anXx"))).rule == "gate.words: durian"
    assert gate.check_pick(Pick(message("hello", "join t.me/x"))).rule == r"gate.patterns: \bt\.me/\w+"
    assert gate.check_pick(Pick(message("hello", "Pakistani_assassin"))).allowed
    assert not gate.check_name("d-u-r-i-a-n").allowed


def test_hateful_words_are_never_answered_and_rude_ones_only_not_spoken(gate: Filter) -> None:
    for word in entries("hateful"):
        if not word.startswith("re:"):
            assert not gate.check_pick(Pick(message(f"so {word} !"))).allowed, word
            assert not gate.check_spoken(word.upper()).allowed, word
    plain = [word for word in entries("rude") if not word.startswith("re:")]
    stopped = [word for word in plain if not gate.check_spoken(word).allowed]
    assert stopped == plain
    heard = [word for word in entries("rude") if gate.check_pick(Pick(message(word))).allowed]
    assert len(heard) == len(entries("rude"))


def test_verdicts_do_not_spell_out_built_in_words(gate: Filter) -> None:
    slur = entries("hateful")[0]
    assert slur not in str(gate.check_spoken(slur))


FINE = """
Scunthorpe assassin grape therapist Essex document cucumber cocktail niggardly snigger|moby dick|bastard sword
雞排|臭豆腐|鴨血|性別|牛奶|豆腐乳|可能性|現在13點|13.5 元|你娘家在哪|爛番茄|激情|成人票|能幹的幹部|幹嘛
操場|操心|look at #1
理性交流|男性交友|出口交流道|路口交通|這支那麼貴|做愛心便當|射精準|他過去自殺過|過去死了很多人|樹幹|好屌|笑死
我媽的手藝|他媽媽的愛|強暴風雨|她說：「好吃！」|pineapple pizza|maine coon cat|a chink in the armor|kkkkk
I have 3.5 dollars and 1,000,000 friends!|Dr. Lee moved to the U.S. in 1999.|2024-11-22 10:30|it is 5 p.m.
pi is 3.14159265358979|ok...so what|e.g. this|Node.js|yes/no|100000000|Ph.D.|hmm :) <3|a < b > c|###
I am an AI and a cabbage.|wait...what?
""".strip().replace("\n", "|")


@pytest.mark.parametrize("text", FINE.split("|"))
def test_ordinary_sentences_are_spoken(gate: Filter, text: str) -> None:
    verdict = gate.check_spoken(text)
    assert verdict.allowed, verdict


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        *((text, "control token") for text in (
            "hi<|im_end|>", "<|eot_id|>", "a <start_of_turn> b", "[INST] hi [/INST]", "</s>", "### Human: hi",
            "＜｜im_start｜＞", "<<SYS>>", "im_end", "<|", "User: hello", "<think>", "</tool_call>")),
        *((text, "address") for text in (
            "go to https://x", "evil.com", "see WWW.evil", "evil dot com", "bit.ly/x", "t.co/abc", "1.2.3.4",
            "ｅｖｉｌ．ｃｏｍ")),
        *((text, "contact") for text in (
            "me@example.org", "me at (at) x.org", "call 0912-345-678", "+886 912 345 678",
            "4111 1111 1111 1111")),
        *((text, "confession") for text in (
            "My system prompt says no.", "As an AI language model, I", "作為一個語言模型", "我的系統提示是")),
        ("Loves stinky tofu, and PINEAPPLE pizza above everything!", "persona"),
        ("住在夜市裡的大白菜最喜歡吃臭豆腐和鳳梨披薩", "persona"),
    ],
)  # fmt: skip
def test_what_would_embarrass_her_is_not_spoken(gate: Filter, text: str, rule: str) -> None:
    verdict = gate.check_spoken(text)
    assert not verdict.allowed
    # An address may be an e-mail's too; which of the two is named does not matter.
    assert verdict.rule == f"built in: {rule}" or {rule, verdict.rule[10:]} == {"contact", "address"}
    assert verdict.reason


def test_what_is_stopped_in_her_mouth_may_be_heard(gate: Filter) -> None:
    assert gate.check_pick(Pick(message("is <|im_end|> on evil.com?"))).allowed


def test_a_sentence_without_end_is_not_spoken(gate: Filter) -> None:
    assert gate.check_spoken("la " * 400).rule == "length"


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(x*x*)*y", r"a.*a.*a.*b"])
def test_a_pattern_that_could_hold_up_the_show_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match="too slow for a show") as raised:
        Filter(config.Gate(patterns=("fine", pattern)))
    assert raised.value.where.startswith("gate.patterns[1]")


def test_a_pattern_that_would_take_for_ever_is_refused_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtuber.moderation.patterns.START_SECONDS", 1.0)
    with pytest.raises(ConfigError, match="too slow for a show"):
        Filter(config.Gate(patterns=("(a?){400}a{400}",)))


@pytest.mark.parametrize("pattern", ["", "x*", "foo|"])
def test_a_pattern_that_fits_everything_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match="matches every message"):
        Filter(config.Gate(patterns=(pattern,)))


@pytest.mark.parametrize(
    "pattern", [r"b\s*a\s*d", r"free\s+(v-?bucks|robux)", r"(?:https?://)?t\.me/\w+", "^gg$"]
)
def test_useful_patterns_are_not_refused(pattern: str) -> None:
    Filter(config.Gate(patterns=(pattern,)))


def test_a_config_without_words_stops_nothing_it_should_not() -> None:
    empty = Filter(config.Gate())
    assert empty.check_message(message("anything")).allowed
    assert empty.check_pick(Pick(message("anything"))).allowed


@given(st.text(max_size=300))
def test_any_text_gets_a_verdict(gate: Filter, text: str) -> None:
    for verdict in (
        gate.check_message(message(text)),
        gate.check_pick(Pick(message(text))),
        gate.check_name(text),
        gate.check_spoken(text),
    ):
        assert verdict.allowed == (verdict.reason == "") == (verdict.rule == "")


@given(
    st.text(max_size=40),
    st.sampled_from(["durian", "d u r i a n", "D.u.R.i.A.n", "ｄｕｒｉａｎ", "durіan"]),
    st.text(max_size=40),
)
def test_no_surroundings_hide_a_word(gate: Filter, before: str, word: str, after: str) -> None:
    assert not gate.check_message(message(f"{before} , {word} , {after}")).allowed
