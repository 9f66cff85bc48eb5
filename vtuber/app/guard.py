"""`banban guard`: what the guard makes of a text at each door, or of every line of a file."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from vtuber.app import terminal
from vtuber.app.brains import settings_with_brain
from vtuber.app.running import Flags, run
from vtuber.core.errors import BanbanError
from vtuber.guard import HERS, Action, Door
from vtuber.guard.guard import Guard, Verdict
from vtuber.show import speaker

_REFUSED = {
    Door.MESSAGE: "not answered; money is thanked, without these words",
    Door.NAME: "called “a viewer”",
    Door.PROMPT: "left out of what the model reads",
    Door.SHOWN: "masked on the page",
    Door.SPOKEN: "a refusal instead, and the reply ends",
    Door.WRITTEN: "not written",
}
"""What becomes of a text in which something was found, unless ``_SPECIAL`` says otherwise."""
_SPECIAL = {
    (Door.MESSAGE, Action.SOFTEN): "answered without that",
    (Door.SPOKEN, Action.SOFTEN): "said without that",
    (Door.SPOKEN, Action.DROP): "not said, and the reply ends",
    (Door.MESSAGE, Action.HOLD): "waits for a moderator",
}
_MARKS = (b"\xff\xfe", b"\xfe\xff")
"""With which UTF-16 begins."""


def command(
    config: Path | None, flags: Flags, *, text: str | None, file: str | None, door: Door | None, as_json: bool
) -> None:
    """Judges a text at all doors, or at ``door``; or each line of a file (spoken, unless ``door``)."""
    if (text is None) == (file is None):
        raise BanbanError(
            "there is nothing to judge" if text is None else "give a text or a file, not both",
            hint='write banban guard "a text", or banban guard --file lines.txt',
        )
    lines = _lines(file) if file is not None else []
    with settings_with_brain(config, flags, servers=False) as settings:
        guard = speaker.build(settings).guard
        guard.warm_up()
        if text is not None:
            doors = [door] if door else list(Door)
            run(lambda: _judge_text(guard, text, doors, settings.guard.block_minutes, as_json=as_json))
        else:
            run(lambda: _judge_lines(guard, lines, door or Door.SPOKEN, as_json=as_json))


async def _judge_text(
    guard: Guard, text: str, doors: Iterable[Door], minutes: float, *, as_json: bool
) -> None:
    judged = [(door, await _judged(guard, text, door)) for door in doors]
    if as_json:
        for door, verdict in judged:
            terminal.write_row({"door": door, **_row(text, verdict), "reason": verdict.reason})
        return
    rows = [
        (
            door,
            _what_happens(door, verdict.action, minutes),
            verdict.detector,
            verdict.reason,
            f"{verdict.ms:.2f}",
        )
        for door, verdict in judged
    ]
    terminal.show_table(("door", "what happens", "found by", "why", "ms"), rows)


async def _judge_lines(guard: Guard, lines: list[str], door: Door, *, as_json: bool) -> None:
    found: Counter[Action] = Counter()
    number = 0
    async for line, verdict in _all_judged(guard, lines, door):
        number += 1
        found[verdict.action] += 1
        if as_json:
            terminal.write_row(_row(line, verdict))
        elif not verdict.allowed:
            terminal.tell(f"{number}: {verdict.action} ({verdict.detector}: {verdict.reason}): {line}")
    if not as_json:
        counts = ", ".join(f"{count} {action}" for action in Action if (count := found[action]))
        terminal.tell(f"{len(lines)} lines at the door “{door}”: {counts or 'nothing'}")


async def _all_judged(guard: Guard, lines: list[str], door: Door) -> AsyncIterator[tuple[str, Verdict]]:
    for line in lines:
        yield line, await _judged(guard, line, door)


async def _judged(guard: Guard, text: str, door: Door) -> Verdict:
    """As the show does it: her own words may be worth a second look."""
    if door in HERS:
        return await guard.judge_closely(text, door)
    return guard.judge(text, door)


def _what_happens(door: Door, action: Action, minutes: float) -> str:
    if action is Action.SPEAK:
        return "goes through"
    words = _SPECIAL.get((door, action), _REFUSED[door])
    if action is Action.BLOCK and door is Door.MESSAGE:
        return f"{words}; its author is not answered for {minutes:g} minutes"
    return words


def _row(text: str, verdict: Verdict) -> dict[str, object]:
    return {
        "text": text,
        "verdict": str(verdict.action),
        "detector": verdict.detector,
        "ms": round(verdict.ms, 3),
    }


def _lines(file: str) -> list[str]:
    """The lines of a file, or of the standard input ("-"). Raises BanbanError."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).expanduser().read_bytes()
    except OSError as error:
        raise BanbanError(f"cannot be read: {error.strerror}", where=file) from None
    where = "the standard input" if file == "-" else file
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        kind = "it looks like UTF-16" if data.startswith(_MARKS) else f"byte {error.start + 1} cannot be read"
        line = data.count(b"\n", 0, error.start) + 1
        raise BanbanError(
            f"line {line} is not UTF-8: {kind}", where=where, hint="save the file as UTF-8"
        ) from None
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return lines[:-1] if not lines[-1] else lines
