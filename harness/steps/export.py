"""Sentences about exports: what the files say, and what the utility then holds."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from pytest_bdd import given, parsers, then, when

from harness.bench import UTILITY, Bench, Station
from harness.errors import Disagreement, NothingArrived
from harness.frames import counted_kwh, counts
from harness.local_time import ZURICH, utc_instant
from harness.outcomes import Place
from harness.round_trip import check_round_trips
from harness.sources import CardSource, Meter
from harness.steps import Wanted, compare_values, records
from harness.utility import Held

Table = list[list[str]]


# ---------------------------------------------------------------------- what is declared


@given(parsers.parse("the layout sets {knob} to {value}"))
def layout_sets(bench: Bench, knob: str, value: str) -> None:
    """Turn one knob of the file's layout, written as in the settings; lists with commas."""
    if knob in ("obis", "keys"):
        bench.layout[knob] = value.split(", ")
        return
    words: dict[str, object] = {"false": False, "true": True, "lf": "\n", "crlf": "\r\n"}
    bench.layout[knob] = words.get(value, int(value) if value.isdigit() else value)


@given(
    parsers.parse(
        '"{name}" is activated with metering code "{code}", OBIS code "{obis}"'
        " and an interval of {minutes:d} minutes"
    )
)
def is_activated(bench: Bench, name: str, code: str, obis: str, minutes: int) -> None:
    """Set the three fields of a charger's activation."""
    station = bench.station(name)
    station.metering_code, station.obis, station.interval_minutes = code, obis, minutes


# ---------------------------------------------------------------------- what happens


@given("the day was exported")
@when("the day is exported")
def day_is_exported(bench: Bench) -> None:
    """Let time pass to 03:00 of the next day, and the utility's importer read what is there."""
    bench.advance_to(bench.at("3:00", bench.day + timedelta(days=1)))
    bench.collect()


@when("the next day is exported")
def next_day_is_exported(bench: Bench) -> None:
    """Let another day pass, and the utility's importer read what is there."""
    bench.advance_to(bench.at("3:00", bench.day + timedelta(days=2)))
    bench.collect()


@when(parsers.parse('"{name}" is given the metering code "{code}"'))
def is_given_the_code(bench: Bench, name: str, code: str) -> None:
    """Offer the backend settings with a metering code."""
    bench.station(name).metering_code = code


@when(parsers.parse("the {thing} is named {quoted}"))
def is_named(bench: Bench, thing: str, quoted: str) -> None:
    """Offer the backend settings with a name, written as a JSON text."""
    name = json.loads(quoted)
    station = next(iter(bench.stations.values()))
    if thing == "task":
        bench.task = name
    elif thing == "OBIS":
        station.obis = name
    else:
        station.metering_code = name


@when("any rows are written in any form")
def any_rows_in_any_form(bench: Bench) -> None:
    """Let hypothesis think of rows and forms; the next sentence tells what came of it."""
    bench.round_trips = check_round_trips(bench.seed)


# ---------------------------------------------------------------------- what is seen


@then("the backend and the utility read back the same meters, instants, values and status")
def reads_back(bench: Bench) -> None:
    """Look for a round trip that lost or altered something."""
    assert bench.round_trips.tried > 0
    assert bench.round_trips.failure is None, bench.round_trips.failure


@when("the backend is given its settings")
def is_given_its_settings(bench: Bench) -> None:
    """Offer the backend its settings; the next sentence tells what it says."""
    assert not bench.going


@then(parsers.parse('the settings are refused, naming "{place}"'))
def settings_are_refused(bench: Bench, place: str) -> None:
    """Offer the settings and compare the sentence of the refusal."""
    sentence = bench.refusal()
    assert sentence is not None, "the settings were accepted"
    assert place in sentence


@then("the settings are refused, or the files keep their form")
def refused_or_harmless(bench: Bench) -> None:
    """Offer the settings; where they are accepted, look at what arrives."""
    if bench.refusal() is not None:
        return
    day_is_exported(bench)
    files = bench.utility.arrived()
    assert files, "the settings were accepted and nothing arrived"
    for file in files:
        assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", file.name), file.name
        for line in file.lines():
            assert line.count(";") == 5, line
            assert not re.search(r"(^|;)[=+@\t-]", line), line


