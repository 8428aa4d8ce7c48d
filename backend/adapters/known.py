"""
What is known of a station or a meter around a time: what its energies are made of.

As in `backend.adapters.records`, each function takes a connection of the store and runs inside
the transaction of its caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from backend.adapters import meter_values, records
from backend.core.energy import Known
from backend.core.intervals import Presence
from backend.core.quantities import ENERGY
from backend.core.registers import Exchange
from backend.settings import MeterSettings, StationSettings


def known_of(
    connection: Connection,
    source: StationSettings | MeterSettings,
    grid: Sequence[datetime],
    until: datetime,
    register: str = ENERGY,
) -> Known:
    """
    Give what is known of a station or a meter around a grid; what lasts, lasts ``until``.

    Parameters:
        register: the measurand of which. What the settings say of an exchange is said of imported
            energy; of other registers it tells only when they began anew.
    """
    number = records.id_of(connection, source)
    exchanges = source.exchanges
    if register != ENERGY:
        exchanges = tuple(replace(one, old_end_wh=None, new_start_wh=None) for one in exchanges)
    return known_by_id(connection, number, grid, until, exchanges, register)


def known_by_id(
    connection: Connection,
    number: int,
    grid: Sequence[datetime],
    until: datetime,
    exchanges: Sequence[Exchange] = (),
    register: str = ENERGY,
) -> Known:
    """Give the same of a station or a meter by its key."""
    start, end = grid[0], grid[-1]
    readings = meter_values.energy_readings(connection, number, start, end, register)
    presence = Presence(
        online=records.online_spans(connection, number, start, end, until),
        sessions=records.session_spans(connection, number, start, end, until),
        unread=(
            meter_values.unread_instants(connection, number, start, end)
            if register == ENERGY
            else ()
        ),
    )
    by_reception = records.by_reception(connection, number, readings)
    return Known(readings, presence, by_reception, exchanges, until)
