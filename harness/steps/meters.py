"""Sentences about meters that are no chargers, and about those that stand in front of one."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any
from urllib.parse import quote

from pytest_bdd import given, parsers, then, when

from harness.bench import UTILITY, Bench
from harness.console import BACKEND, HTTP_WIRE, Console
from harness.errors import Disagreement, NothingArrived
from harness.frames import counted_kwh, counts
from harness.local_time import ZURICH
from harness.sending_meter import meter_counts, reading
from harness.steps import compare_values, records
from harness.utility import Held

Table = list[list[str]]


# ---------------------------------------------------------------------- what is declared


@given(parsers.parse('the meter "{name}" is in service'))
def meter_is_in_service(bench: Bench, name: str) -> None:
    """Let the backend know a meter, activated for IS-E."""
    bench.sources.declare_meter(name)


@given(parsers.parse('the meter "{name}" sends its register'))
def meter_sends(bench: Bench, name: str, datatable: Table) -> None:
    """Let a meter send its register over HTTP, at local times of the day."""
    bench.sources.declare_meter(name)
    for row in records(datatable, "time", "kWh"):
        readings = [reading(bench.at(row["time"]), row["kWh"])]

        async def send(bench: Bench, readings: list[dict[str, str]] = readings) -> None:
            await bench.meters[name].send(readings)

        bench.plan(bench.at(row["time"]), send)


@given(parsers.parse('the meter "{name}" sends all of it again at {time}'))
def meter_sends_again(bench: Bench, name: str, time: str) -> None:
    """Let a meter send all that it has sent once more, in one request."""

    async def send(bench: Bench) -> None:
        await bench.meters[name].send(list(bench.meters[name].sent))

    bench.plan(bench.at(time), send)


@given(
    parsers.parse(
        'the meter "{meter}" stands in front of "{name}" and counts {percent:d} % {more_or_less}'
    )
)
def stands_in_front(bench: Bench, meter: str, name: str, percent: int, more_or_less: str) -> None:
    """Let a meter send, each quarter hour, a charger's true register and a share more or less."""
    declared = bench.sources.declare_meter(meter)
    declared.in_front_of = bench.station(name).name
    sign = {"more": 1, "less": -1}[more_or_less]
    declared.factor = 1 + sign * Fraction(percent, 100)


@given(parsers.parse('the meter in front of "{name}" is the one that counts'))
def meter_counts_in_front(bench: Bench, name: str) -> None:
    """Let the files have what the meter counts, and not the charger."""
    (meter,) = (one for one in bench.sources.meters.values() if one.in_front_of == name)
    meter.counts = True


@given(parsers.parse('the meter "{name}" sends nothing after {time}'))
def meter_sends_nothing_after(bench: Bench, name: str, time: str) -> None:
    """Let a meter fall silent for the rest of the scenario."""
    bench.sources.meters[name].silent_after = bench.at(time)


@when(parsers.parse('"{meter}" has the metering code of "{name}"'))
def has_the_code_of(bench: Bench, meter: str, name: str) -> None:
    """Offer the backend settings with one metering code for a meter and a charger."""
    bench.sources.meters[meter].metering_code = bench.station(name).metering_code or ""


# ---------------------------------------------------------------------- what is seen


@then(parsers.parse('"{name}" was told that {count:d} of its registers were new'))
def was_told_new(bench: Bench, name: str, count: int) -> None:
    """Add up what the answers to a meter's requests say."""
    answers = [
        one
        for one in bench.tap.crossings
        if one.wire == HTTP_WIRE and (one.sender, one.receiver) == (BACKEND, name)
    ]
    bench.decide(answers)
    told = sum(json.loads(one.text.partition(" ")[2])["new"] for one in answers)
    if told != count:
        raise Disagreement(f"{name} was told that {told} of its registers were new")


@then(parsers.parse('each interval of "{name}" holds what "{meter}" counted in it'))
def each_interval_holds_of_meter(bench: Bench, name: str, meter: str) -> None:
    """Compare each delivered energy of a metering point with the registers that a meter sent."""
    held = bench.utility.held(bench.source(name).metering_code or "")
    bench.decide_files([value.file for value in held])
    counted = meter_counts(bench.tap.crossings, meter)
    bench.decide(one.crossing for one in counted)
    if not held:
        raise NothingArrived(f"{UTILITY} holds nothing of {name}")

    def differs(value: Held, energy: Decimal | None, _: str | None) -> str:
        until = value.end.astimezone(ZURICH)
        return (
            f"{name} until {until:%H:%M}: {value.energy_kwh} kWh arrived, {energy} kWh "
            f"were counted by {meter}"
        )

    compare_values(
        bench,
        [(value, counted_kwh(counted, value.start, value.end), None) for value in held],
        differs,
    )


@then(parsers.parse('the backend warns of "{name}" once, with the sums that both have counted'))
def warns_once(bench: Bench, name: str) -> None:
    """Compare what the API tells of a charger and the meter in front of it with the wire."""
    (meter,) = (one for one in bench.sources.meters.values() if one.in_front_of == name)
    of_charger = counts(bench.tap.crossings, name)
    of_meter = meter_counts(bench.tap.crossings, meter.name)
    compared, sums = 0, {"charger_kwh": Decimal(0), "meter_kwh": Decimal(0)}
    for start, end in pairwise(bench.grid(name)):
        if of_meter[0].at <= start and end <= of_meter[-1].at:
            compared += 1
            sums["charger_kwh"] += counted_kwh(of_charger, start, end)
            sums["meter_kwh"] += counted_kwh(of_meter, start, end)
    wanted = {
        "day": bench.day.isoformat(),
        "meter": meter.name,
        "compared": compared,
        "left_out": len(bench.grid(name)) - 1 - compared,
        "settled_at": None,
        **{key: f"{value:f}" for key, value in sums.items()},
    }
    told = _differences(bench, name)
    if len(told) != 1:
        raise Disagreement(f"the backend warns of {name} {len(told)} times")
    said = {key: told[0][key] for key in wanted}
    if said != wanted:
        raise Disagreement(f"the backend warns of {name} by {said}, not by {wanted}")


@then("the backend warns of nothing")
def warns_of_nothing(bench: Bench) -> None:
    """Look for differences of any charger in the API."""
    for name in bench.stations:
        if told := _differences(bench, name):
            raise Disagreement(f"the backend warns of {name}: {told}")


@then(parsers.parse('the page of "{name}" shows that warning'))
def page_shows(bench: Bench, name: str) -> None:
    """Look for both sums on the charger's page."""
    (told,) = _differences(bench, name)
    page = bench.run(_console(bench).read_page(f"/stations/{quote(name, safe='')}"))
    bench.decide(bench.tap.crossings[-2:])
    for sum_kwh in (told["charger_kwh"], told["meter_kwh"]):
        if f"{sum_kwh} kWh" not in page:
            raise Disagreement(f"the page of {name} does not show {sum_kwh} kWh")


def _console(bench: Bench) -> Console:
    return Console(bench.backend.web_address, bench.tap)


def _differences(bench: Bench, name: str) -> list[dict[str, Any]]:
    path = f"/api/stations/{quote(name, safe='')}/differences"
    told: list[dict[str, Any]] = json.loads(bench.run(_console(bench).read_api(path)))
    bench.decide(bench.tap.crossings[-2:])
    return told
