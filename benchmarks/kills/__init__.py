"""Whether anything paid is lost, anybody thanked twice, or speech held up, when something is killed.

A show in a process of its own is given paid messages over a socket. SIGKILL comes at random moments, until
all of them were answered; then the next show begins. What is killed:

- ``banban``: the show itself, also while it starts and while it goes on from the last time. The platform
  sends again what was not acknowledged: what is in no journal and was shown to nobody. What was sent to the
  pages counts as heard: they play it to its end.
- ``redis``: the embedded Valkey of its memory.
- ``model``: the process in which llama.cpp runs the embedded toy.
- ``obs``: a real OBS, started again each time.
- ``page``: the one of two real browsers that sounds. The other goes on, and a new one is opened.

The show has a scripted model, except where the model is killed, and a tone for a voice. What breaks time
after time is started again at once, without the waits that grow: nobody kills a part so often.
"""

from __future__ import annotations

import sys
from pathlib import Path

_TESTS = Path(__file__).parents[2] / "tests"
sys.path += [str(_TESTS / "stage"), str(_TESTS / "stage" / "obs")]  # for the real OBS and browsers
