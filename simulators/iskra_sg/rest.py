"""
What the REST API says and takes, without its server (document 004 §4.2, §4.1).

Rule 1: what is said of meters and switches stands in `bodies`; here are the device lists, the
status, and what no public source shows, which is ASSUMED and described in `openapi`.
Rule 2: a meter's ``id`` is its place among all rows but right IR, from 0 on; a Bicom's ``id`` is
its place among all 18 rows; a recorder's its number, from 1 on.
Rule 3: who is asked for and not there is one of three: there is no such place, or nothing is
enabled there (`Unknown`, 404); it is enabled and does not answer (`Silent`, 409).
Rule 4: passwords are not shown. `MASK` stands for one that is set, and leaves it when it is sent
back.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from simulators.errors import NotAccepted, SimulatorError
from simulators.iskra_sg import automation_file, bodies, bus_scan
from simulators.iskra_sg.bicoms import Bicom
from simulators.iskra_sg.counters import Quarter
from simulators.iskra_sg.device import Entry, Gateway, Place
from simulators.iskra_sg.histories import SCOPES, periods
from simulators.iskra_sg.line import LineSettings
from simulators.iskra_sg.meters import Meter
from simulators.iskra_sg.settings import Recorder, Settings, as_json, changed

Json = dict[str, Any]

FLASH_SIZE, EEPROM_SIZE = "8 MB", "64 KB"
FREE_MEMORY = (110_804, 57_700)
"""Figure 23; what is free does not change here."""
MASK = "********"
COOKIE = "Authorization"
LINE_NAMES = ("baud_rate", "parity", "stop_bits")
BICOM_VERBS = ("on", "off", "toggle")
LIST_LIMIT = 32


class Unknown(SimulatorError):
    """What is asked for does not exist."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Silent(SimulatorError):
    """What is asked for is enabled and does not answer."""

    def __init__(self, interface: str) -> None:
        super().__init__(interface)
        self.sentence = f"the device at {interface} does not answer"


# ---------------------------------------------------------------- status


def status(gateway: Gateway, ip: str) -> Json:
    """Give the status page, §4.1.1; what public clients read of it stands in ``device``."""
    identity, settings = gateway.identity, gateway.settings
    return {
        "device": {
            "model_type": identity.model,
            "serial_number": identity.serial,
            "description": settings.description,
            "location": settings.location,
            "sw_ver": identity.software,
            "hw_ver": identity.hardware,
            "fs_ver": identity.filesystem,
            "flash_size": FLASH_SIZE,
            "eeprom": EEPROM_SIZE,
        },
        "status": _state(gateway, ip),
        "other": {
            "active_tariff": gateway.active_tariff,
            "temperature": temperature_text(gateway),
            "pulse_counter": pulses_text(gateway),
            "uptime": uptime_text(gateway),
            "local_time": f"{gateway.local_time:%d.%m.%Y %H:%M:%S}",
        },
    }


def _state(gateway: Gateway, ip: str) -> Json:
    connectivity = gateway.settings.connectivity
    is_wifi = connectivity.mode == "wifi"
    crc = settings_crc(gateway.settings)
    return {
        "connection_mode": "WiFi" if is_wifi else "Ethernet",
        "connection": gateway.connection.value,
        "wifi_ssid": connectivity.wifi_ssid if is_wifi else "",
        "wifi_signal": f"{gateway.network.signal_dbm(gateway.at)} dBm",
        "ip_address": ip if connectivity.dhcp else connectivity.ip,
        "mac_address": gateway.identity.mac,
        "app_status": "Normal" if gateway.is_running else "Restarting",
        "upgrade_status": gateway.upgrade.status,
        "link_1_status": gateway.link_state(1),
        "link_2_status": gateway.link_state(2),
        "settings_crc": f"0x{crc:04X} (0x{crc:04X})",
        "free_memory": f"{FREE_MEMORY[0]} ({FREE_MEMORY[1]})",
        "error_flags": f"0x{gateway.error_flags:08X}",
    }


def settings_crc(settings: Settings) -> int:
    """Give 16 bits that change with the settings; which sum the gateway takes is ASSUMED."""
    return binascii.crc_hqx(json.dumps(as_json(settings), sort_keys=True).encode(), 0xFFFF)


