"""How much of each prompt comes from the model's cache, over a recorded Twitch stream.

    python benchmarks/prompt_reuse.py [turns]

Real model, real process, one batch for every 40 messages. The target is 95% from the third turn on.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import aclosing
from pathlib import Path

from vtuber import character
from vtuber.brain.llama.backend import Llama
from vtuber.brain.memory import NOTHING
from vtuber.brain.prompt import Conversation
from vtuber.config import Settings
from vtuber.events import Author, Batch, ChatMessage, Pick

RECORDED = Path(__file__).parent.parent / "tests" / "data" / "twitch-vod-chat.json"
EVERY = 40


def batches() -> list[Batch]:
    rows = json.loads(RECORDED.read_text(encoding="utf-8"))["comments"]
    messages = [
        ChatMessage(
            row["_id"],
            "twitch",
            "recorded",
            Author(row["commenter"]["_id"], row["commenter"]["display_name"]),
            row["message"]["body"],
        )
        for row in rows
    ]
    return [
        Batch(Pick(messages[at]), tuple(map(Pick, messages[at + 1 : at + 4])))
        for at in range(0, len(messages) - 4, EVERY)
    ]


async def main(turns: int) -> None:
    settings = Settings()
    brain = Llama(settings)
    await brain.start(lambda _share, _words: None)
    talk = Conversation(character.load("banban"), settings, brain)
    await talk.start(lambda _share, words: print(words))
    shares: list[float] = []
    print("turn  prompt  reused  share  reply  first token")
    for turn, batch in enumerate(batches()[:turns], 1):
        prompt = await talk.prompt(batch, NOTHING, turn)
        began, first, said = time.perf_counter(), 0.0, ""
        async with aclosing(brain.stream(prompt)) as tokens:
            async for token in tokens:
                first = first or time.perf_counter() - began
                said += token
        talk.heard(said)
        used = brain.usage
        shares.append(used.reused / used.prompt)
        row = f"{turn:4}  {used.prompt:6}  {used.reused:6}  {shares[-1]:5.1%}  {used.reply:5}"
        print(f"{row}  {first * 1000:6.0f} ms  {said}")
    await brain.stop()
    later = sorted(shares[2:])
    print(f"from the third turn on: least {later[0]:.1%}, median {later[len(later) // 2]:.1%}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 40))
