"""Gateways that are asked again and again, and the gaps of their meters."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from backend import Settings
from backend.adapters import records
from backend.adapters.gateways import MeterKeeper, PolledGateway, ReadProfile
from backend.adapters.store import Store
from backend.core.sg_counters import Counter
from backend.core.sg_profile import Quarter
from backend.errors import GatewayAnswerError, GatewayUnreachable
from backend.ports import Gateway, GatewayMeter
from simulators.clock import VirtualClock

START = datetime(2026, 1, 10, 12, tzinfo=UTC)
SETTINGS = """
[[account]]
name = "A"
[[gateway]]
account = "A"
name = "Keller"
serial = "IS001093"
way = "rest"
host = "h"
every = 15
[[meter]]
account = "A"
name = "Haus"
[meter.gateway]
name = "Keller"
serial = "W1"
[[meter]]
account = "A"
name = "Dach"
[meter.gateway]
name = "Keller"
serial = "W2"
address = 35
"""


@dataclass
class Meters:
    """
    What two meters tell.

    Attributes:
        failing: what reading them raises, by serial number, one after the other.
        asked: when which one was asked.
        profile: what the gateway tells of the quarter hours, or why it does not.
    """

    clock: VirtualClock
    failing: dict[str, list[BaseException]] = field(default_factory=dict)
    asked: list[tuple[datetime, str]] = field(default_factory=list)
    profile: list[Quarter] | BaseException = field(default_factory=list)
    profiles_read: int = 0
    polled: PolledGateway | None = None

    async def read(
        self, gateway: Gateway, meter: GatewayMeter, asking: Callable[[], None]
    ) -> tuple[Sequence[Counter], str]:
        """Read a register that rises by 1 Wh a second."""
        self.asked.append((self.clock.now(), meter.serial))
        if waiting := self.failing.get(meter.serial):
            raise waiting.pop(0)
        wh = Decimal((self.clock.now() - START) // timedelta(seconds=1))
        return [Counter("Wh", "import", wh, str(wh), False)], "{}"

    async def read_profile(
        self, gateway: Gateway, meter: GatewayMeter
    ) -> tuple[Sequence[Quarter], str]:
        """Read the load profile."""
        self.profiles_read += 1
        self.asked.append((self.clock.now(), f"profile of {meter.serial}"))
        if isinstance(self.profile, BaseException):
            raise self.profile
        return self.profile, "{}"


Act = Callable[[VirtualClock, Meters, MeterKeeper], Awaitable[None]]


def run(
    tmp_path: Path,
    act: Act,
    *,
    fills: bool = True,
    prepare: Callable[[Meters], object] = id,
    text: str = SETTINGS,
) -> tuple[Meters, MeterKeeper, dict[str, list[tuple[int, int]]]]:
    """
    Run a gateway while something happens.

    Returns:
        What was asked, how the meters stand, and by meter its readings: second and Wh.
    """
    settings = Settings.from_toml(text, {})
    (gateway,) = settings.read_gateways()

    async def whole() -> tuple[Meters, MeterKeeper, dict[str, list[tuple[int, int]]]]:
        clock = VirtualClock(START)
        meters, store = Meters(clock), Store(tmp_path / "gateways.sqlite")
        prepare(meters)
        await store.open()
        await store.write(lambda c: records.keep_settings(c, settings, "2026-01-10"))
        keeper = MeterKeeper(settings, store, clock)
        profile: ReadProfile | None = meters.read_profile if fills else None
        polled = PolledGateway(gateway, meters.read, profile, keeper, clock)
        meters.polled = polled
        await polled.start()
        try:
            await act(clock, meters, keeper)
        finally:
            await polled.stop()
        told = {
            meter.name: [
                ((one.instant - START) // timedelta(seconds=1), int(one.import_wh or 0))
                for one in await keeper.shown(meter, START - timedelta(days=1), clock.now())
            ]
            for meter in gateway.meters
        }
        await store.close()
        return meters, keeper, told

    return asyncio.run(whole())


def until(minutes: int) -> Act:
    """Let time pass."""

    async def act(clock: VirtualClock, meters: Meters, keeper: MeterKeeper) -> None:
        await clock.advance_to(START + timedelta(minutes=minutes))

    return act


def unreachable(count: int) -> list[BaseException]:
    """Give as many failures."""
    return [GatewayUnreachable("nobody answers", "gateway 'Keller'", "wait") for _ in range(count)]


def failing(
    serial: str, count: int, profile: list[Quarter] | BaseException
) -> Callable[[Meters], None]:
    """Prepare a meter that fails so often after its first reading."""

    def prepare(meters: Meters) -> None:
        meters.profile = profile

        original = meters.read

        async def read(
            gateway: Gateway, meter: GatewayMeter, asking: Callable[[], None]
        ) -> tuple[Sequence[Counter], str]:
            answer = await original(gateway, meter, asking)
            if meter.serial == serial and len(meters.asked) <= 2:
                meters.failing[serial] = unreachable(count)
            return answer

        meters.read = read  # type: ignore[method-assign]

    return prepare


QUARTERS = [Quarter(START + timedelta(minutes=15 * place), 900, 0) for place in range(1, 7)]


def test_meters_are_read_at_once_and_at_each_multiple(tmp_path: Path) -> None:
    """Each meter is read when the backend starts, and then at each quarter hour."""
    _, keeper, told = run(tmp_path, until(31))
    assert told == {name: [(0, 0), (900, 900), (1800, 1800)] for name in ("Haus", "Dach")}
    assert keeper.views["Haus"].read_at == START + timedelta(minutes=30)
    assert keeper.views["Haus"].problem == ""


def test_a_reading_holds_for_when_its_counters_were_asked_for(tmp_path: Path) -> None:
    """What is asked about the meter before, as slow as it may be, moves no energy."""
    later = timedelta(seconds=9)

    def prepare(meters: Meters) -> None:
        async def read(
            gateway: Gateway, meter: GatewayMeter, asking: Callable[[], None]
        ) -> tuple[Sequence[Counter], str]:
            meters.clock._now += later  # as real time goes on meanwhile
            asking()
            return [Counter("Wh", "import", Decimal(5), "5", False)], "{}"

        meters.read = read  # type: ignore[method-assign]

    _, keeper, told = run(tmp_path, until(0), prepare=prepare)
    assert told["Haus"] == [(9, 5)]
    assert keeper.views["Haus"].read_at == START + later


def test_a_meter_that_fails_keeps_no_other_back(tmp_path: Path) -> None:
    """It is tried again alone, after growing pauses, and all of them at the next multiple."""

    def prepare(meters: Meters) -> None:
        meters.failing["W1"] = unreachable(3)

    meters, keeper, told = run(tmp_path, until(15), prepare=prepare)
    seconds = [((at - START) // timedelta(seconds=1), serial) for at, serial in meters.asked]
    assert seconds[:5] == [(0, "W1"), (0, "W2"), (10, "W1"), (70, "W1"), (370, "W1")]
    assert seconds[5:] == [(900, "W1"), (900, "W2")]
    assert told["Haus"] == [(370, 370), (900, 900)]
    assert keeper.views["Haus"].problem == ""


def test_a_problem_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The same failure again is not logged again; how the meter stands says it all the time."""

    def prepare(meters: Meters) -> None:
        meters.failing["W1"] = unreachable(1_000)

    _, keeper, _ = run(tmp_path, until(14), prepare=prepare)
    assert 1 == len([one for one in caplog.messages if "nobody answers" in one])
    assert "nobody answers" in keeper.views["Haus"].problem
    assert keeper.views["Haus"].read_at is None


