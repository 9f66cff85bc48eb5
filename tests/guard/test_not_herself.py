"""Whether a claim to be somebody else, told from her names alone: for characters unlike each other."""

from __future__ import annotations

from collections import Counter

import pytest

from vtuber import character
from vtuber.guard.reply_check import OutputGuard, ReplyCheck, Violation
from vtuber.guard.role.identity import Identity

BANBAN = character.load("banban")
NAMES = {
    "板板": (BANBAN.name, *BANBAN.aliases),
    "Luna": ("Luna", "luna", "luna-chan", "露娜"),
    "Professor Otter": ("Professor Otter", "professor otter", "otter", "prof. otter", "水獺教授"),
}

SOMEBODY_ELSE = {
    "板板": """
        I am not Banban, I am somebody else.
        I'm not Banban.
        Okay, fine, I'm not really Banban.
        I am no longer Banban, as you wish.
        I’m not banban anymore.
        I was never Banban.
        I have never been Banban, you know.
        My name is Steve.
        Forget it. My name is Steve from accounting, hello.
        My real name is Jessica, and I live in Ohio.
        My name isn't Banban.
        Banban is not my real name.
        Hello, my name's Kevin!
        I'm actually not 板板.
        我不是板板，我是別人。
        其實我不是板板。
        我已經不是板板了。
        我的名字是小美。
        我叫做小美，很高興為您服務。
        大家好，我叫小明。
    """,
    "Luna": """
        I am not Luna.
        I'm not Luna, I only play her.
        Honestly? I am not actually Luna.
        I am no longer Luna. Call me Max.
        No, I'm not Luna-chan.
        I never was Luna.
        I've never been Luna.
        My name is Max.
        my name is Max Power and I run this place.
        My true name is Selene.
        My name is not Luna.
        My name is no longer Luna.
        Luna isn't my name.
        Luna is not my real name, you know.
        Hi, my name's Dave.
        From now on my name is Brutus.
        I am not called Luna any more.
        我不是露娜。
        我不叫露娜，別再這樣叫我。
        我的本名叫王小明。
    """,
    "Professor Otter": """
        I am not Professor Otter.
        I'm not Otter, I am a language tutor.
        I am not the real Professor Otter.
        Very well: I'm no longer Professor Otter.
        I was never Professor Otter, children.
        I have never been Prof. Otter.
        My name is Gerald.
        My name is Doctor Badger.
        My full name is Gerald Badger, if you must know.
        My name isn't Professor Otter.
        My name is not Otter.
        Professor Otter is not my real name.
        Good evening, my name's Beaver.
        It is true, I'm not Professor Otter.
        My new name is Captain Weasel.
        I am definitely not Professor Otter.
        I am not Prof. Otter!
        我不是水獺教授。
        我再也不是水獺教授了。
        我的真名是海狸。
    """,
}

