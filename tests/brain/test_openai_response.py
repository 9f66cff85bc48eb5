"""What a model server sends, piece by piece: nothing of it is lost, and nothing breaks the reader."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from model_server import END, ask, event

from vtuber.brain import PromptLine, Usage
from vtuber.brain.openai.errors import ServerError, error_from
from vtuber.brain.openai.reply_filter import Continuation, ServerReplyFilter
from vtuber.brain.openai.request import messages
from vtuber.brain.openai.response import ResponseParser
from vtuber.brain.tokens import estimate, estimate_lines

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["choices", "delta", "message", "content", "error", "usage", "text", "detail"]),
            inner,
        )
    ),
    max_leaves=8,
)


def read(answer: ResponseParser, parts: Iterable[bytes]) -> str:
    texts = [text for part in parts for text in answer.feed(part)]
    return "".join([*texts, *answer.finish()])


def parts_of(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(ends)]


STREAM = b": a remark\r\nevent: message\r\n" + event("你好 😂") + event("小明").replace(b"\n", b"\r\n") + END


@given(st.lists(st.integers(0, 1000)), st.sampled_from([b"", b"\xef\xbb\xbf", b"\n\n"]))
def test_however_it_is_cut_the_text_is_the_same(cuts: list[int], begin: bytes) -> None:
    answer = ResponseParser()
    assert read(answer, parts_of(begin + STREAM, cuts)) == "你好 😂小明"
    assert answer.over


@given(st.lists(st.integers(0, 1000)))
def test_the_same_for_one_json_object(cuts: list[int]) -> None:
    told = {"choices": [{"message": {"content": "你好"}}], "usage": {"prompt_tokens": 7}}
    answer = ResponseParser()
    assert read(answer, parts_of(json.dumps(told, indent=2, ensure_ascii=False).encode(), cuts)) == "你好"
    assert answer.usage == Usage(7)


def test_a_part_that_is_a_thought_is_left_out() -> None:
    parts = [
        {"type": "reasoning", "text": "hm"},
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "Hi."},
    ]
    told = {"choices": [{"message": {"content": parts, "reasoning": "hm", "reasoning_content": "hm"}}]}
    assert read(ResponseParser(), [json.dumps(told).encode()]) == "Hi."


@given(st.sampled_from([b"data: ", b"", b"{", b"error:"]), st.binary())
def test_no_bytes_break_it(begin: bytes, data: bytes) -> None:
    with suppress(ServerError):
        read(ResponseParser(), [begin + data + b"\n"])


@given(JSON)
@example({"choices": [{"delta": None, "message": 3, "text": "x"}]})
@example({"usage": {"prompt_tokens": -1, "completion_tokens": 1e999, "prompt_tokens_details": []}})
def test_no_json_breaks_it(told: Any) -> None:
    for data in (json.dumps(told).encode(), b"data: " + json.dumps(told).encode() + b"\n"):
        answer = ResponseParser()
        with suppress(ServerError):
            read(answer, [data])
        assert answer.usage.prompt >= answer.usage.reused >= 0


@given(JSON | st.binary(), st.integers(100, 599), st.text(max_size=40))
def test_no_refusal_breaks_it(body: Any, status: int, header: str) -> None:
    refused = error_from(status, body, {"Retry-After": header, "Date": header})
    assert not any(unicodedata.category(char) == "Cc" for char in refused.what)
    assert refused.wait is None or 0 <= refused.wait <= 86_400


@pytest.mark.parametrize(
    ("given", "wait"),
    [
        ("0", 0),
        ("2.5", 2.5),
        ("999999999", 86_400),
        ("-3", None),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("Wed, 21 Oct 2026 07:28:30 GMT", 30),
        ("Wed, 21 Oct 2026 07:27:00 GMT", 0),
    ],
)
def test_how_long_it_wants_to_be_left_alone(given: str, wait: float | None) -> None:
    headers = {"Retry-After": given, "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}
    assert error_from(429, b"", headers).wait == wait


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"error": {"message": "no", "param": "seed"}}', "no seed"),
        (b'{"error": "no"}', "no"),
        (
            b'{"detail": [{"loc": ["body", "seed"], "msg": "unknown", "input": "temperature"}]}',
            "unknown body seed",
        ),
        (b"just text", "just text"),
        (b"<html>no</html>", ""),
        (b"\xff\xfe", "��"),
        (b"[" * 100_000, "[" * 1000),
    ],
)
def test_why_it_refuses(body: bytes, why: str) -> None:
    assert error_from(400, body).why == why


# Going on


@pytest.mark.parametrize(
    ("so_far", "again", "joined"),
    [
        ("", " Hello", " Hello"),
        ("I love piz", "za.", " za."),
        ("I love piz", "pizza.", "za."),
        ("I love piz", "I love pizza.", "za."),
        ("I love pizza.", "I love pizza. And tea.", " And tea."),
        ("I love pizza.", "And tea.", " And tea."),
        ("I love pizza. ", "And tea.", "And tea."),
        ("I love pizza", ", and tea.", ", and tea."),
        ("I love", "The moon.", "… The moon."),
        ("Hi Kai! I love piz", "Hi Kai! I eat tea.", "… I eat tea."),
        ("Hi Kai!", "Hi Kai!", ""),
        ("Hi Kai! I", "Hi", ""),
        ("我喜歡珍", "珍珠奶茶。", "珠奶茶。"),
        ("我喜歡珍", "珠奶茶。", "珠奶茶。"),
        ("No, no", "NO way", " way"),
    ],
)
def test_it_goes_on_without_a_repetition(so_far: str, again: str, joined: str) -> None:
    for parts in ([again], list(again)):
        onward = Continuation(so_far)
        assert "".join([*map(onward.add, parts), onward.finish()]).rstrip() == joined.rstrip()


@given(st.text("ab .你", min_size=1), st.text("cd .好"))
def test_whatever_is_repeated_is_heard_once(so_far: str, rest: str) -> None:
    onward = Continuation(so_far)
    more = "".join([*map(onward.add, so_far + rest), onward.finish()])
    assert "".join(more.split()).lstrip(".") == "".join(rest.split()).lstrip(".") or not so_far.strip()


# What may be heard


def said(*texts: str, max_tokens: int = 40) -> str:
    reply = ServerReplyFilter(ask(max_tokens=max_tokens))
    return "".join([*map(reply.add, texts), reply.finish()])


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (("<think>a</think>b",), "b"),
        (("<thi", "nk>", "a</th", "ink>", "\n\nb"), "b"),
        (("<thin air>",), "<thin air>"),
        (("<th",), "<th"),
        (("<think>",), ""),
        (("a <think>b",), "a "),
        (("\ud83d", "a"), "a"),
        (("Banban: ", "hi"), "hi"),
        (("hi</s>", "more"), "hi"),
        (("a" * 1000,), "a" * 320),
    ],
)
def test_what_may_be_heard(texts: tuple[str, ...], told: str) -> None:
    assert said(*texts) == told


# Messages


def test_lines_become_messages() -> None:
    lines = (
        PromptLine("system", "Be her."),
        PromptLine("viewer", "hi\nthere", "Kai"),
        PromptLine("self", "Yes?", "板板"),
    )
    assert messages(lines, names=True, system=True) == [
        {"role": "system", "content": "Be her."},
        {"role": "user", "content": "hi there", "name": "Kai"},
        {"role": "assistant", "content": "Yes?"},
    ]
    assert messages(lines[:2], names=False, system=False, reply_so_far='I "was" <|im_end|>') == [
        {
            "role": "user",
            "content": "Be her.\n\nKai: hi there"
            ' [you have already said: "I "was" < |im_end|>" Go on exactly there, repeat nothing.]',
        }
    ]


# Tokens


@given(st.text())
def test_no_text_is_counted_as_fewer_tokens_than_it_can_have(text: str) -> None:
    longest_word = 4  # letters that one token holds on average, at best
    assert len(text) / longest_word <= estimate(text) <= 4 * len(text) + 1


def test_lines_cost_more_than_their_text() -> None:
    line = PromptLine("viewer", "hi there", "小明")
    assert estimate_lines((line, line)) == 2 * estimate_lines((line,)) > 2 * estimate("hi there小明")
