"""Sentences about kinds of files, the registers in them, and virtual tariffs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from pytest_bdd import given, parsers, then, when

from backend.core.obis_tables import TABLES
from harness.bench import UTILITY, Bench
from harness.edifact_reader import quantities_in
from harness.errors import Disagreement, NothingArrived
from harness.frames import count_at, counted_kwh, counts, rounded_kwh
from harness.local_time import instant, read_day
from harness.sending_meter import reading
from harness.steps import records
from harness.utility import Held

Table = list[list[str]]

_PARTIES = {"sender": "12X-ISEBENCH---1", "receiver": "12X-SEEDORF----2"}
_KINDS = {
    "the IS-E load profile": {"kind": "ise-timeseries-csv"},
    "IS-E readings as CSV": {"kind": "ise-readings-csv"},
    "IS-E readings as XML": {"kind": "ise-readings-xml"},
    "IS-E feed": {"kind": "ise-feed-csv"},
    "CSV": {"kind": "csv"},
    "MSCONS 2.2e": {"kind": "mscons", "version": "2.2e", **_PARTIES},
    "MSCONS 2.4a": {"kind": "mscons", "version": "2.4a", **_PARTIES},
    "registers as MSCONS 2.2e": {"kind": "mscons-readings", "version": "2.2e", **_PARTIES},
    "registers as MSCONS 2.4a": {"kind": "mscons-readings", "version": "2.4a", **_PARTIES},
}
_UNITS = {"5": "kvarh", "6": "kvarh", "7": "kvarh", "8": "kvarh"}


# ---------------------------------------------------------------------- what is declared


@given(
    parsers.re(
        "EW Seedorf takes (?P<kind>the IS-E load profile|IS-E readings as CSV|IS-E readings as XML"
        "|IS-E feed|CSV|MSCONS 2.2e|MSCONS 2.4a|registers as MSCONS 2.2e|registers as MSCONS 2.4a)$"
    )
)
def takes_kind(bench: Bench, kind: str) -> None:
    """
    Agree on "IS-E readings as CSV" or "as XML", "IS-E feed", "the IS-E load profile" or "CSV".

    "MSCONS 2.2e" and "2.4a" have load profiles, "registers as MSCONS 2.2e" what meters show; with
    them the codes of the two parties are agreed on.
    """
    bench.layout.update(_KINDS[kind])


@given(parsers.parse('EW Seedorf takes CSV with the columns "{codes}"'))
def takes_columns(bench: Bench, codes: str) -> None:
    """Agree on CSV whose columns are a list of OBIS codes."""
    bench.layout.update(kind="csv", obis=codes)


@given("the account's profile asks for XML")
def profile_asks_for_xml(bench: Bench) -> None:
    """Choose XML as the type of the files: it has what registers show."""
    bench.layout.update(_KINDS["IS-E readings as XML"])


@given(
    parsers.parse(
        '"{name}" has the factory number "{factory_no}" and the internal number "{internal_no}"'
    )
)
def has_numbers(bench: Bench, name: str, factory_no: str, internal_no: str) -> None:
    """Say what a charger is called besides its metering code."""
    bench.station(name).numbers = {"factory_no": factory_no, "internal_no": internal_no}


@given(parsers.parse('the meter of "{name}" shows {kwh} kWh in the morning'))
def meter_shows(bench: Bench, name: str, kwh: str) -> None:
    """Let a charger's register have counted before the day."""
    bench.station(name).build["register_wh"] = int(Decimal(kwh) * 1000)


@given(parsers.parse('the meter "{name}" sends its registers'))
def meter_sends_registers(bench: Bench, name: str, datatable: Table) -> None:
    """Let a meter send some registers, each at local times of the day."""
    _plan_registers(bench, name, datatable, bench.day)


@given(parsers.parse('the meter "{name}" sends its registers of the next day'))
def meter_sends_registers_next_day(bench: Bench, name: str, datatable: Table) -> None:
    """Let a meter send some registers, each at local times of the day after."""
    _plan_registers(bench, name, datatable, bench.day + timedelta(days=1))


