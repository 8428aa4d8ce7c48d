"""
The store: one writer, and commits that many writes share.

Rule 1: a write is confirmed to its caller after its COMMIT has reached the disk (WAL,
``synchronous=FULL``), never before.
Rule 2: one thread holds the only connection that writes. What waits when it becomes free is
given to it at once and done in one transaction, each write in a savepoint of its own: one that
fails is taken back alone, and its caller gets the error. Items that wait side by side for the
same work are done together in one savepoint; where that fails it is taken back, and each is
done alone as above.
Rule 3: readers have a second connection that cannot write. SQLite before 3.51.3 can damage a
database when two connections write or checkpoint at the same time (its change log of
2026-03-13); here never more than one does, with any version, and mmap stays off. A second
backend on the same file is kept out by a lock on ``<file>-lock``, which ends with its process.
A program that only looks comes by `read_once`, which writes nothing, not even a log.
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
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import (
    Connection,
    Engine,
    Executable,
    Insert,
    NullPool,
    Table,
    Update,
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
Item = TypeVar("Item")

#: Writes that may wait for the writer at one time; more callers than that wait for a place.
WAITING_LIMIT = 1_000
#: Writes that share one commit at most, so that nobody waits long for a neighbour.
BATCH_LIMIT = 256
#: From this version on SQLite does not have the fault of rule 3.
SAFE_SQLITE = (3, 51, 3)
_BUSY_TIMEOUT_MS = 5_000
#: 16 MB of log; a page that is written often goes into the file itself once for all of it.
_CHECKPOINT_PAGES = 4_000


@dataclass(slots=True, eq=False)
class _Write(Generic[T]):
    """Something to be done by the writer: a call, or an item that a call keeps with others."""

    done: asyncio.Future[T]
    do: Callable[[Connection], T] | None = None
    keep: Callable[[Connection, Sequence[Any]], object] | None = None
    item: Any = None
    result: T | None = None
    error: BaseException | None = None

    def run(self, connection: Connection) -> None:
        """Do it alone."""
        if self.do is not None:
            self.result = self.do(connection)
        elif self.keep is not None:
            self.keep(connection, (self.item,))


class Store:
    """
    The database of one backend.

    Parameters:
        path: the SQLite file; made where there is none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        #: What waits for the writer to become free; it is given all of it then.
        self._waiting: list[_Write[Any]] = []
        self._batches: queue.SimpleQueue[list[_Write[Any]] | None] = queue.SimpleQueue()
        self._idle = asyncio.Event()
        self._idle.set()
        self._room = asyncio.Event()
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
            await self._idle.wait()
            self._batches.put(None)
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
        return await self._put(_Write(await self._place(), do))

    async def add(self, keep: Callable[[Connection, Sequence[Item]], object], item: Item) -> None:
        """
        Run ``keep(connection, items)`` in the writer's next transaction, with this item.

        Items of the same ``keep`` that wait side by side are given to one call, in their order.

        Parameters:
            keep: adds rows; it may be undone as a whole and run again with fewer items.
            item: what to keep.

        Raises:
            StoreError: If the database refuses; nothing of the item is kept.
            Exception: Whatever ``keep`` raised for this item alone; nothing of it is kept.
        """
        await self._put(_Write(await self._place(), keep=keep, item=item))

    async def _place(self) -> asyncio.Future[Any]:
        """Wait for a place among those who wait for the writer; give the future of a write."""
        while len(self._waiting) >= WAITING_LIMIT:
            self._room.clear()
            await self._room.wait()
        if self._thread is None or self._loop is None:
            raise StoreError("is closed", str(self.path), "open the store before writing to it")
        return self._loop.create_future()

    def _put(self, write: _Write[T]) -> asyncio.Future[T]:
        self._waiting.append(write)
        if self._idle.is_set():
            # At the end of this turn of the loop, so that what else comes in it goes along.
            self._idle.clear()
            write.done.get_loop().call_soon(self._hand_over)
        return write.done

    def _hand_over(self) -> None:
        """Give the writer, who is free, what waits."""
        batch = self._waiting[:BATCH_LIMIT]
        del self._waiting[:BATCH_LIMIT]
        self._room.set()
        if batch:
            self._batches.put(batch)
        else:
            self._idle.set()

    def _settle_batch(self, batch: Sequence[_Write[Any]]) -> None:
        for write in batch:
            _settle(write.done, write.result, write.error)
        # In the next turn, so that what this one brings goes along.
        if self._loop is not None:
            self._loop.call_soon(self._hand_over)

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
            while (batch := self._batches.get()) is not None:
                self._do_batch(connection, batch)
                self._tell(self._settle_batch, batch)

    def _do_batch(self, connection: Connection, batch: Sequence[_Write[Any]]) -> None:
        try:
            with connection.begin():
                for run in _runs(batch):
                    _do_run(connection, run, str(self.path))
        except Exception as error:
            # The shared transaction is lost, so nobody's write is kept and everybody is told.
            remembered(connection).clear()
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


def _runs(batch: Sequence[_Write[Any]]) -> Iterator[list[_Write[Any]]]:
    """Divide a batch into what is done by one call each; the order stays."""
    for _, run in groupby(batch, lambda one: one.keep or one):
        yield list(run)


def _do_run(connection: Connection, run: Sequence[_Write[Any]], where: str) -> None:
    if len(run) > 1 and _do_together(connection, run, where):
        return
    for write in run:
        _do_one(connection, write, where)


