"""
CSV whose columns are a list of OBIS codes: what registers show when a local day ends.

Document 002 "Export Format" has the list and its codes ("Test Files": ``1-0:1.8.0*255;…``), and
that a spreadsheet reads the file. All else is *proposed*: a line has what the meter is called,
the end of the day, and a cell for each code, which is empty where the meter has no such register
or it is not known. Nothing tells an estimated value from a true one.

Rule: what was written reads back to the rows that `carried` gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import ClassVar

from backend.core.formats.cells import (
    file_of,
    instant_of,
    label_of,
    lines_in,
    shown_row,
    stamp_of,
    value_in,
    value_text,
)
from backend.core.formats.daily import check_day, with_obis
from backend.core.formats.ise_daily_csv import NOT_OF_A_DAY, DailyLayout, day_of
from backend.core.formats.layout import KNOBS as LAYOUT_KNOBS
from backend.core.formats.layout import check_cell
from backend.core.formats.row import Row, Values
from backend.core.intervals import Status
from backend.core.obis import Obis
from backend.core.obis_tables import CSV, Listed
from backend.errors import LayoutError

_LEFT_OUT = NOT_OF_A_DAY | {"status_column", "missing", "obis_suffix", "columns"}
_CODE, _TIME = 0, 2


@dataclass(frozen=True, slots=True)
class ObisCsv(DailyLayout):
    """Registers at the ends of days, a column each; knobs of rows mean nothing here."""

    name_pattern: str = "{task}_{from}_{to}_{created}_{revision}.csv"
    obis: tuple[str, ...] = ("1-0:1.8.0*255",)

    values: ClassVar[Values] = Values.READINGS
    table: ClassVar[Mapping[str, Listed]] = CSV
    left_out: ClassVar[frozenset[str]] = _LEFT_OUT


KNOBS = with_obis(ObisCsv(), '"1-0:1.8.0*255;1-0:2.8.0*255"', LAYOUT_KNOBS)
"""All knobs of the format."""


def carried(rows: Iterable[Row], layout: ObisCsv) -> list[Row]:
    """
    Give rows as `read` gives them back: in order, without what the file has no place for.

    An estimated value reads as true, a missing one not at all; a code reads as the layout spells
    it, a meter under what ``key`` calls it by.
    """
    spelled = _spelling(layout)
    known = (shown_row(row, layout) for row in rows if row.energy_kwh is not None)
    kept = [
        replace(row, obis=spelled[Obis.parse(row.obis).normalised], status=Status.TRUE)
        for row in known
    ]
    return sorted(kept, key=lambda row: (row.code, row.start, layout.obis.index(row.obis)))


def _spelling(layout: ObisCsv) -> dict[str, str]:
    return {Obis.parse(one).normalised: one for one in layout.obis}


def header_of(layout: ObisCsv) -> str:
    """Give the line of headings."""
    names = [layout.headings[_CODE], layout.headings[_TIME]]
    return layout.separator.join([*names, *layout.obis])


# -- writing ---------------------------------------------------------------------------


def write(rows: Iterable[Row], layout: ObisCsv) -> bytes:
    """
    Write a file.

    Parameters:
        rows: in any order, each of a whole local day, at most one of a meter, code and day.

    Raises:
        LayoutError: The layout is wrong, or a row cannot be written so that it reads back.
    """
    layout.check()
    shown = sorted((shown_row(row, layout) for row in rows), key=lambda row: (row.code, row.start))
    lines = [header_of(layout)] if layout.header else []
    for (code, _), found in groupby(shown, key=lambda row: (row.code, row.start)):
        check_cell(code, layout, f"name {code!r}")
        lines.append(_line_of(list(found), layout))
    return file_of(lines, layout)


def _line_of(found: list[Row], layout: ObisCsv) -> str:
    first, spelled = found[0], _spelling(layout)
    where = f"{first.code} {first.start.isoformat()}"
    check_day(first, where)
    cells: dict[str, str] = {}
    for row in found:
        column = spelled.get(Obis.parse(row.obis, where).normalised)
        if column is None or column in cells or row.end != first.end:
            raise LayoutError(f"{row.obis!r} has no place in the line", where, "look at obis")
        cells[column] = value_text(row, layout, where)
    label = label_of(stamp_of(first, layout), layout)
    return layout.separator.join([first.code, label, *(cells.get(one, "") for one in layout.obis)])


# -- reading ---------------------------------------------------------------------------


def read(content: bytes, layout: ObisCsv) -> list[Row]:
    """
    Read a file that was written in this layout.

    Raises:
        LayoutError: It was not; names the line.
    """
    layout.check()
    rows = []
    for number, line in lines_in(content, layout, header_of(layout)):
        where, cells = f"line {number}", line.split(layout.separator)
        if len(cells) != len(layout.obis) + 2:
            what = f"{len(cells)} cells instead of {len(layout.obis) + 2}"
            raise LayoutError(what, where, "check separator and obis")
        code, label, *texts = cells
        check_cell(code, layout, f"{where}, code")
        start, end = day_of(instant_of(label, layout, None, where), layout, where)
        for obis, text in zip(layout.obis, texts, strict=True):
            if (value := value_in(text, layout, where)) is not None:
                rows.append(Row(code, obis, start, end, value, Status.TRUE))
    return rows
