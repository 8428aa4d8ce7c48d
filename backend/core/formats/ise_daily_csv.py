"""
IS-E registers and feed (Vorschub) as CSV: one row a meter, OBIS code and local day.

Document 002 "Export Format" names the formats, VSE Metering Code §11.3 says what they hold: what
a register shows when the day ends (D = 8), or the energy of the day (D = 9). No byte-level
description is public, so a row looks like one of a time series (*proposed*), and each knob of
that is one here, too.

Rule 1: each row tells of one whole local day, and bears its end (or its start).
Rule 2: what was written reads back to the rows that `carried` gives.
Rule 3: only codes that the format lists can be set (`obis_tables`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from backend.core import days
from backend.core.formats import ise_timeseries_csv
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
from backend.core.formats.knobs import Knob, KnobRow, knobs_of
from backend.core.formats.layout import KNOBS as LAYOUT_KNOBS
from backend.core.formats.layout import Layout
from backend.core.formats.row import Row, Values
from backend.core.obis_tables import FEED, IS_E, Listed, check_listed
from backend.errors import LayoutError

_NOT_OF_A_DAY = frozenset({"interval_minutes", "only_basic_data"})


def are_codes(value: object) -> bool:
    """Tell whether a value is a list of texts that is not empty."""
    return isinstance(value, tuple) and bool(value) and all(isinstance(one, str) for one in value)


@dataclass(frozen=True, slots=True)
class ReadingsCsv(Layout):
    """
    Registers at the ends of days; the knobs are those of a time series, and ``obis``.

    Attributes:
        obis: which registers, by their codes.
    """

    obis: tuple[str, ...] = ("1-1:1.8.0",)

    values: ClassVar[Values] = Values.READINGS
    table: ClassVar[Mapping[str, Listed]] = IS_E
    left_out: ClassVar[frozenset[str]] = _NOT_OF_A_DAY

    def check(self, where: str = "layout") -> None:
        """
        Check every knob, and that they fit each other.

        Raises:
            LayoutError: With the knob in its place.
            ObisError: A code is not listed for the format.
        """
        Layout.check(self, where)
        check_codes(self.obis, self.table, where)


@dataclass(frozen=True, slots=True)
class FeedCsv(ReadingsCsv):
    """Energies of days; the knobs are those of a time series, and ``obis``."""

    obis: tuple[str, ...] = ("1-1:1.9.0",)

    values: ClassVar[Values] = Values.FEED
    table: ClassVar[Mapping[str, Listed]] = FEED


def check_codes(codes: object, table: Mapping[str, Listed], where: str) -> None:
    """
    Check the knob ``obis``.

    Raises:
        LayoutError: It is no list of codes.
        ObisError: A code is not listed for the format.
    """
    place = f"{where}, key 'obis'"
    if not isinstance(codes, tuple) or not are_codes(codes):
        raise LayoutError(f"is {codes!r}", place, "write a list of OBIS codes in quotes")
    check_listed(codes, table, place)


def obis_knob(example: str, source: str) -> KnobRow:
    """Give the knob ``obis`` of a format that has registers by their codes."""
    accepts: tuple[Callable[[object], bool], str] = (are_codes, "a list of OBIS codes in quotes")
    meaning = "which values, by their codes; a meter has those of them that it tells"
    return ("obis", meaning, example, source, *accepts)


def knobs_for(defaults: Any, example: str) -> tuple[Knob, ...]:
    """Give the knobs of one of these formats."""
    rows = [
        (one.name, one.meaning, one.example, one.source, one.accepts, one.expected)
        for one in LAYOUT_KNOBS
        if one.name not in _NOT_OF_A_DAY
    ]
    return knobs_of(defaults, [obis_knob(example, "document 002"), *rows])


READINGS_KNOBS = knobs_for(ReadingsCsv(), '["1-1:1.8.1", "1-1:1.8.2"]')
FEED_KNOBS = knobs_for(FeedCsv(), '["1-1:1.9.0", "1-1:2.9.0"]')


def carried(rows: Iterable[Row], layout: Layout) -> list[Row]:
    """Give rows as `read` gives them back: see `ise_timeseries_csv.carried`."""
    return ise_timeseries_csv.carried(rows, layout)


# -- writing ---------------------------------------------------------------------------


def write(rows: Iterable[Row], layout: Layout) -> bytes:
    """
    Write a file.

    Parameters:
        rows: in any order, each of a whole local day.

    Raises:
        LayoutError: The layout is wrong, or a row cannot be written so that it reads back.
    """
    layout.check()
    shown = [shown_row(row, layout) for row in rows]
    shown.sort(key=lambda row: (row.code, row.obis, row.start))
    lines = [header_of(layout)] if layout.header else []
    for row in shown:
        check_names(row, layout)
        where = f"{row.code} {row.start.isoformat()}"
        check_day(row, where)
        stamp = stamp_of(row, layout)
        lines.append(line_of(row, label_of(stamp, layout), layout, where))
    return file_of(lines, layout)


def check_day(row: Row, where: str) -> None:
    """
    Check that a row tells of a whole local day.

    Raises:
        LayoutError: It does not.
    """
    if (row.start, row.end) != days.day_that_begins(row.start):
        raise LayoutError(
            f"{row.start.isoformat()} to {row.end.isoformat()} is no local day",
            where,
            "give whole days",
        )


# -- reading ---------------------------------------------------------------------------


def read(content: bytes, layout: Layout) -> list[Row]:
    """
    Read a file that was written in this layout.

    Raises:
        LayoutError: It was not; names the line.
    """
    layout.check()
    rows = []
    for number, line in lines_in(content, layout, header_of(layout)):
        cells, where = cells_in(line, layout, number), f"line {number}"
        stamp = instant_of(cells["time"], layout, None, where)
        rows.append(row_in(cells, *day_of(stamp, layout, where), layout))
    return rows


def day_of(stamp: datetime, layout: Layout, where: str) -> tuple[datetime, datetime]:
    """
    Give the day that a row of this stamp tells of.

    Raises:
        LayoutError: The stamp is no local midnight.
    """
    is_end = layout.stamp == "end"
    bounds = days.day_that_ends(stamp) if is_end else days.day_that_begins(stamp)
    if bounds is None:
        raise LayoutError(f"{stamp.isoformat()} is no local midnight", where, "give whole days")
    return bounds
