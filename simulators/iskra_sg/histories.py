"""
What recorders wrote, as days, months and years, and as CSV (document 004 §4.1.2.5, §4.1.6).

Rule 1: an entry is what a counter showed at the midnight with which its day begins. What a period
consumed is the difference between two entries, never an estimate.
Rule 2: a period is complete where there is an entry at its beginning and at its end. Another one
goes from its first entry to its last and says that it is not complete; where there are no two of
them, or the counter went back, its consumption is not known.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from simulators.iskra_sg.device import Entry


@dataclass(frozen=True, slots=True)
class Period:
    """
    A day, a month or a year of a recorder.

    Attributes:
        begin: its first day.
        value: what the counter showed first in it; None where nobody answered.
        consumption: what it counted; None where that is not known.
        is_complete: whether that is the whole period.
    """

    begin: date
    value: int | None
    consumption: int | None
    is_complete: bool


def _next_month(begin: date) -> date:
    return (begin.replace(day=28) + timedelta(days=4)).replace(day=1)


_First = Callable[[date], date]
SCOPES: dict[str, tuple[_First, _First]] = {
    "daily": (lambda day: day, lambda begin: begin + timedelta(days=1)),
    "monthly": (lambda day: day.replace(day=1), _next_month),
    "yearly": (
        lambda day: day.replace(month=1, day=1),
        lambda begin: begin.replace(year=begin.year + 1),
    ),
}
"""How each scope finds the first day of a period, and of the next one."""


def periods(entries: Sequence[Entry], scope: str) -> list[Period]:
    """Give the periods that entries lie in, oldest first."""
    first_of, next_of = SCOPES[scope]
    known = {entry.day: entry.value for entry in entries}
    begins = sorted({first_of(day) for day in known})
    return [_period(known, begin, next_of(begin)) for begin in begins]


def _period(known: dict[date, int | None], begin: date, end: date) -> Period:
    days = [day for day in sorted(known) if begin <= day <= end and known[day] is not None]
    inside = [day for day in days if day < end]
    value = known[inside[0]] if inside else None
    first, last = (known[days[0]], known[days[-1]]) if inside and len(days) > 1 else (None, None)
    if first is None or last is None or last < first:
        return Period(begin, value, None, False)
    return Period(begin, value, last - first, (days[0], days[-1]) == (begin, end))


def as_csv(entries: Sequence[Entry], scope: str, unit: str) -> str:
    """Write periods as CSV, with a head; fields that are not known are empty (ASSUMED)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["begin", f"counter [{unit}]", f"consumption [{unit}]", "complete"])
    for one in periods(entries, scope):
        complete = "yes" if one.is_complete else "no"
        writer.writerow([one.begin.isoformat(), _cell(one.value), _cell(one.consumption), complete])
    return text.getvalue()


def _cell(value: int | None) -> str:
    return "" if value is None else str(value)
