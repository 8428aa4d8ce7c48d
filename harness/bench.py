"""
The bench of one scenario: a clock, chargers, a backend and a utility, put together.

Where a charger alone is under test, a central system on strings stands in the backend's place, and
no utility is needed (`Bench.declare_central`).

A bench is first *declared* (which day, which chargers, what will happen when) and then *set
going*; the first sentence that needs something to happen sets it going. Everything runs in
one event loop, which runs only while the bench waits for it, so between two sentences
nothing moves.

The two ends of a line learn of its end at different moments of real time. So that this
cannot be seen in simulated time, `Lines` holds the clock while they disagree.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import random
import re
import ssl
import subprocess
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from backend import Backend, Settings
from backend.core.formats.mscons import Document
from backend.errors import SettingsError
from backend.ports import Destination, Drop, Step
from harness.catalogue import ListedScenario, Requirement
from harness.central import CardVerdict, Central
from harness.central_rules import Lives
from harness.errors import UsageError
from harness.frames import calls_of
from harness.gateways import Gateways
from harness.local_time import ZURICH, grid, instant, read_day
from harness.outcomes import JudgedCell, Place
from harness.puppet import Puppet
from harness.round_trip import RoundTrips
from harness.sources import CardSource, Meter, Sources
from harness.targets.face import BackendFace
from harness.targets.target_file import SCALED, STEPPED, Target
from harness.utility import (
    DROP_WIRES,
    SECRET,
    Arrived,
    DropServer,
    Held,
    Login,
    PlannedFault,
    Utility,
)
from simulators.charger_inch import Card, ChargerInch, Setup, id_tag_of
from simulators.charger_inch.habits import StandbyValues
from simulators.charger_inch.quirks import Quirk
from simulators.clock import BenchClock, Hold, RealClock, VirtualClock
from simulators.wiretap import LINE_WIRE, Crossing, Wiretap

if TYPE_CHECKING:
    from harness.fault_cells import CellResult
    from harness.rerun import Rerun
    from harness.sending_meter import SendingMeter
    from harness.targets.foreign import ForeignBackend
    from harness.targets.waiting import Waiting
    from harness.tool import Tool
    from simulators.charger_inch.web_io import WebPage

T = TypeVar("T")
Act = Callable[["Bench"], Awaitable[None]]

UTILITY = "EW Seedorf"
TASK = "Tagesexport"
FORMAT = "Lastgang"
DATABASE = "isebench.sqlite"
UNKNOWN = datetime.min.replace(tzinfo=UTC)
DEFAULT_DAY = date(2025, 6, 3)
EXPORT_AT = "00:30"
NOT_YET_LISTENING = {
    "name": UTILITY,
    "kind": "sftp",
    "host": "127.0.0.1",
    "port": 22,
    "user": "isebench",
    "secret": SECRET,
    "folder": "/",
    "host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2hJ4s0Qb0V2rZQZ3k1v7Yk9s0oZl2c1w9Xq8m3T5dE",
}
"""A destination for settings that are only checked: well formed, and nowhere."""
MOMENT_S = 0.05
"""So many real seconds a backend that says nothing of its lines has to see one come or go."""
ONE_ORDER = {"at_once": 1}
"""Files go one after the other, so that two runs leave the same record, unless a scenario asks."""


@dataclass(slots=True)
class Station:
    """
    A charger as a scenario declares it.

    Attributes:
        name: what people call it, and its OCPP identity.
        metering_code, obis, interval_minutes: its activation for IS-E; no code, no activation.
        numbers: what else it is called by there, as the settings call it.
        configuration: OCPP configuration keys that the backend sets.
        big_endian_cards: whether its reader sends UIDs big-endian.
        standby_values: whether it sends clock-aligned values when nobody charges, too.
        quirks: habits and faults that it has from the start.
        without: habits of every INCH that it has not.
        puppet: whether it only says what it is told.
        build: how an emulated INCH is built, beyond that: fields of its `Setup`.
        is_configured: whether the backend sets configuration keys at all.
        is_elsewhere: whether the backend knows it, and nothing stands on the bench under its name.
    """

    name: str
    metering_code: str | None
    obis: str = "1-1:1.29.0*255"
    interval_minutes: int = 15
    configuration: dict[str, str] = field(default_factory=dict)
    big_endian_cards: bool = False
    standby_values: bool = False
    quirks: list[Quirk] = field(default_factory=list)
    without: list[type[Quirk]] = field(default_factory=list)
    puppet: bool = False
    build: dict[str, Any] = field(default_factory=dict)
    is_configured: bool = True
    is_elsewhere: bool = False
    numbers: dict[str, str] = field(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        """Give the station's table for the backend's settings."""
        table: dict[str, Any] = {
            "account": UTILITY,
            "identity": self.name,
            "name": self.name,
            "profile": "etrel_inch",
        }
        if self.is_configured:
            interval_s = str(self.interval_minutes * 60)
            table["configuration"] = {"ClockAlignedDataInterval": interval_s, **self.configuration}
        if self.metering_code is not None:
            table["ise"] = {
                "metering_code": self.metering_code,
                "obis": self.obis,
                "interval": self.interval_minutes,
                **self.numbers,
            }
        return table


@dataclass(slots=True)
class Speech:
    """
    How the central system on strings can be spoken with.

    Attributes:
        subprotocol: what it speaks.
        through_tls: whether it does over wss.
        is_trusted: whether chargers trust who signed its certificate.
    """

    subprotocol: str = "ocpp1.6"
    through_tls: bool = False
    is_trusted: bool = True

    @property
    def may_be_refused(self) -> bool:
        """Whether a charger may have reason not to speak with it."""
        return not self.is_trusted or self.subprotocol != "ocpp1.6"


class Lines:
    """
    Keeps time still while a charger and the backend disagree on whether they are connected.

    Attributes:
        is_told_of_both: whether the backend says so; else it gets a moment after each change.
    """

    def __init__(self, clock: VirtualClock, tap: Wiretap) -> None:
        self._clock = clock
        self._tap = tap
        self.is_told_of_both = True
        self._charger: dict[str, bool] = {}
        self._backend: dict[str, bool] = {}
        self._holds: dict[str, Hold] = {}

    def charger_says(self, identity: str, up: bool) -> None:
        """Take the charger's end of the line, and record it."""
        self._tap.note(LINE_WIRE, identity, "backend", "up" if up else "down")
        self._charger[identity] = up
        self._compare(identity)

    def backend_says(self, identity: str, up: bool) -> None:
        """Take the backend's end of the line."""
        self._backend[identity] = up
        self._compare(identity)

    def backend_shows(self, identities: Collection[str]) -> None:
        """Take which chargers the backend takes for connected, of those that are known."""
        self.is_told_of_both = True
        for identity in self._charger:
            self.backend_says(identity, identity in identities)

    def _compare(self, identity: str) -> None:
        if not self.is_told_of_both:
            moment = self._clock.hold(f"the backend gets a moment for the line of {identity}")
            asyncio.get_running_loop().call_later(MOMENT_S, moment.release)
            return
        agree = self._charger.get(identity, False) == self._backend.get(identity, False)
        hold = self._holds.pop(identity, None)
        if not agree:
            self._holds[identity] = hold or self._clock.hold(
                f"the two ends of the line of {identity} disagree on whether it is up"
            )
        elif hold is not None:
            hold.release()


