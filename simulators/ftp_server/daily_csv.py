"""
The utility's own reader of CSV files with one value a day: registers, feed, columns by OBIS code.

Written from what was agreed alone, as `timeseries_csv` is, whose cells they have. Each row tells
of one local day and bears its end, or its start. Register codes have D = 8 (or 0, where it is no
electricity), those of a feed D = 9 (document 002 "Obis Codes", VSE Metering Code §11.3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from simulators.ftp_server.timeseries_csv import (
    COLUMNS,
    ZONE,
    Layout,
    Row,
    Series,
    Stands,
    Unreadable,
    cells_of,
    check_code,
    instant_of,
    lines_of,
    plain_obis,
    stands_of,
    value_of,
)

_REGISTER = re.compile(r"(?:1-\d{1,3}:[1-8]\.8|[5689]-\d{1,3}:1\.0)\.\d{1,3}(?:\*255)?", re.ASCII)
_FEED = re.compile(r"1-\d{1,3}:[1-8]\.9\.\d{1,3}(?:\*255)?", re.ASCII)
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ReadingsLayout(Layout):
    """Registers at the ends of days, agreed as a time series is."""

    codes: ClassVar[re.Pattern[str]] = _REGISTER

    def rows_in(self, content: bytes, known: dict[Series, int]) -> list[Row]:
        """
        Read a whole file.

        Raises:
            Unreadable: If anything is not as agreed; then no value of the file counts.
        """
        del known  # each row is a day
        found: dict[tuple[str, str, datetime], Row] = {}
        for number, line in lines_of(content, self, self.header_line):
            cells = cells_of(number, line, self, {})
            if self.codes.fullmatch(cells.obis) is None:
                raise Unreadable(f"{cells.obis} is no code of such a file", number)
            start, end = day_of(cells.instant, self, number)
            told = (cells.energy_kwh, cells.status, stands_of(number, self))
            row = Row(cells.code, cells.obis, start, end, *told)
            if found.setdefault((row.code, plain_obis(row.obis), start), row) is not row:
                raise Unreadable("the day stands there twice", number)
        return _not_empty(list(found.values()))


@dataclass(frozen=True, slots=True)
class FeedLayout(ReadingsLayout):
    """Energies of days, agreed as a time series is."""

    codes: ClassVar[re.Pattern[str]] = _FEED


@dataclass(frozen=True, slots=True)
class ColumnsLayout(Layout):
    """
    Registers at the ends of days, a column each.

    Attributes:
        obis: the codes of the columns behind code and time.
    """

    name_pattern: str = "{task}_{from}_{to}_{created}_{revision}.csv"
    obis: tuple[str, ...] = ("1-0:1.8.0*255",)

    @property
    def header_line(self) -> str:
        """The first line of a file that has a header."""
        names = [self.headings[COLUMNS.index(one)] for one in ("code", "time")]
        return self.separator.join([*names, *self.obis])

    def rows_in(self, content: bytes, known: dict[Series, int]) -> list[Row]:
        """
        Read a whole file; an empty cell tells of nothing.

        Raises:
            Unreadable: If anything is not as agreed; then no value of the file counts.
        """
        del known  # each row is a day
        rows: list[Row] = []
        seen: set[tuple[str, datetime]] = set()
        for number, line in lines_of(content, self, self.header_line):
            cells = line.split(self.separator)
            if len(cells) != len(self.obis) + 2:
                raise Unreadable(f"has {len(cells)} cells instead of {len(self.obis) + 2}", number)
            code, label, *texts = cells
            try:
                check_code(code, self)
                start, end = day_of(instant_of(label, self, None), self, number)
                values = [value_of(text, self) for text in texts]
            except Unreadable as error:
                raise Unreadable(error.why, number) from None
            if (code, start) in seen:
                raise Unreadable("the day stands there twice", number)
            seen.add((code, start))
            rows += (
                Row(code, obis, start, end, value, "W", Stands(number, place, 0))
                for place, (obis, value) in enumerate(zip(self.obis, values, strict=True), start=3)
                if value is not None
            )
        return _not_empty(rows) if not seen else rows


def day_of(instant: datetime, layout: Layout, line: int | None) -> tuple[datetime, datetime]:
    """
    Give the local day that a value of this stamp belongs to, in UTC.

    Raises:
        Unreadable: If the stamp is no local midnight.
    """
    within = instant - _MOMENT if layout.stamp == "end" else instant
    bounds = bounds_of(within)
    if instant != bounds[layout.stamp == "end"]:
        raise Unreadable(f"{instant.astimezone(ZONE):%d.%m.%Y %H:%M} is no midnight", line)
    return bounds


def bounds_of(instant: datetime) -> tuple[datetime, datetime]:
    """Give the begin and the end of the local day of an instant, in UTC."""
    day = instant.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    first, last = (
        (day + timedelta(days=more)).replace(tzinfo=ZONE).astimezone(UTC) for more in (0, 1)
    )
    return first, last


def _not_empty(rows: list[Row]) -> list[Row]:
    if not rows:
        raise Unreadable("the file holds no values")
    return rows


def columns_in(text: object) -> tuple[str, ...]:
    """Read the list of columns, as a list or with semicolons between them (document 002)."""
    if isinstance(text, str):
        return tuple(one.strip() for one in text.strip().removesuffix(";").split(";"))
    return tuple(text) if isinstance(text, list | tuple) else ()
