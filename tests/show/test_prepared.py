"""The next reply is made while this one is heard; set aside, it is as if it had never been chosen."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rehearsal_room import Room, command, perform

from benchmarks.scripted import ScriptedBrain, ScriptedVoice
from vtuber.brain import Prompt
from vtuber.core import sound
from vtuber.core.clock import now
from vtuber.core.events import Answerable, Batch, Deletion, Money, is_paid
from vtuber.core.text import joined
from vtuber.memory.forgetful import ForgetfulMemory
from vtuber.record.facts import Dropped, Fact, TurnBegan, TurnEnded, TurnSetAside
from vtuber.stage.cues import ClipBegins, ClipSound, Heard, Hushed, Thinking, Withdrawn

FIVE = Money(Decimal(5), "USD")
NAMED = re.compile(r"word\d+")
BRAIN = {"use": "scripted", "model": "own"}

Scene = Callable[[Room], Awaitable[None]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Prompt]:
    """What the model was asked. It answers slowly, with the word that stands in the question."""
    asked: list[Prompt] = []
    whole = ScriptedBrain.stream

    async def stream(self: ScriptedBrain, prompt: Prompt) -> AsyncGenerator[str, None]:
        asked.append(prompt)
        words = NAMED.findall(prompt.lines[-1].text)
        about = words[0] if words else "nothing"
        self.reply = f"So you say {about}. I have heard of {about} before, and I like it very much."
        async for text in whole(self, prompt):
            yield text

    monkeypatch.setattr(ScriptedBrain, "stream", stream)
    monkeypatch.setattr(ScriptedBrain, "rate", 12.0)
    monkeypatch.setattr(ScriptedBrain, "first", 0.6)
    monkeypatch.setattr(ScriptedVoice, "factor", 0.45)
    return asked


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    def play(scene: Scene, **settings: Any) -> None:
        perform(lambda: Room(tmp_path, **{"brain": BRAIN, **settings}), scene)

    return play


async def prepared(room: Room, number: int = 2) -> None:
    """Waits until that turn is in the making while another is heard."""
    await room.until(
        lambda: any(isinstance(cue, Thinking) and cue.turn == number for _, cue in room.screen.cues)
    )
    await asyncio.sleep(0.5)
    assert room.show.stage.remaining() > 0.5
    assert not room.show.stage.is_sent(number)


def gap(room: Room, earlier: int, later: int) -> float:
    """Seconds of silence between two turns."""
    turns = {cue.clip: cue.sentence.turn for _, cue in room.screen.cues if isinstance(cue, ClipBegins)}
    spans: dict[int, list[float]] = {}
    for _, cue in room.screen.cues:
        if isinstance(cue, ClipSound):
            spans.setdefault(turns[cue.clip], []).extend((cue.at, cue.at + sound.seconds(cue.pcm)))
    return min(spans[later]) - max(spans[earlier])


def who_was_answered(room: Room) -> list[str]:
    turns = {line["turn"]: line["who"] for line in room.journal("batch")}
    return [turns[reply["turn"]] for reply in room.journal("reply") if reply["heard"]]


def test_the_next_reply_is_ready_when_this_one_is_over(play: Any, asked: list[Prompt]) -> None:
    async def scene(room: Room) -> None:
        room.types("what is word1?", name="first")
        await room.until_speaking()
        room.types("what is word2?", name="second")
        await prepared(room)
        await room.until_idle()
        assert gap(room, 1, 2) == pytest.approx(0, abs=1e-6)
        assert room.show.metrics.dead_air[-1] == pytest.approx(0, abs=1e-3)

    play(scene)


@pytest.mark.parametrize("kind", ["paid", "!ask", "!say"])
def test_what_matters_more_is_next(play: Any, asked: list[Prompt], kind: str) -> None:
    async def scene(room: Room) -> None:
        room.types("what is word1?", name="first")
        await room.until_speaking()
        room.types("what is word2?", name="second")
        await prepared(room)
        if kind == "paid":
            room.types("what is word3?", name="third", money=FIVE)
        else:
            room.show.receive(command(f"{kind} What is word3?"))
        assert room.screen.cues[-1][1] == Withdrawn(2)
        assert [line["turn"] for line in room.journal("set_aside")] == [2]
        await room.until_idle()
        said = [NAMED.findall(heard)[0] for heard in room.heard()]
        assert said == ["word1", "word3", "word2"]
        assert not any(isinstance(cue, Hushed) for _, cue in room.screen.cues)

    play(scene, inbox={"batch": 1})


def test_what_matters_as_much_waits(play: Any, asked: list[Prompt]) -> None:
    async def scene(room: Room) -> None:
        room.types("what is word1?", name="first")
        await room.until_speaking()
        room.types("what is word2?", name="second", money=FIVE)
        await prepared(room)
        room.types("what is word3?", name="third", money=Money(Decimal(500), "USD"))
        await room.until_idle()
        assert who_was_answered(room) == ["first", "second", "third"]

    play(scene)


def test_what_was_set_aside_leaves_no_trace(play: Any, asked: list[Prompt]) -> None:
    async def scene(room: Room) -> None:
        room.commands("!slow 1")
        room.types("what is word1?", name="first")
        await room.until_speaking()
        room.types("what is word2 about, then?", name="second")
        await room.until(lambda: room.journal("sentence")[-1]["turn"] == 2)
        assert room.show.stage.remaining() > 0.5
        room.commands("!pause")
        assert len(room.show.inbox) == 1
        (speaker,) = room.show.speakers
        assert [len(NAMED.findall(line.text)) for line in speaker.conversation._history.lines] == [1, 2]
        room.commands("!resume")
        await room.until(lambda: room.journal("batch")[-1]["turn"] == 3, 0.1)
        await room.until_idle()
        assert who_was_answered(room) == ["first", "second"]
        assert room.heard()[1].startswith("So you say word2. I have heard of word2 before,")
        assert not room.show.inbox.dropped
        assert room.show.metrics.turns == 2

    play(scene, guard={"repeats": {"use": True, "sentences": 1, "openings": 1}})


@pytest.mark.parametrize("text", ["!pause", "!hush", "!skip"])
def test_a_prepared_reply_is_not_what_a_moderator_cuts(play: Any, asked: list[Prompt], text: str) -> None:
    async def scene(room: Room) -> None:
        room.types("what is word1?", name="first")
        await room.until_speaking()
        room.types("what is word2?", name="second")
        await prepared(room)
        room.commands(text)
        assert [line["turn"] for line in room.journal("set_aside")] == [2]
        room.commands("!resume")
        await room.until_idle()
        assert who_was_answered(room)[-1] == "second"
        assert len(room.heard()) == 2
        if text != "!pause":  # what was not heard is told to nobody
            assert asked[-1].lines[-2].text == room.heard()[0]

    play(scene)


def test_a_deleted_line_in_her_history_is_not_answered_from(play: Any, asked: list[Prompt]) -> None:
    async def scene(room: Room) -> None:
        gone = room.types("what is word1?", name="first")
        await room.until_idle()
        room.types("what is word2?", name="second")
        await room.until_speaking()
        room.types("what is word3?", name="third")
        await prepared(room, 3)
        room.show.receive(Deletion("d", "twitch", "banban", message_id=gone.id))
        await room.until_idle()
        assert "word1" in str(asked[2].lines[asked[2].head :])
        assert "word1" not in str(asked[3].lines[asked[3].head :])
        assert [NAMED.findall(heard)[0] for heard in room.heard()] == ["word1", "word2", "word3"]

    play(scene)


def test_what_it_answers_is_deleted_meanwhile(play: Any, asked: list[Prompt]) -> None:
    async def scene(room: Room) -> None:
        room.types("what is word1?", name="first")
        await room.until_speaking()
        gone = room.types("what is word2?", name="second")
        await prepared(room)
        room.show.receive(Deletion("d", "twitch", "banban", message_id=gone.id))
        await room.until_idle()
        assert [NAMED.findall(heard)[0] for heard in room.heard()] == ["word1"]
        room.types("what is word3?", name="third")
        await room.until_idle()
        assert [NAMED.findall(heard)[0] for heard in room.heard()] == ["word1", "word3"]
        assert "word2" not in str(asked[-1].lines)

    play(scene)


@pytest.mark.parametrize("voices", [["hibari"], ["kokoro", "hibari"]])  # kokoro's file is cut short
def test_a_pause_while_a_real_voice_speaks(
    play: Any, asked: list[Prompt], voices: list[str], tmp_path: Path
) -> None:
    (tmp_path / "cut.onnx").write_bytes(b"\x08\x07")
    (tmp_path / "zf_xiaoyi.bin").write_bytes(bytes(522_240))

    async def scene(room: Room) -> None:
        room.types("what is word1?", name="first")
        await room.until_speaking()
        room.types("what is word2?", name="second")
        await prepared(room)
        room.commands("!pause")
        await asyncio.sleep(10)
        assert len(room.heard()) == 1
        assert room.show.stage.remaining() == 0
        room.commands("!resume")
        await room.until_idle()
        assert NAMED.findall(room.heard()[-1]) == ["word2"] * 2
        assert "hibari" in room.show.speakers[0].voice.health().what

    kokoro = {"model": str(tmp_path / "cut.onnx"), "voices": str(tmp_path)}
    play(scene, voice={"use": voices, "kokoro": kokoro})


def test_who_is_ignored_meanwhile_is_not_answered(play: Any, asked: list[Prompt]) -> None:
    async def scene(room: Room) -> None:
        room.types("what is word1?", name="first")
        await room.until_speaking()
        room.types("what is word2?", name="second")
        await prepared(room)
        room.commands("!ignore @second")
        await room.until_idle()
        assert who_was_answered(room) == ["first"]
        assert room.show.inbox.dropped == {"ignored": 1}

    play(scene)


class RandomEvening:
    """Chat and moderators who do anything at any moment, and what came of it."""

    def __init__(self, room: Room, seed: int) -> None:
        self.batches: dict[int, Batch] = {}
        self.set_aside: set[int] = set()
        self.ended: list[TurnEnded] = []
        self.dropped: dict[str, list[str]] = {}
        self.sent: dict[str, Answerable] = {}
        self.deleted: dict[str, float] = {}
        self.silenced = False
        self._room = room
        self._dice = random.Random(seed)
        room.show.facts.subscribe(self._note)

    def _note(self, fact: Fact) -> None:
        match fact:
            case TurnBegan(turn=turn, batch=batch):
                self.batches[turn] = batch
            case TurnSetAside(turn=turn):
                self.set_aside.add(turn)
            case TurnEnded():
                self.ended.append(fact)
            case Dropped(event=event, reason=reason):
                self.dropped.setdefault(event.id, []).append(reason)

    async def happen(self, number: int) -> None:
        """Something, after a while."""
        dice, room = self._dice, self._room
        await asyncio.sleep(dice.choice((0.05, 0.4, 1.0, 2.5)) * dice.uniform(0.5, 1.5))
        kinds = ("line", "paid", "!ask", "delete", "!mute 1", "!skip", "!pause")
        match dice.choices(kinds, (10, 3, 2, 4, 1, 1, 1))[0]:
            case "line" | "paid" as kind:
                money = FIVE if kind == "paid" else None
                one = room.types(f"what is word{number}?", name=f"viewer{number}", money=money)
                self.sent[one.id] = one
            case "!ask":
                asked = command(f"!ask What is word{number}?")
                room.show.receive(asked)
                self.sent[asked.id] = asked
            case "delete" if self.sent:
                self._delete(number)
            case "!pause":
                room.commands("!pause")
                await asyncio.sleep(dice.uniform(0, 3))
                room.commands("!resume")
            case "delete":
                pass
            case order:
                self.silenced = True
                room.commands(order)

    def _delete(self, number: int) -> None:
        """One of the last, or any."""
        latest = [batch.lead.event for batch in list(self.batches.values())[-2:]]
        gone = self._dice.choice([*latest, self._dice.choice(list(self.sent.values()))])
        self.deleted.setdefault(gone.id, now())
        self._room.show.receive(Deletion(f"d{number}", "twitch", gone.channel, message_id=gone.id))

    def ends(self) -> dict[int, float]:
        """When each turn was heard last, by the screens: a hush ends what was sent before it."""
        turns, spans = dict[int, int](), dict[int, list[tuple[float, float]]]()
        for at, cue in self._room.screen.cues:
            if isinstance(cue, ClipBegins):
                turns[cue.clip] = cue.sentence.turn
            elif isinstance(cue, ClipSound):
                spans.setdefault(turns[cue.clip], []).append((cue.at, cue.at + sound.seconds(cue.pcm)))
            elif isinstance(cue, Hushed):
                for turn, parts in spans.items():
                    spans[turn] = [(begin, min(end, at)) for begin, end in parts if begin < at]
        return {turn: max(end for _, end in parts) for turn, parts in spans.items() if parts}

    def heard(self, turn: int) -> str:
        """What the screens showed of it as heard."""
        cues = [cue for _, cue in self._room.screen.cues]
        spaces = {cue.clip: cue.sentence.space for cue in cues if isinstance(cue, ClipBegins)}
        texts = {cue.clip: cue.text for cue in cues if isinstance(cue, Heard) and cue.turn == turn}
        return joined((spaces[clip], text) for clip, text in texts.items())

    def heard_after_deletion(self) -> list[int]:
        ends = self.ends()
        return [
            turn
            for turn, batch in self.batches.items()
            for event in batch.events
            if event.id in self.deleted and ends.get(turn, 0) > self.deleted[event.id] + 1e-6
        ]

    def answers(self) -> Counter[str]:
        """How often each was answered, by its id."""
        return Counter(event.id for reply in self.ended if reply.answers for event in reply.batch.events)

    def lost(self) -> list[Answerable]:
        """What was neither answered, nor dropped for a reason that it may be dropped for."""
        answered, lost = self.answers(), []
        for key, event in self.sent.items():
            may = {"cut", "revoked"} if is_paid(event) else {"cut", "revoked", "copy"}
            reasons = set(self.dropped.get(key, ()))
            is_asked = event.text.startswith("!") and self.silenced  # a hush drops what she was told to do
            if not (answered[key] or is_asked or key in self.deleted or (reasons and reasons <= may)):
                lost.append(event)
        return lost


@pytest.mark.parametrize("seed", range(5))
def test_whatever_happens_whenever(
    play: Any, asked: list[Prompt], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    remembered: list[tuple[Batch, str]] = []
    remember = ForgetfulMemory.remember

    async def remembering(self: ForgetfulMemory, batch: Batch, answer: str) -> None:
        remembered.append((batch, answer))
        await remember(self, batch, answer)

    monkeypatch.setattr(ForgetfulMemory, "remember", remembering)

    async def scene(room: Room) -> None:
        evening = RandomEvening(room, seed)
        for number in range(60):
            await evening.happen(number)
        await room.until_idle()
        await asyncio.sleep(10)
        # Nothing of what was withdrawn or set aside is heard.
        assert evening.set_aside
        assert not evening.heard_after_deletion()
        assert not evening.set_aside & evening.ends().keys()
        # Nothing is told or remembered that was not heard.
        heard = {turn: evening.heard(turn) for turn in evening.batches}
        assert {reply.turn: reply.heard for reply in evening.ended} == {
            reply.turn: heard[reply.turn] for reply in evening.ended
        }
        of_batch = {id(evening.batches[turn]): text for turn, text in heard.items()}
        assert remembered == [(batch, of_batch[id(batch)]) for batch, _ in remembered]
        (speaker,) = room.show.speakers
        history = [one for one in speaker.conversation._history._exchanges if one.answered]
        assert [one.answered and one.answered.text for one in history] == [
            of_batch[id(one.batch)] for one in history
        ]
        assert not [one for one in history if any(event.id in evening.deleted for event in one.batch.events)]
        # Nobody is lost, and nobody is answered twice.
        assert not len(room.show.inbox)
        assert not evening.lost()
        assert max(evening.answers().values()) == 1
        assert all(len(reasons) == 1 for reasons in evening.dropped.values())

    play(scene, inbox={"forget_after": 3600, "size": 500}, show={"reply_seconds": 10})
