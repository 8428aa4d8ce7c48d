"""
What people and programs see of a charger: how it stands, and what lately happened to it.

One function a question, each on a reader's connection. Everything has a limit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from backend.adapters import records, tables
from backend.adapters.records import StoredDeviation
from backend.adapters.station_state import known_list
from backend.core.readings import Leniency
from backend.core.sessions import Session


@dataclass(frozen=True, slots=True)
class ConnectorView:
    """
    A connector as its charger told last; 0 stands for the charger itself.

    Attributes:
        error: the error code told last; of a fault the one that was told with it.
        info, vendor_error: what was told besides.
        since: when it first told this status without another in between.
    """

    number: int
    status: str
    error: str
    info: str
    vendor_error: str
    since: datetime


@dataclass(frozen=True, slots=True)
class UpkeepView:
    """What a charger told last of its diagnostics or firmware, and since when it tells that."""

    status: str
    since: datetime


@dataclass(frozen=True, slots=True)
class ListView:
    """What is known of a charger's local list."""

    version: int
    cards: int
    is_sure: bool
    status: str


@dataclass(frozen=True, slots=True)
class ReservationView:
    """A reservation that was asked for, is not over, and was not refused."""

    id: int
    connector: int
    id_tag: str
    expires_at: datetime
    status: str


@dataclass(frozen=True, slots=True)
class ProfileView:
    """A charging profile that a charger has accepted."""

    id: int
    connector: int
    purpose: str
    stack_level: int
    set_at: datetime
    profile: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CommandView:
    """A command that was sent: its number, when, what was asked, and how it ended."""

    id: int
    action: str
    sent_at: datetime
    ended_at: datetime | None
    outcome: str
    payload: str
    answer: str


@dataclass(frozen=True, slots=True)
class StationView:
    """
    A charger.

    Attributes:
        registration: how its boot was answered last; empty before it sent one.
        connected, since: whether it has a line, and since when that is so.
        last_heard: when its last frame came.
        boot: what it said of itself when it last started.
        session: the newest one that runs.
    """

    connected: bool
    since: datetime | None
    last_heard: datetime | None
    registration: str
    boot: Mapping[str, Any]
    connectors: tuple[ConnectorView, ...]
    session: Session | None
    diagnostics: UpkeepView | None
    firmware: UpkeepView | None
    local_list: ListView
    reservations: tuple[ReservationView, ...]
    charging_profiles: tuple[ProfileView, ...]


def station(connection: Connection, station_id: int, now: datetime) -> StationView:
    """Give how a charger stands."""
    line = _newest_line(connection, station_id)
    upkeep = _upkeep(connection, station_id)
    known = known_list(connection, station_id)
    return StationView(
        connected=line is not None and line["disconnected_at"] is None,
        since=None if line is None else (line["disconnected_at"] or line["connected_at"]),
        last_heard=None if line is None else line["heard_at"],
        registration=_registration(connection, station_id),
        boot=_boot(connection, station_id),
        connectors=_connectors(connection, station_id),
        session=_running(connection, station_id),
        diagnostics=upkeep.get("diagnostics"),
        firmware=upkeep.get("firmware"),
        local_list=ListView(known.version, len(known.entries), known.is_sure, known.status),
        reservations=_reservations(connection, station_id, now),
        charging_profiles=_profiles(connection, station_id),
    )


def _newest_line(connection: Connection, station_id: int) -> Mapping[Any, Any] | None:
    table = tables.connection
    newest = select(table).where(table.c.station_id == station_id).order_by(table.c.id.desc())
    return connection.execute(newest.limit(1)).mappings().one_or_none()


def _registration(connection: Connection, station_id: int) -> str:
    table = tables.registration
    found = select(table.c.status).where(table.c.station_id == station_id)
    return connection.execute(found).scalar_one_or_none() or ""


def _boot(connection: Connection, station_id: int) -> Mapping[str, Any]:
    table = tables.station
    text = connection.execute(
        select(table.c.boot).where(table.c.id == station_id)
    ).scalar_one_or_none()
    said = json.loads(text) if text else {}
    return said if isinstance(said, dict) else {}


