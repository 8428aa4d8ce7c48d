"""An energy meter."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.iskra_sg.bicoms import Bicom
from simulators.iskra_sg.line import BAUD_RATES, PARITIES, LineSettings
from simulators.iskra_sg.loads import FJ_PER_WH, Fed, Flow, Switched
from simulators.iskra_sg.local_clock import LocalClock
from simulators.iskra_sg.meters import Meter, Powers, Supply
from simulators.iskra_sg.models import MODELS, Family

START = datetime(2026, 3, 28, 23, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def meter_of(model: str, *loads: Fed, **others: object) -> Meter:
    """Make a meter with a clock that is right."""
    clock = LocalClock(START)
    return Meter(MODELS[model], "W1", 33, clock, START, loads, **others)  # type: ignore[arg-type]


def with_flow(*watts: int, model: str = "WM3-6", vars_: tuple[int, int, int] = (0, 0, 0)) -> Meter:
    """Make a meter behind which this flows."""
    return meter_of(model, Fed(Flow.of_watts(watts, vars_)))


CHANGES = st.lists(
    st.tuples(st.integers(1, 3 * 3_600 * 10**6), *[st.integers(-30_000, 30_000)] * 6), max_size=8
)
"""After how many µs another flow begins: watts of the phases, and vars."""


@given(CHANGES, st.sampled_from(["WM3-6", "IE38MD", "WM1-6", "MC784"]), st.integers(-300, 300))
def test_counters_profile_and_powers_agree(
    changes: list[tuple[int, ...]], model: str, drift_ppm: int
) -> None:
    """Counters are the exact integral of the measured powers, and the profile is theirs."""
    load = Fed()
    meter, seldom = meter_of(model, load), meter_of(model, load)
    counters = (meter.non_resettable or meter.resettable)[:2]
    for one in (meter, seldom):
        one.clock.drift(drift_ppm, START)
    expected_fj, at, shown = 0, START, [(0, 0)]
    for after_us, *powers in changes:
        expected_fj += meter.measurements().total.active_mw * 10**6 * after_us
        at += timedelta(microseconds=after_us)
        while (mark := meter.clock.next_mark(meter.at, QUARTER)) <= at:
            meter.advance(mark)
            shown.append((counters[0].counted_fj // FJ_PER_WH, counters[1].counted_fj // FJ_PER_WH))
        meter.advance(at)
        seldom.advance(at)
        load.now = Flow.of_watts(powers[:3], powers[3:])

    assert expected_fj == counters[0].counted_fj - counters[1].counted_fj
    # However often somebody looks in between.
    assert [one.counted_fj for one in meter.counters] == [one.counted_fj for one in seldom.counters]
    assert list(meter.profile) == list(seldom.profile)
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(shown)]
    assert steps == [(row.import_wh[0], row.export_wh[0]) for row in meter.profile]


@given(*[st.integers(-(10**15), 10**15)] * 2)
def test_powers_agree(active_nw: int, reactive_nvar: int) -> None:
    """Apparent power, factor and angle are those of the two powers."""
    powers = Powers.of(active_nw, reactive_nvar)

    apparent = math.hypot(active_nw, reactive_nvar)
    assert powers.apparent_mva == pytest.approx(apparent / 1e6, abs=0.51)
    if apparent > 10**6:
        assert powers.factor_e4 == pytest.approx(abs(active_nw) / apparent * 10_000, abs=0.52)
        angle = math.degrees(math.atan2(reactive_nvar, active_nw))
        assert powers.angle_cdeg == pytest.approx(angle * 100, abs=0.51)
    assert powers.is_capacitive == (powers.reactive_mvar < 0)
    assert 0 <= powers.factor_e4 <= 10_000


def test_halves_go_away_from_zero() -> None:
    """Half a milliwatt is one, on both sides of zero."""
    assert (1, -1) == (Powers.of(500_000, 0).active_mw, Powers.of(-500_000, 0).active_mw)


def test_nothing_flows() -> None:
    """Where nothing flows the factor is one, the angle none."""
    assert Powers(0, 0, 0, 10_000, 0) == Powers.of(0, 0)


def test_currents() -> None:
    """A current is the apparent power at the phase's voltage; a dead phase carries none."""
    supply = Supply((230_000, 230_000, 0), 49_990, 3_040)
    flow = Flow.of_watts((3_000, -2_300, 100), (4_000, 0, 0))
    measured = meter_of("WM3-6", Fed(flow), supply=supply).measurements()

    assert [21_739, 10_000, 0] == [phase.current_ma for phase in measured.phases]
    assert (49_990, 3_040) == (measured.frequency_mhz, measured.temperature_cdeg)
    assert 800_000 == measured.total.active_mw


def test_a_meter_of_one_phase() -> None:
    """A meter of one phase measures and counts the first alone."""
    meter = with_flow(100, 2_000, 3_000, model="WM1-6")
    meter.advance(START + 4 * QUARTER)

    assert 1 == len(meter.measurements().phases)
    assert 100_000 == meter.measurements().total.active_mw
    assert 100 == meter.resettable[0].shown


