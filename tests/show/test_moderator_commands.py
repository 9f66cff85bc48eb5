"""What each command does, in a whole show with scripted timings, and the reply to whoever gave it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from rehearsal_room import Chat, Room, command, message

from benchmarks.scripted import ScriptedBrain
from vtuber.brain import Prompt, PromptLine
from vtuber.core.clock import now
from vtuber.core.errors import BrainError
from vtuber.core.events import Batch, Deletion, Emote, Money, Pick, Role
from vtuber.moderation.command_table import COMMANDS
from vtuber.show.agenda import REQUESTS_WAITING
from vtuber.show.commands import CROWDED, FORGET_EVERY, LEAVING
from vtuber.stage import access
from vtuber.stage.cues import ClipBegins, Feels, Held, Hushed, Rested, Thinking

FIVE = Money(Decimal(5), "USD")
LONG = "Word after word after word, " * 12
BROADCASTER = frozenset({Role.BROADCASTER})


# At once.


@pytest.mark.parametrize("text", ["!hush", "!mute 30", "!skip", "!pause"])
def test_an_order_has_its_effect_in_the_step_in_which_it_comes(play: Any, text: str) -> None:
    async def scene(room: Room) -> None:
        room.types("tell me everything")
        await room.until_speaking()
        for number in range(3000):  # nothing is awaited: no queue is between a command and its effect
            room.show.receive(message(f"flood {number}", name=f"viewer {number % 500}"))
        given = command(text)
        room.show.receive(given)
        if text == "!pause":
            assert room.show.performer.agenda.paused
        else:
            assert (now(), Hushed()) in room.screen.cues
            assert room.show.stage.remaining() == 0
        assert room.show.performer.agenda.silence == {"!hush": 5, "!mute 30": 30}.get(text, 0)
        assert room.journal("command")[-1]["id"] == given.id

    play(scene, reply=LONG)


def test_an_order_that_comes_twice_is_carried_out_once(play: Any) -> None:
    async def scene(room: Room) -> None:
        given = command("!say Hello once.")
        for _ in range(3):
            room.show.receive(given)
        await room.until_idle()
        assert room.heard() == ["Hello once."]
        assert len(room.journal("command")) == 1

    play(scene)


# Her voice.


def test_muted_she_is_silent_for_so_long(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("tell me everything")
        await room.until_speaking()
        assert room.commands("!mute 20") == "she is silent for 20 seconds"
        muted = now()
        assert (muted, Hushed()) in room.screen.cues
        room.types("and now?")
        await asyncio.sleep(10)
        room.commands("!hush")  # makes no silence shorter
        assert room.commands("!say Not yet.") == "she will say it after 10 seconds of silence"
        await asyncio.sleep(9.9)
        assert [cue for at, cue in room.screen.cues if at > muted and isinstance(cue, ClipBegins)] == []
        await room.until_idle()
        assert room.heard()[1] == "Not yet."
        room.commands("!mute 1000")
        room.commands("!mute 3")  # but another one does
        assert 2 < room.show.performer.agenda.silence <= 3

    play(scene, reply=LONG)


@pytest.mark.parametrize("words", ["!mute", "!mute 0", "!mute soon", "!mute 99999999"])
def test_a_silence_of_no_length_is_none(play: Any, words: str) -> None:
    async def scene(room: Room) -> None:
        room.types("hello?")
        await room.until_speaking()
        assert "write !mute SECONDS" in room.commands(words)
        assert room.show.performer.agenda.silence == 0
        assert room.show.stage.remaining() > 0

    play(scene)


def test_the_screens_know_that_she_is_paused_or_silent(play: Any) -> None:
    def held(room: Room) -> tuple[bool, float]:
        """Whether she is paused, and for how many seconds she is silent."""
        last = [cue for _, cue in room.screen.cues if isinstance(cue, Held)][-1]
        return last.paused, max(0.0, last.silent_until - now())

    async def scene(room: Room) -> None:
        room.commands("!pause")
        assert held(room) == (True, 0)
        room.commands("!mute 30")
        assert held(room) == (True, 30)
        room.commands("!hush")
        assert held(room) == (True, 30), "a hush makes no silence shorter"
        room.commands("!resume")
        assert held(room) == (False, 0)

    play(scene)


def test_a_hush_takes_the_last_words_from_the_screens_though_all_was_said(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("hello?")
        await room.until_idle()
        assert Hushed() not in [cue for _, cue in room.screen.cues]
        room.commands("!hush")
        assert (now(), Hushed()) in room.screen.cues

    play(scene)


def test_a_pause_or_silence_ends_when_she_is_told(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!mute 1000")
        room.commands("!pause")
        room.types("anybody there?")
        await asyncio.sleep(30)
        assert room.heard() == []
        assert room.commands("!resume") == "she answers again"
        await room.until_idle()
        assert len(room.heard()) == 1

    play(scene)


def test_what_a_moderator_asks_is_answered_before_all_that_waits(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("first?")
        await room.until_speaking()
        room.types("paid a lot", name="rich", money=Money(Decimal(500), "USD"))
        assert room.commands("!ask What do you think of pizza?") == "she will answer it"
        await room.until_idle()
        second = room.journal("batch")[1]
        assert (second["who"], second["others"]) == ("mod", [])
        assert room.journal("prompt")[1]["asked"].startswith("What do you think of pizza?")
        shown = [cue for _, cue in room.screen.cues if isinstance(cue, Thinking)][1]
        assert (shown.name, shown.text) == ("mod", "What do you think of pizza?")
        assert room.journal("batch")[2]["who"] == "rich"

    play(scene)


def test_she_answers_a_moderator_while_she_answers_nobody(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        room.types("me?")
        room.commands("!ask And now?")
        await room.until(room.heard)
        assert [batch["who"] for batch in room.journal("batch")] == ["mod"]
        assert len(room.show.inbox) == 1

    play(scene)


def test_what_a_moderator_asks_waits_first_in_line_for_a_model_that_is_away(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ScriptedBrain.stream
    dead = True

    async def down(self: ScriptedBrain, prompt: Prompt) -> AsyncGenerator[str, None]:
        if dead:
            raise BrainError("the model is not there")
        async for text in whole(self, prompt):
            yield text

    async def prefill_head(_self: ScriptedBrain, _head: tuple[PromptLine, ...]) -> None:
        if dead:
            raise BrainError("it is still not there")

    monkeypatch.setattr(ScriptedBrain, "stream", down)
    monkeypatch.setattr(ScriptedBrain, "prefill_head", prefill_head)

    async def scene(room: Room) -> None:
        nonlocal dead
        room.commands("!ask Are you there?")
        await asyncio.sleep(5)
        room.types("hello?", money=FIVE)
        dead = False
        await room.until_idle()
        assert [batch["who"] for batch in room.journal("batch")] == ["mod", "mod", "mika"]
        fallback, *answers = room.heard()
        assert fallback in room.show.speakers[0].character.fallback_lines
        assert answers == ["Yes, it is. I like it very much!"] * 2

    play(scene)


@pytest.mark.parametrize("name", ["say", "ask"])
def test_no_crowd_of_viewers_pushes_out_what_a_moderator_asked_for(play: Any, name: str) -> None:
    async def scene(room: Room) -> None:
        room.commands("!mute 9")
        room.commands(f"!{name} This first.")
        for number in range(50):
            room.types(f"!{name} me, me, me!", name=f"viewer {number}")
        did = [command["did"] for command in room.journal("command")]
        assert did.count(CROWDED) == 50 + 1 - REQUESTS_WAITING
        await room.until(lambda: room.journal("batch"))
        assert room.journal("batch")[0]["who"] == "mod"

    play(scene, gate={"commands": {name: {"who": "everyone"}}})


def test_a_question_is_a_message_of_the_moderators(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!mute 9")
        given = message(
            "@vi !ask Kappa or not?",
            name="mod",
            roles=frozenset({Role.MODERATOR}),
            reply_to="vi",
            emotes=(Emote("Kappa", 9, 14),),
        )
        room.show.receive(given)
        (waiting,) = room.show.performer.agenda._requests
        asked = waiting.batch.lead.event
        assert asked == replace(given, at=asked.at, text="Kappa or not?", emotes=(), reply_to="")

    play(scene)


def test_a_question_that_is_deleted_while_it_waits_is_not_answered(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!mute 9")
        room.commands("!ask Why?")
        room.commands("!ask And why not?")
        gone = room.journal("command")[1]["id"]
        room.show.receive(Deletion("d", "twitch", "banban", message_id=gone))
        await room.until_idle()
        assert [line["asked"] for line in room.journal("prompt")] == ["And why not?"]
        assert room.show.inbox.dropped["revoked"] == 1

    play(scene)


def test_a_question_that_the_gate_stops_is_not_asked(play: Any) -> None:
    async def scene(room: Room) -> None:
        assert "a word in gate.words" in room.commands("!ask what of the forbidden?")
        assert "a word in gate.words" in room.commands("!topic forbidden things")
        assert not room.show.performer.busy
        assert room.show.speakers[0].conversation.topic == ""

    play(scene, gate={"words": ["forbidden"]})


def test_slowed_down_she_begins_an_answer_now_and_then_and_loses_nobody_who_paid(play: Any) -> None:
    async def scene(room: Room) -> None:
        assert room.commands("!slow 15") == "she answers at most once in 15 seconds"
        for name in ("ann", "bob", "cat"):
            room.types(f"{name} was here", name=name, money=FIVE)
        room.types("unpaid", name="dan")
        await room.until(lambda: not room.show.performer.busy and len(room.heard()) == 1)
        room.commands("!say By the way.")  # what moderators ask for does not wait
        await room.until(lambda: len(room.heard()) == 2, 10)
        await room.until_idle()
        began = [batch["t"] for batch in room.journal("batch") if not batch["script"]]
        assert len(began) == 4
        assert all(later - earlier >= 15 for earlier, later in pairwise(began))
        assert room.show.metrics.paid_answered == 3
        room.types("again?", name="eve")
        await asyncio.sleep(1)
        assert room.commands("!slow 0") == "she answers as fast as she can"
        await room.until(lambda: room.show.performer.busy, 1)

    play(scene, inbox={"batch": 1, "forget_after": 1000})


# People.


def test_who_is_ignored_is_answered_again_when_a_moderator_says_so(play: Any) -> None:
    async def scene(room: Room) -> None:
        assert room.commands("!ignore @Mika") == "she does not answer @Mika"
        room.types("hello?")
        assert len(room.show.inbox) == 0
        assert room.commands("!unignore mika") == "@mika is answered again"
        assert room.commands("!unignore mika") == "@mika was not ignored"
        room.types("hello again?")
        await room.until_idle()
        assert len(room.heard()) == 1

    play(scene)


def test_the_terminal_speaks_of_everybody(play: Any) -> None:
    async def scene(room: Room) -> None:
        you = {"name": "you", "roles": BROADCASTER, "platform": "console"}
        room.commands("!ignore @mika", **you)
        room.types("hello?")
        assert len(room.show.inbox) == 0
        room.commands("!unignore @mika")  # undone by a moderator
        room.types("hello!")
        assert len(room.show.inbox) == 1
        room.commands("!ignore @bob")
        room.commands("!unignore @bob", **you)
        room.types("hi", name="bob")
        assert len(room.show.inbox) == 2

    play(scene)


def test_a_viewer_called_like_whoever_runs_the_show_is_ignored_alone(play: Any) -> None:
    async def scene(room: Room) -> None:
        you = {"name": "you", "roles": BROADCASTER, "platform": "console"}
        order = partial(room.show.backstage.command, access.Role.STREAMER)
        assert order("ignore", "@streamer")["done"]
        assert order("ignore", "@you")["done"]
        room.types("hello?", name="streamer")
        assert len(room.show.inbox) == 0
        room.types("hello?", **you)
        assert len(room.show.inbox) == 1
        order("say", "I am still here.")
        await room.until_idle()
        assert "I am still here." in room.heard()

    play(scene)


def test_nobody_is_ignored_who_is_trusted_as_much(play: Any) -> None:
    async def scene(room: Room) -> None:
        boss = {"name": "boss", "roles": BROADCASTER}
        room.types("I am here", **boss)
        room.types("and I", name="helper")
        assert room.commands("!ignore @boss") == "@boss is broadcaster, and you are moderator"
        assert room.commands("!ignore @MOD") == "@MOD is moderator, and you are moderator"
        assert room.commands("!ignore @banban") == "@banban is broadcaster, and you are moderator"
        assert "operator" in room.commands("!ignore @mod", name="helper")
        room.types("beep", name="beeper", roles=frozenset({Role.MODERATOR}))
        assert room.commands("!ignore @beeper") == "she does not answer @beeper", "a bot is often a moderator"
        assert room.commands("!ignore @helper") == "she does not answer @helper"
        assert room.commands("!ignore @mod 5", **boss) == "she does not answer @mod for 5 minutes"

    play(scene, gate={"operators": ["twitch:helper"]})


def test_minutes_out_of_range_are_refused_and_nobody_of_that_name_is_ignored(play: Any) -> None:
    async def scene(room: Room) -> None:
        did = room.commands("!ignore @x 99999999999")
        assert did == "the minutes must be between 0.1 and 10080; write !ignore @NAME [MINUTES]"
        assert room.show.inbox.put(message("hello", name="x")) is None

    play(scene)


def test_a_moderator_has_somebody_forgotten(play: Any) -> None:
    async def scene(room: Room) -> None:
        asked = room.types("is the pizza good?")
        room.types("and the tea?", name="other")
        await room.until_idle()
        await room.until(lambda: len(room.journal("reply")) == 2)
        assert room.commands("!forget @MIKA") == "@MIKA is forgotten"
        recalled = await room.show.memory.recall(Batch(Pick(asked), speaker="banban"))
        assert (recalled.viewers, recalled.answers) == ({}, ())
        other = await room.show.memory.recall(Batch(Pick(message("x", name="other")), speaker="banban"))
        assert other.answers
        room.commands("!forget @other", name="you", roles=BROADCASTER, platform="console")
        other = await room.show.memory.recall(Batch(Pick(message("x", name="other")), speaker="banban"))
        assert (other.viewers, other.answers) == ({}, ())
        assert "write !forget @NAME" in room.commands("!forget @")

    play(scene, inbox={"batch": 1})


def test_somebody_is_forgotten_by_login_too(play: Any) -> None:
    async def scene(room: Room) -> None:
        asked = message("is the pizza good?")
        asked = replace(asked, author=replace(asked.author, name="小明", login="ming"))
        room.show.receive(asked)
        await room.until(lambda: room.journal("reply"))
        await room.until_idle()
        room.commands("!forget @Ming")
        recalled = await room.show.memory.recall(Batch(Pick(asked), speaker="banban"))
        assert (recalled.viewers, recalled.answers) == ({}, ())

    play(scene)


def test_viewers_have_themselves_forgotten_once_a_minute(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten: list[tuple[str, str]] = []

    async def scene(room: Room) -> None:
        monkeypatch.setattr(room.show.memory, "forget", lambda *who: forgotten.append(who))
        for _ in range(50):
            room.types("!forgetme")
        room.types("!forgetme", name="other")
        await asyncio.sleep(1)
        assert forgotten == [("twitch", "id-mika"), ("twitch", "id-other")]
        await asyncio.sleep(61)
        room.types("!forgetme")
        await asyncio.sleep(1)
        assert len(forgotten) == 3
        first, again = room.journal("command")[:2]
        assert (first["did"], first["role"]) == ("you are forgotten", "everyone")
        assert again["did"] == "this viewer sent the same command a moment ago"
        assert len(room.show.inbox) == 0

    play(scene)


def test_a_crowd_that_asks_to_be_forgotten_holds_nobody_up(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten: list[tuple[str, str]] = []

    async def scene(room: Room) -> None:
        monkeypatch.setattr(room.show.memory, "forget", lambda *who: forgotten.append(who))
        for number in range(LEAVING + 100):
            room.types("!forgetme", name=f"viewer {number}")
        assert len(forgotten) == 0  # it is no work of the step in which they ask
        await asyncio.sleep(1)
        assert 1 < len(forgotten) <= 1 + 1 / FORGET_EVERY
        did = [command["did"] for command in room.journal("command")]
        assert did.count(CROWDED) == 100

    play(scene)
    assert len(forgotten) == LEAVING  # those who still waited when the show ended too


# What she is like.


def test_the_topic_stands_at_the_end_of_what_is_asked_and_not_in_the_head(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!topic Minecraft with [friends]")
        room.types("hello?")
        await room.until_idle()
        room.commands("!topic")
        room.types("hello again?")
        await room.until_idle()
        first, second = room.journal("prompt")
        assert first["asked"].endswith("[the stream is about: Minecraft with (friends)]")
        assert "stream is about" not in second["asked"]
        assert first["whole"][:-1] == second["whole"][: len(first["whole"]) - 1]  # the same head
        assert not any("Minecraft" in text for _, _, text in first["whole"][:-1])

    play(scene, journal={"prompts": "whole"})


def test_her_mood_is_shown_where_she_names_none(play: Any) -> None:
    async def scene(room: Room) -> None:
        assert room.commands("!mood HAPY") == "she is happy now"
        assert room.screen.cues[-1][1] == Feels("happy", "banban")
        room.types("hello?")
        await room.until_idle()
        moods = [cue.sentence.mood for _, cue in room.screen.cues if isinstance(cue, ClipBegins)]
        assert moods[0] == "happy"
        assert moods[-1] == "sad"
        assert "her moods are neutral, happy" in room.commands("!mood xylophone")
        assert room.show.stage.mood("banban") == "happy"
        assert room.commands("!mood") == "each sentence has its own mood again"
        assert room.screen.cues[-1][1] == Feels("", "banban")
        assert isinstance(room.screen.cues[-2][1], Rested)

    play(scene, reply="That is quite nice, really. [sad] But it is over, sadly.")


# What they want to know.


def test_the_status_says_what_was_ordered(play: Any) -> None:
    async def scene(room: Room) -> None:
        told = room.commands("!status")
        assert told.startswith("listening; 0 waiting; 0 replies; character: ok, brain: ok, voice: ok")
        for text in ("!mute 20", "!slow 9", "!mood sad", "!topic chess"):
            room.commands(text)
        did = room.commands("!status")
        for told in ("silent for 20 seconds", "one answer in 9 seconds", "mood sad", "topic chess"):
            assert told in did
        room.commands("!pause")
        assert room.commands("!status").startswith("paused")

    play(scene)


def test_help_is_what_one_may_use(play: Any) -> None:
    async def scene(room: Room) -> None:
        open_to_all = [name for name in COMMANDS if name not in ("say", "voice", "loudness", "stream")]
        assert room.commands("!help") == ", ".join(f"!{name}" for name in open_to_all)
        assert "!say" in room.commands("!help", name="boss", roles=BROADCASTER)
        assert (
            room.commands("!help !mute")
            == "!mute SECONDS: she stops talking now and stays silent for this many seconds"
        )
        assert room.commands("!help mtue").startswith("!mute SECONDS")
        assert "you have no such command" in room.commands("!help say")
        assert room.commands("!help", name="viewer") == "!help, !forgetme"

    play(scene, gate={"commands": {"say": {"who": "broadcaster"}, "help": {"who": "everyone"}}})


def test_every_command_is_in_the_journal(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!husch")
        room.commands("!say")
        room.commands("!pause", name="helper")
        room.types("!hush", name="viewer")
        typo, misuse, pause = room.journal("command")
        assert pause.keys() == {
            *("t", "kind", "id", "platform", "channel", "by", "who", "role", "text", "order", "did")
        }
        assert (pause["by"], pause["who"], pause["role"]) == ("id-helper", "helper", "operator")
        assert (pause["platform"], pause["channel"], pause["order"]) == ("twitch", "banban", "pause")
        assert (typo["order"], misuse["order"]) == ("", "say")
        assert "did you mean !hush" in typo["did"]
        assert misuse["did"] == "write !say TEXT"
        written = room.journal("written")
        assert [line["answers"] for line in written] == [line["id"] for line in (typo, misuse, pause)]
        assert {line["why_not"] for line in written} == {"banban does not write in this chat"}
        assert [line["drop"] for line in room.journal("heard") if "drop" in line] == ["command"] * 4

    play(scene, gate={"operators": ["twitch:helper"]})


def test_no_answer_of_hers_is_stopped_by_the_gate(play: Any) -> None:
    chat = Chat("banban")

    async def scene(room: Room) -> None:
        for text in (
            *(f"!{name}" for name in COMMANDS),
            *("!mute 3", "!say hi", "!ask hi", "!ignore @x 3", "!ignore @mod", "!unignore @x", "!forget @x"),
            *("!topic chess", "!mood happy", "!mood zzz", "!slow 3", "!husch", "!mute x", "!mute 0"),
            *(f"!help {name}" for name in COMMANDS),
        ):
            room.commands(text)
            await asyncio.sleep(0.01)
        assert {line["why_not"] for line in room.journal("written")} == {""}
        assert len(chat.written) == len(room.journal("command"))

    play(scene, listeners=[chat])
