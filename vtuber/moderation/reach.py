"""What each tier of trust may reach. This table alone decides it: commands take their default from it.

What somebody writes is an order only as a command, and only from its author: neither the text of an event
(a name, a reward, a line that was paid for) nor what a model says is ever carried out.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from vtuber.moderation.trust import Trust


class Reach(StrEnum):
    """What of a show somebody could change, or learn."""

    ANSWER = "answer"
    """To be answered."""
    OWN_MEMORY = "own memory"
    """What she remembers of whoever asks."""
    STATE = "state"
    """What the show is doing, and which commands there are."""
    VOICE = "voice"
    """When she speaks, and in whose words."""
    PEOPLE = "people"
    """Who is answered."""
    MEMORY = "memory"
    """What she remembers of others."""
    TOPIC = "topic"
    """What the stream is about."""
    MOOD = "mood"
    """The face she has when a reply sets none."""
    SCENE = "scene"
    """Which of the scenes that config lists is shown."""
    STREAM = "stream"
    """Whether the stream is on air."""
    SOUND = "sound"
    """With which voice she speaks, and how loud."""
    TOOLS = "tools"
    """What she can do outside of the show."""
    CONFIG = "config"
    """Every option, and who is trusted."""
    MONEY = "money"
    """Rewards that are fulfilled or refunded, and what a currency is worth."""


LEAST_TRUST: Mapping[Reach, Trust] = MappingProxyType(
    {
        Reach.ANSWER: Trust.EVERYONE,
        Reach.OWN_MEMORY: Trust.EVERYONE,
        Reach.STATE: Trust.OPERATOR,
        Reach.VOICE: Trust.OPERATOR,
        Reach.PEOPLE: Trust.OPERATOR,
        Reach.MEMORY: Trust.OPERATOR,
        Reach.TOPIC: Trust.OPERATOR,
        Reach.MOOD: Trust.OPERATOR,
        Reach.SCENE: Trust.OPERATOR,
        Reach.STREAM: Trust.BROADCASTER,
        Reach.SOUND: Trust.BROADCASTER,
        Reach.TOOLS: Trust.PROGRAM,
        Reach.CONFIG: Trust.PROGRAM,
        Reach.MONEY: Trust.PROGRAM,
    }
)
"""Who may reach it, and whoever is trusted more. Config may choose otherwise, command by command."""
