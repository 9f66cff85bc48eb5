"""The texts that stand in the program's code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1] / "vtuber"
TREES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(ROOT.rglob("*.py"))
}
"""Of every file below ``vtuber``."""


def described(node: ast.expr, gap: str = "…") -> str:
    """A text as it stands in the code, with ``gap`` for what is put into it."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.JoinedStr)
    return "".join(_part(part, gap) for part in node.values)


def _part(part: ast.expr, gap: str) -> str:
    if isinstance(part, ast.FormattedValue):
        return f"'{gap}'" if part.conversion == ord("r") else gap
    return described(part)


def texts(tree: ast.AST) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Every text in the code; no docstrings."""
    passed_over = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr | ast.JoinedStr)
        for inner in ast.iter_child_nodes(node)
        if isinstance(inner, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed_over
        ):
            yield node
