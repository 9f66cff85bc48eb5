"""Compiles patterns out of config, and refuses those that could hold up the show.

Whether a pattern is slow is tried out in a process of its own, for nothing else stops a search that takes
for ever. That process runs this file alone, so it begins quickly and imports nothing of ours.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import pairwise

SLOW_MS = 20.0
"""A pattern that takes longer than this on one line could hold up the show."""
LONGEST_LINE = 500
"""Characters of the longest line on which a pattern is tried."""
START_SECONDS, PATTERN_SECONDS = 5.0, 1.0
"""How long the process may take to begin, and then for each pattern; those left over are too slow."""
_FITS_ALL = "fits all"
_FINE = "fine"
_SLOW = "slow on "


def compiled(sources: Sequence[str], where: str) -> tuple[re.Pattern[str], ...]:
    """The patterns, ignoring case. Raises ConfigError for the first that fits everything or is slow."""
    from vtuber.core.errors import ConfigError  # noqa: PLC0415  # the process that tries patterns has no vtuber

    for index, (source, verdict) in enumerate(zip(sources, _tried(sources), strict=True)):
        here = f"{where}[{index}] {source!r}"
        if verdict == _FITS_ALL:
            raise ConfigError(
                "this pattern matches every message",
                where=here,
                hint="change the pattern so that it needs at least one letter",
            )
        if verdict != _FINE:
            raise ConfigError(
                f"this pattern is too slow for a show: it took far too long on {verdict.removeprefix(_SLOW)}",
                where=here,
                hint="do not use a repeat inside a repeat, like (a+)+, or more than one .*",
            )
    return tuple(re.compile(source, re.IGNORECASE) for source in sources)


def _tried(sources: Sequence[str]) -> list[str]:
    """A verdict on each pattern."""
    if not sources:
        return []
    with subprocess.Popen(  # noqa: S603  # this very file
        [sys.executable, "-I", "-S", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="ascii",
    ) as process:
        try:
            output, _ = process.communicate(
                json.dumps(sources), timeout=START_SECONDS + PATTERN_SECONDS * len(sources)
            )
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
    verdicts: list[str] = [json.loads(line) for line in output.splitlines()]
    return verdicts + [_SLOW + "a line of letters"] * (len(sources) - len(verdicts))


def _try(source: str) -> str:
    pattern = re.compile(source, re.IGNORECASE)
    if pattern.search(""):
        return _FITS_ALL
    for probe in _probes(source):
        if min(_milliseconds(pattern, probe), _milliseconds(pattern, probe)) > SLOW_MS:
            return f"{_SLOW}{probe[:8]!r}…, repeated"
    return _FINE


def _probes(source: str) -> list[str]:
    """Lines on which a pattern may backtrack for long: its own letters, repeated ever longer."""
    own: list[str] = re.findall(r"\w", source)
    units = dict.fromkeys([*own[:30], *map("".join, pairwise(own[:30])), "a", "0", " ", ".a"])
    lengths = (8, 12, 16, 20, 24, 28, 60, 120, 250, LONGEST_LINE)
    return [(unit * length)[:length] + "\0" for length in lengths for unit in units]


def _milliseconds(pattern: re.Pattern[str], text: str) -> float:
    began = time.perf_counter()
    pattern.search(text)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    for given in json.loads(sys.stdin.read()):
        sys.stdout.write(json.dumps(_try(given)) + "\n")
        sys.stdout.flush()
