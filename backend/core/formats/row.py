"""What every format tells: rows, what their meters are called, and their values as texts."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Context, Decimal
from enum import StrEnum

from backend.core.intervals import Status
from backend.core.obis import unit_of
from backend.errors import LayoutError

_MAX_KWH = Decimal(10) ** 12
_EXACT = Context(prec=60)


class Values(StrEnum):
    """What a format has of each meter."""

    ENERGIES = "energies of intervals"
    FEED = "energies of days"
    READINGS = "registers at the ends of days"


@dataclass(frozen=True, slots=True)
class Numbers:
    """
    What a meter is called besides its metering code (document 001); empty for nothing.

    Attributes:
        device_location_id: DeviceLocationID, its identification in IS-E.
        factory_no: FactoryNo, the manufacturer's number.
        internal_no: InternalNo, the utility's number.
    """

    device_location_id: str = ""
    factory_no: str = ""
    internal_no: str = ""


METERING_CODE = "metering_code"
KEYS = (METERING_CODE, *(one.name for one in fields(Numbers)))
"""By what a file can call a meter (document 001)."""
NO_NUMBERS = Numbers()


def name_by(key: str, code: str, numbers: Numbers) -> str:
    """
    Give what a meter is called by.

    Parameters:
        key: one of `KEYS`.
        code: its metering code.

    Raises:
        LayoutError: It has no such number.
    """
    name = code if key == METERING_CODE else str(getattr(numbers, key))
    if not name:
        raise LayoutError(f"it has no {key}", f"meter {code!r}", f"give it its {key}")
    return name


@dataclass(frozen=True, slots=True)
class Row:
    """
    One value of a meter: the energy of an interval, or what a register shows at its end.

    Attributes:
        code: the metering code, or the name that stands for it.
        obis: as configured, with or without ``*255``.
        start, end: of the interval, in UTC; a register is read at the end of it.
        energy_kwh: in the unit of its OBIS code, kWh for most; None where it is missing.
        status: how it is known.
        numbers: what the meter is called besides.
    """

    code: str
    obis: str
    start: datetime
    end: datetime
    energy_kwh: Decimal | None
    status: Status
    numbers: Numbers = NO_NUMBERS

    def called(self, key: str) -> str:
        """
        Give what its meter is called by.

        Parameters:
            key: one of `KEYS`.

        Raises:
            LayoutError: It has no such number.
        """
        return name_by(key, self.code, self.numbers)


def energy_text(row: Row, decimals: int, where: str) -> str | None:
    """
    Write an energy with so many decimals and a point; None where it is missing.

    Parameters:
        where: the place to name in an error.

    Raises:
        LayoutError: It does not go with its status, is none, or has more decimals.
    """
    energy = row.energy_kwh
    if (energy is None) != (row.status is Status.MISSING):
        raise LayoutError(
            f"energy {energy} does not go with status {row.status}", where, "give F no energy"
        )
    if energy is None:
        return None
    if not energy.is_finite() or not 0 <= energy < _MAX_KWH:
        what = f"{energy} {unit_of(row.obis)} is no value of a meter"
        raise LayoutError(what, where, "look at the register")
    fixed = energy.copy_abs().quantize(Decimal(1).scaleb(-decimals), context=_EXACT)
    if fixed != energy:
        raise LayoutError(
            f"{energy} {unit_of(row.obis)} has more than {decimals} decimals",
            where,
            "make the intervals with the decimals of the layout",
        )
    return f"{fixed:f}"
