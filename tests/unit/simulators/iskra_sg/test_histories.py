"""What recorders wrote, as days, months and years, and as CSV."""

from __future__ import annotations

from datetime import date, timedelta

from simulators.iskra_sg.device import Entry
from simulators.iskra_sg.histories import Period, as_csv, periods


def entries(begin: date, *values: int | None) -> list[Entry]:
    """Give an entry a day."""
    return [Entry(begin + timedelta(days=n), value) for n, value in enumerate(values)]


def test_a_day_is_the_difference_of_two_midnights() -> None:
    """The last one has not ended yet."""
    assert [
        Period(date(2026, 3, 1), 100, 20, True),
        Period(date(2026, 3, 2), 120, 0, True),
        Period(date(2026, 3, 3), 120, None, False),
    ] == periods(entries(date(2026, 3, 1), 100, 120, 120), "daily")


def test_who_did_not_answer_leaves_a_gap() -> None:
    """Days beside it are not known; the month that it lies in is."""
    found = entries(date(2026, 2, 27), 100, None, 140, 150)
    assert [None, None, 10, None] == [one.consumption for one in periods(found, "daily")]
    assert [100, None, 140, 150] == [one.value for one in periods(found, "daily")]
    february, march = periods(found, "monthly")
    assert Period(date(2026, 2, 1), 100, 40, False) == february
    assert Period(date(2026, 3, 1), 140, 10, False) == march


def test_whole_months_and_years_say_that_they_are() -> None:
    """A month from its first midnight to the next one's, a year likewise."""
    found = entries(date(2025, 1, 1), *range(0, 10 * 400, 10))
    months, years = periods(found, "monthly"), periods(found, "yearly")

    assert [(310, True), (280, True)] == [(one.consumption, one.is_complete) for one in months[:2]]
    assert Period(date(2025, 12, 1), 3_340, 310, True) == months[11]
    assert [(3_650, True), (340, False)] == [(one.consumption, one.is_complete) for one in years]


def test_a_counter_that_went_back_consumed_nothing_known() -> None:
    """It was set back, or exchanged: no difference is made up."""
    assert [None, 5] == [
        one.consumption for one in periods(entries(date(2026, 3, 1), 100, 0, 5), "daily")[:2]
    ]


def test_nothing_recorded_gives_nothing() -> None:
    """No entry, no period."""
    assert [] == periods([], "yearly")


def test_it_is_written_as_csv() -> None:
    """With a head that names the unit; what is not known is empty."""
    assert (
        "begin,counter [Wh],consumption [Wh],complete\r\n"
        "2026-03-01,100,20,yes\r\n"
        "2026-03-02,120,,no\r\n"
        "2026-03-03,,,no\r\n"
    ) == as_csv(entries(date(2026, 3, 1), 100, 120, None), "daily", "Wh")
