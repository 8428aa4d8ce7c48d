"""The store: shared commits, savepoints, and a file that others cannot spoil."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, insert, select, text

from backend.adapters import store as store_module
from backend.adapters import tables
from backend.adapters.store import Store, for_driver, insert_once, remembered
from backend.errors import StoreError


def add(name: str) -> Callable[[Connection], str]:
    """Give a write that adds an account."""

    def do(connection: Connection) -> str:
        connection.execute(insert(tables.account).values(name=name, ise=True, active=True))
        return name

    return do


def count(connection: Connection) -> int:
    """Count the accounts."""
    return connection.execute(select(func.count()).select_from(tables.account)).scalar_one()


def run(path: Path, scene: Callable[[Store], Awaitable[None]]) -> None:
    """Open a store, play a scene, close it, and see that nothing is left behind."""

    async def play() -> None:
        store = Store(path)
        await store.open()
        try:
            await scene(store)
        finally:
            await store.close()
        assert not [one for one in threading.enumerate() if "isebench" in one.name]

    asyncio.run(play())


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


class TestWriting:
    """Writes share commits, and each is its own."""

    def test_many_writes_share_a_commit(self, path: Path) -> None:
        """Writes that wait together are committed together, and each gets its result."""

        async def scene(store: Store) -> None:
            names = [f"account {number}" for number in range(300)]
            assert names == await asyncio.gather(*(store.write(add(name)) for name in names))
            assert 300 == store.writes
            assert store.commits < 10
            assert 300 == await store.read(count)

        run(path, scene)

    def test_a_write_is_on_disk_when_it_returns(self, path: Path) -> None:
        """Another process sees a write as soon as it has returned, and not before."""

        async def scene(store: Store) -> None:
            half_way, go_on = threading.Event(), threading.Event()

            def slow(connection: Connection) -> None:
                add("slow")(connection)
                half_way.set()
                go_on.wait(10)

            writing = asyncio.ensure_future(store.write(slow))
            await asyncio.to_thread(half_way.wait, 10)
            with closing(sqlite3.connect(path)) as other:
                assert [(0,)] == other.execute("SELECT count(*) FROM account").fetchall()
                assert not writing.done()
                go_on.set()
                await writing
                assert [(1,)] == other.execute("SELECT count(*) FROM account").fetchall()

        run(path, scene)

    def test_a_write_that_fails_is_alone(self, path: Path) -> None:
        """A write that raises is taken back alone, and its error reaches its caller."""

        def fail(connection: Connection) -> None:
            add("lost")(connection)
            raise LookupError("half-way")

        async def scene(store: Store) -> None:
            before, failed, after = await asyncio.gather(
                store.write(add("a")),
                store.write(fail),
                store.write(add("b")),
                return_exceptions=True,
            )
            assert ("a", "b") == (before, after)
            assert isinstance(failed, LookupError)
            assert 2 == await store.read(count)
            assert store.commits <= 2

        run(path, scene)

    def test_a_refusal_of_the_database_says_so(self, path: Path) -> None:
        """A broken rule of the tables is a StoreError that names it."""

        async def scene(store: Store) -> None:
            await store.write(add("a"))
            with pytest.raises(StoreError, match=r"UNIQUE constraint failed: account\.name"):
                await store.write(add("a"))
            with pytest.raises(StoreError, match="FOREIGN KEY"):
                await store.write(
                    lambda connection: connection.execute(
                        insert(tables.card).values(
                            account_id=99, id_tag="A", status="Accepted", active=True
                        )
                    )
                )

        run(path, scene)

    def test_a_lost_transaction_fails_every_write_in_it(self, path: Path) -> None:
        """Where the database ends the transaction, no write of it is confirmed; later ones are."""

        def end_it(connection: Connection) -> None:
            connection.exec_driver_sql("ROLLBACK")
            raise MemoryError("as SQLite does when the disk is full")

        async def scene(store: Store) -> None:
            results = await asyncio.gather(
                store.write(add("a")),
                store.write(end_it),
                store.write(add("b")),
                return_exceptions=True,
            )
            kept = [one for one in results if not isinstance(one, Exception)]
            assert len(kept) == await store.read(count)
            assert isinstance(results[1], MemoryError)
            await store.write(add("c"))

        run(path, scene)

    def test_a_caller_that_went_away_harms_nobody(self, path: Path) -> None:
        """A cancelled caller's write is done all the same, and the next one goes on."""

        async def scene(store: Store) -> None:
            free = threading.Event()
            busy = asyncio.ensure_future(store.write(lambda connection: free.wait(10)))
            gone = asyncio.ensure_future(store.write(add("gone")))
            await asyncio.sleep(0)
            gone.cancel()
            free.set()
            await busy
            await store.write(add("next"))
            assert gone.cancelled()
            assert 2 == await store.read(count)

        run(path, scene)

    def test_waiting_writes_have_a_limit(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """No more than the limit wait for the writer; the others wait for a place."""
        monkeypatch.setattr(store_module, "WAITING_LIMIT", 3)

        async def scene(store: Store) -> None:
            free = threading.Event()
            jobs = [
                asyncio.ensure_future(store.write(lambda connection: free.wait(10)))
                for _ in range(9)
            ]
            for _ in range(5):
                await asyncio.sleep(0)
            assert len(store._waiting) <= 3
            free.set()
            assert [True] * 9 == await asyncio.gather(*jobs)

        run(path, scene)

    def test_who_waits_for_a_place_when_the_store_closes_is_told(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What has a place is done; who has none gets an error instead of waiting for ever."""
        monkeypatch.setattr(store_module, "WAITING_LIMIT", 1)

        async def play() -> None:
            store = Store(path)
            await store.open()
            jobs = [asyncio.ensure_future(store.write(add(name))) for name in "abc"]
            await asyncio.sleep(0)
            await store.close()
            first, *others = await asyncio.gather(*jobs, return_exceptions=True)
            assert "a" == first
            assert ["is closed", "is closed"] == [getattr(one, "what", "") for one in others]

        asyncio.run(play())


class Accounts:
    """Keeps accounts that are added, and notes with which others each was given to it."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def __call__(self, connection: Connection, names: Sequence[str]) -> None:
        """Add accounts; one called "bad" fails, after its row has been added."""
        self.calls.append(list(names))
        for name in names:
            add(name)(connection)
            remembered(connection)[name] = True
            if name == "bad":
                raise LookupError(name)


class TestAdding:
    """Items that wait for the same work are kept by one call, and each is its own."""

    def test_what_waits_together_is_kept_together(self, path: Path) -> None:
        """One call gets them in their order, and all share a commit."""

        async def scene(store: Store) -> None:
            keep, names = Accounts(), [f"account {number}" for number in range(40)]
            await asyncio.gather(*(store.add(keep, name) for name in names))

            assert [names] == keep.calls
            assert (1, 40) == (store.commits, store.writes)
            assert 40 == await store.read(count)

        run(path, scene)

    def test_an_item_that_fails_is_alone(self, path: Path) -> None:
        """All are taken back and kept one by one; only the bad one's caller gets its error."""

        async def scene(store: Store) -> None:
            keep = Accounts()
            names = ["a", "b", "bad", "c"]
            results = await asyncio.gather(
                *(store.add(keep, name) for name in names), return_exceptions=True
            )

            assert [None, None, None] == [*results[:2], results[3]]
            assert isinstance(results[2], LookupError)
            assert [names, ["a"], ["b"], ["bad"], ["c"]] == keep.calls
            assert 3 == await store.read(count)
            assert 1 == store.commits

        run(path, scene)

    def test_a_refusal_of_the_database_says_so(self, path: Path) -> None:
        """An item that breaks a rule of the tables gets a StoreError that names it."""

        async def scene(store: Store) -> None:
            keep = Accounts()
            results = await asyncio.gather(
                *(store.add(keep, name) for name in ("a", "a", "b")), return_exceptions=True
            )

            assert [None, None] == [results[0], results[2]]
            assert isinstance(results[1], StoreError)
            assert "UNIQUE constraint failed: account.name" in str(results[1])
            assert 2 == await store.read(count)

        run(path, scene)

    def test_order_is_kept_among_items_and_other_writes(self, path: Path) -> None:
        """What comes between two items parts them; the rows stand in the order of the calls."""

        def names(connection: Connection) -> list[str]:
            return list(connection.execute(select(tables.account.c.name)).scalars())

        async def scene(store: Store) -> None:
            keep, other = Accounts(), Accounts()
            jobs = [
                store.add(keep, "a"),
                store.add(keep, "b"),
                store.write(add("c")),
                store.add(keep, "d"),
                store.add(other, "e"),
            ]
            assert [None, None, "c", None, None] == await asyncio.gather(*jobs)
            assert ([["a", "b"], ["d"]], [["e"]]) == (keep.calls, other.calls)
            assert list("abcde") == await store.read(names)

        run(path, scene)

    def test_a_lost_transaction_fails_every_item_in_it(self, path: Path) -> None:
        """Where the database ends the transaction, no item of it is confirmed; later ones are."""

        def end_it(connection: Connection, names: Sequence[str]) -> None:
            connection.exec_driver_sql("ROLLBACK")
            raise MemoryError("as SQLite does when the disk is full")

        async def scene(store: Store) -> None:
            results = await asyncio.gather(
                *(store.add(end_it, name) for name in "ab"), return_exceptions=True
            )
            assert [StoreError, StoreError] == [type(one) for one in results]
            assert 0 == await store.read(count)
            await store.add(Accounts(), "c")

        run(path, scene)

    def test_what_was_learned_of_rows_is_forgotten_with_them(self, path: Path) -> None:
        """Nothing is remembered of rows that were taken back, whatever took them back."""

        def known(connection: Connection) -> list[str]:
            return sorted(remembered(connection))

        def fail(connection: Connection) -> None:
            raise LookupError

        def end_it(connection: Connection) -> None:
            connection.exec_driver_sql("ROLLBACK")
            raise MemoryError

        async def scene(store: Store) -> None:
            await store.add(Accounts(), "a")
            assert ["a"] == await store.write(known)
            for write in (fail, end_it):
                await store.add(Accounts(), write.__name__)
                with pytest.raises((LookupError, MemoryError)):
                    await store.write(write)
                assert [] == await store.write(known)

        run(path, scene)


def test_a_statement_for_the_driver_names_its_values_in_their_order() -> None:
    """It is made from the table; values in another order than it takes are a mistake of ours."""
    statement = for_driver(insert(tables.account), "name", "ise", "active")

    assert "INSERT INTO account (name, ise, active) VALUES (?, ?, ?)" == statement
    with pytest.raises(ValueError, match=r"takes \['name', 'ise'\], not \('ise', 'name'\)"):
        for_driver(insert(tables.account), "ise", "name")


class TestReading:
    """Readers see what is committed, and change nothing."""

    def test_readers_cannot_write(self, path: Path) -> None:
        """A reader that tries to write is refused."""

        async def scene(store: Store) -> None:
            with pytest.raises(StoreError, match="readonly"):
                await store.read(add("a"))
            assert 0 == await store.read(count)

        run(path, scene)


class TestOpening:
    """What a store is like when it opens."""

    def test_the_file_is_durable(self, path: Path) -> None:
        """WAL, synchronous=FULL, foreign keys on, mmap off; the mode says which SQLite."""

        async def scene(store: Store) -> None:
            def pragmas(connection: Connection) -> list[object]:
                names = ("journal_mode", "synchronous", "foreign_keys", "mmap_size")
                return [connection.execute(text(f"PRAGMA {n}")).scalar() for n in names]

            # mmap_size has no value in a build without it, and is 0 where it is off.
            mode, synchronous, keys, mmap = await store.write(pragmas)
            assert ("wal", 2, 1) == (mode, synchronous, keys)
            assert mmap in (0, None)
            assert sqlite3.sqlite_version in store.mode
            assert "one connection does all writes" in store.mode

        run(path, scene)

    def test_what_cannot_be_opened(self, tmp_path: Path) -> None:
        """A file in no folder, and one that is no database, are told with a remedy."""
        (tmp_path / "text.sqlite").write_text("This is no database. " * 100)
        for name in ("none/store.sqlite", "text.sqlite"):

            async def open_it(path: Path = tmp_path / name) -> None:
                with pytest.raises(StoreError, match="cannot be opened"):
                    await Store(path).open()

            asyncio.run(open_it())
        assert not [one for one in threading.enumerate() if "isebench" in one.name]

    def test_a_second_backend_is_kept_out(self, path: Path) -> None:
        """While a store is open no other opens the file; afterwards one does."""

        async def scene(store: Store) -> None:
            with pytest.raises(StoreError, match="is used by another backend"):
                await Store(path).open()
            await store.write(add("a"))

        run(path, scene)
        run(path, lambda store: store.write(add("b")))

    def test_a_second_backend_is_kept_out_by_any_path(self, path: Path, tmp_path: Path) -> None:
        """A link to the file is the file."""
        link = tmp_path / "link.sqlite"
        link.symlink_to(path)

        async def scene(_: Store) -> None:
            with pytest.raises(StoreError, match="is used by another backend"):
                await Store(link).open()

        run(path, scene)

    def test_a_closed_store_says_so(self, path: Path) -> None:
        """Nothing is taken before the store is open or after it was closed."""

        async def scene() -> None:
            store = Store(path)
            for _ in range(2):
                with pytest.raises(StoreError, match="is closed"):
                    await store.write(count)
                with pytest.raises(StoreError, match="is closed"):
                    await store.read(count)
                await store.open()
                await store.close()

        asyncio.run(scene())


def test_insert_once_passes_over_doubled_keys_only(path: Path) -> None:
    """A doubled key is left alone; another fault of the row is raised."""

    async def scene(store: Store) -> None:
        row = {"name": "a", "ise": True, "active": True}
        for _ in range(2):
            await store.write(
                lambda connection: connection.execute(
                    insert_once(connection, tables.account), [row]
                )
            )
        assert 1 == await store.read(count)
        with pytest.raises(StoreError, match="NOT NULL"):
            await store.write(
                lambda connection: connection.execute(
                    insert_once(connection, tables.account), [{**row, "name": None}]
                )
            )

    run(path, scene)
