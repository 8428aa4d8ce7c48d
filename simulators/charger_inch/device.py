"""
The charger as a value: events and a time go in, requests and the next wake-up come out.

Rule 1: every change of the connector's status is in TRANSITIONS, with the number that OCPP 1.6 §4.9
gives it. What is not in the table cannot happen.
Rule 2: nothing here awaits, sleeps, logs, draws chance or asks what time it is.
Rule 3: whoever tells the device something tells the time, which never goes back. What was due
before is done first, with its own time; so a late alarm changes no value.
Rule 4: after every event the caller takes what may be sent (`Device.next_call`) until there is
nothing, and comes back at `Device.wake_at` at the latest.
Rule 5: the meter and the contactor know nothing of the line. A backend is told; it is not asked,
except whether a card is good.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import Enum, StrEnum
from typing import Any

from simulators.charger_inch.configuration import Configuration
from simulators.charger_inch.electric import FJ_PER_WH, Car, Limit, Outlet, Supply
from simulators.charger_inch.measurements import ENERGY, meter_value, stamp, whole_wh
from simulators.charger_inch.outbox import Message, Outbox, Transaction
from simulators.errors import NotPossible

Json = dict[str, Any]

CONNECTOR = 1
VENDOR = "ETREL"
MODEL = "INCH"

BOOT_RETRY_S = 60
"""How long to wait with the next BootNotification where the backend names no interval (ASSUMED)."""

CACHE_LIMIT = 1_000
"""How many cards the charger remembers as accepted; the longest unseen is forgotten (ASSUMED)."""


class Status(StrEnum):
    """Is in one of these states (ChargePointStatus, OCPP 1.6 §7.7, as far as built)."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    FINISHING = "Finishing"


class Event(Enum):
    """What changes the connector's status."""

    USED = "a cable is plugged in or a card is accepted"
    LEFT = "nobody uses the connector any more"
    STARTED = "a transaction begins and the car draws"
    STARTED_FULL = "a transaction begins and the car draws nothing"
    FULL = "the car stops drawing"
    FORBIDDEN = "the backend refuses the transaction and it may go on without energy"
    STOPPED = "the transaction ends"


TRANSITIONS = {
    (Status.AVAILABLE, Event.USED): Status.PREPARING,  # A2
    (Status.PREPARING, Event.LEFT): Status.AVAILABLE,  # B1
    (Status.PREPARING, Event.STARTED): Status.CHARGING,  # B3
    (Status.PREPARING, Event.STARTED_FULL): Status.SUSPENDED_EV,  # B4
    (Status.CHARGING, Event.FULL): Status.SUSPENDED_EV,  # C4
    (Status.CHARGING, Event.FORBIDDEN): Status.SUSPENDED_EVSE,  # C5
    (Status.CHARGING, Event.STOPPED): Status.FINISHING,  # C6
    (Status.SUSPENDED_EV, Event.FORBIDDEN): Status.SUSPENDED_EVSE,  # D5
    (Status.SUSPENDED_EV, Event.STOPPED): Status.FINISHING,  # D6
    (Status.SUSPENDED_EVSE, Event.STOPPED): Status.FINISHING,  # E6
    (Status.FINISHING, Event.LEFT): Status.AVAILABLE,  # F1
    (Status.FINISHING, Event.USED): Status.PREPARING,  # F2
}


class _Timer(Enum):
    """What the device waits for; what is due at one instant is done in this order."""

    BOOT = 1
    HEARTBEAT = 2
    FULL = 3
    SAMPLE = 4
    ALIGNED = 5
    CONNECTION = 6


class _Registration(Enum):
    """How the backend answered the last BootNotification (OCPP 1.6 §4.2)."""

    UNKNOWN = "not answered yet"
    PENDING = "Pending"
    REJECTED = "Rejected"
    ACCEPTED = "Accepted"


