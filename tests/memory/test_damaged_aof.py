"""The embedded server's files after a power cut: what can be saved is, and the rest is kept aside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from vtuber.memory import aof
from vtuber.memory.valkey import EmbeddedValkey


def client(server: EmbeddedValkey) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(server.address), decode_responses=True)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """One that has stored something, and is down."""
    server = EmbeddedValkey(tmp_path / "memory")
    server.ensure()
    with client(server) as asker:
        asker.xadd("stream", {"event": "a" * 500})
        with asker.pipeline(transaction=True) as both:
            both.set("kept", "記憶")
            both.hset("hash", "field", "value")
            both.execute()
    server.leave("")
    yield server
    server.leave("")


def commands(server: EmbeddedValkey) -> Path:
    (path,) = (server.folder / aof.FOLDER).glob("*.incr.aof")
    return path


def test_all_of_a_whole_file_can_be_read(server: EmbeddedValkey) -> None:
    path = commands(server)
    assert aof.readable(path) == path.stat().st_size > 500
    assert aof.set_damage_aside(server.folder) == ""


@pytest.mark.parametrize("tail", [bytes(64), b"\xff garbage \r\n*", b"*1\r\n$5\r\nMULTI\r\n*2\r\n$4\r\nINC"])
def test_a_damaged_tail_is_cut_off_and_said(
    server: EmbeddedValkey, caplog: pytest.LogCaptureFixture, tail: bytes
) -> None:
    path = commands(server)
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    server.ensure()
    with client(server) as asker:
        assert (asker.get("kept"), asker.xlen("stream")) == ("記憶", 1)
    if "INC" not in repr(tail):  # which the server cuts off by itself
        assert "is damaged: the last" in caplog.text
        (aside,) = path.parent.glob("*.damaged-*")
        assert aside.read_bytes() == whole + tail
        assert aside.stat().st_mode & 0o077 == 0


def test_damage_in_the_middle_costs_what_follows(
    server: EmbeddedValkey, caplog: pytest.LogCaptureFixture
) -> None:
    path = commands(server)
    whole = path.read_bytes()
    at = whole.index(b"MULTI") - len("*1..$5..")
    path.write_bytes(whole[:at] + bytes(64) + whole[at + 64 :])
    server.ensure()
    with client(server) as asker:
        assert (asker.get("kept"), asker.xlen("stream")) == (None, 1)
    assert "is damaged: the last" in caplog.text


def test_what_cannot_be_read_at_all_is_set_aside(
    server: EmbeddedValkey, caplog: pytest.LogCaptureFixture
) -> None:
    (server.folder / aof.FOLDER / "appendonly.aof.manifest").write_bytes(b"\xff" * 100)
    server.ensure()
    with client(server) as asker:
        assert asker.dbsize() == 0
    assert "it cannot be read, and is kept in appendonlydir.damaged-" in caplog.text
    assert len(list(server.folder.glob("appendonlydir.damaged-*/*"))) >= 2
