"""A pipe in a model's place is refused at once: whoever opened it would wait for ever."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

OPENERS = {
    "the model": "from vtuber.models.store import locate; locate(path)",
    "a part of it": "from vtuber.models.store import locate; locate(path.replace('00001', '00002'))",
    "a header": "from pathlib import Path; from vtuber.models.gguf import read; read(Path(path))",
    "an adapter": "from vtuber.brain.llama.loading import check; from vtuber.config import Brain; "
    "check(Brain.model_validate({'lora': [{'path': path}]}))",
    "its identity": "from pathlib import Path; from vtuber.brain.llama.prompt_cache import identity; "
    "identity(Path(path))",
}


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders")


def run(code: str) -> str:
    """What it prints; in a process of its own, which ends also if it hangs."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.mark.parametrize("opening", OPENERS.values(), ids=OPENERS)
def test_a_pipe_is_refused(tmp_path: Path, opening: str) -> None:
    pipe = tmp_path / "her-00001-of-00002.gguf"
    os.mkfifo(pipe)
    (tmp_path / "her-00002-of-00002.gguf").write_bytes(b"GGUF....")
    code = f"path = {str(pipe)!r}\ntry:\n    {opening}\nexcept Exception as error:\n    print(error)"
    assert "a pipe or a device" in run(code)


def test_a_pipe_in_the_prompt_cache_is_written_over(tmp_path: Path) -> None:
    code = (
        "import os, pathlib\n"
        "from vtuber.brain.llama.prompt_cache import PromptCache\n"
        f"cache = PromptCache(pathlib.Path({str(tmp_path)!r}), 1)\n"
        "os.mkfifo(cache._path([1, 2]))\n"
        "print(cache.load([1, 2]))\n"
        "cache.save([1, 2], bytearray(b'state'))\n"
        "print(cache.load([1, 2]))\n"
    )
    assert run(code).splitlines() == ["None", "bytearray(b'state')"]
