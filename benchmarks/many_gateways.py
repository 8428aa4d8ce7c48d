"""
Many smart gateways in one process: memory and load of each, and how both grow with their number.

Each gateway has all of its servers open (Modbus TCP, REST with the page, both links), a meter on
IR, one on RS485 and a switch, and loads that change. In simulated time a master reads the
measurements of both meters of each gateway over real sockets, every quarter hour for some hours.

The figures of 200 gateways are held against those of 20 in the same run: what one gateway more
costs must not grow with their number. Each number has a process of its own. Exit code 1 where a
ratio is above its limit.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

FEW, MANY = 20, 200
HOURS = 6
#: What one gateway of many may cost, as a multiple of what one of few costs.
LIMIT = 1.3
START = datetime(2026, 1, 10, 6, tzinfo=UTC)
READ = bytes.fromhex("0001 0000 0006 21 04 0064 005b")
"""Of the meter at address 33: 91 input registers from 100 on."""
ANSWER_BYTES = 9 + 182
#: Descriptors that a process needs beside those of its gateways.
_OTHER_FILES, _FILES_EACH = 100, 8


def site(number: int) -> dict[str, object]:
    """Give a site."""
    step = {"from": "00:00", "power_w": [300, 200, 100]}
    day = {"from": "07:30", "power_w": [1_200, 200, 100], "reactive_var": [-400, 0, 0]}
    return {
        "gateway": {"serial": f"IS{number:06d}"},
        "load": [
            {"name": "house", "step": [step, day]},
            {"name": "boiler", "power_w": [2_000, 2_000, 2_000]},
        ],
        "device": [
            {
                "port": "left-ir",
                "model": "WM3M4C",
                "serial": f"W{number:07d}",
                "loads": ["house", "boiler"],
            },
            {
                "port": "rs485",
                "model": "IE38MD",
                "serial": f"I{number:07d}",
                "address": 35,
                "loads": ["boiler"],
            },
            {
                "port": "right-ir",
                "model": "IR Bicom",
                "serial": f"B{number:07d}",
                "loads": ["boiler"],
                "is_on": True,
            },
        ],
    }


def memory_kb() -> int:
    """Tell how much memory the process really holds."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError("/proc/self/status has no VmRSS")


async def run(count: int) -> dict[str, float]:
    """Run so many; give kB and milliseconds of processor for each, and for each reading µs."""
    from simulators.clock import VirtualClock
    from simulators.iskra_sg import GatewaySg
    from simulators.iskra_sg.links import add_links
    from simulators.iskra_sg.modbus_io import ModbusTcp
    from simulators.iskra_sg.rest_io import RestPort
    from simulators.iskra_sg.site import Site
    from simulators.wiretap import Wiretap

    clock = VirtualClock(START)
    tap = Wiretap(clock, keeps=False)

    async def start(number: int) -> tuple[GatewaySg, int]:
        gateway = GatewaySg(Site.from_mapping(site(number)), clock, tap)
        modbus = ModbusTcp(gateway, 0)
        gateway.wires += [modbus, RestPort(gateway, 0)]
        add_links(gateway)
        await gateway.start()
        return gateway, modbus.port

    first = await start(0)  # what the first one loads is no cost of the others
    before_kb = memory_kb()
    running = [first, *[await start(number) for number in range(1, count + 1)]]
    grown_kb = memory_kb() - before_kb
    lines = [await asyncio.open_connection("127.0.0.1", port) for _, port in running]
    began_s = time.process_time()
    for quarter in range(1, HOURS * 4 + 1):
        await clock.advance_to(START + timedelta(minutes=15 * quarter))
        for reader, writer in lines:
            for address in (33, 35):
                writer.write(READ[:6] + bytes([address]) + READ[7:])
                answer = await reader.readexactly(ANSWER_BYTES)
                assert answer[7] == 4, answer
    spent_s = time.process_time() - began_s
    for _, writer in lines:
        writer.close()
    for gateway, _ in running:
        await gateway.stop()
    return {
        "kb": grown_kb / count,
        "ms": spent_s * 1_000 / len(running) / HOURS,
    }


def measured(count: int) -> dict[str, float]:
    """Run so many in a process of their own."""
    command = [sys.executable, __file__, "--run", str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=FEW, help="how many gateways to compare with")
    parser.add_argument("--many", type=int, default=MANY, help="how many gateways")
    parser.add_argument("--run", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.run is not None:
        wanted = _OTHER_FILES + _FILES_EACH * options.run
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(wanted, 1_024), most), most))
        print(json.dumps(asyncio.run(run(options.run))))
        return 0
    few, many = measured(options.few), measured(options.many)
    reached = True
    for key, unit in (("kb", "kB"), ("ms", "ms of processor a simulated hour")):
        ratio = many[key] / few[key]
        print(
            f"{options.many} gateways: {many[key]:.1f} {unit} each, {ratio:.2f} times that of "
            f"each of {options.few} ({few[key]:.1f})"
        )
        if ratio > LIMIT:
            reached = False
            print(f"missed: above {LIMIT}")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
