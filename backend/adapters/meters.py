"""
Meters: what is sent for them into the same rows as what chargers say, and how they stand.

As in `backend.adapters.records`, each function takes a connection of the store and runs inside
the transaction of its caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, func, select

from backend.adapters import meter_values, records, tables
from backend.adapters.records import Told
from backend.core.readings import MeterValue
from backend.settings import MeterSettings

#: How the connection of a request is kept to have ended: it holds for an instant, so that a
#: meter is never taken for a device that is there and silent.
_ENDED_BY = "readings were sent over the API"
_ACTION = "MeterReadings"


@dataclass(frozen=True, slots=True)
class MeterView:
    """
    How a meter stands.

    Attributes:
        last_instant, last_wh: its newest reading; None before the first.
        heard_at: when anything was last sent for it.
    """

    last_instant: datetime | None
    last_wh: Decimal | None
    heard_at: datetime | None


def keep_readings(
    connection: Connection,
    meter: MeterSettings,
    now: datetime,
    text: str,
    measured: Sequence[MeterValue],
) -> int:
    """
    Keep what was sent for a meter.

    Parameters:
        text: the request's body, as evidence.

    Returns:
        How many of the readings were new.
    """
    number = records.id_of(connection, meter)
    line = records.begin_connection(connection, number, now)
    told = Told(number, line, now, text, _ACTION, (), measured)
    (frame,) = records.keep_told(connection, [told])
    records.end_connection(connection, line, now, _ENDED_BY)
    table = tables.meter_value
    instants = [one.instant for one in measured]
    new = select(func.count()).where(
        table.c.station_id == number,
        table.c.instant.between(min(instants), max(instants)),
        table.c.frame_id == frame,
    )
    return int(connection.execute(new).scalar_one())


def view(connection: Connection, meter: MeterSettings) -> MeterView:
    """Tell how a meter stands."""
    number = records.id_of(connection, meter)
    last = meter_values.last_reading(connection, number)
    table = tables.connection
    heard = select(func.max(table.c.heard_at)).where(table.c.station_id == number)
    return MeterView(
        last_instant=None if last is None else last.instant,
        last_wh=None if last is None else last.value,
        heard_at=connection.execute(heard).scalar_one(),
    )
