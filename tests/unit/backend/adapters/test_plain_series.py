"""The short way to energies gives what the long one gives, or leaves a station to that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, NullPool, create_engine, insert, select
from support.unmeasured import unmeasured

from backend.adapters import plain_series, tables
from backend.adapters.known import known_by_id
from backend.adapters.meter_values import Keeper
from backend.adapters.plain_series import Found, Wanted, keep_days, plain_energies
from backend.adapters.store import Store
from backend.core.device_profile import DeviceProfile, load_profile
from backend.core.energy import energies_by_connector, summed
from backend.core.exports import Activation
from backend.core.intervals import Interval
from backend.core.readings import BEGIN, END, ENERGY, Kind, MeterValue
from backend.core.series import Series

INCH = load_profile("etrel_inch")
ANY = Activation("WB-1", "CH1", "1-1:1.29.0*255")
QUARTER = timedelta(minutes=15)
MINUTE = timedelta(minutes=1)
START = datetime(2025, 6, 2, 22, tzinfo=UTC)
STATION = 1
#: So many quarter hours before the period and after it the long way looks at, with its hour.
EDGE = 24

CLOCK = Kind(ENERGY, None, "Outlet", "Sample.Clock", "Wh", "kWh", Decimal(0))
SAMPLE = CLOCK._replace(context="Sample.Periodic")
STARTED = CLOCK._replace(context=BEGIN, raw_unit="Wh", resolution_wh=Decimal(1))
STOPPED = STARTED._replace(context=END)
OF_A_PHASE = CLOCK._replace(phase="L1")
POWER = Kind("Power.Active.Import", None, "Outlet", "Sample.Clock", "W", "kW", Decimal(0))
#: Registers of a meter beside that of imported energy, as they are kept.
EXPORTED = CLOCK._replace(measurand="Energy.Active.Export.Register", context="Sample.Periodic")
OF_TARIFF = EXPORTED._replace(measurand="1-1:1.8.1")
REACTIVE = EXPORTED._replace(measurand="1-1:5.8.0", unit="varh", raw_unit="kvarh")
WATER = EXPORTED._replace(measurand="8-1:1.0.0", unit="l", raw_unit="m3")
OTHERS = (EXPORTED, OF_TARIFF, REACTIVE, WATER)
VOLTAGE = Kind("Voltage", "L1", "Outlet", "Sample.Clock", "V", "V", Decimal(0))


@pytest.fixture(name="engine", scope="module")
def _engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    path: Path = tmp_path_factory.mktemp("store") / "store.sqlite"

    async def make() -> None:
        store = Store(path)
        await store.open()
        await store.close()

    asyncio.run(make())
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    yield engine
    engine.dispose()


@contextmanager
def rolled_back(engine: Engine) -> Iterator[Connection]:
    """Give a connection in a transaction that leaves nothing behind."""
    with engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


@dataclass
class Said:
    """What a station has said, and all else that is known of it."""

    values: list[MeterValue] = field(default_factory=list)
    deviations: list[tuple[datetime, str, str]] = field(default_factory=list)
    online: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    sessions: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    def tell(self, at: datetime, *values: tuple[Kind, str | None], connector: int = 1) -> None:
        """Add what one message says of an instant."""
        self.values.append(
            MeterValue(
                connector=connector,
                instant=at,
                transaction=None,
                position=0,
                kinds=tuple(kind for kind, _ in values),
                values=tuple(None if text is None else Decimal(text) for _, text in values),
                raw_values=tuple(text or "?" for _, text in values),
            )
        )

    def keep(self, connection: Connection) -> None:
        """Put it into the store."""
        keeper = Keeper(connection)
        for number, one in enumerate(self.values, start=1):
            keeper.keep(STATION, number, (one,))
        for at, rule, action in self.deviations:
            row = {"station_id": STATION, "received_at": at, "action": action, "rule": rule}
            words = {"place": "timestamp", "said": "", "meaning": ""}
            connection.execute(insert(tables.deviation).values(row | words))
        for began, ended in self.online:
            row = {"station_id": STATION, "connected_at": began, "heard_at": began}
            connection.execute(insert(tables.connection).values(row | {"disconnected_at": ended}))
        for began, ended in self.sessions:
            row = {"station_id": STATION, "connector": 1, "id_tag": "A", "started_at": began}
            words = {"ended_at": ended, "reason": "", "state": "open"}
            connection.execute(insert(tables.session).values(row | words))


def grid_of(count: int, minutes: int = 15) -> list[datetime]:
    """Give the boundaries of so many intervals from midnight on."""
    return [START + index * timedelta(minutes=minutes) for index in range(count + 1)]


def by_both_ways(
    engine: Engine,
    said: Said,
    grid: Sequence[datetime],
    until: datetime,
    profile: DeviceProfile = INCH,
    decimals: int = 3,
) -> tuple[Found | None, list[Interval]]:
    """Make the energies by both ways, which must not differ."""
    with rolled_back(engine) as connection:
        said.keep(connection)
        return both(connection, grid, until, profile, decimals)


def both(
    connection: Connection,
    grid: Sequence[datetime],
    until: datetime,
    profile: DeviceProfile = INCH,
    decimals: int = 3,
) -> tuple[Found | None, list[Interval]]:
    """Make the energies of what is stored by both ways, which must not differ."""
    wanted = [Wanted(STATION, profile)]
    (short,) = plain_energies(connection, wanted, grid, decimals, until)
    (again,) = plain_energies(connection, wanted, grid, decimals, until)
    known = known_by_id(connection, STATION, grid, until)
    long = summed(energies_by_connector(known, profile, grid, decimals, until))
    assert short == again
    if short is not None:
        made = Series(ANY, grid, decimals, short.energies, short.rules)
        assert long == made.intervals
        assert [str(one.energy_kwh) for one in long] == [
            str(one.energy_kwh) for one in made.intervals
        ]
    return short, long


def aligned(
    rises_wh: Sequence[str],
    count: int,
    first_wh: str = "733255.884",
    kinds: Sequence[Kind] = (CLOCK,),
) -> Said:
    """Tell a register on every quarter hour around a period; the rises come round again."""
    said, register = Said(), Decimal(first_wh)
    for index in range(-EDGE, count + EDGE + 1):
        others = [(kind, "230.5") for kind in kinds if kind != CLOCK]
        place = kinds.index(CLOCK)
        others.insert(place, (CLOCK, str(register)))
        said.tell(START + index * QUARTER, *others)
        register += Decimal(rises_wh[index % len(rises_wh)])
    return said


LATER = START + timedelta(days=3)
FIRST_HOUR = ["0.516", "1.000", "0.000", "2.500"]


class TestWhatIsPlain:
    """Stations about which nothing is odd go the short way."""

    @pytest.mark.parametrize("rises", [["0.000"], ["0.000", "0.000", "345.678"], ["5499.999"]])
    @pytest.mark.parametrize("first", ["733255.884", "0.000", "99998.500", "7"])
    @pytest.mark.parametrize("decimals", [0, 3, 6])
    def test_a_register_on_every_boundary(
        self, engine: Engine, rises: list[str], first: str, decimals: int
    ) -> None:
        """It needs nothing but differences, whether the charger was online or not."""
        said = aligned(rises, 8, first)
        short, _ = by_both_ways(engine, said, grid_of(8), LATER, decimals=decimals)
        assert short is not None
        assert "measured" == short.rules

    def test_the_morning_after(self, engine: Engine) -> None:
        """Half an hour after the period there is little behind it, and that is enough."""
        said = aligned(FIRST_HOUR, 8)
        until = grid_of(8)[-1] + 30 * MINUTE
        said.values = [one for one in said.values if one.instant <= until]
        short, _ = by_both_ways(engine, said, grid_of(8), until)
        assert short is not None

    @pytest.mark.parametrize(
        "kinds", [(CLOCK, VOLTAGE), (VOLTAGE, CLOCK, POWER), (CLOCK, POWER, VOLTAGE)]
    )
    def test_a_register_among_other_values(self, engine: Engine, kinds: tuple[Kind, ...]) -> None:
        """Its place in the message does not matter."""
        said = aligned(FIRST_HOUR, 8, kinds=kinds)
        short, _ = by_both_ways(engine, said, grid_of(8), LATER)
        assert short is not None

    def test_a_station_that_words_its_values_otherwise(self, engine: Engine) -> None:
        """What it is asked for on the clock changes; the day after it is plain again."""
        said = aligned(FIRST_HOUR, 8)
        said.tell(START + timedelta(days=9), (CLOCK, "9000000"), (VOLTAGE, "230"))
        short, _ = by_both_ways(engine, said, grid_of(8), LATER)
        assert short is not None
        said.values[EDGE] = said.values[-1]._replace(instant=START)
        short, _ = by_both_ways(engine, said, grid_of(8), LATER)
        assert short is None

    def test_sessions_between_boundaries(self, engine: Engine) -> None:
        """A start, samples and a stop that lie in the register's course change nothing."""
        said = aligned(["0.000", "1500.250"], 8, "1000.250")
        at = START + QUARTER
        before, after = (
            next(one.values[0] for one in said.values if one.instant == instant)
            for instant in (at, at + QUARTER)
        )
        assert before is not None
        assert after is not None
        said.tell(at + 2 * MINUTE, (STARTED, str(round(before))))
        said.tell(at + 3 * MINUTE, (SAMPLE, str(before + Decimal("0.004"))))
        said.tell(at + 9 * MINUTE, (SAMPLE, str((before + after) / 2)))
        said.tell(at + 14 * MINUTE, (STOPPED, str(round(after))))
        said.tell(START + 4 * MINUTE, (VOLTAGE, "230"))
        said.tell(START + 4 * MINUTE, (POWER, "0"), connector=0)
        short, _ = by_both_ways(engine, said, grid_of(8), LATER)
        assert short is not None

    @pytest.mark.parametrize("has_spoken", [True, False])
    def test_a_station_that_says_nothing(self, engine: Engine, has_spoken: bool) -> None:
        """Online it is idle; else what is true is told, by the long way's own rules."""
        said = Said(online=[(START - QUARTER, None)])
        if has_spoken:
            said.tell(START - timedelta(hours=1) - MINUTE, (STOPPED, "1000"))
            said.tell(START - timedelta(days=1), (CLOCK, "1000"))
        until = START + timedelta(hours=3)
        short, _ = by_both_ways(engine, said, grid_of(8), until)
        assert short is not None
        assert "idle-online" == short.rules
        for online in ([(START + QUARTER, START + 5 * QUARTER)], []):
            said.online = list(online)
            said.sessions = [(START + 2 * QUARTER, None)]
            short, long = by_both_ways(engine, said, grid_of(8), until)
            assert short is not None
            assert "offline" == long[-1].rule


