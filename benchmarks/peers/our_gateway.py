"""
The smart gateway with its Modbus TCP, in the machine's time; three devices and a load each.

Prints its port once it listens.
"""

from __future__ import annotations

import asyncio

from simulators.clock import RealClock
from simulators.iskra_sg import GatewaySg
from simulators.iskra_sg.modbus_io import ModbusTcp
from simulators.iskra_sg.site import Site
from simulators.wiretap import Wiretap

DEVICES = (
    ("left-ir", "WM3M4C", "W4124940", 33),
    ("rs485", "IE38MD", "I0006494", 35),
    ("rs485", "BI432", "BI010001", 36),
)
SITE = {
    "load": [{"name": "house", "power_w": [1_000, 2_000, 3_000], "reactive_var": [-400, 0, 0]}],
    "device": [
        {"port": port, "model": model, "serial": serial, "address": address, "loads": ["house"]}
        for port, model, serial, address in DEVICES
    ],
}


async def main() -> None:
    """Serve until the process is ended."""
    clock = RealClock()
    gateway = GatewaySg(Site.from_mapping(SITE), clock, Wiretap(clock, keeps=False))
    modbus = ModbusTcp(gateway, 0)
    gateway.wires.append(modbus)
    await gateway.start()
    print(modbus.port, flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
