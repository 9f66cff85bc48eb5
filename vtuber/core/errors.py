"""Errors that a streamer reads: what is wrong, where, and what to do about it."""

from __future__ import annotations


class BanbanError(Exception):
    """Shown to the user as it is, never with a traceback.

    ``what`` is one plain sentence; ``where`` a file, key, line or address; ``hint`` what to do about it.
    """

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f"\n  → {self.hint}" if self.hint else ""
        return f"{place}{self.what}{hint}"


class ConfigError(BanbanError):
    """config.toml, a flag or a character folder holds something that cannot be used."""


class ListenerError(BanbanError):
    """A chat cannot be heard. Retried unless ``final``."""

    def __init__(self, what: str, *, where: str = "", hint: str = "", final: bool = False) -> None:
        super().__init__(what, where=where, hint=hint)
        self.final = final


class BrainError(BanbanError):
    """The model did not answer, or its process died. It may be asked again."""


class VoiceError(BanbanError):
    """No sound could be made of a sentence."""


class StageError(BanbanError):
    """The overlay, OBS or another screen cannot be driven."""


class RecallError(BanbanError):
    """Memory cannot be reached. The show goes on without it."""


class PendingError(BanbanError):
    """What viewers are owed cannot be read or written down. The show goes on."""


class TakenError(PendingError):
    """Another program has the same show on air: whoever is owed something there would be answered twice."""
