from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import stat
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twitch_id import CLIENT, Account, TwitchId, served

from vtuber.config import Chat, Settings, TwitchChat
from vtuber.core import clock
from vtuber.core.errors import BanbanError, ConfigError, ListenerError
from vtuber.core.health import State
from vtuber.core.simulated import SimulatedLoop
from vtuber.listeners.twitch import login as twitch
from vtuber.listeners.twitch.login import DeviceCode
from vtuber.listeners.twitch.scopes import SCOPES, rights
from vtuber.listeners.twitch.tokens import Token, TokenFile

IN_A_HURRY = """
from vtuber.app.__main__ import main
from vtuber.listeners.twitch import login

login.LEAST_INTERVAL = 0
main()
"""
BANBAN = [sys.executable, "-c", IN_A_HURRY]


def simulated(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(main)


def configured(url: str, client_id: str = CLIENT) -> Settings:
    return Settings(chat=Chat(twitch=TwitchChat(client_id=client_id, id_url=url)))


@pytest.fixture
def file(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path / "twitch.json")


async def log_in(server: TwitchId, file: TokenFile) -> tuple[Token, DeviceCode]:
    codes: list[DeviceCode] = []
    async with served(server) as url:
        token = await twitch.login(configured(url), file, codes.append)
    (code,) = codes
    return token, code


async def refusal(server: TwitchId, file: TokenFile) -> BanbanError:
    """What a streamer reads when it does not work."""
    with pytest.raises(BanbanError) as caught:
        await log_in(server, file)
    assert file.read() == []
    assert "secret-" not in str(caught.value)
    return caught.value


def test_logging_in(file: TokenFile) -> None:
    async def main() -> None:
        server = TwitchId(user_id="7", login="ann")
        token, code = await log_in(server, file)
        assert code.address == "https://www.twitch.tv/activate?public=true&device-code=ABCDEFGH"
        assert code.code == "ABCDEFGH"
        assert code.seconds == 1800
        assert token == Token("7", "ann", CLIENT, "secret-access-2", "secret-refresh-2", frozenset(SCOPES))
        assert file.read() == [token]
        (device,) = server.asked_for("/device")
        assert device.form == {"client_id": CLIENT, "scopes": " ".join(SCOPES)}
        assert "secret" not in repr(token)

    simulated(main())


def test_the_server_is_asked_no_sooner_than_it_wishes(file: TokenFile) -> None:
    async def main() -> None:
        server = TwitchId(interval=5)
        server.script["/token"].extend(("pending", "pending", "slow_down", "pending", "slow_down"))
        await log_in(server, file)
        (began,) = server.asked_for("/device")
        asked = [began.at, *(asked.at for asked in server.asked_for("/token"))]
        pauses = [round(later - sooner, 3) for sooner, later in pairwise(asked)]
        assert pauses == [5, 5, 5, 10, 10, 15]

    simulated(main())


@pytest.mark.parametrize(("interval", "pause"), [(0, 1), (-1, 5), (3600, 60)])
def test_an_absurd_interval_is_corrected(file: TokenFile, interval: float, pause: float) -> None:
    async def main() -> None:
        server = TwitchId(interval=interval)
        await log_in(server, file)
        assert server.asked_for("/token")[0].at - server.asked_for("/device")[0].at == pytest.approx(pause)

    simulated(main())


def test_trouble_while_waiting_is_waited_out_and_reported_once(
    file: TokenFile, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        server = TwitchId()
        server.script["/token"].extend(
            ("500", "500", "pending", "drop", "half", "list", "429", "moved", "pending")
        )
        token, _ = await log_in(server, file)
        assert file.read() == [token]

    with caplog.at_level(logging.DEBUG):
        simulated(main())
    told = [record.message for record in caplog.records if record.name.startswith("vtuber")]
    assert told[0] == "Twitch sent an answer that banban does not understand (HTTP 500); trying again"
    assert told[1].startswith("Twitch cannot be reached: ")
    assert len(told) == 5
    assert "secret-" not in caplog.text


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("denied", "cancelled in the browser"),
        ("rfc", "cancelled in the browser"),
        ("expired", "not entered in time"),
        ("invalid", "cancelled in the browser, or the code has expired"),
        ("empty", "no token"),
        ("malformed", "no token"),
    ],
)
def test_no_login_is_reported(file: TokenFile, answer: str, told: str) -> None:
    async def main() -> None:
        server = TwitchId()
        server.script["/token"].extend(("pending", answer))
        error = await refusal(server, file)
        assert isinstance(error, ListenerError)
        assert told in error.what
        assert error.hint == "run this again: banban login twitch"

    simulated(main())


