"""What is written in chat: answers to commands, and what she says when config wants it there too."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from vtuber.core.events import Answerable, ChatMessage
from vtuber.core.text import clean, escaped
from vtuber.guard import Door
from vtuber.guard.guard import Guard, Verdict
from vtuber.listeners import Writer
from vtuber.moderation.trust import plain
from vtuber.record.facts import Fact, Facts, TurnEnded, Written
from vtuber.show.audited import AuditedGuard

log = logging.getLogger(__name__)

WAITING = 20
"""How many lines may wait to be written. When there are more, the oldest is dropped."""

WRITE_SECONDS = 10.0
"""How long one line may take to be written."""


@dataclass(frozen=True, slots=True)
class _ChatLine:
    text: str
    to: Answerable
    writer: Writer


class Outbox:
    """``put`` never waits; ``run`` writes one line after another. What becomes of each is a fact.

    ``prefix`` is what a command begins with. ``refused`` says whether a moderator took an event away; then
    nothing is written in answer to it. On the platforms in ``replies`` her answers are written too.
    """

    def __init__(
        self,
        writers: Sequence[Writer],
        guard: Guard,
        facts: Facts,
        *,
        prefix: str,
        refused: Callable[[Answerable], object],
        replies: Collection[str] = (),
    ) -> None:
        self.dropped = 0
        """How many lines had to make room for later ones."""
        self._writers = tuple(writers)
        self._guard = AuditedGuard(guard, facts)
        self._facts = facts
        self._commanding = (prefix, "!", "/", ".")
        self._refused = refused
        self._replies = frozenset(replies)
        self._waiting: deque[_ChatLine] = deque()
        self._something = asyncio.Event()

    def note(self, fact: Fact) -> None:
        """Subscribes to the show's facts: puts down what was heard of an answer, where config wants that."""
        if isinstance(fact, TurnEnded) and fact.answers and not (fact.cut or fact.withdrawn):
            lead = fact.batch.lead.event
            if lead.platform in self._replies:
                self.put(fact.heard, lead)

    def put(self, text: str, to: Answerable, *, humble: bool = False) -> None:
        """Writes ``text`` in answer to that, where it was written, if she may.

        ``humble``: only when nothing else waits, so that viewers keep no moderator waiting.
        """
        writer = next((one for one in self._writers if one.writes_in(to.platform, to.channel)), None)
        if writer is None:
            self.withhold(text, to, "banban does not write in this chat")
        elif humble and self._waiting:
            self.withhold(text, to, "other lines are waiting to be sent")
        elif not (verdict := self._judged(text, to)).allowed:
            self._note(verdict.told(text), to, f"filtered: {verdict.rule}")
        else:
            self._waiting.append(_ChatLine(self._harmless(text), to, writer))
            self._something.set()
        while len(self._waiting) > WAITING:
            self.dropped += 1
            self._give_up("too many lines were waiting")

    def _judged(self, text: str, to: Answerable) -> Verdict:
        verdict = self._guard.ask(text, Door.WRITTEN)
        self._guard.tell(verdict, Door.WRITTEN, "line", to.id)
        return verdict

    def withhold(self, text: str, to: Answerable, why: str) -> None:
        """Has it on record what was to be written, and why it is not."""
        self._facts.tell(Written(to.id, to.platform, to.channel, text, why))

    async def run(self) -> None:
        """Writes what waits, until cancelled."""
        while True:
            await self._something.wait()
            self._something.clear()
            while self._waiting:
                line = self._waiting.popleft()
                why_not = "the show has ended"
                try:
                    why_not = await self._write(line)
                finally:
                    self._note(line.text, line.to, why_not)

    def close(self) -> None:
        """The show is over, and so is writing."""
        while self._waiting:
            self._give_up("the show has ended")

    async def _write(self, line: _ChatLine) -> str:
        """Returns "", or why it was not written."""
        if self._refused(line.to):
            return "the message that it answers was deleted"
        message = line.to.id if isinstance(line.to, ChatMessage) else ""
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                return await line.writer.write(line.to.channel, line.text, reply_to=message)
        except TimeoutError:
            return f"sending took longer than {WRITE_SECONDS:g} seconds"
        except Exception as error:  # one line failing keeps no other from being written
            log.debug("a line was not written", exc_info=error)
            return repr(error)

    def _give_up(self, why: str) -> None:
        oldest = self._waiting.popleft()
        self._note(oldest.text, oldest.to, why)

    def _harmless(self, text: str) -> str:
        """Nobody orders her, or another bot, anything by having her say it, also behind a name."""
        read = (plain(text), plain(clean(text)))  # as it is here, and as it comes back from chat
        return f"… {text}" if any(map(self._is_command, read)) else text

    def _is_command(self, text: str) -> bool:
        said = text.strip()
        while said.startswith("@"):
            said = "".join(said.split(maxsplit=1)[1:])
        return said.startswith(self._commanding)

    def _note(self, text: str, to: Answerable, why_not: str) -> None:
        self.withhold(text, to, why_not)
        if why_not:
            log.info("not sent to chat (%s): %s", escaped(why_not), escaped(text))
