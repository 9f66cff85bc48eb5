"""The offer to fetch a better brain, made once, in a terminal, to whoever has only the toy."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

from vtuber.app import terminal
from vtuber.app.models import Fetching
from vtuber.app.running import interruptible
from vtuber.brain.choice import languages, roomy
from vtuber.character import load
from vtuber.config import Settings
from vtuber.core.errors import BanbanError
from vtuber.models.choices import Choice, recommended

_SWITCH = "BANBAN_OFFER"
"""The environment variable that switches offers off with "no"."""


def offer(settings: Settings) -> bool:
    """Asks, unless there is nobody to ask or the answer is known, and fetches. Gives whether it did.

    Never raises: with whatever goes wrong the show begins with what there is.
    """
    choice = recommended(languages(load(settings.show.character)), roomy(settings))
    if choice is None or not _somebody_is_there() or _answered().exists():
        return False
    wanted = _ask(choice)
    if wanted is None:
        terminal.tell("not now, then: she starts with the toy")
        return False
    _remember("yes" if wanted else "no")
    if not wanted:
        terminal.tell(f"She starts with the toy. To fetch it another time: banban models get {choice.usual}")
        return False
    return _fetch(choice, settings)


def _somebody_is_there() -> bool:
    """Whether both the question and the answer pass through a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty() and os.environ.get(_SWITCH, "").lower() != "no"


def _answered() -> Path:
    return platformdirs.user_data_path("banban", appauthor=False) / "offered-a-model"


def _remember(answer: str) -> None:
    path = _answered()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{answer}\n", encoding="utf-8")
    except OSError as error:
        terminal.tell(f"The answer cannot be remembered: {error.strerror or error}")


def _ask(choice: Choice) -> bool | None:
    """None when it was not answered: Ctrl-C, or the end of the input."""
    terminal.tell(
        "Her brain is a toy so far: 135 million parameters, English only.\n"
        f"A better one that fits this machine: {choice.name}, {choice.size} to download, "
        f"speaks {choice.languages} ({choice.licence})."
    )
    try:
        with interruptible():
            while True:
                terminal.err.print("Download it now? [Y/n] ", end="", markup=False)
                line = sys.stdin.readline()
                answer = line.strip().lower()
                if not line:
                    return None
                if answer in ("", "y", "yes", "好", "是", "要"):
                    return True
                if answer in ("n", "no", "不", "不要", "否"):
                    return False
    except KeyboardInterrupt:
        terminal.err.print()
        return None


def _fetch(choice: Choice, settings: Settings) -> bool:
    from vtuber.models.get import get  # noqa: PLC0415  # the hub's library is slow to load

    try:
        with interruptible(), Fetching() as watch:
            get(choice.usual, roomy(settings), watch)
    except BanbanError as error:
        if error.what == "stopped":
            terminal.tell("The download was stopped.")
        else:
            terminal.show_error(error)
        terminal.tell(
            f"She starts with the toy. To go on with the download: banban models get {choice.usual}"
        )
        return False
    return True
