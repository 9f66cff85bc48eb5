"""What stands in config about her voices and is hardly meant: speakers that no voice has, moods of nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches

from vtuber.config.voice import Voice
from vtuber.core.text import escaped
from vtuber.voice.member import Member

Doubt = tuple[str, str]
"""What it is, beginning with its option; and what to do about it."""


def of_speakers(settings: Voice, members_for: Callable[[str], Sequence[Member]]) -> Iterator[Doubt]:
    """Speakers that none of the voices has. ``members_for`` gives those for a language, for "" all."""
    chosen = [(f"voice.languages.{tag}.voice", tag, each.voice) for tag, each in settings.languages.items()]
    chosen += [
        (f"voice.moods.{escaped(mood)}.voice", "", each.voice) for mood, each in settings.moods.items()
    ]
    for where, tag, speaker in chosen:
        if speaker and all(member.voice.has_speaker(speaker) is False for member in members_for(tag)):
            named = escaped(repr(speaker))
            yield (
                f"{where}: no voice that could speak then has a speaker {named}; the usual ones speak",
                "correct the name: docs/voices.md says where each voice's speakers are listed",
            )


def of_moods(settings: Voice, name: str, moods: Sequence[str]) -> Iterator[Doubt]:
    """Moods that the character called ``name`` does not have. Another one may."""
    for mood in settings.moods:
        if mood not in moods:
            near = get_close_matches(mood.lower(), moods, n=1)
            yield (
                f"voice.moods.{escaped(mood)}: {name} has no such mood",
                f"did you mean {near[0]!r}?" if near else f"her moods are {', '.join(moods)}",
            )
