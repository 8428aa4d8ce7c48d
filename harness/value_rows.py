"""
A day's values as a table for people: each row tells of quarter hours in a row that are alike.

Times are local and stand as on a clock, ``14:15``; ``24:00`` is the end of the day. In the hour
that October has twice the name of the zone stands behind, ``02:15 CEST``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby, pairwise

from harness.errors import Disagreement, UsageError
from harness.local_time import ZURICH, grid
from harness.utility import Held

HEADINGS = ("from", "until", "kWh", "status")
NOTHING = "–"
"""In place of an energy that is not told; and of a status, where no value arrived at all."""

Cells = tuple[str, str]
"""Energy and status, as they are written."""


def labels(day: date, minutes: int) -> list[str]:
    """Give the boundaries of a day's intervals as they are written, in order; no two are alike."""
    boundaries = [at.astimezone(ZURICH) for at in grid(day, minutes)]
    plain = [f"{at:%H:%M}" for at in boundaries[:-1]]
    twice = {label for label, count in Counter(plain).items() if count > 1}
    told = [
        f"{label} {at:%Z}" if label in twice else label
        for label, at in zip(plain, boundaries, strict=False)
    ]
    return [*told, "24:00"]


def cells(day: date, minutes: int, held: Iterable[Held]) -> list[Cells]:
    """Give energy and status of each interval of a day."""
    ending: dict[datetime, Held] = {one.end: one for one in held}
    return [_cells(ending.get(end)) for _, end in pairwise(grid(day, minutes))]


def _cells(value: Held | None) -> Cells:
    if value is None:
        return NOTHING, NOTHING
    return NOTHING if value.energy_kwh is None else f"{value.energy_kwh}", value.status or ""


def rows(day: date, minutes: int, held: Iterable[Held]) -> list[tuple[str, str, str, str]]:
    """Give the rows of a day's table; what is alike and follows on each other is one row."""
    marks, found, place = labels(day, minutes), [], 0
    for (energy, status), group in groupby(cells(day, minutes, held)):
        end = place + len(list(group))
        found.append((marks[place], marks[end], energy, status))
        place = end
    return found


def compare(
    name: str, day: date, minutes: int, held: Iterable[Held], expected: Sequence[dict[str, str]]
) -> None:
    """
    Hold a day's values against a table.

    Raises:
        UsageError: If the table does not tell of each interval once, in order.
        Disagreement: If a value is another; the first one is named.
    """
    marks = labels(day, minutes)
    wanted: list[Cells] = []
    for row in expected:
        start, end = row["from"], row["until"]
        if start not in marks or end not in marks or marks.index(start) != len(wanted):
            raise UsageError(
                f'the row from {start} until {end} does not follow on "{marks[len(wanted)]}" of '
                f"{day}, or is on no quarter hour"
            )
        wanted += [(row["kWh"], row["status"])] * (marks.index(end) - marks.index(start))
    if len(wanted) != len(marks) - 1:
        raise UsageError(f"the table ends at {marks[len(wanted)]}, not at 24:00")
    for mark, seen, told in zip(marks[1:], cells(day, minutes, held), wanted, strict=True):
        if seen != told:
            raise Disagreement(
                f"{name} until {mark} on {day}: {_said(seen)} arrived, {_said(told)} was expected"
            )


def _said(told: Cells) -> str:
    energy, status = told
    if told == (NOTHING, NOTHING):
        return "nothing"
    return f"{'no energy' if energy == NOTHING else f'{energy} kWh'} {status}".rstrip()
