"""
What the charger reports of its meter: measurands, units and digits of document 003.

Document 003, meter values: all at the level of the connector; Energy.Active.Import.Register in kWh
and Power.Active.Import in kW, not in the Wh and W that OCPP assumes where no unit is said. An INCH
sends six decimals of a kWh and no unit with the frequency (OCPP 1.6 knows none for it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from simulators.charger_inch.electric import FJ_PER_WH, Flow, Outlet, Supply

Json = dict[str, Any]

ENERGY = "Energy.Active.Import.Register"

_PHASES = ("L1", "L2", "L3")


def rounded(value: int, divisor: int) -> int:
    """Divide to the nearest whole number, halves upwards."""
    return (2 * value + divisor) // (2 * divisor)


def decimal_text(value: int, places: int) -> str:
    """Write a whole number of the last decimal place: 733255884 with 6 places is 733.255884."""
    whole, part = divmod(value, 10**places)
    return f"{whole}.{part:0{places}d}"


def kwh_text(register_fj: int) -> str:
    """Write a register as it goes on the wire: kWh with six decimals, rounded to nearest."""
    return decimal_text(rounded(register_fj, FJ_PER_WH // 1_000), 6)


def whole_wh(register_fj: int) -> int:
    """Round a register to the whole Wh of meterStart and meterStop (to nearest: ASSUMED)."""
    return rounded(register_fj, FJ_PER_WH)


def stamp(instant: datetime) -> str:
    """Write an instant as the charger does: UTC with milliseconds and ``Z``."""
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _energy(register_fj: int, flow: Flow, supply: Supply) -> Iterator[Json]:
    yield {"value": kwh_text(register_fj), "unit": "kWh"}


def _current(register_fj: int, flow: Flow, supply: Supply) -> Iterator[Json]:
    for phase, current_ma in zip(_PHASES, flow.currents_ma, strict=True):
        yield {"value": decimal_text(current_ma, 3), "phase": phase, "unit": "A"}


def _power(register_fj: int, flow: Flow, supply: Supply) -> Iterator[Json]:
    yield {"value": decimal_text(rounded(flow.power_nw, 10**9), 3), "unit": "kW"}


def _voltage(register_fj: int, flow: Flow, supply: Supply) -> Iterator[Json]:
    for phase, voltage_mv in zip(_PHASES, supply.voltages_mv, strict=True):
        yield {"value": decimal_text(rounded(voltage_mv, 10), 2), "phase": phase, "unit": "V"}


def _frequency(register_fj: int, flow: Flow, supply: Supply) -> Iterator[Json]:
    yield {"value": decimal_text(rounded(supply.frequency_mhz, 10), 2)}


def _power_factor(register_fj: int, flow: Flow, supply: Supply) -> Iterator[Json]:
    yield {"value": decimal_text(supply.power_factor_permille, 3)}


_MEASURES: dict[str, Callable[[int, Flow, Supply], Iterator[Json]]] = {
    ENERGY: _energy,
    "Current.Import": _current,
    "Power.Active.Import": _power,
    "Voltage": _voltage,
    "Frequency": _frequency,
    "Power.Factor": _power_factor,
}

MEASURANDS = tuple(_MEASURES)
"""The measurands of document 003, in its order."""


def meter_value(outlet: Outlet, instant: datetime, measurands: Iterable[str], context: str) -> Json:
    """
    Read the meter: one MeterValue of OCPP 1.6 §7.33.

    Parameters:
        outlet: the connector.
        instant: when; not before the connector was last switched.
        measurands: some of `MEASURANDS`.
        context: a ReadingContext of OCPP 1.6 §7.36, such as ``Sample.Clock``.
    """
    register_fj, flow = outlet.register_at(instant), outlet.flow_at(instant)
    sampled = [
        {"value": sample.pop("value"), "context": context, "measurand": measurand, **sample}
        for measurand in measurands
        for sample in _MEASURES[measurand](register_fj, flow, outlet.supply)
    ]
    return {"timestamp": stamp(instant), "sampledValue": sampled}
