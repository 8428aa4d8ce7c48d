"""
What a charger remembers through a power cut: tables of small JSON values.

The charger's core reads and writes this as if it were plain memory; whoever has a file for it
takes the changes (`Memory.changes`) and writes them down before the charger says another word
(`memory_io`). Without a file it outlives the power, but not the process.

A value is never changed in place: it is put again, or the file would not learn of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = Any
"""A JSON value."""


@dataclass(frozen=True, slots=True)
class Change:
    """
    One thing to be written down.

    Attributes:
        table: which table.
        key: whose value; None: the whole table is emptied.
        value: the new value; None: the key is forgotten.
    """

    table: str
    key: str | None
    value: Json | None


class Memory:
    """
    The tables of one charger.

    Parameters:
        kept: table, key and value of all that was remembered before.
    """

    def __init__(self, kept: Iterable[tuple[str, str, Json]] = ()) -> None:
        self._tables: dict[str, dict[str, Json]] = {}
        self._changes: dict[tuple[str, str | None], Change] = {}
        for table, key, value in kept:
            self._tables.setdefault(table, {})[key] = value

    def table(self, name: str) -> Mapping[str, Json]:
        """Give a table to be read, in the order in which its keys were first put."""
        return self._tables.setdefault(name, {})

    def get(self, table: str, key: str) -> Json | None:
        """Give a value; None where there is none."""
        return self.table(table).get(key)

    def put(self, table: str, key: str, value: Json) -> None:
        """Remember a value under a key."""
        self._tables.setdefault(table, {})[key] = value
        self._note(Change(table, key, value))

    def forget(self, table: str, key: str) -> None:
        """Forget a key; one that is not there is left alone."""
        if self._tables.setdefault(table, {}).pop(key, None) is not None:
            self._note(Change(table, key, None))

    def empty(self, table: str) -> None:
        """Forget all keys of a table."""
        if self._tables.setdefault(table, {}):
            self._tables[table].clear()
            for place in [place for place in self._changes if place[0] == table]:
                del self._changes[place]
            self._note(Change(table, None, None))

    def changes(self) -> Iterator[Change]:
        """Give what has changed since the last call, oldest first, each key once."""
        changes, self._changes = self._changes, {}
        return iter(changes.values())

    def _note(self, change: Change) -> None:
        # Put again at the end: a change that comes after the emptying of its table stays so.
        self._changes.pop((change.table, change.key), None)
        self._changes[change.table, change.key] = change
