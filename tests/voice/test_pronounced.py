"""What the guard judges is what a voice is given: no sign within a word makes it another one on the way."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from voice_props import CHARACTER

from vtuber import character as characters
from vtuber.config import Settings
from vtuber.core.availability import Availability
from vtuber.core.errors import VoiceError
from vtuber.core.events import Sound, Word
from vtuber.core.health import Health, State
from vtuber.guard import Door
from vtuber.guard.guard import MASK, Guard
from vtuber.guard.words.word_files import plain
from vtuber.voice import Style, Utterance, Voice
from vtuber.voice.embedded.hibari import Hibari, _Phrase
from vtuber.voice.online.edge import Edge
from vtuber.voice.reading import Reader
from vtuber.voice.reading.speakable import forms
from vtuber.voice.router import VoiceRouter

SLUR = next(word for word in plain("hate") if word.isascii() and word.isalpha() and len(word) > 5)
SETTINGS = Settings.model_validate({"guard": {"repeats": {"use": False}}})
JUNK = [
    "ш",
    "Ж",
    "🎉",
    "™",
    "\u20e3",
    "№",
    "℡",
    "®",
    "♥",
    "\u00ad",
    "\u200d",
    "\ufe0f",
    "漢",
    "ｱ",
    "ʘ",
    "\u0489",
    "㎏",
]
"""Letters that a voice leaves out, signs that it leaves out, and such as have another form."""
FORGETTING = "\U000f0000\ue000\u0378"


class Plain:
    """A voice from elsewhere, which does not say what it pronounces."""

    def __init__(self) -> None:
        self.availability = Availability(ready=True)
        self.languages = frozenset({"en"})

    async def start(self) -> None: ...

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Sound | Word, None]:
        yield Word(utterance.text, 0.0, 0.0)

    async def stop(self) -> None: ...

    def health(self) -> Health:
        return Health("voice", State.OK, "plain")


VOICES: dict[str, Voice] = {
    "hibari": Hibari(SETTINGS, CHARACTER),
    "edge": Edge(SETTINGS, CHARACTER),
    "plain": Plain(),
}
VOICES |= {
    f"{name}, hibari behind it": VoiceRouter(
        {name: VOICES[name], "hibari": VOICES["hibari"]}, SETTINGS, CHARACTER
    )
    for name in ("edge", "plain")
}
BANBAN = characters.load("banban")
UNWORN = Settings.model_validate({"guard": {"repeats": {"use": False}}})
"""What is said again and again is judged by how often it was judged, which is no matter here."""
SHOWN = Guard(UNWORN, BANBAN)
GUARDS = {name: Guard(UNWORN, BANBAN, partial(forms, voice)) for name, voice in VOICES.items()}


def heard(texts: Iterable[str]) -> list[str]:
    """The words of all that is pronounced."""
    return re.findall(r"\w+", " ".join(texts).casefold())


# What a voice says of itself is so.


@given(st.text(max_size=60) | st.lists(st.sampled_from([*JUNK, "fu", "ck", " ", "5", "."])).map("".join))
def test_hibari_gives_its_model_what_it_says(text: str) -> None:
    given_words: list[str] = []

    async def make(phrase: _Phrase, _rate: float) -> tuple[bytes, list[Word]]:
        given_words.extend(filter(None, phrase.said))
        return b"", []

    async def main() -> None:
        voice = Hibari(SETTINGS, CHARACTER)
        voice._reader.read = voice._reader.judged  # type: ignore[method-assign]  # but for its numbers
        voice._make = make  # type: ignore[method-assign,assignment]  # told instead of made
        async for _ in voice.speak(Utterance(text)):
            pass
        assert " ".join(given_words) == "".join(voice.pronounced(text))

    asyncio.run(main())


@given(st.text(max_size=60) | st.lists(st.sampled_from([*JUNK, "fu", "ck", " ", "5", "."])).map("".join))
def test_edge_sends_what_it_says(text: str) -> None:
    sent: list[str] = []

    def request(said: str, _voice: str, _style: Style) -> Any:
        sent.append(said)
        raise VoiceError("no network here", where="voice")

    async def main() -> None:
        voice = Edge(SETTINGS, CHARACTER)
        voice._reader.read = voice._reader.judged  # type: ignore[method-assign]  # but for its numbers
        voice._request = request  # type: ignore[method-assign,assignment]  # told instead of sent
        with suppress(VoiceError):
            async for _ in voice.speak(Utterance(text)):
                pass
        assert "".join(sent) == next(voice.pronounced(text))

    asyncio.run(main())


@given(
    st.text(max_size=60).filter(
        lambda text: not any(map(str.isnumeric, text)) and not set("IVX½¼¾") & set(text)
    )
)
def test_without_numbers_the_guard_judges_what_is_said(text: str) -> None:
    assert Reader().judged(text) == Reader().read(text)


@pytest.mark.parametrize(
    ("text", "judged"),
    [
        ("My scores were 120, 340 and 560.", "My scores were 120, 340 and 560."),
        ("12:30, 13:45 and 18:00 it is", "12:30, 13:45 and 18:00 it is"),
        ("call 0912🎉345🎉678 now", "call 0912 345 678 now"),
        ("電話0912-345-678，走3.5公里", "電話0912-345-678，走3.5公里"),
        ("25°C on 2026/11/28, $5", "25 degrees Celsius on November 28, 2026, 5 dollars"),
    ],
)
def test_numbers_are_judged_in_digits(text: str, judged: str) -> None:
    """Else three scores would be a telephone's number."""
    assert Reader().judged(text).said == judged
    allowed = "09" not in text
    for name, voice in VOICES.items():
        assert GUARDS[name].judge(text, Door.SPOKEN).allowed == allowed, list(forms(voice, text))


