"""A connection to OBS, through the library's client, with deadlines and errors that a streamer can read."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from threading import Event, Timer
from typing import Any, Self

import websocket
from obswebsocket import core, exceptions, requests

from vtuber import config
from vtuber.core.errors import StageError
from vtuber.core.text import clean, escaped

log = logging.getLogger(__name__)

PASSWORD = "BANBAN_OBS_PASSWORD"  # noqa: S105  # the variable's name

ANSWER_SECONDS = 3.0
"""An OBS that takes longer to answer is disconnected, and connected to again."""

GREETING_SECONDS = 8.0
"""For connecting and the greeting together, however slowly they come."""

MESSAGE_BYTES = 32 << 20
"""The longest message that is read, in one frame or in several. OBS sends nothing longer than a picture."""

OLDEST = 28
"""The first OBS that speaks this protocol by itself."""

SWITCH_ON = (
    "start OBS, tick Tools → WebSocket Server Settings → Enable WebSocket server, and set"
    " stage.obs.port to the port that is shown there"
)

NONSENSE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What is raised where an answer of OBS is not what the protocol says."""
BROKEN = (*NONSENSE, exceptions.MessageTimeout, OSError, websocket.WebSocketException)
"""All that `ObsClient.ask`, and whoever reads its answers, may raise. The connection is of no use then."""

# The library logs every message (its answer to the password's challenge, too) and every attempt.
logging.getLogger("obswebsocket").setLevel(logging.CRITICAL)

OnEvent = Callable[[str, Mapping[str, Any]], None]
"""Told the name and the data of each event of OBS, in the receiving thread. It must not ask OBS anything:
its answer would be received by that very thread."""


class ObsClient(core.obsws):  # type: ignore[misc]  # the library has no types
    """One connection. The library's own ``authreconnect`` is not used: a refused password ends its thread,
    and so does a connection that was reset."""

    def __init__(
        self,
        settings: config.Obs,
        password: str,
        *,
        ended: Event | None = None,
        on_event: OnEvent | None = None,
    ) -> None:
        """``ended`` is set when the connection is over."""
        super().__init__(settings.host, settings.port, password, legacy=False, timeout=ANSWER_SECONDS)
        self.place = f"{settings.host}:{settings.port}"
        self.version = ""
        """OBS's own, such as "29.0.2"."""
        self.ended = ended or Event()
        if on_event is not None:
            self.register(lambda event: on_event(event.name, event.datain))

    def __enter__(self) -> Self:
        try:
            self.connect()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def connect(self) -> None:
        """Raises StageError, which says why OBS cannot be used."""
        ws: Any = websocket.WebSocket()  # Any: half of its methods are untyped
        self.ws = ws
        ws.frame_buffer.recv_strict = _bounded(ws.frame_buffer.recv_strict)
        ws.cont_frame.add = _bounded_whole(ws.cont_frame)
        ws.settimeout(ANSWER_SECONDS)  # for each part of it
        deadline = Timer(GREETING_SECONDS, self.hang_up)
        deadline.daemon = True
        deadline.start()
        try:
            ws.connect(f"ws://{self.host}:{self.port}", http_no_proxy=["*"], redirect_limit=0)
            if ws.status != HTTPStatus.SWITCHING_PROTOCOLS:  # it sends us elsewhere
                raise self._not_obs()
            self._auth()
        except websocket.WebSocketTimeoutException:
            raise self._mute() if ws.connected else self._away() from None
        except exceptions.ConnectionFailure:
            raise self._refused() if self.server_version is not None else self._not_obs() from None
        except (OSError, websocket.WebSocketConnectionClosedException, websocket.WebSocketAddressException):
            raise self._away() from None
        except (*NONSENSE, websocket.WebSocketException):
            raise self._not_obs() from None
        finally:
            deadline.cancel()
        ws.settimeout(None)  # events may be hours apart
        self.thread_recv = _Receiver(self)
        self.thread_recv.daemon = True
        self.thread_recv.start()
        try:
            self.version = clean(str((self.ask("GetVersion") or {}).get("obsVersion", "")), 40)
        except (exceptions.MessageTimeout, OSError, websocket.WebSocketException):
            raise self._mute() from None
        except NONSENSE:
            raise self._not_obs() from None

    def ask(self, name: str, **data: Any) -> dict[str, Any] | None:
        """OBS's answer, or None when it says no. Raises one of BROKEN."""
        request = self.call(getattr(requests, name)(**data))
        return dict(request.datain) if request.status else None

    @property
    def is_old(self) -> bool:
        """Whether OBS is older than what this was made for."""
        major = self.version.partition(".")[0]
        return major.isdecimal() and int(major) < OLDEST

    def connected(self) -> bool:
        """Whether answers can come."""
        return self.thread_recv is not None and bool(self.thread_recv.is_alive())

    def hang_up(self) -> None:
        """Ends the connection and whatever waits for an answer on it. May be called from any thread."""
        sock = self.ws.sock if self.ws is not None else None
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for answered in list(self.events.values()):
            answered.set()

    def close(self) -> None:
        """Harmless when it never was connected."""
        if self.thread_recv is not None:
            self.thread_recv.running = False
        self.hang_up()
        if self.thread_recv is not None:
            self.thread_recv.join(ANSWER_SECONDS)
        if self.ws is not None:
            self.ws.shutdown()

    def explained(self, error: Exception) -> StageError:
        """One of BROKEN, in words for a streamer."""
        log.debug("%s: %s", self.place, escaped(repr(error))[:500])
        if isinstance(error, NONSENSE):
            return StageError(
                f"OBS at {self.place} answers what cannot be used", hint="restart OBS, and update it"
            )
        return StageError(f"OBS at {self.place} stopped answering", hint="restart OBS, and try again")

    def _away(self) -> StageError:
        return StageError(f"OBS does not answer at {self.place}", hint=SWITCH_ON)

    def _not_obs(self) -> StageError:
        return StageError(f"the program that answers at {self.place} is not OBS", hint=SWITCH_ON)

    def _mute(self) -> StageError:
        return StageError(
            f"OBS at {self.place} connects and says nothing more: it hangs, or is older than {OLDEST}",
            hint=f"restart OBS; if it is older than {OLDEST} (Help → About), update it",
        )

    def _refused(self) -> StageError:
        refuses, asks = (
            f"OBS at {self.place} refuses the password",
            f"OBS at {self.place} asks for a password",
        )
        return StageError(
            refuses if self.password else asks,
            hint=f"copy it from Tools → WebSocket Server Settings → Show Connect Info into {PASSWORD}",
        )


def _bounded(receive: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """The library reads a frame of any length that its header names."""

    def bounded(count: int) -> bytes:
        if count > MESSAGE_BYTES:
            raise websocket.WebSocketProtocolException(f"a frame of {count} bytes")
        return receive(count)

    return bounded


def _bounded_whole(fragments: Any) -> Callable[[Any], None]:
    """The library puts a message together of any number of frames."""
    add: Callable[[Any], None] = fragments.add

    def bounded(frame: Any) -> None:
        before = len(fragments.cont_data[1]) if fragments.cont_data else 0
        if before + len(frame.data) > MESSAGE_BYTES:
            raise websocket.WebSocketProtocolException(f"a message of more than {MESSAGE_BYTES} bytes")
        add(frame)

    return bounded


class _Receiver(core.RecvThread):  # type: ignore[misc]  # the library has no types
    """The library's thread, which does not end in a traceback."""

    def run(self) -> None:
        with suppress(Exception):  # whatever it is, the link sees that this thread has ended
            super().run()
        self.core.hang_up()
        self.core.ended.set()