def test_begin_at() -> None:
    """What was counted before is in the enabled counters of all tariffs, and in no row."""
    meter = with_flow(400, 0, 0, model="IE38MD")
    meter.begin_at(20_249_500, 700)
    meter.advance(START + QUARTER)

    assert [20_249_600, 700, 0, 0] == [one.shown for one in meter.non_resettable]
    # Figure 30: all tariffs, tariff 1, tariff 2, and four that are disabled.
    first = [meter.resettable[n].shown for n in range(0, 16, 4)]
    assert [20_249_600, 100, 0, 0] == first
    assert [100] == [row.import_wh[0] for row in meter.profile]


def test_tariffs_of_a_meter() -> None:
    """Each tariff has counters of its own; together they are those of all tariffs."""
    meter = with_flow(400, 0, 0, model="IE38MD")
    meter.advance(START + QUARTER)
    meter.tariff = 2
    meter.advance(START + 3 * QUARTER)

    assert [300, 100, 200] == [meter.resettable[n].shown for n in (0, 4, 8)]


def test_no_power() -> None:
    """Without power nothing is counted, and the rows are lost, the counters are not."""
    meter = with_flow(4_000, 0, 0)
    meter.advance(START + 2 * QUARTER + timedelta(minutes=3))
    meter.fail()
    assert [] == list(meter.profile)
    assert Flow() == meter.flow()

    meter.advance(START + 7 * QUARTER - timedelta(minutes=6))
    meter.restore()
    meter.advance(START + 7 * QUARTER)

    assert 2_600 == meter.non_resettable[0].shown  # 33 and 6 minutes
    # What was counted before the cut belongs to a quarter that has gone, not to this one.
    assert [(START + 7 * QUARTER, 400)] == [(row.end, row.import_wh[0]) for row in meter.profile]


def test_a_short_cut() -> None:
    """After a cut within a quarter its value is what flowed in it since then."""
    meter = with_flow(4_000, 0, 0)
    meter.advance(START + timedelta(minutes=6))
    meter.fail()
    meter.advance(START + timedelta(minutes=9))
    meter.restore()
    meter.advance(START + QUARTER)

    assert [400] == [row.import_wh[0] for row in meter.profile]


def test_a_clock_that_is_ahead() -> None:
    """A row ends when the meter's own clock shows a quarter, and bears that."""
    meter = with_flow(4_000, 0, 0)
    meter.clock.set_to(START + timedelta(minutes=5), START)
    meter.advance(START + QUARTER)

    (row,) = meter.profile
    assert (START + QUARTER, 666) == (row.end, row.import_wh[0])
    assert meter.clock.was_set


def test_several_loads() -> None:
    """Loads behind a meter add up, and one that is switched off is not there."""
    boiler = Switched(Fed(Flow.of_watts((2_000, 2_000, 2_000))))
    meter = meter_of("WM3-6", Fed(Flow.of_watts((100, 0, 0))), boiler)  # type: ignore[arg-type]
    assert 6_100_000 == meter.measurements().total.active_mw

    boiler.is_on = False

    assert 100_000 == meter.measurements().total.active_mw


def test_only_meters_are_meters() -> None:
    """A switch is no meter, and a meter no switch."""
    with pytest.raises(ValueError, match="BI432 is no meter"):
        meter_of("BI432")
    with pytest.raises(ValueError, match="WM3-6 is no Bicom"):
        Bicom(MODELS["WM3-6"], "B1", 40)


def test_models() -> None:
    """A model's name fits its registers; all but Bicoms measure, on one phase or three."""
    for name, model in MODELS.items():
        assert name == model.name
        assert len(name) <= 16
        assert model.is_meter == (model.family is not Family.BICOM)
        assert model.phases in ((1, 3) if model.is_meter else (0,))
        if model.is_meter:
            meter = meter_of(name)
            assert model.non_resettable == len(meter.non_resettable)
            assert model.resettable == len(meter.resettable)


# ---------------------------------------------------------------- switches and lines


def test_a_switch_moves() -> None:
    """A switch carries its loads along, counts its moves, and stays where it is put."""
    load = Switched(Fed())
    bicom = Bicom(MODELS["BI432"], "B1", 40, [load])
    assert (False, False) == (bicom.is_on, load.is_on)

    for wanted in (True, True, False, True):
        bicom.switch(wanted)

    assert (True, True, 3) == (bicom.is_on, load.is_on, bicom.switched)


@pytest.mark.parametrize(
    ("others", "why"),
    [
        ({"baud_rate": 300}, "the speed is one of"),
        ({"parity": "mark"}, "the parity is one of"),
        ({"stop_bits": 3}, "1 or 2 stop bits, not 3"),
    ],
    ids=["speed", "parity", "stop bits"],
)
def test_lines_that_cannot_be(others: dict[str, object], why: str) -> None:
    """A port cannot be set to what it has not, and says what it has."""
    with pytest.raises(ValueError, match=why):
        LineSettings(**others)  # type: ignore[arg-type]


def test_lines_that_can_be() -> None:
    """Every speed, parity and number of stop bits of the manual can be set."""
    lines = {LineSettings(r, p, s) for r in BAUD_RATES for p in PARITIES for s in (1, 2)}

    assert len(BAUD_RATES) * len(PARITIES) * 2 == len(lines)
    assert LineSettings() in lines
