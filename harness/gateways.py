"""
Smart gateways as a scenario declares them: what they read, and how the backend reads them.

A gateway is declared with meters and switches, and with loads behind them; the loads of a charger
follow the charger's own course, so that the meter before it counts what the charger counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from decimal import Decimal
from functools import partial
from math import isqrt
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.targets.face import BackendFace
from simulators.charger_inch import ChargerInch
from simulators.clock import VirtualClock
from simulators.iskra_sg import GatewaySg
from simulators.iskra_sg.links import Links, add_links
from simulators.iskra_sg.loads import Course, Flow
from simulators.iskra_sg.meters import Meter
from simulators.iskra_sg.modbus_io import ModbusTcp
from simulators.iskra_sg.models import MODELS
from simulators.iskra_sg.rest_io import RestPort
from simulators.iskra_sg.settings import Push
from simulators.iskra_sg.site import Site
from simulators.iskra_sg.udp_io import UdpPort
from simulators.wiretap import Wiretap

if TYPE_CHECKING:
    from harness.broker import Broker
    from harness.control_room import ControlRoom, PushReceiver

LEFT_IR, RIGHT_IR, RS485 = "left-ir", "right-ir", "rs485"
WAYS = {"REST": "rest", "Modbus TCP": "modbus", "MQTT": "mqtt", "the XML push": "push"}
"""How scenarios name the ways, and the settings."""
PUSH = "push"
"""A link that goes to a receiver of pushes; others go to a control room, see `PROTOCOLS` there."""
EACH_QUARTER = Push(enabled=True, interval_s=900)
_OF_AN_ACCOUNT = ("gateway", "meter", "format", "destination", "task")
_NAMED_ALONE = ("meter", "task")
"""Tables whose names are there once, over all accounts."""
LEFT_IR_ADDRESS, FIRST_RS485_ADDRESS = 33, 35


@dataclass(slots=True)
class PlannedGateway:
    """
    A gateway, before there is one.

    Attributes:
        name: what people call it.
        serial: its serial number.
        site: its site, as a site file has it.
        meters: the names of its meters, to the devices of the site.
        chargers: the names of chargers behind it, to their loads.
        way: how the backend reads it, as its settings say it.
        reading: the account of the settings' ``[[gateway]]`` besides.
        links: how it goes to a control room, or that it pushes to a receiver, by link.
        files: what somebody has put on it, by file name.
    """

    name: str
    serial: str
    site: dict[str, Any]
    meters: dict[str, dict[str, Any]] = field(default_factory=dict)
    chargers: dict[str, str] = field(default_factory=dict)
    way: str = "rest"
    is_filled: bool = False
    links: dict[int, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    is_read_in_all_ways: bool = False

    def is_read_by(self, way: str) -> bool:
        """Whether the backend reads it so, alone or among others."""
        return self.is_read_in_all_ways or self.way == way


@dataclass(slots=True)
class Running:
    """A gateway on the bench, and its servers."""

    gateway: GatewaySg
    modbus: ModbusTcp
    web: RestPort
    udp: UdpPort
    links: Links
    ends: dict[int, ControlRoom | PushReceiver]


class Gateways:
    """All gateways of a bench, declared and then running."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self.planned: dict[str, PlannedGateway] = {}
        self.running: dict[str, Running] = {}
        self._broker: Broker | None = None

    # ------------------------------------------------------------------ what is declared

    def declare(self, name: str) -> PlannedGateway:
        """Give a gateway, made where there is none of that name yet."""
        serial = f"IS{len(self.planned) + 1:06d}"
        site = {"gateway": {"serial": serial}, "load": [], "device": [], "settings": {}}
        return self.planned.setdefault(name, PlannedGateway(name, serial, site))

    def add_device(self, gateway: str, name: str, port: str, model: str) -> dict[str, Any]:
        """
        Put a device at a port, with a load of its own behind it.

        Returns:
            Its table in the site, to be completed.
        """
        planned = self.declare(gateway)
        devices = planned.site["device"]
        count = sum(len(one.site["device"]) for one in self.planned.values())
        address = LEFT_IR_ADDRESS
        if port == RS485:
            address = FIRST_RS485_ADDRESS + len([one for one in devices if one["port"] == RS485])
        table = {
            "port": port,
            "model": model,
            "serial": f"{model[0]}{count + 1:07d}",
            "address": address,
            "loads": [],
        }
        devices.append(table)
        if MODELS[model].is_meter:
            planned.meters[name] = table
        return table

    def add_load(self, device: Mapping[str, Any], planned: PlannedGateway, **how: Any) -> str:
        """Put a load behind a device; fed from outside where nothing is said of it."""
        name = f"load {len(planned.site['load']) + 1}"
        planned.site["load"].append({"name": name, **how})
        device["loads"].append(name)
        return name

    def of_meter(self, meter: str) -> PlannedGateway:
        """Give the gateway that reads a meter."""
        for planned in self.planned.values():
            if meter in planned.meters:
                return planned
        raise UsageError(f'no gateway reads the meter "{meter}"; declare it in a Given')

    def add_push(self, meter: str, link: int, seconds: int) -> None:
        """Let a gateway push a meter over one of its links, or publish it there."""
        push = {"enabled": True, "interval_s": seconds}
        self.of_meter(meter).meters[meter][f"link_{link}"] = push

    # ------------------------------------------------------------------ what runs

    @property
    def broker(self) -> Broker:
        """The broker between gateways and backend."""
        if self._broker is None:
            raise UsageError("no gateway is read over MQTT, so there is no broker")
        return self._broker

    def control_room(self, gateway: str) -> ControlRoom:
        """Give who listens to a running gateway over MQTT."""
        from harness.control_room import ControlRoom

        for end in self.running[gateway].ends.values():
            if isinstance(end, ControlRoom):
                return end
        raise UsageError(f'no link of "{gateway}" goes to a control room; say so in a Given')

    def receiver(self, gateway: str) -> PushReceiver:
        """Give whom a running gateway pushes to."""
        from harness.control_room import PushReceiver

        for end in self.running[gateway].ends.values():
            if isinstance(end, PushReceiver):
                return end
        raise UsageError(f'no link of "{gateway}" goes to a receiver; say so in a Given')

    def meter(self, name: str) -> Meter:
        """Give a running meter, counted up to now."""
        planned = self.of_meter(name)
        serial = planned.meters[name]["serial"]
        for device in self.running[planned.name].gateway.now.bench.devices:
            if isinstance(device, Meter) and device.serial == serial:
                return device
        raise UsageError(f'the meter "{name}" is not on the bench')

    async def start(self, clock: VirtualClock, tap: Wiretap) -> None:
        """Switch all of them on, with a broker where one is needed."""
        if any(one.is_read_by("mqtt") for one in self.planned.values()):
            # Who needs no broker does not wait for it to be loaded.
            from harness.broker import Broker

            self._broker = Broker(clock)
            await self._broker.start()
        for planned in self.planned.values():
            ends = await _start_ends(planned, clock)
            gateway = GatewaySg(Site.from_mapping(planned.site), clock, tap)
            modbus, web, udp = ModbusTcp(gateway, 0), RestPort(gateway, 0), UdpPort(gateway, 0)
            gateway.wires += [modbus, web, udp]
            running = Running(gateway, modbus, web, udp, add_links(gateway), ends)
            self.running[planned.name] = running
            for name, content in planned.files.items():
                gateway.now.files.add(name, content)
            await gateway.start()
            if planned.is_read_by("mqtt") and self._broker is not None:
                settings = gateway.now.settings
                port = self._broker.port
                link = replace(settings.link_2, kind="mqtt", server="127.0.0.1", port=port)
                await gateway.set(replace(settings, link_2=link))

    async def point_to(self, backend: BackendFace) -> None:
        """Let those that push do so to where the backend listens."""
        for planned in self.planned.values():
            if planned.is_read_by("push"):
                host, port = backend.push_address(planned.name)
                gateway = self.running[planned.name].gateway
                link = replace(gateway.now.settings.link_1, kind="tcp", server=host, port=port)
                settings = replace(gateway.now.settings, link_1=link)
                left, others = settings.left_ir, settings.rs485
                pushed = replace(
                    settings,
                    left_ir=replace(left, link_1=EACH_QUARTER),
                    rs485=tuple(replace(one, link_1=EACH_QUARTER) for one in others),
                )
                await gateway.set(pushed)

    def put_behind(self, name: str, charger: ChargerInch) -> None:
        """Let a charger draw through the meters in front of it."""
        for planned in self.planned.values():
            if name in planned.chargers:
                gateway = self.running[planned.name].gateway
                course = Course()
                gateway.now.bench.loads[planned.chargers[name]].load = course
                charger.on_course(partial(_follow, gateway, course, charger))

    async def stop(self) -> None:
        """Switch all of them off."""
        for running in self.running.values():
            await running.gateway.stop()
            for end in running.ends.values():
                await end.stop()
        if self._broker is not None:
            await self._broker.stop()

    def add_to(self, settings: dict[str, Any]) -> None:
        """Write into the backend's settings how it reads them."""
        for planned in self.planned.values():
            settings.setdefault("gateway", []).append(self._table(planned, planned.way))
            for meter in settings["meter"]:
                if (device := planned.meters.get(meter["name"])) is not None:
                    place = {key: device[key] for key in ("serial", "address")}
                    meter["gateway"] = {"name": planned.name, **place}
            if planned.is_read_in_all_ways:
                self._divide(planned, settings)

    def _table(self, planned: PlannedGateway, way: str) -> dict[str, Any]:
        return {
            "account": self._owner,
            "name": planned.name,
            "serial": planned.serial,
            "way": way,
            **self._address_of(planned, way),
            **({} if way == "push" else {"every": 15}),
        }

    def _divide(self, planned: PlannedGateway, settings: dict[str, Any]) -> None:
        """Give each way an account with all that the one account has."""
        tables = {key: settings.pop(key) for key in _OF_AN_ACCOUNT}
        (account,) = settings.pop("account")
        settings["account"] = [{**account, "name": way} for way in WAYS.values()]
        for way in WAYS.values():
            for key, rows in tables.items():
                for row in rows:
                    copy = {**row, "account": way}
                    if key == "gateway":
                        copy = {**self._table(planned, way), "account": way}
                    if key in _NAMED_ALONE:
                        copy["name"] = f"{row['name']}-{way}"
                    if key == "task":
                        copy["meters"] = "all"
                    settings.setdefault(key, []).append(copy)

    def _address_of(self, planned: PlannedGateway, way: str) -> dict[str, Any]:
        """Say where the backend finds a gateway; it is nowhere before it runs."""
        running = self.running.get(planned.name)
        modbus, web = (1, 1) if running is None else (running.modbus.port, running.web.port)
        page = {"web": f"127.0.0.1:{web}"} if planned.is_filled else {}
        if way == "rest":
            return {"host": "127.0.0.1", "port": web, "fill_gaps": planned.is_filled}
        ports = {
            "modbus": modbus,
            "push": 0,
            "mqtt": 1 if self._broker is None else self._broker.port,
        }
        return {"host": "127.0.0.1", "port": ports[way], **page}


