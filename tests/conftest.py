"""What all tests share: simulated time, and the recorded chats."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A busy machine is no failure.
settings.register_profile("banban", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("banban")
