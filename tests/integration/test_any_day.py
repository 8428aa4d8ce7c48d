"""
Any day of a charger at the backend: verbs, commands, faults and cuts at random, in simulated time.

Whatever happened, each transaction is a session of the backend with the very registers that the
charger told, and the quarter hours that the utility holds sum to what the meter counted.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.unmeasured import unmeasured

from backend.errors import BackendError
from harness.bench import Bench
from harness.frames import calls_of
from harness.steps.export import day_is_exported
from simulators.charger_inch import Car, ChargerInch
from simulators.charger_inch.habits import LockFails
from simulators.errors import NotPossible

NAME = "Dorfplatz"
PEOPLE = ("Anna", "Bert")
BEGIN, END = "6:00", "20:00"
MINUTES = 14 * 60

Act = Callable[[Bench], Awaitable[object]]


def charge(person: str, car: Car) -> Act:
    """Plug in and show a card."""

    async def act(bench: Bench) -> None:
        charger = bench.charger(NAME)
        with contextlib.suppress(NotPossible):
            await charger.plug_in(car)
        await charger.show_card(bench.card_of(person))

    return act


def verb(name: str, *arguments: Any) -> Act:
    """Use one of the charger's verbs."""
    return lambda bench: getattr(bench.charger(NAME), name)(*arguments)


def command(name: str, *arguments: Any) -> Act:
    """Send one of the backend's commands."""
    return lambda bench: getattr(bench.backend.commands, name)(NAME, *arguments)


def remote_start(person: str) -> Act:
    """Ask for a session of somebody's card."""

    async def act(bench: Bench) -> object:
        id_tag = bench.card_of(person).uid[::-1].hex().upper()
        return await bench.backend.commands.remote_start(NAME, id_tag)

    return act


async def remote_stop_of_what_runs(bench: Bench) -> None:
    """Ask for the end of the session that runs."""
    running = bench.charger(NAME).transaction
    if running is not None and running.number is not None:
        await bench.backend.commands.remote_stop(NAME, running.number)


def lock_fails(seconds: int) -> Act:
    """Let the lock stand still for a while."""

    async def act(bench: Bench) -> None:
        charger = bench.charger(NAME)
        await charger.switch_on(LockFails())

        async def mend() -> None:
            await charger.switch_off(LockFails)

        bench.clock.call_at(bench.clock.now() + timedelta(seconds=seconds), mend)

    return act


def profile(limit: float) -> dict[str, Any]:
    """Give a TxDefaultProfile that pauses or throttles after some minutes."""
    return {
        "chargingProfileId": 1,
        "stackLevel": 1,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [
                {"startPeriod": 0, "limit": 32.0},
                {"startPeriod": 1_000, "limit": limit},
            ],
        },
    }


CARS = st.builds(
    Car,
    phases=st.integers(1, 3),
    max_current_a=st.integers(6, 32),
    battery_wh=st.just(60_000),
    charge_wh=st.integers(0, 59_999),
)
ACTS = st.one_of(
    st.builds(charge, st.sampled_from(PEOPLE), CARS),
    st.builds(charge, st.sampled_from(PEOPLE), CARS),
    st.sampled_from(["unplug", "unplug_car", "pull_cable", "mend"]).map(verb),
    st.sampled_from(["cut_line", "restore_line", "restore_line"]).map(verb),
    st.sampled_from(["cut_power", "restore_power", "restore_power"]).map(verb),
    st.sampled_from(["GroundFailure", "WeakSignal"]).map(lambda code: verb("break_down", code)),
    st.builds(lock_fails, st.integers(1, 3_600)),
    st.builds(remote_start, st.sampled_from(PEOPLE)),
    st.integers(1, 5).map(lambda number: command("remote_stop", number)),
    st.sampled_from(["Soft", "Hard"]).map(lambda kind: command("reset", kind)),
    st.just(command("unlock_connector", 1)),
    st.sampled_from(["Operative", "Operative", "Inoperative"]).map(
        lambda kind: command("change_availability", 1, kind)
    ),
    st.sampled_from([0.0, 6.0, 16.3]).map(
        lambda limit: command("set_charging_profile", 1, profile(limit))
    ),
    st.just(command("clear_charging_profile")),
    st.just(command("clear_cache")),
    st.just(command("send_local_list")),
    st.sampled_from(["MeterValues", "StatusNotification", "Heartbeat"]).map(
        lambda message: command("trigger_message", message)
    ),
    st.sampled_from(["0", "60", "613"]).map(
        lambda value: command("change_configuration", "MeterValueSampleInterval", value)
    ),
    st.sampled_from(["true", "false"]).map(
        lambda value: command("change_configuration", "StopTransactionOnEVSideDisconnect", value)
    ),
)
DAYS = st.lists(
    st.tuples(st.integers(0, MINUTES * 60 - 1), ACTS),
    min_size=4,
    max_size=40,
    # No two at one second: nobody begins, ends and begins anew within a millisecond, and a backend
    # would take the second begin for the first, come twice.
    unique_by=lambda planned: planned[0],
)


