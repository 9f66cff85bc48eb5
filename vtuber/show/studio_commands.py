"""Commands to the broadcasting program: which scene is shown, and whether it streams."""

from __future__ import annotations

from collections.abc import Callable

from vtuber.core.errors import StageError
from vtuber.moderation import command_table
from vtuber.moderation.commands import Command
from vtuber.show.orders import Act, Refusal
from vtuber.stage import Studio

NONE = "OBS is not used here; set stage.obs.enabled = true"
DRY = "in a dry run OBS takes no commands"


class StudioCommands:
    """Each is refused with the reason where there is no program, or it cannot do that."""

    def __init__(self, studio: Studio | None, *, dry: bool = False) -> None:
        self._studio = studio
        self._dry = dry

    def acts(self) -> dict[str, Act]:
        """By the command's name."""
        return {"scene": self._scene, "stream": self._stream}

    def _scene(self, command: Command) -> str:
        name = command_table.text(command.argument)
        return self._ask(lambda studio: studio.choose_scene(name))

    def _stream(self, command: Command) -> str:
        live = command_table.choice(command.argument, {"start": True, "stop": False})
        return self._ask(lambda studio: studio.set_streaming(live=live))

    def _ask(self, act: Callable[[Studio], str]) -> str:
        if self._studio is None:
            raise Refusal(NONE)
        if self._dry:
            raise Refusal(DRY)
        try:
            return act(self._studio)
        except StageError as error:
            raise Refusal("; ".join(filter(None, (error.what, error.hint)))) from None
