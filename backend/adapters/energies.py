"""
Energies: from what is stored to the values of each metering point of a task.

As in `backend.adapters.records`, each function takes a connection of the store and runs inside
the transaction of its caller; what is decided is decided in the core.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from backend.adapters import meter_values, records
from backend.adapters.card_energies import CardEnergies
from backend.adapters.known import known_of
from backend.adapters.plain_series import Found, Wanted, plain_energies
from backend.core.day_values import (
    VirtualTariff,
    energy_of,
    reading_of,
    tariff_of,
)
from backend.core.days import day_bounds, day_grid, grid, local_day_of
from backend.core.energy import Course, courses_of, energies_by_connector, summed
from backend.core.exports import Activation, Period
from backend.core.formats.forms import Form, codes_of
from backend.core.formats.layout import Layout
from backend.core.formats.row import Values
from backend.core.intervals import Interval, add_up
from backend.core.meter_registers import REACTIVE, measurand_of, with_quantity
from backend.core.obis_tables import virtual_code
from backend.core.quantities import ENERGY
from backend.core.series import Series
from backend.settings import (
    METER_IN_FRONT,
    VIRTUAL_TARIFFS,
    CardSettings,
    MeterSettings,
    Settings,
    SourceSettings,
    StationSettings,
    TaskSettings,
)

_NOBODY = Activation("", "", "")


class Chosen(NamedTuple):
    """
    A value of a source that a task has.

    Attributes:
        source: by the settings.
        activation: what the value is called in files.
        made_of: the keys of the stations and meters whose readings make it.
        short: what measures it, by key, if the short way may do for it.
        register: the measurand that it is made of.
        tariff: the virtual tariff that it is, if any.
    """

    source: SourceSettings
    activation: Activation
    made_of: frozenset[int]
    short: Wanted | None = None
    register: str = ENERGY
    tariff: VirtualTariff | None = None


def chosen_of(connection: Connection, settings: Settings, task: TaskSettings) -> list[Chosen]:
    """Give the values of a task; where a part of them is asked for again and again, once."""
    ids = records.source_ids(connection)
    if task.values == VIRTUAL_TARIFFS:
        is_feed = settings.format_of(task).form.values is Values.FEED
        return [
            Chosen(
                meter,
                replace(activation, obis=virtual_code(tariff.number, is_feed=is_feed)),
                frozenset((ids[records.identity_of(meter)],)),
                tariff=tariff,
            )
            for meter, activation, tariff in settings.tariffs_of(task)
        ]
    activations = settings.activations_of(task)
    stations: frozenset[int] = frozenset()
    if any(isinstance(source, CardSettings) for source, _ in activations):
        stations = frozenset(
            ids[one.identity] for one in settings.stations if one.account == task.account
        )
    form, chosen = settings.format_of(task).form, []
    for source, activation in activations:
        if isinstance(source, CardSettings):
            # What it is called by itself is always imported energy, whatever its tariff.
            imported = [one for one in codes_of(form) if measurand_of(one) == ENERGY]
            codes = imported if codes_of(form) else [activation.obis]
            chosen += [Chosen(source, one, stations) for one in _called(activation, codes)]
            continue
        measured_by = what_counts(settings, source)
        number = ids[records.identity_of(measured_by)]
        own = own_register(source)
        for one, register in _values_of(connection, activation, own, number, form):
            short = None
            if form.values is Values.ENERGIES and register == ENERGY and not measured_by.exchanges:
                short = Wanted(number, measured_by.profile)
            chosen.append(Chosen(source, one, frozenset((number,)), short, register))
    return chosen


def own_register(source: SourceSettings) -> str:
    """
    Give the measurand that the energies of a source are made of.

    A charger counts imported energy, and its code may bear a tariff that it knows nothing of
    (document 000); the code of a meter says which of its registers is meant.
    """
    if not isinstance(source, MeterSettings) or source.activation is None:
        return ENERGY
    return measurand_of(source.activation.obis) or ENERGY


def _values_of(
    connection: Connection, activation: Activation, own: str, number: int, form: Form
) -> list[tuple[Activation, str]]:
    """
    Give what a station or a meter tells of what a format has: under which code, of which register.

    Parameters:
        own: the register of its own code, which it has whether it told of it or not.
    """
    codes = codes_of(form)
    if not codes and (not isinstance(form, Layout) or form.only_basic_data):
        return [(activation, own)]
    told = meter_values.measurands_told(connection, number) | {own}
    wanted = codes or [with_quantity(activation.obis, quantity) for quantity in REACTIVE]
    more = [
        (one, register)
        for one in _called(activation, wanted)
        if (register := measurand_of(one.obis)) in told and register is not None
    ]
    if codes:
        return more
    return [(activation, own), *(one for one in more if one[1] != own)]


def _called(activation: Activation, codes: Iterable[str]) -> list[Activation]:
    return [replace(activation, obis=one) for one in codes]


def series_of(
    connection: Connection,
    settings: Settings,
    task: TaskSettings,
    period: Period,
    decimals: int,
    until: datetime,
    chosen: Sequence[Chosen] | None = None,
) -> Iterator[Series]:
    """
    Give the series of a task for a period, one after the other, as far as it is over.

    A format of one value a day has a series for each of its days; in one of registers, the place
    of an energy holds what the register shows when its day ends.

    Parameters:
        decimals: of kWh.
        until: up to when things are known; an interval that ends later is in no series.
        chosen: which of its values; all where left out.
    """
    if chosen is None:
        chosen = chosen_of(connection, settings, task)
    cards = CardEnergies(connection, settings, task.account, decimals, until)
    values = settings.format_of(task).form.values
    if values is Values.ENERGIES:
        yield from _interval_series(connection, settings, period, decimals, until, chosen, cards)
        return
    for one in chosen:
        day = period.first_day
        while day <= period.last_day and day_bounds(day)[1] <= until:
            of_day = _DayOf(connection, settings, one, day, decimals, until)
            interval = of_day.reading() if values is Values.READINGS else of_day.energy(cards)
            yield Series.of(one.activation, day_bounds(day), [interval], decimals)
            day += timedelta(days=1)


def _interval_series(
    connection: Connection,
    settings: Settings,
    period: Period,
    decimals: int,
    until: datetime,
    chosen: Sequence[Chosen],
    cards: CardEnergies,
) -> Iterator[Series]:
    grids: dict[int, tuple[datetime, ...]] = {}
    short: dict[int, Iterator[Found | None]] = {}
    for length in sorted({one.activation.interval_minutes for one in chosen}):
        grids[length] = grid(period.start, period.end, length)
        wanted = [
            one.short
            for one in chosen
            if one.activation.interval_minutes == length and one.short is not None
        ]
        short[length] = plain_energies(connection, wanted, grids[length], decimals, until)
    for one in chosen:
        boundaries = grids[one.activation.interval_minutes]
        found = None
        if one.short is not None:
            # Those of one length were asked for in their order, so each comes in its turn.
            found = next(short[one.activation.interval_minutes])
        if found is not None:
            series = Series(one.activation, boundaries, decimals, found.energies, found.rules)
        else:
            if isinstance(one.source, CardSettings):
                intervals = cards.intervals_of(one.source, boundaries)
            else:
                source = what_counts(settings, one.source)
                which = boundaries, decimals, until, one.register
                intervals = _the_long_way(connection, source, *which)
            series = Series.of(one.activation, boundaries, intervals, decimals)
        # What has not ended has no energy, nor a status that a utility could use.
        if (ended := series.ended_by(until)).energies:
            yield ended


class _DayOf(NamedTuple):
    """One value of one local day."""

    connection: Connection
    settings: Settings
    chosen: Chosen
    day: date
    decimals: int
    until: datetime

    @property
    def _step(self) -> timedelta:
        return timedelta(minutes=self.chosen.activation.interval_minutes)

    def reading(self) -> Interval:
        """Give what the register shows when the day ends."""
        if self.chosen.tariff is not None:
            return self._tariff(self.chosen.tariff, is_feed=False)
        courses = self._courses(self.day)
        if (since := _last_read(courses, self.day)) < self.day:
            # Whether it was there since then is only known from then on.
            courses = self._courses(since)
        return reading_of(courses, self.day, self._step, self.decimals, self.until)

    def energy(self, cards: CardEnergies) -> Interval:
        """Give the energy of the day."""
        source = self.chosen.source
        if isinstance(source, CardSettings):
            minutes = self.chosen.activation.interval_minutes
            whole = add_up(cards.intervals_of(source, day_grid(self.day, minutes)))
            start, end = day_bounds(self.day)
            return replace(whole, start=start, end=end)
        if self.chosen.tariff is not None:
            return self._tariff(self.chosen.tariff, is_feed=True)
        span = day_bounds(self.day)
        return energy_of(
            self._courses(self.day), self.day, [span], self._step, self.decimals, self.until
        )

    def _tariff(self, tariff: VirtualTariff, *, is_feed: bool) -> Interval:
        first = self.day if is_feed else min(tariff.since, self.day)
        way = self._step, self.decimals, self.until
        return tariff_of(self._courses(first), self.day, tariff, *way, is_feed=is_feed)

    def _courses(self, first: date) -> list[Course]:
        """Give the courses of what measures it, known from a day on to the end of its own."""
        source, register = self.chosen.source, self.chosen.register
        if isinstance(source, CardSettings):
            # Its energies are shares of others'; settings refuse a task that would ask for more.
            raise LookupError(f"the card {source.id_tag!r} has no register")
        measured_by = what_counts(self.settings, source)
        whole = day_bounds(first)[0], day_bounds(self.day)[1]
        known = known_of(self.connection, measured_by, whole, self.until, register)
        return list(courses_of(known, measured_by.profile, self._step, self.until))


def _last_read(courses: Iterable[Course], day: date) -> date:
    """Give the local day of the oldest of the last readings up to the end of a day."""
    end = day_bounds(day)[1]
    known = [[point.instant for point in one.register.points] for one in courses]
    before = [max(one for one in each if one <= end) for each in known if each and each[0] <= end]
    return min(map(local_day_of, before), default=day)


def what_counts(
    settings: Settings, source: StationSettings | MeterSettings
) -> StationSettings | MeterSettings:
    """Give what measures a source: itself, or the meter in front of it that counts (COL-07)."""
    if isinstance(source, MeterSettings) or source.upstream is None:
        return source
    in_front = source.upstream
    return settings.meter(in_front.meter) if in_front.counts == METER_IN_FRONT else source


def measured(
    connection: Connection,
    source: StationSettings | MeterSettings,
    grid: Sequence[datetime],
    decimals: int,
    until: datetime,
) -> list[Interval]:
    """Give what a station or a meter has measured."""
    if not source.exchanges:
        wanted = Wanted(records.id_of(connection, source), source.profile)
        (found,) = plain_energies(connection, [wanted], grid, decimals, until)
        if found is not None:
            return Series(_NOBODY, grid, decimals, found.energies, found.rules).intervals
    return _the_long_way(connection, source, grid, decimals, until)


def _the_long_way(
    connection: Connection,
    source: StationSettings | MeterSettings,
    grid: Sequence[datetime],
    decimals: int,
    until: datetime,
    register: str = ENERGY,
) -> list[Interval]:
    known = known_of(connection, source, grid, until, register)
    return summed(energies_by_connector(known, source.profile, grid, decimals, until))
