"""
The utility's own reader of registers as ESLBillingData XML, from files that a Swiss EDM wrote.

Meters, in each periods that end at local midnight, in each registers by OBIS code. Which
attributes name a meter was agreed; that IS-E takes this form is ASSUMED.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Self
from xml.etree import ElementTree

from simulators.ftp_server.daily_csv import bounds_of
from simulators.ftp_server.timeseries_csv import ZONE, Row, Series, Stands, Unreadable

ATTRIBUTES = {
    "metering_code": "meteringCode",
    "factory_no": "factoryNo",
    "internal_no": "internalNo",
    "device_location_id": "deviceLocationID",
}
_MOMENT = timedelta(microseconds=1)
_OBIS = re.compile(r"(?:1-\d{1,3}:[1-8]\.8|[5689]-\d{1,3}:1\.0)\.\d{1,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class XmlAgreed:
    """
    What was agreed with the sender.

    Attributes:
        keys: which attributes name a meter; the first in the order of `ATTRIBUTES` is its name.
        decimals: exactly so many.
        true_status: what stands for a true value.
        missing: a missing one is ``left out`` or ``empty``.
        name_pattern: of the file name; ``{created}`` (14 digits) gives the order of files.
        files: one file per ``task`` or per ``meter``.
    """

    keys: tuple[str, ...] = ("metering_code",)
    decimals: int = 3
    true_status: str = "V"
    missing: str = "left out"
    name_pattern: str = "ISE_{task}_{from}_{to}_{created}_{revision}.xml"
    files: str = "task"

    @classmethod
    def from_mapping(cls, knobs: Mapping[str, Any]) -> Self:
        """Take what is agreed of a sender's knobs; what else they turn, the reader takes."""
        known = {field.name for field in dataclasses.fields(cls)}
        told: dict[str, Any] = {
            knob: tuple(value) if isinstance(value, list) else value
            for knob, value in knobs.items()
            if knob in known
        }
        return cls(**told)

    def rows_in(self, content: bytes, known: dict[Series, int]) -> list[Row]:
        """
        Read a whole file.

        Raises:
            Unreadable: If anything is not as agreed; then no value of the file counts.
        """
        del known  # each value is of a day
        if b"<!" in content:
            raise Unreadable("it declares something; no document type was agreed")
        try:
            root = ElementTree.fromstring(content)
        except ElementTree.ParseError as error:
            raise Unreadable(f"it is no XML: {error}") from None
        if root.tag != "ESLBillingData" or [one.tag for one in root][:1] != ["Header"]:
            raise Unreadable("it is no <ESLBillingData> with its <Header>")
        places = {one: place for place, one in enumerate(root.iter(), start=1)}
        rows = [row for meter in list(root)[1:] for row in self._meter(meter, places)]
        if len({(row.series, row.start) for row in rows}) != len(rows):
            raise Unreadable("a register stands there twice for one day")
        return rows

    def _meter(
        self, meter: ElementTree.Element, places: Mapping[ElementTree.Element, int]
    ) -> Iterator[Row]:
        wanted = [ATTRIBUTES[key] for key in ATTRIBUTES if key in self.keys]
        if meter.tag != "Meter" or set(meter.keys()) != set(wanted):
            said = ", ".join(meter.keys())
            raise Unreadable(f"<{meter.tag}> has {said or 'no attributes'}; {wanted} were agreed")
        name = meter.get(wanted[0], "")
        for period in meter:
            start, end = _day(period)
            for row in period:
                obis = row.get("obis", "")
                if row.tag != "ValueRow" or _OBIS.fullmatch(obis) is None:
                    raise Unreadable(f"<{row.tag}> of {name} has the code {obis[:40]!r}")
                yield Row(name, obis, start, end, *self._value(row), Stands(places[row]))

    def _value(self, row: ElementTree.Element) -> tuple[Decimal | None, str]:
        status, text = row.get("status", ""), row.get("value", "")
        if status == "F" and not text and self.missing == "empty":
            return None, "F"
        statuses = {self.true_status: "W", "E": "E"}
        tail = rf"\.[0-9]{{{self.decimals}}}" if self.decimals else ""
        if status not in statuses or re.fullmatch(rf"(0|[1-9][0-9]*){tail}", text) is None:
            raise Unreadable(f"a register is {text[:40]!r} with the status {status[:10]!r}")
        return Decimal(text), statuses[status]


def _day(period: ElementTree.Element) -> tuple[datetime, datetime]:
    said = period.get("end", "")
    try:
        shown = datetime.strptime(said, "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 - the zone comes next
    except ValueError:
        raise Unreadable(f"a period ends at {said[:40]!r}, which is no time") from None
    instant = shown.replace(tzinfo=ZONE).astimezone(UTC)
    bounds = bounds_of(instant - _MOMENT)
    if period.tag != "TimePeriod" or instant != bounds[1]:
        raise Unreadable(f"a period ends at {said}, which is no midnight")
    return bounds
