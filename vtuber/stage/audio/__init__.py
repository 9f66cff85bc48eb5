"""A sound card of this machine as a screen: her voice is heard without any page.

It goes through PortAudio, by the package ``sounddevice``, which is installed only by those who want it.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import time
from contextlib import suppress
from typing import Any

import numpy as np

from vtuber.character import Character
from vtuber.config import Settings
from vtuber.core import clock
from vtuber.core.availability import Availability
from vtuber.core.backoff import Backoff
from vtuber.core.errors import StageError
from vtuber.core.health import Health, State
from vtuber.core.sound import RATE
from vtuber.core.text import clean, escaped
from vtuber.stage.audio.mixer import Mixer
from vtuber.stage.cues import ClipSound, Cue, Hushed

log = logging.getLogger(__name__)

PART = "stage.audio"
USUAL = "default"
"""Stands for the device that the system uses."""
LOOK_SECONDS = 2.0
"""Between two looks at whether the device still plays."""
RETRY_SECONDS = (1.0, 10.0)
"""Before the device is opened again: the first wait, and the longest."""


class AudioDevice:
    """The screen. A device that is not there, or goes away, is tried again; the show goes on."""

    def __init__(self, settings: Settings, character: Character) -> None:
        del character
        self.availability = Availability()
        self._wanted = settings.stage.audio.device
        self._mixer = Mixer()
        self._stream: Any = None  # Any: the library has no types
        self._running: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()
        self._health = Health(PART, State.DOWN, "not opened yet")

    async def start(self) -> None:
        """Returns after the first attempt to open the device, however it went."""
        if self._wanted:
            self._running = asyncio.create_task(self._run())
            await self._tried.wait()

    async def stop(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await asyncio.wait({running})
        self.availability.set(ready=False)

    def show(self, cue: Cue) -> None:
        match cue:
            case ClipSound(pcm=pcm, at=at):
                self._mixer.add(at + self._offset(), pcm)
            case Hushed():
                self._mixer.hush()
            case _:
                pass

    def health(self) -> Health:
        if not self._wanted:
            return Health(PART, State.OFF, "not used")
        return self._health

    @staticmethod
    def _offset() -> float:
        """How much later the time of the card's thread is than the show's. A real loop has the same clock."""
        return time.monotonic() - clock.now()

    async def _run(self) -> None:
        """Keeps the device open, until cancelled."""
        backoff = Backoff(*RETRY_SECONDS)
        while True:
            try:
                name = await clock.in_thread(self._open)
                self._set_health(State.OK, f"her voice is heard from {escaped(name)}")
                backoff.reset()
                self._tried.set()
                while self._plays():  # noqa: ASYNC110  # a card tells nobody that it is gone
                    await asyncio.sleep(LOOK_SECONDS)
                self._set_health(State.DOWN, f"{escaped(name)} plays no more", "is it still connected?")
            except StageError as error:
                self._set_health(State.DOWN, error.what, error.hint)
            finally:
                self._tried.set()
                self._close()
            wait = backoff.next()
            if backoff.is_resting:
                self._set_health(backoff.state, self._health.what + backoff.note, self._health.hint)
            await asyncio.sleep(wait)

    def _open(self) -> str:
        """Opens the device and gives its name. Blocks. Raises StageError."""
        try:
            library = importlib.import_module("sounddevice")
        except ImportError:
            raise StageError("the package sounddevice is not installed", hint=_INSTALL) from None
        except OSError as error:  # PortAudio itself is missing (Linux)
            raise StageError(f"PortAudio is missing: {clean(str(error), 120)}", hint=_PORTAUDIO) from None
        try:
            # PortAudio knows only the devices that were there when it began; nothing public begins it again.
            library._terminate()  # noqa: SLF001
            library._initialize()  # noqa: SLF001
            number, name = self._device(library)
            self._stream = library.RawOutputStream(
                samplerate=RATE, channels=1, dtype="int16", device=number, callback=self._fill
            )
            self._stream.start()
        except library.PortAudioError as error:
            raise StageError(
                f"the audio device cannot be opened: {clean(str(error), 120)}", hint=_CHOOSE
            ) from None
        return name

    def _device(self, library: Any) -> tuple[int | None, str]:
        """The number and the name of the device that config names. Raises StageError."""
        outputs = {
            number: str(row["name"])
            for number, row in enumerate(library.query_devices())
            if row["max_output_channels"] > 0
        }
        if not outputs:
            raise StageError("this machine has no audio device that plays", hint=_CHOOSE)
        if self._wanted == USUAL:
            number = library.default.device[1]
            return (number, outputs[number]) if number in outputs else (None, "the default device")
        wanted = self._wanted.casefold()
        found = next((number for number, name in outputs.items() if wanted in name.casefold()), None)
        if found is None:
            names = ", ".join(f'"{name}"' for name in list(dict.fromkeys(outputs.values()))[:12])
            raise StageError(
                f'there is no audio device "{escaped(self._wanted)}"', hint=f"there are {escaped(names)}"
            )
        return found, outputs[found]

    def _fill(self, out: Any, frames: int, times: Any, _status: object) -> None:
        """PortAudio wants the next ``frames`` samples; called in its own thread."""
        delay = max(0.0, times.outputBufferDacTime - times.currentTime)
        samples = self._mixer.take(frames, time.monotonic() + delay)
        out[:] = (np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16).tobytes()

    def _plays(self) -> bool:
        return self._stream is not None and bool(self._stream.active)

    def _close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            with suppress(Exception):  # it may be gone already
                stream.abort()
                stream.close()

    def _set_health(self, state: State, what: str, hint: str = "") -> None:
        self._health = Health(PART, state, what, hint)
        self.availability.set(ready=state is State.OK)


_INSTALL = "install it: uv pip install sounddevice (or pip install sounddevice)"
_PORTAUDIO = "install it: sudo apt install libportaudio2"
_CHOOSE = "set stage.audio.device to the name of another, or leave it empty: the overlay page sounds then"