def _plan_registers(bench: Bench, name: str, datatable: Table, day: date) -> None:
    bench.sources.declare_meter(name)
    heading, *rows = datatable
    for time, *values in rows:
        at = instant(day, time)
        readings = [
            reading(at, value, obis, _unit(obis))
            for obis, value in zip(heading[1:], values, strict=True)
            if value
        ]

        async def send(bench: Bench, readings: list[dict[str, str]] = readings) -> None:
            await bench.meters[name].send(readings)

        bench.plan(at, send)


def _unit(obis: str) -> str:
    return _UNITS.get(obis.partition(":")[2].partition(".")[0], "kWh")


@given(
    parsers.parse(
        '"{folder}" has the virtual tariff {first:d} from {begin} to {end}, and {second:d} else, '
        "since {day}"
    )
)
def folder_has_tariffs(
    bench: Bench, folder: str, first: int, begin: str, end: str, second: int, day: str
) -> None:
    """Let a folder's meters have a virtual tariff in some hours of each day, and another else."""
    begin, end = (f"{one:0>5}" for one in (begin, end))
    since = read_day(day).isoformat()
    bench.sources.tariffs[folder] = [
        {"number": first, "since": since, "hours": [f"{begin}-{end}"]},
        {"number": second, "since": since, "hours": [f"{end}-{begin}"]},
    ]


@given(parsers.parse('the virtual tariffs of "{folder}" are what the task takes'))
def task_takes_tariffs(bench: Bench, folder: str) -> None:
    """Let the task take the virtual tariffs of a folder, and not what was measured."""
    bench.sources.take("folder", folder)
    bench.sources.takes_tariffs = True


# ---------------------------------------------------------------------- what happens


@when(parsers.parse("the codes of {name} are listed"))
def codes_are_listed(bench: Bench, name: str) -> None:
    """Ask the backend for the OBIS codes of a format; the next sentence looks at them."""
    bench.listed_codes = tuple((one.code, one.meaning, one.unit) for one in TABLES[name].values())


# ---------------------------------------------------------------------- what is seen


@then(parsers.parse('there are {count:d}, and "{code}" is "{meaning}" in {unit}'))
def codes_are(bench: Bench, count: int, code: str, meaning: str, unit: str) -> None:
    """Compare the codes that were listed."""
    assert count == len(bench.listed_codes)
    assert (code, meaning, unit) in bench.listed_codes


@then(parsers.parse('EW Seedorf holds 1 value for "{name}" under "{obis}"'))
def holds_one(bench: Bench, name: str, obis: str) -> None:
    """Look for the one value of the day that the importer took from the files."""
    _only(bench, name, obis)


@then(parsers.parse('EW Seedorf holds 1 value for {person}\'s card under "{obis}"'))
def holds_one_of_card(bench: Bench, person: str, obis: str) -> None:
    """Look for the one value of the day that the importer took for a card."""
    _only(bench, f"{person}'s card", obis)


def _only(bench: Bench, name: str, obis: str) -> Held:
    held = [one for one in _held(bench, name) if one.start < bench.at("24:00")]
    bench.decide_files([one.file for one in held])
    if [obis] != [one.obis for one in held]:
        told = [(one.obis, str(one.energy_kwh)) for one in held]
        raise Disagreement(f"{UTILITY} holds {told} of {name}")
    (value,) = held
    if (value.start, value.end) != (bench.at("0:00"), bench.at("24:00")):
        raise Disagreement(f"{UTILITY} holds a value of {value.start} to {value.end}")
    bench.single_value = value
    return value


def _held(bench: Bench, name: str) -> list[Held]:
    source = bench.source(name)
    assert source.metering_code is not None
    held = bench.utility.held(source.metering_code)
    refused = [one for one in bench.utility.pickups() if one.reason is not None]
    if refused and not held:
        told = "; ".join(f"{one.file}: {one.reason}" for one in refused)
        raise Disagreement(f"{UTILITY} holds nothing of {name}, as it took no file ({told})")
    return held


@then(parsers.parse('that value is what the meter of "{name}" showed at {time}'))
def value_is_register(bench: Bench, name: str, time: str) -> None:
    """Compare it with the register that the charger told last before."""
    value, shown = _that_value(bench), _shown_kwh(bench, name, bench.at(time))
    if not bench.decide_value(value, shown, "W"):
        raise Disagreement(f"{UTILITY} holds {value.energy_kwh} {value.status}, not {shown} W")


