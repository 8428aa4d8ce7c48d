"""Whether a target comes up at all, before any scenario blames it."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from harness.bench import Bench
from harness.targets.target_file import Target


def try_out(target: Target) -> None:
    """
    Start a target with one charger in its settings, and let it end.

    Raises:
        TargetRefuses, TargetTrouble: If it does not come up, or not down.
    """
    with (
        tempfile.TemporaryDirectory(prefix="isebench-target-") as folder,
        contextlib.closing(Bench(1, Path(folder), target)) as bench,
    ):
        bench.declare_station("Dorfplatz")
        bench.station("Dorfplatz").is_elsewhere = True
        bench.go()
