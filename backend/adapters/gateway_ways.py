"""Which way a smart gateway is read, as its settings say; libraries of others are not loaded."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import Protocol

from backend.adapters.gateways import MeterKeeper, PolledGateway, Read, ReadProfile
from backend.ports import Clock, Gateway


class Collector(Protocol):
    """What collects from one gateway."""

    async def start(self) -> None:
        """Begin."""

    async def stop(self) -> None:
        """End, and give everything back."""


class Collectors:
    """
    All gateways of a backend.

    Parameters:
        gateways: those that read meters.
        keeper: where what they tell goes.
        clock: the time.

    Attributes:
        addresses: by the name of a gateway that pushes: host and port where it is listened for.
    """

    def __init__(self, gateways: Iterable[Gateway], keeper: MeterKeeper, clock: Clock) -> None:
        self.addresses: dict[str, tuple[str, int]] = {}
        self._gateways = tuple(gateways)
        self._keeper = keeper
        self._clock = clock
        self._running = AsyncExitStack()

    async def start(self) -> None:
        """
        Begin to collect from all of them.

        Raises:
            SettingsError: If an address cannot be listened on.
        """
        for gateway in self._gateways:
            collector = self._collector_of(gateway)
            # A start that fails leaves nothing open either.
            self._running.push_async_callback(collector.stop)
            await collector.start()
            if (port := getattr(collector, "port", 0)) != 0:
                self.addresses[gateway.name] = gateway.host, port

    async def stop(self) -> None:
        """End all that is under way."""
        await self._running.aclose()

    def _collector_of(self, gateway: Gateway) -> Collector:
        profile = _profile_of(gateway)
        if gateway.way == "push":
            from backend.adapters.sg_push import PushedGateway

            return PushedGateway(gateway, profile, self._keeper, self._clock)
        return PolledGateway(gateway, _read_of(gateway), profile, self._keeper, self._clock)


def _read_of(gateway: Gateway) -> Read:
    if gateway.way == "rest":
        from backend.adapters import sg_rest

        return sg_rest.read_counters
    if gateway.way == "modbus":
        from backend.adapters import sg_modbus

        return sg_modbus.read_counters
    from backend.adapters import sg_mqtt

    return sg_mqtt.read_counters


def _profile_of(gateway: Gateway) -> ReadProfile | None:
    if not gateway.web_port:
        return None
    from backend.adapters import sg_rest

    return sg_rest.read_profile
