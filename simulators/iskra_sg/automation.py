"""
Automations: conditions, gates and what is done when they are true or false (document 004 §4.5).

Rule 1: a condition adds and subtracts inputs and compares the sum with a value. With a hysteresis
it turns at the far end of the band (figure 63: "Value 10000, hysteresis ±500: 9.5 kW - 10.5 kW"):
``>`` becomes true above 10,500 and false at 9,500 or below; between the two it stays what it was.
Inside the band, before it has been anything, it is what it would be without a hysteresis (ASSUMED).
Rule 2: an input that cannot be had, as its device does not answer, makes its condition unknown. A
gate is true or false where that follows whatever the unknown ones are, and else unknown. While
the whole is unknown nothing is done (ASSUMED).
Rule 3: "on change" acts when the result is another than the last one known, so also the first time
that it is known ("only when the condition result changes for the first time"); "continuous" acts
each time that it is evaluated. Unknown is no result: what is the same after it is no change.
Rule 4: an evaluation may be left out only where no input can be another than the last time
(`Runner.is_due`); its outcome is then what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Protocol

PERIOD = timedelta(seconds=1)
"""Document 004 §4.5: "Automations are executed 1 second after the previous execution"."""
FOREVER = datetime.max.replace(tzinfo=UTC)


# ---------------------------------------------------------------- what is looked at


@dataclass(frozen=True, slots=True)
class MeterInput:
    """A measured value; ``phase`` is 0 for the total, or 1 to 3."""

    interface: str
    address: int
    quantity: str
    phase: int = 0


@dataclass(frozen=True, slots=True)
class CounterInput:
    """What a counter shows; ``counter`` is its place among its kind, from 1 on."""

    interface: str
    address: int
    resettable: bool
    counter: int


@dataclass(frozen=True, slots=True)
class TimeInput:
    """A part of the gateway's local time; Monday is day 1 of the week (ASSUMED)."""

    part: str


@dataclass(frozen=True, slots=True)
class GatewayInput:
    """``temperature`` in °C, ``pulses`` since ever, or the active ``tariff``."""

    what: str


@dataclass(frozen=True, slots=True)
class RegisterInput:
    """A value in the registers of a device on RS485."""

    address: int
    function: int
    register: int
    kind: str


Input = MeterInput | CounterInput | TimeInput | GatewayInput | RegisterInput


class Inputs(Protocol):
    """What inputs are, at an instant."""

    def value(self, source: Input) -> Decimal | None:
        """Give a value, in base units; None where it cannot be had."""

    def steady_until(self, source: Input) -> datetime:
        """Tell until when it stays what it is, unless somebody changes something."""


# ---------------------------------------------------------------- conditions

Compare = Callable[[Decimal, Decimal, Decimal], bool]

OPERATORS: dict[str, tuple[Compare, Compare]] = {
    ">": (lambda x, v, h: x > v + h, lambda x, v, h: x <= v - h),
    ">=": (lambda x, v, h: x >= v + h, lambda x, v, h: x < v - h),
    "<": (lambda x, v, h: x < v - h, lambda x, v, h: x >= v + h),
    "<=": (lambda x, v, h: x <= v - h, lambda x, v, h: x > v + h),
    "==": (lambda x, v, h: abs(x - v) <= h, lambda x, v, h: abs(x - v) > h),
    "!=": (lambda x, v, h: abs(x - v) > h, lambda x, v, h: abs(x - v) <= h),
}
"""
For which x, of value v and hysteresis h, a condition becomes true, and for which false. Figures 60
to 75 show > and <; the others, and that the hysteresis is the tolerance of the last two, ASSUMED.
"""


@dataclass(frozen=True, slots=True)
class Condition:
    """
    A comparison.

    Attributes:
        equation: what is added (1) and subtracted (-1); empty while it is "Not configured".
        operator: one of `OPERATORS`.
    """

    equation: tuple[tuple[int, Input], ...] = ()
    operator: str = ">"
    value: Decimal = Decimal(0)
    hysteresis: Decimal = Decimal(0)

    def holds(self, measured: Decimal, before: bool | None) -> bool:
        """Tell whether it is true of what is measured, having been so or not before."""
        becomes_true, becomes_false = OPERATORS[self.operator]
        if becomes_true(measured, self.value, self.hysteresis):
            return True
        if becomes_false(measured, self.value, self.hysteresis):
            return False
        if before is not None:
            return before
        return becomes_true(measured, self.value, Decimal(0))


@dataclass(frozen=True, slots=True)
class Gate:
    """``and`` or ``or`` over what stands to the left of it."""

    kind: str
    of: tuple[Block, ...]


Block = Condition | Gate


# ---------------------------------------------------------------- what is done


@dataclass(frozen=True, slots=True)
class SwitchAction:
    """Move a Bicom: ``on``, ``off`` or ``toggle``; the one at right IR has no address."""

    interface: str
    address: int
    function: str


@dataclass(frozen=True, slots=True)
class MessageAction:
    """Publish a message over a link, below its publish topic."""

    link: int
    subtopic: str
    message: str


@dataclass(frozen=True, slots=True)
class RegisterAction:
    """Write a register; 32 bits go into it and the next one."""

    address: int
    function: int
    register: int
    kind: str
    value: Decimal