def test_a_code_that_nobody_enters_is_waited_for_no_longer_than_it_is_valid(file: TokenFile) -> None:
    async def main() -> None:
        server = TwitchId(interval=5)
        server.expires_in = 60
        server.script["/token"].extend(["pending"] * 100)
        began = clock.now()
        error = await refusal(server, file)
        assert "not entered in time" in error.what
        assert 60 <= clock.now() - began <= 66

    simulated(main())


def test_a_network_that_stays_down_while_waiting_is_reported(file: TokenFile) -> None:
    async def main() -> None:
        server = TwitchId()
        server.expires_in = 60
        server.script["/token"].extend(["pending", *["500"] * 100])
        assert (
            await refusal(server, file)
        ).what == "Twitch sent an answer that banban does not understand (HTTP 500)"

    simulated(main())


@pytest.mark.parametrize("path", ["/device", "/token"])
def test_an_application_that_is_not_public_is_reported(file: TokenFile, path: str) -> None:
    async def main() -> None:
        server = TwitchId()
        server.script[path].append("secret")
        error = await refusal(server, file)
        assert isinstance(error, ConfigError)
        assert error.where == "chat.twitch.client_id"
        assert "invalid client secret" in error.what
        assert "client type must be Public" in error.hint

    simulated(main())


def test_a_wrong_client_id_is_reported(file: TokenFile) -> None:
    async def main() -> None:
        async with served(TwitchId()) as url:
            with pytest.raises(ConfigError, match="invalid client") as caught:
                await twitch.login(configured(url, "wrong"), file, lambda _: None)
        assert caught.value.where == "chat.twitch.client_id"

    simulated(main())


@pytest.mark.parametrize("client_id", ["", "  "])
async def test_without_a_client_id_the_way_to_one_is_shown(file: TokenFile, client_id: str) -> None:
    with pytest.raises(ConfigError) as caught:
        await twitch.login(configured("http://127.0.0.1:1", client_id), file, lambda _: None)
    assert caught.value.where == "chat.twitch.client_id"
    assert "https://dev.twitch.tv/console" in caught.value.hint
    assert 'client_id = "' in caught.value.hint


@pytest.mark.parametrize("trouble", ["500", "half", "list", "drop", "429", "moved", "empty", "malformed"])
def test_trouble_at_the_beginning_is_reported_at_once(file: TokenFile, trouble: str) -> None:
    async def main() -> None:
        server = TwitchId()
        server.script["/device"].append(trouble)
        error = await refusal(server, file)
        assert "Twitch" in error.what
        assert clock.now() < 1

    simulated(main())


@pytest.mark.parametrize("trouble", ["500", "half", "list", "empty", "malformed", "invalid"])
def test_a_token_without_an_account_is_not_kept(file: TokenFile, trouble: str) -> None:
    async def main() -> None:
        server = TwitchId()
        server.script["/validate"].append(trouble)
        assert "Twitch" in (await refusal(server, file)).what

    simulated(main())


@pytest.mark.parametrize("path", ["/device", "/validate"])
async def test_a_server_that_hangs_is_not_waited_for(
    file: TokenFile, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twitch, "ANSWER_SECONDS", 0.1)
    monkeypatch.setattr(twitch, "LEAST_INTERVAL", 0.01)
    server = TwitchId(interval=0)
    server.script[path].append("hang")
    error = await refusal(server, file)
    assert error.what.startswith("Twitch cannot be reached")


