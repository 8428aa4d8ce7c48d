"""
The sentences of the scenarios, one file a noun.

They are the bench's public language: few, used often, synchronous (pytest-bdd never awaits),
and each Then reads its verdict from recorded frames or from files that arrived.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from harness.errors import UsageError
from harness.target import DECLARED_NOT_DONE


def records(datatable: list[list[str]], *columns: str) -> list[dict[str, str]]:
    """
    Give the rows of a scenario's table as records under its head row.

    Raises:
        UsageError: If the columns are not those that the sentence asks for.
    """
    head, *rows = datatable
    if columns and set(head) != set(columns):
        raise UsageError(
            f"the table has the columns {', '.join(head)}; the sentence needs {', '.join(columns)}"
        )
    return [dict(zip(head, row, strict=True)) for row in rows]


def show(items: Iterable[str]) -> str:
    """Give a few words as a list for a message."""
    return ", ".join(sorted(items))


def must_be_done(what: str) -> None:
    """End the scenario as not applicable where the system under test declares not to do it."""
    if what in DECLARED_NOT_DONE:
        pytest.skip(DECLARED_NOT_DONE[what])
