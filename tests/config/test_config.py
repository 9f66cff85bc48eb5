"""config.toml: what is in it, and what is said about one that is wrong."""

from __future__ import annotations

import logging
import re
import tomllib
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from vtuber.app.cli import app
from vtuber.config import Gate, Memory, Section, Settings
from vtuber.config.file import find, load, located
from vtuber.config.words import known_options
from vtuber.core import files
from vtuber.core.errors import ConfigError
from vtuber.core.masking import holds_secret, without_secret

SHIPPED = Path(__file__).parents[2] / "config.toml"
OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"


Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(text: str | bytes) -> Path:
        path = tmp_path / "config.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_file


def complaint(path: Path | None, **overrides: object) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, {key.replace("__", "."): value for key, value in overrides.items()})
    return str(caught.value)


# The shipped file


def test_shipped_file_is_exactly_the_defaults() -> None:
    assert load(SHIPPED) == Settings()
    assert Settings.model_validate(tomllib.loads(SHIPPED.read_text(encoding="utf-8"))) == Settings()


def test_shipped_file_names_every_option_once_in_the_models_order() -> None:
    table, written = "", []
    for line in SHIPPED.read_text(encoding="utf-8").splitlines():
        if title := re.fullmatch(r"\[(.+)\]", line):
            table = title[1] + "."
            written.append(title[1])
        elif key := re.match(r"(?:# )?(\w+) = ", line):
            written.append(table + key[1])
    on_lines = [here for here in known_options() if here != ("parts",) and len(here) <= 3]  # deeper ones: { }
    options = [".".join(map(str, here)) for here in on_lines]
    assert written == [option for option in options if option not in documented_addresses()]


def documented_addresses() -> dict[str, str]:
    """The options that only docs/operating.md names, with their defaults."""
    text = OPERATING.read_text(encoding="utf-8").partition("## Addresses of services")[2].partition("## ")[0]
    return dict(re.findall(r"^\| `([\w.]+)` \| .* \| `(.+)` \|$", text, re.MULTILINE))


def test_addresses_of_services_are_documented_with_their_defaults() -> None:
    assert len(documented_addresses()) >= 6
    for option, default in documented_addresses().items():
        assert known_options()[tuple(option.split("."))].default == default, option


def test_shipped_file_explains_every_table_and_option() -> None:
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    alone = [
        line
        for before, line in pairwise(lines)
        if re.match(r"\w+ = ", line) and not before.startswith("#") and not re.match(r"\w+ = ", before)
    ]
    assert alone == []


def test_values_out_of_the_shipped_file_are_types_of_the_models() -> None:
    for here, field in known_options().items():
        if not (isinstance(field.annotation, type) and issubclass(field.annotation, Section)):
            assert field.default is not ..., here


# Which file


def test_without_any_file_the_shipped_one_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find() == files.SHIPPED / "config.toml"
    assert load() == Settings()


