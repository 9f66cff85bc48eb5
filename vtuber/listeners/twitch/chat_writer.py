"""Writes lines in Twitch's chat: made harmless, and within Twitch's limits.

After https://dev.twitch.tv/docs/chat/#rate-limits. An account that exceeds them is ignored for half an hour.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from vtuber.core import clock
from vtuber.core.text import clean

LENGTH = 500
"""Characters of a line."""
LIMIT = 20
MODERATORS_LIMIT = 100
"""Of an account that is the channel's moderator or broadcaster."""
WINDOW = 30.0
"""Seconds in which so many lines may be written, over all channels; and none twice in one channel."""
MARGIN = 0.5
"""Seconds more, for Twitch's clock is not ours."""
PATIENCE = 5.0
"""Seconds that a line may wait for room."""
SEND_SECONDS = 10.0
WAITING_LIMIT = 20
"""How many lines may wait at once; more would wait in vain."""

_MARKS = "/.!"
"""What begins a command: of Twitch ("/ban", ".ban"), and of nearly every bot."""
_INVISIBLE = " \u200c\u200d"

Send = Callable[[str, str, str], Awaitable[str]]
"""Sends a line (channel, text, id of the message that it answers or ""). Gives "", or why it was not sent."""


@dataclass(slots=True)
class _Sent:
    channel: str
    text: str
    at: float


class ChatWriter:
    """Writes with one account. ``prefix`` is what the show's own commands begin with."""

    def __init__(self, send: Send, *, prefix: str = "!") -> None:
        self._send = send
        self._prefix = prefix
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._sent: deque[_Sent] = deque(maxlen=MODERATORS_LIMIT)

    async def write(self, channel: str, text: str, *, reply_to: str = "", moderator: bool = False) -> str:
        """Returns "", or why it was not sent. Waits for room for ``PATIENCE``, and for Twitch for a while.

        ``moderator``: whether the account is that, or the broadcaster, in the channel.
        """
        line = harmless(text, self._prefix)
        if not line:
            return "nothing is left of the line that may be sent"
        if self._waiting >= WAITING_LIMIT:
            return f"{WAITING_LIMIT} other lines are already waiting"
        until = clock.now() + PATIENCE
        self._waiting += 1
        try:
            async with asyncio.timeout_at(until):
                await self._turn.acquire()
        except TimeoutError:
            return "the lines before it took too long to send"
        finally:
            self._waiting -= 1
        try:
            free, why = self._room(channel, line, MODERATORS_LIMIT if moderator else LIMIT)
            if free > until:
                return why
            await asyncio.sleep(free - clock.now())
            return await self._sending(channel, line, reply_to)
        finally:
            self._turn.release()

    def _room(self, channel: str, line: str, limit: int) -> tuple[float, str]:
        """From when on it may be sent, and what forbids it until then."""
        free, why = clock.now(), ""
        if len(self._sent) >= limit:
            free = self._sent[-limit].at + WINDOW + MARGIN
            why = f"Twitch's limit of {limit} lines in {WINDOW:g} seconds is reached"
        for sent in self._sent:
            if (sent.channel, sent.text) == (channel, line) and sent.at + WINDOW + MARGIN > free:
                free = sent.at + WINDOW + MARGIN
                why = f"the same line was sent less than {WINDOW:g} seconds ago"
        return free, why

    async def _sending(self, channel: str, line: str, reply_to: str) -> str:
        sent = _Sent(channel, line, clock.now())
        self._sent.append(sent)
        try:
            async with asyncio.timeout(SEND_SECONDS):
                why = await self._send(channel, line, reply_to)
        except TimeoutError:
            return f"Twitch did not answer in {SEND_SECONDS:g} seconds; the line may have been sent"
        finally:
            sent.at = clock.now()  # it reached Twitch by now; when exactly is not known
        if why:
            sent.text = ""  # it was not seen: the same may be tried again
        return why


def harmless(text: str, prefix: str = "!") -> str:
    """One line that Twitch accepts and no program takes for a command; "" when nothing is left."""
    line = clean(text, 2 * LENGTH)
    line = re.sub(r"^\.\.+", "…", line)  # a way to speak, and no command
    while line.startswith((*_MARKS, *_INVISIBLE, prefix)):
        line = line.removeprefix(prefix).lstrip(_MARKS + _INVISIBLE)
    return _cut(line)


def _cut(line: str) -> str:
    """At most ``LENGTH`` characters, to the end of a word where there is one."""
    if len(line) <= LENGTH:
        return line
    kept = line[: LENGTH - 1]
    space = kept.rfind(" ")
    if line[len(kept)] != " " and space > LENGTH // 2:  # Chinese has no spaces
        kept = kept[:space]
    return kept.rstrip(_INVISIBLE) + "…"
