"""
What the backend keeps of chargers besides readings: how they stand, and what it has asked of them.

One function an act, each inside the transaction of its caller, as in `backend.adapters.records`.

Rule 1: what a charger says of its state is kept as far as it can be used, and never refused here.
Rule 2: a command is kept before it is sent and again when it has ended, with its secrets masked;
its key is its message id, so that no two connections of a charger know the same one (F69).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from backend.adapters import tables
from backend.adapters.records import inserted, keep
from backend.core.local_list import ACCEPTED, KnownList
from backend.core.masking import masked

Json = dict[str, Any]

NO_ERROR = "NoError"
FAULTED = "Faulted"
#: The outcome of a command that was answered; of others it is the kind of the error.
ANSWERED = "answered"
CANCELLED = "cancelled"

_TEXT_MAX = 500
#: So much of a command, or of its answer, is kept as evidence.
_EVIDENCE_MAX = 65_536


def _text(payload: Mapping[str, Any], name: str) -> str:
    """Give a field as a short text; empty where it is none."""
    value = payload.get(name)
    return value[:_TEXT_MAX] if isinstance(value, str) else ""


# ---------------------------------------------------------------- registration


def keep_registration(
    connection: Connection, station_id: int, now: datetime, status: str, boot: Mapping[str, Any]
) -> None:
    """
    Keep how a BootNotification was answered.

    A charger of another serial number stands for another one with an empty memory: what it has
    as its local list is not known any more.
    """
    table = tables.registration
    serial = _text(boot, "chargePointSerialNumber") or _text(boot, "chargeBoxSerialNumber")
    before = connection.execute(
        select(table.c.serial).where(table.c.station_id == station_id)
    ).scalar_one_or_none()
    if before and serial and before != serial:
        lists = tables.local_list
        connection.execute(
            update(lists).where(lists.c.station_id == station_id).values(is_sure=False)
        )
    values = {"status": status, "serial": serial or before or "", "answered_at": now}
    keep(connection, table, {"station_id": station_id}, values)


def registrations(connection: Connection) -> dict[int, str]:
    """Give how the last BootNotification of each station was answered, by the station's key."""
    table = tables.registration
    rows = connection.execute(select(table.c.station_id, table.c.status))
    return {row.station_id: row.status for row in rows}


# ---------------------------------------------------------------- how it stands


def keep_connector(
    connection: Connection, station_id: int, now: datetime, payload: Mapping[str, Any]
) -> None:
    """
    Keep what a StatusNotification says (OCPP 1.6 §4.9).

    A fault told once stays until the status is another one than Faulted: some chargers repeat
    their state with NoError (F81).
    """
    number, status = payload.get("connectorId"), _text(payload, "status")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**31:
        return
    key = {"station_id": station_id, "number": number}
    table = tables.connector
    before = connection.execute(select(table).filter_by(**key)).mappings().one_or_none()
    values: Json = {
        "status": status,
        "error_code": _text(payload, "errorCode"),
        "info": _text(payload, "info"),
        "vendor_id": _text(payload, "vendorId"),
        "vendor_error_code": _text(payload, "vendorErrorCode"),
        "told_at": now,
        "since": before["since"] if before and before["status"] == status else now,
    }
    if status != FAULTED:
        values |= dict.fromkeys(_FAULT)
    elif values["error_code"] != NO_ERROR:
        told = (values["error_code"], values["info"], values["vendor_error_code"], now)
        values |= dict(zip(_FAULT, told, strict=True))
    keep(connection, table, key, values)


_FAULT = ("fault_code", "fault_info", "fault_vendor_code", "fault_at")


def keep_upkeep(
    connection: Connection, station_id: int, now: datetime, kind: str, payload: Mapping[str, Any]
) -> None:
    """
    Keep what a charger says of its diagnostics or its firmware (OCPP 1.6 §4.4, §4.5).

    Parameters:
        kind: ``diagnostics`` or ``firmware``.
    """
    status = _text(payload, "status")
    key = {"station_id": station_id, "kind": kind}
    table = tables.upkeep
    before = connection.execute(select(table).filter_by(**key)).mappings().one_or_none()
    since = before["since"] if before and before["status"] == status else now
    keep(connection, table, key, {"status": status, "since": since, "told_at": now})


# ---------------------------------------------------------------- commands


def begin_command(
    connection: Connection,
    station_id: int,
    connection_id: int,
    now: datetime,
    action: str,
    payload: Mapping[str, Any],
) -> int:
    """Keep a command that is about to be sent; gives its number, which is its message id."""
    row = {
        "station_id": station_id,
        "connection_id": connection_id,
        "action": action,
        "payload": _json(payload),
        "sent_at": now,
    }
    return inserted(connection.execute(insert(tables.command).values(row)))


def end_command(
    connection: Connection, number: int, now: datetime, outcome: str, answer: object = None
) -> None:
    """
    Keep how a command ended.

    Parameters:
        outcome: ``answered``, or the kind of the error.
        answer: the payload of the answer, or what the CALLERROR said.
    """
    table = tables.command
    values = {"ended_at": now, "outcome": outcome, "answer": _json(answer)}
    connection.execute(update(table).where(table.c.id == number).values(values))


