"""
How many MeterValues a second of processor the backend takes in, beside two other servers.

Fifty chargers at a closed loop: each sends a MeterValues as an INCH does (ten sampled values,
about 1.2 KB), waits for its answer, checks it, and sends the next. The same load meets, in
turns and each in a process of its own:

* the backend, which validates, stores every reading in an SQLite file with a synced commit, and
  answers only then; at the end the file must hold exactly what was confirmed;
* the `ocpp` package with `websockets`, which validates and stores nothing;
* the npm package `ocpp-rpc` in strict mode, which validates and stores nothing.

The figure is messages for each second of processor (user and kernel) of the server's process; of
several runs the best one counts, for each server, as whatever else the machine does only ever
slows a run down. Exit code 1 where the backend's is under the target.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from servers import NotMeasured, Server, bare_ocpp, identity, line_to, ocpp_rpc, ours
from websockets.asyncio.client import ClientConnection

from simulators.clock import stopwatch

CHARGERS = 50
TARGET = 5_000
RUNS = 5
SECONDS = 4.0
START = datetime(2025, 1, 1, tzinfo=UTC)
STEP = timedelta(minutes=1)
#: What stands in a message of the INCH beside the register (document 003).
SAMPLES: tuple[dict[str, str], ...] = (
    {"value": "15.936", "measurand": "Current.Import", "phase": "L1", "unit": "A"},
    {"value": "15.912", "measurand": "Current.Import", "phase": "L2", "unit": "A"},
    {"value": "15.948", "measurand": "Current.Import", "phase": "L3", "unit": "A"},
    {"value": "11.041", "measurand": "Power.Active.Import", "unit": "kW"},
    {"value": "233.24", "measurand": "Voltage", "phase": "L1", "unit": "V"},
    {"value": "231.87", "measurand": "Voltage", "phase": "L2", "unit": "V"},
    {"value": "232.55", "measurand": "Voltage", "phase": "L3", "unit": "V"},
    {"value": "49.98", "measurand": "Frequency"},
    {"value": "0.998", "measurand": "Power.Factor"},
)
READINGS = 1 + len(SAMPLES)


@dataclass(frozen=True, slots=True)
class Run:
    """What one server did under load: messages, real and processor seconds, answer times."""

    messages: int
    real_s: float
    cpu_s: float
    answers_s: Sequence[float]

    @property
    def per_cpu_s(self) -> float:
        """Messages for each second of processor."""
        return self.messages / self.cpu_s

    def share_ms(self, share: float) -> float:
        """Give the answer time that this share of the messages did not exceed."""
        return sorted(self.answers_s)[int(share * (len(self.answers_s) - 1))] * 1000


def meter_values(number: int) -> dict[str, Any]:
    """Give the MeterValues of a minute of charging."""
    register = {
        "value": str(Decimal("733.255884") + number * Decimal("0.184017")),
        "measurand": "Energy.Active.Import.Register",
        "unit": "kWh",
    }
    instant = (START + number * STEP).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    samples = [{"context": "Sample.Periodic", **one} for one in (register, *SAMPLES)]
    values = {"timestamp": instant, "sampledValue": samples}
    return {"connectorId": 1, "transactionId": 7, "meterValue": [values]}


async def charge(line: ClientConnection, ended: Callable[[], bool], answers_s: list[float]) -> None:
    """Send message after message, and check each answer."""
    number = 0
    while not ended():
        message_id = f"{number:08x}"
        text = json.dumps([2, message_id, "MeterValues", meter_values(number)])
        seconds = stopwatch()
        await line.send(text)
        answer = await line.recv()
        answers_s.append(seconds())
        assert [3, message_id, {}] == json.loads(answer), answer
        number += 1


async def load(server: Server, limit_s: float) -> Run:
    """Let all chargers charge for a while."""
    lines = [await line_to(server, identity(number)) for number in range(CHARGERS)]
    answers_s: list[float] = []
    cpu_s, seconds = server.cpu_s(), stopwatch()
    await asyncio.gather(*(charge(one, lambda: seconds() > limit_s, answers_s) for one in lines))
    run = Run(len(answers_s), seconds(), server.cpu_s() - cpu_s, answers_s)
    for line in lines:
        await line.close()
    return run


@contextmanager
def ours_and_its_file() -> Iterator[tuple[Server, list[int]]]:
    """Run the backend; when it has ended, look how many frames and readings its file holds."""
    stored: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        with ours(Path(folder), CHARGERS) as server:
            yield server, stored
        with closing(sqlite3.connect(Path(folder) / "store.sqlite")) as connection:
            for table in ("frame", "reading"):
                stored += connection.execute(f"SELECT count(*) FROM {table}").fetchone()


def run_ours(limit_s: float) -> Run:
    """Measure the backend, and see that it has stored what it confirmed, each once."""
    with ours_and_its_file() as (server, stored):
        run = asyncio.run(load(server, limit_s))
    assert [run.messages, READINGS * run.messages] == stored, (run.messages, stored)
    return run


def run_peer(peer: Callable[[], AbstractContextManager[Server]], limit_s: float) -> Run:
    """Measure a server that stores nothing."""
    with peer() as server:
        return asyncio.run(load(server, limit_s))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; exit 1 where the backend misses its target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Plain)
    parser.add_argument("--runs", type=int, default=RUNS, help=f"of each server ({RUNS})")
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"of each run ({SECONDS:g})")
    parser.add_argument("--only-ours", action="store_true", help="leave the other servers out")
    chosen = parser.parse_args(arguments)
    size = len(json.dumps([2, "00000000", "MeterValues", meter_values(0)]))
    print(f"{CHARGERS} chargers, {READINGS} values and {size} bytes a message, ", end="")
    print(f"{chosen.runs} runs of {chosen.seconds:g} s each, in turns; the best run shown")
    print(f"{'':22} {'messages a CPU second':>30} {'a second':>9} {'p50':>9} {'p95':>9}  stored")
    servers: dict[str, Callable[[float], Run]] = {"isebench backend": run_ours}
    if not chosen.only_ours:
        servers["ocpp + websockets"] = lambda limit_s: run_peer(bare_ocpp, limit_s)
        servers["ocpp-rpc (npm)"] = lambda limit_s: run_peer(ocpp_rpc, limit_s)
    runs = measure(servers, chosen.runs, chosen.seconds)
    best = {name: max(run.per_cpu_s for run in found) for name, found in runs.items()}
    reached = best.pop("isebench backend")
    for name, figure in best.items():
        print(f"ratio to {name}: {reached / figure:.1f}")
    print(f"target: {TARGET:,}; reached: {reached / TARGET:.2f} times that")
    return 0 if reached >= TARGET else 1


class _Plain(argparse.RawDescriptionHelpFormatter):
    """Shows the text above as it stands."""


def measure(
    servers: dict[str, Callable[[float], Run]], count: int, limit_s: float
) -> dict[str, list[Run]]:
    """Run the servers in turns, and print the best run of each."""
    runs: dict[str, list[Run]] = {}
    missing: dict[str, str] = {}
    for _ in range(count):
        for name, run in servers.items():
            if name not in missing:
                try:
                    done = run(limit_s)
                    runs.setdefault(name, []).append(done)
                except NotMeasured as error:
                    missing[name] = str(error)
    for name, found in runs.items():
        show(name, found)
    for name, why in missing.items():
        print(f"{name:22} not measured: {why}")
    return runs


def show(name: str, found: Sequence[Run]) -> None:
    """Print the best run of a server, and how far its figures lie apart."""
    ranked = sorted(found, key=lambda run: run.per_cpu_s)
    run = ranked[-1]
    span = f"({ranked[0].per_cpu_s:,.0f}-{run.per_cpu_s:,.0f})"
    stored = f"{run.messages * READINGS:,}" if name.startswith("isebench") else "nothing"
    print(
        f"{name:22} {run.per_cpu_s:>14,.0f} {span:>15} {run.messages / run.real_s:>9,.0f}"
        f" {run.share_ms(0.5):>6.1f} ms {run.share_ms(0.95):>6.1f} ms  {stored}"
    )


if __name__ == "__main__":
    sys.exit(main())
