"""Loads a character from its folder: persona, examples, canon, voice options and face."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from vtuber.character import face as faces
from vtuber.character.face import Face
from vtuber.config import lines
from vtuber.core import files
from vtuber.core.errors import ConfigError
from vtuber.core.health import Health, State

SHEET = "character.toml"
PERSONA = "persona.md"
EXAMPLES = "examples.toml"
SMALL_TALK = "small_talk.toml"

MOST_BYTES = 1 << 20
"""Of each of these files."""


NEEDS_BETTER_BRAIN = (
    "I cannot read that yet: I need a better brain, this small one only knows English.",
    "我現在的小腦袋只會英文，請幫我換一個更好的大腦！",
)


_COMFORT_IN_ENGLISH = (
    "I'm glad that you told me. I can't be there with you, so please tell somebody near you right now, "
    "or call 988 in the US, 116 123 in Britain, or the crisis line of where you live. You matter to us."
)
_COMFORT_IN_CHINESE = (
    "謝謝你願意說出來。我沒辦法到你身邊，請現在就告訴身旁信任的人，在台灣也可以撥 1925，"
    "在大陸撥 12356，二十四小時都有人陪你。我們都很在乎你。"
)
COMFORT = (_COMFORT_IN_ENGLISH, _COMFORT_IN_CHINESE)


@dataclass(frozen=True, slots=True)
class Example:
    """A few-shot example: what a viewer says and how she answers."""

    viewer: str
    text: str
    reply: str


@dataclass(frozen=True, slots=True)
class Talk:
    """What viewers often say, or do, and what she says to it."""

    says: tuple[str, ...]
    replies: tuple[str, ...]
    """They take turns. "{viewer}" in them is whoever asked, "{amount}" what they gave."""
    on: str = ""
    """What was done, where it is not about words: "paid", "raid"…; "question" and "remark" are all
    that is like nothing else here."""


@dataclass(frozen=True, slots=True)
class Sidestep:
    """A topic that she does not go into, and what she says instead."""

    topic: str
    about: tuple[str, ...] = ()
    """Words that are about it, beside those that come along."""
    says: tuple[str, ...] = ()
    """They take turns, those in the language she was asked in. Without any, her refusals do."""


@dataclass(frozen=True, slots=True)
class Character:
    folder: Path
    name: str
    """What she calls herself: 板板."""
    aliases: tuple[str, ...]
    """Lower-case names by which chat addresses her, ``name`` included."""
    persona: str
    """Who she is and how she speaks; the beginning of every prompt."""
    canon: tuple[str, ...]
    """Facts that stand in every prompt."""
    examples: tuple[Example, ...]
    moods: tuple[str, ...]
    """The moods her face knows; the first is the everyday one."""
    voices: dict[str, dict[str, Any]]
    """Options by voice part: ``voices["edge"]["voice"]``."""
    refusals: tuple[str, ...]
    """Said in place of a sentence that was stopped."""
    face: Face
    fallback_lines: tuple[str, ...] = ()
    """Said in place of a reply when no brain can give one. When there are none, she stays silent."""
    small_talk: tuple[Talk, ...] = ()
    """For a model that is too small to think of answers."""
    needs_better_brain: tuple[str, ...] = NEEDS_BETTER_BRAIN
    """Said when such a model is asked in a language that it cannot speak."""
    sidesteps: tuple[Sidestep, ...] = ()
    """What she does not go into."""
    comfort: tuple[str, ...] = COMFORT
    """Said, one in the language of the message, to somebody who writes that they will harm themselves."""

    @property
    def names(self) -> tuple[str, ...]:
        """All that she may call herself."""
        return (self.name, *self.aliases)

    def health(self) -> Health:
        """A row for the streamer: who she is, which pictures were found, and what was probably forgotten."""
        row = Health("character", State.OK, f"{self.name}; face: {self.face}")
        for doubt, hint in self.doubts():
            return replace(row, state=State.LIMITED, what=f"{row.what}. {doubt}", hint=hint)
        return row

    def doubts(self) -> Iterator[tuple[str, str]]:
        """What works, but is hardly meant, and what to do about it."""
        words = "\n".join((self.persona, *self.canon)).casefold()
        if not any(name.casefold() in words for name in self.names):
            yield (
                f"{PERSONA} never calls her {self.name}",
                f"write there who she is (You are {self.name}, …), or correct name in {SHEET}",
            )
        for unused in self.face.unused:
            yield f"a picture is not shown: {unused[0]}", unused[1]
        if self.face.is_placeholder and not self.face.unused:
            yield (
                "there is no picture of her",
                f"put one into {self.folder}, as face.png, .jpg, .webp or .svg",
            )


def load(name: str) -> Character:
    """The character in the folder ``name`` (a path) or ``characters/<name>``.

    Raises ConfigError naming the file, the line, the key and a hint when the folder cannot be used.
    """
    character, problems = read(find(name))
    if character is None:
        raise together(problems)
    return character


def read(folder: Path) -> tuple[Character | None, list[ConfigError]]:
    """The character in that folder, or all that is wrong with it."""
    problems: list[ConfigError] = []
    sheet = _validated(_Sheet, folder / SHEET, problems)
    examples = _validated(_Examples, folder / EXAMPLES, problems)
    talk = _Talks()
    if (folder / SMALL_TALK).exists():
        talk = _validated(_Talks, folder / SMALL_TALK, problems) or talk
    persona = (_read(folder / PERSONA, problems) or "").strip()
    if not persona and not any(problem.where == str(folder / PERSONA) for problem in problems):
        problems.append(
            ConfigError(
                "the persona is empty",
                where=str(folder / PERSONA),
                hint="write a few lines in it about who the character is",
            )
        )
    if sheet is None:
        return None, problems
    moods = tuple(mood.lower() for mood in sheet.moods)
    face, unfit = faces.find(folder, sheet.face, moods, f"{folder / SHEET}: face")
    problems += unfit
    if examples is None or face is None or problems:
        return None, problems
    return Character(
        folder=folder,
        name=sheet.name,
        aliases=tuple(dict.fromkeys(alias.lower() for alias in (sheet.name, *sheet.aliases))),
        persona=persona,
        canon=sheet.sacred,
        examples=tuple(Example(line.viewer, line.says, line.reply) for line in examples.example),
        moods=moods,
        voices=sheet.voices,
        refusals=sheet.refusals,
        face=face,
        fallback_lines=sheet.fallback_lines,
        small_talk=tuple(Talk(one.says, one.replies, one.on) for one in talk.talk),
        needs_better_brain=sheet.needs_better_brain,
        comfort=sheet.comfort,
        sidesteps=tuple(Sidestep(one.topic, one.about, one.says) for one in sheet.sidestep),
    ), []


def together(problems: list[ConfigError]) -> ConfigError:
    """All of them (at least one) as one error."""
    if len(problems) == 1:
        return problems[0]
    listed = "".join(f"\n- {problem}" for problem in problems)
    return ConfigError(f"{len(problems)} things are wrong with the character{listed}")


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Spoken = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\r\n]*$")]
"""Words on one line."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _SidestepTable(_Table):
    topic: Spoken
    about: tuple[Spoken, ...] = ()
    says: tuple[Spoken, ...] = ()