def _json(value: object) -> str | None:
    if value is None:
        return None
    return json.dumps(masked(value), separators=(",", ":"), default=float)[:_EVIDENCE_MAX]


# ---------------------------------------------------------------- local lists


def known_list(connection: Connection, station_id: int) -> KnownList:
    """Give what is known of a charger's local list."""
    table = tables.local_list
    row = connection.execute(select(table).where(table.c.station_id == station_id)).one_or_none()
    if row is None:
        return KnownList()
    return KnownList(row.version, json.loads(row.entries), row.is_sure, row.status)


def keep_list(connection: Connection, station_id: int, now: datetime, known: KnownList) -> None:
    """Keep what is known of a charger's local list."""
    values = {
        "version": known.version,
        "entries": json.dumps(dict(known.entries), separators=(",", ":")),
        "is_sure": known.is_sure,
        "status": known.status,
        "sent_at": now,
    }
    keep(connection, tables.local_list, {"station_id": station_id}, values)


# ---------------------------------------------------------------- reservations


def begin_reservation(
    connection: Connection,
    station_id: int,
    now: datetime,
    connector: int,
    id_tag: str,
    parent_id_tag: str | None,
    expires_at: datetime,
) -> int:
    """Keep a reservation that is about to be asked for; gives its number, which is its id."""
    row = {
        "station_id": station_id,
        "connector": connector,
        "id_tag": id_tag,
        "parent_id_tag": parent_id_tag,
        "expires_at": expires_at,
        "asked_at": now,
        "status": "",
    }
    return inserted(connection.execute(insert(tables.reservation).values(row)))


def is_reservation(connection: Connection, station_id: int, number: int) -> bool:
    """Tell whether a reservation of this number was asked for at a station."""
    table = tables.reservation
    here = select(table.c.id).where(table.c.id == number, table.c.station_id == station_id)
    return connection.execute(here).scalar_one_or_none() is not None


def answer_reservation(
    connection: Connection,
    station_id: int,
    now: datetime,
    payload: Mapping[str, Any],
    status: str,
) -> None:
    """Keep what ReserveNow.req asked and how it was answered; refused ones have ended."""
    table = tables.reservation
    values = {
        "connector": payload["connectorId"],
        "id_tag": payload["idTag"],
        "parent_id_tag": payload.get("parentIdTag"),
        "expires_at": datetime.fromisoformat(payload["expiryDate"]),
        "status": status,
        "ended_at": None if status == ACCEPTED else now,
    }
    connection.execute(
        update(table)
        .where(table.c.id == payload["reservationId"], table.c.station_id == station_id)
        .values(values)
    )


def end_reservation(connection: Connection, station_id: int, now: datetime, number: int) -> None:
    """Keep that a reservation was cancelled; one that has ended already is left alone."""
    table = tables.reservation
    connection.execute(
        update(table)
        .where(table.c.id == number, table.c.station_id == station_id, table.c.ended_at.is_(None))
        .values(ended_at=now)
    )


# ---------------------------------------------------------------- charging profiles


def keep_profile(
    connection: Connection, station_id: int, now: datetime, connector: int, profile: Json
) -> None:
    """
    Keep a charging profile that a charger has accepted.

    It takes the place of the one with its id, and of what stands on its stack level of its
    purpose at its connector (OCPP 1.6 §5.16).
    """
    table = tables.charging_profile
    here = (table.c.station_id == station_id, table.c.ended_at.is_(None))
    same_place = (
        (table.c.connector == connector)
        & (table.c.purpose == profile["chargingProfilePurpose"])
        & (table.c.stack_level == profile["stackLevel"])
    )
    replaced = (table.c.number == profile["chargingProfileId"]) | same_place
    connection.execute(update(table).where(*here, replaced).values(ended_at=now))
    row = {
        "station_id": station_id,
        "connector": connector,
        "number": profile["chargingProfileId"],
        "purpose": profile["chargingProfilePurpose"],
        "stack_level": profile["stackLevel"],
        "profile": json.dumps(profile, separators=(",", ":"), default=float),
        "set_at": now,
    }
    connection.execute(insert(table).values(row))


def clear_profiles(
    connection: Connection, station_id: int, now: datetime, criteria: Mapping[str, Any]
) -> None:
    """Keep that a charger has removed what fits ClearChargingProfile.req (OCPP 1.6 §5.5)."""
    table = tables.charging_profile
    here = [table.c.station_id == station_id, table.c.ended_at.is_(None)]
    columns = {
        "id": table.c.number,
        "connectorId": table.c.connector,
        "chargingProfilePurpose": table.c.purpose,
        "stackLevel": table.c.stack_level,
    }
    # §5.5: an id names one profile, and the other criteria are not looked at then.
    named = ("id",) if "id" in criteria else tuple(columns)
    here += [columns[name] == criteria[name] for name in named if name in criteria]
    connection.execute(update(table).where(*here).values(ended_at=now))