def temperature_text(gateway: Gateway) -> str:
    """Tell what the Pt1000 measures, as figure 11 does."""
    temperature = gateway.inputs.temperature_cdeg
    if not gateway.settings.features.temperature_input or temperature is None:
        return "N/A"
    return f"{bodies.number(temperature, -2, 1)} °C"


def pulses_text(gateway: Gateway) -> str:
    """Tell what the pulse counter has counted, as figure 11 does."""
    features = gateway.settings.features
    if not features.pulse_counter:
        return "N/A"
    return f"{bodies.number(gateway.inputs.energy_wh(features.pulses_per_kwh), -3, 3)} kWh"


def uptime_text(gateway: Gateway) -> str:
    """Tell how long it has been on, as figure 23 does."""
    passed = gateway.uptime
    minutes, seconds = divmod(passed.seconds, 60)
    return f"{passed.days}d {minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


# ---------------------------------------------------------------- devices


def devices(gateway: Gateway) -> Json:
    """Give the table of external devices: all 18 rows."""
    return {"devices": [_device(place) for place in gateway.places()]}


def _device(place: Place) -> Json:
    row: Json = {"interface": place.interface, "model": "Disabled", "address": place.address}
    row |= {"serial": "", "description": "", "location": "", "sw_ver": ""}
    if place.is_enabled:
        row["model"] = "Not Detected"
    if (device := place.device) is not None:
        row |= {
            "model": device.model.name,
            "serial": device.serial,
            "description": device.description,
            "location": device.location,
            "sw_ver": device.software_e2 / 100,
        }
    return row


def describe(gateway: Gateway, fields: object) -> Json:
    """
    Write a description and a location into a device (§4.1.7).

    Raises:
        NotAccepted, Unknown, Silent: If that cannot be.
    """
    given = Given(fields)
    number = given.whole("id", 0, 17)
    place = gateway.places()[number]
    texts = {name: given.text(name, 40) for name in ("description", "location") if given.has(name)}
    given.no_more()
    if not place.is_enabled:
        raise Unknown(f"nothing is enabled at {place.interface}")
    if place.device is None:
        raise Silent(place.interface)
    place.device.description = texts.get("description", place.device.description)
    place.device.location = texts.get("location", place.device.location)
    return {"device": _device(place)}


def meter_at(gateway: Gateway, number: int) -> Meter:
    """
    Give the meter with an id.

    Raises:
        Unknown: If none is enabled there.
        Silent: If it does not answer.
    """
    place = meter_place(gateway, number)
    if not isinstance(place.device, Meter):
        raise Silent(place.interface)
    return place.device


def meter_place(gateway: Gateway, number: int) -> Place:
    """
    Give the place with an id, where a meter is enabled.

    Raises:
        Unknown: If none is.
    """
    place = gateway.numbered(number)
    if place is None:
        raise Unknown(f"there is no device {number}; the last one is 16, RS485 16")
    if gateway.settings.slots[place.index].kind != "meter":
        raise Unknown(f"no meter is enabled at {place.interface}")
    return place


def measurements(gateway: Gateway, number: int) -> Json:
    """
    Give what a meter measures.

    Raises:
        Unknown, Silent: See `meter_at`.
    """
    return bodies.measurements_body(meter_at(gateway, number))


def counters(gateway: Gateway, number: int) -> Json:
    """
    Give what a meter has counted.

    Raises:
        Unknown, Silent: See `meter_at`.
    """
    return bodies.counters_body(meter_at(gateway, number))


# ---------------------------------------------------------------- load profile, recorders


def load_profile(gateway: Gateway, number: int) -> Json:
    """
    Give a load profile, oldest first; of a meter that is silent what the gateway has.

    Raises:
        Unknown: If no meter is enabled there.
    """
    place = meter_place(gateway, number)
    own, from_meter = gateway.load_profile_parts(place.index)
    device = place.device
    return {
        "load_profile": {
            "id": number,
            "interface": place.interface,
            "model": device.model.name if device is not None else "Not Detected",
            "serial": device.serial if device is not None else "",
            "answers": device is not None,
            "period_min": 15,
            "unit": "Wh",
            "values": [
                *(_quarter(row, "gateway") for row in own),
                *(_quarter(row, "meter") for row in from_meter),
            ],
        }
    }


def _quarter(row: Quarter, source: str) -> Json:
    return {
        "end": _utc(row.end),
        "source": source,
        "import": list(row.import_wh),
        "export": list(row.export_wh),
    }