def _connectors(connection: Connection, station_id: int) -> tuple[ConnectorView, ...]:
    table = tables.connector
    rows = connection.execute(
        select(table).where(table.c.station_id == station_id).order_by(table.c.number).limit(100)
    )
    return tuple(
        ConnectorView(
            number=row.number,
            status=row.status,
            error=row.fault_code or row.error_code,
            info=row.fault_info or row.info,
            vendor_error=row.fault_vendor_code or row.vendor_error_code,
            since=row.since,
        )
        for row in rows
    )


def _upkeep(connection: Connection, station_id: int) -> dict[str, UpkeepView]:
    table = tables.upkeep
    rows = connection.execute(select(table).where(table.c.station_id == station_id))
    return {row.kind: UpkeepView(row.status, row.since) for row in rows}


def _running(connection: Connection, station_id: int) -> Session | None:
    table = tables.session
    newest = (
        select(table.c.id)
        .where(table.c.station_id == station_id, table.c.ended_at.is_(None))
        .order_by(table.c.id.desc())
        .limit(1)
    )
    number = connection.execute(newest).scalar_one_or_none()
    found = [] if number is None else _sessions(connection, station_id, 1, number + 1)
    return found[0] if found else None


def _reservations(
    connection: Connection, station_id: int, now: datetime
) -> tuple[ReservationView, ...]:
    table = tables.reservation
    rows = connection.execute(
        select(table)
        .where(
            table.c.station_id == station_id,
            table.c.ended_at.is_(None),
            table.c.expires_at > now,
        )
        .order_by(table.c.id)
        .limit(100)
    )
    return tuple(
        ReservationView(row.id, row.connector, row.id_tag, row.expires_at, row.status or "unknown")
        for row in rows
    )


def _profiles(connection: Connection, station_id: int) -> tuple[ProfileView, ...]:
    table = tables.charging_profile
    rows = connection.execute(
        select(table)
        .where(table.c.station_id == station_id, table.c.ended_at.is_(None))
        .order_by(table.c.id)
        .limit(100)
    )
    return tuple(
        ProfileView(
            row.number,
            row.connector,
            row.purpose,
            row.stack_level,
            row.set_at,
            json.loads(row.profile),
        )
        for row in rows
    )


# ---------------------------------------------------------------- what lately happened


def sessions(connection: Connection, station_id: int, most: int) -> list[Session]:
    """Give the newest sessions of a station, newest first."""
    return _sessions(connection, station_id, most, None)


def _sessions(
    connection: Connection, station_id: int, most: int, before: int | None
) -> list[Session]:
    table = tables.session
    query = select(table).where(table.c.station_id == station_id).order_by(table.c.id.desc())
    if before is not None:
        query = query.where(table.c.id < before)
    return [records.session_of(row) for row in connection.execute(query.limit(most))]


def deviations(connection: Connection, station_id: int, most: int) -> list[StoredDeviation]:
    """Give the newest deviations of a station, newest first."""
    table = tables.deviation
    rows = connection.execute(
        select(table)
        .where(table.c.station_id == station_id)
        .order_by(table.c.id.desc())
        .limit(most)
    )
    return [
        StoredDeviation(
            row.received_at, row.action, Leniency(row.rule, row.place, row.said, row.meaning)
        )
        for row in rows
    ]


def commands(connection: Connection, station_id: int, most: int) -> list[CommandView]:
    """Give the newest commands to a station, newest first, without their secrets."""
    table = tables.command
    rows = connection.execute(
        select(table)
        .where(table.c.station_id == station_id)
        .order_by(table.c.id.desc())
        .limit(most)
    )
    return [
        CommandView(
            id=row.id,
            action=row.action,
            sent_at=row.sent_at,
            ended_at=row.ended_at,
            outcome=row.outcome or "under way",
            payload=row.payload,
            answer=row.answer or "",
        )
        for row in rows
    ]
