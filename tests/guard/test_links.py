"""Which web addresses are found, however they are spelled, and which words and numbers are none."""

from __future__ import annotations

import unicodedata
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtuber import character as characters
from vtuber.config import Settings
from vtuber.core.errors import ConfigError
from vtuber.guard import Door, Finding, Passage
from vtuber.guard.detectors.links import Links
from vtuber.guard.guard import Guard


@cache
def links(*allow: str) -> Links:
    return Links(Settings.model_validate({"guard": {"links": {"allow": allow}}}), characters.load("banban"))


def found(text: str, before: str = "", *allow: str) -> list[Finding]:
    return list(links(*allow).detect(Passage(text, Door.SHOWN, before)))


ADDRESSES = """
https://x.example/a|hxxp://evil.example|evil.com|EVIL.COM/a|ｅｖｉｌ．ｃｏｍ|evil。com|evil·com
evil dot com|evil (dot) com|evil[.]com|evil點com|大奶貓點com|evil點tv|e v i l . c o m
d i s c o r d 點 g g|evil,com|evil . com|bit.ly/x|t.co/abc|youtu.be/abc|is.gd/x|discord.gg/abc
discord.com/invite/x|t.me/x|www.evil-shop.example|https colon slash slash evil dot org
xn--80ak6aa92e.com|1.2.3.4|192.0.2.17:25565|2001:db8::1:2|台灣.xn--kpry57d|go to evil.zone
free-skins.zone|osu.ppy.sh|.gg/abc|evil.co.uk|bit dot ly slash abc|grabify dot link|twitch.tv
magnet:?xt=urn:btih:abc|еvіl.com|去evil.com看"""


@pytest.mark.parametrize("text", ADDRESSES.strip().replace("\n", "|").split("|"))
def test_an_address_is_found_however_it_is_spelled(text: str) -> None:
    assert found(text), text


FINE = """
ok...so what|e.g. this|Node.js|Ph.D.|I died.so fun|hi.there how are you|lol.ok.bye|wait.what
D.Va is great|A.C.G 社|St. Louis|晚餐吃什麼.有人推薦嗎|我說.真的.很.好笑|點點點……|早上 8 點 tv
the dot com bubble|connect the dot in it|127.0.0.1|192.168.1.1|version 1.2.3.4|版本 1.2.3.4
12:34:56|3.14159|v2.0.0|ASP.NET|lol, net worth|好。TV 開了|README.md|and/or|yes/no|gg/wp
10.5.tw?|https is safe|1::2|std::cout|晚點 com|4.5/5|U.S. and U.K.|wow. Nice|stop.Now|Mr.Wow
wow.you"""


@pytest.mark.parametrize("text", FINE.strip().replace("\n", "|").split("|"))
def test_what_is_no_address_passes(text: str) -> None:
    assert not found(text), text


def test_an_address_split_over_two_sentences_is_found_in_the_second() -> None:
    assert found("dot com now", "go to evil ")
    assert not found("that was fun", "go to evil.com ")


@pytest.mark.parametrize(
    "text",
    ["banban.example", "see www.banban.example/shop", "https://live.banban.example",
     "ＢＡＮＢＡＮ．ＥＸＡＭＰＬＥ/a", "youtube.com/@me", "https://youtube.com/@me/live",
     "https://bücher.example", "xn--bcher-kva.example/x"],
)  # fmt: skip
def test_the_streamers_own_sites_pass(text: str) -> None:
    assert not found(text, "", "banban.example", "https://youtube.com/@me", "bücher.example"), text


@pytest.mark.parametrize(
    "text",
    ["https://banban.example.evil.com", "https://notbanban.example", "https://bаnban.example",
     "youtube.com/@you", "youtube.com/@meow", "https://evil.com/banban.example", "https://banban.example@evil.com/x"],
)  # fmt: skip
def test_what_only_looks_like_an_own_site_does_not(text: str) -> None:
    assert found(text, "", "banban.example", "youtube.com/@me"), text


@pytest.mark.parametrize("site", ["banban", "", "http://", "a b.c d"])
def test_an_own_site_that_is_none_is_told(site: str) -> None:
    with pytest.raises(ConfigError, match=r"guard\.links\.allow"):
        links(site)


def test_an_address_is_masked_on_the_page_and_no_name() -> None:
    guard = Guard(Settings(), characters.load("banban"))
    assert guard.judge("look evil.com/a now", Door.SHOWN).text == "look ＊＊＊＊＊＊＊＊＊＊ now"
    assert not guard.judge("visit evil.com", Door.NAME).allowed


@given(st.text(st.sampled_from(".點 /:@-w1ac") | st.characters(), max_size=60), st.text(max_size=20))
@settings(max_examples=200, deadline=None)
def test_no_text_makes_it_fail(text: str, before: str) -> None:
    for finding in found(text, before, "banban.example"):
        assert 0 <= finding.begin < (finding.end or 0) <= len(text)


@pytest.mark.parametrize("category", sorted({unicodedata.category(chr(code)) for code in range(0x110000)}))
def test_every_category_of_unicode_passes_through(category: str) -> None:
    chars = (chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == category)
    for char, _ in zip(chars, range(300), strict=False):
        found(
            f"{char}.com {char}點com a{char}b.c{char}m https://{char}/{char} {char * 3}.{char * 3}",
            "",
            "b.example",
        )


@pytest.mark.parametrize(
    "piece", [".", "a.", ".com", "a b ", "點", "://", "1.", "1:", "http ", "[.", " dot ", "a-"]
)
def test_work_grows_with_the_length_of_a_text_and_no_faster(piece: str) -> None:
    found(piece * (100_000 // len(piece)) + " 1號 a@b.com")
