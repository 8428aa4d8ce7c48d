"""
Automations as JSON: `automation.json` of the file manager, Export and Import, and the editor.

No public source has the form: it is ASSUMED, in the manual's words, and stands on the device
sheet. Reading is strict, and an error names the path.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from simulators.errors import NotAccepted
from simulators.iskra_sg import strict
from simulators.iskra_sg.automation import (
    OPERATORS,
    Action,
    Automation,
    Block,
    Condition,
    CounterInput,
    Gate,
    GatewayInput,
    Input,
    MessageAction,
    MeterInput,
    RegisterAction,
    RegisterInput,
    Runner,
    Seen,
    SwitchAction,
    TimeInput,
)
from simulators.iskra_sg.register_values import KINDS, fits

FILE = "automation.json"
AUTOMATIONS_LIMIT, BLOCKS_LIMIT, DEPTH_LIMIT = 16, 64, 8
EQUATION_LIMIT, ACTIONS_LIMIT = 8, 16
SUBTOPIC_LIMIT, MESSAGE_LIMIT = 64, 256
VALUE_LIMIT, VALUE_DECIMALS = 10**15, 6

UNITS = {
    "active_power": "W",
    "reactive_power": "var",
    "apparent_power": "VA",
    "voltage": "V",
    "current": "A",
    "power_factor": "",
    "frequency": "Hz",
}
"""The quantities of a meter that can be looked at, with their units."""
OF_PHASES_ONLY, OF_TOTAL_ONLY = ("voltage", "current"), ("frequency",)
PHASES = ("total", "L1", "L2", "L3")
PARTS = ("hour", "minute", "day_of_month", "day_of_week", "day_of_year")
OF_THE_GATEWAY = {"temperature": "°C", "pulses": "", "tariff": ""}
PROPERTIES = ("meter", "counter", "time", *OF_THE_GATEWAY, "modbus")
READS = ("left_ir", "rs485")
SWITCHES = ("right_ir", "rs485")


def read_file(text: str) -> tuple[Automation, ...]:
    """
    Read a file ``automation.json``.

    Raises:
        NotAccepted: If it is none.
    """
    return read(strict.parsed(text, FILE))


def read(data: object) -> tuple[Automation, ...]:
    """
    Read automations from plain data, strictly.

    Raises:
        NotAccepted: If something in it cannot be; it names the path.
    """
    table = strict.table(data, FILE, ("automations",))
    rows = strict.rows(table, "automations", "", AUTOMATIONS_LIMIT)
    return tuple(_automation(one, path) for path, one in rows)


def _automation(data: object, where: str) -> Automation:
    names = ("description", "enabled", "mode", "condition", "on_true", "on_false")
    table = strict.table(data, where, names)
    mode = strict.choice(table, "mode", where, ("on_change", "continuous"))
    condition = table.get("condition")
    return Automation(
        strict.text(table, "description", where),
        strict.flag(table, "enabled", where),
        mode == "continuous",
        None if condition is None else _blocks(condition, f"{where}.condition"),
        _actions(table, "on_true", where),
        _actions(table, "on_false", where),
    )


# ---------------------------------------------------------------- conditions


def _blocks(data: object, where: str) -> Block:
    block = _block(data, where, 1)
    if (count := _count(block)) > BLOCKS_LIMIT:
        raise NotAccepted(where, count, f"give {BLOCKS_LIMIT} blocks at most")
    return block


def _count(block: Block) -> int:
    return 1 if isinstance(block, Condition) else 1 + sum(_count(one) for one in block.of)


def _block(data: object, where: str, depth: int) -> Block:
    if not (isinstance(data, dict) and "gate" in data):
        return _condition(data, where)
    if depth > DEPTH_LIMIT:
        raise NotAccepted(where, data["gate"], f"give {DEPTH_LIMIT} levels at most")
    table = strict.table(data, where, ("gate", "of"))
    kind = strict.choice(table, "gate", where, ("and", "or"))
    rows = strict.rows(table, "of", where, BLOCKS_LIMIT)
    if not rows:  # §4.5.2: "all levels must end with a condition on the left side"
        raise NotAccepted(f"{where}.of", [], "give a gate one condition at least")
    return Gate(kind, tuple(_block(one, path, depth + 1) for path, one in rows))


def _condition(data: object, where: str) -> Condition:
    table = strict.table(data, where, ("equation", "operator", "value", "hysteresis"))
    equation = []
    for path, one in strict.rows(table, "equation", where, EQUATION_LIMIT):
        term = strict.table(one, path, ("sign", "input"))
        sign = strict.choice(term, "sign", path, ("+", "-"))
        equation.append((1 if sign == "+" else -1, _input(term.get("input"), f"{path}.input")))
    return Condition(
        tuple(equation),
        strict.choice(table, "operator", where, tuple(OPERATORS)),
        strict.decimal(table, "value", where, -VALUE_LIMIT, VALUE_LIMIT, VALUE_DECIMALS),
        strict.decimal(table, "hysteresis", where, 0, VALUE_LIMIT, VALUE_DECIMALS),
    )


def _input(data: object, where: str) -> Input:
    names = ("interface", "address", "quantity", "phase", "kind", "counter")
    others = ("part", "function", "register", "type")
    table = strict.table(data, where, ("property", *names, *others))
    what = strict.choice(table, "property", where, PROPERTIES)
    if what in OF_THE_GATEWAY:
        _only(table, where, ())
        return GatewayInput(what)
    if what == "time":
        _only(table, where, ("part",))
        return TimeInput(strict.choice(table, "part", where, PARTS))
    if what == "modbus":
        _only(table, where, ("address", "function", "register", "type"))
        return _register_input(table, where)
    interface = strict.choice(table, "interface", where, READS)
    address = strict.whole(table, "address", where, 0, 247)
    if what == "counter":
        _only(table, where, ("interface", "address", "kind", "counter"))
        kind = strict.choice(table, "kind", where, ("non_resettable", "resettable"))
        number = strict.whole(table, "counter", where, 1, 16)
        return CounterInput(interface, address, kind == "resettable", number)
    _only(table, where, ("interface", "address", "quantity", "phase"))
    return _meter_input(table, where, interface, address)


def _meter_input(table: strict.Table, where: str, interface: str, address: int) -> MeterInput:
    quantity = strict.choice(table, "quantity", where, tuple(UNITS))
    phases: Sequence[str] = PHASES
    if quantity in OF_PHASES_ONLY:
        phases = PHASES[1:]
    elif quantity in OF_TOTAL_ONLY:
        phases = PHASES[:1]
    phase = strict.choice(table, "phase", where, phases)
    return MeterInput(interface, address, quantity, PHASES.index(phase))


def _register_input(table: strict.Table, where: str) -> RegisterInput:
    function = strict.whole(table, "function", where, 3, 4)
    kind = strict.choice(table, "type", where, tuple(KINDS))
    return RegisterInput(
        strict.whole(table, "address", where, 1, 247), function, _register(table, where, kind), kind
    )


def _register(table: strict.Table, where: str, kind: str) -> int:
    return strict.whole(table, "register", where, 0, 0xFFFF - (KINDS[kind] - 1))


def _only(table: strict.Table, where: str, names: Sequence[str]) -> None:
    strict.table(table, where, ("property", *names))


# ---------------------------------------------------------------- actions


def _actions(table: strict.Table, name: str, where: str) -> tuple[Action, ...]:
    rows = strict.rows(table, name, where, ACTIONS_LIMIT)
    return tuple(_action(one, path) for path, one in rows)


def _action(data: object, where: str) -> Action:
    names = ("interface", "address", "function", "link", "subtopic", "message")
    table = strict.table(data, where, ("device", *names, "register", "type", "value"))
    device = strict.choice(table, "device", where, ("bicom", "mqtt", "modbus"))
    if device == "bicom":
        strict.table(table, where, ("device", "interface", "address", "function"))
        interface = strict.choice(table, "interface", where, SWITCHES)
        address = strict.whole(table, "address", where, 0, 247, absent=0)
        function = strict.choice(table, "function", where, ("on", "off", "toggle"))
        return SwitchAction(interface, address, function)
    if device == "mqtt":
        strict.table(table, where, ("device", "link", "subtopic", "message"))
        return _message(table, where)
    strict.table(table, where, ("device", "address", "function", "register", "type", "value"))
    return _register_action(table, where)


def _message(table: strict.Table, where: str) -> MessageAction:
    subtopic = strict.text(table, "subtopic", where, SUBTOPIC_LIMIT)
    if not subtopic or set(subtopic) & set("+#") or subtopic.strip("/") != subtopic:
        remedy = "give a subtopic without +, # and without / at its ends"
        raise NotAccepted(f"{where}.subtopic", subtopic, remedy)
    message = strict.text(table, "message", where, MESSAGE_LIMIT)
    return MessageAction(strict.whole(table, "link", where, 1, 2), subtopic, message)


def _register_action(table: strict.Table, where: str) -> RegisterAction:
    function = strict.whole(table, "function", where, 6, 16)
    if function not in (6, 16):
        raise NotAccepted(f"{where}.function", function, "give function 6 or 16")
    kind = strict.choice(table, "type", where, tuple(KINDS))
    decimals = 0 if kind != "float32" else VALUE_DECIMALS
    value = strict.decimal(table, "value", where, -VALUE_LIMIT, VALUE_LIMIT, decimals)
    if not fits(kind, value):
        raise NotAccepted(f"{where}.value", value, f"give what {kind} can hold")
    address = strict.whole(table, "address", where, 1, 247)
    return RegisterAction(address, function, _register(table, where, kind), kind, value)


# ---------------------------------------------------------------- writing


def as_json(automations: Sequence[Automation]) -> dict[str, Any]:
    """Give automations as plain data, as `read` takes it."""
    return {"automations": [_automation_json(one) for one in automations]}


def _automation_json(one: Automation) -> dict[str, Any]:
    return {
        "description": one.description,
        "enabled": one.enabled,
        "mode": "continuous" if one.is_continuous else "on_change",
        "condition": None if one.condition is None else _block_json(one.condition),
        "on_true": [_action_json(action) for action in one.on_true],
        "on_false": [_action_json(action) for action in one.on_false],
    }


def _block_json(block: Block) -> dict[str, Any]:
    if isinstance(block, Gate):
        return {"gate": block.kind, "of": [_block_json(one) for one in block.of]}
    return {
        "equation": [
            {"sign": "+" if sign > 0 else "-", "input": _input_json(source)}
            for sign, source in block.equation
        ],
        "operator": block.operator,
        "value": _plain(block.value),
        "hysteresis": _plain(block.hysteresis),
    }


def _plain(value: Decimal) -> int | float:
    return int(value) if value == int(value) else float(value)


def _input_json(source: Input) -> dict[str, Any]:
    if isinstance(source, GatewayInput):
        return {"property": source.what}
    if isinstance(source, TimeInput):
        return {"property": "time", "part": source.part}
    if isinstance(source, RegisterInput):
        return {
            "property": "modbus",
            "address": source.address,
            "function": source.function,
            "register": source.register,
            "type": source.kind,
        }
    place = {"interface": source.interface, "address": source.address}
    if isinstance(source, CounterInput):
        kind = "resettable" if source.resettable else "non_resettable"
        return {"property": "counter", **place, "kind": kind, "counter": source.counter}
    phase = PHASES[source.phase]
    return {"property": "meter", **place, "quantity": source.quantity, "phase": phase}


def _action_json(action: Action) -> dict[str, Any]:
    if isinstance(action, SwitchAction):
        return {
            "device": "bicom",
            "interface": action.interface,
            "address": action.address,
            "function": action.function,
        }
    if isinstance(action, MessageAction):
        return {
            "device": "mqtt",
            "link": action.link,
            "subtopic": action.subtopic,
            "message": action.message,
        }
    return {
        "device": "modbus",
        "address": action.address,
        "function": action.function,
        "register": action.register,
        "type": action.kind,
        "value": _plain(action.value),
    }


# ---------------------------------------------------------------- live preview


def live_body(runner: Runner, number: int) -> dict[str, Any]:
    """
    Give the live preview of an automation (§4.5.5), as of its last run.

    States are true, false, or null for unknown; the tree has the form of the condition, with the
    values of the inputs. What is executed are the actions that were done last.
    """
    seen, done = runner.seen(number)
    return {
        "state": None if seen is None else seen.state,
        "executed": {None: None, True: "on_true", False: "on_false"}[done],
        "condition": _live(runner.automations[number].condition, seen),
    }


def _live(block: Block | None, seen: Seen | None) -> dict[str, Any] | None:
    if block is None:
        return None
    state = None if seen is None else seen.state
    if isinstance(block, Gate):
        of = [None] * len(block.of) if seen is None else seen.of
        pairs = zip(block.of, of, strict=True)
        return {"gate": block.kind, "state": state, "of": [_live(one, was) for one, was in pairs]}
    values = [None] * len(block.equation) if seen is None else seen.inputs
    return {
        "state": state,
        "value": None if seen is None or seen.value is None else _text(seen.value),
        "inputs": [
            {"value": None if value is None else _text(value), "unit": _unit(source)}
            for (_, source), value in zip(block.equation, values, strict=True)
        ],
    }


def _text(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _unit(source: Input) -> str:
    if isinstance(source, MeterInput):
        return UNITS[source.quantity]
    return OF_THE_GATEWAY.get(source.what, "") if isinstance(source, GatewayInput) else ""
