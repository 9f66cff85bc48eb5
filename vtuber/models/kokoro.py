"""The files of the voice kokoro: where they lie on this machine, and fetching them.

Kokoro-82M by hexgrad, whose weights are under the Apache License 2.0, as ONNX.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from vtuber.config import KokoroVoice
from vtuber.core.errors import BanbanError, VoiceError
from vtuber.models import store

if TYPE_CHECKING:
    from vtuber.models.fetch import Watcher  # the hub's library is slow to load

REPO = "onnx-community/Kokoro-82M-v1.0-ONNX"
MODEL = "onnx/model_quantized.onnx"
SPEAKERS = "voices"
SPEAKER = "zf_xiaoyi"
"""Speaks unless another is chosen."""

_WANTED = re.compile(r"onnx/model_quantized\.onnx|voices/(?:z[fm]_\w+|af_heart|af_bella|am_michael)\.bin")
"""The model with weights of 8 bits, all speakers of Mandarin, and some of English."""
_NETWORK = (
    "connect to the internet, set HF_ENDPOINT to a hub that you can reach, or name files that you have in "
    "voice.kokoro.model and voice.kokoro.voices"
)
_NAMED = "correct the path, or leave it empty and run: banban voices get kokoro"


def folder() -> Path:
    """Where ``get`` puts the files."""
    return store.folder() / REPO


def locate(chosen: KokoroVoice) -> tuple[Path, Path]:
    """The model, and the folder or file of its speakers: those that the settings name, else fetched ones.

    Raises VoiceError when one of them is missing.
    """
    model = Path(chosen.model).expanduser() if chosen.model else folder() / MODEL
    speakers = Path(chosen.voices).expanduser() if chosen.voices else folder() / SPEAKERS
    if not chosen.model and not model.is_file():
        raise VoiceError(
            "kokoro's files are not on this machine yet",
            where="voice",
            hint="to hear Chinese without a network, fetch them with: banban voices get kokoro",
        )
    if not model.is_file():
        raise VoiceError("there is no such file", where=f"voice.kokoro.model: {model}", hint=_NAMED)
    if not speakers.exists():
        hint = _NAMED if chosen.voices else "fetch it with: banban voices get kokoro"
        raise VoiceError("there are no speakers", where=f"voice.kokoro.voices: {speakers}", hint=hint)
    return model, speakers


def get(watch: Watcher) -> Path:
    """Fetches the model and its speakers; what is there is not fetched again. Gives their folder.

    Raises BanbanError.
    """
    from vtuber.models.fetch import fetch, of_the_disk  # noqa: PLC0415  # slow to load, needed once
    from vtuber.models.hub import Hub, Weights  # noqa: PLC0415  # the same

    try:
        hub = Hub(otherwise=_NETWORK)
        there = [file for file in hub.files(REPO, suffixes=(".onnx", ".bin")) if _WANTED.fullmatch(file.path)]
        there.sort(key=lambda file: file.path)  # the model first
        if not {MODEL, f"{SPEAKERS}/{SPEAKER}.bin"} <= {file.path for file in there}:
            raise BanbanError(
                "the hub no longer has the files of this voice",
                where=REPO,
                hint="update banban, or name your own files in voice.kokoro.model and voice.kokoro.voices",
            )
        fetch(hub, Weights(tuple(there)), watch)
    except KeyboardInterrupt:
        raise BanbanError(
            "stopped", where="kokoro", hint="run the same command again: it goes on where it stopped"
        ) from None
    except OSError as error:
        raise of_the_disk(error) from None
    return folder()
