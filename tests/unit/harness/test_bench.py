"""The bench: what is declared, what is planned, and what decides."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from backend import Settings
from backend.ports import Arrival, Destination
from harness.bench import (
    DEFAULT_DAY,
    NOT_YET_LISTENING,
    UTILITY,
    Act,
    Bench,
    Lines,
    Station,
    id_tag_of,
    site_settings,
)
from harness.central import CardVerdict
from harness.errors import UsageError
from harness.outcomes import Place
from harness.puppet import Puppet
from harness.recording import LINE_WIRE
from harness.utility import Held, PlannedFault
from simulators.charger_inch import Card, ChargerInch
from simulators.charger_inch.habits import ShortMessageIds
from simulators.charger_inch.registry import quirk_from_text
from simulators.clock import VirtualClock
from simulators.ftp_server.faults import FullDisk
from simulators.wiretap import Crossing, Wiretap

START = datetime(2025, 6, 2, 22, tzinfo=UTC)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Give a bench, and take it down."""
    bench = Bench(seed=1, folder=tmp_path)
    yield bench
    bench.close()


class TestLines:
    """Time stands still while the two ends of a line disagree."""

    def test_hold_the_clock_until_both_ends_agree(self) -> None:
        """Whichever end speaks first, its word holds time until the other one has followed."""
        clock = VirtualClock(START)
        lines = Lines(clock, Wiretap(clock))
        held = []

        for tell, up in (
            (lines.charger_says, True),
            (lines.backend_says, True),
            (lines.backend_says, False),
            (lines.charger_says, False),
        ):
            tell("WB-1", up)
            held.append(clock.held_by)

        reason = "the two ends of the line of WB-1 disagree on whether it is up"
        assert [(reason,), (), (reason,), ()] == held

    def test_need_no_hold_where_nothing_changed(self) -> None:
        """An end that says what the other thought anyway holds nothing and releases nothing."""
        clock = VirtualClock(START)

        Lines(clock, Wiretap(clock)).backend_says("WB-1", False)

        assert () == clock.held_by

    def test_hold_once_however_often_it_is_said(self) -> None:
        """What is said twice does not hold twice, and one charger does not release another."""
        clock = VirtualClock(START)
        lines = Lines(clock, Wiretap(clock))
        for _ in range(2):
            lines.charger_says("WB-1", True)
            lines.charger_says("WB-2", True)

        held = [len(clock.held_by)]
        for name in ("WB-1", "WB-2"):
            lines.backend_says(name, True)
            held.append(len(clock.held_by))

        assert [2, 1, 0] == held

    def test_are_recorded_as_the_charger_sees_them(self) -> None:
        """The wiretap notes the charger's end only."""
        clock = VirtualClock(START)
        tap = Wiretap(clock)
        lines = Lines(clock, tap)

        for up in (True, False):
            lines.charger_says("WB-1", up)
            lines.backend_says("WB-1", up)

        assert [
            Crossing(START, LINE_WIRE, "WB-1", "backend", "up"),
            Crossing(START, LINE_WIRE, "WB-1", "backend", "down"),
        ] == tap.crossings