SOON = START + 2 * MINUTE
ODD: dict[str, Callable[[Said], object]] = {
    "a boundary is missing": lambda said: said.values.pop(EDGE + 3),
    "one before the period is missing": lambda said: said.values.pop(2),
    "one behind it is missing": lambda said: said.values.pop(),
    "two values at an instant": lambda said: said.tell(START + QUARTER, (CLOCK, "9.5")),
    "the clock is late": lambda said: said.tell(SOON, (CLOCK, "733256.000")),
    "it falls": lambda said: said.tell(SOON, (SAMPLE, "733250.000")),
    "it rises and falls": lambda said: said.tell(SOON, (SAMPLE, "739256.000")),
    "no number": lambda said: said.tell(SOON, (SAMPLE, None)),
    "no number on the grid": lambda said: said.values.__setitem__(
        EDGE, said.values[EDGE]._replace(values=(None,))
    ),
    "below zero": lambda said: said.tell(SOON, (SAMPLE, "-5")),
    "an exponent": lambda said: said.tell(SOON, (SAMPLE, "1E+3")),
    "a phase": lambda said: said.tell(SOON, (OF_A_PHASE, "5")),
    "a power between": lambda said: said.tell(SOON, (POWER, "11000")),
    "a second connector": lambda said: said.tell(SOON, (SAMPLE, "5"), connector=2),
    "a clock that was wrong": lambda said: said.deviations.append(
        (START, "timestamp-ahead", "MeterValues")
    ),
}


