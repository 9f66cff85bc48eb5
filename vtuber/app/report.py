"""`banban report`: what came of a show, as a page or as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from vtuber.app import output, terminal
from vtuber.app.audit import newest
from vtuber.core.errors import BanbanError
from vtuber.record import report, report_page
from vtuber.record.report_page import Language


def command(
    config: Path | None, journal: Path | None, *, out: Path | None, language: str, as_json: bool
) -> None:
    """Writes the report of a journal (without one: the newest). Raises BanbanError."""
    if language not in ("en", "zh-TW"):
        raise BanbanError(
            f"there is no report in {language!r}", hint="write --language en or --language zh-TW"
        )
    path = journal or newest(config)
    found = report.read(path)
    if as_json:
        terminal.write_row(found.row())
        return
    name = f"{path.name.partition('.jsonl')[0]}.html"
    page = out / name if out and out.is_dir() else out or Path(name)
    output.check(page, path)
    output.write(page, report_page.page(found, cast(Language, language)).encode("utf-8", "replace"))
    terminal.tell(f"the report is in {page.absolute()}")
