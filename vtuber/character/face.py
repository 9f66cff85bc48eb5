"""Her face: which pictures of a character's folder are shown when.

The everyday picture is ``face.png`` (or .jpg, .webp, .svg). Beside it may stand ``face-open.png``, with the
mouth open, and for each mood ``face-happy.png`` and ``face-happy-open.png``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from vtuber.character.picture import ENDINGS, MOST_BYTES, SMALLER, SVG, Picture, read
from vtuber.core.errors import ConfigError

ALL_BYTES = 8 * MOST_BYTES
PLACEHOLDER = Path(__file__).with_name("placeholder.svg")
_ENDINGS = (*ENDINGS.values(), ".jpeg")
_OTHERS = tuple(".gif .bmp .avif .heic .jfif .tif .tiff .svgz .psd .clip .mp4 .webm".split())  # noqa: SIM905
"""Endings of pictures that she cannot wear."""


@dataclass(frozen=True, slots=True)
class Look:
    """Her face in one mood."""

    shut: Picture
    open: Picture | None = None
    """With an open mouth."""


@dataclass(frozen=True, slots=True)
class Face:
    looks: Mapping[str, Look]
    """By mood; "" is the everyday one, which stands for those that are missing."""
    is_rigged: bool = False
    """Whether it is an SVG whose parts the overlay moves by their names."""
    is_placeholder: bool = False
    """Whether the folder has no picture, and a plain one is shown in its place."""
    unused: tuple[tuple[str, str], ...] = ()
    """Pictures in the folder that are never shown, each with what to do about it."""

    def __str__(self) -> str:
        everyday = self.looks[""]
        if self.is_placeholder:
            return "a plain drawing"
        if self.is_rigged:
            return f"{everyday.shut.name}, whose parts move"
        own = [mood for mood in self.looks if mood]
        opened = [look.open.name for look in self.looks.values() if look.open]
        moods = f", with its own for {', '.join(own)}" if own else ""
        mouths = f"; mouth open: {', '.join(opened)}" if opened else ""
        return f"{everyday.shut.name}{moods}{mouths}"


def find(
    folder: Path, chosen: str, moods: Sequence[str], where: str
) -> tuple[Face | None, list[ConfigError]]:
    """The face in ``folder``, and all that is wrong with its pictures.

    ``chosen`` is the file that character.toml names ("" where it names none), and ``where`` the place of that
    option.
    """
    try:
        found = _sorted_out(folder, chosen, moods, where)
    except ConfigError as error:
        return None, [error]
    except OSError as error:
        return None, [
            ConfigError(f"this folder cannot be read ({error.strerror or error})", where=str(folder))
        ]
    problems = list(found.problems)
    pictures: dict[Path, Picture] = {}
    rigged = False
    for path in found.all():
        try:
            pictures[path], moves = read(path, folder)
        except ConfigError as error:
            problems.append(error)
        else:
            rigged = rigged or (moves and path == found.shut.get(""))
    if sum(len(picture.body) for picture in pictures.values()) > ALL_BYTES:
        problems.append(
            ConfigError(
                f"the pictures are larger than {ALL_BYTES >> 20} MB in all", where=str(folder), hint=SMALLER
            )
        )
    if problems:
        return None, problems
    if "" not in found.shut:
        picture = Picture(PLACEHOLDER.name, SVG, PLACEHOLDER.read_bytes())
        return Face({"": Look(picture)}, is_rigged=True, is_placeholder=True, unused=tuple(found.unused)), []
    looks = {
        mood: Look(pictures[found.shut[mood]], pictures.get(found.open.get(mood, Path())))
        for mood in ("", *moods)
        if mood in found.shut
    }
    if rigged:
        first = found.shut[""]
        why = (
            f"the parts of {first.name} move, so that it needs no others: move one of them out of the folder"
        )
        found.unused += [(path.name, why) for path in found.all() if path != first]
        looks = {"": looks[""]}
    return Face(looks, is_rigged=rigged, unused=tuple(found.unused)), []


class _Found:
    """Which file is shown when, by mood; by its name alone."""

    def __init__(self, base: str, everyday: Path | None, moods: Sequence[str]) -> None:
        self.shut: dict[str, Path] = {}
        self.open: dict[str, Path] = {}
        self.unused: list[tuple[str, str]] = []
        self.problems: list[ConfigError] = []
        self._base = _plain(base)
        self._everyday = everyday
        self._moods = {_plain(mood): mood for mood in moods}
        self._strangers: list[Path] = []

    def all(self) -> Iterator[Path]:
        """Each picture that is shown, once."""
        yield from dict.fromkeys((*self.shut.values(), *self.open.values()))

    def add(self, path: Path) -> None:
        """Takes a file, whatever it is."""
        stem, ending = _plain(path.stem), path.suffix.lower()
        rest = stem.removeprefix(f"{self._base}-")
        ours = stem == self._base or rest != stem
        mood = self._moods.get(rest.removesuffix("-open"))
        if ending in _OTHERS and ours:
            self.unused.append((path.name, "save it as PNG, JPG or WebP"))
        elif ending not in _ENDINGS:
            return
        elif stem == self._base and self._everyday not in (None, path):
            self.unused.append((path.name, "another one is chosen in character.toml"))
        elif stem == self._base:
            self._take(path, "", opened=False)
        elif ours and rest == "open":
            self._take(path, "", opened=True)
        elif ours and mood:
            self._take(path, mood, opened=rest.endswith("-open"))
        else:
            self._strangers.append(path)

    def _take(self, path: Path, mood: str, *, opened: bool) -> None:
        place = self.open if opened else self.shut
        if mood in place:
            self.problems.append(
                ConfigError(
                    f"{place[mood].name} and {path.name} are two pictures for the same",
                    where=str(path.parent),
                    hint="delete one of them, or move it out of this folder",
                )
            )
        place.setdefault(mood, path)

    def finish(self, first: str) -> None:
        """All were taken; ``first`` is the everyday mood."""
        if "" not in self.shut and first in self.shut:  # who has one for each mood needs no other
            self.shut[""] = self.shut[first]
            if first in self.open:
                self.open.setdefault("", self.open[first])
        for mood in [mood for mood in self.open if mood not in self.shut]:
            self.unused.append((self.open.pop(mood).name, "the same face with a shut mouth is missing"))
        moods = ["", *(f"-{mood}" for mood in self._moods)]
        names = [f"{self._base}{mood}{end}" for mood in moods for end in ("", "-open")]
        for path in self._strangers:
            near = get_close_matches(_plain(path.stem), names, n=1, cutoff=0.8)
            if near:
                self.unused.append((path.name, f"did you mean {near[0]}{path.suffix}?"))
            elif _plain(path.stem).startswith(f"{self._base}-"):
                self.unused.append((path.name, "none of the moods in character.toml is called so"))
            elif "" not in self.shut:
                self.unused.append((path.name, f"call it {self._base}{path.suffix} to show it"))


def _sorted_out(folder: Path, chosen: str, moods: Sequence[str], where: str) -> _Found:
    """Sorts the folder's pictures by their names. Raises ConfigError when the chosen one is not there."""
    everyday = _chosen(folder, chosen, where) if chosen else None
    found = _Found(everyday.stem if everyday else "face", everyday, moods)
    for path in sorted((everyday.parent if everyday else folder).iterdir()):
        if not path.name.startswith(".") and not path.is_dir():
            found.add(path)
    found.finish(moods[0])
    return found


def _chosen(folder: Path, name: str, where: str) -> Path:
    """The file that character.toml names. Raises ConfigError when there is none, or when it is elsewhere."""
    path = folder / name
    try:
        is_there = path.exists() and not path.is_dir()
        is_inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # no system takes such a name, or links in a circle
        is_there, is_inside = False, True
    if not is_inside:
        raise ConfigError(
            f"the picture {name!r} is outside of the character's folder",
            where=where,
            hint="copy it into the folder, and write only its name here",
        )
    if not is_there:
        raise ConfigError(
            f"there is no picture {name!r}",
            where=where,
            hint="put a PNG, JPG, WebP or SVG file there, or correct the name in this option",
        )
    return path


def _plain(name: str) -> str:
    """macOS writes file names in parts, Windows does not tell capitals apart."""
    return unicodedata.normalize("NFC", name).casefold()
