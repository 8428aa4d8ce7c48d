"""
What is particular about a model of charger, as data.

A profile decides how a deviating message is read and how far a register is believed. The
files beside this one (``device_profiles/*.toml``) are the only place that names models;
`load_profile` gives one of them by its file name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from functools import cache, partial
from importlib.resources import files
from typing import Any

from backend.core import days
from backend.core.declaration import Declaration
from backend.errors import SettingsError

ENERGY_UNITS = ("Wh", "kWh")
JSON = "1.6J"
_SAID_MAX = 80


@dataclass(frozen=True, slots=True)
class DeviceProfile:
    """
    The particulars of a model.

    Attributes:
        name: what settings call it; the name of its file.
        title: what people call it.
        vendor_pattern: regular expression for ``chargePointVendor``, compared without case.
        connectors: how many connectors the model has; 0 where that is not known.
        max_power_w: the most it can deliver. A register that rises faster is not believed
            (how much faster, and what follows: `backend.core.registers`).
        default_energy_unit: how an energy without unit is read; Wh by OCPP 1.6 §7.43.
        energy_unit_always: the unit of every energy whatever the message says, for a model
            known to label wrongly; empty for none.
        decimal_comma: read "1,5" as one and a half; otherwise it is no number.
        register_step_wh: a register may fall by this much and is held, not reset.
        rollovers_wh: where a register may start again at zero by design, in Wh.
        aligned_tolerance_s: how far from its grid a clock-aligned value may be stamped.
        aligned_stamp: ``sampled`` where clock-aligned values bear the instant of sampling,
            ``start`` where they bear the start of their interval (OCPP 1.6 §9.1.5).
        zone_of_naive_times: the zone of timestamps without one ("UTC", "Europe/Zurich").
        id_tag_order: ``little`` where an idTag is the card's UID with its last byte first,
            ``big`` where it is the UID as printed.
        refuses_besides: requests that the model answers with NotSupported and whose support
            its vendor was not asked for.
        keys: the configuration keys that it has; empty where that is not known.
        declared: what its vendor declares of it.
    """

    name: str
    title: str = ""
    vendor_pattern: str = ".*"
    connectors: int = 0
    max_power_w: Decimal = Decimal(400_000)
    default_energy_unit: str = "Wh"
    energy_unit_always: str = ""
    decimal_comma: bool = False
    register_step_wh: Decimal = Decimal(1)
    rollovers_wh: tuple[Decimal, ...] = ()
    aligned_tolerance_s: Decimal = Decimal(2)
    aligned_stamp: str = "sampled"
    zone_of_naive_times: str = "UTC"
    id_tag_order: str = "big"
    refuses_besides: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    declared: Declaration = field(default_factory=Declaration)

    @property
    def sends(self) -> tuple[str, ...]:
        """The OCPP messages that the model sends over JSON; empty where that is not known."""
        return self.declared.sends(JSON)

    @property
    def answers(self) -> tuple[str, ...]:
        """The requests that the model answers over JSON; empty where that is not known."""
        return self.declared.answers(JSON)

    @property
    def refuses(self) -> tuple[str, ...]:
        """The requests that it answers with NotSupported over JSON."""
        return self.declared.refuses(JSON) + self.refuses_besides

    @property
    def measurands(self) -> Mapping[str, str]:
        """What it measures, with the unit that its vendor promises."""
        return {one.measurand: one.unit for one in self.declared.measurements}

    def __hash__(self) -> int:
        # Equal profiles have the same name, and profiles are looked up with every value.
        return hash(self.name)

    def is_of(self, vendor: str) -> bool:
        """Tell whether a charger that names this vendor may be of this model."""
        return re.fullmatch(self.vendor_pattern, vendor, re.IGNORECASE) is not None

    @classmethod
    def from_mapping(cls, name: str, mapping: Mapping[str, Any]) -> DeviceProfile:
        """
        Make a profile of what a TOML file says.

        Raises:
            SettingsError: A key is unknown or its value is none that the key can have.
        """
        where = f"device profile {name!r}"
        known = {each.name for each in fields(cls)} - {"name"}
        for key in mapping:
            if key not in known:
                raise SettingsError(
                    f"{key!r} is no key of a profile", where, "use " + ", ".join(sorted(known))
                )
        values: dict[str, Any] = {key: _value(key, value, where) for key, value in mapping.items()}
        return cls(name=name, **values)


def _value(key: str, value: object, where: str) -> object:
    """Check one value and give it the type of its attribute."""
    reader = _READERS.get(key, _text)
    try:
        return reader(value)
    except (ValueError, TypeError) as error:
        said = repr(value) if len(repr(value)) < _SAID_MAX else "another"
        raise SettingsError(f"{key} is {said}", where, f"{key} must be {error}") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text")
    return value


def _pattern(value: object) -> str:
    text = _text(value)
    try:
        re.compile(text)
    except (re.error, OverflowError) as error:
        raise ValueError(f"a regular expression: {error}") from None
    return text


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("a whole number, 0 or more")
    return value


def _quantity(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError("a number, as a whole number or in quotes")
    try:
        quantity = Decimal(value)
    except InvalidOperation:
        raise ValueError("a number, as a whole number or in quotes") from None
    if not quantity.is_finite() or quantity < 0:
        raise ValueError("a number, 0 or more")
    return quantity


def _quantities(value: object) -> tuple[Decimal, ...]:
    if not isinstance(value, list):
        raise TypeError("a list of numbers")
    return tuple(_quantity(each) for each in value)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("a list of texts")
    return tuple(_text(each) for each in value)


def _zone(value: object) -> str:
    text = _text(value)
    if not days.is_zone(text):
        raise ValueError('a zone, e.g. "UTC" or "Europe/Zurich"')
    return text


def _one_of(words: tuple[str, ...], value: object) -> str:
    if value not in words:
        raise ValueError("one of " + ", ".join(map(repr, words)))
    return _text(value)


_READERS: Mapping[str, Callable[[object], object]] = {
    "vendor_pattern": _pattern,
    "connectors": _count,
    "max_power_w": _quantity,
    "default_energy_unit": partial(_one_of, ENERGY_UNITS),
    "energy_unit_always": partial(_one_of, ("", *ENERGY_UNITS)),
    "decimal_comma": _flag,
    "register_step_wh": _quantity,
    "rollovers_wh": _quantities,
    "aligned_tolerance_s": _quantity,
    "aligned_stamp": partial(_one_of, ("sampled", "start")),
    "zone_of_naive_times": _zone,
    "id_tag_order": partial(_one_of, ("little", "big")),
    "refuses_besides": _texts,
    "keys": _texts,
    "declared": Declaration.from_mapping,
}

_FOLDER = files("backend.core").joinpath("device_profiles")


def profile_names() -> tuple[str, ...]:
    """Name the profiles that can be loaded, in alphabetical order."""
    names = [each.name for each in _FOLDER.iterdir()]
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def load_profile(name: str) -> DeviceProfile:
    """
    Give the profile of this name.

    Raises:
        SettingsError: There is none of this name, or its file is wrong.
    """
    known = profile_names()
    if name not in known:
        raise SettingsError(
            f"there is no device profile {name!r}", "profile", "use one of " + ", ".join(known)
        )
    return DeviceProfile.from_mapping(name, _read(name))


def derived_profile(name: str, base: str, keys: Mapping[str, Any]) -> DeviceProfile:
    """
    Give a profile of one's own: that of another model, with some keys otherwise.

    Raises:
        SettingsError: There is no such base, or a key is unknown or has a value it cannot have.
    """
    load_profile(base)
    return DeviceProfile.from_mapping(name, _read(base) | dict(keys))


def _read(name: str) -> dict[str, Any]:
    with _FOLDER.joinpath(f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


GENERIC = load_profile("generic")
METER = DeviceProfile(
    "meter",
    title="A meter",
    connectors=1,
    # ASSUMED: what a low-voltage connection with a transformer of its own can carry.
    max_power_w=Decimal(1_000_000),
    # Displays of five to eight digits of kilowatt hours, and registers kept in 32 bits of Wh.
    rollovers_wh=(
        *(Decimal(1000) * 10**digits for digits in (5, 6, 7, 8)),
        Decimal(2**32),
    ),
)
"""Any meter that is no charger: nothing is known of it but that its register rises."""
