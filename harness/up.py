"""
`isebench up`: the same parts in real time, until stopped.

Two emulated chargers stand there; a person begins to charge at the first at once. A real
charger may connect under an identity that was admitted on the command line; its frames are
recorded at the central system's socket. When it is stopped, the quarter hours of today that
have ended are delivered, so that nobody has to wait for midnight.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

from backend import Backend, Settings
from backend.core.id_tags import canonical
from backend.errors import BackendError
from harness.bench import TASK, UTILITY, Station, site_settings
from harness.errors import UsageError
from harness.folders import make_folder
from harness.local_time import ZURICH
from harness.recording import BACKEND, OCPP_WIRE, recorded
from harness.utility import Utility
from simulators.charger_inch import Card, ChargerInch
from simulators.clock import RealClock
from simulators.errors import NotPossible
from simulators.wiretap import LINE_WIRE, Wiretap

EMULATED = ("Dorfplatz", "Bahnhof")
CARD = Card(bytes.fromhex("77FD2AFA"), "Anna")
#: How an INCH sends that card.
ALWAYS_ACCEPTED = "FA2AFD77"
EVERYWHERE = ("0.0.0.0", "::", "")


@dataclass(frozen=True, slots=True)
class Wishes:
    """
    What the command line asks for.

    Attributes:
        out: the folder for database, drop and recording; what is there goes on.
        host: where the central system listens.
        port, sftp_port: where chargers and deliveries go; 0 takes a free one.
        stations: identities of chargers of the user's own.
        cards: idTags that are accepted besides the emulated person's.
    """

    out: Path
    host: str = "127.0.0.1"
    port: int = 0
    sftp_port: int = 0
    stations: Sequence[str] = field(default_factory=tuple)
    cards: Sequence[str] = field(default_factory=tuple)


def up(wishes: Wishes) -> int:
    """
    Run everything in real time until SIGINT or SIGTERM.

    Returns:
        0 when it was stopped.

    Raises:
        UsageError: If an identity or a card cannot be one, an identity or the port for deliveries
            is taken, or the folder cannot be made.
        BackendError: If the backend cannot start, for example on a port in use.
    """
    for identity in wishes.stations:
        if not _is_identity(identity):
            raise UsageError(
                f'--station "{identity}" is no identity; write 1 to 48 signs without blanks at the '
                "ends, as your charger sends them in its address"
            )
        if identity in EMULATED or wishes.stations.count(identity) > 1:
            raise UsageError(f'the identity "{identity}" is taken; choose another for --station')
    for card in wishes.cards:
        if not card.isprintable() or not 1 <= len(canonical(card)) <= 20:
            raise UsageError(
                f'--card "{card}" is no card; write its 1 to 20 signs, as your charger sends them'
            )
    make_folder(wishes.out, "--out")
    asyncio.run(_Site(wishes).run())
    return 0


def _is_identity(text: str) -> bool:
    return bool(text) and text.isprintable() and len(text) <= 48 and text == text.strip()


class _Site:
    """The parts, put together in real time."""

    def __init__(self, wishes: Wishes) -> None:
        self._wishes = wishes
        self._clock = RealClock()
        self._tap = Wiretap(self._clock)
        self._chargers: list[ChargerInch] = []
        tags = (canonical(one) for one in (ALWAYS_ACCEPTED, *wishes.cards))
        #: Each once: a card may be named twice, or be the one that always is accepted.
        self._cards = tuple(dict.fromkeys(tags))
        self._connected: set[str] = set()
        self._utility = Utility(UTILITY, self._clock, self._tap, wishes.out, {})
        self._stations = [
            Station(name, f"CH98765012345AAAAAAAAAAAAAAA{number:05d}")
            for number, name in enumerate((*EMULATED, *wishes.stations), 1)
        ]

    async def run(self) -> None:
        """Run until a signal comes, then deliver."""
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        await self._start_utility()
        backend = Backend(
            Settings.from_mapping(self._settings()),
            self._clock,
            on_connection=self._tell_connection,
            on_frame=self._note_frame,
        )
        try:
            await backend.start()
            # A name of its own for each run, and none before there is something to record.
            path = self._wishes.out / f"recording-{self._clock.now():%Y%m%dT%H%M%SZ}.jsonl"
            with recorded(path, self._tap, self._clock.now()):
                await self._charge(backend, path, stopped)
                await self._deliver(backend)
        finally:
            await backend.stop()
            await self._utility.stop()

    async def _start_utility(self) -> None:
        port = self._wishes.sftp_port
        try:
            await self._utility.start(port)
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"127.0.0.1:{port} cannot be listened on ({error}); choose another --sftp-port"
            ) from error

    def _settings(self) -> dict[str, object]:
        settings = site_settings(
            database=self._wishes.out / "isebench.sqlite",
            stations=self._stations,
            cards=[CARD],
            destination=self._utility.destination(),
            host=self._wishes.host,
            port=self._wishes.port,
        )
        settings["card"] += [{"account": UTILITY, "id_tag": one} for one in self._cards[1:]]
        return settings

    def _tell_connection(self, identity: str, up: bool) -> None:
        self._tap.note(LINE_WIRE, identity, BACKEND, "up" if up else "down")
        if identity in self._wishes.stations:
            (self._connected.add if up else self._connected.discard)(identity)
            how = "is connected" if up else "is no longer connected"
            local = self._clock.now().astimezone(ZURICH)
            print(f"{local:%H:%M:%S}        {identity} {how}", flush=True)

    def _note_frame(self, identity: str, incoming: bool, text: str) -> None:
        # The emulated chargers note their frames themselves, at their own sockets.
        if identity not in {charger.identity for charger in self._chargers}:
            parties = (identity, BACKEND) if incoming else (BACKEND, identity)
            self._tap.note(OCPP_WIRE, *parties, text)

    async def _charge(self, backend: Backend, recording: Path, stopped: asyncio.Event) -> None:
        # Loaded only by who serves a page: it takes longer than all the rest.
        from simulators.charger_inch.web_io import WebPage

        async with contextlib.AsyncExitStack() as leaving:
            pages = []
            for name in EMULATED:
                charger = ChargerInch(name, self._clock, self._tap, random.Random(name))
                self._chargers.append(charger)
                leaving.push_async_callback(charger.close)
                await charger.connect(backend.address)
                page = WebPage(charger, self._clock, cards=[CARD])
                await page.start()
                leaving.push_async_callback(page.stop)
                pages.append(page.address)
            await self._chargers[0].plug_in(person=CARD.holder)
            await self._chargers[0].show_card(CARD)
            self._tell_addresses(backend, recording, pages)
            await stopped.wait()
            print("\nstopping: the quarter hours of today that have ended are delivered first")
            # On its page somebody may have unplugged the car already, or cut the power.
            with contextlib.suppress(NotPossible):
                await self._chargers[0].unplug(person=CARD.holder)

    def _tell_addresses(self, backend: Backend, recording: Path, pages: Sequence[str]) -> None:
        address = backend.address
        if self._wishes.host in EVERYWHERE:
            port = address.rpartition(":")[2]
            address = f"ws://ADDRESS-OF-THIS-MACHINE:{port}"
        accepted = " and ".join(self._cards)
        out = self._wishes.out
        print(f"central system  {address}/IDENTITY  (OCPP 1.6 JSON)")
        for identity in self._wishes.stations:
            how = "has your charger" if identity in self._connected else "waits for your charger"
            print(f"                {address}/{quote(identity, safe='')} {how}")
        verb = "is" if len(self._cards) == 1 else "are"
        print(f"cards           {accepted} {verb} accepted; admit yours with --card")
        print(f"chargers        {' and '.join(EMULATED)} are emulated; one is charging")
        for name, page in zip(EMULATED, pages, strict=True):
            print(f"                {page} is the page of {name}")
        print(f"drop            sftp://127.0.0.1:{self._utility.port}, its files in {out / 'drop'}")
        print(f"database        {out / 'isebench.sqlite'}")
        print(f"recording       {recording}")
        print("Ctrl-C stops it.", flush=True)

    async def _deliver(self, backend: Backend) -> None:
        now = self._clock.now()
        today = now.astimezone(ZURICH).date()
        try:
            await backend.export_now(TASK, today, today)
        except BackendError as error:
            print(f"nothing is delivered: {error}")
            return
        self._utility.collect()
        for station in self._stations:
            print(f"{station.name:15} {self._balance(station, now)}")
        print(
            "W: measured, E: estimated, F: no energy is known; "
            "so is each quarter hour that had begun before its charger was here"
        )
        for file in self._utility.arrived():
            print(f"{UTILITY} has {self._utility.place_of(file.name)}")

    def _balance(self, station: Station, now: datetime) -> str:
        held = self._utility.held(station.metering_code or "")
        energy = sum((value.energy_kwh or Decimal(0) for value in held), Decimal(0))
        counts = Counter(value.status for value in held)
        letters = ", ".join(f"{counts[letter]} {letter}" for letter in "WEF" if counts[letter])
        end = max((value.end for value in held), default=now).astimezone(ZURICH)
        return f"{energy:.3f} kWh up to {end:%H:%M} ({letters}); what came later is not due yet"
