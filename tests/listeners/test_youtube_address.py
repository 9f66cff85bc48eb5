from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vtuber.core.errors import ConfigError
from vtuber.listeners.youtube.address import StreamAddress, parse

CHANNEL = "UC" + "c" * 22


@pytest.mark.parametrize(
    "given",
    [
        "aB3_-efghij",
        " aB3_-efghij\n",
        '"aB3_-efghij"',
        "<https://youtu.be/aB3_-efghij>",
        "https://www.youtube.com/watch?v=aB3_-efghij",
        "https://www.youtube.com/watch?app=desktop&v=aB3_-efghij&t=42s#chat",
        "http://m.youtube.com/watch?v=aB3_-efghij",
        "HTTPS://WWW.YouTube.com/watch?v=aB3_-efghij",
        "www.youtube.com/watch?v=aB3_-efghij",
        "watch?v=aB3_-efghij",
        "https://youtu.be/aB3_-efghij?si=abc",
        "https://www.youtube.com/live/aB3_-efghij?feature=share",
        "https://youtube.com/shorts/aB3_-efghij",
        "https://www.youtube.com/embed/aB3_-efghij?autoplay=1",
        "https://www.youtube-nocookie.com/embed/aB3_-efghij",
        "https://music.youtube.com/watch?v=aB3_-efghij&list=RD",
        "https://studio.youtube.com/video/aB3_-efghij/livestreaming",
        "https://studio.youtube.com/live_chat?is_popout=1&v=aB3_-efghij",
        "https://www.youtube.com/live_chat?is_popout=1&v=aB3_-efghij",
    ],
)
def test_a_video_however_it_is_pasted(given: str) -> None:
    assert parse(given) == StreamAddress("aB3_-efghij", is_video=True)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("@banban", "@banban"),
        ("@banban/live", "@banban"),
        ("@板板.TV-1", "@板板.TV-1"),
        ("https://www.youtube.com/@banban", "@banban"),
        ("https://www.youtube.com/@banban/streams", "@banban"),
        ("youtube.com/@banban?sub_confirmation=1", "@banban"),
        ("https://www.youtube.com/@%E6%9D%BF%E6%9D%BF/live", "@板板"),
        (CHANNEL, CHANNEL),
        (f"https://www.youtube.com/channel/{CHANNEL}", CHANNEL),
        (f"https://www.youtube.com/channel/{CHANNEL}/live", CHANNEL),
        (f"https://studio.youtube.com/channel/{CHANNEL}/livestreaming/dashboard", CHANNEL),
        (f"https://www.youtube.com/embed/live_stream?channel={CHANNEL}", CHANNEL),
        (f"channel/{CHANNEL}", CHANNEL),
        ("https://www.youtube.com/c/BanBan", "c/BanBan"),
        ("/c/BanBan/live", "c/BanBan"),
        ("https://www.youtube.com/user/banban/videos", "user/banban"),
    ],
)
def test_a_channel_however_it_is_pasted(given: str, name: str) -> None:
    assert parse(given) == StreamAddress(name, is_video=False)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "  ",
        "@",
        "banban",
        "my favourite channel",
        "https://www.youtube.com/",
        "https://www.youtube.com/feed/subscriptions",
        "https://www.youtube.com/watch?list=PL123",
        "https://www.youtube.com/embed/videoseries?list=PL123",
        "https://www.youtube.com/watch?v=tooshort",
        "https://www.youtube.com/channel/UCshort",
        "https://twitch.tv/banban",
        "https://vimeo.com/watch?v=aB3_-efghij",
        "https://youtube.com.evil.example/watch?v=aB3_-efghij",
        "https://youtube.com@evil.example/watch?v=aB3_-efghij",
        "javascript://youtube.com/watch?v=aB3_-efghij",
        "https://[youtube.com/watch?v=aB3_-efghij",
        "c/../../watch",
        "\x1b[31m@banban",
    ],
)
def test_what_is_neither(given: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(given, "chat.youtube.streams[2]")
    assert caught.value.where == "chat.youtube.streams[2]"
    assert caught.value.what.isprintable()
    assert caught.value.hint


@given(
    st.one_of(
        st.text(),
        st.text(alphabet="@/?=&:.#[]%UC-_av w\u202e\x00板").map(lambda text: text * 3),
        st.tuples(
            st.sampled_from(["https://www.youtube.com/", "youtu.be/", "http://", "@", "//", "watch?v="]),
            st.text(),
        ).map("".join),
    )
)
@example("http://\u2100.youtube.com/")
@example("https://www.youtube.com/watch?" + "v=1&" * 100)
@example("a" * 1_000_000)
def test_whatever_is_pasted_is_parsed_or_refused(given: str) -> None:
    try:
        source = parse(given)
    except ConfigError:
        return
    # It goes into addresses: there is nothing in it that could lead elsewhere.
    assert source.name
    assert not set(source.name) & set("?#%&:\\ \n\x00")
    assert ".." not in source.name.split("/")
    assert source.name.count("/") <= 1
