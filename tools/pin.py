"""Pins the versions that were tested, so that a fresh install next month gets the same ones.

    python tools/pin.py             after a change of dependencies in pyproject.toml
    python tools/pin.py --upgrade   to take the newest versions of everything
    python tools/pin.py --check     to compare the pins with uv.lock

uv.lock stays out of the repository, because it is full of download addresses. In its place stand

- in pyproject.toml, between two remarks, the exact version of every package on every system and Python:
  whatever uv does in this folder obeys them (run, sync, build, pip install);
- in constraints.txt the same with the hashes of every file, to install the wheel elsewhere, where nothing
  reads pyproject.toml: docs/operating.md has the command, with the override and the build's variable.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "# The pins, written by tools/pin.py:\n", "# The end of the pins.\n"
BUILD_TOOLS = {
    "banban": ["hatchling"],
    "llama-cpp-python": ["scikit-build-core[pyproject]", "cmake", "ninja"],
}
"""What the packages are built with that have no wheel."""

Pins = dict[str, frozenset[str]]
"""Hashes by requirement: "numpy==2.4.6 ; python_full_version < '3.12'"."""


def uv(*arguments: str, folder: Path = ROOT, given: str | None = None) -> str:
    """What uv prints. Ends the program when uv fails, after uv has said why."""
    command = ["uv", *arguments]
    done = subprocess.run(command, cwd=folder, input=given, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"uv {' '.join(arguments)} failed")
    return done.stdout


def parse(requirements: str) -> Pins:
    """Reads a requirements file with hashes."""
    text = "\n".join(line for line in requirements.splitlines() if not line.lstrip().startswith("#"))
    pins: Pins = {}
    for entry in text.replace("\\\n", " ").splitlines():
        requirement, *hashes = re.split(r"\s+--hash=", entry.strip())
        if requirement:
            pins[requirement.strip()] = frozenset(hashes)
    return pins


def locked(folder: Path = ROOT, *options: str) -> Pins:
    """Every package that the folder's uv.lock holds, on any system, but banban itself."""
    return parse(
        uv(
            "export",
            "--quiet",
            "--all-groups",
            "--no-emit-project",
            "--no-header",
            "--no-annotate",
            *options,
            folder=folder,
        )
    )


def build_tools(pins: Pins) -> Pins:
    """The newest tools that build what has no wheel, and what those need in turn."""
    wanted = "\n".join(tool for tools in BUILD_TOOLS.values() for tool in tools)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.write("\n".join(pins))
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--constraints", file.name]
    printed = ["--quiet", "--no-header", "--no-annotate"]
    try:
        # Elsewhere than in ROOT, whose pins would bind them.
        return parse(
            uv("pip", "compile", *options, *printed, "-", given=wanted, folder=Path(file.name).parent)
        )
    finally:
        Path(file.name).unlink()


def pinned(pyproject: str, kind: str) -> list[str]:
    """The pins in pyproject.toml: ``kind`` is "constraint" or "build-constraint"."""
    found: list[str] = tomllib.loads(pyproject)["tool"]["uv"][f"{kind}-dependencies"]
    return found


def with_pins(pyproject: str, packages: list[str], tools: list[str]) -> str:
    """pyproject.toml with these pins in the place of those that it had."""
    before, rest = pyproject.split(BEGIN)
    after = rest.split(END)[1]
    block = "".join(
        f"{kind}-dependencies = [\n" + "".join(f'    "{requirement}",\n' for requirement in pins) + "]\n"
        for kind, pins in (("constraint", packages), ("build-constraint", tools))
    )
    return before + BEGIN + block + END + after


def as_constraints(packages: Pins, tools: Pins) -> str:
    """constraints.txt: packages first, then the tools that are no packages of ours too."""
    lines = ["# Written by tools/pin.py, which says what this is for."]
    for requirement, hashes in (
        packages | {tool: tools[tool] for tool in tools if tool not in packages}
    ).items():
        lines.append(" \\\n".join([requirement, *(f"    --hash={value}" for value in sorted(hashes))]))
    return "\n".join(lines) + "\n"


def pin(*, upgrade: bool) -> None:
    """Resolves anew without the old pins, and writes the new ones."""
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "pyproject.toml").write_text(with_pins(pyproject, [], []), encoding="utf-8")
        (folder / "README.md").touch()
        if (ROOT / "uv.lock").exists():
            shutil.copy(ROOT / "uv.lock", folder)
        uv("lock", *(["--upgrade"] if upgrade else []), folder=folder)
        packages = locked(folder)
    tools = build_tools(packages)
    (ROOT / "pyproject.toml").write_text(with_pins(pyproject, list(packages), list(tools)), encoding="utf-8")
    (ROOT / "constraints.txt").write_text(as_constraints(packages, tools), encoding="utf-8")
    uv("lock")


def differences() -> list[str]:
    """In what uv.lock, the pins and constraints.txt do not agree; empty when all is well."""
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    packages, tools = set(pinned(pyproject, "constraint")), set(pinned(pyproject, "build-constraint"))
    constraints = parse((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    lock = locked(ROOT, "--locked", "--offline")
    found = [f"{name} is in uv.lock and not pinned" for name in sorted(lock.keys() - packages)]
    found += [f"{name} is pinned and not in uv.lock" for name in sorted(packages - lock.keys())]
    found += [f"{name} is not in constraints.txt" for name in sorted((packages | tools) - constraints.keys())]
    found += [f"{name} is only in constraints.txt" for name in sorted(constraints.keys() - packages - tools)]
    # New files of an old version (for a new Python, say) may appear; those that were pinned must be the same.
    found += [
        f"{name} has other hashes in uv.lock than in constraints.txt"
        for name, hashes in constraints.items()
        if not hashes or (name in lock and not hashes <= lock[name])
    ]
    return found


def main() -> None:
    """Pins, or checks the pins."""
    if "--check" not in sys.argv:
        pin(upgrade="--upgrade" in sys.argv)
    if wrong := differences():
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
