"""
What was measured: meter values into rows, and readings out of them.

Rule 1: a row is what one message says was measured at one instant. What its values are stands in
a row of its own (`tables.value_kinds`), once for all that are worded alike.
Rule 2: a reading is kept once. The key of a row is its station, its instant and a part, which is
0; where a row stands there already, the two are compared value by value, and only what nothing
has said yet is kept, as a further part.
Rule 3: digit for digit. Values are texts, and come back as they were.

Each function takes a connection of the store and runs inside the transaction of its caller.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby, islice
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Row, insert, select
from sqlalchemy.dialects import sqlite

from backend.adapters import tables
from backend.adapters.plain_days import outdate
from backend.adapters.store import driver, for_driver, remembered
from backend.adapters.told import touch
from backend.core.cross_check import POWER
from backend.core.readings import ENERGY, Kind, MeterValue, Reading
from backend.core.registers import REGISTER_PHASES

#: So many readings of a connector before a period, and after it, are taken along, and an hour.
EDGE_READINGS = 20
MARGIN = timedelta(hours=1)
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
#: What else tells that energy flows, besides the register.
_SIGNS_OF_ENERGY = ("Energy.Active.Import.Interval", POWER)
#: Kinds whose keys the writer knows by heart, and how long their text may be; an INCH's ten
#: kinds have 600 signs.
_REMEMBERED = 20_000
_REMEMBERED_SIGNS = 4_000
#: Rows that are fetched at once, as most queries need only the first few.
_AT_ONCE = 50
#: So many kinds a query asks for; where a charger finds ever new words, it asks for all rows.
_ASKED_FOR = 500

_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

# Done with every message, so it is put together once, and its rows need no SQLAlchemy.
_ADD = for_driver(
    sqlite.insert(tables.meter_value).on_conflict_do_nothing(),
    "station_id",
    "instant",
    "part",
    "value_kinds_id",
    "frame_id",
    "position",
    "transaction_said",
    "raw_values",
    "exact_values",
)


# ---------------------------------------------------------------- into rows


class Keeper:
    """
    Keeps what was measured, each reading once.

    Parameters:
        connection: the writer's, inside a transaction.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        # One cursor for all: making one costs as much as a row.
        self._execute = driver(connection).cursor().execute
        self._known = remembered(connection)

    def keep(self, station_id: int, frame_id: int, found: Iterable[MeterValue]) -> None:
        """Keep what a frame says was measured."""
        for one in found:
            touch(self._connection, station_id, one.instant)
            outdate(self._connection, station_id, one.instant)
            kinds_id, each_once = self._kinds(station_id, one)
            row = _row(station_id, 0, kinds_id, frame_id, one)
            if not each_once or self._execute(_ADD, row).rowcount == 0:
                self._keep_what_is_new(station_id, frame_id, one)

    def _kinds(self, station_id: int, one: MeterValue) -> tuple[int, bool]:
        """Give the key of the row that says what the values are; True where no two are alike."""
        key = (station_id, one.connector, one.kinds)
        found: tuple[int, bool] | None = self._known.get(key)
        if found is None:
            text = _to_json([_texts(kind) for kind in one.kinds])
            each_once = len({tuple(_words(kind)) for kind in one.kinds}) == len(one.kinds)
            found = self._keep_kinds(station_id, one.connector, text), each_once
            if len(self._known) < _REMEMBERED and len(text) < _REMEMBERED_SIGNS:
                self._known[key] = found
        return found

    def _keep_kinds(self, station_id: int, connector: int, text: str) -> int:
        table = tables.value_kinds
        key = {"station_id": station_id, "digest": tables.digest_of(connector, text)}
        query = select(table.c.id).filter_by(**key)
        number = self._connection.execute(query).scalar_one_or_none()
        if number is None:
            row = insert(table).values({**key, "connector": connector, "kinds": text})
            (number,) = self._connection.execute(row).inserted_primary_key or (0,)
        return int(number)

    def _keep_what_is_new(self, station_id: int, frame_id: int, one: MeterValue) -> None:
        """Keep the values that nothing has said of their instant yet, as further parts."""
        instant = tables.meter_value.c.instant
        rows = list(_Said(self._connection, station_id).rows(instant == one.instant))
        said = {_identity(reading) for row in rows for reading in row.readings()}
        part, new = len(rows), []
        for index, reading in enumerate(one.readings()):
            if (identity := _identity(reading)) not in said:
                said.add(identity)
                new.append(index)
        # The values of a row stand side by side in their message.
        for _, group in groupby(enumerate(new), lambda pair: pair[1] - pair[0]):
            places = [index for _, index in group]
            rest = _cut(one, places[0], places[-1] + 1)
            kinds_id, _ = self._kinds(station_id, rest)
            row = _row(station_id, part, kinds_id, frame_id, rest)
            if self._execute(_ADD, row).rowcount == 0:
                raise RuntimeError(f"station {station_id} has part {part} at {one.instant} already")
            part += 1


