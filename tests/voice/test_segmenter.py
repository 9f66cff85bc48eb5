"""Cutting a reply while it is being written."""

from __future__ import annotations

import re
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber.core.text import joined
from vtuber.voice.pieces.segmenter import LONGEST, Piece, SentenceSegmenter
from vtuber.voice.reading.pictures import is_picture
from vtuber.voice.reading.speakable import speakable, weight

KEPT = (
    "3.5|1,000|10:30|10：30|Dr. Smith|Mr. Fox|e.g. this|U.S. army|7 a.m. today|J. K. Li"
    "|https://a.bc/d?e=1,2.3|example.com|so...well|「嗎？！」|don't|co-op|Ph.D. thesis"
)
PARTS = (
    "3.5;1,000;10:30;Dr. ;e.g. ;U.S. ;...;word;a;I;supercalifragilistic; ; ;, ;. ;! ;? ;.;,;，;。;！;？;、;…"
    ";「;」;“;”;(;);你;好;板板;天氣;🎉;\n;*;**;_;#;`;[INST];https://a.b/c,d.e ;—;～"
)
MOODS = ("happy", "sad")


def cut(text: str, *, step: int = 1, first_piece: int = 24) -> list[Piece]:
    segmenter = SentenceSegmenter(MOODS, first_piece)
    pieces = [piece for at in range(0, len(text), step) for piece in segmenter.feed(text[at : at + step])]
    return pieces + segmenter.finish()


def texts(text: str) -> list[str]:
    return [piece.text for piece in cut(text)]


def letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Hello there, my friends! How are you?", ["Hello there,", "my friends!", "How are you?"]),
        ("大家好，我是板板。今天天氣真的很好！", ["大家好，", "我是板板。", "今天天氣真的很好！"]),
        ("「你好啊！」她說。然後呢？", ["「你好啊！」", "她說。然後呢？"]),
        ("He said “Hello there.” Then he left.", ["He said “Hello there.”", "Then he left."]),
        ("Oh (really so?) Yes indeed.", ["Oh (really so?)", "Yes indeed."]),
        ("嗯嗯，OK的！Let's go, everyone.", ["嗯嗯，OK的！", "Let's go, everyone."]),
        ("Yes.", ["Yes."]),
        ("First line\nSecond line", ["First line", "Second line"]),
        ("I love you!🎉 Really, I do.", ["I love you!🎉", "Really, I do."]),
    ],
)
def test_cuts_at_sentences_and_lets_the_first_piece_go_early(text: str, pieces: list[str]) -> None:
    assert texts(text) == pieces


@pytest.mark.parametrize(
    "text",
    [
        "大家好，我是板板。今天去吃臭豆腐，真的很香！",
        "我很喜歡 pizza。 你呢？Let's go, everyone! 「好啊！」她說。",
        "すごいね！ありがとう、みんな。",
        "안녕하세요, 여러분. 반가워요!",
        "Hello there, my friends! How are you?",
        "I love you!🎉 Really, I do.",
        "我" * 300 + "a" * 600 + " " + "b" * 400,
    ],
)
def test_joined_again_the_pieces_are_what_was_written(text: str) -> None:
    for step in (1, 7, len(text)):
        pieces = cut(text, step=step)
        assert len(pieces) > 1
        assert joined((piece.space, piece.text) for piece in pieces) == text


def test_a_line_break_becomes_a_space_only_where_one_is_written() -> None:
    assert [piece.space for piece in cut("今天天氣很好。\n\n我們走吧，好不好？")] == ["", ""]
    assert [piece.space for piece in cut("A first line here.\n\nAnd a second.")] == ["", " "]


@pytest.mark.parametrize("family", ["👩‍👩‍👧‍👦", "👋🏽", "❤️", "🇹🇼", "1️⃣"])
@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("好喔！{0} 今天去海邊玩吧。", ["好喔！{0}今天去海邊玩吧。"]),
        ("I love you! {0} Really, I do. {0}", ["I love you! {0}", "Really, I do. {0}"]),
        ("我們去吃宵夜吧！{0}{0}你覺得呢？{0}", ["我們去吃宵夜吧！{0}{0}", "你覺得呢？{0}"]),
    ],
)
def test_emoji_stay_with_what_they_are_about(text: str, pieces: list[str], family: str) -> None:
    if family[0].isdigit():
        text = text.replace("{0}你", "{0}。你")
    written = text.format(family)
    joined_again = joined((piece.space, piece.text) for piece in cut(written))
    assert joined_again == written
    if not family[0].isdigit():
        assert "".join(texts(written)).count(family) == text.count("{0}")


