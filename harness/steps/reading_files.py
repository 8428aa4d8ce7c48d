"""Sentences about files that others have written, and what is read of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from pytest_bdd import given, parsers, then, when

from backend.core.formats import mscons
from harness.bench import Bench
from harness.errors import UsageError
from harness.local_time import ZURICH, grid

POINTS = ("CH98765012345AAAAAAAAAAAAAAA00001", "CH98765012345AAAAAAAAAAAAAAA00002")


@dataclass(frozen=True, slots=True)
class Habit:
    """
    How somebody writes MSCONS, put together apart from the backend's writer.

    Attributes:
        head: what stands before UNB.
        count: what UNT says; the truth where left out.
        points: how many a message holds.
        period: whether a series has one; else it ends where it begins.
        unit: behind each quantity.
        time: how an instant is written.
    """

    head: str = ""
    count: int | None = None
    points: int = 1
    period: bool = True
    unit: str = ""
    time: Callable[[datetime], str] = lambda at: _local(at) + _offset(at) + ":303"

    def file(self, instants: list[datetime]) -> bytes:
        """Write a load profile of a day: 36.300 kWh, 36.301 kWh, …."""
        segments = ["UNH+1+MSCONS:D:04B:UN:2.2e", "BGM+7+1+9", "RFF+Z13:13008", "UNS+D", "NAD+DP"]
        for point in POINTS[: self.points]:
            end = instants[-1] if self.period else instants[0]
            segments += [f"LOC+172+{point}", *self._between(instants[0], end), "LIN+1"]
            segments.append("PIA+5+1-1?:1.29.0*255:SRW")
            for place, (start, until) in enumerate(pairwise(instants)):
                energy = Decimal(36_300 + place).scaleb(-3)
                segments += [f"QTY+220:{energy}{self.unit}", *self._between(start, until)]
        segments.append(f"UNT+{self.count or len(segments) + 1}+1")
        head = "UNB+UNOC:3+12X-A:500+12X-B:500+250604:0030+1++TL"
        return (self.head + "'".join([head, *segments, "UNZ+1+1", ""])).encode()

    def _between(self, start: datetime, end: datetime) -> tuple[str, str]:
        return f"DTM+163:{self.time(start)}", f"DTM+164:{self.time(end)}"


def _local(at: datetime) -> str:
    return f"{at.astimezone(ZURICH):%Y%m%d%H%M}"


def _offset(at: datetime) -> str:
    hours = (at.astimezone(ZURICH).utcoffset() or timedelta()) // timedelta(hours=1)
    return f"?+{hours:02}"


HABITS = {
    "has no UNA": Habit(),
    "begins with UNA": Habit(head="UNA:+.? '"),
    "counts its segments wrongly": Habit(count=109),
    "gives its series a period of no length": Habit(period=False),
    "holds several points in one message": Habit(points=2),
    "has units": Habit(unit=":KWH"),
    "has times in UTC": Habit(time=lambda at: f"{at.astimezone(UTC):%Y%m%d%H%M}?+00:303"),
    "has local times without offset": Habit(time=lambda at: f"{_local(at)}:203"),
}


@given(parsers.parse("an MSCONS file of the day that {does}"))
def mscons_file(bench: Bench, does: str) -> None:
    """Have a file that somebody else has written, with what real ones do."""
    if does not in HABITS:
        raise UsageError(f"no file {does!r} is known; known are {', '.join(HABITS)}")
    bench.foreign_file = HABITS[does].file(grid(bench.day, 15))


@when("the file is read")
def file_is_read(bench: Bench) -> None:
    """Read it as `isebench read` does."""
    bench.read_of_it = mscons.read(bench.foreign_file)


@then(parsers.parse("it tells {count:d} values for {points:d} points, the first {energy} kWh"))
def it_tells(bench: Bench, count: int, points: int, energy: str) -> None:
    """Compare number, names and instants of the values, and the first of them."""
    rows = mscons.rows_in(bench.read_of_it)
    instants = grid(bench.day, 15)
    assert [(point, *pair) for point in POINTS[:points] for pair in pairwise(instants)] == [
        (row.code, row.start, row.end) for row in rows
    ]
    assert len(rows) == count
    assert {row.status.value for row in rows} == {"W"}
    assert str(rows[0].energy_kwh) == energy


@then(parsers.parse('the reader says "{words}"'))
def the_reader_says(bench: Bench, words: str) -> None:
    """Compare what is remarked of the file; "nothing" where it is as it should be."""
    wanted = () if words == "nothing" else (words,)
    assert wanted == bench.read_of_it.remarks
