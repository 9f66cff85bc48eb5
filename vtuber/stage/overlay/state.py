"""What pages have to know: each cue as a frame, and all that still matters for a page that comes late."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from vtuber.core import mouth, sound
from vtuber.core.clock import now
from vtuber.core.text import clean, clean_name
from vtuber.stage.cues import (
    Alert,
    ChatLine,
    ClipBegins,
    ClipEnds,
    ClipSound,
    ClipWord,
    Cue,
    Feels,
    Held,
    Hushed,
    Ready,
    Rested,
    Thinking,
    Vanished,
    Withdrawn,
)
from vtuber.stage.overlay.chat_state import ChatState, deed_fields
from vtuber.stage.overlay.frames import Frame, SoundFrame, TextFrame

SENTENCES = 12
"""How many sentences are kept for a page that comes late."""


@dataclass(slots=True)
class _Clip:
    begins: TextFrame
    seconds: float = 0.0
    """How much of it was sent."""
    words: list[TextFrame] = field(default_factory=list)
    ended: TextFrame | None = None


class PageState:
    """Turns cues into frames and remembers the frames that still matter.

    ``name`` is what the page calls the speaker whose face it shows, ``speaker`` that one's id.
    """

    def __init__(self, name: str, speaker: str = "", picture: Callable[[str], str] = lambda _: "") -> None:
        """``picture`` gives the name under which a page can ask for the one at an address; "" for none."""
        self._name = name
        self._chat = ChatState(picture)
        self._ready = TextFrame({"t": "ready", "ready": True})
        self._speaker = speaker
        self._thinking: dict[str, int] = {}  # by speaker, the turn
        self._whom: dict[int, TextFrame] = {}  # by turn, whom it answers
        self._held = TextFrame({"t": "held", "paused": False, "until": 0.0})
        self._moods: dict[str, TextFrame] = {}
        self._clips: dict[int, _Clip] = {}
        self._sounds: deque[SoundFrame] = deque()

    def take(self, cue: Cue) -> Frame | None:  # noqa: C901, PLR0911  # one answer for each cue
        """The frame to send for ``cue``; None when pages need not know of it."""
        match cue:
            case Thinking():
                return self._think(cue)
            case ClipBegins():
                return self._begin(cue)
            case ClipSound(clip=clip) if clip in self._clips:
                return self._sound(cue)
            case ClipWord(clip=clip) if clip in self._clips:
                word = TextFrame({"t": "word", "clip": clip, "text": cue.text, "start": cue.word.start})
                self._clips[clip].words.append(word)
                return word
            case ClipEnds(clip=clip) if clip in self._clips:
                ended = TextFrame({"t": "end", "clip": clip, "at": cue.at})
                self._clips[clip].ended = ended
                return ended
            case Hushed():
                self._clips.clear()
                self._sounds.clear()
                self._forget_answered()
                return TextFrame({"t": "hush"})
            case Withdrawn():
                return self._withdraw(cue)
            case Rested():
                return self._rest(cue)
            case Feels() | Held() | Ready():
                return self._keep(cue)
            case ChatLine() | Alert() | Vanished():
                return self._chat.take(cue)
            case _:
                return None

    def so_far(self) -> list[Frame]:
        """What a page that comes now has to know: the words so far, and the sound still to come."""
        time = now()
        hello = {"t": "hello", "name": self._name, "speaker": self._speaker, "step": mouth.STEP}
        frames: list[Frame] = [TextFrame({**hello, "ready": self._ready.fields["ready"]})]
        if self._held.fields["paused"] or self._held.fields["until"] > time:
            frames.append(self._held)
        frames += self._moods.values()
        for turn, whom in self._whom.items():
            frames.append(TextFrame({**whom.fields, "busy": turn in self._thinking.values()}))
        sounds = [frame.since(time) for frame in self._sounds if frame.end > time]
        for number, clip in self._clips.items():
            heard = next((frame.offset for frame in sounds if frame.clip == number), clip.seconds)
            frames += [TextFrame({**clip.begins.fields, "heard": heard}), *clip.words]
        frames += sounds
        frames += [clip.ended for clip in self._clips.values() if clip.ended is not None]
        return frames + self._chat.so_far()

    def _keep(self, cue: Feels | Held | Ready) -> TextFrame:
        """What holds until the next of its kind."""
        if isinstance(cue, Ready):
            self._ready = TextFrame({"t": "ready", "ready": cue.ready})
            return self._ready
        if isinstance(cue, Held):
            self._held = TextFrame({"t": "held", "paused": cue.paused, "until": cue.silent_until})
            return self._held
        self._moods[cue.speaker] = TextFrame({"t": "mood", "mood": cue.mood, "speaker": cue.speaker})
        return self._moods[cue.speaker]

    def _think(self, cue: Thinking) -> TextFrame:
        name, text = clean_name(cue.name), clean(cue.text)
        fields: dict[str, Any] = {
            "t": "thinking",
            "name": name,
            "text": text,
            "platform": cue.platform,
            "turn": cue.turn,
        }
        if cue.deed is not None:
            fields["deed"] = deed_fields(cue.deed)
        self._thinking[cue.speaker] = cue.turn
        self._whom[cue.turn] = TextFrame({**fields, "speaker": cue.speaker})
        self._forget_answered()
        return self._whom[cue.turn]

    def _forget_answered(self) -> None:
        """Forgets whom turns answered of which nothing is kept."""
        kept = {*self._thinking.values(), *(clip.begins.fields["turn"] for clip in self._clips.values())}
        self._whom = {turn: whom for turn, whom in self._whom.items() if turn in kept}

    def _withdraw(self, cue: Withdrawn) -> TextFrame:
        self._thinking = {speaker: turn for speaker, turn in self._thinking.items() if turn != cue.turn}
        self._whom.pop(cue.turn, None)
        if not cue.finish:
            self._clips = {
                number: clip for number, clip in self._clips.items() if clip.begins.fields["turn"] != cue.turn
            }
        return TextFrame({"t": "withdrawn", "turn": cue.turn, "finish": cue.finish})

    def _begin(self, cue: ClipBegins) -> TextFrame:
        while len(self._clips) >= SENTENCES:
            del self._clips[next(iter(self._clips))]
        sentence = cue.sentence
        fields = {"t": "begin", "clip": cue.clip, "turn": sentence.turn, "mood": sentence.mood, "at": cue.at}
        fields |= {"speaker": sentence.speaker, "name": clean_name(cue.name) if cue.name else ""}
        self._clips[cue.clip] = _Clip(TextFrame(fields))
        return self._clips[cue.clip].begins

    def _sound(self, cue: ClipSound) -> SoundFrame:
        frame = SoundFrame(cue.clip, cue.at, cue.offset, cue.pcm, cue.mouth, cue.shapes)
        self._clips[cue.clip].seconds = cue.offset + sound.seconds(cue.pcm)
        while self._sounds and self._sounds[0].end < now():
            self._sounds.popleft()
        self._sounds.append(frame)
        return frame

    def _rest(self, cue: Rested) -> TextFrame:
        """What is still to be made or heard stays."""
        time = now()
        self._clips = {
            number: clip
            for number, clip in self._clips.items()
            if clip.ended is None or clip.ended.fields["at"] > time
        }
        while self._sounds and self._sounds[0].end <= time:
            self._sounds.popleft()
        self._thinking.pop(cue.speaker, None)
        self._forget_answered()
        return TextFrame({"t": "rest", "speaker": cue.speaker})
