"""A character folder: what it gives, and what is said of one that cannot be used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from vtuber import character
from vtuber.core.errors import ConfigError

PLAIN = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="5" cy="5" r="4"/></svg>'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small character that works, to be broken."""
    home = tmp_path / "mochi"
    home.mkdir()
    (home / "character.toml").write_text(
        'name = "麻糬"\naliases = ["Mochi"]\nmoods = ["Calm"]\nsacred = ["Tea first."]\n'
        '[voices.edge]\nvoice = "zh-TW-HsiaoChenNeural"\n',
        encoding="utf-8",
    )
    (home / "persona.md").write_text("You are 麻糬.\n", encoding="utf-8")
    (home / "examples.toml").write_text(
        '[[example]]\nviewer = "Kai"\nsays = "hi"\nreply = "Hello, Kai."\n', encoding="utf-8"
    )
    (home / "face.svg").write_text(PLAIN, encoding="utf-8")
    return home


def test_banban_is_complete() -> None:
    banban = character.load("banban")
    assert banban.name == "板板"
    assert {"板板", "banban"} <= set(banban.aliases)
    assert any("pineapple" in fact.lower() for fact in banban.canon)
    assert banban.moods[0] == "neutral"
    assert len(banban.examples) >= 10
    assert any("披薩" in example.reply for example in banban.examples)
    assert banban.refusals
    assert banban.voices["edge"]["voice"].startswith("zh-TW-")
    assert banban.face.is_rigged


def test_banbans_lines_can_be_spoken() -> None:
    """One line each, a few sentences, no markup and no picture signs: small models imitate them."""
    for example in character.load("banban").examples:
        assert len(example.reply) <= 160, example
        assert not set(example.reply) & set("*_#`\n[]"), example
        assert all(ord(char) < 0x1F000 for char in example.reply), example


def test_a_path_is_a_character_too(folder: Path) -> None:
    mochi = character.load(str(folder))
    assert mochi.name == "麻糬"
    assert mochi.aliases == ("麻糬", "mochi")
    assert mochi.moods == ("calm",)
    assert mochi.examples == (character.Example("Kai", "hi", "Hello, Kai."),)
    assert mochi.voices == {"edge": {"voice": "zh-TW-HsiaoChenNeural"}}


def test_the_working_folder_wins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(folder, folder.parent / "characters" / "banban")
    monkeypatch.chdir(folder.parent)
    assert character.load("banban").name == "麻糬"


def test_a_misspelt_name_is_corrected() -> None:
    with pytest.raises(ConfigError, match="no character 'bamban'") as caught:
        character.load("bamban")
    assert "banban" in caught.value.hint
    assert caught.value.where == "show.character"


@pytest.mark.parametrize("name", ["", ".", "..", "../characters/nobody", "a/../../etc", "\0", "x" * 5000])
def test_names_that_are_no_folder_are_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError):
        character.load(name)


@pytest.mark.parametrize(
    ("file", "text", "where", "hint"),
    [
        ("character.toml", 'name = "A"\nmods = ["x"]\n', "mods", "did you mean 'moods'?"),
        ("character.toml", 'name = "A"\nspares = ["x"]\n', "spares", "did you mean 'fallback_lines'?"),
        ("character.toml", 'name = "A"\nways_out = ["x"]\n', "ways_out", "did you mean 'refusals'?"),
        ("character.toml", 'name = "A"\ndenials = ["x"]\n', "denials", "delete this option and its list"),
        ("character.toml", 'name = ""\n', "name", "banban"),
        ("character.toml", 'aliases = ["a"]\n', "name", "banban"),
        ("character.toml", 'name = "A"\nmoods = "happy"\n', "moods", "banban"),
        ("character.toml", 'name = "A\n', "character.toml", "correct the line"),
        ("character.toml", 'name = "A"\nface = "none.svg"\n', "face", "SVG"),
        ("examples.toml", '[[example]]\nviewer = "K"\nsays = "hi"\n', "example 1, reply", "banban"),
        ("examples.toml", '[[example]]\nviewer="K"\nsays="a"\nreply="b\\nc"\n', "example 1, reply", "banban"),
        ("examples.toml", '[[example]]\nviewer="K"\nsays="a"\nrepy="b"\n', "example 1, repy", "reply"),
        ("persona.md", "  \n", "persona.md", "who the character is"),
    ],
)
def test_a_broken_folder_is_explained(folder: Path, file: str, text: str, where: str, hint: str) -> None:
    (folder / file).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        character.load(str(folder))
    assert where in caught.value.where
    assert hint in caught.value.hint


@pytest.mark.parametrize("file", ["character.toml", "persona.md", "examples.toml"])
def test_a_missing_or_unreadable_file_is_named(folder: Path, file: str) -> None:
    (folder / file).write_bytes(b"\xff\xfe\x00broken")
    with pytest.raises(ConfigError, match="UTF-8") as caught:
        character.load(str(folder))
    assert file in caught.value.where
    (folder / file).unlink()
    with pytest.raises(ConfigError, match="missing") as caught:
        character.load(str(folder))
    assert file in caught.value.where


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders")
@pytest.mark.parametrize("file", ["character.toml", "persona.md", "examples.toml", "face.svg"])
def test_a_pipe_is_refused_at_once(folder: Path, file: str) -> None:
    (folder / file).unlink()
    os.mkfifo(folder / file)
    code = (
        "from vtuber import character\n"
        "from vtuber.core.errors import ConfigError\n"
        f"try: character.load({str(folder)!r})\n"
        "except ConfigError as error: print(error.where, error.what)\n"
    )
    command = [sys.executable, "-c", code]  # a process of its own, which ends also if it hangs
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "a pipe or a device" in said
    assert str(folder) in said
