"""Chat and alerts as pages have to know them: each cue as a frame, and the latest for a page that is late."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from vtuber.core.clock import now
from vtuber.core.deeds import Deed
from vtuber.core.text import clean, clean_name
from vtuber.stage.cues import Alert, ChatLine, Vanished
from vtuber.stage.overlay.frames import TextFrame

LINES = 30
"""Lines that a page is sent which comes late."""
ALERTS = 5
ALERT_SECONDS = 6.0
"""An alert is still shown so many seconds after it came."""


class ChatState:
    """Turns the cues of chat into frames. ``name_of`` gives the name under which a page can ask for a picture
    at a platform's address, "" for one that it cannot have.
    """

    def __init__(self, name_of: Callable[[str], str]) -> None:
        self._name_of = name_of
        self._lines: OrderedDict[int, TextFrame] = OrderedDict()
        self._alerts: OrderedDict[int, tuple[float, TextFrame]] = OrderedDict()

    def take(self, cue: ChatLine | Alert | Vanished) -> TextFrame:
        """The frame to send for ``cue``."""
        match cue:
            case ChatLine():
                frame = self._line(cue)
                self._lines[cue.number] = frame
                if len(self._lines) > LINES:
                    self._lines.popitem(last=False)
                return frame
            case Alert():
                frame = self._alert(cue)
                self._alerts[cue.number] = now(), frame
                if len(self._alerts) > ALERTS:
                    self._alerts.popitem(last=False)
                return frame
            case Vanished(lines=lines, alerts=alerts):
                for number in lines:
                    self._lines.pop(number, None)
                for number in alerts:
                    self._alerts.pop(number, None)
                return TextFrame({"t": "gone", "chat": list(lines), "alerts": list(alerts)})

    def so_far(self) -> list[TextFrame]:
        """What a page that comes now has to know."""
        lines = [TextFrame({**frame.fields, "old": True}) for frame in self._lines.values()]
        return lines + [frame for at, frame in self._alerts.values() if now() - at < ALERT_SECONDS]

    def _line(self, cue: ChatLine) -> TextFrame:
        fields: dict[str, Any] = {
            "t": "chat",
            "id": cue.number,
            "platform": cue.platform,
            "name": clean_name(cue.name),
            "role": cue.role,
            "badge": self._name_of(cue.badge) if cue.badge else "",
            "pieces": self._pieces(cue),
        }
        if cue.deed is not None:
            fields["deed"] = deed_fields(cue.deed)
        return TextFrame(fields)

    def _pieces(self, cue: ChatLine) -> list[str | list[str]]:
        """The text, cut at its emotes: each is its name, and that of its picture."""
        pieces: list[str | list[str]] = []
        at = 0
        for emote in cue.emotes:
            picture = self._name_of(emote.picture) if emote.picture else ""
            if not picture or cue.text[emote.begin : emote.end] != emote.name or emote.begin < at:
                continue
            if before := clean(cue.text[at : emote.begin]):
                pieces.append(f"{' ' if pieces else ''}{before} ")
            pieces.append([emote.name, picture])
            at = emote.end
        if rest := clean(cue.text[at:]):
            pieces.append(f"{' ' if pieces else ''}{rest}")
        return pieces

    @staticmethod
    def _alert(cue: Alert) -> TextFrame:
        return TextFrame(
            {
                "t": "alert",
                "id": cue.number,
                "platform": cue.platform,
                "name": clean_name(cue.name),
                "text": clean(cue.text),
                "deed": deed_fields(cue.deed),
            }
        )


def deed_fields(deed: Deed) -> dict[str, str]:
    """What somebody did, as frames tell it."""
    words = {str(language): clean(said) for language, said in deed.words.items()}
    return {"kind": deed.kind, "colour": deed.colour, **words}
