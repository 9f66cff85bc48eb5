"""`banban chat`: a talk with her in the terminal, without a stream."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from vtuber import character
from vtuber.app import terminal
from vtuber.app.brains import settings_with_brain
from vtuber.app.chat.commands import TerminalCommand, help_text, parse
from vtuber.app.chat.mind import Mind
from vtuber.app.chat.why import why
from vtuber.app.chat.window import TalkWindow
from vtuber.app.running import Flags, run
from vtuber.config import Settings
from vtuber.core.availability import Progress
from vtuber.core.errors import BanbanError, BrainError
from vtuber.core.events import Author, Batch, ChatMessage, Pick
from vtuber.core.health import Health
from vtuber.core.text import clean_name
from vtuber.listeners.console import Console
from vtuber.models.store import locate


def command(config: Path | None, flags: Flags, *, name: str, verbose: bool, plain: bool) -> None:
    """Talks until the input ends or Ctrl-C. ``name`` is what she calls whoever types."""
    with settings_with_brain(config, flags, verbose=verbose, plain=plain) as settings:
        window = TalkWindow() if terminal.can_edit() else None
        say, tell = (window.say, window.tell) if window else (terminal.say, terminal.tell)
        talk = Talk(settings, say=say, tell=tell, name=name)

        async def converse() -> None:
            title = f"{talk.character.name} is listening (type {talk.prefix}help for the commands)"

            def ready() -> None:
                terminal.show_start(progress, title, talk.health())
                if window:
                    window.open(talk)

            try:
                with terminal.Starting() as progress:
                    await talk.run(progress=progress, ready=ready)
            finally:
                if window:
                    window.close()

        run(converse)


class Talk:
    """One talk. ``run`` it once; it ends with the typed lines, or when cancelled.

    ``say`` is given each sentence of hers, and "" at the end of a reply; ``tell`` is given what a command
    comes to. Whoever types is called ``name``.
    """

    def __init__(
        self, settings: Settings, *, say: Callable[[str], None], tell: Callable[[str], None], name: str = ""
    ) -> None:
        self.character = character.load(settings.show.character)
        self.prefix = settings.gate.prefix
        """What a command begins with."""
        self.console = Console(settings)
        self.name = clean_name(name) if name else ""
        self._say = say
        self._tell = tell
        self._mind = Mind(settings, self.character)
        self._seeds = random.SystemRandom()
        self._asked: Batch | None = None
        self._said = ""

    def health(self) -> list[Health]:
        return [self._mind.health()]

    async def run(self, *, progress: Progress, ready: Callable[[], None]) -> None:
        """Reads lines and does what they say; ``ready`` is called when she can be asked."""
        try:
            await self._mind.start(progress)
            ready()
            async with aclosing(self.console.events()) as lines:
                while line := await self._next(lines):
                    try:
                        await self._take(line, progress)
                    except BanbanError as error:
                        self._tell(str(error))
        finally:
            await self._mind.stop()

    async def _next(self, lines: AsyncGenerator[ChatMessage, None]) -> ChatMessage | None:
        """What is typed next; None at the end. Until then the model may read ahead."""
        tidying = asyncio.create_task(self._mind.conversation.stay_tidy())
        try:
            return await anext(lines, None)
        finally:
            tidying.cancel()
            await asyncio.gather(tidying, return_exceptions=True)

    async def _take(self, line: ChatMessage, progress: Progress) -> None:
        """Raises BanbanError when it cannot be done."""
        match parse(line.text, self.prefix):
            case str(text):
                author = Author(line.author.id, self.name, line.author.roles) if self.name else line.author
                self._asked, self._said = Batch(Pick(replace(line, text=text, author=author))), ""
                await self._answer(self._asked)
            case TerminalCommand("why"):
                self._tell(await why(self._mind))
            case TerminalCommand("regenerate"):
                await self._regenerate()
            case TerminalCommand("model", path):
                if path:
                    await self._change_model(path, progress)
                self._tell(self._mind.description())
            case _:
                self._tell(help_text(self.prefix))

    async def _answer(self, batch: Batch) -> None:
        said: list[str] = []
        try:
            async with aclosing(self._mind.answer(batch, self._seeds.getrandbits(31))) as sentences:
                async for sentence in sentences:
                    said.append(sentence)
                    self._say(sentence)
        except BrainError as error:
            self._say(error.what)
        self._said = "".join(said).strip() or self._said
        self._mind.conversation.note_reply(self._said, batch)
        self._say("")

    async def _regenerate(self) -> None:
        """What she said last is forgotten, unless she finds nothing else to say."""
        if self._asked is None:
            raise BanbanError("nothing has been asked yet", hint="send a message first")
        self._mind.conversation.note_reply("", self._asked)
        await self._answer(self._asked)

    async def _change_model(self, path: str, progress: Progress) -> None:
        """Raises BanbanError when it cannot be loaded; then the one before answers again."""
        before = self._mind.settings
        model = {"use": "llama", "model": str(locate(path))}
        wanted = before.model_copy(update={"brain": before.brain.model_copy(update=model)})
        self._tell(f"loading {path}; the conversation so far is cleared")
        self._asked = None
        await self._mind.stop()  # before: the machine may have no memory for two
        self._mind = Mind(wanted, self.character)
        try:
            await self._mind.start(progress)
        except BanbanError:
            await self._mind.stop()
            self._mind = Mind(before, self.character)
            await self._mind.start(progress)
            raise
