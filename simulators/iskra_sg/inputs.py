"""
The two inputs on the gateway itself: pulses, and a Pt1000 sensor (document 004 §2.4, §5.8, §5.9).

Rule 1: pulses come from a load's energy, at the rate of whoever sends them, or from a hand. The
gateway turns them into energy by its own setting, which may be another one.
Rule 2: only an input that is enabled is looked at (§4.1.2.1): pulses before that are lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from simulators.iskra_sg.loads import FJ_PER_WH, Load

MICROSECOND = timedelta(microseconds=1)
TEMPERATURE_LEAST_CDEG, TEMPERATURE_MOST_CDEG = -20_000, 85_000
"""What a Pt1000 can be at; -200 to 850 °C."""
PULSES_LIMIT = 10**12


@dataclass
class PulseSource:
    """
    A meter with a pulse output.

    Attributes:
        load: whose energy it counts, what is drawn only.
        per_kwh: how many pulses it sends for a kWh.
        at: up to which instant it has counted.
    """

    load: Load
    at: datetime
    per_kwh: int = 1_000
    counted_fj: int = 0

    def advance(self, at: datetime) -> int:
        """Count up to ``at`` and tell how many pulses came meanwhile."""
        before = self._pulses
        while self.at < at:
            change = self.load.next_change(self.at)
            until = at if change is None else min(at, change)
            power_nw = sum(self.load.flow(self.at).active_nw)
            self.counted_fj += max(0, power_nw) * ((until - self.at) // MICROSECOND)
            self.at = until
        return self._pulses - before

    @property
    def _pulses(self) -> int:
        return self.counted_fj * self.per_kwh // (1_000 * FJ_PER_WH)


@dataclass
class Inputs:
    """
    What the gateway has seen at its inputs.

    Attributes:
        pulses: since ever.
        temperature_cdeg: of the sensor, in hundredths of a degree Celsius; None without one.
        source: what sends pulses, or nothing.
    """

    pulses: int = 0
    temperature_cdeg: int | None = None
    source: PulseSource | None = None

    def advance(self, at: datetime, *, is_enabled: bool) -> None:
        """Look at the pulse input up to ``at``."""
        if self.source is not None:
            came = self.source.advance(at)
            self.pulses += came if is_enabled else 0

    def energy_wh(self, per_kwh: int) -> int:
        """Tell what the pulses mean by the gateway's own setting, rounded down."""
        return self.pulses * 1_000 // per_kwh
