"""Which file is loaded, and what is said of one that cannot be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vtuber.core.errors import ConfigError
from vtuber.models.store import locate


def test_the_embedded_model_is_found_without_its_package() -> None:
    code = "import sys; from vtuber.models.store import locate; print(locate(''))"
    code += "; print(len(sys.modules))"
    code += "; assert not any('llm' in name for name in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert Path(out.stdout.splitlines()[0]).read_bytes()[:4] == b"GGUF"


def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "板板 model.gguf").write_bytes(b"GGUF....")
    assert locate(str(tmp_path / "板板 model.gguf")) == (tmp_path / "板板 model.gguf").resolve()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file") as caught:
        locate(str(tmp_path / "none.gguf"))
    assert "none.gguf" in caught.value.where
    assert "banban models get" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"GGU", b"<html>not found</html>"])
def test_what_is_no_gguf_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.gguf").write_bytes(content)
    with pytest.raises(ConfigError, match="not a GGUF") as caught:
        locate(str(tmp_path / "a.gguf"))
    assert "download" in caught.value.hint


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        locate(str(tmp_path))
