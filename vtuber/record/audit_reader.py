"""Reads a journal back as an audit.

What a streamer's own lists hold is told nowhere: of a text in which they found something, only what is left.
Journals of earlier versions say less of a verdict; what they do not say is "" or None.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from vtuber.record.audit import (
    SPEAK,
    STOPPED,
    Audit,
    AuditedMessage,
    AuditedSentence,
    AuditedUtterance,
    AuditedVerdict,
)
from vtuber.record.journal_rows import JournalRows

WITHHELD = "(not shown: a list of yours forbids something in it)"
HIDDEN_NAME = "(a viewer)"

_PRIVATE = ("gate.", "built in: contact")
"""Rules that begin so found what a list of the streamer's forbids, or what tells who somebody is."""
_OTHERS_WORDS = ("memory", "what chat repeats", "line")
"""Kinds of text that do not stand in the message that they are about."""


def read(path: Path) -> Audit:
    """The audit of a journal, plain or gzipped. Raises BanbanError."""
    audit = Audit()
    rows = JournalRows(path)
    known = sum(_take(audit, row) for row in rows)
    audit.malformed += rows.malformed
    if not known:
        raise rows.foreign()
    return audit


def from_rows(rows: Iterable[Mapping[str, Any]]) -> Audit:
    """The audit of lines that were read already."""
    audit = Audit()
    for row in rows:
        _take(audit, row)
    return audit


def _take(audit: Audit, row: Mapping[str, Any]) -> bool:
    """Takes one line in. Whether it is of a kind that is known."""
    taker = _TAKERS.get(str(row.get("kind")))
    if taker is None:
        return row.get("kind") in ("show", "end")
    try:
        taker(audit, row)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        audit.malformed += 1
        return False
    return True


def _heard(audit: Audit, row: Mapping[str, Any]) -> None:
    event = row["event"]
    drop, _, rule = str(row.get("drop", "")).partition(": ")
    if event["what"] == "deletion":
        if (message := audit.messages.get(event.get("message_id", ""))) is not None:
            message.became.append("deleted by a moderator")
        return
    if "author" not in event:
        return
    author = event["author"]
    id_ = str(event["id"])
    message = audit.messages.get(id_)
    if message is None:
        message = audit.messages[id_] = AuditedMessage(
            t=row["t"],
            id=id_,
            platform=str(event.get("platform", "")),
            who=str(author["name"]),
            author=str(author["id"]),
            login=str(author.get("login", "")),
            what=str(event["what"]),
            text=str(event.get("text", "")),
        )
    if drop:
        message.became.append(f"not answered: {drop}")
    if rule:
        message.verdicts.append(_verdict({"rule": rule, "ms": row.get("ms")}, "message", "message"))
        _hide(message, rule, "")


def _filtered(audit: Audit, row: Mapping[str, Any]) -> None:
    message = _message(audit, row)
    message.verdicts.append(_verdict(row, "message", "message"))
    _hide(message, row["rule"], row.get("masked", ""))


def _judged(audit: Audit, row: Mapping[str, Any]) -> None:
    verdict = _verdict(row, row["door"], row["what"])
    message = audit.messages.get(row["id"])
    if message is None:
        audit.others.append((row["t"], verdict))
        return
    message.verdicts.append(verdict)
    if row["what"] not in _OTHERS_WORDS:
        _hide(message, row.get("rule", ""), "")
    if row["what"] == "name" and _is_private(row.get("rule", "")):
        message.who, message.login = HIDDEN_NAME, ""


def _let_through(audit: Audit, row: Mapping[str, Any]) -> None:
    audit.let_through.update({str(what): int(count) for what, count in row["counts"].items()})
    audit.let_through_ms += float(row["ms"])


def _dropped(audit: Audit, row: Mapping[str, Any]) -> None:
    _message(audit, row).became.append(f"not answered: {row['reason']}")


