"""The clock in a gateway and in its meters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.iskra_sg.local_clock import DRIFT_LIMIT_PPM, EPOCH, MICROSECOND, LocalClock

START = datetime(2026, 1, 10, 23, 7, 1, 5, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
DRIFTS = st.integers(-DRIFT_LIMIT_PPM, DRIFT_LIMIT_PPM)
SPANS = st.timedeltas(timedelta(days=-400), timedelta(days=400))


@given(SPANS, DRIFTS, st.integers(0, 10**12))
def test_marks(offset: timedelta, drift_ppm: int, passed_us: int) -> None:
    """A mark is later, and the first instant at which the clock shows a quarter hour or more."""
    clock = LocalClock(START, offset, drift_ppm)
    at = START + passed_us * MICROSECOND

    mark = clock.next_mark(at, QUARTER)

    assert mark > at
    past = (clock.shows(mark) - EPOCH) % QUARTER
    assert past < 2 * MICROSECOND
    assert clock.shows(mark - MICROSECOND) < clock.shows(mark) - past


@given(DRIFTS, st.integers(1, 10**12), DRIFTS)
def test_another_drift_goes_on_from_what_is_shown(first: int, passed_us: int, then: int) -> None:
    """When its drift changes a clock neither leaps nor is it set."""
    clock = LocalClock(START, drift_ppm=first)
    at = START + passed_us * MICROSECOND
    shown = clock.shows(at)

    clock.drift(then, at)

    assert (shown, then, False) == (clock.shows(at), clock.drift_ppm, clock.was_set)
    hour = timedelta(hours=1)
    assert hour // MICROSECOND * then // 1_000_000 == (clock.shows(at + hour) - shown - hour) // (
        MICROSECOND
    )


def test_a_clock_is_set() -> None:
    """A clock that is set shows that, and drifts on from there."""
    clock = LocalClock(START, timedelta(minutes=3), 1_000)

    clock.set_to(START, START)

    assert (START, True) == (clock.shows(START), clock.was_set)
    assert timedelta(milliseconds=1_001) == clock.shows(START + timedelta(seconds=1)) - START


@pytest.mark.parametrize("drift_ppm", [DRIFT_LIMIT_PPM + 1, -DRIFT_LIMIT_PPM - 1])
def test_no_clock_is_that_wrong(drift_ppm: int) -> None:
    """A clock that would be off by more than a tenth is refused."""
    with pytest.raises(ValueError, match="100000 ppm at most"):
        LocalClock(START, drift_ppm=drift_ppm)
    with pytest.raises(ValueError, match="100000 ppm at most"):
        LocalClock(START).drift(drift_ppm, START)
