"""A whole show, with scripted timings: she answers, obeys at once, and outlives whatever breaks."""

from __future__ import annotations

import asyncio
import errno
import json
from collections import Counter
from collections.abc import AsyncGenerator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from rehearsal_room import Chat, Room, Screen, message

from benchmarks.scripted import ScriptedBrain, ScriptedVoice, tone
from vtuber.brain import Prompt, PromptLine
from vtuber.brain.fallback_lines import FallbackLines
from vtuber.core.availability import Availability, Progress
from vtuber.core.clock import now
from vtuber.core.errors import BrainError, ListenerError, RecallError, VoiceError
from vtuber.core.events import Author, Batch, Chunk, Deletion, Event, Money, Pick, Redemption, Sound, Word
from vtuber.core.health import Health, State
from vtuber.core.simulated import SimulatedLoop
from vtuber.memory import NOTHING
from vtuber.memory.forgetful import ForgetfulMemory
from vtuber.record import metrics
from vtuber.record.facts import Chosen
from vtuber.show import garbage
from vtuber.show.agenda import Agenda
from vtuber.show.show import ARRIVE_SECONDS, STOP_SECONDS
from vtuber.show.turn import Turn
from vtuber.stage.cues import (
    ChatLine,
    ClipBegins,
    ClipSound,
    ClipWord,
    Cue,
    Hushed,
    Ready,
    Rested,
    Thinking,
    Vanished,
    Withdrawn,
)
from vtuber.voice import Utterance
from vtuber.voice.router import VoiceRouter


