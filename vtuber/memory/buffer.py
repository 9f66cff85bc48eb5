"""What was heard and answered lately, gathered per viewer. Bounded, and cheap enough for any chat."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from vtuber.core.events import Answerable, Batch
from vtuber.core.text import NAME_LIMIT, clean, clean_name
from vtuber.memory import Recollection, Viewer
from vtuber.memory.profile import ANSWERS_KEPT, Answer, Bundle, Profile, key_of, lead_key
from vtuber.memory.purge import Purge
from vtuber.moderation.revocation import cut

HEARD_LIMIT = 1000
"""Characters that are kept of an answer."""
LATELY = 300
"""How many of the last answers are kept with the whole batch they answered: half an hour of talk and more."""


@dataclass(slots=True)
class MemoryBuffer:
    """Holds profiles of at most ``keep_viewers`` people (those heard last) and ``keep_answers`` answers."""

    keep_viewers: int
    keep_answers: int
    dropped: int = 0
    """How many messages and answers had to be dropped to stay within these bounds."""
    _viewers: OrderedDict[str, Profile] = field(default_factory=OrderedDict)
    _answers: deque[Answer] = field(default_factory=deque)
    _taken: Bundle = field(default_factory=lambda: Bundle({}, []))
    """What ``take`` gave last: it may come back."""
    _lately: deque[tuple[Batch, Answer]] = field(default_factory=lambda: deque(maxlen=LATELY))

    def __len__(self) -> int:
        return len(self._viewers) + len(self._answers)

    def note(self, event: Answerable) -> None:
        """Takes in what somebody wrote or did."""
        key = key_of(event.platform, event.author.id)
        profile = self._viewers.get(key)
        if profile is None:
            profile = self._viewers[key] = Profile(event.author.name[:NAME_LIMIT])
        else:
            self._viewers.move_to_end(key)
        profile.note(event)
        self._trim()

    def answer(self, batch: Batch, heard: str) -> None:
        """Takes in what was heard in answer to a batch."""
        event = batch.lead.event
        said = cut(event.text)
        name = clean_name(event.author.name)
        answer = Answer(batch.speaker, lead_key(batch), name, said, clean(heard, HEARD_LIMIT), time.time())
        self._answers.append(answer)
        self._lately.append((batch, answer))
        self._trim()

    def forget(self, purge: Purge, takes: Callable[[Answerable], bool]) -> None:
        """Removes what is to be purged, and what was said lately in answer to an event that it ``takes``.

        Those answers are added to ``purge``, for they may be stored. A bundle that comes back is purged too.
        """
        for batch, answer in self._lately:
            if any(map(takes, batch.events)):
                purge.answers[answer.key, answer.heard] = None
        for bundle in (Bundle(self._viewers, self._answers), self._taken):
            _forget(bundle, purge)
        self._lately = deque((pair for pair in self._lately if not purge.takes(pair[1])), LATELY)

    def take(self, count: int) -> Bundle:
        """Removes up to ``count`` viewers and answers, those that have waited longest."""
        viewers = dict(self._viewers.popitem(last=False) for _ in range(min(count, len(self._viewers))))
        answers = [self._answers.popleft() for _ in range(min(count, len(self._answers)))]
        self._taken = Bundle(viewers, answers)
        return self._taken

    def put_back(self, bundle: Bundle) -> None:
        """Undoes ``take``; what was heard meanwhile is newer."""
        for key, profile in reversed(bundle.viewers.items()):
            self._viewers[key] = profile.followed_by(self._viewers.get(key))
            self._viewers.move_to_end(key, last=False)
        self._answers.extendleft(reversed(bundle.answers))
        self._trim()

    def recollect(self, batch: Batch, stored: Mapping[str, Profile], answers: Sequence[str]) -> Recollection:
        """What is recalled for the batch: what is ``stored``, with its ``answers``, and then what is here."""
        texts: dict[tuple[str, str], list[str]] = {}
        for pick in batch.picks:
            texts.setdefault((pick.event.platform, pick.event.author.id), []).append(pick.event.text)
        viewers = {}
        lead = lead_key(batch)
        for who, written in texts.items():
            key = key_of(*who)
            newer = self._viewers.get(key)
            known = stored[key].followed_by(newer) if key in stored else newer
            if known is not None:
                told = any(answer.key == key for answer in self._answers)
                words = known.words_before(written)
                viewers[who] = Viewer(
                    clean_name(known.name),
                    known.messages,
                    words[-1] if words else "",
                    away=0.0 if told else known.away,
                    new=known.new and not told and not (answers and key == lead),
                    words=words,
                )
        newer_answers = (
            answer.heard for answer in self._answers if answer.key == lead and answer.speaker == batch.speaker
        )
        all_answers = (*answers, *newer_answers)
        return Recollection(
            viewers, tuple(clean(heard, HEARD_LIMIT) for heard in all_answers[-ANSWERS_KEPT:])
        )

    def _trim(self) -> None:
        while len(self._viewers) > self.keep_viewers:
            _, profile = self._viewers.popitem(last=False)
            self.dropped += profile.messages
        while len(self._answers) > self.keep_answers:
            self._answers.popleft()
            self.dropped += 1


def _forget(bundle: Bundle, purge: Purge) -> None:
    viewers, answers = bundle.viewers, bundle.answers
    gone = list(purge.people)
    if wanted := {name for _, name in purge.names}:
        gone += [
            who
            for who, profile in viewers.items()
            if profile.called in wanted and purge.whole(who, profile.called)
        ]
    for who in gone:
        viewers.pop(who, None)
    for who, said in purge.words:
        if (profile := viewers.get(who)) and said in profile.words:
            profile.words = tuple(words for words in profile.words if words != said)
    kept = [answer for answer in answers if not purge.takes(answer)]
    answers.clear()
    answers.extend(kept)
