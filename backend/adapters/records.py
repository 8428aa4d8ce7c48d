"""
What is written into the tables and read back: one function an act, no decision.

Each takes a connection of the store and runs inside the transaction of its caller.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    Row,
    Table,
    and_,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    update,
)

from backend.adapters import tables
from backend.adapters.meter_values import Keeper
from backend.adapters.store import driver, for_driver
from backend.adapters.told import touch
from backend.core.intervals import SHORT_GAP
from backend.core.readings import Leniency, MeterValue, Reading, StartReport, StopReport
from backend.core.sessions import Session, SessionState, decide_free, decide_start, decide_stop
from backend.core.timestamps import BY_RECEPTION
from backend.errors import LoginRefused, TlsFailed
from backend.ports import Destination
from backend.settings import MeterSettings, Settings, StationSettings, TaskSettings

#: From when to when, of each in the order in which they began.
Spans = tuple[tuple[datetime, datetime], ...]
#: Sessions of a station that are looked at when a message is matched to one.
_RECENT_SESSIONS = 50
#: So much of an action's name is kept with a deviation.
_ACTION_SIGNS = 50
#: What tells of registers.
METERING = ("MeterValues", "StartTransaction", "StopTransaction")
#: What a row of the stations is.
STATION, METER = "station", "meter"
#: The states of a delivery.
WAITING, STOPPED, DELIVERED = "waiting", "stopped", "delivered"
HELD = "held"
"""An operator has stopped it, and only an operator lets it go on."""


@dataclass(frozen=True, slots=True)
class StoredDeviation:
    """
    One thing that a charger did otherwise than its protocol asks.

    Attributes:
        received: when it came.
        action: the message it was in; empty where none could be told.
        leniency: what it was and how it was read.
    """

    received: datetime
    action: str
    leniency: Leniency


class Told(NamedTuple):
    """
    A frame and what was read in it: what is kept of every message, whatever it asks for.

    Attributes:
        station_id, connection_id: where it came from.
        received: when.
        text: the frame as it came.
        action: the message in it; empty where none could be told.
        odd: what was not as the protocol asks.
        measured: what was measured.
    """

    station_id: int
    connection_id: int
    received: datetime
    text: str
    action: str = ""
    odd: Sequence[Leniency] = ()
    measured: Sequence[MeterValue] = ()


# ---------------------------------------------------------------- settings


def keep_settings(connection: Connection, settings: Settings, today: str) -> None:
    """
    Make the tables say what the settings say; what these no longer name is kept, not active.

    Parameters:
        today: the local day, ISO; the first day of tasks that can export from now on.
    """
    for table in (tables.account, tables.station, tables.card, tables.format_):
        connection.execute(update(table).values(active=False))
    connection.execute(update(tables.task).values(active=False))
    accounts = _keep_accounts(connection, settings)
    _keep_stations(connection, settings, accounts)
    formats, destinations = _keep_ways(connection, settings, accounts)
    for task in settings.tasks:
        at = None if task.plan is None else task.plan.at
        values = {
            "account_id": accounts[task.account],
            "format_id": formats[task.account, task.format],
            "destination_id": destinations[task.account, task.destination],
            "stations": json.dumps(_sources_of(task)),
            "schedule": task.schedule,
            "daily_at": None if at is None else at.isoformat("minutes"),
            "active": True,
        }
        number = keep(connection, tables.task, {"name": task.name}, values)
        if settings.account(task.account).ise and settings.activations_of(task):
            _begin_task(connection, number, today)
        _readdress(connection, number, destinations[task.account, task.destination])


def _begin_task(connection: Connection, task_id: int, today: str) -> None:
    # From the day on which it can export at all; what was before is exported only by hand.
    table = tables.task
    connection.execute(
        update(table)
        .where(table.c.id == task_id, table.c.first_day.is_(None))
        .values(first_day=today)
    )


def _readdress(connection: Connection, task_id: int, destination_id: int) -> None:
    # What has not arrived goes where the task goes now.
    delivery, file, export = tables.delivery, tables.file, tables.expected_export
    files = (
        select(file.c.id)
        .join(export, export.c.id == file.c.expected_export_id)
        .where(export.c.task_id == task_id)
    )
    connection.execute(
        update(delivery)
        .where(
            delivery.c.state != DELIVERED,
            delivery.c.destination_id != destination_id,
            delivery.c.file_id.in_(files),
        )
        .values(
            destination_id=destination_id,
            state=case((delivery.c.state == HELD, HELD), else_=WAITING),
            next_try_at=None,
        )
    )


def _keep_accounts(connection: Connection, settings: Settings) -> dict[str, int]:
    return {
        one.name: keep(
            connection, tables.account, {"name": one.name}, {"ise": one.ise, "active": True}
        )
        for one in settings.accounts
    }


def _keep_stations(connection: Connection, settings: Settings, accounts: dict[str, int]) -> None:
    sources: list[StationSettings | MeterSettings] = [*settings.stations, *settings.meters]
    for one in sources:
        ise = one.activation
        values = {
            "kind": STATION if isinstance(one, StationSettings) else METER,
            "account_id": accounts[one.account],
            "name": one.name,
            "profile": one.profile.name,
            "metering_code": ise.metering_code if ise else None,
            "obis": ise.obis if ise else None,
            "interval_minutes": ise.interval_minutes if ise else None,
            "active": True,
        }
        keep(connection, tables.station, {"identity": identity_of(one)}, values)
    for card in settings.cards:
        key = {"account_id": accounts[card.account], "id_tag": card.id_tag}
        keep(connection, tables.card, key, {"status": card.status, "active": True})


def _keep_ways(
    connection: Connection, settings: Settings, accounts: dict[str, int]
) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], int]]:
    formats = {}
    for one in settings.formats:
        key = {"account_id": accounts[one.account], "name": one.name}
        layout = json.dumps(one.knobs, default=str, sort_keys=True)
        values = {"kind": one.kind, "layout": layout, "active": True}
        formats[one.account, one.name] = keep(connection, tables.format_, key, values)
    destinations = {}
    for way in settings.destinations:
        key = {"account_id": accounts[way.account], "name": way.name}
        destinations[way.account, way.name] = _keep_destination(connection, key, way.destination)
    return formats, destinations


def _keep_destination(connection: Connection, key: dict[str, Any], destination: Destination) -> int:
    table = tables.destination
    values = {
        "kind": destination.kind,
        "host": destination.host,
        "port": destination.port,
        "login": destination.user,
        "folder": destination.folder,
        "host_key": destination.host_key or destination.certificate_sha256,
        "active": True,
    }
    before = connection.execute(select(table).filter_by(**key)).mappings().one_or_none()
    number = keep(connection, table, key, values)
    if before is not None:
        changed = any(before[name] != value for name, value in values.items())
        _wake_deliveries(connection, number, changed)
    return number


def _wake_deliveries(connection: Connection, destination_id: int, changed: bool) -> None:
    """
    Try again at once where the settings may have mended it.

    A changed destination mends anything, also a stopped task, but not what an operator holds. A
    password is not stored, nor is who signs certificates, so what failed by these is always
    thought mended.
    """
    table = tables.delivery
    here = and_(table.c.destination_id == destination_id, table.c.state.in_((WAITING, STOPPED)))
    causes = (LoginRefused.cause, TlsFailed.cause)
    mended = here if changed else and_(here, table.c.cause.in_(causes))
    connection.execute(update(table).where(mended).values(state=WAITING, next_try_at=None))


def keep(
    connection: Connection,
    table: Table,
    key: dict[str, Any],
    values: dict[str, Any],
) -> int:
    """Insert or update the row of a key; gives its own number."""
    number = connection.execute(select(table.c.id).filter_by(**key)).scalar_one_or_none()
    if number is None:
        return inserted(connection.execute(insert(table).values(key | values)))
    if values:
        connection.execute(update(table).where(table.c.id == number).values(values))
    return int(number)


def inserted(result: Any) -> int:
    """Give the key of the row that an INSERT has made."""
    return int(result.inserted_primary_key[0])


def station_ids(connection: Connection) -> dict[str, int]:
    """Give the keys of the stations of the settings, by identity."""
    table = tables.station
    mine = table.c.active, table.c.kind == STATION
    rows = connection.execute(select(table.c.identity, table.c.id).where(*mine))
    return {row.identity: row.id for row in rows}


def source_ids(connection: Connection) -> dict[str, int]:
    """Give the keys of the stations and meters of the settings, by `identity_of`."""
    table = tables.station
    rows = connection.execute(select(table.c.identity, table.c.id).where(table.c.active))
    return dict(tuple(row) for row in rows)


def find_id(connection: Connection, source: StationSettings | MeterSettings) -> int | None:
    """Give the key of a station or a meter; None where the backend has not seen it yet."""
    key = select(tables.station.c.id).filter_by(identity=identity_of(source))
    return connection.execute(key).scalar_one_or_none()


def id_of(connection: Connection, source: StationSettings | MeterSettings) -> int:
    """Give the key of a station or a meter of the settings."""
    number = find_id(connection, source)
    if number is None:
        raise LookupError(f"{identity_of(source)!r} is not in the database")
    return number


def identity_of(source: StationSettings | MeterSettings) -> str:
    """Give what a station or a meter is called in the database."""
    # No charger's identity begins with a blank, so a meter is never taken for a charger of its
    # name, not even for one that the settings had years ago.
    return source.identity if isinstance(source, StationSettings) else f" {source.name}"


def _sources_of(task: TaskSettings) -> object:
    """Say what a task takes, for people who look into the database."""
    taken = {
        key: "all" if names is None else names
        for key in ("stations", "groups", "meters", "folders", "cards")
        if (names := getattr(task, key)) is None or names
    }
    return taken["stations"] if list(taken) == ["stations"] else taken


# ---------------------------------------------------------------- connections and frames


def close_dangling(connection: Connection) -> int:
    """
    End the connections that a crash left open, at the instant they were last heard.

    Returns:
        How many there were.
    """
    table = tables.connection
    dangling = table.c.disconnected_at.is_(None)
    for row in connection.execute(select(table.c.station_id, table.c.heard_at).where(dangling)):
        touch(connection, row.station_id, row.heard_at)
    result = connection.execute(
        update(table)
        .where(dangling)
        .values(disconnected_at=table.c.heard_at, ended_by="the backend ended without saying so")
    )
    return int(result.rowcount)


def last_heard(connection: Connection, station_ids: Collection[int]) -> int:
    """Give when any of some stations was last heard, in microseconds since 1970; 0 for never."""
    line = tables.connection
    newest = (
        select(func.max(line.c.id))
        .where(line.c.station_id.in_(station_ids))
        .group_by(line.c.station_id)
    )
    query = select(line.c.heard_at).where(line.c.id.in_(newest)).order_by(line.c.heard_at.desc())
    found = connection.execute(query.limit(1)).scalar_one_or_none()
    return 0 if found is None else tables.to_microseconds(found)


def begin_connection(connection: Connection, station_id: int, now: datetime) -> int:
    """Note that a station is connected from now on, and has perhaps been away for a moment only."""
    touch(connection, station_id, now - SHORT_GAP)
    values = {"station_id": station_id, "connected_at": now, "heard_at": now}
    return inserted(connection.execute(insert(tables.connection).values(values)))


def end_connection(connection: Connection, connection_id: int, now: datetime, why: str) -> None:
    """Note that a connection has ended."""
    table = tables.connection
    connection.execute(
        update(table).where(table.c.id == connection_id).values(disconnected_at=now, ended_by=why)
    )


def keep_told(connection: Connection, told: Sequence[Told]) -> list[int]:
    """Keep what stations said, and that they were heard; gives the keys of the frames."""
    cursor, keeper = driver(connection).cursor(), Keeper(connection)
    frames: list[int] = []
    heard: list[tuple[int, int]] = []
    odd: list[tuple[Any, ...]] = []
    for one in told:
        at = tables.to_microseconds(one.received)
        row = (one.station_id, one.connection_id, at, tables.storable(one.text))
        frame_id = cursor.execute(_ADD_FRAME, row).lastrowid or 0
        frames.append(frame_id)
        heard.append((at, one.connection_id))
        if one.odd:
            odd += _deviation_rows(one.station_id, frame_id, at, one.action, one.odd)
        if one.measured:
            keeper.keep(one.station_id, frame_id, one.measured)
    cursor.executemany(_HEAR, heard)
    if odd:
        cursor.executemany(_ADD_DEVIATION, odd)
    return frames


# Done with every message, so they are put together once, and their rows need no SQLAlchemy.
_ADD_FRAME = for_driver(insert(tables.frame), "station_id", "connection_id", "received_at", "text")
_HEAR = for_driver(
    update(tables.connection)
    .where(tables.connection.c.id == bindparam("heard"))
    .values(heard_at=bindparam("now")),
    "now",
    "heard",
)
_ADD_DEVIATION = for_driver(
    insert(tables.deviation),
    "station_id",
    "frame_id",
    "received_at",
    "action",
    "rule",
    "place",
    "said",
    "meaning",
)


def keep_deviations(
    connection: Connection,
    station_id: int,
    frame_id: int | None,
    now: datetime,
    action: str,
    leniencies: Iterable[Leniency],
) -> None:
    """Keep what was not as the protocol asks, by name."""
    at = tables.to_microseconds(now)
    rows = _deviation_rows(station_id, frame_id, at, action, leniencies)
    driver(connection).executemany(_ADD_DEVIATION, rows)


def _deviation_rows(
    station_id: int, frame_id: int | None, at: int, action: str, leniencies: Iterable[Leniency]
) -> list[tuple[Any, ...]]:
    action = action[:_ACTION_SIGNS]
    return [
        (
            *(station_id, frame_id, at),
            *map(tables.storable, (action, one.rule, one.where, one.said, one.meaning)),
        )
        for one in leniencies
    ]


def deviations(connection: Connection, station_id: int) -> list[StoredDeviation]:
    """Give all deviations of a station, in the order in which they came."""
    table = tables.deviation
    rows = connection.execute(
        select(table).where(table.c.station_id == station_id).order_by(table.c.id)
    )
    return [
        StoredDeviation(
            row.received_at, row.action, Leniency(row.rule, row.place, row.said, row.meaning)
        )
        for row in rows
    ]


def by_reception(
    connection: Connection, station_id: int, readings: Sequence[Reading]
) -> frozenset[datetime]:
    """Give the instants of reception that stand in for what the charger said of its readings."""
    instants = [reading.instant for reading in readings]
    if not instants:
        return frozenset()
    table = tables.deviation
    rows = connection.execute(
        select(table.c.received_at)
        .where(
            table.c.station_id == station_id,
            table.c.received_at.between(min(instants), max(instants)),
            table.c.rule.in_(BY_RECEPTION),
            table.c.action.in_(METERING),
        )
        .distinct()
    )
    return frozenset(rows.scalars())


def keep_boot(connection: Connection, station_id: int, now: datetime, payload: object) -> None:
    """Keep what a station said about itself when it last started."""
    table = tables.station
    said = json.dumps(payload, default=str, sort_keys=True)
    connection.execute(
        update(table).where(table.c.id == station_id).values(booted_at=now, boot=said)
    )


def keep_configuration(
    connection: Connection,
    station_id: int,
    now: datetime,
    name: str,
    wanted: str,
    found: str | None,
    result: str,
) -> None:
    """Keep what became of a configuration key that the settings ask for."""
    key = {"station_id": station_id, "name": name}
    values = {"wanted": wanted, "found": found, "result": result, "settled_at": now}
    keep(connection, tables.configuration, key, values)


def online_spans(
    connection: Connection, station_id: int, start: datetime, end: datetime, until: datetime
) -> Spans:
    """
    Give the spans in which a station was connected that touch ``start`` to ``end``, or nearly.

    One that lasts still ends at ``until``.
    """
    return online_spans_of(connection, (station_id,), start, end, until).get(station_id, ())


def online_spans_of(
    connection: Connection,
    station_ids: Collection[int],
    start: datetime,
    end: datetime,
    until: datetime,
) -> dict[int, Spans]:
    """Give the same of several stations, by their keys; one that has none is left out."""
    table = tables.connection
    began, ended = table.c.connected_at, table.c.disconnected_at
    # What is away for a moment over an edge was not away, so both sides of it must be seen.
    start, end = start - SHORT_GAP, end + SHORT_GAP
    return _spans(connection, station_ids, table, began, ended, start, end, until)


def _spans(
    connection: Connection,
    station_ids: Collection[int],
    table: Table,
    began: Column[datetime],
    ended: Column[datetime],
    start: datetime,
    end: datetime,
    until: datetime,
) -> dict[int, Spans]:
    rows = connection.execute(
        select(table.c.station_id, began, ended)
        .where(
            table.c.station_id.in_(station_ids), began <= end, or_(ended.is_(None), ended >= start)
        )
        .order_by(began, table.c.id)
    )
    spans: dict[int, Spans] = {}
    for station_id, first, last in rows:
        spans[station_id] = (*spans.get(station_id, ()), (first, last or until))
    return spans


# ---------------------------------------------------------------- sessions


def keep_start(
    connection: Connection, station_id: int, report: StartReport
) -> tuple[int, tuple[Leniency, ...]]:
    """
    Keep what a StartTransaction means.

    Returns:
        The transaction id to answer, the same for the same Start, and what was odd about it.
    """
    decision = decide_start(_sessions_meant(connection, station_id, report), report)
    _update_sessions(connection, station_id, decision.closed)
    if decision.repeated is not None:
        meaning = "answered with the id it has"
        return decision.repeated.id, (_odd(decision.rule, decision.repeated.id, meaning),)
    if decision.opened is None:
        raise ValueError(f"a Start that is neither new nor repeated: {decision}")
    number = _insert_session(connection, station_id, decision.opened)
    odd = tuple(
        _odd(decision.rule, one.id, "closed, as another one began on its connector")
        for one in decision.closed
    )
    return number, odd


def keep_stop(
    connection: Connection, station_id: int, report: StopReport, only_connector: int
) -> tuple[int, tuple[Leniency, ...]]:
    """
    Keep what a StopTransaction means.

    Parameters:
        only_connector: the connector of a station that has just one, else 0.

    Returns:
        The connector that its readings belong to, and what was odd about it.
    """
    known = _sessions_meant(connection, station_id, report)
    decision = decide_stop(known, report, only_connector)
    if decision.changed and decision.session.id == 0:
        _insert_session(connection, station_id, decision.session)
    elif decision.changed:
        _update_sessions(connection, station_id, (decision.session,))
    meaning = _STOPS.get(decision.rule)
    odd = () if meaning is None else (_odd(decision.rule, report.transaction, meaning),)
    return decision.connector, odd


def keep_free(
    connection: Connection, station_id: int, connector: int, now: datetime
) -> tuple[Leniency, ...]:
    """Close the sessions of a connector that has become free without a Stop."""
    closed = decide_free(_open_sessions(connection, station_id), connector, now)
    _update_sessions(connection, station_id, closed)
    meaning = "closed, as its connector is free; its Stop may still come"
    return tuple(_odd("free-without-stop", one.id, meaning) for one in closed)


#: What is odd about a Stop, by the rule it was matched with.
_STOPS = {
    "by-evidence": "has no id of ours; matched by card, register and time",
    "late": "came after its session had been closed without it",
    "second-stop": "its session had ended already; the first Stop counts",
    "orphan": "belongs to no session that is known; kept as one of its own",
}


def _odd(rule: str, number: object, meaning: str) -> Leniency:
    return Leniency(rule, "transactionId", str(number), meaning)


def _sessions_meant(
    connection: Connection, station_id: int, report: StartReport | StopReport
) -> list[Session]:
    """Give the sessions that a Start or Stop may mean: open, recent, or named, oldest first."""
    table = tables.session
    named = (
        table.c.started_at == report.instant
        if isinstance(report, StartReport)
        else table.c.id == (report.transaction if _is_key(report.transaction) else 0)
    )
    here = select(table).where(table.c.station_id == station_id)
    recent = here.order_by(table.c.id.desc()).limit(_RECENT_SESSIONS)
    rows = [
        *connection.execute(recent),
        *connection.execute(here.where(or_(table.c.ended_at.is_(None), named))),
    ]
    found = {row.id: session_of(row) for row in rows}
    return [found[number] for number in sorted(found)]


def _is_key(number: int | None) -> bool:
    # A database refuses to compare its keys with numbers that do not fit into them.
    return number is not None and 0 < number < 2**63


def _open_sessions(connection: Connection, station_id: int) -> list[Session]:
    table = tables.session
    rows = connection.execute(
        select(table)
        .where(table.c.station_id == station_id, table.c.ended_at.is_(None))
        .order_by(table.c.id)
    )
    return [session_of(row) for row in rows]


def _insert_session(connection: Connection, station_id: int, one: Session) -> int:
    touch(connection, station_id, one.started)
    row = {"station_id": station_id, **_columns(one)}
    return inserted(connection.execute(insert(tables.session).values(row)))


def _update_sessions(connection: Connection, station_id: int, changed: Iterable[Session]) -> None:
    table = tables.session
    for one in changed:
        touch(connection, station_id, one.started)
        connection.execute(update(table).where(table.c.id == one.id).values(_columns(one)))


def _columns(one: Session) -> dict[str, Any]:
    return {
        "connector": one.connector,
        "id_tag": one.id_tag,
        "started_at": one.started,
        "meter_start_wh": one.meter_start_wh,
        "ended_at": one.ended,
        "meter_stop_wh": one.meter_stop_wh,
        "reason": one.reason,
        "state": one.state.value,
    }


def sessions(connection: Connection, station_id: int) -> list[Session]:
    """Give all sessions of a station, oldest first."""
    table = tables.session
    rows = connection.execute(
        select(table).where(table.c.station_id == station_id).order_by(table.c.id)
    )
    return [session_of(row) for row in rows]


def sessions_within(
    connection: Connection, station_id: int, start: datetime, end: datetime
) -> list[Session]:
    """Give the sessions of a station that touch ``start`` to ``end``, in order of time."""
    table = tables.session
    rows = connection.execute(
        select(table)
        .where(
            table.c.station_id == station_id,
            table.c.started_at <= end,
            or_(table.c.ended_at.is_(None), table.c.ended_at >= start),
        )
        .order_by(table.c.started_at, table.c.id)
    )
    return [session_of(row) for row in rows]


def session_spans(
    connection: Connection, station_id: int, start: datetime, end: datetime, until: datetime
) -> Spans:
    """
    Give the spans in which a session was open that touch ``start`` to ``end``.

    One that is open still ends at ``until``.
    """
    return session_spans_of(connection, (station_id,), start, end, until).get(station_id, ())


def session_spans_of(
    connection: Connection,
    station_ids: Collection[int],
    start: datetime,
    end: datetime,
    until: datetime,
) -> dict[int, Spans]:
    """Give the same of several stations, by their keys; one that has none is left out."""
    table = tables.session
    began, ended = table.c.started_at, table.c.ended_at
    return _spans(connection, station_ids, table, began, ended, start, end, until)


def session_of(row: Row[Any]) -> Session:
    """Give the session of a row of its table."""
    return Session(
        id=row.id,
        connector=row.connector,
        id_tag=row.id_tag,
        started=row.started_at,
        meter_start_wh=row.meter_start_wh,
        ended=row.ended_at,
        meter_stop_wh=row.meter_stop_wh,
        reason=row.reason,
        state=SessionState(row.state),
    )
