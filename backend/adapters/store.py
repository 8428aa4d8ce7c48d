"""
The store: one writer, and commits that many writes share.

Rule 1: a write is confirmed to its caller after its COMMIT has reached the disk (WAL,
``synchronous=FULL``), never before.
Rule 2: one thread holds the only connection that writes. What waits when it becomes free is
done in one transaction, each write in a savepoint of its own: one that fails is taken back
alone, and its caller gets the error.
Rule 3: readers have a second connection that cannot write. SQLite before 3.51.3 can damage a
database when two connections write or checkpoint at the same time (its change log of
2026-03-13); here never more than one does, with any version, and mmap stays off. A second
backend on the same file is kept out by a lock on ``<file>-lock``, which ends with its process.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    Connection,
    Engine,
    Executable,
    NullPool,
    Table,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from backend.adapters import migrations
from backend.errors import StoreError

_log = logging.getLogger(__name__)

T = TypeVar("T")

#: Writes that may wait for the writer at one time; more callers than that wait for a place.
WAITING_LIMIT = 1_000
#: Writes that share one commit at most, so that nobody waits long for a neighbour.
BATCH_LIMIT = 256
#: From this version on SQLite does not have the fault of rule 3.
SAFE_SQLITE = (3, 51, 3)
_BUSY_TIMEOUT_MS = 5_000


@dataclass(slots=True)
class _Write(Generic[T]):
    do: Callable[[Connection], T]
    done: asyncio.Future[T]
    result: T | None = None
    error: BaseException | None = None


class Store:
    """
    The database of one backend.

    Parameters:
        path: the SQLite file; made where there is none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writes: queue.SimpleQueue[_Write[Any] | None] = queue.SimpleQueue()
        self._places = asyncio.Semaphore(WAITING_LIMIT)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writer: Engine = _engine(path, read_only=False)
        self._reader: Engine = _engine(path, read_only=True)
        self._readers: ThreadPoolExecutor | None = None
        self._reading: Connection | None = None
        self._lock: int | None = None
        self.commits = 0
        self.writes = 0

    @property
    def mode(self) -> str:
        """Say, in one sentence, how the file is written."""
        version = sqlite3.sqlite_version
        why = "" if sqlite3.sqlite_version_info >= SAFE_SQLITE else "; before 3.51.3 it must be"
        return (
            f"SQLite {version}, WAL, synchronous=FULL, mmap off: "
            f"one connection does all writes and checkpoints{why}"
        )

    async def open(self) -> None:
        """
        Bring the tables up to date and start the writer.

        Raises:
            StoreError: If the file cannot be opened, is no database, or is newer than this
                program.
        """
        self._lock = _lock(self.path.resolve())
        self._loop = asyncio.get_running_loop()
        self._readers = ThreadPoolExecutor(1, "isebench-reader")
        ready: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(
            target=self._work, args=(ready,), name="isebench-writer", daemon=True
        )
        self._thread.start()
        try:
            await ready
        except SQLAlchemyError as error:
            await self.close()
            raise StoreError(
                f"cannot be opened ({_cause(error)})",
                str(self.path),
                "name a file in a folder that this user may write to",
            ) from error
        except BaseException:
            await self.close()
            raise
        _log.info("%s: %s", self.path, self.mode)

    async def close(self) -> None:
        """Do what still waits, then give the file back; closing again does nothing."""
        loop = asyncio.get_running_loop()
        thread, self._thread = self._thread, None
        readers, self._readers = self._readers, None
        if readers is not None:
            # The reader goes first, so that the writer's connection is the one that tidies up.
            await loop.run_in_executor(readers, self._close_reader)
            readers.shutdown()
        if thread is not None:
            self._writes.put(None)
            await loop.run_in_executor(None, thread.join)
        self._writer.dispose()
        self._reader.dispose()
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    async def write(self, do: Callable[[Connection], T]) -> T:
        """
        Run ``do(connection)`` in the writer's next transaction.

        Parameters:
            do: changes rows; it may be undone as a whole and run never twice.

        Returns:
            What ``do`` returned, after it has been committed.

        Raises:
            StoreError: If the database refuses; nothing of ``do`` is kept.
            Exception: Whatever ``do`` raised; nothing of it is kept.
        """
        if self._thread is None:
            raise StoreError("is closed", str(self.path), "open the store before writing to it")
        async with self._places:
            done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
            self._writes.put(_Write(do, done))
            return await done

    async def read(self, do: Callable[[Connection], T]) -> T:
        """
        Run ``do(connection)`` on the reader's connection, which sees all that is committed.

        Raises:
            StoreError: If the database refuses.
        """
        if self._readers is None:
            raise StoreError("is closed", str(self.path), "open the store before reading from it")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, do)

    # ------------------------------------------------------------ in the reader's thread

    def _read(self, do: Callable[[Connection], T]) -> T:
        if self._reading is None:
            self._reading = self._reader.connect()
        try:
            with self._reading.begin():
                return do(self._reading)
        except SQLAlchemyError as error:
            raise _refused(error, str(self.path)) from error

    def _close_reader(self) -> None:
        if self._reading is not None:
            self._reading.close()
            self._reading = None

    # ------------------------------------------------------------ in the writer's thread

    def _work(self, ready: asyncio.Future[None]) -> None:
        try:
            connection = self._writer.connect()
        except Exception as error:
            self._tell(_settle, ready, None, error)
            return
        with connection:
            try:
                _upgrade(connection, str(self.path))
            except Exception as error:
                self._tell(_settle, ready, None, error)
                return
            self._tell(_settle, ready, None, None)
            while batch := self._next_batch():
                self._do_batch(connection, batch)
                self._tell(_settle_all, batch)

    def _next_batch(self) -> list[_Write[Any]]:
        """Wait for a write and take along what else waits; nothing means: close."""
        batch: list[_Write[Any]] = []
        write = self._writes.get()
        while write is not None:
            batch.append(write)
            if len(batch) == BATCH_LIMIT:
                return batch
            try:
                write = self._writes.get_nowait()
            except queue.Empty:
                return batch
        if batch:
            self._writes.put(None)
        return batch

    def _do_batch(self, connection: Connection, batch: Sequence[_Write[Any]]) -> None:
        try:
            with connection.begin():
                for write in batch:
                    _do_one(connection, write, str(self.path))
        except Exception as error:
            # The shared transaction is lost, so nobody's write is kept and everybody is told.
            refused = _refused(error, str(self.path))
            refused.__cause__ = error
            for write in batch:
                write.error = write.error or refused
        else:
            self.commits += 1
            self.writes += len(batch)

    def _tell(self, what: Callable[..., None], *arguments: object) -> None:
        # A loop that was closed over our head has nobody left who waits.
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(what, *arguments)


