"""
What an Iskra smart gateway tells of a meter's energy counters, to meter values.

By REST and MQTT it is one JSON shape (document 004 §4.2, §4.3: "the MQTT payload format is
consistent with the REST API"), read leniently: a unit may have a prefix, a value may be a text.

Rule 1: a register of active energy is told by the first counter of its unit and direction that
nobody can set back; where a meter has none of these, by the first that can be set back. Such a
counter begins anew when somebody resets it, which `backend.core.registers` knows.
Rule 2: counters of one tariff are not read: they are "for informative viewing only" (§4.6).
Rule 3: a body in which there is no such counter is an error, and so is a value that is no number,
or none at all: nothing is guessed of energy, and no other counter stands in for one that is not
known just now.
Rule 4: counters of a single phase are not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from backend.core.meter_registers import REGISTERS
from backend.core.readings import Kind, MeterValue
from backend.errors import GatewayAnswerError

CONNECTOR = 1
COUNTERS_LIMIT = 64
TARIFFS = 5
"""Document 004 §4.6: "up to 5 different tariffs"; a counter of all of them has none of its own."""
VALUE_LIMIT_WH = Decimal(10) ** 15
DIGITS_LIMIT = 40
_NOT_THERE = ("Disabled", "Not Detected")
"""In the place of a model: of these the list shows at most who was there before."""
#: Prefixes of units, in powers of ten; a web page of the gateway shows "20.2495 MWh".
_PREFIXES = {"": 0, "k": 3, "M": 6, "G": 9}
_MEASURANDS = {one.code: one.measurand for one in REGISTERS}
IMPORT, EXPORT = _MEASURANDS["1-1:1.8.0"], _MEASURANDS["1-1:2.8.0"]
"""The registers that are read: of imported and of exported energy."""


@dataclass(frozen=True, slots=True)
class Counter:
    """
    A counter as it was told.

    Attributes:
        unit: Wh, varh or VAh.
        direction: ``import`` or ``export``.
        value: in that unit.
        raw: verbatim.
        is_resettable: whether somebody can set it back.
        has_tariff: whether it counts while some tariffs are active only.
    """

    unit: str
    direction: str
    value: Decimal
    raw: str
    is_resettable: bool
    has_tariff: bool = False


def counters_of(body: object, where: str) -> list[Counter]:
    """
    Read the body of ``/api/counter/{id}``, or of a message about counters.

    Parameters:
        body: any JSON value, with numbers as `Decimal`.
        where: which meter, for errors.

    Raises:
        GatewayAnswerError: If it is no such body, or one of its counters has no value.
    """
    table = body.get("counters") if isinstance(body, dict) else None
    if not isinstance(table, dict):
        raise _wrong(where, "the answer has no object 'counters'")
    found = []
    for name, is_resettable in (("non_resettable", False), ("resettable", True)):
        rows = table.get(name) or []
        if not isinstance(rows, list) or len(rows) > COUNTERS_LIMIT:
            raise _wrong(where, f"'counters.{name}' is no list of counters")
        found += [
            _counter(row, f"counters.{name}[{place}]", is_resettable, where)
            for place, row in enumerate(rows)
            if _counts(row)
        ]
    return found


def _counts(row: object) -> bool:
    """Tell whether a row is a counter of all phases that is not switched off."""
    if not isinstance(row, dict):
        return True  # told as wrong
    # Figure 30 lists counters that are off, with "Disabled" for a value.
    is_off = row.get("value") == "Disabled" or row.get("enabled") is False or not row.get("unit")
    return not is_off and row.get("phase", "Total") == "Total"


def _counter(row: object, place: str, is_resettable: bool, where: str) -> Counter:
    if not isinstance(row, dict):
        raise _wrong(where, f"'{place}' is no object")
    unit, direction = row.get("unit"), row.get("direction")
    prefix, base = _unit(unit)
    if base is None or direction not in ("import", "export"):
        raise _wrong(where, f"'{place}' has the unit {unit!r} and the direction {direction!r}")
    value = _number(row.get("value"))
    # Held against the limit first: what is beyond it may be too large to be multiplied.
    if value is None or not 0 <= value < VALUE_LIMIT_WH or value * prefix >= VALUE_LIMIT_WH:
        raise _wrong(where, f"'{place}' has the value {repr(row.get('value'))[:40]}")
    tariffs = row.get("tariffs")
    has_tariff = isinstance(tariffs, list) and 0 < len(tariffs) < TARIFFS
    raw = f"{row['value']}"
    return Counter(base, str(direction), value * prefix, raw, is_resettable, has_tariff)


def _unit(unit: object) -> tuple[int, str | None]:
    for base in ("varh", "VAh", "Wh"):
        if isinstance(unit, str) and unit.endswith(base):
            power = _PREFIXES.get(unit.removesuffix(base))
            if power is not None:
                return 10**power, base
    return 1, None


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    # So many digits no meter has; 10^-999999 would be a fraction that nothing can be done with.
    has_few_digits = number.is_finite() and len(f"{value}") <= DIGITS_LIMIT
    return number if has_few_digits and number.adjusted() >= -DIGITS_LIMIT else None


def meter_value(counters: Iterable[Counter], instant: datetime, where: str) -> MeterValue:
    """
    Make what a meter's registers showed at an instant.

    Raises:
        GatewayAnswerError: If none of the counters is one of active energy.
    """
    kinds: list[Kind] = []
    chosen: list[Counter] = []
    listed = [one for one in counters if not one.has_tariff]
    for direction, measurand in (("import", IMPORT), ("export", EXPORT)):
        of_it = [one for one in listed if (one.unit, one.direction) == ("Wh", direction)]
        of_it.sort(key=lambda one: one.is_resettable)
        if of_it:
            kinds.append(Kind(measurand, None, "Outlet", "Sample.Periodic", "Wh", "Wh", Decimal(0)))
            chosen.append(of_it[0])
    if not chosen:
        raise _wrong(where, "none of the counters counts active energy")
    return MeterValue(
        connector=CONNECTOR,
        instant=instant,
        transaction=None,
        position=0,
        kinds=tuple(kinds),
        values=tuple(one.value for one in chosen),
        raw_values=tuple(one.raw for one in chosen),
    )


def index_of(devices: object, serial: str, where: str) -> int:
    """
    Find a meter in the body of ``/api/devices`` by its serial number; give its ``{id}``.

    The row of the right IR port is left out and the others are counted from 0.

    Raises:
        GatewayAnswerError: If it is not listed, or not ready.
    """
    rows = devices.get("devices") if isinstance(devices, dict) else None
    if not isinstance(rows, list):
        raise _wrong(where, "the answer has no list 'devices'")
    counted = [one for one in rows if isinstance(one, dict) and not _is_right_ir(one)]
    numbers = [
        number
        for number, one in enumerate(counted)
        if str(one.get("serial")).strip() == serial and one.get("model") not in _NOT_THERE
    ]
    if len(numbers) == 1:
        return numbers[0]
    if numbers:
        raise GatewayAnswerError(
            f"it lists {len(numbers)} meters with the serial number {serial!r}",
            where,
            "look at the gateway which of them is there, and disable the other; none was read",
        )
    shown = ", ".join(str(one.get("serial")) for one in counted if one.get("serial")) or "none"
    raise GatewayAnswerError(
        f"it lists no meter with the serial number {serial!r}; it lists {shown}",
        where,
        "look whether the meter has power and is enabled at the gateway, or correct the serial",
    )


def _is_right_ir(row: Mapping[str, Any]) -> bool:
    return "Right IR" in str(row.get("interface"))


def _wrong(where: str, what: str) -> GatewayAnswerError:
    return GatewayAnswerError(what, where, "look at the gateway's software version; it is kept")
