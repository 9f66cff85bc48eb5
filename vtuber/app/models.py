"""`banban models` and `banban models get`: which models are here, and fetching others."""

from __future__ import annotations

from typing import Annotated

import typer

from vtuber.app import terminal
from vtuber.app.options import Config, Model, path, settings_of
from vtuber.models import machine, store

app = typer.Typer(help="Models for her brain: what is here, and what fits this machine.")


@app.callback(invoke_without_command=True)
def models(context: typer.Context, *, config: Config = None, model: Model = None) -> None:
    """List the models on this machine, and say which of them fit."""
    if context.invoked_subcommand is not None:
        return
    terminal.set_up_logging(verbose=False)
    with settings_of(config, {"brain.model": path(model)}) as settings:
        with terminal.Starting() as progress:
            found = store.look(settings, progress)
        terminal.show_models(*found, machine.this())


@app.command("get")
def fetch(
    name: Annotated[
        str | None, typer.Argument(help="owner/repo, owner/repo:Q4_K_M, or see the list.")
    ] = None,
) -> None:
    """Fetch a model from the hub: of a repository, what fits this machine best. Without a name: a list."""
    terminal.set_up_logging(verbose=False)
    if name is None:
        terminal.show_choices()
        return
    from vtuber.models import get  # noqa: PLC0415  # the list need not load the hub's library

    with terminal.Fetching() as watch:
        model = get.get(name, machine.this(), watch)
    terminal.show_fetched(model)
