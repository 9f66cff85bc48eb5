"""How much of each prompt comes from the model's cache, over a recorded Twitch stream.

    python -m benchmarks.prompt_reuse [turns]

Real model, real process, short replies, every message a viewer's who spoke before. The target is that 95% of
the prompt come from the cache, from the third turn on. Beside the tokens that were read stand the least
possible: those of the question itself. What is read "ahead" is read between two turns, while nobody waits.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from contextlib import aclosing
from pathlib import Path

from vtuber import character
from vtuber.brain.conversation import Conversation
from vtuber.brain.llama.backend import Llama
from vtuber.config import Brain, Settings
from vtuber.core.events import Author, Batch, ChatMessage, Pick
from vtuber.memory import Recollection, Viewer
from vtuber.models.store import locate
from vtuber.record.metrics import Metrics, percentiles

RECORDED = Path(__file__).parent.parent / "tests" / "data" / "twitch-vod-chat.json"
TURNS = 200
WARM_TURNS = 2


def batches(turns: int) -> list[Batch]:
    """So many, spread evenly over the recording."""
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
    every = (len(messages) - 4) // turns
    return [
        Batch(Pick(messages[at]), tuple(map(Pick, messages[at + 1 : at + 4])))
        for at in range(0, turns * every, every)
    ]


def recalled(batch: Batch, last: str) -> Recollection:
    """As if the lead had written before, and were answered so."""
    lead = batch.lead.event
    viewer = Viewer(lead.author.name, 2, "hello again")
    return Recollection({(lead.platform, lead.author.id): viewer}, (last,) if last else ())


async def main(turns: int) -> None:
    # Its path given, the embedded model counts as one of the streamer's own, and has a history.
    settings = Settings(brain=Brain(model=str(locate("")), max_tokens=24))
    brain = Llama(settings)
    await brain.start(lambda _share, _words: None)
    talk = Conversation(character.load("banban"), settings, brain)
    await talk.start(lambda _share, words: print(words))
    metrics, shares, compactions, before, said = Metrics(), [], 0, 0, ""
    for turn, batch in enumerate(batches(turns), 1):
        prompt = await talk.prompt(batch, recalled(batch, said), turn)
        said = ""
        async with aclosing(brain.stream(prompt)) as tokens:
            async for token in tokens:
                said += token
        talk.note_reply(said)
        await talk.tidy()
        used = brain.usage
        compactions += len(prompt.lines) < before
        before = len(prompt.lines)
        if turn > WARM_TURNS:
            metrics.read(used.prompt, reused=used.reused, new=prompt.new, ahead=used.ahead)
            shares.append(100 * used.reused / used.prompt)
        if turn % 20 == 1:
            row = f"turn {turn:3}: {used.prompt:4} tokens, {used.prompt - used.reused:3} read"
            print(f"{row}, {prompt.new:3} of them new, {used.ahead:3} read ahead")
    await brain.stop()
    print_figures(metrics, shares, compactions)


def print_figures(metrics: Metrics, shares: list[float], compactions: int) -> None:
    report = metrics.report(Counter())
    print(f"\nfrom the cache: {report['prompt_reuse']:.1%} of all prompts, least {min(shares):.1f}% of one")
    print(f"history was halved {compactions} times in {len(shares)} turns")
    for kind, what in (("new", "the question"), ("read", "read"), ("ahead", "read ahead")):
        counts = metrics.tokens[kind]
        told = percentiles(counts)
        mean = sum(counts) / len(counts)
        print(f"tokens a turn, {what:12}: mean {mean:5.1f}, median {told['p50']:g}, most {told['max']:g}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else TURNS))
