"""When links push, and how pauses grow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from simulators.clock import VirtualClock
from simulators.faults import Faults
from simulators.iskra_sg.device import Gateway
from simulators.iskra_sg.push_times import PushTimes, pause
from simulators.iskra_sg.settings import changed
from simulators.iskra_sg.site import Site

AT = datetime(2026, 6, 1, 10, 7, tzinfo=UTC)


def gateway(**more: object) -> Gateway:
    """Make a gateway that pushes a meter each quarter hour and a switch each minute."""
    site = {
        "settings": {"time": {"ntp": False}},
        "device": [
            {
                "port": "left-ir",
                "model": "WM3M4C",
                "serial": "W1",
                "link_1": {"enabled": True, "interval_s": 900},
            },
            {
                "port": "right-ir",
                "model": "IR Bicom",
                "serial": "B0",
                "link_1": {"enabled": True, "interval_s": 60},
            },
        ],
        **more,
    }
    return Site.from_mapping(site).build(AT, Faults(VirtualClock(AT)))


@pytest.mark.parametrize(
    ("failures", "first_s", "pause_s"),
    [(1, 1, 1), (2, 1, 2), (4, 1, 8), (9, 1, 256), (10, 1, 300), (1_000, 1, 300), (3, 10, 40)],
)
def test_pauses_double_up_to_a_limit(failures: int, first_s: int, pause_s: int) -> None:
    """Five minutes is the longest."""
    assert timedelta(seconds=pause_s) == pause(failures, timedelta(seconds=first_s))


def test_devices_are_due_at_multiples_of_their_intervals() -> None:
    """Each at its own, in the order of the places."""
    one, times = gateway(), PushTimes(1)
    due = []
    for _ in range(9):
        instant = times.arm(one)
        assert instant is not None
        one.advance(instant)
        due.append((instant, [place.interface for place in times.due(one)]))

    expected = [(AT + timedelta(minutes=n), ["Right IR"]) for n in range(1, 10)]
    expected[7] = (AT + timedelta(minutes=8), ["Left IR", "Right IR"])
    assert expected == due


def test_nothing_is_due_where_nothing_is_pushed() -> None:
    """Neither over the other link, nor of a place that is not in use."""
    one = gateway()
    one.settings = changed(
        one.settings, {"left_ir": {"kind": "disabled"}, "right_ir": {"kind": "disabled"}}
    )

    assert PushTimes(1).arm(one) is None
    assert PushTimes(2).arm(gateway()) is None


def test_a_clock_that_is_set_moves_what_is_due() -> None:
    """Set forward it makes a device due at once, set back it makes it wait."""
    one, times = gateway(), PushTimes(1)
    one.settings = changed(one.settings, {"right_ir": {"kind": "disabled"}})
    instant = times.arm(one)
    assert instant == AT + timedelta(minutes=8)

    one.clock.set_to(AT - timedelta(minutes=1), AT)
    one.advance(instant)
    assert [] == times.due(one)
    again = times.arm(one)
    assert again == AT + timedelta(minutes=9)
    one.clock.set_to(AT + timedelta(minutes=20), one.at)
    assert ["Left IR"] == [place.interface for place in times.due(one)]


def test_a_synchronisation_is_an_instant_to_look_again() -> None:
    """When NTP sets the clock, what is due next is another instant."""
    one = gateway(
        settings={"time": {"ntp": True, "synchronization_h": 1}}, gateway={"clock_drift_ppm": 100}
    )
    one.settings = changed(one.settings, {"right_ir": {"kind": "disabled"}})
    times, instants = PushTimes(1), []
    for _ in range(6):
        instant = times.arm(one)
        assert instant is not None
        one.advance(instant)
        instants.append((instant, len(times.due(one))))

    assert (AT + timedelta(hours=1), 0) in instants
    assert 5 == sum(count for _, count in instants)
