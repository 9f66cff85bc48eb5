"""Bundles what the VRM avatar needs of three and @pixiv/three-vrm, with npm, for the overlay's page.

    python3 tools/bundle_vrm.py

The build of a wheel and of a checkout's own installation does so by itself (hatch_build.py).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "bundles" / "vrm"
BUNDLE = ROOT / "overlays" / "avatars" / "vrm" / "three.bundle.js"
SECONDS = 180


def is_current() -> bool:
    """Whether the bundle is newer than all that it is made of."""
    if not BUNDLE.is_file():
        return False
    made = BUNDLE.stat().st_mtime
    return all((SOURCE / name).stat().st_mtime <= made for name in ("entry.js", "package-lock.json"))


def bundle() -> str:
    """Makes the bundle if it is not current. Returns what is in the way, "" when nothing is."""
    if is_current():
        return ""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed, so VRM models cannot be shown: install Node.js, and build again"
    try:
        for arguments in (["ci", "--ignore-scripts"], ["run", "build"]):
            done = subprocess.run(
                [npm, *arguments], cwd=SOURCE, capture_output=True, text=True, timeout=SECONDS, check=False
            )
            if done.returncode:
                last = (done.stderr or done.stdout).strip().splitlines()[-1:]
                return f"npm {arguments[0]} failed, so VRM models cannot be shown: {''.join(last)}"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"npm failed, so VRM models cannot be shown: {error}"
    return ""


if __name__ == "__main__":
    sys.exit(bundle() or None)
