"""
IS-E time series as CSV, from whole series: the same bytes as `ise_timeseries_csv.write` gives.

What a file looks like is decided there alone. The lines of a grid are learned by having `write`
write a series; where it refuses, or where anything else is out of the ordinary, `write` writes
them all, and its errors are raised. A property test holds the two against each other in any
layout.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from itertools import compress, cycle, islice
from typing import cast

from backend.core.exports import Activation, rows_of
from backend.core.formats.cells import shown_obis
from backend.core.formats.ise_timeseries_csv import write
from backend.core.formats.layout import MAX_CELL, Layout, check_cell
from backend.core.formats.row import METERING_CODE, name_by
from backend.core.intervals import Status
from backend.core.obis import unit_of
from backend.core.series import Series
from backend.errors import LayoutError

#: Texts of energies that are remembered; a quarter hour of 22 kW has 5,500 Wh.
_REMEMBERED = 20_000
#: From here on a row is looked at by `write`.
_MOST_KWH = 10**9
#: Where fewer energies than one in so many are not 0, lines of zeros are changed there.
_SPARSE = 2
#: Names that stand for a series' own while lines are learned, and what stands for them then.
_CODE, _OBIS = "CODE", "OBIS"
_CODE_MARK, _OBIS_MARK = "\0", "\1"
#: Of the lines that are learned.
_UNIT = unit_of(_OBIS)


def write_series(many: Iterable[Series], layout: Layout) -> bytes:
    """
    Write a file.

    Parameters:
        many: in any order; those of one name (code, OBIS code) are put together.
        layout: what the file looks like.

    Raises:
        LayoutError: The layout is wrong, or an energy cannot be written so that it reads back.
    """
    writer, file = _Writer(layout), BytesIO()
    file.write(write((), layout))
    for name, found in _by_name(many, layout):
        file.write(writer.lines(name, found))
    return file.getvalue()


def shown_name(series: Series, layout: Layout) -> tuple[str, str]:
    """Give the name and the OBIS code under which a series stands in a file."""
    obis = shown_obis(series.activation.obis, layout)
    if layout.key == METERING_CODE:
        return series.code, obis
    return name_by(layout.key, series.code, series.activation.numbers), obis


def _by_name(
    many: Iterable[Series], layout: Layout
) -> Iterator[tuple[tuple[str, str], list[Series]]]:
    named: dict[tuple[str, str], list[Series]] = {}
    for series in many:
        named.setdefault(shown_name(series, layout), []).append(series)
    return ((name, named[name]) for name in sorted(named))


class _OutOfRange(Exception):
    """An energy that is negative, or so high that the careful writer has to look at it."""


class _Texts(dict[int, bytes]):
    """
    Energies as they are written, with what stands behind each, remembered while there is room.

    Asking for one raises `_OutOfRange` where it is none that is written without a look.
    """

    def __init__(self, layout: Layout, behind: bytes = b"") -> None:
        self._scale = 10**layout.decimals
        self._most = _MOST_KWH * self._scale
        self._form = f"{{}}{layout.decimal_mark}{{:0{layout.decimals}d}}"
        self._behind = behind

    def __missing__(self, energy: int) -> bytes:
        if not 0 <= energy < self._most:
            raise _OutOfRange
        text = str(energy)
        if self._scale > 1:
            text = self._form.format(*divmod(energy, self._scale))
        written = text.encode() + self._behind
        if len(self) < _REMEMBERED:
            self[energy] = written
        return written


class _Lines:
    """
    The lines of a grid: of each what stands before its energy, what behind, and with 0.

    What stands behind the energy of every line, it has in common, stands in `texts` instead.
    """

    def __init__(
        self, cells: Sequence[dict[str, str]], layout: Layout, encoding: str, first: int
    ) -> None:
        columns = layout.shown_columns
        value = columns.index("value")
        mark = layout.separator
        before = ["".join(one[each] + mark for each in columns[first:value]) for one in cells]
        behind = [
            "".join(mark + one[each] for each in columns[value + 1 :]) + layout.line_end
            for one in cells
        ]
        self._heads = [each.encode(encoding) for each in before]
        self._tails = [each.encode(encoding) for each in behind]
        self.zeros = [
            head + one["value"].encode(encoding) + tail
            for head, one, tail in zip(self._heads, cells, self._tails, strict=True)
        ]
        shared = b""
        if self._tails.count(self._tails[0]) == len(self._tails):
            shared, self._tails = self._tails[0], []
        self._texts = _Texts(layout, shared)

    def line(self, place: int, energy: int) -> bytes:
        """
        Give a line with its energy.

        Raises:
            _OutOfRange: It is not written without a look.
        """
        line = self._heads[place] + self._texts[energy]
        return line + self._tails[place] if self._tails else line

    def all(self, energies: Sequence[int], places: Sequence[int]) -> list[bytes]:
        """
        Give all lines, each with its energy.

        Parameters:
            energies: of each line.
            places: of those that are not 0.

        Raises:
            _OutOfRange: One is not written without a look.
        """
        heads, texts = self._heads, self._texts
        if self._tails:
            return [self.line(place, energy) for place, energy in enumerate(energies)]
        if len(places) * _SPARSE > len(energies):
            return [head + texts[energy] for head, energy in zip(heads, energies, strict=True)]
        lines = self.zeros.copy()
        for place in places:
            lines[place] = heads[place] + texts[energies[place]]
        return lines


class _Writer:
    """Writes series after series in one layout, and remembers the lines of the last grid."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._encoding = "utf-8" if layout.encoding == "utf-8-sig" else layout.encoding
        self._texts = _Texts(layout)
        self._names: set[str] = set()
        self._grid: Sequence[datetime] | None = None
        self._cells: list[dict[str, str]] = []
        self._before = ""
        self._lines: dict[Status, _Lines] = {}
        # Cells that a series has in common stand before its lines, put there by one join.
        varying = ("time", "value", "status")
        columns = layout.shown_columns
        self._first = next(place for place, each in enumerate(columns) if each in varying)
        self._has_marks = bool({"code", "obis"} & {*columns[self._first :]})

    def lines(self, name: tuple[str, str], found: Sequence[Series]) -> bytes:
        """Give the lines of the series of one name, as `shown_name` gives it."""
        series, (code, obis) = found[0], name
        if series.grid is not self._grid:
            self._learn(series.grid)
        lines = None
        is_usual = len(found) == 1 and self._cells and unit_of(obis) == _UNIT
        if is_usual and self._is_name(code) and self._is_name(obis):
            with suppress(_OutOfRange):
                lines = self._lines_of(series)
        if lines is None:
            return self._carefully(found)
        before = self._before.replace(_CODE_MARK, code).replace(_OBIS_MARK, obis)
        first = before.encode(self._encoding)
        written = first + first.join(lines)
        if self._has_marks:
            for mark, own in ((_CODE_MARK, code), (_OBIS_MARK, obis)):
                written = written.replace(mark.encode(), own.encode(self._encoding))
        return written

    def _carefully(self, found: Sequence[Series]) -> bytes:
        rows = [row for one in found for row in rows_of(one.activation, one.intervals)]
        return write(rows, replace(self._layout, header=False, encoding=self._encoding))

    def _learn(self, grid: Sequence[datetime]) -> None:
        """Have a series written, and take its lines apart; there are none where it is refused."""
        self._grid, self._cells = grid, []
        self._lines.clear()
        layout = replace(self._layout, header=False, encoding="utf-8", key=METERING_CODE)
        scale = 10**layout.decimals
        energies = list(islice(cycle((0, 1, scale - 1, 1234 * scale + 56)), len(grid) - 1))
        probe = Series(Activation("", _CODE, _OBIS), grid, layout.decimals, energies, "measured")
        try:
            lines = write(rows_of(probe.activation, probe.intervals), layout)
        except LayoutError:
            # It refuses these instants, and so it does when the energies are those of a series.
            return
        columns = layout.shown_columns
        found = [line.split(layout.separator) for line in lines.decode().split(layout.line_end)]
        values = [cells[columns.index("value")] for cells in found if len(cells) == len(columns)]
        if not energies or values != [self._texts[each].decode() for each in energies]:
            return
        marks = {"code": _CODE_MARK, "obis": _OBIS_MARK, "value": self._texts[0].decode()}
        self._cells = [dict(zip(columns, cells, strict=False)) | marks for cells in found[:-1]]
        shared = columns[: self._first]
        self._before = "".join(self._cells[0][each] + layout.separator for each in shared)

    def _is_name(self, text: str) -> bool:
        """Tell whether a name may stand in a cell as it is; where it may not, `write` says why."""
        if text.isascii() and text.isalnum() and len(text) <= MAX_CELL:
            return True
        if text not in self._names:
            try:
                check_cell(text, self._layout, "")
            except LayoutError:
                return False
            if len(self._names) < _REMEMBERED:
                self._names.add(text)
        return True

    def _lines_of(self, series: Series) -> list[bytes] | None:
        """Give its lines without what they have in common; None where anything is odd."""
        energies, statuses = series.energies, series.statuses()
        if series.decimals != self._layout.decimals or len(energies) != len(self._cells):
            return None
        if not isinstance(statuses, Status):
            return self._mixed(energies, statuses)
        there = self._lines_with(statuses)
        if statuses is Status.MISSING:
            return None if any(one is not None for one in energies) else there.zeros.copy()
        known = cast("Sequence[int]", energies)
        places = list(compress(range(len(known)), known))
        if len(places) + known.count(0) < len(known):
            return None  # one is missing
        return there.all(known, places)

    def _mixed(
        self, energies: Sequence[int | None], statuses: Sequence[Status]
    ) -> list[bytes] | None:
        lines = []
        for place, (energy, status) in enumerate(zip(energies, statuses, strict=True)):
            there = self._lines_with(status)
            if (energy is None) != (status is Status.MISSING):
                return None
            lines.append(there.zeros[place] if energy is None else there.line(place, energy))
        return lines

    def _lines_with(self, status: Status) -> _Lines:
        lines = self._lines.get(status)
        if lines is None:
            cells = [one | {"status": status.value} for one in self._cells]
            if status is Status.MISSING and self._layout.missing == "empty":
                cells = [one | {"value": ""} for one in cells]
            lines = self._lines[status] = _Lines(cells, self._layout, self._encoding, self._first)
        return lines
