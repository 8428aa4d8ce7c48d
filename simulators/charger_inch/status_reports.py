"""
What the backend is told of the status of the connector, and of the charger as a whole.

Rule 1: what changed is told once, when it can be; a status that lasted less than
MinimumStatusDuration is not (OCPP 1.6 §9.1.19).
Rule 2: where a status was held back, or OCPP knows no change to the one that holds now, the steps
between are told as well (`status.path`).
Rule 3: after the line was away, what is not as the backend last confirmed it is told again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from simulators.charger_inch.configuration import Configuration
from simulators.charger_inch.field_faults.time_and_order import StatusOfThePast
from simulators.charger_inch.habits import TriggerNamed
from simulators.charger_inch.measurements import stamp
from simulators.charger_inch.outbox import Message, Outbox
from simulators.charger_inch.quirks import Quirks
from simulators.charger_inch.status import CHARGER, CONNECTOR, Status, path
from simulators.charger_inch.timers import Timer, Timers
from simulators.charger_inch.vendor_data import VENDOR_ID


class StatusReports:
    """
    The status notifications of the charger.

    Parameters:
        configuration, timers, outbox, quirks: the charger's.
        online: whether the backend can be asked.
        of_charger: gives the status of connector 0.
        details: gives what else is told of the connector: an error, or why it does not charge.

    Attributes:
        status: the connector's.
    """

    def __init__(
        self,
        configuration: Configuration,
        timers: Timers,
        outbox: Outbox,
        quirks: Quirks,
        *,
        online: Callable[[], bool],
        of_charger: Callable[[], Status],
        details: Callable[[], Mapping[str, Any]],
    ) -> None:
        self.status = Status.AVAILABLE
        self._configuration = configuration
        self._timers = timers
        self._outbox = outbox
        self._quirks = quirks
        self._online = online
        self._of_charger = of_charger
        self._details = details
        self.power_off()
        timers.on(Timer.STATUS, self._on_status_due)

    def power_off(self) -> None:
        """Forget what was told."""
        self._since: datetime | None = None
        self._told: Status | None = None
        self._confirmed: Status | None = None
        self._charger_told: Status | None = None

    def start_up(self, status: Status, now: datetime) -> None:
        """Begin with a status, of which nothing has been told."""
        self.status, self._since = status, now

    def change(self, status: Status, now: datetime) -> None:
        """Take the status of the connector, and tell the backend where anything has changed."""
        if status is not self.status:
            self.status, self._since = status, now
            if self._online():
                self._tell_soon(now)
        self._tell_charger()

    def _tell_soon(self, now: datetime) -> None:
        wait_s = self._configuration.number("MinimumStatusDuration")
        if wait_s == 0:
            self._tell_path()
        else:
            self._timers.set(Timer.STATUS, now + timedelta(seconds=wait_s))

    def _on_status_due(self, due: datetime) -> None:
        if self._online():
            self._tell_path()

    def _tell_path(self, *, without_last: bool = False) -> None:
        self._timers.cancel(Timer.STATUS)
        steps = (self.status,) if self._told is None else path(self._told, self.status)
        for status in steps[:-1] if without_last else steps:
            self._say(CONNECTOR, status)

    def _tell_charger(self) -> None:
        status = self._of_charger()
        if self._online() and status is not self._charger_told:
            self._say(CHARGER, status)

    def report(self, *connectors: int, triggered: bool = False) -> None:
        """Tell the status of both connectors, or of these, whether it has changed or not."""
        for connector in connectors or (CHARGER, CONNECTOR):
            if connector == CHARGER:
                self._say(CHARGER, self._of_charger(), triggered=triggered)
                continue
            if self._told is not self.status:
                # What was held back for being short comes first, as far as §4.9 asks for it.
                self._tell_path(without_last=True)
            self._say(CONNECTOR, self.status, triggered=triggered)

    def report_what_changed(self) -> None:
        """Tell, after the line was away, what is not as the backend last confirmed it."""
        again = self._quirks.active(StatusOfThePast) is not None
        if self._confirmed is not self.status or again:
            self._say(CONNECTOR, self.status)
        self._tell_charger()

    def line_lost(self) -> None:
        """Take it that what was not confirmed has not arrived."""
        self._told = self._confirmed

    def confirmed(self, connector: int, status: str) -> None:
        """Take the backend's answer to StatusNotification."""
        if connector == CONNECTOR:
            self._confirmed = Status(status)

    def _say(self, connector: int, status: Status, *, triggered: bool = False) -> None:
        told: dict[str, Any] = {
            "connectorId": connector,
            "errorCode": "NoError",
            "status": str(status),
        }
        if self._since is not None:
            told["timestamp"] = stamp(self._since)
        if connector == CONNECTOR:
            self._told = status
            told |= self._details()
        else:
            self._charger_told = status
        if triggered and self._quirks.active(TriggerNamed) is not None:
            told |= {"info": "TriggerMessage", "vendorId": VENDOR_ID}
        self._outbox.add(Message("StatusNotification", told))
