"""
Meters and their folders.

``[[meter]]`` with ``[meter.gateway]``, and ``[[folder]]`` with ``[[folder.virtual_tariff]]``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import time
from decimal import Decimal

from backend.core.day_values import WEEKDAYS, VirtualTariff, overlap
from backend.core.device_profile import METER, DeviceProfile
from backend.core.exports import Activation
from backend.core.obis_tables import TARIFFS_MOST
from backend.core.registers import Exchange
from backend.settings.activation import read_activation
from backend.settings.exchanges import read_exchanges
from backend.settings.section import Section, read_day, read_name


@dataclass(frozen=True, slots=True)
class GatewayPlace:
    """
    Where a meter is read: at which gateway, by its name.

    Attributes:
        serial: the meter's serial number; what another meter says there is not kept.
        address: its Modbus address at the gateway.
    """

    gateway: str
    serial: str
    address: int


@dataclass(frozen=True, slots=True)
class MeterSettings:
    """
    A meter, whose readings are brought over the API, or read at a gateway.

    Attributes:
        activation: as of a station; without it the meter itself is in no file.
        profile: how far its register is believed.
        exchanges: when it was exchanged, and what the two showed then.
        place: where it is read, if it is.
    """

    account: str
    name: str
    activation: Activation | None
    profile: DeviceProfile = METER
    exchanges: tuple[Exchange, ...] = ()
    place: GatewayPlace | None = None


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """A folder of an account: the names of its meters, and its virtual tariffs."""

    account: str
    name: str
    meters: tuple[str, ...]
    tariffs: tuple[VirtualTariff, ...] = ()


def read_meter(section: Section) -> MeterSettings:
    """Read a meter."""
    name = read_name(section, "name", "give it a shorter name, without those signs")
    most_w = section.number("max_power_w", 1, 1_000_000_000, int(METER.max_power_w))
    activation, _ = read_activation(section, name, is_station=False)
    profile = replace(METER, max_power_w=Decimal(most_w))
    return MeterSettings(
        section.text("account"),
        name,
        activation,
        profile,
        read_exchanges(section),
        _place(section),
    )


def _place(section: Section) -> GatewayPlace | None:
    if section.mapping.get("gateway") is None:
        section.take("gateway")
        return None
    table = section.table("gateway")
    place = GatewayPlace(
        table.text("name"), table.text("serial"), table.number("address", 0, 247, 33)
    )
    table.finish()
    return place


def read_folder(section: Section) -> FolderSettings:
    """Read a folder with its virtual tariffs."""
    meters = section.names("meters", "names of meters", may_be_all=False) or ()
    tariffs: dict[int, VirtualTariff] = {}
    for one in section.tables("virtual_tariff", "name"):
        tariff = _virtual_tariff(one)
        if tariffs.setdefault(tariff.number, tariff) is not tariff:
            raise one.error("number", f"{tariff.number} is there twice", "take another")
        if (both := overlap(tariffs.values())) is not None:
            what = f"{both} counts in more than one of the folder's hours"
            raise one.error("hours", what, "let each hour count once")
        one.finish()
    return FolderSettings(
        section.text("account"), section.text("name"), meters, tuple(tariffs.values())
    )


def _virtual_tariff(section: Section) -> VirtualTariff:
    number = section.number("number", 1, TARIFFS_MOST)
    since = read_day(section, "since", section.take("since"))
    said = section.names("hours", "hours")
    # From midnight to midnight is the whole day.
    hours = ((time(), time()),) if said is None else tuple(_hours(section, one) for one in said)
    names = section.names("weekdays", "weekdays") if "weekdays" in section.mapping else None
    section.take("weekdays")
    for one in names or ():
        if one not in WEEKDAYS:
            raise section.error("weekdays", f"has {one!r}", f"write of {', '.join(WEEKDAYS)}")
    weekdays = frozenset(WEEKDAYS.index(one) for one in names or WEEKDAYS)
    return VirtualTariff(number, section.text("name", f"tariff {number}"), since, hours, weekdays)


def _hours(section: Section, text: str) -> tuple[time, time]:
    found = re.fullmatch(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})", text)
    try:
        if found is not None:
            begin = time.fromisoformat(found[1])
            return begin, time.fromisoformat("00:00" if found[2] == "24:00" else found[2])
    except ValueError:
        pass  # told below, together with what has another form
    raise section.error("hours", f"has {text!r}", 'write local times as "HH:MM-HH:MM"')
