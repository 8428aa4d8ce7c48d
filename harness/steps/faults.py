"""Sentences about what goes wrong at the utility's server, and on the line to it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from pytest_bdd import given, parsers

from harness.bench import EXPORT_AT, Bench
from harness.errors import UsageError
from harness.utility import PlannedFault
from simulators.faults import Fault
from simulators.ftp_server.faults import (
    CutAfterBytes,
    CutBeforeAnswer,
    FullDisk,
    fault_from_text,
)

LONG = timedelta(days=30)


@given(parsers.re(r"the line to EW Seedorf breaks after (?P<count>\d+) bytes of a file$"))
def line_breaks(bench: Bench, count: str) -> None:
    """Cut each upload after some bytes."""
    _plan(bench, CutAfterBytes(int(count)), bench.at("0:00") + LONG)


@given(
    parsers.re(
        r"the line to EW Seedorf breaks after (?P<count>\d+) bytes of a file"
        r" until (?P<time>\d+:\d\d)"
    )
)
def line_breaks_until(bench: Bench, count: str, time: str) -> None:
    """Cut each upload after some bytes, up to a local time of the next day."""
    _plan(bench, CutAfterBytes(int(count)), bench.at(time, _next_day(bench)))


@given(parsers.parse("the disk of EW Seedorf is full after {count:d} bytes until {time}"))
def disk_is_full(bench: Bench, count: int, time: str) -> None:
    """Let the disk take some bytes and no more, up to a local time of the next day."""
    _plan(bench, FullDisk(count), bench.at(time, _next_day(bench)))


@given("the line to EW Seedorf breaks before the answer to a rename, once")
def line_breaks_before_answer(bench: Bench) -> None:
    """Let the first rename happen and its answer be lost."""
    first_try = bench.at(EXPORT_AT, _next_day(bench))
    _plan(bench, CutBeforeAnswer("rename"), first_try + timedelta(seconds=30))


@given(parsers.re(r'EW Seedorf has the fault "(?P<text>[^"]+)"$'))
def has_the_fault(bench: Bench, text: str) -> None:
    """Let something go wrong at the server all the time, by the fault's name."""
    _plan(bench, _fault(text), bench.at("0:00") + LONG)


@given(parsers.re(r'EW Seedorf has the fault "(?P<text>[^"]+)" until (?P<time>\d+:\d\d)'))
def has_the_fault_until(bench: Bench, text: str, time: str) -> None:
    """The same, up to a local time of the next day."""
    _plan(bench, _fault(text), bench.at(time, _next_day(bench)))


def _fault(text: str) -> Fault:
    try:
        return fault_from_text(text)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _plan(bench: Bench, fault: Fault, until: datetime) -> None:
    bench.faults.append(PlannedFault(fault, bench.at("0:00"), until))


def _next_day(bench: Bench) -> date:
    return bench.day + timedelta(days=1)
