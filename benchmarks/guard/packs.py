"""How much of the lists gets through in disguise, and how much of ordinary chat is stopped.

    python -m benchmarks.guard.packs

Every entry is written in each way of ``disguises``, alone, within a line, over two sentences and over lines
of two viewers; and, by lot, in every two ways at once. A spelling leaks if nothing is found in it. What is
rightly something else then is left out, by the rules of ``otherwise``, and counted.
Entries of several parts ("a … b") are not looked for by their sound, nor in two ways at once.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import psutil

from benchmarks.guard import otherwise
from benchmarks.guard.disguises import CHINESE, ENGLISH, SOUNDS, Disguise, homophone
from benchmarks.rates import percentile, wilson
from vtuber.guard import WINDOW, Door, Passage
from vtuber.guard.words.word_files import POLICIES, Entry, shipped
from vtuber.guard.words.word_list import WordList

LINES = Path(__file__).parent / "lines"
RECORDED = Path(__file__).parents[2] / "tests" / "data"
_CARRIERS = {"en": ("{}", "why is this {} here", "{}, lol"), "zh": ("{}", "你看這{}啦", "{}，笑死")}
_ANSWERED = frozenset(POLICIES) - {"rude", "drugs", "harassment", "politics"}
"""What no message may have in it; of what she says, all."""
_SHOWN = 12


class Pack:
    """One language's entries."""

    def __init__(self, language: str, words: WordList, seed: int) -> None:
        self._language = language
        self._words = words
        self._dice = random.Random(seed)
        self.entries = [
            entry for entry in dict.fromkeys(shipped()) if not entry.harmless and _language(entry) == language
        ]
        self.disguises: Mapping[str, Disguise] = ENGLISH if language == "en" else CHINESE
        self.tried: Counter[str] = Counter()
        self.leaked: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}

    def run(self, of_each_pair: int) -> None:
        for entry in self.entries:
            for name, disguise in (("plain", _plain), *self.disguises.items()):
                if len(entry.parts) == 1 or name not in SOUNDS:
                    self._try(name, disguise(_text(entry), self._dice), entry)
            if entry.by_sound:
                self._try("homophones", homophone(_text(entry), self._dice), entry)
            self._try_in_two(entry)
            if " " not in _text(entry) and len(_text(entry)) >= 5 and self._language == "en":
                self._name(f"the{_text(entry)}fan", entry)
            self._name(f"xX{_text(entry)}Xx", entry)
        for one, other in itertools.permutations(self.disguises, 2):
            of_one = [entry for entry in self.entries if len(entry.parts) == 1]
            for entry in self._dice.sample(of_one, min(of_each_pair, len(of_one))):
                once = self.disguises[one](_text(entry), self._dice)
                self._try(f"{one} + {other}", self.disguises[other](once, self._dice), entry)

    def _try(self, name: str, spelling: str, entry: Entry) -> None:
        if rule := otherwise.reads(_parts(entry), spelling, name):
            self.left_out[rule] += 1
            return
        line = self._dice.choice(_CARRIERS[self._language]).format(spelling)
        self._count(name, bool(self._words.find(line)), f"{line!r} ({_text(entry)})")

    def _try_in_two(self, entry: Entry) -> None:
        text = _text(entry)
        place = self._dice.randrange(1, len(text)) if len(text) > 1 else 0
        stop = ". " if self._language == "en" else "。"
        for name, end in (("two sentences", stop), ("two viewers", " ")):
            if place and (rule := otherwise.reads_in_two(text, place, end)):
                self.left_out[rule] += 1
                continue
            passage = Passage(text[place:], Door.SPOKEN, before=f"{text[:place]}{end}")
            found = self._words.find(passage.window, since=len(passage.lead))
            self._count(name, bool(found) or not place, f"{passage.before!r} {passage.text!r}")

    def _name(self, name: str, entry: Entry) -> None:
        self._count("names", bool(self._words.find(name, in_name=True)), f"{name!r} ({_text(entry)})")

    def _count(self, name: str, found: bool, example: str) -> None:  # noqa: FBT001
        self.tried[name] += 1
        if not found:
            self.leaked[name] += 1
            self.examples.setdefault(name, []).append(example)

    def print(self, *, everything: bool) -> None:
        single = [name for name in self.tried if " + " not in name]
        for name in single:
            print(f"{self._language}  {name:18} {self.leaked[name]:5} of {self.tried[name]:6}")
        pairs = [name for name in self.tried if " + " in name]
        leaked, tried = (sum(counter[name] for name in pairs) for counter in (self.leaked, self.tried))
        print(f"{self._language}  {'two at once':18} {leaked:5} of {tried:6}")
        for name in sorted(pairs, key=lambda name: -self.leaked[name])[:_SHOWN]:
            if self.leaked[name]:
                print(f"{self._language}    {name:30} {self.leaked[name]:5} of {self.tried[name]:6}")
        left_out = ", ".join(f"{rule} {count}" for rule, count in self.left_out.most_common())
        print(f"{self._language}  left out: {left_out}")
        if everything:
            for name, examples in self.examples.items():
                print(f"{self._language}  {name}: {'; '.join(examples[:6])}")


