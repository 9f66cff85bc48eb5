"""What was heard and answered, gathered per viewer; bounded, and cheap enough for any chat."""

from __future__ import annotations

import re
import string
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from vtuber.brain.memory import Recollection, Viewer
from vtuber.events import Answerable, Batch
from vtuber.inbox.revocation import cut
from vtuber.text import NAME_LIMIT, clean, clean_name

if TYPE_CHECKING:
    from vtuber.brain.memory.purge import Purge  # it needs us

WORDS_KEPT = 4
"""How many of a viewer's last messages are kept."""
HEARD_LIMIT = 1000
"""Characters that are kept of an answer."""
ANSWERS_KEPT = 3
"""How many of the last answers to a viewer are kept."""
LATELY = 300
"""So many of the last answers are known with all whom they were given to: half an hour of talk and more."""

_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,64}:[A-Za-z0-9_.-]{1,64}")
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def key_of(platform: str, author_id: str) -> str:
    """Who somebody is, as part of a key: at most 129 harmless characters, different for any two people."""
    if _PLAIN.fullmatch(key := f"{platform}:{author_id}"):
        return key
    return "#" + sha256(ascii((platform, author_id)).encode()).hexdigest()


@lru_cache(maxsize=4096)
def called(name: str) -> str:
    """What a name is known by: without its "@", and whatever the case of its Latin letters."""
    return clean_name(name.removeprefix("@")).translate(_LOWER)


def lead_key(batch: Batch) -> str:
    return key_of(batch.lead.event.platform, batch.lead.event.author.id)