@dataclass(frozen=True, slots=True)
class Setup:
    """
    How a charger is built and set up.

    Attributes:
        serial: its serial number; None where its identity is its serial number, as in the field.
        firmware: the version it names in BootNotification.
        register_wh: what its meter stands at, in Wh.
        car: the car that comes where nobody says which.
        supply: the grid at its site; None: drawn from the charger's seed.
        limit: what it lets through.
        big_endian_cards: write idTags big-endian (document 003: little-endian is the default).
        standby_values: send clock-aligned values when nobody charges, too (document 003 promises
            values during charging only).
        queue_limit: how many transaction messages it keeps while the backend does not answer.
        configuration: values of configuration keys other than the factory's.
    """

    serial: str | None = None
    firmware: str = "1.12"
    register_wh: int = 0
    car: Car = field(default_factory=Car)
    supply: Supply | None = None
    limit: Limit = field(default_factory=Limit)
    big_endian_cards: bool = False
    standby_values: bool = False
    queue_limit: int = 20_000
    configuration: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """A CALL to the backend: its message id, action and payload."""

    number: str
    action: str
    payload: Json


@dataclass(frozen=True, slots=True)
class Result:
    """A CALLRESULT to the backend."""

    payload: Json


@dataclass(frozen=True, slots=True)
class Refusal:
    """A CALLERROR to the backend: a code of OCPP-J 1.6 §4.2.3 and why."""

    code: str
    why: str