class Bench:
    """
    One scenario's world.

    Parameters:
        seed: what all chance of the scenario comes from.
        folder: an empty folder for the database and the drop.
        target: the backend under test, where it is not the bundled one.
    """

    #: The file of a recorder between the chargers and what they connect to.
    recorder_file: Path | None = None
    #: A recording that is put before the backend.
    rerun: Rerun | None = None

    def __init__(self, seed: int, folder: Path, target: Target | None = None) -> None:
        self.seed = seed
        self.folder = folder
        self.target = target
        self.day = DEFAULT_DAY
        self.stations: dict[str, Station] = {}
        self.layout: dict[str, Any] = {}
        #: What came of the last test of a connection.
        self.tested: Sequence[Step] = ()
        #: A file that somebody else has written, and what was read of it.
        self.foreign_file = b""
        self.read_of_it = Document("", "", "", (), ())
        self.cards: dict[str, Card] = {}
        self.card_verdicts: dict[str, CardVerdict] = {}
        self.chargers: dict[str, ChargerInch] = {}
        self.puppets: dict[str, Puppet] = {}
        self.sources = Sources(UTILITY)
        self.meters: dict[str, SendingMeter] = {}
        self.gateways = Gateways(UTILITY)
        self.pages: dict[str, WebPage] = {}
        self.deciding: list[Crossing] = []
        self.going = False
        self._waiting: Waiting | None = None
        self._bound_at = UNKNOWN
        self._plan: list[tuple[datetime, Act]] = []
        self._runner = asyncio.Runner()
        self._backend: BackendFace | None = None
        self._central: Central | None = None
        self._with_central, self._with_utility = False, True
        self.central_speaks = Speech()
        self._clock: VirtualClock | None = None
        self._tap: Wiretap | None = None
        self._lines: Lines | None = None
        self._utility: Utility | None = None
        self.faults: list[PlannedFault] = []
        self.drop_server = DropServer()
        #: A destination that was read, where nothing is delivered.
        self.destination: Destination | None = None
        #: What opens the utility's door, and what the backend is given of it.
        self.login = Login()
        self.task = TASK
        self.schedule = "daily"
        self.first_day: date | None = None
        self.task_delivers_until_now = False
        #: When files were made last, where that is not the time of the bench.
        self.exported_at: datetime | None = None
        self.drop: Drop | None = None
        self.amendments: list[Callable[[dict[str, Any]], None]] = []
        self.deciding_files: list[str] = []
        self.judged: list[JudgedCell] = []
        self.in_real_time = False
        self._between = contextlib.AsyncExitStack()
        self._twins: list[Bench] = []
        # What one sentence leaves for the next.
        self.wanted: set[str] = set()
        self.rows_seen = 0
        self.round_trips = RoundTrips()
        self.listed_codes: tuple[tuple[str, str, str], ...] = ()
        self.single_value: Held | None = None
        #: What came of the cells of the fault matrix that were tried.
        self.cells: list[CellResult] = []
        self.finished: subprocess.CompletedProcess[str] | None = None
        self.runs: list[subprocess.CompletedProcess[str]] = []
        self.described: dict[str, Any] = {}
        self.listed: tuple[list[Requirement], list[ListedScenario]] = ([], [])
        self.lived_s = 0.0
        self.tool: Tool | None = None
        self.remarks: list[str] = []
        self.told = ""
        self.sent_after = 0

    # ------------------------------------------------------------------ what is declared

    def declare_day(self, day: date) -> None:
        """Say which local day is lived."""
        self._must_not_be_going("the day")
        self.day = day

    def new_tool(self, side: str) -> Tool:
        """Give the tool of a compliance case, for the side that is under test."""
        from harness.tool import Tool

        return Tool(self, side)

    def declare_central(self) -> None:
        """Put a central system on strings in the place of the backend and the utility."""
        self._must_not_be_going("the central system")
        self._with_central, self._with_utility = True, False

    def leave_out_utility(self) -> None:
        """Let nobody wait for files, where only what crosses the line of a charger counts."""
        self._must_not_be_going("that there is no utility")
        self._with_utility = False

    def declare_station(self, name: str, *, ise: bool = True) -> Station:
        """Put a charger on the bench, activated for IS-E unless told otherwise."""
        self._must_not_be_going(f'the charger "{name}"')
        if name in self.stations:
            raise UsageError(f'the charger "{name}" is on the bench already; declare it once')
        code = f"CH98765012345AAAAAAAAAAAAAAA{len(self.stations) + 1:05d}" if ise else None
        station = self.stations[name] = Station(name, code)
        return station

    def build(self, name: str, **how: Any) -> None:
        """Say how a charger is built and set up: fields of the charger's `Setup`."""
        self._must_not_be_going(f'how "{name}" is built')
        self.station(name).build |= how

    def station(self, name: str) -> Station:
        """Give a declared charger."""
        if name not in self.stations:
            raise UsageError(f'no charger "{name}" is on the bench; declare it in a Given')
        return self.stations[name]

    def source(self, name: str) -> Station | Meter | CardSource:
        """Give what a name of a scenario stands for: a charger, a meter, or "Anna's card"."""
        person = name.removesuffix("'s card")
        if person != name and person in self.sources.cards:
            return self.sources.cards[person]
        return self.sources.meters.get(name) or self.station(name)

    def card_of(self, person: str) -> Card:
        """Give a person's card; who has none yet gets one, drawn from the seed."""
        if person not in self.cards:
            uid = random.Random(f"{self.seed} card {person}").randbytes(4)
            self.cards[person] = Card(uid, person)
        return self.cards[person]

    def judge_card_of(self, person: str, verdict: CardVerdict) -> None:
        """Say what the central system shall say of a person's card, from now on."""
        card = self.card_of(person)
        self.card_verdicts[person] = verdict
        if self._central is not None:
            self._central.cards[id_tag_of(card)] = verdict
        elif self.going:
            raise UsageError("the backend's cards must be declared before anything happens")

    def amend(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Say what the backend's settings shall say besides, or otherwise."""
        self._must_not_be_going("the backend's settings")
        self.amendments.append(change)

    def plan(self, at: datetime, act: Act) -> None:
        """Let something happen at an instant, in the order of planning where instants agree."""
        self._must_not_be_going("what will happen")
        self._plan.append((at, act))

    def plan_session(self, name: str, person: str, start: datetime, end: datetime) -> None:
        """Let a person plug in and show the card, and later stop with it and unplug."""
        self.station(name)
        if end <= start:
            raise UsageError(f"{person} cannot stop charging before the start; mend the times")
        card = self.card_of(person)

        async def begin(bench: Bench) -> None:
            charger = bench.charger(name)
            await charger.plug_in(person=person)
            await charger.show_card(card)

        async def finish(bench: Bench) -> None:
            charger = bench.charger(name)
            await charger.show_card(card)
            await charger.unplug(person=person)

        self.plan(start, begin)
        self.plan(end, finish)

    def plan_outage(self, name: str, start: datetime, end: datetime | None = None) -> None:
        """Let a charger's line be cut, and restored where an end is given."""
        self.station(name)

        async def cut(bench: Bench) -> None:
            await bench.device(name).cut_line()

        async def restore(bench: Bench) -> None:
            await bench.device(name).restore_line()

        self.plan(start, cut)
        if end is not None:
            self.plan(end, restore)

    def _must_not_be_going(self, what: str) -> None:
        if self.going:
            raise UsageError(f"{what} must be declared before anything happens; move it to a Given")

    def plan_recording(self, crossings: Sequence[Crossing]) -> None:
        """Let puppets say again what chargers said, and cut their lines when theirs were cut."""
        for crossing in crossings:
            name = crossing.sender
            if name not in self.stations:
                continue
            self.stations[name].puppet = True
            if crossing.wire == LINE_WIRE and crossing.at > self.start:
                self.plan(crossing.at, _again_on_the_line(name, crossing.text))
            elif crossing.wire == "ocpp1.6" and crossing.text.startswith("[2,"):
                self.plan(max(crossing.at, self.start), _say_again(name, crossing.text))

    def twin(self, name: str) -> Bench:
        """Give another bench on which the same is declared; it closes with this one."""
        folder = self.folder / name
        folder.mkdir()
        twin = Bench(self.seed, folder, self.target)
        twin.day, twin.drop = self.day, self.drop
        twin.task, twin.schedule = self.task, self.schedule
        twin.stations = {key: copy.deepcopy(station) for key, station in self.stations.items()}
        twin.layout, twin.cards, twin.login = dict(self.layout), dict(self.cards), self.login
        twin.amendments = list(self.amendments)
        twin.sources = copy.deepcopy(self.sources)
        twin.gateways.planned = copy.deepcopy(self.gateways.planned)
        twin.faults, twin._plan = list(self.faults), [] if self.going else list(self._plan)
        self._twins.append(twin)
        return twin

    def family(self) -> list[Bench]:
        """Give this bench and its twins, in the order of their making."""
        return [self, *self._twins]

    # ------------------------------------------------------------------ what runs

    @property
    def start(self) -> datetime:
        """The bench's first instant: the beginning of the day."""
        return self.at("0:00")

    @property
    def clock(self) -> BenchClock:
        """The scenario's clock."""
        return self._there(self._clock)

    @property
    def tap(self) -> Wiretap:
        """What crossed the wires."""
        return self._there(self._tap)

    @property
    def backend(self) -> BackendFace:
        """The backend under test; for acting on it, never for a verdict."""
        return self._there(self._backend)

    @property
    def central(self) -> Central:
        """The central system on strings, where there is one."""
        return self._there(self._central)

    @property
    def utility(self) -> Utility:
        """The utility: its server and its importer."""
        return self._there(self._utility)

    def _there(self, part: T | None) -> T:
        if part is None:
            raise UsageError("the bench is not going yet")
        return part

    async def line_changed(self, name: str, *, up: bool) -> None:
        """Take the word of who plays a charger that its line is up or down, as a device's."""
        self._there(self._lines).charger_says(name, up)
        await self.clock.settle()

    def device(self, name: str) -> ChargerInch | Puppet:
        """Give what stands on the bench under a name."""
        return self.puppets.get(name) or self.chargers[name]

    def charger(self, name: str) -> ChargerInch:
        """Give an emulated charger, which people can use."""
        if name not in self.chargers:
            raise UsageError(
                f'"{name}" only says what it is told, as its meter or a frame is given; nobody can '
                "charge there in the same scenario"
            )
        return self.chargers[name]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the bench's loop and wait for its end."""
        return self._runner.run(work)

    def go(self) -> None:
        """Set the bench going; a second call does nothing."""
        if not self.going:
            self.run(self._go())

    def arrived(self) -> list[Arrived]:
        """Give the files that arrived at the utility; none where there is no utility."""
        return [] if self._utility is None else self._utility.arrived()

    def advance_to(self, target: datetime) -> None:
        """Let time pass."""
        self.go()
        self.run(self.clock.advance_to(target))

    def collect(self) -> None:
        """Let the utility's importer read what has come; who delivers in real time is awaited."""
        if self.target is not None and self.target.time != STEPPED:
            from harness.targets.waiting import Waiting

            self._waiting = self._waiting or Waiting(self.target, self.first_day or self.day)
            self.run(self._waiting.for_files(self))
        self.utility.collect()

    def at(self, time: str, day: date | None = None) -> datetime:
        """
        Give the instant of a local time of the bench's day, or of another.

        Parameters:
            time: ``14:15``; or ``8:00 of the next day``, ``9:00 on 5 June 2025``.
            day: whose time it is, where the text does not say it.
        """
        clock, _, other = re.sub(" (?:of|on) ", "|", time, count=1).partition("|")
        if other:
            day = self.day + timedelta(days=1) if other == "the next day" else read_day(other)
        return instant(day or self.day, clock)

    def told_span(self) -> tuple[datetime, datetime]:
        """Give from when to when the backend may have told the utility anything by now."""
        first, now = instant(self.first_day or self.day, "0:00"), self.exported_at
        if self.target is not None and self.target.time == SCALED:
            # Its clock has begun before the day.
            first -= timedelta(days=1)
        if now is None:
            now = self.clock.now()
        if self.task_delivers_until_now:
            return first, now
        return first, instant(now.astimezone(ZURICH).date(), "0:00")

    def grid(self, name: str) -> list[datetime]:
        """Give the boundaries of the day's intervals of a charger, a meter or a card."""
        return grid(self.day, self.source(name).interval_minutes)

    async def _go(self) -> None:
        clock = self._new_clock()
        tap = Wiretap(clock)
        if self._with_utility:
            # A card is known to the utility by its name.
            key = {"key": "name"} if self.sources.cards else {}
            self._utility = Utility(
                UTILITY,
                clock,
                tap,
                self.folder,
                {**self.layout, **key},
                tuple(self.faults),
                self.drop_server,
                self.login,
            )
        # A layout that no utility reads has been refused above; from here on there is evidence.
        self._clock, self._tap, self.going = clock, tap, True
        if self._utility is not None:
            await self._utility.start()
        await self.gateways.start(clock, tap)
        lines = self._lines = Lines(self._clock, self._tap)
        address = await self._through_recorder(await self._start_central_system(clock, lines))
        for station in self.stations.values():
            if not station.is_elsewhere:
                await self._put(station, lines, address)
        self._put_meters(clock, tap)
        for at, act in sorted(self._plan, key=lambda planned: planned[0]):
            self._clock.call_at(at, functools.partial(act, self))
        await self._clock.settle()
        if self._clock.now() < self.start:
            # A clock that cannot stand has begun before the day, so that all is in its place then.
            await self._clock.advance_to(self.start)

    async def _through_recorder(self, address: str) -> str:
        """Put a recorder between, where one is declared, and give where chargers connect then."""
        if self.recorder_file is None:
            return address
        # Loaded only by who has one.
        from harness.recorder import Recorder, Wishes

        wishes = Wishes("ws://127.0.0.1:0", address, self.recorder_file)
        recorder = Recorder(wishes, self.remarks.append, self.clock)
        await self._between.enter_async_context(recorder.running())
        return recorder.address

    async def _start_central_system(self, clock: VirtualClock, lines: Lines) -> str:
        """Start what chargers connect to, and give its address."""
        if self._with_central:
            self._central = Central(
                clock, subprotocol=self.central_speaks.subprotocol, tls=self._tls_of_central()
            )
            self._central.on_line = lines.backend_says
            for person, verdict in self.card_verdicts.items():
                self._central.cards[id_tag_of(self.card_of(person))] = verdict
            if self.tool is not None:
                self.tool.prepare(self._central)
            await self._central.start()
            return self._central.address
        backend = self._backend = self.new_backend(clock, lines.backend_says, self.drop)
        await backend.start()
        await self._bind(backend)
        await self.gateways.point_to(backend)
        return backend.address

    def _new_clock(self) -> VirtualClock:
        """Give the clock of the scenario; where its backend has one of its own, one with it."""
        if self.target is None or self._with_central:
            return VirtualClock(self.start)
        from harness.targets import clocks

        return clocks.clock_for(
            self.target,
            self.start,
            lambda: len(self.tap.crossings),
            lambda connected: self._there(self._lines).backend_shows(connected),
        )

    async def _bind(self, backend: BackendFace) -> None:
        """Bind the clock to a backend that has just come up elsewhere."""
        if self.target is None:
            return
        from harness.targets import clocks

        self._bound_at = RealClock().now()
        self._there(self._lines).is_told_of_both = False
        await clocks.bind(self._there(self._clock), backend)

    def _tls_of_central(self) -> ssl.SSLContext | None:
        """Give the central system a certificate, and chargers the authority that they trust."""
        if not self.central_speaks.through_tls:
            return None
        # Making keys takes a while; who needs none does not wait for them.
        import trustme

        authority, trusted = trustme.CA(), self.folder / "trusted.pem"
        known = authority if self.central_speaks.is_trusted else trustme.CA()
        known.cert_pem.write_to_path(trusted)
        for station in self.stations.values():
            station.build["trusted"] = trusted
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        return context

    def new_backend(
        self,
        clock: BenchClock,
        on_connection: Callable[[str, bool], None] | None = None,
        drop: Drop | None = None,
    ) -> BackendFace:
        """Give a backend with the bench's settings, on the bench's database."""
        if self.target is None:
            return Backend(self._read_settings(), clock, on_connection, drop)
        if drop is not None:
            self.must_be_bundled("another way to the utility's server")
        return self._foreign(clock.now())

    def _foreign(self, start: datetime) -> ForeignBackend:
        from harness.targets.foreign import ForeignBackend

        assert self.target is not None  # noqa: S101 - who calls this has asked
        return ForeignBackend(self.target, self.settings(), self.folder, start)

    def backend_lives(self) -> Lives | None:
        """Say when a backend lives whose time is not the scenario's."""
        if self.target is None or self.target.time == STEPPED:
            return None
        if self.target.time == SCALED:
            return Lives(factor=self.target.factor)
        return Lives((self._bound_at, RealClock().now()))

    def must_be_bundled(self, what: str) -> None:
        """Refuse what can be seen of the bundled backend alone."""
        if self.target is not None:
            from harness.targets.errors import NotOffered

            raise NotOffered(f"{what}: this can be tried with the bundled backend only")

    def refusal(self) -> str | None:
        """Offer the settings to a backend, and give what it says where it refuses them."""
        if self.target is not None:
            return self.run(self._refusal_elsewhere())
        try:
            self._read_settings()
        except SettingsError as error:
            return str(error)
        return None

    async def _refusal_elsewhere(self) -> str | None:
        from harness.targets.errors import TargetRefuses

        backend = self._foreign(self.start)
        try:
            await backend.start()
        except TargetRefuses as refuses:
            return str(refuses)
        finally:
            await backend.stop()
        return None

    @property
    def database(self) -> Path:
        """Where the database of the bundled backend lies, wherever it runs."""
        if self.target is None:
            return self.folder / DATABASE
        return cast("ForeignBackend", self.backend).database

    def _put_meters(self, clock: VirtualClock, tap: Wiretap) -> None:
        """Let the meters send; those in front of a charger follow its true register."""
        sending = [one for one in self.sources.meters.values() if not one.is_read]
        if not sending:
            return
        from harness.sending_meter import SendingMeter

        for declared in sending:
            meter = SendingMeter(declared.name, self.backend.web_address, clock, tap)
            self.meters[declared.name] = meter
            if declared.in_front_of:
                charger = self.charger(declared.in_front_of)
                meter.follow(functools.partial(_register_of, charger), declared)

    def restart_backend(self) -> None:
        """Stop the backend, and start it with what is declared by now, where chargers know it."""
        self.run(self._restart())

    async def _restart(self) -> None:
        port = urlsplit(self.backend.address).port
        if self.target is not None:
            from harness.targets import clocks

            clocks.unbind(self._there(self._clock))
        await self.backend.stop()
        self.amendments.append(lambda settings: settings["backend"].update(port=port))
        lines = self._there(self._lines)
        backend = self._backend = self.new_backend(self.clock, lines.backend_says, self.drop)
        await backend.start()
        await self._bind(backend)
        await self.clock.settle()

    async def _put(self, station: Station, lines: Lines, address: str) -> None:
        if station.puppet:
            puppet = self.puppets[station.name] = Puppet(station.name, self.clock, self.tap)
            if self.tool is not None:
                self.tool.take_up(puppet)
            puppet.on_line = lines.charger_says
            await puppet.connect(address)
        else:
            charger = self.chargers[station.name] = await self._charger_of(station)
            self.gateways.put_behind(station.name, charger)
            charger.on_line = lines.charger_says
            # A line that is not ideal may need more than one try.
            patiently = self.central_speaks.may_be_refused or bool(station.quirks)
            await charger.connect(address, patiently=patiently)
        await self.clock.settle()

    async def _charger_of(self, station: Station) -> ChargerInch:
        rng = random.Random(f"{self.seed} charger {station.name}")
        standby = (StandbyValues(),) if station.standby_values else ()
        setup = Setup(
            big_endian_cards=station.big_endian_cards,
            quirks=(*standby, *station.quirks),
            **station.build,
        )
        charger = ChargerInch(station.name, self.clock, self.tap, rng, setup=setup)
        for habit in station.without:
            await charger.switch_off(habit)
        return charger

    def settings(self) -> dict[str, Any]:
        """Give the settings of the backend that the scenario declares."""
        settings = site_settings(
            database=self.folder / DATABASE,
            stations=self.stations.values(),
            cards=self.cards.values(),
            card_verdicts=self.card_verdicts,
            destination=self._destination(),
            layout=self.layout,
            task=self.task,
            schedule=self.schedule,
        )
        self.sources.add_to(settings, self.cards.values())
        self.gateways.add_to(settings)
        for amend in self.amendments:
            amend(settings)
        return settings

    def _read_settings(self) -> Settings:
        return Settings.from_mapping(self.settings(), folder=self.folder)

    def _destination(self) -> dict[str, Any]:
        if self._utility is not None:
            return ONE_ORDER | self._utility.destination()
        there = {key: value for key, value in NOT_YET_LISTENING.items() if key != "secret"}
        told = there | self.login.settings() | dict(self.drop_server.settings)
        return {key: value for key, value in told.items() if value is not None}

    def close(self) -> None:
        """Take everything down, in the order in which a site would be left, whatever fails."""
        with contextlib.ExitStack() as leaving:
            leaving.callback(self._runner.close)
            leaving.callback(lambda: self.run(self._close()))
            for twin in self._twins:
                leaving.callback(twin.close)

    async def _close(self) -> None:
        async with contextlib.AsyncExitStack() as leaving:
            if self._utility is not None:
                leaving.push_async_callback(self._utility.stop)
            if self._backend is not None:
                leaving.push_async_callback(self._backend.stop)
            if self._central is not None:
                leaving.push_async_callback(self._central.stop)
            leaving.push_async_callback(self._between.aclose)
            if self.tool is not None:
                leaving.push_async_callback(self.tool.close)
            for name in (*self.chargers, *self.puppets):
                leaving.push_async_callback(self.device(name).close)
            for meter in self.meters.values():
                leaving.push_async_callback(meter.close)
            leaving.push_async_callback(self.gateways.stop)
            for page in self.pages.values():
                leaving.push_async_callback(page.stop)

    # ------------------------------------------------------------------ what decides

    def decide(self, crossings: Iterable[Crossing | None]) -> None:
        """Keep the frames that a verdict was read from."""
        known = {id(crossing) for crossing in self.deciding}
        self.deciding += [c for c in crossings if c is not None and id(c) not in known]

    def decide_files(self, names: Iterable[str]) -> None:
        """Keep the names of the files that a verdict was read from."""
        self.deciding_files += [name for name in names if name not in self.deciding_files]

    def decide_value(
        self, held: Held, energy_kwh: Decimal | None, status: str | None = None
    ) -> bool:
        """
        Compare a value of a file with what is expected, and keep which cells were looked at.

        Parameters:
            held: what the utility holds, with the place where it stands in its file.
            energy_kwh: what is expected; None for a missing value.
            status: W, E or F; None where it does not matter.

        Returns:
            Whether it is as expected.
        """
        self.decide_files([held.file])
        self.decide_cell(held.file, held.place, _in_words(held.energy_kwh), _in_words(energy_kwh))
        if status is not None and held.status_place is not None:
            self.decide_cell(held.file, held.status_place, held.status or "", status)
        return held.energy_kwh == energy_kwh and status in (None, held.status)

    def decide_cell(self, file: str, place: Place | None, seen: str, expected: str) -> None:
        """Keep that a sentence looked at a cell of a delivered file, and what it expected there."""
        if place is not None:
            self.judged.append(JudgedCell(file, place, seen, expected))

    def decide_energy_of(self, name: str) -> None:
        """Keep the frames in which a charger told of its meter, with their answers."""
        self.decide(
            crossing
            for call in calls_of(self.tap.crossings, name)
            if call.action in ("StartTransaction", "MeterValues", "StopTransaction")
            for crossing in (call.crossing, call.answer)
        )

    def decide_drop(self) -> None:
        """Keep what was done at the drop."""
        self.decide(crossing for crossing in self.tap.crossings if crossing.wire in DROP_WIRES)


def _in_words(energy: Decimal | None) -> str:
    """Write a value so that equal ones are the same text: 0.5 and 0.500 are one energy."""
    if energy is None:
        return "no value"
    return f"{energy.normalize():f}" if energy else "0"


def site_settings(
    *,
    database: Path,
    stations: Iterable[Station],
    cards: Iterable[Card],
    card_verdicts: Mapping[str, CardVerdict] | None = None,
    destination: Mapping[str, Any],
    layout: Mapping[str, Any] | None = None,
    task: str = TASK,
    schedule: str = "daily",
    host: str = "127.0.0.1",
    port: int = 0,
) -> dict[str, Any]:
    """Give the backend's settings for a site of one account, one task and one destination."""
    owner = {"account": UTILITY}
    return {
        "backend": {"host": host, "port": port, "database": str(database)},
        "account": [{"name": UTILITY, "ise": True}],
        "station": [station.settings() for station in stations],
        "card": [
            {**owner, "id_tag": id_tag_of(card), **_card_settings(card, card_verdicts or {})}
            for card in cards
        ],
        "format": [{**owner, "name": FORMAT, "kind": "ise-timeseries-csv", **(layout or {})}],
        "destination": [{**owner, **destination}],
        "task": [
            {
                **owner,
                "name": task,
                "stations": "all",
                "format": FORMAT,
                "destination": UTILITY,
                "schedule": schedule,
                **({"at": EXPORT_AT} if schedule == "daily" else {}),
            }
        ],
    }


def _card_settings(card: Card, verdicts: Mapping[str, CardVerdict]) -> dict[str, str]:
    verdict = verdicts.get(card.holder, CardVerdict())
    parent = {"parent_id_tag": verdict.parent_id_tag} if verdict.parent_id_tag else {}
    return {"status": verdict.status, **parent}


def _register_of(charger: ChargerInch) -> Fraction:
    return charger.register_wh


def _say_again(name: str, text: str) -> Act:
    async def say(bench: Bench) -> None:
        await bench.puppets[name].say(text)

    return say


def _again_on_the_line(name: str, state: str) -> Act:
    async def act(bench: Bench) -> None:
        puppet = bench.puppets[name]
        is_up = state.split(" ", 1)[0] == "up"
        await (puppet.restore_line() if is_up else puppet.cut_line())

    return act
