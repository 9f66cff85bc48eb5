"""`banban models get`: which model of a repository is meant, and which of them this machine can hold best."""

from __future__ import annotations

import re

from vtuber.core.errors import BanbanError
from vtuber.models import store
from vtuber.models.choices import CHOICES, LIVELY, Place, gigabytes, judge
from vtuber.models.fetch import Watcher, fetch, of_the_disk
from vtuber.models.gguf import Header
from vtuber.models.hub import Hub, Weights
from vtuber.models.machine import Machine

_COARSE = re.compile(r"(?<![A-Z0-9])I?Q[12]_", re.IGNORECASE)
"""Fewer than three bits a weight: chosen only where nothing else fits. Her model's card begins at Q3, too."""
_NO_MODEL = re.compile("mmproj|imatrix", re.IGNORECASE)
"""Eyes, and what quantizing leaves behind."""
_NAME = re.compile(r"(?P<repo>\w[\w.-]*/\w[\w.-]*)(?::(?P<like>[\w.-]+)|/(?P<file>.+\.gguf))?", re.ASCII)
_MOST_NAMED = 20


def get(name: str, machine: Machine, watch: Watcher) -> Header:
    """Fetches the model that ``name`` means, and reads its header. What is there is not fetched again.

    A name is "owner/repo" (whatever fits the machine best), "owner/repo:Q4_K_M", "owner/repo/file.gguf", or
    one of ``CHOICES``. Raises BanbanError.
    """
    try:
        hub = Hub()
        weights = choose(hub, name, machine, watch)
        first = fetch(hub, weights, watch)
    except KeyboardInterrupt:
        raise BanbanError(
            "stopped", where=name, hint="run the same command again: it goes on where it stopped"
        ) from None
    except OSError as error:
        raise of_the_disk(error) from None
    try:
        return store.read(first)
    except ValueError as error:
        raise BanbanError(
            f"{error}; the hub has the same file", where=str(first), hint="choose another model"
        ) from None


def choose(hub: Hub, name: str, machine: Machine, watch: Watcher) -> Weights:
    """The model that ``name`` means on the hub. ``watch`` is called with which one, and why."""
    repo, like, path = _parse(name)
    there = hub.models(repo)
    if path:
        wanted = [weights for weights in there if path in {file.path for file in weights.files}]
    else:
        models = [weights for weights in there if not _NO_MODEL.search(weights.name)]
        wanted = [weights for weights in models if _is_like(weights.name, like)]
    if not wanted:
        names = ", ".join(weights.name for weights in there[:_MOST_NAMED])
        hint = f"it has {names}" if names else "look for a repository whose name ends in -GGUF"
        raise BanbanError(f"it holds no {path or like or 'GGUF'}", where=repo, hint=hint)
    weights = best(wanted, machine)
    fit = judge(weights.size, machine)
    if fit.place is Place.NOWHERE and not (like or path):
        hint = f"choose a smaller model; to download this one anyway, use {repo}/{weights.name}"
        raise BanbanError(f"no file of this model fits: {weights.name} {fit.why}", where=repo, hint=hint)
    of = f", the best of {len(wanted)} for this machine" if len(wanted) > 1 else ""
    watch.tell(f"{repo}/{weights.name}, {gigabytes(weights.size)}{of} ({fit.verdict}: {fit.why})")
    if fit.place is Place.CARD:
        watch.tell(
            "gpu_layers = -1 under [brain] puts the model on the graphics card, if llama.cpp was built for it"
        )
    return weights


def best(models: list[Weights], machine: Machine) -> Weights:
    """The largest where it fits best: a card before memory, room before tight. If none fits, the smallest."""

    def worth(weights: Weights) -> tuple[bool, int, int]:
        fit = judge(weights.size, machine)
        rank = {Place.CARD: 4, Place.MEMORY: 2, Place.NOWHERE: 0}[fit.place] - fit.tight
        too_big = fit.place is Place.NOWHERE or (fit.place is Place.MEMORY and weights.size > LIVELY)
        return rank > 0 and not _COARSE.search(weights.name), rank, -weights.size if too_big else weights.size

    return max(models, key=worth)


def _parse(name: str) -> tuple[str, str, str]:
    """The repository, and of a quantization or a file what was named."""
    alias, _, like = name.partition(":")
    for choice in CHOICES:
        if choice.name == alias.lower():
            return choice.repo, like, ""
    found = _NAME.fullmatch(name)
    if found is None:
        names = ", ".join(choice.name for choice in CHOICES)
        hint = f"choose one of {names}, or a repository of the hub as owner/name"
        raise BanbanError("there is no model with this name", where=name, hint=hint)
    return found["repo"], found["like"] or "", found["file"] or ""


def _is_like(name: str, quantization: str) -> bool:
    """Whether the file's name says that it is so quantized."""
    pattern = rf"(?<![A-Z0-9]){re.escape(quantization)}(?![A-Z0-9_])"
    return not quantization or bool(re.search(pattern, name, re.IGNORECASE))
