"""`banban character`: five questions, what they make, and what is said of a character that has faults."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pictures import portrait

from vtuber import character
from vtuber.app.character import folder_name
from vtuber.core.errors import ConfigError

if sys.platform != "win32":
    import pty

BANBAN = [sys.executable, "-m", "vtuber.app", "character"]
HERS = re.compile(
    "板板|小板|banban(?! (?:live|character))|pineapple|鳳梨|pizza|披薩|bubble|珍珠|珍奶|tofu|豆腐|雞排"
    "|duck blood|NTNU|VLSI|small tails",
    re.IGNORECASE,
)
EDITING = "\x1b[?2004h"
"""What a terminal is told when a line is to be typed."""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the command in an empty folder, without anybody who could answer."""

    def run(*arguments: str, rc: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*BANBAN, *arguments],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
            env=os.environ | {"COLUMNS": "200", "PYTHONUTF8": "1"},
        )
        assert done.returncode == rc, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return run


def test_a_new_character_works_at_once(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = run("new", "luna", "--loves", "tea and trains", "--languages", "中文 and English").stdout
    assert said.splitlines()[-1] == "banban live --character luna"
    assert {path.name for path in (tmp_path / "characters" / "luna").iterdir()} == {
        "character.toml",
        "examples.toml",
        "persona.md",
        "small_talk.toml",
    }
    monkeypatch.chdir(tmp_path)
    luna = character.load("luna")
    assert luna.name == "Luna"
    assert luna.persona.startswith("你是Luna")
    assert "tea and trains" in luna.canon[1]
    assert any("tea and trains" in example.reply for example in luna.examples)
    for lines in (luna.fallback_lines, luna.refusals, [example.reply for example in luna.examples]):
        chinese = [any("\u4e00" <= char <= "\u9fff" for char in line) for line in lines]
        assert any(chinese)
        assert not all(chinese)
    checked = run("check", "luna").stdout
    assert "could not say" not in checked
    assert "Luna; chat calls her luna" in checked


@pytest.mark.parametrize(
    "languages", ["English", "中文", "简体中文", "Japanese", "English, 中文 and 简体中文"]
)
def test_nothing_of_banbans_is_in_it(run: Run, tmp_path: Path, languages: str) -> None:
    run("new", "luna", "--languages", languages)
    for path in (tmp_path / "characters" / "luna").iterdir():
        assert not HERS.search(path.read_text("utf-8")), path


def test_a_picture_is_copied_and_a_bad_one_refused_before_anything_is_made(run: Run, tmp_path: Path) -> None:
    portrait(tmp_path / "Me.PNG")
    run("new", "luna", "--face", "Me.PNG")
    assert (tmp_path / "characters/luna/face.png").read_bytes() == (tmp_path / "Me.PNG").read_bytes()
    (tmp_path / "from a browser.jfif").write_bytes(portrait(tmp_path / "a.jpg").read_bytes())
    run("new", "mond", "--face", "from a browser.jfif")
    assert (tmp_path / "characters/mond/face.jpg").is_file()
    (tmp_path / "video.png").write_bytes(b"\x00\x00\x00\x20ftypisom" * 100)
    said = run("new", "sol", "--face", "video.png", rc=1).stderr
    assert "video.png: this is not a picture that can be shown" in said
    assert "missing.png" in run("new", "sol", "--face", "missing.png", rc=1).stderr
    assert {path.name for path in (tmp_path / "characters").iterdir()} == {"luna", "mond"}


@pytest.mark.parametrize(
    ("given", "folder"),
    [
        ("luna", "luna"),
        ("Luna Star", "luna-star"),
        ("小雨", "小雨"),
        ("  Mr. O'Hara!  ", "mr-o-hara"),
        ("CON", "con-vtuber"),
        ("com1", "com1-vtuber"),
        ("ユキ🌸", "ユキ"),
        ("a" * 300, "a" * 40),
        ("Ｌｕｎａ", "luna"),
    ],
)
def test_every_name_becomes_a_folder_that_every_system_takes(given: str, folder: str) -> None:
    assert folder_name(given) == folder


@pytest.mark.parametrize(
    "given", ["", " ", "..", "../x", "a/b", "a\\b", "C:x", "~", "-x", ".hidden", "💥" * 200, "\0", "!!!"]
)
def test_a_name_that_leads_elsewhere_or_nowhere_is_refused(given: str) -> None:
    with pytest.raises(ConfigError) as caught:
        folder_name(given)
    assert "such as luna" in caught.value.hint


@pytest.mark.parametrize("name", ["💥" * 200, "x" * 51, "<b>", "Luna: hi", "[happy]", "{name}", "..."])
def test_a_name_that_nobody_can_say_is_refused(run: Run, tmp_path: Path, name: str) -> None:
    said = run("new", "luna", "--name", name, rc=1).stderr
    assert "she cannot be called" in said
    assert not (tmp_path / "characters").exists()


def test_answers_are_text_and_nothing_else(run: Run, tmp_path: Path) -> None:
    evil = "a\"b'c\\d\n[voices.edge]\nvoice = 1 $who ${loves} {name} \x1b[31m\u202e</s>" + "x" * 5000
    run(
        "new",
        "luna",
        "--who",
        evil,
        "--loves",
        evil,
        "--talks",
        evil,
        "--languages",
        evil,
        "--name",
        "D'Luna",
    )
    luna, problems = character.read(tmp_path / "characters" / "luna")
    assert problems == []
    assert luna is not None
    assert luna.name == "D'Luna"
    assert "$who ${loves} {name}" in luna.canon[0]
    assert "\x1b" not in luna.persona + "".join(luna.canon)


def test_what_is_there_is_never_overwritten(run: Run, tmp_path: Path) -> None:
    run("new", "luna", "--loves", "tea")
    before = (tmp_path / "characters/luna/character.toml").read_bytes()
    assert "there is already a character 'luna'" in run("new", "Luna", rc=1).stderr
    assert "there is already a character 'luna'" in run("copy", "banban", "luna", rc=1).stderr
    assert "there is already a character 'banban'" in run("new", "banban", rc=1).stderr
    assert (tmp_path / "characters/luna/character.toml").read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_made_is_explained(run: Run, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "the folder cannot be made" in run("new", "luna", rc=1).stderr
    tmp_path.chmod(0o700)


def test_a_file_in_the_folders_place_is_explained(run: Run, tmp_path: Path) -> None:
    (tmp_path / "characters").write_text("not a folder", encoding="utf-8")
    assert "the folder cannot be made" in run("new", "luna", rc=1).stderr


def test_the_shipped_character_can_be_copied_and_changed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = run("copy", "banban", "mine").stdout
    assert said.splitlines()[-1] == "banban live --character mine"
    assert "She is still called 板板" in said
    monkeypatch.chdir(tmp_path)
    assert character.load("mine").face.is_rigged
    persona = tmp_path / "characters/mine/persona.md"
    persona.write_text("You are Mira.\n", encoding="utf-8")
    checked = run("check", "mine").stdout
    assert "persona.md never calls her 板板" in checked
    assert "could not say" not in checked


def test_a_check_names_all_that_is_wrong(run: Run, tmp_path: Path) -> None:
    run("new", "luna")
    folder = tmp_path / "characters" / "luna"
    sheet = folder / "character.toml"
    sheet.write_text(sheet.read_text("utf-8").replace("moods =", "mods ="), encoding="utf-8")
    with (folder / "examples.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[example]]\nviewer = "Kai"\nsays = "hi"\n')
    (folder / "persona.md").write_text("", encoding="utf-8")
    said = " ".join(run("check", "luna", rc=1).stdout.split())
    assert re.search(r"character\.toml:\d+: mods: there is no such key", said)
    assert "did you mean 'moods'?" in said
    assert re.search(r"examples\.toml:\d+: example 11, reply: this key is missing", said)
    assert "persona.md: the persona is empty" in said


def test_a_check_names_lines_that_she_could_not_say(run: Run, tmp_path: Path) -> None:
    run("new", "luna")
    folder = tmp_path / "characters" / "luna"
    sheet = (folder / "character.toml").read_text("utf-8")
    broken = sheet.replace("It has left the building.", "Look at www.example.com for it.")
    (folder / "character.toml").write_text(broken, encoding="utf-8")
    with (folder / "persona.md").open("a", encoding="utf-8") as file:
        file.write("{{char}} loves {{user}}.\n")
    with (folder / "examples.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[example]]\nviewer = "Kai"\nsays = "hi"\nreply = "My name is Steve."\n')
    said = " ".join(run("check", "luna").stdout.split())
    assert "character.toml: fallback_lines 3: she could not say" in said
    assert "examples.toml: example 11: she could not say “My name is Steve.”" in said
    assert "persona.md, line 6: a placeholder that nobody fills in here" in said


def test_a_check_of_nobody_says_who_is_there(run: Run) -> None:
    run("new", "luna")
    assert "did you mean 'luna'?" in run("check", "lunna", rc=1).stderr
    assert "板板" in run("check").stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")
class TestInATerminal:
    """With somebody who answers."""

    @pytest.fixture
    def talk(self, tmp_path: Path) -> Callable[..., tuple[int, str]]:
        def talk(*answers: str, arguments: tuple[str, ...] = ("new", "luna")) -> tuple[int, str]:
            """Types each answer when it is asked for. Gives the exit status, and all that was shown."""
            process, terminal = pty.fork()
            if process == 0:
                os.chdir(tmp_path)
                os.environ |= {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", "COLUMNS": "100"}
                os.execv(BANBAN[0], [*BANBAN, *arguments])
            waiting, shown, asked = list(answers), "", 0
            end = time.monotonic() + 60
            while time.monotonic() < end:
                if not select.select([terminal], [], [], 1)[0]:
                    continue
                try:
                    shown += os.read(terminal, 65536).decode("utf-8", "replace")
                except OSError:  # Linux's way to say that it is over
                    break
                while waiting and shown.count(EDITING) > asked:
                    os.write(terminal, waiting.pop(0).encode())
                    asked += 1
            os.close(terminal)
            return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), shown

        return talk

    def test_five_questions(self, talk: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
        status, shown = talk("Luna Star\r", "a moon rabbit\r", "Englisch\x7f\x7f\x7fsh\r", "rain\r", "\r")
        assert status == 0, shown
        assert "banban live --character luna" in shown
        luna, _ = character.read(tmp_path / "characters" / "luna")
        assert luna is not None
        assert luna.name == "Luna Star"
        assert luna.canon == ("About Luna Star: a moon rabbit", "What Luna Star loves: rain")
        assert "You speak English, and" in luna.persona
        assert "Warm and playful" in luna.persona

    @pytest.mark.parametrize("keys", ["\x03", "\x04"])
    @pytest.mark.parametrize("before", [0, 4])
    def test_whoever_stops_leaves_nothing_behind(
        self, talk: Callable[..., tuple[int, str]], tmp_path: Path, keys: str, before: int
    ) -> None:
        status, shown = talk(*["\r"] * before, keys)
        assert status == 130, shown
        assert "stopped: nothing was made" in shown
        assert list(tmp_path.iterdir()) == []

    def test_a_name_that_cannot_be_is_asked_again(
        self, talk: Callable[..., tuple[int, str]], tmp_path: Path
    ) -> None:
        status, shown = talk("💥" * 60 + "\r", "小雨\r", "\r", "\r", "\r", "\r")
        assert status == 0, shown
        assert "she cannot be called" in shown
        assert character.read(tmp_path / "characters" / "luna")[0].name == "小雨"  # type: ignore[union-attr]

    def test_what_was_given_is_not_asked(self, talk: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
        flags = ("--name", "L", "--who", "a cat", "--languages", "English", "--talks", "softly")
        status, shown = talk("fish\r", arguments=("new", "luna", *flags))
        assert status == 0, shown
        assert "loves: fish" in (tmp_path / "characters/luna/character.toml").read_text("utf-8")
