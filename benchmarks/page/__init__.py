"""What the overlay's page costs and how it keeps time, measured in real browsers."""

from __future__ import annotations

import sys
from pathlib import Path

_TESTS = Path(__file__).parents[2] / "tests"
sys.path += [str(_TESTS), str(_TESTS / "stage")]