@dataclass(slots=True)
class Note:
    """What is known of one viewer. The name is not cleaned yet, but cut."""

    name: str
    messages: int = 0
    words: tuple[str, ...] = ()
    """Their last messages, oldest first."""
    called: str = field(init=False)
    """Worked out once, so that among many people one is soon found by name."""

    def __post_init__(self) -> None:
        self.called = called(self.name)

    def hear(self, event: Answerable) -> None:
        name = event.author.name[:NAME_LIMIT]
        if name != self.name:
            self.name, self.called = name, called(name)
        if event.text:
            self.messages += 1
            self.words = (*self.words[1 - WORDS_KEPT :], cut(event.text))

    def followed_by(self, newer: Note | None) -> Note:
        if newer is None:
            return self
        words = (*self.words, *newer.words)[-WORDS_KEPT:]
        return Note(newer.name, self.messages + newer.messages, words)

    def words_before(self, texts: Iterable[str]) -> str:
        """The last words written before any of ``texts``, which they have just written too."""
        words = [cut(said) for said in self.words]
        for text in texts:
            asked = cut(text)
            if asked in words:
                newest_first = words[::-1]
                words = words[: len(words) - 1 - newest_first.index(asked)]
        return next((said for said in reversed(words) if said), "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was heard in answer to a viewer. Clean."""

    key: str
    name: str
    said: str
    """What the viewer had written."""
    heard: str
    at: float
    """Seconds since 1970: it is read in later shows."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A handful of notes, on their way to the store."""

    viewers: dict[str, Note]
    answers: list[Answer] | deque[Answer]


@dataclass(slots=True)
class Notes:
    """Notes on at most ``keep_viewers`` people (those heard last) and ``keep_answers`` answers."""

    keep_viewers: int
    keep_answers: int
    dropped: int = 0
    """How many messages and answers had to be dropped to stay within these bounds."""
    _viewers: OrderedDict[str, Note] = field(default_factory=OrderedDict)
    _answers: deque[Answer] = field(default_factory=deque)
    _taken: Sheet = field(default_factory=lambda: Sheet({}, []))
    """On its way to the store; it may come back."""
    _lately: deque[tuple[Batch, Answer]] = field(default_factory=lambda: deque(maxlen=LATELY))

    def __len__(self) -> int:
        return len(self._viewers) + len(self._answers)

    def hear(self, event: Answerable) -> None:
        key = key_of(event.platform, event.author.id)
        note = self._viewers.get(key)
        if note is None:
            note = self._viewers[key] = Note(event.author.name[:NAME_LIMIT])
        else:
            self._viewers.move_to_end(key)
        note.hear(event)
        self._trim()

    def answer(self, batch: Batch, heard: str) -> None:
        event = batch.lead.event
        said = cut(event.text)
        name = clean_name(event.author.name)
        answer = Answer(lead_key(batch), name, said, clean(heard, HEARD_LIMIT), time.time())
        self._answers.append(answer)
        self._lately.append((batch, answer))
        self._trim()

    def forget(self, purge: Purge, takes: Callable[[Answerable], bool]) -> None:
        """Removes what is to be purged, and what was said lately in answer to an event that it ``takes``.

        Those answers are added to ``purge``, for they may be stored. A sheet that comes back is purged too.
        """
        for batch, answer in self._lately:
            if any(map(takes, batch.events)):
                purge.answers[answer.key, answer.heard] = None
        for sheet in (Sheet(self._viewers, self._answers), self._taken):
            _forget(sheet, purge)
        self._lately = deque((pair for pair in self._lately if not purge.takes(pair[1])), LATELY)

    def take(self, count: int) -> Sheet:
        """Removes up to ``count`` viewers and answers, those that have waited longest."""
        viewers = dict(self._viewers.popitem(last=False) for _ in range(min(count, len(self._viewers))))
        answers = [self._answers.popleft() for _ in range(min(count, len(self._answers)))]
        self._taken = Sheet(viewers, answers)
        return self._taken

    def put_back(self, sheet: Sheet) -> None:
        """Undoes ``take``; what was heard meanwhile is newer."""
        for key, note in reversed(sheet.viewers.items()):
            self._viewers[key] = note.followed_by(self._viewers.get(key))
            self._viewers.move_to_end(key, last=False)
        self._answers.extendleft(reversed(sheet.answers))
        self._trim()

    def recollect(self, batch: Batch, stored: Mapping[str, Note], answers: Sequence[str]) -> Recollection:
        """What the batch calls to mind of these notes and of the older ones that are ``stored``."""
        texts: dict[tuple[str, str], list[str]] = {}
        for pick in (batch.lead, *batch.others):
            texts.setdefault((pick.event.platform, pick.event.author.id), []).append(pick.event.text)
        viewers = {}
        for who, written in texts.items():
            key = key_of(*who)
            newer = self._viewers.get(key)
            note = stored[key].followed_by(newer) if key in stored else newer
            if note is not None:
                viewers[who] = Viewer(clean_name(note.name), note.messages, note.words_before(written))
        lead = lead_key(batch)
        all_answers = (*answers, *(answer.heard for answer in self._answers if answer.key == lead))
        return Recollection(
            viewers, tuple(clean(heard, HEARD_LIMIT) for heard in all_answers[-ANSWERS_KEPT:])
        )

    def _trim(self) -> None:
        while len(self._viewers) > self.keep_viewers:
            _, note = self._viewers.popitem(last=False)
            self.dropped += note.messages
        while len(self._answers) > self.keep_answers:
            self._answers.popleft()
            self.dropped += 1


def _forget(sheet: Sheet, purge: Purge) -> None:
    viewers, answers = sheet.viewers, sheet.answers
    gone = list(purge.people)
    if wanted := {name for _, name in purge.names}:
        gone += [
            who for who, note in viewers.items() if note.called in wanted and purge.whole(who, note.called)
        ]
    for who in gone:
        viewers.pop(who, None)
    for who, said in purge.words:
        if (note := viewers.get(who)) and said in note.words:
            note.words = tuple(words for words in note.words if words != said)
    kept = [answer for answer in answers if not purge.takes(answer)]
    answers.clear()
    answers.extend(kept)
