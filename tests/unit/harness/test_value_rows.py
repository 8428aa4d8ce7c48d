"""A day's values as a table."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from harness.errors import Disagreement, UsageError
from harness.local_time import grid
from harness.utility import Held
from harness.value_rows import HEADINGS, compare, labels, rows

DAY = date(2025, 6, 3)


def held(day: date, *energies: str | None, status: str = "W") -> list[Held]:
    """Give values of a day, from its first quarter hour on."""
    return [
        Held(start, end, None if energy is None else Decimal(energy), status, "file")
        for (start, end), energy in zip(pairwise(grid(day, 15)), energies, strict=False)
    ]


def table(*found: tuple[str, ...]) -> list[dict[str, str]]:
    """Give rows as a scenario's table has them."""
    return [dict(zip(HEADINGS, row, strict=True)) for row in found]


@pytest.mark.parametrize(
    ("day", "count"), [(DAY, 96), (date(2025, 3, 30), 92), (date(2025, 10, 26), 100)]
)
def test_each_boundary_has_a_label_of_its_own(day: date, count: int) -> None:
    """Also on the days on which the clock changes."""
    assert count + 1 == len(labels(day, 15)) == len(set(labels(day, 15)))


def test_the_hour_that_comes_twice_bears_its_zone() -> None:
    """02:15 in summer and 02:15 in winter are told apart."""
    found = labels(date(2025, 10, 26), 15)

    assert ["02:00 CEST", "02:15 CEST"] == found[8:10]
    assert ["02:45 CET", "03:00"] == found[15:17]


def test_what_is_alike_is_one_row() -> None:
    """Energies and statuses in a row, an energy that is not told, and what did not arrive."""
    values = [*held(DAY, "0.000", "0.000", "1.250", None)]
    values += held(DAY, *["0"] * 4, "1.250", status="E")[4:]

    assert [
        ("00:00", "00:30", "0.000", "W"),
        ("00:30", "00:45", "1.250", "W"),
        ("00:45", "01:00", "–", "W"),
        ("01:00", "01:15", "1.250", "E"),
        ("01:15", "24:00", "–", "–"),
    ] == rows(DAY, 15, values)


@pytest.mark.parametrize("day", [DAY, date(2025, 10, 26), date(2025, 3, 30)])
def test_rows_are_what_they_were_made_of(day: date) -> None:
    """The table of some values holds for these values."""
    values = held(day, *(f"{number // 3}.000" for number in range(100)))

    compare("A", day, 15, values, table(*rows(day, 15, values)))


@pytest.mark.parametrize(
    ("energy", "said"),
    [
        ("1.001", "A until 00:30 on 2025-06-03: 1.000 kWh W arrived, 1.001 kWh W was expected"),
        ("–", "1.000 kWh W arrived, no energy W was expected"),
    ],
)
def test_another_value_is_named(energy: str, said: str) -> None:
    """The first one that differs, with what was expected."""
    expected = table(("00:00", "00:15", "1.000", "W"), ("00:15", "24:00", energy, "W"))
    with pytest.raises(Disagreement, match=said):
        compare("A", DAY, 15, held(DAY, *["1.000"] * 96), expected)


def test_what_did_not_arrive_is_named() -> None:
    """A value that is missing is another one."""
    with pytest.raises(Disagreement, match="until 00:15 on 2025-06-03: nothing arrived"):
        compare("A", DAY, 15, [], table(("00:00", "24:00", "1.000", "W")))


@pytest.mark.parametrize(
    "found",
    [
        [("00:15", "24:00", "0", "W")],
        [("00:00", "12:00", "0", "W"), ("12:15", "24:00", "0", "W")],
        [("00:00", "12:00", "0", "W")],
        [("00:00", "12:07", "0", "W")],
        [("00:00", "24:00", "0", "W"), ("00:00", "24:00", "0", "W")],
    ],
)
def test_a_table_that_does_not_tell_of_each(found: list[tuple[str, ...]]) -> None:
    """A gap, an overlap and a time that is on no quarter hour are refused."""
    with pytest.raises(UsageError, match=r"follow on|ends at"):
        compare("A", DAY, 15, [], table(*found))
