"""Two characters on one stage: each answers what is meant for her, and knows only what she said herself."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from rehearsal_room import Room, perform

from benchmarks.scripted import ScriptedBrain, ScriptedVoice
from vtuber import brain, voice
from vtuber.brain import Prompt
from vtuber.character import load
from vtuber.config import Settings
from vtuber.core.errors import ConfigError
from vtuber.core.events import Batch, Pick, Sound, Word
from vtuber.show import speaker
from vtuber.show.show import Show
from vtuber.show.speaker import Speaker
from vtuber.stage.cues import ClipBegins, Rested, Thinking
from vtuber.voice import Utterance


class LinaBrain(ScriptedBrain):
    reply = "I am Lina, and I sing."
    asked: list[Prompt]

    def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        type(self).asked.append(prompt)
        return super().stream(prompt)


class LinaVoice(ScriptedVoice):
    spoken: list[str]

    def speak(self, utterance: Utterance) -> AsyncGenerator[Sound | Word, None]:
        type(self).spoken.append(utterance.text)
        return super().speak(utterance)


@pytest.fixture
def lina(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A second character, with a brain and a voice of her own. Gives her folder."""
    monkeypatch.setitem(brain.PARTS, "lina", f"{__name__}:LinaBrain")
    monkeypatch.setitem(voice.PARTS, "lina", f"{__name__}:LinaVoice")
    monkeypatch.setattr(ScriptedBrain, "reply", "I am the one who was first.")
    monkeypatch.setattr(LinaBrain, "asked", [], raising=False)
    monkeypatch.setattr(LinaVoice, "spoken", [], raising=False)
    folder = tmp_path / "lina"
    shutil.copytree(load("banban").folder, folder)
    sheet = folder / "character.toml"
    text = sheet.read_text(encoding="utf-8")
    text = re.sub(r"(?m)^name = .*$", 'name = "莉娜"', text)
    text = re.sub(r"(?m)^aliases = .*$", 'aliases = ["Lina"]', text)
    sheet.write_text(text, encoding="utf-8")
    return folder


def test_each_answers_what_is_addressed_to_her(tmp_path: Path, lina: Path) -> None:
    def speakers(settings: Settings) -> list[Speaker]:
        second = settings.model_copy(
            update={
                "show": settings.show.model_copy(update={"character": str(lina)}),
                "brain": settings.brain.model_copy(update={"use": "lina"}),
                "voice": settings.voice.model_copy(update={"use": ("lina",)}),
            }
        )
        return [speaker.build(settings), speaker.build(second)]

    async def scene(room: Room) -> None:
        asked = room.types("hello, who are you?")
        await room.until_idle()
        room.types("and you, lina?")
        await room.until_idle()
        room.types("do you sing?", reply_to="莉娜")
        await room.until_idle()
        first, second = "I am the one who was first.", "I am Lina, and I sing."
        assert room.heard() == [first, second, second]
        by = ["banban", "lina", "lina"]
        assert [line["speaker"] for line in room.journal("batch")] == by
        assert [line["speaker"] for line in room.journal("reply")] == by
        assert [cue.speaker for _, cue in room.screen.cues if isinstance(cue, Thinking)] == by
        assert [cue.speaker for _, cue in room.screen.cues if isinstance(cue, Rested)] == by
        said = [cue.sentence for _, cue in room.screen.cues if isinstance(cue, ClipBegins)]
        assert "".join(one.text for one in said if one.speaker == "lina").count("Lina") == 2
        assert not any("Lina" in one.text for one in said if one.speaker == "banban")
        assert "".join(LinaVoice.spoken).count("Lina") == 2

        for who, answers in (("banban", (first,)), ("lina", (second, second))):
            recalled = await room.show.memory.recall(Batch(Pick(asked), speaker=who))
            assert recalled.answers == answers
        assert all(first not in line.text for prompt in LinaBrain.asked for line in prompt.lines)
        assert {health.part for health in room.show.health()} >= {"brain banban", "brain lina"}

    perform(lambda: Room(tmp_path, speakers=speakers), scene)


def test_two_whose_folders_have_the_same_name_are_refused(tmp_path: Path) -> None:
    settings = Settings.model_validate({"brain": {"use": "scripted"}, "voice": {"use": "scripted"}})
    with pytest.raises(ConfigError, match="two characters have a folder called 'banban'"):
        Show(settings, speakers=[speaker.build(settings), speaker.build(settings)])
