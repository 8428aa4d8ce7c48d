"""
When the meter is read, and what becomes of the values.

Sampled values come every MeterValueSampleInterval from the start of a transaction (OCPP 1.6 §4.7),
clock-aligned ones on a grid that begins at midnight UTC (§9.1.5). Both go to the backend as they
are read, and to the StopTransaction of their transaction where the StopTxn… keys ask for them
(§4.10); its first and last value are never left out (errata 3.14), those between are thinned out
above StopTransactionMaxMeterValues (errata 3.89).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from simulators.charger_inch.configuration import Configuration
from simulators.charger_inch.electric import Outlet
from simulators.charger_inch.habits import ClockAlignedEarly, StandbyValues
from simulators.charger_inch.measurements import ENERGY, meter_value
from simulators.charger_inch.outbox import Transaction
from simulators.charger_inch.quirks import Quirks
from simulators.charger_inch.timers import Timer, Timers

Json = dict[str, Any]

CONNECTOR = 1

BEGIN, END = "Transaction.Begin", "Transaction.End"


class Metering:
    """
    The readings of one connector's meter.

    Parameters:
        configuration: what is read and how often.
        outlet: whose meter it is.
        timers: where it waits.
        quirks: what is not ideal about it.
        say: takes a MeterValues payload, the transaction it is about, and the instant.
    """

    def __init__(
        self,
        configuration: Configuration,
        outlet: Outlet,
        timers: Timers,
        quirks: Quirks,
        say: Callable[[Json, Transaction | None, datetime], None],
    ) -> None:
        self._configuration = configuration
        self._outlet = outlet
        self._timers = timers
        self._quirks = quirks
        self._say = say
        self._transaction: Transaction | None = None
        self._data: list[Json] = []
        timers.on(Timer.SAMPLE, self._on_sample_due)
        timers.on(Timer.ALIGNED, self._on_aligned_due)

    # ------------------------------------------------------------------ a transaction's

    def begin(
        self, transaction: Transaction, now: datetime, begun: Sequence[Json] | None = None
    ) -> None:
        """
        Read for a transaction from now on.

        Parameters:
            begun: what of its transactionData was read before; None: it begins.
        """
        self._transaction = transaction
        self._data = list(begun or ())
        if begun is None:
            self._collect(now, "StopTxnSampledData", BEGIN)
        self.plan(now)

    def end(self, now: datetime) -> list[Json]:
        """Read for the transaction no more; give its transactionData."""
        self._collect(now, "StopTxnSampledData", END)
        data, self._data = self._data, []
        self._transaction = None
        self.plan(now)
        return data

    def power_off(self) -> None:
        """Forget what was read for; who knew of it is without power."""
        self._transaction, self._data = None, []

    def _collect(self, now: datetime, key: str, context: str) -> None:
        measurands = self._configuration.measurands(key)
        if not measurands:
            return
        self._data.append(meter_value(self._outlet, now, measurands, context))
        most = max(2, self._configuration.number("StopTransactionMaxMeterValues"))
        if len(self._data) > most:
            # Every second one between the first and the last goes.
            self._data = [self._data[0], *self._data[2:-1:2], self._data[-1]]

    # ------------------------------------------------------------------ what is due

    def plan(self, now: datetime) -> None:
        """Wait for the next readings, after a transaction or a key has changed."""
        self.plan_samples(now)
        self.plan_aligned(now)

    def plan_samples(self, now: datetime) -> None:
        """Wait for the next sampled value, counted from now."""
        interval_s = self._configuration.number("MeterValueSampleInterval")
        runs = self._transaction is not None and interval_s > 0
        self._timers.set(Timer.SAMPLE, now + timedelta(seconds=interval_s) if runs else None)

    def plan_aligned(self, now: datetime) -> None:
        """Wait for the next clock-aligned value."""
        interval_s = self._configuration.number("ClockAlignedDataInterval")
        reads = self._transaction is not None or self._quirks.active(StandbyValues) is not None
        if interval_s == 0 or not reads:
            self._timers.cancel(Timer.ALIGNED)
            return
        early = timedelta()
        if (habit := self._quirks.active(ClockAlignedEarly)) is not None:
            early = timedelta(milliseconds=habit.early_ms)
        self._timers.set(Timer.ALIGNED, next_on_grid(now + early, interval_s) - early)

    def _on_sample_due(self, due: datetime) -> None:
        self.report(due, "MeterValuesSampledData", "Sample.Periodic")
        self._collect(due, "StopTxnSampledData", "Sample.Periodic")
        self.plan_samples(due)

    def _on_aligned_due(self, due: datetime) -> None:
        self.report(due, "MeterValuesAlignedData", "Sample.Clock")
        if self._transaction is not None:
            self._collect(due, "StopTxnAlignedData", "Sample.Clock")
        self.plan_aligned(due)

    def report(self, now: datetime, key: str, context: str) -> None:
        """Read the meter and tell the backend at once."""
        # An empty list asks for the register all the same (OCPP 1.6 errata 3.15).
        measurands = self._configuration.measurands(key) or (ENERGY,)
        payload: Json = {"connectorId": CONNECTOR}
        if self._transaction is not None:
            payload["transactionId"] = None
        payload["meterValue"] = [meter_value(self._outlet, now, measurands, context)]
        self._say(payload, self._transaction, now)


def next_on_grid(now: datetime, interval_s: int) -> datetime:
    """Give the first instant after ``now`` on the grid that begins at midnight UTC (§9.1.5)."""
    midnight = datetime.combine(now.date(), time(), now.tzinfo)
    interval = timedelta(seconds=interval_s)
    following = midnight + ((now - midnight) // interval + 1) * interval
    # The grid begins anew at every midnight, whatever the interval.
    return min(following, midnight + timedelta(days=1))
