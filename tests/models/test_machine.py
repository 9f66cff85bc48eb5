"""This machine's memory, and a card whose driver is asked."""

from __future__ import annotations

import os
import platform
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from vtuber.models import machine

GB = 1 << 30


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells it in /proc")
def test_memory_is_what_the_system_says_in_bytes() -> None:
    [kilobytes] = re.findall(r"^MemTotal: +(\d+) kB$", Path("/proc/meminfo").read_text(), re.MULTILINE)
    assert machine.this().memory == int(kilobytes) << 10


def test_on_apple_silicon_the_card_has_all_of_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=16 * GB))
    assert machine.this() == machine.Machine(16 * GB, (machine.Card("Apple silicon", 16 * GB),))


@pytest.mark.skipif(sys.platform == "win32", reason="the driver's stand-in is a shell script")
@pytest.mark.parametrize(
    ("script", "cards"),
    [
        (
            "echo 'NVIDIA GeForce RTX 4080, 16376'; echo 'Tesla, T4, 15360'",
            ["NVIDIA GeForce RTX 4080", "Tesla, T4"],
        ),
        ("echo 'no devices were found'", []),
        ("echo 'x, 10'; exit 9", []),
    ],
)
def test_the_driver_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, cards: list[str]
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    found = [card for card in machine.this().cards if card.name != "graphics card"]
    assert [card.name for card in found] == cards
    if cards:
        assert found[0].memory == 16376 << 20
        assert machine.Machine(1, tuple(found)).card == found[0]
