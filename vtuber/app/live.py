"""`banban live`: the show goes on air."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from vtuber import pending
from vtuber.app import terminal
from vtuber.app.brains import settings_with_brain
from vtuber.app.desk.desk import Desk
from vtuber.app.desk.editor import Hands
from vtuber.app.desk.history import TypedLines, default_path
from vtuber.app.desk.menu import moderators_menu
from vtuber.app.desk.narrator import Narrator
from vtuber.app.desk.status import Status
from vtuber.app.one_show import only_one
from vtuber.app.running import Flags, run
from vtuber.core import clock
from vtuber.core.events import ChatMessage
from vtuber.listeners.console import YOU, Console
from vtuber.show.show import Show
from vtuber.show.thanks import names

LOOK_EVERY = 0.25
"""Seconds between two looks at how the show is, for the status line."""

ON_AIR = "she is on air; Ctrl-C again ends the show"
HOW_TO_END = "press Ctrl-C twice to end the show"
TOO_MANY = "too many lines at once: those that follow are not sent until she has read the others"
NOT_READ = "lines typed here are not read (chat.console = false)"


def command(
    config: Path | None,
    flags: Flags,
    *,
    seconds: float | None,
    verbose: bool,
    plain: bool,
    dry: bool = False,
) -> None:
    """Runs the show until it is stopped, or for ``seconds``. Raises BanbanError when it cannot begin.

    ``dry``: see ``Show``.
    """
    desk: Desk | None = None
    with (
        settings_with_brain(config, flags, verbose=verbose, plain=plain, offers=not plain) as settings,
        only_one(settings),
    ):

        async def broadcast() -> None:
            nonlocal desk
            kept = None if dry else pending.build(settings)
            show = Show(settings, caches_speech=True, dry=dry, pending=kept)
            began: float | None = None
            status = Status(show)
            looking: asyncio.Task[None] | None = None
            if not plain and terminal.can_edit():
                desk = desk_of(show, status)

            def on_air() -> None:
                nonlocal began, looking
                began = clock.now()
                is_how = "rehearses, dry" if dry else "is on air"
                terminal.show_start(
                    progress,
                    f"{show.speakers[0].character.name} {is_how}",
                    show.health(),
                    show.server.addresses(),
                )
                if desk is not None:
                    looking = asyncio.create_task(_look(status, desk))
                    desk.open()

            try:
                with terminal.Starting() as progress:
                    await show.run(progress=progress, on_air=on_air, seconds=seconds)
            finally:
                if looking is not None:
                    looking.cancel()
                if desk is not None:
                    desk.close()
                if began is not None:
                    with suppress(OSError, ValueError):  # the terminal may be gone
                        terminal.tell(goodbye(show, clock.now() - began))

        run(broadcast, means_it=lambda: desk is None or desk.means_it())


def desk_of(show: Show, status: Status) -> Desk:
    """The desk of a show, in whose loop this is called: typed lines are chat, a key silences her."""
    console = next((one for one in show.listeners if isinstance(one, Console)), None)
    take = console.feed() if console is not None else None
    loop = asyncio.get_running_loop()
    menu = moderators_menu(show.commands.table)

    def send(text: str) -> str:
        if take is None:
            return NOT_READ
        return "" if take(text) else TOO_MANY

    def hush() -> None:
        """The same as the command, past all that waits."""
        text = show.commands.table.typed("hush")
        show.receive(ChatMessage(f"key-{uuid4().hex[:8]}", "console", "console", YOU, text))

    def silence() -> None:
        loop.call_soon_threadsafe(hush)

    desk = Desk(
        Hands(
            send,
            silence=silence,
            end_of_input=lambda: desk.notice(HOW_TO_END),
            broken=console.read_input if console is not None else lambda: None,
        ),
        menu,
        TypedLines(default_path()),
        status.line,
        question=ON_AIR,
    )
    names = {one.id: one.character.name for one in show.speakers}
    narrator = Narrator(desk.write, desk.speak, names, menu)
    subscribers: list[Callable[..., None]] = [narrator.note, status.note]
    for subscriber in subscribers:
        show.facts.subscribe(subscriber)
    show.stage.watch(narrator.show, "the terminal")
    show.stage.watch(status.show, "the status line")
    return desk


def goodbye(show: Show, seconds: float) -> str:
    """What came of the show, in one line."""
    figures, path = show.metrics, show.journal.path
    hours, minutes = divmod(round(seconds / 60), 60)
    length = f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{seconds:.0f} s"
    replies = "1 reply" if figures.turns == 1 else f"{figures.turns} replies"
    paid = f"{figures.paid_answered} of {figures.paid} paid answered" if figures.paid else "nothing paid"
    journal = f"journal: {path}" if path else "no journal"
    owed = show.resumption.owed()
    left = f"; not answered: {names(owed)}" if owed else ""
    if left and show.pending.is_kept:
        left += " (next time)"
    return f"the show is over: {length}, {replies}, {paid}{left}; {journal}"


async def _look(status: Status, desk: Desk) -> None:
    while True:
        if status.look():
            desk.refresh()
        await asyncio.sleep(LOOK_EVERY)
