"""
Explanations: from what is stored to why an interval is what it is.

As in `backend.adapters.records`, each function takes a connection and runs inside the transaction
of its caller; what is decided is decided in the core. Nothing here writes.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, func, select

from backend.adapters import ledger, meter_values, records, tables
from backend.adapters.energies import own_register, what_counts
from backend.adapters.known import known_of
from backend.core.days import day_grid, local_day_of, to_iso_label
from backend.core.energy import energies_by_connector, summed
from backend.core.explain import Explanation, Said, explain, index_of, with_said
from backend.core.formats.row import Values
from backend.core.intervals import Interval
from backend.core.leniency import Leniency
from backend.core.readings import Reading
from backend.errors import SettingsError
from backend.settings import MeterSettings, Settings, StationSettings

#: Interval of stations that are not activated, minutes, and decimals of kWh where no task says.
_INTERVAL_MINUTES = 15
_DECIMALS = 3
_MOMENT = timedelta(microseconds=1)
_NEAR = 3


@dataclass(frozen=True, slots=True)
class Point:
    """
    Whose energies are explained.

    Attributes:
        source: a station or a meter, by its settings.
        measured_by: what measures its energies: itself, or the meter in front of it that counts.
        minutes: how long its intervals are.
        decimals: of kWh, as in the files of the first task that has it.
    """

    source: StationSettings | MeterSettings
    measured_by: StationSettings | MeterSettings
    minutes: int
    decimals: int

    @property
    def code(self) -> str:
        """Its metering code; empty where it has none."""
        return self.source.activation.metering_code if self.source.activation else ""

    @property
    def register(self) -> str:
        """The measurand that its energies are made of."""
        return own_register(self.source)

    @property
    def name(self) -> str:
        """What people call what measures it."""
        return self.measured_by.name

    @property
    def where(self) -> str:
        """Its place, for errors."""
        if isinstance(self.measured_by, StationSettings):
            return f"station {self.measured_by.identity!r}"
        return f"meter {self.measured_by.name!r}"


def point_of(settings: Settings, source: StationSettings | MeterSettings) -> Point:
    """Give how the energies of a station or a meter are made."""
    minutes = source.activation.interval_minutes if source.activation else _INTERVAL_MINUTES
    measured_by = what_counts(settings, source)
    for task in settings.tasks:
        form = settings.format_of(task).form
        if form.values is not Values.ENERGIES:
            continue  # it rounds other values
        if any(one == source for one, _ in settings.activations_of(task)):
            return Point(source, measured_by, minutes, form.decimals)
    return Point(source, measured_by, minutes, _DECIMALS)


def find_point(settings: Settings, name: str) -> Point:
    """
    Find whose energies are meant: a metering code, the identity of a station, a meter's name.

    Raises:
        SettingsError: If there is none of that name, or a code is that of several, or a card's.
    """
    sources: list[StationSettings | MeterSettings] = [*settings.stations, *settings.meters]
    found = [
        one
        for one in sources
        if name in (_own_name(one), one.activation.metering_code if one.activation else None)
    ]
    where = f"metering code {name[:80]!r}"
    if len(found) > 1:
        names = ", ".join(repr(_own_name(one)) for one in found)
        raise SettingsError("is that of several stations", where, f"name one of them: {names}")
    if any(one.activation and one.activation.metering_code == name for one in settings.cards):
        remedy = "ask for the chargers that it was used at: a card has what they counted then"
        raise SettingsError("is that of a card", where, remedy)
    if not found:
        known = [one.activation.metering_code for one in sources if one.activation]
        known += [_own_name(one) for one in sources]
        near = difflib.get_close_matches(name, dict.fromkeys(known), _NEAR)
        remedy = f"near is {', '.join(near)}" if near else f"known are {', '.join(known) or 'none'}"
        raise SettingsError("is none of the settings", where, remedy)
    return point_of(settings, found[0])


def _own_name(source: StationSettings | MeterSettings) -> str:
    return source.identity if isinstance(source, StationSettings) else source.name


def day_of(connection: Connection, point: Point, day: date, until: datetime) -> list[Interval]:
    """Give the intervals of a local day."""
    grid = day_grid(day, point.minutes)
    _measured_by_id(connection, point)
    known = known_of(connection, point.measured_by, grid, until, point.register)
    made = energies_by_connector(known, point.measured_by.profile, grid, point.decimals, until)
    return summed(made)


def explanation_of(
    connection: Connection,
    point: Point,
    instant: datetime,
    until: datetime,
    *,
    is_served: bool = True,
) -> Explanation:
    """
    Explain the interval that an instant lies in or ends.

    Parameters:
        until: up to when things are known.
        is_served: whether a backend runs on the database; otherwise a connection that nobody has
            ended ended when it was last heard, as the next start of the backend will say.

    Raises:
        SettingsError: If the interval lies ahead, or nothing is known of the station.
    """
    # The day's grid, as its file was made on it.
    day = local_day_of(instant - _MOMENT)
    grid = day_grid(day, point.minutes)
    index = index_of(grid, instant)
    if grid[index] >= until:
        what = f"{to_iso_label(grid[index + 1])} lies ahead: known is up to {to_iso_label(until)}"
        raise SettingsError(what, point.where, "ask again later")
    number = _measured_by_id(connection, point)
    lasting = until if is_served else _last_heard(connection, number) or until
    known = known_of(connection, point.measured_by, grid, lasting, point.register)
    unread = [
        reading
        for each in known.presence.unread
        if each > grid[index]
        for reading in meter_values.readings(connection, number, each, each)
    ]
    found = explain(
        known,
        point.measured_by.profile,
        grid,
        index,
        point.decimals,
        until,
        station=point.name,
        code=point.code,
        unread=unread,
    )
    wanted = {reading for one in found.evidence for reading in one.readings}
    found = with_said(found, _said(connection, number, wanted))
    if point.source.activation is None:
        return found
    ise = point.source.activation
    files = ledger.delivered_of(connection, ise.metering_code, ise.obis, grid[index + 1])
    return replace(found, delivered=tuple(files))


def _last_heard(connection: Connection, station_id: int) -> datetime | None:
    table = tables.connection
    mine = select(func.max(table.c.heard_at)).where(table.c.station_id == station_id)
    return connection.execute(mine).scalar()


def _measured_by_id(connection: Connection, point: Point) -> int:
    number = records.find_id(connection, point.measured_by)
    if number is None:
        remedy = "start the backend with these settings once"
        raise SettingsError("is not in the database yet", point.where, remedy)
    return number


def _said(connection: Connection, station_id: int, wanted: set[Reading]) -> dict[Reading, Said]:
    """Give the messages in which readings came."""
    frames = meter_values.frames_of(connection, station_id, wanted)
    table = tables.frame
    rows = connection.execute(select(table).where(table.c.id.in_(set(frames.values()))))
    leniencies = _leniencies(connection, station_id, frames.values())
    found = {
        row.id: Said(row.id, row.received_at, _action_of(row.text), leniencies.get(row.id, ()))
        for row in rows
    }
    return {reading: found[frame] for reading, frame in frames.items()}


def _leniencies(
    connection: Connection, station_id: int, frames: Iterable[int]
) -> dict[int, tuple[Leniency, ...]]:
    table = tables.deviation
    rows = connection.execute(
        select(table)
        .where(table.c.station_id == station_id, table.c.frame_id.in_(set(frames)))
        .order_by(table.c.id)
    )
    found: dict[int, tuple[Leniency, ...]] = {}
    for row in rows:
        one = Leniency(row.rule, row.place, row.said, row.meaning)
        found[row.frame_id] = (*found.get(row.frame_id, ()), one)
    return found


def _action_of(text: str) -> str:
    """Name the message of a frame, as far as it names itself."""
    try:
        frame: Sequence[object] = json.loads(text)
        return str(frame[2])[:50] if isinstance(frame, list) and frame[0] == 2 else ""
    except (ValueError, IndexError, RecursionError):
        return ""
