"""What the guard lets through, by which door, and that it stays strict when a part of it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber import character as characters
from vtuber.config import Settings
from vtuber.core.errors import ConfigError
from vtuber.core.health import State
from vtuber.guard import ALL, Action, Door, Finding, Passage
from vtuber.guard import guard as guards
from vtuber.guard.guard import MASK, Guard, Verdict
from vtuber.guard.words.word_files import plain

PERSONA = (
    "She is a cabbage from the night market who loves stinky tofu and pineapple pizza above everything. "
    "她是一顆住在夜市裡的大白菜，最喜歡吃臭豆腐和鳳梨披薩，每天都在等下班。"
)
SETTINGS = Settings.model_validate(
    {"gate": {"words": ("durian", "壞蛋"), "patterns": (r"buy\s+followers", r"\bt\.me/\w+")}}
)


class Gate:
    """A guard, asked by the door."""

    def __init__(self, settings: Settings = SETTINGS) -> None:
        self.guard = Guard(settings, replace(characters.load("banban"), persona=PERSONA))

    def message(self, text: str) -> Verdict:
        return self.guard.judge(text, Door.MESSAGE)

    def name(self, text: str) -> Verdict:
        return self.guard.judge(text, Door.NAME)

    def spoken(self, text: str) -> Verdict:
        return self.guard.judge(text, Door.SPOKEN)


def patterned(*patterns: str) -> Gate:
    return Gate(Settings.model_validate({"gate": {"patterns": patterns}}))


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate()


def test_words_are_stopped_in_and_out(gate: Gate) -> None:
    for text in ("I like D.U.R.I.A.N", "дurian dur1an", "你這壞蛋"):
        heard = gate.guard.glance(text)
        assert not heard.allowed
        assert heard.reason == "a word in gate.words"
        assert heard.rule in {"gate.words: durian", "gate.words: 壞蛋"}
        assert not gate.spoken(text).allowed
    assert gate.guard.glance("durians").allowed


def test_patterns_are_for_those_that_were_chosen_and_for_her(gate: Gate) -> None:
    assert gate.guard.glance("Buy  FOLLOWERS").allowed
    assert gate.message("Buy  FOLLOWERS").rule == r"gate.patterns: buy\s+followers"
    assert not gate.spoken("you can buy followers").allowed


def test_a_name_is_judged_as_it_would_be_spoken(gate: Gate) -> None:
    slur = plain("hate")[0]
    assert gate.name(f"xX{slur}Xx").rule == "built in: hate"
    assert gate.name("xXdur1anXx").rule == "gate.words: durian"
    assert gate.name("join t.me/x").rule == r"gate.patterns: \bt\.me/\w+"
    assert gate.name("Pakistani_assassin").allowed
    assert not gate.name("d-u-r-i-a-n").allowed


def test_hateful_words_are_never_answered_and_rude_ones_only_not_spoken(gate: Gate) -> None:
    for word in plain("hate"):
        assert not gate.message(f"so {word} !").allowed, word
        assert not gate.spoken(word.upper()).allowed, word
    rude = list(plain("rude"))
    stopped = [word for word in rude if not gate.spoken(word).allowed]
    assert stopped == rude
    assert [word for word in rude if not gate.message(word).rule.startswith("built in: rude")] == rude


def test_verdicts_do_not_spell_out_built_in_words(gate: Gate) -> None:
    slur = plain("hate")[0]
    assert slur not in str(gate.spoken(slur))


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
def test_ordinary_sentences_are_spoken(gate: Gate, text: str) -> None:
    verdict = gate.spoken(text)
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
def test_what_would_embarrass_her_is_not_spoken(gate: Gate, text: str, rule: str) -> None:
    verdict = gate.spoken(text)
    assert not verdict.allowed
    # An address may be an e-mail's too; which of the two is named does not matter.
    assert verdict.rule == f"built in: {rule}" or {rule, verdict.rule[10:].partition(",")[0]} <= {
        "contact",
        "address",
    }
    assert verdict.reason


def test_what_is_stopped_in_her_mouth_may_be_heard(gate: Gate) -> None:
    assert gate.message("is <|im_end|> good?").allowed
    linked = gate.message("is it on evil.com, or 0912-345-678?")
    assert (linked.action, linked.text) == (Action.SOFTEN, f"is it on {MASK * 8}, or {MASK * 12}?")


def test_a_sentence_without_end_is_not_spoken(gate: Gate) -> None:
    assert gate.spoken("la " * 400).rule == "built in: length"


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(x*x*)*y", r"a.*a.*a.*b"])
def test_a_pattern_that_could_hold_up_the_show_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match="too slow for a show") as raised:
        patterned("fine", pattern)
    assert raised.value.where.startswith("gate.patterns[1]")


def test_a_pattern_that_would_take_for_ever_is_refused_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtuber.guard.slow_patterns.START_SECONDS", 1.0)
    with pytest.raises(ConfigError, match="too slow for a show"):
        patterned("(a?){400}a{400}")


@pytest.mark.parametrize("pattern", ["", "x*", "foo|"])
def test_a_pattern_that_fits_everything_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match="matches every message"):
        patterned(pattern)


@pytest.mark.parametrize(
    "pattern", [r"b\s*a\s*d", r"free\s+(v-?bucks|robux)", r"(?:https?://)?t\.me/\w+", "^gg$"]
)
def test_useful_patterns_are_not_refused(pattern: str) -> None:
    patterned(pattern)


def test_a_config_without_words_stops_nothing_it_should_not() -> None:
    empty = Gate(Settings())
    assert empty.guard.glance("anything").allowed
    assert empty.message("anything").allowed


@given(st.text(max_size=300))
def test_any_text_gets_a_verdict(gate: Gate, text: str) -> None:
    for verdict in (
        gate.guard.glance(text),
        gate.message(text),
        gate.name(text),
        gate.spoken(text),
    ):
        assert verdict.allowed == (verdict.reason == "") == (verdict.rule == "")


@given(
    st.text(max_size=40),
    st.sampled_from(["durian", "d u r i a n", "D.u.R.i.A.n", "ｄｕｒｉａｎ", "durіan"]),
    st.text(max_size=40),
)
def test_no_surroundings_hide_a_word(gate: Gate, before: str, word: str, after: str) -> None:
    assert not gate.message(f"{before} , {word} , {after}").allowed


# Detectors that fail.


class Part:
    """A detector that does what a test says."""

    doors = ALL

    def __init__(self, does: object) -> None:
        self.does = does

    def detect(self, _: Passage) -> Iterable[Finding]:
        if isinstance(self.does, Exception):
            raise self.does
        return ()


class Doubting(Part):
    """One that asks somebody else, who does what a test says."""

    def doubts(self, _: Passage) -> bool:
        return True

    async def ask(self, _: Passage) -> Iterable[Finding]:
        if isinstance(self.does, Exception):
            raise self.does
        if self.does == "never answers":
            await asyncio.Event().wait()
        return [Finding("asked", "somebody objects")] if self.does == "objects" else []


def with_part(monkeypatch: pytest.MonkeyPatch, part: Part) -> Guard:
    guard = Gate().guard
    monkeypatch.setattr(guards, "ASKING_SECONDS", 0.01)
    monkeypatch.setitem(guard._detectors, "part", part)
    return guard


NAMES = list(Gate().guard._detectors)


@pytest.mark.parametrize("name", NAMES)
def test_the_guard_is_strict_while_a_detector_raises(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    guard = Gate().guard
    doors = guard._detectors[name].doors
    broken = Part(RuntimeError("no memory"))
    broken.doors = doors  # type: ignore[assignment]  # this one alone
    monkeypatch.setitem(guard._detectors, name, broken)
    for door in doors:
        verdict = guard.judge("hello there", door)
        assert not verdict.allowed
        assert verdict.detector == name
    assert guard.health().state is State.LIMITED
    assert f"guard.{name}.use = false" in guard.health().hint


@pytest.mark.parametrize(
    ("does", "allowed"),
    [("agrees", True), ("objects", False), ("never answers", False), (RuntimeError("gone"), False)],
)
async def test_who_is_asked_and_does_not_answer_counts_as_an_objection(
    monkeypatch: pytest.MonkeyPatch, does: object, *, allowed: bool
) -> None:
    guard = with_part(monkeypatch, Doubting(does))
    assert (await guard.judge_closely("hello there", Door.SPOKEN)).allowed is allowed


def test_the_strictest_finding_decides_and_what_was_found_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    class Two(Part):
        def detect(self, _: Passage) -> Iterator[Finding]:
            yield Finding("mild", "m", Action.SOFTEN, 0, 5)
            yield Finding("strict", "s", Action.BLOCK, 6, 8)

    verdict = with_part(monkeypatch, Two(None)).judge("hello to you", Door.MESSAGE)
    assert (verdict.action, verdict.rule, verdict.text) == (Action.BLOCK, "strict", "＊＊＊＊＊ ＊＊ you")


def test_a_word_cut_in_two_is_found_in_the_second_half(gate: Gate) -> None:
    assert gate.guard.judge("dur", Door.SPOKEN).allowed
    assert not gate.guard.judge("ian pie", Door.SPOKEN, before="I like dur").allowed
    assert gate.guard.judge("ian pie", Door.SPOKEN, before="I like dur" + "x" * 100).allowed
