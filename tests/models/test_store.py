"""Which models are found, and how `banban models` shows them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from gguf_props import WHOLE, gguf, pair, text
from typer.testing import CliRunner

from vtuber.app.cli import app
from vtuber.config import Brain, Settings
from vtuber.models import gguf as gguf_files
from vtuber.models import store


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(store, "folder", lambda: tmp_path / "data" / "models")


def look(settings: Settings) -> tuple[list[store.StoredModel], list[store.Malformed]]:
    return store.look(settings, lambda *_: None)


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
    models, malformed = look(Settings(brain=Brain(model=str(mine))))
    assert {model.header.path.stem for model in models} == {"one", "two", "three", "mine", "neighbour"}
    assert not malformed


def test_the_embedded_one_is_there_and_a_file_counts_once(tmp_path: Path) -> None:
    real = put(tmp_path / "models/one.gguf")
    (tmp_path / "models/link.gguf").symlink_to(real)
    (tmp_path / "models/nowhere.gguf").symlink_to(tmp_path / "gone")
    models, _ = look(Settings())
    assert len(models) == 2
    assert "SmolLM2" in str(models[1].header.path)


def test_eyes_are_no_model_and_belong_to_what_lies_beside_them(tmp_path: Path) -> None:
    put(tmp_path / "models/a/seeing.gguf")
    put(tmp_path / "models/a/mmproj.gguf", gguf([pair("general.architecture", 8, text("clip"))]))
    put(tmp_path / "models/b/blind.gguf")
    models, _ = look(Settings())
    eyes = {model.header.path.stem: model.has_projector for model in models}
    assert eyes["seeing"]
    assert not eyes["blind"]
    assert "mmproj" not in eyes


def test_a_split_model_is_one_and_lacks_no_part(tmp_path: Path) -> None:
    for part in (1, 2):
        put(tmp_path / f"models/whole-0000{part}-of-00002.gguf")
    put(tmp_path / "models/lacking-00001-of-00002.gguf")
    put(tmp_path / "models/headless-00002-of-00002.gguf")
    models, malformed = look(Settings())
    [whole] = [model.header for model in models if "whole" in model.header.path.name]
    assert whole.path.name == "whole-00001-of-00002.gguf"
    assert (whole.size, whole.parameters) == (2 * len(WHOLE), 2 * 6410)
    assert {(file.path.stem, file.why) for file in malformed} == {
        ("lacking-00001-of-00002", "lacking-00002-of-00002.gguf is missing"),
        ("headless-00002-of-00002", "headless-00001-of-00002.gguf is missing"),
    }


def test_one_bad_file_hides_no_other(tmp_path: Path) -> None:
    put(tmp_path / "models/good.gguf")
    put(tmp_path / "models/empty.gguf", b"")
    deep = gguf([text("x") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 10_000])
    put(tmp_path / "models/deep.gguf", deep)
    put(tmp_path / "models/zeros.gguf", gguf([]) + bytes(1000))
    put(tmp_path / "models/folder.gguf/inside.gguf")
    (tmp_path / "models/loop.gguf").symlink_to(tmp_path / "models/loop.gguf")
    models, malformed = look(Settings())
    assert {"good", "inside", "zeros"} <= {model.header.path.stem for model in models}
    assert {file.path.stem for file in malformed} == {"empty", "deep"}


def test_what_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "models/good.gguf")
    mine = put(tmp_path / "models/mine.gguf")
    read = gguf_files.read

    def forbid(
        path: Path,
    ) -> gguf_files.Header:  # root may read everything, so the system cannot be had to say it
        if path == mine:
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(gguf_files, "read", forbid)
    models, malformed = look(Settings())
    assert "good" in {model.header.path.stem for model in models}
    assert [(file.path.stem, file.why) for file in malformed] == [("mine", "Permission denied")]


def test_below_the_folder_of_a_model_of_ones_own_nothing_is_looked_for(tmp_path: Path) -> None:
    mine = put(tmp_path / "mine.gguf")
    put(tmp_path / "photos/other.gguf")
    models, _ = look(Settings(brain=Brain(model=str(mine))))
    assert {model.header.path.stem for model in models} == {"mine"}


def test_progress_is_reported_per_file(tmp_path: Path) -> None:
    for number in range(3):
        put(tmp_path / f"models/{number}.gguf")
    shares: list[float] = []
    store.look(Settings(), lambda share, _: shares.append(share))
    assert shares == [0, 0.25, 0.5, 0.75]


def test_the_command_shows_them_and_what_is_malformed(tmp_path: Path) -> None:
    put(tmp_path / "models/mine.gguf")
    put(tmp_path / "models/cut.gguf", WHOLE[:50])
    shown = CliRunner().invoke(app, ["models"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    for told in (
        "板板 8B",
        "Q4_K_M",
        "8192 tokens",
        "mine.gguf",
        "cut.gguf: the file is incomplete",
        "memory",
    ):
        assert told in shown.output.replace("\n", "")  # where a folder's name is long, a line is broken
