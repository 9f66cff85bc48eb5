"""`banban character`: a new character by five questions, a copy of one, and what is wrong with one."""

from __future__ import annotations

import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from vtuber import character as characters
from vtuber.app import terminal
from vtuber.app.running import Flags, interruptible, settings_of
from vtuber.character import Character, starter
from vtuber.character.picture import ENDINGS, Picture
from vtuber.character.picture import read as read_picture
from vtuber.config import Settings
from vtuber.core import files
from vtuber.core.errors import ConfigError
from vtuber.core.health import Health, State
from vtuber.core.text import clean, is_cjk
from vtuber.guard import Door
from vtuber.guard.guard import Guard
from vtuber.guard.reply_check import OutputGuard, ReplyCheck, Violation

_LONGEST_FOLDER = 40
_LONGEST_NAME = 50
_LONGEST_ANSWER = 600
_SIGNS = '< > [ ] { } | : " ` * # \\'
"""Of markup, and of a model's own lines: no part of a name."""
_PLACEHOLDERS = re.compile(r"\{\{\s*(?:char|user)\s*\}\}|<(?:START|USER|BOT)>", re.IGNORECASE)
"""Of character cards."""
_INTRODUCTIONS = ("I am {}.", "My name is {}.", "我是{}。", "我叫{}。")


@dataclass(frozen=True, slots=True)
class Question:
    key: str
    """Of ``starter.Answers``, and the flag."""
    words: str
    default: str


QUESTIONS = (
    Question("name", "What is her name, as viewers see it?", "{name}"),
    Question(
        "who", "Who is {name}, in a sentence or two?", "new to streaming, and curious about everybody in chat"
    ),
    Question("languages", "Which languages does {name} speak?", "{languages}"),
    Question(
        "loves",
        "What does {name} love? (a few things, with commas)",
        "music, midnight snacks and good stories",
    ),
    Question(
        "talks",
        "How does {name} talk, and what does {name} never do?",
        "Warm and playful, with a dry joke now and then. Never mean to anybody.",
    ),
)


def new(folder: str, given: Flags, face: str | None) -> None:
    """Makes ``characters/<folder>`` from the answers given as flags, and asks for the rest in a terminal.

    Raises ConfigError; nothing is left behind then, nor by Ctrl-C.
    """
    terminal.set_up_logging(verbose=False)
    name = folder_name(folder)
    target = _free_place(name)
    picture = _picture(Path(face).expanduser().absolute()) if face else None
    with interruptible(), _nothing_made_by_ctrl_c():
        answers = _answers(folder.strip(), name, given)
        with _whole(target) as half:
            for file, text in starter.files(answers).items():
                (half / file).write_text(text, encoding="utf-8", newline="\n")
            if picture:
                (half / f"face{ENDINGS[picture.kind]}").write_bytes(picture.body)
            made, problems = characters.read(half)
            if made is None:
                raise characters.together(problems)
    _tell_made(answers, target, has_face=picture is not None)


def _picture(path: Path) -> Picture:
    """Any picture, wherever it is. Raises ConfigError when it cannot be shown."""
    with suppress(OSError, RuntimeError):  # links in a circle, which cannot be read either
        path = path.resolve()
    return read_picture(path, path.parent)[0]


def copy(source: str, folder: str) -> None:
    """Copies a character, also one that came with banban, to ``characters/<folder>``. Raises ConfigError."""
    terminal.set_up_logging(verbose=False)
    there = characters.find(source)
    character = characters.load(str(there))
    name = folder_name(folder)
    target = _free_place(name)
    with interruptible(), _nothing_made_by_ctrl_c(), _whole(target) as half:
        for path in sorted(there.rglob("*")):
            copied = half / path.relative_to(there)
            if path.is_symlink() or any(part.startswith(".") for part in copied.relative_to(half).parts):
                continue
            if path.is_dir():
                copied.mkdir(exist_ok=True)
            elif path.is_file():
                copied.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copied)
    terminal.tell(f"copied to {target}")
    terminal.tell(
        f"She is still called {character.name}. To rename her, change name and aliases in {characters.SHEET} "
        f"and what {characters.PERSONA} and {characters.EXAMPLES} call her."
    )
    terminal.tell(f"banban live --character {name}")


