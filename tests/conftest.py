"""What all tests share: simulated time, and the recorded chats."""

from __future__ import annotations
