"""Moderators' commands about how she sounds: with which voice she speaks, and how loud."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from vtuber.moderation import command_table
from vtuber.moderation.command_table import UsageError
from vtuber.moderation.commands import Command
from vtuber.moderation.trust import plain
from vtuber.show.orders import Act, Refusal
from vtuber.voice import Adjustable, Voice

FIXED = "this voice cannot be changed during a show"


class SoundCommands:
    """Changes the voices of all speakers alike, from the next sound that is made."""

    def __init__(self, loudness: float, voices: Sequence[Voice]) -> None:
        """``loudness``: what config says, in LUFS."""
        self._loudness = loudness
        self._voices: list[Adjustable] = [voice for voice in voices if isinstance(voice, Adjustable)]

    def acts(self) -> dict[str, Act]:
        """By the command's name."""
        return {"voice": self._voice, "loudness": self._louder}

    @property
    def _adjustable(self) -> list[Adjustable]:
        if not self._voices:
            raise Refusal(FIXED)
        return self._voices

    def _voice(self, command: Command) -> str:
        names = {plain(name): name for voice in self._adjustable for name in voice.names}
        wanted = plain(command.argument)
        near = get_close_matches(wanted, names, n=1) if wanted else [""]
        if not near:
            raise UsageError(f"her voices are {', '.join(names.values())}")
        name = names.get(near[0], "")
        for voice in self._voices:
            if not name or name in voice.names:
                voice.choose(name)
        return f"she speaks with {name} wherever it can" if name else "she speaks as the config file says"

    def _louder(self, command: Command) -> str:
        lufs = command_table.loudness(command.argument) if command.argument else self._loudness
        for voice in self._adjustable:
            voice.set_loudness(lufs)
        return f"she speaks at {lufs:g} LUFS"
