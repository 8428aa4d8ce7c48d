"""What every format of interval energies tells: rows, and their energies as texts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal

from backend.core.intervals import Status
from backend.errors import LayoutError

_MAX_KWH = Decimal(10) ** 12
_EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Row:
    """
    The energy of one interval.

    Attributes:
        code: the metering code, or the name that stands for it.
        obis: as configured, with or without ``*255``.
        start, end: of the interval, in UTC.
        energy_kwh: None where it is missing.
        status: how it is known.
    """

    code: str
    obis: str
    start: datetime
    end: datetime
    energy_kwh: Decimal | None
    status: Status


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
        raise LayoutError(
            f"{energy} kWh is no energy of an interval", where, "look at the register"
        )
    fixed = energy.copy_abs().quantize(Decimal(1).scaleb(-decimals), context=_EXACT)
    if fixed != energy:
        raise LayoutError(
            f"{energy} kWh has more than {decimals} decimals",
            where,
            "make the intervals with the decimals of the layout",
        )
    return f"{fixed:f}"