def test_a_voice_that_says_nothing_of_it_is_judged_by_what_it_probably_pronounces() -> None:
    text = "It is 25°C 🎉 now"
    assert set(forms(VOICES["plain"], text)) == {"It is 25 degrees Celsius now"}
    assert "It is 25 degrees Celsius now" in list(forms(VOICES["plain, hibari behind it"], text))
    assert list(forms(VOICES["plain"], "fuшck 漢")) == ["fuшck 漢", "fuck 漢", "fuck "]


# Nothing is pronounced that was not judged.


@pytest.mark.parametrize("name", VOICES)
@given(
    st.lists(st.sampled_from([*JUNK, *SLUR, SLUR, SLUR[:3], SLUR[3:], " ", "hello ", "。"]), max_size=12).map(
        "".join
    )
)
@settings(max_examples=60)
@example(f"so {SLUR[:3]}🎉{SLUR[3:]}!")
@example("hello abc。tv")
def test_all_that_is_pronounced_of_what_is_allowed_is_allowed(name: str, text: str) -> None:
    if GUARDS[name].judge(text, Door.SPOKEN).allowed:
        for form in forms(VOICES[name], text):
            assert SHOWN.judge(form, Door.SPOKEN).allowed, form


@pytest.mark.parametrize("junk", [*JUNK, *FORGETTING])
@pytest.mark.parametrize("name", VOICES)
def test_no_sign_within_a_slur_has_it_spoken(name: str, junk: str) -> None:
    for place in range(1, len(SLUR)):
        text = f"you {SLUR[:place]}{junk}{SLUR[place:]}!"
        if SLUR in heard(forms(VOICES[name], text)):
            assert not GUARDS[name].judge(text, Door.SPOKEN).allowed, text


@given(st.characters(), st.integers(1, len(SLUR) - 1))
@settings(max_examples=300)
def test_no_character_at_all_within_a_slur_has_it_spoken(junk: str, place: int) -> None:
    text = f"you {SLUR[:place]}{junk}{SLUR[place:]}!"
    for name, voice in VOICES.items():
        if SLUR in heard(forms(voice, text)):
            assert not GUARDS[name].judge(text, Door.SPOKEN).allowed, text


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("name", VOICES)
def test_a_slur_in_two_sentences_is_heard_as_one(name: str, junk: str) -> None:
    """As the voice joins them: what the first leaves out at its end is gone when the second is judged."""
    before, text = f"you {SLUR[:3]}{junk}", f"{junk}{SLUR[3:]} there"
    said = ["".join(pair) for pair in zip(*(forms(VOICES[name], one) for one in (before, text)), strict=True)]
    if SLUR in heard(said):
        assert not GUARDS[name].judge(text, Door.SPOKEN, before=before).allowed


@pytest.mark.parametrize("text", ["it is 5€", "25°C here", "2^4"])
def test_a_sign_that_is_read_as_a_word_is_judged_as_that_word(text: str) -> None:
    words = {"gate": {"words": ("euros", "celsius", "power")}}
    for voice in VOICES.values():
        guard = Guard(Settings.model_validate(words), BANBAN, partial(forms, voice))
        assert not guard.judge(text, Door.SPOKEN).allowed
        assert guard.judge(text, Door.MESSAGE).allowed


def test_a_voice_that_cannot_say_what_it_pronounces_has_nothing_spoken() -> None:
    def fail(_: str) -> Iterable[str]:
        raise RuntimeError("no idea")

    guard = Guard(SETTINGS, BANBAN, fail)
    verdict = guard.judge("hello there", Door.SPOKEN)
    assert not verdict.allowed
    assert verdict.detector == "voice"
    assert guard.health().state is State.LIMITED
    assert guard.judge("hello there", Door.MESSAGE).allowed


@pytest.mark.parametrize("text", [f"call {MASK * 4} now", f"打給{MASK * 4}吧", f"a{MASK}b"])
def test_what_was_taken_out_is_no_asterisk(text: str) -> None:
    for voice in VOICES.values():
        for form in forms(voice, text):
            assert MASK not in form
            assert "*" not in form
            assert "ab" not in form
