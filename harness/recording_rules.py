"""
What of the requirements can be judged from a recording alone, and how.

A scenario knows what its day should come to; a recording knows only what was said. What holds for
any recording is a rule here: it is judged on what crossed in a run of the recording
(`harness.rerun`) and on what the utility holds afterwards, by readers that are not the backend's.

Rule 1: a rule never guesses. Where a recording does not say enough, or says what a sound meter does
not say, it cannot be judged (`CannotJudge`), which is neither kept nor broken.
Rule 2: a breach is one sentence, the first in the order of chargers and of time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

from harness.errors import HarnessError
from harness.frames import REGISTER, WH_PER_KWH, Call, instant_of, rounded_kwh
from harness.local_time import ZURICH, grid
from harness.rerun import INTERVAL_MINUTES, Rerun

CONFIRMED = ("StartTransaction", "StopTransaction", "MeterValues")
UNITS_WH = {None: Decimal(1), "": Decimal(1), "Wh": Decimal(1), "kWh": WH_PER_KWH}


class CannotJudge(HarnessError):
    """A recording does not allow a rule to be judged; the text says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """
    A requirement as it is judged on a recording.

    Attributes:
        id: of the requirement.
        how: what is held against what.
        breach: gives the first breach in a run, None where the rule holds.
    """

    id: str
    how: str
    breach: Callable[[Rerun], str | None]


@dataclass(frozen=True, slots=True)
class Told:
    """What a register showed, in Wh, as the charger said; whether in whole Wh only."""

    at: datetime
    wh: Decimal
    is_sampled: bool


def registers_told(rerun: Rerun, identity: str) -> list[Told]:
    """
    Give what a charger's register showed, in the order of time.

    Where a sampled register and a ``meterStart`` or ``meterStop`` bear one time, the sampled one
    counts: the others are whole watt hours.

    Raises:
        CannotJudge: If the charger said nothing of it, says it of several connectors, in a way that
            is not plain, of times outside the days of the recording, or if it goes back.
    """
    found: dict[datetime, Told] = {}
    connectors: set[object] = set()
    for call in rerun.calls(identity):
        for connector, told in _told(call, identity):
            connectors |= {connector} if connector is not None else set()
            known = found.get(told.at)
            if known is None or told.is_sampled:
                found[told.at] = told
    registers = [found[at] for at in sorted(found)]
    if not registers:
        raise CannotJudge(f"{identity} says nothing of a register of energy")
    if len(connectors) > 1:
        raise CannotJudge(f"{identity} tells the registers of several connectors")
    begin, end = grid(rerun.days[0], 15)[0], grid(rerun.days[-1], 15)[-1]
    for one, other in pairwise((registers[0], *registers)):
        if other.wh < one.wh:
            raise CannotJudge(f"the register of {identity} goes back at {_local(other.at)}")
        if not begin <= other.at <= end:
            raise CannotJudge(f"{identity} tells a register of {_local(other.at)}, another day")
    return registers


def _told(call: Call, identity: str) -> list[tuple[object, Told]]:
    """Give the registers of a call, each with its connector where the call names it."""
    payload = call.payload if isinstance(call.payload, dict) else {}
    try:
        if call.action == "MeterValues":
            return [(payload.get("connectorId"), told) for told in _sampled(payload["meterValue"])]
        if call.action == "StartTransaction":
            at, wh = instant_of(payload["timestamp"]), Decimal(payload["meterStart"])
            return [(payload.get("connectorId"), Told(at, wh, is_sampled=False))]
        if call.action == "StopTransaction":
            at, wh = instant_of(payload["timestamp"]), Decimal(payload["meterStop"])
            sampled = _sampled(payload.get("transactionData") or [])
            return [(None, told) for told in (Told(at, wh, is_sampled=False), *sampled)]
    except (KeyError, TypeError, ValueError, InvalidOperation, AttributeError):
        raise CannotJudge(
            f"{identity} tells a register otherwise than OCPP says: {call.crossing.text[:100]}"
        ) from None
    return []


