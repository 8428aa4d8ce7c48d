"""Sentences about what people do at a charger under test: cable, card, power, line."""

from __future__ import annotations

import contextlib

from pytest_bdd import given, parsers, when

from harness.bench import Bench
from harness.steps.compliance import tool_of
from simulators.errors import NotPossible


@given("a car is plugged in")
@when("a car is plugged in")
def car_is_plugged_in(bench: Bench) -> None:
    """Plug a car in at both ends of the cable."""
    tool = tool_of(bench)
    tool.do(lambda: tool.hands.plug_in())


@given(parsers.parse("{person} shows the card"))
@when(parsers.parse("{person} shows the card"))
def shows_the_card(bench: Bench, person: str) -> None:
    """Hold a person's card to the reader."""
    tool, card = tool_of(bench), bench.card_of(person)
    tool.do(lambda: tool.hands.show_card(card))


@when("the cable is taken out of the car")
def cable_out_of_car(bench: Bench) -> None:
    """Unplug the cable at the car only."""
    tool = tool_of(bench)
    tool.do(lambda: tool.hands.unplug_car())


@when("the cable is taken out")
def cable_out(bench: Bench) -> None:
    """Unplug the cable at both ends."""
    tool = tool_of(bench)
    tool.do(lambda: tool.hands.unplug())


@when("somebody pulls at the cable")
def somebody_pulls(bench: Bench) -> None:
    """Take the cable out of the charger, if it lets it go."""
    tool = tool_of(bench)
    with contextlib.suppress(NotPossible):
        tool.do(lambda: tool.hands.pull_cable())


@given("the line is cut")
@when("the line is cut")
def line_is_cut(bench: Bench) -> None:
    """Break the line between the charger and the central system."""
    tool = tool_of(bench)
    tool.do(lambda: tool.charger.cut_line())


@given("the line is restored")
@when("the line is restored")
def line_is_restored(bench: Bench) -> None:
    """Put the line between the charger and the central system right."""
    tool = tool_of(bench)
    tool.do(lambda: tool.charger.restore_line())


@when("the power is cut")
def power_is_cut(bench: Bench) -> None:
    """Take the charger's power away."""
    tool = tool_of(bench)
    tool.do(lambda: tool.hands.cut_power())


@when("the power is restored")
def power_is_restored(bench: Bench) -> None:
    """Give the charger its power back."""
    tool = tool_of(bench)
    tool.do(lambda: tool.hands.restore_power())


@given(parsers.re(r"the charger breaks down with (?P<error_code>\w+)"))
@when(parsers.re(r"the charger breaks down with (?P<error_code>\w+)"))
def breaks_down(bench: Bench, error_code: str) -> None:
    """Let a fault of OCPP 1.6 §7.6 come over the charger."""
    tool = tool_of(bench)
    tool.do(lambda: tool.hands.break_down(error_code))


@given(parsers.re(r"the (?P<part>lock|list memory) of the charger fails"))
def part_fails(bench: Bench, part: str) -> None:
    """Let a part of the charger fail: the lock of its socket, or the memory for its local list."""
    tool_of(bench).fail(part)
