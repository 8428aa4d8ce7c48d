"""The UDP port on which the gateway is discovered; what it answers stands in `discovery`."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import cast

from simulators.errors import NotPossible
from simulators.iskra_sg import GatewaySg, discovery

WIRE = "udp"
Address = tuple[str, int]


class UdpPort:
    """
    The port, open while discovery is switched on.

    Parameters:
        gateway: whose it is.
        port: 33333 at a real one; 0 takes a free one.
    """

    def __init__(self, gateway: GatewaySg, port: int = discovery.PORT) -> None:
        self.port = port
        self._gateway = gateway
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self) -> None:
        """
        Listen, where discovery is switched on.

        Raises:
            NotPossible: If the port cannot be listened on.
        """
        await self.settle()

    async def settle(self) -> None:
        """
        Listen, or not, as is set.

        Raises:
            NotPossible: If the port cannot be listened on.
        """
        wanted = self._gateway.now.settings.features.udp_discovery
        if wanted and self._transport is None:
            await self._open()
        elif not wanted:
            await self.stop()

    async def _open(self) -> None:
        host = self._gateway.host
        try:
            self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Listener(self._gateway),
                local_addr=(host, self.port),
                family=socket.AF_INET,
                # Broadcasts reach every gateway of the machine.
                allow_broadcast=True,
            )
        except (OSError, OverflowError) as error:
            remedy = "choose another port, or set features.udp_discovery to false"
            why = f"UDP {host}:{self.port} cannot be listened on over IPv4 ({error}); {remedy}"
            raise NotPossible("be discovered", self._gateway.name, why) from error
        self.port = self._transport.get_extra_info("sockname")[1]

    async def stop(self) -> None:
        """Listen no more."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()
            # It lets go of the port in the loop's next turn.
            await asyncio.sleep(0)


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, gateway: GatewaySg) -> None:
        self._gateway = gateway
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own is none by inheritance.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        gateway, transport = self._gateway, self._transport
        own = own_address(transport.get_extra_info("sockname")[0], addr)
        reply = discovery.answer(data, gateway.now, own)
        if reply is not None:
            gateway.tap.note(WIRE, "client", gateway.name, data.hex())
            transport.sendto(reply, addr)
            gateway.tap.note(WIRE, gateway.name, "client", reply.hex())


def own_address(listens_on: str, peer: Address) -> str:
    """Tell under which address a peer reaches this machine, if it listens on all of them."""
    if not ipaddress.IPv4Address(listens_on).is_unspecified:
        return listens_on
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            # Nothing is sent by that: the system only chooses the way.
            asking.connect(peer)
        except OSError:
            return listens_on
        return str(asking.getsockname()[0])
