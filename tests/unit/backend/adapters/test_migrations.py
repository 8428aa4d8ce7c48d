"""The migrations: they lead to the tables of the code, from nothing and from anywhere."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from backend.adapters import migrations, tables
from backend.adapters.records import Told, keep_told
from backend.adapters.store import Store
from backend.core.device_profile import GENERIC
from backend.core.readings import read_meter_values
from backend.errors import StoreError


def open_and_close(path: Path) -> None:
    """Open a store, which migrates it."""

    async def run() -> None:
        store = Store(path)
        await store.open()
        await store.close()

    asyncio.run(run())


def config() -> Config:
    """Give the configuration of the packaged migrations."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return config


def migrate(path: Path, revision: str, *, back: bool = False) -> None:
    """Bring a database to a revision."""
    from alembic import command

    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        settings = config()
        settings.attributes["connection"] = connection
        (command.downgrade if back else command.upgrade)(settings, revision)
    engine.dispose()


def test_from_nothing_to_the_tables_of_the_code(tmp_path: Path) -> None:
    """An empty file gets exactly the tables that the code works with; twice is no other."""
    path = tmp_path / "store.sqlite"
    for _ in range(2):
        open_and_close(path)

    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert [] == compare_metadata(context, tables.METADATA)
        assert migrations.HEAD == context.get_current_revision()
    engine.dispose()


def test_what_an_empty_file_gets_is_what_the_revisions_lead_to(tmp_path: Path) -> None:
    """Tables, indexes, views and rows are the same as after each revision in its turn."""
    at_once, in_turn = tmp_path / "at_once.sqlite", tmp_path / "in_turn.sqlite"
    open_and_close(at_once)
    migrate(in_turn, "head")

    def there(path: Path) -> tuple[list[str], list[str]]:
        with closing(sqlite3.connect(path)) as connection:
            made = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
            return sorted(map(str, made)), sorted(connection.iterdump())

    assert there(in_turn) == there(at_once)


def test_head_is_the_newest_revision() -> None:
    """The constant that spares loading Alembic names the newest revision, and there is one."""
    assert [migrations.HEAD] == ScriptDirectory.from_config(config()).get_heads()


def test_the_way_back(tmp_path: Path) -> None:
    """Every revision can be undone; then nothing but Alembic's own table is left."""
    path = tmp_path / "store.sqlite"
    open_and_close(path)
    migrate(path, "base", back=True)

    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert {"alembic_version", "sqlite_sequence"} == {name for (name,) in names}


READINGS_OF_0002 = (
    "station_id, frame_id, received_at, connector, instant, measurand, phase, location, context,"
    " value, unit, raw_value, raw_unit, transaction_said, resolution_wh, position, digest"
)


def fill(path: Path) -> list[tuple[object, ...]]:
    """Put readings into a database at revision 0002; gives them."""
    energy, voltage = "Energy.Active.Import.Register", "Voltage"
    rows: list[tuple[object, ...]] = []
    for frame in range(1, 1_501):
        # The last one tells of the first one's instant.
        at = frame if frame < 1_500 else 1
        transaction = "7" if frame % 2 else None
        for place, (what, phase, unit, raw_unit, raw) in enumerate(
            (
                (energy, None, "Wh", "kWh", f"{frame}.50"),
                (voltage, "L1", "V", None, "230"),
                (voltage, "L1", "V", None, "\\x00é" + "x" * frame),
            )
        ):
            if frame == 1_500 and place == 1:
                continue  # as the first frame has it already, its key was taken
            where = ("Outlet", "Sample.Periodic")
            value = None if "x" in raw else raw
            digest = tables.digest_of(1, what, phase, *where, raw, raw_unit)
            said = (phase, *where, value, unit, raw, raw_unit, transaction)
            rows.append((1, frame, frame + 5, 1, at, what, *said, "0", place, digest))
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """
            INSERT INTO account VALUES (1, 'A', 1, 1);
            INSERT INTO station (id, account_id, identity, name, profile, active)
                VALUES (1, 1, 'WB-1', 'WB-1', 'generic', 1);
            INSERT INTO connection (id, station_id, connected_at, heard_at) VALUES (1, 1, 0, 0);
            """
        )
        frames = [(1, 1, number + 5, "[]") for number in range(1, 1_501)]
        connection.executemany(
            "INSERT INTO frame (station_id, connection_id, received_at, text) VALUES (?,?,?,?)",
            frames,
        )
        marks = ",".join("?" * 17)
        connection.executemany(f"INSERT INTO reading ({READINGS_OF_0002}) VALUES ({marks})", rows)
        connection.commit()
    return rows


