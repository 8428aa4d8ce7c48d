"""
One row for what was measured at one instant, instead of one for each value.

What the values are is kept once for all that are worded alike. Frames are found by their time in
one index that grows at its end, not in one for each station. The view `reading` shows the values
one by one, for people who look into the database.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
#: What a value is, in the order in which it stands in `value_kinds.kinds`.
KIND = ("measurand", "phase", "location", "context", "unit", "raw_unit", "resolution_wh")
ROWS_AT_ONCE = 1_000

VIEW = """
CREATE VIEW reading AS
SELECT
    m.station_id,
    m.frame_id,
    f.received_at,
    k.connector,
    m.instant,
    json_extract(k.kinds, '$[' || v.key || '][0]') AS measurand,
    json_extract(k.kinds, '$[' || v.key || '][1]') AS phase,
    json_extract(k.kinds, '$[' || v.key || '][2]') AS location,
    json_extract(k.kinds, '$[' || v.key || '][3]') AS context,
    json_extract(m.exact_values, '$[' || v.key || ']') AS value,
    json_extract(k.kinds, '$[' || v.key || '][4]') AS unit,
    v.value AS raw_value,
    json_extract(k.kinds, '$[' || v.key || '][5]') AS raw_unit,
    m.transaction_said,
    json_extract(k.kinds, '$[' || v.key || '][6]') AS resolution_wh,
    m.position + v.key AS position