def _row(
    station_id: int, part: int, kinds_id: int, frame_id: int, one: MeterValue
) -> tuple[Any, ...]:
    return (
        station_id,
        tables.to_microseconds(one.instant),
        part,
        kinds_id,
        frame_id,
        one.position,
        None if one.transaction is None else str(one.transaction),
        _list_of(one.raw_values),
        _list_of([None if value is None else str(value) for value in one.values]),
    )


def _list_of(texts: Sequence[str | None]) -> str:
    """Write texts as a JSON list."""
    if None not in texts:
        # Nearly always they are plain, and stand in the list as they are.
        told = cast("Sequence[str]", texts)
        joined = "".join(told)
        if joined.isascii() and joined.isprintable() and not ('"' in joined or "\\" in joined):
            return '["' + '","'.join(told) + '"]'
    return _to_json([None if text is None else tables.storable(text) for text in texts])


def _texts(kind: Kind) -> list[str | None]:
    return [None if field is None else tables.storable(str(field)) for field in kind]


def _cut(one: MeterValue, start: int, end: int) -> MeterValue:
    return one._replace(
        position=one.position + start,
        kinds=one.kinds[start:end],
        values=one.values[start:end],
        raw_values=one.raw_values[start:end],
    )


def _identity(reading: Reading) -> tuple[int | str | None, ...]:
    """Give what tells a reading from the others of its station and instant."""
    return reading.connector, *_words(reading), tables.storable(reading.raw_value)


def _words(one: Reading | Kind) -> list[str | None]:
    words = (one.measurand, one.phase, one.location, one.context, one.raw_unit)
    return [None if word is None else tables.storable(word) for word in words]


# ---------------------------------------------------------------- out of rows