class TestWhatIsOdd:
    """Whatever is out of the ordinary is left to the long way."""

    @pytest.mark.parametrize("what", ODD)
    def test_one_odd_thing(self, engine: Engine, what: str) -> None:
        """One is enough."""
        said = aligned(FIRST_HOUR, 8)
        ODD[what](said)
        short, _ = by_both_ways(engine, said, grid_of(8), LATER)
        assert short is None

    @pytest.mark.parametrize(
        "rises",
        [["100000.000"], ["1.000", "-0.500"], ["0.0000001"]],
        ids=["faster than it can", "a fall", "more digits than are compared"],
    )
    def test_an_odd_register(self, engine: Engine, rises: list[str]) -> None:
        """What it shows is for the long way to judge."""
        short, _ = by_both_ways(engine, aligned(rises, 8), grid_of(8), LATER)
        assert short is None

    def test_powers_that_make_an_energy(self, engine: Engine) -> None:
        """Where they stand close, they are compared with the register."""
        said = Said()
        for index in range(-100, 160):
            at = START + index * 5 * MINUTE
            said.tell(at, (CLOCK, "1000"), (POWER, "22000"))
        short, long = by_both_ways(engine, said, grid_of(8, 5), LATER)
        assert short is None
        assert "contradicted" == long[0].rule

    @pytest.mark.parametrize(
        ("profile", "until"),
        [(replace(INCH, aligned_stamp="start"), LATER), (INCH, START + QUARTER)],
        ids=["stamped at the start", "not ended yet"],
    )
    def test_an_odd_period(self, engine: Engine, profile: DeviceProfile, until: datetime) -> None:
        """Stamps at the start are moved, and what has not ended is missing."""
        short, _ = by_both_ways(engine, aligned(["1"], 8), grid_of(8), until, profile)
        assert short is None

    def test_a_model_of_unknown_power(self, engine: Engine) -> None:
        """It can rise as fast as it says."""
        profile = replace(INCH, name="strong", max_power_w=Decimal(0))
        said = aligned(["100000.000"], 8)
        said.tell(START + MINUTE, (SAMPLE, "3133255.884"))
        short, _ = by_both_ways(engine, said, grid_of(8), LATER, profile)
        assert short is not None


HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
#: Local days are found by their first instants; these three have 24 hours each.
DAYS = [[START + day * DAY + hour * HOUR for hour in range(25)] for day in (-1, 0, 1)]
TODAY = DAYS[1]


def hourly(rises_wh: Sequence[str] = ("0.000", "0.000", "5000.125")) -> Said:
    """Tell a register on every hour of three days; the rises come round again."""
    said, register = Said(), Decimal("733255.884")
    for index in range(73):
        said.tell(DAYS[0][0] + index * HOUR, (CLOCK, str(register)))
        register += Decimal(rises_wh[index % len(rises_wh)])
    return said


def keep_all(connection: Connection, until: datetime, profile: DeviceProfile = INCH) -> None:
    """Keep the days that are over."""
    for grid in DAYS:
        if grid[-1] <= until:
            keep_days(connection, [Wanted(STATION, profile)], grid, until)


def kept(connection: Connection) -> list[bool]:
    """Tell of each day that is kept whether it is plain, in order."""
    table = tables.plain_day.c
    rows = connection.execute(select(table.registers).order_by(table.start_at)).scalars()
    return [one is not None for one in rows]


def forbid_rows_of_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail from now on where the rows of more than the last interval are read."""
    read = plain_series._rows

    def rows(connection: Connection, asked: Any, period: Any, is_all: bool) -> Any:
        assert not asked or len(period.grid) == 2
        return read(connection, asked, period, is_all)

    monkeypatch.setattr(plain_series, "_rows", rows)


class TestDaysThatAreKept:
    """A day that is over is read once, and not believed when something new is known of it."""

    @pytest.mark.parametrize("decimals", [0, 3, 6, 9])
    def test_three_days(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch, decimals: int
    ) -> None:
        """A day between two others is made without its rows."""
        with rolled_back(engine) as connection:
            hourly().keep(connection)
            keep_all(connection, LATER)
            assert [True, True, True] == kept(connection)
            forbid_rows_of_days(monkeypatch)
            short, _ = both(connection, TODAY, LATER, decimals=decimals)
            assert short is not None
            assert "measured" == short.rules

    @pytest.mark.parametrize("minutes", [0, 5, 59, 60, 300])
    def test_the_morning_after(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch, minutes: int
    ) -> None:
        """Of the next day only what has come is looked at."""
        until = TODAY[-1] + minutes * MINUTE
        said = hourly()
        said.values = [one for one in said.values if one.instant <= until]
        with rolled_back(engine) as connection:
            said.keep(connection)
            keep_all(connection, until)
            assert [True, True] == kept(connection)
            forbid_rows_of_days(monkeypatch)
            short, _ = both(connection, TODAY, until)
            assert short is not None

    @pytest.mark.parametrize(
        "hours", [-24, -0.5, 0, 0.5, 24, 24.5, 47.99, 48], ids=lambda hours: f"{hours} h"
    )
    @pytest.mark.parametrize("register", ["1", "900000", "733255.884"])
    def test_a_late_value(self, engine: Engine, hours: float, register: str) -> None:
        """It takes the days away that it is of, those on both sides of a midnight."""
        with rolled_back(engine) as connection:
            said = hourly()
            said.keep(connection)
            keep_all(connection, LATER)
            late = Said()
            late.tell(START + hours * HOUR, (SAMPLE, register))
            late.keep(connection)
            outdated = {-24: 1, 0: 2, 24: 2}.get(int(hours) if hours % 1 == 0 else 99, 1)
            assert 3 - outdated == len(kept(connection))
            both(connection, TODAY, LATER)
            keep_all(connection, LATER)
            both(connection, TODAY, LATER)

    def test_a_value_of_today_leaves_all(self, engine: Engine) -> None:
        """What comes in the order of time takes nothing away."""
        with rolled_back(engine) as connection:
            hourly().keep(connection)
            keep_all(connection, LATER)
            late = Said()
            late.tell(DAYS[2][-1] + MINUTE, (CLOCK, "9000000"))
            late.keep(connection)
            assert [True, True, True] == kept(connection)

    def test_a_model_that_is_known_better(self, engine: Engine) -> None:
        """A day is plain by the power of its model; with another it is looked at again."""
        with rolled_back(engine) as connection:
            hourly(["9000.000"]).keep(connection)
            keep_all(connection, LATER)
            weak = replace(INCH, max_power_w=Decimal(800))
            short, long = both(connection, TODAY, LATER, weak)
            assert short is None
            assert "measured" != long[0].rule

    def test_another_length(self, engine: Engine) -> None:
        """A day that was kept by the hour says nothing of its quarter hours."""
        with rolled_back(engine) as connection:
            hourly().keep(connection)
            keep_all(connection, LATER)
            short, _ = both(connection, grid_of(96), LATER)
            assert short is None
            keep_days(connection, [Wanted(STATION, INCH)], grid_of(96), LATER)
            assert [True, False, True] == kept(connection)
            assert both(connection, TODAY, LATER)[0] is not None

    def test_a_second_connector_comes_later(self, engine: Engine) -> None:
        """A station of two registers goes the long way, also for days on which it had one."""
        with rolled_back(engine) as connection:
            hourly().keep(connection)
            keep_all(connection, LATER)
            late = Said()
            late.tell(LATER, (CLOCK, "5"), connector=2)
            late.keep(connection)
            short, _ = both(connection, TODAY, LATER)
            assert short is None

    def test_days_that_are_not_plain(self, engine: Engine) -> None:
        """They are kept as such, and looked at again only when something new is known."""
        with rolled_back(engine) as connection:
            said = hourly()
            gap = said.values.pop(30)
            said.keep(connection)
            keep_all(connection, LATER)
            keep_all(connection, LATER)
            assert [True, False, True] == kept(connection)
            assert both(connection, TODAY, LATER)[0] is None
            Said([gap]).keep(connection)
            keep_all(connection, LATER)
            assert [True, True, True] == kept(connection)
            assert both(connection, TODAY, LATER)[0] is not None

    def test_a_register_beyond_64_bits(self, engine: Engine) -> None:
        """It is left to the rows."""
        said = Said()
        for index in range(73):
            said.tell(DAYS[0][0] + index * HOUR, (CLOCK, "12345678901234567890.125"))
        with rolled_back(engine) as connection:
            said.keep(connection)
            keep_all(connection, LATER)
            assert [False, False, False] == kept(connection)
            assert both(connection, TODAY, LATER)[0] is not None


KINDS = st.sampled_from([CLOCK, SAMPLE, STARTED, STOPPED, OF_A_PHASE, POWER, VOLTAGE])
RISES = st.sampled_from(["0", "0.000", "0.001", "1.5", "250.25", "5499.999", "58666.6", "70000"])
INSTANTS = st.builds(
    lambda quarters, seconds: START + quarters * QUARTER + timedelta(seconds=seconds),
    st.integers(-EDGE - 2, EDGE + 8),
    st.sampled_from([0, 0, 1, 2, 3, 60, 420, 899, 901]),
)


@st.composite
def stories(draw: st.DrawFn) -> tuple[Said, datetime]:
    """Tell of a period of four quarter hours: mostly plain, with up to four odd things."""
    said = aligned(
        draw(st.lists(RISES, min_size=1, max_size=6)),
        4,
        draw(st.sampled_from(["0", "0.000", "9999.5", "733255.884", "98765"])),
        draw(st.sampled_from([(CLOCK,), (CLOCK, VOLTAGE), (VOLTAGE, CLOCK, POWER)])),
    )
    registers = {
        one.instant: value
        for one in said.values
        for kind, value in zip(one.kinds, one.values, strict=True)
        if kind == CLOCK and value is not None
    }
    for _ in range(draw(st.integers(0, 4))):
        at, what = draw(INSTANTS), draw(st.sampled_from("vvvvvvxdos"))
        if what == "v":
            kind = draw(KINDS)
            known = max((one for one in registers if one <= at), default=START)
            value = registers[known] + draw(
                st.sampled_from([Decimal(0), Decimal("0.4"), Decimal(-1), Decimal(2), Decimal(90)])
            )
            text = str(round(value)) if kind in (STARTED, STOPPED) else str(value)
            connector = draw(st.sampled_from([1, 1, 1, 1, 1, 0, 2]))
            said.tell(at, (kind, draw(st.sampled_from([text] * 9 + [None]))), connector=connector)
        elif what == "x":
            said.values.pop(draw(st.integers(0, len(said.values) - 1)))
        elif what == "d":
            rule = draw(st.sampled_from(["timestamp-ahead", "unit-unknown"]))
            said.deviations.append((at, rule, "MeterValues"))
        else:
            spans = said.online if what == "o" else said.sessions
            spans.append((at, draw(st.none() | st.just(at + 3 * QUARTER))))
    until = draw(st.sampled_from([LATER, START + 6 * QUARTER, START + timedelta(days=1)]))
    if draw(st.booleans()):
        said.values = [one for one in said.values if one.instant <= until]
    if draw(st.sampled_from([False] * 5 + [True])):
        said.values = [one for one in said.values if one.instant < START]
    return said, until


@unmeasured
@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories(), decimals=st.sampled_from([0, 2, 3, 6]))
def test_any_story(engine: Engine, story: tuple[Said, datetime], decimals: int) -> None:
    """Whatever a station has said, the short way gives the same, or nothing."""
    said, until = story
    by_both_ways(engine, said, grid_of(4), until, decimals=decimals)


@st.composite
def with_other_registers(draw: st.DrawFn) -> tuple[Said, Said, datetime]:
    """Tell a story, and the same with rows of other registers before, beside or behind its own."""
    said, until = draw(stories())
    more = replace(said, values=list(said.values))
    instants = INSTANTS | st.sampled_from([one.instant for one in said.values] or [START])
    for _ in range(draw(st.integers(1, 12))):
        of_others = Said()
        kinds = draw(st.lists(st.sampled_from(OTHERS), min_size=1, max_size=3, unique=True))
        register = draw(st.sampled_from(["0", "5.5", "733255.884", "98765", "999999999"]))
        of_others.tell(draw(instants), *((kind, register) for kind in kinds))
        more.values.insert(draw(st.integers(0, len(more.values))), of_others.values[0])
    return said, more, until


@unmeasured
@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(told=with_other_registers(), decimals=st.sampled_from([0, 3, 6]))
def test_other_registers_change_nothing(
    engine: Engine, told: tuple[Said, Said, datetime], decimals: int
) -> None:
    """What a meter tells besides changes no energy, by either way, nor its reason."""
    said, more, until = told
    _, alone = by_both_ways(engine, said, grid_of(4), until, decimals=decimals)
    short, beside = by_both_ways(engine, more, grid_of(4), until, decimals=decimals)
    assert alone == beside
    assert short is None or len(beside) == len(short.energies)


@st.composite
def late_news(draw: st.DrawFn) -> tuple[Said, Said, datetime, datetime]:
    """Tell of three days: before they are kept, and afterwards; and until when each is known."""
    said = hourly(draw(st.lists(RISES, min_size=1, max_size=6)))
    late = Said()
    for _ in range(draw(st.integers(0, 5))):
        place = draw(st.integers(0, 72))
        at = DAYS[0][0] + place * HOUR
        what = draw(st.sampled_from("llltdx"))
        if what == "l":
            late.values += [one for one in said.values if one.instant == at]
            said.values = [one for one in said.values if one.instant != at]
            continue
        at += timedelta(seconds=draw(st.sampled_from([0, 1, 60, 1800, 3599])))
        found = draw(st.sampled_from([said, late]))
        if what == "x":
            found.values = [one for one in found.values if one.instant != at]
            continue
        if what == "d":
            # What stands where it was received is measured then.
            found.deviations.append((at, "timestamp-ahead", "MeterValues"))
        register = draw(st.sampled_from(["733255.884", "733256", "750000", "900000", "0", "5"]))
        found.tell(at, (draw(KINDS), register), connector=draw(st.sampled_from([1] * 5 + [0, 2])))
    until = [TODAY[-1], TODAY[-1] + 3 * MINUTE, TODAY[-1] + 5 * HOUR, DAYS[2][-1], LATER]
    first, last = sorted(draw(st.tuples(st.sampled_from(until), st.sampled_from(until))))
    if draw(st.booleans()):
        late.values += [one for one in said.values if one.instant > first]
        said.values = [one for one in said.values if one.instant <= first]
    if draw(st.booleans()):
        late.values = [one for one in late.values if one.instant <= last]
    return said, late, first, last


@unmeasured
@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(news=late_news(), decimals=st.sampled_from([0, 3, 6]))
def test_any_news(
    engine: Engine, news: tuple[Said, Said, datetime, datetime], decimals: int
) -> None:
    """Whatever is told after days were kept, both ways give the same."""
    said, late, first, last = news
    with rolled_back(engine) as connection:
        said.keep(connection)
        keep_all(connection, first)
        both(connection, TODAY, first, decimals=decimals)
        late.keep(connection)
        both(connection, TODAY, last, decimals=decimals)
        keep_all(connection, last)
        both(connection, TODAY, last, decimals=decimals)
