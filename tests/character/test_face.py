"""The pictures in a character's folder: which are shown when, and which are refused before the show."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from pictures import GOLD, SVG, character_in, huge, portrait

from vtuber import character
from vtuber.character.picture import MOST_BYTES
from vtuber.core.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return character_in(tmp_path / "luna")


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("face.png", "image/png"),
        ("face.jpg", "image/jpeg"),
        ("face.JPEG", "image/jpeg"),
        ("Face.webp", "image/webp"),
    ],
)
def test_any_picture_can_be_her_face(folder: Path, file: str, kind: str) -> None:
    portrait(folder / file)
    face = character.load(str(folder)).face
    assert face.looks[""].shut.kind == kind
    assert face.looks[""].shut.body == (folder / file).read_bytes()
    assert list(face.looks) == [""]
    assert not face.is_rigged
    assert str(face) == file


def test_a_wrong_ending_does_not_matter(folder: Path) -> None:
    portrait(folder / "face.jpg").rename(folder / "face.png")
    assert character.load(str(folder)).face.looks[""].shut.kind == "image/jpeg"


def test_moods_and_open_mouths(folder: Path) -> None:
    for name in ("face.png", "face-open.webp", "face-happy.jpg", "Face-Happy-Open.png", "face-sad.png"):
        portrait(folder / name)
    (folder / ".face-sad.png").write_bytes(b"of another system")
    face = character.load(str(folder)).face
    shown = {mood: (look.shut.name, look.open and look.open.name) for mood, look in face.looks.items()}
    assert shown == {
        "": ("face.png", "face-open.webp"),
        "happy": ("face-happy.jpg", "Face-Happy-Open.png"),
        "sad": ("face-sad.png", None),
    }
    assert face.unused == ()
    assert character.load(str(folder)).health().state == "ok"
    assert "happy, sad" in character.load(str(folder)).health().what


def test_one_for_each_mood_is_enough(folder: Path) -> None:
    portrait(folder / "face-neutral.png")
    portrait(folder / "face-neutral-open.png")
    portrait(folder / "face-happy.png", GOLD)
    looks = character.load(str(folder)).face.looks
    assert looks[""] == looks["neutral"]
    assert looks[""].open is not None


def test_moods_of_any_language(tmp_path: Path) -> None:
    folder = character_in(tmp_path / "é", moods='"平常", "開心", "Fâché"')
    for name in ("face.png", "face-開心.png", "face-fa\u0302che\u0301.png"):  # as macOS writes it
        portrait(folder / name)
    assert list(character.load(str(folder)).face.looks) == ["", "開心", "fâché"]


def test_another_name_can_be_chosen(folder: Path) -> None:
    (folder / "art").mkdir()
    for name in ("face.png", "art/girl.png", "art/girl-happy.png", "art/girl.webp"):
        portrait(folder / name)
    sheet = folder / "character.toml"
    sheet.write_text('face = "art/girl.png"\n' + sheet.read_text("utf-8"), encoding="utf-8")
    face = character.load(str(folder)).face
    assert [look.shut.name for look in face.looks.values()] == ["girl.png", "girl-happy.png"]
    assert face.unused == (("girl.webp", "another one is chosen in character.toml"),)


def test_without_a_picture_there_is_a_plain_one_and_it_is_said(folder: Path) -> None:
    made = character.load(str(folder))
    assert made.face.is_rigged
    assert made.face.is_placeholder
    assert made.health().state == "limited"
    assert "face.png" in made.health().hint


@pytest.mark.parametrize(
    ("file", "hint"),
    [
        ("face-hapy.png", "did you mean face-happy.png?"),
        ("fase.png", "call it face.png to show it"),
        ("face-bored.png", "none of the moods in character.toml is called so"),
        ("face-happy-open.png", "the same face with a shut mouth is missing"),
        ("luna.png", "call it face.png to show it"),
        ("face.gif", "save it as PNG, JPG or WebP"),
        ("face-happy.heic", "save it as PNG, JPG or WebP"),
    ],
)
def test_a_picture_that_is_never_shown_is_named(folder: Path, file: str, hint: str) -> None:
    portrait(folder / "any.png").rename(folder / file)
    health = character.load(str(folder)).health()
    assert health.state == "limited"
    assert file in health.what
    assert hint in health.hint


def test_other_pictures_are_nobodys_business(folder: Path) -> None:
    for name in ("face.png", "reference sheet.png", "notes.txt"):
        portrait(folder / "any.png").rename(folder / name)
    assert character.load(str(folder)).health().state == "ok"


@pytest.mark.parametrize(
    ("part", "moves"),
    [
        ('class="cls-1 iris"', True),
        ('data-moods="happy"', True),
        ('id="mouth" class="open"', True),
        ('id="mouth"', False),
        ('id="head" class="open"', False),
        ('class="ahead"', False),
    ],
)
def test_a_drawing_moves_by_itself_only_with_the_names_for_it(
    folder: Path, part: str, *, moves: bool
) -> None:
    (folder / "face.svg").write_text(SVG.replace("<circle", f"<circle {part}"), encoding="utf-8")
    assert character.load(str(folder)).face.is_rigged == moves


def test_a_drawing_that_moves_needs_no_others(folder: Path) -> None:
    (folder / "face.svg").write_text(SVG.replace("<circle", '<circle class="head"'), encoding="utf-8")
    portrait(folder / "face-happy.png")
    face = character.load(str(folder)).face
    assert face.is_rigged
    assert list(face.looks) == [""]
    assert face.unused[0][0] == "face-happy.png"


def refused(folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        character.load(str(folder))
    assert caught.value.hint
    return str(caught.value)


def test_a_huge_file_is_refused_before_it_is_read(folder: Path) -> None:
    with (folder / "face.png").open("wb") as file:
        file.truncate(300 << 20)
    said = refused(folder)
    assert "face.png: this picture has 300 MB, and 8 MB is the most" in said
    assert "4096 × 4096" in said


def test_a_picture_that_would_fill_the_memory_is_refused(folder: Path) -> None:
    (folder / "face.png").write_bytes(huge())
    assert "face.png: this picture has far too many pixels" in refused(folder)
    portrait(folder / "face.png", size=(4097, 10))
    assert "this picture has 4097 × 10 pixels" in refused(folder)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not a picture that can be shown"),
        (b"\x00\x00\x00\x20ftypisom" + bytes(5000), "not a picture that can be shown"),  # a video
        (b"\x1aE\xdf\xa3" + bytes(5000), "not a picture that can be shown"),
        (b"GIF89a" + bytes(5000), "not a picture that can be shown"),
        (SVG.encode(), "not a picture that can be shown"),
        (b"MZ" + bytes(100), "not a picture that can be shown"),
    ],
)
@pytest.mark.parametrize("file", ["face.png", "face-happy.webp"])
def test_what_is_no_picture_is_refused(folder: Path, file: str, body: bytes, why: str) -> None:
    portrait(folder / "face.jpg") if file != "face.png" else None
    (folder / file).write_bytes(body)
    said = refused(folder)
    assert why in said
    assert str(folder / file) in said


@pytest.mark.parametrize("file", ["face.png", "face.jpg", "face.webp"])
@pytest.mark.parametrize("share", [0.1, 0.6, 0.95])
def test_a_picture_that_was_cut_off_is_refused(folder: Path, file: str, share: float) -> None:
    whole = portrait(folder / file).read_bytes()
    (folder / file).write_bytes(whole[: int(len(whole) * share)])
    assert "this picture is broken or was cut off" in refused(folder)


def test_a_picture_that_nobody_could_see_is_refused(folder: Path) -> None:
    portrait(folder / "face.png", (0, 0, 0, 0))
    assert "all of it is transparent" in refused(folder)


def test_two_pictures_for_the_same_are_refused(folder: Path) -> None:
    portrait(folder / "face.png")
    portrait(folder / "face.webp")
    said = refused(folder)
    assert "face.png and face.webp are two pictures for the same" in said


def test_all_broken_pictures_are_named_at_once(folder: Path) -> None:
    for name in ("face.png", "face-happy.png", "face-sad.jpg"):
        (folder / name).write_bytes(b"nothing")
    said = refused_together(folder)
    assert said.startswith("3 things are wrong with the character")
    assert all(name in said for name in ("face.png", "face-happy.png", "face-sad.jpg"))


def refused_together(folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        character.load(str(folder))
    return str(caught.value)


def test_very_many_large_pictures_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtuber.character.face.ALL_BYTES", 100)
    portrait(folder / "face.png")
    assert "the pictures are larger than" in refused(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
@pytest.mark.parametrize("name", ["face.png", "face.svg", "face-happy.png"])
def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    portrait(folder / "face.jpg") if name == "face-happy.png" else None
    secret = tmp_path / f"secret{Path(name).suffix}"
    secret.write_text(SVG, encoding="utf-8") if name.endswith("svg") else portrait(secret)
    (folder / name).symlink_to(secret)
    assert "this picture is a link out of the character's folder" in refused(folder)
    (folder / name).unlink()
    inside = shutil.copy(secret, folder / f"drawn{secret.suffix}")
    (folder / name).symlink_to(inside)
    assert name in str(character.load(str(folder)).face) or name == "face-happy.png"


@pytest.mark.parametrize(
    "chosen", ["../secret.png", "/etc/passwd", "", "none.png", ".", "a\\u0000b", "x" * 999]
)
def test_only_a_picture_in_the_folder_can_be_chosen(folder: Path, tmp_path: Path, chosen: str) -> None:
    portrait(tmp_path / "secret.png")
    sheet = folder / "character.toml"
    sheet.write_text(f'face = "{chosen}"\n' + sheet.read_text("utf-8"), encoding="utf-8")
    if chosen:
        assert "character.toml: face" in refused(folder)
    else:
        assert character.load(str(folder)).face.is_placeholder


HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'
LEVELS = "".join(f'<g id="g{level + 1}">' + f'<use href="#g{level}"/>' * 10 + "</g>" for level in range(9))
DISC = '<circle cx="5" cy="5" r="4"/>'
LAUGHS = f'{HEAD}<g id="g0">{DISC}</g>{LEVELS}</svg>'


@pytest.mark.parametrize(
    ("drawing", "why"),
    [
        (f"{HEAD}{DISC}<script>alert(1)</script></svg>", "<script>"),
        (f'{HEAD}{DISC}<script href="x.js"/></svg>', "<script>"),
        (HEAD.replace("viewBox", 'onload="alert(1)" viewBox') + DISC + "</svg>", "onload"),
        (f'{HEAD}<circle r="4" OnClick="alert(1)"/></svg>', "OnClick"),
        (f"{HEAD}{DISC}<foreignObject><p/></foreignObject></svg>", "<foreignObject>"),
        (f'{HEAD}{DISC}<p xmlns="http://www.w3.org/1999/xhtml"/></svg>', "<p>"),
        (f'{HEAD}<image href="http://evil.example/x.png"/></svg>', "http://evil.example/x.png"),
        (f'{HEAD}<image xlink:href="//evil.example/x.png"/></svg>', "//evil.example"),
        (f'{HEAD}<image href="file:///etc/passwd"/></svg>', "file:"),
        (f'{HEAD}<image href="other.png"/></svg>', "other.png"),
        (f'{HEAD}<image href="data:image/svg+xml,x"/></svg>', "data:image/svg"),
        (f'{HEAD}<use href="sprites.svg#a"/></svg>', "sprites.svg"),
        (f'{HEAD}<a href="javascript:alert(1)">{DISC}</a></svg>', "javascript:"),
        (
            f'{HEAD}<a href="#"><set attributeName="href" to="javascript:alert(1)"/>{DISC}</a></svg>',
            "address",
        ),
        (f'{HEAD}<circle r="4" style="fill:url(http://evil.example/a)"/></svg>', "evil.example"),
        (f'{HEAD}<circle r="4" fill="url( \'http://evil.example/a\')"/></svg>', "evil.example"),
        (f"{HEAD}<style>@import 'http://evil.example/a.css';</style>{DISC}</svg>", "@import"),
        (f'<?xml-stylesheet href="a.css"?>{HEAD}{DISC}</svg>', "xml-stylesheet"),
        (f'<!DOCTYPE svg [<!ENTITY a "aaaa">]>{HEAD}{DISC}&a;</svg>', "definitions of its own"),
        ("<svg/>", "xmlns"),
        ("<html/>", "not an SVG"),
        (f"{HEAD}</svg>", "nothing drawn"),
        (f"{HEAD}<g></svg>", "not a whole SVG"),
        (f"{HEAD}{DISC}", "not a whole SVG"),
        ("", "not a whole SVG"),
        ("\x89PNG", "not a whole SVG"),
        (f'<svg xmlns="http://www.w3.org/2000/svg">{DISC}</svg>', "how large"),
        (HEAD + "<g>" * 300 + "</g>" * 300 + DISC + "</svg>", "too many"),
        (HEAD + DISC * 50_001 + "</svg>", "too many"),
        (f'{HEAD}<g id="a">{DISC}<use href="#a"/></g></svg>', "circle"),
        (LAUGHS, "too often"),
    ],
)
def test_a_drawing_in_which_something_could_run_is_refused(folder: Path, drawing: str, why: str) -> None:
    (folder / "face.svg").write_text(drawing, encoding="utf-8")
    said = refused(folder)
    assert f"{folder / 'face.svg'}" in said
    assert why in said


def test_the_line_of_what_is_refused_is_named(folder: Path) -> None:
    (folder / "face.svg").write_text(f"{HEAD}\n{DISC}\n<script/></svg>", encoding="utf-8")
    assert "face.svg:3: this picture cannot be shown: it holds a <script>" in refused(folder)


@pytest.mark.parametrize(
    "drawing",
    [
        SVG,
        (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
            f'"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n{HEAD}{DISC}</svg>'
        ),
        "\ufeff" + SVG,
        f"{HEAD}<style>.a{{fill:#f00}} .b{{fill:url(#g)}}</style>{DISC}</svg>",
        (
            f'{HEAD}<metadata><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" r:about="http://a.example/"/>'
            f"</metadata>{DISC}</svg>"
        ),
        f'{HEAD}<image xlink:href="data:image/png;base64,iVBORw0KGgo="/></svg>',
        f'{HEAD}<g id="a">{DISC}</g><use xlink:href="#a"/><use href="#nowhere"/></svg>',
        f'{HEAD}<circle r="4"><animate attributeName="r" values="1;4" dur="2s"/></circle></svg>',
        f'{HEAD}<circle r="4" style="fill:url(#g)" clip-path="url(\'#c\')"/></svg>',
    ],
)
def test_what_drawing_programs_write_is_taken(folder: Path, drawing: str) -> None:
    (folder / "face.svg").write_text(drawing, encoding="utf-8")
    assert not character.load(str(folder)).face.is_rigged


def test_what_was_checked_is_what_is_shown(folder: Path) -> None:
    whole = portrait(folder / "face.png").read_bytes()
    made = character.load(str(folder))
    (folder / "face.png").write_bytes(b"something else")
    assert made.face.looks[""].shut.body == whole
    assert len(whole) < MOST_BYTES


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
@pytest.mark.parametrize("chosen", ["", "face.png"])
def test_a_link_to_itself_is_refused(folder: Path, chosen: str) -> None:
    sheet = folder / "character.toml"
    sheet.write_text(f'face = "{chosen}"\n' + sheet.read_text("utf-8"), encoding="utf-8")
    (folder / "face.png").symlink_to(folder / "face.png")
    assert "face.png" in refused(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in folders")
def test_a_pipe_among_the_pictures_is_refused(folder: Path) -> None:
    os.mkfifo(folder / "face.png")
    assert "a pipe or a device" in refused(folder)
