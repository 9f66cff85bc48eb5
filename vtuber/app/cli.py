"""The command line: `banban live`, `chat`, `check`, `guard`, `audit`, `character`, `login`, `models` …

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
    Path | None, typer.Option("--config", help="Settings file. Default: config.toml in this folder.")
]
CharacterOption = Annotated[str | None, typer.Option(help="Character: a folder in characters/, or a path.")]
ModelOption = Annotated[
    str | None, typer.Option(help="Language model: path of a GGUF file, or a name from `banban models get`.")
]
VoiceOption = Annotated[str | None, typer.Option(help="Voice: a name from `banban voices`.")]
PortOption = Annotated[int | None, typer.Option(help="Port of the overlay's web server.")]
RECORDINGS = "a file of yt-dlp, TwitchDownloader or chat-downloader, pages of an API, or a journal"
SpeedOption = Annotated[float | None, typer.Option(help="Play the recording this many times faster.")]
ForOption = Annotated[float | None, typer.Option("--for", help="Stop after this many seconds.", min=0)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
PlainOption = Annotated[bool, typer.Option("--plain", help="No colours, and no line editor.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Print more log lines.")]

app = typer.Typer(
    name="banban",
    help="Run an AI VTuber who answers your live chat.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # to load rich takes longer than all the rest of `banban --help`
)
models = typer.Typer(
    name="models",
    help="List the models on this machine, or download one.",
    rich_markup_mode=None,
)
app.add_typer(models)
voices = typer.Typer(
    name="voices",
    help="List the voices and what they can here, or download one.",
    rich_markup_mode=None,
)
app.add_typer(voices)
characters = typer.Typer(
    name="character",
    help="Make your own character, copy one, or check one.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(characters)
obs = typer.Typer(
    name="obs",
    help="Make OBS ready for a show, or say what is wrong with it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(obs)


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
        list[str] | None, typer.Option(help="Twitch channel to read. No account needed. May be repeated.")
    ] = None,
    youtube: Annotated[
        list[str] | None,
        typer.Option(help="YouTube stream or channel to read. No account needed. May be repeated."),
    ] = None,
    replay: Annotated[str | None, typer.Option(help=f"Recorded chat to play: {RECORDINGS}.")] = None,
    speed: SpeedOption = None,
    console: Annotated[bool | None, typer.Option(help="Read lines typed in this terminal as chat.")] = None,
    dry: Annotated[
        bool,
        typer.Option("--dry", help="Hear the channel, but make no sound, and do nothing there or in OBS."),
    ] = False,
    show: Annotated[
        list[Path] | None,
        typer.Option(help="Settings file of one of several shows side by side. To be repeated."),
    ] = None,
    for_: ForOption = None,
    plain: PlainOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Start the show: read chat, answer aloud, show the overlay."""
    from vtuber.app import live, side_by_side

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
    if not show:
        live.command(config, flags, seconds=for_, verbose=verbose, plain=plain, dry=dry)
        return
    if config is not None:
        raise typer.BadParameter("give each show's settings file with --show, and no --config")
    side_by_side.command(show, flags, seconds=for_, verbose=verbose, plain=plain, dry=dry)


@app.command()
def rehearse(
    *,
    file: Annotated[str | None, typer.Argument(metavar="FILE", help=f"Recorded chat: {RECORDINGS}.")] = None,
    config: ConfigOption = None,
    character: CharacterOption = None,
    model: ModelOption = None,
    voice: VoiceOption = None,
    speed: SpeedOption = None,
    seed: Annotated[
        int | None, typer.Option(help="Make the same choices in every run, in simulated time.")
    ] = None,
    no_model: Annotated[
        bool, typer.Option("--no-model", help="Without a model and a voice: she says lines of her examples.")
    ] = False,
    record: Annotated[
        Path | None, typer.Option(help="Write all that was decided to this file, to compare with later.")
    ] = None,
    expect: Annotated[
        Path | None,
        typer.Option(help="Play it as this record was played; exit status 1 if it goes otherwise."),
    ] = None,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="A B", help="Play nothing: say where two records or journals part."),
    ] = None,
    for_: ForOption = None,
    json_: Annotated[Path | None, typer.Option("--json", help="Also write the results to this file.")] = None,
    verbose: VerboseOption = False,
) -> None:
    """Play a recorded chat through a full show and print the delays.

    A show becomes a test: record it once with --record, and after each change play it with --expect.
    """
    if compare:
        from vtuber.app.comparison import command as compared

        if not compared(*compare):
            raise typer.Exit(1)
        return
    if file is None:
        raise typer.BadParameter("name the recorded chat to play", param_hint="FILE")
    from vtuber.app.rehearse import command

    flags = {
        "show.character": character,
        "brain.model": _path(model),
        "voice.use": voice,
        "chat.replay.file": _path(file),
        "chat.replay.speed": speed,
    }
    as_expected = command(
        config,
        flags,
        no_model=no_model,
        seed=seed,
        seconds=for_,
        figures=json_,
        record=record,
        expect=expect,
        verbose=verbose,
    )
    if not as_expected:
        raise typer.Exit(1)


