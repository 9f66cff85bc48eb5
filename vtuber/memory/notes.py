"""What was heard and answered, gathered per viewer; bounded, and cheap enough for any chat."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from vtuber.core.events import Answerable, Batch
from vtuber.core.text import NAME_LIMIT, clean, clean_name
from vtuber.memory import Recollection, Viewer
from vtuber.memory.note import ANSWERS_KEPT, Answer, Note, Sheet, key_of, lead_key
from vtuber.memory.purge import Purge
from vtuber.moderation.revocation import cut

HEARD_LIMIT = 1000
"""Characters that are kept of an answer."""
LATELY = 300
"""So many of the last answers are known with all whom they were given to: half an hour of talk and more."""


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
        for pick in batch.picks:
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
