"""Tells the show as it happens: chat that comes, whom she answers, and her words as they are heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never

from vtuber.app.desk.line import Line, below, line
from vtuber.app.desk.menu import Menu
from vtuber.core.events import (
    Answerable,
    ChatMessage,
    Deletion,
    Event,
    Follow,
    Gift,
    Raid,
    Redemption,
    Sentence,
    StreamStatus,
    Subscription,
    is_paid,
)
from vtuber.record.facts import ChatReceived, CommandGiven, Fact, SentenceHeard, TurnBegan, TurnEnded
from vtuber.stage.cues import ClipBegins, Cue, Heard, Hushed

UNSEEN = ("command", "duplicate")
"""Why an event was dropped (``ChatReceived.drop``) that is no line of its own."""


class Narrator:
    """``note`` subscribes to the show's facts, ``show`` to the stage's cues."""

    def __init__(self, write: Callable[[Line], None], names: Mapping[str, str], menu: Menu) -> None:
        """``names`` are the speakers', by their ids."""
        self._write = write
        self._names = names
        self._menu = menu
        self._clips: dict[int, Sentence] = {}
        self._asked: dict[int, str] = {}
        """Whom each turn answers, until it is over."""
        self._told = -1
        """The turn of the latest line of hers."""

    def note(self, fact: Fact) -> None:
        """Writes what happened in chat, and how replies ended."""
        match fact:
            case ChatReceived(event=event, drop=drop, rule=rule) if drop not in UNSEEN:
                self._hear(event, f"{drop}: {rule}" if rule else drop)
            case CommandGiven(platform="console", order="help", text=text) if len(text.split()) == 1:
                for entry in self._menu.entries:
                    self._write(below(("name", entry.usage), f"  {entry.help}"))
            case TurnBegan(turn=turn, batch=batch, script=script):
                self._asked[turn] = "" if script else batch.lead.event.author.name
            case SentenceHeard(turn=turn, complete=False, heard=heard) if heard:
                self._write(below(("dim", "(cut)")))
            case TurnEnded():
                self._end(fact)
            case _:
                pass

    def show(self, cue: Cue) -> None:
        """Writes each of her sentences when its first sample is heard."""
        match cue:
            case ClipBegins(clip=clip, sentence=sentence):
                self._clips[clip] = sentence
            case Heard(clip=clip) if clip in self._clips:
                self._say(self._clips.pop(clip))
            case Hushed():
                self._clips.clear()
            case _:
                pass

    def _say(self, sentence: Sentence) -> None:
        if sentence.turn == self._told:
            self._write(below(("her", ""), sentence.text))
            return
        self._told = sentence.turn
        whom = self._asked.get(sentence.turn, "")
        name = self._names.get(sentence.speaker, sentence.speaker)
        self._write(line(("her", name), f" → {whom}: " if whom else ": ", sentence.text))

    def _end(self, reply: TurnEnded) -> None:
        whom = self._asked.pop(reply.turn, "")
        if not (reply.heard or reply.script or reply.begins_anew):
            why = f": {reply.failed.splitlines()[0]}" if reply.failed else ""
            self._write(line(("dim", f"(nothing of an answer to {whom} was heard{why})")))

    def _hear(self, event: Event, drop: str) -> None:
        if isinstance(event, Deletion | StreamStatus):
            return  # the log tells of the one, and the other is seen by what is gone
        name, text = event.author.name, event.text
        if deed := described(event):
            self._write(line(("paid" if is_paid(event) else "name", f"{name} {deed}"), text and f": {text}"))
        elif drop:
            self._write(line(("dim", f"{name}: {text} ({drop})"), is_chat=True))
        else:
            self._write(line(("name", name), f": {text}", is_chat=True))


def described(event: Answerable) -> str:
    """What somebody did beside writing, after their name; "" for a plain message."""
    match event:
        case ChatMessage(money=money):
            return f"paid {money}" if money else ""
        case Subscription(months=months):
            return f"subscribed ({months} months)" if months > 1 else "subscribed"
        case Gift(count=count):
            return f"gave {count} subscriptions" if count > 1 else "gave a subscription"
        case Raid(viewers=viewers):
            return f"raids with {viewers} viewers"
        case Follow():
            return "follows"
        case Redemption(reward=reward):
            return f"redeemed {reward}"
        case _:
            assert_never(event)
