"""Finds personal data: phone numbers, e-mail and postal addresses, number plates, cards, and secret names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.guard import ALL, HERS, Action, Finding, Passage
from vtuber.guard.personal.cues import tells
from vtuber.guard.personal.digits import runs
from vtuber.guard.personal.documents import documents
from vtuber.guard.personal.emails import emails
from vtuber.guard.personal.famous import is_famous
from vtuber.guard.personal.phones import SHORTEST, phones, prepare
from vtuber.guard.personal.plain import Plain, plain
from vtuber.guard.personal.plates import plates
from vtuber.guard.personal.postal import chinese_addresses
from vtuber.guard.personal.secret_names import SecretNames
from vtuber.guard.personal.streets import streets

_HALF = 3
"""Digits at the end of a text that may begin a number."""
_ENDS = re.compile(r"[\s\-_.,;:/()、。，…—–]{0,6}")
_DIGIT = re.compile("[0-9]")
_REASONS = {
    "phone": "a phone number",
    "email": "an e-mail address",
    "address": "a postal address",
    "plate": "a number plate",
    "number": "the number of a card, an account or a paper",
    "name": "a name in guard.contact.names",
}


class Contact:
    """What tells who somebody is, where they live and how they are reached. It never says what it was."""

    doors = ALL

    def __init__(self, settings: Settings, _character: Character) -> None:
        section = settings.guard.contact
        self._action = Action(section.action)
        self._names = SecretNames(name.get_secret_value() for name in section.names)
        prepare()  # as what follows: files are read before the show
        list(
            self._found(
                Plain("call 0912345678, jo at gmail dot com, plate AB12 CDE, 12 Long Street, account 123456")
            )
        )

    def detect(self, passage: Passage) -> Iterator[Finding]:
        # What others wrote goes on without it: nobody is refused for a number, and she never knows it.
        action = self._action if passage.door in HERS else Action.SOFTEN
        text = plain(passage.window)
        for kind, (begin, end) in self._found(text):
            place = passage.found(*text.place(begin, end))
            if place is not None:
                secret = kind == "name"
                yield Finding(f"built in: contact, {kind}", _REASONS[kind], action, *place, secret=secret)

    def may_begin(self, text: str) -> int:
        """The digits at the end that may be the first half of a number."""
        lower = plain(text).lower
        last = next(reversed(list(runs(lower))), None)
        if last is None or not _HALF <= len(last.digits) < SHORTEST or not _ENDS.fullmatch(lower, last.end):
            return 0
        begins = last.worded > 2 or last.digits[0] == "0" or lower[last.begin - 1 : last.begin] == "+"
        return len(last.digits) if begins or tells("phone", lower, last.begin, last.end) else 0

    def _found(self, plain: Plain) -> Iterator[tuple[str, tuple[int, int]]]:
        text, lower = plain.text, plain.lower
        kinds: list[tuple[str, Iterable[tuple[int, int]]]] = [
            ("name", self._names.find(lower)),
            ("email", emails(lower)),
        ]
        found = list(runs(lower))
        digits = _DIGIT.findall(lower)
        if found or digits:
            kinds += [("address", streets(text, lower)), ("address", chinese_addresses(lower))]
        if len(digits) > 1 or any(len(run.digits) > 1 for run in found):
            kinds += [
                ("number", documents(lower, found)),
                ("phone", phones(lower, found)),
                ("plate", plates(text, lower)),
            ]
        for kind, places in kinds:
            for begin, end in places:
                if kind != "address" or not is_famous(lower[begin:end]):
                    yield kind, (begin, end)
