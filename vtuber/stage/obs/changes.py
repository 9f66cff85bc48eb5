"""What in OBS is changed right now, and why: what she does, her mood, a pause, events and commands."""

from __future__ import annotations

from vtuber import config
from vtuber.stage.cues import ClipBegins, Cue, Feels, Heard, Held, Hushed, Rested, Thinking, Withdrawn
from vtuber.stage.obs.targets import Target, targets_of

LASTING = ("doing", "mood", "paused")
"""Changes that last as long as their reason, from the weakest on. Events and commands are stronger."""

CLIPS = 16
"""How many clips may wait to be heard, of which the mood is known."""


class Changes:
    """Those that are bound in config to what happens. The latest event or command wins."""

    def __init__(self, settings: config.Obs) -> None:
        self._settings = settings
        self._active: dict[str, config.ObsChange] = {}
        self._doing = self._speaking()

    def _speaking(self) -> dict[str, config.ObsChange]:
        """By what she does; the option ``speaking_scene`` is short for a change."""
        bound: dict[str, config.ObsChange] = dict(self._settings.events.items())
        if scene := self._settings.speaking_scene:
            speaking = bound.get("speaking", config.ObsChange())
            bound["speaking"] = speaking.model_copy(update={"scene": speaking.scene or scene})
        return bound

    def now(self) -> dict[Target, str | bool]:
        """How each target that is changed is to be."""
        wanted: dict[Target, str | bool] = {}
        lasting = [name for name in LASTING if name in self._active]
        for name in [*lasting, *(name for name in self._active if name not in LASTING)]:
            wanted |= targets_of(self._active[name])
        return wanted

    def does(self, what: str) -> config.ObsChange | None:
        """ "speaking", "thinking" or "resting" from now on. Returns the change that begins with it."""
        return self._begin("doing", self._doing.get(what))

    def feels(self, mood: str) -> config.ObsChange | None:
        """Her mood from now on."""
        return self._begin("mood", self._settings.moods.get(mood))

    def pauses(self, *, paused: bool) -> config.ObsChange | None:
        """Whether she answers anybody."""
        return self._begin("paused", self._doing.get("paused") if paused else None)

    def happens(self, name: str, change: config.ObsChange) -> None:
        """An event or a command; again, it counts as the latest."""
        self._active.pop(name, None)
        self._active[name] = change

    def over(self, name: str) -> None:
        """An event's or a command's time is over."""
        self._active.pop(name, None)

    def _begin(self, name: str, change: config.ObsChange | None) -> config.ObsChange | None:
        before = self._active.pop(name, None)
        if change is None:
            return None
        self._active[name] = change
        return change if change != before else None


class Watcher:
    """What she does and how she feels, by the cues that came."""

    def __init__(self) -> None:
        self.doing = "resting"
        self.mood = ""
        self.paused = False
        self._speaker = ""
        self._turn: int | None = None
        self._thinking: tuple[int, str] | None = None  # the turn, and whose it is
        self._felt: dict[str, str] = {}
        self._moods: dict[int, str] = {}

    def take(self, cue: Cue) -> None:
        """Takes in what comes next."""
        match cue:
            case Held(paused=paused):
                self.paused = paused
            case ClipBegins() | Feels():
                self._take_mood(cue)
            case Heard(clip=clip, turn=turn, speaker=speaker):
                self.doing, self._turn, self._speaker = "speaking", turn, speaker
                self.mood = self._moods.get(clip, self.mood)
                self._forget_thought(turn)
            case Thinking(turn=turn, speaker=speaker):
                self._thinking = turn, speaker
            case Hushed() | Withdrawn() | Rested():
                self._take_end(cue)
        if self.doing != "speaking":
            self.doing = "resting" if self._thinking is None else "thinking"

    def _take_mood(self, cue: ClipBegins | Feels) -> None:
        if isinstance(cue, Feels):
            self._felt[cue.speaker] = cue.mood
            if self.doing != "speaking":
                self.mood = cue.mood
            return
        self._moods[cue.clip] = cue.sentence.mood
        while len(self._moods) > CLIPS:
            self._moods.pop(next(iter(self._moods)))

    def _take_end(self, cue: Hushed | Withdrawn | Rested) -> None:
        match cue:
            case Hushed():
                self._thinking = None
                self._end()
            case Withdrawn(turn=turn, finish=finish):
                self._forget_thought(turn)
                if self._turn == turn and not finish:
                    self._end()
            case Rested(speaker=speaker):
                if self._thinking is not None and self._thinking[1] == speaker:
                    self._thinking = None
                if speaker == self._speaker:
                    self._end()

    def _forget_thought(self, turn: int) -> None:
        if self._thinking is not None and self._thinking[0] == turn:
            self._thinking = None

    def _end(self) -> None:
        self.doing, self._turn = "resting", None
        self.mood = self._felt.get(self._speaker, "")
