"""
What is sent for a meter over the API, to meter values as chargers' messages hold them.

Rule 1: nothing is read leniently. Who sends can be told at once what is wrong, so a request is
kept as a whole or refused as a whole, with the first item that is wrong.
Rule 2: a register is a text with every digit that the meter shows; JSON's numbers are floats to
most who read them. It is kept as it came.
Rule 3: the same reading again is no other one. Another value for the same instant is kept beside
it, as what a device said is never changed; which one counts is told by `backend.core.registers`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from backend.core.meter_registers import REGISTERS, MeterRegister, register_of
from backend.core.obis import Obis
from backend.core.quantities import times
from backend.core.readings import Kind, MeterValue
from backend.errors import ObisError, ReadingError

READINGS_MOST = 1_000
"""So many readings a request may hold."""
AHEAD = timedelta(minutes=5)
"""Clocks of gateways are this good (ASSUMED, as of chargers); nothing is measured after it came."""
FIRST = datetime(2000, 1, 1, tzinfo=UTC)
"""Before this, a clock was never set."""
CONNECTOR = 1
REGISTER_OBIS = "1-1:1.8.0"

INSTANT_PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})$"
)
REGISTER_PATTERN = r"^[0-9]{1,12}(\.[0-9]{1,12})?$"
UNITS: tuple[str, ...] = tuple({unit: None for one in REGISTERS for unit in one.factors})
"""Of the registers, each where its register is one of it."""

_FIELDS = ("instant", "register", "unit", "obis")
_INSTANT, _REGISTER = (re.compile(one[1:-1]) for one in (INSTANT_PATTERN, REGISTER_PATTERN))
#: The channels on which a meter, or its main channel, tells its registers.
_CHANNELS = (0, 1)
_KINDS = {
    (one.code, unit): Kind(
        one.measurand, None, "Outlet", "Sample.Periodic", one.kept_unit, unit, Decimal(0)
    )
    for one in REGISTERS
    for unit in one.factors
}


def read_meter_readings(meter: str, items: object, now: datetime) -> tuple[MeterValue, ...]:
    """
    Read a request.

    Parameters:
        meter: the name of the meter, for errors.
        items: any JSON value, with numbers as they may be.
        now: when it came; aware.

    Raises:
        ReadingError: If any of it cannot be kept, with the field of the first that cannot.
    """
    where = f"meter {meter!r}"
    if not isinstance(items, list) or not 1 <= len(items) <= READINGS_MOST:
        count = f"has {len(items)} readings" if isinstance(items, list) else "is no list"
        remedy = f"send a list of 1 to {READINGS_MOST} readings"
        raise ReadingError(f"the body {count}", where, remedy, rule="a list of readings")
    return tuple(_read(item, where, place, now) for place, item in enumerate(items))


def _read(item: object, where: str, place: int, now: datetime) -> MeterValue:
    if not isinstance(item, dict):
        raise _wrong(where, place, "", "is no object", 'send {"instant": …}', "type")
    for name in item:
        if name not in _FIELDS:
            raise _wrong(
                where, place, str(name)[:40], "is not known", f"use {', '.join(_FIELDS)}", "known"
            )
    for name in _FIELDS[:3]:
        if name not in item:
            raise _wrong(where, place, name, "is missing", "add it", "required")
    of = _register(item, where, place)
    unit = item["unit"]
    if not isinstance(unit, str) or unit not in of.factors:
        remedy = "write " + " or ".join(f'"{one}"' for one in of.factors)
        what = f"is none of the register {of.code}"
        raise _wrong(where, place, "unit", what, remedy, "enum")
    register = item["register"]
    if not isinstance(register, str) or _REGISTER.fullmatch(register) is None:
        remedy = 'write it as a text with a decimal point, not below 0: "1234.567"'
        raise _wrong(where, place, "register", "is no register", remedy, "pattern")
    return MeterValue(
        connector=CONNECTOR,
        instant=_instant(item["instant"], where, place, now),
        transaction=None,
        position=place,
        kinds=(_KINDS[of.code, unit],),
        values=(times(Decimal(register), of.factors[unit]),),
        raw_values=(register,),
    )


def _register(item: Mapping[str, Any], where: str, place: int) -> MeterRegister:
    """Tell which register is meant; the usual one, where nothing is said of it."""
    said = item.get("obis", REGISTER_OBIS)
    found = None
    try:
        if isinstance(said, str):
            obis = Obis.parse(said)
            # A code of energies (D = 9, 29) would say that the value is no register.
            is_register = obis.kind in (0, 8) and obis.channel in _CHANNELS
            found = register_of(obis) if is_register else None
    except ObisError:
        pass  # told below, together with codes of something else
    if found is None:
        codes = ", ".join(one.code for one in REGISTERS)
        remedy = f"the registers that are kept are {codes}"
        raise _wrong(where, place, "obis", "is none that is kept", remedy, "register")
    return found


def _instant(said: object, where: str, place: int, now: datetime) -> datetime:
    remedy = "write it with its zone, to the microsecond: 2025-06-03T14:15:00+02:00"
    if not isinstance(said, str) or _INSTANT.fullmatch(said) is None:
        raise _wrong(where, place, "instant", "is no instant", remedy, "pattern")
    try:
        instant = datetime.fromisoformat(said).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _wrong(where, place, "instant", "is no instant", remedy, "date-time") from None
    if not FIRST <= instant <= now + AHEAD:
        remedy = f"look at the clock; it is {now:%Y-%m-%dT%H:%M:%SZ} here"
        raise _wrong(where, place, "instant", "cannot be", remedy, f"{FIRST:%Y} to now")
    return instant


def _wrong(where: str, place: int, name: str, what: str, remedy: str, rule: str) -> ReadingError:
    field = f"[{place}].{name}" if name else f"[{place}]"
    return ReadingError(f"{field} {what}", where, remedy, field=field, rule=rule)
