"""
A meter that sends its register to a backend over HTTP, as anybody's would.

It sends what was planned, or the true register of the charger behind it, with what is lost or
counted wrongly between the two.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from urllib.parse import quote

import aiohttp

from harness.console import BACKEND, HTTP_WIRE, TOKEN
from harness.errors import UsageError
from harness.frames import WH_PER_KWH, Count, instant_of
from harness.sources import Meter
from simulators.clock import Clock
from simulators.wiretap import Crossing, Wiretap

EVERY = timedelta(minutes=15)
OWN_WH = 1_000_000
"""What a meter in front of a charger had counted before the day."""


class SendingMeter:
    """
    A meter that sends its register over HTTP.

    Parameters:
        name: of the meter.
        address: of the backend's web server.
        clock: its time.
        tap: where what crosses is noted.

    Attributes:
        sent: the readings that it has sent, in order.
    """

    def __init__(self, name: str, address: str, clock: Clock, tap: Wiretap) -> None:
        self._name = name
        self._clock = clock
        self._tap = tap
        self._path = f"/api/meters/{quote(name, safe='')}/readings"
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        self._session = aiohttp.ClientSession(address, headers=headers)
        self.sent: list[dict[str, str]] = []

    async def send(self, readings: list[dict[str, str]]) -> None:
        """
        Send readings in one request.

        Raises:
            UsageError: If the backend does not take them.
        """
        body = json.dumps(readings)
        self._tap.note(HTTP_WIRE, self._name, BACKEND, f"POST {self._path} {body}")
        async with self._session.post(self._path, data=body) as answer:
            text = await answer.text()
            self._tap.note(HTTP_WIRE, BACKEND, self._name, f"{answer.status} {text}")
        if answer.status != 200:
            raise UsageError(f'the backend does not take what "{self._name}" sends: {text}')
        self.sent += readings

    async def send_register(self, wh: Fraction) -> None:
        """Send what the register shows now, in kWh with six decimals, cut off as meters do."""
        steps = int(wh * 1000)
        kwh = Decimal(steps).scaleb(-6)
        await self.send([reading(self._clock.now(), f"{kwh:f}")])

    def follow(self, register_wh: Callable[[], Fraction], declared: Meter) -> None:
        """Send every quarter hour, from now on, what a charger's register makes of this one's."""

        async def tick() -> None:
            now = self._clock.now()
            if declared.silent_after is None or now <= declared.silent_after:
                await self.send_register(OWN_WH + declared.factor * register_wh())
                self._clock.call_at(now + EVERY, tick)

        self._clock.call_at(self._clock.now(), tick)

    async def close(self) -> None:
        """Hang up."""
        await self._session.close()


def reading(at: datetime, kwh: str, obis: str = "", unit: str = "kWh") -> dict[str, str]:
    """
    Give a reading as the API takes it.

    Parameters:
        obis: of which register; none for that of imported energy.
    """
    told = {"instant": f"{at:%Y-%m-%dT%H:%M:%SZ}", "register": kwh, "unit": unit}
    return {**told, "obis": obis} if obis else told


def meter_counts(crossings: Iterable[Crossing], name: str) -> list[Count]:
    """Give what a meter's register showed, as it was sent, in the order of time."""
    found = {}
    for crossing in crossings:
        if crossing.wire == HTTP_WIRE and crossing.sender == name:
            for one in json.loads(crossing.text.split(" ", 2)[2]):
                at = instant_of(one["instant"])
                found[at] = Count(at, Decimal(one["register"]) * WH_PER_KWH, crossing)
    return [found[at] for at in sorted(found)]
