"""
IS-E time series as CSV: write, and read back.

No byte-level description of this file is public. What documents 000 "IS-E interface
(ePonet)", 001 "eCarUp auto export" and 002 "smart-me auto export" do say is kept: one energy
for each interval, stamped at its end, with metering code, OBIS code and a status W, E or F.
All else is *proposed* here and therefore a knob of `Layout`, to be agreed with the utility.

Rule 1: what `write` wrote, `read` reads back to the rows that `carried` gives: the rows
themselves, but for what the layout has no place for. What could not be read back is refused.
Rule 2: nothing a person typed can break a file. There are no quotes to hide behind: a cell
that holds a separator, a quote, a line end or a control character, or that a spreadsheet
would take for a formula, is refused.
Rule 3: rows stand in the order of code, OBIS code and *instant*. In October two runs of
labels 02:00 … 02:45 stand one after the other, and only their order tells them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise

from backend.core import days
from backend.core.formats.layout import COLUMNS, Layout, check_cell
from backend.core.formats.row import Row, energy_text
from backend.core.intervals import Status
from backend.errors import LayoutError

__all__ = ["Layout", "Row", "carried", "read", "write"]

UNIT = "kWh"
SUFFIX = "*255"


def carried(rows: Iterable[Row], layout: Layout) -> list[Row]:
    """
    Give rows as `read` gives them back: in order, without what the layout has no place for.

    Without the column of status an estimated energy reads as true, and a missing one, where
    it is written as zero, as a true zero. Without ``obis_suffix`` an OBIS code reads without
    its ``*255``. Everything else is carried.
    """
    return sorted(
        (_carried(row, layout) for row in rows), key=lambda row: (row.code, row.obis, row.start)
    )


def _carried(row: Row, layout: Layout) -> Row:
    row = replace(row, obis=_shown_obis(row.obis, layout))
    if layout.status_column and "status" in layout.columns:
        return row
    if row.status is Status.MISSING and layout.missing == "zero":
        return replace(row, energy_kwh=Decimal(0), status=Status.TRUE)
    return replace(row, status=Status.TRUE) if row.status is Status.ESTIMATED else row


def _shown_obis(obis: str, layout: Layout) -> str:
    return obis if layout.obis_suffix else obis.removesuffix(SUFFIX)


# -- writing ---------------------------------------------------------------------------


def write(rows: Iterable[Row], layout: Layout, *, gaps: bool = False) -> bytes:
    """
    Write a file.

    Parameters:
        rows: in any order; those of one series (code, OBIS code) have intervals of one length.
        layout: what the file looks like.
        gaps: whether intervals may be left out, as in a correction; then the rows do not tell
            how long their intervals are, and who reads them has to know.

    Raises:
        LayoutError: The layout is wrong, or a row cannot be written so that it reads back.
    """
    layout.check()
    shown = [replace(row, obis=_shown_obis(row.obis, layout)) for row in rows]
    shown.sort(key=lambda row: (row.code, row.obis, row.start))
    lines = [_header(layout)] if layout.header else []
    for (code, obis), series in groupby(shown, key=lambda row: (row.code, row.obis)):
        check_cell(code, layout, f"name {code!r}")
        check_cell(obis, layout, f"OBIS code {obis!r}")
        lines += _lines_of(list(series), layout, gaps)
    return "".join(line + layout.line_end for line in lines).encode(layout.encoding)


def _header(layout: Layout) -> str:
    headings = dict(zip(COLUMNS, layout.headings, strict=True))
    return layout.separator.join(headings[each] for each in layout.shown_columns)


def stand_alone(rows: Sequence[Row], layout: Layout) -> bool:
    """
    Tell whether some rows of one series, in order, can be read without those between them.

    In October a label of local time may need the one before it.
    """
    previous: datetime | None = None
    for row in rows:
        stamp = _stamp_of(row, layout)
        if _instant_of(_label_of(stamp, layout), layout, previous, row.code) != stamp:
            return False
        previous = stamp
    return True


def _lines_of(series: Sequence[Row], layout: Layout, gaps: bool) -> list[str]:
    """Write one series, and see that its instants read back."""
    stamps = [_stamp_of(row, layout) for row in series]
    step = series[0].end - series[0].start if gaps else _step_of(stamps, layout)
    lines = []
    previous: datetime | None = None
    for row, stamp in zip(series, stamps, strict=True):
        where = f"{row.code} {row.start.isoformat()}"
        label = _label_of(stamp, layout)
        if row.end - row.start != step or _instant_of(label, layout, previous, where) != stamp:
            raise LayoutError(
                f"the interval up to {row.end.isoformat()} would not read back from {label!r}",
                where,
                "give whole days of equal intervals, or use zone utc or local+offset",
            )
        cells = {
            "code": row.code,
            "obis": row.obis,
            "time": label,
            "value": _value_of(row, layout, where),
            "unit": UNIT,
            "status": row.status.value,
        }
        lines.append(layout.separator.join(cells[each] for each in layout.shown_columns))
        previous = stamp
    return lines


def _stamp_of(row: Row, layout: Layout) -> datetime:
    return row.end if layout.stamp == "end" else row.start


def _step_of(stamps: Sequence[datetime], layout: Layout) -> timedelta:
    """Tell the length of a series' intervals as a reader can: by its closest stamps."""
    steps = [later - earlier for earlier, later in pairwise(stamps)]
    return min(steps) if steps else timedelta(minutes=layout.interval_minutes)


