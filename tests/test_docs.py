"""What the README and docs/ name exists."""

from __future__ import annotations

import re
from dataclasses import astuple
from pathlib import Path

import pytest
from pictures import portrait
from typer.main import get_command

from vtuber import character
from vtuber.app.cli import app
from vtuber.config.words import known_options
from vtuber.models.choices import CHOICES

ROOT = Path(__file__).parent.parent
PAGES = [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
OPTIONS = {".".join(map(str, here)) for here in known_options()}
COMMANDS = get_command(app).commands  # type: ignore[attr-defined]  # a group
SHORT = {"safety.md"}
"""Pages that say less in Chinese, and where the rest stands."""
TABLES = {option.split(".")[0] for option in OPTIONS}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_names_only_what_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)|<img[^>]* src=\"([^\"]+)\"", text):
        link = "".join(target)
        assert link.startswith(("https://", "http://", "mailto:")) or (page.parent / link).exists(), link
    for command in re.findall(r"(?:^|`|run )banban ([a-z]+)", text, re.MULTILINE):
        assert command in COMMANDS, command
    for option in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", text):
        if option.split(".")[0] in TABLES - {"parts"} and not option.endswith((".py", ".md", ".toml")):
            assert option in OPTIONS, option


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_types_only_what_works(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for line in re.findall(r"\bbanban ([a-z][^`\n#]*)", text):
        words = line.split()
        command = COMMANDS.get(words[0])
        command = getattr(command, "commands", {}).get(words[1] if len(words) > 1 else "", command)
        known = {flag for option in getattr(command, "params", ()) for flag in option.opts} | {"--help"}
        for flag in [word for word in words if word.startswith("--")] if command else ():
            assert flag in known, f"banban {line}"
    for module in re.findall(r"python3? -m ([\w.]+)", text):
        place = ROOT / module.replace(".", "/")
        assert place.with_suffix(".py").exists() or (place / "__init__.py").exists(), module
    for target, part in re.findall(r"\]\(((?!http)[^)#\s]*)#([^)\s]+)\)", text):
        linked = page.parent / target if target else page
        assert part in headings(linked), f"{target}#{part}"


def headings(page: Path) -> set[str]:
    """As they stand behind the "#" of an address."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in found}


def test_the_readme_has_both_commands() -> None:
    for page in ROOT.glob("README*.md"):
        assert "pip install uv && uv run banban live" in page.read_text(encoding="utf-8")
    assert "sh tests/run" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_streamers_pages_are_in_both_languages() -> None:
    for page in (ROOT / "docs" / "zh-TW").glob("*.md"):
        english = (ROOT / "docs" / page.name).read_text(encoding="utf-8")
        chinese = page.read_text(encoding="utf-8")
        assert f"(zh-TW/{page.name})" in english
        assert f"(../{page.name})" in chinese
        # Headings, blocks, and rows of options.
        for kind in () if page.name in SHORT else (r"^#+ ", r"^```", r"^\| `"):
            assert len(re.findall(kind, chinese, re.MULTILINE)) == len(
                re.findall(kind, english, re.MULTILINE)
            )


def test_the_models_page_has_the_list_of_choices() -> None:
    text = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in text.splitlines()]
    begin = rows.index(("name", "speaks", "parameters", "file", "licence", "repository"))
    assert rows[begin + 2 : rows.index(("",), begin)] == [astuple(choice) for choice in CHOICES]


@pytest.mark.parametrize("page", ["character.md", "zh-TW/character.md"])
def test_the_character_of_the_page_works(page: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    # The headings that are names of files, each with what is in it.
    parts = re.split(r"^### (\S+\.\w+)$", text, flags=re.MULTILINE)[1:]
    folder = tmp_path / "luna"
    folder.mkdir()
    for name, part in zip(parts[::2], parts[1::2], strict=True):
        block = re.search(r"^```(?:text|toml)\n(.*?)^```", part, re.MULTILINE | re.DOTALL)
        assert block, name
        (folder / name).write_text(block[1], encoding="utf-8")
    portrait(folder / "face.png")
    portrait(folder / "face-happy-open.png")
    portrait(folder / "face-happy.png")
    luna, problems = character.read(folder)
    assert problems == []
    assert luna is not None
    assert list(luna.doubts()) == []
    assert luna.moods == ("neutral", "happy", "sad")
    assert luna.face.looks["happy"].open is not None
    keys = set(re.findall(r"^\| `([a-z_]+)(?:\.edge)?` \|", text, re.MULTILINE))
    tables = (character._Sheet, character._ExampleTable, character._TalkTable)
    assert keys == {key for table in tables for key in table.model_fields}
    assert luna.small_talk
    assert "regular expression" not in text
