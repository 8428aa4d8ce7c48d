"""
What can be set at a gateway, with the manual's defaults (document 004 §4.1.2).

One tree of frozen dataclasses. `as_json` gives it as plain data, `changed` applies a part of such
data to it, strictly: an unknown name, a wrong type or a value that cannot be is refused with its
path, and then nothing is changed. The names are the manual's words; that they are these in the
gateway's JSON is ASSUMED.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar, get_type_hints
from zoneinfo import ZoneInfo

from simulators.errors import NotAccepted
from simulators.iskra_sg.line import LineSettings

TEXT_LIMIT = 40
SERVER_LIMIT = 253
CREDENTIAL_LIMIT = 100
RS485_SLOTS = 16
T = TypeVar("T")


def _one_of(what: str, value: object, choices: tuple[object, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{what} is one of {', '.join(map(str, choices))}, not {value}")


def _within(what: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ValueError(f"{what} is {least} to {most}, not {value}")


def _short(what: str, value: str, limit: int = TEXT_LIMIT) -> None:
    if len(value) > limit or not value.isprintable():
        raise ValueError(f"{what} has at most {limit} printable signs, not {value!r}")


@dataclass(frozen=True, slots=True)
class Authentication:
    """The lock of the web page and of the REST API; off by default, admin/iskra."""

    enabled: bool = False
    username: str = "admin"
    password: str = "iskra"

    def __post_init__(self) -> None:
        _short("a user name", self.username)
        _short("a password", self.password)


@dataclass(frozen=True, slots=True)
class Connectivity:
    """
    How it reaches the network; `mode` is ``ethernet`` (SG-E1 only) or ``wifi``.

    With DHCP the three addresses are not used.
    """

    mode: str = "wifi"
    wifi_ssid: str = ""
    wifi_password: str = ""
    dhcp: bool = True
    ip: str = "0.0.0.0"
    netmask: str = "0.0.0.0"
    gateway: str = "0.0.0.0"

    def __post_init__(self) -> None:
        _one_of("the connection", self.mode, ("ethernet", "wifi"))
        _short("an SSID", self.wifi_ssid, 32)
        _short("a Wi-Fi password", self.wifi_password, 63)
        for address in (self.ip, self.netmask, self.gateway):
            try:
                ipaddress.IPv4Address(address)
            except ValueError:
                raise ValueError(
                    f"an address is written as 192.168.1.20, not {address!r}"
                ) from None


@dataclass(frozen=True, slots=True)
class Features:
    """What is switched on besides; figure 23 ("SG settings tab")."""

    modbus_tcp: bool = True
    modbus_port: int = 10_001
    udp_discovery: bool = True
    pulse_counter: bool = False
    pulses_per_kwh: int = 1_000
    temperature_input: bool = False
    automation: bool = False

    def __post_init__(self) -> None:
        _within("a port", self.modbus_port, 0, 65_535)
        _within("the number of pulses for a kWh", self.pulses_per_kwh, 1, 100_000)


@dataclass(frozen=True, slots=True)
class TimeSettings:
    """Where its time comes from."""

    ntp: bool = True
    synchronization_h: int = 24
    zone: str = "Europe/Brussels"
    servers: tuple[str, str, str] = ("ntp1.arnes.si", "ntp2.arnes.si", "ntp3.arnes.si")

    def __post_init__(self) -> None:
        _within("the synchronisation period in hours", self.synchronization_h, 1, 255)
        for server in self.servers:
            _short("a server", server, SERVER_LIMIT)
        try:
            ZoneInfo(self.zone)
        except (OSError, ValueError, KeyError):
            raise ValueError(f"there is no time zone {self.zone!r}") from None


@dataclass(frozen=True, slots=True)
class Link:
    """
    One of the two push/publish links (document 004 §4.1.2.2).

    Attributes:
        kind: ``disabled``, ``mqtt``, or ``tcp`` for the push in XML.
        protocol: of MQTT: ``tcp``, ``secured``, or ``mutual`` with a certificate of its own.
        root_topic: the serial number where it is empty.
        response_time_s: how long a push waits for its acknowledgement.
    """

    kind: str = "disabled"
    server: str = ""
    port: int = 1_883
    protocol: str = "tcp"
    username: str = ""
    password: str = ""
    root_topic: str = ""
    subscribe_topic: str = "cmd"
    publish_topic: str = "publish"
    response_time_s: int = 10

    def __post_init__(self) -> None:
        _one_of("a link", self.kind, ("disabled", "mqtt", "tcp"))
        _one_of("the protocol of MQTT", self.protocol, ("tcp", "secured", "mutual"))
        _within("a port", self.port, 1, 65_535)
        _within("the push response time in seconds", self.response_time_s, 1, 60)
        _short("a server", self.server, SERVER_LIMIT)
        _short("a user name", self.username, CREDENTIAL_LIMIT)
        _short("a password", self.password, CREDENTIAL_LIMIT)
        for topic in (self.root_topic, self.subscribe_topic, self.publish_topic):
            _short("a topic", topic)
            if set(topic) & set("+#"):
                raise ValueError(f"a topic to publish to has no + and no #, not {topic!r}")


@dataclass(frozen=True, slots=True)
class Push:
    """Whether a device is pushed to a link, and how often."""

    enabled: bool = False
    interval_s: int = 600

    def __post_init__(self) -> None:
        _within("a push interval in seconds", self.interval_s, 1, 86_400)


@dataclass(frozen=True, slots=True)
class Slot:
    """
    One of the 18 places for a device.

    Attributes:
        kind: ``disabled``, ``meter`` or ``bicom``.
        address: the Modbus address that is asked there.
        link_1, link_2: what is pushed of it.
        time_synchronization: whether the gateway sets its clock.
    """

    kind: str = "disabled"
    address: int = 33
    link_1: Push = Push()
    link_2: Push = Push()
    time_synchronization: bool = True

    def __post_init__(self) -> None:
        _one_of("a device's kind", self.kind, ("disabled", "meter", "bicom"))
        _within("a Modbus address", self.address, 0, 247)


@dataclass(frozen=True, slots=True)
class Recorder:
    """
    A recorder: which counter it keeps the history of.

    Attributes:
        source: ``device`` or ``pulse``.
        address: the Modbus address of the device.
        counter: which one of its kind, from 1 on.
    """

    enabled: bool = False
    source: str = "device"
    address: int = 33
    resettable: bool = False
    counter: int = 1

    def __post_init__(self) -> None:
        _one_of("a recorder's source", self.source, ("device", "pulse"))
        _within("a Modbus address", self.address, 0, 247)
        _within("the number of a counter", self.counter, 1, 16)


def _addresses() -> tuple[Slot, ...]:
    # Figure 39: RS485 device 1 has 35 by default, 2 has 36, 5 has 5 and so on (3 and 4 are in use).
    return tuple(Slot(address=34 + n if n < 3 else n) for n in range(1, RS485_SLOTS + 1))


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set."""

    description: str = "Description"
    location: str = "Location"
    modbus_address: int = 34
    authentication: Authentication = Authentication()
    connectivity: Connectivity = Connectivity()
    features: Features = Features()
    time: TimeSettings = TimeSettings()
    link_1: Link = Link()
    link_2: Link = Link()
    left_ir: Slot = Slot()
    right_ir: Slot = Slot(address=0)
    rs485_line: LineSettings = field(default_factory=LineSettings)
    rs485: tuple[Slot, ...] = field(default_factory=_addresses)
    recorders: tuple[Recorder, ...] = ()

    def __post_init__(self) -> None:
        _short("a description", self.description)
        _short("a location", self.location)
        _within("the gateway's Modbus address", self.modbus_address, 1, 247)
        _one_of("the number of RS485 devices", len(self.rs485), (RS485_SLOTS,))
        if self.left_ir.kind == "bicom" or self.right_ir.kind == "meter":
            raise ValueError("the left IR port reads a meter, the right one a Bicom (§2.4)")

    @property
    def slots(self) -> tuple[Slot, ...]:
        """All 18, as the table of external devices has them: left IR, right IR, RS485 1 to 16."""
        return (self.left_ir, self.right_ir, *self.rs485)


