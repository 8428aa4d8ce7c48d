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
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from decimal import Context, Decimal
from itertools import groupby, pairwise
from typing import Any

from backend.core import days
from backend.core.file_names import check_pattern
from backend.core.intervals import Status
from backend.errors import LayoutError

COLUMNS = ("code", "obis", "time", "value", "unit", "status")
NEEDED_COLUMNS = ("code", "obis", "time", "value")
UNIT = "kWh"
SUFFIX = "*255"
MAX_CELL = 200
MAX_DECIMALS = 6
LINE_ENDS = {"crlf": "\r\n", "lf": "\n"}
_MAX_KWH = Decimal(10) ** 12
_EXACT = Context(prec=60)
_FORMULA = "=+-@'"


@dataclass(frozen=True, slots=True)
class Row:
    """
    One line of a file.

    Attributes:
        code: the metering code, or the name that stands for it.
        obis: as configured, with or without ``*255``.
        start, end: of the interval, in UTC.
        energy_kwh: None where it is missing.
        status: how it is known.
    """

    code: str
    obis: str
    start: datetime
    end: datetime
    energy_kwh: Decimal | None
    status: Status


@dataclass(frozen=True, slots=True)
class Layout:
    """
    What such a file looks like; each knob is explained in `KNOBS`.

    A layout is checked when it is made from a mapping, and by `write` and `read`.
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
    headings: tuple[str, ...] = ("Messpunkt", "OBIS", "Zeitstempel", "Wert", "Einheit", "Status")
    interval_minutes: int = 15

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], where: str) -> Layout:
        """
        Make a layout of settings; what they do not name keeps its default.

        Parameters:
            mapping: knob and value, as TOML gives them.
            where: the place to name in an error.

        Raises:
            LayoutError: A knob is unknown or has a value that it cannot have.
        """
        known = {each.name for each in fields(cls)}
        values: dict[str, Any] = {}
        for name, value in mapping.items():
            if name not in known:
                raise LayoutError(
                    f"there is no knob {name!r}", where, "use " + ", ".join(sorted(known))
                )
            values[name] = tuple(value) if isinstance(value, list) else value
        if isinstance(values.get("line_end"), str):
            values["line_end"] = LINE_ENDS.get(values["line_end"], values["line_end"])
        layout = cls(**values)
        layout.check(where)
        return layout

    def check(self, where: str = "layout") -> None:
        """
        Check every knob, and that they fit each other.

        Raises:
            LayoutError: With the knob in its place.
        """
        for knob in KNOBS:
            knob.check(getattr(self, knob.name), where)
        if self.separator == self.decimal_mark:
            raise LayoutError("separator and decimal_mark are the same", where, "make them differ")
        for name in ("time_form", *COLUMNS):
            text = self.time_form if name == "time_form" else self.headings[COLUMNS.index(name)]
            _check_cell(text.replace("%", ""), self, f"{where}, {name}")

    @property
    def shown_columns(self) -> tuple[str, ...]:
        """The columns of the file, in their order."""
        return tuple(each for each in self.columns if each != "status" or self.status_column)


@dataclass(frozen=True, slots=True)
class Knob:
    """
    One setting of a layout.

    Attributes:
        name: the attribute of `Layout`, and the key in settings.
        default: what holds where nothing is set.
        meaning: what it does, for a person.
        example: another value it can have, as TOML.
        source: who says that the default is right; "proposed" where nobody does.
        accepts: tells whether a value can be had.
        expected: what can be had, for the error.
    """

    name: str
    default: object
    meaning: str
    example: str
    source: str
    accepts: Callable[[object], bool]
    expected: str

    def check(self, value: object, where: str) -> None:
        """
        Check a value.

        Raises:
            LayoutError: It cannot be had.
        """
        if not self.accepts(value):
            raise LayoutError(f"{self.name} is {value!r}", where, f"use {self.expected}")


def _one_of(*values: object) -> tuple[Callable[[object], bool], str]:
    def accepts(value: object) -> bool:
        return any(value == each and type(value) is type(each) for each in values)

    return accepts, " or ".join(repr(each) for each in values)


def _is_time_form(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_CELL and days.check_form(value) is None


def _is_pattern(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(check_pattern(value, ""))
    except LayoutError:
        return False


def _are_columns(value: object) -> bool:
    if not isinstance(value, tuple) or len(value) != len(set(map(repr, value))):
        return False
    return all(each in COLUMNS for each in value) and all(each in value for each in NEEDED_COLUMNS)


def _are_headings(value: object) -> bool:
    texts = isinstance(value, tuple) and all(isinstance(each, str) for each in value)
    return texts and isinstance(value, tuple) and len(value) == len(COLUMNS)


_FLAG = _one_of(True, False)
_KNOBS: tuple[tuple[str, str, str, str, Callable[[object], bool], str], ...] = (
    # name, meaning, example, source, accepts, expected
    ("separator", "stands between two cells", '","', "proposed", *_one_of(";", ",", "\t", "|")),
    ("decimal_mark", "stands before the decimals", '","', "proposed", *_one_of(".", ",")),
    (
        "decimals",
        "of kWh; rounding is done on the register, so sums stay exact",
        "6",
        "proposed",
        *_one_of(*range(MAX_DECIMALS + 1)),
    ),
    (
        "time_form",
        "how an instant is written, where zone is not local+offset",
        '"%Y-%m-%d %H:%M"',
        "proposed",
        _is_time_form,
        "%Y %m %d %H %M and, if wanted, %S, each once",
    ),
    (
        "zone",
        "of the instants: Europe/Zurich, UTC, or Europe/Zurich with its offset (ISO 8601)",
        '"utc"',
        "VSE Metering Code §3.7",
        *_one_of("local", "utc", "local+offset"),
    ),
    (
        "stamp",
        "which instant of its interval a row bears",
        '"start"',
        "document 000, VSE Metering Code §3.7",
        *_one_of("end", "start"),
    ),
    ("header", "the first line names the columns", "false", "proposed", *_FLAG),
    ("status_column", "a column with W, E or F", "false", "document 000", *_FLAG),
    (
        "missing",
        "what stands for a missing energy",
        '"zero"',
        "proposed",
        *_one_of("empty", "zero"),
    ),
    (
        "encoding",
        "of the characters; utf-8-sig begins with a byte order mark",
        '"cp1252"',
        "proposed",
        *_one_of("utf-8", "utf-8-sig", "cp1252"),
    ),
    (
        "line_end",
        "closes every line, the last one too",
        '"lf"',
        "proposed",
        *_one_of("\r\n", "\n"),
    ),
    (
        "name_pattern",
        "of the file, with {task} {from} {to} {created} {revision} {meter}",
        '"{meter}_{created}.csv"',
        "proposed",
        _is_pattern,
        "letters, digits, dot, underscore, hyphen and the fields, {created} among them",
    ),
    (
        "files",
        "one file for the whole task, or one for each meter",
        '"meter"',
        "proposed",
        *_one_of("task", "meter"),
    ),
    (
        "obis_suffix",
        "an OBIS code keeps its *255",
        "false",
        "document 002 has codes with and without",
        *_FLAG,
    ),
    (
        "columns",
        "which columns there are, in their order",
        '["time", "code", "obis", "value"]',
        "proposed",
        _are_columns,
        "code, obis, time and value, and if wanted unit and status, each once",
    ),
    (
        "headings",
        "what the header calls code, obis, time, value, unit and status",
        '["Id", "OBIS", "Time", "Value", "Unit", "Status"]',
        "proposed",
        _are_headings,
        "six texts",
    ),
    (
        "interval_minutes",
        "how long the interval of a series of one row is; longer series tell it themselves",
        "60",
        "document 000",
        *_one_of(1, 5, 10, 15, 30, 60),
    ),
)
KNOBS: tuple[Knob, ...] = tuple(
    Knob(name, getattr(Layout(), name), meaning, example, source, accepts, expected)
    for name, meaning, example, source, accepts, expected in _KNOBS
)
"""All knobs of a layout, in the order of its attributes."""


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


def write(rows: Iterable[Row], layout: Layout) -> bytes:
    """
    Write a file.

    Parameters:
        rows: in any order; those of one series (code, OBIS code) have intervals of one length.
        layout: what the file looks like.

    Raises:
        LayoutError: The layout is wrong, or a row cannot be written so that it reads back.
    """
    layout.check()
    shown = [replace(row, obis=_shown_obis(row.obis, layout)) for row in rows]
    shown.sort(key=lambda row: (row.code, row.obis, row.start))
    lines = [_header(layout)] if layout.header else []
    for (code, obis), series in groupby(shown, key=lambda row: (row.code, row.obis)):
        _check_cell(code, layout, f"name {code!r}")
        _check_cell(obis, layout, f"OBIS code {obis!r}")
        lines += _lines_of(list(series), layout)
    return "".join(line + layout.line_end for line in lines).encode(layout.encoding)


def _header(layout: Layout) -> str:
    headings = dict(zip(COLUMNS, layout.headings, strict=True))
    return layout.separator.join(headings[each] for each in layout.shown_columns)


def _check_cell(text: str, layout: Layout, where: str) -> None:
    """Refuse what would break the file, or what a spreadsheet would run."""
    remedy = "use letters, digits and simple signs"
    for position, character in enumerate(text, start=1):
        kind = unicodedata.category(character)
        # Zl and Zp end lines for some readers; C… is control, format, surrogate, unassigned.
        if character in (layout.separator, '"') or kind[0] == "C" or kind in ("Zl", "Zp"):
            raise LayoutError(
                f"position {position}: {character!r} would break the file", where, remedy
            )
    if not 0 < len(text) <= MAX_CELL or text != text.strip():
        raise LayoutError(
            f"a cell has 1 to {MAX_CELL} characters and no blanks around them", where, remedy
        )
    if text[0] in _FORMULA:
        raise LayoutError(f"position 1: {text[0]!r} begins a formula", where, remedy)
    try:
        text.encode(layout.encoding)
    except UnicodeEncodeError as error:
        raise LayoutError(
            f"position {error.start + 1}: {text[error.start]!r} is not in {layout.encoding}",
            where,
            "write it otherwise, or set encoding to utf-8",
        ) from None


def _lines_of(series: Sequence[Row], layout: Layout) -> list[str]:
    """Write one series, and see that its instants read back."""
    stamps = [_stamp_of(row, layout) for row in series]
    step = _step_of(stamps, layout)
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
    energy = row.energy_kwh
    if (energy is None) != (row.status is Status.MISSING):
        raise LayoutError(
            f"energy {energy} does not go with status {row.status}", where, "give F no energy"
        )
    if energy is None:
        if layout.missing == "empty":
            return ""
        energy = Decimal(0)
    if not energy.is_finite() or not 0 <= energy < _MAX_KWH:
        raise LayoutError(
            f"{energy} kWh is no energy of an interval", where, "look at the register"
        )
    fixed = energy.copy_abs().quantize(Decimal(1).scaleb(-layout.decimals), context=_EXACT)
    if fixed != energy:
        raise LayoutError(
            f"{energy} kWh has more than {layout.decimals} decimals",
            where,
            "make the intervals with the decimals of the layout",
        )
    return f"{fixed:f}".replace(".", layout.decimal_mark)


# -- reading ---------------------------------------------------------------------------


def read(content: bytes, layout: Layout) -> list[Row]:
    """
    Read a file that was written in this layout.

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
        rows += _rows_of(list(series), layout)
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
        _check_cell(named[name], layout, f"line {number}, {name}")
    if named.get("unit", UNIT) != UNIT:
        raise LayoutError(f"the unit is {named['unit']!r}", f"line {number}", f"use {UNIT}")
    return {**named, "line": str(number)}


def _rows_of(series: Sequence[Mapping[str, str]], layout: Layout) -> list[Row]:
    """Read one series: the labels in their order, then the length of its intervals."""
    stamps: list[datetime] = []
    for cells in series:
        previous = stamps[-1] if stamps else None
        where = f"line {cells['line']}"
        stamp = _instant_of(cells["time"], layout, previous, where)
        if previous is not None and stamp <= previous:
            raise LayoutError(f"{cells['time']!r} stands in no order of time", where, "sort it")
        stamps.append(stamp)
    step = _step_of(stamps, layout)
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
