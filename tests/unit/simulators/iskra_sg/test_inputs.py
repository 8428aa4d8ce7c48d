"""The pulse counter and the Pt1000 input."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from simulators.iskra_sg.inputs import Inputs, PulseSource
from simulators.iskra_sg.loads import Daily, Fed, Flow

START = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)


def after(minutes: float) -> datetime:
    """Give an instant after the start."""
    return START + timedelta(minutes=minutes)


def test_pulses_come_from_a_loads_energy() -> None:
    """A kilowatt hour gives as many pulses as its sender sends, whenever it is looked at."""
    inputs = Inputs(source=PulseSource(Fed(Flow.of_watts([600, 300, 100])), START, 500))
    for minutes in range(1, 121):
        inputs.advance(after(minutes), is_enabled=True)

    assert 1_000 == inputs.pulses
    assert (2_000, 1_000) == (inputs.energy_wh(500), inputs.energy_wh(1_000))


def test_a_load_that_changes_is_followed() -> None:
    """Each stretch of it counts, and what is fed back does not count down."""
    steps = ((time(0), Flow.of_watts([1_000, 0, 0])), (time(7), Flow.of_watts([-5_000, 0, 0])))
    inputs = Inputs(source=PulseSource(Daily(steps, UTC), START))
    inputs.advance(after(180), is_enabled=True)

    assert 1_000 == inputs.pulses


def test_what_is_not_enabled_is_not_looked_at() -> None:
    """Pulses before that are lost; without a source there are none."""
    inputs = Inputs(source=PulseSource(Fed(Flow.of_watts([1_000, 0, 0])), START))
    inputs.advance(after(60), is_enabled=False)
    inputs.advance(after(90), is_enabled=True)
    assert 500 == inputs.pulses

    alone = Inputs()
    alone.advance(after(60), is_enabled=True)
    assert 0 == alone.pulses
