"""
Pytest, in a process of its own: `python -m harness.run_pytest` with pytest's options.

It is slow to come up, and an interrupt on the way there is no fault to trace back: until pytest
takes interrupts itself, one ends the process at once, with pytest's code for it.
"""

from __future__ import annotations

import os
import signal
import sys

INTERRUPTED = 2
"""Pytest's exit code."""


class _TakeInterrupts:
    """From here on pytest ends a run that is interrupted, and reports what there is."""

    def pytest_configure(self) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _run() -> int:
    # Who ignores interrupts, as what a shell starts with "&" does, goes on ignoring them.
    heeds = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
    if heeds:
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(INTERRUPTED))
    import pytest

    return int(pytest.main(sys.argv[1:], plugins=[_TakeInterrupts()] if heeds else []))


if __name__ == "__main__":
    sys.exit(_run())
