"""Automations as JSON, and the live preview."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from simulators.errors import NotAccepted
from simulators.iskra_sg.automation import FOREVER, Automation, Input, Runner
from simulators.iskra_sg.automation_file import as_json, live_body, read, read_file

METER = {
    "property": "meter",
    "interface": "left_ir",
    "address": 33,
    "quantity": "active_power",
    "phase": "total",
}
POWER = {
    "equation": [{"sign": "+", "input": METER}],
    "operator": ">",
    "value": 10000,
    "hysteresis": 500,
}
BICOM = {"device": "bicom", "interface": "right_ir", "address": 0, "function": "off"}
MESSAGE = {"device": "mqtt", "link": 1, "subtopic": "status", "message": "ECO mode turned on"}
MODBUS = {
    "device": "modbus",
    "address": 4,
    "function": 6,
    "register": 3011,
    "type": "int16",
    "value": 5,
}
HVAC = {
    "description": "HVAC",
    "enabled": True,
    "mode": "on_change",
    "condition": POWER,
    "on_true": [MODBUS, BICOM, MESSAGE],
    "on_false": [],
}
EVERY_INPUT: list[dict[str, Any]] = [
    METER,
    {**METER, "interface": "rs485", "quantity": "voltage", "phase": "L3"},
    {**METER, "quantity": "frequency"},
    {
        "property": "counter",
        "interface": "rs485",
        "address": 35,
        "kind": "resettable",
        "counter": 5,
    },
    {
        "property": "counter",
        "interface": "left_ir",
        "address": 33,
        "kind": "non_resettable",
        "counter": 1,
    },
    {"property": "time", "part": "day_of_week"},
    {"property": "temperature"},
    {
        "property": "modbus",
        "address": 4,
        "function": 3,
        "register": 3011,
        "type": "float32",
    },
]
EVERY = {
    "description": "Everything",
    "enabled": False,
    "mode": "continuous",
    "condition": {
        "gate": "or",
        "of": [
            {
                "equation": [
                    {"sign": "-" if number else "+", "input": one}
                    for number, one in enumerate(EVERY_INPUT)
                ],
                "operator": "!=",
                "value": -0.5,
                "hysteresis": 0,
            },
            {"gate": "and", "of": [POWER]},
        ],
    },
    "on_true": [{**MODBUS, "type": "float32", "value": 0.25, "function": 16}],
    "on_false": [{**BICOM, "interface": "rs485", "address": 32, "function": "toggle"}],
}
TEMPLATE = {
    "description": "",
    "enabled": False,
    "mode": "on_change",
    "condition": None,
    "on_true": [],
    "on_false": [],
}


def read_one(**changes: object) -> Automation:
    """Read the example of the manual with something else in it."""
    return read({"automations": [{**HVAC, **changes}]})[0]


def test_what_is_exported_can_be_imported() -> None:
    """Every kind of input, gate and action survives being written and read."""
    data = {"automations": [HVAC, EVERY, TEMPLATE]}
    automations = read(data)

    assert data == as_json(automations)
    assert automations == read_file(json.dumps(data))


def nested(depth: int) -> dict[str, Any]:
    """Make gates within gates."""
    block: dict[str, Any] = POWER
    for _ in range(depth):
        block = {"gate": "and", "of": [block]}
    return block


def wide() -> dict[str, Any]:
    """Make more blocks than fit, by gates that are full."""
    return {"gate": "or", "of": [{"gate": "and", "of": [POWER] * 32}] * 2}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"mode": "often"}, "automations[0].mode"),
        ({"enabled": 1}, "automations[0].enabled"),
        ({"colour": 1}, "automations[0].colour"),
        ({"condition": 7}, "automations[0].condition"),
        ({"condition": {"gate": "xor", "of": [POWER]}}, "automations[0].condition.gate"),
        ({"condition": {"gate": "or", "of": []}}, "automations[0].condition.of"),
        ({"condition": nested(9)}, "automations[0].condition" + ".of[0]" * 8),
        ({"condition": wide()}, "automations[0].condition"),
        ({"condition": {**POWER, "operator": "~"}}, "automations[0].condition.operator"),
        ({"condition": {**POWER, "value": "x"}}, "automations[0].condition.value"),
        ({"condition": {**POWER, "hysteresis": -1}}, "automations[0].condition.hysteresis"),
        ({"on_true": [BICOM] * 17}, "automations[0].on_true"),
        ({"on_true": [{"device": "lamp"}]}, "automations[0].on_true[0].device"),
        ({"on_true": [{**BICOM, "link": 1}]}, "automations[0].on_true[0].link"),
        ({"on_true": [{**BICOM, "interface": "left_ir"}]}, "automations[0].on_true[0].interface"),
        ({"on_true": [{**BICOM, "function": "flip"}]}, "automations[0].on_true[0].function"),
        ({"on_true": [{**MESSAGE, "link": 3}]}, "automations[0].on_true[0].link"),
        ({"on_true": [{**MESSAGE, "subtopic": ""}]}, "automations[0].on_true[0].subtopic"),
        ({"on_true": [{**MESSAGE, "subtopic": "a/#"}]}, "automations[0].on_true[0].subtopic"),
        ({"on_true": [{**MESSAGE, "subtopic": "/a"}]}, "automations[0].on_true[0].subtopic"),
        ({"on_true": [{**MESSAGE, "value": 1}]}, "automations[0].on_true[0].value"),
        ({"on_true": [{**MODBUS, "function": 7}]}, "automations[0].on_true[0].function"),
        ({"on_true": [{**MODBUS, "function": 3}]}, "automations[0].on_true[0].function"),
        ({"on_true": [{**MODBUS, "value": 40_000}]}, "automations[0].on_true[0].value"),
        ({"on_true": [{**MODBUS, "value": 0.5}]}, "automations[0].on_true[0].value"),
        ({"on_true": [{**MODBUS, "register": 65_536}]}, "automations[0].on_true[0].register"),
        (
            {"on_true": [{**MODBUS, "register": 65_535, "type": "int32"}]},
            "automations[0].on_true[0].register",
        ),
        ({"on_true": [{**MODBUS, "link": 1}]}, "automations[0].on_true[0].link"),
    ],
)
def test_what_cannot_be_is_refused_with_its_path(changes: dict[str, Any], field: str) -> None:
    """An error names the place in the file."""
    with pytest.raises(NotAccepted) as refused:
        read_one(**changes)

    assert field == refused.value.field


@pytest.mark.parametrize(
    ("source", "last"),
    [
        (None, ""),
        ({"property": "mood"}, ".property"),
        ({"property": "tariff", "part": "hour"}, ".part"),
        ({"property": "time"}, ".part"),
        ({"property": "time", "part": "hour", "address": 1}, ".address"),
        ({**METER, "interface": "right_ir"}, ".interface"),
        ({**METER, "address": 248}, ".address"),
        ({**METER, "quantity": "colour"}, ".quantity"),
        ({**METER, "phase": "L4"}, ".phase"),
        ({**METER, "quantity": "current"}, ".phase"),
        ({**METER, "quantity": "frequency", "phase": "L1"}, ".phase"),
        ({**METER, "counter": 1}, ".counter"),
        ({**EVERY_INPUT[3], "kind": "new"}, ".kind"),
        ({**EVERY_INPUT[3], "counter": 17}, ".counter"),
        ({**EVERY_INPUT[3], "phase": "L1"}, ".phase"),
        ({**EVERY_INPUT[7], "function": 6}, ".function"),
        ({**EVERY_INPUT[7], "type": "int8"}, ".type"),
        ({**EVERY_INPUT[7], "register": 65_535}, ".register"),
        ({**EVERY_INPUT[7], "quantity": "voltage"}, ".quantity"),
    ],
)
def test_an_input_that_cannot_be_is_refused(source: object, last: str) -> None:
    """An error names the field of the input."""
    with pytest.raises(NotAccepted) as refused:
        read_one(condition={**POWER, "equation": [{"sign": "+", "input": source}]})

    assert f"automations[0].condition.equation[0].input{last}" == refused.value.field


def test_there_are_not_too_many() -> None:
    """Sixteen automations are taken, and no more."""
    assert 16 == len(read({"automations": [TEMPLATE] * 16}))
    with pytest.raises(NotAccepted):
        read({"automations": [TEMPLATE] * 17})


class Ten:
    """Inputs that are all 10, but for the tariff, which cannot be had."""

    def value(self, source: Input) -> Decimal | None:
        """Give 10."""
        return None if source == read_tariff() else Decimal(10)

    def steady_until(self, source: Input) -> datetime:
        """Tell that it is always 10."""
        return FOREVER


def read_tariff() -> Input:
    """Make the input that is the tariff."""
    one = read_one(
        condition={**POWER, "equation": [{"sign": "+", "input": {"property": "tariff"}}]}
    )
    return next(one.inputs)


def test_the_live_preview_has_every_block() -> None:
    """States are true, false or unknown, with the values of the inputs and their units."""
    tariff = {**POWER, "equation": [{"sign": "-", "input": {"property": "tariff"}}]}
    temperature = {
        **POWER,
        "equation": [{"sign": "+", "input": {"property": "temperature"}}],
        "value": 5,
        "hysteresis": 0,
    }
    time = {**POWER, "equation": [{"sign": "+", "input": {"property": "time", "part": "hour"}}]}
    condition = {"gate": "or", "of": [tariff, {"gate": "and", "of": [temperature, time]}, POWER]}
    runner = Runner()
    runner.take([read_one(condition=condition), read_one(condition=None), read_one()])
    before = live_body(runner, 0)["condition"]["of"][0]

    runner.run(datetime(2026, 6, 1, tzinfo=UTC), Ten(), None)
    first, second, third = (live_body(runner, number) for number in range(3))

    assert {"state": None, "value": None, "inputs": [{"value": None, "unit": ""}]} == before
    assert (None, None, None) == (first["state"], first["executed"], second["condition"])
    tariff_live, gate, power = first["condition"]["of"]
    assert {"state": None, "value": None, "inputs": [{"value": None, "unit": ""}]} == tariff_live
    assert {
        "gate": "and",
        "state": False,
        "of": [
            {"state": True, "value": "10", "inputs": [{"value": "10", "unit": "°C"}]},
            {"state": False, "value": "10", "inputs": [{"value": "10", "unit": ""}]},
        ],
    } == gate
    assert {"state": False, "value": "10", "inputs": [{"value": "10", "unit": "W"}]} == power
    assert (False, "on_false") == (third["state"], third["executed"])


def test_gates_have_a_live_preview_before_they_ran() -> None:
    """The tree stands there with unknown states."""
    runner = Runner()
    runner.take([read_one(condition={"gate": "and", "of": [POWER]})])

    unknown = {"state": None, "value": None, "inputs": [{"value": None, "unit": "W"}]}
    expected = {"gate": "and", "state": None, "of": [unknown]}
    assert {"state": None, "executed": None, "condition": expected} == live_body(runner, 0)
