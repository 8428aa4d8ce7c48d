"""
Modbus TCP: requests of any number of masters, each frame with its seven bytes of header.

MODBUS Messaging on TCP/IP Implementation Guide V1.0b §3.1.3: transaction, protocol (0), length,
unit, then the PDU. Why this is not pymodbus' server: docs/decisions/0036-modbus-server.md

Rule 1: the clock is held from a whole request on until its answer is with the kernel, or until it
is clear that nobody answers; a request that has come in half holds nothing.
Rule 2: on a connection one request after the other, answered in that order; requests of several
connections meet at the devices' lines (`GatewaySg.ask`).
Rule 3: what is no frame cannot be passed over, as nobody knows where it ends: the line is cut.
"""

from __future__ import annotations

import asyncio
import struct
from contextlib import suppress

from simulators.errors import NotPossible
from simulators.iskra_sg import GatewaySg
from simulators.iskra_sg.modbus import PDU_LIMIT

WIRE = "modbus"
HEADER = struct.Struct(">HHHB")
CONNECTIONS_LIMIT = 8
"""ASSUMED; whoever comes when all are in use is hung up on."""


class ModbusTcp:
    """
    The gateway's Modbus TCP server: there while the settings want it, on the port they name.

    Parameters:
        gateway: whose it is.
        port: which one in place of that of the settings; 0 takes a free one.

    Attributes:
        port: where it listens; 0 while it does not.
    """

    def __init__(self, gateway: GatewaySg, port: int | None = None) -> None:
        self.port = 0
        self._gateway = gateway
        self._other_port = port
        self._opened: int | None = None
        self._server: asyncio.Server | None = None
        self._lines: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}
        self._masters = 0

    async def start(self) -> None:
        """Listen, where the settings want it."""
        await self.settle()

    async def settle(self) -> None:
        """
        Listen, or not, as the settings say now.

        Raises:
            NotPossible: If the port cannot be had; then it does not listen.
        """
        features = self._gateway.now.settings.features
        wanted = features.modbus_port if self._other_port is None else self._other_port
        if not features.modbus_tcp:
            await self.stop()
        elif wanted != self._opened:
            await self.stop()
            await self._open(wanted)

    async def stop(self) -> None:
        """Cut every line and give the port back."""
        server, self._server, self._opened, self.port = self._server, None, None, 0
        if server is not None:
            server.close()
        lines = dict(self._lines)
        for writer, line in lines.items():
            writer.transport.abort()
            line.cancel()
        await asyncio.gather(*lines.values(), return_exceptions=True)

    async def _open(self, port: int) -> None:
        host, name = self._gateway.host, self._gateway.name
        try:
            server = await asyncio.start_server(self._connected, host, port, backlog=16)
        except OSError as error:
            why = f"{error.strerror or error}; take another port in the settings"
            raise NotPossible(f"listen for Modbus TCP on {host}:{port}", name, why) from None
        self._server, self._opened = server, port
        self.port = server.sockets[0].getsockname()[1]

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._lines) >= CONNECTIONS_LIMIT or self._server is None:
            writer.transport.abort()
            return
        self._masters += 1
        serving = self._serve(reader, writer, f"master {self._masters}")
        self._lines[writer] = asyncio.ensure_future(serving)
        self._lines[writer].add_done_callback(lambda _: self._lost(writer))

    def _lost(self, writer: asyncio.StreamWriter) -> None:
        del self._lines[writer]
        writer.transport.abort()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, master: str
    ) -> None:
        """Answer until the line is cut, by either side."""
        clock = self._gateway.clock
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                header = await reader.readexactly(HEADER.size)
                transaction, protocol, length, unit = HEADER.unpack(header)
                if protocol != 0 or not 2 <= length <= PDU_LIMIT + 1:
                    self._note(master, self._gateway.name, header)
                    return
                request = await reader.readexactly(length - 1)
                with clock.hold(f"{self._gateway.name} answers {master} over Modbus"):
                    self._note(master, self._gateway.name, header + request)
                    answer = await self._gateway.ask(unit, request)
                    if answer is None:
                        continue
                    frame = HEADER.pack(transaction, 0, len(answer) + 1, unit) + answer
                    writer.write(frame)
                    self._note(self._gateway.name, master, frame)
                    await writer.drain()

    def _note(self, sender: str, receiver: str, frame: bytes) -> None:
        self._gateway.tap.note(WIRE, sender, receiver, frame.hex())
