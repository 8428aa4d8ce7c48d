"""Filling gaps of a register from a load profile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.sg_counters import EXPORT, IMPORT
from backend.core.sg_profile import (
    NEAR,
    QUARTER,
    SLACK_WH,
    Quarter,
    Shown,
    at_quarter,
    check,
    ends_of,
    fill,
    gaps,
    quarters_of,
    shown_value,
)
from backend.errors import GatewayAnswerError

START = datetime(2026, 1, 10, 12, tzinfo=UTC)
HERE = "gateway 'Keller', meter 'Haus'"


def at(place: int) -> datetime:
    """Give the end of a quarter hour, by its number from the start."""
    return START + place * QUARTER


def shown(place: int, imported: int, exported: int | None = None) -> Shown:
    """Give registers at the end of a quarter hour."""
    return Shown(at(place), Decimal(imported), None if exported is None else Decimal(exported))


def course(energies: list[tuple[int, int]]) -> tuple[list[Shown], list[Quarter]]:
    """Give the registers at the ends of quarter hours, and the load profile between them."""
    registers, profile = [shown(0, 1_000, 50)], []
    for place, (imported, exported) in enumerate(energies, 1):
        quarter = Quarter(at(place), imported, exported)
        profile.append(quarter)
        registers.append(registers[-1].plus(quarter, 1))
    return registers, profile


ENERGIES = st.lists(
    st.tuples(st.integers(0, 6_000), st.integers(0, 6_000)), min_size=2, max_size=30
)


@given(ENERGIES)
def test_a_gap_is_filled_exactly(energies: list[tuple[int, int]]) -> None:
    """Where the profile has the whole gap, each register in it is the true one."""
    registers, profile = course(energies)
    assert registers[1:-1] == fill(registers[0], registers[-1], profile, HERE)


@given(ENERGIES, st.data())
def test_both_sides_of_a_missing_quarter_are_filled(
    energies: list[tuple[int, int]], data: st.DataObject
) -> None:
    """A quarter hour that the profile lacks stays open; both its edges are known."""
    registers, profile = course(energies)
    lost = data.draw(st.integers(0, len(profile) - 1))
    made = fill(registers[0], registers[-1], profile[:lost] + profile[lost + 1 :], HERE)
    assert registers[1:-1] == made


def test_two_missing_quarters_leave_the_edge_between_open() -> None:
    """An edge between two lacking quarter hours is not made up."""
    registers, profile = course([(1, 0), (2, 0), (3, 0), (4, 0)])
    made = fill(registers[0], registers[-1], [profile[0], profile[3]], HERE)
    assert [registers[1], registers[3]] == made


def test_an_empty_profile_fills_nothing() -> None:
    """Where the gateway knows nothing, the gap stays."""
    assert fill(shown(0, 0), shown(5, 500), [], HERE) == []


def test_a_register_that_is_not_read_is_not_made() -> None:
    """A meter without an export register gets none."""
    _, profile = course([(100, 1), (100, 1)])
    assert [shown(1, 1_100)] == fill(shown(0, 1_000), shown(2, 1_200), profile, HERE)


def test_readings_a_moment_late_are_no_contradiction() -> None:
    """What came in the moments after a quarter hour does not push a register below another."""
    profile = [Quarter(at(place), 10, 0) for place in (1, 2)]
    assert [shown(1, 1_012)] == fill(shown(0, 1_012), shown(2, 1_015), profile, HERE)


@pytest.mark.parametrize("difference", [SLACK_WH + 1, -SLACK_WH - 1])
def test_a_contradiction_fills_nothing(difference: int) -> None:
    """A profile of another meter, or of a wrong clock, is not believed."""
    profile = [Quarter(at(place), 1_000, 0) for place in (1, 2)]
    with pytest.raises(GatewayAnswerError, match=f"differ by {difference} Wh"):
        fill(shown(0, 0), shown(2, 2_000 + difference), profile, HERE)


def test_a_contradiction_of_the_exported_energy_counts_as_well() -> None:
    """Each register is held against the profile."""
    profile = [Quarter(at(place), 0, 500) for place in (1, 2)]
    with pytest.raises(GatewayAnswerError, match="export_wh"):
        fill(shown(0, 0, 0), shown(2, 0, 0), profile, HERE)


@pytest.mark.parametrize(
    ("late", "end"),
    [(timedelta(0), START), (NEAR, START), (NEAR + timedelta(microseconds=1), None)],
)
def test_readings_shortly_after_a_quarter_hour_are_of_its_end(
    late: timedelta, end: datetime | None
) -> None:
    """A reading within two seconds after a quarter hour is one of its end."""
    found = at_quarter(Shown(START + late, Decimal(5), None))
    assert (None if found is None else found.instant) == end


def read(minutes: float, imported: int | None, exported: int | None = None) -> Shown:
    """Give registers so many minutes after the start."""
    told = [None if one is None else Decimal(one) for one in (imported, exported)]
    return Shown(START + timedelta(minutes=minutes), *told)


def test_gaps_lie_between_quarter_hours_that_are_known() -> None:
    """A reading that stands alone between quarter hours neither makes a gap nor ends one."""
    readings = [shown(0, 0), shown(1, 1), read(35.5, 2), shown(4, 4), shown(5, 5)]
    assert [(shown(1, 1), shown(4, 4))] == gaps(ends_of(readings))


def test_a_quarter_hour_between_two_readings_is_known() -> None:
    """Of a meter that is always read late, the ends lie between two readings."""
    readings = [read(10.5, 100), read(15.5, 160), read(45.5, 500, 7), read(60.5, 680, 7)]
    assert [shown(1, 154), Shown(at(4), Decimal(674), Decimal(7))] == ends_of(readings)


def test_a_register_that_is_not_read_on_both_sides_is_not_known() -> None:
    """What only one of two readings has told is not known between them."""
    assert [Shown(at(1), Decimal(1), None)] == ends_of([read(10.5, 1), read(15.5, 1, 7)])


def test_a_register_that_fell_in_the_gap_fills_nothing() -> None:
    """A meter that was exchanged or set back is told, whatever the profile has."""
    with pytest.raises(GatewayAnswerError, match="lower by 900 Wh after the gap that begins at"):
        fill(shown(0, 1_000), shown(4, 100), [Quarter(at(4), 50, 0)], HERE)


def test_a_profile_that_lacks_quarters_and_still_has_too_much_fills_nothing() -> None:
    """Its quarter hours alone cannot be more than the register rose."""
    profile = [Quarter(at(1), 5_000, 0), Quarter(at(4), 5_000, 0)]
    with pytest.raises(GatewayAnswerError, match="differ by -9000 Wh"):
        fill(shown(0, 100), shown(4, 1_100), profile, HERE)


def test_a_quarter_hour_with_two_energies_is_lacking() -> None:
    """Of two that a profile tells of one quarter hour neither is believed, one twice is one."""
    profile = [Quarter(at(1), 100, 0), Quarter(at(1), 300, 0), Quarter(at(3), 200, 0)]
    profile.append(profile[-1])
    assert [shown(2, 800)] == fill(shown(0, 0), shown(3, 1_000), profile, HERE)


def test_a_register_that_only_one_side_has_is_not_made() -> None:
    """Where no register is known on both sides nothing is filled."""
    after = Shown(at(2), None, Decimal(7))
    assert [] == fill(shown(0, 0), after, [Quarter(at(1), 0, 0), Quarter(at(2), 0, 0)], HERE)


def test_a_profile_that_does_not_fit_what_was_read_in_the_gap_fills_nothing() -> None:
    """The profile of a clock that is a quarter hour late shows by a reading within the gap."""
    late = [Quarter(at(place), 1_000 if place == 2 else 0, 0) for place in (1, 2, 3)]
    right = [Quarter(at(place), 1_000 if place == 1 else 0, 0) for place in (1, 2, 3)]
    within = [read(10, 667)]
    ends = shown(0, 0), shown(3, 1_000)
    assert [shown(1, 1_000), shown(2, 1_000)] == fill(*ends, right, HERE, within)
    with pytest.raises(GatewayAnswerError, match="showed 0 Wh at 2026-01-10 12:15 UTC"):
        fill(*ends, late, HERE, within)


def test_a_made_register_fits_between_the_readings_beside_it() -> None:
    """It is never below what was read before it in the gap, nor above what was read after it."""
    profile = [Quarter(at(1), 1_000, 0), Quarter(at(2), 20, 0)]
    assert [shown(1, 1_005)] == fill(shown(0, 0), shown(2, 1_020), profile, HERE, [read(14, 1_005)])


def test_a_profile_whose_clock_is_wrong_shows_by_what_was_read() -> None:
    """It tells more of a quarter hour than the register rose."""
    ends = [shown(0, 0), shown(1, 1_000), shown(2, 1_000), shown(9, 5_000)]
    check(ends, [Quarter(at(1), 1_000, 0), Quarter(at(2), 0, 0)], HERE)
    with pytest.raises(GatewayAnswerError, match=r"has 1000 Wh \(import_wh\) for the quarter"):
        check(ends, [Quarter(at(1), 0, 0), Quarter(at(2), 1_000, 0)], HERE)


def test_a_quarter_hour_that_a_meter_forgot_is_no_wrong_clock() -> None:
    """A profile may tell less than the register rose, and a register that fell tells nothing."""
    ends = [shown(0, 0), shown(1, 1_000), shown(2, 500)]
    check(ends, [Quarter(at(1), 300, 0), Quarter(at(2), 700, 0)], HERE)


def test_a_filled_register_is_a_meter_value() -> None:
    """It is kept with its registers in Wh, and says that it was no sample."""
    value = shown_value(shown(3, 1_005, 7), 2)
    assert (value.instant, value.position) == (at(3), 2)
    assert (value.values, value.raw_values) == ((Decimal(1005), Decimal(7)), ("1005", "7"))
    assert [IMPORT, EXPORT] == [kind.measurand for kind in value.kinds]
    assert {"Other"} == {kind.context for kind in value.kinds}
    assert (IMPORT,) == tuple(kind.measurand for kind in shown_value(shown(3, 1), 0).kinds)


def told(**changed: Any) -> dict[str, Any]:
    """Give a body with one quarter hour."""
    quarter = {"end": "2026-01-10T12:15:00Z", "import": [25, 25, 0, 0], "export": [0] * 4}
    return {"load_profile": {"id": 0, "values": [{**quarter, **changed}]}}


def test_a_load_profile_is_read() -> None:
    """End and energies of each quarter hour are read; what else is told is passed over."""
    body = told(end="2026-01-10T13:15:00+01:00", source="meter")
    assert [Quarter(at(1), 25, 0)] == quarters_of(body, HERE)


@pytest.mark.parametrize(
    "body",
    [
        5,
        {},
        {"load_profile": []},
        {"load_profile": {"values": [5]}},
        {"load_profile": {"values": told()["load_profile"]["values"] * 3_841}},
        told(end="2026-01-10T12:15:00"),
        told(end="2026-01-10T12:15:01Z"),
        told(end="soon"),
        told(end=None),
        told(end="0001-01-01T00:00:00+14:00"),
        told(**{"import": [-1]}),
        told(**{"import": [1.5]}),
        told(**{"import": [True]}),
        told(**{"import": []}),
        told(export=5),
        told(export=[10**9]),
    ],
)
def test_what_is_no_load_profile_is_told(body: object) -> None:
    """A body that cannot be used is refused whole."""
    with pytest.raises(GatewayAnswerError, match="load_profile"):
        quarters_of(body, HERE)
