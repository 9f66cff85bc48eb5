"""`banban audit`: what was said in a show, the messages behind it, and each verdict of the guard."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from vtuber.app import terminal
from vtuber.app.running import settings_of
from vtuber.core.errors import BanbanError
from vtuber.record import audit_reader, journal_files
from vtuber.record.audit import Audit, AuditedMessage, AuditedUtterance, AuditedVerdict
from vtuber.record.journal import Journal
from vtuber.record.metrics import percentiles

_SIDE = ("message", "sentence")
"""Verdicts of these kinds stand beside the text that they are about."""


def command(
    config: Path | None,
    journal: Path | None,
    *,
    message: str | None,
    viewer: str | None,
    minute: str | None,
    as_json: bool,
) -> None:
    """Prints the audit of a journal (without one: the newest), or of a part of it."""
    if sum(one is not None for one in (message, viewer, minute)) > 1:
        raise BanbanError("choose one of --message, --viewer and --minute")
    path = journal or newest(config)
    audit = audit_reader.read(path)
    malformed = audit.malformed
    chosen = message is not None or viewer is not None or minute is not None
    if message is not None:
        audit = audit.by_message(message)
    elif viewer is not None:
        audit = audit.by_viewer(viewer)
    elif minute is not None:
        audit = audit.by_minute(_minutes(minute))
    if as_json:
        for row in audit.rows():
            terminal.write_row(row)
        return
    for line in _told(audit, whole=not chosen):
        terminal.tell(line)
    if malformed:
        terminal.tell(f"{malformed} lines of {path} could not be read")


def newest(config: Path | None) -> Path:
    """The newest journal. Raises BanbanError when there is none."""
    with settings_of(config, {}) as settings:
        folder = Journal(settings).folder
    found = journal_files.newest(folder)
    if found is None:
        raise BanbanError("there is no journal yet", where=str(folder), hint="write the path of one")
    return found


def _minutes(text: str) -> int:
    """Reads HH:MM, counted from the beginning of the show."""
    match = re.fullmatch(r"(\d{1,4}):([0-5]?\d)", text, re.ASCII)
    if match is None:
        raise BanbanError(
            f"{text!r} is no minute of the show", hint="write HH:MM since it began, such as 1:05"
        )
    return int(match[1]) * 60 + int(match[2])


def _told(audit: Audit, *, whole: bool) -> Iterator[str]:
    """The audit in words. Of a whole show, messages are left out in which nothing was found."""
    blocks: list[tuple[float, list[str]]] = [
        *((said.t, list(_utterance(said, audit))) for said in audit.utterances.values()),
        *(
            (message.t, list(_message(message)))
            for message in audit.messages.values()
            if not whole or (not message.turns and not all(one.allowed for one in message.verdicts))
        ),
        *((t, [f"{_clock(t)}  {verdict.what}: {_verdict(verdict)}"]) for t, verdict in audit.others),
    ]
    for _, lines in sorted(blocks, key=lambda block: block[0]):
        yield from lines
    yield from _summary(audit)


def _utterance(said: AuditedUtterance, audit: Audit) -> Iterator[str]:
    yield f"{_clock(said.t)}  turn {said.turn}{', recited' if said.recited else ''}, {said.speaker or 'she'}"
    for number, each in enumerate(said.messages):
        message = audit.messages.get(each)
        kind = "with" if number else "answers"
        if message is None:
            yield f"  {kind} {each} (not in this journal)"
            continue
        yield f"  {kind} {each} by {message.who}: {message.text or f'({message.what})'}"
        yield from (f"    {_verdict(one)}" for one in message.verdicts)
    for sentence in said.sentences:
        if sentence.kind == "refusal":
            yield f"  says instead: {sentence.text}"
        else:
            kind = f" ({sentence.kind})" if sentence.kind else ""
            yield f"  {'says' if sentence.verdict.allowed else 'wrote'}{kind}: {sentence.text}"
            yield f"    {_verdict(sentence.verdict)}"
    yield f"  heard: {said.heard or '(nothing)'}"
    yield from (f"  {words}" for words in said.became)


def _message(message: AuditedMessage) -> Iterator[str]:
    text = message.text or f"({message.what})"
    yield f"{_clock(message.t)}  {message.id} by {message.who} on {message.platform}: {text}"
    yield from (f"    {_verdict(one)}" for one in message.verdicts)
    yield from (f"  {words}" for words in message.became)
    if message.turns:
        yield f"  in turn {', '.join(map(str, message.turns))}"


def _verdict(verdict: AuditedVerdict) -> str:
    what = "" if verdict.what in _SIDE else f"{verdict.what}: "
    by = ", ".join(dict.fromkeys(filter(None, (verdict.detector, verdict.rule))))
    cost = f" {verdict.ms:.2f} ms" if verdict.ms is not None else ""
    return f"[{what}{verdict.action}{f' ({by})' if by else ''}{cost}]"


def _summary(audit: Audit) -> Iterator[str]:
    verdicts = list(audit.verdicts())
    costs = percentiles(one.ms for one in verdicts if one.ms is not None)
    actions = Counter(one.action for one in verdicts)
    yield (
        f"{len(audit.utterances)} utterances, {len(audit.messages)} messages, {len(verdicts)} verdicts: "
        + (", ".join(f"{count} {action}" for action, count in actions.most_common()) or "none")
    )
    if costs["p50"] is not None:
        told = ", ".join(f"{name} {cost} ms" for name, cost in costs.items())
        yield f"cost of a verdict: {told}"
    found = Counter(one.detector or one.rule for one in verdicts if not one.allowed)
    if found:
        yield "found by: " + ", ".join(f"{name} {count}" for name, count in found.most_common())
    if audit.let_through:
        many = ", ".join(f"{count} × {what}" for what, count in audit.let_through.most_common())
        yield f"also let through: {many}, in {audit.let_through_ms:.1f} ms"


def _clock(t: float) -> str:
    hours, rest = divmod(int(t), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
