"""Whether the guard tells denials of canon from harmless sentences about the same: 板板, and two unlike her.

    python -m benchmarks.guard.canon [--set held] [--model PATH | --server URL [--name MODEL]]
    python -m benchmarks.guard.canon --fit

For each character: recall on denials and false alarms on harmless lines, each with its 95% interval
(Wilson's), by words alone, and by a model where one is given. Only a toy comes along ("--model toy"):
its judgement is worth nothing, and measuring it shows that. ``--fit`` prints the weights for
``vtuber/guard/data/stance.words``, fitted on the dev lines, and what weights that were fitted on the
two other characters give for each.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.rates import wilson
from vtuber import character as characters
from vtuber.brain import Judge
from vtuber.brain.fallback import build as build_brain
from vtuber.character import Character
from vtuber.config import Settings
from vtuber.guard import Door, Passage
from vtuber.guard.canon.stance import Fact, facts
from vtuber.guard.canon.subject import shared
from vtuber.guard.detectors.canon import Canon
from vtuber.models.store import locate

HERE = Path(__file__).parent
CHARACTERS = {
    "banban": "banban",
    "luna": str(HERE / "characters" / "luna"),
    "rex": str(HERE / "characters" / "rex"),
}
RIDGE = 2.0
"""How strongly weights are kept small: there are few lines."""

Line = tuple[bool, str]
"""Whether it is a denial, and its text."""


def read(folder: Path, name: str, which: str) -> list[Line]:
    rows = (folder / f"canon_{name}.{which}.tsv").read_text(encoding="utf-8").splitlines()
    pairs = [row.split("\t", 1) for row in rows if row]
    return [(label == "denial", text) for label, text in pairs]


def report(name: str, how: str, lines: Sequence[Line], found: Sequence[bool]) -> tuple[int, int]:
    """Prints a row. Returns hits and false alarms."""
    hits = sum(stopped for (denial, _), stopped in zip(lines, found, strict=True) if denial)
    alarms = sum(stopped for (denial, _), stopped in zip(lines, found, strict=True) if not denial)
    denials = sum(denial for denial, _ in lines)
    harmless = len(lines) - denials
    print(
        f"{name:8} {how:10} recall {hits}/{denials} = {hits / denials:.1%} {interval(hits, denials)}   "
        f"false alarms {alarms}/{harmless} = {alarms / harmless:.1%} {interval(alarms, harmless)}"
    )
    return hits, alarms


def interval(hits: int, count: int) -> str:
    low, high = wilson(hits, count)
    return f"[{low:.1%}, {high:.1%}]"


def settings_for(arguments: argparse.Namespace) -> Settings | None:
    """Of the model that judges; None for words alone."""
    if arguments.server:
        server = {"url": arguments.server, "model": arguments.name}
        return Settings.model_validate({"brain": {"use": "openai", "openai": server}})
    if arguments.model:
        path = str(locate("")) if arguments.model == "toy" else arguments.model
        layers = {"gpu_layers": arguments.gpu_layers}
        return Settings.model_validate({"brain": {"use": "llama", "model": path, "context": 1024, **layers}})
    return None


def by_words(character: Character, lines: Sequence[Line]) -> list[bool]:
    canon = Canon(Settings(), character)
    return [bool(list(canon.detect(Passage(text, Door.SPOKEN)))) for _, text in lines]


def report_others(folder: Path, which: str) -> None:
    """Prints how many harmless lines about anything are taken for denials of 板板's canon, by words alone."""
    for language in ("en", "zh"):
        rows = (folder / f"harmless_{language}.{which}.tsv").read_text(encoding="utf-8").splitlines()
        lines = [(False, row.split("\t", 1)[-1]) for row in rows if row]
        alarms = sum(by_words(characters.load("banban"), lines))
        share = f"{alarms}/{len(lines)} {interval(alarms, len(lines))}"
        print(f"harmless lines about anything ({language}): {share}")


class _Patient(Canon):
    """Asks however long it takes: what is late is another question."""

    @staticmethod
    def _patience(passage: Passage) -> float:  # noqa: ARG004
        return 600.0


async def by_model(
    brain: Judge, character: Character, lines: Sequence[Line], took: list[float]
) -> list[bool]:
    canon = _Patient(Settings(), character)
    await canon.consult(brain.judge)
    found = []
    for _, text in lines:
        passage = Passage(text, Door.SPOKEN, before="Well. ")
        began = time.perf_counter()
        asked = canon.doubts(passage)
        found.append(bool(list(await canon.ask(passage))) if asked else False)
        if asked:
            took.append(time.perf_counter() - began)
    return found


