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

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from backend.core import days
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
from backend.core.formats.daily import check_codes, check_day, with_obis
from backend.core.formats.ise_timeseries_csv import carried
from backend.core.formats.layout import KNOBS as LAYOUT_KNOBS
from backend.core.formats.layout import Layout
from backend.core.formats.row import Row, Values
from backend.core.obis_tables import FEED, IS_E, Listed
from backend.errors import LayoutError

NOT_OF_A_DAY = frozenset({"interval_minutes", "only_basic_data"})
"""Knobs of a time series that mean nothing where there is one value a day."""

__all__ = ["DailyLayout", "FeedCsv", "ReadingsCsv", "carried", "day_of", "read", "write"]


@dataclass(frozen=True, slots=True)
class DailyLayout(Layout):
    """
    What a file with a value a day looks like: the knobs of a time series, and ``obis``.

    Attributes:
        obis: which values, by their codes; a list, or one text with semicolons between them.
    """

    obis: tuple[str, ...] = ()

    table: ClassVar[Mapping[str, Listed]]

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
class ReadingsCsv(DailyLayout):
    """Registers at the ends of days."""

    obis: tuple[str, ...] = ("1-1:1.8.0",)

    values: ClassVar[Values] = Values.READINGS
    table: ClassVar[Mapping[str, Listed]] = IS_E
    left_out: ClassVar[frozenset[str]] = NOT_OF_A_DAY


@dataclass(frozen=True, slots=True)
class FeedCsv(ReadingsCsv):
    """Energies of days."""

    obis: tuple[str, ...] = ("1-1:1.9.0",)

    values: ClassVar[Values] = Values.FEED
    table: ClassVar[Mapping[str, Listed]] = FEED


READINGS_KNOBS = with_obis(ReadingsCsv(), '["1-1:1.8.1", "1-1:1.8.2"]', LAYOUT_KNOBS)
FEED_KNOBS = with_obis(FeedCsv(), '["1-1:1.9.0", "1-1:2.9.0"]', LAYOUT_KNOBS)


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
