"""Before a wheel is built, or the checkout installed in place: bundles what the VRM avatar needs, with npm.

Where that cannot be done the rest is built all the same, and the page tells how to do it later.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BundleHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling is only there while it builds
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        del version, build_data
        sys.path.insert(0, str(Path(self.root) / "tools"))
        import bundle_vrm  # noqa: PLC0415  # it lies beside this file, wherever that is built

        if trouble := bundle_vrm.bundle():
            self.app.display_warning(trouble)
