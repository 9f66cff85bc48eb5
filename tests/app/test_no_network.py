"""A show with a voice of this machine asks nothing of the network: no part of it, and no library either."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from threading import Thread

PROXIES = ("http_proxy", "https_proxy", "all_proxy")
BLOCKED = """
import errno, os, sys

def look(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host in (None, "", "localhost", "::1", "0.0.0.0") or host.startswith("127."):
        return
    with open(os.environ["TRIED"], "a") as tried:
        print(event, host, file=tried)
    raise OSError(errno.ENETUNREACH, "blocked by a test")

open(os.environ["TRIED"], "a").close()
sys.addaudithook(look)
"""
"""Runs first in every Python process of the show, and writes down whom it tries to reach."""


def test_nothing_tries_to_reach_anybody(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(BLOCKED, encoding="utf-8")
    tried = tmp_path / "tried.txt"
    asked: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as proxy:  # what is no Python asks here, where it can

        def answer() -> None:
            while True:
                try:
                    asking, _ = proxy.accept()
                except OSError:  # closed: the test is over
                    return
                with asking:
                    asked.append(asking.recv(200).decode("latin-1"))

        listening = Thread(target=answer, daemon=True)
        listening.start()
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("ORT_") and name.lower() != "no_proxy"
        }
        environment |= {
            **dict.fromkeys([*PROXIES, *map(str.upper, PROXIES)], address),
            **{f"XDG_{kind}_HOME": str(tmp_path / kind) for kind in ("CACHE", "CONFIG", "DATA", "STATE")},
            "HOME": str(tmp_path),
            "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]),
            "TRIED": str(tried),
        }
        done = subprocess.run(
            [sys.executable, "-m", "vtuber.app", "live", "--voice", "hibari", "--port", "0", "--for", "5"],
            cwd=tmp_path,
            env=environment,
            input="hello, who are you?\n",
            capture_output=True,
            encoding="utf-8",
            timeout=240,
            check=False,
        )
        proxy.shutdown(socket.SHUT_RDWR)
        listening.join()
    assert done.returncode == 0, done.stderr
    assert "is on air" in done.stdout
    assert not asked
    assert tried.read_text() == ""  # and it is there: somebody kept watch
    assert not list(tmp_path.rglob("Microsoft"))
