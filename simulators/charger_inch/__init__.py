"""
The Etrel INCH, with the verbs of the people around it: who charges, who repairs, who digs.

What is simulated and what is not stands on the device sheet, README.md beside this file.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from random import Random

from simulators.charger_inch import habits, vendor_data
from simulators.charger_inch.cards import Card, id_tag_of
from simulators.charger_inch.device import Device, Setup
from simulators.charger_inch.electric import FJ_PER_WH, Car, Flow, Limit, Supply
from simulators.charger_inch.installation import (
    BIG_ENDIAN_CARDS,
    checked_endpoint,
    checked_identity,
)
from simulators.charger_inch.maintenance import firmware
from simulators.charger_inch.measurements import kwh_text, stamp
from simulators.charger_inch.memory_io import MemoryFile
from simulators.charger_inch.ocpp_json_io import OcppJsonLine
from simulators.charger_inch.outbox import Transaction
from simulators.charger_inch.status import Status
from simulators.charger_inch.vendor_data import VendorError
from simulators.clock import Clock
from simulators.errors import NotPossible
from simulators.faults import Fault, Faults
from simulators.wiretap import Wiretap

__all__ = [
    "Car",
    "Card",
    "ChargerInch",
    "Flow",
    "Limit",
    "Setup",
    "Status",
    "Supply",
    "Transaction",
    "firmware",
    "id_tag_of",
]

SOMEBODY = "somebody"

CHANGED = ("Accepted", "RebootRequired")
"""The ConfigurationStatus of a key that has another value now, or after a boot (OCPP 1.6 §7.22)."""


class ChargerInch:
    """
    An Etrel INCH with one connector, switched on when it is made.

    A verb is done when it returns; what it sets off ends before the clock moves.

    Parameters:
        identity: its name at the backend, unless it was renamed at the charger itself.
        clock: its time.
        tap: where what crosses its wires is noted.
        rng: what its site is drawn from.
        setup: how it is built and set up.
        memory: the file in which it remembers, made where there is none; None: it remembers
            through a power cut, but not beyond its process.

    Attributes:
        faults: what is not ideal about it, to be switched on and off while it runs.
        on_line: told the identity and whether the socket is up, at the moment of the change.
        on_problem: told the identity and why the line cannot be set up, once for each reason.
        on_boot: told the identity and how the backend answered a BootNotification, once for each
            answer.

    Raises:
        NotPossible: If the file for its memory cannot be used.
    """

    def __init__(
        self,
        identity: str,
        clock: Clock,
        tap: Wiretap,
        rng: Random,
        *,
        setup: Setup | None = None,
        memory: Path | None = None,
    ) -> None:
        self.on_line: Callable[[str, bool], None] | None = None
        self.on_problem: Callable[[str, str], None] | None = None
        self.on_boot: Callable[[str, str], None] | None = None
        self._clock = clock
        self._tap = tap
        self._setup = setup or Setup()
        supply = self._setup.supply or draw_supply(rng)
        self.faults = Faults(
            clock, tap, lambda: self.identity, (*habits.DEFAULT, *self._setup.quirks)
        )
        self.faults.listen(self._replan)
        self._faults_told = self.faults.on
        self._file = None if memory is None else MemoryFile(memory, identity)
        kept = None if self._file is None else self._file.read()
        self._device = Device(identity, self._setup, supply, clock.now(), kept, self.faults)
        self._line = OcppJsonLine(
            self._device, clock, tap, self._tell_line, self._file, self._setup.trusted
        )
        self._line.on_problem = self._tell_problem
        self._line.on_boot = self._tell_boot
        for quirk in self._setup.quirks:
            self.faults.note(quirk, on=True)

    # ------------------------------------------------------------------ what can be seen

    @property
    def identity(self) -> str:
        """Its name at the backend."""
        return self._device.identity

    @property
    def setup(self) -> Setup:
        """How it is built."""
        return self._setup

    @property
    def status(self) -> Status:
        """The status of the connector."""
        return self._device.status

    @property
    def shown(self) -> str:
        """What the display says; nothing without power."""
        return self._device.shown

    @property
    def has_power(self) -> bool:
        """Whether it is supplied with power."""
        return self._device.has_power

    @property
    def is_running(self) -> bool:
        """Whether its controller runs: it has power and is not just starting."""
        return self._device.is_running

    @property
    def error(self) -> VendorError | None:
        """What is broken."""
        return self._device.connector.error

    @property
    def car(self) -> Car | None:
        """The car that is plugged in."""
        return self._device.outlet.car

    @property
    def cable_is_in(self) -> bool:
        """Whether a cable is in the connector, with or without a car."""
        return self._device.connector.cable_is_in

    @property
    def is_locked(self) -> bool:
        """Whether the lock holds the cable."""
        return self._device.connector.is_locked

    @property
    def is_asking(self) -> bool:
        """Whether the backend has not answered for the last card."""
        return self._device.connector.is_asking

    @property
    def transaction(self) -> Transaction | None:
        """The transaction that runs."""
        return self._device.transaction

    @property
    def firmware(self) -> str:
        """The version of its firmware."""
        return self._device.firmware

    @property
    def registration(self) -> str:
        """How the backend answered the last BootNotification."""
        return self._device.registration

    @property
    def is_registered(self) -> bool:
        """Whether the backend has accepted it since it started."""
        return self._device.is_registered

    @property
    def line_is_up(self) -> bool:
        """Whether the socket to the backend is open."""
        return self._line.is_up

    @property
    def line_is_whole(self) -> bool:
        """Whether it may set up its line: it is connected somewhere, and nobody has cut it."""
        return self._line.is_whole

    @property
    def line_problem(self) -> str:
        """Why the line is down, if nobody has cut it; empty where it is up."""
        return self._line.problem

    @property
    def line_ended(self) -> str:
        """How the line ended the last time: by whom, with which code and reason."""
        return self._line.ended

    @property
    def backend_endpoint(self) -> str:
        """Where its backend is, without the identity; empty before the first connection."""
        return self._line.endpoint

    @property
    def backend_url(self) -> str:
        """Where its backend is, with the identity; empty before the first connection."""
        return self._line.url

    @property
    def queued(self) -> int:
        """How many transaction messages the backend has not answered yet."""
        return self._device.outbox.waiting

    @property
    def dropped(self) -> int:
        """How many transaction messages were given up, after refusals or for want of room."""
        return self._device.outbox.dropped

    @property
    def local_list_size(self) -> int:
        """How many cards the local list holds."""
        return self._device.authority.size

    @property
    def register_wh(self) -> Fraction:
        """What the meter stands at now, in Wh, exactly."""
        return Fraction(self._device.outlet.register_at(self._clock.now()), FJ_PER_WH)

    @property
    def register_kwh_text(self) -> str:
        """What the meter stands at now, in kWh with six decimals, as on the wire."""
        return kwh_text(self._device.outlet.register_at(self._clock.now()))

    @property
    def flow(self) -> Flow:
        """What flows now."""
        return self._device.outlet.flow_at(self._clock.now())

    @property
    def course(self) -> tuple[tuple[datetime, Flow], ...]:
        """What flows from when on, if nothing changes; empty while nothing may flow."""
        return self._device.outlet.course

    def on_course(self, listener: Callable[[], None]) -> None:
        """Have ``listener()`` called whenever `course` is another, at that very instant."""
        self._device.outlet.on_change = listener

    @property
    def offered_ma(self) -> int:
        """What is offered to the car on each phase, in mA; 0 while nothing may flow."""
        return self._device.outlet.offered_at(self._clock.now())

    @property
    def supply(self) -> Supply:
        """The grid at its site."""
        return self._device.outlet.supply

    @property
    def charge_wh(self) -> int:
        """What the battery of the plugged car holds, in whole Wh; 0 without a car."""
        return self._device.outlet.charge_at(self._clock.now()) // FJ_PER_WH

    @property
    def big_endian_cards(self) -> bool:
        """Whether idTags are written big-endian."""
        given = self._setup.big_endian_cards
        return bool(self._device.installation.value(BIG_ENDIAN_CARDS, given))

    @property
    def serial(self) -> str:
        """The number that is printed on it."""
        return self._device.serial

    def takes(self, key: str) -> str:
        """Say what a configuration key accepts; nothing where it can only be read."""
        return self._device.configuration.takes(key)

    def configuration(self) -> list[dict[str, object]]:
        """Give all configuration keys, as GetConfiguration.conf has them (OCPP 1.6 §7.29)."""
        return self._device.configuration.entries([])[0]

    def journal(self) -> list[str]:
        """Give what has happened to it lately, a dated line each."""
        return self._device.journal.lines()

    # ------------------------------------------------------------------ the installer

    async def connect(self, url: str, *, patiently: bool = False) -> None:
        """
        Put the charger into service at a backend, once.

        Returns when the BootNotification and all that follows from it now is answered.

        Parameters:
            url: the endpoint, ``ws://host:port/path``; the identity is appended, percent-encoded.
            patiently: return at once where nobody answers, and go on trying.

        Raises:
            NotPossible: If nobody answers there or the backend does not know the charger.
        """
        await self._line.connect(url, patiently=patiently)

    async def move(self, url: str, *, person: str = SOMEBODY) -> None:
        """
        Take the charger to another backend; what was not answered yet goes there.

        Raises:
            NotAccepted: If no charger can call there.
        """
        endpoint = checked_endpoint(url)
        self._note(person, "move", url=endpoint)
        await self._line.move(endpoint)

    async def configure(self, key: str, value: str, *, person: str = SOMEBODY) -> str:
        """
        Set a configuration key at the charger itself.

        Returns:
            The ConfigurationStatus that a backend would get (OCPP 1.6 §7.22).
        """
        async with self._line.happening() as now:
            verdict = self._device.configure(key, value, now)
            if verdict in CHANGED:
                self._device.journal.note(now, f"{key} is set")
                self._note(person, "configure", key=key, value=value)
            return verdict

    async def read_cards(self, *, big_endian: bool, person: str = SOMEBODY) -> None:
        """Set the byte order of idTags (document 003, RFID code representation)."""
        async with self._line.happening() as now:
            self._note(person, "read_cards", big_endian=big_endian)
            given = self._setup.big_endian_cards
            self._device.installation.set(BIG_ENDIAN_CARDS, given, big_endian)
            order = "big" if big_endian else "little"
            self._device.journal.note(now, f"cards are told {order}-endian from now on")

    async def rename(self, identity: str, *, person: str = SOMEBODY) -> None:
        """
        Restart the charger under another identity, at the same backend.

        What runs is ended and told under the old identity; what the backend has not answered by
        then goes to it under the new one.

        Raises:
            NotAccepted: If no charger can be called so.
            NotPossible: If it is called so already, or is off.
        """
        wanted = checked_identity(identity)
        async with self._line.happening() as now:
            self._device.rename(wanted, now)
            self._note(person, "rename", identity=wanted)

    async def say_all(self, limit_s: float) -> bool:
        """
        Wait, in real time, until nothing is left that could be said now.

        Returns:
            False where that takes longer than ``limit_s``.
        """
        return await self._line.say_all(limit_s)

    async def close(self) -> None:
        """Take the charger off the bench; it is not used again."""
        try:
            await self._line.close()
        finally:
            if self._file is not None:
                self._file.close()

    # ------------------------------------------------------------------ who charges

    async def plug_in(self, car: Car | None = None, *, person: str = SOMEBODY) -> None:
        """
        Plug a car in, by default the one of the setup.

        Raises:
            NotPossible: If a car is plugged in already, or the charger is off.
        """
        car = car or self._setup.car
        async with self._line.happening() as now:
            self._device.plug_in(car, now)
            self._note(person, "plug_in", car=asdict(car))

    async def show_card(self, card: Card) -> None:
        """
        Hold a card to the reader: to begin, or to end what it or a card of its group began.

        Raises:
            NotPossible: If the backend has not answered for the last card, or the charger is off.
        """
        id_tag = id_tag_of(card, big_endian=self.big_endian_cards)
        async with self._line.happening() as now:
            self._device.show_card(id_tag, now)
            self._note(card.holder, "show_card", uid=card.uid.hex().upper())

    async def unplug(self, *, person: str = SOMEBODY) -> None:
        """
        Take the cable out of the car and of the charger; what the charger holds stays there.

        Raises:
            NotPossible: If no car is plugged in, or the charger is off.
        """
        async with self._line.happening() as now:
            self._device.unplug(now)
            self._note(person, "unplug")

    async def unplug_car(self, *, person: str = SOMEBODY) -> None:
        """
        Take the cable out of the car only.

        Raises:
            NotPossible: If no car is plugged in, or the charger is off.
        """
        async with self._line.happening() as now:
            self._device.unplug_car(now)
            self._note(person, "unplug_car")

    async def pull_cable(self, *, person: str = SOMEBODY) -> None:
        """
        Take the cable out of the charger.

        Raises:
            NotPossible: If there is none, it is locked or fixed, or the charger is off.
        """
        async with self._line.happening() as now:
            self._device.pull_cable(now)
            self._note(person, "pull_cable")

    # ------------------------------------------------------------------ what breaks, who repairs

    async def break_down(
        self,
        error_code: str,
        *,
        info: str | None = None,
        vendor_error_code: str | None = None,
        person: str = SOMEBODY,
    ) -> None:
        """
        Let something break.

        Parameters:
            error_code: a ChargePointErrorCode (OCPP 1.6 §7.6), or one of the vendor's codes.
            info: what is told besides; None: what stands with the vendor's code.
            vendor_error_code: the vendor's code; None: the one that stands with the error.

        Raises:
            NotPossible: If there is no such error, or the charger is off.
        """
        error = self._error(error_code, info, vendor_error_code)
        async with self._line.happening() as now:
            self._device.break_down(error, now)
            self._note(person, "break_down", error=error.error_code)

    def _error(self, code: str, info: str | None, vendor_code: str | None) -> VendorError:
        known = vendor_data.vendor_errors().get(code)
        if known is None and code not in vendor_data.ERROR_CODES:
            listed = ", ".join((*vendor_data.ERROR_CODES, *vendor_data.vendor_errors()))
            raise NotPossible(
                f"break down with {code!r}", f"charger {self.identity}", f"use one of {listed}"
            )
        error = known or vendor_data.error_named(code)
        return error.told_as(info, vendor_code)

    async def mend(self, *, person: str = SOMEBODY) -> None:
        """
        Put right what was broken.

        Raises:
            NotPossible: If the charger is off.
        """
        async with self._line.happening() as now:
            self._device.mend(now)
            self._note(person, "mend")

    async def cut_power(self, *, person: str = SOMEBODY) -> None:
        """
        Take the power away; with back-up power the charger says its last words first.

        Raises:
            NotPossible: If it has none.
        """
        async with self._line.happening() as now:
            self._device.cut_power(now)
            self._note(person, "cut_power")

    async def restore_power(self, *, person: str = SOMEBODY) -> None:
        """
        Give the power back; the charger boots.

        Raises:
            NotPossible: If it has power.
        """
        async with self._line.happening() as now:
            self._device.restore_power(now)
            self._note(person, "restore_power")

    async def switch_on(self, fault: Fault) -> None:
        """Let a habit or a fault bite from now on."""
        await self.faults.switch_on(fault)

    async def switch_off(self, fault: Fault | type[Fault]) -> None:
        """End a habit or a fault, or all of a kind."""
        await self.faults.switch_off(fault)

    async def _replan(self) -> None:
        on, before = self.faults.on, self._faults_told
        self._faults_told = on
        async with self._line.happening() as now:
            for fault in (*on, *before):
                if (fault in on) != (fault in before):
                    state = "on" if fault in on else "off"
                    self._device.journal.note(now, f"{fault.name} is switched {state}")
            self._device.quirks_changed(now)
        self._line.quirks_changed()

    # ------------------------------------------------------------------ the vendor's words

    async def transfer_data(self, vendor: str, message_id: str | None, data: str | None) -> None:
        """
        Tell the backend something in the vendor's own words (OCPP 1.6 §4.3).

        What INCHes really tell this way is not public; the caller says what it shall be.

        Raises:
            NotPossible: If the charger is off.
        """
        async with self._line.happening() as now:
            self._device.transfer_data(vendor, message_id, data, now)

    async def report_consumption(self, message_id: str, **values: object) -> None:
        """
        Tell the consumption of the building or the cluster, in the vendor's words (ASSUMED).

        Parameters:
            message_id: ``BuildingConsumption`` or ``ClusterConsumption``.
            values: the fields, without the timestamp.

        Raises:
            NotPossible: If there is no such message, or its fields are others.
        """
        data = {"timestamp": stamp(self._clock.now()), **values}
        message = vendor_data.messages_to_backend().get(message_id)
        if message is None or not message.takes(data):
            fields = ", ".join(message.fields) if message is not None else "none"
            raise NotPossible(
                f"tell {message_id}", f"charger {self.identity}", f"its fields are: {fields}"
            )
        text = json.dumps(data, separators=(",", ":"))
        await self.transfer_data(vendor_data.VENDOR_ID, message_id, text)

    # ------------------------------------------------------------------ who digs

    async def cut_line(self, *, person: str = SOMEBODY) -> None:
        """Break the line to the backend without a word; the charger goes on metering."""
        self._note(person, "cut_line")
        await self._line.cut()

    async def restore_line(self, *, person: str = SOMEBODY) -> None:
        """Put the line right; what was queued goes to the backend."""
        self._note(person, "restore_line")
        await self._line.restore()

    def now(self) -> datetime:
        """Tell the charger's time."""
        return self._clock.now()

    def _note(self, person: str, verb: str, **what: object) -> None:
        text = json.dumps({"did": verb, **what}, separators=(",", ":"), ensure_ascii=False)
        self._tap.note("hand", person, self.identity, text)

    def _tell_line(self, up: bool) -> None:
        if self.on_line is not None:
            self.on_line(self.identity, up)

    def _tell_problem(self, why: str) -> None:
        if self.on_problem is not None:
            self.on_problem(self.identity, why)

    def _tell_boot(self, how: str) -> None:
        if self.on_boot is not None:
            self.on_boot(self.identity, how)


def draw_supply(rng: Random) -> Supply:
    """Draw the grid of a site: 228.00 to 236.00 V on each phase, 49.97 to 50.03 Hz (ASSUMED)."""
    l1, l2, l3 = (rng.randrange(228_000, 236_001, 10) for _ in range(3))
    return Supply((l1, l2, l3), rng.randrange(49_970, 50_031, 10), 990)
