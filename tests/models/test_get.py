"""What `banban models get` chooses, and how it comes: from a hub's protocol, through the hub's own client."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from gguf_props import WHOLE, gguf, pair, text
from hub_server import HubServer, Refusal, Stored
from huggingface_hub import close_session, constants
from rich.console import Console
from typer.testing import CliRunner

from vtuber.app import models, terminal
from vtuber.app.cli import app
from vtuber.core.errors import BanbanError
from vtuber.models import hub as hub_module
from vtuber.models import store
from vtuber.models.choices import CHOICES, GB
from vtuber.models.get import choose, get
from vtuber.models.gguf import Header
from vtuber.models.hub import Hub
from vtuber.models.machine import Card, Machine

MACHINE = Machine(16 * GB)
REPO = "club/her-GGUF"
CONTENT = WHOLE + bytes(range(256)) * 4000
HERS = {"Q2_K": 3.18, "Q3_K_S": 3.67, "Q4_K_M": 4.92, "Q5_K_M": 5.73, "Q6_K": 6.6, "Q8_0": 8.54, "F16": 16.1}
"""Sizes in GB of an 8B model's files: those of her own model, and a Q2_K."""


class Watching:
    def __init__(self) -> None:
        self.reported: list[str] = []
        self.before = self.there = self.whole = 0

    def tell(self, words: str) -> None:
        self.reported.append(words)

    def begin(self, there: int, whole: int) -> None:
        self.before, self.there, self.whole = there, there, whole

    def advance(self, more: int) -> None:
        self.there += more


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(store, "folder", lambda: tmp_path / "models")
    return tmp_path / "models"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: Path) -> Iterator[HubServer]:
    server = HubServer()
    server.repos[REPO] = {"her-Q4_K_M.gguf": Stored(CONTENT)}
    point_to(server.url, monkeypatch)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(hub_module, "_PAUSE", 0.0)
    yield server
    close_session()
    server.close()