def _utc(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def recorders(gateway: Gateway) -> Json:
    """Give all recorders and what each records."""
    found = enumerate(gateway.settings.recorders, 1)
    return {"recorders": [_recorder(gateway, number, one) for number, one in found]}


def _recorder(gateway: Gateway, number: int, recorder: Recorder) -> Json:
    kind = "Resettable" if recorder.resettable else "Non Resettable"
    is_pulse = recorder.source == "pulse"
    return {
        "id": number,
        "enabled": recorder.enabled,
        "interface": "Pulse Counter" if is_pulse else "Modbus",
        "address": None if is_pulse else recorder.address,
        "counter": "Pulse Counter" if is_pulse else f"{kind} Counter {recorder.counter}",
        "unit": unit_of(gateway, recorder),
        "now": gateway.recorded_now(recorder),
    }


def unit_of(gateway: Gateway, recorder: Recorder) -> str:
    """Tell in which unit a recorder writes; of a device that is silent it is not known."""
    if recorder.source == "pulse":
        return "pulses"
    device = gateway.addressed(recorder.address)
    if not isinstance(device, Meter):
        return ""
    found = device.resettable if recorder.resettable else device.non_resettable
    place = recorder.counter - 1
    return found[place].unit.value if place < len(found) else ""


def recorder_of(gateway: Gateway, number: int) -> Recorder:
    """
    Give the recorder with a number.

    Raises:
        Unknown: If there is none.
    """
    there = gateway.settings.recorders
    if not 1 <= number <= len(there):
        raise Unknown(f"there is no recorder {number}; there are 1 to {len(there)}")
    return there[number - 1]


def recorder(gateway: Gateway, number: int) -> Json:
    """
    Give what a recorder wrote, by days, months and years.

    Raises:
        Unknown: If there is no such recorder.
    """
    told = _recorder(gateway, number, recorder_of(gateway, number))
    entries = gateway.history(number - 1)
    return {"recorder": told | {scope: _periods(entries, scope) for scope in SCOPES}}


def _periods(entries: Sequence[Entry], scope: str) -> list[Json]:
    return [
        {
            "begin": one.begin.isoformat(),
            "value": one.value,
            "consumption": one.consumption,
            "complete": one.is_complete,
        }
        for one in periods(entries, scope)
    ]


# ---------------------------------------------------------------- switches


def bicoms(gateway: Gateway) -> Json:
    """Give every place that is set to have a Bicom, and where it stands."""
    slots = zip(gateway.places(), gateway.settings.slots, strict=True)
    return {"bicoms": [_bicom(place) for place, slot in slots if slot.kind == "bicom"]}


def _bicom(place: Place) -> Json:
    if isinstance(place.device, Bicom):
        # A switch at the right IR port has no address of its own: the place's counts.
        told: Json = bodies.bicom_body(place.interface, place.device)["bicom"]
        told |= {"address": place.address}
    else:
        told = {"interface": place.interface, "model": "Not Detected", "serial": ""}
        told |= {"address": place.address, "state": "unknown"}
    return {"id": place.index, **told}


def bicom_asked(gateway: Gateway, fields: object) -> tuple[Place, Bicom, bool]:
    """
    Read what a switch is to do: ``{"id": 1, "val": "on"}``.

    Returns:
        Where it is, the switch, and whether it is to be on.

    Raises:
        NotAccepted, Unknown, Silent: If that cannot be.
    """
    given = Given(fields)
    number, verb = given.whole("id", 0, 17), given.choice("val", BICOM_VERBS)
    given.no_more()
    place = gateway.places()[number]
    if gateway.settings.slots[number].kind != "bicom":
        raise Unknown(f"no Bicom is enabled at {place.interface}")
    if not isinstance(place.device, Bicom):
        raise Silent(place.interface)
    bicom = place.device
    return place, bicom, not bicom.is_on if verb == "toggle" else verb == "on"


def bicom_told(place: Place) -> Json:
    """Give where a switch stands now."""
    return {"bicom": _bicom(place)}


# ---------------------------------------------------------------- Wi-Fi, RS485


def networks(gateway: Gateway) -> Json:
    """Give which Wi-Fi networks are heard, the nearest first."""
    heard = sorted(gateway.network.neighbours, key=lambda one: -one.signal_dbm)
    return {
        "networks": [
            {"ssid": one.ssid, "signal_dbm": one.signal_dbm, "secured": bool(one.password)}
            for one in heard
        ]
    }


def scanned(gateway: Gateway) -> Json:
    """Give who answers on RS485 and is not in use yet."""
    return {"devices": [_found(one) for one in bus_scan.scan(gateway)]}


def _found(found: bus_scan.Found) -> Json:
    line = {name: getattr(found.line, name) for name in LINE_NAMES}
    return {"model": found.model, "serial": found.serial, "address": found.address, **line}


def set_parameters(gateway: Gateway, fields: object) -> Json:
    """
    Give a device on RS485 another address and line; what is left out stays as it is.

    Raises:
        NotAccepted, NotPossible: If that cannot be.
    """
    given = Given(fields)
    serial = given.text("serial", 8)
    device = next((one for one in gateway.heard_on_bus() if one.serial == serial), None)
    old = LineSettings() if device is None else device.line
    before = 1 if device is None else device.address
    address = given.whole("address", 0, 247) if given.has("address") else before
    line = changed(old, {name: given.any(name) for name in LINE_NAMES if given.has(name)}, "line")
    given.no_more()
    bus_scan.set_parameters(gateway, serial, address, line)
    return {"device": {"serial": serial, "address": address, **as_json(line)}}


def with_found(gateway: Gateway, fields: object) -> Settings:
    """
    Give the settings with devices added that a scan finds: those that are named, or all.

    Raises:
        NotAccepted, NotPossible: If that cannot be.
    """
    given = Given(fields)
    found = bus_scan.scan(gateway)
    if given.has("serials"):
        wanted = given.texts("serials")
        for serial in wanted:
            if serial not in [one.serial for one in found]:
                raise NotAccepted("serials", serial, "a scan does not find it; scan first")
        found = [one for one in found if one.serial in wanted]
    given.no_more()
    return bus_scan.with_added(gateway.settings, found)


# ---------------------------------------------------------------- settings and login


def settings_shown(settings: Settings) -> Json:
    """Give all settings, with `MASK` for passwords that are set."""
    return {"settings": _masked(as_json(settings))}


def _masked(data: Any) -> Any:
    if isinstance(data, dict):
        return {
            name: MASK if name.endswith("password") and value else _masked(value)
            for name, value in data.items()
        }
    return [_masked(one) for one in data] if isinstance(data, list) else data


def settings_changed(settings: Settings, fields: object) -> Settings:
    """
    Give settings with a part of them changed.

    Parameters:
        fields: a part of what `settings_shown` gives, with or without its outermost name.

    Raises:
        NotAccepted: If something in it cannot be.
    """
    given = fields["settings"] if isinstance(fields, dict) and [*fields] == ["settings"] else fields
    return changed(settings, _unmasked(given))


def _unmasked(data: Any) -> Any:
    if isinstance(data, dict):
        return {
            name: _unmasked(value)
            for name, value in data.items()
            if not (isinstance(name, str) and name.endswith("password") and value == MASK)
        }
    return [_unmasked(one) for one in data] if isinstance(data, list) else data


def cookie_value(username: str, password: str) -> str:
    """Give what the login cookie holds."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def may_pass(settings: Settings, cookies: str) -> bool:
    """Tell whether somebody with this ``Cookie`` header is let in."""
    lock = settings.authentication
    if not lock.enabled:
        return True
    wanted = cookie_value(lock.username, lock.password).encode()
    # The value has a blank in it, which usual readers of cookies take for an end.
    pairs = [one.strip().partition("=") for one in cookies.split(";")]
    shown = [
        value.strip('"').encode("utf-8", "replace") for name, _, value in pairs if name == COOKIE
    ]
    return any(hmac.compare_digest(wanted, one) for one in shown)


def login(settings: Settings, fields: object) -> str | None:
    """
    Give the cookie for a user name and a password; None where they are wrong.

    Raises:
        NotAccepted: If the fields are not those.
    """
    given = Given(fields)
    username, password = given.text("username", 100), given.text("password", 100)
    given.no_more()
    value = cookie_value(username, password)
    lock = settings.authentication
    wanted = cookie_value(lock.username, lock.password)
    return value if hmac.compare_digest(value.encode(), wanted.encode()) else None


# ---------------------------------------------------------------- automations


def automation(gateway: Gateway) -> Json:
    """Give the automations as automation.json has them, each with its live preview."""
    runner = gateway.automations
    told = automation_file.as_json(runner.automations)["automations"]
    return {
        "enabled": gateway.settings.features.automation,
        "automations": [
            one | {"live": automation_file.live_body(runner, number)}
            for number, one in enumerate(told)
        ],
    }


def set_automation(gateway: Gateway, fields: object) -> Json:
    """
    Have other automations: all of them, as automation.json has them.

    Raises:
        NotAccepted, NotPossible: If that cannot be.
    """
    given = Given(fields)
    rows = given.any("automations")
    given.no_more()
    gateway.take_automations(automation_file.read({"automations": rows}))
    return automation(gateway)


# ---------------------------------------------------------------- files


def files(gateway: Gateway) -> Json:
    """Give the file manager's table (§4.1.10)."""
    return {
        "files": [
            {"name": name, "type": "file", "size": len(gateway.files.read(name) or b"")}
            for name in gateway.files
        ]
    }


def file(gateway: Gateway, name: str) -> Json:
    """
    Give a file's text.

    Raises:
        Unknown: If there is none of that name.
    """
    content = gateway.files.read(name)
    if content is None:
        raise Unknown(f"there is no file {name[:80]!r}")
    return {"name": name, "content": content.decode("utf-8", "replace")}


def add_file(gateway: Gateway, fields: object) -> Json:
    """
    Add a file: ``{"name": …, "content": …}``.

    Raises:
        NotAccepted, NotPossible: If that cannot be.
    """
    given = Given(fields)
    name, content = given.text("name", 64), given.text("content", 256 * 1024)
    given.no_more()
    try:
        coded = content.encode()
    except UnicodeEncodeError:
        raise NotAccepted("content", content[:40], "give a text of Unicode characters") from None
    gateway.files.add(name, coded)
    return files(gateway)


def instant_asked(fields: object) -> datetime:
    """
    Read what a clock is to be set to: ``{"utc": "2026-01-01T00:00:00Z"}``.

    Raises:
        NotAccepted: If it is no instant that a clock of ours shows.
    """
    given = Given(fields)
    text = given.text("utc", 40)
    given.no_more()
    try:
        instant = datetime.fromisoformat(text)
        fits = instant.utcoffset() is not None and 1970 <= instant.year <= 2099
    except ValueError:
        fits = False
    if not fits:
        raise NotAccepted("utc", text, "give an instant of 1970 to 2099, as 2026-01-01T00:00:00Z")
    return instant


class Given:
    """
    The fields of a request, each taken with its form.

    Raises:
        NotAccepted: If it is no object.
    """

    def __init__(self, fields: object) -> None:
        if not isinstance(fields, Mapping):
            raise NotAccepted("request", fields, "send a JSON object")
        self._fields: Json = dict(fields)

    def has(self, name: str) -> bool:
        """Tell whether a field is there and not taken yet."""
        return name in self._fields

    def any(self, name: str) -> object:
        """Take whatever it is."""
        return self._fields.pop(name, None)

    def whole(self, name: str, least: int, most: int) -> int:
        """Take a whole number."""
        value = self.any(name)
        if type(value) is not int or not least <= value <= most:
            raise NotAccepted(name, value, f"give a whole number from {least} to {most}")
        return value

    def text(self, name: str, limit: int) -> str:
        """Take a text."""
        value = self.any(name)
        if not isinstance(value, str) or len(value) > limit:
            raise NotAccepted(name, value, f"give a text of at most {limit} signs")
        return value

    def flag(self, name: str) -> bool:
        """Take true or false."""
        value = self.any(name)
        if not isinstance(value, bool):
            raise NotAccepted(name, value, "give true or false")
        return value

    def texts(self, name: str) -> list[str]:
        """Take a list of texts."""
        value = self.any(name)
        if isinstance(value, list) and len(value) <= LIST_LIMIT:
            texts = [one for one in value if isinstance(one, str)]
            if texts == value:
                return texts
        raise NotAccepted(name, value, f"give a list of at most {LIST_LIMIT} texts")

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """Take one of some words."""
        value = self.any(name)
        if not isinstance(value, str) or value not in choices:
            raise NotAccepted(name, value, f"give one of {', '.join(choices)}")
        return value

    def no_more(self) -> None:
        """
        Make sure that all was taken.

        Raises:
            NotAccepted: If a field is left, which would else be overlooked.
        """
        if self._fields:
            left = ", ".join(map(str, self._fields))
            raise NotAccepted("field", left, "there is no such field here; leave it out")