async def test_a_network_that_is_down_is_reported(file: TokenFile) -> None:
    async with served(TwitchId()) as url:
        pass  # nobody listens there any more
    with pytest.raises(ListenerError, match="cannot be reached") as caught:
        await twitch.login(configured(url), file, lambda _: None)
    assert caught.value.hint == "check the network"
    assert caught.value.where == url


async def test_a_file_that_cannot_be_used_is_reported_before_the_login(file: TokenFile) -> None:
    file.save(Token("1", "ann", CLIENT, "a", "r"))
    file.path.write_text("[")
    server = TwitchId()
    async with served(server) as url:
        with pytest.raises(ConfigError, match="damaged"):
            await twitch.login(configured(url), file, lambda _: None)
    assert server.asked == []


def test_a_wrong_system_clock_does_not_matter(file: TokenFile, monkeypatch: pytest.MonkeyPatch) -> None:
    years = iter((0.0, 4e9))

    async def main() -> None:
        server = TwitchId()
        server.script["/token"].append("pending")
        token, _ = await log_in(server, file)
        assert file.read() == [token]

    for _ in range(2):
        moment = next(years)
        monkeypatch.setattr(time, "time", lambda moment=moment: moment)
        simulated(main())


def test_what_was_not_granted_is_known(file: TokenFile) -> None:
    async def main() -> None:
        server = TwitchId()
        server.withheld = frozenset(("moderator:read:followers", "bits:read"))
        token, _ = await log_in(server, file)
        assert SCOPES.keys() - token.scopes == server.withheld
        rows = {row.part: row for row in rights(token.scopes)}
        assert rows["user:read:chat"].state is State.OK
        assert rows["user:read:chat"].what == f"banban can {SCOPES['user:read:chat']}"
        assert rows["bits:read"].state is State.OFF
        assert rows["bits:read"].what == "banban cannot see bits that are used outside of chat"
        assert rows["bits:read"].hint

    simulated(main())


jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = """device_code user_code verification_uri interval expires_in access_token refresh_token user_id login
    scopes message error"""
objects = st.dictionaries(st.sampled_from(KEYS.split()), jsons | st.just("something"))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    device=objects | jsons, granted=objects | jsons, whose=objects | jsons, status=st.sampled_from((200, 400))
)
def test_any_json_whatever_is_an_error_in_words_or_a_token(
    tmp_path: Path, device: Any, granted: Any, whose: Any, status: int
) -> None:
    async def main() -> None:
        app = web.Application()
        good = {"device_code": "d", "user_code": "u", "verification_uri": "v", "access_token": "a"}
        for method, path, answer in (
            ("POST", "/device", device), ("POST", "/token", granted), ("GET", "/validate", whose),
        ):  # fmt: skip
            full = {**good, "refresh_token": "r", **answer} if isinstance(answer, dict) else answer
            code = status if path == "/token" else 200

            async def respond(_: web.Request, full: Any = full, code: int = code) -> web.Response:
                return web.Response(text=json.dumps(full), status=code)

            app.router.add_route(method, path, respond)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        file = TokenFile(tmp_path / "twitch.json")
        try:
            token = await twitch.login(configured(f"http://{host}:{port}"), file, lambda _: None)
        except BanbanError:
            assert file.read() == []
        else:
            assert file.read() == [token]
            file.remove(token.login)
        finally:
            await runner.cleanup()

    simulated(main())


@asynccontextmanager
async def logged_in(file: TokenFile, *names: str) -> AsyncIterator[tuple[TwitchId, Settings]]:
    server = TwitchId()
    for number, name in enumerate(names):
        account = Account(str(number), name, frozenset(SCOPES))
        file.save(Token(account.user_id, name, CLIENT, *server.issue(account), account.scopes))
    async with served(server) as url:
        yield server, configured(url)


async def test_logging_out_of_one_account(file: TokenFile) -> None:
    async with logged_in(file, "ann", "bob") as (server, config):
        assert await twitch.logout(config, file, "@Ann") == ["ann is logged out"]
        assert [token.login for token in file.read()] == ["bob"]
        assert [account.login for account in server.access.values()] == ["bob"]
        with pytest.raises(ConfigError, match="'ann' is not logged in") as caught:
            await twitch.logout(config, file, "ann")
        assert caught.value.hint == "logged in: bob"


