"""
OBIS codes: what a value is (IEC 62056-61; their use in Switzerland: VSE Metering Code §11.3).

``A-B:C.D.E*F`` is medium, channel, quantity, kind, tariff and previous value. The reduced
forms ``C.D`` and ``C.D.E`` mean electricity (A = 1) on channel 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from backend.errors import ObisError

_CODE = re.compile(
    r"(?:([0-9]{1,3})-([0-9]{1,3}):)?([0-9]{1,3})\.([0-9]{1,3})"
    r"(?:\.([0-9]{1,3}))?(?:\*([0-9]{1,3}))?"
)
_CURRENT = 255  # F: the value itself, not one of a former period
_MAX_PART = 255

MEDIA: Mapping[int, str] = MappingProxyType(
    {
        0: "abstract",
        1: "electricity",
        5: "cold",
        6: "heat",
        7: "gas",
        8: "cold water",
        9: "hot water",
    }
)
CHANNELS: Mapping[int, str] = MappingProxyType({1: "main meter", 2: "control meter", 5: "computed"})
QUANTITIES: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        1: ("active energy import", "kWh"),
        2: ("active energy export", "kWh"),
        3: ("reactive energy import", "kvarh"),
        4: ("reactive energy export", "kvarh"),
        5: ("reactive energy Q1", "kvarh"),
        6: ("reactive energy Q2", "kvarh"),
        7: ("reactive energy Q3", "kvarh"),
        8: ("reactive energy Q4", "kvarh"),
    }
)
KINDS: Mapping[int, str] = MappingProxyType(
    {
        6: "maximum",
        8: "register reading",
        9: "energy of a period (Vorschub)",
        29: "load profile",
    }
)
INTERVAL_KINDS = (9, 29)
_REMEDY = 'use e.g. "1-1:1.29.0*255" (load profile) or "1-1:1.9.0" (energy of a period)'
UNITS: Mapping[int, str] = MappingProxyType({5: "kWh", 6: "kWh", 7: "m3", 8: "m3", 9: "m3"})
"""Of what is no electricity: energies of cold and heat, volumes of gas and water."""


@dataclass(frozen=True, slots=True)
class Obis:
    """
    An OBIS code.

    Attributes:
        medium, channel, quantity, kind, tariff, previous: the parts A to F.
        text: as it was written; two spellings of one code are equal.
    """

    medium: int
    channel: int
    quantity: int
    kind: int
    tariff: int
    previous: int
    text: str = field(compare=False)

    @classmethod
    def parse(cls, text: str, where: str = "OBIS code") -> Obis:
        """
        Read a code.

        Raises:
            ObisError: It is none.
        """
        match = _CODE.fullmatch(text)
        if match is None:
            raise ObisError(f"{text!r} is no OBIS code", where, 'write it as "1-1:1.29.0*255"')
        defaults = (1, 0, 0, 0, 0, _CURRENT)
        parts = [
            default if digits is None else int(digits)
            for digits, default in zip(match.groups(), defaults, strict=True)
        ]
        if max(parts) > _MAX_PART:
            raise ObisError(f"{max(parts)} in {text!r} is too large", where, "use 0 to 255")
        medium, channel, quantity, kind, tariff, previous = parts
        return cls(medium, channel, quantity, kind, tariff, previous, text)

    def __str__(self) -> str:
        return self.text

    @property
    def is_current(self) -> bool:
        """Whether it is the value itself, not that of a former period."""
        return self.previous == _CURRENT

    @property
    def normalised(self) -> str:
        """The one spelling of equal codes: no leading zeros, no ``*255``."""
        code = f"{self.medium}-{self.channel}:{self.quantity}.{self.kind}.{self.tariff}"
        return code if self.is_current else f"{code}*{self.previous}"

    @property
    def unit(self) -> str:
        """The unit of an energy or a volume; empty where it is not known here."""
        if self.medium == 1:
            return QUANTITIES.get(self.quantity, ("", ""))[1]
        return UNITS.get(self.medium, "")

    @property
    def meaning(self) -> str:
        """What the code stands for, in plain words, as far as it is known here."""
        quantity = QUANTITIES.get(self.quantity, (f"quantity {self.quantity}", ""))[0]
        words = [
            MEDIA.get(self.medium, f"medium {self.medium}"),
            CHANNELS.get(self.channel, f"channel {self.channel}"),
            quantity if self.medium == 1 else f"quantity {self.quantity}",
            KINDS.get(self.kind, f"kind {self.kind}"),
            f"tariff {self.tariff}" if self.tariff else "all tariffs",
        ]
        return ", ".join(words)


def check_interval_obis(text: str, where: str) -> str:
    """
    Check a code for a series of interval energies, and give it back as it is written.

    Accepted is imported active energy as a load profile (D = 29) or as the energy of a period
    (D = 9, which documents 000 "IS-E interface (ePonet)" and 001 "eCarUp auto export" use).

    Raises:
        ObisError: It is no code, or one of something else.
    """
    obis = Obis.parse(text, where)
    if obis.medium != 1 or obis.quantity != 1 or obis.kind not in INTERVAL_KINDS:
        raise ObisError(
            f"{text!r} ({obis.meaning}) is not the imported energy of an interval", where, _REMEDY
        )
    return text


def check_energy_obis(text: str, where: str) -> str:
    """
    Check a code for interval energies of any register, and give it back as it is written.

    Raises:
        ObisError: It is no code, or of no load profile (D = 29) nor energy of a period (D = 9).
    """
    obis = Obis.parse(text, where)
    if obis.kind not in INTERVAL_KINDS:
        raise ObisError(
            f"{text!r} ({obis.meaning}) is not the energy of an interval", where, _REMEDY
        )
    return text


@lru_cache(maxsize=1_000)
def unit_of(text: str) -> str:
    """Give the unit of a code's values; kWh where the code is none, or tells none."""
    try:
        return Obis.parse(text).unit or "kWh"
    except ObisError:
        return "kWh"
