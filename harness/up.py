"""
`isebench up`: the same parts in real time, until stopped.

Two emulated chargers stand there; a person begins to charge at the first at once. A real
charger may connect under an identity that was admitted on the command line. When it is
stopped, what was counted so far today is delivered, so that nobody has to wait for midnight.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Sequence
from pathlib import Path

from backend import Backend, Settings
from harness.bench import TASK, UTILITY, Station, site_settings
from harness.errors import UsageError
from harness.folders import make_folder
from harness.local_time import ZURICH
from harness.recording import crossing_line, header_line
from harness.utility import Utility
from simulators.charger_inch import Card, ChargerInch
from simulators.clock import RealClock
from simulators.wiretap import Wiretap

EMULATED = ("Dorfplatz", "Bahnhof")
CARD = Card(bytes.fromhex("77FD2AFA"), "Anna")


def up(*, out: Path, host: str, port: int, sftp_port: int, stations: Sequence[str]) -> int:
    """
    Run everything in real time until SIGINT or SIGTERM.

    Parameters:
        out: the folder for database, drop and recording; what is there goes on.
        host: where the central system listens.
        port, sftp_port: where chargers and deliveries go; 0 takes a free one.
        stations: identities of chargers of the user's own.

    Returns:
        0 when it was stopped.

    Raises:
        UsageError: If an identity or the port for deliveries is taken, or the folder cannot be
            made.
        BackendError: If the backend cannot start, for example on a port in use.
    """
    for identity in stations:
        if identity in EMULATED or stations.count(identity) > 1:
            raise UsageError(f'the identity "{identity}" is taken; choose another for --station')
    make_folder(out, "--out")
    asyncio.run(_run(out, host, port, sftp_port, stations))
    return 0


async def _run(out: Path, host: str, port: int, sftp_port: int, stations: Sequence[str]) -> None:
    clock = RealClock()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    with (out / "recording.jsonl").open("w", encoding="ascii") as recording:
        recording.write(header_line(None, clock.now()))
        tap = Wiretap(clock)
        tap.listen(lambda crossing: print(crossing_line(crossing), end="", file=recording))
        utility = Utility(UTILITY, clock, tap, out, {})
        try:
            await utility.start(sftp_port)
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"127.0.0.1:{sftp_port} cannot be listened on ({error}); choose another --sftp-port"
            ) from error
        settings = site_settings(
            database=out / "isebench.sqlite",
            stations=_stations(stations),
            cards=[CARD],
            destination=utility.destination(),
            host=host,
            port=port,
        )
        backend = Backend(Settings.from_mapping(settings), clock)
        try:
            await backend.start()
            await _serve(backend, utility, clock, tap, out, stations, stopped)
        finally:
            await backend.stop()
            await utility.stop()


def _stations(own: Sequence[str]) -> list[Station]:
    return [
        Station(name, f"CH98765012345AAAAAAAAAAAAAAA{number:05d}")
        for number, name in enumerate((*EMULATED, *own), 1)
    ]


async def _serve(
    backend: Backend,
    utility: Utility,
    clock: RealClock,
    tap: Wiretap,
    out: Path,
    stations: Sequence[str],
    stopped: asyncio.Event,
) -> None:
    chargers = [ChargerInch(name, clock, tap, random.Random(name)) for name in EMULATED]
    try:
        for charger in chargers:
            await charger.connect(backend.address)
        await chargers[0].plug_in(person=CARD.holder)
        await chargers[0].show_card(CARD)
        _tell_addresses(backend, utility, out, stations)
        await stopped.wait()
        print("\nstopping: what was counted today is delivered first", flush=True)
        await chargers[0].unplug(person=CARD.holder)
    finally:
        for charger in chargers:
            await charger.close()
    today = clock.now().astimezone(ZURICH).date()
    await backend.export_now(TASK, today, today)
    utility.collect()
    for file in utility.arrived():
        print(f"{utility.name} has {file.name}")


def _tell_addresses(backend: Backend, utility: Utility, out: Path, stations: Sequence[str]) -> None:
    print(f"central system  {backend.address}/IDENTITY  (OCPP 1.6 JSON)")
    print(f"chargers        {', '.join(EMULATED)} are emulated; {CARD.holder} charges at the first")
    for identity in stations:
        print(f"                {backend.address}/{identity} waits for yours")
    print(f"drop            sftp://127.0.0.1:{utility.port}, its files in {out / 'drop'}")
    print(f"database        {out / 'isebench.sqlite'}")
    print(f"recording       {out / 'recording.jsonl'}")
    print("Ctrl-C stops it.", flush=True)
