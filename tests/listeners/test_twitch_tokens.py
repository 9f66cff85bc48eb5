from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from vtuber.core.errors import ConfigError
from vtuber.listeners.twitch import tokens
from vtuber.listeners.twitch.tokens import Token, TokenFile

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")


def token(name: str = "ann", user_id: str = "7", access: str = "secret-access") -> Token:
    return Token(user_id, name, "client", access, "secret-refresh", frozenset(("user:read:chat",)))


@pytest.fixture
def file(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path / "folder" / "twitch.json")


def test_no_file_no_tokens(file: TokenFile) -> None:
    assert file.read() == []
    assert not file.remove("ann")
    assert not file.path.exists()


def test_tokens_are_kept_in_the_order_of_logins(file: TokenFile) -> None:
    file.save(token("zoe", "1"))
    file.save(token("ann", "2"))
    assert file.read() == [token("ann", "2"), token("zoe", "1")]


def test_an_account_has_one_token(file: TokenFile) -> None:
    file.save(token("ann", "7"))
    file.save(token("bob", "8"))
    file.save(token("ann_renamed", "7", "newer"))
    assert file.read() == [token("ann_renamed", "7", "newer"), token("bob", "8")]


def test_remove(file: TokenFile) -> None:
    file.save(token("ann", "7"))
    file.save(token("bob", "8"))
    assert file.remove("ANN")
    assert not file.remove("ann")
    assert file.read() == [token("bob", "8")]
    assert file.remove("bob")
    assert not file.path.exists()


def test_secrets_never_show() -> None:
    assert "secret" not in f"{token()!r} {token()} {[token()]}"


@posix
def test_the_file_is_private_from_its_first_byte(file: TokenFile, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    really_open = os.open

    def watched(path: Any, *args: Any, **kwargs: Any) -> int:
        opened = really_open(path, *args, **kwargs)
        status = os.fstat(opened)
        seen.append((stat.S_IMODE(status.st_mode), status.st_size))
        return opened

    umask = os.umask(0)  # as careless as can be
    try:
        monkeypatch.setattr(os, "open", watched)
        file.save(token())
        file.save(token(access="another"))
    finally:
        os.umask(umask)
    assert set(seen) == {(0o600, 0)}
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620])
def test_a_file_that_others_can_read_is_refused_with_a_hint(file: TokenFile, mode: int) -> None:
    file.save(token())
    file.path.chmod(mode)
    for use in (file.read, lambda: file.save(token()), lambda: file.remove("ann")):
        with pytest.raises(ConfigError, match="other users can read") as caught:
            use()
        assert caught.value.where == str(file.path)
        assert f'chmod 600 "{file.path}"' in caught.value.hint
        assert "banban logout twitch" in caught.value.hint
    file.path.chmod(0o600)
    assert file.read() == [token()]


@posix
def test_a_file_of_another_user_is_refused(file: TokenFile, monkeypatch: pytest.MonkeyPatch) -> None:
    file.save(token())
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    with pytest.raises(ConfigError, match="belongs to another user"):
        file.read()


@pytest.mark.parametrize(
    "content", [b"", b"[", b"{}", b"\xff\xfe", b'[{"user_id": "7", "access": "secret"}]', b'[{"user_id": 7}]']
)
def test_a_damaged_file_is_reported_with_a_hint(file: TokenFile, content: bytes) -> None:
    file.save(token())
    file.path.write_bytes(content)
    with pytest.raises(ConfigError, match="damaged") as caught:
        file.read()
    assert "delete it" in caught.value.hint
    assert "secret" not in str(caught.value)
    with pytest.raises(ConfigError, match="damaged"):
        file.save(token())
    assert file.path.read_bytes() == content


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    with pytest.raises(ConfigError, match="cannot be used"):
        TokenFile(tmp_path / "taken" / "twitch.json").save(token())


def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    file: TokenFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.save(token())

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="No space left"):
        file.save(token(access="newer"))
    assert file.read() == [token()]
    assert {path.name for path in file.path.parent.iterdir()} == {"twitch.json", "twitch.lock"}


def test_what_a_killed_process_left_is_no_hindrance(file: TokenFile) -> None:
    file.save(token())
    file.path.with_name("twitch.json.new").write_text("half")
    file.save(token("bob", "8"))
    assert len(file.read()) == 2


def test_threads_that_save_at_once_lose_nothing(file: TokenFile) -> None:
    savers = [threading.Thread(target=file.save, args=(token(f"n{i}", str(i)),)) for i in range(16)]
    for saver in savers:
        saver.start()
    for saver in savers:
        saver.join()
    assert len(file.read()) == 16


def test_processes_that_save_at_once_lose_nothing(file: TokenFile) -> None:
    script = (
        "import sys; from pathlib import Path; from vtuber.listeners.twitch.tokens import Token, TokenFile\n"
        "file = TokenFile(Path(sys.argv[1]))\n"
        "for i in range(20): file.save(Token(f'{sys.argv[2]}{i}', 'n', 'c', 'a', 'r'))"
    )
    savers = [subprocess.Popen([sys.executable, "-c", script, str(file.path), name]) for name in "xyz"]
    assert [saver.wait(30) for saver in savers] == [0, 0, 0]
    assert len(file.read()) == 60


def test_nobody_waits_for_ever_for_a_process_that_hangs(
    file: TokenFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "PATIENCE", 0.05)
    file.save(token())
    with file._locked(), pytest.raises(ConfigError, match="has locked the file"):
        TokenFile(file.path).save(token(access="newer"))
    file.save(token(access="newest"))
    assert file.read() == [token(access="newest")]


def test_it_lives_in_the_users_own_config_folder() -> None:
    path = TokenFile().path
    assert path.name == "twitch.json"
    assert path.parent.name == "banban"
