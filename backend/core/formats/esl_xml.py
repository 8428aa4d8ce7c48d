"""
IS-E registers as ESLBillingData XML: write, and read.

No schema is public; what is written and read follows files that a Swiss utility's EDM wrote in
2019: meters by factory number and internal number, in each some periods that end at local
midnight, in each registers by OBIS code; maxima (D = 6) have the time at which they stood. That
IS-E takes this form, and the spelling of the attributes ``meteringCode`` and ``deviceLocationID``,
are *proposed*.

Rule 1: what `write` wrote, `rows_in` gives back as `carried` says.
Rule 2: the reader takes whatever such files have, and keeps values and status as written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import groupby
from types import MappingProxyType
from typing import ClassVar
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

from backend.core import days
from backend.core.formats.daily import check_codes, check_day, obis_knob
from backend.core.formats.knobs import (
    KnobRow,
    MadeOfKnobs,
    check_knobs,
    knobs_of,
    one_of,
)
from backend.core.formats.layout import MAX_CELL, MAX_DECIMALS, is_pattern
from backend.core.formats.row import KEYS, METERING_CODE, Numbers, Row, Values, energy_text
from backend.core.intervals import Status
from backend.core.obis import Obis
from backend.core.obis_tables import IS_E, Listed
from backend.errors import LayoutError, UnreadableFile

MAX_BYTES = 200_000_000
"""A larger file is not read."""
ROOT = "ESLBillingData"
#: How the attributes are spelled that say whose readings these are.
_ATTRIBUTES: Mapping[str, str] = MappingProxyType(
    {
        METERING_CODE: "meteringCode",
        "factory_no": "factoryNo",
        "internal_no": "internalNo",
        "device_location_id": "deviceLocationID",
    }
)


@dataclass(frozen=True, slots=True)
class ReadingsXml(MadeOfKnobs):
    """What such a file looks like; each knob is explained in `KNOBS`."""

    obis: tuple[str, ...] = ("1-1:1.8.0",)
    keys: tuple[str, ...] = (METERING_CODE,)
    decimals: int = 3
    true_status: str = "V"
    missing: str = "left out"
    system_from: str = "isebench"
    system_to: str = "IS-E"
    line_end: str = "lf"
    name_pattern: str = "ISE_{task}_{from}_{to}_{created}_{revision}.xml"
    files: str = "task"

    values: ClassVar[Values] = Values.READINGS
    table: ClassVar[Mapping[str, Listed]] = IS_E

    def check(self, where: str = "format") -> None:
        """
        Check every knob.

        Raises:
            LayoutError: With the knob in its place.
            ObisError: A code is not listed for the format.
        """
        check_knobs(KNOBS, self, where)
        check_codes(self.obis, self.table, where)


def _are_keys(value: object) -> bool:
    if not isinstance(value, tuple) or not value or len(value) != len(set(map(repr, value))):
        return False
    return all(one in KEYS for one in value)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_CELL and value.isprintable()


_LINE_ENDS = {"lf": "\n", "crlf": "\r\n"}
_KNOBS: tuple[KnobRow, ...] = (
    obis_knob('["1-1:1.8.1", "1-1:1.8.2"]'),
    (
        "keys",
        "which attributes say whose readings these are",
        '["factory_no", "internal_no"]',
        "document 001; a Swiss file has factory_no and internal_no",
        _are_keys,
        f"some of {', '.join(KEYS)}, each once",
    ),
    ("decimals", "of kWh", "4", "proposed", *one_of(*range(MAX_DECIMALS + 1))),
    (
        "true_status",
        "the status of a reading that came from the device; an estimated one has E",
        '"W"',
        "a Swiss file",
        *one_of("V", "W"),
    ),
    (
        "missing",
        "what stands for a reading that is missing: no row, or one with an empty value and F",
        '"empty"',
        "proposed",
        *one_of("left out", "empty"),
    ),
    ("system_from", "swSystemNameFrom", '"EDM"', "a Swiss file", _is_name, "a text"),
    ("system_to", "swSystemNameTo", '"IS-E Seedorf"', "a Swiss file", _is_name, "a text"),
    ("line_end", "what stands behind each line", '"crlf"', "a Swiss file", *one_of(*_LINE_ENDS)),
    (
        "name_pattern",
        "of the file, with {task} {from} {to} {created} {revision} {meter}",
        '"EdmRegisterWertExport_{from}_{task}_{created}.xml"',
        "proposed",
        is_pattern,
        "a pattern with {created}",
    ),
    (
        "files",
        "one file for the task, or one for each meter",
        '"meter"',
        "proposed",
        *one_of("task", "meter"),
    ),
)
KNOBS = knobs_of(ReadingsXml(), _KNOBS)
"""All knobs of the format."""


# -- writing ---------------------------------------------------------------------------


def carried(rows: Iterable[Row], form: ReadingsXml) -> list[Row]:
    """
    Give rows as `rows_in` gives them back: in order, without what the file has no place for.

    A missing reading that is left out does not come back; of what a meter is called, what
    ``keys`` names does.
    """
    kept = [
        replace(row, code=_name(row, form), numbers=_kept_numbers(row.numbers, form.keys))
        for row in rows
        if row.status is not Status.MISSING or form.missing == "empty"
    ]
    return sorted(kept, key=lambda row: (row.code, row.start, row.obis))


def _name(row: Row, form: ReadingsXml) -> str:
    """Give what a reader calls a meter: the first that there is, in the order of attributes."""
    return row.called(next(key for key in _ATTRIBUTES if key in form.keys))


def _kept_numbers(numbers: Numbers, keys: Iterable[str]) -> Numbers:
    wanted = [key for key in keys if key != METERING_CODE]
    return Numbers(**{key: str(getattr(numbers, key)) for key in wanted})


def write(rows: Iterable[Row], form: ReadingsXml, created: datetime) -> bytes:
    """
    Write a file.

    Parameters:
        rows: in any order, each of a whole local day.
        created: when it is made, aware.

    Raises:
        LayoutError: The format is wrong, or a row cannot be written so that it reads back.
        ObisError: A row has no OBIS code.
    """
    form.check()
    systems = (
        f"swSystemNameFrom={quoteattr(form.system_from)} swSystemNameTo={quoteattr(form.system_to)}"
    )
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<{ROOT}>",
        f'<Header version="1.0" created="{_local(created)}" {systems} />',
    ]
    # Those of one meter stand together, whatever it is called by.
    of_meters = sorted(rows, key=lambda row: (_name(row, form), row.code, row.start))
    for _, found in groupby(of_meters, key=lambda row: row.code):
        lines += _meter(list(found), form)
    lines.append(f"</{ROOT}>")
    return "".join(line + _LINE_ENDS[form.line_end] for line in lines).encode()


def _meter(rows: list[Row], form: ReadingsXml) -> list[str]:
    names = {key: rows[0].called(key) for key in form.keys}
    for key, name in names.items():
        _check_name(name, f"meter {rows[0].code!r}, {key}")
    attributes = " ".join(f"{_ATTRIBUTES[key]}={quoteattr(name)}" for key, name in names.items())
    lines = [f"<Meter {attributes}>"]
    for end, found in groupby(rows, key=lambda row: row.end):
        shown = [_value_row(row, form) for row in sorted(found, key=lambda row: row.obis)]
        lines.append(f'<TimePeriod end="{_local(end)}">')
        lines += filter(None, shown)
        lines.append("</TimePeriod>")
    return [*lines, "</Meter>"]


def _check_name(name: str, where: str) -> None:
    if not name.isprintable() or len(name) > MAX_CELL or name != name.strip():
        raise LayoutError(
            f"{name[:MAX_CELL]!r} cannot stand in an attribute",
            where,
            f"use 1 to {MAX_CELL} signs that can be printed, without blanks around them",
        )


def _value_row(row: Row, form: ReadingsXml) -> str:
    where = f"{row.code} {row.start.isoformat()}"
    check_day(row, where)
    Obis.parse(row.obis, where)
    text = energy_text(row, form.decimals, where)
    if text is None and form.missing == "left out":
        return ""
    status = form.true_status if row.status is Status.TRUE else row.status.value
    return f'<ValueRow obis={quoteattr(row.obis)} value="{text or ""}" status="{status}"/>'


def _local(at: datetime) -> str:
    return f"{days.to_local(at):%Y-%m-%dT%H:%M:%S}"


# -- reading ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RegisterValue:
    """
    What a register showed.

    Attributes:
        meter: what the meter is called by: its metering code, factory, internal or location
            number, the first that the file has.
        names: all of these that it has, by the keys of `row.KEYS`.
        obis: as it is written.
        at: the end of its period, in UTC.
        stood_at: when a maximum stood, in UTC; None for anything else.
        value: with every digit; None where the file says that it is missing.
        status: as it is written; what ``V`` means is not public.
    """

    meter: str
    obis: str
    at: datetime
    stood_at: datetime | None
    value: Decimal | None
    status: str
    names: Mapping[str, str] = field(default_factory=dict)


def rows_in(values: Iterable[RegisterValue]) -> list[Row]:
    """
    Give readings at the ends of local days as rows; maxima are none.

    Raises:
        UnreadableFile: One has a status that nothing is known of, or ends at no local midnight.
    """
    rows = []
    for one in values:
        if one.stood_at is not None:
            continue
        where = f"meter {one.meter!r}, {one.obis}"
        if (bounds := days.day_that_ends(one.at)) is None:
            raise UnreadableFile(f"{one.at.isoformat()} is no local midnight", where, "give days")
        if (status := _STATUSES.get(one.status)) is None:
            raise UnreadableFile(f"the status is {one.status!r}", where, "use V, W, E or F")
        numbers = Numbers(**{key: name for key, name in one.names.items() if key != METERING_CODE})
        rows.append(Row(one.meter, one.obis, *bounds, one.value, status, numbers))
    return rows


_STATUSES = {"V": Status.TRUE, "W": Status.TRUE, "E": Status.ESTIMATED, "F": Status.MISSING}


def read(content: bytes) -> list[RegisterValue]:
    """
    Read a file.

    Raises:
        UnreadableFile: It is none; names the meter and what is wrong.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableFile(
            f"has {len(content):,} bytes", "file", f"give {MAX_BYTES:,} bytes or fewer at once"
        )
    # Entities can make a file of a hundred bytes fill the memory; such files need none.
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise UnreadableFile("declares a document type", "file", "write it without <!DOCTYPE")
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise UnreadableFile(f"is no XML ({error})", "file", "deliver it whole") from None
    if root.tag.rpartition("}")[2] != ROOT:
        raise UnreadableFile(f"is <{root.tag}>", "file", f"give <{ROOT}>")
    return list(_values(root))


