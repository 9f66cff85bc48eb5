"""The files of a new character: from five answers, with nothing of anybody else's in them."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from vtuber.core.text import is_cjk

WRITTEN = ("English", "Traditional Chinese", "Simplified Chinese")
"""The languages in which a new character has lines of her own."""
MOODS = ("neutral", "happy", "angry", "sad", "shy", "surprised")

_STARTERS = Path(__file__).with_name("starters")
_KNOWN = {
    "English": ("english", "英文", "英語", "英语", "en"),
    "Simplified Chinese": ("simplified", "简体", "簡體", "普通话", "简中", "zh-cn"),
    "Traditional Chinese": (
        "chinese",
        "mandarin",
        "中文",
        "國語",
        "华语",
        "華語",
        "繁體",
        "正體",
        "漢語",
        "zh",
    ),
    "Japanese": ("japanese", "日文", "日語", "日本語", "ja"),
    "Korean": ("korean", "韓文", "韓語", "한국어", "ko"),
    "Spanish": ("spanish", "español", "es"),
    "French": ("french", "français", "fr"),
    "German": ("german", "deutsch", "de"),
}
"""What people call a language. Words of two letters count only when nothing stands beside them."""
_IN_CHINESE = {
    "English": "英文",
    "Traditional Chinese": "繁體中文",
    "Simplified Chinese": "简体中文",
    "Japanese": "日文",
}
_VOICES = {
    "English": "en-US-AvaNeural",
    "Simplified Chinese": "zh-CN-XiaoyiNeural",
    "Traditional Chinese": "zh-TW-HsiaoChenNeural",
    "Japanese": "ja-JP-NanamiNeural",
    "Korean": "ko-KR-SunHiNeural",
    "Spanish": "es-ES-ElviraNeural",
    "French": "fr-FR-DeniseNeural",
    "German": "de-DE-KatjaNeural",
}
_SEPARATORS = re.compile(r"\s*(?:[,、，;；/&+]|\band\b|和|跟|與|与)\s*")


@dataclass(frozen=True, slots=True)
class Answers:
    name: str
    """As it is shown and spoken."""
    who: str
    languages: str
    loves: str
    talks: str
    """How she talks, and what she never does."""
    alias: str = ""
    """Another name, such as her folder's."""


def languages(answer: str) -> tuple[str, ...]:
    """The languages in an answer such as "English and 中文"; an unknown one is left as it is."""
    found = [_language(word) for word in _SEPARATORS.split(answer) if word.strip()]
    return tuple(dict.fromkeys(found)) or ("English",)


def _language(word: str) -> str:
    plain = word.strip().casefold()
    for name, words in _KNOWN.items():
        if plain in words or any(one in plain for one in words if len(one) > 2 or not one.isascii()):
            return name
    return word.strip()


def files(answers: Answers) -> dict[str, str]:
    """The text of each file, by its name."""
    spoken = languages(answers.languages)
    texts = [_Texts(language) for language in spoken if language in WRITTEN] or [_Texts(WRITTEN[0])]
    values = {
        "name": answers.name,
        "who": answers.who.rstrip(" .。!！"),
        "loves": answers.loves.rstrip(" .。!！"),
        "talks": answers.talks,
        "languages": texts[0].named(spoken),
    }
    made = {
        "persona.md": texts[0].persona(values),
        "examples.toml": _examples(texts, values),
        "character.toml": _sheet(texts, values, answers, spoken),
    }
    if "English" in spoken:  # the small model knows no other language
        made["small_talk.toml"] = _small_talk(values)
    return made


def untranslated(answer: str) -> tuple[str, ...]:
    """The languages in which the new character's own lines are still missing."""
    return tuple(one for one in languages(answer) if one not in WRITTEN)


def usual_languages(name: str) -> str:
    """What somebody of that name probably speaks."""
    return "Traditional Chinese and English" if any(map(is_cjk, name)) else "English"


