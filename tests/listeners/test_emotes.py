from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vtuber.core.events import Emote
from vtuber.core.text import clean
from vtuber.listeners import emotes

HOSTILE = st.text(st.sampled_from("aK \t\n\u202e\u0300\x1b😂板"), max_size=40)


@given(before=HOSTILE, between=HOSTILE, after=HOSTILE)
def test_spans_follow_their_names_through_cleaning(before: str, between: str, after: str) -> None:
    # What follows an emote must not join it: a combining mark would.
    text = f"{before}Kappa {between} PogChamp {after}"
    second = text.index("PogChamp", len(before) + 6 + len(between))
    first = len(before)
    safe, found = emotes.cleaned(text, [(second, second + 8), (first, first + 5)])
    assert safe == clean(text)
    assert [emote.name for emote in found] == ["Kappa", "PogChamp"]
    assert all(safe[emote.begin : emote.end] == emote.name for emote in found)
    assert safe[: found[0].begin] == clean(before + "x")[:-1]


@given(st.text(max_size=40), st.lists(st.tuples(st.integers(-5, 50), st.integers(-5, 50))))
def test_any_spans_are_harmless(text: str, spans: list[tuple[int, int]]) -> None:
    safe, found = emotes.cleaned(text, spans)
    assert safe == clean(text)
    assert all(safe[emote.begin : emote.end] == emote.name for emote in found)
    assert all(one.end <= other.begin for one, other in pairwise(found))


def test_an_emote_that_was_cut_off_is_left_out() -> None:
    text = "x" * 498 + " Kappa"
    safe, found = emotes.cleaned(text, [(499, 504)])
    assert len(safe) <= 500
    assert found == ()
    assert emotes.cleaned("y" * 495 + "Kappa z", [(495, 500)])[1] == (Emote("Kappa", 495, 500),)
