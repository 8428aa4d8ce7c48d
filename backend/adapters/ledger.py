"""
How far the exports are: what was made of which period, and what has arrived where.

As in `backend.adapters.records`, each function takes a connection of the store and runs inside
the transaction of its caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, or_, select, update

from backend.adapters import tables
from backend.adapters.records import DELIVERED, HELD, STOPPED, WAITING, inserted, keep
from backend.adapters.store import insert_once
from backend.adapters.told import SeriesTold, intervals_in, keep_series
from backend.core.days import day_bounds
from backend.core.explain import Delivered
from backend.core.exports import Period
from backend.core.obis import Obis
from backend.ports import Arrival

_UNDELIVERED = (WAITING, STOPPED, HELD)


class Waiting(NamedTuple):
    """A file that is to be delivered, and how far it is."""

    delivery_id: int
    name: str
    state: str
    tries: int
    next_try_at: datetime | None
    cause: str | None


class Outgoing(NamedTuple):
    """A file that goes out now."""

    delivery_id: int
    file_id: int
    name: str
    content: bytes
    tries: int


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """
    A delivery, for people.

    Attributes:
        name: the file's name.
        state: ``waiting`` (also for its next try), ``stopped`` until the settings change, ``held``
            until an operator lets it go on, or ``delivered``.
        tries: how often it was tried.
        cause: one word for what went wrong last (DLV-06); None where nothing did.
        error: that in one sentence.
        next_try_at: when it is tried again; None for at once, or for never.
        delivered_at: when it was known to be there.
        sha256, size: of the file's bytes.
    """

    task: str
    name: str
    revision: int
    state: str
    tries: int
    cause: str | None
    error: str | None
    next_try_at: datetime | None
    delivered_at: datetime | None
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """
    What a delivery leaves behind (DLV-08).

    Attributes:
        server: where it went: kind, host and port.
        name, sha256, size, rows: the file.
        size_there: what the server said its size is; None where it took the file away.
        first, last: from the start of its first interval to the end of its last.
        created, arrived: when the file was made, and known to be there.
        tries: how many it took.
        already_there: an earlier try had succeeded and only its answer was lost.
    """

    server: str
    name: str
    sha256: str
    size: int
    size_there: int | None
    rows: int
    first: datetime | None
    last: datetime | None
    created: datetime
    arrived: datetime
    tries: int
    already_there: bool


class Search(NamedTuple):
    """
    What receipts are searched for.

    Attributes:
        text: a part of name, server or hash; empty for any.
        day: a local day of which the file tells; None for any.
        most: so many at most.
    """

    text: str = ""
    day: date | None = None
    most: int = 100


class FileToKeep(Protocol):
    """A file that was made."""

    @property
    def part(self) -> str:
        """The metering code, where each has a file of its own; else empty."""

    @property
    def name(self) -> str:
        """Its name on the server."""

    @property
    def content(self) -> bytes:
        """Its bytes."""

    @property
    def sha256(self) -> str:
        """Their hash, in hexadecimal digits."""

    @property
    def rows(self) -> int:
        """How many rows it has."""

    @property
    def first(self) -> datetime | None:
        """The start of its first interval."""

    @property
    def last(self) -> datetime | None:
        """The end of its last interval."""

    @property
    def named(self) -> datetime:
        """What its name says of its creation."""

    @property
    def last_frame_id(self) -> int:
        """The newest frame that it could know."""

    @property
    def told(self) -> Iterable[SeriesTold]:
        """What it tells, series by series."""


def first_day(connection: Connection, name: str, today: date) -> date:
    """Give the first local day that a task exports by itself; one without begins today."""
    task = tables.task
    first = connection.execute(select(task.c.first_day).where(task.c.name == name)).scalar_one()
    return today if first is None else date.fromisoformat(first)


def made_periods(connection: Connection, name: str, after: datetime, now: datetime) -> list[Period]:
    """
    Give the periods that a task has exported by itself, in order, as far as they end ``after``.

    What was made while the machine's clock ran ahead does not count: it is made again.
    """
    task, export = tables.task, tables.expected_export
    rows = connection.execute(
        select(export.c.start_at, export.c.end_at)
        .join(task, task.c.id == export.c.task_id)
        .where(task.c.name == name, export.c.due_at <= now, export.c.end_at > after)
        .order_by(export.c.start_at)
    )
    return [Period(row.start_at, row.end_at) for row in rows]


def next_revision(connection: Connection, name: str, period: Period) -> int:
    """Give the number of the next revision of a task's period; the first is 1."""
    task, export, file = tables.task, tables.expected_export, tables.file
    last = connection.execute(
        select(func.max(file.c.revision))
        .join(export, export.c.id == file.c.expected_export_id)
        .join(task, task.c.id == export.c.task_id)
        .where(
            task.c.name == name,
            export.c.start_at == period.start,
            export.c.end_at == period.end,
        )
    ).scalar_one()
    return (last or 0) + 1


