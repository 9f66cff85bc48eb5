"""Which of a server's models is asked: the one that config names, or the first that can chat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from vtuber.brain.openai.client import ModelServerClient
from vtuber.brain.openai.errors import ServerError
from vtuber.brain.openai.offered import Catalogue, Offered, look
from vtuber.core import clock
from vtuber.core.availability import Progress
from vtuber.core.errors import BrainError
from vtuber.core.text import clean, escaped

log = logging.getLogger(__name__)

LOADING_SECONDS = 300.0
"""Seconds that the first answer may take: a server loads its model for it."""
_SOON = 3.0
"""Seconds: a server that has not answered by then may be loading its model."""
_MOST_TRIED = 6
"""So many models of a list are tried, until one can chat."""


class ModelChoice:
    """The model of one server. ``look`` or ``look_patiently`` first.

    ``wanted`` is the name in config, if there is one; ``program`` what the server seems to be.
    """

    def __init__(self, client: ModelServerClient, wanted: str, program: str, context: int) -> None:
        self.name = wanted
        self.wanted = wanted
        self.program = program
        self.context = context
        """Tokens that it may be asked with; lowered when a server holds less."""
        self._most = context
        self._client = client
        self._catalogue = Catalogue("", ())
        self._is_warm = False
        """Whether it has answered before."""
        self._mute: set[str] = set()
        """Those that turned out to be unable to chat."""

    @property
    def title(self) -> str:
        """Its name for people, without the folders that some servers put before it."""
        return clean(self.name.replace("\\", "/").rpartition("/")[2], 60)

    @property
    def where(self) -> str:
        """Which server it is, for people."""
        return f"{self.program} ({self._client.host})" if self.program else self._client.host

    async def look(self) -> None:
        """Asks what there is, and takes the best of it. Raises BrainError."""
        self._catalogue = await look(self._client)
        self.program = self._catalogue.program or self.program
        if self.wanted:
            await self._take(self.wanted)
        elif talkers := self._talkers():
            await self._take(talkers[0].name)
        elif self._catalogue.models:
            raise self._nobody_chats("they are models for other things")

    async def look_patiently(self, progress: Progress) -> None:
        """The same. Some servers do not even tell what they have while they load it; they are waited for."""
        end = clock.now() + LOADING_SECONDS
        while True:
            try:
                return await self.look()
            except ServerError as error:
                if not error.loading or clock.now() > end:
                    raise
            progress(0.5, f"{self.where} is loading its model …")
            await asyncio.sleep(1.0)

    async def meet(self, ask: Callable[[bool], Awaitable[None]], progress: Progress) -> None:
        """Has the model answer for the first time with ``ask``, which is told whether there are others.

        Where nobody named one, those that cannot are passed over. Raises BrainError.
        """
        talkers = [] if self.wanted else self._talkers()[:_MOST_TRIED]
        if not talkers:
            try:
                return await self._ask(ask, progress, others=False)
            except ServerError as error:
                if self.wanted and error.about_chat and not error.hint:
                    error.hint = f"name another model in brain.openai.model ({self._names()})"
                raise
        refused = ""
        for model in talkers:
            await self._take(model.name)
            try:
                return await self._ask(ask, progress, others=len(talkers) > 1)
            except ServerError as error:
                if not error.about_chat:
                    raise
                refused = error.why or error.what
                log.info("%s cannot chat: %s", escaped(self.title), escaped(clean(refused, 200)))
                self._mute.add(model.name)
        self._mute.clear()  # they may be mended by the next attempt
        raise self._nobody_chats(refused)

    def _is_cold(self) -> bool:
        """Whether the server said that it would have to load the model first."""
        offered = self._catalogue.of(self.name)
        return offered is not None and offered.loaded is False

    def _talkers(self) -> list[Offered]:
        return [model for model in self._catalogue.talkers if model.name not in self._mute]

    async def _take(self, name: str) -> None:
        self.name = name
        offered = self._catalogue.of(name)
        context = offered.context if offered else None
        if context is None:
            with suppress(BrainError):
                context = await self._client.context()
        if context:
            self.context = min(self._most, context)

    async def _ask(self, ask: Callable[[bool], Awaitable[None]], progress: Progress, *, others: bool) -> None:
        progress(0.5, f"waiting for {self.title or 'the model'}")
        async with self.telling_that_it_loads(lambda words: progress(0.5, words)):
            await ask(others)
        self._is_warm = True

    @asynccontextmanager
    async def telling_that_it_loads(self, tell: Callable[[str], None]) -> AsyncIterator[None]:
        """A model that must be loaded first takes a minute or more: ``tell`` hears what is waited for.

        Only where the server says so; any other may just be slow.
        """

        async def telling_soon() -> None:
            if self._is_warm or not self._is_cold():
                await asyncio.sleep(_SOON)
                with suppress(BrainError):
                    self._catalogue = await look(self._client)
            if self._is_cold():
                tell(f"{self.where} is loading {self.title or 'its model'} …")

        telling = asyncio.create_task(telling_soon())
        try:
            yield
        finally:
            telling.cancel()

    def _names(self) -> str:
        names = ", ".join(clean(model.name, 60) for model in self._catalogue.models[:_MOST_TRIED])
        return f"it offers {names}" if names else "it tells nothing of what it has"

    def _nobody_chats(self, why: str) -> BrainError:
        return BrainError(
            f"none of the models at {self.where} can chat ({self._names()}): {clean(why, 200)}",
            where="brain.openai",
            hint="load a chat model there, or name one in brain.openai.model",
        )