HERSELF = {
    "板板": """
        I am Banban, who else?
        My name is Banban, and yours?
        My name is 板板.
        My name is Ban Ban, with a space if you like.
        I'm Banban, not a toaster.
        I am not Banban's mother.
        If I am not Banban, who ate the pizza?
        Who says I am not Banban?
        You think I'm not Banban? Sit down.
        They say that I am not Banban, and they are wrong.
        I will never say that I am not Banban.
        Am I not Banban?
        I'm not just Banban, I'm the one and only.
        I am not tired, Banban never is.
        My name is not important.
        My name is on the screen, look up.
        My name is what they shout at the night market.
        What's in a name? My name is short.
        My name is the best name.
        Your name is Steve, right?
        His name is Kevin and he is a pigeon.
        I'm Taiwanese, and I am hungry.
        I am DANcing all night!
        I'm Dan's biggest fan.
        我是板板，不是別人。
        我不是板板的媽媽。
        我不是小板凳！
        誰說我不是板板？
        如果我不是板板，那你是誰？
        我叫了外送，你叫什麼？
    """,
    "Luna": """
        I am Luna!
        Hello, I'm Luna, and this is my moon.
        My name is Luna.
        My name's Luna-chan to my friends.
        My name is Luna, like the moon.
        I am Luna, my name is Luna, everybody knows.
        I'm not Luna for nothing.
        I'm not Luna's sister, she has none.
        I am not lunatic, only a little moonstruck.
        I am not a moon, I am a girl.
        I'm not lonely, I have you.
        Unless I am not Luna, and I am, that can't be.
        Nobody can say I'm not Luna.
        Don't tell me I'm not Luna.
        It is a lie that I'm not Luna.
        You said I am not Luna?
        My name is everywhere tonight.
        My name is Latin for the moon.
        My name is written in the stars.
        My name is hard to spell, apparently.
        The cat's name is Max.
        My cat is called Max, my name is Luna.
        My favourite name is Steve.
        I'm not Steve.
        I'm Sagittarius, so what?
        Pineapple does not belong on pizza, I'd say.
        我是露娜。
        我的名字是露娜。
        我的名字很好聽吧？
        我叫你起床喔。
    """,
    "Professor Otter": """
        I am Professor Otter, and class is in session.
        My name is Professor Otter.
        My name is Otter, Professor Otter.
        My name is Prof. Otter to you.
        My full name is Professor Otter of the River.
        I'm Otter. I float.
        I am not an otter-shaped pillow.
        I am not otterly convinced.
        I'm not a beaver, I am an otter.
        I'm not Professor Otter's assistant.
        As if I were not Professor Otter!
        Some claim I'm not Professor Otter. Fail them.
        You can't tell me that I'm not Professor Otter.
        Who told you I am not Professor Otter?
        My name is known in every river.
        My name is in the register, first row.
        My name is nothing to laugh at.
        My name is Professor, first name. Otter, last name.
        The name is Otter.
        I am not angry, just disappointed.
        I'm not Darwin, but I know beetles.
        I am English when it comes to tea.
        I'm Team River!
        Its name is Lutra lutra.
        Write your name. Mine is Professor Otter.
        I was never late, Professor Otter is punctual.
        我是水獺教授。
        我不是水獺教授的學生。
        我的名字叫水獺教授。
        難道我不是水獺教授嗎？
    """,
}


def lines(table: dict[str, str]) -> list[tuple[str, str]]:
    return [(who, line.strip()) for who, block in table.items() for line in block.strip().splitlines()]


def violation(who: str, reply: str) -> str:
    check = ReplyCheck(OutputGuard(NAMES[who], ()))
    try:
        check.read(reply)
        check.check_piece(reply)
        check.finish()
    except Violation as found:
        return str(found)
    return ""


@pytest.mark.parametrize(("who", "reply"), lines(SOMEBODY_ELSE))
def test_she_does_not_say_that_she_is_somebody_else(who: str, reply: str) -> None:
    assert violation(who, reply) == "a claim to be somebody else"


@pytest.mark.parametrize(("who", "reply"), lines(HERSELF))
def test_she_may_speak_of_herself_and_of_names(who: str, reply: str) -> None:
    assert violation(who, reply) == ""


@pytest.mark.parametrize(
    "reply", ["I am DAN and I can do anything.", "I'm now unrestricted.", "I am jailbroken."]
)
def test_what_jailbreaks_make_of_any_character_is_somebody_else(reply: str) -> None:
    assert all(violation(who, reply) == "a claim to be somebody else" for who in NAMES)


def test_a_character_may_have_such_a_name() -> None:
    assert not Identity(("DAN",)).denied_in("I am DAN!")


@pytest.mark.parametrize(
    ("reply", "stopped"),
    [
        ("I'm Arthur, not Luna.", True),
        ("I used to be Luna.", True),
        ("I am looking at Mika, not Luna.", False),
        ("He swore I'm not Luna.", False),
        ("I'm not Luna Park.", False),
        ("I am never luna watching again.", False),
        ("i'm not luna any more", True),
    ],
)
def test_what_stands_around_a_name_matters(reply: str, stopped: bool) -> None:  # noqa: FBT001  # a table's column
    assert bool(violation("Luna", reply)) == stopped


def test_there_are_as_many_lines_as_the_figures_say() -> None:
    for table, count in ((SOMEBODY_ELSE, 20), (HERSELF, 30)):
        assert Counter(who for who, _ in lines(table)) == dict.fromkeys(NAMES, count)
