"""
The Etrel INCH, with the verbs of the people around it: who charges, and who digs up the line.

What is simulated and what is not stands on the device sheet, README.md beside this file.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from fractions import Fraction
from random import Random

from simulators.charger_inch.cards import Card, id_tag_of
from simulators.charger_inch.device import Device, Setup, Status
from simulators.charger_inch.electric import FJ_PER_WH, Car, Flow, Limit, Supply
from simulators.charger_inch.measurements import kwh_text
from simulators.charger_inch.ocpp_json_io import OcppJsonLine
from simulators.charger_inch.outbox import Transaction
from simulators.clock import Clock
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
]

SOMEBODY = "somebody"


class ChargerInch:
    """
    An Etrel INCH with one connector, switched on when it is made.

    A verb is done when it returns; what it sets off ends before the clock moves.

    Parameters:
        identity: its name at the backend.
        clock: its time.
        tap: where what crosses its wires is noted.
        rng: what its site is drawn from.
        setup: how it is built and set up.

    Attributes:
        on_line: told the identity and whether the socket is up, at the moment of the change.
    """

    def __init__(
        self, identity: str, clock: Clock, tap: Wiretap, rng: Random, *, setup: Setup | None = None
    ) -> None:
        self.identity = identity
        self.on_line: Callable[[str, bool], None] | None = None
        self._clock = clock
        self._tap = tap
        self._setup = setup or Setup()
        supply = self._setup.supply or draw_supply(rng)
        self._device = Device(identity, self._setup, supply, clock.now())
        self._line = OcppJsonLine(self._device, clock, tap, self._tell_line)

    # ------------------------------------------------------------------ what can be seen

    @property
    def status(self) -> Status:
        """The status of the connector."""
        return self._device.status

    @property
    def shown(self) -> str:
        """What the display says."""
        return self._device.shown

    @property
    def transaction(self) -> Transaction | None:
        """The transaction that runs."""
        return self._device.transaction

    @property
    def line_is_up(self) -> bool:
        """Whether the socket to the backend is open."""
        return self._line.is_up

    @property
    def queued(self) -> int:
        """How many transaction messages the backend has not answered yet."""
        return self._device.outbox.waiting

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

    # ------------------------------------------------------------------ the installer

    async def connect(self, url: str) -> None:
        """
        Put the charger into service at a backend, once.

        Returns when the BootNotification and all that follows from it now is answered.

        Parameters:
            url: the endpoint, ``ws://host:port/path``; the identity is appended, percent-encoded.

        Raises:
            NotPossible: If nobody answers there or the backend does not know the charger.
        """
        await self._line.connect(url)

    async def close(self) -> None:
        """Take the charger off the bench; it is not used again."""
        await self._line.close()

    # ------------------------------------------------------------------ who charges

    async def plug_in(self, car: Car | None = None, *, person: str = SOMEBODY) -> None:
        """
        Plug a car in, by default the one of the setup.

        Raises:
            NotPossible: If a car is plugged in already.
        """
        car = car or self._setup.car
        async with self._line.happening() as now:
            self._device.plug_in(car, now)
            self._note(person, "plug_in", car=asdict(car))

    async def show_card(self, card: Card) -> None:
        """
        Hold a card to the reader: to begin, or to end what it began.

        Raises:
            NotPossible: If the backend has not answered for the last card yet.
        """
        id_tag = id_tag_of(card, big_endian=self._setup.big_endian_cards)
        async with self._line.happening() as now:
            self._device.show_card(id_tag, now)
            self._note(card.holder, "show_card", uid=card.uid.hex().upper())

    async def unplug(self, *, person: str = SOMEBODY) -> None:
        """
        Take the cable out.

        Raises:
            NotPossible: If no car is plugged in.
        """
        async with self._line.happening() as now:
            self._device.unplug(now)
            self._note(person, "unplug")

    async def transfer_data(self, vendor: str, message_id: str, data: str) -> None:
        """
        Tell the backend something in the vendor's own words (OCPP 1.6 §4.3).

        What INCHes really tell this way is not public; the caller says what it shall be.
        """
        async with self._line.happening() as now:
            self._device.transfer_data(vendor, message_id, data, now)

    # ------------------------------------------------------------------ who digs

    async def cut_line(self, *, person: str = SOMEBODY) -> None:
        """Break the line to the backend without a word; the charger goes on metering."""
        self._note(person, "cut_line")
        await self._line.cut()

    async def restore_line(self, *, person: str = SOMEBODY) -> None:
        """Put the line right; what was queued goes to the backend."""
        self._note(person, "restore_line")
        await self._line.restore()

    def _note(self, person: str, verb: str, **what: object) -> None:
        text = json.dumps({"did": verb, **what}, separators=(",", ":"), ensure_ascii=False)
        self._tap.note("hand", person, self.identity, text)

    def _tell_line(self, up: bool) -> None:
        if self.on_line is not None:
            self.on_line(self.identity, up)


def draw_supply(rng: Random) -> Supply:
    """Draw the grid of a site: 228.00 to 236.00 V on each phase, 49.97 to 50.03 Hz (ASSUMED)."""
    l1, l2, l3 = (rng.randrange(228_000, 236_001, 10) for _ in range(3))
    return Supply((l1, l2, l3), rng.randrange(49_970, 50_031, 10), 990)
