"""What a streamer is told to do can be done: every option, command and variable that is named exists."""

from __future__ import annotations

import ast
import re

from code_texts import ROOT, TREES, described, texts
from typer import Typer
from typer.main import get_command

from vtuber.app.cli import app
from vtuber.config.words import known_options

OPTIONS = {".".join(map(str, place)) for place in known_options()}
SECTIONS = {option.partition(".")[0] for option in OPTIONS} - {"parts"}
ELSEWHERE = {"--list-voices"}
"""Flags of other programs."""


TEXTS = [(f"{place}:{text.lineno}", described(text)) for place, tree in TREES.items() for text in texts(tree)]
"""With their places."""


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
