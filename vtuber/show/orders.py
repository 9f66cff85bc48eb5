"""What came of a moderator's command, and how an act says that it does not do it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vtuber.moderation.commands import Command
from vtuber.moderation.trust import Trust

PANEL = "panel"
"""The platform of what is ordered by the control panel, or by another program in its way."""

STREAMERS = ("say", "air", "edit")
"""Commands that a moderator's token does not give, whatever moderators may do in chat."""

VIEWERS = ("forgetme",)
"""Commands that mean whoever writes them in chat: nobody, on the panel."""

PROMISED = ("ask",)
"""Commands after which somebody is owed something. Nobody is told so before that is written down."""

Act = Callable[[Command], str]
"""What a command does, and the reply to whoever gave it. It may raise Refusal or UsageError."""


class Refusal(Exception):  # noqa: N818  # no error: an answer
    """A command is not carried out. The message says why not, to whoever gave it."""


@dataclass(frozen=True, slots=True)
class Obeyed:
    """What came of a command."""

    reply: str
    done: bool
    """Whether it was carried out."""


def is_withheld(name: str, trust: Trust, platform: str) -> bool:
    """Whether somebody with this trust cannot give the command there, though they may in chat."""
    return platform == PANEL and (name in VIEWERS or (name in STREAMERS and trust < Trust.BROADCASTER))