def test_the_file_in_the_working_folder_wins(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("[stage]\nport = 9001")
    monkeypatch.chdir(tmp_path)
    assert load().stage.port == 9001


def test_a_missing_file(tmp_path: Path) -> None:
    assert "nowhere.toml: there is no such file" in complaint(tmp_path / "nowhere.toml")


def test_a_folder_in_place_of_a_file(tmp_path: Path, write: Write) -> None:
    assert "is a folder" in complaint(tmp_path)
    path = write("")
    assert str(path) in complaint(tmp_path)


def test_a_folder_called_config_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.toml").mkdir()
    monkeypatch.chdir(tmp_path)
    assert "is a folder" in complaint(None)


def test_an_unreadable_file(monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    path = write("")

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root may read everything, so chmod proves nothing
    assert "this file cannot be read (Permission denied)" in complaint(path)


def test_a_text_that_is_not_utf8(write: Write) -> None:
    reported = complaint(write('[show]\ncharacter = "bénbén"\n'.encode("latin-1")))
    assert "config.toml:2: this file is not saved as UTF-8" in reported
    assert "UTF-8" in complaint(write('character = "x"'.encode("utf-16")))


def test_a_byte_order_mark_and_windows_lines_do_no_harm(write: Write) -> None:
    assert load(write(b"\xef\xbb\xbf[stage]\r\nport = 9002\r\n")).stage.port == 9002


def test_a_huge_file(write: Write) -> None:
    assert "too big" in complaint(write(b"#" * 2_000_000))


# What is in it


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[brain]\nmodel = "C:\\models\\her.gguf"', 2, "single quotes"),
        ('[brain]\nmodel = "C:\\Users\\her.gguf"', 2, "forward slashes"),
        ('[brain]\nmodel = "C:\\temp\\banban.gguf"', 2, "single quotes"),  # \t and \b are valid, and wrong
        ("[chat]\nconsole = yes", 2, "true or false"),
        ("[show]\n\ncharacter = “banban”", 3, "straight quotes"),
        ("[stage]\nport = 1\nport = 2\n[chat]", 3, "twice"),
        ("[stage]\n[stage]", 2, "twice"),
        ('[show]\ncharacter = "x\nreply_seconds = 5', 2, "closing quote"),
        ("[gate]\nwords = [1, 2", 2, "closing bracket"),
        ("[stage]\nport 8930", 2, "name = value"),
        ("[stage]\nport: 8930", 2, "name = value"),
        ("[stage]\nport = 8930 host = 'x'", 2, "on its own line"),
    ],
)
def test_what_is_no_toml(write: Write, text: str, line: int, words: str) -> None:
    reported = complaint(write(text))
    assert f"config.toml:{line}" in reported
    assert words in reported


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "a = " + "1" * 100_000, "\x00\x01\x02"])
def test_what_is_no_text_at_all(write: Write, text: str) -> None:
    assert "config.toml" in complaint(write(text))


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ('[stage]\nport = "9000"', ':2, stage.port: this must be a whole number from 0 to 65535, not "9000"'),
        ("[stage]\nport = 70000", ":2, stage.port: this must be a whole number from 0 to 65535, not 70000"),
        ("stage.port = true", ":1, stage.port: this must be a whole number from 0 to 65535, not true"),
        ("[stage]\nport = 8930.5", ":2, stage.port: this must be a whole number from 0 to 65535, not 8930.5"),
        ("[chat]\nconsole = 1", ":2, chat.console: this must be true or false, not 1"),
        ("[voice]\nspeed = nan", ":2, voice.speed: this must be a number from 0.5 to 2, not NaN"),
        ("[show]\ntake_early = inf", ":2, show.take_early: this must be a number from 0 to 86400"),
        (
            "[chat.replay]\nspeed = 0",
            ":2, chat.replay.speed: this must be a number above 0, at most 1000, not 0",
        ),
        (
            "[gate]\nprefix = ''",
            ':2, gate.prefix: this must be text in quotes ("like this") of 1 to 3 characters',
        ),
        ("[gate]\nwords = 'bad'", ':2, gate.words: this must be a list of texts (["like this", "and this"])'),
        (
            "[gate]\nwords = ['a',\n 5]",
            ':3, gate.words, item 2: this must be text in quotes ("like this"), not 5',
        ),
        (
            "[gate]\npatterns = ['(']",
            ":2, gate.patterns, item 1: this must be a valid regular expression (",
        ),
        (
            "journal.prompts = 'whol'",
            ':1, journal.prompts: this must be one of "digest", "whole"',
        ),
        ("journal.prompts = 'whol'", 'did you mean "whole"?'),
        (
            "[stage.overlay]\nshow = ['chat', 'face']",
            ':2, stage.overlay.show, item 2: this must be one of "avatar", "captions"',
        ),
        (
            "[stage.overlay]\nshow = 'chat'",
            ':2, stage.overlay.show: this must be a list, each one of "avatar"',
        ),
        ("[stage.vts]\nevents = { raids = 'Wave' }", ":2, stage.vts.events.raids"),
        ("memory.url = 'http://x'", ":1, memory.url: this must be an address that begins with redis:// or"),
        ("chat.twitch.irc_url = 'irc.twitch.tv'", "begins with wss:// or ws://"),
        (
            "[chat.rates]\nEURO = 1",
            ":2, chat.rates.EURO: this must be a currency's three",
        ),
        ("[chat.rates]\nNGN = -1", "(TWD = 0.031), not -1"),
        ("chat.twitch.channels = 'x'", ":1, chat.twitch.channels: this must be a list of texts"),
        (
            "gate.commands.hush = { who = 'mods' }",
            'one of "broadcaster", "moderator", "operator", "everyone"',
        ),
        (
            "brain.lora = ['a.gguf']",
            ":1, brain.lora, item 1: this must be a table ({ path = …, scale = … })",
        ),
        ("brain.lora = 'a'", ":1, brain.lora: this must be a list of tables ([{ path = …, scale = … }])"),
        ("[[brain.lora]]\nscale = 1.0", ":1, brain.lora, item 1.path: this must be text in quotes"),
        (
            "[[brain.lora]]\npath = 'a'\n[[brain.lora]]\npath = 'b'\nscale = 99",
            ":5, brain.lora, item 2.scale: this must be a number from -10 to 10, not 99",
        ),
        (
            'brain.lora = [{ path = "C:\\temp" }]',
            ":1, brain.lora, item 1.path: this path contains a control character",
        ),
        ("journal.folder = 5", ':1, journal.folder: this must be a path in quotes ("like/this"), not 5'),
        ("show.character = 2026-11-22", ':1, show.character: this must be text in quotes ("like this")'),
        ("[voice.pronunciations]\na = 3", ":2, voice.pronunciations.a: this must be text in quotes"),
        ("voice.languages = ['zh']", ":1, voice.languages: this must be a table: [voice.languages]"),
        ("[voice.languages]\nzh_TW = { rate = 2 }", 'this must be another name, such as "en" or "zh-TW"'),
        ("stage = 8930", ":1, stage: this must be a table: [stage]"),
        ("[stage]\nobs = true", ":2, stage.obs: this must be a table: [stage.obs]"),
        ("[[stage]]\nport = 1", ":1, stage: this must be a table"),
        ("parts = 1", ":1, parts: this must be a table"),
        ("[parts]\nmine = 1", ":2, parts.mine: this must be a table with options, such as [parts.name]"),
    ],
)
def test_wrong_values(write: Write, text: str, reported: str) -> None:
    assert reported in complaint(write(text))


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("[stage]\nprot = 1", ":2, stage.prot: there is no such option\n  → did you mean stage.port?"),
        ("port = 1", "did you mean stage.port or stage.obs.port or stage.vts.port?"),
        (
            "[stage]\nport = 1\n[chat]\nirc_url = 'x'",
            ":4, chat.irc_url: there is no such option\n  → did you mean chat.tw",
        ),
        ("[brian]\nuse = 'x'", ":1, brian: there is no such section\n  → did you mean brain?"),
        ("[twitch]\nchannel = 'x'", "did you mean chat.twitch?"),
        ("[brain]\nmax_token = 5", "did you mean brain.max_tokens?"),
        (
            "[voice]\nedge.voise = 'x'",
            ":2, voice.edge.voise: there is no such option\n  → did you mean voice.edge.voice?",
        ),
        (
            "brain.lora = [{ path = 'a', scael = 1 }]",
            "item 1.scael: there is no such option\n  → did you mean scale?",
        ),
        ("[stage]\nzzzzzz = 1", "config.toml that comes with banban"),
        ('"\\u001b[31m" = 1', r"\x1b[31m: there is no such option"),
    ],
)
def test_unknown_names_and_the_nearest_right_one(write: Write, text: str, reported: str) -> None:
    message = complaint(write(text))
    assert reported in message
    assert "\x1b" not in message