class _Texts:
    """What a character begins with in one language."""

    def __init__(self, language: str) -> None:
        file = _STARTERS / f"{language.lower().replace(' ', '_')}.toml"
        self._table = tomllib.loads(file.read_text(encoding="utf-8"))
        self._language = language

    def lines(self, key: str, values: Mapping[str, str]) -> list[str]:
        """Of ``canon``, ``refusals`` or ``fallback_lines``, with the answers in their places."""
        return [Template(line).substitute(values) for line in self._table[key]]

    def sidesteps(self, values: Mapping[str, str]) -> dict[str, list[str]]:
        """What she says about each topic that she does not go into."""
        return {
            topic: [Template(line).substitute(values) for line in says]
            for topic, says in self._table["sidestep"].items()
        }

    def persona(self, values: Mapping[str, str]) -> str:
        return Template(self._table["persona"]).substitute(values)

    def examples(self, values: Mapping[str, str]) -> list[dict[str, str]]:
        return [
            {key: Template(text).substitute(values) for key, text in example.items()}
            for example in self._table["example"]
        ]

    def named(self, spoken: Sequence[str]) -> str:
        """The languages, as this one names them."""
        if self._language == "English":
            return " and ".join([*([", ".join(spoken[:-1])] if spoken[1:] else []), spoken[-1]])
        return "、".join(_IN_CHINESE.get(one, one) for one in spoken)


def _examples(texts: Sequence[_Texts], values: Mapping[str, str]) -> str:
    tables = [
        "[[example]]\n" + "".join(f"{key} = {_toml(line)}\n" for key, line in example.items())
        for text in texts
        for example in text.examples(values)
    ]
    return "\n".join(
        ["# How she answers. Small models learn more from these than from persona.md.\n", *tables]
    )


def _small_talk(values: Mapping[str, str]) -> str:
    text = "# What she says to small talk while only the small embedded model is there.\n"
    for talk in tomllib.loads((_STARTERS / "small_talk.toml").read_text(encoding="utf-8"))["talk"]:
        text += "\n[[talk]]\n"
        for key, value in talk.items():
            if key == "on":
                text += f"on = {_toml(value)}\n"
            else:
                text += f"{key} = {_listed(Template(line).substitute(values) for line in value)}\n"
    return text


def _sheet(
    texts: Sequence[_Texts], values: Mapping[str, str], answers: Answers, spoken: Sequence[str]
) -> str:
    first, *others = answers.name.split()
    aliases = [first] if others and len(first) > 2 else []
    if answers.alias.casefold() not in {name.casefold() for name in (answers.name, *aliases, "")}:
        aliases.append(answers.alias)
    canon = texts[0].lines("canon", values)
    refusals = [line for text in texts for line in text.lines("refusals", values)]
    fallback_lines = [line for text in texts for line in text.lines("fallback_lines", values)]
    sidesteps: dict[str, list[str]] = {}
    for text in texts:
        for topic, says in text.sidesteps(values).items():
            sidesteps.setdefault(topic, []).extend(says)
    foreign = next((one for one in spoken if one != "English" and one in _VOICES), "English")
    return f"""\
# Who she is to the program. Who she is to the model stands in persona.md, how she answers in examples.toml.
# docs/character.md explains every line.

name = {_toml(answers.name)}
# Other names by which chat calls her.
aliases = [{", ".join(map(_toml, aliases))}]

# What her face can show; the first is the everyday one. A model may begin a sentence with one, as [happy].
moods = [{", ".join(map(_toml, MOODS))}]

# These stand in every prompt. She never takes them back, and may say them word for word.
sacred = {_listed(canon)}

# Said in place of a sentence that was stopped.
refusals = {_listed(refusals)}

# Said in place of a whole reply, when no model can give one; in the language she was asked in.
fallback_lines = {_listed(fallback_lines)}

# What she does not go into, and what she says instead: one of these, in the language she was asked in.
{_sidesteps(sidesteps)}
# Her voice where Microsoft's online voices speak.
[voices.edge]
voice = {_toml(_VOICES[foreign])}
"""


def _sidesteps(sidesteps: Mapping[str, Sequence[str]]) -> str:
    return (
        "".join(
            f"[[sidestep]]\ntopic = {_toml(topic)}\nsays = {_listed(says)}\n\n"
            for topic, says in sidesteps.items()
        ).rstrip("\n")
        + "\n"
    )


def _listed(words: Iterable[str]) -> str:
    return "[\n" + "".join(f"    {_toml(line)},\n" for line in words) + "]"


def _toml(text: str) -> str:
    """A text as TOML writes it: as JSON does, where there are no control characters."""
    return json.dumps(text, ensure_ascii=False)
