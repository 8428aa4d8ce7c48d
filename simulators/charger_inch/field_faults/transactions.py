"""Rows F01 to F22: transactions that begin, end and are named otherwise than they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar, Literal

from simulators.charger_inch.field_faults.payloads import with_stamps
from simulators.charger_inch.measurements import stamp
from simulators.charger_inch.quirks import Quirk, Request, Scene, number

INT64_MAX = 2**63 - 1

LAST_LOST = "the last transaction whose StartTransaction was not answered"
"""The note that holds its local number; the device writes it."""

_IN_TRANSACTION = ("MeterValues", "StopTransaction")


def _named(request: Request, transaction_id: int) -> Request:
    """Give a request another transactionId, where it has one."""
    if "transactionId" not in request.payload:
        return request
    return request.having(transactionId=transaction_id)


@dataclass(frozen=True, slots=True)
class TransactionIdZero(Quirk):
    """
    MeterValues bear the transactionId 0, or another that nobody issued.

    Attributes:
        sent_id: the id that is sent.
    """

    name: ClassVar[str] = "transaction-id-zero"
    row: ClassVar[str] = "F01"

    sent_id: int = number(0, least=0, most=INT64_MAX)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write the id into MeterValues of a transaction."""
        return (_named(request, self.sent_id) if request.action == "MeterValues" else request,)


@dataclass(frozen=True, slots=True)
class StartAnswerLost(Quirk):
    """The line breaks before the answer to a StartTransaction arrives, once a transaction."""


@dataclass(frozen=True, slots=True)
class StartGivenUp(StartAnswerLost):
    """A StartTransaction whose answer was lost is given up, and its StopTransaction says -1."""

    name: ClassVar[str] = "start-given-up"
    row: ClassVar[str] = "F03"


@dataclass(frozen=True, slots=True)
class StopWithZero(Quirk):
    """StopTransaction bears the transactionId 0 after a correct start."""

    name: ClassVar[str] = "stop-with-zero"
    row: ClassVar[str] = "F04"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write 0 into StopTransaction."""
        return (_named(request, 0) if request.action == "StopTransaction" else request,)


@dataclass(frozen=True, slots=True)
class StopWithoutStart(Quirk):
    """
    A transaction is told only when it ends, with a number of the charger's own (free vending).

    Attributes:
        first_id: the number of its first transaction, less one.
    """

    name: ClassVar[str] = "stop-without-start"
    row: ClassVar[str] = "F05"

    first_id: int = number(900_000, least=0, most=INT64_MAX // 2)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Keep StartTransaction back and number the rest."""
        if request.action == "StartTransaction":
            return ()
        if request.action == "MeterValues":
            return (request.lacking("transactionId"),)
        if request.transaction is None:
            return (request,)
        return (_named(request, self.first_id + request.transaction.local),)


@dataclass(frozen=True, slots=True)
class StrayStop(Quirk):
    """
    While a transaction runs, another one that nobody knows is stopped.

    Attributes:
        sent_id: the number of the other one.
    """

    name: ClassVar[str] = "stray-stop"
    row: ClassVar[str] = "F06"

    sent_id: int = number(9_999, least=0, most=INT64_MAX)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Send the stray StopTransaction behind each StartTransaction."""
        if request.action != "StartTransaction":
            return (request,)
        stray = {
            "meterStop": request.payload["meterStart"],
            "timestamp": request.payload["timestamp"],
            "transactionId": self.sent_id,
            "reason": "Local",
        }
        return (request, Request("StopTransaction", stray))


@dataclass(frozen=True, slots=True)
class TransactionIdOffset(Quirk):
    """
    MeterValues bear a transactionId a little beside the one that was issued.

    Attributes:
        beside: by how much it is higher.
    """

    name: ClassVar[str] = "transaction-id-offset"
    row: ClassVar[str] = "F07"

    beside: int = number(120, least=-1_000_000, most=1_000_000)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Add to the id of MeterValues."""
        sent = request.payload.get("transactionId")
        if request.action != "MeterValues" or not isinstance(sent, int):
            return (request,)
        return (_named(request, sent + self.beside),)


