"""How long nothing is heard between two replies, with a slow model and a slow voice, in simulated time.

The chat is a recorded Twitch stream, without what was paid in it, again and again. The scripted model reads
60 tokens a second and writes 12; the voice needs 0.45 of the duration of what it says, and half a second at
least. Replies are from one short sentence to five. First the silence between two replies, where others waited
too. Then somebody pays, or a moderator asks, at a random moment of a reply: the silence before the answer,
where there was time to make it within half a second after her line, and where there was not. What comes when
the next reply is on its way to the screens (in the last tenth of a second) is answered behind that one.

``--kokoro``: only the silence between replies, in real time, with the voice kokoro, in Chinese.

    python -m benchmarks.dead_air [--minutes 30] [--times 100] [--seed 1]
    python -m benchmarks.dead_air --kokoro [--minutes 5]
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import statistics
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from itertools import count, pairwise
from pathlib import Path
from typing import Any

from benchmarks.rates import percentile
from benchmarks.scripted import ScriptedBrain, ScriptedVoice
from vtuber import brain, voice
from vtuber.brain import Prompt
from vtuber.config import Settings
from vtuber.core import sound
from vtuber.core.availability import Availability
from vtuber.core.clock import now
from vtuber.core.events import Author, ChatMessage, Money, Role, Sound, Word, is_paid
from vtuber.core.health import Health, State
from vtuber.core.simulated import SimulatedLoop
from vtuber.listeners.recordings.recording import read
from vtuber.record.facts import Fact, TurnBegan
from vtuber.show.show import Show
from vtuber.stage.cues import ClipBegins, ClipSound, Cue
from vtuber.voice import Utterance

RECORDING = Path(__file__).parents[1] / "tests" / "data" / "twitch-vod-chat.json"
SPEED = 4.0
"""How fast the recording is played: so that somebody always waits."""
READING, WRITING = 60.0, 12.0
"""Tokens a second."""
TIME_NEEDED = 2.4
"""Seconds from a message to the first sound of its answer, as long as it takes with these timings."""
AIM, AIM_P95, AIM_NEXT = 300, 600, 500
"""Milliseconds."""

SENTENCES = (
    "Yes, of course!",
    "I never said that.",
    "Wait, is that really your dog?",
    "Pineapple belongs on every pizza, and I will not argue about it today.",
    "Good question, nobody has asked me that before.",
    "My grandmother had an oven that could only be opened with a song.",
    "So I went down to the harbour, and there was a ship full of lemons.",
    "Ha!",
    "If you water it twice a week and talk to it nicely, it will grow all by itself, believe me.",
    "You are all so kind tonight.",
    "Honestly, I would rather sleep.",
    "Tell me more about it, because I only understood the half of that.",
)

CHINESE = (
    "當然可以！",
    "我才沒有那樣說。",
    "等一下，那真的是你家的狗嗎？",
    "鳳梨就是應該放在披薩上，今天我不想再吵這件事了。",
    "好問題，從來沒有人這樣問過我。",
    "我阿嬤以前有一台烤箱，要唱歌才打得開。",
    "所以我走到港口，看到一艘船，上面裝滿了檸檬。",
    "哈！",
    "只要一個禮拜澆兩次水，跟它好好說話，它自己就會長大，相信我。",
    "你們今天晚上都好溫柔喔。",
    "老實說，我比較想睡覺。",
    "再多說一點，剛剛那些我只聽懂一半。",
)


class SlowBrain(ScriptedBrain):
    """Reads what is new in a prompt, then writes a reply of one to five sentences."""

    rate = WRITING
    sentences = SENTENCES
    space = " "

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.lengths = random.Random(3)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        await asyncio.sleep(prompt.new / READING)
        count = self.lengths.choice((1, 2, 2, 3, 3, 4, 5))
        self.reply = self.space.join(self.lengths.sample(self.sentences, count))
        async for text in super().stream(prompt):
            yield text


class SlowChineseBrain(SlowBrain):
    """The same in Chinese, where a token is a character or two."""

    size = 2
    sentences = CHINESE
    space = ""


class SlowVoice(ScriptedVoice):
    """As fast as a large voice on two cores."""

    factor = 0.45
    least = 0.5
    """Seconds for the shortest clause."""

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Sound | Word, None]:
        duration = len(utterance.text) / self.letters_a_second
        await asyncio.sleep(max(0.0, self.least - duration * self.factor))
        async for chunk in super().speak(utterance):
            yield chunk


brain.PARTS.setdefault("slow", f"{__name__}:SlowBrain")
brain.PARTS.setdefault("slow_chinese", f"{__name__}:SlowChineseBrain")
voice.PARTS.setdefault("slow", f"{__name__}:SlowVoice")


class Probe:
    """A screen that knows from when to when each turn, and each clip of it, was heard."""

    def __init__(self) -> None:
        self.availability = Availability(ready=True)
        self.turns: dict[int, tuple[float, float]] = {}
        self.pauses: list[float] = []
        """Seconds of silence inside of replies."""
        self._clips: dict[int, int] = {}

    async def start(self) -> None: ...

    def show(self, cue: Cue) -> None:
        if isinstance(cue, ClipBegins):
            self._clips[cue.clip] = cue.sentence.turn
        elif isinstance(cue, ClipSound):
            turn, end = self._clips[cue.clip], cue.at + sound.seconds(cue.pcm)
            if turn in self.turns:
                self.pauses.append(cue.at - self.turns[turn][1])
            self.turns[turn] = (self.turns.get(turn, (cue.at, end))[0], end)

    def sounding(self) -> int:
        """The turn that is being heard; 0 for none."""
        return next((turn for turn, (began, end) in self.turns.items() if began <= now() < end), 0)

    async def stop(self) -> None: ...

    def health(self) -> Health:
        return Health("stage.probe", State.OK, "listening")


@dataclass(frozen=True, slots=True)
class Answered:
    """Something that came while she spoke. Seconds."""

    left: float
    """Of her line, when it came."""
    gap: float
    """Between her line and its answer."""
    is_next: bool


class Evening:
    """A show with its recorded chat, and what is measured of it."""

    def __init__(self, seed: int, brain: str = "slow", voice: Mapping[str, Any] | None = None) -> None:
        settings = Settings.model_validate(
            {
                "brain": {"use": brain, "model": "any"},
                "guard": {"repeats": {"use": False}},  # it has few sentences
                "voice": voice or {"use": "slow"},
                "memory": {"use": "forgetful"},
                "stage": {"port": 0},
                "journal": {"enabled": False},
                "chat": {"console": False},
            }
        )
        self.dice = random.Random(seed)
        self.probe = Probe()
        self.show = Show(settings, seed=seed, listeners=[], screens=[self.probe])
        self.show.facts.subscribe(self._note)
        self._sent: list[tuple[str, int, float]] = []
        """Of each that interrupts: its id, the turn that was heard then, and when that was."""
        self.answers: dict[str, int] = {}
        """By the id of a message, the turn that answers it."""
        self.waited: dict[int, int] = {}
        """By turn, how many messages were left when it was chosen."""

    def _note(self, fact: Fact) -> None:
        if isinstance(fact, TurnBegan):
            self.answers.update((event.id, fact.turn) for event in fact.batch.events)
            self.waited[fact.turn] = fact.batch.room.waiting

    async def run(self, scene: Callable[[], Awaitable[None]]) -> None:
        """Plays the scene in the running show."""
        ready = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.show.run(progress=lambda *_: None, on_air=ready.set))
            await ready.wait()
            chat = tasks.create_task(self._chat())
            await scene()
            chat.cancel()
            self.show.over.set()

    async def _chat(self) -> None:
        """The recorded chat, for ever."""
        rows = read(RECORDING).rows
        for number in count():
            begun = now()
            for at, event in rows:
                await asyncio.sleep(begun + at / SPEED - now())
                if not is_paid(event):
                    self.show.receive(replace(event, id=f"{event.id}-{number}"))

    def gaps(self) -> list[float]:
        """Seconds of silence before each reply that was chosen from several."""
        heard = sorted((began, end, turn) for turn, (began, end) in self.probe.turns.items())
        return [later[0] - earlier[1] for earlier, later in pairwise(heard) if self.waited[later[2]]]

    async def interrupt(self, times: int, kind: str) -> None:
        """At random moments of her replies, something comes that matters more."""
        while len(self._sent) < times:
            await asyncio.sleep(self.dice.uniform(20, 40))
            while not (turn := self.probe.sounding()):  # noqa: ASYNC110  # nothing tells
                await asyncio.sleep(0.05)
            number = f"{kind}-{len(self._sent)}"
            author = Author("boss", "boss", frozenset((Role.MODERATOR,)))
            message = ChatMessage(number, "twitch", "test", author, f"What is number {number}?")
            if kind == "paid":
                message = replace(message, money=Money(Decimal(5), "USD"))
            else:
                message = replace(message, text=f"!ask {message.text}")
            self.show.receive(message)
            self._sent.append((number, turn, now()))
        await asyncio.sleep(60)

    def answered(self) -> list[Answered]:
        """What became of ``interrupt``. Raises KeyError where one was never answered."""
        found = []
        for number, turn, at in self._sent:
            end, began = self.probe.turns[turn][1], self.probe.turns[self.answers[number]][0]
            between = any(end <= other < began for other, _ in self.probe.turns.values())
            found.append(Answered(end - at, began - end, is_next=not between))
        return found


def told(name: str, gaps: Sequence[float]) -> str:
    in_ms = [1000 * gap for gap in gaps]
    return (
        f"{name:44} median {statistics.median(in_ms):5.0f} ms, p95 {percentile(in_ms, 0.95):5.0f}, "
        f"worst {max(in_ms):5.0f} ({len(in_ms)})\n"
    )


def evening(seed: int, scene: Callable[[Evening], Awaitable[None]]) -> Evening:
    """Plays it in simulated time."""

    async def play() -> Evening:
        made = Evening(seed)
        await made.run(lambda: scene(made))
        return made

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(play())


async def with_kokoro(seed: int, minutes: float) -> Evening:
    """An evening in real time."""
    from benchmarks.voice.bare import kokoro_settings  # noqa: PLC0415  # needs its files

    voice = {"use": ["kokoro", "silent"], "kokoro": kokoro_settings().model_dump(), "cache_megabytes": 0}
    made = Evening(seed, "slow_chinese", voice)
    await made.run(lambda: asyncio.sleep(minutes * 60))
    return made


def main() -> None:
    """Prints the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minutes", type=float, default=30)
    arguments.add_argument("--times", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--kokoro", action="store_true")
    given = arguments.parse_args()
    logging.disable()
    if given.kokoro:
        real = asyncio.run(with_kokoro(given.seed, given.minutes))
        sys.stdout.write(told(f"between replies (aim {AIM}, p95 {AIM_P95})", real.gaps()))
        sys.stdout.write(told("between pieces of a reply", real.probe.pauses))
        return
    usual = evening(given.seed, lambda _: asyncio.sleep(given.minutes * 60))
    sys.stdout.write(told(f"between replies (aim {AIM}, p95 {AIM_P95})", usual.gaps()))
    sys.stdout.write(told("between pieces of a reply", usual.probe.pauses))
    for kind in ("paid", "!ask"):
        answers = evening(given.seed, partial(Evening.interrupt, times=given.times, kind=kind)).answered()
        in_time = [one.gap for one in answers if one.left + AIM_NEXT / 1000 >= TIME_NEEDED]
        late = [one.gap for one in answers if one.gap not in in_time]
        sys.stdout.write(f"{kind}: {sum(one.is_next for one in answers)} of {len(answers)} were next\n")
        for name, gaps in (("there was time (aim 500)", in_time), ("there was none", late)):
            if gaps:
                sys.stdout.write(told(f"{kind}, {name}", gaps))


if __name__ == "__main__":
    main()
