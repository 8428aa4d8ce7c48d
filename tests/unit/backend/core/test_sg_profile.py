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


def test_gaps_lie_between_quarter_hours_that_were_read() -> None:
    """Readings between quarter hours neither make a gap nor end one."""
    readings = [shown(0, 0), shown(1, 1), Shown(at(2) + timedelta(minutes=5), None, None)]
    readings += [shown(4, 4), shown(5, 5)]
    assert [(shown(1, 1), shown(4, 4))] == gaps(readings)


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
