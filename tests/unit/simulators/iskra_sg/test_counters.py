"""Energy counters and load profiles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import isqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.iskra_sg.counters import (
    PROFILE_ROWS,
    ROLL_OVER_STEPS,
    Counter,
    Direction,
    LoadProfile,
    Unit,
    four,
)
from simulators.iskra_sg.loads import FJ_PER_WH, Flow

HOUR = timedelta(hours=1)
IMPORT, EXPORT = Direction.IMPORT, Direction.EXPORT
SPANS = st.lists(
    st.tuples(
        st.tuples(*[st.integers(-(10**15), 10**15)] * 3),
        st.tuples(*[st.integers(-(10**15), 10**15)] * 3),
        st.integers(1, 10**11),
    ),
    max_size=6,
)
"""Flows in nW and nvar with how long each lasts, in µs."""


def counted_wh(counter: Counter) -> Fraction:
    """Tell what a counter has counted, exactly."""
    return Fraction(counter.counted_fj, FJ_PER_WH)


@given(SPANS, st.integers(0, 3))
def test_import_less_export_is_the_integral(
    spans: list[tuple[tuple[int, int, int], tuple[int, int, int], int]], phase: int
) -> None:
    """Of active and of reactive energy, import less export is exactly power times time."""
    counters = {(unit, way): Counter(unit, way, phase) for unit in Unit for way in Direction}
    expected = dict.fromkeys(Unit, 0)
    for active, reactive, lasting_us in spans:
        flow = Flow(active, reactive)
        for counter in counters.values():
            counter.count(flow, timedelta(microseconds=lasting_us), 1)
        chosen = slice(phase - 1, phase) if phase else slice(None)
        p, q = sum(active[chosen]), sum(reactive[chosen])
        s = isqrt(p * p + q * q) * (1 if p >= 0 else -1)
        for unit, power in ((Unit.WH, p), (Unit.VARH, q), (Unit.VAH, s)):
            expected[unit] += power * lasting_us

    for unit in Unit:
        way_in, way_out = (counters[unit, way].counted_fj for way in (IMPORT, EXPORT))
        assert expected[unit] == way_in - way_out
        assert 0 <= min(way_in, way_out)


def test_phases_are_set_off_in_the_total() -> None:
    """A phase that feeds back is set off against the others in the total, at each instant."""
    flow = Flow.of_watts((500, -200, 0))
    total, back, second = Counter(Unit.WH, IMPORT), Counter(Unit.WH, EXPORT), four()[1]
    second.phase = 2
    for counter in (total, back, second):
        counter.count(flow, HOUR, 1)

    assert (300, 0, 200) == (total.shown, back.shown, second.shown)


def test_tariffs() -> None:
    """A counter with tariffs counts while one of them is active, one without always."""
    both, second = Counter(Unit.WH, IMPORT), Counter(Unit.WH, IMPORT, tariffs=frozenset({2}))
    for tariff in (1, 2, 3):
        for counter in (both, second):
            counter.count(Flow.of_watts((100, 0, 0)), HOUR, tariff)

    assert (300, 100) == (both.shown, second.shown)


def test_a_disabled_counter() -> None:
    """A counter that is disabled counts nothing."""
    counter = Counter(Unit.WH, IMPORT, is_enabled=False)
    counter.count(Flow.of_watts((100, 0, 0)), HOUR, 1)

    assert 0 == counter.counted_fj


def test_reset() -> None:
    """A counter that is set back begins again at zero, with what it had not shown as well."""
    counter = Counter(Unit.WH, IMPORT, counted_fj=FJ_PER_WH * 7 + 5)
    counter.reset()

    assert (0, 0) == (counter.counted_fj, counter.shown)


@given(st.integers(0, 10**9), st.integers(0, 4))
def test_what_is_shown_is_rounded_down(milli_wh: int, exponent: int) -> None:
    """A counter shows whole steps of its decade, and never more than was counted."""
    counter = Counter(Unit.WH, IMPORT, exponent=exponent)
    counter.counted_fj = milli_wh * FJ_PER_WH // 1000

    assert 0 == counter.shown % 10**exponent
    assert 0 <= counted_wh(counter) - counter.shown < 10**exponent


@pytest.mark.parametrize("exponent", [0, 3])
def test_roll_over(exponent: int) -> None:
    """A counter that has more steps than its register begins again."""
    counter = Counter(Unit.WH, IMPORT, exponent=exponent)
    counter.counted_fj = ROLL_OVER_STEPS * 10**exponent * FJ_PER_WH - 1
    assert (ROLL_OVER_STEPS - 1) * 10**exponent == counter.shown

    counter.counted_fj += 1

    assert 0 == counter.shown


@given(st.integers(0, 2**40))
def test_a_counter_of_floats(wh: int) -> None:
    """It shows the nearest that a float holds: exact up to 24 bits, within one in 2^24 beyond."""
    counter = Counter(Unit.WH, IMPORT, is_float=True, counted_fj=wh * FJ_PER_WH)

    assert abs(counter.shown - wh) * 2**24 <= wh
    if wh <= 2**24:
        assert wh == counter.shown
    later = Counter(Unit.WH, IMPORT, is_float=True, counted_fj=(wh + 1) * FJ_PER_WH)
    assert counter.shown <= later.shown


def test_the_four_of_figure_30() -> None:
    """A group has active import and export, then reactive import and export."""
    assert [("Wh", "import"), ("Wh", "export"), ("varh", "import"), ("varh", "export")] == [
        (one.unit.value, one.direction.value) for one in four()
    ]
    assert [frozenset({2})] * 4 == [one.tariffs for one in four(tariff=2)]


# ---------------------------------------------------------------- load profiles

END = datetime(2026, 1, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@given(st.lists(st.integers(-(10**13), 10**13), max_size=100))
def test_rows_add_up(powers_nw: list[int]) -> None:
    """The rows of a profile add up to what the counter shows, of the last 24 hours."""
    profile, counter = LoadProfile(), Counter(Unit.WH, IMPORT, counted_fj=12_345)
    profile.begin_at(12_345, 0)
    shown = [0]
    for number, power in enumerate(powers_nw):
        flow = Flow((power, 0, 0))
        profile.count(flow, QUARTER)
        counter.count(flow, QUARTER, 1)
        profile.close(END + number * QUARTER)
        shown.append(counter.shown)

    rows = list(profile)
    assert min(len(powers_nw), PROFILE_ROWS) == len(rows)
    assert shown[-1] - shown[-1 - len(rows)] == sum(row.import_wh[0] for row in rows)
    assert all(row.import_wh[0] == 0 or row.export_wh[0] == 0 for row in rows[:1])


def test_phases_of_a_row() -> None:
    """A row has the total and each phase, both ways."""
    profile = LoadProfile()
    profile.count(Flow.of_watts((4_000, -400, 0)), QUARTER)
    profile.close(END)

    (row,) = profile
    assert ((900, 1_000, 0, 0), (0, 0, 100, 0)) == (row.import_wh, row.export_wh)
    assert END == row.end


def test_what_is_lost_without_power() -> None:
    """A profile that is lost loses its rows, and what the quarter had so far."""
    profile = LoadProfile()
    for _ in range(2):
        profile.count(Flow.of_watts((4_000, 0, 0)), QUARTER)
        profile.close(END)
    profile.count(Flow.of_watts((4_000, 0, 0)), QUARTER)

    profile.forget()
    assert [] == list(profile)
    profile.close(END)

    assert [0] == [row.import_wh[0] for row in profile]
