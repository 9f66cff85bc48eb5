"""The table of the API's requests, and what is done at each. What strangers send is checked here."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from vtuber.core import sound
from vtuber.core.errors import RecallError, StageError, VoiceError
from vtuber.core.text import MESSAGE_LIMIT, NAME_LIMIT, clean
from vtuber.stage.access import ROLE, Role, requires
from vtuber.stage.control import openapi
from vtuber.stage.control.backstage import BASE, Backstage
from vtuber.stage.control.shapes import Answer, Me, Order, Snapshot, Viewers
from vtuber.stage.control.state import ADDED, PARTS_OF_STATE, ControlState
from vtuber.stage.control.streams import Streams, encoded

KINDS = (*PARTS_OF_STATE, *ADDED)
"""The kinds of events that can be chosen; "state" always comes, first."""

Respond = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One request that is answered."""

    method: str
    path: str
    """Below ``base``; what is in braces is part of the request."""
    respond: Respond
    summary: str
    gives: Any
    """The shape of the answer; None for what is no JSON."""
    takes: Any = None
    """The shape of the body; None for none."""
    kind: str = "text/event-stream"
    """The media type of what is no JSON."""
    query: Mapping[str, str] = field(default_factory=dict)
    """What may stand in the address, and what it means."""
    base: str = BASE


class Routes:
    """Answers every request of the API, from the state and from backstage."""

    def __init__(self, backstage: Backstage, state: ControlState, streams: Streams) -> None:
        self._backstage = backstage
        self._state = state
        self._streams = streams
        self.table = (
            Endpoint("GET", "/openapi.json", self._openapi, "This description", dict[str, Any]),
            Endpoint("GET", "/me", self._me, "Your role, and the commands that you may use", Me),
            Endpoint("GET", "/state", self._snapshot, "What the show is doing", Snapshot),
            Endpoint(
                "GET",
                "/events",
                self._events,
                "The state as server-sent events: the whole first, then whatever changes",
                None,
                query={"kinds": f"Only these kinds of events, separated by commas: {', '.join(KINDS)}"},
            ),
            Endpoint(
                "POST",
                "/commands/{name}",
                self._command,
                "Gives a command, as a moderator in chat does",
                Answer,
                takes=Order,
            ),
            Endpoint("POST", "/hush", self._hush, "Silence at once", Answer, base=""),
            Endpoint(
                "GET",
                "/air/{number}/sound",
                self._air_sound,
                "The sound of a sentence that waits to be heard, as a WAV file",
                None,
                kind="audio/wav",
            ),
            Endpoint(
                "GET",
                "/frame",
                self._frame,
                "What viewers see now, a small picture from OBS",
                None,
                kind="image/jpeg",
            ),
            Endpoint(
                "GET",
                "/viewers",
                self._viewers,
                "What is known of a viewer who wrote lately",
                Viewers,
                query={"name": "The viewer's name, with or without an @"},
            ),
        )

    def all(self) -> Sequence[web.AbstractRouteDef]:
        """For the server."""
        return [web.route(one.method, one.base + one.path, one.respond) for one in self.table]

    @requires(Role.MODERATOR)
    async def _openapi(self, request: web.Request) -> web.Response:
        _query(request)
        return web.json_response(openapi.description(self.table))

    @requires(Role.MODERATOR)
    async def _me(self, request: web.Request) -> web.Response:
        _query(request)
        role = request[ROLE]
        name = "streamer" if role is Role.STREAMER else "moderator"
        return _json({"role": name, "commands": self._backstage.commands(role)})

    @requires(Role.MODERATOR)
    async def _snapshot(self, request: web.Request) -> web.Response:
        _query(request)
        return _json(self._state.value())

    @requires(Role.MODERATOR)
    async def _events(self, request: web.Request) -> web.StreamResponse:
        wanted = _query(request, "kinds").get("kinds", "")
        kinds = frozenset(filter(None, wanted.split(","))) or frozenset(KINDS)
        if unknown := kinds - {*KINDS}:
            raise _refused(web.HTTPBadRequest, f"there are no events of the kind {min(unknown)[:20]!r}")
        return await self._streams.serve(request, kinds, lambda: encoded("state", self._state.for_newcomer()))

    @requires(Role.MODERATOR)
    async def _command(self, request: web.Request) -> web.Response:
        _query(request)
        name = request.match_info["name"]
        if not self._backstage.may(Role.STREAMER, name):
            raise _refused(web.HTTPNotFound, "there is no such command; /api/v1/me lists yours")
        self._check(request, name)
        argument = _argument(await request.read())
        answer = self._backstage.command(request[ROLE], name, argument)
        await self._backstage.written(name)
        return _json(answer)

    @requires(Role.MODERATOR)
    async def _hush(self, request: web.Request) -> web.Response:
        """The same as the command, at an address that is quick to set up. Its body means nothing."""
        self._check(request, "hush")
        return _json(self._backstage.command(request[ROLE], "hush", ""))

    def _check(self, request: web.Request, name: str) -> None:
        """Raises HTTPForbidden when the command is not for whoever asks."""
        if not self._backstage.may(request[ROLE], name):
            raise _refused(web.HTTPForbidden, "this command is only for the streamer")

    @requires(Role.MODERATOR)
    async def _air_sound(self, request: web.Request) -> web.Response:
        _query(request)
        number = request.match_info["number"]
        is_number = number.isascii() and number.isdecimal() and len(number) < 10
        try:
            pcm = await self._backstage.air_sound(int(number)) if is_number else None
        except (TimeoutError, VoiceError) as error:
            raise _refused(web.HTTPServiceUnavailable, "the voice did not speak this sentence") from error
        if pcm is None:
            raise _refused(web.HTTPNotFound, "no such sentence waits")
        return web.Response(body=_wav(pcm), content_type="audio/wav")

    @requires(Role.MODERATOR)
    async def _frame(self, request: web.Request) -> web.Response:
        _query(request)
        try:
            return web.Response(body=await self._backstage.frame(), content_type="image/jpeg")
        except StageError as error:
            raise _refused(web.HTTPServiceUnavailable, error.what) from error

    @requires(Role.MODERATOR)
    async def _viewers(self, request: web.Request) -> web.Response:
        name = clean(_query(request, "name").get("name", "")).removeprefix("@")
        if not 0 < len(name) <= NAME_LIMIT:
            raise _refused(web.HTTPBadRequest, f"give a name of 1 to {NAME_LIMIT} characters: ?name=mika")
        try:
            return _json({"viewers": await self._backstage.viewers(name)})
        except RecallError as error:
            raise _refused(web.HTTPServiceUnavailable, error.what) from error


