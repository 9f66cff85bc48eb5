"""Works out the weights of the detector "phrases" from labelled lines, and writes them where it reads them.

    uv run --with scikit-learn python tools/weigh_phrases.py [--cold train.csv] [--check [--show]]

The lines: this project's own in tools/guard_lines, and those of benchmarks/guard/lines for developing; and,
for the weights that are shipped, comments of COLDataset that offend nobody
(https://github.com/thu-coai/COLDataset, Apache-2.0). With ``--check`` nothing is written: a fifth of the
lines at a time is judged by weights from the others.
"""

from __future__ import annotations

import csv
import json
import random
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from vtuber.guard.phrases.kinds import SHIPPED, shipped, traits
from vtuber.guard.phrases.phrase_weights import HARMLESS, LABELS, Weights

ROOT = Path(__file__).parent.parent
OWN = ROOT / "tools/guard_lines"
LINES = ROOT / "benchmarks/guard/lines"
CHAT = ROOT / "tests/data/twitch-vod-chat.json"
STRENGTH = 2.0
"""The inverse of how much large weights cost."""
LIKE_HERS = 3.0
"""How much more a harmless line counts that was written as viewers and she speak, than chat or a comment."""
SMALLEST = 0.05
"""Weights that are left out."""
FOLDS = 5
_COMMENTS, _LEAST, _MOST = 4000, 4, 60
"""How many comments of COLDataset, and how long they are, in characters."""
HEAD = """\
# How much each trait of a sentence speaks for a policy, compared to a harmless sentence. Written by
# tools/weigh_phrases.py from the lines in tools/guard_lines and benchmarks/guard/lines (*.dev.tsv).
# Licence: MIT, as the project. Source: this project's own lines, and harmless comments of COLDataset
# (https://github.com/thu-coai/COLDataset, Apache-2.0), of which only these numbers are left.
"""
_DISTRESS = re.compile(r"\b(?:i|i'm|i'll|my|me)\b|我")
_TO_OTHERS = re.compile(r"\b(?:you|your|he|his|body like)\b|你|別裝")
_HARMLESS = {
    "injection": {"harmless"}, "topics": {"fine"}, "self": {"breaks", "claims_human", "fine"},
    "canon_banban": None, "canon_luna": None, "canon_rex": None, "leak": None, "personal": None,
    "harmless_en": None, "harmless_zh": None, "harmless2_en": None, "harmless2_zh": None,
    "fresh_harmless_message": None, "fresh_harmless_spoken": None, "more_message": None, "more_spoken": None,
    "fresh_bad": {"prompt_leak", "claims_human", "injection", "link", "doxxing"},
}  # fmt: skip
"""Lines of other sets in which nothing of these policies is: with these labels, or (None) all."""
_ALIKE = frozenset(name for name in _HARMLESS if name.startswith(("harmless", "fresh_harmless", "more")))

_POLICIES = {
    "hate": "hate", "slur": "hate", "sexual": "sexual", "self_harm": "self_harm", "threat": "threats",
    "drugs": "drugs", "politics": "politics",
}  # fmt: skip
"""What those of the set "fresh_bad" are."""


class Line(NamedTuple):
    label: str
    text: str
    weight: float = 1.0


def lines() -> Iterator[Line]:
    for path in sorted(OWN.glob("*.txt")):
        for text in path.read_text(encoding="utf-8").splitlines():
            if text and not text.startswith("#"):
                yield Line(path.name.split(".", 1)[0].removesuffix("_quotes"), text)
    for language in ("en", "zh"):
        for line in _labelled(f"natural_{language}"):
            yield line._replace(label=_closer(line))
    yield from _fresh()
    yield from _of_other_sets()
    for character in (ROOT / "characters/banban", ROOT / "vtuber/character/starters"):
        for file in sorted(character.glob("*.toml")):
            yield from (Line(HARMLESS, text) for text in _strings(tomllib.loads(file.read_text("utf-8"))))
    if "--cold" in sys.argv:
        yield from _inoffensive(Path(sys.argv[sys.argv.index("--cold") + 1]))
    chat = json.loads(CHAT.read_text(encoding="utf-8"))["comments"]
    for text in sorted({comment["message"]["body"] for comment in chat}):
        yield Line(HARMLESS, text)