async def as_far_as_possible(bench: Bench, act: Act) -> None:
    """Do what the hardware lets happen and the charger does not refuse."""
    with contextlib.suppress(NotPossible, BackendError):
        await act(bench)


def lived(bench: Bench, plan: list[tuple[int, Act]]) -> ChargerInch:
    """Live the day, and end it with everything mended and one more session."""
    station = bench.declare_station(NAME)
    station.configuration["MeterValueSampleInterval"] = "300"
    for person in PEOPLE:
        bench.card_of(person)
    bench.plan_session(NAME, "Anna", bench.at("5:00"), bench.at("5:10"))
    begin = bench.at(BEGIN)
    for second, act in sorted(plan, key=lambda one: one[0]):

        async def now(bench: Bench, act: Act = act) -> None:
            await as_far_as_possible(bench, act)

        bench.plan(begin + timedelta(seconds=second), now)
    bench.advance_to(bench.at(END))
    for act in (
        verb("restore_power"),
        verb("restore_line"),
        verb("mend"),
        command("change_availability", 0, "Operative"),
        command("clear_charging_profile"),
        command("change_configuration", "StopTransactionOnEVSideDisconnect", "true"),
        verb("switch_off", LockFails),
        verb("mend"),
        remote_stop_of_what_runs,
        verb("unplug"),
        verb("pull_cable"),
    ):
        bench.run(as_far_as_possible(bench, act))
        bench.advance_to(bench.clock.now() + timedelta(minutes=10))
    bench.run(charge("Anna", Car())(bench))
    bench.advance_to(bench.at("22:45"))
    bench.run(as_far_as_possible(bench, verb("unplug")))
    day_is_exported(bench)
    return bench.charger(NAME)


def must_be_whole(plan: list[tuple[int, Act]]) -> None:
    """Live a day, and compare both ends."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(1, Path(folder))
        try:
            charger = lived(bench, plan)
            compare(bench, charger)
        finally:
            bench.close()


def compare(bench: Bench, charger: ChargerInch) -> None:
    """Hold the backend's sessions and the utility's values against what the charger told."""
    calls = calls_of(bench.tap.crossings, NAME)
    starts = [call for call in calls if call.action == "StartTransaction"]
    stops = [call for call in calls if call.action == "StopTransaction"]
    assert charger.transaction is None
    assert (charger.queued, charger.dropped) == (0, 0)
    assert all(call.confirmed for call in (starts + stops)[-1:])
    told = {call.payload["timestamp"]: call.payload["meterStart"] for call in starts}
    ended = {call.payload["transactionId"]: call.payload["meterStop"] for call in stops}
    sessions = bench.run(bench.backend.sessions(NAME))
    assert len(sessions) == len(told) == len(ended)
    for session in sessions:
        stamp = session.started.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        assert told[stamp] == session.meter_start_wh
        assert ended[session.id] == session.meter_stop_wh
    held = bench.utility.held(bench.station(NAME).metering_code or "")
    assert [value.status for value in held if value.status == "F"] == []
    wh = Decimal(charger.register_wh.numerator) / charger.register_wh.denominator
    counted = (wh / 1_000).quantize(Decimal("0.001"), ROUND_HALF_UP)
    assert sum((value.energy_kwh or Decimal(0) for value in held), Decimal(0)) == counted
    assert all((value.energy_kwh or 0) >= 0 for value in held)
    statuses = [
        call.payload["status"]
        for call in calls
        if call.action == "StatusNotification" and call.payload["connectorId"] == 1
    ]
    assert statuses[-1] == "Available"


@unmeasured
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
@given(DAYS)
def test_any_day_is_billed_to_the_last_watt_hour(plan: list[tuple[int, Act]]) -> None:
    """Sessions, registers and delivered energies agree, whatever happened."""
    must_be_whole(plan)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@settings(
    max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
@given(DAYS)
def test_any_of_a_thousand_days(plan: list[tuple[int, Act]]) -> None:
    """The same for many more days, which take longer than CI allows."""
    must_be_whole(plan)
