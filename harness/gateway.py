"""
`isebench gateway`: one emulated smart gateway alone, in real time, until stopped.

What runs is `simulators.iskra_sg.alone_io`; here it is recorded as well, as `isebench charger` is.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from functools import partial

from harness.recording import recorded
from simulators.clock import RealClock
from simulators.iskra_sg.alone_io import Wishes, run_alone
from simulators.wiretap import Wiretap


def gateway(options: argparse.Namespace) -> int:
    """
    Run a gateway until SIGINT or SIGTERM.

    Parameters:
        options: of `simulators.command_line`, and ``record``: a file for what crosses, or None.

    Returns:
        0 when it was stopped.

    Raises:
        UsageError: If the file for the recording is there already.
        SimulatorError: If something that was asked for cannot be.
    """
    wishes, path = Wishes.of(options), options.record
    clock = RealClock()
    tap = Wiretap(clock, keeps=False)
    recording = contextlib.nullcontext() if path is None else recorded(path, tap, clock.now())
    with recording:
        more = () if path is None else (f"recording  {path}",)
        asyncio.run(run_alone(wishes, clock, tap, partial(print, flush=True), more=more))
    return 0