def check(config: Path | None, flags: Flags) -> bool:
    """Shows what is wrong with a character, and what she can do. Gives whether she can go on air."""
    with settings_of(config, flags) as settings:
        folder = characters.find(settings.show.character)
        character, problems = characters.read(folder)
        if character is None:
            rows = [Health("wrong", State.DOWN, f"{one.where}: {one.what}", one.hint) for one in problems]
        else:
            rows = [*_abilities(character), *_stopped_lines(character, settings)]
    terminal.show_health(f"banban character check: {folder}", rows)
    return character is not None


def _abilities(character: Character) -> Iterator[Health]:
    yield Health("name", State.OK, f"{character.name}; chat calls her {', '.join(character.aliases)}")
    yield Health("face", State.OK, str(character.face))
    for doubt, hint in character.doubts():
        yield Health("doubt", State.LIMITED, doubt, hint)
    yield Health("moods", State.OK, ", ".join(character.moods))
    for key, texts in (("fallback_lines", character.fallback_lines), ("refusals", character.refusals)):
        yield Health(key, State.OK, _by_language(texts) or "none: she stays silent instead")
    topics = ", ".join(one.topic for one in character.sidesteps)
    yield Health("sidesteps", State.OK, topics or "nothing: she talks about everything")
    yield Health("examples", State.OK, _by_language([one.reply for one in character.examples]) or "none")
    if talks := character.small_talk:
        yield Health(
            "small talk", State.OK, f"{len(talks)} kinds, for the small model that comes with banban"
        )
    voices = ", ".join(
        f"{part}: {options.get('voice', options)}" for part, options in character.voices.items()
    )
    yield Health("voices", State.OK, voices or "none of her own")
    for number, line in enumerate(character.persona.split("\n"), 1):
        if _PLACEHOLDERS.search(line):
            what = f"{characters.PERSONA}, line {number}: a placeholder that nobody fills in here"
            yield Health("persona", State.LIMITED, what, f"write {character.name} or viewer in its place")


def _by_language(lines: Sequence[str]) -> str:
    chinese = sum(any(map(is_cjk, line)) for line in lines)
    counts = {"English": len(lines) - chinese, "Chinese": chinese}
    return ", ".join(f"{count} in {language}" for language, count in counts.items() if count)


def _stopped_lines(character: Character, settings: Settings) -> Iterator[Health]:
    """What she could not say, of what stands in her own files and of her own name."""
    guard = Guard(settings, character)
    role = OutputGuard(character.names, character.canon, character.persona)
    secret = [character.persona, *character.canon]
    lines = [
        *(
            (f"{characters.SHEET}: refusals {number}", line)
            for number, line in enumerate(character.refusals, 1)
        ),
        *(
            (f"{characters.SHEET}: fallback_lines {n}", line)
            for n, line in enumerate(character.fallback_lines, 1)
        ),
        *(
            (f"{characters.SHEET}: sidestep {number}, {one.topic}", line)
            for number, one in enumerate(character.sidesteps, 1)
            for line in one.says
        ),
        *((f"{characters.EXAMPLES}: example {n}", one.reply) for n, one in enumerate(character.examples, 1)),
        *(
            (f"{characters.SMALL_TALK}: talk {n}", reply)
            for n, talk in enumerate(character.small_talk, 1)
            for reply in talk.replies
        ),
        *((f"{characters.SHEET}: name", line.format(character.name)) for line in _INTRODUCTIONS),
    ]
    for where, line in lines:
        reply = ReplyCheck(role, secret)
        try:
            reply.read(line)
            reply.check_piece(line)
            reply.finish()
            why = guard.judge(line, Door.SPOKEN).reason
        except Violation as violation:
            why = str(violation)
        if why:
            yield Health(
                "lines",
                State.LIMITED,
                f"{where}: she could not say “{line}” ({why})",
                "write it in other words",
            )


