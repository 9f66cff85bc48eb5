"""Everything breaks at random for some minutes of simulated time: `benchmarks.faults`, a small one."""

from __future__ import annotations

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("what the benchmark breaks, it breaks as on Unix", allow_module_level=True)

from benchmarks import faults


def test_a_show_in_which_everything_breaks_goes_on_and_grows_no_larger() -> None:
    outcome = faults.run(0.25, seed=3, out=lambda _: None)
    assert len(outcome.faults) >= 5
    assert outcome.turns > 10
    assert outcome.down == []
    assert abs(outcome.last.files - outcome.first.files) <= faults.FILES_AIM
    assert abs(outcome.last.tasks - outcome.first.tasks) <= 3
    assert 0 < outcome.last.keys <= 5 * faults.VIEWERS
