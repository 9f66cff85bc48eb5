"""The voices, measured: each module is a benchmark of its own, beside what they share.

They use the local services and the voices' files of the tests.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "tests" / "voice"))