def _label_of(stamp: datetime, layout: Layout) -> str:
    if layout.zone == "local+offset":
        return days.to_iso_label(stamp)
    return days.to_label(stamp, layout.time_form, layout.zone)


def _value_of(row: Row, layout: Layout, where: str) -> str:
    text = energy_text(row, layout.decimals, where)
    if text is None:
        if layout.missing == "empty":
            return ""
        text = f"{0:.{layout.decimals}f}"
    return text.replace(".", layout.decimal_mark)


# -- reading ---------------------------------------------------------------------------


def read(content: bytes, layout: Layout, minutes: int | None = None) -> list[Row]:
    """
    Read a file that was written in this layout.

    Parameters:
        minutes: how long the intervals are, where rows may be left out; else the rows tell it.

    Raises:
        LayoutError: It was not; names the line.
    """
    layout.check()
    lines = _split(content, layout)
    first = 1
    if layout.header:
        first = 2
        if not lines or lines.pop(0) != _header(layout):
            raise LayoutError(
                "the header is not that of the layout", "line 1", f"expected {_header(layout)!r}"
            )
    cells = [_cells_of(line, layout, number) for number, line in enumerate(lines, start=first)]
    rows: list[Row] = []
    for _, series in groupby(cells, key=lambda each: (each["code"], each["obis"])):
        rows += _rows_of(list(series), layout, minutes)
    return rows


def _split(content: bytes, layout: Layout) -> list[str]:
    try:
        text = content.decode(layout.encoding)
    except UnicodeDecodeError as error:
        raise LayoutError(
            f"byte {error.start + 1} is not {layout.encoding}", "file", "set encoding"
        ) from None
    lines = text.split(layout.line_end)
    if lines.pop():
        raise LayoutError("the last line is not closed", "file", "deliver it whole")
    return lines


def _cells_of(line: str, layout: Layout, number: int) -> dict[str, str]:
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
    if named.get("unit", UNIT) != UNIT:
        raise LayoutError(f"the unit is {named['unit']!r}", f"line {number}", f"use {UNIT}")
    return {**named, "line": str(number)}


def _rows_of(series: Sequence[Mapping[str, str]], layout: Layout, minutes: int | None) -> list[Row]:
    """Read one series: the labels in their order, then the length of its intervals."""
    stamps: list[datetime] = []
    for cells in series:
        previous = stamps[-1] if stamps else None
        where = f"line {cells['line']}"
        stamp = _instant_of(cells["time"], layout, previous, where)
        if previous is not None and stamp <= previous:
            raise LayoutError(f"{cells['time']!r} stands in no order of time", where, "sort it")
        stamps.append(stamp)
    step = _step_of(stamps, layout) if minutes is None else timedelta(minutes=minutes)
    return [
        _row_of(cells, stamp, step, layout) for cells, stamp in zip(series, stamps, strict=True)
    ]


def _instant_of(label: str, layout: Layout, previous: datetime | None, where: str) -> datetime:
    try:
        if layout.zone == "local+offset":
            return days.from_iso_label(label)
        if layout.zone == "utc":
            return days.from_utc_label(label, layout.time_form)
        return days.from_label(label, layout.time_form, previous)
    except ValueError as error:
        raise LayoutError(str(error), where, "check time_form and zone") from None


def _row_of(cells: Mapping[str, str], stamp: datetime, step: timedelta, layout: Layout) -> Row:
    where = f"line {cells['line']}"
    energy = _energy_of(cells["value"], layout, where)
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
        start=stamp - step if layout.stamp == "end" else stamp,
        end=stamp if layout.stamp == "end" else stamp + step,
        energy_kwh=None if status is Status.MISSING else energy,
        status=status,
    )


def _energy_of(text: str, layout: Layout, where: str) -> Decimal | None:
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
