"""The versions that were tested are the ones that are installed."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "tools"))

import pin  # noqa: E402  # a script, not a package

PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
CONSTRAINTS = pin.parse((ROOT / "constraints.txt").read_text(encoding="utf-8"))


def test_pins_cover_the_whole_resolution_and_agree_with_each_other() -> None:
    assert pin.differences() == []


def test_every_pin_is_one_version_with_hashes() -> None:
    for requirement, hashes in CONSTRAINTS.items():
        assert re.fullmatch(r"[a-z0-9-]+==[^ *,]+( ; .+)?", requirement)
        assert hashes
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", value) for value in hashes), requirement


def test_what_is_installed_here_is_what_is_pinned() -> None:
    pinned = {requirement.split(" ; ")[0] for requirement in CONSTRAINTS}
    names = {requirement.split("==")[0] for requirement in pinned}
    for package in distributions():
        name = re.sub(r"[-_.]+", "-", package.metadata["Name"]).lower()
        if name in names:
            assert f"{name}=={package.version}" in pinned


def test_whatever_has_no_wheel_has_its_build_tools_pinned() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    assert {package["name"] for package in lock["package"] if "wheels" not in package} == set(pin.BUILD_TOOLS)
    for tools in pin.BUILD_TOOLS.values():
        for tool in tools:
            name = tool.split("[")[0]
            assert any(
                requirement.startswith(f"{name}==")
                for requirement in pin.pinned(PYPROJECT, "build-constraint")
            )


def test_a_changed_hash_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = pin.locked

    def forged(*arguments: object) -> pin.Pins:
        return honest() | {next(iter(CONSTRAINTS)): frozenset({"sha256:" + "0" * 64})}

    monkeypatch.setattr(pin, "locked", forged)
    assert pin.differences() == [
        f"{next(iter(CONSTRAINTS))} has other hashes in uv.lock than in constraints.txt"
    ]


def test_no_committed_file_holds_a_download_address() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    hosts = "|".join(("pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npmjs"))
    address = re.compile(rf"https?://\S*({hosts}|\.(whl|gguf|zip|tar\.gz|tgz|deb|exe)\b)")
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file():
            found = address.search(path.read_bytes().decode("utf-8", errors="ignore"))
            assert found is None, f"{name}: {found and found.group()}"
    assert "uv.lock" not in listed