class TestDeclaring:
    """What a scenario says before anything happens."""

    def test_stations_are_activated_unless_told_otherwise(self, bench: Bench) -> None:
        """Each has a metering code of its own; one without IS-E has none."""
        for name, ise in (("A", True), ("B", False), ("C", True)):
            bench.declare_station(name, ise=ise)

        codes = [bench.station(name).metering_code for name in "ABC"]

        assert [
            "CH98765012345AAAAAAAAAAAAAAA00001",
            None,
            "CH98765012345AAAAAAAAAAAAAAA00003",
        ] == codes

    def test_a_station_is_declared_once(self, bench: Bench) -> None:
        """A second declaration would replace the first in silence."""
        bench.declare_station("A")

        with pytest.raises(UsageError, match='the charger "A" is on the bench already'):
            bench.declare_station("A")

    @pytest.mark.parametrize(
        "use",
        [
            lambda bench: bench.station("A"),
            lambda bench: bench.plan_session("A", "Anna", START, START + timedelta(hours=1)),
            lambda bench: bench.plan_outage("A", START),
            lambda bench: bench.grid("A"),
        ],
        ids=["station", "session", "outage", "grid"],
    )
    def test_a_station_that_is_not_there(
        self, bench: Bench, use: Callable[[Bench], object]
    ) -> None:
        """Whoever names a charger that was not declared is told to declare it."""
        with pytest.raises(UsageError, match='no charger "A" is on the bench; declare it'):
            use(bench)

    def test_the_day_gives_the_instants(self, bench: Bench) -> None:
        """Local times are of the bench's day, or of another that is named."""
        assert (DEFAULT_DAY, START) == (bench.day, bench.start)
        bench.declare_day(date(2025, 10, 26))

        assert datetime(2025, 10, 25, 22, tzinfo=UTC) == bench.start
        assert datetime(2025, 10, 26, 13, 15, tzinfo=UTC) == bench.at("14:15")
        assert datetime(2025, 6, 3, 12, 15, tzinfo=UTC) == bench.at("14:15", DEFAULT_DAY)

    def test_the_grid_is_the_stations_own(self, bench: Bench) -> None:
        """A charger's interval cuts the day."""
        bench.declare_station("A").interval_minutes = 60

        assert [bench.at(f"{hour}:00") for hour in range(25)] == bench.grid("A")

    def test_cards_come_from_the_seed(self, bench: Bench, tmp_path: Path) -> None:
        """A person has one card, the same with the same seed, and nobody else has it."""
        others = [Bench(seed, tmp_path) for seed in (1, 2)]
        same, other = (each.card_of("Anna") for each in others)
        for each in others:
            each.close()

        assert bench.card_of("Anna") is bench.card_of("Anna")
        assert same == bench.card_of("Anna")
        assert 3 == len({card.uid for card in (same, other, bench.card_of("Beat"))})

    def test_a_fresh_bench_has_nothing_to_show(self, bench: Bench) -> None:
        """Before it is going, its parts are not there, and the sentence says so."""
        for part in ("clock", "tap", "backend", "utility"):
            with pytest.raises(UsageError, match="the bench is not going yet"):
                getattr(bench, part)


class TestSettings:
    """The backend's settings for a site."""

    def test_are_accepted_by_the_backend(self, bench: Bench) -> None:
        """What a bench declares is what the backend takes, before it is going too."""
        bench.declare_station("A").configuration["MeterValueSampleInterval"] = "60"
        bench.declare_station("B", ise=False)
        bench.card_of("Anna")
        bench.layout["decimals"] = 2

        settings = Settings.from_mapping(bench.settings())

        assert ["A", "B"] == [station.identity for station in settings.stations]
        assert bench.settings()["destination"] == [{"account": UTILITY, **NOT_YET_LISTENING}]

    def test_of_a_station(self) -> None:
        """Activation and configuration stand in its table; its interval sets the clock-aligned."""
        station = Station("A", "CH1", "1-1:1.29.0*255", 30, {"MeterValueSampleInterval": "60"})

        assert {
            "account": UTILITY,
            "identity": "A",
            "name": "A",
            "profile": "etrel_inch",
            "configuration": {"ClockAlignedDataInterval": "1800", "MeterValueSampleInterval": "60"},
            "ise": {"metering_code": "CH1", "obis": "1-1:1.29.0*255", "interval": 30},
        } == station.settings()
        assert "ise" not in Station("A", None).settings()

    def test_of_a_site(self, tmp_path: Path) -> None:
        """Only a daily task has a time of day; a card's UID stands as an INCH sends it."""
        daily, now = (
            site_settings(
                database=tmp_path / "x.sqlite",
                stations=[],
                cards=[Card(bytes.fromhex("FA2AFD77"), "Anna")],
                destination=NOT_YET_LISTENING,
                schedule=schedule,
                host="0.0.0.0",
                port=9000,
            )
            for schedule in ("daily", "now")
        )

        assert "00:30" == daily["task"][0]["at"]
        assert "at" not in now["task"][0]
        assert ["77FD2AFA"] == [card["id_tag"] for card in now["card"]]
        assert {"host": "0.0.0.0", "port": 9000, "database": str(tmp_path / "x.sqlite")} == now[
            "backend"
        ]


class SomeDrop:
    """A way to the utility."""

    async def deliver(self, destination: Destination, name: str, content: bytes) -> Arrival:
        """Take everything."""
        return Arrival(name, len(content), already_there=False)

    async def rest(self) -> None:
        """Have nothing to give back."""