def last_named_at(connection: Connection) -> datetime | None:
    """Give the latest creation that stands in a name of any file; None before the first."""
    query = select(func.max(tables.file.c.named_at))
    found: datetime | None = connection.execute(query).scalar_one()
    return found


def last_frame_id(connection: Connection) -> int:
    """Give the key of the newest frame; 0 before the first."""
    return connection.execute(select(func.max(tables.frame.c.id))).scalar_one() or 0


def keep_files(
    connection: Connection,
    name: str,
    period: Period,
    revision: int,
    now: datetime,
    due_at: datetime | None,
    files: Iterable[FileToKeep],
) -> None:
    """
    Keep the files of a task's period, each with a delivery that waits.

    Parameters:
        due_at: when the schedule asked for it; None where a person did, or a late reading.
    """
    task = connection.execute(select(tables.task).filter_by(name=name)).one()
    key = {"task_id": task.id, "start_at": period.start, "end_at": period.end}
    made: dict[str, Any] = {} if due_at is None else {"due_at": due_at, "made_at": now}
    export_id = keep(connection, tables.expected_export, key, made)
    for one in files:
        row = {
            "expected_export_id": export_id,
            "revision": revision,
            "part": one.part,
            "name": one.name,
            "content": one.content,
            "sha256": one.sha256,
            "size": len(one.content),
            "rows": one.rows,
            "first_at": one.first,
            "last_at": one.last,
            "created_at": now,
            "named_at": one.named,
            "last_frame_id": one.last_frame_id,
        }
        file_id = inserted(connection.execute(insert(tables.file).values(row)))
        keep_series(connection, task.id, file_id, one.told)
        delivery = {
            "file_id": file_id,
            "destination_id": task.destination_id,
            "state": WAITING,
            "tries": 0,
        }
        connection.execute(insert(tables.delivery).values(delivery))


def _deliveries_of_tasks() -> Select[Any]:
    task, export = tables.task, tables.expected_export
    file, delivery = tables.file, tables.delivery
    return (
        select(
            delivery,
            file.c.name,
            file.c.revision,
            file.c.sha256,
            file.c.size,
            task.c.name.label("task"),
        )
        .join(file, file.c.id == delivery.c.file_id)
        .join(export, export.c.id == file.c.expected_export_id)
        .join(task, task.c.id == export.c.task_id)
        .order_by(file.c.id)
    )


def next_deliveries(connection: Connection, name: str) -> list[Waiting]:
    """
    Give what is not delivered of the oldest period and revision of a task, in order.

    What was made later waits for all of it.
    """
    undelivered = _undelivered(name)
    export_id, revision = tables.file.c.expected_export_id, tables.file.c.revision
    head = connection.execute(undelivered.add_columns(export_id, revision).limit(1)).one_or_none()
    if head is None:
        return []
    rows = connection.execute(
        undelivered.where(export_id == head.expected_export_id, revision == head.revision)
    )
    return [
        Waiting(row.id, row.name, row.state, row.tries, row.next_try_at, row.cause) for row in rows
    ]


