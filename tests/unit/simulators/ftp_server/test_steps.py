"""Tests of the steps of a line: which fault bites at the how-many-th of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from simulators.clock import VirtualClock
from simulators.faults import Faults
from simulators.ftp_server import Drop
from simulators.ftp_server.faults import CutAtCommand, NoAnswer
from simulators.ftp_server.steps import Steps
from simulators.wiretap import Wiretap


def bites(root: Path, *faults: CutAtCommand | NoAnswer) -> tuple[list[bool], Drop]:
    """Ask three times for the size of a file, and give at which times a cut bites."""
    clock = VirtualClock(datetime(2025, 6, 4, tzinfo=UTC))
    tap = Wiretap(clock)
    drop = Drop("S", root, [], clock, tap, Faults(clock, tap, "S"))
    steps, seen = Steps(drop), []

    async def ask() -> None:
        for fault in faults:
            await drop.faults.switch_on(fault)
        for _ in range(3):
            steps.take("stat")
            seen.append(steps.biting(CutAtCommand, "stat") is not None)

    asyncio.run(ask())
    return seen, drop


def test_a_fault_bites_at_each_step_of_its_action(tmp_path: Path) -> None:
    """Without a number it bites each time, and the drop knows how often."""
    seen, drop = bites(tmp_path, CutAtCommand("stat"))
    assert [True, True, True] == seen
    assert [CutAtCommand("stat")] * 3 == drop.bitten


def test_a_fault_bites_at_one_step(tmp_path: Path) -> None:
    """With a number it bites at that step of its action alone."""
    seen, drop = bites(tmp_path, CutAtCommand("stat", nth=2))
    assert [False, True, False] == seen
    assert [CutAtCommand("stat", nth=2)] == drop.bitten


def test_other_faults_do_not_bite(tmp_path: Path) -> None:
    """Neither one of another action nor one of another kind does."""
    seen, drop = bites(tmp_path, CutAtCommand("open"), NoAnswer("stat"))
    assert [False, False, False] == seen
    assert [] == drop.bitten