class TestTwins:
    """Benches on which the same is declared."""

    def test_are_declared_alike_and_live_apart(self, bench: Bench) -> None:
        """A twin has what the bench has; what is changed there later is changed there only."""
        bench.declare_station("A")
        bench.plan_outage("A", bench.at("1:00"))
        bench.layout["decimals"] = 2
        bench.schedule, bench.task, bench.drop = "now", "Other", SomeDrop()
        bench.faults.append(PlannedFault(FullDisk(), bench.at("0:00"), bench.at("1:00")))
        bench.card_of("Anna")

        twin = bench.twin("one")
        alike = [
            (
                each.seed,
                each.day,
                each.stations,
                each.layout,
                each.cards,
                each.faults,
                (each.task, each.schedule, each.drop),
                each._plan,
            )
            for each in (bench, twin)
        ]
        assert alike[0] == alike[1]
        twin.stations["A"].configuration["X"] = "1"
        twin.layout["decimals"] = 3
        twin.plan_outage("A", bench.at("2:00"))

        assert {} == bench.stations["A"].configuration
        assert {"decimals": 2} == bench.layout
        assert 1 == len(bench._plan)
        assert bench.folder / "one" == twin.folder
        assert [bench, twin] == bench.family()


class TestGoing:
    """What happens on it."""

    def test_what_is_planned_happens_at_its_instant_in_its_order(self, bench: Bench) -> None:
        """Time rings the plan, in the order of planning where instants agree."""
        done = []

        def act(name: str) -> Act:
            async def note(there: Bench) -> None:
                done.append((name, there.clock.now()))

            return note

        for name, time in (("late", "2:00"), ("first", "1:00"), ("second", "1:00")):
            bench.plan(bench.at(time), act(name))
        bench.advance_to(bench.at("1:59"))
        bench.go()

        expected = [("first", bench.at("1:00")), ("second", bench.at("1:00"))]
        assert expected == done
        bench.advance_to(bench.at("3:00"))
        assert [*expected, ("late", bench.at("2:00"))] == done

    def test_a_charger_has_the_habits_that_are_declared(self, bench: Bench) -> None:
        """Those of every INCH without what was taken away, and what was added."""
        station = bench.declare_station("A")
        station.quirks.append(quirk_from_text("odd-slashes"))
        station.without.append(ShortMessageIds)
        bench.declare_station("B")
        bench.go()

        names = {
            name: [fault.name for fault in charger.faults.on]
            for name, charger in bench.chargers.items()
        }
        assert {
            "A": ["clock-values-without-transaction", "odd-slashes"],
            "B": ["short-message-ids", "clock-values-without-transaction"],
        } == names
        assert bench.chargers["A"].line_is_up

    def test_nothing_is_declared_too_late(self, bench: Bench) -> None:
        """Once it is going, a declaration is refused with what to do about it."""
        bench.declare_station("A")
        bench.go()

        for late, what in (
            (lambda: bench.declare_day(DEFAULT_DAY), "the day"),
            (lambda: bench.declare_station("B"), 'the charger "B"'),
            (lambda: bench.plan_outage("A", START), "what will happen"),
            (
                lambda: bench.plan_session("A", "Anna", START, START + timedelta(hours=1)),
                "what will happen",
            ),
        ):
            with pytest.raises(UsageError, match=f"{what} must be declared before anything"):
                late()
        assert [] == bench.twin("one")._plan

    def test_sessions_and_outages_are_lived(self, bench: Bench) -> None:
        """Somebody charges while the line is cut, and what was queued comes when it is back."""
        bench.declare_station("A")
        bench.plan_session("A", "Anna", bench.at("1:00"), bench.at("3:00"))
        bench.plan_outage("A", bench.at("2:00"), bench.at("4:00"))
        bench.advance_to(bench.at("5:00"))

        lines = [(c.at, c.text) for c in bench.tap.crossings if c.wire == LINE_WIRE]
        stops = [c.at for c in bench.tap.crossings if '"StopTransaction"' in c.text]

        assert [
            (bench.at("0:00"), "up"),
            (bench.at("2:00"), "down"),
            (bench.at("4:00"), "up"),
        ] == lines
        assert [bench.at("4:00")] == stops
        assert isinstance(bench.device("A"), ChargerInch)

    def test_a_backend_that_starts_anew(self, bench: Bench) -> None:
        """It stands where it stood, and the chargers come back to it by themselves."""
        bench.declare_station("Dorfplatz")
        bench.go()
        before, address = bench.backend, bench.backend.address

        bench.restart_backend()
        bench.advance_to(bench.at("1:00"))

        assert before is not bench.backend
        assert address == bench.backend.address
        assert bench.chargers["Dorfplatz"].line_is_up

    def test_a_layout_that_no_utility_reads(self, bench: Bench) -> None:
        """The bench stays as it was, so that nobody takes it for one that has evidence."""
        bench.layout["lamp"] = 1

        with pytest.raises(ValueError, match="no such knob"):
            bench.go()

        assert not bench.going


