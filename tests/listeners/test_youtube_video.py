from __future__ import annotations

import copy
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from youtube_server import NOW, Video, pages

from vtuber.config import Settings
from vtuber.listeners.connection import ConnectionLost
from vtuber.listeners.youtube import video as module
from vtuber.listeners.youtube.pages import LONGEST_PAUSE, SHORTEST_PAUSE, PageReader
from vtuber.listeners.youtube.video import Airing

ID, CHANNEL, TITLE = Video().id, Video().channel_id, Video().title


def page(player: Any, content: Any) -> str:
    scripts = {"ytInitialPlayerResponse": player, "ytInitialData": content}
    told = (f"<script>var {name} = {json.dumps(value)};</script>" for name, value in scripts.items() if value)
    return f"<!DOCTYPE html><html>{''.join(told)}</html>"


def read(state: Any) -> module.Video:
    video = module.read_page(page(*pages(Video(state=state))))
    assert video
    return video


def test_how_a_stream_is() -> None:
    assert read("live") == module.Video(ID, CHANNEL, TITLE, Airing.LIVE)
    assert read("upcoming") == module.Video(ID, CHANNEL, TITLE, Airing.UPCOMING, starts=NOW + 600)
    assert read("ended") == module.Video(ID, CHANNEL, TITLE, Airing.ENDED)
    assert read("never").airing is Airing.NEVER
    assert read("chatless") == module.Video(
        ID, CHANNEL, TITLE, Airing.LIVE, chatless="Chat is disabled for this live stream."
    )
    assert read("private").refusal.startswith("This is a private video.")
    assert read("members").refusal.startswith("Join this channel")


def test_a_chat_that_is_there_can_be_read_whatever_the_player_says() -> None:
    _, content = pages(Video())
    for reason in ("Sign in to confirm your age", "Sign in to confirm you’re not a bot"):
        status = {"playabilityStatus": {"status": "LOGIN_REQUIRED", "reason": reason}}
        assert module.read_page(page(status, content)) == module.Video(ID, CHANNEL, "", Airing.LIVE)


def test_a_page_without_its_player_still_shows_what_is_over() -> None:
    _, content = pages(Video(state="ended"))
    assert module.read_page(page(None, content)) == module.Video(ID, CHANNEL, "", Airing.ENDED)


def test_a_page_that_is_no_videos() -> None:
    browse: Any = {"contents": {"twoColumnBrowseResultsRenderer": {}}}
    assert module.read_page(page(None, browse)) is None


def test_older_pages_write_it_otherwise() -> None:
    _, content = pages(Video())
    html = f'<script>window["ytInitialData"] = {json.dumps(content)};</script>'
    assert module.read_page(html) == module.Video(ID, CHANNEL, "", Airing.LIVE)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ANSWER: dict[str, Any] = {
    "responseContext": {"visitorData": "v"},
    "continuationContents": {
        "liveChatContinuation": {
            "continuations": [{"timedContinuationData": {"timeoutMs": 10, "continuation": "next"}}],
            "actions": [{"removeChatItemAction": {"targetItemId": "x"}}],
        }
    },
}


@st.composite
def mutated(draw: st.DrawFn, whole: Any) -> Any:
    """The same JSON, with something else somewhere in it."""
    whole = copy.deepcopy(whole)
    node = whole
    while True:
        key = draw(st.sampled_from(list(node) if isinstance(node, dict) else list(range(len(node)))))
        deeper = isinstance(node[key], dict | list) and node[key]
        if not deeper or draw(st.integers(0, 3)) == 0:
            node[key] = draw(JSON)
            return whole
        node = node[key]


@given(mutated(list(pages(Video()))) | mutated(list(pages(Video(state="upcoming")))))
def test_any_page_is_read_or_lost(scripts: Any) -> None:
    player, content = [*scripts, None, None][:2] if isinstance(scripts, list) else (scripts, None)
    with suppress(ConnectionLost):
        video = module.read_page(page(player, content))
        assert video is None or video.airing in Airing


@given(st.text(), st.integers(0, 2000))
def test_any_text_is_read_or_lost(text: str, at: int) -> None:
    whole = page(*pages(Video()))
    for html in (text, whole[:at], whole[:at] + text + whole[at:], f"ytInitialData = {{{text}"):
        with suppress(ConnectionLost):
            module.read_page(html)


@given(mutated(ANSWER) | JSON)
def test_any_answer_of_a_chat_is_understood_or_lost(answer: Any) -> None:
    try:
        understood = PageReader(Settings(), ID, "Pizza")._parsed(answer)
    except ConnectionLost:
        return
    assert SHORTEST_PAUSE <= understood.pause <= LONGEST_PAUSE


def test_an_answer_is_understood() -> None:
    understood = PageReader(Settings(), ID, "Pizza")._parsed(copy.deepcopy(ANSWER))
    assert (understood.place, understood.pause) == ("next", SHORTEST_PAUSE)
    assert [event.id for event in understood.events] == ["deleted-x"]
    with pytest.raises(ConnectionLost, match="deleted or private"):
        PageReader(Settings(), ID, "Pizza")._parsed({"responseContext": {"errors": ["x"]}})
