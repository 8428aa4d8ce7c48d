"""
The status of the connector, and what may follow what.

Rule 1: the status is not kept, it follows from what is the case (`Situation.status`): a fault
before a transaction, a transaction before being out of service, and so on down to Available. So
no status can be forgotten, and none can contradict what the charger does.
Rule 2: every change of status that OCPP 1.6 §4.9 knows stands in LEGAL, by the letter and the digit
it has there (B6: errata 3.20). What is not in the table goes by way of Preparing or of Available
(`path`), as a person who takes the cable out before a sign is put up does it in two steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

CHARGER, CONNECTOR = 0, 1
"""The connector ids: 0 is the charger as a whole (OCPP 1.6 §7.7)."""


class Status(StrEnum):
    """Is in one of these states (ChargePointStatus, OCPP 1.6 §7.7)."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


_ORDER = (
    Status.AVAILABLE,  # 1, A
    Status.PREPARING,  # 2, B
    Status.CHARGING,  # 3, C
    Status.SUSPENDED_EV,  # 4, D
    Status.SUSPENDED_EVSE,  # 5, E
    Status.FINISHING,  # 6, F
    Status.RESERVED,  # 7, G
    Status.UNAVAILABLE,  # 8, H
    Status.FAULTED,  # 9, I
)

_ROWS = {
    "A": "234 5789",
    "B": "1345 69",
    "C": "14 5689",
    "D": "135 689",
    "E": "134 689",
    "F": "12 89",
    "G": "12 89",
    "H": "12345 9",
    "I": "12345678",
}

LEGAL = frozenset(
    (_ORDER["ABCDEFGHI".index(row)], _ORDER[int(digit) - 1])
    for row, digits in _ROWS.items()
    for digit in digits.replace(" ", "")
)
"""The changes of status of OCPP 1.6 §4.9, from and to."""


def path(old: Status, new: Status) -> tuple[Status, ...]:
    """
    Give the statuses that are told one after the other to come from one to another.

    Returns:
        Nothing where they are the same, ``new`` alone where LEGAL has the change, else one in
        between that can be reached from ``old`` and left for ``new``.
    """
    if old is new:
        return ()
    if (old, new) in LEGAL:
        return (new,)
    between = next(one for one in _BETWEEN if (old, one) in LEGAL and (one, new) in LEGAL)
    return (between, new)


# One of the two is on the way between any two (shown by a test).
_BETWEEN = (Status.PREPARING, Status.AVAILABLE)


@dataclass(slots=True)
class Situation:
    """
    What is the case at the connector.

    Attributes:
        fault: something is broken.
        in_transaction: a transaction runs.
        flows: energy flows, or would as soon as the car wants some.
        held_back: the charger keeps back what the car would draw.
        out_of_service: an operator has taken the connector or the charger out of service.
        after_transaction: the cable of the transaction that ended last is still in.
        in_use: a cable is plugged in, or a card has been accepted.
        reserved: the connector is kept for somebody.
    """

    fault: bool = False
    in_transaction: bool = False
    flows: bool = False
    held_back: bool = False
    out_of_service: bool = False
    after_transaction: bool = False
    in_use: bool = False
    reserved: bool = False

    @property
    def status(self) -> Status:
        """The one status that says it best."""
        if self.fault:
            return Status.FAULTED
        if self.in_transaction:
            return self._in_transaction
        if self.out_of_service:
            return Status.UNAVAILABLE
        if self.after_transaction:
            return Status.FINISHING
        if self.in_use:
            return Status.PREPARING
        return Status.RESERVED if self.reserved else Status.AVAILABLE

    @property
    def _in_transaction(self) -> Status:
        if self.held_back:
            return Status.SUSPENDED_EVSE
        return Status.CHARGING if self.flows else Status.SUSPENDED_EV
