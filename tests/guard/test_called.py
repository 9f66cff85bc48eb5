"""What may be spoken of, and nobody may be called by."""

from __future__ import annotations

import pytest

from vtuber import character
from vtuber.config import Settings
from vtuber.guard import Door, Passage
from vtuber.guard.detectors.words import Words

WORDS = Words(Settings(), character.load("banban"))
CALLED = [
    *("Adolf_Hitler", "H1tler_was_right", "rapist69", "theNaziFan", "xXkkkXx"),
    *("Mike_Hunt", "Dixie_Normous", "習近平死"),
    *("gas_chamber_fan", "希特勒", "強姦犯", "納粹粉絲"),
]
NAMES = [
    *("therapist42", "Draper", "Nazim", "SkillUp", "Hancock", "cockatoo_lover"),
    *("DickGrayson", "Cassandra", "Janus"),
]


@pytest.mark.parametrize("name", CALLED)
def test_nobody_is_called_by_what_may_be_said(name: str) -> None:
    assert {finding.rule for finding in WORDS.detect(Passage(name, Door.NAME))} == {"built in: names"}
    assert not list(WORDS.detect(Passage(name.replace("_", " "), Door.MESSAGE)))


@pytest.mark.parametrize("name", NAMES)
def test_names_in_which_such_a_word_stands_by_chance_are_names(name: str) -> None:
    assert not list(WORDS.detect(Passage(name, Door.NAME)))
