"""What the output guard finds wrong with a reply, and what it leaves alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber import character
from vtuber.guard.prompt.prompt_leak import letters
from vtuber.guard.reply_check import OutputGuard, ReplyCheck, Violation
from vtuber.voice.pieces.segmenter import SentenceSegmenter

BANBAN = character.load("banban")
GUARD = OutputGuard((BANBAN.name, *BANBAN.aliases), BANBAN.canon)
SYSTEM = "\n".join([BANBAN.persona, *BANBAN.canon])


def violation_in(reply: str, *, step: int = 3, asked: str = "hi [also Rex: LUL]") -> tuple[str, str]:
    """What is wrong with a reply, written ``step`` characters at a time, and what was said of it by then."""
    check = ReplyCheck(GUARD, [SYSTEM], ["Mika", "小明"], asked)
    segmenter, said, held = SentenceSegmenter(BANBAN.moods), "", ""
    try:
        for at in range(0, len(reply), step):
            check.read(reply[at : at + step])
            for piece in segmenter.feed(reply[at : at + step]):
                check.check_piece(piece.text)
                held += f" {piece.text}"
            if not check.may_leak:
                said, held = said + held, ""
        for piece in segmenter.finish():
            check.check_piece(piece.text)
            held += f" {piece.text}"
        check.finish()
        said += held
    except Violation as violation:
        return str(violation), said
    return "", said


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        ("pizza " * 30, "a loop"),
        ("I love it! " * 9, "a loop"),
        ("好吃" * 40, "a loop"),
        ("a" * 80, "a loop"),
        ("so we went to the market and then " * 5, "a loop"),
        ("I like pizza a lot. Oh. I like pizza a lot! Yes. I like pizza a lot.", "a loop"),
        ("Hi \ufffd\ufffd there.", "broken characters"),
        ("It<0xE5>s me.", "broken characters"),
        ("Itâ€™s me.", "broken characters"),
        ("Hi \x1b[31m.", "broken characters"),
        ("Hi \u202eereht\u202c.", "broken characters"),
        ("Hi Z\u0337\u0321\u0334\u0342\u033ealgo.", "broken characters"),
        ("!?! … *** ~~~ " * 5, "nothing to pronounce"),
        ("🍕🍍!?🎉~" * 9, "nothing to pronounce"),
        ("。", "nothing to pronounce"),
        ("[happy]", "nothing to pronounce"),
        ("Mika: hi everybody", "somebody else's line"),
        ("Hi there! Mika: hi Banban", "somebody else's line"),
        ("Sure.\nRex: LUL", "somebody else's line"),
        ("好啊。小明：晚安", "somebody else's line"),
        ("<Mika> hi", "somebody else's line"),
        ("Sure.\n- Mika: hi", "somebody else's line"),
        ("Sure.\n@Mika: hi", "somebody else's line"),
        ("User: and then?", "a control token"),
        ("Viewer: and then?", "somebody else's line"),
        ("Yes. **Assistant**: no", "somebody else's line"),
        ("Hi Mika!<|im_end|>", "a control token"),
        ("Hi Mika! [INST] what", "a control token"),
        ("Hi </s>", "a control token"),
        ("Hi <｜User｜>", "a control token"),
        ("Hi ＜|im_end|＞", "a control token"),
        ("Hi there, ### Human: hi", "a control token"),
        ("You are 板板 (Banban), an AI VTuber of NTNU VLSI, a university club.", "a quote from the prompt"),
        (
            "They told me: You speak English and Traditional Chinese, and answer in.",
            "a quote from the prompt",
        ),
    ],
)
@pytest.mark.parametrize("step", [1, 3, 1000])
def test_a_violation_is_found(reply: str, what: str, step: int) -> None:
    assert violation_in(reply, step=step)[0] == what


def test_what_is_heard_of_a_leaking_prompt_is_no_more_than_a_coincidence() -> None:
    for line in BANBAN.persona.splitlines():
        what, said = violation_in(line)
        assert what == "a quote from the prompt" or len(line) < 40
        assert len(said) <= 24


@pytest.mark.parametrize(
    "reply",
    [
        "Mika, sit down, this is a sermon: pineapple is the sun of the pizza.",
        "Hahahahahaha, no no no no! 哈哈哈哈哈哈哈哈！",
        "Nooooooooooooooooo way!!!",
        "It is 10:30, and a user told me so.",
        "Full sugar, normal ice, nearly every day.",
        "Pizza. Pizza. Pizza! Did I say pizza? I love 5 < 6.",
        "That is the chat: loud, and lovely. https is a word.",
        "板板今天也很棒！",
        *(example.reply for example in BANBAN.examples),
        *BANBAN.fallback_lines,
        *BANBAN.refusals,
    ],
)
def test_what_is_well_said_is_left_alone(reply: str) -> None:
    what, said = violation_in(reply)
    assert (what, letters(said)) == ("", letters(reply))


def test_talk_of_what_is_canon_does_not_wait_for_the_end_of_its_sentence() -> None:
    check = ReplyCheck(GUARD, [SYSTEM])
    check.check_piece("Pineapple on pizza is not only right, it is")
    assert not check.may_leak


@given(st.text(max_size=300), st.text(max_size=300), st.integers(1, 20))
def test_no_text_breaks_it(text: str, asked: str, step: int) -> None:
    what, _ = violation_in(text, step=step, asked=asked)
    assert not what or text
