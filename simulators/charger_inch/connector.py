"""
The connector: cable, lock, card, transaction, and whether it may be used at all.

Rule 1: what the hands of people and the requests of the backend do is told by the verbs of
`Connector`; after each the status follows from the situation (`status.Situation`) and is told to
the backend where it has changed.
Rule 2: a transaction begins in `_start` and ends in `_stop` and nowhere else. Both say so to the
backend through the outbox; both happen whether or not there is a line.
Rule 3: what must outlive a power cut is in the memory at the moment it is true: the transaction
that runs, what is out of service, the reservation.
Rule 4: a person's verb that the hardware does not let happen raises NotPossible, changing nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from simulators.charger_inch.authority import CardInfo
from simulators.charger_inch.electric import Car
from simulators.charger_inch.field_faults.fields import LetsAnybodyIn
from simulators.charger_inch.field_faults.transactions import ChargingBeforeStart, ResumesAfterBoot
from simulators.charger_inch.habits import LockFails
from simulators.charger_inch.measurements import meter_value, stamp, whole_wh
from simulators.charger_inch.metering import Metering
from simulators.charger_inch.outbox import TRANSACTIONS, Message, Transaction
from simulators.charger_inch.parts import Parts
from simulators.charger_inch.reservations import Reservation, Reservations
from simulators.charger_inch.status import CHARGER, CONNECTOR, Situation, Status
from simulators.charger_inch.status_reports import StatusReports
from simulators.charger_inch.timers import Timer
from simulators.charger_inch.vendor_data import (
    TEXT_LIMIT,
    VENDOR_ID,
    VendorError,
    error_named,
)
from simulators.errors import NotPossible

Json = dict[str, Any]

CAR_LEFT = "EV side disconnected"
"""OCPP 1.6 §9.1.27: what is told when the car is gone and the transaction goes on."""

SERVICE, RUNNING, COUNT, METER = "service", "running", "transaction_count", "meter"
PROFILES = "profiles"
"""The tables of the memory."""


class Purpose(Enum):
    """What the backend is asked about a card for."""

    START = "to begin with it"
    STOP = "to end with it what another card of its group began"


@dataclass(frozen=True, slots=True)
class _Asking:
    id_tag: str
    purpose: Purpose
    remotely: bool = False


@dataclass(frozen=True, slots=True)
class _Authorized:
    id_tag: str
    parent_id_tag: str
    remotely: bool = False


class Connector:
    """
    The one connector of the charger.

    Parameters:
        identity: gives the charger's name, for what is told to people.
        parts: the charger's.
        fixed_cable: whether the cable hangs at the charger for good.
        online: whether the backend can be asked.
        on_idle: told when a transaction has ended.

    Attributes:
        transaction: the one that runs, or None.
        shown: what the display says.
        error: what is broken, or None.
        metering: what is told of its meter.
        reports: what is told of its status.
    """

    def __init__(
        self,
        identity: Callable[[], str],
        parts: Parts,
        *,
        fixed_cable: bool,
        online: Callable[[], bool],
        on_idle: Callable[[datetime], None],
    ) -> None:
        self.transaction: Transaction | None = None
        self.shown = "ready"
        self.error: VendorError | None = None
        self.is_locked = False
        self.is_installing = False
        self.reservations = Reservations(parts.memory)
        self.metering = Metering(
            parts.configuration, parts.outlet, parts.timers, parts.quirks, self._say_values
        )
        self.reports = StatusReports(
            parts.configuration,
            parts.timers,
            parts.outbox,
            parts.quirks,
            online=online,
            of_charger=self._status_of_charger,
            details=self._details,
        )
        self._identity = identity
        self._fixed_cable = fixed_cable
        self._configuration = parts.configuration
        self._memory = parts.memory
        self._timers = parts.timers
        self._outbox = parts.outbox
        self._outlet = parts.outlet
        self._authority = parts.authority
        self._profiles = parts.profiles
        self._quirks = parts.quirks
        self._journal = parts.journal
        self._online = online
        self._on_idle = on_idle
        self._cable_left = False
        self._reset_situation()
        for timer, handler in {
            Timer.CONNECTION: self._on_connection_timeout,
            Timer.FULL: self._on_full,
            Timer.LIMIT: self._on_limit_due,
            Timer.ALLOWANCE: self._on_allowance_used,
            Timer.RESERVATION: self._on_reservation_over,
        }.items():
            parts.timers.on(timer, handler)

    def _reset_situation(self) -> None:
        self._asking: _Asking | None = None
        self._authorized: _Authorized | None = None
        self._after_transaction = False
        self._last_id_tag = ""
        self._forbidden = False
        self._is_held_off = False

    # ------------------------------------------------------------------ power

    def power_off(self, now: datetime, reason: str) -> None:
        """
        Fall silent; what ran is remembered to be told after the next boot.

        Parameters:
            reason: why the transaction that runs ends: a Reason of OCPP 1.6 §7.37.
        """
        self._outlet.switch_off(now)
        self._keep_register(now)
        if self.transaction is not None:
            running = dict(self._memory.get(RUNNING, "is") or {})
            running |= {"reason": reason, "at": now.isoformat(), "wh": self._register_wh(now)}
            self._memory.put(RUNNING, "is", running)
        self.transaction = None
        self.metering.power_off()
        self.reports.power_off()
        self.is_locked = self.is_installing = False
        self.shown = ""
        self._reset_situation()

    def start_up(self, now: datetime) -> None:
        """Take up work with what is remembered and with what is plugged in."""
        self.shown = "ready"
        if (running := self._memory.get(RUNNING, "is")) is not None:
            self._take_up_what_ran(running, now)
        if (reservation := self.reservations.current) is not None:
            self._timers.set(Timer.RESERVATION, max(reservation.expires, now))
        self._apply_limit(now)
        self.metering.plan(now)
        self.reports.start_up(self._situation(now).status, now)

    def _take_up_what_ran(self, running: Mapping[str, Any], now: datetime) -> None:
        kept = self._memory.get(TRANSACTIONS, str(running["local"]))
        fault = self._quirks.active(ResumesAfterBoot)
        if fault is None or kept is None or not self.car_is_in or not self._lock():
            self._end_what_ran(running)
            return
        transaction = Transaction.from_json(kept)
        self.shown = "charging"
        if fault.as_new:
            self._profiles.end_transaction()
            card = _Authorized(transaction.id_tag, transaction.parent_id_tag)
            self._begin_transaction(card, now, meter_start_wh=0)
        else:
            self.transaction = self._outbox.transaction(transaction.local) or transaction
            self.metering.begin(self.transaction, now, running["begin"])
        self._switch_on(now)

    def _end_what_ran(self, running: Mapping[str, Any]) -> None:
        """Tell of the end of a transaction that power or a reset took (OCPP 1.6 §4.10)."""
        kept = self._memory.get(TRANSACTIONS, str(running["local"]))
        if kept is not None:
            transaction = Transaction.from_json(kept)
            waiting = self._outbox.transaction(transaction.local)
            stop: Json = {
                "meterStop": running["wh"],
                "timestamp": stamp(datetime.fromisoformat(running["at"])),
                "transactionId": None,
                "reason": running["reason"],
            }
            if running["begin"]:
                stop["transactionData"] = running["begin"]
            message = Message("StopTransaction", stop, waiting or transaction)
            self._outbox.add_of_transaction(message)
        self._memory.forget(RUNNING, "is")
        self._after_transaction = self.cable_is_in
        self._profiles.end_transaction()

    # ------------------------------------------------------------------ what is the case

    @property
    def status(self) -> Status:
        """The connector's."""
        return self.reports.status

    @property
    def cable_is_in(self) -> bool:
        """Whether a cable is in the connector, with or without a car."""
        return self._outlet.car is not None or self._cable_left

    @property
    def car_is_in(self) -> bool:
        """Whether a car is plugged in."""
        return self._outlet.car is not None

    @property
    def is_out_of_service(self) -> bool:
        """Whether an operator, or an installation, has taken it out of service."""
        return self.is_installing or not (self._operates(CHARGER) and self._operates(CONNECTOR))

    def _operates(self, connector: int) -> bool:
        return bool(self._memory.get(SERVICE, str(connector)) is not False)

    @property
    def is_asking(self) -> bool:
        """Whether the backend has not answered for the last card."""
        return self._asking is not None

    @property
    def is_faulted(self) -> bool:
        """Whether something is broken that keeps it from being used."""
        return self.error is not None and self.error.faulted

    def _situation(self, now: datetime) -> Situation:
        return Situation(
            fault=self.is_faulted,
            in_transaction=self.transaction is not None,
            flows=self._outlet.flow_at(now).power_nw > 0,
            held_back=self._is_held_off or self._outlet.is_held_back,
            out_of_service=self.is_out_of_service,
            after_transaction=self._after_transaction,
            in_use=self.cable_is_in or self._authorized is not None,
            reserved=self.reservations.current is not None,
        )

    def _keep_register(self, now: datetime) -> None:
        self._memory.put(METER, "register_fj", self._outlet.register_at(now))

    def _register_wh(self, now: datetime) -> int:
        return whole_wh(self._outlet.register_at(now))

    # ------------------------------------------------------------------ a person's hand

    def plug_in(self, car: Car, now: datetime) -> None:
        """Put a car's cable in, at both ends."""
        if self._outlet.car is not None:
            raise self._not_possible("plug in", "a car is plugged in already; unplug it first")
        self._journal.note(now, "a car is plugged in")
        self._outlet.plug(car)
        self._cable_left = False
        if self.transaction is not None:
            # The car of a transaction that went on without it is back.
            if not self._is_held_off:
                self._switch_on(now)
        elif self._authorized is not None:
            self._start(self._authorized, now)
        elif not (self.is_faulted or self.is_out_of_service):
            self.shown = "show your card"
        self.refresh(now)

    def unplug_car(self, now: datetime) -> None:
        """Take the cable out of the car; what runs ends, unless it is to go on (§9.1.27)."""
        if self._outlet.car is None:
            raise self._not_possible("unplug", "no car is plugged in; plug one in first")
        self._journal.note(now, "the car is unplugged")
        if self.transaction is None:
            self._outlet.unplug()
        elif self._configuration.is_on("StopTransactionOnEVSideDisconnect"):
            self._stop("EVDisconnected", now)
            self._outlet.unplug()
        else:
            self._outlet.switch_off(now)
            self._outlet.unplug()
            self._timers.cancel(Timer.FULL, Timer.ALLOWANCE)
        self._cable_left = not self._fixed_cable
        self._left(now)

    def pull_cable(self, now: datetime) -> None:
        """Take the cable out of the charger."""
        if self._fixed_cable:
            raise self._not_possible("pull the cable", "it hangs at the charger for good")
        if not self.cable_is_in:
            raise self._not_possible("pull the cable", "none is plugged in; plug one in first")
        if self.is_locked:
            raise self._not_possible(
                "pull the cable", "it is locked; show the card that charged, or unlock it remotely"
            )
        if self._outlet.car is not None:
            self.unplug_car(now)
        self._journal.note(now, "the cable is pulled")
        self._cable_left = False
        self._left(now)

    def unplug(self, now: datetime) -> None:
        """Take the cable out of the car, and out of the charger unless it is held there."""
        self.unplug_car(now)
        if self._cable_left and not self.is_locked:
            self.pull_cable(now)

    def _left(self, now: datetime) -> None:
        if not self.cable_is_in:
            self._after_transaction = False
        if self.transaction is None and not self.cable_is_in:
            self.shown = "ready"
        self.refresh(now)

    def show_card(self, id_tag: str, now: datetime) -> None:
        """
        Hold a card to the reader.

        The card that started stops, and so does one of its group; another one is told that the
        charger is taken. The card that was accepted and is shown again before a cable is in
        withdraws (OCPP 1.6 §4.9, B1); another one that is accepted takes its place.

        Raises:
            NotPossible: If the charger still waits for the backend's word on a card.
        """
        if self._asking is not None:
            raise self._not_possible(
                "show a card", "the backend has not answered for the last card; let time settle"
            )
        self._journal.note(now, f"card {id_tag} is shown")
        if self.transaction is not None:
            self._show_card_again(self.transaction, id_tag, now)
        elif self.is_faulted:
            self.shown = "out of order"
        elif self.is_locked and same_card(self._last_id_tag, id_tag):
            self._unlock()
            self.shown = "unlocked; take the cable"
        elif self.is_out_of_service:
            self.shown = "out of service"
        elif self._authorized is not None and same_card(self._authorized.id_tag, id_tag):
            self._withdraw(now)
        else:
            self._show_card_first(id_tag, now)

    def _show_card_first(self, id_tag: str, now: datetime) -> None:
        reservation = self.reservations.current
        if reservation is not None and not reservation.is_for(id_tag):
            parent = self._authority.parent_of(id_tag)
            if not reservation.parent_id_tag or (parent and not reservation.is_for(id_tag, parent)):
                self.shown = "reserved for somebody else"
                return
        self._ask(id_tag, now)

    def _show_card_again(self, running: Transaction, id_tag: str, now: datetime) -> None:
        if same_card(running.id_tag, id_tag):
            self._stop("Local", now, id_tag)
            return
        if running.parent_id_tag:
            info = self._authority.info(id_tag)
            known = info is not None and info.is_good(now)
            local = not self._online() or self._configuration.is_on("LocalPreAuthorize")
            if known and local and info is not None:
                self._stop_with(info, id_tag, now)
                return
            if self._online():
                self._ask_backend(_Asking(id_tag, Purpose.STOP))
                return
        self.shown = "taken by another card"

    def _stop_with(self, info: CardInfo, id_tag: str, now: datetime) -> None:
        group = "" if self.transaction is None else self.transaction.parent_id_tag
        if group and info.parent_id_tag == group and info.is_good(now):
            self._stop("Local", now, id_tag)
        else:
            self.shown = "taken by another card"

    def break_down(self, error: VendorError, now: datetime) -> None:
        """Let something break; what that means for a transaction stands with the error."""
        self.error = error
        self._journal.note(now, f"error {error.error_code} {error.vendor_error_code}".rstrip())
        if error.stops and self.transaction is not None:
            self._stop("Other", now)
        if error.faulted:
            self._drop_card()
            self.shown = "out of order"
        self.refresh(now)
        if not error.faulted and self._online():
            self.reports.report(CONNECTOR)

    def mend(self, now: datetime) -> None:
        """Put right what was broken; a charger that is whole is left alone."""
        if self.error is None:
            return
        was_faulted, self.error = self.error.faulted, None
        self._journal.note(now, "error gone")
        self.shown = "ready"
        self.refresh(now)
        if not was_faulted and self._online():
            self.reports.report(CONNECTOR)

    # ------------------------------------------------------------------ the backend's word

    def refusal_of_start(self, connector: int, id_tag: str) -> str:
        """Say why a remote start cannot be; empty where it can."""
        reservation = self.reservations.current
        if connector != CONNECTOR:
            return "there is no such connector to start at"
        if not self._online():
            return "the charger's boot has not been accepted"
        if self.is_faulted or self.is_out_of_service:
            return "the connector cannot be used"
        if self.transaction is not None or self._asking is not None or self._authorized is not None:
            return "the connector is taken"
        if reservation is not None and not reservation.is_for(
            id_tag, self._authority.parent_of(id_tag)
        ):
            return "the connector is reserved"
        return ""

    def start_remotely(self, id_tag: str, now: datetime) -> None:
        """Begin for a card that nobody shows."""
        if self._configuration.is_on("AuthorizeRemoteTxRequests"):
            self._ask(id_tag, now, remotely=True)
        else:
            self._accept(self._authorize(id_tag, remotely=True), now)

    def stop_remotely(self, number: int, now: datetime) -> bool:
        """End the transaction of this number; False where it does not run."""
        if self.transaction is None or self.transaction.number != number:
            return False
        self._stop("Remote", now)
        return True

    def stop_for(self, reason: str, now: datetime) -> None:
        """End what runs, if anything does, for a Reason of OCPP 1.6 §7.37."""
        if self.transaction is not None:
            self._stop(reason, now)

    def unlock_remotely(self, connector: int, now: datetime) -> str:
        """Let the cable go (OCPP 1.6 §5.18); give the UnlockStatus."""
        # Errata 3.85: a connector that is not there is NotSupported, as one without a lock.
        if connector != CONNECTOR or self._fixed_cable:
            return "NotSupported"
        if self._quirks.active(LockFails) is not None:
            return "UnlockFailed"
        if self.transaction is not None:
            self._stop("UnlockCommand", now)
        self._unlock()
        self.shown = "unlocked; take the cable" if self.cable_is_in else self.shown
        return "Unlocked"

    def change_availability(self, connector: int, operative: bool, now: datetime) -> str:
        """Take into or out of service (OCPP 1.6 §5.2); give the AvailabilityStatus."""
        if connector not in (CHARGER, CONNECTOR):
            return "Rejected"
        # §5.2: connector 0 stands for the charger and all its connectors.
        for number in (CHARGER, CONNECTOR) if connector == CHARGER else (CONNECTOR,):
            if operative:
                self._memory.forget(SERVICE, str(number))
            else:
                self._memory.put(SERVICE, str(number), False)
        if self.transaction is not None and not operative:
            return "Scheduled"
        if self.is_out_of_service:
            self._go_out_of_service()
        elif not self.is_faulted:
            self.shown = "show your card" if self.cable_is_in else "ready"
        self.refresh(now)
        return "Accepted"

    def install(self, installing: bool, now: datetime) -> None:
        """Be out of service while firmware is installed."""
        self.is_installing = installing
        if installing:
            self._go_out_of_service()
        else:
            self.shown = "ready"
        self.refresh(now)

    def _go_out_of_service(self) -> None:
        self._drop_card()
        self._after_transaction = False
        self.shown = "out of service"

    def reserve(self, reservation: Reservation, now: datetime) -> str:
        """Keep the connector for somebody (OCPP 1.6 §5.13); give the ReservationStatus."""
        if reservation.connector not in (CHARGER, CONNECTOR):
            return "Rejected"
        if self.is_faulted:
            return "Faulted"
        if self.is_out_of_service:
            return "Unavailable"
        current = self.reservations.current
        replaced = current is not None and current.number == reservation.number
        if not (self.status is Status.AVAILABLE or (replaced and self.status is Status.RESERVED)):
            return "Occupied"
        if reservation.expires <= now:
            return "Rejected"
        self.reservations.make(reservation)
        self._timers.set(Timer.RESERVATION, reservation.expires)
        self.refresh(now)
        return "Accepted"

    def cancel_reservation(self, number: int, now: datetime) -> bool:
        """End a reservation (OCPP 1.6 §5.1); False where there is none of this number."""
        current = self.reservations.current
        if current is None or current.number != number:
            return False
        self._end_reservation(now)
        return True

    def _end_reservation(self, now: datetime) -> None:
        self.reservations.end()
        self._timers.cancel(Timer.RESERVATION)
        self.refresh(now)

    def _on_reservation_over(self, due: datetime) -> None:
        self._journal.note(due, "reservation expired")
        self._end_reservation(due)

    # ------------------------------------------------------------------ cards

    def _authorize(self, id_tag: str, *, remotely: bool = False) -> _Authorized:
        return _Authorized(id_tag, self._authority.parent_of(id_tag), remotely)

    def _ask(self, id_tag: str, now: datetime, *, remotely: bool = False) -> None:
        """Find out whether a card may begin: by list and cache, or from the backend."""
        if not self._online():
            self._decide_locally(id_tag, now)
        elif self._lets_anybody_in or self._authority.lets_in_at_once(id_tag, now):
            self._accept(self._authorize(id_tag, remotely=remotely), now)
        else:
            self._ask_backend(_Asking(id_tag, Purpose.START, remotely))

    @property
    def _lets_anybody_in(self) -> bool:
        return self._quirks.active(LetsAnybodyIn) is not None

    def _ask_backend(self, asking: _Asking) -> None:
        self._asking = asking
        self.shown = "checking the card"
        self._outbox.add(Message("Authorize", {"idTag": asking.id_tag}))

    def line_lost(self, now: datetime) -> None:
        """Judge a card locally that the backend was being asked about."""
        asking, self._asking = self._asking, None
        self.reports.line_lost()
        if asking is not None and asking.purpose is Purpose.START:
            self._decide_locally(asking.id_tag, now)
        elif asking is not None:
            self.shown = "taken by another card"

    def _decide_locally(self, id_tag: str, now: datetime) -> None:
        """Judge a card without the backend (OCPP 1.6 §3.5)."""
        if self._lets_anybody_in or self._authority.lets_in_offline(id_tag, now):
            self._accept(self._authorize(id_tag), now)
        else:
            self._refuse("offline")

    def authorized(self, id_tag: str, info: CardInfo, now: datetime) -> None:
        """Take the backend's answer to Authorize."""
        self._authority.remember(id_tag, info)
        asking, self._asking = self._asking, None
        if asking is None or not same_card(asking.id_tag, id_tag):
            return
        if asking.purpose is Purpose.STOP:
            self._stop_with(info, id_tag, now)
        elif info.is_good(now):
            self._accept(_Authorized(id_tag, info.parent_id_tag, asking.remotely), now)
        else:
            self._refuse(info.status)

    def not_authorized(self) -> None:
        """Take it that the backend could not say."""
        asking, self._asking = self._asking, None
        if asking is not None:
            self._refuse("the backend cannot say")

    def _refuse(self, why: str) -> None:
        self._profiles.withdraw_remote_start()
        self.shown = f"card refused: {why}"

    def _accept(self, authorized: _Authorized, now: datetime) -> None:
        reservation = self.reservations.current
        if self.is_faulted or self.is_out_of_service or self.transaction is not None:
            return  # what has happened since the card was shown goes before
        if reservation is not None and not reservation.is_for(
            authorized.id_tag, authorized.parent_id_tag
        ):
            self.shown = "reserved for somebody else"
            return
        self._authorized = authorized
        self._after_transaction = False
        self.refresh(now)
        if self._outlet.car is not None:
            self._start(authorized, now)
            return
        wait_s = self._configuration.number("ConnectionTimeOut")
        self._timers.set(Timer.CONNECTION, now + timedelta(seconds=wait_s))
        self.shown = "card accepted; plug in"

    def _on_connection_timeout(self, due: datetime) -> None:
        self._withdraw(due)

    def _withdraw(self, now: datetime) -> None:
        self._drop_card()
        self.shown = "ready"
        self.refresh(now)

    def _drop_card(self) -> None:
        self._authorized = self._asking = None
        self._timers.cancel(Timer.CONNECTION)
        self._profiles.withdraw_remote_start()

    # ------------------------------------------------------------------ transactions

    def _start(self, authorized: _Authorized, now: datetime) -> None:
        if not self._outbox.has_room:
            self._drop_card()
            self.shown = "memory full: no charging until the backend answers"
            self.refresh(now)
            return
        if not self._lock():
            self._drop_card()
            self.break_down(error_named("ConnectorLockFailure"), now)
            return
        self._authorized = None
        self._timers.cancel(Timer.CONNECTION)
        self._begin_transaction(authorized, now)
        self._switch_on(now)
        self.shown = "charging"
        self.refresh(now)

    def _begin_transaction(
        self, authorized: _Authorized, now: datetime, *, meter_start_wh: int | None = None
    ) -> None:
        start: Json = {
            "connectorId": CONNECTOR,
            "idTag": authorized.id_tag,
            "meterStart": self._register_wh(now) if meter_start_wh is None else meter_start_wh,
            "timestamp": stamp(now),
        }
        if (reservation := self.reservations.current) is not None:
            start["reservationId"] = reservation.number
            self.reservations.end()
            self._timers.cancel(Timer.RESERVATION)
        local = int(self._memory.get(COUNT, "is") or 0) + 1
        self._memory.put(COUNT, "is", local)
        transaction = Transaction(
            local, authorized.id_tag, now, start["meterStart"], authorized.parent_id_tag
        )
        self.transaction = transaction
        self._forbidden = self._is_held_off = False
        self._outbox.remember_transaction(transaction)
        self._remember_running(transaction, now)
        self._profiles.begin_transaction(remotely=authorized.remotely)
        self._keep_profiles()  # a profile that came with a remote start may have replaced one
        message = Message("StartTransaction", start, transaction)
        if (fault := self._quirks.active(ChargingBeforeStart)) is not None:
            message.not_before = now + timedelta(seconds=fault.later_s)
        self._outbox.add_of_transaction(message)
        self.metering.begin(transaction, now)
        self._journal.note(now, f"transaction {local} begins at {start['meterStart']} Wh")

    def _remember_running(self, transaction: Transaction, now: datetime) -> None:
        measurands = self._configuration.measurands("StopTxnSampledData")
        begin = []
        if measurands:
            begin = [meter_value(self._outlet, now, measurands, "Transaction.Begin")]
        running = {
            "local": transaction.local,
            "begin": begin,
            "reason": "PowerLoss",
            "at": now.isoformat(),
            "wh": transaction.meter_start_wh,
        }
        self._memory.put(RUNNING, "is", running)

    def _stop(self, reason: str, now: datetime, id_tag: str | None = None) -> None:
        transaction = self.transaction
        if transaction is None:
            return
        self._outlet.switch_off(now)
        data = self.metering.end(now)
        self.transaction = None
        stop: Json = {} if id_tag is None else {"idTag": id_tag}
        stop |= {
            "meterStop": self._register_wh(now),
            "timestamp": stamp(now),
            "transactionId": None,
            "reason": reason,
        }
        if data:
            stop["transactionData"] = data
        self._outbox.add_of_transaction(Message("StopTransaction", stop, transaction))
        self._memory.forget(RUNNING, "is")
        self._keep_register(now)
        self._timers.cancel(Timer.FULL, Timer.ALLOWANCE, Timer.LIMIT)
        self._profiles.end_transaction()
        self._forbidden = self._is_held_off = False
        self._after_transaction = self.cable_is_in and not self.is_out_of_service
        self._last_id_tag = transaction.id_tag
        if reason != "EVDisconnected" or self._unlocks_for_car:
            self._unlock()
        self.shown = "finished; unplug" if self.cable_is_in else "ready"
        self._journal.note(now, f"transaction {transaction.local} ends at {stop['meterStop']} Wh")
        self._apply_limit(now)
        self.refresh(now)
        self._on_idle(now)

    @property
    def _unlocks_for_car(self) -> bool:
        return self._configuration.is_on("UnlockConnectorOnEVSideDisconnect")

    def started(self, transaction: Transaction, number: int, info: CardInfo, now: datetime) -> None:
        """Take the backend's answer to StartTransaction."""
        transaction.number = number
        if info.parent_id_tag:
            transaction.parent_id_tag = info.parent_id_tag
        self._outbox.remember_transaction(transaction)
        self._authority.remember(transaction.id_tag, info)
        if self.transaction is not transaction or info.is_good(now):
            return
        if self._configuration.is_on("StopTransactionOnInvalidId"):
            self._stop("DeAuthorized", now)
        else:
            self._forbid(now)

    def _forbid(self, now: datetime) -> None:
        """Let no more energy flow than MaxEnergyOnInvalidId (OCPP 1.6 §9.1.17)."""
        self._forbidden = True
        self.shown = "card refused; no energy"
        allowed_wh = self._configuration.number("MaxEnergyOnInvalidId")
        if allowed_wh == 0:
            self._on_allowance_used(now)
            return
        self._plan_allowance(allowed_wh, now)

    def _plan_allowance(self, allowed_wh: int, now: datetime) -> None:
        self._timers.set(Timer.ALLOWANCE, self._outlet.when_counted(allowed_wh, now))

    def _on_allowance_used(self, due: datetime) -> None:
        self._outlet.switch_off(due)
        self._is_held_off = True
        self._timers.cancel(Timer.FULL, Timer.LIMIT)
        self.refresh(due)

    # ------------------------------------------------------------------ the lock

    def _lock(self) -> bool:
        if self._fixed_cable:
            return True
        if self._quirks.active(LockFails) is not None:
            return False
        self.is_locked = True
        return True

    def _unlock(self) -> None:
        if self._quirks.active(LockFails) is None:
            self.is_locked = False

    # ------------------------------------------------------------------ what flows

    def _switch_on(self, now: datetime) -> None:
        self._outlet.switch_on(now)
        self._apply_limit(now)

    def profiles_changed(self, now: datetime) -> None:
        """Let flow what the charging profiles allow, after one was set or cleared."""
        self._keep_profiles()
        self._apply_limit(now)
        self.refresh(now)

    def _keep_profiles(self) -> None:
        self._memory.put(PROFILES, "is", self._profiles.to_json())

    def _apply_limit(self, now: datetime) -> None:
        self._outlet.limit_to(now, self._profiles.limit_at(now, self.transaction))
        self._timers.set(Timer.LIMIT, self._profiles.next_change(now, self.transaction))
        self._timers.set(Timer.FULL, self._outlet.full_at)

    def _on_limit_due(self, due: datetime) -> None:
        self._apply_limit(due)
        self.refresh(due)

    def _on_full(self, due: datetime) -> None:
        self.shown = "the car is full"
        self.refresh(due)

    def _say_values(self, payload: Json, transaction: Transaction | None, now: datetime) -> None:
        self._outbox.add_of_transaction(Message("MeterValues", payload, transaction))
        self._keep_register(now)
        if (running := self._memory.get(RUNNING, "is")) is not None:
            # As far as is known if the power goes without a word.
            so_far = {"at": now.isoformat(), "wh": self._register_wh(now)}
            self._memory.put(RUNNING, "is", running | so_far)

    # ------------------------------------------------------------------ what is told

    def refresh(self, now: datetime) -> None:
        """Let the status follow the situation, and tell the backend where it has changed."""
        status = self._situation(now).status
        if status is not self.status:
            self._journal.note(now, f"connector {CONNECTOR}: {self.status} to {status}")
        self.reports.change(status, now)

    def _status_of_charger(self) -> Status:
        # Connector 0 can only be Available, Unavailable or Faulted (OCPP 1.6 §7.7).
        free = self._operates(CHARGER) or self.transaction is not None
        return Status.AVAILABLE if free else Status.UNAVAILABLE

    def _details(self) -> Json:
        if self.error is not None:
            details: Json = {"errorCode": self.error.error_code}
            if self.error.title:
                details["info"] = self.error.title[:TEXT_LIMIT]
            if self.error.vendor_error_code:
                details["vendorId"] = VENDOR_ID
                details["vendorErrorCode"] = self.error.vendor_error_code[:TEXT_LIMIT]
            return details
        if self.transaction is not None and self._outlet.car is None:
            return {"info": CAR_LEFT}
        return {}

    def _not_possible(self, what: str, why: str) -> NotPossible:
        return NotPossible(what, f"charger {self._identity()}", why)


def same_card(one: str, other: str) -> bool:
    """Compare idTags without regard to case (OCPP 1.6 errata 3.74)."""
    return one.upper() == other.upper()
