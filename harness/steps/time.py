"""Sentences about days and the clock."""

from __future__ import annotations

from pytest_bdd import given, parsers, when

from harness.bench import Bench
from harness.local_time import read_day


@given(parsers.parse("the day is {day}"))
def the_day_is(bench: Bench, day: str) -> None:
    """Choose the local day that is lived."""
    bench.declare_day(read_day(day))


@when(parsers.re(r"the clock reaches (?P<time>\d+:\d\d)$"))
def the_clock_reaches(bench: Bench, time: str) -> None:
    """Let time pass up to a local time of the day."""
    bench.advance_to(bench.at(time))


@when(parsers.parse("the clock reaches {time} on {day}"))
def the_clock_reaches_on(bench: Bench, time: str, day: str) -> None:
    """Let time pass up to a local time of another day."""
    bench.advance_to(bench.at(time, read_day(day)))
