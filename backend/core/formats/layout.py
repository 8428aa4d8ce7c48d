"""
What an IS-E time series looks like as a file: every knob, its default and what it does.

A knob whose ``source`` is "proposed" has a default that nobody prescribes: no byte-level
description of the file is public, so it has to be agreed with the utility.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from backend.core import days
from backend.core.file_names import check_pattern
from backend.core.formats.knobs import (
    FLAG,
    KnobRow,
    MadeOfKnobs,
    check_knobs,
    knobs_of,
    one_of,
    values_of,
)
from backend.core.formats.row import KEYS, METERING_CODE, Values
from backend.errors import LayoutError

COLUMNS = ("code", "obis", "time", "value", "unit", "status")
NEEDED_COLUMNS = ("code", "obis", "time", "value")
MAX_CELL = 200
MAX_DECIMALS = 6
LINE_ENDS = {"crlf": "\r\n", "lf": "\n"}
_FORMULA = "=+-@'"


@dataclass(frozen=True, slots=True)
class Layout(MadeOfKnobs):
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
    key: str = METERING_CODE
    only_basic_data: bool = True

    values: ClassVar[Values] = Values.ENERGIES

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], where: str) -> Self:
        """Make a layout of settings; ``line_end`` may be written as ``lf`` or ``crlf``."""
        line_end = mapping.get("line_end")
        if isinstance(line_end, str):
            mapping = {**mapping, "line_end": LINE_ENDS.get(line_end, line_end)}
        made = cls(**values_of(cls, mapping, where))
        made.check(where)
        return made

    def check(self, where: str = "layout") -> None:
        """
        Check every knob, and that they fit each other.

        Raises:
            LayoutError: With the knob in its place.
        """
        check_knobs(KNOBS, self, where)
        if self.separator == self.decimal_mark:
            raise LayoutError("separator and decimal_mark are the same", where, "make them differ")
        for name in ("time_form", *COLUMNS):
            text = self.time_form if name == "time_form" else self.headings[COLUMNS.index(name)]
            check_cell(text.replace("%", ""), self, f"{where}, {name}")

    @property
    def shown_columns(self) -> tuple[str, ...]:
        """The columns of the file, in their order."""
        return tuple(each for each in self.columns if each != "status" or self.status_column)


def _is_time_form(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_CELL and days.check_form(value) is None


def is_pattern(value: object) -> bool:
    """Tell whether a value is a pattern that names can be made of."""
    try:
        return isinstance(value, str) and bool(check_pattern(value, ""))
    except LayoutError:
        return False


def _are_columns(value: object) -> bool:
    if not isinstance(value, tuple) or len(value) != len(set(map(repr, value))):
        return False
    return all(each in COLUMNS for each in value) and all(each in value for each in NEEDED_COLUMNS)


def _are_headings(value: object) -> bool:
    if not isinstance(value, tuple) or len(value) != len(COLUMNS):
        return False
    return all(isinstance(each, str) for each in value)


_KNOBS: tuple[KnobRow, ...] = (
    # name, meaning, example, source, accepts, expected
    ("separator", "stands between two cells", '","', "proposed", *one_of(";", ",", "\t", "|")),
    ("decimal_mark", "stands before the decimals", '","', "proposed", *one_of(".", ",")),
    (
        "decimals",
        "of kWh; rounding is done on the register, so sums stay exact",
        "6",
        "proposed",
        *one_of(*range(MAX_DECIMALS + 1)),
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
        *one_of("local", "utc", "local+offset"),
    ),
    (
        "stamp",
        "which instant of its interval a row bears",
        '"start"',
        "document 000, VSE Metering Code §3.7",
        *one_of("end", "start"),
    ),
    ("header", "the first line names the columns", "false", "proposed", *FLAG),
    ("status_column", "a column with W, E or F", "false", "document 000", *FLAG),
    (
        "missing",
        "what stands for a missing energy",
        '"zero"',
        "proposed",
        *one_of("empty", "zero"),
    ),
    (
        "encoding",
        "of the characters; utf-8-sig begins with a byte order mark",
        '"cp1252"',
        "proposed",
        *one_of("utf-8", "utf-8-sig", "cp1252"),
    ),
    (
        "line_end",
        "closes every line, the last one too",
        '"lf"',
        "proposed",
        *one_of("\r\n", "\n"),
    ),
    (
        "name_pattern",
        "of the file, with {task} {from} {to} {created} {revision} {meter}",
        '"{meter}_{created}.csv"',
        "proposed",
        is_pattern,
        "letters, digits, dot, underscore, hyphen and the fields, {created} among them",
    ),
    (
        "files",
        "one file for the whole task, or one for each meter",
        '"meter"',
        "proposed",
        *one_of("task", "meter"),
    ),
    (
        "obis_suffix",
        "an OBIS code keeps its *255",
        "false",
        "document 002 has codes with and without",
        *FLAG,
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
        *one_of(1, 5, 10, 15, 30, 60),
    ),
    (
        "key",
        "what a meter is called by: metering_code, device_location_id, factory_no or internal_no",
        '"factory_no"',
        "document 001",
        *one_of(*KEYS),
    ),
    (
        "only_basic_data",
        "false adds reactive energy, where a meter has it, under the codes of its four quadrants",
        "false",
        "document 002's maker: 1 only kWh, 0 kWh and kvar",
        *FLAG,
    ),
)
KNOBS = knobs_of(Layout(), _KNOBS)
"""All knobs of a layout, in the order of its attributes."""


def check_cell(text: str, layout: Layout, where: str) -> None:
    """
    Refuse what would break a file, or what a spreadsheet would run.

    Raises:
        LayoutError: With the position, from 1, and the character.
    """
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
