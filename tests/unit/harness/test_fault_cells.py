"""The table of the fault matrix, and what is said of a cell that was tried."""

from __future__ import annotations

from collections import Counter

from backend import errors
from harness.fault_cells import (
    NONE,
    PARTS,
    WIRES,
    Cell,
    CellResult,
    all_cells,
    cells_of,
    columns,
)
from simulators.ftp_server.faults import fault_from_text

CELL = Cell("FTP", "renaming", "RNTO", "cut", "cut-at-command:action=rename", "line")


def tried(**more: object) -> CellResult:
    """Give what came of a cell, right unless told otherwise."""
    right: dict[str, object] = {
        "told": ["line", "line"],
        "expected": 9,
        "found": {"a.csv": 9},
        "shown": {9},
        "is_right": True,
    }
    return CellResult(CELL, **{**right, **more})  # type: ignore[arg-type]


def test_every_cell_can_be_tried_or_says_why_not() -> None:
    """A cell has a fault and what is told of it, or else a reason, and never both."""
    causes = {kind.cause for kind in vars(errors).values() if hasattr(kind, "cause")}
    for cell in all_cells():
        assert bool(cell.made) != bool(cell.cannot), cell
        assert cell.part in PARTS
        if cell.made:
            fault_from_text(cell.made)
            assert cell.cause in causes | {NONE}, cell


def test_every_step_has_every_fault_once() -> None:
    """No cell is there twice, and none is missing."""
    cells = all_cells()
    steps = {(cell.wire, cell.step) for cell in cells}

    assert len(cells) == len({str(cell) for cell in cells}) == len(steps) * len(columns())
    assert {"SFTP": 17, "FTP": 23, "FTPS": 26, "implicit FTPS": 26} == Counter(
        wire for wire, _ in steps
    )


def test_every_cell_that_can_be_is_in_a_scenario() -> None:
    """The parts of all kinds of server hold all of them."""
    parts = [cell for wire in WIRES for part in PARTS for cell in cells_of(wire, part)]

    assert {*parts} == {cell for cell in all_cells() if not cell.cannot}


def test_a_right_cell_has_no_trouble() -> None:
    """One right file, told as what it was."""
    assert "" == tried().trouble


def test_trouble_names_what_was_found_and_told() -> None:
    """What lies there, what was seen, and what was told are named, each by itself."""
    wrong = tried(found={"a.csv": 4, ".a.part": 9}, shown={3, 4, 9}, told=["space"])

    assert wrong.trouble == (
        "not one right file of 9 bytes but a.csv (4 bytes), .a.part (9 bytes); "
        "seen under its final name with 3, 4 bytes; told as space, not as line"
    )
    assert "not one right file of 9 bytes but nothing" == tried(found={}).file_trouble
    assert "told as none, not as line" == tried(told=[]).cause_trouble
    assert "not one right file of 9 bytes but a.csv (9 bytes)" == tried(is_right=False).trouble


def test_a_fault_that_never_bit_is_no_pass() -> None:
    """Neither is a cell that was not tried."""
    assert "the fault never bit" == tried(bit=False).trouble
    assert "too late" == CellResult(CELL, not_tried="too late").trouble
