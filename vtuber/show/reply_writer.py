"""What she is going to say, a piece at a time, each one checked before it is spoken.

Tokens become pieces; the output guard finds what has gone wrong with the model, and has it asked
again; the filter replaces what nobody may say; and a slow model gets the start that it needs.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Coroutine, Iterable, Iterator
from contextlib import aclosing
from dataclasses import replace
from itertools import count
from typing import Any

from vtuber.brain import AFRESH, Brain, Prompt
from vtuber.brain.fallback_lines import FallbackLines
from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core.chinese import is_in_chinese
from vtuber.core.errors import BrainError
from vtuber.core.text import escaped, space_between
from vtuber.guard import Action, Door
from vtuber.guard.guard import Guard, Verdict
from vtuber.guard.reply_check import OutputGuard, ReplyCheck, Violation
from vtuber.record.facts import Fact, SentenceJudged, WentWrong
from vtuber.voice.pace import Delivery, Pace
from vtuber.voice.pieces.converter import Converter, region_of
from vtuber.voice.pieces.segmenter import Piece, SentenceSegmenter
from vtuber.voice.speech.captions import SENTENCE_END

log = logging.getLogger(__name__)

Tell = Callable[[Fact], None]
"""``Facts.tell``."""

TRIES = 2
"""How often a model is asked for a reply of which nothing was said yet."""
_ANOTHER_SEED = 7919
_BIT = 16
"""Characters that are looked at together, however many come at once."""

_WHOLE = re.compile(r".*[.!?。！？…][\"'”’』」)）]*(?!\w)")


HELD_SECONDS = 0.12
"""How long a doubtful piece waits for the next one while nothing is heard."""


async def _at_once(_less_than: float) -> None:
    """Nothing else is heard."""


class ReplyWriter:
    """Makes the replies of one character with one brain, for as long as a show lasts."""

    def __init__(
        self,
        settings: Settings,
        character: Character,
        brain: Brain,
        fallback_lines: FallbackLines,
        guard: Guard,
    ) -> None:
        self.pace = Pace(settings.show.reply_seconds)
        self._settings = settings
        self._character = character
        self._brain = brain
        self._fallback_lines = fallback_lines
        self._guard = guard
        self._role = OutputGuard(
            character.names,
            character.canon,
            character.persona,
            may_be_human=not settings.brain.is_toy,  # it does not know what it plays
        )
        lines = (character.persona, *character.canon, *(example.reply for example in character.examples))
        own = "\n".join((*lines, *character.fallback_lines, *character.refusals))
        region = settings.voice.chinese
        self._converter = Converter(region_of(own) if region == "auto" else region, own)
        self._refused = count()

    def warm_up(self) -> None:
        """Has read what is read when a reply is first written, so that nobody waits for it."""
        self._converter.load()

    def answer(
        self,
        prompt: Prompt,
        *,
        turn: int = 0,
        tell: Tell = lambda _: None,
        lap: Callable[[str], None] = lambda _: None,
        quiet: Callable[[float], Awaitable[None]] = _at_once,
    ) -> AsyncGenerator[Piece, None]:
        """Her reply to ``prompt``. Raises BrainError as the brain does.

        ``tell`` is called with each fact of this turn, ``lap`` of each step that is reached (one of
        ``metrics.PARTS``), also more than once. ``quiet`` waits until no more than so many
        seconds are left of what is being heard.
        """
        return self._filtered(
            _ended(self._tried(prompt, turn, tell, lap), prompt.last),
            turn,
            tell,
            quiet=quiet,
            asked=prompt.lines[-1].text,
        )

    def recite(
        self, script: str, *, turn: int, tell: Tell, quiet: Callable[[float], Awaitable[None]] = _at_once
    ) -> AsyncGenerator[Piece, None]:
        """Exactly that, as far as the filter lets her."""
        return self._filtered(self._scripted(script), turn, tell, quiet=quiet)

    async def _filtered(
        self,
        pieces: AsyncGenerator[Piece, None],
        turn: int,
        tell: Tell,
        *,
        quiet: Callable[[float], Awaitable[None]],
        asked: str = "",
    ) -> AsyncGenerator[Piece, None]:
        """Up to the first that nobody may say; instead of that, a refusal.

        What is forbidden may be cut in two. A piece that may be the first half of it is held until the next
        one is there: as long as more is being heard than the voice needs to make its sound, or for
        ``HELD_SECONDS``.
        """
        said, held, spoke = "", list[Piece](), False
        async with aclosing(_Lookahead(pieces)) as coming:
            index = 0
            while True:
                try:
                    piece = await coming.next()
                except BrainError:
                    for one in held:
                        yield one
                    raise
                if piece is None:
                    break
                before = said + piece.space
                verdict = await self._guard.judge_closely(piece.text, Door.SPOKEN, before=before, asked=asked)
                tell(_judged(turn, index, piece, verdict))
                if verdict.action.severity > Action.SOFTEN.severity:
                    self._log(piece, verdict)
                    if verdict.action is not Action.DROP:
                        text = verdict.instead or self._refusal(said or asked or piece.text)
                        refusal = Piece(text, piece.mood, space=space_between(said, text))
                        tell(SentenceJudged(turn, index, refusal.text, refusal.mood, refusal=True))
                        yield refusal
                    return
                held += _softened(piece, verdict)
                spoke = spoke or bool(held)
                index, said = index + 1, before + piece.text
                if (
                    held
                    and self._guard.may_go_on(said)
                    and await coming.comes_before(self._held_too_long(held[0], quiet))
                ):
                    continue
                await coming.lose_patience()
                for one in held:
                    yield one
                held = []
        for one in held if spoke or not said else self._instead(turn, index, tell, asked):
            yield one

    async def _held_too_long(self, piece: Piece, quiet: Callable[[float], Awaitable[None]]) -> None:
        """Ends so early that the sound of ``piece`` is made when all before it was heard, if it can be."""
        await quiet(HELD_SECONDS + self.pace.making * self.pace.takes(piece.text))
        await asyncio.sleep(HELD_SECONDS)

    def _instead(self, turn: int, index: int, tell: Tell, asked: str) -> list[Piece]:
        """What she says when all of her reply was softened away."""
        refusal = Piece(self._refusal(asked), "")
        tell(SentenceJudged(turn, index, refusal.text, refusal.mood, refusal=True))
        return [refusal]

    def _refusal(self, like: str) -> str:
        """One in the language of ``like``, where she has one."""
        refusals = self._character.refusals or ("…",)
        refusals = tuple(one for one in refusals if is_in_chinese(one) == is_in_chinese(like)) or refusals
        return self._settings.gate.replacement or refusals[next(self._refused) % len(refusals)]

    @staticmethod
    def _log(piece: Piece, verdict: Verdict) -> None:
        log.warning(
            "a sentence was stopped before it was spoken: “%s” (%s)",
            escaped(verdict.told(piece.text)),
            verdict.reason,
        )

    async def _scripted(self, script: str) -> AsyncGenerator[Piece, None]:
        segmenter = self._segmenter(self._character.names)
        for piece in (*segmenter.feed(script), *segmenter.finish()):
            yield piece

    async def _tried(
        self, prompt: Prompt, turn: int, tell: Tell, lap: Callable[[str], None]
    ) -> AsyncGenerator[Piece, None]:
        """The model's reply up to a violation. When that leaves nothing, another reply, or a fallback line.

        When the model fails, a fallback line follows what it has written, and then the BrainError.
        """
        said, trouble = "", None
        for attempt in range(TRIES):
            question = replace(prompt, seed=prompt.seed + attempt * _ANOTHER_SEED)
            try:
                async with aclosing(self._written(question, lap)) as pieces:
                    async for piece in pieces:
                        said += piece.space + piece.text
                        yield piece
            except BrainError as error:
                trouble = error
                break
            except Violation as violation:
                log.warning("a reply was stopped: %s", violation)
                again = not said and attempt + 1 < TRIES
                tell(WentWrong(turn, str(violation), question.seed, again))
            if said:
                return
        if line := self._fallback_lines.take(prompt.lines[-1], said):
            yield Piece(line, "", fallback=True, space=space_between(said, line))
        if trouble:
            raise trouble

    async def _written(self, prompt: Prompt, lap: Callable[[str], None]) -> AsyncGenerator[Piece, None]:
        """One reply of the model's, as long as there is time to say it. Raises Violation where it goes wrong.

        Raises BrainError when the model fails, after all that it wrote.
        """
        names = self._names(prompt)
        segmenter, check, delivery = self._segmenter(names), self._check(prompt), Delivery(self.pace)
        convert = str if prompt.known else self._converter.reply(names)
        held: list[Piece] = []
        failed: list[BrainError] = []
        last = ""
        async with aclosing(self._tokens(prompt, lap, failed)) as tokens:
            async for token in tokens:
                delivery.wrote(token)
                if AFRESH in token:
                    segmenter, check, held = self._segmenter(names), self._check(prompt), []
                for bit in _bits(token.rpartition(AFRESH)[2]):
                    check.read(bit)
                    held += _converted(_pieces(bit, segmenter, check, delivery), convert)
                    if not held or check.may_leak or not delivery.may_begin:
                        continue
                    lap("first_sentence")
                    with delivery.handing_on():
                        for piece in held:
                            yield piece
                    last, held = held[-1].text, []
                    if delivery.is_over:
                        return
        held += _converted(_ending(segmenter, check), convert)
        if self._brain.usage.reply >= prompt.max_tokens:
            held = _without_rest(held, last)
        for piece in held:
            lap("first_sentence")
            yield piece
        if failed:
            raise failed[0]

    async def _tokens(
        self, prompt: Prompt, lap: Callable[[str], None], failed: list[BrainError]
    ) -> AsyncGenerator[str, None]:
        """The model's. Where it fails they end, and ``failed`` says why."""
        try:
            async with aclosing(self._brain.stream(prompt)) as tokens:
                async for token in tokens:
                    lap("first_token")
                    yield token
        except BrainError as error:
            failed.append(error)

    def _names(self, prompt: Prompt) -> list[str]:
        """Those whom she may name."""
        return [*self._character.names, *{line.name for line in prompt.lines if line.role == "viewer"}]

    def _segmenter(self, names: Collection[str]) -> SentenceSegmenter:
        first = self.pace.first_piece(self._settings.voice.first_piece)
        return SentenceSegmenter(first_piece=first, moods=self._character.moods, names=names)

    def _check(self, prompt: Prompt) -> ReplyCheck:
        system = [line.text for line in prompt.lines if line.role == "system" and not prompt.known]
        viewers = {line.name for line in prompt.lines if line.role == "viewer"}
        return ReplyCheck(self._role, system, viewers, prompt.lines[-1].text)


