"""The calendar of tariffs: what is active when, and what is taken from a file."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from simulators.clock import VirtualClock
from simulators.errors import NotAccepted, NotPossible
from simulators.faults import Faults
from simulators.iskra_sg.device import Gateway
from simulators.iskra_sg.site import Site
from simulators.iskra_sg.tariffs import Tariffs, read, read_file

MANUAL: dict[str, Any] = {
    "tariffs": [{"name": "Visoka", "price": 0.23}, {"name": "Nizka", "price": 0.16}],
    "seasons": [
        {
            "name": "Work Days",
            "start": "2024-01-01",
            "workday": True,
            "weekend": False,
            "holiday": False,
            "schedule": [
                {"hour": 0, "tariff": 2},
                {"hour": 6, "tariff": 1},
                {"hour": 22, "tariff": 2},
            ],
        },
        {
            "name": "Holidays/Weekends",
            "start": "2024-01-01",
            "workday": False,
            "weekend": True,
            "holiday": True,
            "schedule": [{"hour": 0, "tariff": 2}],
        },
    ],
    "holidays": [
        {"name": "Novo Leto", "type": "annual", "date": "2024-12-31", "duration_days": 3},
        {"name": "Velika noč 2025", "type": "once", "date": "2025-04-20", "duration_days": 2},
    ],
}
"""Figures 82 and 83, with the New Year beginning a day earlier."""


def altered(path: str, value: object) -> dict[str, Any]:
    """Give the manual's calendar with one value changed."""
    data: dict[str, Any] = json.loads(json.dumps(MANUAL))
    place: Any = data
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in steps:
        place = place[step]
    place[last] = value
    return data


@pytest.mark.parametrize(
    ("local", "tariff"),
    [
        ("2026-06-01T05:59:59", 2),
        ("2026-06-01T06:00:00", 1),
        ("2026-06-01T21:59:59", 1),
        ("2026-06-01T22:00:00", 2),
        ("2026-06-06T12:00:00", 2),  # a Saturday
        ("2026-12-30T12:00:00", 1),
        ("2026-12-31T12:00:00", 2),
        ("2027-01-01T12:00:00", 2),
        ("2027-01-04T12:00:00", 1),
        ("2025-04-21T12:00:00", 2),  # Easter Monday, once
        ("2026-04-20T12:00:00", 1),
        ("2023-12-29T12:00:00", 1),  # before any season
    ],
)
def test_the_manuals_calendar(local: str, tariff: int) -> None:
    """The calendar of figures 82 and 83 has the tariff that it says."""
    assert tariff == read(MANUAL).active_at(datetime.fromisoformat(local))


@pytest.mark.parametrize(
    ("local", "tariff"),
    [
        ("2023-12-31", 1),
        ("2024-02-29", 2),
        ("2024-10-31", 2),
        ("2024-11-01", 3),
        ("2025-02-28", 3),
        ("2025-03-01", 2),
        ("2026-01-01", 3),
        ("2028-02-28", 3),
        ("2028-02-29", 2),
    ],
)
def test_seasons_come_again_each_year(local: str, tariff: int) -> None:
    """The season that began last applies, also over the end of a year and from a leap day on."""
    seasons = [
        {"start": start, "workday": True, "weekend": True, "schedule": [{"hour": 8, "tariff": n}]}
        for start, n in (("2024-02-29", 2), ("2024-11-01", 3))
    ]
    calendar = read({"tariffs": [{}, {}, {}], "seasons": seasons})

    assert tariff == calendar.active_at(datetime.fromisoformat(f"{local}T03:00"))


def test_a_season_of_a_later_year_replaces_an_earlier_one() -> None:
    """Of two seasons that begin on one day of the year the newer one applies."""
    schedule = [{"hour": 0, "tariff": 1}]
    old = {"start": "2024-01-01", "workday": True, "schedule": schedule}
    new = {**old, "start": "2025-01-01", "schedule": [{"hour": 0, "tariff": 2}]}
    calendar = read({"tariffs": [{}, {}], "seasons": [new, old]})

    actual = [calendar.active_at(datetime(year, 6, 2)) for year in (2024, 2025, 2026)]  # noqa: DTZ001

    assert [1, 2, 2] == actual