def _sampled(entries: list[dict[str, Any]]) -> list[Told]:
    found = []
    for entry in entries:
        for sample in entry["sampledValue"]:
            if sample.get("measurand", REGISTER) != REGISTER or sample.get("phase"):
                continue
            wh = Decimal(sample["value"]) * UNITS_WH[sample.get("unit")]
            found.append(Told(instant_of(entry["timestamp"]), wh, is_sampled=True))
    return found


# ---------------------------------------------------------------------- the rules


def _sums(rerun: Rerun) -> str | None:
    for identity in rerun.identities:
        registers = registers_told(rerun, identity)
        expected = rounded_kwh(registers[-1].wh) - rounded_kwh(registers[0].wh)
        held = rerun.held(identity)
        arrived = sum((one.energy_kwh or Decimal(0) for one in held), Decimal(0))
        if arrived != expected:
            return (
                f"the energies of {identity} sum to {arrived} kWh, not to {expected}, which its "
                f"register counted from {_local(registers[0].at)} to {_local(registers[-1].at)}"
            )
    return None


def _periods(rerun: Rerun) -> str | None:
    for identity in rerun.identities:
        shown = {told.at: told.wh for told in registers_told(rerun, identity) if told.is_sampled}
        for one in rerun.held(identity):
            if one.start not in shown or one.end not in shown or one.status != "W":
                continue
            expected = rounded_kwh(shown[one.end]) - rounded_kwh(shown[one.start])
            if one.energy_kwh != expected:
                return (
                    f"{identity} until {_local(one.end)}: {one.energy_kwh} kWh arrived, its "
                    f"register counted {expected}"
                )
    return None


def _none_left_out(rerun: Rerun) -> str | None:
    for identity in rerun.identities:
        for day in rerun.days:
            starts = {one.start for one in rerun.held(identity, day)}
            for start, end in pairwise(grid(day, INTERVAL_MINUTES)):
                if start not in starts:
                    return f"nothing arrived of {identity} until {_local(end)}"
    return None


def _on_the_grid(rerun: Rerun) -> str | None:
    bench = rerun.bench
    boundaries = [grid(day, INTERVAL_MINUTES) for day in rerun.days]
    ends = [end for each in boundaries for end in each[1:]]
    labels = [f"{end.astimezone(ZURICH):%d.%m.%Y %H:%M:%S}" for end in ends]
    for identity in rerun.identities:
        code = bench.station(identity).metering_code or ""
        for file in bench.utility.arrived():
            rows = [line.split(";")[2] for line in file.lines() if line.startswith(code)]
            places = iter(labels)
            # Each is looked for behind the one before, so this is about their order, too.
            astray = next((label for label in rows if label not in places), None)
            if astray is not None:
                return (
                    f"{file.name}: a row of {identity} is labelled {astray}, which is no quarter "
                    "hour of the days, or stands out of the order of time"
                )
    return None


def _confirmed(rerun: Rerun) -> str | None:
    for identity in rerun.identities:
        for call in rerun.calls(identity):
            if call.action in CONFIRMED and not call.confirmed:
                said = "nothing" if call.answer is None else call.answer.text
                return f"{call.action} of {identity} is answered with {said}"
    return None


def _local(at: datetime) -> str:
    return f"{at.astimezone(ZURICH):%Y-%m-%d %H:%M:%S}"


RULES = {
    rule.id: rule
    for rule in (
        Rule(
            "ISE-02",
            "each value with status W, at both of whose ends the register was sampled, is the "
            "difference of the two registers, each rounded to the delivered digits",
            _periods,
        ),
        Rule(
            "ISE-03",
            "of each charger the utility holds a value of each quarter hour of each day",
            _none_left_out,
        ),
        Rule(
            "ISE-18",
            "the values of each charger, of all days together, sum to what its register counted "
            "from the first to the last that it told, rounded at both ends; judged where it tells "
            "them plainly, of one connector, and they do not go back",
            _sums,
        ),
        Rule(
            "ISE-19",
            "the rows of each file are labelled with quarter hours of the days in local time, and "
            "stand in the order of time",
            _on_the_grid,
        ),
        Rule(
            "COL-02",
            "each StartTransaction, StopTransaction and MeterValues is confirmed",
            _confirmed,
        ),
    )
}
"""The requirements that can be judged on a recording, by their ids."""