def outgoing(connection: Connection, name: str, delivery_id: int) -> Outgoing | None:
    """Give a file of a task with its bytes; None where the task's oldest is held, or stopped."""
    head = connection.execute(_undelivered(name).limit(1)).one_or_none()
    if head is None or head.state != WAITING:
        return None
    file, delivery = tables.file, tables.delivery
    row = connection.execute(
        select(delivery.c.id, delivery.c.file_id, file.c.name, file.c.content, delivery.c.tries)
        .join(file, file.c.id == delivery.c.file_id)
        .where(delivery.c.id == delivery_id)
    ).one()
    return Outgoing(row.id, row.file_id, row.name, row.content, row.tries)


def _undelivered(name: str) -> Select[Any]:
    """Give what is not delivered of a task, oldest first."""
    task, export = tables.task, tables.expected_export
    file, delivery = tables.file, tables.delivery
    return (
        select(
            delivery.c.id,
            file.c.name,
            delivery.c.state,
            delivery.c.tries,
            delivery.c.next_try_at,
            delivery.c.cause,
        )
        .join(file, file.c.id == delivery.c.file_id)
        .join(export, export.c.id == file.c.expected_export_id)
        .join(task, task.c.id == export.c.task_id)
        # Named one by one, so that the index on them finds the few among all ever made.
        .where(task.c.name == name, delivery.c.state.in_(_UNDELIVERED))
        .order_by(file.c.id)
    )


def keep_failure(
    connection: Connection,
    delivery_id: int,
    tries: int,
    cause: str,
    sentence: str,
    again: datetime | None,
) -> None:
    """Keep that a try failed, and when the next one is; None for never (its task stops)."""
    table = tables.delivery
    # While it was tried an operator may have stopped it.
    connection.execute(update(table).where(table.c.id == delivery_id).values(tries=tries))
    connection.execute(
        update(table)
        .where(table.c.id == delivery_id, table.c.state != HELD)
        .values(
            state=STOPPED if again is None else WAITING,
            cause=cause,
            sentence=tables.storable(sentence),
            next_try_at=again,
        )
    )


def hold(connection: Connection, name: str) -> DeliveryView | None:
    """Stop the delivery of a task's oldest file that has not arrived; give it, if there is one."""
    oldest = next_deliveries(connection, name)[:1]
    sentence = "an operator has stopped it; files behind it wait"
    return _set(connection, oldest, HELD, "operator", sentence)


def release(connection: Connection, name: str) -> DeliveryView | None:
    """Let what is to be delivered next go on at once; give the oldest file, if there is one."""
    return _set(connection, next_deliveries(connection, name), WAITING, None, None)


def _set(
    connection: Connection,
    chosen: Sequence[Waiting],
    state: str,
    cause: str | None,
    sentence: str | None,
) -> DeliveryView | None:
    if not chosen:
        return None
    connection.execute(
        update(tables.delivery)
        .where(tables.delivery.c.id == bindparam("chosen"))
        .values(state=state, cause=cause, sentence=sentence, next_try_at=None),
        [{"chosen": one.delivery_id} for one in chosen],
    )
    return next(one for one in deliveries(connection) if one.name == chosen[0].name)


def keep_arrival(
    connection: Connection,
    outgoing: Outgoing,
    tries: int,
    server: str,
    arrival: Arrival,
    now: datetime,
) -> None:
    """Keep that a file has arrived, with its receipt."""
    table = tables.delivery
    connection.execute(
        update(table)
        .where(table.c.id == outgoing.delivery_id)
        .values(
            state=DELIVERED,
            tries=tries,
            cause=None,
            sentence=None,
            next_try_at=None,
            delivered_at=now,
        )
    )
    file = connection.execute(select(tables.file).filter_by(id=outgoing.file_id)).one()
    receipt = {
        "delivery_id": outgoing.delivery_id,
        "server": server,
        "name": arrival.name,
        "sha256": file.sha256,
        "size": file.size,
        "size_there": arrival.size_bytes,
        "rows": file.rows,
        "first_at": file.first_at,
        "last_at": file.last_at,
        "created_at": file.created_at,
        "arrived_at": now,
        "tries": tries,
        "already_there": arrival.already_there,
    }
    connection.execute(insert_once(connection, tables.receipt), [receipt])


