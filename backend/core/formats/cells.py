"""
The lines of a CSV file of IS-E: what each cell is written as, and read from.

Nothing a person typed can break a file. There are no quotes to hide behind: a cell that holds a
separator, a quote, a line end or a control character, or that a spreadsheet would take for a
formula, is refused (`layout.check_cell`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from backend.core import days
from backend.core.formats.layout import COLUMNS, Layout, check_cell
from backend.core.formats.row import NO_NUMBERS, Row, energy_text
from backend.core.intervals import Status
from backend.core.obis import unit_of
from backend.errors import LayoutError

SUFFIX = "*255"


# -- writing ---------------------------------------------------------------------------


def shown_obis(obis: str, layout: Layout) -> str:
    """Give an OBIS code as the layout has it."""
    return obis if layout.obis_suffix else obis.removesuffix(SUFFIX)


def shown_row(row: Row, layout: Layout) -> Row:
    """
    Give a row under the name and the code that the layout has for them.

    Raises:
        LayoutError: Its meter has no such name.
    """
    code = row.called(layout.key)
    return replace(row, code=code, obis=shown_obis(row.obis, layout), numbers=NO_NUMBERS)


def check_names(row: Row, layout: Layout) -> None:
    """
    Check what stands in the cells of a shown row that people have typed.

    Raises:
        LayoutError: It would break the file.
    """
    check_cell(row.code, layout, f"name {row.code!r}")
    check_cell(row.obis, layout, f"OBIS code {row.obis!r}")


def header_of(layout: Layout) -> str:
    """Give the line of headings."""
    headings = dict(zip(COLUMNS, layout.headings, strict=True))
    return layout.separator.join(headings[each] for each in layout.shown_columns)


def stamp_of(row: Row, layout: Layout) -> datetime:
    """Give the instant that a row bears."""
    return row.end if layout.stamp == "end" else row.start


def label_of(stamp: datetime, layout: Layout) -> str:
    """Write an instant."""
    if layout.zone == "local+offset":
        return days.to_iso_label(stamp)
    return days.to_label(stamp, layout.time_form, layout.zone)


def line_of(row: Row, label: str, layout: Layout, where: str) -> str:
    """
    Write a shown row.

    Parameters:
        label: its instant.
        where: the place to name in an error.

    Raises:
        LayoutError: Its value cannot be written.
    """
    cells = {
        "code": row.code,
        "obis": row.obis,
        "time": label,
        "value": value_text(row, layout, where),
        "unit": unit_of(row.obis),
        "status": row.status.value,
    }
    return layout.separator.join(cells[each] for each in layout.shown_columns)


def value_text(row: Row, layout: Layout, where: str) -> str:
    """
    Write a value.

    Raises:
        LayoutError: It cannot be written.
    """
    text = energy_text(row, layout.decimals, where)
    if text is None:
        if layout.missing == "empty":
            return ""
        text = f"{0:.{layout.decimals}f}"
    return text.replace(".", layout.decimal_mark)


def file_of(lines: list[str], layout: Layout) -> bytes:
    """Put lines together, the header, if there is one, among them."""
    return "".join(line + layout.line_end for line in lines).encode(layout.encoding)


# -- reading ---------------------------------------------------------------------------


def lines_in(content: bytes, layout: Layout, header: str) -> list[tuple[int, str]]:
    """
    Give the lines of a file with their numbers, without the header.

    Parameters:
        header: what has to stand there, where the layout has one.

    Raises:
        LayoutError: It is in another encoding, has another header, or its last line is open.
    """
    try:
        text = content.decode(layout.encoding)
    except UnicodeDecodeError as error:
        raise LayoutError(
            f"byte {error.start + 1} is not {layout.encoding}", "file", "set encoding"
        ) from None
    lines = text.split(layout.line_end)
    if lines.pop():
        raise LayoutError("the last line is not closed", "file", "deliver it whole")
    if not layout.header:
        return list(enumerate(lines, start=1))
    if not lines or lines.pop(0) != header:
        raise LayoutError("the header is not that of the layout", "line 1", f"expected {header!r}")
    return list(enumerate(lines, start=2))


def cells_in(line: str, layout: Layout, number: int) -> dict[str, str]:
    """
    Take a line apart.

    Raises:
        LayoutError: It has other cells than the layout.
    """
    cells = line.split(layout.separator)
    if len(cells) != len(layout.shown_columns):
        raise LayoutError(
            f"{len(cells)} cells instead of {len(layout.shown_columns)}",
            f"line {number}",
            "check separator and columns",
        )
    named = dict(zip(layout.shown_columns, cells, strict=True))
    for name in ("code", "obis"):
        check_cell(named[name], layout, f"line {number}, {name}")
    unit = unit_of(named["obis"])
    if named.get("unit", unit) != unit:
        raise LayoutError(f"the unit is {named['unit']!r}", f"line {number}", f"use {unit}")
    return {**named, "line": str(number)}


def instant_of(label: str, layout: Layout, previous: datetime | None, where: str) -> datetime:
    """
    Read an instant.

    Parameters:
        previous: that of the row before; in October a local time may need it.

    Raises:
        LayoutError: It is none.
    """
    try:
        if layout.zone == "local+offset":
            return days.from_iso_label(label)
        if layout.zone == "utc":
            return days.from_utc_label(label, layout.time_form)
        return days.from_label(label, layout.time_form, previous)
    except ValueError as error:
        raise LayoutError(str(error), where, "check time_form and zone") from None


def row_in(cells: Mapping[str, str], start: datetime, end: datetime, layout: Layout) -> Row:
    """
    Read a row.

    Raises:
        LayoutError: Its value or its status is none.
    """
    where = f"line {cells['line']}"
    energy = value_in(cells["value"], layout, where)
    status = Status.MISSING if energy is None else Status.TRUE
    if "status" in cells:
        try:
            status = Status(cells["status"])
        except ValueError:
            raise LayoutError(
                f"the status is {cells['status']!r}", where, "use W, E or F"
            ) from None
    if energy is None and status is not Status.MISSING:
        raise LayoutError(f"status {status} without an energy", where, "give the energy")
    return Row(
        code=cells["code"],
        obis=cells["obis"],
        start=start,
        end=end,
        energy_kwh=None if status is Status.MISSING else energy,
        status=status,
    )


def value_in(text: str, layout: Layout, where: str) -> Decimal | None:
    """
    Read a value; None where it is missing.

    Raises:
        LayoutError: It is none.
    """
    if not text and layout.missing == "empty":
        return None
    decimals = rf"{re.escape(layout.decimal_mark)}[0-9]{{{layout.decimals}}}"
    if re.fullmatch(r"[0-9]{1,12}" + (decimals if layout.decimals else ""), text) is None:
        raise LayoutError(
            f"{text!r} is no energy with {layout.decimals} decimals",
            where,
            "check decimal_mark and decimals",
        )
    return Decimal(text.replace(layout.decimal_mark, "."))
