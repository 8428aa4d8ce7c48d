"""Gateways that are asked again and again, and the gaps of their meters."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
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

    async def read(self, gateway: Gateway, meter: GatewayMeter) -> tuple[Sequence[Counter], str]:
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
        if isinstance(self.profile, BaseException):
            raise self.profile
        return self.profile, "{}"


Act = Callable[[VirtualClock, Meters, MeterKeeper], Awaitable[None]]


def run(
    tmp_path: Path, act: Act, *, fills: bool = True, prepare: Callable[[Meters], object] = id
) -> tuple[Meters, MeterKeeper, dict[str, list[tuple[int, int]]]]:
    """
    Run a gateway while something happens.

    Returns:
        What was asked, how the meters stand, and by meter its readings: second and Wh.
    """
    settings = Settings.from_toml(SETTINGS, {})
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

        async def read(gateway: Gateway, meter: GatewayMeter) -> tuple[Sequence[Counter], str]:
            answer = await original(gateway, meter)
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
        async def read(gateway: Gateway, meter: GatewayMeter) -> tuple[Sequence[Counter], str]:
            return [], "{}"

        meters.read = read  # type: ignore[method-assign]

    _, keeper, told = run(tmp_path, until(1), prepare=prepare)
    assert "none of the counters counts active energy" in keeper.views["Haus"].problem
    assert told == {"Haus": [], "Dach": []}


def test_what_breaks_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A fault of ours does not end the reading of a gateway."""

    def prepare(meters: Meters) -> None:
        meters.failing["W1"] = [RuntimeError("ours")]

    _, _, told = run(tmp_path, until(1), prepare=prepare)
    assert "reading it broke" in caplog.text
    assert told["Haus"] == [(10, 10)]


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


def test_a_profile_that_contradicts_is_not_asked_for_again(tmp_path: Path) -> None:
    """What cannot be used once is not asked for until there may be another gap."""
    wrong = GatewayAnswerError("no profile", "gateway 'Keller'", "look")
    meters, keeper, _ = run(tmp_path, until(75), prepare=failing("W1", 13, wrong))
    assert "no profile" in keeper.views["Haus"].gap_problem
    assert 1 == meters.profiles_read


def test_nothing_is_read_after_the_end(tmp_path: Path) -> None:
    """A gateway that was stopped is not asked any more."""

    async def act(clock: VirtualClock, meters: Meters, keeper: MeterKeeper) -> None:
        await clock.advance_to(START)

    meters, _, _ = run(tmp_path, act)
    assert [serial for _, serial in meters.asked] == ["W1", "W2"]
