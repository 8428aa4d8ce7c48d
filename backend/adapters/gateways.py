"""
Meters behind smart gateways: read, kept like what is sent for a meter, and their gaps filled.

Rule 1: a gateway is asked at multiples of ``every`` since midnight UTC, so at each quarter hour;
its meters one after the other, as it asks them one after the other itself. What fails is tried
again after `RETRY_S`, until the next time comes; a meter that fails keeps none of the others back.
Rule 2: a reading holds for the instant at which it was asked for, and goes the way of everything
that is sent for a meter (`backend.adapters.meters`), with the answer as evidence.
Rule 3: after a start, and after a failure, it is looked for gaps at the next quarter hour that was
read. The load profile fills them (`backend.core.sg_profile`), over REST, whatever the way. While
that fails it is tried again at each further quarter hour.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from backend.adapters import meter_values, meters, records
from backend.core.readings import MeterValue
from backend.core.sg_counters import EXPORT, IMPORT, Counter, meter_value
from backend.core.sg_profile import QUARTER, Quarter, Shown, at_quarter, fill, gaps, shown_value
from backend.errors import BackendError, GatewayAnswerError, GatewayError
from backend.ports import Alarm, Clock, Gateway, GatewayMeter
from backend.settings import MeterSettings, Settings

if TYPE_CHECKING:
    from backend.adapters.store import Store

_log = logging.getLogger(__name__)

RETRY_S = (10, 60, 300)
"""How long is waited before it is tried again, in seconds; the last holds for further tries."""
LOOK_BACK = timedelta(hours=60)
"""How far back gaps are looked for: a load recorder keeps 56 hours (document 004 §4.1.5)."""
_MIDNIGHT = datetime(1970, 1, 1, tzinfo=UTC)

Read = Callable[[Gateway, GatewayMeter], Awaitable[tuple[Sequence[Counter], str]]]
ReadProfile = Callable[[Gateway, GatewayMeter], Awaitable[tuple[Sequence[Quarter], str]]]


@dataclass(slots=True)
class GatewayView:
    """
    How a meter behind a gateway stands.

    Attributes:
        read_at: when it was last read; None before the first time since the start.
        problem: why it cannot be read; empty while it can.
        gap_problem: why a gap cannot be filled; empty while there is none.
    """

    read_at: datetime | None = None
    problem: str = ""
    gap_problem: str = ""


class MeterKeeper:
    """
    Keeps what gateways tell of meters.

    Parameters:
        settings: the meters.
        store: where it is kept.
        clock: the time.

    Attributes:
        views: how each meter behind a gateway stands, by its name.
    """

    def __init__(self, settings: Settings, store: Store, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self.views = {one.name: GatewayView() for one in settings.meters if one.place is not None}

    def settings_of(self, meter: GatewayMeter) -> MeterSettings:
        """Give the meter's own settings."""
        return self._settings.meter(meter.name)

    async def keep(self, meter: GatewayMeter, text: str, values: Sequence[MeterValue]) -> int:
        """Keep what was read; it is on disk when this returns. Gives how many were new."""
        found, now = self.settings_of(meter), self._clock.now()
        return await self._store.write(
            lambda connection: meters.keep_readings(connection, found, now, text, values)
        )

    async def shown(self, meter: GatewayMeter, start: datetime, end: datetime) -> list[Shown]:
        """Give what a meter's registers showed between two instants, in order of time."""
        found = self.settings_of(meter)
        return await self._store.read(partial(_shown, meter=found, start=start, end=end))


def _shown(
    connection: Connection, meter: MeterSettings, start: datetime, end: datetime
) -> list[Shown]:
    number = records.find_id(connection, meter)
    if number is None:
        return []
    registers = (
        {
            one.instant: one.value
            for one in meter_values.energy_readings(connection, number, start, end, register)
        }
        for register in (IMPORT, EXPORT)
    )
    imported, exported = registers
    return [
        Shown(instant, imported.get(instant), exported.get(instant))
        for instant in sorted(imported.keys() | exported.keys())
        if start <= instant <= end
    ]


