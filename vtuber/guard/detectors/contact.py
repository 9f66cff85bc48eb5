"""Finds personal data: phone numbers, e-mail and postal addresses, number plates, cards, and secret names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.guard import ALL, HERS, Action, Finding, Passage
from vtuber.guard.personal.digits import runs
from vtuber.guard.personal.documents import documents
from vtuber.guard.personal.emails import emails
from vtuber.guard.personal.famous import is_famous
from vtuber.guard.personal.phones import phones
from vtuber.guard.personal.plain import Plain, plain
from vtuber.guard.personal.plates import plates
from vtuber.guard.personal.postal import chinese_addresses
from vtuber.guard.personal.secret_names import SecretNames
from vtuber.guard.personal.streets import streets

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
        for _ in self._found(Plain("call 0912345678 plate AB12 CDE, 1 Long Street")):
            """The plans and the words are read before the show."""

    def detect(self, passage: Passage) -> Iterator[Finding]:
        # What others wrote goes on without it: nobody is refused for a number, and she never knows it.
        action = self._action if passage.door in HERS else Action.SOFTEN
        text = plain(passage.window)
        for kind, (begin, end) in self._found(text):
            place = passage.found(*text.place(begin, end))
            if place is not None:
                yield Finding(f"built in: contact, {kind}", _REASONS[kind], action, *place)

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
