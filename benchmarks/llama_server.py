"""llama-cpp-python's own server, running for real with the embedded model."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from vtuber.brain.llama.process import ENVIRONMENT
from vtuber.models.store import locate

START = 60.0
"""Seconds that a busy machine may take to load the model."""


class LlamaServer:
    """One server process; ``options`` are the server's own. What it says is in ``log``."""

    def __init__(self, folder: Path, **options: Any) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = folder / "server.log"
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self._options = {"n_threads": 2, "n_threads_batch": 2, "verbose": "false", **options}

    def start(self) -> None:
        """Returns when it answers."""
        options = {"model": locate(""), "port": self.port, "host": "127.0.0.1", **self._options}
        flags = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-u", "-m", "llama_cpp.server", *flags],
                stdout=log,
                stderr=log,
                env={**os.environ, **ENVIRONMENT},
            )
        patience = time.monotonic() + START
        while not self.answers():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < patience
            time.sleep(0.05)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/models", timeout=5):
                return True
        except OSError:
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def count(self, text: str) -> int:
        """By the model's own tokenizer."""
        request = urllib.request.Request(
            self.url.removesuffix("v1") + "extras/tokenize/count",
            json.dumps({"input": text}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=START) as answer:
            return int(json.load(answer)["count"])
