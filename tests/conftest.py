"""
What holds for all tests.

On a busy machine, as CI's is, examples take as long as they take: a test that draws them fails for
what it shows and not for how long that took. pytest-timeout ends what hangs.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