def _do_together(connection: Connection, run: Sequence[_Write[Any]], where: str) -> bool:
    """Keep the items of a run by one call; tells whether that went well."""
    keep, execute = run[0].keep, driver(connection).execute
    if keep is None:
        return False
    execute("SAVEPOINT one_run")
    try:
        keep(connection, [write.item for write in run])
    except Exception as error:
        _log.warning("%s: %d writes are done one by one: %s", where, len(run), _cause(error))
        remembered(connection).clear()
        execute("ROLLBACK TO SAVEPOINT one_run")
        execute("RELEASE SAVEPOINT one_run")
        return False
    execute("RELEASE SAVEPOINT one_run")
    return True


def _do_one(connection: Connection, write: _Write[Any], where: str) -> None:
    execute = driver(connection).execute
    execute("SAVEPOINT one_write")
    try:
        write.run(connection)
    except Exception as error:
        write.error = error
        if isinstance(error, SQLAlchemyError | sqlite3.Error):
            write.error = _refused(error, where)
            write.error.__cause__ = error
        remembered(connection).clear()
        # Fails where the database itself has ended the transaction (disk full): then all fail.
        execute("ROLLBACK TO SAVEPOINT one_write")
    execute("RELEASE SAVEPOINT one_write")


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


def read_once(path: Path, do: Callable[[Connection], T]) -> T:
    """
    Run ``do(connection)`` on a database that may be another process's, and leave nothing behind.

    Where no log lies beside the file, nobody has it open, and it is read as it stands, without a
    lock: SQLite would make a log and its index otherwise, and leave them. Where one does, it is
    read as a reader of a running backend reads it, which writes into neither file nor log.

    Raises:
        StoreError: If there is no such file, it is no database of this program, or it is of
            another version.
    """
    where = str(path)
    if not path.is_file():
        raise StoreError("is not there", where, "name the database of a backend that has run")
    for is_still in (not _log_of(path).exists(), False):
        before = path.stat()
        engine = _engine(path, read_only=True, is_still=is_still)
        try:
            with engine.connect() as connection, connection.begin():
                _must_be_current(connection, where)
                found = do(connection)
        except SQLAlchemyError as error:
            if is_still and _has_moved(path, before):
                continue
            raise StoreError(
                f"cannot be read ({_cause(error)})",
                where,
                "name the database of a backend, which this user may read",
            ) from error
        finally:
            engine.dispose()
        if not is_still or not _has_moved(path, before):
            break
    return found


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _has_moved(path: Path, before: os.stat_result) -> bool:
    """Tell whether a backend has begun to write meanwhile."""
    now = path.stat()
    stood = (before.st_mtime_ns, before.st_size) == (now.st_mtime_ns, now.st_size)
    return _log_of(path).exists() or not stood


def is_served(path: Path) -> bool:
    """Tell whether a backend runs on a database."""
    try:
        lock = os.open(f"{path.resolve()}-lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def _must_be_current(connection: Connection, where: str) -> None:
    revision = _revision(connection)
    if revision != migrations.HEAD:
        raise StoreError(
            f"is at revision {revision!r}, and this program reads {migrations.HEAD!r}",
            where,
            "run the backend of this program on it once, or name another file",
        )


def _engine(path: Path, *, read_only: bool, is_still: bool = False) -> Engine:
    address = f"{path.resolve().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    if is_still:
        address += "&immutable=1"

    def connect() -> sqlite3.Connection:
        # isolation_level None: sqlite3 begins nothing by itself, `BEGIN` below does.
        return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)

    # What is written, idTags and all, stands in no error and no log.
    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
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
        f"wal_autocheckpoint={_CHECKPOINT_PAGES}",
        # What a savepoint would take back is kept in memory, not in a file made for each.
        "temp_store=MEMORY",
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
        if revision is None and not inspect(connection).get_table_names():
            for statement in _from_nothing():
                connection.exec_driver_sql(statement)
            return
        _run_revisions(connection, where)


@cache
def _from_nothing() -> tuple[str, ...]:
    """
    Give what makes the tables in an empty file: what the revisions come to.

    They are run in memory, once a process: a bench opens hundreds of empty files.
    """
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        _run_revisions(connection, "an empty database")
        made = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT GLOB 'sqlite_*' "
            "ORDER BY type <> 'table', rowid"
        ).scalars()
        statements = (*made, f"INSERT INTO alembic_version VALUES ('{_revision(connection)}')")
    engine.dispose()
    return statements


def _run_revisions(connection: Connection, where: str) -> None:
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
            f"is at revision {_revision(connection)!r}, which this program does not know",
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


def driver(connection: Connection) -> sqlite3.Connection:
    """Give the driver's connection, for the few statements that are done with every message."""
    return cast(sqlite3.Connection, connection.connection.driver_connection)


def for_driver(statement: Insert | Update, *parameters: str) -> str:
    """
    Write a statement as text for the `driver`.

    The types of the columns do nothing there: a value is given as it is to be stored.

    Parameters:
        parameters: by name, in the order in which their values are given.
    """
    columns = parameters if isinstance(statement, Insert) else None
    compiled = statement.compile(dialect=sqlite.dialect(), column_keys=columns)
    if compiled.positiontup != list(parameters):
        raise ValueError(f"takes {compiled.positiontup}, not {parameters}: {compiled}")
    return str(compiled)


def remembered(connection: Connection) -> dict[Any, Any]:
    """
    Give what writes have learned of rows that stay, to be looked up instead of asked for.

    It lasts as long as the writer's connection, and is emptied when anything is taken back.
    """
    found: dict[Any, Any] = connection.info.setdefault("remembered", {})
    return found
