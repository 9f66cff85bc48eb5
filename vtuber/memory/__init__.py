"""What is remembered of chat, from show to show."""

from __future__ import annotations

from vtuber.config import Settings
from vtuber.core import registry
from vtuber.memory.protocol import NOTHING, Memory, Recollection, Viewer

__all__ = ["NOTHING", "PARTS", "Memory", "Recollection", "Viewer", "build"]

PARTS = {
    "redis": "vtuber.memory.redis:RedisMemory",
    "embedded": "vtuber.memory.redis:embedded",
    "forgetful": "vtuber.memory.forgetful:ForgetfulMemory",
}


def build(settings: Settings) -> Memory:
    """The memory that config asks for. Raises ConfigError for an unknown name or a url that is not one."""
    chosen = settings.memory
    automatic = "redis" if chosen.url else "embedded"
    name = automatic if chosen.use == "auto" else chosen.use
    memory: Memory = registry.load("memory", PARTS, name, "memory.use")(settings)
    return memory
