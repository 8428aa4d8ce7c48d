"""
What is waited for where a target's time is not moved by the bench: that its files come.

A target that lives by the machine's time does not know that the scenario's day is over: it is told,
by ``export`` at its control address, and has its time to deliver.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import date, timedelta
from typing import TYPE_CHECKING

from harness.local_time import instant
from harness.targets.errors import NotOffered
from harness.targets.target_file import MACHINE, Target
from simulators.clock import real_pause, stopwatch

if TYPE_CHECKING:
    from harness.bench import Bench

QUIET_S = 0.5
"""So long nothing must have crossed the wires; then what was on its way has come."""
LOOK_S = 0.05
EXPORT_AT = "0:30"


class Waiting:
    """
    The waiting for the files of one scenario.

    Parameters:
        target: who delivers.
        first_day: the first local day of which there are files.
    """

    def __init__(self, target: Target, first_day: date) -> None:
        self._target = target
        self._next_day = first_day

    async def for_files(self, bench: Bench) -> None:
        """
        Have the days exported that are over, and wait until what comes of it has come.

        Raises:
            NotOffered: If the scenario's task has a schedule that the target cannot live.
        """
        asked = False
        if self._target.time == MACHINE:
            asked = await self._export(bench)
        await self._settle(bench, at_least_one=asked)

    async def _export(self, bench: Bench) -> bool:
        if bench.schedule != "daily":
            raise NotOffered(
                f"the target lives by the machine's time, and cannot live tasks {bench.schedule!r}"
            )
        asked = False
        while bench.clock.now() >= instant(self._next_day + timedelta(days=1), EXPORT_AT):
            # Who cannot be told may still know by itself; what does not come will be missed.
            with contextlib.suppress(NotOffered):
                await bench.backend.export_now(bench.task, self._next_day, self._next_day)
            self._next_day += timedelta(days=1)
            asked = True
        return asked

    async def _settle(self, bench: Bench, *, at_least_one: bool) -> None:
        """Wait until nothing crosses the wires; for a first file as long as the target may take."""
        whole, before = stopwatch(), len(bench.tap.crossings)
        quiet, arrived = stopwatch(), len(bench.arrived())
        while whole() < self._target.delivers_within_s:
            await real_pause(LOOK_S, asyncio.Event())
            if len(bench.tap.crossings) != before:
                before, quiet = len(bench.tap.crossings), stopwatch()
            has_come = not at_least_one or len(bench.arrived()) > arrived
            if has_come and quiet() >= QUIET_S:
                return
