"""Which models are found, and how `banban models` shows them."""

from __future__ import annotations

from pathlib import Path

import pytest
from gguf_props import WHOLE, gguf, pair, text
from typer.testing import CliRunner

from vtuber.cli import app
from vtuber.config import Brain, Settings
from vtuber.models import shelf


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(shelf, "folder", lambda: tmp_path / "data" / "models")


def put(path: Path, content: bytes = WHOLE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_every_usual_place_is_looked_at(tmp_path: Path) -> None:
    put(tmp_path / "data/models/a/one.gguf")
    put(tmp_path / "models/two.gguf")
    put(tmp_path / ".lmstudio/models/x/y/three.gguf")
    mine = put(tmp_path / "elsewhere/mine.gguf")
    put(tmp_path / "elsewhere/neighbour.gguf")
    put(tmp_path / "not-a-place/lost.gguf")
    models, odd = shelf.look(Settings(brain=Brain(model=str(mine))))
    assert {model.header.path.stem for model in models} == {"one", "two", "three", "mine", "neighbour"}
    assert not odd


def test_the_embedded_one_is_there_and_a_file_counts_once(tmp_path: Path) -> None:
    real = put(tmp_path / "models/one.gguf")
    (tmp_path / "models/link.gguf").symlink_to(real)
    (tmp_path / "models/nowhere.gguf").symlink_to(tmp_path / "gone")
    models, _ = shelf.look(Settings())
    assert len(models) == 2
    assert "SmolLM2" in str(models[1].header.path)


def test_eyes_are_no_model_and_belong_to_what_lies_beside_them(tmp_path: Path) -> None:
    put(tmp_path / "models/a/seeing.gguf")
    put(tmp_path / "models/a/mmproj.gguf", gguf([pair("general.architecture", 8, text("clip"))]))
    put(tmp_path / "models/b/blind.gguf")
    models, _ = shelf.look(Settings())
    eyes = {model.header.path.stem: model.eyes for model in models}
    assert eyes["seeing"]
    assert not eyes["blind"]
    assert "mmproj" not in eyes


def test_the_command_shows_them_and_what_is_odd(tmp_path: Path) -> None:
    put(tmp_path / "models/mine.gguf")
    put(tmp_path / "models/cut.gguf", WHOLE[:50])
    shown = CliRunner().invoke(app, ["models"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    for told in (
        "板板 8B",
        "Q4_K_M",
        "8192 tokens",
        "mine.gguf",
        "cut.gguf: the file is cut short",
        "memory",
    ):
        assert told in shown.output