def point_to(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As HF_ENDPOINT does, which the client reads only once."""
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}"
    )


def fetched(name: str, watch: Watching | None = None) -> Header:
    return get(name, MACHINE, watch or Watching())


def trouble(name: str = REPO) -> str:
    with pytest.raises(BanbanError) as caught:
        fetched(name)
    return str(caught.value)


# What is chosen.


@pytest.mark.parametrize(
    ("machine", "chosen"),
    [
        (Machine(32 * GB, (Card("RTX 3050", 6 * GB),)), "Q3_K_S"),
        (Machine(32 * GB, (Card("RTX 3080", 10 * GB),)), "Q4_K_M"),
        (Machine(32 * GB, (Card("A4000", 16 * GB),)), "Q6_K"),
        (Machine(32 * GB, (Card("RTX 4080", 16376 << 20),)), "Q8_0"),
        (Machine(64 * GB, (Card("RTX 4090", 24564 << 20),)), "Q8_0"),
        (Machine(64 * GB, (Card("A6000", 48 * GB),)), "F16"),
        (Machine(6 * GB), "Q3_K_S"),
        (Machine(10 * GB), "Q4_K_M"),
        (Machine(16 * GB), "Q6_K"),
        (Machine(64 * GB), "Q8_0"),  # F16 would fit, and speak too slowly
        (Machine(16 * GB, (Card("small", 2 * GB),)), "Q6_K"),
        (Machine(int(5.3 * GB)), "Q2_K"),
    ],
)
def test_the_best_that_fits_is_chosen(server: HubServer, machine: Machine, chosen: str) -> None:
    server.repos[REPO] = {f"her-8B-{name}.gguf": Stored(size=int(size * GB)) for name, size in HERS.items()}
    server.repos[REPO]["mmproj-model-F16.gguf"] = Stored(size=GB // 2)
    server.repos[REPO]["imatrix_her.gguf"] = Stored(size=GB // 200)
    watch = Watching()
    assert choose(Hub(), REPO, machine, watch).name == f"her-8B-{chosen}.gguf"
    assert f"{HERS[chosen]:.3g} GB, the best of 7 for this machine" in watch.reported[0]


def test_what_fits_nowhere_is_fetched_only_by_its_own_name(server: HubServer) -> None:
    server.repos[REPO] = {"her-Q4_K_M.gguf": Stored(size=30 * GB), "her-Q8_0.gguf": Stored(size=50 * GB)}
    reported = trouble()
    assert "no file of this model fits: her-Q4_K_M.gguf" in reported
    assert "should have 60 GB, twice its size" in reported
    watch = Watching()
    assert choose(Hub(), f"{REPO}:q8_0", MACHINE, watch).size == 50 * GB
    assert "too big" in watch.reported[0]


@pytest.mark.parametrize(
    ("named", "found"),
    [
        (f"{REPO}:Q4_K_M", "her-Q4_K_M.gguf"),
        (f"{REPO}:q3_k_m", "v1_0_Q3_K_M.gguf"),
        (f"{REPO}:UD-Q4_K_XL", "her-UD-Q4_K_XL.gguf"),
        (f"{REPO}:Q4_K_XL", "her-UD-Q4_K_XL.gguf"),
        (f"{REPO}/her-IQ3_M.gguf", "her-IQ3_M.gguf"),
        (f"{REPO}/mmproj-F16.gguf", "mmproj-F16.gguf"),
        (f"{REPO}:F16", "Q/her-F16-00001-of-00002.gguf"),
        (f"{REPO}/Q/her-F16-00002-of-00002.gguf", "Q/her-F16-00001-of-00002.gguf"),
    ],
)
def test_names(server: HubServer, named: str, found: str) -> None:
    names = ("her-Q4_K_M", "v1_0_Q3_K_M", "her-UD-Q4_K_XL", "her-IQ3_M", "mmproj-F16")
    server.repos[REPO] = {f"{name}.gguf": Stored(b"x") for name in names}
    server.repos[REPO] |= {f"Q/her-F16-0000{part}-of-00002.gguf": Stored(b"x") for part in (1, 2)}
    assert choose(Hub(), named, MACHINE, Watching()).name == found


def test_names_of_the_list(server: HubServer) -> None:
    for choice in CHOICES:
        server.repos[choice.repo] = {"a-Q4_K_M.gguf": Stored(b"x"), "a-Q8_0.gguf": Stored(b"xx")}
        assert choose(Hub(), choice.name.upper(), MACHINE, Watching()).name == "a-Q8_0.gguf"
        assert choose(Hub(), f"{choice.name}:Q4_K_M", MACHINE, Watching()).name == "a-Q4_K_M.gguf"


@pytest.mark.parametrize("name", ["nobody", "", "a/b/c", "../x", "a/b:", "a b/c", "板/板", "/a/b"])
def test_what_no_model_is_called(server: HubServer, name: str) -> None:
    assert "there is no model with this name" in trouble(name)


def test_what_the_repository_does_not_hold(server: HubServer) -> None:
    assert "it holds no Q9" in trouble(f"{REPO}:Q9")
    assert "it has her-Q4_K_M.gguf" in trouble(f"{REPO}:Q9")
    assert "it holds no other.gguf" in trouble(f"{REPO}/other.gguf")
    server.repos[REPO] = {"her-00001-of-00002.gguf": Stored(b"x"), "none.gguf": Stored(b"")}
    assert "it holds no GGUF" in trouble()


@pytest.mark.parametrize(
    "path",
    [
        "../up.gguf",
        "/etc/x.gguf",
        "C:/x.gguf",
        "a\\b.gguf",
        ".hidden.gguf",
        "a/../../b.gguf",
        "a\n.gguf",
        "x.bin",
    ],
)
def test_a_path_that_leads_elsewhere_is_not_taken(server: HubServer, path: str) -> None:
    server.repos[REPO] = {path: Stored(b"x")}
    assert Hub().files(REPO) == []


def test_without_a_name_the_list_is_shown() -> None:
    shown = CliRunner().invoke(app, ["models", "get"])
    assert shown.exit_code == 0
    for choice in CHOICES:
        assert choice.name in shown.output
        assert choice.repo in shown.output


# How it comes.


def test_a_model_comes_whole(server: HubServer, folder: Path) -> None:
    watch = Watching()
    model = fetched(REPO, watch)
    assert model.path == folder / REPO / "her-Q4_K_M.gguf"
    assert model.path.read_bytes() == CONTENT
    assert (watch.before, watch.there, watch.whole) == (0, len(CONTENT), len(CONTENT))
    assert "hf_xet" not in sys.modules
    assert [path.name for path in model.path.parent.iterdir() if path.name != ".getting"] == [model.path.name]


def test_what_is_there_is_not_fetched_again(server: HubServer) -> None:
    fetched(REPO)
    fetched(REPO)
    assert server.sent["her-Q4_K_M.gguf"] == len(CONTENT)


def test_a_broken_download_goes_on_at_the_next_call(server: HubServer, folder: Path) -> None:
    half = len(CONTENT) // 2
    server.drops = [half, *[0] * hub_module._TRIES]
    reported = trouble()
    assert "was lost" in reported
    assert "goes on where it stopped" in reported
    [part] = (folder / REPO).glob("*.part")
    kept = part.stat().st_size
    assert 0 < kept <= half
    sent = server.sent["her-Q4_K_M.gguf"]
    watch = Watching()
    assert fetched(REPO, watch).path.read_bytes() == CONTENT
    assert server.ranges[-1] == f"bytes={kept}-"
    assert server.sent["her-Q4_K_M.gguf"] - sent == len(CONTENT) - kept
    assert (watch.before, watch.there) == (kept, len(CONTENT))


def test_a_connection_that_breaks_off_is_made_again(server: HubServer) -> None:
    server.drops = [1000] * (hub_module._TRIES * 3)
    assert fetched(REPO).path.read_bytes() == CONTENT
    assert server.sent["her-Q4_K_M.gguf"] == len(CONTENT)


def test_a_store_without_ranges_sends_all_again(server: HubServer) -> None:
    server.ignores_ranges = True
    server.drops = [5000]
    watch = Watching()
    assert fetched(REPO, watch).path.read_bytes() == CONTENT
    assert watch.there == len(CONTENT)


def test_a_split_model_comes_with_all_its_parts(server: HubServer, folder: Path) -> None:
    parts = [WHOLE + b"1" * 1000, WHOLE + b"2" * 700, WHOLE + b"3" * 10]
    names = [f"Q4_K_M/her-Q4_K_M-0000{number}-of-00003.gguf" for number in (1, 2, 3)]
    server.repos[REPO] = {name: Stored(part) for name, part in zip(names, parts, strict=True)}
    watch = Watching()
    model = fetched(f"{REPO}:Q4_K_M", watch)
    assert model.path == folder / REPO / names[0]
    assert [(folder / REPO / name).read_bytes() for name in names] == parts
    assert model.size == sum(map(len, parts))
    assert watch.there == watch.whole == model.size


def test_a_wrong_checksum(server: HubServer, folder: Path) -> None:
    server.repos[REPO] = {"her-Q4_K_M.gguf": Stored(CONTENT, sha256="0" * 64)}
    assert "its checksum is wrong" in trouble()
    assert list((folder / REPO).glob("*.gguf*")) == []


@pytest.mark.parametrize("size", [1000, len(CONTENT) + 9])
def test_another_size_than_the_hub_said(server: HubServer, folder: Path, size: int) -> None:
    server.repos[REPO] = {"her-Q4_K_M.gguf": Stored(CONTENT, size=size, sha256="0" * 64)}
    assert ("its checksum is wrong" if size < len(CONTENT) else "was lost (no data arrived)") in trouble()
    assert list((folder / REPO).glob("*.gguf")) == []


def test_a_new_version_takes_the_place_of_the_old(server: HubServer, folder: Path) -> None:
    fetched(REPO)
    server.repos[REPO] = {"her-Q4_K_M.gguf": Stored(CONTENT + b"new")}
    left = folder / REPO / "her-Q4_K_M.gguf.0123456789ab.part"
    left.write_bytes(b"half of the old one")
    assert fetched(REPO).path.read_bytes() == CONTENT + b"new"
    assert not left.exists()


def test_what_is_no_gguf_on_the_hub_either(server: HubServer) -> None:
    server.repos[REPO] = {"her-Q4_K_M.gguf": Stored(b"<html>")}
    assert "this file is not a GGUF file; the hub has the same file" in trouble()


def test_a_disk_without_room(server: HubServer) -> None:
    server.repos[REPO] = {"her-Q4_K_M.gguf": Stored(CONTENT, size=10**18)}
    reported = trouble(f"{REPO}:Q4_K_M")
    assert "1000000000 GB are left to download" in reported
    assert server.ranges == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_fills_up(server: HubServer, folder: Path) -> None:
    [file] = Hub().files(REPO)
    home = folder / REPO
    home.mkdir(parents=True)
    (home / f"her-Q4_K_M.gguf.{file.sha256[:12]}.part").symlink_to("/dev/full")
    assert "the disk is full" in trouble()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders")
def test_a_pipe_in_its_place(server: HubServer, folder: Path) -> None:
    [file] = Hub().files(REPO)
    home = folder / REPO
    home.mkdir(parents=True)
    pipe = home / f"her-Q4_K_M.gguf.{file.sha256[:12]}.part"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # so that even one who opens it need not wait
    try:
        assert "a pipe" in trouble()
    finally:
        os.close(reader)


def test_a_folder_that_cannot_be_made(server: HubServer, folder: Path) -> None:
    folder.write_text("")
    assert "cannot be written" in trouble()


def test_two_at_once(server: HubServer) -> None:
    class Second(Watching):
        def begin(self, there: int, whole: int) -> None:
            super().begin(there, whole)
            reported.append(trouble())

    reported: list[str] = []
    fetched(REPO, Second())
    assert "this model is already being downloaded" in reported[0]


# Who is asked, and who is refused.


def test_nobody_there(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    point_to("http://127.0.0.1:9", monkeypatch)
    reported = trouble()
    assert "no model hub can be reached at http://127.0.0.1:9: connect to the internet" in reported
    assert "\n" not in reported


@pytest.mark.parametrize("address", ["nowhere", "http://", "ftp://x", "http://[x"])
def test_an_address_that_is_none(server: HubServer, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    point_to(address, monkeypatch)
    assert "no model hub can be reached" in trouble()


def test_a_password_in_the_address_is_not_shown(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    point_to("http://me:secret@127.0.0.1:9", monkeypatch)
    reported = trouble()
    assert "me:***@127" in reported
    assert "secret" not in reported


@pytest.mark.parametrize(
    "answer", [b"<html>log in</html>", b"[]", b"{}", b'{"id": 1, "siblings": [{}]}', b"\xff", b"[" * 100_000]
)
def test_what_is_no_hub(server: HubServer, answer: bytes) -> None:
    server.answer = answer
    assert f"{server.url}: the server at this address is not a model hub" in trouble()


def test_a_repository_that_is_not_there(server: HubServer) -> None:
    assert "there is no such repository" in trouble("club/other")
    server.refuse_api = Refusal(404, {"X-Error-Code": "RepoNotFound"})
    assert "there is no such repository" in trouble()
    assert "this is not a valid name of a repository" in trouble("club/a--b")


@pytest.mark.parametrize("status", [401, 403])
def test_a_repository_for_those_who_asked(server: HubServer, status: int) -> None:
    server.refuse_files = Refusal(status, {"X-Error-Code": "GatedRepo"})
    reported = trouble()
    assert "its owner gives it only to people who ask for access" in reported
    assert f"ask at {server.url}/{REPO}, and set HF_TOKEN" in reported


def test_a_token_goes_to_the_hub_and_nowhere_else(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetched(REPO)
    assert server.tokens == {"hub": {"Bearer hf_secret"}, "store": {None}}
    server.refuse_api = Refusal(401, {"X-Error-Message": "Invalid credentials in Authorization header"})
    reported = trouble()
    assert "the model hub refuses access" in reported
    assert "hf_secret" not in reported


def test_asked_too_often(server: HubServer, folder: Path) -> None:
    server.refuse_store = Refusal(429, {"Retry-After": "77"})
    assert "run the same command again in 77 seconds" in trouble()
    server.refuse_api = Refusal(429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"})
    assert "in some minutes" in trouble()


def test_a_hub_in_trouble(server: HubServer) -> None:
    server.refuse_api = Refusal(503)
    assert "the model hub answers with an error (503)" in trouble()


def test_a_file_that_is_taken_away_meanwhile(server: HubServer) -> None:
    server.refuse_files = Refusal(404, {"X-Error-Code": "EntryNotFound"})
    assert "the file is gone from the hub" in trouble()


def test_a_hub_that_must_not_be_asked(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "unset HF_HUB_OFFLINE" in trouble()


# The command.


def test_the_command_says_why_and_what_to_do_with_it(server: HubServer, folder: Path) -> None:
    shown = CliRunner().invoke(app, ["models", "get", REPO])
    assert shown.exit_code == 0
    assert shown.stdout.strip() == f"banban live --model {folder / REPO / 'her-Q4_K_M.gguf'}"
    for reported in (f"{REPO}/her-Q4_K_M.gguf", "twice its size", "100%", "checking"):
        assert reported in shown.stderr


def test_a_terminal_shows_a_bar(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = StringIO()
    monkeypatch.setattr(terminal, "err", Console(file=shown, force_terminal=True, width=100))
    server.drops = [len(CONTENT) // 2]
    with models.Fetching() as watch:
        get(REPO, MACHINE, watch)
    assert "1.0/1.0 MB" in shown.getvalue()
    assert "checking her-Q4_K_M.gguf" in shown.getvalue()


def test_eyes_are_not_to_go_on_air(server: HubServer) -> None:
    server.repos[REPO]["mmproj.gguf"] = Stored(gguf([pair("general.architecture", 8, text("clip"))]))
    shown = CliRunner().invoke(app, ["models", "get", f"{REPO}/mmproj.gguf"])
    assert "can now see images" in shown.stdout
    assert "banban live" not in shown.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_ctrl_c_and_the_next_run(server: HubServer, tmp_path: Path) -> None:
    half = server.stall_after = len(CONTENT) // 2
    data = tmp_path / "home" / ".local" / "share"
    environment = {
        "HF_ENDPOINT": server.url,
        "HOME": str(tmp_path / "home"),
        "PATH": os.environ["PATH"],
        "XDG_DATA_HOME": str(data),
    }
    command = [sys.executable, "-m", "vtuber.app", "models", "get", REPO]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not any(part.stat().st_size == half for part in tmp_path.rglob("*.part")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, reported = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "stopped\n  → run the same command again: it goes on where it stopped" in reported
    assert "Traceback" not in reported
    shutil.move(next(tmp_path.rglob("banban/models")), store.folder())
    server.stall_after = None
    assert fetched(REPO).path.read_bytes() == CONTENT
    assert server.ranges[-1] == f"bytes={half}-"