def _held(bench: Bench, name: str) -> list[Held]:
    """Give what the utility holds of the bench's day; it must hold nothing that cannot be yet."""
    held = bench.utility.held(_code(bench.source(name)))
    bench.decide_files([value.file for value in held])
    grid = bench.grid(name)
    first, last = bench.told_span()
    for value in held:
        if not first <= value.start < value.end <= last:
            local = value.start.astimezone(ZURICH)
            raise Disagreement(f"{UTILITY} holds a value of {name} from {local:%d.%m.%Y %H:%M}")
    return [value for value in held if grid[0] <= value.start < grid[-1]]


def _as_none(bench: Bench) -> str:
    """Say the simplest reason for what is not there."""
    return "" if bench.arrived() else ", as no file has arrived"


def _code(source: Station | Meter | CardSource) -> str:
    assert source.metering_code is not None
    return source.metering_code


@then(parsers.parse('EW Seedorf holds {values:d} values for "{name}"'))
def holds_values(bench: Bench, values: int, name: str) -> None:
    """Count what the importer took from the files, and compare it with the local day's grid."""
    held = _held(bench, name)
    if len(held) != values:
        raise Disagreement(
            f"{UTILITY} holds {len(held)} values of {name}, not {values}{_as_none(bench)}"
        )
    _must_be_the_grid(bench, name, held)


@then(
    parsers.parse(
        'EW Seedorf holds for "{name}" {energy} kWh {status} until {times}, and zeros else'
    )
)
def holds_only(bench: Bench, name: str, energy: str, status: str, times: str) -> None:
    """Compare all intervals: those that are named by their local end, and zeros W for the rest."""
    named = times.replace(" and ", ", ").split(", ")
    _holds_but(bench, name, {bench.at(time): (Decimal(energy), status) for time in named})


@then(parsers.parse('EW Seedorf holds for "{name}" zeros, but'))
def holds_zeros_but(bench: Bench, name: str, datatable: Table) -> None:
    """Compare all intervals: those of the table, and zeros W for the rest."""
    rows = records(datatable, "until", "kWh", "status")
    _holds_but(bench, name, {bench.at(row["until"]): _cells(row) for row in rows})


def _holds_but(
    bench: Bench, name: str, others: Mapping[datetime, tuple[Decimal | None, str]]
) -> None:
    held = _held(bench, name)
    bench.decide_energy_of(name)
    _must_be_the_grid(bench, name, held)
    for end in others.keys() - {value.end for value in held}:
        raise Disagreement(f"{end.astimezone(ZURICH):%H:%M} is no end of an interval of {name}")
    _judge(bench, name, [(value, *others.get(value.end, (Decimal(0), "W"))) for value in held])


def _judge(bench: Bench, name: str, wanted: Iterable[Wanted]) -> None:
    compare_values(bench, wanted, functools.partial(_differs, name))


def _cells(row: Mapping[str, str]) -> tuple[Decimal | None, str]:
    return (Decimal(row["kWh"]) if row["kWh"] else None), row["status"]


@then(parsers.parse('EW Seedorf holds for "{name}"'))
def holds(bench: Bench, name: str, datatable: Table) -> None:
    """Compare single intervals, named by their local end."""
    _holds(bench, name, datatable, bench.at)


@then(parsers.parse('EW Seedorf holds for "{name}" in UTC'))
def holds_in_utc(bench: Bench, name: str, datatable: Table) -> None:
    """Compare single intervals, named by their end in UTC."""
    _holds(bench, name, datatable, functools.partial(utc_instant, bench.day))


def _holds(bench: Bench, name: str, datatable: Table, at: Callable[[str], datetime]) -> None:
    ending = {value.end: value for value in _held(bench, name)}
    bench.decide_energy_of(name)
    rows = records(datatable, "until", "kWh", "status")
    found = [(ending.get(at(row["until"])), row) for row in rows]
    _judge(bench, name, [(value, *_cells(row)) for value, row in found if value is not None])
    for value, row in found:
        if value is None:
            raise Disagreement(
                f"{UTILITY} holds no value of {name} that ends at {row['until']}{_as_none(bench)}"
            )


def _said(energy_kwh: Decimal | None, status: str | None) -> str:
    energy = "no energy" if energy_kwh is None else f"{energy_kwh} kWh"
    return f"{energy} {status or ''}".rstrip()


