"""A gateway with a meter at its left IR port, and what a test puts beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from simulators.clock import VirtualClock
from simulators.faults import Faults
from simulators.iskra_sg.device import Device, Gateway
from simulators.iskra_sg.site import Site

START = datetime(2026, 1, 10, 23, tzinfo=UTC)
"""Midnight in Brussels, whose clocks the gateway goes by."""
HOUSE = {"name": "house", "power_w": [1_000, 2_000, 3_000], "reactive_var": [-400, 0, 300]}


def device(model: str, port: str = "rs485", **others: Any) -> dict[str, Any]:
    """Give a device of a site, with the house behind it."""
    told = {"port": port, "model": model, "serial": "W4124940", "loads": ["house"]}
    return {**told, **others}


def gateway_with(
    *devices: Mapping[str, Any], load: Mapping[str, Any] = HOUSE, **site: Any
) -> Gateway:
    """Make a gateway around which these devices stand."""
    data = {"load": [load], "device": list(devices), **site}
    return Site.from_mapping(data).build(START, Faults(VirtualClock(START)))


def alone(model: str, **others: Any) -> tuple[Gateway, Device]:
    """Make a gateway with one device on its bus, or a Bicom with nothing behind it."""
    gateway = gateway_with(device(model, address=40, **others))
    found = gateway.addressed(40)
    assert found is not None
    return gateway, found
