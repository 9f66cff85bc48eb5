"""Who may use which command, by which name, and what only looks like a command."""

from __future__ import annotations

import math
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vtuber import config
from vtuber.core.errors import ConfigError
from vtuber.core.events import Author, ChatMessage, Money, Role
from vtuber.moderation.command_table import COMMANDS, UsageError, seconds, viewer_and_seconds
from vtuber.moderation.commands import CommandParser
from vtuber.moderation.reach import LEAST_TRUST, Reach
from vtuber.moderation.trust import Trust

BROADCASTER = Author("1", "boss", frozenset({Role.BROADCASTER}))
MODERATOR = Author("7", "mo", frozenset({Role.MODERATOR}))
OPERATOR = Author("4242", "Ada_L")
VIEWER = Author("9", "vi", frozenset({Role.SUBSCRIBER, Role.VIP}))
PEOPLE = {
    Trust.BROADCASTER: BROADCASTER,
    Trust.MODERATOR: MODERATOR,
    Trust.OPERATOR: OPERATOR,
    Trust.EVERYONE: VIEWER,
}


def message(text: str, author: Author = MODERATOR, platform: str = "twitch", **more: Any) -> ChatMessage:
    return ChatMessage("1", platform, "channel", author, text, **more)


def commands(*operators: str, **gate: Any) -> CommandParser:
    return CommandParser(config.Gate.model_validate({"operators": operators, **gate}))


@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [("!hush", "hush", ""), ("!HUSH now", "hush", "now"), ("！say 大家 好", "say", "大家 好"),
     ("! skip", "skip", ""), ("  !status ", "status", ""), ("!ignore @bob 5", "ignore", "@bob 5"),
     ("！ＨＵＳＨ", "hush", ""), ("!!hush", "hush", ""), ("!say  Ｗide  Ｔext", "say", "Ｗide  Ｔext")],
)  # fmt: skip
def test_a_moderators_command_is_parsed(text: str, name: str, argument: str) -> None:
    command = commands().parse(message(text))
    assert command is not None
    assert (command.name, command.argument, command.problem) == (name, argument, "")
    assert (command.trust, command.message.author) == (Trust.MODERATOR, MODERATOR)


@pytest.mark.parametrize("trust", list(PEOPLE))
@pytest.mark.parametrize("name", list(COMMANDS))
@pytest.mark.parametrize("who", [None, *PEOPLE])
def test_who_may_use_which_command(trust: Trust, name: str, who: Trust | None) -> None:
    gate = commands("twitch:4242", commands={name: {"who": str(who)}} if who is not None else {})
    needed = who if who is not None else LEAST_TRUST[COMMANDS[name].reaches]
    command = gate.parse(message(f"!{name}", PEOPLE[trust]))
    if trust >= needed:
        assert command is not None
        assert (command.name, command.trust) == (name, trust)
    elif trust is Trust.EVERYONE:
        assert command is None  # chat like any other
    else:
        assert command is not None
        assert command.name == ""
        assert f"is only for {needed}s" in command.problem


def test_the_table_says_of_everything_whom_it_takes() -> None:
    assert set(LEAST_TRUST) == set(Reach)
    viewers = {reach for reach, least in LEAST_TRUST.items() if least is Trust.EVERYONE}
    assert viewers == {Reach.ANSWER, Reach.OWN_MEMORY}
    nobody = {reach for reach, least in LEAST_TRUST.items() if least > max(PEOPLE)}
    assert nobody == {Reach.TOOLS, Reach.CONFIG, Reach.MONEY}
    assert nobody.isdisjoint(spec.reaches for spec in COMMANDS.values())


def test_no_config_speaks_of_the_program() -> None:
    with pytest.raises(ValidationError):
        commands(commands={"topic": {"who": "program"}})


@pytest.mark.parametrize("role", list(Role))
def test_only_trusted_roles_of_the_platform_may(role: Role) -> None:
    may = commands().parse(message("!hush", Author("1", "x", frozenset({role})))) is not None
    assert may == (role in {Role.BROADCASTER, Role.MODERATOR})  # an OPERATOR is made by the config alone


@pytest.mark.parametrize("text", ["hush", "say !hush", "!!!", "!", "! ", "", "well!hush", "!! hush"])
def test_what_only_looks_like_a_command_is_chat(text: str) -> None:
    assert commands().parse(message(text)) is None


def test_a_reply_is_looked_through() -> None:
    assert commands().parse(message("@vi !skip", reply_to="vi"))
    assert commands().parse(message("@vi !skip")) is None


