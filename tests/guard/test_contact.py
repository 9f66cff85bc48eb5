"""What tells who somebody is: it is found however it is written, and numbers that tell nothing pass."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtuber import character as characters
from vtuber.config import Settings
from vtuber.guard import Action, Door, Finding, Passage
from vtuber.guard.detectors.contact import Contact
from vtuber.guard.guard import MASK, Guard
from vtuber.guard.personal.digits import runs
from vtuber.guard.personal.plain import Plain

CHAT = Path(__file__).parents[1] / "data" / "twitch-vod-chat.json"


@cache
def contact(*names: str) -> Contact:
    settings = Settings.model_validate({"guard": {"contact": {"names": names}}})
    return Contact(settings, characters.load("banban"))


def found(text: str, before: str = "", *names: str) -> list[Finding]:
    return list(contact(*names).detect(Passage(text, Door.SHOWN, before)))


def kinds(text: str, before: str = "") -> set[str]:
    return {finding.rule.rpartition(" ")[2] for finding in found(text, before)}


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("0912345678", "0912345678"),
        ("０９１２　３４５", "0912345"),
        ("零九一二三四五", "0912345"),
        ("洞九么兩參", "09123"),
        ("oh nine one two", "0912"),
        ("double five, triple seven", "55777"),
        ("twenty-one thirty", "2130"),
        ("one eight hundred five", "18005"),
        ("zeronineone 2", "0912"),
        ("0ne tw0 s3ven", "127"),
        ("0️⃣9️⃣１②₃", "09123"),
        ("٠٩١٢", "0912"),
        ("zero nine dash one two", "0912"),
        ("two billion one hundred forty seven million", "2|10047"),
        ("五百二十號", "5|2"),
    ],
)
def test_digits_are_read_however_they_are_written(said: str, digits: str) -> None:
    assert "|".join(run.digits for run in runs(Plain(said).lower)) == digits


PERSONAL = {
    "phone": """
call me at 0912-345-678|電話零九一二三四五六七八|洞九么兩 三四五 六七八|my cell: (917) 555-0143
０９１２３４５６７８|+886 2 2700 1234|zero nine one two, three four five, six seven eight
oh nine twelve thirty four fifty six seventy eight|07700 900123|090-1234-5678|13800138000
0️⃣9️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣|手機前面是0912 中間345 最後678|打 2771-5512 找他""",
    "email": """
me@example.org|jo.doe+x@mail.example|jo (at) gmail (dot) com|jo at gmail dot com
jo小老鼠gmail點com|ｊｏ＠ｇｍａｉｌ．ｃｏｍ|email me: jodoe at gmail|jo-at-mail-dot-io
jo_x#gmail.com""",
    "address": """
台北市信義區松德路12號3樓|她住松德路九十九巷八弄二號|我家在中正一路 7 號|南平路1999弄20號602室
朝陽區幸福小區3號樓2單元501室|I live at 19 Lantern Street, Apartment 4|send it to 42 maple drive
12 Rosewood Ave, Tulsa, OK 74101|her postcode is LS99 4QQ|P.O. Box 1234
2-14-7 Nishi-Kogane, Setagaya-ku, Tokyo|東京都世田谷区南町2丁目14番7号
No. 8, Lane 12, Sec. 2, Zhongshan Rd.|25.03301, 121.56542""",
    "plate": """
車牌 ABC-1234|plate number A M J dash 7 0 2 9|plate alpha bravo charlie one two three four
粤B·12A45|那台肇逃的車 2F-9031|her reg is LB19 XQZ|KXR 4092 is his license plate|車牌末四碼 5566|她騎 NQP-8872
車牌 A B C 一二三四""",
    "number": """
身分證 A123456789|A123456789|4111 1111 1111 1111|GB33BUKB20201555555555|account number 00112233
ssn 123-45-6789|11010519491231002X|護照 312345678|匯款到 822 1234 5678 9012""",
}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (kind, text)
        for kind, texts in PERSONAL.items()
        for text in texts.strip().replace("\n", "|").split("|")
    ],
)
def test_personal_data_is_found(kind: str, text: str) -> None:
    assert kind in kinds(text), text