async def _start_ends(
    planned: PlannedGateway, clock: VirtualClock
) -> dict[int, ControlRoom | PushReceiver]:
    """Start what the links go to, and set them so."""
    if not planned.links:
        return {}
    # Who has no such link does not wait for the broker to be loaded.
    from harness.control_room import ControlRoom, PushReceiver

    ends: dict[int, ControlRoom | PushReceiver] = {}
    for number, how in planned.links.items():
        end: ControlRoom | PushReceiver
        if how == PUSH:
            end = PushReceiver(clock)
        else:
            end = ControlRoom(clock, how)
            planned.files |= end.files
        await end.start()
        ends[number] = end
        planned.site["settings"][f"link_{number}"] = end.link
    return ends


def _follow(gateway: GatewaySg, course: Course, charger: ChargerInch) -> None:
    """Let the meters count up to now, and know what the charger draws from now on."""
    _ = gateway.now
    voltages, permille = charger.supply.voltages_mv, charger.supply.power_factor_permille
    course.steps = tuple(
        (since, _flow(flow.currents_ma, voltages, permille)) for since, flow in charger.course
    )


def _flow(
    currents_ma: tuple[int, int, int], voltages_mv: tuple[int, int, int], permille: int
) -> Flow:
    """Give the powers of currents: mV x mA is µVA, and a thousandth of the factor makes nW."""
    active, reactive = [], []
    for current_ma, voltage_mv in zip(currents_ma, voltages_mv, strict=True):
        apparent_nva = current_ma * voltage_mv * 1_000
        active_nw = current_ma * voltage_mv * permille
        active.append(active_nw)
        reactive.append(isqrt(apparent_nva**2 - active_nw**2))
    return Flow((active[0], active[1], active[2]), (reactive[0], reactive[1], reactive[2]))


def steps_of(rows: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """
    Give the steps of a load, as a site file has them.

    Parameters:
        rows: from which local time on how many kW, in their order; nothing before the first.
    """
    steps = []
    for start, power_kw in rows:
        hour, _, minute = start.partition(":")
        watts = int(Decimal(power_kw) * 1_000)
        steps.append({"from": f"{time(int(hour), int(minute)):%H:%M}", "power_w": watts})
    return steps if steps[0]["from"] == "00:00" else [{"from": "00:00", "power_w": 0}, *steps]
