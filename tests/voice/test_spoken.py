"""Signs are said as a person says them, or left out; what is left out silences nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber.core.text import joined
from vtuber.voice import captions
from vtuber.voice.hibari import _phrases
from vtuber.voice.segmenter import SentenceSegmenter
from vtuber.voice.speakable import speakable
from vtuber.voice.spoken import spoken


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("10 - 3 = 7", "10 minus 3 equals 7"),
        ("6 × 7", "6 times 7"),
        ("5-3=2, 2*3*4", "5 minus 3 equals 2, 2 times 3 times 4"),
        ("It is 25°C, or 77 °F.", "It is 25 degrees Celsius, or 77 degrees Fahrenheit."),
        ("今天25°C，50 % 的人。", "今天25度，百分之50 的人。"),
        ("50 % of 80%!", "50 percent of 80 percent!"),
        ("5 €, 1€ and 1,000 £", "5 euros, 1 euro and 1,000 pounds"),
        ("NT$120 or US$4.50", "120 Taiwan dollars or 4.50 US dollars"),
        ("謝謝 NT$120！", "謝謝 120元！"),
        ("1、2、3", "1, 2, 3"),
        ("C# and F#, #1", "C sharp and F sharp, #1"),
        ("2026/11/28", "November 28, 2026"),
        ("今天是2026/11/28。", "今天是2026年11月28日。"),
        ("I give it 10/10, 3/4 agree", "I give it 10 out of 10, 3/4 agree"),
        ("Tom &amp; Jerry, ~~x~~", "Tom & Jerry, x"),
        ("I <3 you", "I love you"),
        ("Nice :P T_T <3 XD ^_^ ok", "Nice ok"),
        ("ʕ•ᴥ•ʔ", ""),
        ("¯\\_(ツ)_/¯", ""),
        ("好棒(≧▽≦)喔", "好棒 喔"),
        ("20-30 people at 10:30 with 3D and 8D", "20-30 people at 10:30 with 3D and 8D"),
        ("a well-known co-op, U.S. XP", "a well-known co-op, U.S. XP"),
        ("call 02-1234-5678 - now", "call 02-1234-5678 now"),
        ("2^3 is 8, x^2", "2 to the power of 3 is 8, x to the power of 2"),
        ("2的2^3", "2的2的3次方"),
        (
            "-5°C, or ±2 and √9 ≈3",
            "minus 5 degrees Celsius, or plus or minus 2 and the square root of 9 about 3",
        ),
        ("溫度-5°C，第3-5集", "溫度負5度，第3-5集"),
        ("5~10 people, 3%~5%, 5 x 5", "5 to 10 people, 3 percent to 5 percent, 5 times 5"),
        ("3½ cups", "3 ½ cups"),
        ("6×7是42，10 - 3 = 7。", "6 乘以 7是42，10 減 3 等於 7。"),
        ("10 - 3 = 7。", "10 minus 3 equals 7。"),
        ("I <3 Kai! I ❤ tea. &lt;3", "I love Kai! I love tea."),
        ("我<3你，QAQ好難過哈哈xD", "我愛你，好難過哈哈"),
        ("分數:3分，XDR螢幕", "分數:3分，XDR螢幕"),
        ("ヽ(・∀・)ﾉ ٩(ˊᗜˋ*)و (づ｡◕‿‿◕｡)づ _(:3」∠)_ \\o/", ""),
    ],
)
def test_signs_are_said_as_a_person_says_them(text: str, said: str) -> None:
    assert speakable(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The answer is no.", "The answer is no ."),
        ('"No." I ate a fig.', "No . I ate a fig ."),
        ("Chanel No. 5, no. 7", "Chanel No. 5, no. 7"),
        ("10 - 3 = 7 :P", "10 minus 3 equals 7"),
    ],
)
def test_the_embedded_voice_is_given_words(text: str, said: str) -> None:
    given = [word for phrase in _phrases(text) for word in phrase.said if word]
    assert " ".join(given).split() == said.split()


@pytest.mark.parametrize("face", [":P", "T_T", "ʕ•ᴥ•ʔ", "<3", "QQ", "(´▽`)"])
def test_a_face_is_shown_and_is_no_foreign_language(face: str) -> None:
    (phrase,) = _phrases(face)
    assert phrase.spoken is None
    assert "".join(phrase.words) == face


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("I do not know…Maybe later.", "I do not know… Maybe later."),
        ("It is good, really!Ünïcödé works.", "It is good, really! Ünïcödé works."),
        ("Sure.Maybe I will. Ph.D. U.S. Node.js", "Sure. Maybe I will. Ph.D. U.S. Node.js"),
        ("I know...Maybe. Yes.No, ASP.NET", "I know... Maybe. Yes. No, ASP.NET"),
        ("Хорошо.Да! Hi!¿Qué tal?", "Хорошо. Да! Hi! ¿Qué tal?"),
        ("我不知道…Maybe吧！OK的。", "我不知道…Maybe吧！OK的。"),
        ("so...well, https://a.bc/d?e=1 Hm...", "so...well, https://a.bc/d?e=1 Hm..."),
    ],
)
def test_between_two_sentences_stands_a_space(text: str, shown: str) -> None:
    segmenter = SentenceSegmenter()
    pieces = segmenter.feed(text) + segmenter.finish()
    assert joined((piece.space, piece.text) for piece in pieces) == shown


def test_korean_is_cut_at_its_spaces() -> None:
    text = "안녕하세요 저는 반반이에요 오늘은 피자를 먹을 거예요 그리고 게임도 할 거예요"
    segmenter = SentenceSegmenter()
    pieces = segmenter.feed(text) + segmenter.finish()
    assert len(pieces) > 1
    assert {word for piece in pieces for word in piece.text.split()} == set(text.split())
    assert captions.split(text) == text.split()


@given(st.lists(st.text("0123456789-+×/=°C%€$<3:PTx_.,、#&amp;~ʕ•ᴥ♥(≧)no", min_size=1, max_size=9)))
def test_there_is_something_said_for_each_word_or_nothing(words: list[str]) -> None:
    for chinese in (True, False):
        assert len(spoken(words, chinese=chinese)) == len(words)
    assert isinstance(speakable(" ".join(words)), str)
