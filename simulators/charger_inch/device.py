"""
The charger as a value: events and a time go in, requests and the next wake-up come out.

Rule 1: nothing here or in the parts it is made of awaits, sleeps, logs, draws chance or asks what
time it is.
Rule 2: whoever tells the device something tells the time, which never goes back. What was due
before is done first, with its own time; so a late alarm changes no value.
Rule 3: after every event the caller takes what may be sent (`Device.next_call`) until there is
nothing, takes the files that are to be brought or fetched (`Device.errands`), keeps or drops the
line as the device wants it (`Device.wants_line`), and comes back at `Device.wake_at` at the latest.
Rule 4: the meter and the contactor know nothing of the line. A backend is told; it is not asked,
except whether a card is good.
Rule 5: what OCPP says is done here; what happens at the connector is done in `connector`, which
also has the states; what is kept through a power cut is in `memory`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from simulators.charger_inch.authority import Authority, CardInfo
from simulators.charger_inch.configuration import Configuration
from simulators.charger_inch.connector import METER, PROFILES, Connector
from simulators.charger_inch.electric import FJ_PER_WH, Car, Limit, Outlet, Supply
from simulators.charger_inch.field_faults.connection import (
    NeverBoots,
    NeverReconnects,
    OddMessageIds,
    SameIdTwice,
    TalksWhilePending,
)
from simulators.charger_inch.field_faults.time_and_order import SlowReplay
from simulators.charger_inch.field_faults.transactions import (
    LAST_LOST,
    BootsOnRefusedStop,
    StartAnswerLost,
    StartGivenUp,
)
from simulators.charger_inch.habits import ShortMessageIds
from simulators.charger_inch.installation import IDENTITY, Installation
from simulators.charger_inch.journal import Journal
from simulators.charger_inch.maintenance import Errand, Maintenance
from simulators.charger_inch.memory import Memory
from simulators.charger_inch.outbox import Message, Outbox, Transaction
from simulators.charger_inch.parts import Parts
from simulators.charger_inch.quirks import (
    Dial,
    NoQuirks,
    Quirks,
    Request,
    Scene,
    twisted,
    twisted_dial,
    twisted_frames,
    twisted_result,
)
from simulators.charger_inch.requests import Refusal, Requests, Result
from simulators.charger_inch.smart_charging import Abilities, Profiles
from simulators.charger_inch.status import Status
from simulators.charger_inch.timers import Timer, Timers
from simulators.charger_inch.vendor_data import VendorError
from simulators.errors import NotPossible
from simulators.faults import Fault

Json = dict[str, Any]

VENDOR = "ETREL"
MODEL = "INCH"

BOOT_RETRY_S = 60
"""How long to wait with the next BootNotification where the backend names no interval (ASSUMED)."""

RESTART_S = 10
"""How long the charger takes from a reset, or from getting power, to its first word (ASSUMED)."""

GOODBYE_S = 30
"""How long it waits for the last answers before it resets or its back-up power ends (ASSUMED)."""

SERIAL_LIMIT = 25
"""How many signs of its serial number the backend is told (OCPP 1.6 §6.1)."""

BOOTS = "boots"
"""The table of the memory."""


class _Registration(Enum):
    """How the backend answered the last BootNotification (OCPP 1.6 §4.2)."""

    UNKNOWN = "not answered yet"
    PENDING = "Pending"
    REJECTED = "Rejected"
    ACCEPTED = "Accepted"


class _Power(Enum):
    """Whether the charger is on."""

    ON = "on"
    GOING_DOWN = "says its last words"
    STOPPING = "says nothing more"
    RESTARTING = "off, and comes back by itself"
    OFF = "off, until somebody gives it power"


@dataclass(frozen=True, slots=True)
class Setup:
    """
    How a charger is built and set up.

    Attributes:
        serial: its serial number; None where its identity is its serial number, as in the field.
        firmware: the version it names in BootNotification, until another is installed.
        register_wh: what its meter stands at, in Wh.
        car: the car that comes where nobody says which.
        supply: the grid at its site; None: drawn from the charger's seed.
        limit: what it lets through.
        fixed_cable: the cable hangs at the charger; else it has a socket with a lock (ASSUMED).
        backup_power: it can still tell of a power cut before it goes down.
        accepts_reservations: it takes reservations (OCPP 1.6 §5.13: else it rejects them).
        big_endian_cards: write idTags big-endian (document 003: little-endian is the default).
        trusted: a PEM file of the certification authorities it trusts over wss; None: the system's.
        queue_limit: how many transaction messages it keeps while the backend does not answer.
        configuration: values of configuration keys other than the factory's.
        quirks: habits and faults that are on from the start, besides `habits.DEFAULT`.
    """

    serial: str | None = None
    firmware: str = "1.12"
    register_wh: int = 0
    car: Car = field(default_factory=Car)
    supply: Supply | None = None
    limit: Limit = field(default_factory=Limit)
    fixed_cable: bool = False
    backup_power: bool = False
    accepts_reservations: bool = True
    big_endian_cards: bool = False
    trusted: Path | None = None
    queue_limit: int = 20_000
    configuration: Mapping[str, str] = field(default_factory=dict)
    quirks: Sequence[Fault] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """
    A CALL to the backend: its message id, action and payload.

    Attributes:
        is_answered: whether it is such that an answer comes; else the next one goes at once.
    """

    number: str | int
    action: str
    payload: Json
    is_answered: bool = True


class Device:
    """
    The charger.

    Parameters:
        identity: its name at the backend, unless it was renamed.
        setup: how it is built.
        supply: the grid at its site.
        now: when it is switched on.
        memory: what it remembers from before.
        quirks: what is not ideal about it.

    Attributes:
        identity: its name at the backend.
        connector: what is plugged in, runs and is broken there.
        maintenance: diagnostics and firmware.
    """

    def __init__(
        self,
        identity: str,
        setup: Setup,
        supply: Supply,
        now: datetime,
        memory: Memory | None = None,
        quirks: Quirks | None = None,
    ) -> None:
        memory = Memory() if memory is None else memory
        parts = _parts(setup, supply, memory, NoQuirks() if quirks is None else quirks)
        self.memory = memory
        self.configuration = parts.configuration
        self.outlet = parts.outlet
        self.outbox = parts.outbox
        self.authority = parts.authority
        self.profiles = parts.profiles
        self.quirks = parts.quirks
        self.journal = parts.journal
        self.installation = Installation(memory)
        self._first_identity = identity
        self.identity: str = self.installation.value(IDENTITY, identity)
        self._setup = setup
        self._timers = timers = parts.timers
        self.connector = Connector(
            lambda: self.identity,
            parts,
            fixed_cable=setup.fixed_cable,
            online=lambda: self.online,
            on_idle=lambda now: self.maintenance.try_to_install(now),
        )
        self.maintenance = Maintenance(
            lambda: self.identity,
            timers,
            memory,
            self.quirks,
            report=self._diagnostics,
            say=self.outbox.add,
            may_install=lambda: self.connector.transaction is None,
            install=self.connector.install,
            restart=self.restart,
        )
        self._notes: dict[str, Any] = {}
        self._line_is_up = False
        self._off_reason = ""
        self._boot_trouble = ""
        self._call_number: str | int = ""
        self._call_action = ""
        self._clock_set_at: datetime | None = None
        timers.on(Timer.RESTART, self._on_restart_due)
        timers.on(Timer.BOOT, self._on_boot_due)
        timers.on(Timer.HEARTBEAT, self._on_heartbeat_due)
        self._on_answer = self._answers()
        self._requests = Requests(
            self,
            parts,
            accepts_reservations=setup.accepts_reservations,
            connector=self.connector,
            maintenance=self.maintenance,
        )
        self._start_up(now)

    # ------------------------------------------------------------------ power

    def _start_up(self, now: datetime) -> None:
        self._power = _Power.ON
        self.identity = self.installation.value(IDENTITY, self._first_identity)
        self._registration = _Registration.UNKNOWN
        self._boot_trouble = ""
        self._calls = 0
        self._call_number = ""
        self._powered_at, self._clock_set_at = now, None
        self._boots = int(self.memory.get(BOOTS, "are") or 0) + 1
        self.memory.put(BOOTS, "are", self._boots)
        self.configuration.boot()
        self.journal.note(now, f"boot {self._boots}")
        self.connector.start_up(now)

    def _shut_down(self, now: datetime, power: _Power) -> None:
        """Lose all that is not in the memory; the physical world stays as it is."""
        self.connector.power_off(now, self._off_reason)
        self.maintenance.power_off()
        self._timers.clear()
        self.outbox.power_off()
        self._line_is_up = False
        self._power = power
        if power is _Power.RESTARTING:
            self._timers.set(Timer.RESTART, now + timedelta(seconds=RESTART_S))

    def cut_power(self, now: datetime) -> None:
        """
        Take the power away; with back-up power the charger first tells what that ends.

        Raises:
            NotPossible: If it has none.
        """
        self.tick(now)
        if self._power is _Power.OFF:
            raise self._not_possible("cut the power", "it is off already")
        self.journal.note(now, "the power is cut")
        self._off_reason = "PowerLoss"
        if self._setup.backup_power and self.online:
            self.connector.stop_for("PowerLoss", now)
            self._go_down(now, _Power.OFF)
        else:
            self._shut_down(now, _Power.OFF)

    def restore_power(self, now: datetime) -> None:
        """
        Give the power back; the charger boots.

        Raises:
            NotPossible: If it has power.
        """
        self.tick(now)
        if self._power is not _Power.OFF:
            raise self._not_possible("restore the power", "it has power")
        self.journal.note(now, "the power is back")
        self._power = _Power.RESTARTING
        self._timers.set(Timer.RESTART, now + timedelta(seconds=RESTART_S))

    def _go_down(self, now: datetime, afterwards: _Power) -> None:
        """Say what is still to be said, then go off (`settle`)."""
        self._power, self._afterwards = _Power.GOING_DOWN, afterwards
        self._timers.set(Timer.RESTART, now + timedelta(seconds=GOODBYE_S))

    def settle(self, now: datetime) -> None:
        """Go off, if it is going down and has said what it had to say."""
        done = self._power is _Power.GOING_DOWN and self.outbox.is_empty
        if done or self._power is _Power.STOPPING:
            self._timers.cancel(Timer.RESTART)
            self._shut_down(now, self._afterwards)

    def restart(self, now: datetime) -> None:
        """Say what is still to be said, go off, and come back."""
        self._off_reason = "Reboot"
        self._go_down(now, _Power.RESTARTING)

    def _on_restart_due(self, due: datetime) -> None:
        if self.is_running:
            self._shut_down(due, self._afterwards)
        else:
            self._start_up(due)

    # ------------------------------------------------------------------ what can be seen

    @property
    def status(self) -> Status:
        """The status of the connector."""
        return self.connector.status

    @property
    def transaction(self) -> Transaction | None:
        """The transaction that runs."""
        return self.connector.transaction

    @property
    def shown(self) -> str:
        """What the display says; nothing without power."""
        return self.connector.shown

    @property
    def has_power(self) -> bool:
        """Whether it is on, or about to come on by itself."""
        return self._power is not _Power.OFF

    @property
    def is_running(self) -> bool:
        """Whether its controller runs."""
        return self._power in (_Power.ON, _Power.GOING_DOWN, _Power.STOPPING)

    @property
    def firmware(self) -> str:
        """The version of its firmware."""
        return self.maintenance.version(self._setup.firmware)

    @property
    def serial(self) -> str:
        """The number that is printed on it: its first identity, where the setup names none."""
        return self._setup.serial or self._first_identity

    @property
    def is_registered(self) -> bool:
        """Whether the backend has accepted it since it started."""
        return self._registration is _Registration.ACCEPTED

    @property
    def registration(self) -> str:
        """How the backend answered the last BootNotification."""
        return self._boot_trouble or self._registration.value

    # ------------------------------------------------------------------ what goes out

    @property
    def online(self) -> bool:
        """Whether the backend can be asked: the line is up and the boot was accepted."""
        if self._registration is _Registration.PENDING:
            return self._line_is_up and self.quirks.active(TalksWhilePending) is not None
        return self._line_is_up and self._registration is _Registration.ACCEPTED

    @property
    def line_is_up(self) -> bool:
        """Whether there is a line, accepted or not."""
        return self._line_is_up

    @property
    def wants_line(self) -> bool:
        """Whether it would have a line to the backend now."""
        return self.is_running

    @property
    def redials(self) -> bool:
        """Whether it sets a line up by itself."""
        booting = self._registration is _Registration.UNKNOWN
        return booting or self.quirks.active(NeverReconnects) is None

    @property
    def waits_for_answer(self) -> bool:
        """Whether a CALL is on its way."""
        return self.outbox.in_flight is not None

    @property
    def wake_at(self) -> datetime | None:
        """When `tick` must be called at the latest; None: nothing is due."""
        instants = [self._timers.next_due]
        if self.online:
            instants.append(self.outbox.held_until)
        return min(filter(None, instants), default=None)

    def next_call(self, now: datetime) -> Call | None:
        """Give what is to be sent now; None while a CALL is unanswered or the line is down."""
        while self._line_is_up and self._power is not _Power.STOPPING:
            message = self.outbox.take(now, with_transactions=self.online)
            if message is None:
                return None
            old = not message.is_extra and self.outbox.is_old(message)
            request = self._request_of(message, now)
            if request is None or not request.is_answered:
                # A fault keeps it to itself or spoils it; the charger believes that it was said.
                self.outbox.answered()
            if request is not None:
                self._call_number = self._next_number(extra=message.is_extra, old=old)
                self._call_action = request.action
                return Call(self._call_number, request.action, request.payload, request.is_answered)
        return None

    def _request_of(self, message: Message, now: datetime) -> Request | None:
        request = Request(
            message.action,
            message.payload_to_send(),
            message.transaction,
            self.outbox.is_old(message),
        )
        if message.is_extra:
            return replace(request, is_answered=message.is_answered)
        requests = twisted(self.quirks, request, self.scene(now))
        for extra in requests[1:]:
            self.outbox.add_next(
                Message(extra.action, extra.payload, is_extra=True, is_answered=extra.is_answered)
            )
        return requests[0] if requests else None

    def _next_number(self, *, extra: bool, old: bool) -> str | int:
        """Give the message id of the next CALL, by the fault that is on, if one is."""
        if not (extra and self.quirks.active(SameIdTwice) is not None):
            self._calls += 1
        if old and self.quirks.active(SlowReplay) is not None:
            return str(UUID(bytes=sha256(f"{self._boots} {self._calls}".encode()).digest()[:16]))
        if (fault := self.quirks.active(OddMessageIds)) is not None:
            odd = fault.message_id(self._calls)
            if odd is not None:
                return odd
        if self.quirks.active(ShortMessageIds) is not None:
            return f"{self._calls:x}"
        return f"{self._boots}-{self._calls}"

    def scene(self, now: datetime) -> Scene:
        """Give what quirks can see of the charger."""
        return Scene(
            now,
            self.identity,
            self.outlet.register_at(now),
            self.transaction,
            self._powered_at,
            self._clock_set_at,
            self._notes,
        )

    def dial(self, dial: Dial, now: datetime) -> Dial:
        """Give how the line is to be opened."""
        return twisted_dial(self.quirks, dial, self.scene(now))

    def frames(self, text: str, now: datetime) -> list[str]:
        """Give the texts that go over the wire for a frame."""
        return twisted_frames(self.quirks, text, self.scene(now))

    def errands(self) -> list[Errand]:
        """Give the files that are to be brought or fetched now, each once."""
        return self.maintenance.errands()

    def errand_done(self, number: int, content: bytes | None, problem: str, now: datetime) -> None:
        """Take the outcome of an errand: what was fetched, and what went wrong."""
        self.tick(now)
        if self.is_running:
            self.maintenance.done(number, content, problem, now)

    def tick(self, now: datetime) -> None:
        """Do all that was due up to ``now``, each with its own time."""
        self._timers.run(now)

    # ------------------------------------------------------------------ the line

    def line_up(self, now: datetime) -> None:
        """Take up the line: boot, or after a mere loss tell what changed (OCPP-J 1.6 §5.4)."""
        self.tick(now)
        self.journal.note(now, "line up")
        self._line_is_up = True
        self.outbox.line_restored()
        if self._registration is _Registration.ACCEPTED:
            self._plan_heartbeat(now)
            self.connector.reports.report_what_changed()
        elif self.quirks.active(NeverBoots) is not None:
            self._registration = _Registration.ACCEPTED
            self.say_heartbeat()
            self._plan_heartbeat(now)
            self.connector.reports.report_what_changed()
        elif not self._timers.is_set(Timer.BOOT):
            self.say_boot()

    def say_heartbeat(self) -> None:
        """Send a Heartbeat as soon as may be."""
        self.outbox.add(Message("Heartbeat", {}))

    def line_down(self, now: datetime, why: str = "") -> None:
        """Note that the line is gone; transaction messages stay, a card is judged locally."""
        self.tick(now)
        self.journal.note(now, f"line down: {why}" if why else "line down")
        self._line_is_up = False
        self._timers.cancel(Timer.HEARTBEAT)
        self.outbox.line_lost()
        self.connector.line_lost(now)

    def moved(self, now: datetime) -> None:
        """Take it that the backend is another one from now on: it does not know this charger."""
        self.tick(now)
        self._registration = _Registration.UNKNOWN
        self._boot_trouble = ""
        self._timers.cancel(Timer.BOOT)

    def rename(self, identity: str, now: datetime) -> None:
        """
        Restart under another identity; what runs is ended and told under the old one.

        What was not answered by then is told under the new one (ASSUMED).

        Raises:
            NotPossible: If it bears it already, is off, or just going off.
        """
        self._with_hands(now)
        if self._power is not _Power.ON:
            raise self._not_possible("take another identity", "it is going off; let it come back")
        if identity == self.identity:
            raise self._not_possible("take another identity", f"it is {identity} already")
        self.installation.set(IDENTITY, self._first_identity, identity)
        self.journal.note(now, f"restart as {identity}")
        self.connector.stop_for("Reboot", now)
        self.restart(now)

    def loses_answer(self, number: str | int) -> bool:
        """
        Tell whether the line breaks now, before this answer arrives (a fault).

        Of each transaction the first answer to its StartTransaction is lost, and no other.
        """
        fault, message = self.quirks.active(StartAnswerLost), self.outbox.in_flight
        if fault is None or message is None or number != self._call_number:
            return False
        begun = message.transaction
        start = "StartTransaction" == message.action == self._call_action
        if not start or begun is None or begun.local <= self._notes.get(LAST_LOST, 0):
            return False
        self._notes[LAST_LOST] = begun.local
        if isinstance(fault, StartGivenUp):
            self.outbox.answered()
        return True

    def answered(self, number: str | int, payload: Json, now: datetime) -> None:
        """Take a CALLRESULT that fits its schema; one that nobody waits for is ignored."""
        self.tick(now)
        message = self.outbox.in_flight
        if number != self._call_number or message is None:
            return
        self.outbox.answered()
        self._pause_replay(message, now)
        if message.action in ("BootNotification", "Heartbeat"):
            self._clock_set_at = self._clock_set_at or now
        # The answer to what a fault says besides, or instead, means nothing.
        is_own = not message.is_extra and message.action == self._call_action
        if is_own and message.action in self._on_answer:
            self._on_answer[message.action](message, payload, now)
        self.outbox.forget_transactions(self.transaction)

    def _pause_replay(self, answered: Message, now: datetime) -> None:
        fault = self.quirks.active(SlowReplay)
        if fault is not None and not answered.is_extra and self.outbox.is_old(answered):
            self.outbox.pause_until(now + timedelta(milliseconds=fault.pause_ms))

    def refused(self, number: str | int, now: datetime, why: str = "") -> None:
        """
        Take a CALLERROR, or a CALLRESULT that does not fit its schema (ASSUMED: the same).

        Parameters:
            why: what was answered, for people.
        """
        self.tick(now)
        if number != self._call_number or self.outbox.in_flight is None:
            return
        self.journal.note(now, f"{self._call_action} not answered usably: {why}")
        stop = self.outbox.in_flight.action == "StopTransaction"
        if stop and self.quirks.active(BootsOnRefusedStop) is not None:
            self.outbox.take_back()
            self.restart(now)
            self._power = _Power.STOPPING
            return
        message = self.outbox.failed(
            now,
            self.configuration.number("TransactionMessageAttempts"),
            self.configuration.number("TransactionMessageRetryInterval"),
        )
        if message is not None and message.action == "BootNotification":
            self._boot_trouble = f"not answered usably: {why}"
            self._timers.set(Timer.BOOT, now + timedelta(seconds=BOOT_RETRY_S))
        elif message is not None and message.action == "Authorize":
            self.connector.not_authorized()

    # ------------------------------------------------------------------ a person's hand

    def plug_in(self, car: Car, now: datetime) -> None:
        """
        Put a car's cable in.

        Raises:
            NotPossible: If there is one already.
        """
        self._with_hands(now)
        self.connector.plug_in(car, now)

    def show_card(self, id_tag: str, now: datetime) -> None:
        """
        Hold a card to the reader (`Connector.show_card`).

        Raises:
            NotPossible: If the charger still waits for the backend's word on a card, or is off.
        """
        self._with_hands(now)
        self.connector.show_card(id_tag, now)

    def unplug(self, now: datetime) -> None:
        """
        Take the cable out at both ends; what the charger holds stays there.

        Raises:
            NotPossible: If no car is plugged in.
        """
        self._with_hands(now)
        self.connector.unplug(now)

    def unplug_car(self, now: datetime) -> None:
        """
        Take the cable out of the car only.

        Raises:
            NotPossible: If no car is plugged in.
        """
        self._with_hands(now)
        self.connector.unplug_car(now)

    def pull_cable(self, now: datetime) -> None:
        """
        Take the cable out of the charger.

        Raises:
            NotPossible: If there is none, it is locked, or it hangs there for good.
        """
        self._with_hands(now)
        self.connector.pull_cable(now)

    def break_down(self, error: VendorError, now: datetime) -> None:
        """Let something break."""
        self._with_hands(now)
        self.connector.break_down(error, now)

    def mend(self, now: datetime) -> None:
        """Put right what was broken."""
        self._with_hands(now)
        self.connector.mend(now)

    def _with_hands(self, now: datetime) -> None:
        self.tick(now)
        if not self.is_running:
            raise self._not_possible(
                "use it", "it is off or starting; restore its power or let some seconds pass"
            )

    def _not_possible(self, what: str, why: str) -> NotPossible:
        return NotPossible(what, f"charger {self.identity}", why)

    # ------------------------------------------------------------------ requests of the backend

    def refusal_of(self, action: str) -> Refusal | None:
        """Tell whether the charger refuses an action whatever it says, and how."""
        if self._registration is _Registration.REJECTED:
            # OCPP 1.6 §4.2: a rejected charger and its backend have nothing to say to each other.
            return Refusal("SecurityError", "this charger's BootNotification was rejected")
        return self._requests.refusal_of(action)

    def called(self, action: str, payload: Json, now: datetime) -> Result | Refusal:
        """Answer a request that fits its schema."""
        self.tick(now)
        done = self.refusal_of(action) or self._requests.answer(action, payload, now)
        if isinstance(done, Refusal):
            return done
        return Result(twisted_result(self.quirks, action, done.payload, self.scene(now)))

    def reset(self, kind: str, now: datetime) -> None:
        """
        Restart once the answer is out (OCPP 1.6 §5.14).

        A soft reset ends what runs and says so; a hard one tells of it after the boot.
        """
        self._off_reason = f"{kind}Reset"
        if kind == "Soft":
            self.connector.stop_for(self._off_reason, now)
        self._go_down(now, _Power.RESTARTING)
        if kind == "Hard":
            self._power = _Power.STOPPING

    def configure(self, name: str, value: str, now: datetime) -> str:
        """Set a configuration key at the charger itself; gives the ConfigurationStatus."""
        self.tick(now)
        verdict = self.configuration.change(name, value)
        if verdict == "Accepted":
            self.replan(name, now)
        return verdict

    def quirks_changed(self, now: datetime) -> None:
        """Take it that something is ideal no more, or again."""
        self.tick(now)
        if self.is_running:
            self.connector.metering.plan_aligned(now)

    def replan(self, key: str, now: datetime) -> None:
        """Do from now on what a configuration key says that has been changed."""
        name = key.lower()
        if name == "heartbeatinterval":
            self._plan_heartbeat(now)
        elif name == "metervaluesampleinterval":
            self.connector.metering.plan_samples(now)
        elif name == "clockaligneddatainterval":
            self.connector.metering.plan_aligned(now)

    # ------------------------------------------------------------------ messages of the vendor

    def transfer_data(
        self, vendor: str, message_id: str | None, data: str | None, now: datetime
    ) -> None:
        """
        Tell the backend something in the vendor's own words (OCPP 1.6 §4.3).

        Raises:
            NotPossible: If the charger is off.
        """
        self._with_hands(now)
        told: Json = {"vendorId": vendor}
        if message_id is not None:
            told["messageId"] = message_id
        if data is not None:
            told["data"] = data
        self.outbox.add(Message("DataTransfer", told))

    # ------------------------------------------------------------------ answers of the backend

    def _answers(self) -> dict[str, Callable[[Message, Json, datetime], None]]:
        return {
            "BootNotification": self._on_boot_answer,
            "Authorize": self._on_authorize_answer,
            "StartTransaction": self._on_start_answer,
            "StatusNotification": self._on_status_answer,
            "StopTransaction": self._on_stop_answer,
        }

    def _on_boot_answer(self, message: Message, payload: Json, now: datetime) -> None:
        self._registration = _Registration(payload["status"])
        self._boot_trouble = ""
        self.journal.note(now, f"boot answered: {self._registration.value}")
        interval_s = int(payload["interval"])
        if self._registration is _Registration.ACCEPTED:
            # An interval of 0 leaves the choice to the charger (OCPP 1.6 §4.2).
            if interval_s > 0:
                self.configuration.change("HeartbeatInterval", str(interval_s))
            self._plan_heartbeat(now)
            self.connector.reports.report()
            self.maintenance.booted()
        else:
            wait_s = interval_s if interval_s > 0 else BOOT_RETRY_S
            self._timers.set(Timer.BOOT, now + timedelta(seconds=wait_s))
            if self.online:
                self.connector.reports.report()

    def _on_authorize_answer(self, message: Message, payload: Json, now: datetime) -> None:
        info = CardInfo.from_ocpp(payload["idTagInfo"])
        self.connector.authorized(message.payload["idTag"], info, now)

    def _on_start_answer(self, message: Message, payload: Json, now: datetime) -> None:
        if message.transaction is not None:
            info = CardInfo.from_ocpp(payload["idTagInfo"])
            self.connector.started(message.transaction, payload["transactionId"], info, now)

    def _on_stop_answer(self, message: Message, payload: Json, now: datetime) -> None:
        id_tag, told = message.payload.get("idTag"), payload.get("idTagInfo")
        if id_tag is not None and told is not None:
            self.authority.remember(id_tag, CardInfo.from_ocpp(told))

    def _on_status_answer(self, message: Message, payload: Json, now: datetime) -> None:
        self.connector.reports.confirmed(message.payload["connectorId"], message.payload["status"])

    # ------------------------------------------------------------------ what is due

    def _on_boot_due(self, due: datetime) -> None:
        if self._line_is_up:
            self.say_boot()

    def _on_heartbeat_due(self, due: datetime) -> None:
        if not self.outbox.waits("Heartbeat"):
            self.say_heartbeat()
        self._plan_heartbeat(due)

    def _plan_heartbeat(self, now: datetime) -> None:
        if self.online:
            interval_s = self.configuration.number("HeartbeatInterval")
            self._timers.set(Timer.HEARTBEAT, now + timedelta(seconds=interval_s))

    def say_boot(self) -> None:
        """Send a BootNotification as soon as may be."""
        boot = {
            "chargePointVendor": VENDOR,
            "chargePointModel": MODEL,
            "chargePointSerialNumber": self.serial[:SERIAL_LIMIT],
            "firmwareVersion": self.firmware,
        }
        self.outbox.add(Message("BootNotification", boot))

    # ------------------------------------------------------------------ diagnostics

    def _diagnostics(self, start: datetime | None, stop: datetime | None) -> Mapping[str, str]:
        """Give the files of the diagnostics; no secret is in them."""
        entries, _ = self.configuration.entries([])
        running = self.transaction
        return {
            "identity.txt": f"{VENDOR} {MODEL}\nidentity {self.identity}\n"
            f"firmware {self.firmware}\nboots {self._boots}\n",
            "configuration.txt": "".join(f"{one['key']}={one['value']}\n" for one in entries),
            "status.txt": f"status {self.status}\n"
            f"transaction {'none' if running is None else running.local}\n"
            f"messages waiting {self.outbox.waiting}\nmessages dropped {self.outbox.dropped}\n"
            f"cards in the local list {self.authority.size}\n",
            "journal.txt": "".join(f"{line}\n" for line in self.journal.lines(start, stop)),
        }


def _parts(setup: Setup, supply: Supply, memory: Memory, quirks: Quirks) -> Parts:
    """Make the parts as they are built, with what they remember."""
    fixed = _FIXED_CABLE_KEYS if setup.fixed_cable else ()
    configuration = Configuration(setup.configuration, memory, fixed)
    register_fj = int(memory.get(METER, "register_fj") or setup.register_wh * FJ_PER_WH)
    return Parts(
        memory=memory,
        configuration=configuration,
        timers=Timers(),
        outlet=Outlet(supply, setup.limit, register_fj),
        outbox=Outbox(setup.queue_limit, memory),
        authority=Authority(configuration, memory),
        profiles=Profiles.from_json(memory.get(PROFILES, "is") or [], _abilities(configuration)),
        quirks=quirks,
        journal=Journal(),
    )


_FIXED_CABLE_KEYS = ("UnlockConnectorOnEVSideDisconnect",)
"""Errata 3.83: with a fixed cable there is nothing to unlock, and nothing to set."""


def _abilities(configuration: Configuration) -> Abilities:
    """Give what of smart charging the charger does, as its keys say (OCPP 1.6 §9.4)."""
    units = {"Current": "A", "Power": "W"}
    allowed = configuration.text("ChargingScheduleAllowedChargingRateUnit").split(",")
    return Abilities(
        stack_level_max=configuration.number("ChargeProfileMaxStackLevel"),
        periods_max=configuration.number("ChargingScheduleMaxPeriods"),
        profiles_max=configuration.number("MaxChargingProfilesInstalled"),
        units=tuple(units[name] for name in allowed),
    )