class _Lookahead:
    """Pieces, of which the next can be waited for without taking it."""

    def __init__(self, pieces: AsyncGenerator[Piece, None]) -> None:
        self._pieces = pieces
        self._coming: asyncio.Task[Piece | None] | None = None
        self._patience: asyncio.Task[None] | None = None

    async def next(self) -> Piece | None:
        """The next piece; None after the last."""
        if self._coming is None:
            return await anext(self._pieces, None)
        coming, self._coming = self._coming, None
        return await coming

    async def comes_before(self, patience: Coroutine[Any, Any, None]) -> bool:
        """Whether the next piece (or the end) is there before ``patience`` ends, or the last if not lost."""
        if self._patience is None:
            self._patience = asyncio.create_task(patience)
        else:
            patience.close()
        self._coming = asyncio.ensure_future(anext(self._pieces, None))
        await asyncio.wait((self._coming, self._patience), return_when=asyncio.FIRST_COMPLETED)
        return self._coming.done()

    async def lose_patience(self) -> None:
        """Nothing is waited for any longer."""
        if self._patience is not None:
            self._patience.cancel()
            await asyncio.wait([self._patience])
            self._patience = None

    async def aclose(self) -> None:
        await self.lose_patience()
        if self._coming is not None:
            self._coming.cancel()
            await asyncio.wait([self._coming])
            if not self._coming.cancelled():
                self._coming.exception()  # seen
        await self._pieces.aclose()


