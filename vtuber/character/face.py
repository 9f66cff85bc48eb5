"""Her face: which pictures of a character's folder are shown when.

The everyday picture is ``face.png`` (or .jpg, .webp, .svg). Beside it may stand ``face-open.png``, with the
mouth open, ``face-a.png`` to ``face-o.png``, with what a vowel makes of it, ``face-blink.png`` and
``face-open-blink.png``, with shut eyes; and for each mood the same, as ``face-happy.png`` and
``face-happy-open.png``. A ``face.vrm`` is a model in 3D; pictures beside it are shown where it cannot be.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from vtuber.character import model as models
from vtuber.character.model import Model
from vtuber.character.picture import ENDINGS, MOST_BYTES, SMALLER, SVG, Picture, read
from vtuber.core.errors import ConfigError

ALL_BYTES = 8 * MOST_BYTES
PLACEHOLDER = Path(__file__).with_name("placeholder.svg")
SHUT = ""
"""The variant of a picture that its name does not tell: a shut mouth, open eyes."""
VOWELS = ("a", "i", "u", "e", "o")
VARIANTS = (SHUT, "open", "blink", "open-blink", *VOWELS)
_ENDINGS = (*ENDINGS.values(), ".jpeg")
_OTHERS = tuple(".gif .bmp .avif .heic .jfif .tif .tiff .svgz .psd .clip .mp4 .webm".split())  # noqa: SIM905
"""Endings of pictures that she cannot wear."""


@dataclass(frozen=True, slots=True)
class Look:
    """Her face in one mood."""

    shut: Picture
    open: Picture | None = None
    """With an open mouth."""
    blink: Picture | None = None
    """With shut eyes."""
    open_blink: Picture | None = None
    vowels: Mapping[str, Picture] = field(default_factory=dict)
    """With the mouth as it forms "A", "I", "U", "E" or "O"."""

    def __iter__(self) -> Iterator[Picture]:
        """All pictures of it."""
        others = (self.open, self.blink, self.open_blink, *self.vowels.values())
        yield from (self.shut, *(one for one in others if one is not None))


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
    model: Model | None = None
    """A VRM model; the looks stand in for it where it cannot be drawn."""

    def __str__(self) -> str:
        everyday = self.looks[""]
        if self.model is not None:
            return f"{self.model.name}, a model in 3D"
        if self.is_placeholder:
            return "a plain drawing"
        if self.is_rigged:
            return f"{everyday.shut.name}, whose parts move"
        own = [mood for mood in self.looks if mood]
        opened = [look.open.name for look in self.looks.values() if look.open]
        blinks = any(look.blink for look in self.looks.values())
        vowels = {vowel for look in self.looks.values() for vowel in look.vowels}
        moods = f", with its own for {', '.join(own)}" if own else ""
        mouths = f"; mouth open: {', '.join(opened)}" if opened else ""
        formed = f"; vowels: {', '.join(sorted(vowels))}" if vowels else ""
        return f"{everyday.shut.name}{moods}{mouths}{formed}{'; blinks' if blinks else ''}"


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
    model = _model(found.model, folder, problems)
    pictures, rigged = _pictures(found, folder, problems)
    if sum(len(picture.body) for picture in pictures.values()) > ALL_BYTES:
        problems.append(
            ConfigError(
                f"the pictures are larger than {ALL_BYTES >> 20} MB in all", where=str(folder), hint=SMALLER
            )
        )
    if problems:
        return None, problems
    if found.shut("") is None:
        picture = Picture(PLACEHOLDER.name, SVG, PLACEHOLDER.read_bytes())
        looks = {"": Look(picture)}
        unused = tuple(found.unused)
        return Face(looks, is_rigged=True, is_placeholder=model is None, unused=unused, model=model), []
    looks = {
        mood: _look({variant: pictures[path] for variant, path in found.paths[mood].items()})
        for mood in ("", *moods)
        if mood in found.paths
    }
    if rigged:
        first = found.paths[""][SHUT]
        why = (
            f"the parts of {first.name} move, so that it needs no others: move one of them out of the folder"
        )
        found.unused += [(path.name, why) for path in found.all() if path != first]
        looks = {"": Look(looks[""].shut)}
    return Face(looks, is_rigged=rigged, unused=tuple(found.unused), model=model), []


def _look(pictures: Mapping[str, Picture]) -> Look:
    vowels = {vowel.upper(): pictures[vowel] for vowel in VOWELS if vowel in pictures}
    opened, blink, both = (pictures.get(one) for one in ("open", "blink", "open-blink"))
    return Look(pictures[SHUT], opened or vowels.get("A"), blink, both, vowels)


def _model(path: Path | None, folder: Path, problems: list[ConfigError]) -> Model | None:
    """The model in that file; None, with what is wrong added, when it cannot be used."""
    try:
        return None if path is None else models.read(path, folder)
    except ConfigError as error:
        problems.append(error)
        return None


def _pictures(found: _Found, folder: Path, problems: list[ConfigError]) -> tuple[dict[Path, Picture], bool]:
    """All pictures that can be used, and whether the everyday one moves by its parts."""
    pictures: dict[Path, Picture] = {}
    rigged = False
    for path in found.all():
        try:
            pictures[path], moves = read(path, folder)
        except ConfigError as error:
            problems.append(error)
        else:
            rigged = rigged or (moves and path == found.shut(""))
    return pictures, rigged


class _Found:
    """Which file is shown when, by its name alone."""

    def __init__(self, base: str, everyday: Path | None, moods: Sequence[str]) -> None:
        self.paths: dict[str, dict[str, Path]] = {}
        """By mood ("": every day) and variant."""
        self.model: Path | None = None
        self.unused: list[tuple[str, str]] = []
        self.problems: list[ConfigError] = []
        self._base = _plain(base)
        self._everyday = everyday
        self._has_model = everyday is not None and everyday.suffix.lower() == models.ENDING
        self._names = {
            f"{self._base}{f'-{name}' if mood else ''}{f'-{variant}' if variant else ''}": (mood, variant)
            for variant in VARIANTS
            for mood, name in [("", ""), *((mood, _plain(mood)) for mood in moods)]
        }
        # A mood may be called like a variant: then it is meant.
        self._names |= {f"{self._base}-{_plain(mood)}": (mood, SHUT) for mood in moods}
        self._strangers: list[Path] = []

    def shut(self, mood: str) -> Path | None:
        """The picture without anything special."""
        return self.paths.get(mood, {}).get(SHUT)

    def all(self) -> Iterator[Path]:
        """Each picture that is shown, once."""
        yield from dict.fromkeys(path for variants in self.paths.values() for path in variants.values())

    def add(self, path: Path) -> None:
        """Takes a file, whatever it is."""
        stem, ending = _plain(path.stem), path.suffix.lower()
        if ending == models.ENDING and (
            path == self._everyday or (self.model is None and stem == self._base)
        ):
            self.model = path
        elif ending == models.ENDING and path != self.model:
            self.unused.append((path.name, f"call it {self._base}{models.ENDING} to show it"))
        elif ending in _OTHERS and (stem == self._base or stem.startswith(f"{self._base}-")):
            self.unused.append((path.name, "save it as PNG, JPG or WebP"))
        elif ending not in _ENDINGS:
            return
        elif stem == self._base and not self._has_model and self._everyday not in (None, path):
            self.unused.append((path.name, "another one is chosen in character.toml"))
        elif stem in self._names:
            self._take(path, *self._names[stem])
        else:
            self._strangers.append(path)

    def _take(self, path: Path, mood: str, variant: str) -> None:
        place = self.paths.setdefault(mood, {})
        if variant in place:
            self.problems.append(
                ConfigError(
                    f"{place[variant].name} and {path.name} are two pictures for the same",
                    where=str(path.parent),
                    hint="delete one of them, or move it out of this folder",
                )
            )
        place.setdefault(variant, path)

    def finish(self, first: str) -> None:
        """All were taken; ``first`` is the everyday mood."""
        if self.shut("") is None and self.shut(first) is not None:
            # Who has one for each mood needs no other.
            self.paths[""] = {**self.paths[first], **self.paths.get("", {})}
        for mood in [mood for mood in self.paths if self.shut(mood) is None]:
            why = "the same face with a shut mouth is missing"
            self.unused += [(path.name, why) for path in self.paths.pop(mood).values()]
        for path in self._strangers:
            near = get_close_matches(_plain(path.stem), self._names, n=1, cutoff=0.8)
            if near:
                self.unused.append((path.name, f"did you mean {near[0]}{path.suffix}?"))
            elif _plain(path.stem).startswith(f"{self._base}-"):
                self.unused.append((path.name, "none of the moods in character.toml is called so"))
            elif self.shut("") is None:
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
