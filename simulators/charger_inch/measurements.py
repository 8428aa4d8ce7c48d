"""
What the charger reports of its meter: measurands, units and digits of document 003, and two more.

Document 003, meter values: all at the level of the connector; Energy.Active.Import.Register in kWh
and Power.Active.Import in kW, not in the Wh and W that OCPP assumes where no unit is said. An INCH
sends six decimals of a kWh and no unit with the frequency (OCPP 1.6 knows none for it).

Document 003 lists six measurands; they are what the charger sends unless it is told otherwise.
INCHes in the field take two more when asked for them: Current.Offered and Temperature. How these
look on the wire is ASSUMED: one value each, the current in A, the temperature in Celsius.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
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
    whole, part = divmod(abs(value), 10**places)
    return f"{'-' if value < 0 else ''}{whole}.{part:0{places}d}"


def kwh_text(register_fj: int) -> str:
    """Write a register as it goes on the wire: kWh with six decimals, rounded to nearest."""
    return decimal_text(rounded(register_fj, FJ_PER_WH // 1_000), 6)


def whole_wh(register_fj: int) -> int:
    """Round a register to the whole Wh of meterStart and meterStop (to nearest: ASSUMED)."""
    return rounded(register_fj, FJ_PER_WH)


def stamp(instant: datetime) -> str:
    """Write an instant as the charger does: UTC with milliseconds and ``Z``."""
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class _Reading:
    """All that can be read at an instant."""

    register_fj: int
    flow: Flow
    offered_ma: int
    supply: Supply


def _energy(reading: _Reading) -> Iterator[Json]:
    yield {"value": kwh_text(reading.register_fj), "unit": "kWh"}


def _current(reading: _Reading) -> Iterator[Json]:
    for phase, current_ma in zip(_PHASES, reading.flow.currents_ma, strict=True):
        yield {"value": decimal_text(current_ma, 3), "phase": phase, "unit": "A"}


def _power(reading: _Reading) -> Iterator[Json]:
    yield {"value": decimal_text(rounded(reading.flow.power_nw, 10**9), 3), "unit": "kW"}


def _voltage(reading: _Reading) -> Iterator[Json]:
    for phase, voltage_mv in zip(_PHASES, reading.supply.voltages_mv, strict=True):
        yield {"value": decimal_text(rounded(voltage_mv, 10), 2), "phase": phase, "unit": "V"}


def _frequency(reading: _Reading) -> Iterator[Json]:
    yield {"value": decimal_text(rounded(reading.supply.frequency_mhz, 10), 2)}


def _power_factor(reading: _Reading) -> Iterator[Json]:
    yield {"value": decimal_text(reading.supply.power_factor_permille, 3)}


def _offered(reading: _Reading) -> Iterator[Json]:
    # No phase: a control pilot says one current for all of them.
    yield {"value": decimal_text(reading.offered_ma, 3), "unit": "A"}


def _temperature(reading: _Reading) -> Iterator[Json]:
    celsius = decimal_text(reading.supply.body_decicelsius, 1)
    yield {"value": celsius, "location": "Body", "unit": "Celsius"}


_OF_THE_QUESTIONNAIRE: dict[str, Callable[[_Reading], Iterator[Json]]] = {
    ENERGY: _energy,
    "Current.Import": _current,
    "Power.Active.Import": _power,
    "Voltage": _voltage,
    "Frequency": _frequency,
    "Power.Factor": _power_factor,
}

_MEASURES = _OF_THE_QUESTIONNAIRE | {"Current.Offered": _offered, "Temperature": _temperature}

MEASURANDS = tuple(_OF_THE_QUESTIONNAIRE)
"""The measurands of document 003, in its order: what is sent by default."""

KNOWN_MEASURANDS = tuple(_MEASURES)
"""All that the charger can be asked for."""


_PHASED = ("Current.Import", "Voltage")


def is_measurand(name: str) -> bool:
    """
    Tell whether the charger can be asked for a measurand by this name.

    A measurand of phases may be asked for by one of them: ``Voltage.L1`` (OCPP 1.6 §9.1.18).
    """
    measurand, phase = _split(name)
    return measurand in _MEASURES and (not phase or measurand in _PHASED)


def _split(name: str) -> tuple[str, str]:
    measurand, _, phase = name.rpartition(".")
    return (measurand, phase) if phase in _PHASES else (name, "")


def _samples(name: str, reading: _Reading) -> Iterator[tuple[str, Json]]:
    measurand, phase = _split(name)
    for sample in _MEASURES[measurand](reading):
        if not phase or sample.get("phase") == phase:
            yield measurand, sample


def meter_value(outlet: Outlet, instant: datetime, measurands: Iterable[str], context: str) -> Json:
    """
    Read the meter: one MeterValue of OCPP 1.6 §7.33.

    Parameters:
        outlet: the connector.
        instant: when; not before the connector was last switched or limited.
        measurands: names of which each `is_measurand`.
        context: a ReadingContext of OCPP 1.6 §7.36, such as ``Sample.Clock``.
    """
    reading = _Reading(
        outlet.register_at(instant),
        outlet.flow_at(instant),
        outlet.offered_at(instant),
        outlet.supply,
    )
    sampled = [
        {"value": sample.pop("value"), "context": context, "measurand": measurand, **sample}
        for name in measurands
        for measurand, sample in _samples(name, reading)
    ]
    return {"timestamp": stamp(instant), "sampledValue": sampled}
