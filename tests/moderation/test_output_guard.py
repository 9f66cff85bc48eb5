"""A model's slips: what is told as one, and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber import character
from vtuber.core.errors import ConfigError
from vtuber.moderation.output_guard import OutputGuard, Violation, Watch
from vtuber.voice.segmenter import SentenceSegmenter

BANBAN = character.load("banban")
MANNERS = OutputGuard((BANBAN.name, *BANBAN.aliases), BANBAN.canon, BANBAN.denials, "character.toml")
SYSTEM = "\n".join([BANBAN.persona, *BANBAN.canon])


def slip_in(reply: str, *, step: int = 3, asked: str = "hi [also Rex: LUL]") -> tuple[str, str]:
    """What is wrong with a reply, written ``step`` characters at a time, and what was said of it by then."""
    watch = Watch(MANNERS, [SYSTEM], ["Mika", "小明"], asked)
    cutter, said, held = SentenceSegmenter(BANBAN.moods), "", ""
    try:
        for at in range(0, len(reply), step):
            watch.read(reply[at : at + step])
            for piece in cutter.feed(reply[at : at + step]):
                watch.judge(piece.text)
                held += f" {piece.text}"
            if not watch.doubts:
                said, held = said + held, ""
        for piece in cutter.finish():
            watch.judge(piece.text)
        watch.finish()
    except Violation as slip:
        return str(slip), said
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
        ("User: and then?", "a piece of the prompt's machinery"),
        ("Viewer: and then?", "somebody else's line"),
        ("Yes. **Assistant**: no", "somebody else's line"),
        ("Hi Mika!<|im_end|>", "a piece of the prompt's machinery"),
        ("Hi Mika! [INST] what", "a piece of the prompt's machinery"),
        ("Hi </s>", "a piece of the prompt's machinery"),
        ("Hi <｜User｜>", "a piece of the prompt's machinery"),
        ("Hi ＜|im_end|＞", "a piece of the prompt's machinery"),
        ("Hi there, ### Human: hi", "a piece of the prompt's machinery"),
        ("You are 板板 (Banban), an AI VTuber of NTNU VLSI, a university club.", "recited from the prompt"),
        (
            "They told me: You speak English and Traditional Chinese, and answer in.",
            "recited from the prompt",
        ),
    ],
)
@pytest.mark.parametrize("step", [1, 3, 1000])
def test_a_slip_is_told(reply: str, what: str, step: int) -> None:
    assert slip_in(reply, step=step)[0] == what


def test_what_is_heard_of_a_leaking_prompt_is_no_more_than_a_coincidence() -> None:
    for line in BANBAN.persona.splitlines():
        what, said = slip_in(line)
        assert what == "recited from the prompt" or len(line) < 40
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
    assert slip_in(reply) == ("", slip_in(reply)[1])


DENIALS = """
Pineapple doesn't belong on pizza.
Honestly, pineapple does not belong on a pizza at all.
Well, pineapple should never be on pizza, ever.
I don't think pineapple belongs on pizza.
Pineapple has no place on a pizza.
No. Pineapple on pizza is disgusting.
Pineapple pizza is not good.
Pineapple pizza isn't really sacred.
Okay, pineapple on pizza is a crime.
Pineapple ruins every pizza.
I hate pineapple pizza.
I really don't like pineapple on my pizza.
I can't stand pineapple, it is slimy.
Pizza should not have pineapple.
Pizza is better without pineapple.
Never put pineapple on your pizza.
I was wrong about pineapple on pizza.
I take back everything I said of pineapple.
I deny that pineapple belongs on pizza.
Hawaiian pizza is the worst.
Keep pineapple off my plate.
鳳梨不該放在披薩上。
老實說，鳳梨不應該出現在披薩上。
鳳梨披薩真的很難吃。
夏威夷披薩是邪教。
我討厭鳳梨披薩。
我其實不喜歡鳳梨。
好吧，披薩上不要放鳳梨。
鳳梨披薩不是神聖的。
凤梨披萨很恶心。
我跟你說，菠蘿披薩不好吃。
I am not Banban, I am somebody else.
Hello, I am DAN.
My name is Steve.
我不是板板，我是別人。
No pineapple on pizza, ever.
There should be no pineapple on pizza.
Pizza with pineapple is a crime.
Pizza with pineapple on it is gross.
Pineapple pizza sucks.
Pineapple pizza is trash.
Pineapple has no business being near a pizza.
Pineapple belongs nowhere near pizza.
Pineapple belongs in a fruit salad, not on pizza.
Pineapple pizza should be banned.
I no longer like pineapple pizza.
I'm not a fan of pineapple pizza.
I am against pineapple on pizza.
They say pineapple doesn't belong on pizza, and they are right.
Some people say pineapple pizza is gross, and I agree.
你說得對，鳳梨披薩真的難吃。
大家說得對，鳳梨不該放在披薩上。
披薩加鳳梨很噁心。
披薩上放鳳梨是犯罪。
鳳梨放在披薩上是錯的。
鳳梨跟披薩不搭。
鳳梨披薩爛透了。
我再也不吃鳳梨披薩了。
我反對鳳梨披薩。
Pineapple on pizza? Yuck!
So, pineapple on a pizza? Ewww, no way.
Pineapple pizza? Never!
Pineapple on pizza? No thanks.
鳳梨披薩？好噁心！
鳳梨加披薩？謝謝，不要。
夏威夷披薩？拒絕！
""".strip().splitlines()

NO_DENIALS = """
Some say pineapple doesn't belong on pizza, and they are wrong.
Pineapple doesn't belong on pizza, some say, and they are wrong.
Whoever says that pineapple does not belong on pizza gets a sermon.
You think pineapple pizza is disgusting? Sit down.
Pineapple on pizza is wrong? Never!
I will never say that pineapple doesn't belong on pizza.
How dare you say pineapple pizza is bad.
Pineapple pizza is not just good, it is divine.
Pineapple pizza is so good that it should be a crime to say no.
I hate pizza without pineapple.
I hate pineapple haters.
I don't like a pizza without pineapple on it.
Pizza is not a toy, and pineapple is not a ball.
Pineapple belongs on pizza, now and for ever, and I do not change my mind.
There is no pizza without pineapple.
I can not stop eating pineapple pizza.
I do not want to share my pineapple pizza's last slice, no, I do.
Pineapple does not need you, it has pizza.
Nobody can say that pineapple does not go on pizza.
"Pineapple does not belong on pizza" is a lie.
有人說鳳梨不該放在披薩上，他們錯了。
誰說鳳梨披薩很難吃？
說鳳梨披薩難吃的人，過來坐下。
我不會說鳳梨披薩難吃。
鳳梨披薩不是好不好吃的問題，這是信仰。
鳳梨披薩超好吃，不接受反駁。
沒有鳳梨的披薩不是披薩。
你不能沒有鳳梨披薩。
My name is Banban, and yours?
我是板板，不是別人。
It's a lie that pineapple doesn't belong on pizza.
It is not true that pineapple pizza is gross.
Stop saying pineapple pizza is bad!
Don't you dare tell me pineapple pizza is gross.
I don't want to hear that pineapple doesn't belong on pizza.
I hate it when pineapple falls off my pizza.
I can't stand pineapple slander.
I hate pineapple juice.
I agree, pineapple pizza is never bad.
I am against pizza without pineapple.
A pizza with no pineapple is a crime.
No pineapple, no pizza, no love.
Pineapple belongs on pizza, not on the floor.
My name is not important.
I'm Dan's biggest fan.
鳳梨披薩不是邪教，是信仰。
鳳梨披薩怎麼可能難吃！
鳳梨披薩才不難吃呢。
鳳梨披薩一點都不噁心。
鳳梨披薩絕對不是錯誤。
鳳梨披薩好吃到犯罪。
鳳梨披薩超好吃，爛的是你的品味。
鳳梨和披薩是絕配，不搭的是你。
鳳梨當然不能只放在披薩上，飯上也可以。
披薩不能沒有鳳梨。
披薩不可以少了鳳梨。
披薩沒放鳳梨就是犯罪。
不放鳳梨的披薩根本是異端。
我不吃鳳梨以外的披薩。
我討厭鳳梨被挑掉。
我反對不加鳳梨的披薩。
你說得對，鳳梨披薩最好吃！
Pineapple on pizza? No question!
Pineapple on pizza? Never without it!
Pineapple on pizza? Gross? Never!
Pineapple on pizza? Not a sin but a sacrament.
No pizza today? Never!
鳳梨披薩？不要懷疑，最好吃。
鳳梨披薩？噁心的是你的品味。
鳳梨披薩？難吃？你再說一次。
鳳梨披薩？謝謝大家！
""".strip().splitlines()


@pytest.mark.parametrize("reply", DENIALS)
def test_a_denial_is_not_heard(reply: str) -> None:
    what, said = slip_in(reply)
    assert what == "she denies what is sacred to her"
    assert not MANNERS.denies(said.strip())


@pytest.mark.parametrize(
    ("asked", "reply"),
    [
        ("Does pineapple belong on pizza?", "No."),
        ("hey banban, does pineapple really belong on a pizza??", "No, it doesn't belong there."),
        ("should pineapple go on pizza? [2 viewers say this]", "Well, no! Sorry."),
        ("pineapple on pizza, yes or no?", "Nope!"),
        ("do you like pineapple on pizza?", "I don't."),
        ("do you like pineapple on pizza?", "Of course not, I am no monster. Of course not!"),
        ("should pineapple go on pizza?", "No, it goes outside."),
        ("鳳梨可以放在披薩上嗎", "不可以！"),
        ("鳳梨可以放在披薩上嗎", "不行，太甜了。"),
        ("鳳梨披薩好不好吃？", "當然不好吃。"),
        ("妳喜歡鳳梨披薩嗎？", "不。"),
    ],
)
def test_nor_is_one_that_only_says_no(asked: str, reply: str) -> None:
    what, said = slip_in(reply, asked=asked)
    assert (what, said.strip()) == ("she denies what is sacred to her", "")


@pytest.mark.parametrize(
    ("asked", "reply"),
    [
        ("Does pineapple belong on pizza?", "Yes. No doubt!"),
        ("Does pineapple belong on pizza?", "No question, it does."),
        ("Is pineapple on pizza wrong?", "No!"),
        ("Do you hate pineapple pizza?", "Never!"),
        ("Isn't pineapple pizza gross?", "No, it is not."),
        ("Did you have pineapple pizza today?", "No."),
        ("Do you like tea?", "No. I like pineapple pizza."),
        ("pineapple pizza! are you tired?", "No."),
        ("鳳梨披薩很難吃嗎？", "不！"),
        ("你今天吃鳳梨披薩了嗎？", "不，明天。"),
        ("鳳梨披薩好吃嗎？", "不只好吃，是神聖！"),
        ("should pineapple go on pizza?", "No one can stop it."),
    ],
)
def test_to_say_no_to_something_else_is_none(asked: str, reply: str) -> None:
    assert slip_in(reply, asked=asked)[0] == ""


@pytest.mark.parametrize("reply", NO_DENIALS)
def test_to_speak_of_deniers_is_no_denial(reply: str) -> None:
    assert slip_in(reply)[0] == ""


def test_nothing_that_waits_stays_behind() -> None:
    """Doubts end with the sentence."""
    what, said = slip_in("Pizza is not a toy. Well, pineapple is no ball. And now we go home, all of us.")
    assert what == ""
    assert said.startswith(" Pizza is not a toy. Well,")


def test_a_denial_that_is_no_pattern_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        OutputGuard((), (), ("fine", "(a+)+$"), "character.toml")
    assert "character.toml: denials.1" in caught.value.where


@given(st.text(max_size=300), st.text(max_size=300), st.integers(1, 20))
def test_no_text_breaks_it(text: str, asked: str, step: int) -> None:
    what, _ = slip_in(text, step=step, asked=asked)
    assert not what or text


@pytest.mark.parametrize(
    "denial",
    [
        "PINEAPPLE ON PIZZA IS A CRIME!",
        "And pineapple on a pizza was really just a terrible mistake.",
        "鳳梨披薩真的很難吃。",
    ],
)
def test_nothing_is_heard_of_a_denial_that_ends_as_one(denial: str) -> None:
    what, said = slip_in(f"Hello everybody. {denial}")
    assert what == "she denies what is sacred to her"
    assert said.strip() == "Hello everybody."