def folder_name(given: str) -> str:
    """A name for a folder, that works on every system: "Luna Star" gives "luna-star". Raises ConfigError."""
    words = clean(unicodedata.normalize("NFKC", given), 200)
    if not words or any(sign in words for sign in "/\\:") or words.startswith((".", "~", "-")):
        raise ConfigError(
            f"a character's folder cannot be called {given[:80]!r}",
            hint="give only a name, such as luna; it becomes a folder in characters/",
        )
    name = "-".join(
        "".join(char if char.isalnum() or char in "-_" else " " for char in words).split()
    ).lower()
    name = name[:_LONGEST_FOLDER].strip("-_")
    if not name:
        raise ConfigError(
            f"{given[:80]!r} has no letters for a folder's name",
            hint="give a name with letters, such as luna; her name for viewers is asked next",
        )
    return f"{name}-vtuber" if name in files.RESERVED else name


def _free_place(name: str) -> Path:
    target = Path.cwd() / "characters" / name
    taken = target if os.path.lexists(target) else files.find(f"characters/{name}")
    if taken:
        raise ConfigError(
            f"there is already a character {name!r}, in {taken}",
            hint=f"choose another name, or change that one; banban character copy {name} NEW copies it",
        )
    return target


@contextmanager
def _nothing_made_by_ctrl_c() -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, EOFError):
        terminal.tell("\nstopped: nothing was made")
        sys.exit(130)


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A folder to fill, which gets its name when all of it is there, and else is gone again."""
    had_parent = target.parent.exists()
    half = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        half.mkdir(parents=True)
        yield half
        half.rename(target)
    except OSError as error:
        raise ConfigError(
            f"the folder cannot be made ({error.strerror or error})",
            where=str(target),
            hint="start banban in a folder of your own, where you may write",
        ) from None
    finally:
        shutil.rmtree(half, ignore_errors=True)
        if not had_parent:
            with suppress(OSError):  # not empty: it is there
                target.parent.rmdir()


def _answers(typed: str, folder: str, given: Flags) -> starter.Answers:
    """The flags, then what is typed, then the defaults."""
    ask = terminal.can_ask()
    found: dict[str, str] = {}
    shown = typed.capitalize() if typed.islower() else typed
    if ask:
        terminal.tell(
            "Five questions. Enter takes what stands in brackets; Ctrl-C stops, and nothing is made."
        )
    for question in QUESTIONS:
        name = found.get("name", shown)
        values = {"name": name, "languages": starter.usual_languages(name)}
        words, default = question.words.format_map(values), question.default.format_map(values)
        check = _name if question.key == "name" else _answer
        if given.get(question.key):
            found[question.key] = check(str(given[question.key]))
        else:
            found[question.key] = _asked(words, default, check) if ask else check(default)
    return starter.Answers(**found, alias=folder)


def _asked(words: str, default: str, check: Callable[[str], str]) -> str:
    """Asks until the answer can be used."""
    while True:
        try:
            return check(terminal.ask(words, default))
        except ConfigError as error:
            terminal.show_error(error)


def _answer(text: str) -> str:
    return clean(text, _LONGEST_ANSWER)


def _name(text: str) -> str:
    name = clean(text, 1000)
    if len(name) > _LONGEST_NAME or not any(map(str.isalnum, name)) or set(_SIGNS.split()) & set(name):
        raise ConfigError(
            f"she cannot be called {name[:60]!r}",
            hint=f"a name has letters, at most {_LONGEST_NAME} characters, and none of {_SIGNS}",
        )
    return name


def _tell_made(answers: starter.Answers, target: Path, *, has_face: bool) -> None:
    terminal.tell(f"{answers.name} is in {target}")
    if not has_face:
        terminal.tell(
            "Put her picture there as face.png (or .jpg, .webp, .svg). Until then she has a plain one."
        )
    for language in starter.untranslated(answers.languages):
        terminal.tell(
            f"She has no lines in {language} yet: write some as refusals, fallback_lines and examples."
        )
    if starter.languages(answers.languages) != ("English",):
        terminal.tell(
            "The embedded voice speaks English; the rest is spoken by Microsoft's, where there is a network."
        )
    terminal.tell(f"banban live --character {target.name}")
