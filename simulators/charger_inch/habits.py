"""
Habits of INCHes in the field, and what can be broken about one: switches, one small class each.

Where a habit was seen stands with it. The first two are on unless somebody switches them off; the
rest is off, so that the charger is what its questionnaire says. What other chargers have done in
the field stands in `field_faults`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from simulators.charger_inch.field_faults.payloads import entries_of
from simulators.charger_inch.quirks import Quirk, Request, Scene, number


@dataclass(frozen=True, slots=True)
class ShortMessageIds(Quirk):
    """Message ids are short hex counters that begin again at every boot (field logs)."""

    name: ClassVar[str] = "short-message-ids"
    row: ClassVar[str] = "F75"


@dataclass(frozen=True, slots=True)
class ClockValuesWithoutTransaction(Quirk):
    """Clock-aligned values bear no transactionId, also in a transaction (field logs)."""

    name: ClassVar[str] = "clock-values-without-transaction"
    row: ClassVar[str] = "F23"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Take the transactionId out of MeterValues whose context is Sample.Clock."""
        if request.action == "MeterValues" and _context(request) == "Sample.Clock":
            return (request.lacking("transactionId"),)
        return (request,)


@dataclass(frozen=True, slots=True)
class NegativeTransactionIds(Quirk):
    """MeterValues bear the charger's own negative number of the transaction (field logs)."""

    name: ClassVar[str] = "negative-transaction-ids"
    row: ClassVar[str] = "F02"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write -16 for the sixteenth transaction of the charger's life."""
        if request.action != "MeterValues" or request.transaction is None:
            return (request,)
        if "transactionId" not in request.payload:
            return (request,)
        return (request.having(transactionId=-request.transaction.local),)


@dataclass(frozen=True, slots=True)
class ClockAlignedEarly(Quirk):
    """
    Clock-aligned values are taken and stamped a little before the grid (field logs).

    Attributes:
        early_ms: how much before, in ms; 511 was seen. Below 0 it is how much after.
    """

    name: ClassVar[str] = "clock-aligned-early"
    row: ClassVar[str] = "F57"

    early_ms: int = number(511, least=-600_000, most=600_000)


@dataclass(frozen=True, slots=True)
class RebootRequired(Quirk):
    """Lists of measurands are answered RebootRequired and hold only after a boot (field logs)."""

    name: ClassVar[str] = "reboot-required"


@dataclass(frozen=True, slots=True)
class NewerLabels(Quirk):
    """The charger introduces itself as INCHes with newer firmware do (field logs)."""

    name: ClassVar[str] = "newer-labels"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write the vendor, model, versions and meter of a field INCH into BootNotification."""
        if request.action != "BootNotification":
            return (request,)
        serial = request.payload["chargePointSerialNumber"]
        return (
            request.having(
                chargePointVendor="Etrel",
                chargePointModel="G-HB1V5CY20-A14",
                chargeBoxSerialNumber=serial,
                firmwareVersion="5.4:5.0.5",
                meterType="IntegratedAfe",
                meterSerialNumber="",
            ),
        )


@dataclass(frozen=True, slots=True)
class TriggerNamed(Quirk):
    """A triggered StatusNotification says that it was, and names the vendor (field logs)."""

    name: ClassVar[str] = "trigger-named"


@dataclass(frozen=True, slots=True)
class StandbyValues(Quirk):
    """Clock-aligned values go on when nobody charges; document 003 promises none then."""

    name: ClassVar[str] = "standby-values"


@dataclass(frozen=True, slots=True)
class LockFails(Quirk):
    """The lock of the socket does not move: it neither holds a cable nor lets one go."""

    name: ClassVar[str] = "lock-fails"


@dataclass(frozen=True, slots=True)
class ListMemoryFull(Quirk):
    """The memory for the local list takes nothing more: SendLocalList fails."""

    name: ClassVar[str] = "list-memory-full"


@dataclass(frozen=True, slots=True)
class InstallationFails(Quirk):
    """Whatever firmware was fetched cannot be installed."""

    name: ClassVar[str] = "installation-fails"


def _context(request: Request) -> str:
    sampled = [sample for entry in entries_of(request) for sample in entry["sampledValue"]]
    return str(sampled[0].get("context", "")) if sampled else ""


DEFAULT = (ShortMessageIds(), ClockValuesWithoutTransaction())
"""What is on unless it is switched off."""
