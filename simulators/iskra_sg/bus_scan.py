"""
Looking for devices on RS485, and adding them (document 004 §4.1.2.4, figures 26 to 29).

Rule 1: a scan finds who answers with the gateway's own line settings and is not in use yet; who
has another speed, parity or number of stop bits is not heard.
Rule 2: a device that is added takes the first free place, with the address that it has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from simulators.errors import NotPossible
from simulators.iskra_sg.device import Device, Gateway
from simulators.iskra_sg.line import LineSettings
from simulators.iskra_sg.meters import Meter
from simulators.iskra_sg.settings import RS485_SLOTS, Settings

ADDRESS_MAX = 247


@dataclass(frozen=True, slots=True)
class Found:
    """A row of figure 29: a device that a scan has found."""

    model: str
    serial: str
    address: int
    line: LineSettings
    kind: str


def scan(gateway: Gateway) -> list[Found]:
    """Look who is there and not in use, by address."""
    in_use = {slot.address for slot in gateway.settings.rs485 if slot.kind != "disabled"}
    heard = [_row(one) for one in gateway.heard_on_bus() if one.address not in in_use]
    return sorted(heard, key=lambda row: row.address)


def _row(device: Device) -> Found:
    kind = "meter" if isinstance(device, Meter) else "bicom"
    return Found(device.model.name, device.serial, device.address, device.line, kind)


def with_added(settings: Settings, rows: Iterable[Found], where: str = "RS485") -> Settings:
    """
    Give the settings with found devices added: one, or all.

    Raises:
        NotPossible: If more are to be added than places are free.
    """
    places = list(settings.rs485)
    for row in rows:
        free = [number for number, slot in enumerate(places) if slot.kind == "disabled"]
        if not free:
            why = f"all {RS485_SLOTS} RS485 places are in use; disable one first"
            raise NotPossible(f"add {row.serial}", where, why)
        # The place's other settings stay, as they would for who types the address in.
        places[free[0]] = replace(places[free[0]], kind=row.kind, address=row.address)
    return replace(settings, rs485=tuple(places))


def set_parameters(gateway: Gateway, serial: str, address: int, line: LineSettings) -> None:
    """
    Give a device on the bus another address and other line settings (§4.2, set-parameters).

    Raises:
        NotPossible: If it is not heard, or cannot have that address.
    """
    what, where = f"set the parameters of {serial}", gateway.identity.serial
    device = next((one for one in gateway.heard_on_bus() if one.serial == serial), None)
    if device is None:
        raise NotPossible(what, where, "no device of that serial number answers on RS485")
    others = {one.address for one in gateway.bench.bus if one is not device}
    others.add(gateway.settings.modbus_address)
    if not 1 <= address <= ADDRESS_MAX or address in others:
        why = f"address {address} is not free; give one of 1 to {ADDRESS_MAX}"
        raise NotPossible(what, where, why)
    device.address, device.line = address, line
