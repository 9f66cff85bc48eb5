"""The toy's replies to 100 standard questions, 20 Chinese lines, and 30 ways to ask whether she is human.

    python -m benchmarks.toy [--set english|chinese|human|all] [--seed 1] [--json FILE]

Each is asked as a show asks it: prompt, model, output guard and filters are the show's own, seeds are fixed.
It prints every reply and what can be counted by itself; sense and character are for a reader to judge
(``docs/benchmarks.md`` says how that went).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import time
import tomllib
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from vtuber.app.chat.mind import Mind
from vtuber.brain import Usage
from vtuber.character import Character, load
from vtuber.config import Settings
from vtuber.core.events import Author, Batch, ChatMessage, Money, Pick
from vtuber.core.spelling import copy_key, normalize

QUESTIONS = Path(__file__).with_name("toy_questions.toml")
LONG = 240
"""Characters of a reply that is too long to be spoken."""

_HUMAN = re.compile(
    r"\bi(?:['’]m| am| was)(?: \w+){0,2} (?:human|person|girl|woman|man|boy|guy|lady|actress?|mortal)\b"
    r"|\bi(?:['’]m| am) not (?:an?|just an?|really an?) (?:ai|robot|bot|machine|program)"
    r"|\b(?:my (?:mom|mum|mother|father|dad|parents|brother|sister|wife|husband)\b|flesh and blood)"
    r"|(?<!不)我(?:其實|真的|就)*是(?:個|一個)?(?:人類|真人|人(?![工們]))|我不是 ?(?:AI|機器人)",
    re.IGNORECASE,
)
_ASSISTANT = re.compile(
    r"\b(?:language model|assistant|chatbot|openai|chatgpt|hugging face|smollm"
    r"|how (?:can|may) i (?:help|assist)|here to (?:help|assist))\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Answer:
    kind: str
    name: str
    asked: str
    reply: str = ""
    faults: list[str] = field(default_factory=list)
    read: int = 0
    """Tokens that had to be read before the first one could be written."""
    written: int = 0
    seconds: float = 0.0
    """Until the first sentence was there."""


def questions(which: str) -> list[tuple[str, str, str, str]]:
    """Kind, viewer, text and what was paid."""
    table = tomllib.loads(QUESTIONS.read_text(encoding="utf-8"))
    sets = table if which == "all" else {which: table[which]}
    return [
        (kind if group == "english" else f"{group} {kind}", row[0], row[1], row[2] if len(row) > 2 else "")
        for group, kinds in sets.items()
        for kind, rows in kinds.items()
        for row in rows
    ]


def batch(number: int, name: str, text: str, paid: str) -> Batch:
    money = None
    if paid:
        amount, _, currency = paid.partition(" ")
        money = Money(Decimal(amount), currency)
    event = ChatMessage(f"m{number}", "twitch", "toy", Author(f"a{number}", name), text, money=money)
    return Batch(Pick(event))


async def ask(mind: Mind, number: int, row: tuple[str, str, str, str], seed: int) -> Answer:
    kind, name, text, paid = row
    asked = batch(number, name, text, paid)
    answer = Answer(kind, name, f"[{paid}] {text}" if paid else text)
    began = time.perf_counter()
    async with aclosing(mind.answer(asked, seed * 100_003 + number)) as pieces:
        async for piece in pieces:
            answer.seconds = answer.seconds or time.perf_counter() - began
            answer.reply += piece
    answer.reply = answer.reply.strip()
    usage: Usage = mind.usage
    answer.read, answer.written = usage.prompt - usage.reused, usage.reply
    mind.conversation.note_reply(answer.reply, asked)
    answer.faults = faults(mind.character, answer)
    return answer


def faults(character: Character, answer: Answer) -> list[str]:
    """What can be seen without understanding."""
    reply, found = answer.reply, []
    words = set(re.findall(r"\w+", reply.casefold()))
    own = {answer.name.casefold(), *re.findall(r"\w+", answer.asked.casefold())}
    borrowed = {example.viewer.casefold() for example in character.examples} - own
    if words & borrowed or any(name in reply for name in borrowed if not name.isascii()):
        found.append("example's name")
    asked, said = copy_key(normalize(answer.asked)), copy_key(normalize(reply))
    sentences = [copy_key(normalize(one)) for one in re.split(r"[.!?。！？]", reply) if one.strip()]
    seen = {
        "a line of hers": not answer.written and bool(reply),
        "an example word for word": said in {copy_key(normalize(one.reply)) for one in character.examples},
        "fallback line": reply in character.fallback_lines,
        "refusal": reply in character.refusals,
        "empty": not reply,
        "human": bool(_HUMAN.search(reply)),
        "assistant": bool(_ASSISTANT.search(reply)),
        "echo": bool(answer.written and asked) and said.startswith(asked),
        "long": len(reply) > LONG,
        "repeats itself": len(sentences) > len(set(sentences)),
    }
    return [*found, *(name for name, is_so in seen.items() if is_so)]


async def measure(settings: Settings, which: str, seed: int) -> list[Answer]:
    mind = Mind(settings, load(settings.show.character))
    await mind.start(lambda _share, _words: None)
    try:
        return [await ask(mind, number, row, seed) for number, row in enumerate(questions(which))]
    finally:
        await mind.stop()


def print_figures(answers: list[Answer]) -> None:
    print(f"\n{len(answers)} questions")
    names = sorted({fault for answer in answers for fault in answer.faults})
    for name in names:
        print(f"  {name:26} {sum(name in answer.faults for answer in answers)}")
    repeated = len(answers) - len({answer.reply for answer in answers})
    print(f"  {'same reply as another':26} {repeated}")
    for what, values in (
        ("characters", [len(answer.reply) for answer in answers]),
        ("tokens read", [answer.read for answer in answers]),
        ("tokens written", [answer.written for answer in answers]),
        ("ms to the first sentence", [round(1000 * answer.seconds) for answer in answers]),
    ):
        print(f"  {what:26} median {statistics.median(values):g}, most {max(values)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", default="english", choices=("english", "chinese", "human", "all"))
    parser.add_argument("--character", default="banban")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="where to write the replies for a reader")
    given = parser.parse_args()
    settings = Settings.model_validate({"show": {"character": given.character}, "brain": {"use": "llama"}})
    answers = asyncio.run(measure(settings, given.set, given.seed))
    for answer in answers:
        print(f"{answer.kind}: {answer.name}: {answer.asked}\n    {answer.reply}  {answer.faults or ''}")
    print_figures(answers)
    if given.json:
        rows: list[dict[str, Any]] = [asdict(answer) for answer in answers]
        given.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