def _fresh() -> Iterator[Line]:
    for found in _labelled("fresh_bad"):
        if label := _POLICIES.get(found.label):
            line = found._replace(label=label)
            yield line._replace(label=_closer(line))


def _of_other_sets() -> Iterator[Line]:
    for name, labels in _HARMLESS.items():
        for line in _labelled(name):
            if labels is None or line.label in labels:
                yield Line(HARMLESS, line.text, LIKE_HERS if name in _ALIKE else 1.0)


def _strings(value: object) -> Iterator[str]:
    """What is written for a character to say, and what viewers say to her."""
    if isinstance(value, str):
        yield from filter(None, value.splitlines())
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)


def _inoffensive(path: Path) -> Iterator[Line]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        texts = [row["TEXT"] for row in csv.DictReader(file) if row["label"] == "0"]
    fitting = sorted({text for text in texts if _LEAST < len(text) < _MOST})
    for text in random.Random(1).sample(fitting, _COMMENTS):
        yield Line(HARMLESS, text)


def _labelled(name: str) -> Iterator[Line]:
    for line in (LINES / f"{name}.dev.tsv").read_text(encoding="utf-8").splitlines():
        label, _, text = line.partition("\t")
        if text and not label.startswith("#"):
            yield Line(label, text)


def _closer(line: Line) -> str:
    """Of self-harm: whether somebody speaks of themselves."""
    text = line.text.lower()
    if line.label == "self_harm" and _DISTRESS.search(text) and not _TO_OTHERS.search(text):
        return "distress"
    return line.label


def weigh(known: list[Line]) -> dict[str, str]:
    """For each trait, a weight for each of ``LABELS``, as the file has them; "" is where all begin."""
    vectors = DictVectorizer(dtype=np.float32)
    matrix = vectors.fit_transform([dict.fromkeys(_traits(line.text), 1) for line in known])
    kept = np.asarray((matrix > 0).sum(axis=0)).ravel() >= 2
    model = LogisticRegression(C=STRENGTH, max_iter=2000, class_weight="balanced")
    model.fit(matrix[:, kept], [line.label for line in known], [line.weight for line in known])
    classes = [str(label) for label in model.classes_]
    harmless = classes.index(HARMLESS)
    order = [classes.index(label) for label in LABELS]
    names = ["", *vectors.get_feature_names_out()[kept]]
    rows = np.vstack([model.intercept_, model.coef_.T])
    rows = rows[:, order] - rows[:, [harmless]]
    return {
        str(name): "\t".join(f"{round(float(weight), 2):g}" for weight in row)
        for name, row in zip(names, rows, strict=True)
        if np.abs(row).max() >= SMALLEST
    }


def _traits(text: str) -> list[str]:
    return list(traits(shipped().read(text)))


def check(known: list[Line]) -> None:
    """Prints, for several thresholds, what is found, also for nothing, in lines not learnt from."""
    random.Random(7).shuffle(known)
    scores: list[tuple[float, Line, str]] = []
    for fold in range(FOLDS):
        weights = Weights(weigh([line for place, line in enumerate(known) if place % FOLDS != fold]))
        for line in known[fold::FOLDS]:
            label, score = weights.judge(line.text)
            scores.append((score, line, label))
    harmless = [score for score, line, _ in scores if line.label == HARMLESS]
    for threshold in (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0):
        alarms = sum(score > threshold for score in harmless)
        shares = [_share(scores, threshold, label) for label in LABELS]
        print(f"{threshold}: {alarms} of {len(harmless)} false;", ", ".join(shares))
    if "--show" in sys.argv:
        worst = sorted((score, line.text, label) for score, line, label in scores if line.label == HARMLESS)
        for score, text, label in worst[-40:]:
            print(f"{score:.1f}  {label}  {text}")


def _share(scores: list[tuple[float, Line, str]], threshold: float, label: str) -> str:
    found = [score > threshold for score, line, _ in scores if line.label == label]
    return f"{label} {sum(found) / len(found):.0%}"


def write(weights: dict[str, str]) -> None:
    rows = ["\t".join(("trait", *LABELS))]
    rows += [f"{name}\t{row}" for name, row in sorted(weights.items())]
    (SHIPPED / "weights.tsv").write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    print(f"{len(rows) - 1} traits")


if __name__ == "__main__":
    if "--check" in sys.argv:
        check(list(lines()))
    else:
        write(weigh(list(lines())))