def _values(root: ElementTree.Element) -> Iterator[RegisterValue]:
    for number, meter in enumerate(root.iterfind("{*}Meter"), start=1):
        names = {key: name for key, said in _ATTRIBUTES.items() if (name := meter.get(said))}
        name = next(iter(names.values()), None)
        if name is None:
            what = f"has none of {', '.join(_ATTRIBUTES.values())}"
            raise UnreadableFile(what, f"meter {number}", "say whose readings these are")
        where = f"meter {name!r}"
        for period in meter.iterfind("{*}TimePeriod"):
            end = _instant(period.get("end", ""), where)
            for row in period.iterfind("{*}ValueRow"):
                stood, obis = row.get("valueTimeStamp"), row.get("obis", "")
                said, status = row.get("value", ""), row.get("status", "")
                is_missing = not said and _STATUSES.get(status) is Status.MISSING
                place = f"{where}, {obis or 'without OBIS code'}"
                yield RegisterValue(
                    name,
                    obis,
                    end,
                    None if stood is None else _instant(stood, where),
                    None if is_missing else _number(said, place),
                    status,
                    names,
                )


def _instant(text: str, where: str) -> datetime:
    try:
        shown = datetime.fromisoformat(text)
        if shown.tzinfo is not None:
            return shown.astimezone(UTC)
        return days.instant_of_naive(shown, "Europe/Zurich")
    except (ValueError, OverflowError):
        what = f"{text!r} is no time"
        raise UnreadableFile(what, where, "write it like 2019-01-01T00:00:00") from None


def _number(text: str, where: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise UnreadableFile(f"{text!r} is no number", where, "write digits and a point")
    return number
