"""Logs from the field, invented."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest

from harness.recording import FieldLog, read_frames
from harness.replay import ReplayResult, replay

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


class Log:
    """Writes a log as Home Assistant does, frame by frame, with answers."""

    BOOT = MappingProxyType(
        {"chargePointVendor": "Etrel", "chargePointModel": "Linde", "firmwareVersion": "9.9"}
    )

    def __init__(self, identity: str = "WB-Linde") -> None:
        self._identity = identity
        self._lines: list[str] = []
        self._id = 0

    def ask(self, minutes: float, action: str, payload: object, answer: object = None) -> Log:
        """Let the charger ask something, and the other backend answer it, if it did."""
        self._id += 1
        self.line(minutes, "receive message", [2, f"m{self._id}", action, payload])
        if answer is not None:
            frame = answer if isinstance(answer, list) else [3, f"m{self._id}", answer]
            self.line(minutes, "send", frame)
        return self

    def line(self, minutes: float, way: str, frame: object) -> Log:
        """Write one line; a text is written as it stands."""
        at = START + timedelta(minutes=minutes)
        text = frame if isinstance(frame, str) else json.dumps(frame, default=dict)
        self._lines.append(
            f"{at:%Y-%m-%d %H:%M:%S} INFO (MainThread) [ocpp] {self._identity}: {way} {text}"
        )
        return self

    def read(self) -> FieldLog:
        """Read it, as one written in UTC."""
        return read_frames("\n".join(self._lines), zone=UTC)

    def replay(self) -> ReplayResult:
        """Replay it."""
        return asyncio.run(replay(self.read()))

    @staticmethod
    def meter(minutes: float, kwh: str, **more: object) -> dict[str, object]:
        """Give a MeterValues payload with one register, as an INCH sends it."""
        at = (START + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
        sample = {"value": kwh, "unit": "kWh", "measurand": "Energy.Active.Import.Register", **more}
        return {"connectorId": 1, "meterValue": [{"timestamp": at, "sampledValue": [sample]}]}

    @staticmethod
    def start_of(minutes: float) -> dict[str, object]:
        """Give a StartTransaction payload."""
        at = (START + timedelta(minutes=minutes)).isoformat()
        return {"connectorId": 1, "idTag": "04A2B3C4", "meterStart": 100_000, "timestamp": at}

    @classmethod
    def session(cls) -> Log:
        """Give a log of a session of 2 kWh in half an hour, of transaction 4711."""
        log = cls()
        log.ask(0, "BootNotification", cls.BOOT, {"status": "Accepted", "interval": 1800})
        log.ask(1, "Authorize", {"idTag": "04A2B3C4"}, {"idTagInfo": {"status": "Accepted"}})
        answer = {"transactionId": 4711, "idTagInfo": {"status": "Accepted"}}
        log.ask(15, "StartTransaction", cls.start_of(15), answer)
        log.ask(30, "MeterValues", cls.meter(30, "101.25") | {"transactionId": 4711}, {})
        stop = {"transactionId": 4711, "meterStop": 102_000, "idTag": "04A2B3C4"}
        at = (START + timedelta(minutes=45)).isoformat()
        log.ask(45, "StopTransaction", stop | {"timestamp": at}, {})
        return log


@pytest.fixture(name="new_log")
def _new_log() -> type[Log]:
    """Give what writes logs."""
    return Log