FROM meter_value m
JOIN value_kinds k ON k.id = m.value_kinds_id
JOIN frame f ON f.id = m.frame_id
JOIN json_each(m.raw_values) v
"""


def upgrade() -> None:
    """Gather the readings that were told together."""
    op.drop_index("ix_frame_station_id_received_at", "frame")
    op.create_index("ix_frame_received_at", "frame", ["received_at"])
    _value_kinds()
    _meter_value()
    _gather(op.get_bind())
    op.drop_table("reading")
    if op.get_bind().dialect.name == "sqlite":  # others have other functions for JSON
        op.execute(VIEW)


def downgrade() -> None:
    """Give each reading a row of its own."""
    op.drop_index("ix_frame_received_at", "frame")
    op.create_index("ix_frame_station_id_received_at", "frame", ["station_id", "received_at"])
    op.execute("DROP VIEW IF EXISTS reading")
    _reading_of_0002()
    _scatter(op.get_bind())
    op.drop_table("meter_value")
    op.drop_table("value_kinds")


def _value_kinds() -> None:
    op.create_table(
        "value_kinds",
        sa.Column("id", KEY, nullable=False),
        sa.Column("station_id", KEY, nullable=False),
        sa.Column("connector", sa.Integer(), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id"], ["station.id"], name=op.f("fk_value_kinds_station_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_value_kinds")),
        sa.UniqueConstraint("station_id", "digest", name=op.f("uq_value_kinds_station_id_digest")),
        sqlite_autoincrement=True,
    )


def _meter_value() -> None:
    op.create_table(
        "meter_value",
        sa.Column("station_id", KEY, nullable=False),
        sa.Column("instant", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("value_kinds_id", KEY, nullable=False),
        sa.Column("frame_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("transaction_said", sa.Text(), nullable=True),
        sa.Column("raw_values", sa.Text(), nullable=False),
        sa.Column("exact_values", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id"], ["station.id"], name=op.f("fk_meter_value_station_id")
        ),
        sa.ForeignKeyConstraint(
            ["value_kinds_id"], ["value_kinds.id"], name=op.f("fk_meter_value_value_kinds_id")
        ),
        sa.ForeignKeyConstraint(["frame_id"], ["frame.id"], name=op.f("fk_meter_value_frame_id")),
        sa.PrimaryKeyConstraint("station_id", "instant", "part", name=op.f("pk_meter_value")),
        sqlite_with_rowid=False,
    )


def _reading_of_0002() -> None:
    op.create_table(
        "reading",
        sa.Column("id", KEY, nullable=False),
        sa.Column("station_id", KEY, nullable=False),
        sa.Column("frame_id", KEY, nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("connector", sa.Integer(), nullable=False),
        sa.Column("instant", sa.BigInteger(), nullable=False),
        sa.Column("measurand", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("raw_value", sa.Text(), nullable=False),
        sa.Column("raw_unit", sa.Text(), nullable=True),
        sa.Column("transaction_said", sa.Text(), nullable=True),
        sa.Column("resolution_wh", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["frame_id"], ["frame.id"], name=op.f("fk_reading_frame_id")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_reading_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
        sa.UniqueConstraint(
            "station_id", "instant", "digest", name=op.f("uq_reading_station_id_instant_digest")
        ),
        sqlite_autoincrement=True,
    )


def _gather(connection: sa.Connection) -> None:
    table = _table(
        "meter_value",
        *("station_id", "instant", "part", "value_kinds_id", "frame_id", "position"),
        *("transaction_said", "raw_values", "exact_values"),
    )
    known: dict[tuple[int, int, str], int] = {}
    parts = sa.select(sa.func.count()).select_from(table)
    for rows in _told_together(_readings(connection)):
        first = rows[0]
        kinds = _json([[row[name] for name in KIND] for row in rows])
        key = first["station_id"], first["connector"], kinds
        if key not in known:
            known[key] = _add_kinds(connection, *key)
        place = {"station_id": first["station_id"], "instant": first["instant"]}
        values = {
            **place,
            "part": connection.execute(parts.filter_by(**place)).scalar_one(),
            "value_kinds_id": known[key],
            "frame_id": first["frame_id"],
            "position": first["position"],
            "transaction_said": first["transaction_said"],
            "raw_values": _json([row["raw_value"] for row in rows]),
            "exact_values": _json([row["value"] for row in rows]),
        }
        connection.execute(table.insert().values(values))


def _readings(connection: sa.Connection) -> Iterator[sa.RowMapping]:
    names = ("station_id", "frame_id", "connector", "instant", "position", "transaction_said")
    table = _table("reading", "id", *names, "value", "raw_value", *KIND)
    query = table.select().order_by(table.c.id).limit(ROWS_AT_ONCE)
    last = 0
    while rows := connection.execute(query.where(table.c.id > last)).mappings().all():
        yield from rows
        last = rows[-1]["id"]


def _told_together(rows: Iterable[sa.RowMapping]) -> Iterator[list[sa.RowMapping]]:
    """Group what stood side by side in one message and was measured at one instant."""

    def group(numbered: tuple[int, sa.RowMapping]) -> tuple[Any, ...]:
        number, row = numbered
        place = row["position"] - number
        return row["frame_id"], row["instant"], row["connector"], row["transaction_said"], place

    for _, found in groupby(enumerate(rows), group):
        yield [row for _, row in found]


def _add_kinds(connection: sa.Connection, station_id: int, connector: int, kinds: str) -> int:
    table = _table("value_kinds", "id", "station_id", "connector", "kinds", "digest")
    key = {"station_id": station_id, "digest": _digest_of(connector, kinds)}
    connection.execute(table.insert().values(**key, connector=connector, kinds=kinds))
    return int(connection.execute(sa.select(table.c.id).filter_by(**key)).scalar_one())


def _scatter(connection: sa.Connection) -> None:
    told = sa.text(
        "SELECT m.*, k.connector, k.kinds, f.received_at FROM meter_value m"
        " JOIN value_kinds k ON k.id = m.value_kinds_id JOIN frame f ON f.id = m.frame_id"
        " ORDER BY m.frame_id, m.position"
    )
    kept = ("station_id", "frame_id", "received_at", "connector", "instant", "transaction_said")
    table = _table("reading", *kept, "position", "value", "raw_value", "digest", *KIND)
    for row in connection.execute(told).mappings():
        values = zip(
            *(json.loads(row[name]) for name in ("kinds", "exact_values", "raw_values")),
            strict=True,
        )
        for position, (kind, value, raw_value) in enumerate(values, row["position"]):
            told_of = dict(zip(KIND, kind, strict=True))
            words = [told_of[name] for name in ("measurand", "phase", "location", "context")]
            one = {
                **{name: row[name] for name in kept},
                **told_of,
                "position": position,
                "value": value,
                "raw_value": raw_value,
                "digest": _digest_of(row["connector"], *words, raw_value, told_of["raw_unit"]),
            }
            connection.execute(table.insert().values(one))


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns))


# As they were when this revision was made.


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _digest_of(*parts: str | int | None) -> str:
    told = ["-" if part is None else f"{len(str(part))}:{part}" for part in parts]
    text = "|".join(told).encode("utf-8", "backslashreplace")
    return hashlib.blake2b(text, digest_size=12).hexdigest()
