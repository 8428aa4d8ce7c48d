"""
The utility's own reader of IS-E time series files, written from the layout's description alone.

No public byte-level specification of these files exists, so every knob is a setting agreed with
the sender (`Layout`), and the defaults are ASSUMED. The reader is strict: what is not exactly
as agreed is refused with the line and the reason, because a value that an importer had to guess
ends on somebody's bill.

Labels in local time without offset are read by the order of the rows: when summer time ends,
02:15 stands twice, the first is summer time. A file that holds only the second of the two
cannot be told from one that holds only the first; it is read as the first.
"""

from __future__ import annotations

import codecs
import dataclasses
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from simulators.errors import SimulatorError

ZONE = ZoneInfo("Europe/Zurich")
GRIDS_MINUTES = (60, 30, 15, 10, 5, 1)
USUAL_MINUTES = 15
UNIT = "kWh"
#: By the quantity of electricity, and by other media: what is no active energy.
UNITS = {"5": "kvarh", "6": "kvarh", "7": "kvarh", "8": "kvarh"}
UNITS_OF_MEDIA = {"8": "m3", "9": "m3"}
STATUSES = ("W", "E", "F")
COLUMNS = ("code", "obis", "time", "value", "unit", "status")
NEEDED_COLUMNS = frozenset(("code", "obis", "time", "value"))
HEADINGS = ("Messpunkt", "OBIS", "Zeitstempel", "Wert", "Einheit", "Status")
LINE_ENDS = {"crlf": "\r\n", "lf": "\n"}

Series = tuple[str, str]
"""Metering point and OBIS code without its suffix: what a value belongs to."""

