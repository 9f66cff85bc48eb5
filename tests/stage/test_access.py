"""Who may do what: roles, their tokens, and where those are kept."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from vtuber.config import Stage as StageSettings
from vtuber.core.errors import ConfigError
from vtuber.stage.access import ROLE, Role, public, requires
from vtuber.stage.server import Server
from vtuber.stage.tokens import VARIABLES, Tokens, default_path

OWN = {
    Role.PAGE: "a page's own token",
    Role.MODERATOR: "moderators' token",
    Role.STREAMER: "the streamer's token",
}


@pytest.fixture
def own_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    for role, variable in VARIABLES.items():
        monkeypatch.setenv(variable, OWN[role])


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of the file that keeps tokens; no variable gives any."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", str(tmp_path))
    for variable in VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    return default_path()


def a_panel(host: str = "127.0.0.1") -> Server:
    """A server with something for each role; each answer is the name of the role that asked."""

    async def role(request: web.Request) -> web.Response:
        return web.Response(text=request[ROLE].name)

    async def open_to_all(request: web.Request) -> web.Response:
        return await role(request)

    async def streamers(request: web.Request) -> web.Response:
        return await role(request)

    async def moderators(request: web.Request) -> web.Response:
        return await role(request)

    made = Server(StageSettings(host=host, port=0))
    made.add_routes(
        [
            web.get("/page", role),
            web.get("/control", public(open_to_all)),
            web.post("/hush", requires(Role.MODERATOR)(moderators)),
            web.get("/settings", requires(Role.STREAMER)(streamers)),
            web.get("/api/v1/state", role),
            web.post("/api/v1/commands/{name}", role),
            web.get("/{name:.+}", public(open_to_all)),
        ]
    )
    return made


@pytest.fixture
async def server(own_tokens: None) -> AsyncIterator[Server]:
    made = a_panel()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session:
        yield session


NOBODY, PAGE, MODERATOR, STREAMER = "", OWN[Role.PAGE], OWN[Role.MODERATOR], OWN[Role.STREAMER]


@pytest.mark.parametrize(
    "case",
    [
        ("GET page", NOBODY, 200, "PAGE"),
        ("GET page", "an old one's token", 200, "PAGE"),
        ("GET page", STREAMER, 200, "STREAMER"),
        ("GET control", NOBODY, 200, "PAGE"),
        ("POST hush", NOBODY, 401, ""),
        ("POST hush", PAGE, 403, ""),
        ("POST hush", MODERATOR, 200, "MODERATOR"),
        ("POST hush", STREAMER, 200, "STREAMER"),
        ("GET settings", MODERATOR, 403, ""),
        ("GET settings", STREAMER, 200, "STREAMER"),
        ("GET api/v1/state", NOBODY, 401, ""),
        ("GET api/v1/state", "an old one's token", 401, ""),
        ("GET api/v1/state", MODERATOR[:-1], 401, ""),
        ("GET api/v1/state", MODERATOR + " ", 200, "MODERATOR"),
        ("GET api/v1/state", MODERATOR, 200, "MODERATOR"),
        ("POST api/v1/commands/say", PAGE, 403, ""),
        ("GET api/v1/nothing", NOBODY, 401, ""),
        ("GET %61pi/v1/state", NOBODY, 401, ""),
        ("GET api/../api/v1/state", NOBODY, 401, ""),
    ],
)
@pytest.mark.parametrize("way", ["header", "query"])
async def test_each_token_opens_what_it_is_for(
    server: Server, client: aiohttp.ClientSession, case: tuple[str, str, int, str], way: str
) -> None:
    asked, token, status, role = case
    method, path = asked.split()
    headers = {"Authorization": f"Bearer {token}"} if token and way == "header" else {}
    params = {"token": token.strip()} if token and way == "query" else {}
    async with client.request(method, server.url + path, headers=headers, params=params) as answer:
        assert answer.status == status
        if role:
            assert await answer.text() == role


async def test_beyond_this_machine_a_page_needs_a_token_of_any_role(
    own_tokens: None, client: aiohttp.ClientSession
) -> None:
    made = a_panel(host="0.0.0.0")
    await made.start()
    place = made.url.split("?")[0]
    for token, status in (
        (NOBODY, 401),
        (PAGE, 200),
        (MODERATOR, 200),
        (STREAMER, 200),
        ("no token of ours", 401),
    ):
        async with client.get(place + "page", params={"token": token}) as answer:
            assert answer.status == status, token
    await made.stop()


async def test_an_address_of_the_panel_carries_its_token_where_no_server_sees_it(server: Server) -> None:
    assert server.control_address(Role.MODERATOR) == f"{server.url}control#token=moderators%27%20token"
    uses = dict(server.addresses())
    assert set(uses.values()) == {server.url, *map(server.control_address, (Role.MODERATOR, Role.STREAMER))}
    assert not any(token in server.health().what for token in OWN.values())


def test_tokens_are_kept_for_the_next_show(path: Path) -> None:
    first, second = Tokens(), Tokens()
    for role in Role:
        assert first.of(role) == second.of(role)
        assert second.role(first.of(role)) is role
    assert len({first.of(role) for role in Role}) == 3
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_tokens_that_are_kept_stay_where_another_is_missing(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"streamer": "the streamer\'s own", "moderator": "for moderators"}', encoding="utf-8")
    path.chmod(0o600)
    made = Tokens()
    assert (made.of(Role.STREAMER), made.of(Role.MODERATOR)) == ("the streamer's own", "for moderators")
    assert made.of(Role.PAGE) == Tokens().of(Role.PAGE)


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "[]",
        "{}",
        "\x00",
        "[" * 100_000,
        '{"streamer": 1, "moderator": 2}',
        '{"streamer": "", "moderator": ""}',
        '{"streamer": "one for all of us", "moderator": "one for all of us"}',
    ],
)
def test_a_file_that_holds_no_tokens_is_written_anew(path: Path, kept: str) -> None:
    path.parent.mkdir()
    path.write_text(kept, encoding="utf-8")
    path.chmod(0o600)
    made = Tokens()
    kept_now = {role.name.lower(): made.of(role) for role in Role}
    assert json.loads(path.read_text(encoding="utf-8")) == kept_now
    assert len({*kept_now.values()}) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_tokens_that_others_could_read_are_not_used_again(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known = Tokens().of(Role.STREAMER)
    path.chmod(0o644)
    assert Tokens().role(known) is None
    assert "other users could read" in caplog.text
    assert known not in caplog.text


def test_where_tokens_cannot_be_kept_they_are_for_this_show(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.parent.joinpath(path.parent.name).write_text("a file where the folder should be")
    made = Tokens()
    assert made.role(made.of(Role.STREAMER)) is Role.STREAMER
    assert "cannot be kept" in caplog.text


@pytest.mark.parametrize(
    ("variables", "what"),
    [
        ({"BANBAN_CONTROL_TOKEN": "12345678901"}, "could be guessed"),
        ({"BANBAN_CONTROL_TOKEN": "芝麻開門芝麻開門芝麻開門"}, "no browser sends"),
        ({"BANBAN_STAGE_TOKEN": "open \t sesame street"}, "no browser sends"),
        (
            {"BANBAN_CONTROL_TOKEN": "one for all of us", "BANBAN_MODERATOR_TOKEN": "one for all of us"},
            "are the same token",
        ),
    ],
)
def test_a_token_that_protects_nothing_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], what: str
) -> None:
    for variable, token in variables.items():
        monkeypatch.setenv(variable, token)
    with pytest.raises(ConfigError, match=what) as refused:
        Tokens()
    assert not any(token in str(refused.value) for token in variables.values())