def test_all_problems_are_reported_at_once_in_the_files_order(write: Write) -> None:
    reported = complaint(write('[voice]\nspeed = 9\n[stage]\nport = "x"\nhots = 1\n[chat]\nconsole = 0\n'))
    assert reported.startswith("4 settings are wrong\n")
    assert re.findall(r"config.toml:(\d+), ([\w.]+)", reported) == [
        ("2", "voice.speed"),
        ("4", "stage.port"),
        ("5", "stage.hots"),
        ("7", "chat.console"),
    ]


def test_a_whole_number_is_a_number(write: Write) -> None:
    assert load(write("[voice]\nspeed = 1")).voice.speed == 1.0


def test_parts_of_others_keep_their_options_as_they_are(write: Write) -> None:
    settings = load(write("[parts.mine]\nwhen = 2026-11-22\nlist = [1, {a = 2}]"))
    assert settings.parts == {"mine": {"when": date(2026, 11, 22), "list": [1, {"a": 2}]}}


# Flags


def test_flags_win_over_the_file(write: Write) -> None:
    settings = load(write("[stage]\nport = 1\nhost = 'x'"), {"stage.port": 2, "stage.host": None})
    assert (settings.stage.port, settings.stage.host) == (2, "x")


def test_a_wrong_flag_is_reported_as_a_flag(write: Write) -> None:
    reported = complaint(write("[stage]\nport = 1"), stage__port=70000)
    assert reported.startswith("--port: this must be a whole number from 0 to 65535, not 70000")
    assert complaint(write(""), voice__use=5).startswith("--voice: ")
    assert complaint(write(""), chat__twitch__channels=5).startswith("--twitch: ")
    assert complaint(write(""), chat__youtube__streams=5).startswith("--youtube: ")