def test_no_sign_is_torn_however_long_the_word() -> None:
    family = "👩‍👩‍👧‍👦"
    [piece] = texts("a" + family * 60)  # signs alone are no piece
    assert piece == "a" + family * piece.count(family)


def test_no_space_comes_between_lines_of_chinese() -> None:
    assert texts("好。\n我們走吧，\n\n 大家一起。") == ["好。我們走吧，", "大家一起。"]
    assert texts("OK \nso we go") == ["OK so we go"]


def test_the_space_is_kept_where_something_was_taken_out() -> None:
    pieces = cut("Hello there. [sad] Go now. *sighs* " + "再見了，[happy]好嗎？")
    assert joined((piece.space, piece.text) for piece in pieces) == "Hello there. Go now. 再見了，好嗎？"


@pytest.mark.parametrize(
    "kept",
    KEPT.split("|"),
)
@pytest.mark.parametrize("before", ["", "I think ", "It was a long day, and then ", "我覺得"])
def test_never_cuts_inside(before: str, kept: str) -> None:
    text = f"{before}{kept} was what they said that day."
    assert any(kept in piece for piece in texts(text)), texts(text)


@pytest.mark.parametrize(
    "sentence", ["聊天室今天有人在罵他。", "我常常跟桌上的花聊天。", "是誰在我家門口放了花？"]
)
def test_the_last_word_before_a_mark_is_no_piece_of_its_own(sentence: str) -> None:
    for text in (sentence, f"後來呢，{sentence}", f"{sentence}好啦。"):
        assert all(len(piece) > 3 for piece in texts(text) if piece != "好啦。"), texts(text)


def test_without_punctuation_the_first_piece_is_short_and_ends_with_a_word() -> None:
    text = "well this is a text that goes on and on without any mark at all until somebody stops it " * 3
    pieces = texts(text)
    assert 12 <= len(pieces[0]) <= 28
    assert all(re.fullmatch(r"[a-z]+( [a-z]+)*", piece) for piece in pieces)
    assert " ".join(pieces) == text.strip()


def test_chinese_without_punctuation_is_cut_between_words() -> None:
    pieces = texts("今天我們要來玩一個沒有任何標點符號的遊戲大家準備好了沒有")
    assert pieces[0] == "今天我們要來玩"
    assert "".join(pieces) == "今天我們要來玩一個沒有任何標點符號的遊戲大家準備好了沒有"


def test_the_first_piece_comes_as_soon_as_it_is_certain() -> None:
    segmenter = SentenceSegmenter()
    assert segmenter.feed("Hello there,") == []  # "1,000" would go on
    assert segmenter.feed(" ") == []  # an emoji would still be of this piece
    assert segmenter.feed("m") == [Piece("Hello there,", "", space="")]
    segmenter = SentenceSegmenter()
    assert segmenter.feed("well this is a long text") == []
    assert segmenter.feed(" w") == [Piece("well this is a long text", "", space="")]


def test_later_pieces_grow_and_stay_whole_sentences_where_they_can() -> None:
    text = "Hello my friends! " + "This is one of the sentences, and it has two parts. " * 6
    pieces = texts(text)
    assert pieces[0] == "Hello my friends!"
    assert all(piece.endswith(".") for piece in pieces[2:])
    assert max(map(len, texts("word " * 400))) > 80
    assert max(map(len, texts("word " * 400))) <= LONGEST


def test_moods_are_taken_out_and_set_what_follows() -> None:
    def moods(text: str) -> list[tuple[str, str]]:
        return [(piece.text, piece.mood) for piece in cut(text)]

    assert moods("[happy] Hi my friend! [sad] But it rains.") == [
        ("Hi my friend!", "happy"),
        ("But it rains.", "sad"),
    ]
    assert moods("[HAPPY]Good.") == [("Good.", "happy")]
    assert moods("I am [happy] so it goes") == [("I am so it goes", "happy")]
    assert moods("Good night. [hap") == [("Good night.", "")]