def test_counters_without_energy_are_a_problem(tmp_path: Path) -> None:
    """A meter without a counter of active energy is told, and nothing of it is kept."""

    def prepare(meters: Meters) -> None:
        async def read(
            gateway: Gateway, meter: GatewayMeter, asking: Callable[[], None]
        ) -> tuple[Sequence[Counter], str]:
            return [], "{}"

        meters.read = read  # type: ignore[method-assign]

    _, keeper, told = run(tmp_path, until(1), prepare=prepare)
    assert "none of the counters counts active energy" in keeper.views["Haus"].problem
    assert told == {"Haus": [], "Dach": []}


def test_what_breaks_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A fault of ours neither ends the reading of a gateway nor keeps another meter back."""

    def prepare(meters: Meters) -> None:
        meters.failing["W1"] = [RuntimeError("ours")]

    meters, _, told = run(tmp_path, until(1), prepare=prepare)
    assert "meter 'Haus' (W1): reading it broke (RuntimeError)" in caplog.text
    assert told == {"Haus": [(10, 10)], "Dach": [(0, 0)]}
    assert ["W1", "W2", "W1"] == [serial for _, serial in meters.asked]


def test_a_gap_is_filled_from_the_load_profile(tmp_path: Path) -> None:
    """After an outage the registers at the quarter hours within it are made of the profile."""
    meters, keeper, told = run(tmp_path, until(75), prepare=failing("W1", 13, QUARTERS))
    quarters = [one for one in told["Haus"] if one[0] % 900 == 0]
    assert quarters == [(place * 900, place * 900) for place in range(6)]
    assert keeper.views["Haus"].gap_problem == ""
    assert 1 == meters.profiles_read


def test_a_gap_stays_where_nothing_fills_it(tmp_path: Path) -> None:
    """Without a way to the load profile a gap is a gap."""
    _, _, told = run(tmp_path, until(75), prepare=failing("W1", 13, QUARTERS), fills=False)
    assert [one[0] for one in told["Haus"] if one[0] % 900 == 0] == [0, 3600, 4500]


def test_a_profile_that_cannot_be_read_is_asked_for_again(tmp_path: Path) -> None:
    """While the gateway's page is away, the gap is looked at again at each quarter hour."""
    away = GatewayUnreachable("the page is away", "gateway 'Keller'", "wait")
    meters, keeper, _ = run(tmp_path, until(75), prepare=failing("W1", 13, away))
    assert "the page is away" in keeper.views["Haus"].gap_problem
    assert 2 == meters.profiles_read