@dataclass(frozen=True, slots=True)
class TransactionIdHuge(Quirk):
    """
    MeterValues bear the highest number of 64 bits as transactionId, and an old time.

    Attributes:
        age_s: how much older their time is than it should be, in s.
    """

    name: ClassVar[str] = "transaction-id-huge"
    row: ClassVar[str] = "F08"

    age_s: int = number(95, least=0, most=86_400)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write the number, and times of the past, into MeterValues of a transaction."""
        if request.action != "MeterValues" or "transactionId" not in request.payload:
            return (request,)
        age = timedelta(seconds=self.age_s)
        return (with_stamps(_named(request, INT64_MAX), lambda instant: stamp(instant - age)),)


@dataclass(frozen=True, slots=True)
class StartRepeated(StartAnswerLost):
    """A StartTransaction whose answer was lost is sent again, the same under a new message id."""

    name: ClassVar[str] = "start-repeated"
    row: ClassVar[str] = "F09"


@dataclass(frozen=True, slots=True)
class StartAnew(StartAnswerLost):
    """After a StartTransaction whose answer was lost, another one begins, of a later time."""

    name: ClassVar[str] = "start-anew"
    row: ClassVar[str] = "F10"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Let the transaction begin now where its start was not answered."""
        begun = request.transaction
        if request.action != "StartTransaction" or begun is None:
            return (request,)
        if begun.local != scene.notes.get(LAST_LOST):
            return (request,)
        return (request.having(meterStart=scene.register_wh, timestamp=stamp(scene.now)),)


@dataclass(frozen=True, slots=True)
class StopTwice(Quirk):
    """
    A transaction is stopped twice, with two meterStops; the second one is right.

    Attributes:
        short_wh: how much less the first one says, in Wh.
        later_s: how much later the second one is, in s.
    """

    name: ClassVar[str] = "stop-twice"
    row: ClassVar[str] = "F11"

    short_wh: int = number(12, least=-1_000_000, most=1_000_000)
    later_s: int = number(2, least=0, most=86_400)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Send a second StopTransaction behind the first."""
        if request.action != "StopTransaction":
            return (request,)
        later = timedelta(seconds=self.later_s)
        first = request.having(meterStop=request.payload["meterStop"] - self.short_wh)
        second = with_stamps(request, lambda instant: stamp(instant + later))
        return (first.lacking("transactionData"), second.lacking("transactionData"))


@dataclass(frozen=True, slots=True)
class StopNeverSent(Quirk):
    """A transaction ends without a word; only the status says that it is over."""

    name: ClassVar[str] = "stop-never-sent"
    row: ClassVar[str] = "F12"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Keep StopTransaction back."""
        return () if request.action == "StopTransaction" else (request,)


@dataclass(frozen=True, slots=True)
class OfflineStartLost(Quirk):
    """A StartTransaction that had to wait never arrives; its StopTransaction does, with -1."""

    name: ClassVar[str] = "offline-start-lost"
    row: ClassVar[str] = "F13"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Keep back the StartTransaction of a transaction that began without a line."""
        return () if request.action == "StartTransaction" and request.queued else (request,)


@dataclass(frozen=True, slots=True)
class RefusedStartForgotten(Quirk):
    """A transaction that the backend refused (ConcurrentTx) is stopped as -1, and then as 0."""

    name: ClassVar[str] = "refused-start-forgotten"
    row: ClassVar[str] = "F14"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Stop what was refused twice, under two wrong numbers."""
        refused = request.payload.get("reason") == "DeAuthorized"
        if request.action != "StopTransaction" or not refused:
            return (request,)
        return (_named(request, -1), _named(request, 0))