def test_what_was_paid_for_or_written_elsewhere_is_chat() -> None:
    assert commands().parse(message("!skip", money=Money(Decimal(100), "BITS"))) is None
    assert commands().parse(message("!skip", shared_from="1234")) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [("!huhs", "did you mean !hush?"), ("!igonre @bob", "did you mean !ignore @NAME [MINUTES]?"),
     ("!xyzzy", "the commands are !hush, !skip"), ("!so @friend", "the commands are !hush")],
)  # fmt: skip
def test_a_typo_is_explained_and_never_becomes_chat(text: str, says: str) -> None:
    command = commands().parse(message(text))
    assert command is not None
    assert command.name == ""
    assert says in command.problem
    assert command.stray == ("did you mean" not in says)


def test_nobody_is_shown_what_they_may_not_use() -> None:
    gate = commands("twitch:4242", commands={"hush": {"who": "moderator"}})
    command = gate.parse(message("!husj", OPERATOR))
    assert command is not None
    assert "hush" not in command.problem


# Names.


def test_another_prefix() -> None:
    assert commands(prefix="?").parse(message("?hush"))
    assert commands(prefix="?").parse(message("!hush")) is None
    assert commands(prefix="Bo!").parse(message("ＢＯ！hush"))
    for blank in (" ", "\u3000", "a b"):
        with pytest.raises(ConfigError) as raised:
            commands(prefix=blank)
        assert raised.value.where == "gate.prefix"


def test_commands_go_by_the_names_in_config() -> None:
    gate = commands(commands={"hush": {"names": ["閉嘴", "Silence", "ＳＨＨ"]}})
    for text in ("!閉嘴", "！閉嘴", "!silence", "!SILENCE", "!shh", "!ｓｈｈ"):
        command = gate.parse(message(text))
        assert command is not None
        assert command.name == "hush", text
    old = gate.parse(message("!hush"))
    assert old is not None
    assert old.name == ""
    near = gate.parse(message("!silense"))
    assert near is not None
    assert "did you mean !閉嘴?" in near.problem


@pytest.mark.parametrize(
    ("names", "first", "second"),
    [
        ({"hush": {"names": ["quiet"]}, "skip": {"names": ["next", "ＱＵＩＥＴ"]}}, "hush", "skip"),
        ({"pause": {"names": ["skip"]}}, "skip", "pause"),
        ({"hush": {"names": ["mute"]}}, "hush", "mute"),
        ({"hush": {"names": ["a", "A"]}}, "hush", "hush"),
    ],
)
def test_a_name_given_twice_is_an_error_that_names_both(names: Any, first: str, second: str) -> None:
    with pytest.raises(ConfigError) as raised:
        commands(commands=names)
    assert raised.value.where == f"gate.commands.{second}.names"
    assert f"gate.commands.{first}" in str(raised.value)


