"""Signs are said as a person says them, or left out; what is left out silences nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber.core.text import joined
from vtuber.voice.embedded.hibari import _phrases
from vtuber.voice.pieces.segmenter import SentenceSegmenter
from vtuber.voice.reading import Reader
from vtuber.voice.reading.speakable import speakable
from vtuber.voice.speech import captions


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("10 - 3 = 7", "ten minus three equals seven"),
        ("6 × 7", "six times seven"),
        ("5-3=2, 2*3*4", "five minus three equals two, two times three times four"),
        ("It is 25°C, or 77 °F.", "It is twenty-five degrees Celsius, or seventy-seven degrees Fahrenheit."),
        ("今天25°C，50 % 的人。", "今天二十五度，百分之五十 的人。"),
        ("50 % of 80%!", "fifty percent of eighty percent!"),
        ("5 €, 1€ and 1,000 £", "five euros, one euro and one thousand pounds"),
        ("NT$120 or US$4.50", "one hundred twenty New Taiwan dollars or four US dollars and fifty cents"),
        ("謝謝 NT$120！", "謝謝 一百二十元！"),
        ("1、2、3", "one, two, three"),
        ("C# and F#, #1", "C sharp and F sharp, number one"),
        ("2026/11/28", "November twenty-eighth, twenty twenty-six"),
        ("今天是2026/11/28。", "今天是二零二六年十一月二十八日。"),
        ("I give it 10/10, 3/4 agree", "I give it ten out of ten, three quarters agree"),
        ("Tom &amp; Jerry, ~~x~~", "Tom and Jerry, x"),
        ("I <3 you", "I love you"),
        ("Nice :P T_T <3 XD ^_^ ok", "Nice ok"),
        ("ʕ•ᴥ•ʔ", ""),
        ("¯\\_(ツ)_/¯", ""),
        ("好棒(≧▽≦)喔", "好棒 喔"),
        (
            "20-30 people at 10:30 with 3D and 8D",
            "twenty to thirty people at ten thirty with three D and eight D",
        ),
        ("a well-known co-op, U.S. XP", "a well-known co-op, U.S. XP"),
        ("call 02-1234-5678 - now", "call zero two, one two three four, five six seven eight, now"),
        ("2^3 is 8, x^2, 2^10", "two cubed is eight, x squared, two to the power of ten"),
        ("2的2^3", "二的二的三次方"),
        (
            "-5°C, or ±2 and √9 ≈3",
            "minus five degrees Celsius, or plus or minus two and the square root of nine is about three",
        ),
        ("溫度-5°C，第3-5集", "溫度負五度，第三到五集"),
        ("5~10 people, 3%~5%, 5 x 5", "five to ten people, three percent to five percent, five times five"),
        ("3½ cups", "three and a half cups"),
        ("6×7是42，10 - 3 = 7。", "六乘以七是四十二，十減三等於七。"),
        ("10 - 3 = 7。", "ten minus three equals seven。"),
        ("I <3 Kai! I ❤ tea. &lt;3", "I love Kai! I love tea."),
        ("我<3你，QAQ好難過哈哈xD", "我愛你，好難過哈哈"),
        ("分數:3分，XDR螢幕", "分數:三分，XDR螢幕"),
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
        ("Chanel No. 5, no. 7", "Chanel Number five, number seven"),
        ("10 - 3 = 7 :P", "ten minus three equals seven"),
    ],
)
def test_the_embedded_voice_is_given_words(text: str, said: str) -> None:
    given = [word for phrase in _phrases(Reader().read(text, "en")) for word in phrase.said if word]
    assert " ".join(given).split() == said.split()


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("25", "二十五"),
        ("10", "十"),
        ("110", "一百一十"),
        ("2024年", "二零二四年"),
        ("2個", "兩個"),
        ("2月", "二月"),
        ("12個", "十二個"),
        ("1,000", "一千"),
        ("20000", "兩萬"),
        ("10050", "一萬零五十"),
        ("100000001", "一億零一"),
        ("3.5", "三點五"),
        ("0.05", "零點零五"),
        ("50%", "百分之五十"),
        ("15:05", "十五點零五分"),
        ("2:00", "兩點"),
        ("1.2.3", "一點二點三"),
        ("0912345678", "零九一二三四五六七八"),
        ("123456789012345", "一二三四五六七八九零一二三四五"),
        ("0", "零"),
        ("000", "零零零"),
    ],
)
def test_numbers_are_said_as_in_taiwan(text: str, right: str) -> None:
    assert Reader().read(text, "zh-TW").said == right


@pytest.mark.parametrize("face", [":P", "T_T", "ʕ•ᴥ•ʔ", "<3", "QQ", "(´▽`)"])
def test_a_face_is_shown_and_is_no_foreign_language(face: str) -> None:
    (phrase,) = _phrases(Reader().read(face, "en"))
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
    text = " ".join(words)
    shown = captions.split(text)
    for language in ("zh-TW", "en", "ja"):
        reading = Reader().read(text, language)
        assert len(reading.by_word(shown)) == len(shown)
        assert "".join("".join(reading.by_word(shown)).split()) == "".join(reading.said.split())