def test_readings_are_gathered_and_scattered_again(tmp_path: Path) -> None:
    """Revision 0003 loses no reading on its way there, and none on its way back."""
    path = tmp_path / "store.sqlite"
    migrate(path, "0002")
    rows = fill(path)
    told = READINGS_OF_0002.removesuffix(", digest")

    open_and_close(path)

    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(f"SELECT {told} FROM reading ORDER BY frame_id, position")
        assert [row[:-1] for row in rows] == found.fetchall()
        counts = "SELECT (SELECT count(*) FROM meter_value), (SELECT count(*) FROM value_kinds)"
        # The last frame left one of its three out, so that its two stand apart.
        assert [(1_501, 3)] == connection.execute(counts).fetchall()
        parts = connection.execute("SELECT part FROM meter_value WHERE instant = 1 ORDER BY part")
        assert [(0,), (1,), (2,)] == parts.fetchall()

    migrate(path, "0002", back=True)

    with closing(sqlite3.connect(path)) as connection:
        query = f"SELECT {READINGS_OF_0002} FROM reading ORDER BY frame_id, position"
        back = connection.execute(query).fetchall()
    assert rows == back


def test_what_was_gathered_is_known_again(tmp_path: Path) -> None:
    """A reading from before revision 0003 that comes again is not kept twice."""
    path = tmp_path / "store.sqlite"
    migrate(path, "0002")
    fill(path)
    instant = tables.from_microseconds(2)
    payload = {
        "connectorId": 1,
        "meterValue": [
            {
                "timestamp": instant.isoformat(),
                "sampledValue": [
                    {"value": "2.50", "unit": "kWh"},
                    {"value": "230", "measurand": "Voltage", "phase": "L1"},
                    {"value": "\\x00éxx", "measurand": "Voltage", "phase": "L1"},
                ],
            }
        ],
    }
    # A clock that was never set, but so it was kept then.
    (one,) = read_meter_values(payload, GENERIC, instant).meter_values

    async def keep() -> None:
        store = Store(path)
        await store.open()
        told = Told(1, 1, instant, "[]", measured=[one])
        await store.add(keep_told, told)
        await store.close()

    asyncio.run(keep())

    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT frame_id FROM meter_value WHERE instant = 2")
        assert [(2,)] == found.fetchall()
        kinds = connection.execute("SELECT count(*) FROM value_kinds")
        assert [(3,)] == kinds.fetchall()


def test_meters_and_stations_part_and_meet_again(tmp_path: Path) -> None:
    """At revision 0005 what was there is a station; before it a meter is one that nobody is."""
    path = tmp_path / "store.sqlite"
    migrate(path, "0002")
    fill(path)

    open_and_close(path)

    with closing(sqlite3.connect(path)) as connection:
        kinds = "SELECT identity, kind, active FROM station"
        assert [("WB-1", "station", 1)] == connection.execute(kinds).fetchall()
        connection.execute(
            "INSERT INTO station (account_id, identity, name, profile, active, kind)"
            " VALUES (1, ' Keller', 'Keller', 'meter', 1, 'meter')"
        )
        connection.commit()

    migrate(path, "0003", back=True)

    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT identity, active FROM station ORDER BY identity")
        assert [(" Keller", 0), ("WB-1", 1)] == rows.fetchall()


