"""The command line: `banban live`, `rehearse`, `chat`, `check`, `login`, `logout`, `models`.

Only what is typed stands here. What a command does is imported when it runs, so that `banban --help` loads
nothing of the show.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from vtuber import __version__

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="The config.toml to use; without it, the one in this folder.")
]
CharacterOption = Annotated[str | None, typer.Option(help="A folder in characters/, or a path.")]
ModelOption = Annotated[str | None, typer.Option(help="A GGUF file for her brain.")]
VoiceOption = Annotated[str | None, typer.Option(help="hibari (embedded) or edge (online).")]
PortOption = Annotated[int | None, typer.Option(help="Where the overlay is served.")]
SpeedOption = Annotated[float | None, typer.Option(help="How many times faster the recording is played.")]
ForOption = Annotated[float | None, typer.Option("--for", help="End by itself after so many seconds.", min=0)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")]

app = typer.Typer(
    name="banban",
    help="Puts an AI VTuber on air.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # to load rich takes longer than all the rest of `banban --help`
)
models = typer.Typer(
    name="models",
    help="Models for her brain: which are here, and which fit this machine.",
    rich_markup_mode=None,
)
app.add_typer(models)


def _path(given: str | None) -> str | None:
    """A path from the command line counts from the working folder, not from config.toml's."""
    return str(Path(given).expanduser().absolute()) if given else None


@app.command()
def live(
    *,
    config: ConfigOption = None,
    character: CharacterOption = None,
    model: ModelOption = None,
    voice: VoiceOption = None,
    port: PortOption = None,
    twitch: Annotated[
        list[str] | None, typer.Option(help="A Twitch channel to read, no account needed.")
    ] = None,
    youtube: Annotated[
        list[str] | None, typer.Option(help="A YouTube stream or channel to read, no account needed.")
    ] = None,
    replay: Annotated[str | None, typer.Option(help="A recorded chat to play.")] = None,
    speed: SpeedOption = None,
    console: Annotated[bool | None, typer.Option(help="Whether lines typed here are chat.")] = None,
    for_: ForOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Go on air: listen to chat, answer, speak, and show her in the overlay."""
    from vtuber.app.live import command

    flags = {
        "show.character": character,
        "brain.model": _path(model),
        "voice.use": voice,
        "stage.port": port,
        "chat.twitch.channels": twitch or None,
        "chat.youtube.streams": youtube or None,
        "chat.replay.file": _path(replay),
        "chat.replay.speed": speed,
        "chat.console": console,
    }
    command(config, flags, seconds=for_, verbose=verbose)


@app.command()
def rehearse(
    *,
    file: Annotated[str, typer.Argument(help="A recorded chat: Twitch VOD, chat-downloader, or a journal.")],
    config: ConfigOption = None,
    character: CharacterOption = None,
    model: ModelOption = None,
    voice: VoiceOption = None,
    speed: SpeedOption = None,
    seed: Annotated[
        int | None, typer.Option(help="Make the same choices each time; the chat waits while she thinks.")
    ] = None,
    for_: ForOption = None,
    json_: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
    verbose: VerboseOption = False,
) -> None:
    """Play a recorded chat through the real show, and see how it goes."""
    from vtuber.app.rehearse import command

    flags = {
        "show.character": character,
        "brain.model": _path(model),
        "voice.use": voice,
        "chat.replay.file": _path(file),
        "chat.replay.speed": speed,
    }
    command(config, flags, seed=seed, seconds=for_, figures=json_, verbose=verbose)


@app.command()
def chat(
    *,
    config: ConfigOption = None,
    character: CharacterOption = None,
    model: ModelOption = None,
    as_: Annotated[str, typer.Option("--as", help="What she calls you.")] = "",
    verbose: VerboseOption = False,
) -> None:
    """Talk with her here, without a stream."""
    from vtuber.app.chat import command

    flags = {"show.character": character, "brain.model": _path(model)}
    command(config, flags, name=as_, verbose=verbose)


@app.command()
def check(
    *,
    config: ConfigOption = None,
    character: CharacterOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Try every part, and say what to do about those that do not work."""
    from vtuber.app.check import command

    flags = {"show.character": character, "brain.model": _path(model)}
    if not command(config, flags, as_json=as_json, verbose=verbose):
        raise typer.Exit(1)


class Platform(StrEnum):
    """Where she can have an account."""

    TWITCH = "twitch"


Where = Annotated[Platform, typer.Argument(help="Where the account is.")]


@app.command()
def login(*, platform: Where, config: ConfigOption = None, verbose: VerboseOption = False) -> None:  # noqa: ARG001  # one so far
    """Log her in to an account, with a code that you enter in a browser."""
    from vtuber.app import terminal
    from vtuber.app.login import log_in_at_twitch
    from vtuber.app.running import run, settings_of

    with settings_of(config, {}, verbose=verbose) as settings:
        rights = run(lambda: log_in_at_twitch(settings, terminal.tell))
    if rights is None:
        terminal.tell("stopped: no account was logged in")
        raise typer.Exit(1)
    terminal.show_health("what she may do there", rights)


@app.command()
def logout(
    *,
    platform: Where,  # noqa: ARG001  # one so far
    name: Annotated[str, typer.Argument(help="The account; without it, all of them.")] = "",
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Forget an account, here and there."""
    from vtuber.app import terminal
    from vtuber.app.login import log_out_at_twitch
    from vtuber.app.running import run, settings_of

    with settings_of(config, {}, verbose=verbose) as settings:
        run(lambda: log_out_at_twitch(settings, terminal.tell, name))


@models.callback(invoke_without_command=True)
def list_models(context: typer.Context, *, config: ConfigOption = None, model: ModelOption = None) -> None:
    """List the models on this machine, and say which of them fit."""
    if context.invoked_subcommand is None:
        from vtuber.app.models import command

        command(config, {"brain.model": _path(model)})


@models.command("get")
def get_model(
    name: Annotated[
        str | None, typer.Argument(help="owner/repo, owner/repo:Q4_K_M, or a name of the list.")
    ] = None,
) -> None:
    """Fetch a model from the hub: of a repository, what fits this machine best. Without a name: a list."""
    from vtuber.app.models import get

    get(name)


@app.callback(invoke_without_command=True)
def _root(
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    if version:
        sys.stdout.write(f"banban {__version__}\n")
        raise typer.Exit
