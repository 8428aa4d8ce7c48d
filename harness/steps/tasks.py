"""Tasks: which period they deliver when, and what they deliver again."""

from __future__ import annotations

import itertools
import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pytest_bdd import given, parsers, then, when

from harness.bench import UTILITY, Bench
from harness.errors import Disagreement, NothingArrived
from harness.local_time import ZURICH, read_day
from harness.steps import Wanted, compare_values, records
from harness.utility import Arrived, Held
from simulators.ftp_server import Pickup

# ---------------------------------------------------------------------- what is declared


@given("the task is triggered when all meters have values")
def triggered_when_complete(bench: Bench) -> None:
    """Let the task wait for all values of a period, and for nothing else."""
    _set(bench, trigger="complete")


@given("the task is triggered 12 h after the end")
def triggered_later(bench: Bench) -> None:
    """Let the task deliver twelve hours after a period, whatever there is."""
    _set(bench, trigger="12 h after")


@given(parsers.parse("the task delivers every {schedule}"))
def delivers_every(bench: Bench, schedule: str) -> None:
    """Let the task deliver parts of a day: ``15 min``, ``1 h``, ``6 h``."""
    bench.task_delivers_until_now = True
    _set(bench, schedule=schedule)


@given(parsers.parse("the task starts on {day}"))
def starts_on(bench: Bench, day: str) -> None:
    """Set the first day that the task exports; the task keeps its time of day."""
    bench.first_day = min(bench.day, read_day(day))
    bench.amend(lambda settings: settings["task"][0].update(start=read_day(day).isoformat()))


@given("the task's corrections hold the whole series")
def corrections_hold_series(bench: Bench) -> None:
    """Let a correction hold the whole period of a charger of which anything has changed."""
    bench.amend(lambda settings: settings["task"][0].update(corrections="series"))


@given(parsers.parse("{count:d} daily tasks without a time of day"))
def many_tasks(bench: Bench, count: int) -> None:
    """Let so many tasks deliver the same day, each when it chooses to."""

    def multiply(settings: dict[str, Any]) -> None:
        (task,) = settings["task"]
        task.pop("at")
        settings["task"] = [{**task, "name": f"{task['name']}-{n}"} for n in range(1, count + 1)]

    bench.amend(multiply)


def _set(bench: Bench, **keys: str) -> None:
    """Set keys of the task, which has no time of day any more."""

    def change(settings: dict[str, Any]) -> None:
        (task,) = settings["task"]
        task.pop("at", None)
        task.update(keys)

    bench.amend(change)


# ---------------------------------------------------------------------- what happens


@when(parsers.parse("EW Seedorf has read what came until {time}"))
def has_read(bench: Bench, time: str) -> None:
    """Let time pass to a local time, and the utility's importer read what is there then."""
    bench.advance_to(bench.at(time))
    bench.collect()


@when(parsers.parse("the operator has {day} exported again at {time}"))
def exported_again(bench: Bench, day: str, time: str) -> None:
    """Ask the backend for a day, let it deliver, and the importer read."""
    bench.advance_to(bench.at(time))
    wanted = read_day(day)
    bench.run(bench.backend.export_now(bench.task, wanted, wanted))
    bench.collect()


# ---------------------------------------------------------------------- what is seen


@then(parsers.parse("no file had arrived by {time}"))
def none_had_arrived_by(bench: Bench, time: str) -> None:
    """Compare when the server showed the first file with a local time that has passed."""
    until = bench.at(time)
    assert until <= bench.clock.now(), f"{time} has not come yet"
    bench.decide_drop()
    early = [name for name, at in bench.utility.arrivals() if at <= until]
    if early:
        raise Disagreement(f"{early[0]} had arrived by {time}")


@then(parsers.parse('the first file told of "{name}"'))
def first_file_told(bench: Bench, name: str, datatable: list[list[str]]) -> None:
    """Compare single intervals of the file that arrived first, named by their local end."""
    first = _files(bench)[0]
    bench.decide_energy_of(name)
    told = {value.end: value for value in bench.utility.told_by(first.name, _code(bench, name))}
    wanted: list[Wanted] = []
    for row in records(datatable, "until", "kWh", "status"):
        value = told.get(bench.at(row["until"]))
        if value is None:
            raise NothingArrived(f"{first.name} tells nothing of {name} until {row['until']}")
        energy = Decimal(row["kWh"]) if row["kWh"] else None
        wanted.append((value, energy, row["status"]))

    def differs(value: Held, energy: Decimal | None, status: str | None) -> str:
        until = value.end.astimezone(ZURICH)
        return (
            f"{first.name} tells {value.energy_kwh} {value.status} of {name} until"
            f" {until:%H:%M}, not {energy} {status}"
        )

    compare_values(bench, wanted, differs)


@then("each file has a later name than those before it")
def names_rise(bench: Bench) -> None:
    """Compare the creations in the names of all files, in the order of their arrival."""
    files = _files(bench)
    assert len(files) > 1, "only one file arrived, so there is nothing to compare"
    for earlier, later in itertools.pairwise(files):
        if _created(later) <= _created(earlier):
            raise Disagreement(f"{later.name} arrived after {earlier.name}, and is not later")