def test_exports_keep_their_files_through_their_new_periods(tmp_path: Path) -> None:
    """Days become instants, also those of summer time's ends, and back again; no file is lost."""
    path = tmp_path / "store.sqlite"
    open_and_close(path)
    migrate(path, "0003", back=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """
            INSERT INTO account VALUES (1, 'A', 1, 1);
            INSERT INTO format VALUES (1, 1, 'F', 'ise-timeseries-csv', '{}', 1);
            INSERT INTO destination VALUES (1, 1, 'D', 'sftp', 'h', 22, 'u', '.', 'k', 1);
            INSERT INTO task (id, account_id, name, format_id, destination_id, stations, schedule,
                active) VALUES (1, 1, 'T', 1, 1, 'all', 'daily', 1);
            INSERT INTO expected_export VALUES (7, 1, '2025-10-26', '2025-10-26', 5, 5);
            INSERT INTO expected_export VALUES (8, 1, '2025-03-30', '2025-03-31', NULL, NULL);
            INSERT INTO file VALUES (3, 7, 1, '', 'a', x'00', 'h', 1, 1, 1, 2, 44);
            INSERT INTO file VALUES (4, 8, 1, '', 'b', x'01', 'h', 1, 1, 1, 2, 55);
            """
        )
    migrate(path, "head")
    hour_us = 3_600_000_000
    with closing(sqlite3.connect(path)) as connection:
        exports = connection.execute("SELECT * FROM expected_export ORDER BY id").fetchall()
        assert [(7, 5), (8, None)] == [(row[0], row[4]) for row in exports]
        assert [25 * hour_us, 47 * hour_us] == [row[3] - row[2] for row in exports]
        files = connection.execute("SELECT id, expected_export_id, named_at FROM file").fetchall()
        assert [(3, 7, 44), (4, 8, 55)] == files
        assert [] == connection.execute("PRAGMA foreign_key_check").fetchall()
        # Two parts of one day, which the older tables cannot tell apart.
        start, end = exports[0][2], exports[0][3]
        connection.execute("UPDATE expected_export SET end_at = ? WHERE id = 7", (start + 1,))
        later = (9, 1, start + 1, end, 6, 6)
        connection.execute("INSERT INTO expected_export VALUES (?, ?, ?, ?, ?, ?)", later)
        connection.execute("INSERT INTO file VALUES (5,9,1,'','c',x'','h',1,1,1,2,66,66,0)")
        connection.commit()
    migrate(path, "0003", back=True)
    with closing(sqlite3.connect(path)) as connection:
        days = connection.execute("SELECT id, first_day, last_day FROM expected_export ORDER BY id")
        assert [(7, "2025-10-26", "2025-10-26"), (8, "2025-03-30", "2025-03-31")] == days.fetchall()
        files = connection.execute("SELECT id, expected_export_id, revision FROM file ORDER BY id")
        assert [(3, 7, 1), (4, 8, 1), (5, 7, 2)] == files.fetchall()
        assert [] == connection.execute("PRAGMA foreign_key_check").fetchall()


def test_a_meter_value_lies_where_its_key_is(tmp_path: Path) -> None:
    """SQLite keeps it in the tree of its key, without a second one."""
    path = tmp_path / "store.sqlite"
    open_and_close(path)

    with closing(sqlite3.connect(path)) as connection:
        names = "SELECT name FROM sqlite_master WHERE sql LIKE '%WITHOUT ROWID%'"
        found = {name for (name,) in connection.execute(names)}
        assert {"meter_value", "told", "touched", "reopened", "plain_day"} == found


def test_a_database_from_the_future_is_refused(tmp_path: Path) -> None:
    """A revision that this program does not know is not touched."""
    path = tmp_path / "store.sqlite"
    open_and_close(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()

    with pytest.raises(StoreError, match="is at revision '9999', which this program does not"):
        open_and_close(path)


@pytest.mark.parametrize("table", tables.METADATA.sorted_tables, ids=lambda table: table.name)
def test_postgresql_understands_the_tables(table: object) -> None:
    """Each table can be written as PostgreSQL wants it."""
    assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=postgresql.dialect()))


def test_every_account_owns_its_things() -> None:
    """Stations, cards, formats, destinations and tasks belong to an account."""
    for table in ("station", "card", "format", "destination", "task"):
        assert "account_id" in tables.METADATA.tables[table].columns


def test_no_column_holds_a_secret() -> None:
    """There is no place in the tables where a password could be put."""
    names = {column.name for table in tables.METADATA.sorted_tables for column in table.columns}

    assert not {name for name in names if "secret" in name or "password" in name}