async def measure(arguments: argparse.Namespace) -> None:
    settings = settings_for(arguments)
    brain = build_brain(settings, characters.load("banban")) if settings else None
    took: list[float] = []
    sums = [0, 0, 0, 0]
    try:
        if brain:
            await brain.start(lambda *_: None)
        for name, folder in CHARACTERS.items():
            character, lines = characters.load(folder), read(arguments.lines, name, arguments.set)
            about = sum(is_about(character, text) for denial, text in lines if denial)
            print(f"{name:8} {about} of {sum(denial for denial, _ in lines)} denials share a word with canon")
            found = by_words(character, lines)
            how = "words"
            for language, is_its in (("English", str.isascii), ("Chinese", lambda text: not text.isascii())):
                some = [(line, hit) for line, hit in zip(lines, found, strict=True) if is_its(line[1])]
                report(name, language, *map(list, zip(*some, strict=True)))
            if brain:
                report(name, how, lines, found)
                how, found = "model", await by_model(brain, character, lines, took)
            hits, alarms = report(name, how, lines, found)
            denials = sum(denial for denial, _ in lines)
            sums = [a + b for a, b in zip(sums, (hits, denials, alarms, len(lines) - denials), strict=True)]
    finally:
        if brain:
            await brain.stop()
    report_others(arguments.lines, arguments.set)
    hits, denials, alarms, harmless = sums
    print(f"all: recall {hits / denials:.1%} {interval(hits, denials)}, ", end="")
    print(f"false alarms {alarms / harmless:.1%} {interval(alarms, harmless)}")
    if took:
        median, most = statistics.median(took) * 1000, max(took) * 1000
        print(f"a judgement takes {median:.0f} ms (median), {most:.0f} ms at most")


def is_about(character: Character, text: str) -> bool:
    return any(shared(fact.terms, text) for fact in facts(character.canon, character.names))


# The weights.


def signs(own: Sequence[Fact], text: str) -> dict[str, float]:
    """What is weighed of a sentence, for the fact that it shares most with; {} for none."""
    meant = [
        (len(common), -place, fact, common)
        for place, fact in enumerate(own)
        if (common := shared(fact.terms, text)) and fact.is_meant_by(common)
    ]
    if not meant:
        return {}
    *_, fact, common = max(meant, key=lambda one: one[:2])
    return fact.signs(text, common)


def fitted(rows: Sequence[tuple[bool, dict[str, float]]]) -> dict[str, float]:
    """The weights of a logistic regression, by Newton's method."""
    names = sorted({name for _, row in rows for name in row})
    known = [(denial, [row.get(name, 0.0) for name in names]) for denial, row in rows if row]
    x = np.array([row for _, row in known])
    y = np.array([float(denial) for denial, _ in known])
    weights = np.zeros(len(names))
    for _ in range(40):
        likely = 1 / (1 + np.exp(-x @ weights))
        slope = x.T @ (likely - y) + RIDGE * weights
        bend = (x.T * (likely * (1 - likely))) @ x + RIDGE * np.eye(len(names))
        weights -= np.linalg.solve(bend, slope)
    return {name: round(float(weight), 2) for name, weight in zip(names, weights, strict=True)}


def fit(folder: Path) -> None:
    rows: dict[str, list[tuple[bool, dict[str, float]]]] = {}
    lines: dict[str, list[Line]] = {}
    for name, place in CHARACTERS.items():
        character = characters.load(place)
        own = list(facts(character.canon, character.names))
        lines[name] = read(folder, name, "dev")
        rows[name] = [(denial, signs(own, text)) for denial, text in lines[name]]
    certain = Settings().guard.canon.certain_words
    for name, own_rows in rows.items():
        weights = fitted([row for other, its in rows.items() if other != name for row in its])
        found = [_is_certain(weights, row, certain) for _, row in own_rows]
        report(name, "unseen", lines[name], found)
    print("\n[weights]")
    for sign, weight in fitted([row for its in rows.values() for row in its]).items():
        print(sign, weight)


def _is_certain(weights: dict[str, float], row: dict[str, float], certain: float) -> bool:
    total = sum(weights.get(name, 0.0) * value for name, value in row.items())
    return bool(row) and 1 / (1 + np.exp(-total)) > certain


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--lines", type=Path, default=HERE / "lines", help="where canon_NAME.SET.tsv are")
    parser.add_argument("--set", default="held", choices=("dev", "held"))
    parser.add_argument("--model", default="", help='a GGUF, or "toy"')
    parser.add_argument("--gpu-layers", type=int, default=0)
    parser.add_argument("--server", default="", help="the address of a model server")
    parser.add_argument("--name", default="", help="the server's name of the model")
    parser.add_argument("--fit", action="store_true")
    arguments = parser.parse_args()
    if arguments.fit:
        fit(arguments.lines)
    else:
        asyncio.run(measure(arguments))


if __name__ == "__main__":
    main()
