"""
Numbers and units: what stands in a message, exactly, in one base unit each.

A value is a Decimal made of the characters that stood there; no float is calculated with.
The measurands are those of OCPP 1.6 §7.31, the units those of §7.45.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Context, Decimal
from types import MappingProxyType

from backend.core.leniency import Message, shortened, verbatim

ENERGY = "Energy.Active.Import.Register"

MEASURANDS: Mapping[str, str] = MappingProxyType(
    {
        "Current.Export": "A",
        "Current.Import": "A",
        "Current.Offered": "A",
        "Energy.Active.Export.Register": "Wh",
        ENERGY: "Wh",
        "Energy.Reactive.Export.Register": "varh",
        "Energy.Reactive.Import.Register": "varh",
        "Energy.Active.Export.Interval": "Wh",
        "Energy.Active.Import.Interval": "Wh",
        "Energy.Reactive.Export.Interval": "varh",
        "Energy.Reactive.Import.Interval": "varh",
        "Frequency": "Hertz",
        "Power.Active.Export": "W",
        "Power.Active.Import": "W",
        "Power.Factor": "",
        "Power.Offered": "W",
        "Power.Reactive.Export": "var",
        "Power.Reactive.Import": "var",
        "RPM": "",
        "SoC": "Percent",
        "Temperature": "Celsius",
        "Voltage": "V",
    }
)
"""The measurands of OCPP 1.6 §7.31 and the base unit of each."""

_UNITS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        # unit of OCPP 1.6 §7.45: (base unit, factor)
        "Wh": ("Wh", 1),
        "kWh": ("Wh", 1000),
        "varh": ("varh", 1),
        "kvarh": ("varh", 1000),
        "W": ("W", 1),
        "kW": ("W", 1000),
        "VA": ("VA", 1),
        "kVA": ("VA", 1000),
        "var": ("var", 1),
        "kvar": ("var", 1000),
        "A": ("A", 1),
        "V": ("V", 1),
        "Celsius": ("Celsius", 1),
        "Celcius": ("Celsius", 1),  # so in the first edition of OCPP 1.6
        "Fahrenheit": ("Fahrenheit", 1),
        "K": ("K", 1),
        "Percent": ("Percent", 1),
        "Hertz": ("Hertz", 1),
        "Hz": ("Hertz", 1),
    }
)
_UNITS_IN_ANY_CASE = {name.lower(): name for name in _UNITS}
_ALSO = {
    "Power.Offered": ("A",),  # some offer amperes
    "Power.Active.Import": ("VA",),  # and some have no better power
    "Temperature": ("Fahrenheit", "K"),  # not calculated with, hence left as they are
}

_MAX_NUMBER = 64
_MAX_POWER_OF_TEN = 15
_DECIMALS = 12
_EXACT = Context(prec=100)
_ZERO = Decimal(0)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
#: Tells whether `read_number` reads a text as it stands and never finds it odd.
is_plain_number = re.compile(
    rf"-?[0-9]{{1,{_MAX_POWER_OF_TEN}}}(?:\.[0-9]{{1,{_DECIMALS}}})?"
).fullmatch
_COMMA_NUMBER = re.compile(r"[+-]?[0-9]+,[0-9]+")


def read_number(message: Message, text: str, where: str) -> Decimal | None:
    """Read a number exactly; None where it is none, or none that a meter could show."""
    stripped = text.strip()
    if stripped != text:
        message.note("value-has-blanks", where, text)
    if message.profile.decimal_comma and _COMMA_NUMBER.fullmatch(stripped):
        message.note("value-decimal-comma", where, text)
        stripped = stripped.replace(",", ".")
    if len(stripped) > _MAX_NUMBER or _NUMBER.fullmatch(stripped) is None:
        message.note("value-is-no-number", where, text)
        return None
    value = Decimal(stripped)
    if value and value.adjusted() >= _MAX_POWER_OF_TEN:
        message.note("value-too-large", where, text)
        return None
    finest = value.as_tuple().exponent
    if value and isinstance(finest, int) and finest < -_DECIMALS:
        message.note("value-too-fine", where, text)
        value = value.quantize(Decimal(1).scaleb(-_DECIMALS), context=_EXACT)
    # Without exponent, so that it stays readable wherever it is shown.
    return _EXACT.add(value, _ZERO) if value else _ZERO


def times(value: Decimal, factor: Decimal) -> Decimal:
    """Multiply exactly; nothing is 0 without decimals, as `read_number` gives it."""
    return _EXACT.multiply(value, factor) if value else _ZERO


def read_value(message: Message, value: object, where: str) -> Decimal | None:
    """Read a sampled value, which OCPP wants to be a text holding a number."""
    if isinstance(value, str):
        return read_number(message, value, where)
    if value is None:
        message.note("value-missing", where, value)
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        message.note("value-is-no-number", where, value)
        return None
    message.note("value-is-a-number", where, value)
    return read_number(message, verbatim(value), where)


def in_base_unit(
    message: Message,
    said: object,
    where: str,
    measurand: str,
    value: Decimal | None,
) -> tuple[str, Decimal | None]:
    """
    Give the base unit of a value, and the value in it.

    Parameters:
        message: takes the deviations ``unit-…``; its profile may know better than the unit.
        said: the unit, any JSON value.
        where: its place.
        measurand: of the value, by its OCPP name.
        value: as it was sent; None where it is no number.

    Returns:
        The value is None where it was, or where its unit cannot be the measurand's.
    """
    if value is None:
        return MEASURANDS.get(measurand, ""), None
    found = _unit(message, said, where, measurand)
    if found is None:
        message.note("unit-unknown", where, said)
        return MEASURANDS.get(measurand, ""), None
    base, factor = found
    return base, times(value, Decimal(factor))


def _unit(message: Message, said: object, where: str, measurand: str) -> tuple[str, int] | None:
    """Find the base unit and the factor to it; None where the unit cannot be this measurand's."""
    base = MEASURANDS.get(measurand)
    always = message.profile.energy_unit_always
    if base == "Wh" and always:
        if said != always:
            message.note("unit-corrected", where, said)
        return _UNITS[always]
    if said is None or (isinstance(said, str) and not said.strip()):
        return _default_unit(message, said, where, base)
    if not isinstance(said, str):
        return None
    found = _unit_named(message, said, where)
    if base == "":
        message.note("unit-needless", where, said)
        return "", 1
    if base is None:
        return found or (shortened(said.strip()), 1)
    if found is not None and found[0] not in (base, *_ALSO.get(measurand, ())):
        return None
    if base == "Hertz" and found is not None:
        message.note("frequency-unit", where, said)
    return found


def _default_unit(message: Message, said: object, where: str, base: str | None) -> tuple[str, int]:
    """Read a value without unit: Wh for energies (OCPP 1.6 §7.43), else the base unit."""
    if not base or base == "Hertz":  # which have no unit in OCPP 1.6 §7.45
        return base or "", 1
    message.note("unit-missing", where, said)
    return _UNITS[message.profile.default_energy_unit] if base == "Wh" else (base, 1)


def _unit_named(message: Message, said: str, where: str) -> tuple[str, int] | None:
    if said in _UNITS:
        return _UNITS[said]
    name = _UNITS_IN_ANY_CASE.get(said.strip().lower())
    if name is None:
        return None
    message.note("unit-spelling", where, said)
    return _UNITS[name]
