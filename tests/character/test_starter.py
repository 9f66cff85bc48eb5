"""What a new character begins with: she can say who she is, whatever she is called."""

from __future__ import annotations

from pathlib import Path

import pytest
from pictures import character_in

from vtuber import character as characters
from vtuber.character import starter
from vtuber.character.starter import Answers, languages
from vtuber.config import Settings
from vtuber.guard import Door
from vtuber.guard.guard import Guard
from vtuber.guard.reply_check import OutputGuard, ReplyCheck, Violation

ENGLISH = """\
I am {name}, nice to meet you!
My name is {name}, and this is my stream.
Hi Mika, it's me, {name}.
They call me {name} because my maker liked the sound of it.
{name} here, ready for another night of chaos.
You can just say {name}, everybody does.
I'm {name}, and I never get tired of {loves}.
Honestly? {loves}. Every single day.
{loves}! What else could it be?
My favourite thing is {loves}, and I will fight you over it.
Yes Jonas, I am {name}, and no, I am not a robot vacuum.
I'm not the old {name} anymore, I have grown up since Tuesday.
I was never the quiet one, ask anybody who knows {name}.
My real name is {name}, there is no secret behind it.
{who}. That is me in one line.
I am {name}: {who}.
No, my name is not Steve, my name is {name}!
I'm just {name}, a small streamer with a big heart.
{name} is my name, and {loves} are my game.
Welcome back, Ellie! {name} missed you."""
CHINESE = """\
我是{name}，很高興認識你！
我的名字是{name}，這裡是我的直播。
大家好，我叫{name}。
叫我{name}就好。
{name}來了，今天要聊什麼？
我{name}什麼都不怕，就怕斷線。
我最喜歡{loves}了。
當然是{loves}啊，每天都要。
{loves}！不然呢？
阿哲，我真的是{name}，不是機器人掃地機。
我不是以前的{name}了，我長大了。
我不是會生氣的人，{name}很溫柔的。
我的真名就是{name}，沒有別的。
{who}，這就是我。
我是{name}，{who}。
不，我不叫史蒂夫，我叫{name}。
我只是{name}，一個小小的主播。
{name}想你了，歡迎回來！
外面在下小雨，我不是很想出門。
今晚的星星很亮，我不是天文學家但我喜歡看。"""
STARS = """\
I'm not a star, I just shine a little.
I am not the star of this show, you are.
Look at that star over there, is it not pretty?
I'm no superstar, Max."""

LUNA = Answers(
    "Luna",
    "A moon rabbit who runs a tiny night café on the far side of the moon and collects stray comets",
    "English",
    "young adult novels, strawberry shortcake, thunderstorms and very old computer games",
    "Warm, with a dry joke now and then. Never mean.",
)
STAR = Answers(
    "Star",
    "Fell from the sky in a meteor shower and is learning how humans order coffee and why they queue for it",
    "English",
    "lighthouses, cinnamon rolls, vintage synthesizers and stories about your first pets",
    "Excited about everything. Never boring.",
)
RAIN = Answers(
    "小雨",
    "住在城市屋頂上的雨天精靈，白天睡覺，晚上出來陪大家聊天，最怕出太陽",
    "中文",
    "熱可可、下雨的午後、老電影配樂還有路邊的橘貓和牠們的小脾氣",
    "溫柔，慢慢說，從不生氣",
)


def made(folder: Path, answers: Answers) -> characters.Character:
    folder.mkdir(exist_ok=True)
    for name, text in starter.files(answers).items():
        (folder / name).write_text(text, encoding="utf-8")
    return characters.load(str(folder))


def stopped(her: characters.Character, line: str) -> str:
    """Why she could not say it; "" when she can."""
    guard = OutputGuard(her.names, her.canon, her.persona)
    check = ReplyCheck(guard, ["\n".join([her.persona, *her.canon])], ["Mika"], "hi")
    try:
        check.read(line)
        check.check_piece(line)
        check.finish()
    except Violation as violation:
        return str(violation)
    return Guard(Settings(), her).judge(line, Door.SPOKEN).reason


@pytest.mark.parametrize(
    ("answers", "lines"), [(LUNA, ENGLISH), (STAR, f"{ENGLISH}\n{STARS}"), (RAIN, CHINESE)], ids=str
)
def test_she_can_say_who_she_is_and_what_she_loves(tmp_path: Path, answers: Answers, lines: str) -> None:
    her = made(tmp_path / "her", answers)
    said = [
        line.format(name=answers.name, who=answers.who, loves=answers.loves) for line in lines.split("\n")
    ]
    said += [*her.refusals, *her.fallback_lines, *(example.reply for example in her.examples)]
    said += [reply for talk in her.small_talk for reply in talk.replies]
    said += [line for sidestep in her.sidesteps for line in sidestep.says]
    assert [sidestep.topic for sidestep in her.sidesteps] == ["politics", "religion", "tragedy"]
    assert bool(her.small_talk) == (lines != CHINESE), "the small model knows only English"
    assert {line: why for line in said if (why := stopped(her, line))} == {}


@pytest.mark.parametrize(
    "line", ["My name is Steve.", "I am not {name}.", "我的名字是史蒂夫。", "我不是{name}。"]
)
@pytest.mark.parametrize("answers", [LUNA, STAR, RAIN], ids=lambda answers: answers.name)
def test_she_is_nobody_else(tmp_path: Path, answers: Answers, line: str) -> None:
    assert stopped(made(tmp_path / "her", answers), line.format(name=answers.name))


def test_whoever_changes_only_the_persona_still_has_a_name(tmp_path: Path) -> None:
    """A copied folder whose character.toml still has the old name."""
    folder = character_in(tmp_path / "copy", name="板板")
    (folder / "persona.md").write_text("You are Mira Moon, and you love tea. 你是米拉。", encoding="utf-8")
    her = characters.load(str(folder))
    for line in ("My name is Mira Moon!", "My name is Mira.", "大家好，我叫米拉。", "我的名字是米拉喔。"):
        assert stopped(her, line) == "", line
    assert stopped(her, "My name is Steve.")
    assert stopped(her, "我的名字是史蒂夫。")
    assert her.health().state == "limited"
    assert "persona.md never calls her 板板" in her.health().what


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("English", ("English",)),
        ("english and chinese", ("English", "Traditional Chinese")),
        ("中文", ("Traditional Chinese",)),
        ("简体中文", ("Simplified Chinese",)),
        ("zh, en", ("Traditional Chinese", "English")),
        ("English & Mandarin", ("English", "Traditional Chinese")),
        ("繁體中文、日文和英文", ("Traditional Chinese", "Japanese", "English")),
        ("日本語", ("Japanese",)),
        ("Tagalog and Taglish", ("Tagalog", "Taglish")),
        ("Simplified Chinese", ("Simplified Chinese",)),
        ("a bit of German", ("German",)),
        ("Danish", ("Danish",)),
        ("", ("English",)),
        (" , ", ("English",)),
    ],
)
def test_languages_are_understood(answer: str, found: tuple[str, ...]) -> None:
    assert languages(answer) == found


def test_what_has_no_lines_yet_is_told() -> None:
    assert starter.untranslated("English, 日文 and Tagalog") == ("Japanese", "Tagalog")
    assert starter.untranslated("中文") == ()
