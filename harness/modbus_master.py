"""
A master that reads a smart gateway over Modbus TCP.

Meters are read by pyiskra and switches moved by pymodbus, which are published and are used as they
are, so that the verdict on our registers is not given by a reader of ours.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass

from pymodbus.client import AsyncModbusTcpClient

from harness.errors import UsageError

GATEWAY, SWITCH = 34, 201
"""The gateway's own address, and its register of the switch at the right IR port (ASSUMED)."""
PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What pyiskra read of a meter: power in total, L1, and what was imported."""

    power_kw: float
    voltage_v: float
    current_a: float
    energy_kwh: float


async def asked(port: int, address: int) -> str | None:
    """
    Ask who is there; None where nobody answers.

    To know that without waiting a second request follows, to the gateway itself: on a connection
    answers come in the order of the requests, so whose answer comes first tells it.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for transaction, unit in ((1, address), (2, GATEWAY)):
            writer.write(struct.pack(">HHHBBHH", transaction, 0, 6, unit, 4, 1, 8))
        async with asyncio.timeout(PATIENCE_S):
            answer = await reader.readexactly(9 + 16)
    finally:
        writer.close()
    return answer[9:].decode().strip() if answer[:2] == b"\0\1" else None


async def moved(port: int, *, is_on: bool) -> None:
    """Move the switch at the gateway's right IR port."""
    async with AsyncModbusTcpClient("127.0.0.1", port=port) as client:
        done = await client.write_register(SWITCH, int(is_on), device_id=GATEWAY)
    if done.isError():
        raise UsageError(f"the switch cannot be moved: the gateway answers {done}")


async def read(port: int, address: int) -> Reading:
    """Read a meter, as Home Assistant does."""
    from pyiskra.adapters import Modbus  # type: ignore[import-untyped]
    from pyiskra.devices import Device  # type: ignore[import-untyped]

    meter = await Device.create_device(Modbus("tcp", "127.0.0.1", address, port))
    await meter.init()
    first = meter.measurements.phases[0]
    counters = meter.counters.non_resettable or meter.counters.resettable
    imported = next(one for one in counters if one.counter_type.value == "active_import")
    return Reading(
        meter.measurements.total.active_power.value / 1000,
        first.voltage.value,
        first.current.value,
        imported.value / 1000,
    )
