"""Bytes become text that may be said: whole characters, no stop string."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vtuber.brain.reply_decoder import ReplyDecoder

STOPS = ("\n", "### Human:", "<|im_end|>")


def said(pieces: list[bytes]) -> str:
    reply = ReplyDecoder(STOPS)
    return "".join([*map(reply.add, pieces), reply.finish()])


def split(raw: bytes, cuts: list[int]) -> list[bytes]:
    marks = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    return [raw[begin:end] for begin, end in pairwise(marks)]


def test_chinese_split_over_tokens_arrives_whole() -> None:
    reply = ReplyDecoder(())
    parts = [reply.add(bytes([byte])) for byte in "鳳梨🍍".encode()]
    assert [part for part in parts if part] == ["鳳", "梨", "🍍"]
    assert said(["鳳".encode(), "梨".encode()[:2]]) == "鳳"
    assert said([b"a\xffb"]) == "ab"


def test_a_stop_string_split_over_tokens_never_shows() -> None:
    reply = ReplyDecoder(STOPS)
    assert reply.add(b"Sure. ##") == "Sure. "
    assert reply.add(b"# Hu") == ""
    assert reply.add(b"man: and you?") == ""
    assert reply.ended
    assert reply.finish() == ""
    assert reply.add(b"more") == ""


def test_what_only_looked_like_a_stop_is_said() -> None:
    assert said([b"a #", b"## tag", b" <|im_", b"x"]) == "a ### tag <|im_x"
    assert said([b"the end #"]) == "the end #"


@given(st.text(max_size=60), st.lists(st.integers(0, 500), max_size=12))
def test_how_tokens_cut_the_text_makes_no_difference(text: str, cuts: list[int]) -> None:
    raw = text.encode("utf-8", "replace")
    whole = said([raw])
    assert said(split(raw, cuts)) == whole
    assert not any(stop in whole for stop in STOPS)
