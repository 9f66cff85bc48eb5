"""The accounts that are logged in at Twitch, in a file that only its owner may read."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_config_path
from pydantic import TypeAdapter, ValidationError

from vtuber.core import files
from vtuber.core.errors import ConfigError

if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


PATIENCE = 2.0
"""Seconds that another process may take to save; it needs milliseconds."""


@dataclass(frozen=True, slots=True)
class Token:
    """What Twitch gave for one account. A public application's refresh token works once."""

    user_id: str
    login: str
    client_id: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    scopes: frozenset[str] = frozenset()


_tokens = TypeAdapter(list[Token])


class TokenFile:
    """Every method may block for ``PATIENCE``, and raises ConfigError when the file cannot be used."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or user_config_path("banban", appauthor=False) / "twitch.json"

    def read(self) -> list[Token]:
        """In the order of their logins; none when there is no file."""
        with self._readable_errors():
            return self._read()

    def save(self, token: Token) -> None:
        """Adds it, or puts it in the place of the same account's. Nothing is lost when two save at once."""
        with self._readable_errors(), self._locked():
            others = [other for other in self._read() if other.user_id != token.user_id]
            self._write([*others, token])

    def remove(self, login: str) -> bool:
        """Whether it was there."""
        with self._readable_errors(), self._locked():
            tokens = self._read()
            others = [token for token in tokens if token.login.lower() != login.lower()]
            self._write(others)
            return len(others) < len(tokens)

    def _read(self) -> list[Token]:
        try:
            with files.open_regular(self.path) as file:
                self._must_be_private(os.fstat(file.fileno()))
                tokens = _tokens.validate_json(file.read())
        except FileNotFoundError:
            return []
        except ValidationError:
            raise ConfigError(
                "the file with your Twitch tokens is damaged",
                where=str(self.path),
                hint="delete it, and log in again: banban login twitch",
            ) from None  # the error below quotes the file
        return sorted(tokens, key=lambda token: token.login)

    def _must_be_private(self, status: os.stat_result) -> None:
        if sys.platform == "win32":  # there, a user's own folder is closed to others
            return
        if status.st_uid != os.getuid():
            raise ConfigError(
                "the file with your Twitch tokens belongs to another user",
                where=str(self.path),
                hint="delete it, and log in again: banban login twitch",
            )
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise ConfigError(
                "other users can read the file with your Twitch tokens",
                where=str(self.path),
                hint=f'chmod 600 "{self.path}"; then get new tokens, because others may know these: '
                "banban logout twitch, banban login twitch",
            )

    def _write(self, tokens: list[Token]) -> None:
        """Atomically, and readable by the owner alone."""
        if not tokens:
            self.path.unlink(missing_ok=True)
            return
        new = self.path.with_name(self.path.name + ".new")
        new.unlink(missing_ok=True)  # left by a process that was killed
        try:
            with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                file.write(_tokens.dump_json(tokens, indent=2) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            _retry(lambda: new.replace(self.path))
        finally:
            new.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """No other process (or thread) writes meanwhile. The system ends the lock with its holder."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            try:
                _retry(lambda: _lock(lock))
            except OSError:
                raise ConfigError(
                    "another program has locked the file with your Twitch tokens",
                    where=str(self.path),
                    hint="stop other banban programs, and try again",
                ) from None
            yield
        finally:
            os.close(lock)

    @contextmanager
    def _readable_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ConfigError(
                f"the file with your Twitch tokens cannot be used: {error.strerror}",
                where=str(error.filename or self.path),
                hint="give yourself permission to read and write the file and its folder",
            ) from error


def _retry(action: Callable[[], object]) -> None:
    """Retries for a while what fails because another process uses the file."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            action()
        except (BlockingIOError, PermissionError):  # the second is what Windows says
            if time.monotonic() > until:
                raise
        else:
            return
        time.sleep(0.01)