def test_a_flag_cannot_hide_that_its_table_is_no_table(write: Write) -> None:
    assert "config.toml:1, stage: this must be a table" in complaint(write("stage = 1"), stage__port=5)


# Paths


def test_paths_begin_at_the_files_folder(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(
        "brain.model = 'models/her.gguf'\nmemory.folder = 'kept'\nchat.replay.file = '/elsewhere/log.json'"
    )
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    for settings in (load(path), load(Path("../config.toml"))):
        assert Path(settings.brain.model).resolve() == (tmp_path / "models" / "her.gguf").resolve()
        assert settings.memory.folder is not None
        assert settings.memory.folder.resolve() == (tmp_path / "kept").resolve()
        assert settings.chat.replay.file == str(Path("/elsewhere/log.json"))
        assert settings.journal.folder is None


def test_paths_in_a_list_of_tables_begin_there_too(write: Write, tmp_path: Path) -> None:
    path = write("[[brain.lora]]\npath = 'her.gguf'\nscale = 0.5\n[[brain.lora]]\npath = '/there/b.gguf'")
    first, second = load(path).brain.lora
    assert (first.path, first.scale) == (str(tmp_path / "her.gguf"), 0.5)
    assert (second.path, second.scale) == (str(Path("/there/b.gguf")), 1.0)
    assert located("brain.lora[1]: no such file", path) == f"{path}:4, brain.lora, item 2: no such file"


def test_home_is_expanded(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert load(write("brain.model = '~/her.gguf'")).brain.model == str(tmp_path / "her.gguf")


def test_an_empty_path_is_none(write: Write) -> None:
    settings = load(write("brain.model = ''\njournal.folder = ''"))
    assert (settings.brain.model, settings.journal.folder) == ("", None)


def test_paths_of_flags_are_left_alone(write: Write) -> None:
    assert load(write("brain.model = 'a'"), {"brain.model": "b"}).brain.model == "b"
    assert load(write(""), {"journal.folder": Path("b")}).journal.folder == Path("b")


def test_a_character_beside_the_file_is_found_from_anywhere(write: Write, tmp_path: Path) -> None:
    (tmp_path / "characters" / "neko").mkdir(parents=True)
    assert load(write("show.character = 'neko'")).show.character == str(tmp_path / "characters" / "neko")
    assert load(write("show.character = 'mine/neko'")).show.character == str(tmp_path / "mine" / "neko")
    assert load(write("show.character = 'banban'")).show.character == "banban"


# Secrets


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[memory]\nurl = 'redis://:hunter2@localhost'", "variable BANBAN_REDIS_PASSWORD"),
        (
            "[memory]\nurl = 'rediss://me:hunter2@localhost:6379/0'",
            "variable BANBAN_REDIS_PASSWORD",
        ),
        (
            "[memory]\nurl = 'redis://localhost?password=hunter2'",
            "variable BANBAN_REDIS_PASSWORD",
        ),
        ("[memory]\npassword = 'hunter2'", "variable BANBAN_REDIS_PASSWORD"),
        ("[stage.obs]\npassword = 'hunter2'", "environment variable BANBAN_OBS_PASSWORD"),
        ("[chat.twitch]\noauth_token = 'hunter2'", "and log in with: banban login twitch"),
        ("[inbox]\npassword = 'hunter2'", "remove it here; banban does not need it"),
    ],
)
def test_a_password_in_the_file_is_refused_and_never_shown(write: Write, text: str, hint: str) -> None:
    reported = complaint(write(text))
    assert "config.toml:2, " in reported
    assert hint in reported
    assert "hunter2" not in reported