def _json(value: Any) -> web.Response:
    text = json.dumps(value, ensure_ascii=False)
    return web.Response(
        body=text.encode("utf-8", "backslashreplace"), content_type="application/json", charset="utf-8"
    )


def _wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(sound.SAMPLE_BYTES)
        writer.setframerate(sound.RATE)
        writer.writeframes(pcm)
    return file.getvalue()


def _refused(kind: type[web.HTTPError], why: str) -> web.HTTPError:
    return kind(text=json.dumps({"error": why}), content_type="application/json")


def _query(request: web.Request, *names: str) -> dict[str, str]:
    """What stands in the address, a token apart. Raises HTTPBadRequest for anything else than ``names``."""
    given = {name: value for name, value in request.query.items() if name != "token"}
    if others := given.keys() - {*names}:
        raise _refused(web.HTTPBadRequest, f"{min(others)[:20]!r} means nothing here")
    return given


def _argument(body: bytes) -> str:
    """Of a command. Raises HTTPBadRequest for a body that is no ``Order``."""
    if not body.strip():
        return ""
    try:
        order = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise _refused(web.HTTPBadRequest, "the body is no JSON") from None
    match order:
        case {"argument": str(argument), **others} if not others and len(argument) <= MESSAGE_LIMIT:
            return clean(argument)
        case {**others} if not others:
            return ""
    raise _refused(
        web.HTTPBadRequest, f'the body is not {{"argument": "TEXT"}} with at most {MESSAGE_LIMIT} characters'
    )