class TestRecordings:
    """What chargers said, said again."""

    def test_are_said_again_by_puppets(self, bench: Bench) -> None:
        """Calls and changes of the line come at their instants; answers and strangers do not."""
        bench.declare_station("A")
        calls = [json.dumps([2, f"r{n}", "Heartbeat", {"n": n}]) for n in range(3)]
        early = bench.start - timedelta(hours=1)
        crossings = [
            Crossing(early, "ocpp1.6", "A", "backend", calls[0]),
            Crossing(bench.start, LINE_WIRE, "A", "backend", "up"),
            Crossing(bench.at("1:00"), "ocpp1.6", "A", "backend", calls[1]),
            Crossing(bench.at("1:00"), "ocpp1.6", "A", "backend", '[3,"x",{}]'),
            Crossing(bench.at("1:00"), "ocpp1.6", "backend", "A", '[2,"x","Reset",{}]'),
            Crossing(bench.at("1:00"), "ocpp1.6", "B", "backend", calls[1]),
            Crossing(bench.at("1:00"), "hand", "A", "A", "[2,"),
            Crossing(bench.at("2:00"), LINE_WIRE, "A", "backend", "down"),
            Crossing(bench.at("3:00"), LINE_WIRE, "A", "backend", "up"),
            Crossing(bench.at("3:00"), "ocpp1.6", "A", "backend", calls[2]),
        ]

        crossings = [
            Crossing(c.at, c.wire, c.sender, c.receiver, c.text.replace("[2, ", "[2,"))
            for c in crossings
        ]
        bench.plan_recording(crossings)
        bench.advance_to(bench.at("4:00"))

        again = [
            (c.at, c.text)
            for c in bench.tap.crossings
            if c.sender == "A" and '"p' not in c.text and not c.text.startswith("[3")
        ]
        assert [
            (bench.start, "up"),
            (bench.start, crossings[0].text),
            (bench.at("1:00"), crossings[2].text),
            (bench.at("2:00"), "down"),
            (bench.at("3:00"), "up"),
            (bench.at("3:00"), crossings[9].text),
        ] == again
        assert isinstance(bench.device("A"), Puppet)
        assert {} == bench.chargers


class TestCentral:
    """A central system on strings, in the place of the backend and the utility."""

    def test_stands_before_a_charger(self, bench: Bench) -> None:
        """Chargers connect to it; there is no backend, no database, no utility and no file."""
        bench.declare_central()
        bench.declare_station("A", ise=False).build["firmware"] = "9.9"
        bench.go()

        boot = json.loads(bench.tap.crossings[1].text)
        assert ("BootNotification", "9.9") == (boot[2], boot[3]["firmwareVersion"])
        assert [] == bench.arrived()
        assert [] == list(bench.folder.iterdir())
        for part in ("backend", "utility"):
            with pytest.raises(UsageError, match="the bench is not going yet"):
                getattr(bench, part)

    def test_gives_the_same_bytes_for_one_seed(self, tmp_path: Path) -> None:
        """Two lives of one session, with the line cut, are the same frame for frame."""
        lives = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            bench = Bench(seed=3, folder=tmp_path / name)
            bench.declare_central()
            bench.declare_station("A", ise=False)
            bench.plan_session("A", "Anna", bench.at("1:00"), bench.at("2:00"))
            bench.plan_outage("A", bench.at("1:10"), bench.at("1:30"))
            bench.advance_to(bench.at("3:00"))
            lives.append(list(bench.tap.crossings))
            bench.close()

        assert lives[0] == lives[1]
        assert len(lives[0]) > 100

    def test_says_of_cards_what_it_is_told(self, bench: Bench) -> None:
        """Before the bench goes, and while it does."""
        bench.declare_central()
        bench.judge_card_of("Anna", CardVerdict("Blocked"))
        bench.go()
        bench.judge_card_of("Bert", CardVerdict("Expired", "FAMILY"))

        assert {
            id_tag_of(bench.card_of("Anna")): CardVerdict("Blocked"),
            id_tag_of(bench.card_of("Bert")): CardVerdict("Expired", "FAMILY"),
        } == bench.central.cards

    def test_is_declared_before_anything_happens(self, bench: Bench) -> None:
        """Afterwards it is too late for it, and for the cards of a backend."""
        bench.leave_out_utility()
        bench.go()

        for late in (
            bench.declare_central,
            bench.leave_out_utility,
            lambda: bench.judge_card_of("Anna", CardVerdict()),
        ):
            with pytest.raises(UsageError, match="before anything happens"):
                late()

    def test_cards_of_the_backend_bear_their_verdict(self, bench: Bench) -> None:
        """The settings have a status of each card, and the group where it has one."""
        bench.judge_card_of("Anna", CardVerdict("Blocked"))
        bench.judge_card_of("Bert", CardVerdict("Accepted", "FAMILY"))
        bench.card_of("Carla")

        assert [("Blocked", None), ("Accepted", "FAMILY"), ("Accepted", None)] == [
            (card["status"], card.get("parent_id_tag")) for card in bench.settings()["card"]
        ]

    def test_a_station_need_not_be_configured(self, bench: Bench) -> None:
        """A central system under test sends nothing that nobody asked for."""
        bench.declare_station("A").is_configured = False

        assert "configuration" not in bench.settings()["station"][0]


