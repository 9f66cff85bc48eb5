"""The wheel, built and installed in an empty environment, goes on air from an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
STARTERS = "vtuber/character/starters"
Run = Callable[..., subprocess.CompletedProcess[str]]
OUTSIDE = dict(os.environ)
"""As it is when no test runs yet: uv keeps what it built in the user's cache."""


def uv(*arguments: str | Path, **variables: str) -> None:
    """Runs uv here, where pyproject.toml tells it how to build."""
    done = subprocess.run(
        ["uv", *arguments],
        cwd=ROOT,
        env=OUTSIDE | variables,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    uv("build", "--wheel", "--out-dir", folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def run(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a program of the new environment, from an empty folder and with its input closed."""
    base = tmp_path_factory.mktemp("installed")
    home, folder, venv = base / "home", base / "empty", base / "venv"
    home.mkdir()
    folder.mkdir()
    # The locked packages first, out of what the checkout's own installation left (one takes minutes to build,
    # and an index that does not confirm its old files would have it built again), then the wheel alone.
    packages = ("sync", "--frozen", "--offline", "--no-dev", "--no-install-project")
    uv(*packages, "--python", sys.executable, UV_PROJECT_ENVIRONMENT=str(venv))
    uv("pip", "install", "--offline", "--no-deps", "--python", venv, wheel)
    programs = venv / ("Scripts" if os.name == "nt" else "bin")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "BANBAN_", "VIRTUAL_"))
    }
    env = kept | {"HOME": str(home), "USERPROFILE": str(home), "LOCALAPPDATA": str(home), "PYTHONUTF8": "1"}
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        env.pop(name, None)

    def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [programs / program, *arguments],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert list(folder.iterdir()) == []
        return done

    return run


def test_all_that_the_program_needs_is_inside(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("characters", "overlays", "panel"):
        files = {file.relative_to(ROOT).as_posix() for file in (ROOT / folder).rglob("*") if file.is_file()}
        assert files
        assert {f"vtuber/shipped/{file}" for file in files} <= names
    modules = {file.relative_to(ROOT).as_posix() for file in (ROOT / "vtuber").rglob("*.py")}
    assert modules | {"vtuber/shipped/config.toml", "vtuber/py.typed"} <= names
    begun_with = {"placeholder.svg", *(f"starters/{file.name}" for file in (ROOT / STARTERS).glob("*.toml"))}
    assert len(begun_with) == 5
    assert {f"vtuber/character/{file}" for file in begun_with} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if "__pycache__" in name or "tests" in name]


def test_it_runs_from_the_new_environment(run: Run) -> None:
    where = run("python", "-c", "import vtuber; print(vtuber.__file__)").stdout
    assert str(ROOT) not in where


def test_it_asks_for_all_that_it_needs(run: Run) -> None:
    listing = (
        "import json; from importlib.metadata import distributions, requires as r;"
        "print(json.dumps([r('banban'), {d.name: d.version for d in distributions()}]))"
    )
    asked, listed = json.loads(run("python", "-c", listing).stdout)
    installed = {canonicalize_name(name): version for name, version in listed.items()}
    assert len(asked) > 10
    for needed in map(Requirement, asked):
        if needed.marker is None or needed.marker.evaluate():
            assert needed.specifier.contains(installed[canonicalize_name(needed.name)]), needed
    assert "pytest" not in installed


def test_help(run: Run) -> None:
    shown = run("banban", "--help").stdout
    for command in ("live", "rehearse", "chat", "check"):
        assert command in shown


def test_a_character_is_made_and_copied(run: Run, tmp_path: Path) -> None:
    elsewhere = "import os, sys; os.chdir(sys.argv.pop(1)); from vtuber.app.__main__ import main; main()"
    for words, told in (
        (["new", "luna"], "banban live --character luna"),
        (["copy", "banban", "mine"], "banban live --character mine"),
        (["check", "luna"], "Luna; chat calls her"),
        (["check", "mine"], "板板; chat calls her"),
    ):
        assert told in run("python", "-c", elsewhere, str(tmp_path), "character", *words).stdout
    assert (tmp_path / "characters" / "mine" / "face.svg").is_file()


def test_check_finds_every_part_in_working_order(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("stage.port = 0", encoding="utf-8")  # 8930 may be taken here
    parts = json.loads(run("banban", "check", "--json", "--config", str(tmp_path / "config.toml")).stdout)
    assert {"brain", "voice", "memory", "journal"} <= {part["part"] for part in parts}
    assert [part for part in parts if part["state"] == "down"] == []


def test_live_goes_on_air_and_ends_by_itself(run: Run) -> None:
    done = run("banban", "live", "--for", "5", "--port", "0")
    assert "is on air" in done.stdout
