"""``python -m benchmarks.kills``: prints the toll after each show; see the package for what is killed."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys

import benchmarks.kills
from benchmarks.kills.shows import VICTIMS, measure


def main() -> None:
    """Exits with 1 when something was lost, or somebody thanked twice."""
    options = argparse.ArgumentParser(
        description=benchmarks.kills.__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--of", choices=("banban", *VICTIMS), default="banban")
    options.add_argument("--kills", type=int, default=300)
    options.add_argument("--paid", type=int, default=60, help="messages of each show")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    logging.disable(logging.CRITICAL)
    toll = asyncio.run(measure(chosen.kills, of=chosen.of, paid=chosen.paid, seed=chosen.seed, tell=print))
    if toll.lost or toll.thanked_twice:
        sys.exit(f"lost: {toll.lost}, thanked twice: {toll.thanked_twice}")


if __name__ == "__main__":
    main()
