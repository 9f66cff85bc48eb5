"""The inbox under a flood: 20,000 messages a second for some seconds, while a reply is being made.

Prints what it took of a core, how late the event loop ran, and how memory grew; and, as the floor in the
same run, what merely noting the same messages in a dict costs.

    uv run python benchmarks/inbox.py [--seconds 5] [--rate 20000]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import psutil

from vtuber import config
from vtuber.core.events import Author, ChatMessage, Emote, Money, Role
from vtuber.inbox import Inbox
from vtuber.moderation.message_index import MessageIndex
from vtuber.record.facts import Facts

TICK = 0.002
"""Seconds between two helpings of messages: a socket that is read."""
WORDS = """
    the cabbage is so good today lol what do you think about tofu stinky chicken game boss left right jump
    why how please never again 板板 今天 吃 什麼 可愛 哈哈哈 真的 假的 好 喔 加油 為什麼 會 這樣 晚安 早安
""".split()  # noqa: SIM905  # a list of forty strings reads worse
PASTES = ("THIS IS THE COPYPASTA " * 8, "板板好可愛" * 20, "LULW LULW LULW", "W", "哈哈哈哈哈哈哈哈")


def chat(seed: int) -> Iterator[ChatMessage]:
    """Varied lines, copypasta, emotes, questions, people who write her name, a few who pay."""
    dice = random.Random(seed)
    for number in range(10**9):
        name = f"viewer{dice.randrange(30_000)}"
        kind = dice.random()
        emotes: tuple[Emote, ...] = ()
        if kind < 0.3:
            text = dice.choice(PASTES) + "!" * dice.randrange(3)
        elif kind < 0.4:
            text, emotes = "Kappa Kappa", (Emote("Kappa", 0, 5), Emote("Kappa", 6, 11))
        else:
            text = " ".join(dice.choices(WORDS, k=dice.randrange(1, 14)))
            text += dice.choice(("", "", "?", " @banban", f" {number}"))
        yield ChatMessage(
            id=f"{number:08x}-0000-4000-8000-{dice.getrandbits(48):012x}",
            platform="twitch",
            channel="bench",
            author=Author(name, name, frozenset((Role.SUBSCRIBER,)) if dice.random() < 0.1 else frozenset()),
            text=text[:500],
            emotes=emotes,
            money=Money(Decimal(500), "BITS") if dice.random() < 0.0005 else None,
        )


@dataclass
class Account:
    messages: int = 0
    busy: float = 0.0
    """Seconds of a core spent in the inbox (and nowhere else), whatever else the machine does."""
    lags: list[float] = field(default_factory=list)
    pieces: int = 0
    batches: int = 0
    take_worst: float = 0.0


async def measure_lag(account: Account) -> None:
    """How much later than asked for a coroutine runs again: what every other part of the show feels."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        account.lags.append(time.perf_counter() - began - 0.001)


async def reply(account: Account, inbox: Inbox) -> None:
    """A reply in the making: a piece every 25 ms, and the next batch after 40 pieces."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(0.025)
        account.pieces += 1
        if account.pieces % 40 == 0:
            began = time.perf_counter()
            account.batches += inbox.take(loop.time()) is not None
            account.take_worst = max(account.take_worst, time.perf_counter() - began)


async def flood(
    account: Account, inbox: Inbox, index: MessageIndex, messages: list[ChatMessage], rate: float
) -> None:
    """Puts messages in as fast as ``rate`` wants, a helping each tick; never more than it can at once."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while account.messages < len(messages):
        due = min(len(messages), int((loop.time() - began + TICK) * rate))
        helping = messages[account.messages : min(due, account.messages + int(rate * TICK * 5))]
        started = time.thread_time()
        now = loop.time()
        for message in helping:
            event = replace(message, at=now)
            index.note(event)
            inbox.put(event)
        account.busy += time.thread_time() - started
        account.messages += len(helping)
        await asyncio.sleep(TICK)


def floor(messages: list[ChatMessage]) -> float:
    """Seconds of a core it takes to merely stamp and note the same messages."""
    seen: dict[tuple[str, str], int] = {}
    began = time.thread_time()
    for message in messages:
        seen[message.platform, message.id] = len(replace(message, at=1.0).text)
    return time.thread_time() - began


async def run(messages: list[ChatMessage], rate: float) -> dict[str, Any]:
    inbox, account = Inbox(config.Inbox(), ("板板", "banban"), 1, Facts()), Account()
    process = psutil.Process()
    gc.collect()
    before = process.memory_info().rss
    began = time.perf_counter()
    tasks = [asyncio.create_task(measure_lag(account)), asyncio.create_task(reply(account, inbox))]
    await flood(account, inbox, MessageIndex(), messages, rate)
    took = time.perf_counter() - began
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    lags = sorted(account.lags)
    bare = floor(messages)
    return {
        "offered_per_s": rate,
        "accepted_per_s": round(account.messages / took),
        "possible_per_s_of_a_core": round(account.messages / account.busy),
        "us_each": round(account.busy / account.messages * 1e6, 2),
        "floor_us_each": round(bare / account.messages * 1e6, 2),
        "ratio_to_floor": round(account.busy / bare, 1),
        "loop_lag_ms": {
            name: round(lags[int(len(lags) * part)] * 1000, 2)
            for name, part in (("p50", 0.5), ("p99", 0.99), ("max", 1 - 1e-9))
        },
        "take_worst_ms": round(account.take_worst * 1000, 2),
        "memory_growth_mb": round((process.memory_info().rss - before) / 1e6, 1),
        "pieces": account.pieces,
        "batches": account.batches,
        "waiting": len(inbox),
        "paid_waiting": inbox.paid_waiting,
        "dropped": dict(inbox.dropped),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rate", type=float, default=20_000)
    options = parser.parse_args()
    source = chat(seed=7)
    messages = [next(source) for _ in range(int(options.seconds * options.rate))]
    print(json.dumps(asyncio.run(run(messages, options.rate)), indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