@dataclass(frozen=True, slots=True)
class StartInsteadOfStop(Quirk):
    """When a transaction ends, StartTransaction is sent a second time and StopTransaction never."""

    name: ClassVar[str] = "start-instead-of-stop"
    row: ClassVar[str] = "F15"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Make a StartTransaction of StopTransaction."""
        if request.action != "StopTransaction" or request.transaction is None:
            return (request,)
        start = {
            "connectorId": 1,
            "idTag": request.transaction.id_tag,
            "meterStart": request.payload["meterStop"],
            "timestamp": request.payload["timestamp"],
        }
        return (replace(request, action="StartTransaction", payload=start),)


@dataclass(frozen=True, slots=True)
class ChargingBeforeStart(Quirk):
    """
    The status goes from Available to Charging some seconds before StartTransaction is sent.

    Attributes:
        later_s: how long StartTransaction is held back, in s.
    """

    name: ClassVar[str] = "charging-before-start"
    row: ClassVar[str] = "F16"

    later_s: int = number(5, least=1, most=3_600)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Keep the status Preparing back; the connector holds StartTransaction."""
        preparing = request.payload.get("status") == "Preparing"
        return () if request.action == "StatusNotification" and preparing else (request,)


@dataclass(frozen=True, slots=True)
class StopWithoutIdTag(Quirk):
    """StopTransaction says no idTag, also where a card has stopped."""

    name: ClassVar[str] = "stop-without-id-tag"
    row: ClassVar[str] = "F17"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Take the idTag out of StopTransaction."""
        return (request.lacking("idTag") if request.action == "StopTransaction" else request,)


@dataclass(frozen=True, slots=True)
class BootsOnRefusedStop(Quirk):
    """After a refused StopTransaction the charger boots, sends it again, and so on for ever."""

    name: ClassVar[str] = "boots-on-refused-stop"
    row: ClassVar[str] = "F18"


@dataclass(frozen=True, slots=True)
class WrongReasonOnPowerLoss(Quirk):
    """
    A transaction that a power cut has ended gives another reason for its end.

    Attributes:
        reason: the one that is given; ``none``: none at all.
    """

    name: ClassVar[str] = "wrong-reason-on-power-loss"
    row: ClassVar[str] = "F19"

    reason: Literal["Local", "Other", "EVDisconnected", "none"] = "Local"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write the other reason instead of PowerLoss."""
        if request.payload.get("reason") != "PowerLoss":
            return (request,)
        if self.reason == "none":
            return (request.lacking("reason"),)
        return (request.having(reason=self.reason),)


@dataclass(frozen=True, slots=True)
class ResumesAfterBoot(Quirk):
    """
    A transaction that a power cut or a hard reset takes goes on after the boot.

    Attributes:
        as_new: as a new transaction with meterStart 0, without an end of the old one; else under
            the old transactionId, as if nothing had been.
    """

    name: ClassVar[str] = "resumes-after-boot"
    row: ClassVar[str] = "F20"

    as_new: bool = False


@dataclass(frozen=True, slots=True)
class StaleTransactionIds(Quirk):
    """
    The charger names its transactions as a backend did that has lost its memory since.

    Attributes:
        first_id: the number that backend gave to its first transaction, less one.
    """

    name: ClassVar[str] = "stale-transaction-ids"
    row: ClassVar[str] = "F21"

    first_id: int = number(4_700, least=0, most=INT64_MAX // 2)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Keep StartTransaction back, which nobody remembers, and write the old number."""
        if request.action == "StartTransaction":
            return ()
        if request.action not in _IN_TRANSACTION or request.transaction is None:
            return (request,)
        return (_named(request, self.first_id + request.transaction.local),)


@dataclass(frozen=True, slots=True)
class ProfileIgnored(Quirk):
    """
    SetChargingProfile with a TxProfile is Accepted and has no effect.

    Attributes:
        which: the profiles it happens to: those with a transactionId, those without, or all.
    """

    name: ClassVar[str] = "profile-ignored"
    row: ClassVar[str] = "F22"

    which: Literal["with-id", "without-id", "all"] = "all"

    def ignores(self, profile: dict[str, object]) -> bool:
        """Tell whether a charging profile is one of those."""
        if profile.get("chargingProfilePurpose") != "TxProfile":
            return False
        named = "transactionId" in profile
        return self.which == "all" or named == (self.which == "with-id")
