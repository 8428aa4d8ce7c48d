"""
The cells of the fault matrix: each fault at each step of a delivery, over each kind of server.

The table is `fault_matrix.toml`. Each of its cells either can be tried, and then says what has to
be told of it, or says why it cannot be. `harness.fault_matrix` tries them, `harness.report` shows
what came of them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

WIRES = ("SFTP", "FTP", "FTPS", "implicit FTPS")
PARTS = ("connecting", "looking", "uploading", "renaming")
NONE = "none"
"""The cause of a fault that the file does not even wait for."""


@dataclass(frozen=True, slots=True)
class FaultColumn:
    """A kind of fault: its name, and what it means."""

    name: str
    means: str


@dataclass(frozen=True, slots=True)
class Cell:
    """
    One fault at one step over one kind of server.

    Attributes:
        wire, part, step, fault: which.
        made: what is switched on at the server; empty where it cannot be.
        cause: what the status of the task must tell, `NONE` where the file arrives at once.
        cannot: why it cannot be; empty where it can.
    """

    wire: str
    part: str
    step: str
    fault: str
    made: str = ""
    cause: str = ""
    cannot: str = ""

    def __str__(self) -> str:
        return f"{self.wire}, {self.step}, {self.fault}"


@dataclass(slots=True)
class CellResult:
    """
    What came of a cell that was tried.

    Attributes:
        cell: which.
        told: the causes that the status told, try after try, as long as the fault was on.
        bit: whether the server says that the fault bit.
        expected: the size that is right, in bytes.
        found: what lay in the folder in the end, by name, in bytes.
        shown: the sizes that were ever seen under a final name.
        is_right: whether the bytes of the one file are the right ones.
        not_tried: why the cell was not tried; empty where it was.
    """

    cell: Cell
    told: list[str] = field(default_factory=list)
    bit: bool = True
    expected: int = 0
    found: dict[str, int] = field(default_factory=dict)
    shown: set[int] = field(default_factory=set)
    is_right: bool = False
    not_tried: str = ""

    @property
    def file_trouble(self) -> str:
        """What is wrong with what lies in the folder; empty where nothing is."""
        if self.not_tried:
            return self.not_tried
        if len(self.found) == 1 and self.is_right:
            return "" if self.bit else "the fault never bit"
        files = ", ".join(f"{name} ({size} bytes)" for name, size in self.found.items())
        return f"not one right file of {self.expected} bytes but {files or 'nothing'}"

    @property
    def shown_trouble(self) -> str:
        """What a poller could have taken for a file that it was not."""
        wrong = ", ".join(map(str, sorted(self.shown - {self.expected})))
        return f"seen under its final name with {wrong} bytes" if wrong else ""

    @property
    def cause_trouble(self) -> str:
        """How what was told differs from what the cause was."""
        wanted = set() if self.cell.cause == NONE else {self.cell.cause}
        if self.not_tried or set(self.told) == wanted:
            return ""
        return f"told as {', '.join(dict.fromkeys(self.told)) or NONE}, not as {self.cell.cause}"

    @property
    def trouble(self) -> str:
        """All of it."""
        found = (self.file_trouble, self.shown_trouble, self.cause_trouble)
        return "; ".join(words for words in found if words)


# ---------------------------------------------------------------- the table


@cache
def columns() -> tuple[FaultColumn, ...]:
    """Give the faults, in their order."""
    return tuple(FaultColumn(one["name"], one["means"]) for one in _table()["fault"])


@cache
def all_cells() -> tuple[Cell, ...]:
    """Give every cell, wire by wire, step by step."""
    table = _table()
    return tuple(
        _cell(wire, step, fault)
        for wire in WIRES
        for step in table["step"]
        if wire in step["of"]
        for fault in table["fault"]
    )


def cells_of(wire: str, part: str) -> list[Cell]:
    """Give the cells of one part of a delivery that can be tried."""
    return [
        cell for cell in all_cells() if (cell.wire, cell.part) == (wire, part) and not cell.cannot
    ]


def _table() -> dict[str, Any]:
    path = Path(__file__).with_name("fault_matrix.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _cell(wire: str, step: Mapping[str, Any], fault: Mapping[str, Any]) -> Cell:
    name = fault["name"]
    cell = Cell(wire, step["part"], step["name"], name)
    if name in step.get("more", {}):
        made, cause = step["more"][name]
        return replace(cell, made=made, cause=cause)
    if name in step.get("cannot", {}):
        return replace(cell, cannot=step["cannot"][name])
    if "made" not in fault:
        return replace(cell, cannot=fault["cannot"])
    asked = {"action": step["action"], "nth": step.get("nth", 0), "code": step.get("code", 550)}
    return replace(cell, made=fault["made"].format(**asked), cause=_cause(name, step))


def _cause(fault: str, step: Mapping[str, Any]) -> str:
    if fault == "slow":
        return NONE
    found: str = step["cut" if fault in ("reset", "lost answer") else fault]
    return found