def test_a_profile_that_cannot_be_used_is_asked_for_again(tmp_path: Path) -> None:
    """What a gateway says wrongly while it starts, it may say rightly a quarter hour later."""
    wrong = GatewayAnswerError("is answered with 500", "gateway 'Keller'", "wait")

    async def act(clock: VirtualClock, meters: Meters, keeper: MeterKeeper) -> None:
        await clock.advance_to(START + timedelta(minutes=61))
        assert "is answered with 500" in keeper.views["Haus"].gap_problem
        meters.profile = QUARTERS
        await clock.advance_to(START + timedelta(minutes=91))

    meters, keeper, told = run(tmp_path, act, prepare=failing("W1", 13, wrong))
    assert [one for one in told["Haus"] if one[0] % 900 == 0][:3] == [
        (0, 0),
        (900, 900),
        (1800, 1800),
    ]
    assert keeper.views["Haus"].gap_problem == ""
    assert 2 == meters.profiles_read


def test_what_breaks_while_a_gap_is_filled_is_told(tmp_path: Path) -> None:
    """A fault of ours keeps no meter from being read, and is tried again."""
    broken = RuntimeError("ours")
    meters, keeper, told = run(tmp_path, until(75), prepare=failing("W1", 13, broken))
    assert "meter 'Haus' (W1): RuntimeError" in keeper.views["Haus"].gap_problem
    assert 2 == meters.profiles_read
    assert (4500, 4500) == told["Haus"][-1] == told["Dach"][-1]


async def away(clock: VirtualClock, meters: Meters, start: int, end: int) -> None:
    """Let the first meter fail between two minutes."""
    await clock.advance_to(START + timedelta(minutes=start))
    meters.failing["W1"] = unreachable(1_000)
    await clock.advance_to(START + timedelta(minutes=end))
    meters.failing.clear()


def test_a_newest_quarter_that_comes_late_is_looked_for_once_more(tmp_path: Path) -> None:
    """A profile that is not complete at once is read again at the next quarter hour."""

    async def act(clock: VirtualClock, meters: Meters, keeper: MeterKeeper) -> None:
        meters.profile = [QUARTERS[0]]
        await away(clock, meters, 1, 50)
        await clock.advance_to(START + timedelta(minutes=61))
        meters.profile = QUARTERS[:2]
        await clock.advance_to(START + timedelta(minutes=121))

    meters, _, told = run(tmp_path, act)
    assert [0, 900, 1800, 3600] == [one[0] for one in told["Haus"] if one[0] % 900 == 0][:4]
    assert 2 == meters.profiles_read