@then("the last file tells nothing that was known before")
def tells_only_what_changed(bench: Bench) -> None:
    """Look at what became of each value of the last file at the importer."""
    last = _last_pickup(bench)
    bench.decide_files([last.file])
    if last.same or last.outdated or not last.revised:
        raise Disagreement(
            f"of the values of {last.file}, {last.revised} were others than {UTILITY} held,"
            f" {last.same} the same and {last.outdated} outdated"
        )


@then(parsers.parse("the last file tells of {count:d} intervals"))
def last_file_tells(bench: Bench, count: int) -> None:
    """Count the rows of the file that arrived last."""
    last = _files(bench)[-1]
    rows = len(last.lines()) - 1
    if rows != count:
        raise Disagreement(f"{last.name} has {rows} rows, not {count}")


@then(parsers.parse('the last file tells only of "{name}"'))
def last_file_tells_only_of(bench: Bench, name: str) -> None:
    """Compare the metering codes of the file that arrived last."""
    last = _files(bench)[-1]
    codes = {line.split(";")[0] for line in last.lines()[1:]}
    assert codes == {bench.station(name).metering_code}


@then(parsers.parse('no interval of "{name}" is missing'))
def none_is_missing(bench: Bench, name: str) -> None:
    """Look for a value with status F."""
    missing = [value for value in _held(bench, name) if value.status == "F"]
    assert missing == []


@then(parsers.parse('the values of "{name}" of all days sum to {energy} kWh'))
def all_days_sum_to(bench: Bench, name: str, energy: str) -> None:
    """Compare the sum of everything that the utility holds with a figure."""
    arrived = sum((value.energy_kwh or Decimal(0) for value in _held(bench, name)), Decimal(0))
    if arrived != Decimal(energy):
        raise Disagreement(f"the values of {name} sum to {arrived} kWh, not to {energy}")


@then(
    parsers.parse(
        "they were made between {start} and {end} of the next day,"
        " at {least:d} different minutes or more"
    )
)
def made_between(bench: Bench, start: str, end: str, least: int) -> None:
    """Compare the creations in the names of all files with a span of local time."""
    after = bench.day + timedelta(days=1)
    earliest, latest = bench.at(start, after), bench.at(end, after)
    created = [_created(file) for file in _files(bench)]
    outside = [at for at in created if not earliest <= at < latest]
    if outside:
        raise Disagreement(f"a file was made at {outside[0].astimezone(ZURICH):%H:%M:%S}")
    minutes = {at.replace(second=0) for at in created}
    if len(minutes) < least:
        raise Disagreement(f"{len(created)} files were made at {len(minutes)} different minutes")


@then(parsers.parse("they had arrived by {time} of the next day"))
def had_arrived_by(bench: Bench, time: str) -> None:
    """Compare when the server showed each file first with a local time."""
    latest = bench.at(time, bench.day + timedelta(days=1))
    arrivals = bench.utility.arrivals()
    assert arrivals, "no file arrived"
    late = [name for name, at in arrivals if at > latest]
    assert late == []


@then(parsers.parse("they tell of {days}, in this order"))
def they_tell_of(bench: Bench, days: str) -> None:
    """Compare the local days of the files' rows, file by file in the order of arrival."""
    wanted = [read_day(day) for day in re.split(r", | and ", days)]
    told = [_days_of(file) for file in _files(bench)]
    if told != [{day} for day in wanted]:
        shown = ", ".join(" and ".join(f"{day}" for day in sorted(each)) for each in told)
        raise Disagreement(f"the files tell of {shown}")


@then(parsers.re(r"(?P<count>\d+) files of the day arrive at EW Seedorf"))
def files_of_the_day_arrive(bench: Bench, count: str) -> None:
    """Count the files that tell of the bench's day."""
    files = [file for file in _files(bench) if bench.day in _days_of(file)]
    if len(files) != int(count):
        raise NothingArrived(f"{len(files)} files of {bench.day} arrived, not {count}")


def _files(bench: Bench) -> list[Arrived]:
    files = bench.utility.arrived()
    if not files:
        raise NothingArrived(f"no file arrived at {UTILITY}")
    bench.decide_files([file.name for file in files])
    return files


def _held(bench: Bench, name: str) -> list[Held]:
    held = bench.utility.held(_code(bench, name))
    if not held:
        raise NothingArrived(f"{UTILITY} holds nothing of {name}")
    bench.decide_files([value.file for value in held])
    return held


def _code(bench: Bench, name: str) -> str:
    code = bench.source(name).metering_code
    assert code is not None
    return code


def _last_pickup(bench: Bench) -> Pickup:
    pickups = bench.utility.pickups()
    if not pickups:
        raise NothingArrived(f"{UTILITY} has read no file")
    return pickups[-1]


def _created(file: Arrived) -> datetime:
    """Give the creation that a file's name tells, in UTC."""
    found = re.findall(r"(?<!\d)\d{14}(?!\d)", file.name)
    if len(found) != 1:
        raise Disagreement(f"{file.name} does not tell when it was made")
    return datetime.strptime(f"{found[0]}+0000", "%Y%m%d%H%M%S%z")


def _days_of(file: Arrived) -> set[date]:
    """Give the local days that a file of the bench's usual layout tells of."""
    ends = [line.split(";")[2] for line in file.lines()[1:]]
    times = [datetime.strptime(f"{end}+0000", "%d.%m.%Y %H:%M:%S%z") for end in ends]
    return {(time - timedelta(seconds=1)).date() for time in times}