class TestDeciding:
    """What a verdict was read from."""

    def test_is_kept_once_and_in_order(self, bench: Bench) -> None:
        """A frame or a file that decides twice is shown once; equal frames are two."""
        frames = [Crossing(START, "ocpp1.6", "A", "backend", "[2,") for _ in range(2)]

        bench.decide([frames[0], None])
        bench.decide(frames)
        bench.decide_files(["b.csv", "a.csv"])
        bench.decide_files(["a.csv", "c.csv"])

        assert [id(frame) for frame in frames] == [id(frame) for frame in bench.deciding]
        assert ["b.csv", "a.csv", "c.csv"] == bench.deciding_files

    def test_of_energies_and_of_deliveries(self, bench: Bench) -> None:
        """Energies are decided by the meter's frames with their answers, deliveries by SFTP."""
        bench.declare_station("A")
        bench.plan_session("A", "Anna", bench.at("1:00"), bench.at("1:20"))
        bench.advance_to(bench.at("2:00"))

        bench.decide_energy_of("A")
        told = {json.loads(crossing.text)[0] for crossing in bench.deciding}
        actions = {c.text.split(",")[2] for c in bench.deciding if c.sender == "A"}
        bench.deciding.clear()
        bench.tap.note("sftp", "backend", UTILITY, '{"do":"stat"}')
        bench.decide_drop()

        assert {2, 3} == told
        assert {'"StartTransaction"', '"MeterValues"', '"StopTransaction"'} == actions
        assert [bench.tap.crossings[-1]] == bench.deciding

    def test_of_values_is_compared_and_kept(self, bench: Bench) -> None:
        """Right or wrong, each cell is kept; 0.5 and 0.500 are one energy."""
        at = Place(2, 4), Place(2, 6)
        held = Held(START, START, Decimal("0.500"), "W", "a.csv", "1-1:1.29.0", *at)

        assert bench.decide_value(held, Decimal("0.5"))
        assert bench.decide_value(held, Decimal("0.5"), "W")
        assert not bench.decide_value(held, Decimal("0.5"), "E")
        assert not bench.decide_value(held, None, "W")

        assert [
            ("0.5", "0.5", True),
            ("0.5", "0.5", True),
            ("W", "W", True),
            ("0.5", "0.5", True),
            ("W", "E", False),
            ("0.5", "no value", False),
            ("W", "W", True),
        ] == [(one.seen, one.expected, one.is_right) for one in bench.judged]
        assert {("a.csv", 4), ("a.csv", 6)} == {(one.file, one.place.cell) for one in bench.judged}
        assert ["a.csv"] == bench.deciding_files

    def test_of_values_without_a_place_is_compared_all_the_same(self, bench: Bench) -> None:
        """A mark is less than a verdict."""
        held = Held(START, START, Decimal(1000), "W", "a.csv")

        assert not bench.decide_value(held, Decimal(0), "W")
        assert [] == bench.judged