def deliveries(connection: Connection) -> list[DeliveryView]:
    """Give all deliveries, in the order in which their files were made."""
    return [
        DeliveryView(
            task=row.task,
            name=row.name,
            revision=row.revision,
            state=row.state,
            tries=row.tries,
            cause=row.cause,
            error=row.sentence,
            next_try_at=row.next_try_at,
            delivered_at=row.delivered_at,
            sha256=row.sha256,
            size=row.size,
        )
        for row in connection.execute(_deliveries_of_tasks())
    ]


def delivered_of(connection: Connection, code: str, obis: str, end: datetime) -> list[Delivered]:
    """Give what files told of the interval of a metering point that ends at ``end``, in order."""
    told, file, delivery = tables.told, tables.file, tables.delivery
    arrived_at = func.max(delivery.c.delivered_at).label("arrived_at")
    rows = connection.execute(
        select(told, file.c.name, file.c.revision, file.c.created_at, arrived_at)
        .join(file, file.c.id == told.c.file_id)
        .join(delivery, delivery.c.file_id == file.c.id)
        # All tasks, by name of their keys, so that the table's own order finds the rows.
        .where(told.c.task_id.in_(select(tables.task.c.id)), told.c.code == code)
        .where(told.c.start_at < end, told.c.end_at >= end)
        .group_by(file.c.id, told.c.obis)
        .order_by(file.c.id)
    )
    wanted = Obis.parse(obis).normalised
    return [
        Delivered(
            file_name=row.name,
            revision=row.revision,
            made_at=row.created_at,
            energy_kwh=one.energy_kwh,
            status=one.status.value,
            rule=one.rule,
            arrived_at=row.arrived_at,
        )
        for row in rows
        if Obis.parse(row.obis).normalised == wanted
        for start, one in intervals_in(row)
        if start + timedelta(seconds=row.step_s) == end
    ]


def receipts(connection: Connection) -> list[Receipt]:
    """Give all receipts, in the order of arrival."""
    query = select(tables.receipt).order_by(tables.receipt.c.id)
    return [_receipt(row) for row in connection.execute(query)]


def find_receipts(connection: Connection, search: Search) -> list[Receipt]:
    """Give the receipts that are searched for, newest first."""
    table = tables.receipt.c
    query = select(tables.receipt).order_by(table.id.desc()).limit(search.most)
    if search.text:
        places = (table.name, table.server, table.sha256)
        query = query.where(
            or_(*(place.icontains(search.text, autoescape=True) for place in places))
        )
    if search.day is not None:
        start, end = day_bounds(search.day)
        query = query.where(table.first_at < end, table.last_at > start)
    return [_receipt(row) for row in connection.execute(query)]


def content_of(connection: Connection, name: str) -> bytes | None:
    """Give the bytes of a file by its name, which no other has; None where there is none."""
    query = select(tables.file.c.content).where(tables.file.c.name == name)
    content: bytes | None = connection.execute(query).scalars().first()
    return content


def _receipt(row: Row[Any]) -> Receipt:
    return Receipt(
        server=row.server,
        name=row.name,
        sha256=row.sha256,
        size=row.size,
        size_there=row.size_there,
        rows=row.rows,
        first=row.first_at,
        last=row.last_at,
        created=row.created_at,
        arrived=row.arrived_at,
        tries=row.tries,
        already_there=row.already_there,
    )