class _Said:
    """What a station has said was measured."""

    def __init__(self, connection: Connection, station_id: int) -> None:
        self._connection = connection
        self._station_id = station_id
        table = tables.value_kinds
        rows = connection.execute(select(table).where(table.c.station_id == station_id))
        self._kinds = {row.id: (row.connector, kinds_in(row.kinds)) for row in rows}

    def connectors(self, register: str = ENERGY) -> list[int]:
        """Give the connectors that may have shown a register, lowest first."""
        shown = {
            connector
            for connector, kinds in self._kinds.values()
            if connector > 0
            and any(kind.measurand == register and _is_total(kind) for kind in kinds)
        }
        return sorted(shown)

    def measurands(self) -> set[str]:
        """Give what has ever been told."""
        return {kind.measurand for _, kinds in self._kinds.values() for kind in kinds}

    def rows(
        self,
        which: ColumnElement[bool],
        measurands: Collection[str] = (),
        connector: int | None = None,
        *,
        backwards: bool = False,
    ) -> Iterator[MeterValue]:
        """
        Give rows by instant and order of arrival.

        Parameters:
            which: of the table's rows.
            measurands: leave rows out that have none of these.
            connector: leave rows of others out.
            backwards: the latest instant first.
        """
        table = tables.meter_value
        wanted = {
            number
            for number, (of, kinds) in self._kinds.items()
            if connector in (None, of) and (not measurands or _tell_of(kinds, *measurands))
        }
        mine = [table.c.station_id == self._station_id, which]
        if len(wanted) <= _ASKED_FOR:
            mine.append(table.c.value_kinds_id.in_(wanted))
        instant = table.c.instant.desc() if backwards else table.c.instant
        query = select(table).where(*mine).order_by(instant, table.c.frame_id, table.c.position)
        with self._connection.execute(query.execution_options(yield_per=_AT_ONCE)) as rows:
            for row in rows:
                if row.value_kinds_id in wanted:
                    yield _meter_value(row, *self._kinds[row.value_kinds_id])

    def with_frames(self, which: ColumnElement[bool]) -> Iterator[tuple[int, MeterValue]]:
        """Give rows with the keys of their frames."""
        table = tables.meter_value
        query = select(table).where(table.c.station_id == self._station_id, which)
        for row in self._connection.execute(query):
            yield row.frame_id, _meter_value(row, *self._kinds[row.value_kinds_id])


def _tell_of(kinds: Sequence[Kind], *measurands: str) -> bool:
    return any(kind.measurand in measurands for kind in kinds)


def kinds_in(text: str) -> tuple[Kind, ...]:
    """Read what stands in `tables.value_kinds`."""
    kinds = (dict(zip(Kind._fields, fields, strict=True)) for fields in json.loads(text))
    return tuple(Kind(**one | {"resolution_wh": Decimal(one["resolution_wh"])}) for one in kinds)


def _meter_value(row: Row[Any], connector: int, kinds: tuple[Kind, ...]) -> MeterValue:
    exact = json.loads(row.exact_values)
    return MeterValue(
        connector=connector,
        instant=row.instant,
        transaction=None if row.transaction_said is None else int(row.transaction_said),
        position=row.position,
        kinds=kinds,
        values=tuple(None if text is None else Decimal(text) for text in exact),
        raw_values=tuple(json.loads(row.raw_values)),
    )


def readings(
    connection: Connection, station_id: int, start: datetime, end: datetime
) -> list[Reading]:
    """Give the readings with start ≤ instant ≤ end, by instant and order of arrival."""
    rows = _Said(connection, station_id).rows(tables.meter_value.c.instant.between(start, end))
    return [reading for row in rows for reading in row.readings()]


def frames_of(
    connection: Connection, station_id: int, wanted: Collection[Reading]
) -> dict[Reading, int]:
    """Give the keys of the frames in which readings came, as far as they are kept."""
    instants = {one.instant for one in wanted}
    if not instants:
        return {}
    instant, said = tables.meter_value.c.instant, _Said(connection, station_id)
    rows = said.with_frames(instant.in_(instants))
    return {
        reading: frame_id
        for frame_id, row in rows
        for reading in row.readings()
        if reading in wanted
    }


def last_reading(connection: Connection, station_id: int) -> Reading | None:
    """Give the newest reading of an energy register; None before the first."""
    after_all = tables.meter_value.c.part >= 0
    rows = _Said(connection, station_id).rows(after_all, (ENERGY,), backwards=True)
    return next(_registers(rows), None)


def measurands_told(connection: Connection, station_id: int) -> set[str]:
    """Give what a station or a meter has ever told, whatever its value."""
    return _Said(connection, station_id).measurands()