@pytest.fixture
def _speechless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A character without fallback lines."""
    monkeypatch.setattr(FallbackLines, "take", lambda *_: "")


def test_a_message_is_answered_heard_and_remembered(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is the pizza good?")
        await room.until_idle()
        assert room.heard() == ["Yes, it is. I like it very much!"]
        assert [cue.ready for _, cue in room.screen.cues if isinstance(cue, Ready)] == [False, True]
        assert [cue.text for _, cue in room.screen.cues if isinstance(cue, ChatLine)] == [
            "is the pizza good?"
        ]
        kinds = [type(cue) for _, cue in room.screen.cues if not isinstance(cue, Ready | ChatLine)]
        assert kinds[0] is Thinking
        assert kinds[-1] is Rested
        assert ClipSound in kinds
        (spoken,) = [cue.sentence.text for _, cue in room.screen.cues if isinstance(cue, ClipBegins)][:1]
        assert "Yes, it is.".startswith(spoken)
        (reply,) = room.journal("reply")
        assert list(reply["delays_ms"]) == [
            *("queue", "prompt", "first_token", "first_sentence", "first_audio", "on_air")
        ]
        recalled = await room.show.memory.recall(Batch(Pick(message("again")), speaker="banban"))
        assert recalled.viewers["twitch", "id-mika"].last_words == "is the pizza good?"
        assert recalled.answers == ("Yes, it is. I like it very much!",)

    play(scene)


def test_a_second_screen_from_outside_is_shown_the_same(play: Any) -> None:
    class Teleprompter:
        """What somebody else might build: it writes down what she says."""

        def __init__(self) -> None:
            self.script: list[str] = []
            self.runs = 0

        async def start(self) -> None:
            self.runs += 1

        def show(self, cue: Cue) -> None:
            if isinstance(cue, ClipBegins):
                self.script.append(cue.sentence.text)

        async def stop(self) -> None:
            self.runs -= 1

        def health(self) -> Health:
            return Health("stage.teleprompter", State.OK, "rolling")

    second = Teleprompter()

    async def scene(room: Room) -> None:
        room.types("is the pizza good?")
        await room.until_idle()
        assert second.runs == 1
        assert "stage.teleprompter" in [health.part for health in room.show.health()]

    play(scene, screens=[second])
    assert " ".join(second.script) == "Yes, it is. I like it very much!"
    assert second.runs == 0


def test_messages_gather_while_she_speaks_and_are_answered_in_turn(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("first question?")
        await room.until_speaking()
        room.types("lower one", name="a")
        room.types("paid one", name="b", money=Money(Decimal(5), "USD"))
        await room.until_idle()
        batches = room.journal("batch")
        assert len(batches) == 2
        assert len(batches[1]["others"]) == 1
        assert room.show.metrics.paid == room.show.metrics.paid_answered == 1
        sounds = [cue for _, cue in room.screen.cues if isinstance(cue, ClipSound)]
        assert all(later.at >= earlier.at for earlier, later in pairwise(sounds))

    play(scene)


def test_bits_tap_by_tap_are_thanked_for_together(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("first question?")
        await room.until_speaking()
        for _ in range(3):
            room.types("", name="ann", money=Money(Decimal(50), "BITS"))
        await room.until_idle()
        assert [row["asked"] for row in room.journal("prompt")][1:] == ["[paid 150 bits]"]
        shown = [cue.deed for _, cue in room.screen.cues if isinstance(cue, Thinking)][1]
        assert shown is not None
        assert (shown.words["en"], shown.colour) == ("150 bits", "#9c3ee8")
        assert room.show.metrics.paid == room.show.metrics.paid_answered == 3

    play(scene)


def test_a_hush_is_silence_with_nobody_at_work(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("tell me everything")
        await room.until_speaking()
        await asyncio.sleep(0.3)
        for _ in range(3):  # in a panic
            room.commands("!hush")
        hushed_at = max(at for at, cue in room.screen.cues if isinstance(cue, Hushed))
        assert hushed_at == now()
        await asyncio.sleep(0.05)
        assert ScriptedBrain.streaming == ScriptedVoice.speaking == 0
        assert room.show.stage.remaining() == 0
        later = [cue for at, cue in room.screen.cues if at > hushed_at]
        assert not [cue for cue in later if not isinstance(cue, Rested)]
        room.types("and now?")
        await asyncio.sleep(4.5)
        assert not room.show.performer.busy  # silent for gate.hush_seconds
        await room.until_idle()
        cut, after = room.heard()
        assert "Word after word".startswith(cut[:10])
        assert len(cut) < len(after)

    play(scene, reply="Word after word after word, " * 12)


def test_a_hush_in_the_very_step_in_which_a_sentence_is_handed_over(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(room: Room) -> None:
        room.types("hello?")
        turn: Any = None

        def hand_over(self: Any, *sentence: Any) -> Any:
            nonlocal turn
            turn = self
            room.commands("!hush")  # before the task that plays it has begun
            return played(self, *sentence)

        played = Turn._play
        monkeypatch.setattr(Turn, "_play", hand_over)
        await room.until(lambda: turn)
        await room.until_idle()
        assert not [cue for _, cue in room.screen.cues if isinstance(cue, ClipSound)]

    play(scene)


def test_a_hush_in_her_thoughts_leaves_nothing_to_say(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("hello?")
        await asyncio.sleep(0.1)
        assert ScriptedBrain.streaming == 1
        room.commands("!hush")
        await asyncio.sleep(0.05)
        assert ScriptedBrain.streaming == 0
        await room.until_idle()
        assert room.heard() == [""]

    play(scene)


def test_a_hush_goes_out_before_she_chooses_anew(play: Any) -> None:
    async def scene(room: Room) -> None:
        order: list[str] = []
        hushed = asyncio.Event()

        async def page() -> None:
            async with asyncio.timeout(60):  # as the writer of a real page waits
                await hushed.wait()
            order.append("sent")

        room.show.facts.subscribe(lambda fact: order.append("chosen") if isinstance(fact, Chosen) else None)
        room.show.stage.watch(lambda cue: hushed.set() if isinstance(cue, Hushed) else None, "a page")
        room.types("tell me everything")
        await room.until(lambda: room.show.stage.remaining() and not ScriptedBrain.streaming)
        room.types("two?", name="other")
        order.clear()
        writer = asyncio.create_task(page())
        await asyncio.sleep(0)
        room.commands("!hush")
        await room.until(lambda: len(order) == 2)
        await writer
        assert order == ["sent", "chosen"]

    play(scene, gate={"hush_seconds": 0}, reply="Word after word after word, " * 12)


def test_a_skip_drops_one_reply_and_she_goes_on(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("one?")
        await room.until_speaking()
        room.types("two?", name="other")
        room.commands("!skip")
        await room.until_idle()
        first, second = room.heard()
        assert len(first) < len(second)

    play(scene, reply="This is a rather long reply, as you will hear, and it goes on for a while.")


def test_what_was_heard_before_a_skip_between_two_sentences_is_told_to_the_model(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stream(_self: ScriptedBrain, _prompt: Prompt) -> AsyncGenerator[str, None]:
        yield "Yes, it is. I "
        await asyncio.sleep(20)
        yield "like it very much!"

    monkeypatch.setattr(ScriptedBrain, "stream", stream)

    async def scene(room: Room) -> None:
        room.types("is the pizza good?")
        await room.until(lambda: room.journal("spoken"))  # the first; the second is still thought of
        room.commands("!skip")
        await room.until(lambda: room.journal("reply"))
        assert room.heard() == ["Yes, it is."]
        (speaker,) = room.show.speakers
        prompt = await speaker.conversation.prompt(Batch(Pick(message("and the soup?"))), NOTHING, 1)
        assert [line.text for line in prompt.lines if "Yes, it is." in line.text] == ["Yes, it is."]

    play(scene)


def test_paused_she_answers_nobody_until_resumed(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        room.types("anybody there?")
        await asyncio.sleep(30)
        assert room.heard() == []
        room.commands("!resume")
        await room.until_idle()
        assert len(room.heard()) == 1

    play(scene)


def test_she_says_exactly_what_a_moderator_orders_and_thinks_nothing(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!say Good evening, everybody. 大家好！")
        await room.until_idle()
        assert room.heard() == ["Good evening, everybody. 大家好！"]
        assert room.journal("prompt") == []
        room.commands("!say visit www.example.com now")
        await room.until(lambda: len(room.heard()) == 2)
        assert "example" not in room.heard()[1]

    play(scene)


def test_who_is_ignored_is_not_answered_for_a_while(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!ignore @mika 1")
        room.types("hello?")
        await asyncio.sleep(30)
        assert room.heard() == []
        await asyncio.sleep(31)
        room.types("hello again?")
        await room.until_idle()
        assert len(room.heard()) == 1
        assert room.show.inbox.dropped["ignored"] == 1

    play(scene)


def test_commands_are_journaled_with_what_they_did(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!status")
        room.commands("!husch")
        room.commands("!ignore")
        status, typo, misuse = (command["did"] for command in room.journal("command"))
        assert "listening" in status
        assert "did you mean !hush" in typo
        assert "!ignore @NAME" in misuse
        assert len(room.show.inbox) == 0

    play(scene)


def test_a_viewers_command_is_only_chat(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("what is this?")
        await room.until_speaking()
        room.types("!hush", name="Moderator")
        assert room.show.stage.remaining() > 0
        await room.until_idle()
        assert room.journal("command") == []
        assert room.heard()[0] == "Yes, it is. I like it very much!"

    play(scene)


def test_when_the_model_dies_in_mid_reply_she_goes_on_where_she_was(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    whole = ScriptedBrain.stream

    async def dying(self: ScriptedBrain, prompt: Prompt) -> AsyncGenerator[str, None]:
        asked.append(prompt.reply_so_far)
        given = 0
        async for text in whole(self, prompt):
            yield text
            given += 1
            if len(asked) == 1 and given == 4:
                raise BrainError("the model died")

    monkeypatch.setattr(ScriptedBrain, "stream", dying)

    async def scene(room: Room) -> None:
        room.types("is it good?")
        await room.until_idle()
        assert asked == ["", "Yes, it is. I li"]
        assert room.heard() == ["Yes, it is. I like it very much!"]

    play(scene)


@pytest.mark.usefixtures("_speechless")
def test_when_the_model_stays_dead_the_message_waits_for_it(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ScriptedBrain.stream
    dead = True

    async def down(self: ScriptedBrain, prompt: Prompt) -> AsyncGenerator[str, None]:
        if dead:
            raise BrainError("the model is not there")
        async for text in whole(self, prompt):
            yield text

    monkeypatch.setattr(ScriptedBrain, "stream", down)

    async def scene(room: Room) -> None:
        nonlocal dead
        room.types("still there?")
        await asyncio.sleep(5)
        assert not any(room.heard())
        dead = False
        await room.until(lambda: any(room.heard()))
        assert room.show.metrics.turns == 1

    play(scene)


def test_who_paid_is_given_a_fallback_line_and_answered_when_the_model_is_back(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, died = ScriptedBrain.stream, [True]
    chat, asked = Chat(), list[Prompt]()

    async def stream(self: ScriptedBrain, prompt: Prompt) -> AsyncGenerator[str, None]:
        asked.append(prompt)
        if died:
            raise BrainError("the model is not there")
        async for text in whole(self, prompt):
            yield text

    async def prefill_head(_self: ScriptedBrain, _head: tuple[PromptLine, ...]) -> None:
        if died:
            raise BrainError("it is still not there")

    async def scene(room: Room) -> None:
        monkeypatch.setattr(ScriptedBrain, "stream", stream)
        monkeypatch.setattr(ScriptedBrain, "prefill_head", prefill_head)
        fallback = room.show.speakers[0].character.fallback_lines
        paid = room.types("sing for me", name="rich", money=FIVE)
        wished = Redemption("r1", "twitch", "banban", Author("9", "ann"), "a wish", reward="Ask")
        room.show.receive(wished)
        room.types("are you there?", name="kai")

        await room.until(room.heard)
        await asyncio.sleep(15)
        (line,) = room.heard()
        assert line in fallback
        assert (room.show.metrics.paid_answered, chat.settled) == (0, [])
        assert not (await room.show.memory.recall(Batch(Pick(paid), speaker="banban"))).answers
        died.clear()
        await room.until(lambda: room.show.metrics.paid_answered == 2)
        assert room.heard()[1:] == ["Yes, it is. I like it very much!"]
        assert chat.settled == [("r1", True)]
        assert not any(line.text in fallback for line in asked[-1].lines), "they are no part of the talk"

    play(scene, listeners=[chat], inbox={"batch": 2})


def test_she_goes_on_air_before_her_model_is_there(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, answer, warmed, away = ScriptedBrain.start, ScriptedBrain.stream, [], True
    asked: list[Prompt] = []

    async def start(self: ScriptedBrain, progress: Progress) -> None:
        if away:
            raise BrainError("the model is not there yet")
        await whole(self, progress)

    async def prefill_head(_self: ScriptedBrain, head: tuple[PromptLine, ...]) -> None:
        warmed.append(head)

    def stream(self: ScriptedBrain, prompt: Prompt) -> AsyncGenerator[str, None]:
        asked.append(prompt)
        return answer(self, prompt)

    monkeypatch.setattr(ScriptedBrain, "start", start)
    monkeypatch.setattr(ScriptedBrain, "prefill_head", prefill_head)
    monkeypatch.setattr(ScriptedBrain, "stream", stream)

    async def scene(room: Room) -> None:
        nonlocal away
        room.types("are you there?")
        await room.until_idle()
        assert room.heard()[0] in room.show.speakers[0].character.fallback_lines
        assert room.show.speakers[0].brain.health().state is State.DOWN
        away = False
        await room.until(lambda: room.show.speakers[0].brain.health().state is State.OK)
        assert room.show.speakers[0].character.persona in warmed[-1][0].text
        room.types("and now?", name="kai")
        await room.until_idle()
        assert room.heard()[1] == "Yes, it is. I like it very much!"
        assert len(asked[-1].lines) > len(warmed[-1]) + 1, "now that somebody can count, more fits"

    play(scene, brain={"context": 2048})


def test_when_the_model_stays_dead_she_says_so_in_her_own_words(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ScriptedBrain.stream

    async def down(self: ScriptedBrain, prompt: Prompt) -> AsyncGenerator[str, None]:
        async for _ in whole(self, prompt):
            raise BrainError("the model is not there")
        yield ""

    monkeypatch.setattr(ScriptedBrain, "stream", down)

    async def scene(room: Room) -> None:
        room.types("still there?")
        await room.until_idle()
        room.types("妳還在嗎？", name="小雨")
        await room.until_idle()
        english, chinese = room.heard()
        assert english in room.show.speakers[0].character.fallback_lines
        assert english.isascii()
        assert chinese.replace(" ", "") in room.show.speakers[0].character.fallback_lines
        assert not chinese.isascii()
        assert room.show.speakers[0].brain.health().state is State.DOWN
        assert room.show.inbox.dropped == {"unanswered": 2}
        assert not room.journal("failure")

    play(scene)


def test_a_sentence_that_must_not_be_said_is_not_and_ends_the_reply(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("where?")
        await room.until_idle()
        (heard,) = room.heard()
        assert heard.startswith("I know it well.")
        assert "forbidden" not in heard
        assert "Never said" not in heard
        assert heard.removeprefix("I know it well. ") in room.show.speakers[0].character.refusals
        said = " ".join(cue.sentence.text for _, cue in room.screen.cues if isinstance(cue, ClipBegins))
        assert "forbidden" not in said

    play(scene, reply="I know it well. The forbidden word. Never said.", gate={"words": ("forbidden",)})


def test_without_a_voice_her_captions_go_on(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def mute(self: ScriptedVoice, text: str) -> AsyncGenerator[Chunk, None]:
        if text:
            raise VoiceError("no voice today")
        yield Sound(b"")

    monkeypatch.setattr(ScriptedVoice, "speak", mute)

    async def scene(room: Room) -> None:
        room.types("can you speak?")
        await room.until_idle()
        assert room.heard() == ["Yes, it is. I like it very much!"]
        assert all(not any(cue.pcm) for _, cue in room.screen.cues if isinstance(cue, ClipSound))

    play(scene)


def test_a_voice_that_fails_before_any_sound_has_its_words_shown_once(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def only_words(self: ScriptedVoice, said: Utterance) -> AsyncGenerator[Chunk, None]:
        yield Word(said.text.split(maxsplit=1)[0], 0.0, 0.5)
        yield Sound(b"")
        raise VoiceError("no sound today")

    monkeypatch.setattr(ScriptedVoice, "speak", only_words)

    async def scene(room: Room) -> None:
        room.types("can you speak?")
        await room.until_idle()
        shown = [cue.word.text for _, cue in room.screen.cues if isinstance(cue, ClipWord)]
        assert shown == ScriptedBrain.reply.split()
        assert room.heard() == [ScriptedBrain.reply]

    play(scene)


def test_a_voice_that_breaks_off_is_heard_as_far_as_it_sounded(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, asked = ScriptedBrain.stream, list[Prompt]()

    async def breaking_off(self: ScriptedVoice, utterance: Utterance) -> AsyncGenerator[Chunk, None]:
        for at, word in enumerate(utterance.text.split()):
            yield Word(word, at / 2, at / 2 + 0.5)
        yield Sound(tone(0.9))  # two words of it
        raise VoiceError("it broke off")

    def stream(self: ScriptedBrain, prompt: Prompt) -> AsyncGenerator[str, None]:
        asked.append(prompt)
        return whole(self, prompt)

    monkeypatch.setattr(ScriptedVoice, "speak", breaking_off)
    monkeypatch.setattr(ScriptedBrain, "stream", stream)

    async def scene(room: Room) -> None:
        answered = room.types("do you like pizza?")
        await room.until_idle()
        assert room.heard() == ["I love"]
        assert [(line["heard"], line["complete"]) for line in room.journal("spoken")] == [("I love", False)]
        assert room.journal("clip")[0]["seconds"] == 0.9
        recalled = await room.show.memory.recall(Batch(Pick(answered), speaker="banban"))
        assert recalled.answers == ("I love",)
        room.types("and now?", name="kai")
        await room.until_idle()
        assert asked[-1].lines[-2].text == "I love"

    # A model of her own, for the embedded one is told no history.
    play(scene, reply="I love pizza more than anything.", voice={"first_piece": 50})


def test_a_voice_with_a_defect_is_heard_as_far_as_it_sounded_and_answers_once(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaking_off(self: ScriptedVoice, utterance: Utterance) -> AsyncGenerator[Chunk, None]:
        for at, word in enumerate(utterance.text.split()):
            yield Word(word, at / 2, at / 2 + 0.5)
        yield Sound(tone(0.9))  # two words of it
        raise RuntimeError("a defect")

    monkeypatch.setattr(ScriptedVoice, "speak", breaking_off)

    async def scene(room: Room) -> None:
        answered = room.types("do you like pizza?")
        await room.until_idle()
        await asyncio.sleep(5)
        assert room.heard() == ["I love"]
        assert [(line["heard"], line["complete"]) for line in room.journal("spoken")] == [("I love", False)]
        recalled = await room.show.memory.recall(Batch(Pick(answered), speaker="banban"))
        assert recalled.answers == ("I love",)

    play(scene, reply="I love pizza more than anything.", voice={"first_piece": 50})


def test_what_was_heard_of_chinese_has_no_spaces_in_it(play: Any) -> None:
    async def scene(room: Room) -> None:
        asked = room.types("妳喜歡什麼？")
        await room.until_idle()
        assert len(room.journal("spoken")) > 1
        assert room.heard() == ["我最喜歡吃臭豆腐了！真的，妳也要不要來一口？"]
        recalled = await room.show.memory.recall(Batch(Pick(asked), speaker="banban"))
        assert recalled.answers == ("我最喜歡吃臭豆腐了！真的，妳也要不要來一口？",)

    play(scene, reply="我最喜歡吃臭豆腐了！真的，妳也要不要來一口？")


def test_a_deleted_message_is_no_longer_answered(play: Any) -> None:
    async def scene(room: Room) -> None:
        asked = room.types("say something")
        waiting = room.types("me too", name="other")
        await room.until_speaking()
        for gone in (asked, waiting):
            room.show.receive(Deletion("d", gone.platform, gone.channel, message_id=gone.id))
        kinds = [type(cue) for _, cue in room.screen.cues]
        assert Vanished in kinds  # on the chat's page
        assert [kind for kind in kinds if kind is not Vanished][-2:] == [Hushed, Withdrawn]
        await room.until_idle()
        (cut,) = room.heard()
        assert cut != ScriptedBrain.reply
        assert room.show.inbox.dropped["revoked"] == 2

    play(scene, reply=" ".join(f"It goes on to {number}," for number in range(10, 20)), inbox={"batch": 1})


def test_a_defect_in_one_reply_is_not_the_end(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = VoiceRouter.speak
    broken = True

    async def speak(self: VoiceRouter, utterance: Utterance) -> AsyncGenerator[Chunk, None]:
        nonlocal broken
        if broken:
            broken = False
            raise ZeroDivisionError
        async for chunk in whole(self, utterance):
            yield chunk

    monkeypatch.setattr(VoiceRouter, "speak", speak)

    async def scene(room: Room) -> None:
        room.types("one?")
        await asyncio.sleep(5)
        room.types("two?", name="other")
        await room.until_idle()
        assert room.heard()[-1] == "Yes, it is. I like it very much!"
        assert room.journal("failure")[0]["part"] == "turn"

    play(scene)


def test_a_listener_that_breaks_is_begun_again(play: Any) -> None:
    class Stumbling:
        begun = 0
        availability = Availability(ready=True)

        async def start(self) -> None: ...

        async def events(self) -> AsyncGenerator[Event, None]:
            self.begun += 1
            if self.begun < 3:
                raise RuntimeError("stumbled")
            yield message("here I am")

        def health(self) -> Health:
            return Health("chat.stumbling", State.OK, "")

    class Hopeless:
        begun = 0
        availability = Availability()

        async def start(self) -> None: ...

        async def events(self) -> AsyncGenerator[Event, None]:
            self.begun += 1
            if self.begun:
                raise ListenerError("there is no such channel", final=True)
            yield message("never heard")

        def health(self) -> Health:
            return Health("chat.hopeless", State.DOWN, "no such channel")

    stumbling, hopeless = Stumbling(), Hopeless()

    async def scene(room: Room) -> None:
        await room.until(lambda: len(room.heard()) == 1)
        assert (stumbling.begun, hopeless.begun) == (3, 1)

    play(scene, listeners=[stumbling, hopeless])


@pytest.mark.parametrize(("after", "on_air"), [(1.0, 1.0), (100.0, ARRIVE_SECONDS)])
def test_the_show_waits_a_little_for_its_chats(play: Any, after: float, on_air: float) -> None:
    class Late(Chat):
        async def events(self) -> AsyncGenerator[Event, None]:
            self.availability.set(ready=False)
            await asyncio.sleep(after)
            self.availability.set(ready=True)
            async for event in super().events():
                yield event

    late = Late()
    late.availability.set(ready=False)

    async def scene(_: Room) -> None:
        assert now() == pytest.approx(on_air, abs=0.05)

    play(scene, listeners=[late])


def test_a_part_that_changes_is_reported(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    state = State.OK
    monkeypatch.setattr(ScriptedBrain, "health", lambda _: Health("brain", state, "as it is"))

    async def scene(room: Room) -> None:
        nonlocal state
        await asyncio.sleep(2)
        state = State.DOWN
        await asyncio.sleep(2)
        assert [line["state"] for line in room.journal("part") if line["part"] == "brain"] == ["ok", "down"]

    play(scene)


def test_no_failing_statistic_ends_the_show(
    play: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def measure() -> float:
        raise OSError(errno.EMFILE, "Too many open files")

    async def collect(_: Any) -> None:
        raise MemoryError

    async def watch(_: Any) -> None:
        raise RuntimeError("no clock")

    monkeypatch.setattr(metrics, "rss_mb", measure)
    monkeypatch.setattr(metrics.Metrics, "watch_loop", watch)
    monkeypatch.setattr(garbage, "collect_when", collect)

    async def scene(room: Room) -> None:
        await asyncio.sleep(30)
        room.types("still there?")
        await room.until_idle()
        assert room.heard() == ["Yes, it is. I like it very much!"]
        failed = Counter(line["part"] for line in room.journal("failure"))
        assert set(failed) == {"memory use", "event loop lag", "garbage collection"}
        assert min(failed.values()) >= 5, "each is tried again and again"

    play(scene)
    assert "Too many open files" in caplog.text


def test_a_part_that_cannot_say_how_it_is_ends_neither_the_show_nor_its_chat(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raising(_: object) -> Health:
        raise RuntimeError("no idea")

    class BrokenChat(Chat):
        health = raising

        async def events(self) -> AsyncGenerator[Event, None]:
            yield message("hello?")

    class BrokenScreen(Screen):
        health = raising

    monkeypatch.setattr(ScriptedVoice, "health", raising)

    async def scene(room: Room) -> None:
        await room.until(lambda: room.journal("reply"))
        assert room.commands("!status")
        unknown = {health.part for health in room.show.health() if "no idea" in health.what}
        assert unknown == {"chat.BrokenChat", "voice", "stage.BrokenScreen"}
        assert not room.journal("failure")

    play(scene, listeners=[BrokenChat()], screens=[BrokenScreen()])


def test_what_was_heard_is_noted_when_the_show_ends_in_mid_sentence(play: Any) -> None:
    rooms: list[Room] = []

    async def scene(room: Room) -> None:
        rooms.append(room)
        room.types("tell me everything")
        await room.until_speaking()
        await asyncio.sleep(2)

    play(scene, reply="Word after word after word, " * 12)
    path = rooms[0].show.journal.path
    assert path
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    (reply,) = [record for record in records if record["kind"] == "reply"]
    assert reply["heard"].startswith("Word after")


def test_what_is_never_noted_keeps_no_show_from_ending(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: Any) -> None:
        await asyncio.sleep(1000)

    monkeypatch.setattr(ForgetfulMemory, "remember", never)
    ended: list[float] = []

    class Clocked(Screen):
        async def stop(self) -> None:
            ended.append(now())

    async def scene(room: Room) -> None:
        room.types("hello?")
        await room.until(lambda: room.journal("spoken"))
        await asyncio.sleep(5)
        assert room.show.performer.busy
        ended.append(now())

    play(scene, screens=[Clocked()])
    assert ended[1] - ended[0] < 1


def test_a_show_of_so_many_seconds_ends_by_itself(tmp_path: Path) -> None:
    began: list[float] = []

    async def main() -> None:
        room = Room(tmp_path)
        async with asyncio.timeout(100):
            await room.show.run(
                progress=lambda _share, _words: None, on_air=lambda: began.append(now()), seconds=30
            )
        assert 30 <= now() - began[0] < 32

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(main())


def test_a_part_that_never_stops_keeps_no_show_from_ending(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SimulatedLoop, "PATIENCE", 0.0)  # the screen only pretends to work outside
    cancelled: list[str] = []

    class Stubborn(Screen):
        async def stop(self) -> None:
            try:
                await asyncio.sleep(2 * STOP_SECONDS)
            except asyncio.CancelledError:
                cancelled.append("screen")
                raise

    async def scene(room: Room) -> None:
        room.types("hello?")
        await room.until_idle()

    play(scene, screens=[Stubborn()])
    assert cancelled == ["screen"]


def test_a_reply_has_its_bounds(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("how long?")
        began = now()
        await room.until_idle()
        assert now() - began < 15

    play(scene, reply="and so on and on " * 200, show={"reply_seconds": 5})


def test_whoever_pays_is_thanked_whatever_they_wrote(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("forbidden thoughts", name="forbidden", money=Money(Decimal(5), "USD"))
        room.types("forbidden too", name="other")
        await room.until_idle()
        (prompt,) = room.journal("prompt")
        assert "paid US$5.00" in prompt["asked"]
        assert "forbidden" not in prompt["asked"]
        assert room.show.metrics.paid_answered == 1
        assert room.show.inbox.dropped["filtered"] == 1

    play(scene, gate={"words": ("forbidden",)})


FIVE = Money(Decimal(5), "USD")


def test_a_filtered_message_is_journaled_with_its_rule(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("a forbidden thing")
        await room.until_idle()
        assert [line["drop"].partition(":")[0] for line in room.journal("heard")] == ["filtered"]
        assert "gate.words" in room.journal("heard")[0]["drop"]
        assert room.show.inbox.dropped == {"filtered": 1}
        assert not room.journal("batch")

    play(scene, gate={"words": ["forbidden"]})


@pytest.mark.parametrize("ahead", [1, 3])
def test_she_works_only_a_little_ahead_of_what_is_heard(play: Any, ahead: int) -> None:
    async def scene(room: Room) -> None:
        room.types("tell me everything")
        await room.until(lambda: len(room.journal("spoken")) == 3)
        made, heard = len(room.journal("sentence")), len(room.journal("spoken"))
        assert made - heard == ahead + 2  # one is being heard, and one waits to be taken

    reply = " ".join(f"My word number {number} is nice." for number in range(10, 40))
    play(scene, reply=reply, voice={"ahead": ahead}, show={"reply_seconds": 60})


def test_who_does_not_bear_a_closer_look_is_not_answered_but_thanked_for_money(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is the secret42 pizza good?")
        room.types("take this, secret43", name="other", money=Money(Decimal(5), "USD"))
        await room.until_idle()
        (prompt,) = room.journal("prompt")
        assert "paid US$5.00" in prompt["asked"]
        assert room.show.metrics.paid_answered == 1
        assert [line["rule"] for line in room.journal("filtered")] == ["gate.patterns: secret[0-9]+"] * 2
        assert room.show.inbox.dropped == {"filtered": 1}

    play(scene, gate={"patterns": ["secret[0-9]+"]}, inbox={"batch": 1})


def test_when_nothing_can_be_recalled_she_answers_all_the_same(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> Any:
        raise RecallError("no memory", where="memory")

    monkeypatch.setattr(ForgetfulMemory, "recall", fail)
    monkeypatch.setattr(ForgetfulMemory, "remember", fail)

    async def scene(room: Room) -> None:
        room.types("is the pizza good?")
        await room.until_idle()
        assert room.heard() == ["Yes, it is. I like it very much!"]

    play(scene)


def test_everybody_who_pays_is_told_to_the_model(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        for name in ("ann", "bob", "cat", "dan"):
            room.types(f"{name} was here, " * 5, name=name, money=FIVE)
        room.commands("!resume")
        await room.until_idle()
        asked = " ".join(prompt["asked"] for prompt in room.journal("prompt"))
        assert all(f"{name}: [paid US$5.00]" in asked for name in ("bob", "cat", "dan"))
        assert room.show.metrics.paid_answered == 4

    play(scene)


@pytest.mark.usefixtures("_speechless")
def test_who_pays_is_not_answered_by_silence(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ScriptedBrain.stream
    silent = 8  # each time she is asked twice with each of two seeds

    async def stream(self: ScriptedBrain, prompt: Prompt) -> AsyncGenerator[str, None]:
        nonlocal silent
        silent -= 1
        async for text in whole(self, prompt):
            if silent < 0:
                yield text

    monkeypatch.setattr(ScriptedBrain, "stream", stream)

    async def scene(room: Room) -> None:
        room.types("thank you!", money=FIVE)
        await room.until_idle()
        await asyncio.sleep(1)
        assert room.heard() == ["", "", "Yes, it is. I like it very much!"]
        assert room.show.metrics.turns == room.show.metrics.paid_answered == 1

    play(scene)


@pytest.mark.usefixtures("_speechless")
def test_what_cannot_be_answered_is_given_up_and_counted(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("say nothing", money=FIVE)
        await asyncio.sleep(30)
        assert room.show.metrics.paid_answered == 0
        assert room.show.inbox.dropped["unanswered"] == 1
        assert len(room.show.inbox) == 0

    play(scene, reply="")


def test_a_cut_reply_takes_nobody_elses_answer_away(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.commands("!pause")
        rich = room.types("mine first", name="rich", money=Money(Decimal(50), "USD"))
        room.types("and mine", name="poor", money=FIVE)
        room.commands("!resume")
        await asyncio.sleep(0.1)
        room.show.receive(Deletion("d", rich.platform, rich.channel, message_id=rich.id))
        await room.until_idle()
        await asyncio.sleep(1)
        assert room.show.metrics.paid_answered == 1
        assert "poor" in room.journal("batch")[-1]["who"]
        assert room.show.inbox.dropped["revoked"] == 1

    play(scene)


def test_a_voice_that_hangs_is_given_up(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hanging(self: ScriptedVoice, text: str) -> AsyncGenerator[Chunk, None]:
        await asyncio.sleep(3600)
        yield Sound(b"")

    monkeypatch.setattr(ScriptedVoice, "speak", hanging)

    async def scene(room: Room) -> None:
        room.types("can you speak?")
        await room.until_idle()
        assert room.heard() == ["Yes, it is. I like it very much!"]

    play(scene)


def test_the_journal_tells_the_whole_way_of_a_reply(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is it good?")
        await room.until_idle()
        assert [mark["part"] for mark in room.journal("mark")] == [
            *("prompt", "first_token", "first_sentence", "first_audio", "on_air")
        ]
        sentences, clips, spoken = (room.journal(kind) for kind in ("sentence", "clip", "spoken"))
        assert [line["index"] for line in sentences] == [line["index"] for line in clips]
        assert [line["text"] for line in sentences] == [line["heard"] for line in spoken]
        assert all(clip["seconds"] > 0 for clip in clips)
        assert {line["turn"] for line in (*room.journal("mark"), *sentences, *clips, *spoken)} == {1}
        room.commands("!status")
        assert [line["drop"] for line in room.journal("heard") if "drop" in line] == ["command"]

    play(scene)


def test_no_two_turns_have_one_number_though_what_gives_them_failed(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(room: Room) -> None:
        room.types("hello")
        await room.until_idle()
        with monkeypatch.context() as broken:
            broken.setattr(Agenda, "_next_request", lambda _: 1 / 0)
            room.types("hello again", name="lou")
            await room.until(lambda: room.journal("failure"))
        await room.until(lambda: len(room.heard()) == 2)
        turns = [line["turn"] for line in room.journal("batch")]
        assert len(turns) == len(set(turns)) == 2

    play(scene)