def _held(audit: Audit, row: Mapping[str, Any]) -> None:
    _message(audit, row).became.append(f"held for a moderator as number {row['number']}")


def _decided(audit: Audit, row: Mapping[str, Any]) -> None:
    command = audit.messages.get(row.get("command", ""))
    by = f" by {command.who}" if command else ""
    _message(audit, row).became.append(f"{'allowed' if row['allowed'] else 'denied'}{by}")


def _blocked(audit: Audit, row: Mapping[str, Any]) -> None:
    _message(audit, row).became.append(f"its author is not answered for {row['minutes']:g} minutes")


def _command(audit: Audit, row: Mapping[str, Any]) -> None:
    _message(audit, row).became.append(f"a command: {row['did']}")


def _batch(audit: Audit, row: Mapping[str, Any]) -> None:
    ids = [str(each) for each in (row["lead"], *row.get("others", ()))]
    audit.utterances[int(row["turn"])] = AuditedUtterance(
        t=row["t"],
        turn=int(row["turn"]),
        speaker=str(row.get("speaker", "")),
        recited=bool(row.get("script")),
        messages=ids,
    )
    for each in ids:
        if each in audit.messages:
            audit.messages[each].turns.append(int(row["turn"]))


def _sentence(audit: Audit, row: Mapping[str, Any]) -> None:
    rule = row.get("stopped_by", "")
    kind = "refusal" if row.get("way_out") else "fallback" if row.get("spare") else ""
    verdict = _verdict({**row, "rule": rule}, "spoken", "sentence")
    text = (row.get("masked") or WITHHELD) if _is_private(rule) else row["text"]
    audit.utterances[row["turn"]].sentences.append(AuditedSentence(str(text), verdict, kind))


def _slip(audit: Audit, row: Mapping[str, Any]) -> None:
    audit.utterances[row["turn"]].became.append(f"stopped: {row['what']}")


def _cut(audit: Audit, row: Mapping[str, Any]) -> None:
    audit.utterances[row["turn"]].became.append("cut")


def _set_aside(audit: Audit, row: Mapping[str, Any]) -> None:
    audit.utterances[row["turn"]].became.append("set aside before anything of it was heard")


def _reply(audit: Audit, row: Mapping[str, Any]) -> None:
    said = audit.utterances[row["turn"]]
    said.heard = str(row["heard"])
    if row.get("failed"):
        said.became.append(f"failed: {str(row['failed']).splitlines()[0]}")


_TAKERS = {
    "heard": _heard,
    "filtered": _filtered,
    "judged": _judged,
    "let_through": _let_through,
    "dropped": _dropped,
    "held": _held,
    "decided": _decided,
    "blocked": _blocked,
    "command": _command,
    "batch": _batch,
    "sentence": _sentence,
    "slip": _slip,
    "cut": _cut,
    "set_aside": _set_aside,
    "reply": _reply,
}


def _message(audit: Audit, row: Mapping[str, Any]) -> AuditedMessage:
    id_ = str(row["id"])
    return audit.messages.setdefault(id_, AuditedMessage(row["t"], id_))


def _verdict(row: Mapping[str, Any], door: str, what: str) -> AuditedVerdict:
    rule = str(row.get("rule", ""))
    detector = str(row.get("detector") or (rule.partition(":")[0].removeprefix("gate.") if rule else ""))
    return AuditedVerdict(
        door=str(door),
        what=str(what),
        action=str(row.get("action") or (STOPPED if rule else SPEAK)),
        rule=rule.partition(":")[0] if rule.startswith("gate.") else rule,
        detector="" if detector == "built in" else detector,
        ms=None if row.get("ms") is None else float(row["ms"]),
    )


def _is_private(rule: str) -> bool:
    return rule.startswith(_PRIVATE)


def _hide(message: AuditedMessage, rule: str, masked: str) -> None:
    if _is_private(rule) and message.text != WITHHELD:
        message.text = masked or WITHHELD
