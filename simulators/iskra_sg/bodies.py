"""
What is said of a device in JSON, over REST and MQTT alike (document 004 §4.2, §4.3).

Rule 1: the shapes are those that public clients of firmware 2.09 parse: a measured value is a text
with its unit in base units, or a bare number where clients append the unit themselves.
Rule 2: digits are those of the manual's figure 29; a value is rounded once, half away from zero,
from the thousandths that every other way of reading shows as well.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from simulators.iskra_sg.bicoms import Bicom
from simulators.iskra_sg.counters import TARIFFS, Counter
from simulators.iskra_sg.meters import Meter, Phase, Powers

Body = dict[str, Any]


def number(value: int, exponent: int, decimals: int) -> str:
    """Write ``value`` times ten to ``exponent`` with so many decimals, never as a negative zero."""
    rounded = Decimal(value).scaleb(exponent).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{rounded if rounded else abs(rounded):f}"


def measurements_body(meter: Meter) -> Body:
    """Give what a meter measures now."""
    measured = meter.measurements()
    return {
        "measurements": {
            "Phases": [_phase(phase) for phase in measured.phases],
            "Total": _powers(measured.total),
            "Frequency": number(measured.frequency_mhz, -3, 2),
            "Temperature": number(measured.temperature_cdeg, -2, 1),
        }
    }


def _phase(phase: Phase) -> dict[str, str]:
    return {
        "U": f"{number(phase.voltage_mv, -3, 1)} V",
        "I": f"{number(phase.current_ma, -3, 3)} A",
        **_powers(phase.powers),
        "THDUp": number(phase.thd_voltage_e2, -2, 2),
        "THDI": number(phase.thd_current_e2, -2, 2),
    }


def _powers(powers: Powers) -> dict[str, str]:
    # Clients split the power factor at its blank: it never goes without Ind or Cap.
    kind = "Cap" if powers.is_capacitive else "Ind"
    return {
        "P": f"{number(powers.active_mw, -3, 1)} W",
        "Q": f"{number(powers.reactive_mvar, -3, 1)} var",
        "S": f"{number(powers.apparent_mva, -3, 1)} VA",
        "PF": f"{number(powers.factor_e4, -4, 4)} {kind}",
        "PA": number(powers.angle_cdeg, -2, 2),
    }


def counters_body(meter: Meter) -> Body:
    """
    Give what a meter has counted.

    ``phase``, ``tariffs`` and ``enabled`` are ASSUMED: figure 30 shows them and no client reads
    them. A disabled counter stays in its place, as clients number them by it.
    """
    return {
        "counters": {
            "non_resettable": [_counter(n, one) for n, one in enumerate(meter.non_resettable, 1)],
            "resettable": [_counter(n, one) for n, one in enumerate(meter.resettable, 1)],
        }
    }


def _counter(place: int, counter: Counter) -> Body:
    return {
        "name": f"Counter {place}",
        "value": counter.shown,
        "unit": counter.unit.value,
        "direction": counter.direction.value,
        "phase": f"L{counter.phase}" if counter.phase else "Total",
        "tariffs": sorted(counter.tariffs or range(1, TARIFFS + 1)),
        "enabled": counter.is_enabled,
    }


def bicom_body(interface: str, bicom: Bicom) -> Body:
    """Give where a switch stands; the whole shape is ASSUMED."""
    return {
        "bicom": {
            "interface": interface,
            "model": bicom.model.name,
            "serial": bicom.serial,
            "address": bicom.address,
            "state": "on" if bicom.is_on else "off",
        }
    }
