"""Our reader before a smart gateway with its meters and loads: `smart_gateway`."""

import pytest
from own_reader import SilentMeter, imported_wh

from harness.fixtures import SmartGateway

CHARGER = "I0006494"
SITE = {
    "gateway": {"serial": "IS000001"},
    "load": [{"name": "Sauna"}],
    "device": [{"port": "left-ir", "model": "WM3M4C", "serial": "W0000001", "loads": ["Sauna"]}],
}


def test_reads_what_the_meter_has_counted(smart_gateway: SmartGateway) -> None:
    smart_gateway.feed("Charger", (3_000, 3_000, 3_000))
    smart_gateway.let_pass(minutes=20)

    assert imported_wh(smart_gateway.rest_address, CHARGER) == 3_000
    assert smart_gateway.energy_wh(CHARGER) == 3_000


def test_a_silent_meter_is_not_a_meter_at_zero(smart_gateway: SmartGateway) -> None:
    smart_gateway.switch_on("absent-device:address=35")

    with pytest.raises(SilentMeter):
        imported_wh(smart_gateway.rest_address, CHARGER)


@pytest.mark.smart_gateway(SITE)
def test_a_site_of_our_own(smart_gateway: SmartGateway) -> None:
    smart_gateway.feed("Sauna", 6_000)
    smart_gateway.let_pass(until="00:30")

    assert imported_wh(smart_gateway.rest_address, "W0000001") == 3_000