Action = SwitchAction | MessageAction | RegisterAction


@dataclass(frozen=True, slots=True)
class Automation:
    """
    An automation; without a condition it is the template of figure 39 and does nothing.

    Attributes:
        is_continuous: whether it acts each time, or only on change.
    """

    description: str = ""
    enabled: bool = False
    is_continuous: bool = False
    condition: Block | None = None
    on_true: tuple[Action, ...] = ()
    on_false: tuple[Action, ...] = ()

    @property
    def inputs(self) -> Iterator[Input]:
        """Every input of every condition."""
        if self.condition is not None:
            yield from _inputs(self.condition)


def _inputs(block: Block) -> Iterator[Input]:
    if isinstance(block, Condition):
        yield from (source for _, source in block.equation)
    else:
        for one in block.of:
            yield from _inputs(one)


# ---------------------------------------------------------------- running them


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What a block was when it was looked at last.

    Attributes:
        state: true, false, or None for unknown.
        value: of a condition: its sum.
        inputs: of a condition: what was added and subtracted.
        of: of a gate: what stands to its left.
    """

    state: bool | None
    value: Decimal | None = None
    inputs: tuple[Decimal | None, ...] = ()
    of: tuple[Seen, ...] = ()


@dataclass(slots=True)
class _Running:
    """An automation with what it remembers."""

    automation: Automation
    conditions: dict[tuple[int, ...], bool] = field(default_factory=dict)
    result: bool | None = None
    done: bool | None = None
    seen: Seen | None = None


class Runner:
    """All automations of a gateway."""

    def __init__(self) -> None:
        self._running: list[_Running] = []
        self._steady_until: datetime | None = None
        self._surroundings: object = None

    @property
    def automations(self) -> tuple[Automation, ...]:
        """All of them, in their order."""
        return tuple(one.automation for one in self._running)

    @property
    def is_idle(self) -> bool:
        """Whether none is enabled."""
        return not any(one.automation.enabled for one in self._running)

    def take(self, automations: Sequence[Automation]) -> None:
        """Have these instead; one that was there before goes on, any other begins anew."""
        before = list(self._running)
        self._running = []
        for automation in automations:
            same = next((one for one in before if one.automation == automation), None)
            if same is not None:
                before.remove(same)
            self._running.append(same or _Running(automation))
        self._steady_until = None

    def begin_anew(self) -> None:
        """Forget what they were, as a gateway does that boots."""
        self._running = [_Running(one.automation) for one in self._running]
        self._steady_until = None

    def is_due(self, at: datetime, surroundings: object) -> bool:
        """
        Tell whether an evaluation could come to another outcome than the last one.

        Parameters:
            surroundings: whatever inputs depend on besides time, comparable.
        """
        steady_until = self._steady_until
        return steady_until is None or at >= steady_until or surroundings != self._surroundings

    def run(self, at: datetime, inputs: Inputs, surroundings: object) -> list[Action]:
        """Evaluate all that are enabled, and tell what is to be done."""
        self._surroundings = surroundings
        enabled = [one for one in self._running if one.automation.enabled]
        sources = {source for one in enabled for source in one.automation.inputs}
        self._steady_until = min((inputs.steady_until(one) for one in sources), default=FOREVER)
        values = {source: inputs.value(source) for source in sources}
        return [action for one in enabled for action in _run(one, values)]

    def repeat(self) -> list[Action]:
        """Tell what is to be done where the outcome is the same as the last time."""
        return [
            action
            for one in self._running
            if one.automation.enabled and one.automation.is_continuous
            for action in _actions(one)
        ]

    def seen(self, number: int) -> tuple[Seen | None, bool | None]:
        """Tell what an automation was at last, and which of its actions it did last."""
        return self._running[number].seen, self._running[number].done


def _run(one: _Running, values: dict[Input, Decimal | None]) -> list[Action]:
    if one.automation.condition is None:
        return []
    one.seen = _look(one.automation.condition, values, one.conditions, ())
    state = one.seen.state
    if state is None:
        return []
    is_change = state != one.result
    one.result = state
    return _actions(one) if is_change or one.automation.is_continuous else []


def _actions(one: _Running) -> list[Action]:
    state = one.seen.state if one.seen is not None else None
    if state is None:
        return []
    one.done = state
    return list(one.automation.on_true if state else one.automation.on_false)


def _look(
    block: Block,
    values: dict[Input, Decimal | None],
    before: dict[tuple[int, ...], bool],
    path: tuple[int, ...],
) -> Seen:
    if isinstance(block, Gate):
        of = tuple(_look(one, values, before, (*path, n)) for n, one in enumerate(block.of))
        return Seen(_joined(block.kind, [one.state for one in of]), of=of)
    inputs = tuple(values[source] for _, source in block.equation)
    if not inputs or None in inputs:
        return Seen(None, inputs=inputs)
    total = sum(
        (sign * value for (sign, _), value in zip(block.equation, inputs, strict=True) if value),
        Decimal(0),
    )
    before[path] = block.holds(total, before.get(path))
    return Seen(before[path], total, inputs)


def _joined(kind: str, states: Sequence[bool | None]) -> bool | None:
    decisive = kind == "or"  # one true decides an OR, one false an AND
    if decisive in states:
        return decisive
    return None if None in states else not decisive
