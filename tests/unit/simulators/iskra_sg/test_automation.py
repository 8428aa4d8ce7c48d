"""Automations: when a condition turns, what gates make of it, and what is done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from simulators.iskra_sg.automation import (
    FOREVER,
    PERIOD,
    Action,
    Automation,
    Block,
    Condition,
    Gate,
    GatewayInput,
    Input,
    MessageAction,
    Runner,
    Seen,
)

AT = datetime(2026, 6, 1, tzinfo=UTC)
PULSES, TARIFF, TEMPERATURE = (GatewayInput(what) for what in ("pulses", "tariff", "temperature"))
ON, OFF = MessageAction(1, "status", "on"), MessageAction(1, "status", "off")


class Told:
    """Inputs that are what a test says."""

    def __init__(self, until: datetime = FOREVER, **values: int | None) -> None:
        self.values = values
        self.until = until

    def value(self, source: Input) -> Decimal | None:
        """Give what was said."""
        assert isinstance(source, GatewayInput)
        value = self.values[source.what]
        return None if value is None else Decimal(value)

    def steady_until(self, source: Input) -> datetime:
        """Tell what was said."""
        return self.until


def above(source: Input, value: int, hysteresis: int = 0, operator: str = ">") -> Condition:
    """Make a condition over one input."""
    return Condition(((1, source),), operator, Decimal(value), Decimal(hysteresis))


def run_all(
    block: Block | None, told: Sequence[Told], *, is_continuous: bool = False
) -> list[list[Action]]:
    """Give what an automation does with some inputs, one after the other."""
    runner = Runner()
    runner.take([Automation("", True, is_continuous, block, (ON,), (OFF,))])
    return [runner.run(AT + n * PERIOD, one, n) for n, one in enumerate(told)]


@pytest.mark.parametrize(
    ("operator", "measured", "states"),
    [
        (">", [10_500, 10_501, 9_501, 9_500, 10_500, 10_501], "111001"),
        (">=", [10_499, 10_500, 9_500, 9_499, 10_499, 10_500], "111001"),
        ("<", [9_500, 9_499, 10_499, 10_500, 9_500, 9_499], "111001"),
        ("<=", [9_501, 9_500, 10_500, 10_501, 9_501, 9_500], "111001"),
        ("==", [9_499, 9_500, 10_500, 10_501], "0110"),
        ("!=", [9_499, 9_500, 10_500, 10_501], "1001"),
    ],
)
def test_a_condition_turns_at_the_far_end_of_its_band(
    operator: str, measured: list[int], states: str
) -> None:
    """With 10,000 ± 500 it stays what it was between 9,500 and 10,500 (figure 63)."""
    condition = above(PULSES, 10_000, 500, operator)
    before: bool | None = None
    actual = ""
    for value in measured:
        before = condition.holds(Decimal(value), before)
        actual += "1" if before else "0"

    # Inside the band, before anything, it is what it would be without a hysteresis.
    assert states == actual


@pytest.mark.parametrize(
    ("operator", "states"),
    [(">", "001"), (">=", "011"), ("<", "100"), ("<=", "110"), ("==", "010"), ("!=", "101")],
)
def test_without_hysteresis_a_condition_compares(operator: str, states: str) -> None:
    """It is a plain comparison then, whatever it was before."""
    condition = above(PULSES, 5, 0, operator)

    for before in (None, True, False):
        actual = [condition.holds(Decimal(value), before) for value in (4, 5, 6)]
        assert [one == "1" for one in states] == actual


def test_inputs_are_added_and_subtracted() -> None:
    """The sum is compared, and the live preview has it with its inputs."""
    surplus = Condition(((1, PULSES), (-1, TARIFF), (1, TEMPERATURE)), ">", Decimal(10))
    runner = Runner()
    runner.take([Automation("", True, False, surplus, (ON,), (OFF,))])

    actions = runner.run(AT, Told(pulses=20, tariff=12, temperature=0), None)

    assert [OFF] == actions
    inputs = (Decimal(20), Decimal(12), Decimal(0))
    assert (Seen(False, Decimal(8), inputs), False) == runner.seen(0)


@pytest.mark.parametrize(
    ("kind", "tariff", "pulses", "result"),
    [
        ("and", 2, 2, True),
        ("and", 2, 0, False),
        ("and", None, 2, None),
        ("and", None, 0, False),
        ("or", 0, 2, True),
        ("or", 0, 0, False),
        ("or", None, 0, None),
        ("or", None, 2, True),
    ],
)
def test_gates_follow_from_what_is_known(
    kind: str, tariff: int | None, pulses: int, result: bool | None
) -> None:
    """A gate is true or false where the unknown ones do not matter."""
    gate = Gate(kind, (above(TARIFF, 1), Gate("and", (above(PULSES, 1),))))
    expected = {True: [ON], False: [OFF], None: []}[result]

    assert [expected] == run_all(gate, [Told(tariff=tariff, pulses=pulses)])


def test_on_change_acts_when_the_result_is_another() -> None:
    """It acts at the first result and at each other one; unknown is no result."""
    told = [Told(pulses=value) for value in (None, 2, 3, None, 3, 0, None, 2)]

    expected: list[list[Action]] = [[], [ON], [], [], [], [OFF], [], [ON]]
    assert expected == run_all(above(PULSES, 1), told)


def test_continuous_acts_each_time() -> None:
    """It acts at each evaluation whose result is known."""
    told = [Told(pulses=value) for value in (2, 2, None, 0)]

    assert [[ON], [ON], [], [OFF]] == run_all(above(PULSES, 1), told, is_continuous=True)


@pytest.mark.parametrize("block", [None, Condition()])
def test_what_is_not_configured_does_nothing(block: Block | None) -> None:
    """Neither the template nor a condition without an equation acts."""
    assert [[]] == run_all(block, [Told()], is_continuous=True)


def test_a_disabled_automation_does_nothing() -> None:
    """Only what is enabled is evaluated."""
    runner = Runner()
    runner.take([Automation("", False, True, above(PULSES, 1), (ON,))])

    assert runner.is_idle
    assert [] == runner.run(AT, Told(pulses=2), None)
    assert [] == runner.repeat()
    assert (None, None) == runner.seen(0)


def test_an_evaluation_is_due_when_something_can_have_changed() -> None:
    """It is left out while inputs are steady and nothing around them is another."""
    runner = Runner()
    runner.take([Automation("", True, True, above(PULSES, 1), (ON,))])
    due_first = runner.is_due(AT, "as before")

    runner.run(AT, Told(AT + timedelta(minutes=1), pulses=2), "as before")

    assert due_first
    assert not runner.is_due(AT + timedelta(seconds=59), "as before")
    assert runner.is_due(AT + timedelta(seconds=60), "as before")
    assert runner.is_due(AT + PERIOD, "otherwise")
    assert [ON] == runner.repeat()


def test_saving_keeps_what_stays_and_begins_the_rest_anew() -> None:
    """An automation that is saved unchanged does not act again, a duplicate of it does."""
    same = Automation("", True, False, above(PULSES, 1), (ON,))
    runner = Runner()
    runner.take([same])
    runner.run(AT, Told(pulses=2), None)

    runner.take([same, same])

    assert (same, same) == runner.automations
    assert runner.is_due(AT, None)
    assert [ON] == runner.run(AT, Told(pulses=2), None)
    runner.begin_anew()
    assert [ON, ON] == runner.run(AT, Told(pulses=2), None)


def test_continuous_repeats_nothing_before_a_result() -> None:
    """Without an evaluation there is nothing to repeat."""
    runner = Runner()
    runner.take([Automation("", True, True, above(PULSES, 1), (ON,))])

    assert not runner.is_idle
    assert [] == runner.repeat()
