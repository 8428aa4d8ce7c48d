"""
The sentences of the scenarios, one file a noun.

They are the bench's public language: few, used often, synchronous (pytest-bdd never awaits),
and each Then reads its verdict from recorded frames or from files that arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

import pytest

from harness.bench import Bench
from harness.errors import Disagreement, UsageError
from harness.outcomes import Outcome
from harness.target import BACKEND, DECLARED_NOT_DONE, NOT_YET_COVERED
from harness.targets.errors import NotOffered
from harness.targets.target_file import Scope
from harness.utility import Held


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


Wanted = tuple[Held, Decimal | None, str | None]
"""A value that arrived, and the energy and the status that were expected; None for any status."""


def compare_values(
    bench: Bench, wanted: Iterable[Wanted], told: Callable[[Held, Decimal | None, str | None], str]
) -> None:
    """
    Compare values of files with what is expected, all of them, so that each that differs is marked.

    Parameters:
        wanted: the values, with what is expected.
        told: says of one how it differs.

    Raises:
        Disagreement: If one differs; it tells of the first, and how many more do.
    """
    wrong = [one for one in wanted if not bench.decide_value(*one)]
    if wrong:
        more = f" (and {len(wrong) - 1} more values differ)" if len(wrong) > 1 else ""
        raise Disagreement(told(*wrong[0]) + more)


def show(items: Iterable[str]) -> str:
    """Give a few words as a list for a message."""
    return ", ".join(sorted(items))


def must_be_done(bench: Bench, what: str, side: str = BACKEND) -> None:
    """End the scenario where it is declared that something is not done, or not yet covered."""
    if bench.target is not None:
        _must_be_in_scope(bench.target.scope, what, side)
        return
    if what in DECLARED_NOT_DONE[side]:
        pytest.skip(f"{Outcome.NOT_APPLICABLE}: {DECLARED_NOT_DONE[side][what]}")
    if what in NOT_YET_COVERED[side]:
        pytest.skip(f"{Outcome.NOT_YET_COVERED}: {NOT_YET_COVERED[side][what]}")


def _must_be_in_scope(scope: Scope, what: str, side: str) -> None:
    if (reason := scope.left_out((what,))) is not None:
        raise NotOffered(reason)
    # What the bundled backend has not got, others need not have either.
    if what in (*DECLARED_NOT_DONE[side], *NOT_YET_COVERED[side]) and what not in scope.supports:
        raise NotOffered(f'the target does not say that it supports "{what}"')
