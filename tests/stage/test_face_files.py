"""Which avatar a page is told to draw her with."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pictures import character_in, portrait
from vrm_model import model

from vtuber import character as characters
from vtuber.character.face import Face
from vtuber.stage.overlay.files import FaceFiles


@pytest.fixture
def modelled(tmp_path: Path) -> Face:
    """A model, and a picture that stands in for it."""
    folder = character_in(tmp_path / "luna")
    portrait(folder / "face.png")
    (folder / "face.vrm").write_bytes(model())
    return characters.load(str(folder)).face


@pytest.mark.parametrize(
    ("use", "kind", "trouble"),
    [("auto", "vrm", ""), ("png", "png", ""), ("vrm", "vrm", ""), ("svg", "png", "no drawing whose parts")],
)
def test_the_streamer_chooses_the_avatar(modelled: Face, use: str, kind: str, trouble: str) -> None:
    chosen = FaceFiles(modelled, use)
    answer = chosen.get("face.json")
    assert answer is not None
    assert answer.text is not None
    assert json.loads(answer.text)["kind"] == kind
    if trouble:
        assert trouble in (chosen.trouble or ("",))[0]


def test_what_is_missing_for_a_model_is_said(modelled: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtuber.stage.overlay.files.BUNDLE", "nothing.js")
    what, hint = FaceFiles(modelled).trouble or ("", "")
    assert "was not built" in what
    assert "Node.js" in hint
    assert FaceFiles(replace(modelled, model=None), "vrm").trouble is not None


def test_that_there_are_no_pictures_is_said(modelled: Face) -> None:
    drawn = characters.load("banban").face
    what, hint = FaceFiles(drawn, "png").trouble or ("", "")
    assert "no pictures" in what
    assert "in the place of face.svg" in hint
    for face in (replace(drawn, is_placeholder=True), replace(drawn, model=modelled.model)):
        assert "in the place" not in (FaceFiles(face, "png").trouble or ("", "in the place"))[1]
    assert FaceFiles(drawn).trouble is None