class PolledGateway:
    """
    One gateway, asked again and again.

    Parameters:
        gateway: its settings.
        read: how a meter is read.
        read_profile: how a load profile is read; None where gaps stay.
        keeper: where what it tells goes.
        clock: the time.
    """

    def __init__(
        self,
        gateway: Gateway,
        read: Read,
        read_profile: ReadProfile | None,
        keeper: MeterKeeper,
        clock: Clock,
    ) -> None:
        self._gateway = gateway
        self._read_meter = read
        self._gaps = Gaps(gateway, read_profile, keeper)
        self._keeper = keeper
        self._clock = clock
        self._alarm: Alarm | None = None
        self._polling = asyncio.Lock()
        self._stopped = True

    async def start(self) -> None:
        """Begin at once, and go on at each multiple of ``every``."""
        self._stopped = False
        self._ring(self._clock.now(), 0, self._gateway.meters)

    async def stop(self) -> None:
        """End; a reading that is under way is finished."""
        self._stopped = True
        if self._alarm is not None:
            self._alarm.cancel()
        async with self._polling:
            pass

    def _ring(self, at: datetime, tries: int, wanted: Sequence[GatewayMeter]) -> None:
        self._alarm = self._clock.call_at(at, partial(self._poll, tries, wanted))

    async def _poll(self, tries: int, wanted: Sequence[GatewayMeter]) -> None:
        """Read some meters; those that fail again a little later, all of them at the next time."""
        async with self._polling:
            if self._stopped:
                return
            asked_at = self._clock.now()
            due = _next(asked_at, self._gateway.every)
            try:
                with self._clock.hold(f"{self._gateway.name} is being read"):
                    failed = [one for one in wanted if not await self._read(one)]
            except Exception:
                _log.exception("%s: reading it broke", self._gateway.where())
                failed = list(wanted)
            again = asked_at + timedelta(seconds=RETRY_S[min(tries, len(RETRY_S) - 1)])
            if failed and again < due:
                self._ring(again, tries + 1, failed)
            else:
                self._ring(due, 0, self._gateway.meters)

    async def _read(self, meter: GatewayMeter) -> bool:
        view, where = self._keeper.views[meter.name], self._gateway.where(meter)
        instant = self._clock.now()
        try:
            counters, text = await self._read_meter(self._gateway, meter)
            value = meter_value(counters, instant, where)
            await self._keeper.keep(meter, text, (value,))
        except BackendError as error:
            if view.problem != str(error):
                _log.warning("%s", error)
            view.problem = str(error)
            self._gaps.may_be_at(meter)
            return False
        if view.problem:
            _log.info("%s can be read again", where)
        view.problem, view.read_at = "", instant
        await self._gaps.fill(meter, view, instant)
        return True


class Gaps:
    """
    Fills the gaps of a gateway's meters from their load profiles.

    Parameters:
        gateway: its settings.
        read_profile: how a load profile is read; None where gaps stay.
        keeper: what was read before, and where what is filled goes.
    """

    def __init__(
        self, gateway: Gateway, read_profile: ReadProfile | None, keeper: MeterKeeper
    ) -> None:
        self._gateway = gateway
        self._read_profile = read_profile
        self._keeper = keeper
        self._suspected = {one.name for one in gateway.meters}

    def may_be_at(self, meter: GatewayMeter) -> None:
        """Look for gaps of a meter when it has been read at a quarter hour again."""
        self._suspected.add(meter.name)

    async def fill(self, meter: GatewayMeter, view: GatewayView, read_at: datetime) -> None:
        """Fill what can be filled, where something may be missing and a quarter hour was read."""
        read_profile = self._read_profile
        if read_profile is None or meter.name not in self._suspected:
            return
        if at_quarter(Shown(read_at, None, None)) is None:
            return
        try:
            await self._fill(read_profile, meter, read_at)
        except GatewayError as error:
            if view.gap_problem != str(error):
                _log.warning("a gap cannot be filled: %s", error)
            view.gap_problem = str(error)
            if not isinstance(error, GatewayAnswerError):
                return  # it is tried again
        else:
            view.gap_problem = ""
        self._suspected.discard(meter.name)

    async def _fill(
        self, read_profile: ReadProfile, meter: GatewayMeter, read_at: datetime
    ) -> None:
        where = self._gateway.where(meter)
        found = gaps(await self._keeper.shown(meter, read_at - LOOK_BACK, read_at))
        if not found:
            return
        profile, text = await read_profile(self._gateway, meter)
        for before, after in found:
            made = fill(before, after, profile, where)
            if made:
                values = [shown_value(one, place) for place, one in enumerate(made)]
                await self._keeper.keep(meter, text, values)
                count = (after.instant - before.instant) // QUARTER - 1
                _log.info("%s: %d of %d registers of a gap are filled", where, len(made), count)


def _next(now: datetime, every: timedelta) -> datetime:
    return now + every - (now - _MIDNIGHT) % every