_CHOICES = {
    "zone": ("local", "utc", "local+offset"),
    "stamp": ("end", "start"),
    "missing": ("empty", "zero"),
    "encoding": ("utf-8", "utf-8-sig", "cp1252"),
    "line_end": ("\r\n", "\n"),
    "files": ("task", "meter"),
    "key": ("metering code", "name"),
    "interval_minutes": (None, *GRIDS_MINUTES),
}
_OBIS = re.compile(r"\d{1,3}-\d{1,3}:\d{1,3}\.\d{1,3}\.\d{1,3}(\*\d{1,3})?", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", re.ASCII)


class Unreadable(SimulatorError):
    """
    A file that the importer does not take.

    Parameters:
        why: one clause, in words that the sender can act on.
        line: the line's number, from 1; None where it is about the whole file.
    """

    def __init__(self, why: str, line: int | None = None) -> None:
        super().__init__(why, line)
        self.why = why
        self.line = line

    def __str__(self) -> str:
        return self.why if self.line is None else f"line {self.line}: {self.why}"


@dataclass(frozen=True, slots=True)
class Layout:
    """
    What was agreed with the sender; one field per knob.

    Attributes:
        separator, decimal_mark: one character each.
        decimals: exactly so many.
        time_form: of the labels, as ``strftime`` has it; not used with ``local+offset``.
        zone: ``local`` (Europe/Zurich), ``utc``, or ``local+offset`` (ISO 8601).
        stamp: the label names the ``end`` or the ``start`` of the interval.
        header, status_column: whether there is one.
        missing: a value that is missing stands there ``empty`` or as ``zero``.
        encoding: ``utf-8``, ``utf-8-sig`` or ``cp1252``.
        line_end: CRLF or LF, also after the last line; in a mapping also ``crlf``, ``lf``.
        name_pattern: of the file name; ``{created}`` (14 digits) gives the order of files.
        files: one file per ``task`` or per ``meter``.
        obis_suffix: whether OBIS codes may carry ``*255``.
        columns: which there are, of `COLUMNS`, in their order; a file without a unit is in kWh.
        headings: of all columns, in the order of `COLUMNS`.
        key: ``metering code`` (33 characters, checked) or ``name`` (anything).
        interval_minutes: None to take it from the distance of the rows.
    """

    separator: str = ";"
    decimal_mark: str = "."
    decimals: int = 3
    time_form: str = "%d.%m.%Y %H:%M:%S"
    zone: str = "local"
    stamp: str = "end"
    header: bool = True
    status_column: bool = True
    missing: str = "empty"
    encoding: str = "utf-8"
    line_end: str = "\r\n"
    name_pattern: str = "ISE_{task}_{from}_{to}_{created}_{revision}.csv"
    files: str = "task"
    obis_suffix: bool = True
    columns: tuple[str, ...] = COLUMNS
    headings: tuple[str, ...] = HEADINGS
    key: str = "metering code"
    interval_minutes: int | None = None

    def __post_init__(self) -> None:
        for knob, choices in _CHOICES.items():
            if (value := getattr(self, knob)) not in choices:
                raise ValueError(f"{knob} is {value!r}; it can be one of {choices}")
        if len(self.separator) != 1 or len(self.decimal_mark) != 1:
            raise ValueError("separator and decimal_mark are one character each")
        if not NEEDED_COLUMNS <= set(self.columns) <= set(COLUMNS):
            raise ValueError(f"columns are {self.columns}; needed are {sorted(NEEDED_COLUMNS)}")
        if len(self.headings) != len(COLUMNS):
            raise ValueError(f"there are {len(self.headings)} headings for {len(COLUMNS)} columns")

    @classmethod
    def from_mapping(cls, knobs: Mapping[str, Any]) -> Self:
        """
        Take the knobs that differ from the defaults.

        Raises:
            ValueError: If there is no such knob, or no such choice of one.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        if unknown := sorted(set(knobs) - known):
            raise ValueError(f"no such knob of a layout: {', '.join(unknown)}")
        values: dict[str, Any] = {
            knob: tuple(value) if isinstance(value, list) else value
            for knob, value in knobs.items()
        }
        if isinstance(line_end := values.get("line_end"), str):
            values["line_end"] = LINE_ENDS.get(line_end, line_end)
        return cls(**values)

    def rows_in(self, content: bytes, known: dict[Series, int]) -> list[Row]:
        """
        Read a whole file; see `read`.

        Raises:
            Unreadable: If anything is not as agreed; then no value of the file counts.
        """
        return read(content, self, known)

    @property
    def shown_columns(self) -> tuple[str, ...]:
        """The columns of a file, in their order."""
        return tuple(one for one in self.columns if one != "status" or self.status_column)

    @property
    def header_line(self) -> str:
        """The first line of a file that has a header."""
        return self.separator.join(
            self.headings[COLUMNS.index(column)] for column in self.shown_columns
        )


class Stands(NamedTuple):
    """
    Where a value stands in its file; 0 for nowhere.

    Attributes:
        line: of CSV the line, of MSCONS the segment (UNA not counted), of XML the element in the
            order of the document; from 1.
        value, status: the cells of the line, from 1; where both stand in one, that one.
    """

    line: int
    value: int = 1
    status: int = 1


NOWHERE = Stands(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Row:
    """
    One value as the importer understood it.

    Attributes:
        code: the metering point.
        obis: the OBIS code as it stood there.
        start, end: of the interval, aware, in UTC.
        energy_kwh: None where the value is missing.
        status: W, E or F; without a status column W for a value and F for none.
        stands: where in the file.
    """

    code: str
    obis: str
    start: datetime
    end: datetime
    energy_kwh: Decimal | None
    status: str
    stands: Stands = field(default=NOWHERE, compare=False)

    @property
    def series(self) -> Series:
        """What the value belongs to."""
        return self.code, plain_obis(self.obis)


@dataclass(frozen=True, slots=True)
class Cells:
    """A row whose label is an instant, and not yet an interval or a day."""

    line: int
    code: str
    obis: str
    instant: datetime
    energy_kwh: Decimal | None
    status: str


def plain_obis(obis: str) -> str:
    """Give an OBIS code without ``*255``, which means the same."""
    return obis.removesuffix("*255")


def read(content: bytes, layout: Layout, known: Mapping[Series, int] | None = None) -> list[Row]:
    """
    Read a whole file, in the order of its lines.

    Parameters:
        content: the file's bytes.
        layout: what was agreed.
        known: the interval in minutes of series seen before.

    Raises:
        Unreadable: If anything is not as agreed; then no value of the file counts.
    """
    rows: dict[Series, list[Cells]] = defaultdict(list)
    order: list[Cells] = []
    for number, line in lines_of(content, layout, layout.header_line):
        cells = cells_of(number, line, layout, rows)
        rows[cells.code, plain_obis(cells.obis)].append(cells)
        order.append(cells)
    if not order:
        raise Unreadable("the file holds no values")
    minutes = {
        series: _interval_minutes(of_series, layout, (known or {}).get(series))
        for series, of_series in rows.items()
    }
    return [_row(cells, minutes[cells.code, plain_obis(cells.obis)], layout) for cells in order]


def _text(content: bytes, layout: Layout) -> str:
    marked = content.startswith(codecs.BOM_UTF8)
    if layout.encoding == "utf-8" and marked:
        raise Unreadable("the file begins with a byte order mark; UTF-8 without one was agreed")
    if layout.encoding == "utf-8-sig" and not marked:
        raise Unreadable("the file does not begin with the byte order mark that was agreed")
    try:
        return content.decode(layout.encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(f"byte {error.start} of the file is not {layout.encoding}") from None


def lines_of(content: bytes, layout: Layout, header: str) -> Iterable[tuple[int, str]]:
    """
    Give the lines of a file with their numbers, without the header.

    Parameters:
        header: what has to stand there, where one was agreed.

    Raises:
        Unreadable: If the bytes, the line ends or the header are not as agreed.
    """
    text = _text(content, layout)
    if not text.endswith(layout.line_end):
        raise Unreadable(f"the file does not end with the agreed line end {layout.line_end!r}")
    lines = text.split(layout.line_end)[:-1]
    for number, line in enumerate(lines, start=1):
        if not line.replace(layout.separator, "").isprintable():
            raise Unreadable("holds a line end or control character that was not agreed", number)
        if '"' in line:
            raise Unreadable("holds a quote; no quoting was agreed", number)
        if number > 1 or not layout.header:
            yield number, line
        elif line != header:
            raise Unreadable(f"is not the agreed header but {line[:80]!r}", number)


def cells_of(number: int, line: str, layout: Layout, before: Mapping[Series, list[Cells]]) -> Cells:
    """
    Read a line.

    Parameters:
        before: the lines before it, by what they are of.

    Raises:
        Unreadable: If a cell is not as agreed.
    """
    parts = line.split(layout.separator)
    if len(parts) != len(layout.shown_columns):
        raise Unreadable(f"has {len(parts)} cells instead of {len(layout.shown_columns)}", number)
    cells = dict(zip(layout.shown_columns, parts, strict=True))
    code, obis, label = cells["code"], cells["obis"], cells["time"]
    try:
        check_code(code, layout)
        _check_obis(obis, layout)
        agreed = unit_of(obis)
        if (unit := cells.get("unit", agreed)) != agreed:
            raise Unreadable(f"the unit is {unit[:10]!r} and not {agreed}")
        series = before.get((code, plain_obis(obis)))
        previous = series[-1].instant if series else None
        instant = instant_of(label, layout, previous)
        if previous is not None and instant <= previous:
            twice = any(one.instant == instant for one in series or ())
            why = "stands there twice" if twice else "is not in the order of time"
            raise Unreadable(f"{label} of {code} {obis} {why}")
        energy_kwh = value_of(cells["value"], layout)
        status = _status(cells.get("status"), energy_kwh, layout)
    except Unreadable as error:
        raise Unreadable(error.why, number) from None
    return Cells(number, code, obis, instant, None if status == "F" else energy_kwh, status)


def unit_of(obis: str) -> str:
    """Give the unit of a code's values: that of energy, reactive energy, or a volume."""
    medium, _, rest = obis.partition("-")
    quantity = rest.partition(":")[2].partition(".")[0]
    return UNITS.get(quantity, UNIT) if medium == "1" else UNITS_OF_MEDIA.get(medium, UNIT)


def check_code(code: str, layout: Layout) -> None:
    """
    Check a name: VSE Metering Code §3.2.3: CH, 11 digits, 20 of A-Z 0-9 -, no check digit.

    Raises:
        Unreadable: If it is not as agreed.
    """
    if layout.key != "metering code":
        if not code.strip():
            raise Unreadable("the metering point has no name")
        return
    if len(code) != 33:
        raise Unreadable(f"the metering code {code[:40]!r} has {len(code)} characters, not 33")
    for place, sign in enumerate(code, start=1):
        allowed = "CH"[place - 1] if place <= 2 else "0123456789"
        if place > 13:
            allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
        if sign not in allowed:
            raise Unreadable(f"the metering code {code} has {sign!r} at position {place}")


def _check_obis(obis: str, layout: Layout) -> None:
    if not _OBIS.fullmatch(obis):
        raise Unreadable(f"{obis[:40]!r} is no OBIS code of the form A-B:C.D.E*F")
    if "*" in obis and not layout.obis_suffix:
        raise Unreadable(f"the OBIS code {obis} carries a suffix; none was agreed")


def instant_of(label: str, layout: Layout, previous: datetime | None) -> datetime:
    """
    Read a label.

    Parameters:
        previous: the instant before it, of the same metering point and code.

    Raises:
        Unreadable: If it has another form, or does not exist.
    """
    if layout.zone == "local+offset":
        return _instant_of_iso(label)
    try:
        naive = datetime.strptime(label, layout.time_form)  # noqa: DTZ007 - the zone comes next
    except ValueError:
        naive = None
    # strptime takes 3.6.2025 for 03.06.2025; an importer that splits by columns does not.
    if naive is None or naive.tzinfo is not None or naive.strftime(layout.time_form) != label:
        raise Unreadable(f"the time {label!r} does not have the form {layout.time_form}")
    return naive.replace(tzinfo=UTC) if layout.zone == "utc" else _instant_of(naive, previous)


def _instant_of(naive: datetime, previous: datetime | None) -> datetime:
    first, second = (naive.replace(tzinfo=ZONE, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(ZONE).replace(tzinfo=None) != naive:
        raise Unreadable(f"the local time {naive:%d.%m.%Y %H:%M} does not exist on that day")
    return second if previous is not None and first <= previous < second else first


def _instant_of_iso(label: str) -> datetime:
    if not _ISO.fullmatch(label):
        raise Unreadable(f"the time {label!r} is not of the form 2025-06-03T14:15:00+02:00")
    try:
        instant = datetime.fromisoformat(label)
    except ValueError:
        raise Unreadable(f"the time {label!r} does not exist") from None
    if instant.utcoffset() != instant.astimezone(ZONE).utcoffset():
        raise Unreadable(f"the time {label!r} carries an offset that Zurich does not have then")
    return instant.astimezone(UTC)


def value_of(value: str, layout: Layout) -> Decimal | None:
    """
    Read a value; None where it is empty.

    Raises:
        Unreadable: If it is no number of the form that was agreed.
    """
    if value == "":
        return None
    tail = rf"{re.escape(layout.decimal_mark)}[0-9]{{{layout.decimals}}}" if layout.decimals else ""
    if not re.fullmatch(rf"(0|[1-9][0-9]*){tail}", value):
        raise Unreadable(
            f"the value {value[:40]!r} is not a number with {layout.decimals} decimals after "
            f"{layout.decimal_mark!r}, without sign and thousands marks"
        )
    return Decimal(value.replace(layout.decimal_mark, "."))


def _status(letter: str | None, energy_kwh: Decimal | None, layout: Layout) -> str:
    if letter is None:
        return "F" if energy_kwh is None else "W"
    if letter not in STATUSES:
        raise Unreadable(f"the status is {letter[:10]!r} and not one of W, E and F")
    if letter != "F" and energy_kwh is None:
        raise Unreadable(f"the value is empty and the status is {letter}")
    if letter == "F" and layout.missing == "empty" and energy_kwh is not None:
        raise Unreadable("the status is F and there is a value; an empty one was agreed")
    if letter == "F" and layout.missing == "zero" and energy_kwh != 0:
        raise Unreadable("the status is F and the value is not the agreed 0")
    return letter


def _interval_minutes(rows: list[Cells], layout: Layout, known_minutes: int | None) -> int:
    """Give the grid of a series: as agreed, as seen before, or the widest that fits the rows."""
    for row in rows:
        if row.instant.second or row.instant.microsecond:
            raise Unreadable(f"{row.instant:%H:%M:%S} UTC is not on a whole minute", row.line)
    numbers = [int(row.instant.timestamp()) // 60 for row in rows]
    minutes = layout.interval_minutes or known_minutes
    if minutes is None:
        divisor = math.gcd(*numbers) if len(numbers) > 1 else math.gcd(numbers[0], USUAL_MINUTES)
        minutes = next(width for width in GRIDS_MINUTES if divisor % width == 0)
    for row, number in zip(rows, numbers, strict=True):
        if number % minutes:
            why = f"{row.instant:%H:%M} UTC is not on the grid of {minutes} minutes"
            raise Unreadable(f"{why} of {row.code} {row.obis}", row.line)
    return minutes


def _row(cells: Cells, minutes: int, layout: Layout) -> Row:
    width = timedelta(minutes=minutes)
    start = cells.instant if layout.stamp == "start" else cells.instant - width
    stands = stands_of(cells.line, layout)
    return Row(cells.code, cells.obis, start, start + width, cells.energy_kwh, cells.status, stands)


def stands_of(line: int, layout: Layout) -> Stands:
    """Say where value and status of a line stand; without a status column it has no cell."""
    shown = layout.shown_columns
    status = shown.index("status") + 1 if "status" in shown else 0
    return Stands(line, shown.index("value") + 1, status)
