"""What is on the stage right now, so that a page that comes late can catch up."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from vtuber.core import sound
from vtuber.core.clock import now
from vtuber.core.events import Sentence
from vtuber.core.text import clean, clean_name
from vtuber.stage.cues import (
    ClipBegins,
    ClipEnds,
    ClipSound,
    ClipWord,
    Cue,
    Feels,
    Hushed,
    Rested,
    Thinking,
    Withdrawn,
)
from vtuber.stage.overlay.frames import Frame, Note, SoundFrame
from vtuber.stage.track import Track

SENTENCES = 12
"""How many sentences of a reply are kept for a page that comes late."""


@dataclass(slots=True)
class _Scene:
    begins: Note
    track: Track
    words: list[Note] = field(default_factory=list)
    ended: Note | None = None


class Scene:
    """Turns cues into frames and remembers the frames that still matter."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._thinking: Note | None = None
        self._mood: Note | None = None
        self._clips: dict[int, _Scene] = {}
        self._sounds: deque[SoundFrame] = deque()

    def take(self, cue: Cue) -> Frame | None:  # noqa: PLR0911  # one answer for each cue
        """The frame that tells a page of ``cue``; None when it need not know."""
        match cue:
            case Thinking():
                return self._think(cue)
            case ClipBegins():
                return self._begin(cue.clip, cue.sentence, cue.at)
            case ClipSound(clip=clip) if clip in self._clips:
                return self._sound(cue)
            case ClipWord(clip=clip) if clip in self._clips:
                piece = self._clips[clip].track.word(cue.word)
                word = {"t": "word", "clip": clip, "text": piece, "start": cue.word.start}
                self._clips[clip].words.append(Note(word))
                return self._clips[clip].words[-1]
            case ClipEnds(clip=clip) if clip in self._clips:
                self._clips[clip].ended = Note({"t": "end", "clip": clip, "at": cue.at})
                return self._clips[clip].ended
            case Hushed():
                self._clips.clear()
                self._sounds.clear()
                return Note({"t": "hush"})
            case Withdrawn():
                return self._withdraw(cue)
            case Rested():
                self._rest()
                return Note({"t": "rest"})
            case Feels(mood=mood):
                self._mood = Note({"t": "mood", "mood": mood})
                return self._mood
            case _:
                return None

    def so_far(self) -> list[Frame]:
        """What a page that comes now needs to know: the words so far, and the sound still to come."""
        time = now()
        frames: list[Frame] = [Note({"t": "hello", "name": self._name, "step": sound.MOUTH_STEP})]
        frames += filter(None, (self._mood, self._thinking))
        for clip in self._clips.values():
            heard = {**clip.begins.fields, "heard": clip.track.position(time)}
            frames += [Note(heard), *clip.words]
        frames += [frame.since(time) for frame in self._sounds if frame.end > time]
        frames += [clip.ended for clip in self._clips.values() if clip.ended is not None]
        return frames

    def _think(self, cue: Thinking) -> Note:
        name, text = clean_name(cue.name), clean(cue.text)
        fields = {"t": "thinking", "name": name, "text": text, "platform": cue.platform, "turn": cue.turn}
        self._thinking = Note(fields)
        return self._thinking

    def _withdraw(self, cue: Withdrawn) -> Note:
        if self._thinking is not None and self._thinking.fields["turn"] == cue.turn:
            self._thinking = None
        if not cue.finish:
            self._clips = {
                number: clip for number, clip in self._clips.items() if clip.begins.fields["turn"] != cue.turn
            }
        return Note({"t": "withdrawn", "turn": cue.turn, "finish": cue.finish})

    def _begin(self, clip: int, sentence: Sentence, at: float) -> Note:
        while len(self._clips) >= SENTENCES:
            del self._clips[next(iter(self._clips))]
        fields = {"t": "begin", "clip": clip, "turn": sentence.turn, "mood": sentence.mood, "at": at}
        self._clips[clip] = _Scene(Note(fields), Track(sentence.text))
        return self._clips[clip].begins

    def _sound(self, cue: ClipSound) -> SoundFrame:
        track = self._clips[cue.clip].track
        frame = SoundFrame(cue.clip, cue.at, track.seconds, cue.pcm, cue.mouth)
        track.sound(cue.at, sound.seconds(cue.pcm))
        while self._sounds and self._sounds[0].end < now():
            self._sounds.popleft()
        self._sounds.append(frame)
        return frame

    def _rest(self) -> None:
        """What is still to be made or heard stays."""
        time = now()
        self._clips = {
            number: clip
            for number, clip in self._clips.items()
            if clip.ended is None or clip.ended.fields["at"] > time
        }
        while self._sounds and self._sounds[0].end <= time:
            self._sounds.popleft()
        self._thinking = None