def test_a_gap_that_contradicts_keeps_no_other_open(tmp_path: Path) -> None:
    """Each gap is filled by itself; what is wrong with one of them is told."""

    async def act(clock: VirtualClock, meters: Meters, keeper: MeterKeeper) -> None:
        meters.profile = [replace(QUARTERS[1], import_wh=5_000), *QUARTERS[3:]]
        await away(clock, meters, 1, 31)
        await away(clock, meters, 46, 76)
        await clock.advance_to(START + timedelta(minutes=91))

    _, keeper, told = run(tmp_path, act)
    assert [0, 2700, 3600, 4500, 5400] == [one[0] for one in told["Haus"] if one[0] % 900 == 0]
    assert "differ by -2300 Wh" in keeper.views["Haus"].gap_problem


def test_a_gap_in_which_the_meter_was_exchanged_stays(tmp_path: Path) -> None:
    """From the register of one meter nothing is made for another one."""
    text = SETTINGS.replace(
        'serial = "W1"\n',
        'serial = "W1"\n[[meter.meter_exchange]]\nat = 2026-01-10T12:20:00Z\n',
    )

    async def act(clock: VirtualClock, meters: Meters, keeper: MeterKeeper) -> None:
        meters.profile = QUARTERS
        await away(clock, meters, 1, 50)
        await clock.advance_to(START + timedelta(minutes=75))

    meters, _, told = run(tmp_path, act, text=text)
    assert [0, 3600, 4500] == [one[0] for one in told["Haus"] if one[0] % 900 == 0]
    assert 0 == meters.profiles_read


def test_gaps_are_looked_at_when_all_meters_are_read(tmp_path: Path) -> None:
    """A load profile that takes its time makes no other meter's quarter hour late."""
    meters, _, _ = run(tmp_path, until(61), prepare=failing("W1", 13, QUARTERS))
    at_the_hour = [serial for at, serial in meters.asked if at == START + timedelta(hours=1)]
    assert ["W1", "W2", "profile of W1"] == at_the_hour


def test_time_in_which_nobody_asked_is_a_gap(tmp_path: Path) -> None:
    """Where the machine slept, no reading has failed, and yet there is a gap."""

    async def act(clock: VirtualClock, meters: Meters, keeper: MeterKeeper) -> None:
        meters.profile = QUARTERS
        await clock.advance_to(START + timedelta(minutes=1))
        assert meters.polled is not None
        await meters.polled.stop()
        await clock.advance_to(START + timedelta(minutes=60))
        await meters.polled.start()
        await clock.advance_to(START + timedelta(minutes=61))

    _, _, told = run(tmp_path, act)
    assert [(place * 900, place * 900) for place in range(5)] == told["Haus"]


def test_the_end_waits_for_one_meter_and_not_for_all(tmp_path: Path) -> None:
    """Who stops the backend waits for the meter that is being read; the others are not asked."""

    async def act(clock: VirtualClock, meters: Meters, keeper: MeterKeeper) -> None:
        polled, original = meters.polled, meters.read
        stopping: list[asyncio.Task[None]] = []

        async def read(
            gateway: Gateway, meter: GatewayMeter, asking: Callable[[], None]
        ) -> tuple[Sequence[Counter], str]:
            assert polled is not None
            stopping.append(asyncio.create_task(polled.stop()))
            await asyncio.sleep(0)
            return await original(gateway, meter, asking)

        assert polled is not None
        polled._read_meter = read
        await clock.advance_to(START)
        await asyncio.gather(*stopping)
        await clock.advance_to(START + timedelta(hours=1))

    meters, _, told = run(tmp_path, act)
    assert ["W1"] == [serial for _, serial in meters.asked]
    assert [(0, 0)] == told["Haus"]


def test_nothing_is_read_after_the_end(tmp_path: Path) -> None:
    """A gateway that was stopped is not asked any more."""

    async def act(clock: VirtualClock, meters: Meters, keeper: MeterKeeper) -> None:
        await clock.advance_to(START)

    meters, _, _ = run(tmp_path, act)
    assert [serial for _, serial in meters.asked] == ["W1", "W2"]
