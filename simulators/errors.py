"""
What can go wrong in the simulators.

* `SimulatorError`
    * `TimeStandsStill`: something holds the clock and does not let go
    * `NotPossible`: a person or a scenario asks what the device cannot do now
    * `NotAccepted`: what was given has not the form that is asked for
"""

from __future__ import annotations

import reprlib
from datetime import datetime


class SimulatorError(Exception):
    """Something is wrong with a simulator or with what it was asked to do."""


class TimeStandsStill(SimulatorError):
    """The bench cannot leave an instant, because something in it does not end."""

    def __init__(self, instant: datetime, patience_s: float, reasons: tuple[str, ...]) -> None:
        super().__init__(instant, patience_s, reasons)
        self.instant = instant
        self.patience_s = patience_s
        self.reasons = reasons

    def __str__(self) -> str:
        held = "; ".join(self.reasons) or "nothing that has a name"
        return (
            f"time stands still at {self.instant.isoformat()}: after {self.patience_s:g} real "
            f"seconds it is still held by: {held}"
        )


class NotPossible(SimulatorError):
    """
    The device cannot do this now.

    Parameters:
        what: the verb, in a person's words ("unplug").
        where: the device.
        why: what stands in the way and what to do first.
    """

    def __init__(self, what: str, where: str, why: str) -> None:
        super().__init__(what, where, why)
        self.what = what
        self.where = where
        self.why = why

    def __str__(self) -> str:
        return f"{self.where}: cannot {self.what}: {self.why}"


class NotAccepted(SimulatorError):
    """
    What was given has not the form that is asked for; nothing has been done.

    Parameters:
        field: what it was given for, in a person's words ("identity").
        given: what was given.
        remedy: what would be taken.
    """

    def __init__(self, field: str, given: object, remedy: str) -> None:
        super().__init__(field, given, remedy)
        self.field = field
        self.given = given
        self.remedy = remedy

    def __str__(self) -> str:
        # What people paste by mistake may be long.
        return f"{self.field} {reprlib.repr(self.given)}: {self.remedy}"