def test_a_password_in_a_flag_is_refused(write: Write) -> None:
    reported = complaint(write(""), memory__url="http://me:hunter2@x")
    assert reported.startswith("--url: do not write a password in the command line")
    assert "hunter2" not in reported


def test_a_password_for_somebody_elses_part_is_a_warning(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        load(write("[parts.mine]\napi_key = 'hunter2'"))
    assert "config.toml:2, parts.mine.api_key" in caplog.text
    assert "hunter2" not in caplog.text


def test_settings_never_show_a_password() -> None:
    settings = Settings(memory=Memory(url="redis://me:hunter2@localhost:6379/0"))
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings)
    assert "hunter2" not in str(settings.memory)
    assert settings.memory.url == "redis://me:hunter2@localhost:6379/0"


def test_a_wrong_value_made_in_code_does_not_show_a_password_either() -> None:
    with pytest.raises(ValueError, match="redis://") as caught:
        Memory(url="http://me:hunter2@localhost")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["redis://localhost:6379/0", "wss://irc-ws.chat.twitch.tv:443", "redis://me@localhost", "a:b@c", ""],
)
def test_an_address_without_password_is_left_alone(url: str) -> None:
    assert not holds_secret(url)
    assert without_secret(url) == url


# The rest


def test_a_parts_complaint_gets_the_options_line(write: Write) -> None:
    path = write("[brain]\nuse = 'lama'\n[gate]\npatterns = [\n  'a',\n  '.*',\n]")
    assert located("brain.use", path) == f"{path}:2, brain.use"
    assert located("brain.use: the rest", path) == f"{path}:2, brain.use: the rest"
    assert located("gate.patterns[1] '.*'", path) == f"{path}:6, gate.patterns, item 2 '.*'"
    assert located("gate.patterns[7]", path) == f"{path}:4, gate.patterns, item 8"
    path = write("[voice.languages]\n\nzh-TW = { rate = 1.1, use = ['edgy'] }")
    assert located("voice.languages.zh-TW.use", path) == f"{path}:3, voice.languages.zh-TW.use"
    assert located("voice.languages.ja.use", path) == "voice.languages.ja.use"


def test_a_parts_complaint_about_a_flag_names_the_flag(write: Write) -> None:
    path = write("[brain]\nmodel = 'a.gguf'\n[voice]\nuse = 'x'")
    flags = {"brain.model": "b.gguf", "voice.use": None}
    assert located("brain.model: /b.gguf", path, flags) == "--model: /b.gguf"
    assert located("voice.use", path, flags) == f"{path}:4, voice.use"


@pytest.mark.parametrize(
    ("text", "flags", "reported"),
    [
        ("\n[brain]\nuse = 'lama'", [], "{path}:3, brain.use"),
        ("show.character = 'bamban'", [], "{path}:1, show.character"),
        ("show.character = 'bamban'", ["--character", "bambam"], "--character"),
    ],
)
def test_the_command_line_tells_where_a_part_found_a_wrong_value(
    text: str, flags: list[str], reported: str, write: Write
) -> None:
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        app(["chat", "--config", str(path), *flags], standalone_mode=False)
    assert caught.value.where == reported.format(path=path)


@pytest.mark.parametrize(
    "where", ["", "voice.use", "voice", "persona.md: name", "brain.nonsense", "/brain.use"]
)
def test_what_does_not_stand_in_the_file_stays_as_it_is(
    where: str, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("brain = {use = 'x', nonsense = 1}")
    assert located(where, path) == where
    assert located(where, write("no toml =")) == where
    assert located(where, path.with_name("gone.toml")) == where
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")  # where the shipped file counts
    assert located(where) == where


def test_patterns_are_tried_when_settings_are_made() -> None:
    with pytest.raises(ValueError, match="regular expression"):
        Gate(patterns=("[",))
