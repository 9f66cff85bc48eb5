"""Judges each text once: asks every detector, and takes the strictest of their answers.

It fails closed: a detector that raises, or that is late, counts as having found something.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import registry
from vtuber.core.health import Health, State
from vtuber.core.text import escaped
from vtuber.guard import (
    PARTS,
    Action,
    Asking,
    Consulting,
    Detector,
    Door,
    Finding,
    Foreseeing,
    Judge,
    Passage,
    Remembering,
)
from vtuber.guard.words.word_list import WordList

log = logging.getLogger(__name__)

ASKING_SECONDS = 1.0
"""How long a detector may ask somebody else before its answer is the strictest."""
TRYING_SECONDS = 4.0
"""How long a detector may try the model before the show."""
MASK = "＊"
_MASKED = re.compile(rf"{MASK}(?:\s*{MASK})*\s*")
_WORDS = re.compile(r"\w+|(?<=[a-z0-9])[^\w\s](?=[a-z0-9])", re.IGNORECASE)
"""Words, and the signs inside one: a voice may have a full stop of its own where another stood."""
_LEAD = 400
"""Characters of what came before that a detector is given."""
MOST = 2000
"""Characters of a text that is judged. No longer one may pass: judging it would hold up the show."""
_TOO_LONG = Finding("built in: length", "a text that is far too long")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a text, and why."""

    text: str
    """What may be shown or said of it: what was found is masked."""
    action: Action = Action.SPEAK
    findings: tuple[tuple[str, Finding], ...] = ()
    """(detector, what it found), the strictest first."""
    ms: float = 0.0
    """What judging it took."""
    suspicions: tuple[tuple[str, Finding], ...] = ()
    """The same of what is only suspected, and decides nothing."""

    @property
    def allowed(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.action is Action.SPEAK

    @property
    def softened(self) -> str:
        """What may be said of it: what was found is left out."""
        if self.allowed:
            return self.text
        rest = _MASKED.sub("", self.text).strip()
        return rest[:1].upper() + rest[1:]

    @property
    def detector(self) -> str:
        return self.findings[0][0] if self.findings else ""

    @property
    def reason(self) -> str:
        """For people."""
        return self.findings[0][1].reason if self.findings else ""

    @property
    def rule(self) -> str:
        """For the journal."""
        return self.findings[0][1].rule if self.findings else ""

    def told(self, text: str) -> str:
        """What logs and journals are told of ``text``, which was judged."""
        return self.text if any(finding.secret for _, finding in self.findings) else text

    @property
    def instead(self) -> str:
        """What is said in its place; "": one of the character's refusals."""
        return next((finding.instead for _, finding in self.findings if finding.instead), "")


class Guard:
    """Raises ConfigError for what a detector cannot use.

    ``forms`` gives the texts that her voices will pronounce for a text: what is judged is what is heard.
    """

    def __init__(
        self,
        settings: Settings,
        character: Character,
        forms: Callable[[str], Iterable[str]] = lambda _: (),
    ) -> None:
        self._forms = forms
        self._detectors: dict[str, Detector] = {
            name: registry.make("guard", PARTS, name, settings, character, where=f"guard.{name}")
            for name in registry.names("guard", PARTS)
            if _is_used(settings, name)
        }
        self._own = WordList.of_streamer(settings.gate.words, settings.guard.words.files)
        self._broken: dict[str, str] = {}
        self._unanswered: set[str] = set()
        """Those whom nobody answered when they asked last."""

    def warm_up(self) -> None:
        """Has everything read that a detector reads when it is first needed, so that nobody waits for it."""
        for door in Door:
            self._judge(Passage("Hello 123! 你好，晚安。", door))

    async def consult(self, judge: Judge) -> None:
        """Lets the detectors ask the model that speaks, which has started. Those that it fails do without."""
        for name, detector in self._detectors.items():
            if isinstance(detector, Consulting):
                try:
                    async with asyncio.timeout(TRYING_SECONDS):
                        await detector.consult(judge)
                except Exception as error:  # noqa: BLE001  # it is no worse than before
                    log.debug("the guard's part %s does without the model: %s", name, escaped(repr(error)))

    def judge(
        self,
        text: str,
        door: Door,
        *,
        before: str = "",
        author: tuple[str, str] | None = None,
        asked: str = "",
    ) -> Verdict:
        """What becomes of ``text``, by all that can be told at once."""
        return self._judge(Passage(text, door, before[-_LEAD:], author, asked[:MOST]))

    def glance(self, text: str) -> Verdict:
        """By the streamer's own words alone: quick enough for every message of a flood."""
        if len(text) > MOST:
            return _verdict(text, [("length", replace(_TOO_LONG, action=Action.DROP))], 0.0)
        findings = [
            Finding(f"gate.words: {found.word}", "a word in gate.words", Action.DROP, found.begin, found.end)
            for found in self._own.find(text)
        ]
        return _verdict(text, [("words", finding) for finding in findings], 0.0)

    async def judge_closely(self, text: str, door: Door, *, before: str = "", asked: str = "") -> Verdict:
        """The same, and asks those detectors that need others for their answer, if they doubt the text."""
        passage = Passage(text, door, before[-_LEAD:], None, asked[:MOST])
        verdict = self._judge(passage)
        if verdict.action.severity >= Action.REPLACE.severity:
            return verdict
        others = (*verdict.findings, *verdict.suspicions)
        passage = replace(passage, others=tuple(finding for _, finding in others))
        asking = [
            self._ask(name, detector, passage)
            for name, detector in self._detectors.items()
            if door in detector.doors
            and isinstance(detector, Asking)
            and self._doubts(name, detector, passage)
        ]
        if not asking:
            return verdict
        began = time.perf_counter()
        found = [*others, *(one for answer in await asyncio.gather(*asking) for one in answer)]
        return _verdict(text, found, verdict.ms + (time.perf_counter() - began) * 1000)

    def may_go_on(self, said: str) -> bool:
        """Whether what was said so far may be half of something forbidden: let nobody hear its end yet."""
        for name, detector in self._detectors.items():
            if isinstance(detector, Foreseeing):
                try:
                    shown = said[-_LEAD:]
                    if any(map(detector.may_begin, {shown, *self._forms(shown)})):
                        return True
                except Exception as error:  # noqa: BLE001  # then it is found out with the next piece
                    self._strict(name, error)
        return False

    def unsay(self, texts: Sequence[str]) -> None:
        """A reply that was judged in these pieces was never heard, and does not count as said."""
        for name, detector in self._detectors.items():
            if isinstance(detector, Remembering):
                try:
                    detector.unsay(texts)
                except Exception as error:  # noqa: BLE001  # it remembers too much, no worse
                    log.debug("the guard's part %s forgot nothing: %s", name, escaped(repr(error)))

    @property
    def is_limited(self) -> bool:
        """Whether a detector has failed, so that what it should judge is stopped."""
        return bool(self._broken)

    def health(self) -> Health:
        names = ", ".join(self._detectors)
        if not self._broken:
            return Health("guard", State.OK, names)
        name, why = next(iter(self._broken.items()))
        return Health(
            "guard",
            State.LIMITED,
            f"{name} failed ({why}): what it should judge is stopped",
            f"report that to whoever made it, or switch it off: guard.{name}.use = false",
        )

    def _judge(self, passage: Passage) -> Verdict:
        if len(passage.text) > MOST:
            return _verdict(passage.text, [("length", _TOO_LONG)], 0.0)
        began = time.perf_counter()
        heard, found = self._heard(passage)
        for name, detector in self._detectors.items():
            if passage.door in detector.doors:
                found += self._detected(name, detector, passage, heard)
        return _verdict(passage.text, found, (time.perf_counter() - began) * 1000)

    def _heard(self, passage: Passage) -> tuple[list[Passage], list[tuple[str, Finding]]]:
        """What of her own words will be heard, if in other words than shown; and what is wrong with that."""
        if passage.door is not Door.SPOKEN:
            return [], []
        try:
            space = " " if passage.lead[-1:].isspace() else ""
            before = [form + space for form in self._forms(passage.lead)]
            heard = [
                (form, before[number] if number < len(before) else passage.lead)
                for number, form in enumerate(self._forms(passage.text))
            ]
        except Exception as error:  # noqa: BLE001  # nobody knows what would be heard
            return [], [("voice", self._strict("voice", error))]
        self._broken.pop("voice", None)
        shown = _WORDS.findall(passage.window)
        differing = {tuple(_WORDS.findall(said + form)): (form, said) for form, said in heard if form}
        differing.pop(tuple(shown), None)
        return [
            replace(passage, text=form, before=said, form_of=passage) for form, said in differing.values()
        ], []

    def _detected(
        self, name: str, detector: Detector, passage: Passage, heard: Iterable[Passage]
    ) -> list[tuple[str, Finding]]:
        try:
            found = [(name, finding) for finding in detector.detect(passage)]
            for one in heard:  # where it stands in what is shown, nobody knows
                found += [(name, replace(finding, begin=0, end=None)) for finding in detector.detect(one)]
        except Exception as error:  # noqa: BLE001  # whatever it was, nothing goes out unjudged
            return [(name, self._strict(name, error))]
        if name not in self._unanswered:
            self._broken.pop(name, None)
        return found

    def _doubts(self, name: str, detector: Asking, passage: Passage) -> bool:
        try:
            return detector.doubts(passage)
        except Exception as error:  # noqa: BLE001  # then it is asked, which says the same
            self._strict(name, error)
            return True

    async def _ask(self, name: str, detector: Asking, passage: Passage) -> list[tuple[str, Finding]]:
        try:
            async with asyncio.timeout(ASKING_SECONDS):
                found = [(name, finding) for finding in await detector.ask(passage)]
        except Exception as error:  # noqa: BLE001  # the same; a timeout too
            self._unanswered.add(name)
            return [(name, self._strict(name, error))]
        self._unanswered.discard(name)
        self._broken.pop(name, None)
        return found

    def _strict(self, name: str, error: Exception) -> Finding:
        why = "it did not answer in time" if isinstance(error, TimeoutError) else repr(error)
        if name not in self._broken:
            log.error("the guard's part %s failed: %s", name, escaped(why))
        self._broken[name] = why
        return Finding(f"{name}: failed", f"the guard's part {name} failed", Action.REPLACE)


def _is_used(settings: Settings, name: str) -> bool:
    section = getattr(settings.guard, name, None)
    options = settings.parts.get(name, {})
    return bool(section.use if section is not None else options.get("use", True))


def _verdict(text: str, found: list[tuple[str, Finding]], ms: float) -> Verdict:
    suspicions = tuple(one for one in found if one[1].is_suspicion)
    found = sorted((one for one in found if one not in suspicions), key=lambda one: -one[1].action.severity)
    if not found:
        return Verdict(text, ms=ms, suspicions=suspicions)
    shown = masked(text, [finding for _, finding in found])
    return Verdict(shown, found[0][1].action, tuple(found), ms, suspicions)


def masked(text: str, findings: Iterable[Finding]) -> str:
    """The text with a sign in place of each letter of what was found, or with what stands instead of it."""
    chars = list(text)
    for finding in findings:
        begin = max(0, finding.begin)
        end = len(text) if finding.end is None else min(len(text), finding.end)
        if finding.action is Action.SOFTEN and finding.instead and begin < end:
            chars[begin:end] = [finding.instead, *[""] * (end - begin - 1)]
            continue
        for place in range(begin, end):
            if chars[place] and not chars[place].isspace():
                chars[place] = MASK
    return "".join(chars)
