"""One gateway alone, in real time, until it is stopped: with its site, its page and its wires."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from simulators.clock import Clock
from simulators.faults import Fault
from simulators.iskra_sg import GatewaySg
from simulators.iskra_sg.faults import fault_from_text
from simulators.iskra_sg.links import add_links
from simulators.iskra_sg.modbus_io import ModbusTcp
from simulators.iskra_sg.rest_io import RestPort
from simulators.iskra_sg.site import Site
from simulators.iskra_sg.udp_io import UdpPort
from simulators.iskra_sg.upgrade_io import fetch
from simulators.wiretap import Wiretap

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wishes:
    """
    What the command line asks for.

    Attributes:
        site: what stands where; None for the built-in example.
        host: where its servers listen.
        web_port, udp_port: its ports; 0 takes a free one.
        modbus_port: the same, None for that of its settings.
        faults: what is wrong from the start.
    """

    site: Path | None = None
    host: str = "127.0.0.1"
    web_port: int = 8081
    udp_port: int = 33_333
    modbus_port: int | None = None
    faults: Sequence[Fault] = field(default_factory=tuple)

    @classmethod
    def of(cls, options: argparse.Namespace) -> Wishes:
        """
        Read the options of `simulators.command_line`.

        Raises:
            NotAccepted: If one of them cannot be.
        """
        return cls(
            options.site,
            options.host,
            options.web_port,
            options.udp_port,
            options.modbus_port,
            tuple(fault_from_text(text) for text in options.fault),
        )


def example_site() -> Path:
    """Give the built-in example, a file to begin with."""
    return Path(str(files("simulators.iskra_sg").joinpath("example_site.toml")))


async def run_alone(
    wishes: Wishes, clock: Clock, tap: Wiretap, tell: Tell, *, more: Sequence[str] = ()
) -> None:
    """
    Run a gateway until SIGINT or SIGTERM.

    Parameters:
        tell: told lines for a person: addresses, and what is wrong.
        more: lines that are told with the addresses.

    Raises:
        NotAccepted: If the site cannot be.
        NotPossible: If one of its ports cannot be had.
    """
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    path = wishes.site or example_site()
    gateway = GatewaySg(Site.from_file(path), clock, tap, wishes.host)
    gateway.fetch = fetch
    rest = RestPort(gateway, wishes.web_port)
    modbus = ModbusTcp(gateway, wishes.modbus_port)
    udp = UdpPort(gateway, wishes.udp_port)
    gateway.wires += [rest, modbus, udp]
    add_links(gateway)
    for fault in wishes.faults:
        await gateway.faults.switch_on(fault)
    async with contextlib.AsyncExitStack() as leaving:
        leaving.push_async_callback(gateway.stop)
        await gateway.start()
        for line in (*_addresses(gateway, rest, modbus, udp, path), *more, "Ctrl-C stops it."):
            tell(line)
        await stopped.wait()


def _addresses(
    gateway: GatewaySg, rest: RestPort, modbus: ModbusTcp, udp: UdpPort, path: Path
) -> list[str]:
    settings, host = gateway.now.settings, gateway.host
    features = settings.features
    listens = f"{host}:{modbus.port}, address {settings.modbus_address}"
    devices = [place for place in gateway.now.places() if place.is_enabled]
    told = (
        f"{one.interface} {one.device.model.name} {one.device.serial}"
        for one in devices
        if one.device is not None
    )
    return [
        f"gateway    {gateway.now.identity.model} {gateway.name}",
        f"site       {path}",
        f"page       {rest.address}",
        f"REST       {rest.address}api",
        f"Modbus TCP {listens if features.modbus_tcp else 'switched off'}",
        f"discovery  {f'UDP {host}:{udp.port}' if features.udp_discovery else 'switched off'}",
        f"devices    {', '.join(told) or 'none'}",
        f"faults     {', '.join(one.name for one in gateway.faults.on) or 'none'}",
    ]
