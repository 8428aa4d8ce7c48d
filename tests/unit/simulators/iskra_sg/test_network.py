"""The gateway's connection: Ethernet, Wi-Fi, provisioning."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from simulators.iskra_sg.network import CONNECTING_LASTS, Connection, Neighbour, Network
from simulators.iskra_sg.settings import Connectivity

START = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
LATER = START + timedelta(hours=1)
NEIGHBOURS = (Neighbour("Hof", -70), Neighbour("Werk", -58, "geheim"), Neighbour("Werk", -40, "x"))
WIFI = Connectivity(wifi_ssid="Werk", wifi_password="geheim")


def test_ethernet_is_there_from_the_start() -> None:
    """What has been switched on long since is connected, and hears no Wi-Fi."""
    network = Network(Connectivity(mode="ethernet"), NEIGHBOURS, START)

    assert Connection.ONLINE is network.connection(START)
    assert (0, None) == (network.signal_dbm(START), network.due(START))


def test_a_network_that_is_set_is_joined() -> None:
    """It takes a moment, and then its signal is told: of the one whose password is right."""
    network = Network(Connectivity(), NEIGHBOURS, START)
    assert (Connection.PROVISIONING, None) == (network.connection(LATER), network.due(LATER))
    network.connect(WIFI, LATER)

    assert (Connection.CONNECTING, 0) == (network.connection(LATER), network.signal_dbm(LATER))
    online = LATER + CONNECTING_LASTS
    assert online == network.due(LATER)
    assert (Connection.ONLINE, -58) == (network.connection(online), network.signal_dbm(online))


@pytest.mark.parametrize("wrong", [{"wifi_ssid": "Elsewhere"}, {"wifi_password": "falsch"}])
def test_a_wrong_network_is_tried_for_ever(wrong: dict[str, str]) -> None:
    """Nobody answers, or the password is wrong: it goes on connecting."""
    network = Network(replace(WIFI, **wrong), NEIGHBOURS, START)

    assert Connection.CONNECTING is network.connection(LATER)
    assert (0, None) == (network.signal_dbm(LATER), network.due(LATER))


def test_provisioning_ends_when_settings_are_saved() -> None:
    """It is left for a network that is set, also for the same one, and not without one."""
    network = Network(WIFI, NEIGHBOURS, START)
    network.provide()
    network.has_client = True
    assert Connection.PROVISIONING is network.connection(LATER)
    network.connect(WIFI, LATER)
    assert Connection.CONNECTING is network.connection(LATER)
    assert not network.has_client

    bare = Network(Connectivity(), NEIGHBOURS, START)
    bare.has_client = True
    bare.connect(Connectivity(dhcp=False), LATER)
    assert (Connection.PROVISIONING, True) == (bare.connection(LATER), bare.has_client)


def test_a_network_that_stays_is_not_left() -> None:
    """Saving other settings does not break the connection."""
    network = Network(WIFI, NEIGHBOURS, START)
    network.connect(WIFI, LATER)

    assert Connection.ONLINE is network.connection(LATER)


@pytest.mark.parametrize(
    ("ssid", "signal_dbm"), [("", -60), ("x" * 33, -60), ("a\n", -60), ("Werk", 1), ("Werk", -121)]
)
def test_what_cannot_be_heard(ssid: str, signal_dbm: int) -> None:
    """A name that none can have, and a signal that none has, are refused."""
    with pytest.raises(ValueError, match=r"SSID|signal"):
        Neighbour(ssid, signal_dbm)
