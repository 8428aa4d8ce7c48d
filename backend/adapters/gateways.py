"""
Meters behind smart gateways: read, kept like what is sent for a meter, and their gaps filled.

Rule 1: a gateway is asked at multiples of ``every`` since midnight UTC, so at each quarter hour;
its meters one after the other, as it asks them one after the other itself. What fails is tried
again after `RETRY_S`, until the next time comes; a meter that fails keeps none of the others back,
and a gap is looked at when all of them have been read.
Rule 2: a reading holds for the instant at which the counters themselves were asked for, which may
be a while after the first question about its meter, and goes the way of everything
that is sent for a meter (`backend.adapters.meters`), with the answer as evidence.
Rule 3: after a start, after a failure, and where nothing was read for more than a quarter hour, it
is looked for gaps as soon as the register at the end of a quarter hour is known. The load profile
fills them (`backend.core.sg_profile`), over REST, whatever the way. While one of them cannot be
filled it is tried again at each further quarter hour. The profile may lack the newest quarter hour
for a moment, so it is looked once more where the newest gap stays.
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
from backend.core.sg_profile import (
    QUARTER,
    Quarter,
    Shown,
    check,
    ends_of,
    fill,
    gaps,
    shown_value,
)
from backend.errors import BackendError, GatewayAnswerError
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

Read = Callable[
    [Gateway, GatewayMeter, Callable[[], None]], Awaitable[tuple[Sequence[Counter], str]]
]
"""
Reads a meter's counters, with what was read for evidence.

The third argument is called at the moment at which the counters themselves are asked for.
"""
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
            asked_at = self._clock.now()
            due = _next(asked_at, self._gateway.every)
            with self._clock.hold(f"{self._gateway.name} is being read"):
                failed = [one for one in wanted if not await self._has_read(one)]
                for one in wanted:
                    if one not in failed and not self._stopped:
                        await self._gaps.fill(one)
            if self._stopped:
                return
            again = asked_at + timedelta(seconds=RETRY_S[min(tries, len(RETRY_S) - 1)])
            if failed and again < due:
                self._ring(again, tries + 1, failed)
            else:
                self._ring(due, 0, self._gateway.meters)

    async def _has_read(self, meter: GatewayMeter) -> bool:
        if self._stopped:
            return False
        view, where = self._keeper.views[meter.name], self._gateway.where(meter)
        instant = self._clock.now()

        def asking() -> None:
            nonlocal instant
            instant = self._clock.now()

        try:
            counters, text = await self._read_meter(self._gateway, meter, asking)
            value = meter_value(counters, instant, where)
            await self._keeper.keep(meter, text, (value,))
        except Exception as error:
            self._tell(view, error, where)
            self._gaps.may_be_at(meter)
            return False
        if view.problem:
            _log.info("%s can be read again", where)
        if view.read_at is not None and instant - view.read_at > QUARTER:
            self._gaps.may_be_at(meter)
        view.problem, view.read_at = "", instant
        return True

    def _tell(self, view: GatewayView, error: Exception, where: str) -> None:
        told = str(error)
        if not isinstance(error, BackendError):
            told = f"{where}: reading it broke ({type(error).__name__}); it is tried again"
        if view.problem != told:
            is_ours = not isinstance(error, BackendError)
            _log.warning("%s", told, exc_info=error if is_ours else None)
        view.problem = told


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
        #: By the name of a meter that may have gaps: up to when it was looked for them.
        self._suspected: dict[str, datetime | None] = {one.name: None for one in gateway.meters}

    def may_be_at(self, meter: GatewayMeter) -> None:
        """Look for gaps of a meter when it has been read at a quarter hour again."""
        self._suspected[meter.name] = None

    async def fill(self, meter: GatewayMeter) -> None:
        """Fill what can be filled, where something may be missing and a quarter hour is new."""
        view = self._keeper.views[meter.name]
        read_at, read_profile = view.read_at, self._read_profile
        if read_profile is None or read_at is None or meter.name not in self._suspected:
            return
        try:
            is_done = await self._fill(read_profile, meter, read_at)
        except Exception as error:
            told = str(error)
            if not isinstance(error, BackendError):
                told = f"{self._gateway.where(meter)}: {type(error).__name__}; it is tried again"
            if view.gap_problem != told:
                _log.warning("a gap cannot be filled: %s", told)
            view.gap_problem = told
            return
        # None where a gap may have come since.
        if is_done and self._suspected.get(meter.name) is not None:
            view.gap_problem = ""
            del self._suspected[meter.name]

    async def _fill(
        self, read_profile: ReadProfile, meter: GatewayMeter, read_at: datetime
    ) -> bool:
        """Fill all gaps; gives False where it must be looked again."""
        name, quarter = meter.name, read_at - (read_at - _MIDNIGHT) % QUARTER
        looked_at = self._suspected[name]
        if looked_at == quarter:
            return False
        self._suspected[name] = quarter  # and None again, where a gap comes meanwhile
        readings = await self._keeper.shown(meter, read_at - LOOK_BACK, read_at)
        ends = ends_of(readings)
        if not ends or ends[-1].instant < quarter:
            if self._suspected[name] == quarter:
                self._suspected[name] = looked_at
            return False
        found = self._gaps_of(meter, ends)
        if not found:
            return True
        profile, text = await read_profile(self._gateway, meter)
        check(ends, profile, self._gateway.where(meter))
        problems: list[GatewayAnswerError] = []
        is_newest_whole = True
        for before, after in found:
            try:
                made = fill(before, after, profile, self._gateway.where(meter), readings)
            except GatewayAnswerError as error:
                problems.append(error)
                continue
            await self._keep(meter, text, made)
            has_all = len(made) == (after.instant - before.instant) // QUARTER - 1
            is_newest_whole = has_all or after.instant < quarter
        if problems:
            raise problems[0]
        return is_newest_whole or looked_at is not None

    def _gaps_of(self, meter: GatewayMeter, ends: Sequence[Shown]) -> list[tuple[Shown, Shown]]:
        exchanges = [one.at for one in self._keeper.settings_of(meter).exchanges]
        return [
            (before, after)
            for before, after in gaps(ends)
            # No register of one meter can be made from another's.
            if not any(before.instant < at <= after.instant for at in exchanges)
        ]

    async def _keep(self, meter: GatewayMeter, text: str, made: Sequence[Shown]) -> None:
        if made:
            values = [shown_value(one, place) for place, one in enumerate(made)]
            new = await self._keeper.keep(meter, text, values)
            _log.info("%s: %d registers of a gap are filled", self._gateway.where(meter), new)


def _next(now: datetime, every: timedelta) -> datetime:
    return now + every - (now - _MIDNIGHT) % every
