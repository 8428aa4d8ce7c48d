"""
Exports of any period, what was told of each interval, and what late readings have reopened.

An export's period is kept as two instants instead of two local days. Files that were made before
have no rows in `told`; they are not corrected by themselves.
"""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
ZONE = ZoneInfo("Europe/Zurich")


def upgrade() -> None:
    """Give exports their instants, and make the tables for revisions."""
    rows = _taken_away()
    _expected_export("start_at", "end_at", sa.BigInteger())
    for row in rows:
        row["start_at"] = _midnight(date.fromisoformat(row.pop("first_day")))
        row["end_at"] = _midnight(date.fromisoformat(row.pop("last_day")) + timedelta(days=1))
    _put_back(rows)
    op.add_column("file", sa.Column("named_at", sa.BigInteger(), nullable=True))
    op.add_column("file", sa.Column("last_frame_id", sa.BigInteger(), nullable=True))
    op.execute("UPDATE file SET named_at = created_at")
    op.create_index(op.f("ix_file_named_at"), "file", ["named_at"])
    _told()
    _touched()
    _reopened()


def downgrade() -> None:
    """Give exports their local days again; one of a part of a day becomes one of that day."""
    for table in ("reopened", "touched", "told"):
        op.drop_table(table)
    op.drop_index(op.f("ix_file_named_at"), "file")
    op.drop_column("file", "last_frame_id")
    op.drop_column("file", "named_at")
    rows = _taken_away()
    _expected_export("first_day", "last_day", sa.Text())
    of_days: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        row["first_day"], row["last_day"] = _day(row.pop("start_at")), _day(row.pop("end_at") - 1)
        key = row["task_id"], row["first_day"], row["last_day"]
        if key in of_days:
            _join_files(of_days[key]["id"], row["id"])
        else:
            of_days[key] = row
    _put_back(list(of_days.values()))


def _join_files(export_id: int, other_id: int) -> None:
    """Make the files of one export later revisions of another."""
    last = sa.text("SELECT max(revision) FROM file WHERE expected_export_id = :export")
    move = sa.text(
        "UPDATE file SET expected_export_id = :export, revision = revision + :last"
        " WHERE expected_export_id = :other"
    )
    connection = op.get_bind()
    revision = connection.execute(last, {"export": export_id}).scalar() or 0
    connection.execute(move, {"export": export_id, "other": other_id, "last": revision})


def _taken_away() -> list[dict[str, Any]]:
    """Give the rows of the exports, and drop their table; files may point to nothing until then."""
    connection = op.get_bind()
    rows = [
        dict(row) for row in connection.execute(sa.text("SELECT * FROM expected_export")).mappings()
    ]
    if connection.dialect.name == "sqlite":
        connection.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
    op.drop_table("expected_export")
    return rows


def _put_back(rows: list[dict[str, Any]]) -> None:
    if rows:
        table = sa.table("expected_export", *(sa.column(name) for name in rows[0]))
        op.get_bind().execute(table.insert(), rows)


def _expected_export(first: str, last: str, kind: Any) -> None:
    op.create_table(
        "expected_export",
        sa.Column("id", KEY, nullable=False),
        sa.Column("task_id", KEY, nullable=False),
        sa.Column(first, kind, nullable=False),
        sa.Column(last, kind, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_expected_export_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expected_export")),
        sa.UniqueConstraint(
            "task_id", first, last, name=op.f(f"uq_expected_export_task_id_{first}_{last}")
        ),
        sqlite_autoincrement=True,
    )


def _told() -> None:
    op.create_table(
        "told",
        sa.Column("task_id", KEY, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("obis", sa.Text(), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.Column("step_s", sa.Integer(), nullable=False),
        sa.Column("decimals", sa.Integer(), nullable=False),
        sa.Column("energies", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_told_task_id")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_told_file_id")),
        sa.PrimaryKeyConstraint(
            "task_id", "code", "obis", "start_at", "file_id", name=op.f("pk_told")
        ),
        sqlite_with_rowid=False,
    )


def _touched() -> None:
    op.create_table(
        "touched",
        sa.Column("station_id", KEY, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_touched_station_id")),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_touched")),
        sqlite_with_rowid=False,
    )


def _reopened() -> None:
    op.create_table(
        "reopened",
        sa.Column("task_id", KEY, nullable=False),
        sa.Column("station_id", KEY, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_reopened_task_id")),
        sa.ForeignKeyConstraint(
            ["station_id"], ["station.id"], name=op.f("fk_reopened_station_id")
        ),
        sa.PrimaryKeyConstraint("task_id", "station_id", name=op.f("pk_reopened")),
        sqlite_with_rowid=False,
    )


# As they were when this revision was made.


def _midnight(day: date) -> int:
    """Give the microseconds since 1970 of the local midnight that begins a day."""
    return int(datetime.combine(day, time(), ZONE).timestamp()) * 1_000_000


def _day(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds // 1_000_000, ZONE).date().isoformat()
