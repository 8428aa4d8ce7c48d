"""`isebench read`: the values of delivered files, as a table or for a program."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from backend.core.formats import esl_xml, ise_daily_csv, ise_timeseries_csv, mscons, obis_csv
from backend.core.formats.layout import Layout
from backend.core.formats.obis_csv import ObisCsv
from backend.core.formats.row import Row
from backend.core.obis import Obis, unit_of
from backend.errors import BackendError
from harness.errors import UsageError
from harness.local_time import ZURICH
from harness.tables import Paper, table

_HEADINGS = ("metering point", "OBIS", "from", "until", "value", "unit", "status")
#: The first line of a time series tells how its cells are parted.
_SEPARATORS = (";", ",", "\t", "|")
_MIDNIGHT = " 00:00:00"
_VALUE = re.compile(r"[0-9]+(?:([.,])([0-9]+))?")


@dataclass(frozen=True, slots=True)
class Value:
    """
    One value of a file.

    Attributes:
        point: what it is of.
        obis: its code.
        start: of the interval, in local time; empty for a register.
        end: of the interval, or when the register was read.
        value: as digits; empty where it is missing.
        unit: as the file or the OBIS code has it.
        status: W, E or F; where it is none of them as it is written, ``QTY 99``.
    """

    point: str
    obis: str
    start: str
    end: str
    value: str
    unit: str
    status: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a file is, what it tells, and what of it is not as it should be."""

    kind: str
    values: Sequence[Value]
    remarks: Sequence[str]


def read_files(paths: Sequence[Path], *, as_json: bool, paper: Paper) -> Iterator[str]:
    """
    Give the text of each file in turn.

    Raises:
        UsageError: If one cannot be read, is of no form that is known, or not what it should be.
    """
    for path in paths:
        try:
            found = content_of(path.read_bytes())
        except BackendError as error:
            raise UsageError(f"{path}: {error}") from error
        except OSError as error:
            raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from error
        if as_json:
            yield json.dumps({"file": str(path), **asdict(found)}, ensure_ascii=False) + "\n"
            continue
        rows = [tuple(asdict(one).values()) for one in found.values]
        yield f"{path}: {found.kind}, {len(rows)} {'value' if len(rows) == 1 else 'values'}\n"
        yield "".join(f"  {remark}\n" for remark in found.remarks)
        yield table(_HEADINGS, rows, paper=paper, right=(4,)) + "\n"


def content_of(content: bytes) -> Content:
    """
    Read a file of any form.

    Raises:
        UnreadableFile: It begins like one of them and is none.
        LayoutError: It is a time series, and not as it should be.
        UsageError: It begins like none of them.
    """
    head = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:4000]
    if head.startswith((b"UNA", b"UNB")):
        return _mscons(mscons.read(content))
    if head.startswith(b"<"):
        values = esl_xml.read(content)
        return Content("ESLBillingData", [_of_register(one) for one in values], ())
    line = head.splitlines()[0] if head else b""
    headings = Layout().headings
    for separator in _SEPARATORS:
        told = line.decode("latin-1").split(separator)
        if told == list(headings):
            return _rows(content, separator)
        if told[:2] == [headings[0], headings[2]] and len(told) > len(headings[:2]):
            return _columns(content, separator, told[2:])
    raise UsageError(
        f"it begins with {line[:40].decode('latin-1')!r}, which is no MSCONS (UNA, UNB), no XML, "
        f"no rows of IS-E ({';'.join(headings)}), and no columns by OBIS code "
        f"({headings[0]};{headings[2]};1-0:1.8.0*255;…)"
    )


def _mscons(found: mscons.Document) -> Content:
    kind = f"MSCONS {found.version} from {found.sender} to {found.receiver}"
    return Content(kind, [_of_quantity(one) for one in found.quantities], found.remarks)


def _of_quantity(one: mscons.Quantity) -> Value:
    status = mscons.STATUSES.get(one.qualifier)
    said = f"QTY {one.qualifier}" if status is None else status.value
    start = "" if one.start is None else _shown(one.start)
    return Value(one.code, one.obis, start, _shown(one.end), f"{one.value:f}", one.unit, said)


def _of_register(one: esl_xml.RegisterValue) -> Value:
    end = _shown(one.stood_at or one.at)
    value = "" if one.value is None else f"{one.value:f}"
    return Value(one.meter, one.obis, "", end, value, "", one.status)


def _rows(content: bytes, separator: str) -> Content:
    """Read rows of IS-E: energies of intervals, or, as their codes and times say, of days."""
    columns = Layout().columns
    lines = content.decode("utf-8", "replace").splitlines()
    cells = [row for line in lines[1:] if len(row := line.split(separator)) == len(columns)]
    layout = _layout(content, separator, [row[columns.index("value")] for row in cells])
    stamps = {row[columns.index("time")] for row in cells}
    kinds = {_kind(row[columns.index("obis")]) for row in cells}
    if kinds and kinds <= {0, 8}:
        rows = ise_daily_csv.read(content, layout)
        return Content("IS-E registers", [_of_row(row, is_register=True) for row in rows], ())
    if kinds == {9} and all(one.endswith(_MIDNIGHT) for one in stamps):
        return Content(
            "IS-E feed", [_of_row(row) for row in ise_daily_csv.read(content, layout)], ()
        )
    rows = ise_timeseries_csv.read(content, layout)
    return Content("IS-E time series", [_of_row(row) for row in rows], ())


def _columns(content: bytes, separator: str, codes: list[str]) -> Content:
    lines = content.decode("utf-8", "replace").splitlines()[1:]
    values = [cell for line in lines for cell in line.split(separator)[2:]]
    plain = _layout(content, separator, values)
    layout = ObisCsv(
        separator=separator,
        line_end=plain.line_end,
        decimal_mark=plain.decimal_mark,
        decimals=plain.decimals,
        obis=tuple(codes),
    )
    rows = obis_csv.read(content, layout)
    return Content("CSV by OBIS code", [_of_row(row, is_register=True) for row in rows], ())


def _layout(content: bytes, separator: str, values: Iterable[str]) -> Layout:
    """Give the layout of a file, as its first value tells it; the reader holds the others to it."""
    found = (_VALUE.fullmatch(one) for one in values)
    mark, digits = next((one.groups() for one in found if one), (None, None))
    return Layout(
        separator=separator,
        line_end="\r\n" if b"\r\n" in content[:4000] else "\n",
        decimal_mark=mark or Layout().decimal_mark,
        decimals=len(digits or ""),
    )


def _kind(obis: str) -> int:
    """Give the kind D of a code; -1 where it is none."""
    try:
        return Obis.parse(obis).kind
    except BackendError:
        return -1


def _of_row(row: Row, *, is_register: bool = False) -> Value:
    return Value(
        row.code,
        row.obis,
        "" if is_register else _shown(row.start),
        _shown(row.end),
        "" if row.energy_kwh is None else f"{row.energy_kwh:f}",
        unit_of(row.obis),
        row.status.value,
    )


def _shown(at: datetime) -> str:
    return at.astimezone(ZURICH).isoformat(" ", "minutes").removesuffix(":00")