def _must_be_the_grid(bench: Bench, name: str, held: list[Held]) -> None:
    starts, grid = [value.start for value in held], bench.grid(name)[:-1]
    for boundary in grid:
        if boundary not in starts:
            local = boundary.astimezone(ZURICH)
            raise Disagreement(
                f"{UTILITY} holds no value of {name} that begins {local:%H:%M %Z}{_as_none(bench)}"
            )
    if starts != grid:
        raise Disagreement(f"{UTILITY} holds {len(starts)} values of {name}, not {len(grid)}")


@then(parsers.parse('every value of "{name}" is {energy} kWh with status {status}'))
def every_value_is(bench: Bench, name: str, energy: str, status: str) -> None:
    """Compare all intervals with one value."""
    held = _held(bench, name)
    if not held:
        raise NothingArrived(f"{UTILITY} holds nothing of {name}")
    _judge(bench, name, [(value, Decimal(energy), status) for value in held])


@then(parsers.parse('each interval of "{name}" holds what its meter counted in it'))
def each_interval_holds(bench: Bench, name: str) -> None:
    """Compare each delivered energy with the registers that crossed the wire."""
    decimals = int(bench.layout.get("decimals", 3))
    bench.decide_energy_of(name)
    counted = counts(bench.tap.crossings, name)
    held = _held(bench, name)
    _must_be_the_grid(bench, name, held)
    spans = list(pairwise(bench.grid(name)))
    expected = [counted_kwh(counted, start, end, decimals) for start, end in spans]
    for value, (_, end), energy in zip(held, spans, expected, strict=True):
        if value.end != end:
            raise Disagreement(_differs(name, value, energy, None))
    pairs = zip(held, expected, strict=True)
    _judge(bench, name, [(value, energy, None) for value, energy in pairs])


@then(parsers.parse('the values of "{name}" sum to what its meter counted that day'))
def sum_to_counted(bench: Bench, name: str) -> None:
    """Compare the day's sum with the first and the last register that crossed the wire."""
    bench.decide_energy_of(name)
    grid = bench.grid(name)
    expected = counted_kwh(counts(bench.tap.crossings, name), grid[0], grid[-1])
    if expected <= 0:
        raise Disagreement(f"the meter of {name} counted nothing, so nothing could be lost")
    _must_sum(bench, name, expected)


@then(parsers.parse('the values of "{name}" sum to {energy} kWh'))
def sum_to(bench: Bench, name: str, energy: str) -> None:
    """Compare the day's sum with a figure."""
    _must_sum(bench, name, Decimal(energy))


@then(parsers.parse('no value of "{name}" is negative'))
def none_negative(bench: Bench, name: str) -> None:
    """Look for a negative energy."""
    assert [v for v in _held(bench, name) if v.energy_kwh is not None and v.energy_kwh < 0] == []


def _must_sum(bench: Bench, name: str, expected: Decimal) -> None:
    held = _held(bench, name)
    if not held:
        raise NothingArrived(f"{UTILITY} holds nothing of {name}")
    arrived = sum((value.energy_kwh or Decimal(0) for value in held), Decimal(0))
    if arrived != expected:
        raise Disagreement(f"the values of {name} sum to {arrived} kWh, not to {expected}")


def _differs(name: str, value: Held, expected: Decimal | None, status: str | None) -> str:
    until = value.end.astimezone(ZURICH)
    arrived = _said(value.energy_kwh, value.status if status else None)
    return f"{name} until {until:%H:%M}: {arrived} arrived, {_said(expected, status)} was expected"


@then(
    parsers.parse(
        'the rows of "{name}" stand in the order of time,'
        " 00:15 first and 00:00 of the next day last"
    )
)
def rows_in_order(bench: Bench, name: str) -> None:
    """Compare the labels in the file, line by line, with the local grid."""
    lines = _lines_of(bench, name)
    labels = [line.text.split(";")[2] for line in lines]
    expected = [
        f"{boundary.astimezone(ZURICH):%d.%m.%Y %H:%M:%S}" for boundary in bench.grid(name)[1:]
    ]
    for line, seen, wanted in zip(lines, labels, expected, strict=False):
        bench.decide_cell(line.file, Place(line.number, 3), seen, wanted)
    assert labels == expected
    assert labels[0].endswith(" 00:15:00")
    assert labels[-1].endswith(" 00:00:00")


