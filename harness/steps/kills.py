"""Sentences about a backend in a process of its own, which is killed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from pytest_bdd import given, parsers, then, when

from backend.errors import Unreachable
from backend.ports import Arrival, Destination
from harness.bench import TASK, Bench
from harness.frames import REGISTER
from harness.process import BackendProcess
from harness.puppet import Puppet
from harness.toml_text import to_toml
from harness.utility import DROP_WIRES
from simulators.clock import VirtualClock
from simulators.errors import NotPossible
from simulators.wiretap import Crossing

REPORTING = "Dorfplatz"


class ClosedRoad:
    """A way to the utility that is closed."""

    async def deliver(self, destination: Destination, name: str, content: bytes) -> Arrival:
        """Refuse."""
        raise Unreachable("the road is closed", repr(destination), "open it")

    async def rest(self) -> None:
        """Have nothing to give back."""


@given("a backend in a process of its own, with a day to deliver")
def process_with_a_day(bench: Bench) -> None:
    """Live the day with the road to the utility closed, and leave the rest to a process."""
    bench.must_be_bundled("a kill at a chosen moment")
    bench.drop = ClosedRoad()
    bench.advance_to(bench.at("1:00", bench.day + timedelta(days=1)))
    bench.run(bench.backend.stop())
    bench.schedule = "now"  # the process lives today, and has no other day to deliver
    bench.in_real_time = True


@given("a backend in a process of its own")
def process(bench: Bench) -> None:
    """Set up the utility and the settings; the process starts when something happens."""
    bench.must_be_bundled("a kill at a chosen moment")
    bench.schedule = "now"
    bench.in_real_time = True
    bench.station(REPORTING).puppet = True
    bench.go()
    bench.run(bench.backend.stop())


@when(parsers.parse("it is killed {times:d} times while it delivers"))
def killed_while_delivering(bench: Bench, times: int) -> None:
    """Kill it at the first thing it does at the drop, then at the second, and so on."""
    bench.run(_deliver_through_kills(bench, times))
    bench.collect()


async def _deliver_through_kills(bench: Bench, times: int) -> None:
    settings = _settings_file(bench)
    for step in range(1, times + 1):
        await _watched(bench, settings, _nth_at_the_drop(step), BackendProcess.kill)
    await _watched(bench, settings, _is_last_look, BackendProcess.stop)


async def _watched(
    bench: Bench,
    settings: Path,
    is_moment: Callable[[Crossing], bool],
    end: Callable[[BackendProcess], None],
) -> None:
    """Run a process until something crosses the wire, and end it at that very moment."""
    moment = asyncio.Event()
    running: list[BackendProcess] = []

    def look(crossing: Crossing) -> None:
        if is_moment(crossing):
            moment.set()
            for process in running:
                end(process)

    bench.tap.listen(look)
    process = await BackendProcess.start(settings)
    running.append(process)
    if moment.is_set():
        end(process)
    async with asyncio.timeout(60):
        await moment.wait()
    await process.ended()
    bench.tap.unlisten(look)


def _nth_at_the_drop(number: int) -> Callable[[Crossing], bool]:
    seen = 0

    def is_moment(crossing: Crossing) -> bool:
        nonlocal seen
        seen += crossing.wire in DROP_WIRES
        return seen == number

    return is_moment


def _is_last_look(crossing: Crossing) -> bool:
    """Tell the size check under the final name, which ends a delivery."""
    return '"do":"stat"' in crossing.text and '.csv","size"' in crossing.text


@when(parsers.parse('it is killed {times:d} times while "{name}" reports its meter'))
def killed_while_reporting(bench: Bench, times: int, name: str) -> None:
    """Kill it between any two frames; the charger says again what was not confirmed."""
    bench.run(_report_through_kills(bench, times, name))
    bench.run(_export_what_is_stored(bench))
    bench.collect()


async def _report_through_kills(bench: Bench, times: int, name: str) -> None:
    chance = random.Random(f"{bench.seed} kills")
    boundaries = bench.grid(name)
    register_wh = 0
    waiting = []
    for boundary in boundaries:
        waiting.append((boundary, register_wh))
        register_wh += chance.randrange(6000)
    settings = _settings_file(bench)
    for kill in range(times + 1):
        frames = chance.randrange(10, 30) if kill < times else None
        waiting = await _report(bench, settings, name, waiting, frames)
    if waiting:
        raise NotPossible("report everything", name, "frames are left after the last start")


async def _report(
    bench: Bench,
    settings: Path,
    name: str,
    waiting: list[tuple[datetime, int]],
    frames: int | None,
) -> list[tuple[datetime, int]]:
    """Report until the process is killed after some frames, and give what was not confirmed."""
    process = await BackendProcess.start(settings)
    puppet = Puppet(name, bench.clock, bench.tap)
    count = 0

    def look(crossing: Crossing) -> None:
        nonlocal count
        count += crossing.wire == "ocpp1.6"
        if count == frames:
            process.kill()

    bench.tap.listen(look)
    try:
        await puppet.connect(process.addresses["ocpp"])
        while waiting:
            answer = await puppet.call("MeterValues", _meter_values(*waiting[0]))
            if answer[0] != 3:
                raise NotPossible("report its meter", name, f"the answer was {answer}")
            waiting = waiting[1:]
    except (NotPossible, OSError):
        if frames is None:
            raise
    bench.tap.unlisten(look)
    await puppet.close()
    process.stop()
    await process.ended()
    return waiting


def _meter_values(at: datetime, register_wh: int) -> dict[str, object]:
    sampled = {"value": str(register_wh), "measurand": REGISTER, "unit": "Wh"}
    return {
        "connectorId": 1,
        "meterValue": [{"timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}", "sampledValue": [sampled]}],
    }


async def _export_what_is_stored(bench: Bench) -> None:
    """Let a new backend, on the clock of the next day, export what the killed ones stored."""
    clock = VirtualClock(bench.at("1:00", bench.day + timedelta(days=1)))
    backend = bench.new_backend(clock)
    await backend.start()
    await backend.export_now(TASK, bench.day, bench.day)
    bench.exported_at = clock.now()
    await backend.stop()


def _settings_file(bench: Bench) -> Path:
    path = bench.folder / "settings.toml"
    path.write_text(to_toml(bench.settings()), encoding="utf-8")
    return path


@then(parsers.parse('EW Seedorf holds every quarter hour that "{name}" had confirmed'))
def holds_every_confirmed(bench: Bench, name: str) -> None:
    """Compare each interval with the registers of the confirmed frames; none may be a guess."""
    from harness.steps.export import each_interval_holds

    each_interval_holds(bench, name)
    held = bench.utility.held(bench.station(name).metering_code or "")
    assert {value.status for value in held} == {"W"}
    assert sum(value.energy_kwh or 0 for value in held) > 0
