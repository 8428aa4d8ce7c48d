"""
What an IS-E time series looks like as a file: every knob, its default and what it does.

A knob whose ``source`` is "proposed" has a default that nobody prescribes: no byte-level
description of the file is public, so it has to be agreed with the utility.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from backend.core import days
from backend.core.file_names import check_pattern
from backend.errors import LayoutError

COLUMNS = ("code", "obis", "time", "value", "unit", "status")
NEEDED_COLUMNS = ("code", "obis", "time", "value")
MAX_CELL = 200
MAX_DECIMALS = 6
LINE_ENDS = {"crlf": "\r\n", "lf": "\n"}
_FORMULA = "=+-@'"


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
            check_cell(text.replace("%", ""), self, f"{where}, {name}")

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
    if not isinstance(value, tuple) or len(value) != len(COLUMNS):
        return False
    return all(isinstance(each, str) for each in value)


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
