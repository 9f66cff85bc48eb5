"""The house's own rules, read from the code: who may import whom, and what is owed to a reader."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import vtuber

ROOT = Path(vtuber.__file__).parent
PACKAGES = ("listeners", "brain", "voice", "stage")
GLANCE = 12
"""A function of so many lines explains itself."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def trees() -> dict[str, ast.Module]:
    """Every module by its dotted name: "errors", "brain", "brain.llama"."""
    found = {}
    for file in sorted(ROOT.rglob("*.py")):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix("__init__").rstrip(".")
        if name:
            found[name] = ast.parse(file.read_text(encoding="utf-8"))
    return found


def floors() -> dict[str, int]:
    """The floor of each module and package, as the docstring of vtuber says."""
    found: dict[str, int] = {}
    for number, names in re.findall(r"^(\d+)\. ([\w, ]+)", vtuber.__doc__ or "", re.MULTILINE):
        for name in names.split(","):
            assert name.strip() not in found, f"{name} is on two floors"
            found[name.strip()] = int(number)
    return found


def modules_in(*path: str) -> str:
    """The module that a dotted path leads to; the rest of it is a name in there."""
    while path and ".".join(path) not in trees():
        path = path[:-1]
    return ".".join(path)


def imported(nodes: Iterator[ast.AST]) -> set[str]:
    """Our own modules that the import statements among the nodes name."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the whole way"
            base = (node.module or "").split(".")
            paths = [[*base, alias.name] for alias in node.names]
        elif isinstance(node, ast.Import):
            paths = [alias.name.split(".") for alias in node.names]
        else:
            continue
        found |= {modules_in(*path[1:]) for path in paths if path[0] == "vtuber"}
    return found - {""}


def test_every_room_is_a_package_and_has_a_floor() -> None:
    rooms = {file.parent.name for file in ROOT.glob("*/__init__.py")}
    assert set(floors()) == {name.split(".")[0] for name in trees()} == rooms
    assert {name for name, floor in floors().items() if floor == floors()["brain"]} == set(PACKAGES)


def test_imports_go_down_the_floors_only() -> None:
    floor = floors()
    wrong = [
        f"{name} (floor {floor[own]}) imports {other} (floor {floor[top]})"
        for name, tree in trees().items()
        for other in sorted(imported(ast.walk(tree)))
        if (own := name.split(".")[0]) != (top := other.split(".")[0]) and floor[top] >= floor[own]
    ]
    assert wrong == []


def test_the_packages_of_parts_never_name_each_other() -> None:
    # Not even as text, by which the registry could load them.
    for package in PACKAGES:
        others = "|".join(other for other in PACKAGES if other != package)
        for file in (ROOT / package).rglob("*.py"):
            assert not re.search(rf"\bvtuber\.({others})\b", file.read_text(encoding="utf-8")), file


def is_package(name: str) -> bool:
    return (ROOT / name.replace(".", "/")).is_dir()


def room(name: str) -> str:
    """The package that a module stands in; a package is its own room."""
    return name if is_package(name) else name.rpartition(".")[0]


def test_no_rooms_import_each_other_in_a_circle() -> None:
    """Packages inside packages too: ``listeners.twitch`` and ``listeners.recordings`` are two rooms."""
    rooms: dict[str, set[str]] = {}
    for name, tree in trees().items():
        needed = {room(other) for other in imported(ast.walk(tree))}
        # A package and those inside it are one house: what they share stands in the outer one.
        mine = room(name)
        near = {
            other for other in needed if f"{mine}.".startswith(f"{other}.") or other.startswith(f"{mine}.")
        }
        rooms.setdefault(mine, set()).update(needed - near)
    list(TopologicalSorter(rooms).static_order())


def test_no_modules_import_each_other_in_a_circle() -> None:
    """To import a module runs the packages around it first; what those import counts, too."""

    def at_once(tree: ast.Module) -> Iterator[ast.AST]:
        """What runs on import: everything outside functions."""
        waiting: list[ast.AST] = list(tree.body)
        while waiting:
            node = waiting.pop()
            yield node
            for_readers = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            if not for_readers and not isinstance(node, Function | ast.Lambda):
                waiting.extend(ast.iter_child_nodes(node))

    def around(name: str) -> set[str]:
        parts = name.split(".")
        return {".".join(parts[:count]) for count in range(1, len(parts))}

    runs = {}
    for name, tree in trees().items():
        others = imported(at_once(tree))
        runs[name] = others | set().union(*map(around, others)) - around(name) - {name}
    list(TopologicalSorter(runs).static_order())


def test_only_the_terminals_modules_write_to_it() -> None:
    writers = {
        "app.cli": "the version",
        "app.terminal": "all the rest",
        "guard.slow_patterns": "what its own process tells, into a pipe",
        "brain.llama.engine": "its process's standard error, which nobody sees raw",
    }
    for name in trees().keys() - writers:
        called = {ast.unparse(node.func) for node in ast.walk(trees()[name]) if isinstance(node, ast.Call)}
        assert not called & {"print", "input", "breakpoint", "sys.stdout.write", "sys.stderr.write"}, name


def public(body: list[ast.stmt]) -> Iterator[Function | ast.ClassDef]:
    for node in body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node


def is_plain_data(node: ast.ClassDef) -> bool:
    """A class whose fields speak for themselves."""
    return any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list) or not any(
        isinstance(inner, Function) for inner in node.body
    )


def test_docstrings_are_where_they_are_owed() -> None:
    promised = {
        method.name
        for tree in trees().values()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and "Protocol" in map(ast.unparse, node.bases)
        for method in node.body
        if isinstance(method, Function)
    }

    def owed(node: Function | ast.ClassDef) -> bool:
        if isinstance(node, ast.ClassDef):
            return not is_plain_data(node)
        return (node.end_lineno or 0) - node.lineno >= GLANCE

    missing = [name for name, tree in trees().items() if not ast.get_docstring(tree)]
    for name, tree in trees().items():
        for node in public(tree.body):
            if owed(node) and not ast.get_docstring(node):
                missing.append(f"{name}.{node.name}")
            if isinstance(node, ast.ClassDef):
                missing += [
                    f"{name}.{node.name}.{method.name}"
                    for method in public(node.body)
                    if owed(method) and method.name not in promised and not ast.get_docstring(method)
                ]
    assert not missing, "\n".join(missing)
