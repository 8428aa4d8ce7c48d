"""What is said of a device in JSON."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from simulators.iskra_sg.bicoms import Bicom
from simulators.iskra_sg.bodies import bicom_body, counters_body, measurements_body, number
from simulators.iskra_sg.loads import Fed, Flow
from simulators.iskra_sg.local_clock import LocalClock
from simulators.iskra_sg.meters import Meter
from simulators.iskra_sg.models import MODELS

AT = datetime(2026, 6, 1, tzinfo=UTC)


def meter(model: str, flow: Flow) -> Meter:
    """Make a meter through which something flows."""
    return Meter(MODELS[model], "I0006494", 33, LocalClock(AT), AT, [Fed(flow)])


def test_measurements_are_texts_with_units_in_base_units() -> None:
    """Each value has the digits of the manual's figure and the unit that clients split off."""
    flow = Flow.of_watts([1_196, 899, -824], [-407, 0, 633])

    body = measurements_body(meter("IE38MD", flow))["measurements"]

    assert {
        "U": "230.0 V",
        "I": "5.493 A",
        "P": "1196.0 W",
        "Q": "-407.0 var",
        "S": "1263.4 VA",
        "PF": "0.9467 Cap",
        "PA": "-18.79",
        "THDUp": "0.00",
        "THDI": "0.00",
    } == body["Phases"][0]
    assert {
        "P": "1271.0 W",
        "Q": "226.0 var",
        "S": "1290.9 VA",
        "PF": "0.9846 Ind",
        "PA": "10.08",
    } == body["Total"]
    assert ("50.00", "30.0") == (body["Frequency"], body["Temperature"])


def test_a_meter_shows_the_phases_that_it_has() -> None:
    """A single-phase model has one phase."""
    body = measurements_body(meter("WM1-6", Flow.of_watts([100, 100, 100])))["measurements"]

    assert ["100.0 W"] == [phase["P"] for phase in body["Phases"]]


@pytest.mark.parametrize(
    ("value", "exponent", "decimals", "text"),
    [
        (-4, -3, 1, "0.0"),
        (5, -2, 1, "0.1"),
        (-5, -2, 1, "-0.1"),
        (123_456_789_012, -3, 1, "123456789.0"),
    ],
)
def test_numbers_are_rounded_once(value: int, exponent: int, decimals: int, text: str) -> None:
    """Half goes away from zero, and no zero is negative."""
    assert text == number(value, exponent, decimals)


def test_counters_keep_their_places() -> None:
    """Clients number counters by their place: a disabled one stays in its own."""
    body = counters_body(meter("IE38MD", Flow()))["counters"]

    assert (4, 16) == (len(body["non_resettable"]), len(body["resettable"]))
    assert {
        "name": "Counter 6",
        "value": 0,
        "unit": "Wh",
        "direction": "export",
        "phase": "Total",
        "tariffs": [1],
        "enabled": True,
    } == body["resettable"][5]
    assert [False] * 4 == [one["enabled"] for one in body["resettable"][12:]]
    assert [1, 2, 3, 4, 5, 6] == body["non_resettable"][0]["tariffs"]


@pytest.mark.parametrize(("is_on", "state"), [(True, "on"), (False, "off")])
def test_a_switch_tells_where_it_stands(is_on: bool, state: str) -> None:
    """A Bicom is on or off."""
    bicom = Bicom(MODELS["BI432"], "BI010001", 32, is_on=is_on)

    expected = {
        "interface": "RS485 3",
        "model": "BI432",
        "serial": "BI010001",
        "address": 32,
        "state": state,
    }
    assert {"bicom": expected} == bicom_body("RS485 3", bicom)
