"""What she says is cut into pieces, and is one text again wherever it is kept or shown."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from rehearsal_room import Chat, Room

from benchmarks.scripted import ScriptedBrain
from vtuber.brain import Prompt
from vtuber.core.events import Batch
from vtuber.memory.forgetful import ForgetfulMemory
from vtuber.stage.cues import ClipWord

TEXTS = [
    "今天吃臭豆腐配珍奶，真的超級好吃！你們呢？",
    "今天我們要來玩一個沒有任何標點符號的遊戲大家準備好了沒有我已經等不及了",
    "我的新顯示卡是 RTX 4090，跑 Elden Ring 完全不會卡！Thank you so much, Dr. Lin!",
    "Well, that is a fine question! 🎉 I think so, too. 我覺得很好喔！👩‍👩‍👧 對吧？",
    "他說「我才不要」，然後就跑掉了……真的很好笑 (no, really). 3.5 分，滿分 5 分。",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(("size", "rate"), [(1, 40.0), (2, 5.0), (400, 1.0)])
def test_from_tokens_to_memory(
    play: Any, monkeypatch: pytest.MonkeyPatch, text: str, size: int, rate: float
) -> None:
    """In tokens of a character, of a slow model, and of a whole reply."""
    monkeypatch.setattr(ScriptedBrain, "size", size)
    monkeypatch.setattr(ScriptedBrain, "rate", rate)
    chat, remembered, asked = Chat("banban"), list[str](), list[Prompt]()
    remember, stream = ForgetfulMemory.remember, ScriptedBrain.stream

    async def noted(self: ForgetfulMemory, batch: Batch, heard: str) -> None:
        remembered.append(heard)
        await remember(self, batch, heard)

    def watched(self: ScriptedBrain, prompt: Prompt) -> AsyncGenerator[str, None]:
        asked.append(prompt)
        return stream(self, prompt)

    monkeypatch.setattr(ForgetfulMemory, "remember", noted)
    monkeypatch.setattr(ScriptedBrain, "stream", watched)

    async def scene(room: Room) -> None:
        room.types("what did you do today?", name="Mika")
        await room.until(lambda: remembered and chat.written)
        shown = "".join(cue.text for _, cue in room.screen.cues if isinstance(cue, ClipWord))
        room.types("and then what happened?", name="Mika")
        await room.until(lambda: len(asked) > 1)
        [heard] = room.heard()
        # A reply of the slow model may be over sooner, behind a sentence.
        assert heard == text or (rate == 5.0 and text.startswith(heard) and heard[-1] in ".!?。！？")
        assert shown == remembered[0] == heard
        assert [line.text for line in asked[1].lines if line.role == "self"][-1] == heard
        assert heard in chat.written[0][0]

    play(
        scene,
        reply=text,
        listeners=[chat],
        brain={"use": "scripted", "model": "own"},  # one that has a history
        voice={"use": "silent"},
        chat={"twitch": {"write": "replies"}},
    )


def test_a_word_of_the_mainland_is_nowhere(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScriptedBrain, "size", 1)

    async def scene(room: Room) -> None:
        room.types("今天做了什麼？", name="软件")
        await room.until_idle()
        [heard] = room.heard()
        assert heard == "我看了一個影片，软件你呢？"  # a name stays
        assert "".join(line["text"] for line in room.journal("sentence")) == heard
        assert "".join(cue.text for _, cue in room.screen.cues if isinstance(cue, ClipWord)) == heard

    play(scene, reply="我看了一个视频，软件你呢？", voice={"use": "silent"})
