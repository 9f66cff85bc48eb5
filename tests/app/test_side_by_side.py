"""Several shows in one process: each has its own chat, pages and journal, and none takes another with it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import scripted_server
from vtuber.app.side_by_side import _OneShow, _Progress, named
from vtuber.config import Settings
from vtuber.core.errors import ConfigError
from vtuber.show.show import Show

RECORDING = [
    {
        "time_in_seconds": 0.5,
        "message_id": "m1",
        "message": "banban, what do you eat today?",
        "author": {"id": "u1", "name": "Kai"},
        "message_type": "text_message",
    }
]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with scripted_server.running() as url:
        yield url


def show(folder: Path, name: str, url: str, port: int, more: str = "") -> str:
    """Writes a show's settings; returns the file's name."""
    chat = folder / f"{name}.json"
    chat.write_text(json.dumps(RECORDING), encoding="utf-8")
    (folder / f"{name}.toml").write_text(
        f'{more}\n[brain]\nuse = "openai"\nopenai.url = "{url}"\n[voice]\nuse = "silent"\n'
        f'[memory]\nuse = "forgetful"\n[stage]\nport = {port}\n[chat.replay]\nfile = "{name}.json"\n'
        f'[journal]\nfolder = "journals of {name}"\n',
        encoding="utf-8",
    )
    return f"{name}.toml"


def live(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vtuber.app", "live", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        check=False,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "COLUMNS": "200", "PYTHONUTF8": "1"},
        timeout=120,
    )


def heard(folder: Path, name: str) -> list[str]:
    (journal,) = (folder / f"journals of {name}").glob("*.jsonl")
    rows = map(json.loads, journal.read_text(encoding="utf-8").splitlines())
    return [row["heard"] for row in rows if row["kind"] == "reply"]


def test_each_answers_its_own_chat_and_one_that_cannot_begin_leaves_the_others_on_air(
    tmp_path: Path, server: str
) -> None:
    files = [show(tmp_path, name, server, 0) for name in ("north", "south")]
    files.append(show(tmp_path, "lost", server, 0, '[show]\ncharacter = "nobody"'))
    done = live(tmp_path, *(word for file in files for word in ("--show", file)), "--for", "6")

    assert done.returncode == 1
    assert re.search("(?m)^lost: lost.toml:2, show.character: ", done.stderr), done.stderr
    for name in ("north", "south"):
        assert f"{name}: 板板 is on air" in done.stdout
        assert f"{name}: the show is over" in done.stdout
        assert heard(tmp_path, name) == [scripted_server.REPLY]


def test_a_defect_in_one_leaves_the_others_on_air(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async def run(_: Show, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Show, "run", run)
    monkeypatch.setattr("platformdirs.user_log_path", lambda *_, **__: tmp_path)
    failed: list[str] = []
    settings = Settings.model_validate(
        {"brain": {"use": "scripted"}, "voice": {"use": "silent"}, "memory": {"use": "forgetful"}}
    )
    one = _OneShow("south", Path("south.toml"), {}, _Progress(1), failed)
    asyncio.run(one.run(settings, seconds=None, dry=True))
    assert failed == ["south"]
    told = capsys.readouterr().err
    assert "south: a bug in banban stopped the show; the details are in" in " ".join(told.split())


def test_two_shows_cannot_have_one_port(tmp_path: Path, server: str) -> None:
    files = [show(tmp_path, name, server, 7999) for name in ("north", "south")]
    done = live(tmp_path, *(word for file in files for word in ("--show", file)))
    assert done.returncode == 1
    assert "the shows north and south both want port 7999" in done.stderr
    assert "stage.port = 8000 in south.toml" in done.stderr


def test_shows_are_named_by_their_files() -> None:
    files = [Path("a/config.toml"), Path("b/config.toml"), Path("c.toml")]
    assert list(named(files)) == ["a/config", "b/config", f"{Path.cwd().name}/c"]
    with pytest.raises(ConfigError, match="given twice"):
        named([Path("a.toml"), Path("./a.toml")])
