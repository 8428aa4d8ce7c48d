"""The backend as a process that is killed: what it has confirmed, it has."""

from __future__ import annotations

import asyncio
import json
import random
import select
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

ROOT = Path(__file__).resolve().parents[2]
MESSAGES_A_ROUND = 12
METER_VALUES_A_SESSION = 5
START = datetime(2025, 6, 3, 6, 0, tzinfo=UTC)

SETTINGS = """
[backend]
port = 0
database = "killed.sqlite"
[[account]]
name = "Stadtwerke"
[[station]]
account = "Stadtwerke"
identity = "WB-1"
[[card]]
account = "Stadtwerke"
id_tag = "77FD2AFA"
"""


@dataclass
class Charger:
    """
    A queue of transaction messages, sent in order until each is confirmed (OCPP 1.6 §3.7).

    Attributes:
        register_wh: what its meter shows; every value is sent once as a new reading.
        confirmed: the readings in confirmed messages: instant and value as text.
        started: for each StartTransaction its confirmed transaction ids.
    """

    register_wh: int = 0
    now: datetime = START
    confirmed: list[tuple[datetime, str]] = field(default_factory=list)
    started: dict[str, set[int]] = field(default_factory=dict)
    transaction: int = -1
    waiting: tuple[str, dict[str, Any]] | None = None
    _step: int = 0

    def next_message(self) -> tuple[str, dict[str, Any]]:
        """Give the message that is not confirmed yet, or a new one."""
        if self.waiting is None:
            self.now += timedelta(seconds=60)
            self.register_wh += 7
            self.waiting = self._message()
            self._step = (self._step + 1) % (METER_VALUES_A_SESSION + 2)
        return self.waiting

    def _message(self) -> tuple[str, dict[str, Any]]:
        stamp = self.now.isoformat().replace("+00:00", "Z")
        if self._step == 0:
            start = {"connectorId": 1, "idTag": "77FD2AFA", "meterStart": self.register_wh}
            return "StartTransaction", {**start, "timestamp": stamp}
        if self._step == METER_VALUES_A_SESSION + 1:
            stop = {"transactionId": self.transaction, "meterStop": self.register_wh}
            return "StopTransaction", {**stop, "timestamp": stamp, "reason": "Local"}
        sample = {"value": str(self.register_wh), "unit": "Wh"}
        values = [{"timestamp": stamp, "sampledValue": [sample]}]
        ids = {"connectorId": 1, "transactionId": self.transaction}
        return "MeterValues", {**ids, "meterValue": values}

    def is_confirmed(self, answer: list[Any]) -> None:
        """Take the answer to the waiting message."""
        assert self.waiting is not None
        assert 3 == answer[0], answer
        if self.waiting[0] == "StartTransaction":
            self.transaction = answer[2]["transactionId"]
            stamp = self.waiting[1]["timestamp"]
            self.started.setdefault(stamp, set()).add(self.transaction)
        self.confirmed.append((self.now, str(self.register_wh)))
        self.waiting = None


async def charge(address: str, charger: Charger, kill_at: int, moment: str, kill: Any) -> None:
    """Send messages; at one of them, before or after it or in its midst, kill the backend."""
    line = await connect(
        f"{address}/WB-1", subprotocols=[Subprotocol("ocpp1.6")], compression=None, proxy=None
    )
    try:
        for number in range(MESSAGES_A_ROUND):
            await _exchange(line, charger, number, moment if number == kill_at else "", kill)
    except ConnectionClosed:
        pass  # it was killed; what was not confirmed is sent again in the next round
    finally:
        await line.close()


async def _exchange(
    line: ClientConnection, charger: Charger, number: int, moment: str, kill: Any
) -> None:
    action, payload = charger.next_message()
    if moment == "before":
        kill()
    await line.send(json.dumps([2, f"{number:x}", action, payload]))
    if moment == "midst":
        kill()
    charger.is_confirmed(json.loads(await line.recv()))
    if moment == "after":
        kill()


def start(settings: Path) -> tuple[subprocess.Popen[str], str]:
    """Start the backend as a process and wait for its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "backend", str(settings)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], 20)
    assert readable, "the backend did not say its address within 20 s"
    return process, json.loads(process.stdout.readline())["ocpp"]


def stored(database: Path) -> list[tuple[int, str]]:
    """Give instant (µs) and value of all readings."""
    with closing(sqlite3.connect(database)) as connection:
        return list(connection.execute("SELECT instant, raw_value FROM reading ORDER BY instant"))


def survive(folder: Path, kills: int, seed: int) -> None:
    """Kill a backend at so many points; what it has confirmed must be there each time, once."""
    settings = folder / "settings.toml"
    settings.write_text(SETTINGS)
    chance, charger = random.Random(seed), Charger()

    for _ in range(kills):
        process, address = start(settings)
        with process:
            moment = chance.choice(("before", "midst", "midst", "after"))
            kill_at = chance.randrange(MESSAGES_A_ROUND)
            asyncio.run(charge(address, charger, kill_at, moment, process.kill))
            process.kill()
        found = stored(folder / "killed.sqlite")
        expected = {(int(at.timestamp()) * 1_000_000, value) for at, value in charger.confirmed}

        assert len(found) == len(set(found))
        assert expected <= set(found)
        # At most the one message under way is there without having been confirmed.
        assert len(found) - len(expected) <= 1

    assert all(len(ids) == 1 for ids in charger.started.values())
    assert len(charger.confirmed) > kills
    with closing(sqlite3.connect(folder / "killed.sqlite")) as connection:
        (checked,) = connection.execute("PRAGMA integrity_check").fetchone()
        (open_lines,) = connection.execute(
            "SELECT count(*) FROM connection WHERE disconnected_at IS NULL"
        ).fetchone()
        (sessions,) = connection.execute("SELECT count(*) FROM session").fetchone()
    assert "ok" == checked
    assert open_lines <= 1
    assert sessions - len(charger.started) in (0, 1)


def test_what_is_confirmed_survives_kills(tmp_path: Path) -> None:
    """After SIGKILL at some points every confirmed reading is in the database, and once."""
    survive(tmp_path, kills=6, seed=2025)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_what_is_confirmed_survives_a_hundred_kills(tmp_path: Path) -> None:
    """The same at many more points, which takes longer than CI allows."""
    survive(tmp_path, kills=100, seed=2026)
