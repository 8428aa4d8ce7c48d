"""What outlives a power cut, in the process and in a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.charger_inch.memory import Change, Memory
from simulators.charger_inch.memory_io import MemoryFile
from simulators.errors import NotPossible

ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 9)),
        st.tuples(st.just("forget"), st.sampled_from("ab"), st.sampled_from("xyz"), st.none()),
        st.tuples(st.just("empty"), st.sampled_from("ab"), st.none(), st.none()),
        st.tuples(st.just("write"), st.just(""), st.none(), st.none()),
    ),
    max_size=30,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the place of a charger's file."""
    return tmp_path / "inch.memory"


@pytest.fixture
def file(path: Path) -> Iterator[MemoryFile]:
    """Open a charger's file."""
    with closing(MemoryFile(path, "WB-1")) as file:
        yield file


def test_what_is_put_can_be_read() -> None:
    """A value stands under its table and key, others do not."""
    memory = Memory()
    memory.put("keys", "A", 1)
    assert memory.get("keys", "A") == 1
    assert memory.get("keys", "B") is None
    assert dict(memory.table("others")) == {}


def test_a_change_is_told_once() -> None:
    """The last value of a key is told, with what came after, and then no more."""
    memory = Memory()
    memory.put("keys", "A", 1)
    memory.put("keys", "B", 2)
    memory.put("keys", "A", 3)
    memory.forget("keys", "B")
    memory.forget("keys", "nothing")
    assert list(memory.changes()) == [Change("keys", "A", 3), Change("keys", "B", None)]
    assert list(memory.changes()) == []


def test_emptying_a_table_outdoes_what_was_before() -> None:
    """Only what was put afterwards is told after it."""
    memory = Memory([("keys", "A", 1), ("others", "C", 1)])
    memory.put("keys", "B", 2)
    memory.empty("keys")
    memory.put("keys", "D", 4)
    assert list(memory.changes()) == [Change("keys", None, None), Change("keys", "D", 4)]
    memory.empty("keys")
    memory.empty("keys")
    assert list(memory.changes()) == [Change("keys", None, None)]


@given(acts=ACTS)
def test_a_file_holds_what_the_memory_holds(acts: list[Any]) -> None:
    """Whatever is done, and whenever it is written, another reads the same."""
    memory = Memory()
    copy: dict[tuple[str, str], Any] = {}

    def take() -> None:
        for change in memory.changes():
            if change.key is None:
                for place in [place for place in copy if place[0] == change.table]:
                    del copy[place]
            elif change.value is None:
                copy.pop((change.table, change.key), None)
            else:
                copy[change.table, change.key] = change.value

    for act, table, key, value in acts:
        if act == "put":
            memory.put(table, key, value)
        elif act == "forget":
            memory.forget(table, key)
        elif act == "empty":
            memory.empty(table)
        else:
            take()
    take()
    held = {(table, key): value for table in "ab" for key, value in memory.table(table).items()}
    assert held == copy


class TestFile:
    """One SQLite file a charger."""

    def test_it_gives_back_what_was_written(self, path: Path) -> None:
        """Values of any JSON, in the order in which they were put last."""
        big = 733_255 * 3_600 * 10**15
        with closing(MemoryFile(path, "WB-1")) as file:
            memory = file.read()
            memory.put("meter", "register_fj", big)
            memory.put("cache", "A", ["ä", None, 1.5])
            memory.put("cache", "B", {"x": []})
            file.write(memory.changes())
            memory.forget("cache", "A")
            memory.put("cache", "A", "again")
            memory.forget("meter", "nothing")
            file.write(memory.changes())
            file.write(memory.changes())
        with closing(MemoryFile(path, "WB-1")) as file:
            again = file.read()
        assert again.get("meter", "register_fj") == big
        assert list(again.table("cache").items()) == [("B", {"x": []}), ("A", "again")]

    def test_emptying_reaches_the_file(self, file: MemoryFile) -> None:
        """A table that was emptied is empty for who comes after."""
        memory = file.read()
        memory.put("cache", "A", 1)
        file.write(memory.changes())
        memory.empty("cache")
        file.write(memory.changes())
        assert dict(file.read().table("cache")) == {}

    def test_two_chargers_cannot_share_it(self, file: MemoryFile, path: Path) -> None:
        """The second is told to name a file of its own."""
        with pytest.raises(NotPossible, match=r"WB-2: .*inch\.memory.* name a file of its own"):
            MemoryFile(path, "WB-2")
        assert dict(file.read().table("a")) == {}

    @pytest.mark.parametrize("content", [b"no database at all, but long enough " * 99, None])
    def test_what_is_no_memory_is_refused(self, tmp_path: Path, content: bytes | None) -> None:
        """Another file, or a folder that is not there."""
        path = tmp_path / ("inch.memory" if content else "nowhere/inch.memory")
        if content:
            path.write_bytes(content)
        with pytest.raises(NotPossible, match="cannot be used"):
            MemoryFile(path, "WB-1")

    def test_a_damaged_value_is_told_of(self, path: Path) -> None:
        """It is not taken for something else."""
        MemoryFile(path, "WB-1").close()
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("INSERT INTO memory (section, key, value) VALUES ('a', 'b', '{')")
        with pytest.raises(NotPossible, match="cannot be used"):
            MemoryFile(path, "WB-1").read()

    def test_a_file_that_takes_nothing_is_told_of(self, file: MemoryFile) -> None:
        """Nothing of a change that fails is kept."""
        memory = file.read()
        memory.put("a", "A", 1)
        memory.put("a", "B", "x" * 10)
        file._connection.execute("PRAGMA max_page_count=1")
        memory.put("a", "C", "x" * 100_000)
        with pytest.raises(NotPossible, match="full"):
            file.write(memory.changes())
        assert dict(file.read().table("a")) == {}
