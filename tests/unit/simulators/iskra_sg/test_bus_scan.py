"""Looking for devices on RS485, and adding them."""

from __future__ import annotations

import pytest

from simulators.errors import NotPossible
from simulators.iskra_sg.bus_scan import scan, set_parameters, with_added
from simulators.iskra_sg.faults import AbsentDevice
from simulators.iskra_sg.line import LineSettings
from tests.unit.simulators.iskra_sg.sg_site import device, gateway_with

SLOW = {"baud_rate": 9_600}


def new(model: str, serial: str, address: int, **others: object) -> dict[str, object]:
    """Give a device that nobody has added yet."""
    return device(model, serial=serial, address=address, enabled=False, **others)


def test_a_scan_finds_who_hears_the_gateway() -> None:
    """New devices with the gateway's line settings are found, by address; others are not."""
    gateway = gateway_with(
        new("WM3M4C", "W2", 41),
        new("BI432", "B1", 12),
        new("IE38MD", "I1", 7, line=SLOW),
        new("MC784", "M1", 9, line={"parity": "even"}),
        new("MC784", "M2", 8, line={"stop_bits": 2}),
        device("IE14MD", serial="I2", address=40),
        new("IE35MD", "I3", 43),
    )
    gateway.faults._on.append(AbsentDevice(address=43))

    rows = scan(gateway)

    assert [("BI432", "B1", 12, "bicom"), ("WM3M4C", "W2", 41, "meter")] == [
        (row.model, row.serial, row.address, row.kind) for row in rows
    ]
    assert {LineSettings()} == {row.line for row in rows}


def test_one_is_added() -> None:
    """One that is added takes the first free place, is asked from then on, and found no more."""
    gateway = gateway_with(
        device("IE14MD", serial="I2", address=40), new("WM3M4C", "W2", 41), new("BI432", "B1", 12)
    )
    before = gateway.settings.rs485[1]

    gateway.settings = with_added(gateway.settings, scan(gateway)[:1])

    place = gateway.places()[3]
    assert ("RS485 2", 12, True) == (place.interface, place.address, place.is_enabled)
    assert place.device is gateway.bench.bus[2]
    assert before.link_1 == gateway.settings.rs485[1].link_1
    assert ["W2"] == [row.serial for row in scan(gateway)]


def test_all_are_added() -> None:
    """All that were found can be added at once."""
    gateway = gateway_with(*(new("WM3M4C", f"W{n}", n) for n in range(1, 17)))
    assert not gateway.is_master

    gateway.settings = with_added(gateway.settings, scan(gateway))

    assert 16 == len([one for one in gateway.places()[2:] if one.device is not None])
    assert gateway.is_master
    assert [] == scan(gateway)


def test_more_than_there_are_places() -> None:
    """A seventeenth device is refused, and none of them is added."""
    gateway = gateway_with(*(new("WM3M4C", f"W{n}", n) for n in range(1, 18)))

    with pytest.raises(NotPossible, match="all 16 RS485 places are in use"):
        with_added(gateway.settings, scan(gateway))


def test_parameters_of_a_device() -> None:
    """A device that is heard takes another address and line; then it may be heard no more."""
    gateway = gateway_with(new("WM3M4C", "W2", 41))

    set_parameters(gateway, "W2", 5, LineSettings())
    assert [5] == [row.address for row in scan(gateway)]
    set_parameters(gateway, "W2", 5, LineSettings(9_600))

    assert [] == scan(gateway)
    with pytest.raises(NotPossible, match="no device of that serial number answers"):
        set_parameters(gateway, "W2", 5, LineSettings())


@pytest.mark.parametrize("address", [0, 248, 12, 34])
def test_addresses_that_are_not_free(address: int) -> None:
    """An address is 1 to 247, and neither another device's nor the gateway's."""
    gateway = gateway_with(new("WM3M4C", "W2", 41), new("BI432", "B1", 12))

    with pytest.raises(NotPossible, match=f"address {address} is not free"):
        set_parameters(gateway, "W2", address, LineSettings())
