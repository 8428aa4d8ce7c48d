"""
Register readings as ESLBillingData XML: read.

No schema is public; what is read follows files that a Swiss utility's EDM wrote in 2019: meters
by factory number and internal number, in each some periods that end at local midnight, in each
registers by OBIS code; maxima (D = 6) have the time at which they stood.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from xml.etree import ElementTree

from backend.core import days
from backend.errors import UnreadableFile

MAX_BYTES = 200_000_000
"""A larger file is not read."""
ROOT = "ESLBillingData"
_KEYS = ("meteringCode", "factoryNo", "internalNo", "deviceLocationID")


@dataclass(frozen=True, slots=True)
class RegisterValue:
    """
    What a register showed.

    Attributes:
        meter: what the meter is called by: its metering code, factory, internal or location
            number, the first that the file has.
        obis: as it is written.
        at: the end of its period, in UTC.
        stood_at: when a maximum stood, in UTC; None for anything else.
        value: with every digit.
        status: as it is written; what ``V`` means is not public.
    """

    meter: str
    obis: str
    at: datetime
    stood_at: datetime | None
    value: Decimal
    status: str


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
        name = next((known for key in _KEYS if (known := meter.get(key))), None)
        if name is None:
            what = f"has none of {', '.join(_KEYS)}"
            raise UnreadableFile(what, f"meter {number}", "say whose readings these are")
        where = f"meter {name!r}"
        for period in meter.iterfind("{*}TimePeriod"):
            end = _instant(period.get("end", ""), where)
            for row in period.iterfind("{*}ValueRow"):
                stood, obis = row.get("valueTimeStamp"), row.get("obis", "")
                yield RegisterValue(
                    name,
                    obis,
                    end,
                    None if stood is None else _instant(stood, where),
                    _number(row.get("value", ""), f"{where}, {obis or 'without OBIS code'}"),
                    row.get("status", ""),
                )


def _instant(text: str, where: str) -> datetime:
    try:
        shown = datetime.fromisoformat(text)
    except ValueError:
        what = f"{text!r} is no time"
        raise UnreadableFile(what, where, "write it like 2019-01-01T00:00:00") from None
    if shown.tzinfo is not None:
        return shown.astimezone(UTC)
    return days.instant_of_naive(shown, "Europe/Zurich")


def _number(text: str, where: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise UnreadableFile(f"{text!r} is no number", where, "write digits and a point")
    return number