class _Sheet(_Table):
    name: Annotated[Spoken, Field(max_length=50)]
    aliases: tuple[Spoken, ...] = ()
    moods: Annotated[tuple[Spoken, ...], Field(min_length=1)] = ("neutral",)
    sacred: tuple[Spoken, ...] = ()
    refusals: Annotated[tuple[Spoken, ...], Field(min_length=1)] = ("…",)
    fallback_lines: tuple[Spoken, ...] = ()
    needs_better_brain: Annotated[tuple[Spoken, ...], Field(min_length=1)] = NEEDS_BETTER_BRAIN
    comfort: Annotated[tuple[Spoken, ...], Field(min_length=1)] = COMFORT
    face: str = ""
    voices: dict[str, dict[str, Any]] = Field(default_factory=dict)
    sidestep: tuple[_SidestepTable, ...] = ()


_RENAMED = {"spares": "fallback_lines", "ways_out": "refusals"}
"""Keys that had another name before: for those the nearest right key is no guess."""


class _ExampleTable(_Table):
    viewer: Spoken
    says: Spoken
    reply: Spoken


class _Examples(_Table):
    example: tuple[_ExampleTable, ...] = ()


class _TalkTable(_Table):
    says: tuple[Spoken, ...] = ()
    replies: Annotated[tuple[Spoken, ...], Field(min_length=1)]
    on: Literal["", "paid", "subscription", "gift", "raid", "follow", "redemption", "question", "remark"] = ""


