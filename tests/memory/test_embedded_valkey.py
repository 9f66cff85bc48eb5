"""The server we bring along: who starts it, who ends it, and who can reach it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import Queue

import psutil
import pytest
import redis

from vtuber.core.errors import RecallError
from vtuber.memory.store import CLIENTS
from vtuber.memory.valkey import EmbeddedValkey


def client(server: EmbeddedValkey, name: str = "") -> redis.Redis:
    return redis.Redis(unix_socket_path=str(server.address), client_name=name or None, decode_responses=True)


def pid_of(server: EmbeddedValkey) -> int:
    with client(server) as asker:
        return int(asker.info("server")["process_id"])


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    with suppress(psutil.NoSuchProcess):
        while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
    return True


def test_it_is_reached_by_this_user_alone_and_listens_on_no_port(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path / "a folder of its own")
    server.check()
    server.ensure()
    process = psutil.Process(pid_of(server))
    assert process.net_connections(kind="inet") == []
    assert server.folder.stat().st_mode & 0o777 == 0o700
    assert server.address.stat().st_mode & 0o077 == 0
    assert os.getsid(process.pid) != os.getsid(0), "Ctrl-C must not reach it before we have written"
    server.leave("")
    assert gone(process.pid)


def test_it_starts_once_and_ends_with_the_last_show(tmp_path: Path) -> None:
    one, two = EmbeddedValkey(tmp_path), EmbeddedValkey(tmp_path)
    one.ensure()
    pid = pid_of(one)
    two.ensure()
    assert pid_of(two) == pid
    with client(two, f"{CLIENTS}two") as second_show:
        second_show.set("still", "here")
        one.leave(f"{CLIENTS}one")
        assert second_show.get("still") == "here"
        two.leave(f"{CLIENTS}two")
    assert gone(pid)
    two.leave(f"{CLIENTS}two")


def test_a_server_whose_show_was_killed_is_used_again(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from vtuber.memory.valkey import EmbeddedValkey\n"
        "EmbeddedValkey(Path(sys.argv[1])).ensure(); print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as show:
        assert show.stdout is not None
        assert show.stdout.readline() == b"up\n"
        show.kill()
    server = EmbeddedValkey(tmp_path)
    pid = pid_of(server)
    server.ensure()
    assert pid_of(server) == pid
    server.leave("")
    assert gone(pid)


def test_a_socket_that_a_killed_server_left_is_no_hindrance(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path)
    server.ensure()
    pid = pid_of(server)
    os.kill(pid, signal.SIGKILL)
    assert gone(pid)
    assert server.address.exists()
    server.ensure()
    assert pid_of(server) != pid
    server.leave("")


def test_a_path_too_long_for_a_socket_gets_a_short_private_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="run") as run:
        monkeypatch.setenv("XDG_RUNTIME_DIR", run)
        server = EmbeddedValkey(tmp_path / ("long" * 30))
        assert server.address.is_relative_to(run)
        keep_over_a_restart(server)


def keep_over_a_restart(server: EmbeddedValkey) -> None:
    server.ensure()
    with client(server) as asker:
        asker.set("kept", "in the long folder")
    assert server.address.parent.stat().st_mode & 0o777 == 0o700
    server.leave("")
    assert list(server.folder.glob("appendonlydir/*"))
    server.ensure()
    with client(server) as asker:
        assert asker.get("kept") == "in the long folder"
    server.leave("")


def test_a_show_that_ends_while_it_starts_leaves_no_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = EmbeddedValkey(tmp_path)
    launched: Queue[subprocess.Popen[bytes]] = Queue()
    launch = server._launch

    def watched() -> subprocess.Popen[bytes]:
        launched.put(process := launch())
        return process

    monkeypatch.setattr(server, "_launch", watched)
    monkeypatch.setattr(server, "_reply", lambda: None)  # it does not get as far as to answer
    monkeypatch.setattr("vtuber.memory.valkey._PATIENCE", 60.0)
    with ThreadPoolExecutor(1) as starting:
        start = starting.submit(server.ensure)
        process = launched.get(timeout=60)
        server.leave("")
        with pytest.raises(RecallError, match="stopped while it started"):
            start.result(60)
    assert process.poll() is not None
    assert launched.empty()


def test_a_hanging_server_is_not_started_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = EmbeddedValkey(tmp_path)
    server.ensure()
    pid = pid_of(server)
    monkeypatch.setattr("vtuber.memory.valkey._PATIENCE", 0.5)
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(RecallError, match="does not answer"):
            server.ensure()
    finally:
        os.kill(pid, signal.SIGCONT)
    assert pid_of(server) == pid
    server.leave("")


def test_somebody_elses_folder_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(RecallError, match="belongs to another user"):
        EmbeddedValkey(tmp_path).check()
