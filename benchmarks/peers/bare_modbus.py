"""
A Modbus TCP server of `pymodbus` as its documentation shows it: registers that stand still.

Prints its port once it listens.
"""

from __future__ import annotations

import asyncio

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice


async def main() -> None:
    """Serve until the process is ended."""
    registers = SimData(0, count=500, values=0x1234, datatype=DataType.REGISTERS)
    server = ModbusTcpServer(SimDevice(33, [registers]), address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    print(server.transport.sockets[0].getsockname()[1], flush=True)
    await server.serving


asyncio.run(main())