@pytest.mark.parametrize("name", ["", " ", "two words", "!hush", "！hush"])
def test_a_name_that_nobody_could_type_is_an_error(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be the name of a command"):
        commands(commands={"hush": {"names": [name]}})


def test_config_and_the_table_know_the_same_commands() -> None:
    assert set(config.Commands.model_fields) == set(COMMANDS)
    assert all(name.help for name in COMMANDS.values())


# Who is trusted.


@pytest.mark.parametrize("operator", ["twitch:Ada_L", "twitch: @ada_l", "TWITCH:ada_l", "twitch:4242"])
def test_operators_by_login_or_id(operator: str) -> None:
    command = commands(operator).parse(message("!hush", OPERATOR))
    assert command is not None
    assert command.trust is Trust.OPERATOR


def test_an_operator_whose_name_is_in_another_script_is_named_by_login() -> None:
    command = commands("twitch:ada_l").parse(message("!hush", Author("7", "艾達", login="ada_l")))
    assert command is not None
    assert command.trust is Trust.OPERATOR


@pytest.mark.parametrize(
    ("author", "platform"),
    [
        (Author("1", "ada_l", login="somebody_else"), "twitch"),
        (Author("1", "x", login="4242"), "twitch"),
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
    assert "UC" in raised.value.hint


@pytest.mark.parametrize("entry", ["ada", "twitch:", ":ada", ""])
def test_an_operator_without_a_platform_is_an_error(entry: str) -> None:
    with pytest.raises(ConfigError, match="has no platform or no name"):
        commands(entry)


def test_who_is_trusted_is_known_by_name_and_id_once_heard() -> None:
    trusted = commands("twitch:4242", "youtube:UC" + "x" * 22).trusted
    assert trusted.known("twitch", "mo") is Trust.EVERYONE
    trusted.note("twitch", MODERATOR)
    trusted.note("twitch", VIEWER)
    assert trusted.known("twitch", "MO") is trusted.known("twitch", "7") is Trust.MODERATOR
    assert trusted.known("", "mo") is Trust.MODERATOR
    assert trusted.known("youtube", "mo") is trusted.known("twitch", "vi") is Trust.EVERYONE
    assert trusted.known("twitch", "Channel", "#channel") is Trust.BROADCASTER  # never heard
    assert trusted.known("youtube", "channel", "channel") is Trust.EVERYONE
    assert trusted.known("twitch", "4242") is Trust.OPERATOR
    assert trusted.known("youtube", "UC" + "x" * 22) is Trust.OPERATOR
    trusted.note("twitch", Author("8", "mo"))  # somebody else by that name
    assert trusted.known("twitch", "mo") is Trust.MODERATOR
    trusted.note("twitch", Author("7", "mo"))  # a moderator no more
    assert trusted.known("twitch", "mo") is Trust.EVERYONE


@given(
    st.text(max_size=30),
    st.text(max_size=30),
    st.one_of(
        st.builds("".join, st.lists(st.sampled_from(["!", "！", " ", "@mo ", *COMMANDS, "x", "\u202e"]))),
        st.builds(
            "{}{} {}".format, st.sampled_from(["!", "！", "! "]), st.sampled_from([*COMMANDS]), st.text()
        ),
        st.sampled_from(["[MOD] !hush", "@badges=moderator/1 :!hush", "!hush operator twitch:ada_l"]),
        st.text(max_size=60),
    ),
    st.frozensets(st.sampled_from([Role.VIP, Role.SUBSCRIBER, Role.OPERATOR])),
    st.sampled_from(["", "mo", "boss"]),
)
def test_no_viewer_gives_a_command_that_needs_trust(
    ident: str, name: str, text: str, roles: frozenset[Role], reply_to: str
) -> None:
    gate = commands("twitch:ada_l", "twitch:4242")
    author = Author(ident, name, roles)
    if ident == "4242" or name.lower() == "ada_l":
        return
    for platform in ("twitch", "youtube", "console"):
        command = gate.parse(message(text, author, platform, reply_to=reply_to))
        assert command is None or (command.name, command.trust) == ("forgetme", Trust.EVERYONE)
        gate.trusted.note(platform, author)
        assert gate.trusted.of(platform, author) is Trust.EVERYONE


@pytest.mark.parametrize(("prefix", "chat"), [("hey", "hey guys, what's up"), ("花", "花好漂亮")])
def test_with_a_word_for_a_prefix_moderators_may_still_chat(prefix: str, chat: str) -> None:
    gate = commands(prefix=prefix)
    assert gate.parse(message(chat)) is None
    for text in (f"{prefix}hush", f"{prefix} hush"):
        command = gate.parse(message(text))
        assert command is not None
        assert command.name == "hush"
    typo = gate.parse(message(f"{prefix} husch"))
    assert typo is not None
    assert f"did you mean {prefix}hush?" in typo.problem


@given(st.text(max_size=80))
def test_whatever_follows_a_command_is_a_valid_argument_or_a_usage_error(text: str) -> None:
    for name in ("mute", "ignore"):
        command = commands().parse(message(f"!{name} {text}"))
        assert command is not None
        assert command.name == name
        with suppress(UsageError):
            assert 0 <= seconds(command.argument, 0) <= 3600
        with suppress(UsageError):
            whom, duration = viewer_and_seconds(command.argument)
            assert whom == whom.strip() != ""
            assert duration == math.inf or 6 <= duration <= 7 * 24 * 3600


# What follows the name.


@pytest.mark.parametrize(
    ("argument", "name", "duration"),
    [("@bob", "bob", math.inf), ("bob 10", "bob", 600.0), ("@Bob The Great 0.5", "Bob The Great", 30.0),
     ("@名字 ５", "名字", 300.0), ("10", "10", math.inf), ("@ bob", "bob", math.inf),
     ("＠名字", "名字", math.inf)],
)  # fmt: skip
def test_whom_to_ignore_and_for_how_long(argument: str, name: str, duration: float) -> None:
    assert viewer_and_seconds(argument) == (name, duration)


@pytest.mark.parametrize(
    ("argument", "says"),
    [("@x 99999999999", "the minutes must be between 0.1 and 10080"), ("@x 0", "the minutes must be between"),
     ("@x -5", "the minutes must be between"), ("@x 1e999", "the minutes must be between"),
     ("@x 10m", "'10m' is not a number of minutes"), ("", ""), ("@", "")],
)  # fmt: skip
def test_minutes_that_are_none_are_not_taken_for_a_name(argument: str, says: str) -> None:
    with pytest.raises(UsageError, match=f"^{says}" if says else "^$"):
        viewer_and_seconds(argument)


@pytest.mark.parametrize(
    ("argument", "says"),
    [("", "^$"), ("five", "not a number of seconds"), ("0", "between 1 and 3600"), ("3601", "between 1"),
     ("nan", "between 1"), ("-1", "between 1"), ("inf", "between 1"), ("10 20", "not a number")],
)  # fmt: skip
def test_seconds_that_are_none(argument: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        seconds(argument, 1)
