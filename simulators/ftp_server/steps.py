"""
The steps of one line: how often each was asked for, and which fault bites at it now.

Rule 1: a step is counted once, when it is asked for (`Steps.take`), before any fault is looked for.
"""

from __future__ import annotations

from collections import Counter
from typing import TypeVar

from simulators.ftp_server.drop import Drop
from simulators.ftp_server.faults import AtStep

AnyStepFault = TypeVar("AnyStepFault", bound=AtStep)


class Steps:
    """What one line was asked for."""

    def __init__(self, drop: Drop) -> None:
        self._drop = drop
        self._taken: Counter[str] = Counter()

    def take(self, action: str) -> None:
        """Count a step that is asked for now."""
        self._taken[action] += 1

    def biting(self, kind: type[AnyStepFault], action: str) -> AnyStepFault | None:
        """Give the fault of a kind that bites at this step, the last of its action taken."""
        fault = self._drop.faults.active(kind)
        if fault is None or fault.action != action or fault.nth not in (0, self._taken[action]):
            return None
        self._drop.bitten.append(fault)
        return fault
