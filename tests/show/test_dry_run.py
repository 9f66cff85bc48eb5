"""A dry run does everything but sound, write, and act on the platform."""

from __future__ import annotations

from typing import Any

from rehearsal_room import Chat, Room

from vtuber.core.events import Author, Redemption
from vtuber.stage.cues import ClipSound, ClipWord


def test_a_dry_run_neither_sounds_nor_writes_nor_settles(play: Any) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        reward = Redemption(
            "r1", "twitch", "banban", Author("id-lou", "lou"), "say hi", reward="ask her", cost=100
        )
        room.show.receive(reward)
        room.commands("!status")
        await room.until_idle()
        assert len(room.heard()) == 1
        sounds = [cue for _, cue in room.screen.cues if isinstance(cue, ClipSound)]
        assert sounds
        assert not any(any(cue.pcm) for cue in sounds)
        assert any(any(cue.mouth) for cue in sounds)
        assert any(isinstance(cue, ClipWord) for _, cue in room.screen.cues)
        assert chat.written == []
        assert chat.settled == []
        assert {line["why_not"] for line in room.journal("written")} == {"banban does not write in this chat"}

    play(scene, listeners=[chat], dry=True)
    assert chat.settled == []
