"""
A site: which gateway it is, which devices stand around it and what loads they feed.

Read from a TOML file; an example with every field is in the device sheet. Loads have names; a
meter measures the loads that it names, a Bicom switches those that it names, and one load may be
behind several. A device that is declared is enabled in the gateway's settings as well, unless it
says ``enabled = false``: then somebody has to add it first, as with a new device (§4.1.2.3).
A clock that is declared wrong stays so: it is not synchronised, unless the file says that it is.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from simulators.errors import NotAccepted
from simulators.faults import Faults
from simulators.iskra_sg.bicoms import Bicom
from simulators.iskra_sg.device import Bench, Device, Gateway, Identity
from simulators.iskra_sg.inputs import PulseSource
from simulators.iskra_sg.line import LineSettings
from simulators.iskra_sg.loads import Daily, Fed, Flow, Load, Switched
from simulators.iskra_sg.local_clock import LocalClock
from simulators.iskra_sg.meters import Meter
from simulators.iskra_sg.models import MODELS
from simulators.iskra_sg.network import Neighbour
from simulators.iskra_sg.settings import RS485_SLOTS, Push, Settings, Slot

PORTS = ("left-ir", "right-ir", "rs485")
NETWORKS = (Neighbour("Werkhof", -58, "werkhof-2026"), Neighbour("Gast", -73))
"""What is heard where a site names no networks (ASSUMED)."""


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """
    A load, before there is one.

    Attributes:
        name: what devices call it by.
        steps: from which local time on what flows; nothing where it is fed from outside.
    """

    name: str
    steps: tuple[tuple[time, Flow], ...] = ()

    def build(self, zone: ZoneInfo) -> Load:
        """Make it."""
        return Daily(self.steps, zone) if self.steps else Fed()


@dataclass(frozen=True, slots=True)
class DevicePlan:
    """
    A device, before there is one.

    Attributes:
        port: one of `PORTS`.
        model: a name of `models.MODELS`.
        loads: which loads it measures, or switches.
        energy_wh: what a meter has counted before, active import.
        export_wh: the same, fed back.
        exponent: in which power of ten of a Wh its counters count.
        clock_offset: how far a meter's own clock is ahead.
        time_synchronization: whether the gateway sets it; by default where it is not wrong.
        enabled: whether the settings have it.
        link_1, link_2: what is pushed of it.
    """

    port: str
    model: str
    serial: str
    address: int = 33
    loads: tuple[str, ...] = ()
    description: str = ""
    location: str = ""
    line: LineSettings = field(default_factory=LineSettings)
    energy_wh: int = 0
    export_wh: int = 0
    exponent: int = 0
    clock_offset: timedelta = timedelta(0)
    time_synchronization: bool | None = None
    is_on: bool = False
    enabled: bool = True
    link_1: Push = field(default_factory=Push)
    link_2: Push = field(default_factory=Push)

    @property
    def is_meter(self) -> bool:
        """Whether it measures."""
        return MODELS[self.model].is_meter

    @property
    def kind(self) -> str:
        """What the settings call it."""
        return "meter" if self.is_meter else "bicom"

    def slot(self, address: int) -> Slot:
        """Give what the settings say of it, at a place with that address."""
        wanted = self.time_synchronization
        is_synchronized = not self.clock_offset if wanted is None else wanted
        return Slot(self.kind, address, self.link_1, self.link_2, is_synchronized)

    def build(self, at: datetime, loads: Mapping[str, Switched]) -> Device:
        """Make it."""
        model, behind = MODELS[self.model], [loads[name] for name in self.loads]
        if not self.is_meter:
            bicom = Bicom(model, self.serial, self.address, behind, self.line, is_on=self.is_on)
            bicom.description, bicom.location = self.description, self.location
            return bicom
        meter = Meter(
            model,
            self.serial,
            self.address,
            LocalClock(at, self.clock_offset),
            at,
            behind,
            line=self.line,
            description=self.description,
            location=self.location,
            exponent=self.exponent,
        )
        meter.begin_at(self.energy_wh, self.export_wh)
        return meter


@dataclass(frozen=True, slots=True)
class Site:
    """
    A gateway and what stands around it.

    Attributes:
        identity: what it is.
        settings: how it is set up, the devices' places not among it.
        devices, loads: what stands there.
        clock_offset, clock_drift_ppm: how wrong the gateway's own clock is.
        networks: which Wi-Fi networks are heard.
        pulse_load: whose energy comes as pulses; empty for none.
        pulses_per_kwh: how many whoever sends them sends for a kWh.
        temperature_cdeg: what the Pt1000 is at; None without one.
    """

    identity: Identity = field(default_factory=Identity)
    settings: Settings | None = None
    devices: tuple[DevicePlan, ...] = ()
    loads: tuple[LoadPlan, ...] = ()
    clock_offset: timedelta = timedelta(0)
    clock_drift_ppm: int = 0
    networks: tuple[Neighbour, ...] = NETWORKS
    pulse_load: str = ""
    pulses_per_kwh: int = 1_000
    temperature_cdeg: int | None = None

    @classmethod
    def from_file(cls, path: Path) -> Site:
        """
        Read a site file.

        Raises:
            NotAccepted: If it is none; it says what, where and what to do.
        """
        try:
            data = tomllib.loads(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise NotAccepted("site file", str(path), f"cannot be read: {error}") from None
        except tomllib.TOMLDecodeError as error:
            raise NotAccepted("site file", str(path), f"is no TOML: {error}") from None
        return cls.from_mapping(data)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Site:
        """
        Read a site from plain data.

        Raises:
            NotAccepted: If it is none.
        """
        from simulators.iskra_sg.site_file import read  # reads what this module defines

        return read(data)

    def build(self, at: datetime, faults: Faults) -> Gateway:
        """
        Make the gateway and everything around it.

        Raises:
            NotAccepted: If two devices cannot stand as they are said to.
        """
        settings = _with_places(self.settings or self.identity.defaults(), self.devices)
        zone = ZoneInfo(settings.time.zone)
        loads = {plan.name: Switched(plan.build(zone)) for plan in self.loads}
        built = [(plan, plan.build(at, loads)) for plan in self.devices]
        at_port = {plan.port: one for plan, one in built}
        left, right = at_port.get(PORTS[0]), at_port.get(PORTS[1])
        bench = Bench(
            left if isinstance(left, Meter) else None,
            right if isinstance(right, Bicom) else None,
            [one for plan, one in built if plan.port == PORTS[2]],
            loads,
            self.networks,
            PulseSource(loads[self.pulse_load], at, self.pulses_per_kwh)
            if self.pulse_load
            else None,
        )
        clock = LocalClock(at, self.clock_offset, self.clock_drift_ppm)
        gateway = Gateway(self.identity, bench, at, faults, settings, clock)
        gateway.inputs.temperature_cdeg = self.temperature_cdeg
        return gateway


def _with_places(settings: Settings, devices: Sequence[DevicePlan]) -> Settings:
    """
    Enable the devices that are declared.

    One on RS485 takes the place that the settings already have for its address, or the first free
    one, in the order of the devices.
    """
    places = list(settings.rs485)
    left, right = settings.left_ir, settings.right_ir
    for plan in devices:
        if not plan.enabled:
            continue
        if plan.port == "right-ir":
            right = plan.slot(0)
        elif plan.port == "left-ir":
            left = plan.slot(plan.address)
        else:
            places[_place_for(plan, places)] = plan.slot(plan.address)
    return replace(settings, left_ir=left, right_ir=right, rs485=tuple(places))


def _place_for(plan: DevicePlan, places: Sequence[Slot]) -> int:
    own = [
        n for n, one in enumerate(places) if (one.kind, one.address) == (plan.kind, plan.address)
    ]
    free = [n for n, one in enumerate(places) if one.kind == "disabled"]
    if not own and not free:
        raise NotAccepted("device", plan.serial, f"RS485 has {RS485_SLOTS} places only")
    return own[0] if own else free[0]
