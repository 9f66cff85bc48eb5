"""What waits for an answer."""

from __future__ import annotations

from vtuber.inbox.inbox import Drop, Inbox

__all__ = ["Drop", "Inbox"]
