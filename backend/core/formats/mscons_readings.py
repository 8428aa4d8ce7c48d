"""
MSCONS 2.2e and 2.4a: what the registers of metering points show, as EDIFACT (D.04B).

The segments are those of AHB 2.2a for register readings (application VL, process 13002). No
authentic Swiss file of registers is public, so what differs from a load profile is *proposed*:
the day's end as time of reading, ``CCI+ACH++PMR`` (periodic) and ``CCI+16++MRV``. They are read
by `mscons.read`, and `mscons.readings_in` gives them as rows.

Rule 1: one message a metering point and day, in their order; in it one quantity a register.
Rule 2: the time of reading is an instant with its offset. A bare date, which AHB 2.2a has, could
be the day's begin or its end, and a register would be a day's energy off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from backend.core.formats import mscons
from backend.core.formats.daily import check_codes, check_day, with_obis
from backend.core.formats.edifact import segment
from backend.core.formats.mscons import Envelope, Mscons
from backend.core.formats.row import Row, Values
from backend.core.intervals import Status
from backend.core.obis_tables import IS_E, Listed, check_listed


@dataclass(frozen=True, slots=True)
class MsconsReadings(Mscons):
    """
    What such a file looks like: the knobs of a load profile, and ``obis``.

    Attributes:
        obis: which registers, by their codes; document 002's table for MSCONS has load profiles
            only, so they are those of its table for IS-E.
    """

    name_pattern: str = "MSCONS_VL_{task}_{from}_{to}_{created}_{revision}.txt"
    obis: tuple[str, ...] = ("1-1:1.8.0",)

    values: ClassVar[Values] = Values.READINGS
    application: ClassVar[str] = "VL"
    process: ClassVar[str] = "13002"
    table: ClassVar[Mapping[str, Listed]] = IS_E

    def check(self, where: str = "format") -> None:
        """
        Check every knob.

        Raises:
            LayoutError: With the knob in its place.
            ObisError: A code is not listed for the format.
        """
        Mscons.check(self, where)
        check_codes(self.obis, self.table, where)


KNOBS = with_obis(MsconsReadings(), '["1-1:1.8.1", "1-1:1.8.2"]', mscons.KNOBS)
"""All knobs of the format."""


def carried(rows: Iterable[Row]) -> list[Row]:
    """Give rows as `mscons.readings_in` gives them back: in order, without other numbers."""
    return sorted(
        (Row(one.code, one.obis, one.start, one.end, one.energy_kwh, one.status) for one in rows),
        key=lambda row: (row.code, row.start, row.obis),
    )


def write(rows: Iterable[Row], form: MsconsReadings, envelope: Envelope) -> bytes:
    """
    Write a file.

    Parameters:
        rows: in any order, each of a whole local day.

    Raises:
        LayoutError: The format is wrong, or a row cannot be written so that it reads back.
        ObisError: A row has a code that the format does not list, or a point one of a day twice.
    """
    form.check()
    ordered = sorted(rows, key=lambda row: (row.code, row.start, row.obis))
    points = groupby(ordered, key=lambda row: (row.code, row.start))
    return mscons.interchange(
        (
            _message(number, list(found), form, envelope)
            for number, (_, found) in enumerate(points, start=1)
        ),
        form,
        envelope,
    )


def _message(
    number: int, rows: Sequence[Row], form: MsconsReadings, envelope: Envelope
) -> list[str]:
    first = rows[0]
    where = f"{first.code} {first.start.isoformat()}"
    check_day(first, where)
    is_measured = all(row.status is Status.TRUE for row in rows)
    if meter := first.numbers.factory_no:
        mscons.check_code(meter, "write its factory_no otherwise")
    body = [
        mscons.reading_time(first.end, form, where),
        *([segment("RFF", ("MG", meter))] if meter else []),
        segment("CCI", "ACH", "", "PMR"),
        segment("CCI", "16", "", "MRV" if is_measured else "EMV"),
    ]
    check_listed((row.obis for row in rows), form.table, where)
    for place, row in enumerate(rows, start=1):
        body += [
            segment("LIN", str(place)),
            segment("PIA", "5", (row.obis, "SRW")),
            mscons.amount(row, form, where),
        ]
    return mscons.message(number, first.code, body, form, envelope)
