"""The line that is typed: arrows, history, wide characters, paste; and the commands that it may become."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import History
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import ConditionalContainer, HSplit, Layout, Window
from prompt_toolkit.layout.controls import BufferControl, FormattedTextControl
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.layout.processors import BeforeInput
from prompt_toolkit.output import Output
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import get_cwidth

from vtuber.app.desk.line import STYLES, Line, fragments
from vtuber.app.desk.menu import Menu
from vtuber.core.text import MESSAGE_LIMIT

PROMPT = "> "
SPOKEN_LINES = 6
"""Lines of what she is saying that are shown."""
EXPLAINED = 6
"""How many commands are explained at once."""
SEQUENCE_SECONDS = 0.1
"""What a key sends arrives at once; what comes later was typed."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What the editor calls. Each returns at once."""

    send: Callable[[str], str]
    """A line was typed. Returns "" or why it was not taken."""
    end_of_input: Callable[[], None] | None = None
    """Ctrl-D, and nothing is typed; None: the same as Ctrl-C."""
    silence: Callable[[], None] | None = None
    """The key that silences."""
    interrupt: Callable[[], None] = lambda: None
    """Ctrl-C, and nothing is typed."""
    broken: Callable[[], None] = lambda: None
    """The editor has failed. Called in the loop in which the desk was opened."""
    notice: Callable[[str], None] = lambda _: None
    """Says something to whoever types."""


class Editor:
    """Builds the application of prompt_toolkit; ``app`` is run by the desk."""

    def __init__(
        self,
        hands: Hands,
        menu: Menu,
        history: History,
        status: Callable[[int], StyleAndTextTuples],
        speech: Callable[[], Line | None],
        *,
        source: Input,
        output: Output,
    ) -> None:
        """``status`` gives the line at the bottom, for a width in columns; ``speech`` what she is saying."""
        self._hands = hands
        self._speech = speech
        self._menu = menu
        self._status = status
        self._output = output
        self._sequence_until = 0.0
        self._untold = 0
        self.buffer = Buffer(completer=menu, history=history, multiline=False, accept_handler=lambda _: True)
        self.style = Style.from_dict({name: look for name, look in STYLES.items() if name})
        self.app: Application[None] = Application(
            layout=self._layout(),
            key_bindings=self._keys(),
            style=self.style,
            input=source,
            output=output,
            erase_when_done=True,
        )
        self.app.ttimeoutlen = 0.1

    # What is seen.

    def _layout(self) -> Layout:
        typed = Window(
            BufferControl(self.buffer, input_processors=[BeforeInput(PROMPT, style="class:name")]),
            wrap_lines=True,
            height=Dimension(min=1, max=6),
            dont_extend_height=True,
        )
        explained = ConditionalContainer(
            Window(FormattedTextControl(self._explanation), dont_extend_height=True, style="class:dim"),
            Condition(lambda: bool(self._menu.matching(self.buffer.text))),
        )
        bottom = Window(FormattedTextControl(self._bottom), height=1, style="class:status")
        speech = ConditionalContainer(
            Window(FormattedTextControl(self._spoken), wrap_lines=True, dont_extend_height=True),
            Condition(lambda: self._speech() is not None),
        )
        return Layout(HSplit([speech, typed, explained, bottom]), focused_element=typed)

    def _spoken(self) -> StyleAndTextTuples:
        """What she is saying; where there is little room, its end."""
        speech = self._speech()
        size = self._output.get_size()
        room = size.columns * max(1, min(SPOKEN_LINES, size.rows // 3)) - 4
        if speech is None:
            return []
        text = speech.text
        if get_cwidth(text) <= room:
            return fragments(speech)
        while get_cwidth(text) > room:
            text = text[max(1, (get_cwidth(text) - room) // 2) :]
        return [("", f"... {text}")]

    def _explanation(self) -> StyleAndTextTuples:
        entries = self._menu.matching(self.buffer.text)
        lines = [f"  {row}" for row in self._menu.rows(entries[:EXPLAINED])]
        if len(entries) > EXPLAINED:
            lines.append(f"  and {len(entries) - EXPLAINED} more; Tab completes")
        return [("", "\n".join(lines))]

    def _bottom(self) -> StyleAndTextTuples:
        return self._status(self._output.get_size().columns)

    # What keys do.

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        for enter in (("enter",), ("escape", "enter"), ("c-o",)):
            keys.add(*enter, eager=True)(self._enter)
        keys.add("c-c", eager=True)(self._ctrl_c)
        keys.add("c-d", eager=True)(self._ctrl_d)
        keys.add("c-z", eager=True)(lambda _: self.buffer.undo())
        keys.add("tab")(lambda _: self._complete(back=False))
        keys.add("s-tab")(lambda _: self._complete(back=True))
        keys.add(Keys.BracketedPaste, eager=True)(self._paste)
        if self._hands.silence is not None:
            keys.add("f9", eager=True)(self._silence)
            keys.add("c-x", eager=True)(self._silence)
        # A key that nobody knows sends a sequence, too. None of it is text.
        keys.add("escape", "[", eager=True)(self._begin_sequence)
        keys.add(Keys.Any, filter=Condition(self._in_sequence), eager=True)(self._swallow)
        return keys

    def _enter(self, _: KeyPressEvent) -> None:
        text = self.buffer.text.strip()
        if not text:
            self.buffer.reset()
            return
        if len(text) > MESSAGE_LIMIT:
            self._hands.notice(
                f"{len(text):,} characters are too many for a message; it may have {MESSAGE_LIMIT}"
            )
            return
        if why := self._hands.send(text):
            self._untold += 1
            if self._untold == 1:
                self._hands.notice(why)
            self.buffer.reset()
            return
        self._untold = 0
        self.buffer.reset(append_to_history=True)

    def _ctrl_c(self, _: KeyPressEvent) -> None:
        if self.buffer.text:
            self.buffer.reset()
        else:
            self._hands.interrupt()

    def _ctrl_d(self, _: KeyPressEvent) -> None:
        if self.buffer.text:
            self.buffer.delete()
        else:
            (self._hands.end_of_input or self._hands.interrupt)()

    def _silence(self, _: KeyPressEvent) -> None:
        if self._hands.silence is not None:
            self._hands.silence()

    def _complete(self, *, back: bool) -> None:
        if self.buffer.complete_state is None:
            self.buffer.start_completion(insert_common_part=True)
        elif back:
            self.buffer.complete_previous()
        else:
            self.buffer.complete_next()

    def _paste(self, event: KeyPressEvent) -> None:
        """Lines that are pasted become one, which is sent when whoever typed says so."""
        lines = event.data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        room = MESSAGE_LIMIT - len(self.buffer.text)
        text = " ".join(filter(None, (" ".join(line.split()) for line in lines[: MESSAGE_LIMIT + 1])))
        if len(text) > room or len(lines) > MESSAGE_LIMIT:
            self._hands.notice(
                f"the paste is not used: it has {len(event.data):,} characters in {len(lines):,} lines, "
                f"and a message may have {MESSAGE_LIMIT}"
            )
            return
        self.buffer.insert_text(text)

    def _begin_sequence(self, _: KeyPressEvent) -> None:
        self._sequence_until = time.monotonic() + SEQUENCE_SECONDS

    def _in_sequence(self) -> bool:
        return time.monotonic() < self._sequence_until

    def _swallow(self, event: KeyPressEvent) -> None:
        """A sequence ends with a letter, "@" or one of the signs around the letters."""
        if not event.data or "@" <= event.data[0] <= "~":
            self._sequence_until = 0.0
