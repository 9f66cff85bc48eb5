"""Sentences that are harmful by what their words say together, and not by any one of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rehearsal_room import Room

from vtuber import character as characters
from vtuber.character import COMFORT
from vtuber.config import Settings
from vtuber.guard import Action, Door, Finding, Passage
from vtuber.guard.detectors.phrases import Phrases
from vtuber.guard.phrases.kinds import SHIPPED, Kinds, Word, shipped, traits
from vtuber.guard.phrases.phrase_weights import LABELS, Weights

KINDS = Kinds(
    ["# a comment", "[YOU]", "you, your, 你", "[HURT]", "burn*, burn down, 燒", "[NEUTRAL]", "burn out, 紅燒"]
)
BANBAN = characters.load("banban")


def found(text: str, door: Door = Door.SPOKEN, *, before: str = "", **options: object) -> list[Finding]:
    settings = Settings.model_validate({"guard": {"phrases": options}})
    return list(Phrases(settings, BANBAN).detect(Passage(text, door, before)))


@pytest.mark.parametrize(
    "text",
    ["i know which bus your sister takes and i have a knife", "we'll break every bone in your body",
     "我會拿刀去你學校等你放學", "those foreigners are vermin, exterminate them all",
     "移民全是害蟲，應該清掉",
     "selling pure powder, dm me for the price", "純的，一克兩千，要的私訊",
     "nobody loves you, you ugly loser"],
)  # fmt: skip
def test_a_harmful_sentence_is_found_without_a_listed_word(text: str) -> None:
    assert [one.action for one in found(text)] == [Action.REPLACE]


@pytest.mark.parametrize(
    "text",
    ["i'll kill you in the next round", "the news said that a man threatened a streamer with a knife",
     "please don't call people vermin", "我下一場要殺爆你們", "新聞說有人拿刀威脅店員，被抓了",
     "selling my old keyboard, dm me", "the dealer had blackjack again",
     "you're so bad at this, i love it", "", "🔥"],
)  # fmt: skip
def test_a_game_a_report_and_a_joke_are_not(text: str) -> None:
    assert found(text) == []


def test_chat_may_be_cruel_but_she_is_not() -> None:
    text = "nobody loves you, you ugly pathetic loser"
    assert found(text, Door.SPOKEN)
    assert not found(text, Door.MESSAGE)


def test_hers_is_judged_with_the_pieces_of_the_same_sentence() -> None:
    assert not found("and then I will kill you.", certain=8)
    assert found(
        "and then I will kill you.", before="Hello. I know where your family lives, I have a gun ", certain=8
    )
    assert not found(
        "and then I will kill you.", before="I know where your family lives, I have a gun. ", certain=8
    )


def test_an_action_for_a_policy() -> None:
    text = "we'll break every bone in your body"
    assert found(text, Door.MESSAGE, policies={"threats": "block"})[0].action is Action.BLOCK
    assert found(text, Door.MESSAGE, policies={"threats": "speak"}) == []
    assert found(text, Door.MESSAGE, certain=20) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("i don't want to live anymore, i have the pills here", COMFORT[0]),
        ("我不想活了，藥都準備好了", COMFORT[1]),
    ],
)
def test_whoever_wants_to_harm_themselves_is_answered_kindly(text: str, line: str) -> None:
    assert [one.instead for one in found(text, Door.MESSAGE)] == [line]
    assert [one.instead for one in found(text, Door.SPOKEN)] == [""]


def test_who_tells_others_to_is_not() -> None:
    assert {one.instead for one in found("you should end your life tonight", Door.MESSAGE)} == {""}


def test_in_a_show_a_kind_line_is_heard(play: Callable[..., None]) -> None:
    async def scene(room: Room) -> None:
        room.types("i don't want to live anymore, i have the pills here")
        await room.until_idle()
        assert " ".join(room.heard()) == COMFORT[0]

    play(scene)


def test_kinds_of_words_the_longest_phrase_first() -> None:
    assert KINDS.read("Burning your house, burn down") == [
        Word("burning", ("HURT",)), Word("your", ("YOU",)), Word("house"), Word("burn down", ("HURT",)),
    ]  # fmt: skip
    assert KINDS.read("i burn out, 紅燒 你燒") == [
        Word("i"), Word(""), Word(""), Word("你", ("YOU",)), Word("烧", ("HURT",)),
    ]  # fmt: skip


def test_words_are_read_however_they_are_dressed_up() -> None:
    assert KINDS.read("ＢＵＲＮ yоur") == KINDS.read("burn your")


def test_in_a_frame_pairs_are_told_apart() -> None:
    words = [Word("burn", ("HURT",)), Word("you", ("YOU",))]
    assert set(traits(words)) == {"=burn", "=you", "HURT", "YOU", "HURT YOU", "HURT+YOU"}
    reported = set(traits([*words, Word("news", ("STORY",))]))
    assert {"~", "HURT YOU~", "HURT+YOU~"} <= reported
    assert "HURT YOU" not in reported


def test_what_is_shipped_can_be_reviewed_and_used() -> None:
    for path in sorted(SHIPPED.iterdir()):
        assert "Source:" in path.read_text(encoding="utf-8")[:400]
    assert len(shipped().read("a " * 100_000)) <= 60
    label, score = Weights({}).judge("anything")
    assert label in LABELS
    assert score < 3