def as_json(settings: Any) -> Any:
    """Give settings, or a part of them, as plain data; secrets as they are (see `rest`)."""
    if is_dataclass(settings):
        return {one.name: as_json(getattr(settings, one.name)) for one in fields(settings)}
    return [as_json(one) for one in settings] if isinstance(settings, tuple) else settings


def changed(settings: T, data: object, path: str = "") -> T:
    """
    Give settings with a part of them changed.

    Parameters:
        settings: a dataclass of this module.
        data: names and values; a list replaces as many as it has, in their order.

    Raises:
        NotAccepted: If something in it cannot be; it names the path.
    """
    if not isinstance(data, dict):
        raise NotAccepted(path or "settings", data, "give an object of names and values")
    types = get_type_hints(type(settings))
    news: dict[str, object] = {}
    for name, value in data.items():
        where = f"{path}.{name}" if path else str(name)
        if name not in types:
            raise NotAccepted(where, value, f"known here are {', '.join(types)}")
        news[name] = _value(getattr(settings, name), value, where)
    try:
        return replace(settings, **news)  # type: ignore[type-var]
    except ValueError as error:
        raise NotAccepted(path or "settings", data, str(error)) from None


def _value(old: object, value: object, where: str) -> object:
    if is_dataclass(old):
        return changed(old, value, where)
    if isinstance(old, tuple):
        if not isinstance(value, list) or len(value) > len(old):
            raise NotAccepted(where, value, f"give a list of at most {len(old)}")
        news = [
            _value(one, new, f"{where}[{n}]")
            for n, (one, new) in enumerate(zip(old, value, strict=False))
        ]
        return (*news, *old[len(news) :])
    if type(value) is not type(old):
        raise NotAccepted(where, value, f"give {_KINDS[type(old)]}")
    return value


_KINDS = {bool: "true or false", int: "a whole number", str: "a text"}
