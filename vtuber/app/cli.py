"""The command line: `banban live`, `rehearse`, `chat`, `check`, `login`, `logout`, `models`."""

from __future__ import annotations

import gc
import json
import sys
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from vtuber import __version__
from vtuber.app import models, terminal
from vtuber.app.options import (
    AsJson,
    Config,
    For,
    Model,
    Port,
    Speed,
    Verbose,
    Voice,
    Who,
    path,
    run,
    settings_of,
)
from vtuber.config.file import located
from vtuber.core.errors import BanbanError
from vtuber.core.health import Health, State

app = typer.Typer(
    name="banban",
    help="Puts an AI VTuber on air.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(models.app, name="models")


@app.command()
def live(
    *,
    config: Config = None,
    character: Who = None,
    model: Model = None,
    voice: Voice = None,
    port: Port = None,
    twitch: Annotated[
        list[str] | None, typer.Option(help="A Twitch channel to read, no account needed.")
    ] = None,
    youtube: Annotated[
        list[str] | None, typer.Option(help="A YouTube stream or channel to read, no account needed.")
    ] = None,
    replay: Annotated[str | None, typer.Option(help="A recorded chat to play.")] = None,
    speed: Speed = None,
    console: Annotated[bool | None, typer.Option(help="Whether lines typed here are chat.")] = None,
    for_: For = None,
    verbose: Verbose = False,
) -> None:
    """Go on air: hear chat, answer, speak, and show her in the overlay."""
    terminal.set_up_logging(verbose=verbose)
    with settings_of(
        config,
        {
            "show.character": character,
            "brain.model": path(model),
            "voice.use": voice,
            "stage.port": port,
            "chat.twitch.channels": twitch or None,
            "chat.youtube.streams": youtube or None,
            "chat.replay.file": path(replay),
            "chat.replay.speed": speed,
            "chat.console": console,
        },
    ) as settings:
        from vtuber.show.show import Show  # noqa: PLC0415  # `banban --help` need not load every part

        async def broadcast() -> None:
            show = Show(settings)
            with terminal.Starting() as progress:
                await show.run(
                    progress=progress,
                    on_air=lambda: _show(progress, f"{show.character.name} is on air", show.health()),
                    seconds=for_,
                )

        run(broadcast)


@app.command()
def rehearse(
    *,
    file: Annotated[str, typer.Argument(help="A recorded chat: Twitch VOD, chat-downloader, or a journal.")],
    config: Config = None,
    character: Who = None,
    model: Model = None,
    voice: Voice = None,
    speed: Speed = None,
    seed: Annotated[
        int | None, typer.Option(help="Make the same choices each time; the chat waits while she thinks.")
    ] = None,
    for_: For = None,
    json_: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
    verbose: Verbose = False,
) -> None:
    """Play a recorded chat through the real show, and see how it goes."""
    terminal.set_up_logging(verbose=verbose)
    with settings_of(
        config,
        {
            "show.character": character,
            "brain.model": path(model),
            "voice.use": voice,
            "chat.replay.file": path(file),
            "chat.replay.speed": speed,
        },
    ) as settings:
        from vtuber.app.rehearse import rehearse as play  # noqa: PLC0415  # see above

        async def rehearsal() -> dict[str, Any]:
            with terminal.Starting() as progress:
                return await play(
                    settings,
                    seed=seed,
                    seconds=for_,
                    progress=progress,
                    on_air=lambda show: _show(progress, f"{show.character.name} rehearses", show.health()),
                )

        report = run(rehearsal, simulated=seed is not None)
    if report is None:
        return
    terminal.show_figures(report)
    if json_:
        try:
            json_.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise BanbanError(f"cannot be written: {error.strerror}", where=str(json_)) from None


@app.command()
def chat(
    *,
    config: Config = None,
    character: Who = None,
    model: Model = None,
    as_: Annotated[str, typer.Option("--as", help="What she calls you.")] = "",
    verbose: Verbose = False,
) -> None:
    """Talk with her here, without a stream."""
    terminal.set_up_logging(verbose=verbose)
    with settings_of(config, {"show.character": character, "brain.model": path(model)}) as settings:
        from vtuber.app.chat import Talk  # noqa: PLC0415  # see above

        talk = Talk(settings, say=terminal.say, tell=terminal.tell, name=as_)

        async def converse() -> None:
            with terminal.Starting() as progress:
                await talk.run(
                    progress=progress,
                    ready=lambda: _show(
                        progress, f"{talk.character.name} listens; /help tells what else", talk.health()
                    ),
                )

        run(converse)


@app.command()
def check(
    *,
    config: Config = None,
    character: Who = None,
    model: Model = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Try every part, and say what to do about those that would not work."""
    terminal.set_up_logging(verbose=verbose)
    flags = {"show.character": character, "brain.model": path(model)}
    with settings_of(config, flags) as settings:
        from vtuber.app.check import check as try_parts  # noqa: PLC0415  # see above

        async def checkup() -> list[Any]:
            with terminal.Starting() as progress:
                return await try_parts(settings, progress)

        tried = run(checkup) or []
    parts = [replace(health, what=located(health.what, config, flags)) for health in tried]
    if as_json:
        rows = [health.row() for health in parts]
        sys.stdout.write(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    else:
        terminal.show_health("banban check", parts)
    if any(health.state is State.DOWN for health in parts):
        raise typer.Exit(1)


class Platform(StrEnum):
    """Where she can have an account."""

    TWITCH = "twitch"


Where = Annotated[Platform, typer.Argument(help="Where the account is.")]


@app.command()
def login(*, platform: Where, config: Config = None, verbose: Verbose = False) -> None:  # noqa: ARG001  # one so far
    """Let her into an account, with a code that you enter in a browser."""
    terminal.set_up_logging(verbose=verbose)
    with settings_of(config, {}) as settings:
        from vtuber.app.login import log_in_at_twitch  # noqa: PLC0415  # see above

        rights = run(lambda: log_in_at_twitch(settings, terminal.tell))
    if rights is None:
        terminal.tell("stopped: nobody was logged in")
        raise typer.Exit(1)
    terminal.show_health("what she may do there", rights)


@app.command()
def logout(
    *,
    platform: Where,  # noqa: ARG001  # one so far
    name: Annotated[str, typer.Argument(help="The account; without it, all of them.")] = "",
    config: Config = None,
    verbose: Verbose = False,
) -> None:
    """Forget an account, here and there."""
    terminal.set_up_logging(verbose=verbose)
    with settings_of(config, {}) as settings:
        from vtuber.app.login import log_out_at_twitch  # noqa: PLC0415  # see above

        run(lambda: log_out_at_twitch(settings, terminal.tell, name))


@app.callback(invoke_without_command=True)
def _root(
    *,
    version: Annotated[bool, typer.Option("--version", help="Say which version this is.")] = False,
) -> None:
    if version:
        sys.stdout.write(f"banban {__version__}\n")
        raise typer.Exit


def main() -> None:
    """Runs a command. Errors are told in words; a defect of ours leaves its traceback in a file."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # see suppress
    try:
        app()
    except BanbanError as error:
        terminal.show_error(error)
        sys.exit(1)
    except Exception as error:  # noqa: BLE001  # the last place where a defect can be caught
        terminal.show_defect(error)
        sys.exit(70)


def _show(progress: terminal.Starting, title: str, parts: list[Health]) -> None:
    progress.done()
    terminal.show_health(title, parts)
    # What a start leaves in memory stays to the end. Looking through all of it again and again would hold up
    # the show for a tenth of a second each time.
    gc.collect()
    gc.freeze()