class Device:
    """
    The charger.

    Parameters:
        identity: its name at the backend.
        setup: how it is built.
        supply: the grid at its site.
        now: when it is switched on.

    Attributes:
        status: the connector's.
        transaction: the running transaction, or None.
        shown: what its display says.
    """

    def __init__(self, identity: str, setup: Setup, supply: Supply, now: datetime) -> None:
        self.identity = identity
        self.status = Status.AVAILABLE
        self.transaction: Transaction | None = None
        self.shown = "ready"
        self.configuration = Configuration(setup.configuration)
        self.outlet = Outlet(supply, setup.limit, setup.register_wh * FJ_PER_WH)
        self.outbox = Outbox(setup.queue_limit)
        self._setup = setup
        self._registration = _Registration.UNKNOWN
        self._line_is_up = False
        self._due: dict[_Timer, datetime] = {}
        self._calls = 0
        self._call_number = ""
        self._powered_at = now
        self._status_at = now
        self._reported: Status | None = None
        self._begin: Json | None = None
        self._asking: str | None = None
        self._authorized: str | None = None
        self._cache: dict[str, None] = {}
        self._on_timer: dict[_Timer, Callable[[datetime], None]] = {
            _Timer.BOOT: self._on_boot_due,
            _Timer.HEARTBEAT: self._on_heartbeat_due,
            _Timer.FULL: self._on_full,
            _Timer.SAMPLE: self._on_sample_due,
            _Timer.ALIGNED: self._on_aligned_due,
            _Timer.CONNECTION: self._withdraw,
        }
        self._on_answer: dict[str, Callable[[Message, Json, datetime], None]] = {
            "BootNotification": self._on_boot_answer,
            "Authorize": self._on_authorize_answer,
            "StartTransaction": self._on_start_answer,
            "StatusNotification": self._on_status_answer,
        }
        self._on_call: dict[str, Callable[[Json, datetime], Result | Refusal]] = {
            "ChangeConfiguration": self._on_change_configuration,
            "GetConfiguration": self._on_get_configuration,
            "RemoteStartTransaction": self._on_remote_start,
            "RemoteStopTransaction": self._on_remote_stop,
            "TriggerMessage": self._on_trigger_message,
        }
        self._on_trigger: dict[str, Callable[[int | None, datetime], None]] = {
            "BootNotification": lambda connector, now: self._boot(),
            "DiagnosticsStatusNotification": self._report_idle_diagnostics,
            "FirmwareStatusNotification": self._report_idle_firmware,
            "Heartbeat": lambda connector, now: self.outbox.add(Message("Heartbeat", {})),
            "MeterValues": self._report_triggered_values,
            "StatusNotification": self._report_triggered_status,
        }
        self._replan: dict[str, Callable[[datetime], None]] = {
            "heartbeatinterval": self._plan_heartbeat,
            "metervaluesampleinterval": self._plan_sample,
            "clockaligneddatainterval": self._plan_aligned,
        }
        self._plan_aligned(now)

    # ------------------------------------------------------------------ what goes out

    @property
    def online(self) -> bool:
        """Whether the backend can be asked: the line is up and the boot was accepted."""
        return self._line_is_up and self._registration is _Registration.ACCEPTED

    @property
    def waits_for_answer(self) -> bool:
        """Whether a CALL is on its way."""
        return self.outbox.in_flight is not None

    @property
    def wake_at(self) -> datetime | None:
        """When `tick` must be called at the latest; None: nothing is due."""
        instants = list(self._due.values())
        if self.online and self.outbox.retry_at is not None:
            instants.append(self.outbox.retry_at)
        return min(instants, default=None)

    def next_call(self, now: datetime) -> Call | None:
        """Give what is to be sent now; None while a CALL is unanswered or the line is down."""
        if not self._line_is_up:
            return None
        message = self.outbox.take(now, with_transactions=self.online)
        if message is None:
            return None
        # Short hex counters that begin again at every boot, as field INCHes send them.
        self._calls += 1
        self._call_number = f"{self._calls:x}"
        return Call(self._call_number, message.action, message.payload_to_send())

    def tick(self, now: datetime) -> None:
        """Do all that was due up to ``now``, each with its own time."""
        while self._due:
            due, _, timer = min((due, timer.value, timer) for timer, due in self._due.items())
            if due > now:
                break
            del self._due[timer]
            self._on_timer[timer](due)

    # ------------------------------------------------------------------ the line

    def line_up(self, now: datetime) -> None:
        """Take up the line: boot, or after a mere loss tell what changed (OCPP-J 1.6 §5.4)."""
        self.tick(now)
        self._line_is_up = True
        self.outbox.line_restored()
        if self._registration is _Registration.ACCEPTED:
            self._plan_heartbeat(now)
            if self._reported is not self.status:
                self._report_status()
        elif _Timer.BOOT not in self._due:
            self._boot()

    def line_down(self, now: datetime) -> None:
        """Note that the line is gone; transaction messages stay, a card is judged locally."""
        self.tick(now)
        self._line_is_up = False
        self._due.pop(_Timer.HEARTBEAT, None)
        self.outbox.line_lost()
        if self._asking is not None:
            self._decide_locally(self._asking, now)

    def answered(self, number: str, payload: Json, now: datetime) -> None:
        """Take a CALLRESULT that fits its schema; one that nobody waits for is ignored."""
        self.tick(now)
        if number != self._call_number or self.outbox.in_flight is None:
            return
        message = self.outbox.answered()
        if message is not None and message.action in self._on_answer:
            self._on_answer[message.action](message, payload, now)

    def refused(self, number: str, now: datetime) -> None:
        """Take a CALLERROR, or a CALLRESULT that does not fit its schema (ASSUMED: the same)."""
        self.tick(now)
        if number != self._call_number or self.outbox.in_flight is None:
            return
        message = self.outbox.failed(
            now,
            self.configuration.number("TransactionMessageAttempts"),
            self.configuration.number("TransactionMessageRetryInterval"),
        )
        if message is not None and message.action == "BootNotification":
            self._due[_Timer.BOOT] = now + timedelta(seconds=BOOT_RETRY_S)
        elif message is not None and message.action == "Authorize":
            self._card_is_refused("the backend cannot say")

    # ------------------------------------------------------------------ a person's hand

    def plug_in(self, car: Car, now: datetime) -> None:
        """
        Put a car's cable in.

        Raises:
            NotPossible: If there is one already.
        """
        self.tick(now)
        if self.outlet.car is not None:
            raise self._not_possible("plug in", "a car is plugged in already; unplug it first")
        self.outlet.plug(car)
        if self.status is Status.AVAILABLE:
            self._become(Event.USED, now)
        if self._authorized is not None:
            self._start(self._authorized, now)
        else:
            self.shown = "show your card"

    def show_card(self, id_tag: str, now: datetime) -> None:
        """
        Hold a card to the reader.

        The card that started stops; another one is told that the charger is taken. The card that
        was accepted and is shown again before a cable is in withdraws (OCPP 1.6 §4.9, B1).

        Raises:
            NotPossible: If the charger still waits for the backend's word on a card.
        """
        self.tick(now)
        if self._asking is not None:
            raise self._not_possible(
                "show a card", "the backend has not answered for the last card; let time settle"
            )
        if self.transaction is not None:
            if same_card(self.transaction.id_tag, id_tag):
                self._stop("Local", now, id_tag)
            else:
                self.shown = "taken by another card"
        elif self._authorized is not None and same_card(self._authorized, id_tag):
            self._withdraw(now)
        else:
            self._ask(id_tag, now)

    def unplug(self, now: datetime) -> None:
        """
        Take the cable out at both ends; a running transaction ends (EVDisconnected).

        Raises:
            NotPossible: If no car is plugged in.
        """
        self.tick(now)
        if self.outlet.car is None:
            raise self._not_possible("unplug", "no car is plugged in; plug one in first")
        if self.transaction is not None:
            self._stop("EVDisconnected", now)
        self.outlet.unplug()
        self._become(Event.LEFT, now)
        self.shown = "ready"

    def _not_possible(self, what: str, why: str) -> NotPossible:
        return NotPossible(what, f"charger {self.identity}", why)

    # ------------------------------------------------------------------ requests of the backend

    def refusal_of(self, action: str) -> Refusal | None:
        """Tell whether the charger refuses an action whatever it says, and how."""
        if self._registration is _Registration.REJECTED:
            # OCPP 1.6 §4.2: a rejected charger and its backend have nothing to say to each other.
            return Refusal("SecurityError", "this charger's BootNotification was rejected")
        if action in self._on_call:
            return None
        if action in _KNOWN_ACTIONS:
            return Refusal("NotSupported", f"this charger knows {action} but does not do it")
        return Refusal("NotImplemented", f"this charger knows no action {action}")

    def called(self, action: str, payload: Json, now: datetime) -> Result | Refusal:
        """Answer a request that fits its schema."""
        self.tick(now)
        refusal = self.refusal_of(action)
        return refusal if refusal is not None else self._on_call[action](payload, now)

    def _on_get_configuration(self, payload: Json, now: datetime) -> Result | Refusal:
        names = payload.get("key", [])
        if len(names) > (most := self.configuration.number("GetConfigurationMaxKeys")):
            return Refusal("OccurenceConstraintViolation", f"at most {most} keys can be asked for")
        entries, unknown = self.configuration.entries(names)
        return Result({"configurationKey": entries, "unknownKey": unknown})

    def _on_change_configuration(self, payload: Json, now: datetime) -> Result | Refusal:
        name = payload["key"]
        verdict = self.configuration.change(name, payload["value"])
        if verdict == "Accepted" and name.lower() in self._replan:
            self._replan[name.lower()](now)
        return Result({"status": verdict})

    def _on_remote_start(self, payload: Json, now: datetime) -> Result | Refusal:
        # A charging profile is ignored: OCPP 1.6 §5.11, a charger without smart charging.
        busy = self.transaction is not None or self._asking is not None
        if (
            not self.online
            or payload.get("connectorId", CONNECTOR) != CONNECTOR
            or busy
            or self._authorized is not None
        ):
            return Result({"status": "Rejected"})
        if self.configuration.is_on("AuthorizeRemoteTxRequests"):
            self._ask(payload["idTag"], now)
        else:
            self._card_is_accepted(payload["idTag"], now)
        return Result({"status": "Accepted"})

    def _on_remote_stop(self, payload: Json, now: datetime) -> Result | Refusal:
        running = self.transaction
        known = running is not None and running.number == payload["transactionId"]
        if not (known and self.online):
            return Result({"status": "Rejected"})
        self._stop("Remote", now)
        return Result({"status": "Accepted"})

    def _on_trigger_message(self, payload: Json, now: datetime) -> Result | Refusal:
        # OCPP 1.6 §5.17: the answer first, then the message. A connector that is not there
        # cannot tell anything.
        connector = payload.get("connectorId")
        if connector not in (None, 0, CONNECTOR) or not self._line_is_up:
            return Result({"status": "Rejected"})
        trigger = self._on_trigger.get(payload["requestedMessage"])
        if trigger is None:
            return Result({"status": "NotImplemented"})
        trigger(connector, now)
        return Result({"status": "Accepted"})

    def _report_idle_diagnostics(self, connector: int | None, now: datetime) -> None:
        # OCPP 1.6 §4.4: Idle is sent only when triggered and nothing is being uploaded.
        self.outbox.add(Message("DiagnosticsStatusNotification", {"status": "Idle"}))

    def _report_idle_firmware(self, connector: int | None, now: datetime) -> None:
        # OCPP 1.6 §4.5: Idle is sent only when triggered and nothing is being installed.
        self.outbox.add(Message("FirmwareStatusNotification", {"status": "Idle"}))

    def _report_triggered_values(self, connector: int | None, now: datetime) -> None:
        names = self.configuration.measurands("MeterValuesSampledData")
        self._report_values(now, names, "Trigger", self.transaction)

    def _report_triggered_status(self, connector: int | None, now: datetime) -> None:
        if connector in (None, 0):
            self._report(0, Status.AVAILABLE, self._powered_at)
        if connector in (None, CONNECTOR):
            self._report_status()

    # ------------------------------------------------------------------ messages of the vendor

    def transfer_data(self, vendor: str, message_id: str, data: str, now: datetime) -> None:
        """Tell the backend something in the vendor's own words (OCPP 1.6 §4.3)."""
        self.tick(now)
        told = {"vendorId": vendor, "messageId": message_id, "data": data}
        self.outbox.add(Message("DataTransfer", told))

    # ------------------------------------------------------------------ answers of the backend

    def _on_boot_answer(self, message: Message, payload: Json, now: datetime) -> None:
        self._registration = _Registration(payload["status"])
        interval_s = int(payload["interval"])
        if self._registration is _Registration.ACCEPTED:
            # An interval of 0 leaves the choice to the charger (OCPP 1.6 §4.2).
            if interval_s > 0:
                self.configuration.change("HeartbeatInterval", str(interval_s))
            self._plan_heartbeat(now)
            self._report(0, Status.AVAILABLE, now)
            self._report_status()
        else:
            wait_s = interval_s if interval_s > 0 else BOOT_RETRY_S
            self._due[_Timer.BOOT] = now + timedelta(seconds=wait_s)

    def _on_authorize_answer(self, message: Message, payload: Json, now: datetime) -> None:
        id_tag, self._asking = message.payload["idTag"], None
        self._remember(id_tag, payload)
        if (verdict := payload["idTagInfo"]["status"]) == "Accepted":
            self._card_is_accepted(id_tag, now)
        else:
            self._card_is_refused(verdict)

    def _on_start_answer(self, message: Message, payload: Json, now: datetime) -> None:
        transaction = message.transaction
        if transaction is None:
            return
        transaction.number = payload["transactionId"]
        self._remember(transaction.id_tag, payload)
        if payload["idTagInfo"]["status"] == "Accepted" or self.transaction is not transaction:
            return
        if self.configuration.is_on("StopTransactionOnInvalidId"):
            self._stop("DeAuthorized", now)
        else:
            self.outlet.switch_off(now)
            self._due.pop(_Timer.FULL, None)
            self._become(Event.FORBIDDEN, now)
            self.shown = "card refused; no energy"

    def _on_status_answer(self, message: Message, payload: Json, now: datetime) -> None:
        if message.payload["connectorId"] == CONNECTOR:
            self._reported = Status(message.payload["status"])

    # ------------------------------------------------------------------ cards

    def _ask(self, id_tag: str, now: datetime) -> None:
        if not self.online:
            self._decide_locally(id_tag, now)
            return
        self._asking = id_tag
        self.shown = "checking the card"
        self.outbox.add(Message("Authorize", {"idTag": id_tag}))

    def _decide_locally(self, id_tag: str, now: datetime) -> None:
        """Judge a card without the backend (OCPP 1.6 §3.5)."""
        self._asking = None
        remembered = id_tag.upper() in self._cache
        if (remembered and self.configuration.is_on("LocalAuthorizeOffline")) or (
            not remembered and self.configuration.is_on("AllowOfflineTxForUnknownId")
        ):
            self._card_is_accepted(id_tag, now)
        else:
            self._card_is_refused("offline")

    def _card_is_accepted(self, id_tag: str, now: datetime) -> None:
        if self.status is not Status.PREPARING:
            self._become(Event.USED, now)
        if self.outlet.car is not None:
            self._start(id_tag, now)
            return
        self._authorized = id_tag
        wait_s = self.configuration.number("ConnectionTimeOut")
        self._due[_Timer.CONNECTION] = now + timedelta(seconds=wait_s)
        self.shown = "card accepted; plug in"

    def _card_is_refused(self, why: str) -> None:
        self._asking = None
        self.shown = f"card refused: {why}"

    def _withdraw(self, now: datetime) -> None:
        self._authorized = None
        self._due.pop(_Timer.CONNECTION, None)
        self._become(Event.LEFT, now)
        self.shown = "ready"

    def _remember(self, id_tag: str, payload: Json) -> None:
        """Keep what the backend said of a card, newest last."""
        self._cache.pop(id_tag.upper(), None)
        if payload["idTagInfo"]["status"] == "Accepted":
            self._cache[id_tag.upper()] = None
            if len(self._cache) > CACHE_LIMIT:
                del self._cache[next(iter(self._cache))]

    # ------------------------------------------------------------------ transactions

    def _start(self, id_tag: str, now: datetime) -> None:
        self._authorized = None
        self._due.pop(_Timer.CONNECTION, None)
        if not self.outbox.has_room:
            self.shown = "memory full: no charging until the backend answers"
            return
        start: Json = {
            "connectorId": CONNECTOR,
            "idTag": id_tag,
            "meterStart": whole_wh(self.outlet.register_at(now)),
            "timestamp": stamp(now),
        }
        self.transaction = transaction = Transaction(id_tag, now, start["meterStart"])
        self._begin = self._stop_data(now, "Transaction.Begin")
        self.outbox.add_of_transaction(Message("StartTransaction", start, transaction))
        self.outlet.switch_on(now)
        full_at = self.outlet.full_at
        if full_at is None or full_at <= now:
            self._become(Event.STARTED_FULL, now)
        else:
            self._due[_Timer.FULL] = full_at
            self._become(Event.STARTED, now)
        self._plan_sample(now)
        self._plan_aligned(now)
        self.shown = "charging"

    def _stop(self, reason: str, now: datetime, id_tag: str | None = None) -> None:
        transaction, self.transaction = self.transaction, None
        self.outlet.switch_off(now)
        stop: Json = {} if id_tag is None else {"idTag": id_tag}
        stop |= {
            "meterStop": whole_wh(self.outlet.register_at(now)),
            "timestamp": stamp(now),
            "transactionId": None,
            "reason": reason,
        }
        data = [self._begin, self._stop_data(now, "Transaction.End")]
        if values := [value for value in data if value is not None]:
            stop["transactionData"] = values
        self.outbox.add_of_transaction(Message("StopTransaction", stop, transaction))
        self._begin = None
        for timer in (_Timer.FULL, _Timer.SAMPLE):
            self._due.pop(timer, None)
        self._become(Event.STOPPED, now)
        self._plan_aligned(now)
        self.shown = "finished; unplug"

    def _stop_data(self, now: datetime, context: str) -> Json | None:
        measurands = self.configuration.measurands("StopTxnSampledData")
        return meter_value(self.outlet, now, measurands, context) if measurands else None

    # ------------------------------------------------------------------ what is due

    def _on_boot_due(self, due: datetime) -> None:
        if self._line_is_up:
            self._boot()

    def _on_heartbeat_due(self, due: datetime) -> None:
        if not self.outbox.waits("Heartbeat"):
            self.outbox.add(Message("Heartbeat", {}))
        self._plan_heartbeat(due)

    def _on_full(self, due: datetime) -> None:
        self._become(Event.FULL, due)
        self.shown = "the car is full"

    def _on_sample_due(self, due: datetime) -> None:
        names = self.configuration.measurands("MeterValuesSampledData")
        self._report_values(due, names, "Sample.Periodic", self.transaction)
        interval_s = self.configuration.number("MeterValueSampleInterval")
        self._due[_Timer.SAMPLE] = due + timedelta(seconds=interval_s)

    def _on_aligned_due(self, due: datetime) -> None:
        # Field INCHes send these without a transactionId, with the instant of the reading.
        names = self.configuration.measurands("MeterValuesAlignedData")
        self._report_values(due, names, "Sample.Clock", None)
        self._plan_aligned(due)

    def _report_values(
        self,
        due: datetime,
        measurands: tuple[str, ...],
        context: str,
        transaction: Transaction | None,
    ) -> None:
        # An empty list asks for the register all the same (OCPP 1.6 errata 3.15).
        value = meter_value(self.outlet, due, measurands or (ENERGY,), context)
        payload: Json = {"connectorId": CONNECTOR}
        if transaction is not None:
            payload["transactionId"] = None
        payload["meterValue"] = [value]
        self.outbox.add_of_transaction(Message("MeterValues", payload, transaction))

    def _plan_heartbeat(self, now: datetime) -> None:
        if self.online:
            interval_s = self.configuration.number("HeartbeatInterval")
            self._due[_Timer.HEARTBEAT] = now + timedelta(seconds=interval_s)

    def _plan_sample(self, now: datetime) -> None:
        interval_s = self.configuration.number("MeterValueSampleInterval")
        self._due.pop(_Timer.SAMPLE, None)
        if self.transaction is not None and interval_s > 0:
            self._due[_Timer.SAMPLE] = now + timedelta(seconds=interval_s)

    def _plan_aligned(self, now: datetime) -> None:
        interval_s = self.configuration.number("ClockAlignedDataInterval")
        self._due.pop(_Timer.ALIGNED, None)
        if interval_s > 0 and (self.transaction is not None or self._setup.standby_values):
            self._due[_Timer.ALIGNED] = next_on_grid(now, interval_s)

    # ------------------------------------------------------------------ what is told

    def _boot(self) -> None:
        serial = self._setup.serial or self.identity
        boot = {
            "chargePointVendor": VENDOR,
            "chargePointModel": MODEL,
            "chargePointSerialNumber": serial[:25],
            "firmwareVersion": self._setup.firmware,
        }
        self.outbox.add(Message("BootNotification", boot))

    def _become(self, event: Event, now: datetime) -> None:
        self.status = TRANSITIONS[self.status, event]
        self._status_at = now
        if self.online:
            self._report_status()

    def _report_status(self) -> None:
        self._report(CONNECTOR, self.status, self._status_at)

    def _report(self, connector: int, status: Status, since: datetime) -> None:
        told = {
            "connectorId": connector,
            "errorCode": "NoError",
            "status": str(status),
            "timestamp": stamp(since),
        }
        self.outbox.add(Message("StatusNotification", told))


