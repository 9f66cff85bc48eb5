"""An hour with Twitch in simulated time, in which the connection is cut two hundred times."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

from twitch_events import notification, said
from twitch_listeners import build, hearing
from twitch_server import Session, Twitch

from vtuber.core.events import ChatMessage
from vtuber.core.simulated import SimulatedLoop
from vtuber.listeners.twitch.tokens import TokenFile

pytest_plugins = ["twitch_fixtures"]

CHAT = "channel.chat.message"
SECONDS = 3600.0
CUTS = 200
MESSAGES = 1000
AGAIN = 5
"""So many of the last messages are sent again to whoever comes back."""


class Loop(SimulatedLoop):
    """Gives real sockets a moment before time jumps; none of them takes longer."""

    PATIENCE = 0.02


class Room:
    """Somebody says something again and again. What could not be sent is sent to whoever comes back."""

    def __init__(self, twitch: Twitch, dice: random.Random) -> None:
        self.twitch = twitch
        self.dice = dice
        self.said = 0
        self.unsent: list[int] = []
        self._greeted: set[str] = set()

    async def talk(self) -> None:
        while self.said < MESSAGES:
            await asyncio.sleep(self.dice.uniform(0, 2 * SECONDS / MESSAGES))
            self.said += 1
            self.unsent.append(self.said)
            await self.say()

    async def say(self) -> None:
        for session in self.twitch.sessions:
            if any(one["type"] == CHAT for one in session.subscriptions):
                if session.id not in self._greeted:
                    self._greeted.add(session.id)
                    self.unsent[:0] = range(max(1, self.said - AGAIN), self.said)
                for number in self.unsent:
                    await session.send(message(number))
                self.unsent.clear()

    async def cut(self, session: Session) -> None:
        number = self.said + 1
        match self.dice.randrange(4):
            case 0:
                session.cut()
            case 1:
                whole = message(number)
                session.cut_within(whole, self.dice.randrange(900))
            case 2:
                await session.send(self.twitch.move(session))
            case _:
                await session.socket.close(code=4000)


def message(number: int) -> dict[str, object]:
    return notification(CHAT, said(f"{number}", message_id=f"m{number}"), f"e{number}")


def test_two_hundred_cuts_in_an_hour(stored: Path) -> None:
    dice = random.Random(3)

    async def hour() -> tuple[Counter[str], int]:
        async with Twitch() as twitch:
            TokenFile().save(twitch.log_in("room"))
            (listener,) = build(twitch)
            room = Room(twitch, dice)
            async with hearing(listener) as heard:
                await twitch.subscribed()
                talking = asyncio.create_task(room.talk())
                for _ in range(CUTS):
                    await asyncio.sleep(dice.uniform(0, 2 * SECONDS / CUTS))
                    if twitch.sessions:
                        await room.cut(twitch.sessions[-1])
                await talking
                await asyncio.sleep(120)  # whatever the pause, it is back by then
                await room.say()
                await asyncio.sleep(1)
                contact = listener.health().contact
                assert contact
                assert "POST /oauth2/token" not in twitch.requests  # the account was never doubted
                texts = Counter(event.text for event in heard if isinstance(event, ChatMessage))
                return texts, contact.reconnects

    with asyncio.Runner(loop_factory=Loop) as runner:
        heard, reconnects = runner.run(hour())
    assert heard == {str(number): 1 for number in range(1, MESSAGES + 1)}
    assert reconnects > CUTS / 2  # the rest were asked for, and came along
