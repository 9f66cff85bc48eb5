"""Whoever is forgotten, or deleted, takes the kept speech along."""

from __future__ import annotations

from typing import Any

import pytest
from rehearsal_room import Room

from vtuber.config import Settings
from vtuber.core.events import Deletion
from vtuber.show import speaker
from vtuber.voice.speech.speech_cache import SpeechCache


class Watched:
    """Counts how often the show's cache is cleared."""

    def __init__(self, cache: SpeechCache, patch: pytest.MonkeyPatch) -> None:
        self.times = 0
        patch.setattr(cache, "clear", self.clear)

    def clear(self) -> None:
        self.times += 1


def test_forgetting_somebody_clears_it(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(room: Room) -> None:
        cleared = Watched(room.show.speakers[0].speech_cache, monkeypatch)
        room.commands("!forgetme", name="mika")
        await room.until(lambda: cleared.times == 1)
        room.commands("!forget @ming")
        assert cleared.times > 1

    play(scene)


def test_so_does_the_deletion_of_what_she_answered(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(room: Room) -> None:
        cleared = Watched(room.show.speakers[0].speech_cache, monkeypatch)
        asked = room.types("is the pizza good?")
        await room.until_idle()
        unseen = Deletion("d1", "twitch", asked.channel, asked.at, message_id="unknown")
        room.show.receive(unseen)
        assert cleared.times == 0
        room.show.receive(Deletion("d2", "twitch", asked.channel, asked.at, message_id=asked.id))
        assert cleared.times == 1
        room.show.receive(Deletion("d3", "twitch", asked.channel, asked.at, author_id="id-stranger"))
        assert cleared.times == 2

    play(scene)


def test_only_a_live_show_keeps_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []

    def build(megabytes: int) -> SpeechCache:
        built.append(megabytes)
        return SpeechCache()

    monkeypatch.setattr("vtuber.voice.speech.speech_cache.build", build)
    speaker.build(Settings())
    speaker.build(Settings(), caches_speech=True)
    assert built == [0, 50]