FINE = """
2147483648|1000000000 people|2,147,483,647 gold|order number 40918273|包裹單號 7749 0018 6420
seed: -4172144997902289642|score 12-3|US$ 1,299|12.5 元|2024-11-22 10:30|v2.0.0-beta.3
3.14159265358979|圓周率三點一四一五九二六五三五|0123456789|1 2 3 4 5 6 7 8 9 10
six seven eight nine ten eleven twelve|winning numbers were 07 12 29 33 41 48|128, 15, -256
九九乘法表|國道一號又塞了|第 5 號出口等|忠孝東路走九遍|10 Downing Street|one way street
45 minute drive|2 TB hard drive|21 Jump Street was fun|型號 ABC-1234 的耳機
plate of 12 dumplings|look at me|I work at yahoo|1925 安心專線|0800-080-100 客服|我們都打 3-2
新手村打到3-2|那台 RTX-4090|帳戶餘額 1043217|ISBN 978-986-000-444-9|統編 12345678
a 3-2-1 countdown|光速 299792458 公尺|nine one one what's your emergency
he has 20 street fighter cards|r2-d2 and c-3po|2333333333|88888888|一二三四五六七八九|零到一百
5201314 傳簡訊|一二三四五六七八二二三四五六七八|一九四九 二零零八 二零二四|草www。真的
the year 2077|我住南部"""


@pytest.mark.parametrize("text", FINE.strip().replace("\n", "|").split("|"))
def test_other_numbers_pass(text: str) -> None:
    assert not found(text), text


def test_what_is_split_over_two_sentences_is_found_in_the_second() -> None:
    assert not kinds("It starts with zero nine one two.")
    assert kinds("Then three four five, six seven eight.", "It starts with zero nine one two. ") == {"phone"}
    assert not kinds("That was fun.", "Call 0912-345-678. ")


def test_recorded_chat_is_left_alone() -> None:
    comments = json.loads(CHAT.read_text(encoding="utf-8"))["comments"]
    stopped = [text for text in (one["message"]["body"] for one in comments) if found(text)]
    assert not stopped


NAME = "Wilhelmina Quill"


@pytest.mark.parametrize(
    "text", ["so Wilhelmina Quill said", "w i l h e l m i n a quill", "ＷＩＬＨＥＬＭＩＮＡ－Ｑuill!"]
)
def test_a_secret_name_is_found_and_told_nowhere(text: str, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings.model_validate({"guard": {"contact": {"names": [NAME, "王小冬瓜"]}}})
    guard = Guard(settings, characters.load("banban"))
    verdict = guard.judge(text, Door.SPOKEN)
    assert verdict.detector == "contact"
    told = f"{verdict} {settings!r} {settings.model_dump_json()} {guard.health()} {caplog.text}".casefold()
    assert "quill" not in told
    assert MASK in verdict.text
    assert not guard.judge("王 小冬瓜", Door.SHOWN).allowed
    assert guard.judge("Quill and Wilhelm", Door.SPOKEN).allowed


def test_what_others_wrote_is_only_masked() -> None:
    text = "so, call 0912-345-678 now"
    assert [text[one.begin : one.end] for one in found(text)] == ["0912-345-678"]
    assert found(text)[0].action is Action.SOFTEN
    verdict = Guard(Settings(), characters.load("banban")).judge("打 ０９１２ ３４５ ６７８ 啦", Door.SHOWN)
    assert verdict.text == "打 ＊＊＊＊ ＊＊＊ ＊＊＊ 啦"


CATEGORIES = sorted({unicodedata.category(chr(code)) for code in range(0x110000)})


def samples(category: str) -> Iterator[str]:
    return (chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == category)


@given(st.text(st.sampled_from("09五洞 -.號路@點A") | st.characters(), max_size=60), st.text(max_size=20))
@settings(max_examples=200, deadline=None)
def test_no_text_makes_it_fail(text: str, before: str) -> None:
    for finding in found(text, before):
        assert 0 <= finding.begin < (finding.end or 0) <= len(text)


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_of_unicode_passes_through(category: str) -> None:
    some = "".join(char for _, char in zip(range(600), samples(category), strict=False))
    for text in (some, f"call 09{some[:4]}12345678", f"松德路{some[:2]}12號3樓"):
        found(text)


@pytest.mark.parametrize(
    "piece",
    ["0", "1 a ", "one", "o", "五", "路", "12路", "電話 09", "a@", "1 Street ", "A1-", "plate ", "區", "㍿"],
)
def test_work_grows_with_the_length_of_a_text_and_no_faster(piece: str) -> None:
    found(piece * (100_000 // len(piece)) + " 1號 a@b.com")


@pytest.mark.parametrize("said", ["it starts with zero nine one.", "call 0912", "電話零九一二，", "+886 9"])
def test_the_first_half_of_a_number_is_foreseen(said: str) -> None:
    assert contact().may_begin(said) > 2


@pytest.mark.parametrize("said", ["", "in 2024", "it is 0:30 now", "call me at 0912-345-678", "three two"])
def test_other_endings_are_not(said: str) -> None:
    assert contact().may_begin(said) == 0