@then(parsers.parse('the rows of "{name}" labelled {time} are {first} kWh and then {second} kWh'))
def rows_labelled(bench: Bench, name: str, time: str, first: str, second: str) -> None:
    """Compare the rows that bear one local label, in the order of the file."""
    lines = [one for one in _lines_of(bench, name) if f" {time}:" in one.text.split(";")[2]]
    values = [one.text.split(";")[3] for one in lines]
    for line, seen, wanted in zip(lines, values, (first, second), strict=False):
        bench.decide_cell(line.file, Place(line.number, 4), seen, wanted)
    assert values == [first, second]


@then(parsers.parse('every row of "{name}" begins with {start}'))
def rows_begin(bench: Bench, name: str, start: str) -> None:
    """Look for the rows of a charger and compare how they begin."""
    rows = [line.text for line in _lines_of(bench, name)]
    assert len(rows) == len(bench.grid(name)) - 1
    assert [row for row in rows if not row.startswith(f"{start}")] == []
    bench.rows_seen += len(rows)


@then("the file holds no other rows")
def no_other_rows(bench: Bench) -> None:
    """Count the rows against those of the sentences before."""
    assert sum(len(file.lines()) - 1 for file in bench.utility.arrived()) == bench.rows_seen


class _Line(NamedTuple):
    """A line of a file, and its number there, from 1."""

    file: str
    number: int
    text: str


def _lines_of(bench: Bench, name: str) -> list[_Line]:
    code = _code(bench.source(name))
    files = bench.utility.arrived()
    bench.decide_files([file.name for file in files])
    return [
        _Line(file.name, number, line)
        for file in files
        for number, line in enumerate(file.lines(), start=1)
        if line.startswith(code)
    ]


@then(parsers.parse('no file tells anything of "{name}"'))
def no_file_tells(bench: Bench, name: str) -> None:
    """Look for a charger's name and energies in all that arrived."""
    files = bench.utility.arrived()
    assert files
    bench.decide_files([file.name for file in files])
    declared = {_code(s) for s in bench.stations.values() if s.metering_code is not None}
    for file in files:
        assert name not in file.text()
        assert {line.split(";")[0] for line in file.lines()[1:]} == declared


@then(parsers.parse('its first line is "{line}"'))
def first_line_is(bench: Bench, line: str) -> None:
    """Compare the head of the file."""
    file = bench.utility.first()
    head = file.lines()[0]
    for place, (seen, wanted) in enumerate(zip(head.split(";"), line.split(";"), strict=False), 1):
        bench.decide_cell(file.name, Place(1, place), seen, wanted)
    assert head == line


@then(parsers.parse('its line for {time} has the form "{form}"'))
def line_has_form(bench: Bench, time: str, form: str) -> None:
    """Compare a line, where # stands for a number with three decimals."""
    lines = [line for line in bench.utility.first().lines() if f" {time}:00;" in line]
    pattern = re.escape(form).replace(r"\#", r"\d+\.\d{3}")
    assert len(lines) == 1
    assert re.fullmatch(pattern, lines[0]), lines[0]


@then(parsers.parse('the file shows "{sign}"'))
def file_shows(bench: Bench, sign: str) -> None:
    """Look for some text in the file."""
    assert sign in bench.utility.first().text()


@then(parsers.parse('the file shows no "{sign}"'))
def file_shows_no(bench: Bench, sign: str) -> None:
    """Look for some text that must not be in the file."""
    assert sign not in bench.utility.first().text()


@then("the file shows no carriage return")
def file_shows_no_carriage_return(bench: Bench) -> None:
    """Look at the line ends."""
    content = bench.utility.first().content
    assert b"\r" not in content
    assert content.endswith(b"\n")


@then(parsers.parse("the file shows the bytes {head} first"))
def file_shows_bytes(bench: Bench, head: str) -> None:
    """Compare the first bytes."""
    assert bench.utility.first().content.startswith(bytes.fromhex(head))


@then(parsers.parse('the file shows the name "{name}"'))
def file_shows_name(bench: Bench, name: str) -> None:
    """Compare the file's name."""
    assert [file.name for file in bench.utility.arrived()] == [name]


@then("each of them tells of one charger only")
def each_tells_of_one(bench: Bench) -> None:
    """Compare the codes in each file."""
    files = bench.utility.arrived()
    codes = [{line.split(";")[0] for line in file.lines()[1:]} for file in files]
    assert [len(each) for each in codes] == [1] * len(files)
    assert len(set.union(*codes)) == len(files)