@pytest.mark.parametrize(
    ("text", "said", "mood"),
    [
        ("[happy sad] Hi there.", "Hi there.", "happy"),
        ("[very excited] Hi there.", "Hi there.", ""),
        ("［開心］你好啊。", "你好啊。", ""),
        ("［happy］你好啊。", "你好啊。", "happy"),
        ("【開心】你好啊。", "你好啊。", ""),
        ("我們看《【字幕】貓》吧。", "我們看《【字幕】貓》吧。", ""),
        ("(happy) Hi there.", "Hi there.", "happy"),
        ("（開心）你好啊。", "你好啊。", ""),
        ("我點了珍奶（全糖）喔。", "我點了珍奶（全糖）喔。", ""),
        ("[happy Hi there.", "Hi there.", "happy"),
        ("[I think that we will go on and on and on for ever", None, ""),
        ("Hi [", "Hi", ""),
        ("Hi there. [sa", "Hi there.", ""),
        ("Hi ] there.", "Hi there.", ""),
        ("[[happy]] Hi there.", "Hi there.", "happy"),
        ("*smiles* hi there.", "hi there.", ""),
        ("*tilts her head, thinking* Well.", "Well.", ""),
        ("Oh you *giggles* are so funny.", "Oh you are so funny.", "happy"),
        ("I like you *smiles*", "I like you", ""),
        ("I did! (laughs softly) Again!", "I did! Again!", ""),
        ("好啊！*臉紅*", "好啊！", ""),
        ("*Never* say that.", "Never say that.", ""),
        ("It *looks* good, *always* good.", "It looks good, always good.", ""),
        ("I am so *happy* and (sad) now.", "I am so happy and (sad) now.", "sad"),
        ("Well, *really good_name* is this.", "Well, really good_name is this.", ""),
        ("*smiles and never ends this at all", "smiles and never ends this at all", ""),
        ("**smiles** 2*3*4 (see here)", "2*3*4 (see here)", ""),
    ],
)
def test_what_is_no_word_of_hers_is_not_said(text: str, said: str | None, mood: str) -> None:
    pieces = cut(text)
    whole = "".join(piece.text for piece in pieces)
    assert whole.replace(" ", "") == (said or text.removeprefix("[")).replace(" ", "")
    assert {piece.mood for piece in pieces} <= {"", mood}
    assert not pieces or pieces[-1].mood == mood


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("I am **so** glad", "I am so glad"),
        ("it is *really* good", "it is really good"),
        ("_really_ `yes`", "really yes"),
        ("# Title", "Title"),
        ("2 * 3 is snake_case C# #1 ^_^", "2 * 3 is snake_case C# #1 ^_^"),
        ("***", ""),
    ],
)
def test_emphasis_marks_are_taken_out(text: str, shown: str) -> None:
    assert " ".join(texts(text)) == shown


def test_symbols_alone_are_no_piece() -> None:
    assert texts("🎉🎉 !!! ...") == []
    assert texts("🎉 Hi!") == ["🎉 Hi!"]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("好耶，太棒了！[happy]😀", ["好耶，太棒了！", "😀"]),
        ("That is great! [happy] 🎉 🎉", ["That is great!", "🎉 🎉"]),
        ("That is great! [happy] ...", ["That is great!"]),
    ],
)
def test_emoji_at_the_end_are_shown_behind_a_piece_that_is_out(text: str, pieces: list[str]) -> None:
    assert texts(text) == pieces
    assert cut(text)[-1].mood == "happy" or len(pieces) == 1


def test_no_piece_lasts_more_than_a_few_seconds() -> None:
    for text in ("word " * 400, "我們今天去夜市吃了很多好吃的東西" * 20, "一句話，" * 100):
        assert max(weight(piece) for piece in texts(text)) < 1.3 * LONGEST <= 130


def test_speakable_leaves_words_and_their_punctuation() -> None:
    assert (
        speakable("Hi! 🎉 I'm 板板👋🏽, ok ^_^ :) 3.5 & more ❤️")
        == "Hi! I'm 板板, ok three point five and more"
    )
    assert speakable("🎉 !!") == ""


@pytest.mark.parametrize(
    "text",
    [
        "a" * 5000,
        "!" * 5000,
        "*" * 5000,
        "[hap" * 2000,
        "(a_b" * 2000,
        "*s" * 2000,
        " " * 5000,
        "[" * 5000,
        "\n" * 5000,
    ],
)
def test_what_waits_is_bounded(text: str) -> None:
    segmenter = SentenceSegmenter(MOODS)
    for char in text:
        segmenter.feed(char)
        assert len(segmenter._text) + len(segmenter._markup._held) <= LONGEST + 60


WRITTEN = st.lists(
    st.sampled_from(PARTS.split(";")) | st.text(max_size=3),
    max_size=80,
).map("".join)


