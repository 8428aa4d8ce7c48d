"""Reading a site file: strict, and each error says where in the file and what would be taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

from simulators.errors import NotAccepted
from simulators.iskra_sg.counters import ROLL_OVER_STEPS
from simulators.iskra_sg.device import Identity
from simulators.iskra_sg.inputs import TEMPERATURE_LEAST_CDEG, TEMPERATURE_MOST_CDEG
from simulators.iskra_sg.line import LineSettings
from simulators.iskra_sg.loads import Flow
from simulators.iskra_sg.local_clock import DRIFT_LIMIT_PPM
from simulators.iskra_sg.models import MODELS
from simulators.iskra_sg.network import Neighbour
from simulators.iskra_sg.settings import Push, changed
from simulators.iskra_sg.site import PORTS, DevicePlan, LoadPlan, Site

DEVICES_LIMIT, LOADS_LIMIT, STEPS_LIMIT = 34, 200, 96
NETWORKS_LIMIT = 50
POWER_LIMIT_W = 1_000_000
SECONDS_LIMIT = 366 * 86_400

Table = Mapping[str, Any]


def read(data: Table) -> Site:
    """
    Read a site from plain data.

    Raises:
        NotAccepted: If it is none.
    """
    _known(data, "site file", ("gateway", "settings", "load", "device", "network", "inputs"))
    gateway = _table(data, "gateway")
    names = ("model", "serial", "hardware", "software", "filesystem", "mac")
    _known(gateway, "gateway", (*names, "clock_offset_s", "clock_drift_ppm"))
    texts = {name: _text(gateway, name, "gateway") for name in names if name in gateway}
    identity = _made("gateway", gateway, lambda: Identity(**texts))
    loads = [_load(one, f"load[{n}]") for n, one in enumerate(_list(data, "load", LOADS_LIMIT))]
    devices = [
        _device(one, f"device[{n}]") for n, one in enumerate(_list(data, "device", DEVICES_LIMIT))
    ]
    _consistent(loads, devices)
    networks = _list(data, "network", NETWORKS_LIMIT)
    site = Site(
        identity,
        changed(identity.defaults(), _settings(data, gateway), "settings"),
        tuple(devices),
        tuple(loads),
        timedelta(seconds=_number(gateway, "clock_offset_s", "gateway", SECONDS_LIMIT)),
        _drift(gateway),
        **_inputs(_table(data, "inputs"), [load.name for load in loads]),
    )
    if not networks:
        return site
    return replace(site, networks=tuple(_network(one, n) for n, one in enumerate(networks)))


def _settings(data: Table, gateway: Table) -> Table:
    """Give what is said of the settings; a clock that is to be wrong is left alone by NTP."""
    settings = _table(data, "settings")
    is_wrong = bool(gateway.get("clock_offset_s") or gateway.get("clock_drift_ppm"))
    time_settings = settings.get("time", {})
    if is_wrong and isinstance(time_settings, dict) and "ntp" not in time_settings:
        return {**settings, "time": {**time_settings, "ntp": False}}
    return settings


def _drift(gateway: Table) -> int:
    drift_ppm = _number(gateway, "clock_drift_ppm", "gateway")
    if abs(drift_ppm) > DRIFT_LIMIT_PPM:
        remedy = f"a clock drifts by ±{DRIFT_LIMIT_PPM} ppm at most"
        raise NotAccepted("gateway.clock_drift_ppm", drift_ppm, remedy)
    return drift_ppm


def _network(table: Table, number: int) -> Neighbour:
    where = f"network[{number}]"
    _known(table, where, ("ssid", "signal_dbm", "password"))
    ssid = _text(table, "ssid", where)
    signal_dbm = _number(table, "signal_dbm", where) if "signal_dbm" in table else -60
    password = _text(table, "password", where) if "password" in table else ""
    made: Neighbour = _made(where, table, lambda: Neighbour(ssid, signal_dbm, password))
    return made


def _inputs(table: Table, loads: Sequence[str]) -> dict[str, Any]:
    _known(table, "inputs", ("pulse_load", "pulses_per_kwh", "temperature_cdeg"))
    found: dict[str, Any] = {}
    if "pulse_load" in table:
        found["pulse_load"] = _text(table, "pulse_load", "inputs")
        if found["pulse_load"] not in loads:
            known = ", ".join(loads) or "none"
            raise NotAccepted("inputs.pulse_load", found["pulse_load"], f"declared are: {known}")
    if "pulses_per_kwh" in table:
        found["pulses_per_kwh"] = _number(table, "pulses_per_kwh", "inputs", 100_000)
        if found["pulses_per_kwh"] < 1:
            raise NotAccepted("inputs.pulses_per_kwh", found["pulses_per_kwh"], "give 1 or more")
    if "temperature_cdeg" in table:
        found["temperature_cdeg"] = cdeg = _number(table, "temperature_cdeg", "inputs")
        if not TEMPERATURE_LEAST_CDEG <= cdeg <= TEMPERATURE_MOST_CDEG:
            remedy = f"a Pt1000 is at {TEMPERATURE_LEAST_CDEG} to {TEMPERATURE_MOST_CDEG}"
            raise NotAccepted("inputs.temperature_cdeg", cdeg, remedy)
    return found


def _load(table: Table, where: str) -> LoadPlan:
    _known(table, where, ("name", "power_w", "reactive_var", "step"))
    name = _text(table, "name", where)
    steps = _list(table, "step", STEPS_LIMIT, where)
    if steps and ("power_w" in table or "reactive_var" in table):
        raise NotAccepted(where, name, "give either power_w and reactive_var, or steps")
    if "reactive_var" in table and "power_w" not in table:
        raise NotAccepted(f"{where}.reactive_var", table["reactive_var"], "give power_w, too")
    if not steps:
        return LoadPlan(name, ((time(0), _flow(table, where)),) if "power_w" in table else ())
    read_steps = []
    for number, step in enumerate(steps):
        place = f"{where}.step[{number}]"
        _known(step, place, ("from", "power_w", "reactive_var"))
        read_steps.append((_time(step, place), _flow(step, place)))
    times = [start for start, _ in read_steps]
    if times[0] != time(0) or times != sorted(set(times)):
        raise NotAccepted(f"{where}.step", [str(one) for one in times], "begin at 00:00 and ascend")
    return LoadPlan(name, tuple(read_steps))


def _flow(table: Table, where: str) -> Flow:
    return Flow.of_watts(_powers(table, "power_w", where), _powers(table, "reactive_var", where))


def _powers(table: Table, name: str, where: str) -> tuple[int, int, int]:
    """Read a power: of L1 alone, or of each phase."""
    value = table.get(name, 0)
    values = value if isinstance(value, list) else [value, 0, 0]
    fits = len(values) == 3 and all(
        type(one) is int and abs(one) <= POWER_LIMIT_W for one in values
    )
    if not fits:
        remedy = f"give whole watts, up to ±{POWER_LIMIT_W}: of L1, or of [L1, L2, L3]"
        raise NotAccepted(f"{where}.{name}", value, remedy)
    first, second, third = values
    return (first, second, third)


def _time(table: Table, where: str) -> time:
    text = table.get("from")
    try:
        found = time.fromisoformat(text if isinstance(text, str) else "")
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:
        raise NotAccepted(f"{where}.from", text, 'give a local time of the day, as "06:30"')
    return found


def _device(table: Table, where: str) -> DevicePlan:
    texts = ("port", "model", "serial", "description", "location")
    numbers = ("address", "energy_wh", "export_wh", "exponent")
    flags = ("is_on", "enabled", "time_synchronization")
    others = ("loads", "line", "clock_offset_s", "link_1", "link_2")
    _known(table, where, (*texts, *numbers, *flags, *others))
    values: dict[str, Any] = {name: _text(table, name, where) for name in texts if name in table}
    values |= {name: _number(table, name, where) for name in numbers if name in table}
    values |= {name: _flag(table, name, where) for name in flags if name in table}
    for name, choices in (("port", PORTS), ("model", tuple(MODELS))):
        if values.get(name) not in choices:
            raise NotAccepted(f"{where}.{name}", values.get(name), f"take {', '.join(choices)}")
    loads = table.get("loads", [])
    if not isinstance(loads, list) or not all(isinstance(one, str) for one in loads):
        raise NotAccepted(f"{where}.loads", loads, "give a list of names of loads")
    values["loads"] = tuple(loads)
    values["line"] = changed(LineSettings(), _table(table, "line", where), f"{where}.line")
    for link in ("link_1", "link_2"):
        values[link] = changed(Push(), _table(table, link, where), f"{where}.{link}")
    offset_s = _number(table, "clock_offset_s", where, SECONDS_LIMIT)
    values["clock_offset"] = timedelta(seconds=offset_s)
    values.setdefault("serial", "")
    return _checked(DevicePlan(**values), where)


def _checked(plan: DevicePlan, where: str) -> DevicePlan:
    if not (1 <= len(plan.serial) <= 8 and plan.serial.isascii() and plan.serial.isprintable()):
        raise NotAccepted(f"{where}.serial", plan.serial, "give 1 to 8 signs, as registers hold 8")
    if (plan.port == "left-ir" and not plan.is_meter) or (
        plan.port == "right-ir" and plan.is_meter
    ):
        remedy = "the left IR port reads a meter, the right one a Bicom; RS485 takes both"
        raise NotAccepted(f"{where}.port", plan.port, remedy)
    if not 0 <= plan.address <= 247:
        raise NotAccepted(f"{where}.address", plan.address, "give a Modbus address, 0 to 247")
    if not 0 <= plan.exponent <= 4:
        raise NotAccepted(f"{where}.exponent", plan.exponent, "give 0 to 4")
    if plan.energy_wh < 0 or plan.export_wh < 0:
        raise NotAccepted(f"{where}.energy_wh", plan.energy_wh, "a meter begins at 0 or above")
    if max(plan.energy_wh, plan.export_wh) >= ROLL_OVER_STEPS * 10**plan.exponent:
        remedy = f"a counter holds {ROLL_OVER_STEPS} steps of 10^exponent; give a larger exponent"
        raise NotAccepted(f"{where}.energy_wh", max(plan.energy_wh, plan.export_wh), remedy)
    return plan


def _consistent(loads: Sequence[LoadPlan], devices: Sequence[DevicePlan]) -> None:
    names = [load.name for load in loads]
    for name in names:
        if names.count(name) > 1:
            raise NotAccepted("load.name", name, "give each load a name of its own")
    for device in devices:
        for name in device.loads:
            if name not in names:
                known = ", ".join(names) or "none"
                raise NotAccepted(f"loads of {device.serial}", name, f"declared are: {known}")
    for port in PORTS[:2]:
        if len([one for one in devices if one.port == port]) > 1:
            raise NotAccepted("device.port", port, "one device fits there")
    for what in ("serial", "address"):
        seen = [getattr(one, what) for one in devices if what == "serial" or one.port == "rs485"]
        for value in seen:
            if seen.count(value) > 1:
                raise NotAccepted(f"device.{what}", value, "give each device its own")


# ---------------------------------------------------------------- plain values


def _made(where: str, given: object, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except ValueError as error:
        raise NotAccepted(where, given, str(error)) from None


def _known(table: Table, where: str, names: Sequence[str]) -> None:
    for name in table:
        if name not in names:
            raise NotAccepted(f"{where}.{name}", table[name], f"known here: {', '.join(names)}")


def _table(table: Table, name: str, where: str = "") -> Table:
    value = table.get(name, {})
    if not isinstance(value, dict):
        raise NotAccepted(f"{where}.{name}".lstrip("."), value, "give a table")
    return value


def _list(table: Table, name: str, limit: int, where: str = "") -> list[Table]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise NotAccepted(f"{where}.{name}".lstrip("."), value, f"give tables, each as [[{name}]]")
    if len(value) > limit:
        raise NotAccepted(f"{where}.{name}".lstrip("."), len(value), f"give {limit} at most")
    return value


def _text(table: Table, name: str, where: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value or len(value) > 40 or not value.isprintable():
        raise NotAccepted(f"{where}.{name}", value, "give a text of 1 to 40 printable signs")
    return value


def _number(table: Table, name: str, where: str, limit: int = 10**12) -> int:
    value = table.get(name, 0)
    if type(value) is not int or abs(value) > limit:
        raise NotAccepted(f"{where}.{name}", value, f"give a whole number of at most ±{limit}")
    return value


def _flag(table: Table, name: str, where: str) -> bool:
    value = table[name]
    if not isinstance(value, bool):
        raise NotAccepted(f"{where}.{name}", value, "give true or false")
    return value