def same_card(one: str, other: str) -> bool:
    """Compare idTags without regard to case (OCPP 1.6 errata 3.74)."""
    return one.upper() == other.upper()


def next_on_grid(now: datetime, interval_s: int) -> datetime:
    """Give the first instant after ``now`` on the grid that begins at midnight UTC (§9.1.5)."""
    midnight = datetime.combine(now.date(), time(), now.tzinfo)
    interval = timedelta(seconds=interval_s)
    following = midnight + ((now - midnight) // interval + 1) * interval
    # The grid begins anew at every midnight, whatever the interval.
    return min(following, midnight + timedelta(days=1))


# The other actions of OCPP 1.6 §6, whether a backend may send them or not.
_KNOWN_ACTIONS = frozenset(
    {
        "Authorize",
        "BootNotification",
        "CancelReservation",
        "ChangeAvailability",
        "ClearCache",
        "ClearChargingProfile",
        "DataTransfer",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "GetCompositeSchedule",
        "GetDiagnostics",
        "GetLocalListVersion",
        "Heartbeat",
        "MeterValues",
        "ReserveNow",
        "Reset",
        "SendLocalList",
        "SetChargingProfile",
        "StartTransaction",
        "StatusNotification",
        "StopTransaction",
        "UnlockConnector",
        "UpdateFirmware",
    }
)
