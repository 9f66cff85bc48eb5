"""What tells who somebody is comes in by chat and by orders; neither page, voice, chat nor log tells it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rehearsal_room import Chat, Room

from vtuber.stage.cues import ClipBegins, ClipWord, Thinking

NAME = "Wilhelmina Quill"
GUARD = {"contact": {"names": [NAME]}, "links": {"allow": ["banban.example"]}}
TWITCH = {"twitch": {"write": "replies"}}


def shown(room: Room) -> str:
    """All that the page was given to show."""
    cues = [cue for _, cue in room.screen.cues]
    texts = [cue.text for cue in cues if isinstance(cue, Thinking | ClipWord)]
    return " ".join([*texts, *(cue.sentence.text for cue in cues if isinstance(cue, ClipBegins))])


@pytest.mark.parametrize(
    ("written", "bubble"),
    [
        ("so 0912-345-678 is hers", "so ＊＊＊＊＊＊＊＊＊＊＊＊ is hers"),
        ("打 零九一二三四五六七八 吧", "打 ＊＊＊＊＊＊＊＊＊＊ 吧"),
        ("松德路九十九號三樓 好漂亮", "＊＊＊＊＊＊＊＊＊ 好漂亮"),
        ("mail jo@mail.example now", "mail ＊＊＊＊＊＊＊＊＊＊＊＊＊＊＊ now"),
        ("see evil.com/x now", "see ＊＊＊＊＊＊＊＊＊＊ now"),
        ("hi Wilhelmina Quill !", "hi ＊＊＊＊＊＊＊＊＊＊ ＊＊＊＊＊ !"),
        ("see banban.example, 2147483648!", "see banban.example, 2147483648!"),
    ],
)
def test_the_bubble_masks_it(play: Any, written: str, bubble: str) -> None:
    async def scene(room: Room) -> None:
        room.types(written)
        await room.until_idle()
        bubbles = [cue.text for _, cue in room.screen.cues if isinstance(cue, Thinking)]
        assert bubble in bubbles

    play(scene, guard=GUARD)


@pytest.mark.parametrize(
    "order", ["!say call zero nine one two, three four five, six seven eight", f"!say I am {NAME}, hello"]
)
def test_an_order_makes_her_say_none_of_it(play: Any, order: str, caplog: pytest.LogCaptureFixture) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        room.commands(order)
        await room.until_idle()
        everything = f"{shown(room)} {room.heard()} {chat.written}"
        assert "seven eight" not in everything
        assert "Quill" not in everything
        stopped = [row for row in room.journal("sentence") if row.get("stopped_by")]
        assert stopped
        assert "Quill" not in json.dumps(stopped)
        assert "Quill" not in " ".join(
            record.getMessage() for record in caplog.records if "stopped before" in record.getMessage()
        )

    play(scene, guard=GUARD, listeners=[chat], chat=TWITCH)


def test_her_own_site_is_said_and_written(play: Any) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        room.commands("!say All of it is on banban.example now.")
        await room.until_idle()
        assert "banban.example" in room.heard()[0]

    play(scene, guard=GUARD, listeners=[chat], chat=TWITCH)
