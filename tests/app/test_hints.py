"""What a streamer is told to do can be done: every option, command and variable that is named exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from typer import Typer
from typer.main import get_command

from vtuber.app.cli import app
from vtuber.config.words import known_options

ROOT = Path(__file__).parents[2] / "vtuber"
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(ROOT.rglob("*.py"))}
OPTIONS = {".".join(map(str, place)) for place in known_options()}
SECTIONS = {option.partition(".")[0] for option in OPTIONS} - {"parts"}
ELSEWHERE = {"--list-voices"}
"""Flags of other programs."""


def described(node: ast.expr) -> str:
    """A text as it stands in the code, with … for what is put into it."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.JoinedStr)
    return "".join(described(part) if isinstance(part, ast.Constant) else "…" for part in node.values)


def texts() -> Iterator[tuple[str, str]]:
    """Every text in the code (hints are put together from them) with its place; no docstrings."""
    for path, tree in TREES.items():
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
                yield f"{path.relative_to(ROOT)}:{node.lineno}", described(node)


TEXTS = list(texts())


def commands(group: Typer) -> dict[str, set[str]]:
    """The flags of every command, "models get" among them."""
    found: dict[str, set[str]] = {}

    def walk(command: object, name: str) -> None:
        found[name] = {flag for option in command.params for flag in [*option.opts, *option.secondary_opts]}  # type: ignore[attr-defined]
        for inner, below in getattr(command, "commands", {}).items():
            walk(below, f"{name} {inner}".strip())

    walk(get_command(group), "")
    return found


COMMANDS = commands(app)


def test_the_code_was_read() -> None:
    said = [text for _, text in TEXTS]
    assert any("raise brain.first_token_seconds" in text for text in said)
    assert any("banban login twitch" in text for text in said)


def test_every_option_that_is_named_exists() -> None:
    of_a_section = re.compile(rf"(?<![\w./])(?:{'|'.join(SECTIONS)})(?:\.[a-z_]+)+(?![\w(])")
    for where, text in TEXTS:
        for named in of_a_section.findall(text):
            is_file = named.endswith((".py", ".gguf", ".json"))
            is_module = (ROOT / named.replace(".", "/")).parent.is_dir()
            assert named in OPTIONS or is_file or is_module, f"{where}: {named}"
        for table in re.findall(r"\[([a-z]+(?:\.[a-z]+)*)\](?!\w)", text):
            assert table in OPTIONS or table.partition(".")[0] not in SECTIONS, f"{where}: [{table}]"


def test_every_command_and_flag_that_is_named_exists() -> None:
    for where, text in TEXTS:
        for named in re.findall(
            r"(?:[:,] |`|^)banban (?!(?:can|cannot|does|will)\b)([a-z]+(?: [a-z]+)?)", text
        ):
            first = named.partition(" ")[0]
            assert first in COMMANDS, f"{where}: banban {named}"
            below = {command for command in COMMANDS if command.startswith(f"{first} ")}
            assert not below or named in {first, *below}, f"{where}: banban {named}"
        for flag in re.findall(r"\s(--[a-z][a-z-]+)(?![\w:-])", text):
            assert any(flag in flags for flags in COMMANDS.values()) or flag in ELSEWHERE, f"{where}: {flag}"


def read_variables() -> set[str]:
    """The environment variables that the code asks for."""
    constants: dict[str, set[str]] = {}
    asked: list[ast.expr] = []
    for tree in TREES.values():
        for node in ast.walk(tree):
            match node:
                case ast.Assign([ast.Name(name)], ast.Constant(str(value))):
                    constants.setdefault(name, set()).add(value)
                case ast.Assign([ast.Name("VARIABLES")], ast.Dict(values=values)):
                    asked += values
                case ast.Call(ast.Attribute(ast.Attribute(attr="environ"), "get"), [first, *_]) | ast.Call(
                    ast.Attribute(attr="key_of"), [first]
                ):
                    asked.append(first)
    configured = {str(field.default) for place, field in known_options().items() if place[-1] == "key_env"}
    named = (constants.get(one.id, ()) for one in asked if isinstance(one, ast.Name))
    return configured.union(*named, {str(one.value) for one in asked if isinstance(one, ast.Constant)})