def energy_readings(
    connection: Connection,
    station_id: int,
    start: datetime,
    end: datetime,
    register: str = ENERGY,
) -> list[Reading]:
    """
    Give the readings that the energies between ``start`` and ``end`` are made of.

    They are those of the register, and the powers that it is compared with. Those of another
    register than that of imported energy come as if they were of it: what follows is the same.

    For each connector that is from some readings before the start to some after the end, so
    that its register is known at both edges, and a false one among them can be told from the
    register's course; and an hour beyond, so that a sample of several phases is whole.

    Parameters:
        register: its measurand.
    """
    instant, said = tables.meter_value.c.instant, _Said(connection, station_id)
    found: list[Reading] = []
    for connector in said.connectors(register):
        before = said.rows(instant <= start, (register,), connector, backwards=True)
        after = said.rows(instant >= end, (register,), connector)
        first = _outermost(before, register) or start
        last = _outermost(after, register) or end
        within = instant.between(first - MARGIN, last + MARGIN)
        rows = said.rows(within, (register, *((POWER,) if register == ENERGY else ())), connector)
        found += (
            one
            for row in rows
            for one in row.readings()
            if _is_register(one, register) or (register == ENERGY and _is_power(one))
        )
    return found if register == ENERGY else [one._replace(measurand=ENERGY) for one in found]


def course_before(
    connection: Connection,
    station_id: int,
    since: datetime,
    registers: Collection[str] = (ENERGY,),
) -> datetime:
    """
    Give from when on the energies of a station may be others, once something new is known.

    So far back do `energy_readings` take along what comes later.

    Parameters:
        since: what is new tells of nothing before it.
        registers: which of its registers count, by their measurands.
    """
    said = _Said(connection, station_id)
    earliest, instant = since, tables.meter_value.c.instant
    for register, connector in ((one, each) for one in registers for each in said.connectors(one)):
        if next(said.rows(instant >= since, (register,), connector), None) is None:
            continue  # what is new is not of it
        before = said.rows(instant < since, (register,), connector, backwards=True)
        # Its first reading of all may change everything before it.
        earliest = min(earliest, _outermost(before, register) or _FIRST)
    return max(earliest - MARGIN, _FIRST)


def _outermost(rows: Iterator[MeterValue], register: str = ENERGY) -> datetime | None:
    """Give the instant of the outermost reading that is taken along on one side."""
    instant = None
    for reading in islice(_registers(rows, register), EDGE_READINGS):
        instant = reading.instant
    return instant


def _registers(rows: Iterator[MeterValue], register: str = ENERGY) -> Iterator[Reading]:
    # What cannot be a register's value is no edge of the window either.
    return (one for row in rows for one in row.readings() if _is_register(one, register))


def unread_instants(
    connection: Connection, station_id: int, start: datetime, end: datetime
) -> tuple[datetime, ...]:
    """
    Give the instants at which a station told of energy without a register that can be used.

    That is a register that is no number or negative, one of the whole station (connector 0)
    alone, power that flows, or the energy of an interval. Where a register of a connector
    stands at the same instant, that one counts, and nothing is unread.
    """
    within = tables.meter_value.c.instant.between(start, end)
    signs = (ENERGY, *_SIGNS_OF_ENERGY)
    read, told = set(), set()
    for row in _Said(connection, station_id).rows(within, signs):
        for reading in row.readings():
            if _is_register(reading):
                read.add(reading.instant)
            elif _tells_of_energy(reading):
                told.add(reading.instant)
    return tuple(sorted(told - read))


def _is_register(one: Reading, register: str = ENERGY) -> bool:
    usable = one.value is not None and one.value >= 0
    return one.measurand == register and one.connector > 0 and usable and _is_total(one)


def _is_power(one: Reading) -> bool:
    return one.measurand == POWER and one.phase is None and one.value is not None


def _is_total(one: Reading | Kind) -> bool:
    return one.phase is None or one.phase in REGISTER_PHASES


def _tells_of_energy(one: Reading) -> bool:
    # A power or an interval's energy of 0, or none that can be read, tells of no energy.
    flows = one.value is not None and one.value > 0
    return one.measurand == ENERGY or (one.measurand in _SIGNS_OF_ENERGY and flows)
