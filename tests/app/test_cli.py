"""The command line before a command runs: quick help, and a Ctrl-C that comes early."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "aiohttp",
    "asyncio",
    "httpx",
    "jinja2",
    "numpy",
    "onnxruntime",
    "prompt_toolkit",
    "rich",
    "twitchio",
}
OURS = {"vtuber.app.cli", "vtuber.app", "vtuber.core.errors", "vtuber.core", "vtuber"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["live", "--help"],
        ["guard", "--help"],
        ["audit", "--help"],
        ["models", "get", "--help"],
        ["character", "new", "--help"],
        ["--version"],
    ],
)
def test_help_loads_nothing_of_the_show(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "vtuber.app", *arguments],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "typer" in loaded
    assert not loaded & HEAVY
    assert "pydantic" not in loaded or arguments != ["--help"]  # typer itself needs it for arguments
    assert {name for name in loaded if name.startswith("vtuber")} == OURS