def test_a_holiday_without_a_season_is_the_day_it_would_be() -> None:
    """Where no season is for holidays, the one for workdays goes on."""
    data = altered("seasons/1/holiday", False)

    assert "holiday" == read(data).kind_of(date(2025, 4, 21))
    assert 1 == read(data).active_at(datetime(2025, 4, 21, 12))  # noqa: DTZ001


def test_no_calendar_is_tariff_1() -> None:
    """Without a calendar the first tariff is active."""
    assert 1 == Tariffs().active_at(datetime(2026, 6, 1))  # noqa: DTZ001


def test_what_is_exported_can_be_imported() -> None:
    """A calendar survives being written and read."""
    calendar = read(MANUAL)

    assert MANUAL == calendar.as_json()
    assert calendar == read_file(json.dumps(calendar.as_json()))


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("tariffs", [{}] * 6, "tariffs"),
        ("tariffs", {}, "tariffs"),
        ("tariffs/0", 3, "tariffs[0]"),
        ("tariffs/0/colour", 3, "tariffs[0].colour"),
        ("tariffs/0/name", "x" * 41, "tariffs[0].name"),
        ("tariffs/0/price", -1, "tariffs[0].price"),
        ("tariffs/0/price", True, "tariffs[0].price"),
        ("tariffs/0/price", "much", "tariffs[0].price"),
        ("tariffs/0/price", 0.1234567, "tariffs[0].price"),
        ("seasons/0/workday", 1, "seasons[0].workday"),
        ("seasons/0/workday", False, "seasons[0]"),
        ("seasons/0/start", "tomorrow", "seasons[0].start"),
        ("seasons/0/start", 20240101, "seasons[0].start"),
        ("seasons/0/start", "1999-12-31", "seasons[0].start"),
        ("seasons/0/schedule", [], "seasons[0].schedule"),
        ("seasons/0/schedule/2/hour", 6, "seasons[0].schedule"),
        ("seasons/0/schedule/2/hour", 24, "seasons[0].schedule[2].hour"),
        ("seasons/0/schedule/2/tariff", 3, "seasons[0].schedule[2].tariff"),
        ("seasons/1/workday", True, "seasons[1].start"),
        ("holidays/0/type", "often", "holidays[0].type"),
        ("holidays/0/duration_days", 0, "holidays[0].duration_days"),
    ],
)
def test_what_cannot_be_is_refused_with_its_path(path: str, value: object, field: str) -> None:
    """An error names the place in the file."""
    with pytest.raises(NotAccepted) as refused:
        read(altered(path, value))

    assert field == refused.value.field


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 30_000, '"' + "x" * 70_000 + '"'])
def test_what_is_no_file_of_tariffs_is_refused(text: str) -> None:
    """Something else than such a file is refused as a whole."""
    with pytest.raises(NotAccepted) as refused:
        read_file(text)

    assert "tariffs.json" == refused.value.field


def gateway(hardware: str) -> Gateway:
    """Make a gateway with a meter that uses 4 kW."""
    at = datetime(2026, 6, 1, 3, 30, tzinfo=UTC)  # 05:30 in Brussels
    site = Site.from_mapping(
        {
            "gateway": {"hardware": hardware},
            "load": [{"name": "house", "power_w": 4_000}],
            "device": [
                {"port": "left-ir", "model": "IE38MD", "serial": "I1", "loads": ["house"]},
            ],
        }
    )
    return site.build(at, Faults(VirtualClock(at)))


def test_the_active_tariff_drives_the_counters() -> None:
    """A tariff counter counts while its tariff is active, by the gateway's own clock."""
    one = gateway("D")
    one.take_tariffs(read(MANUAL))
    taken = one.active_tariff

    one.advance(one.at + timedelta(hours=1))

    meter = one.bench.left
    assert meter is not None
    by_tariff = {
        min(counter.tariffs): counter.shown
        for counter in meter.resettable
        if counter.tariffs and counter.shown
    }
    assert (2, 1) == (taken, one.active_tariff)
    assert {1: 2_000, 2: 2_000} == by_tariff


def test_old_hardware_has_no_tariffs() -> None:
    """Before hardware D a calendar is refused."""
    with pytest.raises(NotPossible, match="from hardware D on"):
        gateway("C").take_tariffs(read(MANUAL))
