from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber import config
from vtuber.errors import ConfigError
from vtuber.events import Author, ChatMessage, Money, Role
from vtuber.gate.commands import ORDERS, Commands, ignored

MODERATOR = Author("7", "mo", frozenset({Role.MODERATOR}))
VIEWER = Author("9", "vi", frozenset({Role.SUBSCRIBER, Role.VIP}))


def message(
    text: str,
    author: Author = MODERATOR,
    platform: str = "twitch",
    reply_to: str = "",
    money: Money | None = None,
) -> ChatMessage:
    return ChatMessage("1", platform, "channel", author, text, reply_to=reply_to, money=money)


def commands(*operators: str, prefix: str = "!") -> Commands:
    return Commands(config.Gate(operators=operators, prefix=prefix))


@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [("!hush", "hush", ""), ("!HUSH now", "hush", "now"), ("！say 大家 好", "say", "大家 好"),
     ("! skip", "skip", ""),     ("  !status ", "status", ""), ("!ignore @bob 5", "ignore", "@bob 5")],
)  # fmt: skip
def test_a_moderator_orders(text: str, name: str, argument: str) -> None:
    command = commands().parse(message(text))
    assert command is not None
    assert (command.name, command.argument, command.problem, command.by) == (name, argument, "", MODERATOR)


@pytest.mark.parametrize("role", list(Role))
def test_only_trusted_roles_of_the_platform_may(role: Role) -> None:
    may = commands().parse(message("!hush", Author("1", "x", frozenset({role})))) is not None
    assert may == (role in {Role.BROADCASTER, Role.MODERATOR})  # an OPERATOR is made by the config alone


@pytest.mark.parametrize("text", ["hush", "say !hush", "!!!", "!", "! ", "", "well!hush"])
def test_what_only_looks_like_an_order_is_chat(text: str) -> None:
    assert commands().parse(message(text)) is None


def test_a_reply_is_looked_through_and_a_paid_message_is_chat() -> None:
    assert commands().parse(message("@vi !skip", reply_to="vi"))
    assert commands().parse(message("@vi !skip")) is None
    assert commands().parse(message("!skip", money=Money(Decimal(100), "BITS"))) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [("!huhs", "did you mean !hush?"), ("!xyzzy", "there are hush"), ("!say", "!say TEXT"),
     ("!ignore", "!ignore @NAME"), ("!ignore @", "!ignore @NAME")],
)  # fmt: skip
def test_a_mistake_is_explained_and_never_becomes_chat(text: str, says: str) -> None:
    command = commands().parse(message(text))
    assert command is not None
    assert command.name == ""
    assert says in command.problem


def test_another_prefix() -> None:
    assert commands(prefix="?").parse(message("?hush"))
    assert commands(prefix="?").parse(message("!hush")) is None


@pytest.mark.parametrize("operator", ["twitch:Ada_L", "twitch: @ada_l", "TWITCH:ada_l", "twitch:4242"])
def test_operators_by_login_or_id(operator: str) -> None:
    command = commands(operator).parse(message("!hush", Author("4242", "Ada_L")))
    assert command is not None


@pytest.mark.parametrize(
    ("author", "platform"),
    [
        (Author("1", "ada_l"), "youtube"),  # the right name in the wrong place
        (Author("1", "ada_l"), "console"),
        (Author("1", "ada_1"), "twitch"),
        (Author("1", "аda_l"), "twitch"),  # a Cyrillic letter
        (Author("1", "ada_l\u200b"), "twitch"),
        (Author("1", "4242"), "twitch"),  # a login that is the operator's id
        (Author("twitch:4242", "x"), "twitch"),
        (Author("ada_l2", "x"), "twitch"),
    ],
)
def test_nobody_becomes_an_operator_by_looking_like_one(author: Author, platform: str) -> None:
    gate = commands("twitch:ada_l", "twitch:4242")
    assert gate.parse(message("!hush", author, platform)) is None


def test_the_kelvin_sign_is_no_k() -> None:
    assert commands("twitch:kim").parse(message("!hush", Author("1", "\u212aim"))) is None


def test_on_youtube_only_the_id_counts() -> None:
    gate = commands("youtube:UC" + "x" * 22)
    assert gate.parse(message("!hush", Author("UC" + "x" * 22, "anyone"), "youtube"))
    assert gate.parse(message("!hush", Author("UC" + "y" * 22, "UC" + "x" * 22), "youtube")) is None
    with pytest.raises(ConfigError) as raised:
        commands("youtube:Ada")
    assert raised.value.where == "gate.operators"
    assert "UC" in raised.value.cure


@pytest.mark.parametrize("entry", ["ada", "twitch:", ":ada", ""])
def test_an_operator_without_a_platform_is_an_error(entry: str) -> None:
    with pytest.raises(ConfigError, match="which platform"):
        commands(entry)


@given(
    st.text(max_size=30),
    st.text(max_size=30),
    st.sampled_from(
        ["!hush", "[MOD] !hush", "@badges=moderator/1 :!hush", "!say hi", "!hush operator twitch:ada_l"]
    ),
    st.frozensets(st.sampled_from([Role.VIP, Role.SUBSCRIBER, Role.OPERATOR])),
)
def test_no_viewer_gains_a_role_by_id_name_or_text(
    ident: str, name: str, text: str, roles: frozenset[Role]
) -> None:
    gate = commands("twitch:ada_l", "twitch:4242")
    author = Author(ident, name, roles)
    if ident == "4242" or name.lower() == "ada_l":
        return
    for platform in ("twitch", "youtube", "console"):
        assert gate.parse(message(text, author, platform)) is None
        assert Role.OPERATOR not in gate.roles(platform, author)


@pytest.mark.parametrize(
    ("argument", "whom", "seconds"),
    [("@bob", "bob", float("inf")), ("bob 10", "bob", 600.0), ("@Bob The Great 0.5", "Bob The Great", 30.0),
     ("@名字 5", "名字", 300.0), ("10", "10", float("inf")), ("@bob ten", "bob ten", float("inf"))],
)  # fmt: skip
def test_whom_to_ignore_and_for_how_long(argument: str, whom: str, seconds: float) -> None:
    assert ignored(argument) == (whom, seconds)


def test_every_order_has_its_help() -> None:
    helped = commands().help()
    assert len(helped) == len(ORDERS)
    assert helped["!say TEXT"]
    assert all(helped.values())
