"""Smart gateways, at which meters are read: ``[[gateway]]`` with ``[gateway.mqtt]``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from backend.ports import Gateway, GatewayMeter, Mqtt
from backend.settings.network import read_address, read_authority
from backend.settings.secrets import Surroundings, read_secret, ways_given
from backend.settings.section import Section, read_name

WAYS = ("rest", "modbus", "mqtt", "push")
"""How a gateway is read: it is asked, but by the last, by which it sends of its own accord."""
ASKED_BY_ADDRESS = ("modbus", "mqtt")
"""Where a meter is asked, and answers, under its Modbus address."""
_WEB_PORT = 80
_PORTS = {"rest": _WEB_PORT, "modbus": 10_001, "mqtt": 1_883}
_SECURED_MQTT_PORT = 8_883
#: Divisors of a quarter hour, in minutes: so it is read at each of its ends.
_EVERY = (1, 3, 5, 15)


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """A gateway of an account, without its meters, which name it themselves."""

    account: str
    gateway: Gateway

    @property
    def name(self) -> str:
        """What people call it."""
        return self.gateway.name

    def with_meters(self, meters: Iterable[GatewayMeter]) -> Gateway:
        """Give it with its meters."""
        return replace(self.gateway, meters=tuple(meters))


def read_gateway(section: Section, surroundings: Surroundings) -> GatewaySettings:
    """
    Read a gateway with its secrets, which are opened now.

    None of them is called ``secret``: so what is sealed for a server of its name cannot be opened
    here, and the other way round.
    """
    account = section.text("account")
    name = read_name(section, "name", "give it a shorter name, without those signs")
    serial = section.text("serial", example="the serial number of the gateway, IS001093")
    way = section.choice("way", WAYS)
    mqtt = _mqtt(section, surroundings, serial) if way == "mqtt" else None
    host, port = _address(section, way, mqtt)
    web_host, web_port = _web(section, way, host, port)
    user = section.text("user", "")
    gateway = Gateway(
        name=name,
        way=way,
        serial=serial,
        host=host,
        port=port,
        meters=(),
        user=user,
        secret=read_secret(section, surroundings, "password") if user else "",
        web_host=web_host,
        web_port=web_port,
        every=timedelta(minutes=section.choice("every", _EVERY, 5)),
        mqtt=mqtt,
        time_limit_s=float(section.number("time_limit_s", 1, 60, 10)),
    )
    return GatewaySettings(account, gateway)


def _address(section: Section, way: str, mqtt: Mqtt | None) -> tuple[str, int]:
    if way == "push":
        return section.text("host", "127.0.0.1"), section.number("port", 0, 65_535)
    is_secured = mqtt is not None and mqtt.tls
    return read_address(section, _SECURED_MQTT_PORT if is_secured else _PORTS[way])


def _web(section: Section, way: str, host: str, port: int) -> tuple[str, int]:
    """Tell where gaps are filled from; port 0 where they are not."""
    if way == "rest":
        return (host, port) if section.flag("fill_gaps", True) else ("", 0)
    if section.mapping.get("web") is None:
        section.take("web")
        return "", 0
    # The host may carry its port, as that of every server.
    table = Section({"host": section.text("web")}, section.where)
    return read_address(table, _WEB_PORT)


def _mqtt(section: Section, surroundings: Surroundings, serial: str) -> Mqtt:
    """Read the broker; its password stands beside the gateway's, as it is sealed for its name."""
    has_password = bool(ways_given(section, "broker_password"))
    password = read_secret(section, surroundings, "broker_password") if has_password else ""
    user = section.text("broker_user", "")
    table = section.table("mqtt")
    mqtt = Mqtt(
        root=_topic(table, "root", serial),
        subscribe=_topic(table, "subscribe", "cmd"),
        publish=_topic(table, "publish", "publish"),
        user=user,
        secret=password,
        tls=table.flag("tls", False),
        authority=read_authority(table, surroundings),
        certificate_file=_file(table, surroundings, "certificate_file"),
        key_file=_file(table, surroundings, "key_file"),
    )
    if bool(mqtt.certificate_file) is not bool(mqtt.key_file):
        lacking = "key_file" if mqtt.certificate_file else "certificate_file"
        raise table.error(lacking, "is missing", "give both, or none of the two")
    table.finish()
    return mqtt


def _topic(table: Section, key: str, default: str) -> str:
    topic = table.text(key, default)
    if not topic or set(topic) & set("+#\0"):
        raise table.error(key, f"is {topic!r}", "write a topic without + and #")
    return topic


def _file(table: Section, surroundings: Surroundings, key: str) -> str:
    named = table.text(key, "")
    if named and not (surroundings.folder / named).is_file():
        raise table.error(key, f"names {named!r}, which is no file", "name a file as PEM")
    return str(surroundings.folder / named) if named else ""
