"""What hangs behind a meter."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from simulators.iskra_sg.loads import Course, Daily, Fed, Flow, Load, Switched

ZURICH = ZoneInfo("Europe/Zurich")
NIGHT, DAY = Flow.of_watts((100, 0, 0)), Flow.of_watts((900, 0, 0), (0, -50, 0))
HOUSE = Daily(((time(0), NIGHT), (time(2, 30), DAY), (time(22), NIGHT)), ZURICH)


def seconds_of(load: Load, flow: Flow, start: datetime, until: datetime) -> float:
    """Tell how long a flow lasts, going from change to change as a meter does."""
    total, at = timedelta(0), start
    while at < until:
        change = load.next_change(at) or until
        assert change > at
        end = min(change, until)
        if load.flow(at) == flow:
            total += end - at
        at = end
    return total.total_seconds()


def true_seconds_of(load: Daily, flow: Flow, start: datetime, until: datetime) -> int:
    """Look each minute."""
    minutes = int((until - start) / timedelta(minutes=1))
    return sum(60 for n in range(minutes) if load.flow(start + n * timedelta(minutes=1)) == flow)


def local_day(year: int, month: int, day: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Give the begin and the end of a local day."""
    begin = datetime(year, month, day, tzinfo=zone)
    return begin.astimezone(UTC), (begin + timedelta(days=1)).astimezone(UTC)


def test_flows_add_up() -> None:
    """Flows of several loads add up phase by phase."""
    total = Flow.of_watts((1, 2, 3), (4, 5, 6)) + Flow.of_watts((10, 0, -3), (0, -5, 0))

    assert Flow.of_watts((11, 2, 0), (4, 0, 6)) == total
    assert 11_000_000_000 == total.active_nw[0]


@pytest.mark.parametrize(
    ("month", "day", "hours"),
    [(6, 3, 19.5), (3, 29, 19.0), (10, 25, 20.0)],
    ids=["a day of 24 hours", "of 23", "of 25"],
)
def test_a_daily_load_goes_by_the_wall(month: int, day: int, hours: float) -> None:
    """
    On the day that clocks go forward 02:30 is passed over, on the other it is met twice.

    From 02:30 to 22:00 are 19.5 hours. In March half of an hour of them is left out (02:30 to
    03:00); in October it comes back to 02:00 after 03:00, and waits until 02:30 again.
    """
    start, until = local_day(2026, month, day, ZURICH)

    assert hours * 3_600 == seconds_of(HOUSE, DAY, start, until)
    assert hours * 3_600 == true_seconds_of(HOUSE, DAY, start, until)


def test_clocks_that_go_forward_by_half_an_hour() -> None:
    """Where clocks are set at half past in UTC, as on Lord Howe, the step is not late."""
    zone = ZoneInfo("Australia/Lord_Howe")
    load = Daily(((time(0), NIGHT), (time(2, 15), DAY)), zone)
    start, until = local_day(2026, 10, 4, zone)

    assert 21.5 * 3_600 == seconds_of(load, DAY, start, until)
    assert 21.5 * 3_600 == true_seconds_of(load, DAY, start, until)


def test_a_load_that_never_changes() -> None:
    """One step all day long has no next change, and neither has a load that is fed."""
    assert Daily(((time(0), DAY),), ZURICH).next_change(datetime(2026, 1, 1, tzinfo=UTC)) is None
    assert Fed().next_change(datetime(2026, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize("times", [[], [time(1)], [time(0), time(0)], [time(0), time(9), time(3)]])
def test_steps_that_cannot_be(times: list[time]) -> None:
    """Steps begin at midnight and ascend."""
    with pytest.raises(ValueError, match="ascending times, the first at 00:00"):
        Daily(tuple((one, DAY) for one in times), ZURICH)


def test_a_switch_before_a_load() -> None:
    """While a switch is off nothing flows, and nothing changes; its load goes on behind it."""
    at = datetime(2026, 6, 3, 10, tzinfo=UTC)
    switched = Switched(HOUSE)
    assert (DAY, HOUSE.next_change(at)) == (switched.flow(at), switched.next_change(at))

    switched.is_on = False

    assert (Flow(), None) == (switched.flow(at), switched.next_change(at))
    assert DAY == HOUSE.flow(at)


def test_a_load_that_is_fed() -> None:
    """A fed load draws what it was told last."""
    load = Fed()
    assert Flow() == load.flow(datetime(2026, 1, 1, tzinfo=UTC))

    load.now = DAY

    assert DAY == load.flow(datetime(2026, 1, 1, tzinfo=UTC))


def test_a_course() -> None:
    """A course that is told flows from its steps on, nothing before, the last for ever."""
    eight, nine = (datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in (8, 9))
    course = Course(((eight, NIGHT), (nine, DAY)))
    before, between = eight - timedelta(seconds=1), eight + timedelta(minutes=5)

    assert [Flow(), NIGHT, NIGHT, DAY] == [course.flow(at) for at in (before, eight, between, nine)]
    assert [eight, nine, nine, None] == [
        course.next_change(at) for at in (before, eight, between, nine)
    ]
    assert 3_600 == seconds_of(course, NIGHT, before, nine + timedelta(hours=1))
