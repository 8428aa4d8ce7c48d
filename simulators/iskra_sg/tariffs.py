"""
The gateway's calendar of tariffs (document 004 §4.6, figures 81 to 83).

Rule 1: a day is a holiday, else a weekend (Saturday, Sunday), else a workday. Where no season is
for holidays, a holiday is the day that it would be otherwise (ASSUMED).
Rule 2: a season begins on its start date and again on that day of every later year; of those for
the kind of a day the one that began last applies, and of two that began on one day the one with
the later start date (ASSUMED). 29 February begins on 1 March where there is none.
Rule 3: within a day an entry of the schedule applies from its hour on; before the first one the
last one does (ASSUMED). Where no season applies, tariff 1 does (ASSUMED).
Rule 4: hours and days are those of the gateway's own clock in its time zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from simulators.errors import NotAccepted
from simulators.iskra_sg import strict

TARIFFS_LIMIT = 5
"""Document 004 §4.6: "up to 5 different tariffs"."""
SEASONS_LIMIT, HOLIDAYS_LIMIT, DURATION_LIMIT_DAYS = 20, 50, 366
KINDS = ("workday", "weekend", "holiday")
SINCE_HARDWARE = "D"
"""
Document 004 §4.6: "greater than D"; §4.5 says "supported by HW D", and figure 23 shows an active
tariff on hardware D. Taken as D and newer.
"""


@dataclass(frozen=True, slots=True)
class Tariff:
    """A tariff; its price is for a kWh, in the currency of who looks at it."""

    name: str
    price: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Season:
    """
    Which tariff applies when, from a day of the year on.

    Attributes:
        kinds: for which kinds of days; see `KINDS`.
        schedule: from which hour on which tariff, numbered from 1; ascending.
    """

    name: str
    start: date
    kinds: frozenset[str]
    schedule: tuple[tuple[int, int], ...]

    def began(self, day: date) -> date | None:
        """Tell when it last began, no later than ``day``; None where it never has."""
        for year in (day.year, day.year - 1):
            began = _of_year(self.start, year)
            if self.start <= began <= day:
                return began
        return None

    def tariff_at(self, hour: int) -> int:
        """Tell which tariff its schedule has."""
        begun = [tariff for start, tariff in self.schedule if start <= hour]
        return begun[-1] if begun else self.schedule[-1][1]


def _of_year(day: date, year: int) -> date:
    if (day.month, day.day) == (2, 29):
        return date(year, 3, 1) - timedelta(days=1 if _is_leap(year) else 0)
    return day.replace(year=year)


def _is_leap(year: int) -> bool:
    return (date(year, 3, 1) - timedelta(days=1)).day == 29


@dataclass(frozen=True, slots=True)
class Holiday:
    """Days that are holidays: once, or each year."""

    name: str
    first: date
    days: int = 1
    is_annual: bool = False

    def has(self, day: date) -> bool:
        """Tell whether a day belongs to it."""
        # One that lasts over the end of a year began in the year before.
        years = (day.year, day.year - 1) if self.is_annual else (self.first.year,)
        firsts = [_of_year(self.first, year) for year in years]
        return any(timedelta(0) <= day - first < timedelta(days=self.days) for first in firsts)


@dataclass(frozen=True, slots=True)
class Tariffs:
    """The whole calendar; without seasons tariff 1 is active always."""

    tariffs: tuple[Tariff, ...] = ()
    seasons: tuple[Season, ...] = ()
    holidays: tuple[Holiday, ...] = ()

    def kind_of(self, day: date) -> str:
        """Tell which kind of day a day is."""
        if any(holiday.has(day) for holiday in self.holidays):
            return "holiday"
        return _plain_kind(day)

    def active_at(self, local: datetime) -> int:
        """Tell which tariff is active at a local time, by its number from 1 on."""
        day = local.date()
        kind = self.kind_of(day)
        season = self._season(kind, day) or self._season(_plain_kind(day), day)
        return season.tariff_at(local.hour) if season is not None else 1

    def _season(self, kind: str, day: date) -> Season | None:
        begun = [
            (began, season.start, season)
            for season in self.seasons
            if kind in season.kinds and (began := season.began(day)) is not None
        ]
        return max(begun, key=lambda one: one[:2])[2] if begun else None

    def as_json(self) -> dict[str, Any]:
        """Give it as plain data, as `read` takes it."""
        return {
            "tariffs": [{"name": one.name, "price": float(one.price)} for one in self.tariffs],
            "seasons": [_season_json(one) for one in self.seasons],
            "holidays": [
                {
                    "name": one.name,
                    "type": "annual" if one.is_annual else "once",
                    "date": one.first.isoformat(),
                    "duration_days": one.days,
                }
                for one in self.holidays
            ],
        }


def _plain_kind(day: date) -> str:
    return "weekend" if day.weekday() >= 5 else "workday"


def _season_json(season: Season) -> dict[str, Any]:
    return {
        "name": season.name,
        "start": season.start.isoformat(),
        **{kind: kind in season.kinds for kind in KINDS},
        "schedule": [{"hour": hour, "tariff": tariff} for hour, tariff in season.schedule],
    }


# ---------------------------------------------------------------- reading


def read_file(text: str) -> Tariffs:
    """
    Read a file ``tariffs.json``.

    Raises:
        NotAccepted: If it is none.
    """
    return read(strict.parsed(text, "tariffs.json"))


def read(data: object) -> Tariffs:
    """
    Read a calendar from plain data, strictly.

    Raises:
        NotAccepted: If something in it cannot be; it names the path.
    """
    table = strict.table(data, "tariffs.json", ("tariffs", "seasons", "holidays"))
    tariffs = [_tariff(one, path) for path, one in strict.rows(table, "tariffs", "", TARIFFS_LIMIT)]
    seasons = [
        _season(one, path, len(tariffs))
        for path, one in strict.rows(table, "seasons", "", SEASONS_LIMIT)
    ]
    holidays = [
        _holiday(one, path) for path, one in strict.rows(table, "holidays", "", HOLIDAYS_LIMIT)
    ]
    for number, season in enumerate(seasons):
        for earlier in seasons[:number]:
            if earlier.start == season.start and earlier.kinds & season.kinds:
                remedy = f"{earlier.name!r} begins on that day, for the same kind of day"
                raise NotAccepted(f"seasons[{number}].start", season.start.isoformat(), remedy)
    return Tariffs(tuple(tariffs), tuple(seasons), tuple(holidays))


def _tariff(data: object, where: str) -> Tariff:
    table = strict.table(data, where, ("name", "price"))
    return Tariff(
        strict.text(table, "name", where), strict.decimal(table, "price", where, 0, 1_000, 5)
    )


def _season(data: object, where: str, tariffs: int) -> Season:
    table = strict.table(data, where, ("name", "start", *KINDS, "schedule"))
    kinds = frozenset(kind for kind in KINDS if strict.flag(table, kind, where))
    if not kinds:
        raise NotAccepted(where, dict(table), f"set one of {', '.join(KINDS)} at least")
    schedule = []
    for path, entry in strict.rows(table, "schedule", where, 24):
        row = strict.table(entry, path, ("hour", "tariff"))
        hour = strict.whole(row, "hour", path, 0, 23)
        schedule.append((hour, strict.whole(row, "tariff", path, 1, tariffs)))
    hours = [hour for hour, _ in schedule]
    if not hours or hours != sorted(set(hours)):
        raise NotAccepted(f"{where}.schedule", hours, "give one entry at least, ascending by hour")
    name = strict.text(table, "name", where)
    return Season(name, _date(table, "start", where), kinds, tuple(schedule))


def _holiday(data: object, where: str) -> Holiday:
    table = strict.table(data, where, ("name", "type", "date", "duration_days"))
    is_annual = strict.choice(table, "type", where, ("annual", "once")) == "annual"
    days = strict.whole(table, "duration_days", where, 1, DURATION_LIMIT_DAYS, absent=1)
    return Holiday(strict.text(table, "name", where), _date(table, "date", where), days, is_annual)


def _date(table: strict.Table, name: str, where: str) -> date:
    text = table.get(name)
    try:
        day = date.fromisoformat(text if isinstance(text, str) else "")
    except ValueError:
        day = None
    if day is None or not 2000 <= day.year <= 2099:
        remedy = 'give a date of the years 2000 to 2099, as "2024-01-01"'
        raise NotAccepted(f"{where}.{name}", text, remedy)
    return day