class _Talks(_Table):
    talk: tuple[_TalkTable, ...] = ()


Table = TypeVar("Table", bound=_Table)


def find(name: str) -> Path:
    """The folder of that name, in the working folder or shipped, or at that path. Raises ConfigError."""
    given = Path(name).expanduser()
    plain = given.name == name and name not in ("", ".", "..")
    try:
        found = files.find(f"characters/{name}") if plain else None
        for folder in (found, given if name else None):
            if folder is not None and folder.is_dir():
                return folder.resolve()
    except (OSError, ValueError):  # no system takes such a name
        pass
    known, short = _known(), name[:80]
    near = get_close_matches(short, known, n=1)
    raise ConfigError(
        f"there is no character {short!r}",
        where="show.character",
        hint=f"did you mean {near[0]!r}?"
        if near
        else f"choose one of {', '.join(known)}, or give the path of a folder",
    )


def _known() -> list[str]:
    bases = (Path.cwd() / "characters", files.SHIPPED / "characters")
    return sorted({sheet.parent.name for base in bases for sheet in base.glob(f"*/{SHEET}")})


def _read(path: Path, problems: list[ConfigError]) -> str | None:
    """The text in the file; None, with one problem more, when there is none."""
    try:
        with files.open_regular(path) as file:
            body = file.read(MOST_BYTES + 1)
        if len(body) <= MOST_BYTES:
            return body.decode("utf-8-sig").replace("\r\n", "\n")
        what, hint = (
            f"this file is larger than {MOST_BYTES >> 10} KB",
            "shorten it: no model could read all that",
        )
    except FileNotFoundError:
        what, hint = "this file is missing", "create it: every character needs this file"
    except UnicodeDecodeError:
        what, hint = "this file is not saved as UTF-8", "save the file as UTF-8"
    except OSError as error:
        what, hint = f"this file cannot be read ({error.strerror or error})", ""
    problems.append(ConfigError(what, where=str(path), hint=hint))
    return None


def _validated(table: type[Table], path: Path, problems: list[ConfigError]) -> Table | None:
    """What the file says; None, with all its problems added, when it cannot be used."""
    text = _read(path, problems)
    if text is None:
        return None
    try:
        return table.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        what, hint = f"this file is not valid TOML: {error}", "correct the line that the message names"
        problems.append(ConfigError(what, where=str(path), hint=hint))
    except ValidationError as error:
        found = error.errors()
        # A misspelt key is often a missing one too: the first tells more.
        misspelt = {one["loc"][:-1] for one in found if one["type"] == "extra_forbidden"}
        where = lines.find(text)
        problems += [
            ConfigError(
                _complaint(one["type"], one["msg"]),
                where=_place(path, where, one["loc"]),
                hint=_hint(table, str(one["loc"][-1]), one["type"]),
            )
            for one in found
            if one["type"] != "missing" or one["loc"][:-1] not in misspelt
        ]
    return None


def _place(path: Path, where: dict[lines.Place, int], here: lines.Place) -> str:
    """The file with line and key, such as "examples.toml:12: example 3, reply"."""
    line = next((where[here[:end]] for end in range(len(here), 0, -1) if here[:end] in where), 0)
    key = ""
    for part in here:
        key += f" {part + 1}" if isinstance(part, int) else f", {part}" if key else part
    return f"{path}:{line}: {key}" if line else f"{path}: {key}"


def _complaint(kind: str, message: str) -> str:
    known = {
        "extra_forbidden": "there is no such key",
        "missing": "this key is missing",
        "string_pattern_mismatch": "this text must be on one line",
    }
    return known.get(kind, message[:1].lower() + message[1:])


def _hint(table: type[_Table], key: str, kind: str) -> str:
    if kind != "extra_forbidden":
        return "compare it with the character in characters/banban"
    if key == "denials" and table is _Sheet:
        return "delete this option and its list: characters no longer have it"
    rows: dict[type[_Table], type[_Table]] = {
        _Examples: _ExampleTable,
        _Talks: _TalkTable,
        _Sheet: _SidestepTable,
    }
    keys = {**table.model_fields, **(rows[table].model_fields if table in rows else {})}
    near = [_RENAMED[key]] if key in _RENAMED else get_close_matches(key, keys, n=1)
    return f"did you mean {near[0]!r}?" if near else f"the keys are {', '.join(keys)}"
