"""Where the program begins: `banban`, or `python -m vtuber.app`."""

# Until a command has something to stop in order, Ctrl-C just ends the program. Python's own handler would
# show a traceback of whatever was being imported, so this comes first; `signal` would import a lot itself.
import _signal  # type: ignore[import-not-found]  # typeshed has none

_signal.signal(_signal.SIGINT, _signal.SIG_DFL)

import os
import sys
from contextlib import suppress

from vtuber.app.cli import app
from vtuber.core.errors import BanbanError


def main() -> None:
    """Runs a command, and ends the program with its status."""
    try:
        _run()
    except SystemExit as end:
        _leave(end)
        raise


def _leave(end: SystemExit) -> None:
    """Ends the program at once. All is saved by then.

    Python would wait for threads that load what nobody needs, and then take everything it has loaded apart.
    """
    if isinstance(end.code, str):
        return
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    os._exit(end.code or 0)


def _run() -> None:
    """An error is shown in words; the traceback of a defect of ours goes to a file. Raises SystemExit."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # see suppress
    try:
        app(prog_name="banban")
    except BanbanError as error:
        from vtuber.app import terminal  # noqa: PLC0415  # `banban --help` shows no error

        terminal.show_error(error)
        sys.exit(1)
    except Exception as error:  # noqa: BLE001  # the last place where a defect can be caught
        from vtuber.app import terminal  # noqa: PLC0415  # the same

        terminal.show_defect(error)
        sys.exit(70)


if __name__ == "__main__":
    main()