@given(WRITTEN)
def test_nothing_that_can_be_pronounced_is_lost_or_added(text: str) -> None:
    pieces = texts(text)
    said = letters("".join(pieces))
    if set(text) & set("[［【(（*＊_"):  # an aside is taken out whole
        left = iter(letters(text))
        assert all(letter in left for letter in said)
    else:
        assert said == letters(text)
    for piece in pieces:
        assert letters(piece) or (piece == pieces[-1] and any(map(is_picture, piece)))
        assert piece == " ".join(piece.split())
        assert weight(piece) <= LONGEST + 45


CLAUSES = (
    "今天吃臭豆腐配珍奶|我昨天在夜市買了 RTX 4090|Open AI|well, that is|Dr. Lin said so|U.S.|3.5|1,000 元"
    "|「我才不要」|(really)|🎉|👩‍👩‍👧‍👦|👋🏽|日本のアニメ|그래요|板板|so|嗎|的|我們走吧"
)
GLUE = ("，", "。", "！", ", ", ". ", "! ", " ", "", "……", "？ ")


@given(
    written=st.lists(
        st.tuples(st.sampled_from(CLAUSES.split("|")), st.sampled_from(GLUE)), min_size=1, max_size=30
    ),
    sizes=st.lists(st.integers(1, 60), min_size=1),
    hurried=st.booleans(),
)
def test_joined_again_it_is_what_was_written(
    *, written: list[tuple[str, str]], sizes: list[int], hurried: bool
) -> None:
    text = " ".join("".join(clause + glue for clause, glue in written).split())
    segmenter, pieces, at = SentenceSegmenter(MOODS), list[Piece](), 0
    for size in cycle(sizes):
        if hurried:
            segmenter.hurry(0)
        pieces += segmenter.feed(text[at : at + size])
        at += size
        if at >= len(text):
            break
    pieces += segmenter.finish()
    again = joined((piece.space, piece.text) for piece in pieces)
    assert spaced(again) == (spaced(text) if letters(text) else "")


def spaced(text: str) -> str:
    """Without the one space that is added, where a sentence begins right behind another."""
    return re.sub(r"(?<=[.!?…]) (?=[A-Za-z0-9])", "", text)


@given(WRITTEN, st.integers(2, 50))
def test_how_it_is_chunked_does_not_matter(text: str, step: int) -> None:
    assert cut(text, step=step) == cut(text)


@given(WRITTEN)
def test_no_number_is_cut(text: str) -> None:
    # What opens an aside may have it taken out.
    spaced = re.sub(r"[\[［【(（*＊]", "", text).replace("word", " 3.5 1,000 10:30 ")
    joined = " ".join(texts(spaced))
    for number in ("3.5", "1,000", "10:30"):
        assert joined.count(number) >= len(re.findall(rf"(?<!\S){re.escape(number)}(?!\S)", spaced))


@pytest.mark.parametrize("rate", [70, 160])
@pytest.mark.parametrize(
    "text",
    [
        "Well hello, everyone, it is so nice to see all of you here tonight. I have a lot to tell you. " * 3,
        "It is so nice to see all of you here tonight and I have a lot to tell you, and then I will go. " * 3,
        "it is so nice to see all of you here tonight and i have a lot to tell you because it was strange "
        * 3,
        "大家好，我是板板，今天天氣真的很好所以我們一起出去玩吧，然後晚上再一起打遊戲。" * 3,
        "今天天氣真的很好所以我們一起出去玩吧然後晚上再一起打遊戲不要忘記帶你的朋友一起來" * 3,
    ],
)
def test_she_begins_early_and_never_runs_dry(text: str, rate: int) -> None:
    """On paper: ``rate`` characters a second arrive four at a time, 0.25 s after the question.

    A voice makes 15 characters a second of sound, in 0.15 of the time.
    """
    segmenter = SentenceSegmenter()
    written = 0.25
    ready = []
    for at in range(0, len(text), 4):
        ready += [(written, piece) for piece in segmenter.feed(text[at : at + 4])]
        written += 4 / rate
    ready += [(written, piece) for piece in segmenter.finish()]
    made, silent_from = 0.0, 0.0
    for index, (arrived, piece) in enumerate(ready):
        made = max(made, arrived) + len(piece.text) * 0.15 / 15
        if index == 0:
            assert made <= (0.75 if rate == 160 else 0.9)
            silent_from = made
        assert made <= silent_from
        silent_from += len(piece.text) / 15