def _do_one(connection: Connection, write: _Write[Any], where: str) -> None:
    connection.exec_driver_sql("SAVEPOINT one_write")
    try:
        write.result = write.do(connection)
    except Exception as error:
        write.error = error
        if isinstance(error, SQLAlchemyError):
            write.error = _refused(error, where)
            write.error.__cause__ = error
        # Fails where the database itself has ended the transaction (disk full): then all fail.
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT one_write")
    connection.exec_driver_sql("RELEASE SAVEPOINT one_write")


def _settle_all(batch: Sequence[_Write[Any]]) -> None:
    for write in batch:
        _settle(write.done, write.result, write.error)


def _settle(done: asyncio.Future[Any], result: object, error: BaseException | None) -> None:
    if done.done():  # its caller was cancelled while it waited
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)


def _refused(error: Exception, where: str) -> StoreError:
    return StoreError(
        f"the database refuses ({_cause(error)})",
        where,
        "look after free space and the rights of the file; nothing of this write was kept",
    )


def _cause(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip() or type(error).__name__


def _lock(path: Path) -> int:
    """Lock a database for this process; gives the descriptor whose end ends the lock."""
    remedy = "name a file in a folder that this user may write to"
    try:
        lock = os.open(f"{path}-lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(f"cannot be opened ({error.strerror})", str(path), remedy) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        what, remedy = "is used by another backend", "stop that one, or name another file"
        raise StoreError(what, str(path), remedy) from error
    return lock


def _engine(path: Path, *, read_only: bool) -> Engine:
    address = f"{path.resolve().as_uri()}?mode={'ro' if read_only else 'rwc'}"

    def connect() -> sqlite3.Connection:
        # isolation_level None: sqlite3 begins nothing by itself, `BEGIN` below does.
        return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    event.listen(engine, "connect", _set_up_reader if read_only else _set_up_writer)
    event.listen(engine, "begin", _begin_reading if read_only else _begin_writing)
    return engine


def _set_up_writer(connection: sqlite3.Connection, record: object) -> None:
    for pragma in (
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "mmap_size=0",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _set_up_reader(connection: sqlite3.Connection, record: object) -> None:
    for pragma in (f"busy_timeout={_BUSY_TIMEOUT_MS}", "query_only=ON", "mmap_size=0"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_writing(connection: Connection) -> None:
    # IMMEDIATE: a second process on the same file is met here, not half-way through.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _upgrade(connection: Connection, where: str) -> None:
    """Run the revisions that the database does not have yet, all in one transaction."""
    with connection.begin():
        revision = _revision(connection)
        if revision == migrations.HEAD:
            return
        from alembic import command
        from alembic.config import Config
        from alembic.script.revision import ResolutionError
        from alembic.util import CommandError

        config = Config()
        folder = str(Path(migrations.__file__).parent)
        config.set_main_option("script_location", folder.replace("%", "%%"))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except (CommandError, ResolutionError) as error:
            raise StoreError(
                f"is at revision {revision!r}, which this program does not know",
                where,
                "run a program as new as the one that wrote it, or name another file",
            ) from error


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def insert_once(connection: Connection, table: Table) -> Executable:
    """
    Give an INSERT that leaves a row alone which is there already, by any unique key.

    Only a doubled key is passed over; every other fault is raised.
    """
    return _insert_once(connection.dialect.name, table)


@cache
def _insert_once(dialect: str, table: Table) -> Executable:
    # The two write it alike, and SQLAlchemy has a construct of its own for each.
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()
