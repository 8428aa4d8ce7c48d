"""Sentences about the fault matrix: each fault at each step of a delivery."""

from __future__ import annotations

from collections.abc import Callable

from pytest_bdd import given, parsers, then, when

from harness.bench import Bench
from harness.errors import Disagreement, UsageError
from harness.fault_cells import PARTS, CellResult, cells_of
from harness.fault_matrix import Matrix
from harness.steps import must_be_done


@given(parsers.parse("{count:d} more chargers are in the file"))
def more_chargers(bench: Bench, count: int) -> None:
    """Let the file be as large as several chargers make it; these say nothing."""
    for number in range(count):
        bench.declare_station(f"Charger {number + 1}").is_elsewhere = True


@when(parsers.parse("a day is delivered with each fault that there can be while {part}"))
def delivered_with_each_fault(bench: Bench, part: str) -> None:
    """Try each cell of a part of the matrix, one after the other."""
    wire = bench.drop_server.wire
    must_be_done(bench, wire)
    if part not in PARTS:
        raise UsageError(f"no part of a delivery is {part!r}; there are {', '.join(PARTS)}")
    bench.cells = Matrix(bench).run(cells_of(wire, part))


@then("each delivery ends with one right file, and nothing beside it")
def each_ends_right(bench: Bench) -> None:
    """Compare what lay in the folder after each cell with the file of the day itself."""
    assert bench.cells, "no cell was tried"
    bench.decide_files([bench.utility.first().name])
    _hold(bench, lambda one: one.file_trouble)


@then("no incomplete file was ever seen under a final name")
def none_incomplete(bench: Bench) -> None:
    """Compare each size that was visible with the right one."""
    _hold(bench, lambda one: one.shown_trouble)


@then("the status of the task told the cause of each fault")
def told_each_cause(bench: Bench) -> None:
    """Compare what was told while the fault was on with the table."""
    _hold(bench, lambda one: one.cause_trouble)


def _hold(bench: Bench, trouble_of: Callable[[CellResult], str]) -> None:
    found = [f"{one.cell}: {words}" for one in bench.cells if (words := trouble_of(one))]
    if found:
        cells = "cell" if len(found) == 1 else "cells"
        lines = "\n".join(found)
        raise Disagreement(f"{len(found)} of {len(bench.cells)} {cells} of the matrix:\n{lines}")
