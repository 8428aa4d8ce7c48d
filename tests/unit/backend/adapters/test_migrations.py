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
from backend.adapters.store import Store
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


def test_head_is_the_newest_revision() -> None:
    """The constant that spares loading Alembic names the newest revision, and there is one."""
    assert [migrations.HEAD] == ScriptDirectory.from_config(config()).get_heads()


def test_the_way_back(tmp_path: Path) -> None:
    """Every revision can be undone; then nothing but Alembic's own table is left."""
    from alembic import command

    path = tmp_path / "store.sqlite"
    open_and_close(path)
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        settings = config()
        settings.attributes["connection"] = connection
        command.downgrade(settings, "base")
    engine.dispose()

    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert {"alembic_version", "sqlite_sequence"} == {name for (name,) in names}


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
