"""
The charger's memory in a file, so that it outlives the process: one SQLite file, one table.

Every change is on the disk before the charger says another word; a file that was cut off in the
middle of a change is as it was before.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from simulators.charger_inch.memory import Change, Memory
from simulators.errors import NotPossible


class MemoryFile:
    """
    The file of one charger.

    Parameters:
        path: made where there is none.
        identity: the charger's, for what is told to people.

    Raises:
        NotPossible: If it cannot be opened, is no such file, or another process has it open.
    """

    def __init__(self, path: Path, identity: str) -> None:
        self._path = path
        self._identity = identity
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=1)
        except sqlite3.Error as error:
            raise self._not_possible(error) from error
        try:
            # Exclusive: two processes with one memory would be one charger in two places.
            for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS memory (place INTEGER PRIMARY KEY,"
                " section TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
                " UNIQUE (section, key))"
            )
        except sqlite3.Error as error:
            self.close()
            raise self._not_possible(error) from error

    def read(self) -> Memory:
        """
        Give what is remembered, in the order in which it was put.

        Raises:
            NotPossible: If it cannot be read; the file is given back then.
        """
        try:
            rows = self._connection.execute(
                "SELECT section, key, value FROM memory ORDER BY place"
            ).fetchall()
            return Memory((table, key, json.loads(value)) for table, key, value in rows)
        except (sqlite3.Error, ValueError) as error:
            self.close()
            raise self._not_possible(error) from error

    def write(self, changes: Iterable[Change]) -> None:
        """
        Write changes down, all or none.

        Raises:
            NotPossible: If the file does not take them.
        """
        waiting = list(changes)
        if not waiting:
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                for change in waiting:
                    self._write_one(change)
            except sqlite3.Error:
                # A full disk has ended the transaction by itself.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._not_possible(error) from error

    def _write_one(self, change: Change) -> None:
        if change.key is None:
            self._connection.execute("DELETE FROM memory WHERE section = ?", (change.table,))
            return
        # Not updated in place: what is put again stands last, as in the memory of the process.
        self._connection.execute(
            "DELETE FROM memory WHERE section = ? AND key = ?", (change.table, change.key)
        )
        if change.value is not None:
            value = json.dumps(change.value, separators=(",", ":"))
            self._connection.execute(
                "INSERT INTO memory (section, key, value) VALUES (?, ?, ?)",
                (change.table, change.key, value),
            )

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def _not_possible(self, error: Exception) -> NotPossible:
        return NotPossible(
            "remember",
            f"charger {self._identity}",
            f"its memory {self._path} cannot be used ({error}); name a file of its own in a folder "
            "that may be written to",
        )