async def test_logging_out_of_all(file: TokenFile) -> None:
    async with logged_in(file, "ann", "bob") as (server, config):
        assert await twitch.logout(config, file) == ["ann is logged out", "bob is logged out"]
        assert file.read() == []
        assert server.access == {}
        assert await twitch.logout(config, file) == ["no account is logged in at Twitch"]


@pytest.mark.parametrize("trouble", ["500", "drop", "invalid", "hang"])
async def test_what_twitch_does_not_know_is_reported(
    file: TokenFile, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twitch, "ANSWER_SECONDS", 0.1)
    async with logged_in(file, "ann") as (server, config):
        server.script["/revoke"].append(trouble)
        (told,) = await twitch.logout(config, file)
    assert told.startswith("ann is logged out, but Twitch ")
    assert "https://www.twitch.tv/settings/connections" in told
    assert "secret-" not in told
    assert file.read() == []


class Program:
    """`banban` in a process and a folder of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.file = TokenFile(folder / "config" / "banban" / "twitch.json")
        self._folder = folder
        (folder / "config.toml").write_text(f'[chat.twitch]\nclient_id = "{CLIENT}"\nid_url = "{url}"\n')

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *BANBAN,
            *arguments,
            cwd=self._folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "XDG_CONFIG_HOME": str(self._folder / "config"), "PYTHONUTF8": "1"},
        )

    async def run(self, *arguments: str) -> tuple[int | None, str, str]:
        process = await self.start(*arguments)
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()


async def test_the_command_logs_in_and_out(tmp_path: Path) -> None:
    server = TwitchId(interval=0.01)
    server.withheld = frozenset(("bits:read",))
    server.script["/token"].extend(("pending", "500", "pending"))
    async with served(server) as url:
        program = Program(tmp_path, url)
        code, out, err = await program.run("login", "twitch", "--verbose")
        assert code == 0, err
        assert "https://www.twitch.tv/activate?public=true&device-code=ABCDEFGH\n" in out
        assert "ABCDEFGH" in out
        assert "30 minutes" in out
        assert "Logged in as ann" in out
        assert str(program.file.path) in out
        assert "banban can read the chat" in out
        assert "banban cannot see bits" in out
        assert "secret-" not in out + err
        (token,) = program.file.read()
        assert token.access in server.access
        if sys.platform != "win32":
            assert stat.S_IMODE(program.file.path.stat().st_mode) == 0o600

        code, out, err = await program.run("logout", "twitch", "ann", "--verbose")
        assert (code, out) == (0, "ann is logged out\n")
        assert "secret-" not in err
        assert server.access == {}
        assert not program.file.path.exists()


async def test_the_command_says_why_not(tmp_path: Path) -> None:
    server = TwitchId(interval=0.01)
    server.script["/token"].append("denied")
    async with served(server) as url:
        code, out, err = await Program(tmp_path, url).run("login", "twitch")
    assert code == 1
    assert err == "the login was cancelled in the browser\n  → run this again: banban login twitch\n"
    assert "Traceback" not in out


@pytest.mark.skipif(sys.platform == "win32", reason="there, Ctrl-C cannot be sent to one process")
async def test_ctrl_c_while_waiting_ends_in_order(tmp_path: Path) -> None:
    server = TwitchId(interval=0.01)
    server.script["/token"].extend(["pending"] * 100_000)
    async with served(server) as url:
        program = Program(tmp_path, url)
        process = await program.start("login", "twitch")
        async with asyncio.timeout(60):
            while not server.asked_for("/token"):
                await asyncio.sleep(0.01)
            process.send_signal(signal.SIGINT)
            out, err = await process.communicate()
    assert process.returncode == 1
    assert out.decode().endswith("stopped: no account is logged in\n")
    assert err == b""
    assert program.file.read() == []