@then(parsers.parse('that value is what the meter of "{name}" counted in the day'))
def value_is_counted(bench: Bench, name: str) -> None:
    """Compare it with the registers that the charger told."""
    counted, value = counts(bench.tap.crossings, name), _that_value(bench)
    wanted = counted_kwh(counted, bench.at("0:00"), bench.at("24:00"))
    assert wanted > 0, "nothing was counted, so nothing is compared"
    if not bench.decide_value(value, wanted, "W"):
        raise Disagreement(f"{UTILITY} holds {value.energy_kwh} {value.status}, not {wanted} W")


def _that_value(bench: Bench) -> Held:
    assert bench.single_value is not None
    return bench.single_value


def _shown_kwh(bench: Bench, name: str, at: datetime) -> Decimal:
    count = count_at(counts(bench.tap.crossings, name), at)
    if count is None:
        raise NothingArrived(f"{name} has told nothing of its meter")
    return rounded_kwh(count.wh)


@then(parsers.parse('when the day ends, EW Seedorf holds of "{name}"'))
def holds_at_the_end(bench: Bench, name: str, datatable: Table) -> None:
    """Compare what the importer holds of a meter, code by code."""
    _compare(bench, name, _held(bench, name), bench.at("24:00"), datatable)


@then(parsers.parse('when the next day ends, EW Seedorf holds of "{name}"'))
def holds_at_the_next_end(bench: Bench, name: str, datatable: Table) -> None:
    """Compare what the importer holds of a meter of the day after, code by code."""
    end = instant(bench.day + timedelta(days=1), "24:00")
    _compare(bench, name, _held(bench, name), end, datatable)


@then(parsers.parse('EW Seedorf holds of "{name}" at {time}'))
def holds_at(bench: Bench, name: str, time: str, datatable: Table) -> None:
    """Compare what the importer holds of the interval that ends then, code by code."""
    _compare(bench, name, _held(bench, name), bench.at(time), datatable)


@then(parsers.parse('when the day ends, the first file told of "{name}"'))
def first_told_at_the_end(bench: Bench, name: str, datatable: Table) -> None:
    """Compare what the first file told of a meter, code by code."""
    first = bench.utility.first().name
    told = bench.utility.told_by(first, bench.source(name).metering_code or "")
    _compare(bench, name, told, bench.at("24:00"), datatable)


def _compare(
    bench: Bench, name: str, held: Sequence[Held], end: datetime, datatable: Table
) -> None:
    bench.decide_files([one.file for one in held])
    found = {
        one.obis: ("" if one.energy_kwh is None else f"{one.energy_kwh:f}", one.status)
        for one in held
        if one.end == end
    }
    wanted = {
        row["OBIS"]: (row["value"], row["status"])
        for row in records(datatable, "OBIS", "value", "unit", "status")
    }
    for one in held:
        if one.end == end and one.obis in wanted:
            for place, shown, expected in zip(
                (one.place, one.status_place), found[one.obis], wanted[one.obis], strict=True
            ):
                bench.decide_cell(one.file, place, shown or "no value", expected or "no value")
    if found != wanted:
        raise Disagreement(f"{UTILITY} holds of {name} {found}, not {wanted}")


@then(
    parsers.parse(
        'pydifact reads of it the register of "{name}" at {time}, and counts its segments the same'
    )
)
def pydifact_reads_register(bench: Bench, name: str, time: str) -> None:
    """Have another parser read the file, and compare what it finds."""
    found = quantities_in(bench.utility.first().text())
    if [_shown_kwh(bench, name, bench.at(time))] != [one.value for one in found]:
        raise Disagreement(f"pydifact reads {[str(one.value) for one in found]}")


@then(
    parsers.parse(
        'pydifact reads of it the {count:d} values that "{name}" counted, '
        "and counts its segments the same"
    )
)
def pydifact_reads_profile(bench: Bench, count: int, name: str) -> None:
    """Have another parser read the file, and compare each value with the charger's register."""
    found, grid = quantities_in(bench.utility.first().text()), bench.grid(name)
    counted = counts(bench.tap.crossings, name)
    wanted = [counted_kwh(counted, start, end) for start, end in pairwise(grid)]
    assert count == len(found)
    assert sum(wanted) > 0, "nothing was counted, so nothing is compared"
    if wanted != [one.value for one in found]:
        raise Disagreement(f"pydifact reads {[str(one.value) for one in found]}, not {wanted}")