def false_alarms(words: WordList, *, everything: bool) -> None:
    """How many harmless lines are stopped: whatever is found, and what stops an answer."""
    for name, lines in harmless():
        said = [line for line in lines if words.find(line, policies=frozenset(POLICIES) - {"politics"})]
        heard = [line for line in lines if words.find(line, policies=_ANSWERED)]
        low, high = wilson(len(said), len(lines))
        print(
            f"{name:24} said {len(said):3}, answered {len(heard):3} of {len(lines):5} ({low:.2%}–{high:.2%})"
        )
        if everything and not name.endswith(".held"):
            for line in said:
                found = words.find(line, policies=frozenset(POLICIES) - {"politics"})
                print("   ", line[:90], [(one.policy, one.word) for one in found][:3])


def natural(words: WordList) -> None:
    """How many lines that nobody wrote with the lists in view are found."""
    for path in sorted(LINES.glob("natural_*.tsv")):
        tried: Counter[str] = Counter()
        hit: Counter[str] = Counter()
        for label, line in _labelled(path):
            tried[label] += 1
            hit[label] += bool(words.find(line))
        counts = ", ".join(f"{label} {hit[label]}/{tried[label]}" for label in sorted(tried))
        print(f"{path.stem:24} {sum(hit.values())} of {sum(tried.values())}: {counts}")


def cost(words: WordList, rounds: int) -> None:
    """What a sentence takes, of a processor's time, with what came before it."""
    lines = [line for _, lines in harmless() for line in lines]
    taken: list[float] = []
    before = ""
    for _ in range(rounds):
        for line in lines:
            text = f"{before[-WINDOW:]} {line}"
            began = time.process_time()
            words.find(text)
            taken.append((time.process_time() - began) * 1000)
            before = line
    print(f"cost: p50 {percentile(taken, 0.5):.3f} ms, p99 {percentile(taken, 0.99):.3f} ms of {len(taken)}")


def harmless() -> Iterator[tuple[str, list[str]]]:
    """(name, lines): lines that were written to be harmless, and recorded chat."""
    for path in sorted(LINES.glob("harmless_*.tsv")):
        yield path.stem, [line for _, line in _labelled(path)]
    yield "recorded chat", list(dict.fromkeys(_recorded()))


def _recorded() -> Iterator[str]:
    for line in (RECORDED / "twitch-irc-lines.txt").read_text(encoding="utf-8").splitlines():
        if said := re.search(r"PRIVMSG #\S+ :(.*)", line):
            yield said[1].strip()
    for name in ("twitch-vod-chat.json", "youtube-innertube-page.json", "youtube-superchats.json"):
        yield from _texts(json.loads((RECORDED / name).read_text(encoding="utf-8")))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("text", "simpleText", "body") and isinstance(inner, str):
                yield inner
            else:
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _labelled(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        label, tab, text = line.partition("\t")
        if tab:
            yield label, text


def _language(entry: Entry) -> str:
    return (
        "en" if entry.text.isascii() or not any("\u3400" <= char <= "\u9fff" for char in entry.text) else "zh"
    )


def _text(entry: Entry) -> str:
    return " ".join(_parts(entry))


def _parts(entry: Entry) -> list[str]:
    return [part.strip("*") for part in entry.parts]


def _plain(text: str, _: random.Random) -> str:
    return text


def main(arguments: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=40, help="entries for every two ways at once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", action="store_true", help="what leaked, and what was stopped")
    options = parser.parse_args(None if arguments is None else list(arguments))
    before = psutil.Process().memory_info().rss
    began = time.process_time()
    words = WordList(built_in=True)
    loaded = time.process_time() - began
    words.find("warm up 暖身 hei gui ✨")
    memory = (psutil.Process().memory_info().rss - before) / 1e6
    print(f"{len(shipped())} entries, loaded in {loaded:.2f} s, {memory:.0f} MB")
    cost(words, 2)
    false_alarms(words, everything=options.examples)
    natural(words)
    for language in ("en", "zh"):
        pack = Pack(language, words, options.seed)
        pack.run(options.pairs)
        pack.print(everything=options.examples)


if __name__ == "__main__":
    main()