async def _ended(pieces: AsyncGenerator[Piece, None], last: str) -> AsyncGenerator[Piece, None]:
    """The pieces, and behind them ``last``."""
    said = ""
    async with aclosing(pieces):
        async for piece in pieces:
            said = piece.text
            yield piece
    if last:
        yield Piece(last, "", space=space_between(said, last))


def _judged(turn: int, index: int, piece: Piece, verdict: Verdict) -> SentenceJudged:
    return SentenceJudged(
        turn,
        index,
        verdict.told(piece.text),
        piece.mood,
        piece.fallback,
        verdict.rule,
        action=verdict.action,
        detector=verdict.detector,
        ms=round(verdict.ms, 3),
        masked="" if verdict.allowed else verdict.text,
    )


def _softened(piece: Piece, verdict: Verdict) -> list[Piece]:
    """What may be said of the piece, if anything is left of it."""
    if verdict.allowed:
        return [piece]
    return [replace(piece, text=verdict.softened)] if any(map(str.isalnum, verdict.softened)) else []


def _converted(pieces: Iterable[Piece], convert: Callable[[str], str]) -> Iterator[Piece]:
    """The pieces in the Chinese of her audience. No word of it goes on in the next piece."""
    return (replace(piece, text=convert(piece.text)) for piece in pieces)


def _pieces(bit: str, segmenter: SentenceSegmenter, check: ReplyCheck, delivery: Delivery) -> Iterator[Piece]:
    segmenter.hurry(delivery.room)
    for piece in segmenter.feed(bit):
        check.check_piece(piece.text)
        delivery.cut(piece.text)
        yield piece


def _ending(segmenter: SentenceSegmenter, check: ReplyCheck) -> list[Piece]:
    pieces = segmenter.finish()
    for piece in pieces:
        check.check_piece(piece.text)
    check.finish()
    return pieces


def _bits(token: str) -> Iterator[str]:
    for at in range(0, len(token), _BIT):
        yield token[at : at + _BIT]


def _without_rest(pieces: list[Piece], last: str) -> list[Piece]:
    """Without the sentence in whose middle the model was stopped, if that is not all there is.

    ``last`` is what was said before them.
    """
    if not pieces:
        return []
    *front, rest = pieces
    if whole := _WHOLE.match(rest.text):
        return [*front, replace(rest, text=whole.group())]
    return front if SENTENCE_END.search(front[-1].text if front else last) else pieces
