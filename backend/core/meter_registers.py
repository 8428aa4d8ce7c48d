"""
The registers that a meter can have: what each counts, and how readings of it are kept.

The same register has several codes: IS-E calls imported energy ``1-1:1.8.0``, a CSV file
``1-0:1.8.0*255``, its load profile is ``1-1:1.29.0*255`` and its feed ``1-1:1.9.0`` (document 002
"Obis Codes"; VSE Metering Code §11.3). `register_of` finds the register of any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from backend.core.obis import Obis
from backend.core.obis_tables import IS_E
from backend.core.quantities import ENERGY

_ELECTRICITY = 1
_EXPORT = "Energy.Active.Export.Register"
#: Kinds of a code whose values are differences of a register, or what it shows.
_ENERGY_KINDS = (8, 9, 29)
_OTHER_KINDS = (0, 29)
#: What can be sent of each unit of a file, in which unit it is kept, and the factor to that.
_UNITS: Mapping[str, tuple[str, Mapping[str, Decimal]]] = MappingProxyType(
    {
        "kWh": ("Wh", MappingProxyType({"Wh": Decimal(1), "kWh": Decimal(1000)})),
        "kvarh": ("varh", MappingProxyType({"varh": Decimal(1), "kvarh": Decimal(1000)})),
        "m3": ("l", MappingProxyType({"l": Decimal(1), "m3": Decimal(1000)})),
    }
)


@dataclass(frozen=True, slots=True)
class MeterRegister:
    """
    A register of a meter.

    Attributes:
        code: its code in document 002's table for IS-E.
        measurand: under which its readings are kept: OCPP's name where it has one, else the code.
        unit: of its values in files: kWh, kvarh or m3.
        kept_unit: of its readings: a thousandth of that.
        factors: units in which it can be sent, each with its factor to ``kept_unit``.
    """

    code: str
    measurand: str
    unit: str
    kept_unit: str
    factors: Mapping[str, Decimal]


def _key(obis: Obis) -> tuple[int, int, int] | None:
    """Give what tells a register from others; None where a code is of none."""
    if not obis.is_current:
        return None  # what the register showed at the end of a former period
    if obis.medium == _ELECTRICITY:
        return (1, obis.quantity, obis.tariff) if obis.kind in _ENERGY_KINDS else None
    of_register = obis.quantity == 1 and obis.kind in _OTHER_KINDS
    return (obis.medium, 1, obis.tariff) if of_register else None


_NAMES = {"1-1:1.8.0": ENERGY, "1-1:2.8.0": _EXPORT}
_REGISTERS = {
    _key(Obis.parse(one.code)): MeterRegister(
        one.code, _NAMES.get(one.code, one.code), one.unit, *_UNITS[one.unit]
    )
    for one in IS_E.values()
}
REGISTERS: tuple[MeterRegister, ...] = tuple(_REGISTERS.values())
"""All of them, in the order of document 002's table for IS-E."""
REACTIVE: tuple[int, ...] = (5, 6, 7, 8)
"""The quantities C of reactive energy, by quadrant."""


def register_of(obis: Obis) -> MeterRegister | None:
    """Give the register whose values a code stands for; None where that is none of them."""
    return _REGISTERS.get(_key(obis))


def measurand_of(text: str) -> str | None:
    """Give the measurand of a code's register; None where it is of none."""
    found = register_of(Obis.parse(text))
    return None if found is None else found.measurand


def with_quantity(text: str, quantity: int) -> str:
    """Give the code of another quantity, all else as it is written."""
    medium, _, rest = text.rpartition(":")
    _, _, tail = rest.partition(".")
    return f"{medium}:{quantity}.{tail}" if medium else f"{quantity}.{tail}"
