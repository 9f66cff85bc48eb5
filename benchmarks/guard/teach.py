"""Learns the weights of ``vtuber/guard/likeness`` from the templates in ``teaching``; writes them as text.

    python -m benchmarks.guard.teach [NAME …] [--lines FOLDER] [--conversations FOLDER]

Lines without any doubt (a recorded chat, the character's own) teach what is harmless. With ``--lines`` the
labelled lines of FOLDER, ``NAME.dev.tsv``, are learned too; those kept for measuring never are.
``--conversations`` takes the folder ``data`` of the package chatterbot-corpus (BSD): small talk of others.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.guard.recited import labelled, recorded
from vtuber import character
from vtuber.character import starter
from vtuber.guard.likeness.folding import sentences
from vtuber.guard.likeness.score import FOLDER, features
from vtuber.guard.own_lines import written_for
from vtuber.guard.topic import ENOUGH, LIKENESS, Topic, shipped

OWN_LINES = Path(__file__).parents[2] / "tools" / "guard_lines"
TEACHING = Path(__file__).with_name("teaching")
QUESTIONS = Path(__file__).parents[1] / "toy_questions.toml"
EACH = 120
"""Lines that are made of one template."""
PULL = 3e-6
"""How strongly weights are kept small."""
MOST = 6000
"""Weights that are kept."""
SMALLEST = 0.02
"""Weights under this are left out."""
LABELS: dict[str, tuple[tuple[str, str, bool], ...]] = {
    "injection": (
        ("injection", "injection", True),
        ("leak", "attempt", True),
        ("fresh_bad", "injection", True),
        ("injection", "harmless", False),
        ("fresh_harmless_message", "", False),
        ("more_message", "", False),
    ),
    "out_of_role": (
        ("self", "breaks", True),
        ("fresh_bad", "prompt_leak", True),
        ("self", "fine", False),
        ("fresh_harmless_spoken", "", False),
        ("more_spoken", "", False),
    ),
    "spam": (("injection", "harmless", False),),
    "prompt": (("self", "fine", False),),
    "human": (
        ("self", "claims_human", True),
        ("fresh_bad", "claims_human", True),
        ("self", "fine", False),
        ("fresh_harmless_spoken", "", False),
        ("more_spoken", "", False),
    ),
    LIKENESS: (),
}
TOPICAL = ("topics", "natural_en", "natural_zh", "fresh_bad", "self")
ABOUT = frozenset((*shipped(), "religion_attack", "tragedy_joke"))
"""Labels of lines that are about a topic."""
HARMLESS = (
    "harmless_en",
    "harmless_zh",
    "harmless2_en",
    "harmless2_zh",
    "fresh_harmless_message",
    "fresh_harmless_spoken",
    "more_message",
    "more_spoken",
)
CHAT = ("injection", "spam")
"""What viewers write; the others are hers."""
NEW = (
    starter.Answers("Luna", "A moon rabbit", "English and 中文", "comets and cake", "Warm."),
    starter.Answers("小雨", "屋頂上的雨天精靈", "中文", "熱可可和橘貓", "溫柔"),
    starter.Answers("小雨", "屋顶上的雨天精灵", "简体中文", "热可可和橘猫", "温柔"),
)
"""Characters whose first lines are harmless."""
_CHOICE = re.compile(r"\{([^{}]*)\}")


def expanded(template: str, rng: random.Random) -> Iterator[str]:
    """Up to ``EACH`` lines of the template."""
    parts = _CHOICE.split(template)
    choices = [part.split("|") if at % 2 else [part] for at, part in enumerate(parts)]
    if np.prod([len(choice) for choice in choices]) <= EACH:
        yield from map("".join, itertools.product(*choices))
    else:
        for _ in range(EACH):
            yield "".join(rng.choice(choice) for choice in choices)


def taught(name: str, rng: random.Random) -> Iterator[tuple[str, bool, float]]:
    """(line, whether it is one, how much it weighs), from the templates."""
    for row in (TEACHING / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        sign, tab, template = row.partition("\t")
        if tab and sign in "+-":
            lines = list(expanded(template, rng))
            for line in lines:
                yield line, sign == "+", 12 / len(lines)


def own(name: str) -> Iterator[str]:
    """What she is asked and says herself, which is surely harmless."""
    she = character.load("banban")
    if name in CHAT:
        for group in tomllib.loads(QUESTIONS.read_text(encoding="utf-8")).values():
            for rows in group.values():
                yield from (row[1] for row in rows)
        yield from (says for talk in she.small_talk for says in talk.says)
    else:
        yield from written_for(she)
        with TemporaryDirectory() as folder:
            yield from (line for answers in NEW for line in written_for(_new(Path(folder), answers)))


def _new(folder: Path, answers: starter.Answers) -> character.Character:
    """A character as every new one begins."""
    for name, text in starter.files(answers).items():
        (folder / name).write_text(text, encoding="utf-8")
    return character.load(str(folder))


def _parts(line: str) -> list[str]:
    """The sentences of a line, if it has more than one: each is as harmless."""
    parts = [line[begin:end] for begin, end in sentences(line)]
    return parts if len(parts) > 1 else []


def conversed(folder: Path, name: str) -> Iterator[str]:
    """Small talk of others; without that of robots about themselves, where it would teach her to be one."""
    for language in ("english", "chinese", "traditionalchinese", "japanese", "german", "spanish", "french"):
        for file in sorted((folder / language).glob("*.yml")):
            if name in CHAT or file.stem not in (
                "ai",
                "botprofile",
                "computers",
                "tech_support",
                "psychology",
            ):
                rows = file.read_text(encoding="utf-8").splitlines()
                found = dict.fromkeys(
                    re.sub(r"^\W*- (?:- )?", "", row).strip("'\" ") for row in rows if "- " in row
                )
                yield from list(found)[: 400 if language in ("english", "chinese") else 60]


def learned(rows: list[tuple[str, bool, float]], rounds: int = 400) -> dict[str, float]:
    """The weights of a logistic regression with few large ones."""
    found = [features(line) for line, _, _ in rows]
    often = Counter(itertools.chain.from_iterable(found))
    names = [name for name, count in often.items() if count > 1]
    place = {name: at for at, name in enumerate(names)}
    at_rows, at_columns, values = [], [], []
    for row, line in enumerate(found):
        for name in line:
            if name in place:
                at_rows.append(row)
                at_columns.append(place[name])
                values.append(1 / np.sqrt(len(line)))
    row_of, column_of, value = np.array(at_rows), np.array(at_columns), np.array(values)
    wanted = np.array([1.0 if is_one else 0.0 for _, is_one, _ in rows])
    share = np.array([weight for _, _, weight in rows])
    share[wanted == 1] *= share[wanted == 0].sum() / share[wanted == 1].sum() / 2
    share /= share.mean()
    weights, bias = np.zeros(len(names)), 0.0
    first, second = np.zeros(len(names) + 1), np.zeros(len(names) + 1)
    for step in range(1, rounds + 1):
        score = np.bincount(row_of, weights[column_of] * value, minlength=len(rows)) + bias
        error = (1 / (1 + np.exp(-score)) - wanted) * share / len(rows)
        slope = np.bincount(column_of, error[row_of] * value, minlength=len(names)) + weights * PULL
        slope = np.append(slope, error.sum())
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        move = 0.1 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-9)
        weights, bias = weights - move[:-1], bias - float(move[-1])
    kept = {
        name: float(weight) for name, weight in zip(names, weights, strict=True) if abs(weight) >= SMALLEST
    }
    return {"": float(bias)} | dict(sorted(kept.items(), key=lambda item: -abs(item[1]))[:MOST])


def written(name: str, weights: dict[str, float]) -> None:
    """Writes the file of that likeness."""
    head = (
        f"# How much each run of letters speaks for ({name}): learned by benchmarks/guard/teach.py.\n"
        "# Source: benchmarks/guard/teaching, written for this project; its labelled and recorded lines.\n"
        "# Licence: that of the project. The line without a run is where counting begins.\n"
    )
    body = "".join(f"{weight:.2f}\t{run}\n" for run, weight in weights.items())
    (FOLDER / f"{name}.txt").write_text(head + body, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", default=list(LABELS))
    parser.add_argument("--lines", type=Path, help="a folder of labelled lines")
    parser.add_argument("--conversations", type=Path, help="a folder of chatterbot-corpus")
    options = parser.parse_args()
    for name in options.names:
        rows = list(rows_of(name, options.lines, options.conversations))
        weights = learned(rows)
        written(name, weights)
        print(f"{name}: {len(rows)} lines, {len(weights)} weights")


def rows_of(name: str, folder: Path | None, conversations: Path | None) -> Iterator[tuple[str, bool, float]]:
    """(line, whether it is one, how much it weighs): all that is learned of one likeness."""
    rng = random.Random(7)
    if name == LIKENESS:
        yield from on_topic(folder, rng)
        return
    rows = [*taught(name, rng), *((line, False, 3.0) for line in own(name))]
    rows += [(line, False, 1.0) for line in dict.fromkeys(recorded())]
    yield from rows
    for line, is_one, weight in rows:
        if not is_one:
            yield from ((part, False, 0.5 * weight) for part in _parts(line))
    if conversations:
        yield from ((line, False, 0.5) for line in conversed(conversations, name))
    if folder:
        for file, label, is_one in LABELS[name]:
            yield from (
                (line, is_one, 6.0) for kind, line in labelled(folder, file, "dev") if label in ("", kind)
            )
        yield from _others(folder)


def on_topic(folder: Path | None, rng: random.Random) -> Iterator[tuple[str, bool, float]]:
    """What stands around a topic's words, in lines about it and in lines that only mention them."""
    topics = [Topic.of(name) for name in shipped()]
    for line, is_one, weight in _about(folder, rng):
        for topic in topics:
            if points := topic.points(line):
                weighs = 4 * weight if not is_one and points >= ENOUGH else weight
                yield topic.around(line), is_one, weighs


def _about(folder: Path | None, rng: random.Random) -> Iterator[tuple[str, bool, float]]:
    yield from taught(LIKENESS, rng)
    for path in sorted(OWN_LINES.glob("*.txt")):
        if (kind := path.name.split(".")[0]) in ("politics", "harmless", "harmless_quotes"):
            for line in path.read_text(encoding="utf-8").splitlines():
                if line and not line.startswith("#"):
                    yield line, kind == "politics", 2.0 if kind == "politics" else 1.0
    yield from ((line, False, 1.0) for line in dict.fromkeys(recorded()))
    for name in (*TOPICAL, *HARMLESS):
        for label, line in labelled(folder, name, "dev") if folder else ():
            if label in ABOUT:
                yield line, True, 2.0
            elif name in HARMLESS or label == "fine":
                yield line, False, 1.0


def _others(folder: Path) -> list[tuple[str, bool, float]]:
    """Lines of other files, which are something else, if they are anything."""
    files = (*HARMLESS, "natural_en", "natural_zh", "personal", "topics")
    return [(line, False, 3.0) for file in files for _, line in labelled(folder, file, "dev")]


if __name__ == "__main__":
    main()