@app.command()
def chat(
    *,
    config: ConfigOption = None,
    character: CharacterOption = None,
    model: ModelOption = None,
    as_: Annotated[str, typer.Option("--as", help="Your name in the chat.")] = "",
    plain: PlainOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Talk with the character in this terminal."""
    from vtuber.app.chat import command

    flags = {"show.character": character, "brain.model": _path(model)}
    command(config, flags, name=as_, verbose=verbose, plain=plain)


@app.command()
def check(
    *,
    config: ConfigOption = None,
    character: CharacterOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Test every part, and say how to fix what does not work."""
    from vtuber.app.check import command

    flags = {"show.character": character, "brain.model": _path(model)}
    if not command(config, flags, as_json=as_json, verbose=verbose):
        raise typer.Exit(1)


@app.command()
def say(
    text: Annotated[str, typer.Argument(help="What she is to say.")],
    *,
    out: Annotated[Path | None, typer.Option(help="Write this WAV file instead of playing it.")] = None,
    config: ConfigOption = None,
    character: CharacterOption = None,
    voice: VoiceOption = None,
) -> None:
    """Say a text in her voice."""
    from vtuber.app.say import command

    command(config, {"show.character": character, "voice.use": voice}, text=text, out=out)


class AtDoor(StrEnum):
    """Where a text is on its way to (``vtuber.guard.Door``)."""

    MESSAGE = "message"
    NAME = "name"
    PROMPT = "prompt"
    SPOKEN = "spoken"
    SHOWN = "shown"
    WRITTEN = "written"


@app.command()
def guard(
    text: Annotated[str | None, typer.Argument(help="The text to judge.")] = None,
    *,
    file: Annotated[
        str | None, typer.Option(help="Judge each line of this file (UTF-8). -: the standard input.")
    ] = None,
    door: Annotated[
        AtDoor | None, typer.Option(help="Where the text goes. Default: all; for a file, spoken.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    character: CharacterOption = None,
) -> None:
    """Say what the guard makes of a text: what would happen, and why."""
    from vtuber.app.guard import command
    from vtuber.guard import Door

    flags = {"show.character": character}
    command(config, flags, text=text, file=file, door=Door(door) if door else None, as_json=as_json)


@app.command()
def audit(
    journal: Annotated[
        Path | None, typer.Argument(help="A show's journal, plain or gzipped. Default: the newest.")
    ] = None,
    *,
    message: Annotated[
        str | None, typer.Option(help="Only what has to do with the message of this id.")
    ] = None,
    viewer: Annotated[
        str | None, typer.Option(help="Only what has to do with this viewer's messages.")
    ] = None,
    minute: Annotated[
        str | None, typer.Option(metavar="HH:MM", help="Only this minute, counted from the show's beginning.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Say what was said in a show, in answer to whom, and what the guard made of it."""
    from vtuber.app.audit import command

    command(config, journal, message=message, viewer=viewer, minute=minute, as_json=as_json)


@app.command()
def report(
    journal: Annotated[
        Path | None, typer.Argument(help="A show's journal, plain or gzipped. Default: the newest.")
    ] = None,
    *,
    out: Annotated[Path | None, typer.Option(help="Where the page is written. Default: this folder.")] = None,
    language: Annotated[str, typer.Option(help="Language of the page: en or zh-TW.")] = "en",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Write a page about a show: who paid, delays, what was stopped, moments worth a clip."""
    from vtuber.app.report import command

    command(config, journal, out=out, language=language, as_json=as_json)


class Part(StrEnum):
    """What a backup may hold (``vtuber.app.archive.Part``)."""

    SETTINGS = "settings"
    CHARACTERS = "characters"
    MEMORY = "memory"
    PENDING = "pending"
    TOKENS = "tokens"


OnlyOption = Annotated[list[Part] | None, typer.Option(help="Only this part. May be repeated.")]


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write, such as banban.zip.")],
    *,
    config: ConfigOption = None,
    only: OnlyOption = None,
    tokens: Annotated[
        bool, typer.Option("--tokens", help="Also the accounts that are logged in, and the panel's keys.")
    ] = False,
) -> None:
    """Write settings, characters, memory and what viewers are owed to one file, for another machine."""
    from vtuber.app import archive
    from vtuber.app.backup import back_up

    back_up(config, file, only=[archive.Part(part) for part in only or ()], tokens=tokens)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file of `banban backup`.")],
    *,
    config: ConfigOption = None,
    only: OnlyOption = None,
    tokens: Annotated[bool, typer.Option("--tokens", help="Also the tokens that are in it.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Do not keep what stands here now in a file of its own.")
    ] = False,
) -> None:
    """Put what a backup holds in its place. What stands there is kept in a file of its own."""
    from vtuber.app import archive
    from vtuber.app.restore import restore as put_back

    parts = [archive.Part(part) for part in only or ()]
    put_back(config, file, only=parts, tokens=tokens, replace=replace)


class Platform(StrEnum):
    """Where an account can be used."""

    TWITCH = "twitch"


Where = Annotated[Platform, typer.Argument(help="Platform of the account.")]


@app.command()
def login(*, platform: Where, config: ConfigOption = None, verbose: VerboseOption = False) -> None:  # noqa: ARG001  # one so far
    """Log in with a code that you enter in a browser."""
    from vtuber.app import terminal
    from vtuber.app.login import log_in_at_twitch
    from vtuber.app.running import run, settings_of

    with settings_of(config, {}, verbose=verbose) as settings:
        rights = run(lambda: log_in_at_twitch(settings, terminal.tell))
    if rights is None:
        terminal.tell("stopped: no account is logged in")
        raise typer.Exit(1)
    terminal.show_health("what this account allows", rights)


@app.command()
def logout(
    *,
    platform: Where,  # noqa: ARG001  # one so far
    name: Annotated[str, typer.Argument(help="Name of the account. Default: all accounts.")] = "",
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Log out, and revoke what you allowed."""
    from vtuber.app import terminal
    from vtuber.app.login import log_out_at_twitch
    from vtuber.app.running import run, settings_of

    with settings_of(config, {}, verbose=verbose) as settings:
        run(lambda: log_out_at_twitch(settings, terminal.tell, name))


@models.callback(invoke_without_command=True)
def list_models(context: typer.Context, *, config: ConfigOption = None, model: ModelOption = None) -> None:
    """List the models on this machine, or download one."""
    if context.invoked_subcommand is None:
        from vtuber.app.models import command

        command(config, {"brain.model": _path(model)})


@models.command("get")
def get_model(
    name: Annotated[
        str | None, typer.Argument(help="A name from the list, owner/repo, or owner/repo:Q4_K_M.")
    ] = None,
) -> None:
    """Download a model that fits this machine. Without a name: list some."""
    from vtuber.app.models import get

    get(name)


@voices.callback(invoke_without_command=True)
def list_voices(
    context: typer.Context, *, config: ConfigOption = None, character: CharacterOption = None
) -> None:
    """List the voices and what they can here, or download one."""
    if context.invoked_subcommand is None:
        from vtuber.app.voices import command

        command(config, {"show.character": character})


@voices.command("get")
def get_voice(
    name: Annotated[str | None, typer.Argument(help="A voice, such as kokoro.")] = None,
) -> None:
    """Download what a voice needs to speak without a network. Without a name: list those that need it."""
    from vtuber.app.voices import get

    get(name)


@characters.command("new")
def new_character(
    *,
    folder: Annotated[str, typer.Argument(metavar="NAME", help="Her name, such as luna.")],
    name: Annotated[str | None, typer.Option(help="Her name, as viewers see it.")] = None,
    who: Annotated[str | None, typer.Option(help="Who she is, in a sentence or two.")] = None,
    languages: Annotated[str | None, typer.Option(help="What she speaks: English, Chinese…")] = None,
    loves: Annotated[str | None, typer.Option(help="What she loves.")] = None,
    talks: Annotated[str | None, typer.Option(help="How she talks, and what she never does.")] = None,
    face: Annotated[str | None, typer.Option(help="Her picture: a PNG, JPG, WebP or SVG to copy.")] = None,
) -> None:
    """Make a character in characters/NAME. What you do not give here is asked."""
    from vtuber.app.character import new

    given = {"name": name, "who": who, "languages": languages, "loves": loves, "talks": talks}
    new(folder, given, face)


@characters.command("copy")
def copy_character(
    source: Annotated[str, typer.Argument(help="A character, such as banban, or the path of a folder.")],
    folder: Annotated[str, typer.Argument(metavar="NEW", help="Name of the copy.")],
) -> None:
    """Copy a character to characters/NEW, to change it."""
    from vtuber.app.character import copy

    copy(source, folder)


@characters.command("check")
def check_character(
    name: Annotated[
        str | None, typer.Argument(help="A folder in characters/, or a path. Default: show.character.")
    ] = None,
    *,
    config: ConfigOption = None,
) -> None:
    """Say what is wrong with a character, and what she can do."""
    from vtuber.app.character import check

    if not check(config, {"show.character": name}):
        raise typer.Exit(1)


@obs.command("setup")
def set_up_obs(*, config: ConfigOption = None, port: PortOption = None) -> None:
    """Make the scene and the sources in OBS, or mend them. Yours are left alone."""
    from vtuber.app.obs import setup

    if not setup(config, {"stage.port": port}):
        raise typer.Exit(1)


@obs.command("check")
def check_obs(
    *, config: ConfigOption = None, character: CharacterOption = None, port: PortOption = None
) -> None:
    """Say why viewers do not see or hear her in OBS, and what to click."""
    from vtuber.app.obs import check

    if not check(config, {"stage.port": port, "show.character": character}):
        raise typer.Exit(1)


@app.callback(invoke_without_command=True)
def _root(
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        sys.stdout.write(f"banban {__version__}\n")
        raise typer.Exit
