"""Loads model, context and adapters in a worker that was just started, and names the option that is wrong."""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path

import psutil

from vtuber.brain.llama.process import WorkerProcess
from vtuber.config import Brain
from vtuber.core import clock
from vtuber.core.availability import Progress
from vtuber.core.errors import BrainError, ConfigError
from vtuber.core.text import escaped
from vtuber.models import store

log = logging.getLogger(__name__)

_OTHER_MODEL = re.compile(r"arch mismatch|does not exist in base model|incorrect shape")
_NO_ADAPTER = re.compile(r"to be '(?:adapter|lora)'")
_UNKNOWN = re.compile(r"unknown model architecture: '?(.*?)'?$")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is known of a loaded model."""

    context: int
    chat_template: str
    description: str


def check(settings: Brain) -> None:
    """Raises ConfigError for what needs no model to be wrong."""
    if settings.cache_type != "f16" and settings.flash_attention == "off":
        raise ConfigError(
            f"a cache of type {settings.cache_type} needs flash attention",
            where="brain.flash_attention",
            hint='set brain.flash_attention to "auto", or brain.cache_type to "f16"',
        )
    for index, lora in enumerate(settings.lora):
        store.check(
            Path(lora.path),
            _lora_where(index, lora.path),
            missing="correct the path of the LoRA adapter",
            other="get the adapter as a GGUF file, or convert it with llama.cpp's convert_lora_to_gguf.py",
        )


async def load(
    process: WorkerProcess,
    path: Path,
    settings: Brain,
    seconds: float,
    progress: Progress,
    *,
    extra_buffers: bool,
) -> Loaded:
    """Has the process load the model, its context and its adapters, each answer within ``seconds``.

    Raises ConfigError for what cannot be loaded, BrainError when the process dies.
    """
    known = await _load_model(process, path, settings, seconds, progress, extra_buffers=extra_buffers)
    context = await _open_context(process, path, settings, seconds)
    for index, lora in enumerate(settings.lora):
        try:
            await process.answer_to(process.ask("adapt", path=lora.path, scale=lora.scale), seconds)
        except BrainError as error:
            raise _lora_refused(index, lora.path, error.what, died=process.doomed) from None
    return Loaded(context, *known)


async def _load_model(
    process: WorkerProcess,
    path: Path,
    settings: Brain,
    seconds: float,
    progress: Progress,
    *,
    extra_buffers: bool,
) -> tuple[str, str]:
    """Its chat template and description."""
    request = process.ask("load", path=str(path), gpu_layers=settings.gpu_layers, extra_buffers=extra_buffers)
    try:
        while "done" not in (frame := await process.answer_to(request, seconds)):
            progress(frame["progress"], f"loading {path.name}")
    except BrainError as error:
        if process.doomed:
            raise _died(error, path) from None
        raise _model_refused(path, error.what) from None
    return frame["chat_template"], frame["description"]


async def _open_context(process: WorkerProcess, path: Path, settings: Brain, seconds: float) -> int:
    """How many tokens it has room for."""
    request = process.ask(
        "open",
        context=settings.context,
        threads=settings.threads or cores(),
        cache_type=settings.cache_type,
        flash_attention=settings.flash_attention,
        repeatable=clock.is_simulated(),
    )
    try:
        return int((await process.answer_to(request, seconds))["context"])
    except BrainError as error:
        if process.doomed:
            raise _died(error, path) from None
        if settings.cache_type != "f16":
            raise ConfigError(
                f"this model does not work with a {settings.cache_type} cache ({escaped(error.what)})",
                where="brain.cache_type",
                hint='set brain.cache_type to "f16", or to another type',
            ) from None
        raise ConfigError(
            f"there is no memory for a context of {settings.context} tokens ({escaped(error.what)})",
            where="brain.context",
            hint="use a smaller brain.context, a smaller model, or another brain.cache_type",
        ) from None


def _died(error: BrainError, path: Path) -> BrainError:
    return BrainError(
        error.what,
        where=f"brain.model: {path}",
        hint="if memory ran out, use a smaller model or a smaller brain.context",
    )


def _model_refused(path: Path, reason: str) -> ConfigError:
    """What it means that llama.cpp would not load ``path``, by the ``reason`` it gave."""
    where = f"brain.model: {path}"
    if unknown := _UNKNOWN.search(reason):
        return ConfigError(
            f"the installed llama.cpp does not support models of the kind {escaped(unknown[1])!r}",
            where=where,
            hint="install a newer llama-cpp-python, or use another model",
        )
    return ConfigError(
        f"the model cannot be loaded: the file is damaged or incomplete ({escaped(reason)})",
        where=where,
        hint=store.FETCH_AGAIN,
    )


def _lora_refused(index: int, path: str, reason: str, *, died: bool) -> ConfigError:
    """What it means that an adapter could not be used, by the ``reason`` that llama.cpp gave."""
    if _OTHER_MODEL.search(reason):
        what, hint = (
            "this adapter was made for another model",
            "use the model that the adapter was made for, or remove the adapter",
        )
    elif _NO_ADAPTER.search(reason):
        what, hint = (
            "this GGUF is not a LoRA adapter",
            "if this is a whole model, put its path into brain.model",
        )
    elif died:
        what, hint = (
            "the model's process crashes with this adapter",
            "remove the adapter, or download it again",
        )
    else:
        what, hint = "this adapter is damaged or incomplete", "download the adapter again"
    reason = reason.rpartition("failed to apply lora adapter: ")[2]
    return ConfigError(f"{what}: {escaped(reason)}", where=_lora_where(index, path), hint=hint)


def _lora_where(index: int, path: str) -> str:
    return f"brain.lora[{index}]: {path}"


def cores() -> int:
    """How many real cores this process may use: a second thread on a core only slows the model down."""
    real = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else real
    return max(1, min(real, allowed))
