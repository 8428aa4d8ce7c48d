"""
IS-E time series as CSV: write, and read back.

No byte-level description of this file is public. What documents 000 "IS-E interface
(ePonet)", 001 "eCarUp auto export" and 002 "smart-me auto export" do say is kept: one energy
for each interval, stamped at its end, with metering code, OBIS code and a status W, E or F.
All else is *proposed* here and therefore a knob of `Layout`, to be agreed with the utility.

Rule 1: what `write` wrote, `read` reads back to the rows that `carried` gives: the rows
themselves, but for what the layout has no place for. What could not be read back is refused.
Rule 2: nothing a person typed can break a file (`cells`).
Rule 3: rows stand in the order of code, OBIS code and *instant*. In October two runs of
labels 02:00 … 02:45 stand one after the other, and only their order tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise

from backend.core.formats.cells import (
    cells_in,
    check_names,
    file_of,
    header_of,
    instant_of,
    label_of,
    line_of,
    lines_in,
    row_in,
    shown_row,
    stamp_of,
)
from backend.core.formats.layout import Layout
from backend.core.formats.row import Row
from backend.core.intervals import Status
from backend.errors import LayoutError

__all__ = ["Layout", "Row", "carried", "read", "write"]


def carried(rows: Iterable[Row], layout: Layout) -> list[Row]:
    """
    Give rows as `read` gives them back: in order, without what the layout has no place for.

    Without the column of status an estimated energy reads as true, and a missing one, where
    it is written as zero, as a true zero. Without ``obis_suffix`` an OBIS code reads without
    its ``*255``; a meter reads under what ``key`` calls it by. Everything else is carried.
    """
    return sorted(
        (_carried(row, layout) for row in rows), key=lambda row: (row.code, row.obis, row.start)
    )


def _carried(row: Row, layout: Layout) -> Row:
    row = shown_row(row, layout)
    if layout.status_column and "status" in layout.columns:
        return row
    if row.status is Status.MISSING and layout.missing == "zero":
        return replace(row, energy_kwh=Decimal(0), status=Status.TRUE)
    return replace(row, status=Status.TRUE) if row.status is Status.ESTIMATED else row


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
    shown = [shown_row(row, layout) for row in rows]
    shown.sort(key=lambda row: (row.code, row.obis, row.start))
    lines = [header_of(layout)] if layout.header else []
    for _, found in groupby(shown, key=lambda row: (row.code, row.obis)):
        series = list(found)
        check_names(series[0], layout)
        lines += _lines_of(series, layout, gaps)
    return file_of(lines, layout)


def stand_alone(rows: Sequence[Row], layout: Layout) -> bool:
    """
    Tell whether some rows of one series, in order, can be read without those between them.

    In October a label of local time may need the one before it.
    """
    previous: datetime | None = None
    for row in rows:
        stamp = stamp_of(row, layout)
        if instant_of(label_of(stamp, layout), layout, previous, row.code) != stamp:
            return False
        previous = stamp
    return True


def _lines_of(series: Sequence[Row], layout: Layout, gaps: bool) -> list[str]:
    """Write one series, and see that its instants read back."""
    stamps = [stamp_of(row, layout) for row in series]
    step = series[0].end - series[0].start if gaps else _step_of(stamps, layout)
    lines = []
    previous: datetime | None = None
    for row, stamp in zip(series, stamps, strict=True):
        where = f"{row.code} {row.start.isoformat()}"
        label = label_of(stamp, layout)
        if row.end - row.start != step or instant_of(label, layout, previous, where) != stamp:
            raise LayoutError(
                f"the interval up to {row.end.isoformat()} would not read back from {label!r}",
                where,
                "give whole days of equal intervals, or use zone utc or local+offset",
            )
        lines.append(line_of(row, label, layout, where))
        previous = stamp
    return lines


def _step_of(stamps: Sequence[datetime], layout: Layout) -> timedelta:
    """Tell the length of a series' intervals as a reader can: by its closest stamps."""
    steps = [later - earlier for earlier, later in pairwise(stamps)]
    return min(steps) if steps else timedelta(minutes=layout.interval_minutes)


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
    lines = lines_in(content, layout, header_of(layout))
    cells = [cells_in(line, layout, number) for number, line in lines]
    rows: list[Row] = []
    for _, series in groupby(cells, key=lambda each: (each["code"], each["obis"])):
        rows += _rows_of(list(series), layout, minutes)
    return rows


def _rows_of(series: Sequence[Mapping[str, str]], layout: Layout, minutes: int | None) -> list[Row]:
    """Read one series: the labels in their order, then the length of its intervals."""
    stamps: list[datetime] = []
    for cells in series:
        previous = stamps[-1] if stamps else None
        where = f"line {cells['line']}"
        stamp = instant_of(cells["time"], layout, previous, where)
        if previous is not None and stamp <= previous:
            raise LayoutError(f"{cells['time']!r} stands in no order of time", where, "sort it")
        stamps.append(stamp)
    step = _step_of(stamps, layout) if minutes is None else timedelta(minutes=minutes)
    return [
        row_in(cells, *_interval(stamp, step, layout), layout)
        for cells, stamp in zip(series, stamps, strict=True)
    ]


def _interval(stamp: datetime, step: timedelta, layout: Layout) -> tuple[datetime, datetime]:
    return (stamp - step, stamp) if layout.stamp == "end" else (stamp, stamp + step)
