"""Sentences about meters and what chargers say of them."""

from __future__ import annotations

import itertools
from datetime import datetime
from decimal import Decimal

from pytest_bdd import given, parsers, then

from harness.bench import Bench
from harness.frames import REGISTER, calls_of, samples
from harness.local_time import utc_instant
from harness.steps import records

Table = list[list[str]]


@given(parsers.parse('the meter of "{name}" reads'))
def meter_reads(bench: Bench, name: str, datatable: Table) -> None:
    """Let a puppet report registers at local times of the day."""
    for row in records(datatable, "time", "kWh"):
        _plan_register(bench, name, bench.at(row["time"]), row["kWh"])


@given(parsers.parse('the meter of "{name}" reads in UTC'))
def meter_reads_in_utc(bench: Bench, name: str, datatable: Table) -> None:
    """Let a puppet report registers at UTC times of the day."""
    for row in records(datatable, "time", "kWh"):
        _plan_register(bench, name, utc_instant(bench.day, row["time"]), row["kWh"])


def _plan_register(bench: Bench, name: str, at: datetime, kwh: str) -> None:
    bench.station(name).puppet = True
    payload = {
        "connectorId": 1,
        "meterValue": [
            {
                "timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                "sampledValue": [{"value": kwh, "measurand": REGISTER, "unit": "kWh"}],
            }
        ],
    }

    async def report(bench: Bench) -> None:
        await bench.puppets[name].call("MeterValues", payload)

    bench.plan(at, report)


@given(parsers.parse('"{name}" says at {time}'))
def says(bench: Bench, name: str, time: str, docstring: str) -> None:
    """Let a puppet send a frame as it stands in the scenario."""
    bench.station(name).puppet = True

    async def say(bench: Bench) -> None:
        await bench.puppets[name].say(docstring)

    bench.plan(bench.at(time), say)


@given(parsers.parse('the interval of "{name}" is {minutes:d} minutes'))
def interval_is(bench: Bench, name: str, minutes: int) -> None:
    """Set the interval of a charger's activation."""
    bench.station(name).interval_minutes = minutes


@given(parsers.parse('"{name}" is to sample every {minutes:d} minutes'))
def samples_every(bench: Bench, name: str, minutes: int) -> None:
    """Let the backend set the interval of sampled values and switch aligned ones off."""
    bench.station(name).configuration |= {
        "MeterValueSampleInterval": str(minutes * 60),
        "ClockAlignedDataInterval": "0",
    }


@then(parsers.parse('the sampled values of "{name}" are {seconds:d} seconds apart and hold'))
def sampled_values_hold(bench: Bench, name: str, seconds: int, datatable: Table) -> None:
    """Compare time, measurands, phases and units of all periodic samples on the wire."""
    periodic = [s for s in samples(bench.tap.crossings, name) if s.context == "Sample.Periodic"]
    bench.decide([sample.crossing for sample in periodic])
    times = sorted({sample.at for sample in periodic})
    assert len(times) > 2, f"{name} has sampled {len(times)} times only"
    gaps = {(b - a).total_seconds() for a, b in itertools.pairwise(times)}
    assert gaps == {seconds}
    wanted = {
        (row["measurand"], phase, row["unit"])
        for row in records(datatable, "measurand", "phases", "unit")
        for phase in row["phases"].split() or [""]
    }
    for time in times:
        said = {(s.measurand, s.phase, s.unit) for s in periodic if s.at == time}
        assert said == wanted
    assert all(Decimal(sample.value) >= 0 for sample in periodic)


@then(parsers.parse('every frame of "{name}" was confirmed'))
def every_frame_confirmed(bench: Bench, name: str) -> None:
    """Look for a CALLRESULT to each CALL of a charger."""
    sent = calls_of(bench.tap.crossings, name)
    bench.decide([call.crossing for call in sent if call.action != "Heartbeat"])
    bench.decide([call.answer for call in sent if call.answer and call.action != "Heartbeat"])
    refused = [call.crossing.text for call in sent if not call.confirmed]
    assert sent, f"{name} has said nothing"
    assert not refused, f"not confirmed: {refused}"
