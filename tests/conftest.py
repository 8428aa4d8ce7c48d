"""What all tests have in common."""

from __future__ import annotations

import os


def pytest_xdist_auto_num_workers() -> int:
    """Give one worker more than there are processors: many tests wait for servers."""
    return (os.cpu_count() or 1) + 1