def test_every_variable_that_is_named_is_read() -> None:
    read = read_variables()
    for where, text in TEXTS:
        for variable in re.findall(r"\bBANBAN_\w+", text):
            assert variable in read, f"{where}: {variable}"


# The panel in Chinese.

IN_A_SHOW = (
    "brain", "voice", "listeners", "memory", "pending", "record/journal.py", "show", "moderation",
    "stage/audio", "stage/obs", "stage/overlay", "stage/vts", "guard/guard.py", "core/limits.py",
)  # fmt: skip
"""Where rows of a running show's health come from, and answers to commands."""
ELSEWHEN = (
    "brain/templates", "brain/llama/prompt_format.py", "listeners/recordings", "listeners/replay.py",
    "listeners/twitch/login.py", "listeners/twitch/scopes.py", "listeners/youtube/address.py",
    "moderation/trust.py", "stage/obs/diagnosis.py", "stage/obs/setup.py", "stage/obs/__init__.py",
    "voice/online/edge/__init__.py",
)  # fmt: skip
"""What is said there, a streamer reads in a terminal: before the show, or in answer to a command."""
BEFORE_THE_SHOW = {
    'write a prefix such as "!"',
    "the commands are …",
    "write one word, without the prefix",
    "use this name only once, in one of gate.commands.… and gate.commands.…",
    "rename one of the folders",
    "add /oauth2 at its end, or delete the option",
    "write the name in the channel's address: letters, digits and _",
    "leave out the number at the end of memory.url; memory.name keeps shows apart",
    "write it like redis://127.0.0.1:6379/0; the password belongs in …",
    "show a scene that is not empty",
}


def in_chinese() -> list[str]:
    """The sentences of which the panel has a Chinese one, with … for what is put into them."""
    source = (ROOT.parent / "panel" / "chinese.js").read_text(encoding="utf-8")
    quoted = re.findall(
        r"""^  ("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\w+): ["'].*["'],$""", source, re.MULTILINE
    )
    assert len(quoted) > 100
    return [re.sub(r"\{\w+\}", "…", str(ast.literal_eval(one)) if one[0] in "\"'" else one) for one in quoted]


def given(node: ast.AST) -> list[ast.expr]:
    """What the code says there to a streamer: hints, and why a command was not carried out."""
    match node:
        case ast.Call(ast.Name("Health"), [_, _, _, hint, *_]):
            found = [hint]
        case ast.Call(ast.Name("Refusal" | "UsageError"), [why]):
            found = [why]
        case ast.Call(keywords=keywords):
            found = [one.value for one in keywords if one.arg == "hint"]
        case ast.Assign([ast.Name(name)], hint) if "hint" in name.lower():
            found = [hint]
        case _:
            found = []
    return [
        text for one in found for text in ([one.body, one.orelse] if isinstance(one, ast.IfExp) else [one])
    ]


def told_in_a_show() -> Iterator[tuple[str, str]]:
    """All of that which is written out where it is given, with its place."""
    for path, tree in TREES.items():
        place = path.relative_to(ROOT).as_posix()
        if not place.startswith(IN_A_SHOW) or place.startswith(ELSEWHEN):
            continue
        for text in [text for node in ast.walk(tree) for text in given(node)]:
            is_text = isinstance(text, ast.JoinedStr | ast.Constant)
            if is_text and (told := described(text)) and not told.startswith(" "):
                yield f"{place}:{text.lineno}", told


def test_what_the_panel_has_in_chinese_is_what_the_program_says() -> None:
    said = "\n".join(text for _, text in TEXTS)
    parts = [re.escape(one).replace("…", ".*") for one in in_chinese()]
    assert [part for part in parts if not re.search(part, said)] == []


def test_the_panel_has_every_hint_and_refusal_in_chinese() -> None:
    chinese, told = set(in_chinese()), list(told_in_a_show())
    assert len(told) > 80
    missing = [one for one in told if one[1] not in chinese | BEFORE_THE_SHOW]
    assert missing == [], "write them into panel/chinese.js"
