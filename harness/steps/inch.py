"""Sentences about what is particular about an emulated INCH, before a central system on strings."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal
from itertools import pairwise
from typing import Any

from pytest_bdd import given, parsers, then, when

from harness.bench import Bench, Speech
from harness.errors import Disagreement, NothingArrived
from harness.frames import Sample, samples
from harness.steps.compliance import tool_of
from harness.tool import CHARGER
from simulators.charger_inch import Car, Card

FIRST, LAST = "the first card of the list", "the last card of the list"
"""Words for cards of the local list that was sent last."""

# ---------------------------------------------------------------------- whom it speaks with


@given(parsers.parse("the central system speaks {subprotocol} only"))
def central_speaks_only(bench: Bench, subprotocol: str) -> None:
    """Let the central system on strings know one sub-protocol, and no other."""
    bench.central_speaks = Speech(subprotocol)


@given(
    parsers.re(
        r"the central system speaks through TLS, with a certificate that the charger"
        r" (?P<verb>trusts|does not trust)"
    )
)
def central_speaks_through_tls(bench: Bench, verb: str) -> None:
    """Let the central system on strings listen for wss, with a certificate made for it."""
    bench.central_speaks = Speech(through_tls=True, is_trusted=verb == "trusts")


# ---------------------------------------------------------------------- the local list


@given(parsers.parse("the operator sends a local list of {count:d} cards"))
def operator_sends_list(bench: Bench, count: int) -> None:
    """Have a full list sent in one frame; its cards are numbered from 1."""
    cards = range(1, count + 1)
    _send_list(bench, 1, "Full", [_entry(number) for number in cards])
    _name_cards(bench, 1, count)


@given(
    parsers.parse(
        "the operator sends a difference that adds {added:d} cards and takes the first {gone:d} out"
    )
)
def operator_sends_difference(bench: Bench, added: int, gone: int) -> None:
    """Have a difference to the last list sent; the words for its cards are of the whole."""
    last = int(tool_of(bench).words[LAST], 16)
    entries = [{"idTag": _id_tag(number)} for number in range(1, gone + 1)]
    entries += [_entry(number) for number in range(last + 1, last + added + 1)]
    _send_list(bench, 2, "Differential", entries)
    _name_cards(bench, 1, last + added)


@when(parsers.parse("the {which} card of the list is shown"))
def card_of_list_is_shown(bench: Bench, which: str) -> None:
    """Hold a card of the local list to the reader."""
    id_tag = tool_of(bench).words[f"the {which} card of the list"]
    card = Card(bytes.fromhex(id_tag)[::-1], f"whoever has the {which} card")
    tool_of(bench).do(lambda: bench.charger(CHARGER).show_card(card))


def _id_tag(number: int) -> str:
    return f"{number:08X}"


def _entry(number: int) -> dict[str, Any]:
    return {"idTag": _id_tag(number), "idTagInfo": {"status": "Accepted"}}


def _send_list(bench: Bench, version: int, kind: str, entries: list[dict[str, Any]]) -> None:
    payload = {"listVersion": version, "updateType": kind, "localAuthorizationList": entries}
    tool_of(bench).begin()
    tool_of(bench).send("SendLocalList", payload)


def _name_cards(bench: Bench, first: int, last: int) -> None:
    tool_of(bench).words |= {FIRST: _id_tag(first), LAST: _id_tag(last)}


# ---------------------------------------------------------------------- files and vendor's words


@then("the diagnostics are a zip of ASCII files")
def diagnostics_are_ascii(bench: Bench) -> None:
    """Open every file that was brought to the depot, and read what is in it."""
    depot = tool_of(bench).depot
    brought = [] if depot is None else list(depot.files().values())
    if not brought:
        raise NothingArrived("nothing was brought to the depot")
    for content in brought:
        with zipfile.ZipFile(io.BytesIO(content)) as folder:
            texts = [folder.read(name) for name in folder.namelist()]
        if not texts or not all(text.isascii() for text in texts):
            raise Disagreement("the diagnostics hold no files, or one that is not ASCII")


@when("the charger tells what its building and its cluster consume")
def tells_consumption(bench: Bench) -> None:
    """Let the charger send both of the vendor's messages to a backend."""

    async def tell() -> None:
        charger = bench.charger(CHARGER)
        currents = {"currentL1": 18.0, "currentL2": 17.5, "currentL3": 18.5}
        await charger.report_consumption("BuildingConsumption", powerKw=12.5, **currents)
        await charger.report_consumption("ClusterConsumption", powerKw=40.0, chargers=3)

    tool_of(bench).do(tell)


# ---------------------------------------------------------------------- physics


@given(
    parsers.re(
        r"the car of the charger is on (?P<phases>[123]) phases?, at most (?P<current>\d+) A,"
        r" at (?P<percent>\d+) % of (?P<size>\d+) kWh(?:, with a cable for (?P<cable>\d+) A)?"
    )
)
def car_is(
    bench: Bench, phases: str, current: str, percent: str, size: str, cable: str | None
) -> None:
    """Let this car come to the charger under test."""
    battery_wh = int(size) * 1_000
    car = Car(
        phases=int(phases),
        max_current_a=int(current),
        battery_wh=battery_wh,
        charge_wh=battery_wh * int(percent) // 100,
        cable_a=32 if cable is None else int(cable),
    )
    bench.build(CHARGER, car=car)


@then("what the charger has told of power, currents, voltages and register agrees")
def physics_agree(bench: Bench) -> None:
    """Compare the values of each instant, and what was counted between two of them."""
    told = _told(bench)
    bench.decide([values[0].crossing for values in told[-2:]])
    for values in told:
        _compare_power(values)
    for before, after in pairwise(told):
        _compare_energy(before, after)


@then(parsers.parse("the current of each phase was never above {most:d} A"))
def currents_never_above(bench: Bench, most: int) -> None:
    """Compare every Current.Import with a limit."""
    highest = max(
        Decimal(value.value)
        for values in _told(bench)
        for value in values
        if value.measurand == "Current.Import"
    )
    if not most - 1 < highest <= most:
        raise Disagreement(f"the highest current was {highest} A, not {most} A or a little below")


def _told(bench: Bench) -> list[list[Sample]]:
    """Give the sampled values by the instant at which they were taken, in order of time."""
    by_instant: dict[Any, list[Sample]] = {}
    for sample in samples(bench.tap.crossings, CHARGER):
        if sample.context == "Sample.Periodic":
            by_instant.setdefault(sample.at, []).append(sample)
    if len(by_instant) < 10:
        raise NothingArrived(f"the charger has told its values {len(by_instant)} times, not 10")
    return [by_instant[at] for at in sorted(by_instant)]


def _value(values: list[Sample], measurand: str, phase: str = "") -> Decimal:
    for sample in values:
        if (sample.measurand, sample.phase) == (measurand, phase):
            return Decimal(sample.value)
    raise NothingArrived(f"{values[0].at.isoformat()}: no {measurand} {phase} was told".rstrip())


def _half(value: Decimal) -> Decimal:
    """Give half of the last digit that is told: how far the truth may lie from it."""
    exponent = value.as_tuple().exponent
    return Decimal(5).scaleb(int(exponent) - 1)


def _compare_power(values: list[Sample]) -> None:
    """P = Σ U · I · cos φ, as far as the digits that are told reach."""
    factor = _value(values, "Power.Factor")
    low = high = Decimal(0)
    for phase in ("L1", "L2", "L3"):
        volts, amperes = (
            _value(values, measurand, phase) for measurand in ("Voltage", "Current.Import")
        )
        low += (volts - _half(volts)) * max(Decimal(0), amperes - _half(amperes))
        high += (volts + _half(volts)) * (amperes + _half(amperes))
    watts = _value(values, "Power.Active.Import") * 1_000
    room = _half(_value(values, "Power.Active.Import")) * 1_000
    least = low * (factor - _half(factor)) - room
    most = high * (factor + _half(factor)) + room
    if not least <= watts <= most:
        raise Disagreement(
            f"{values[0].at.isoformat()}: {watts} W was told, but currents, voltages and power"
            f" factor make {least:.1f} to {most:.1f} W"
        )


def _compare_energy(before: list[Sample], after: list[Sample]) -> None:
    """The register rises by what the power makes of the time, as far as the digits reach."""
    energy = "Energy.Active.Import.Register"
    first, last = _value(before, energy), _value(after, energy)
    hours = Decimal((after[0].at - before[0].at).total_seconds()) / 3_600
    powers = [_value(values, "Power.Active.Import") for values in (before, after)]
    room = 2 * _half(first) + max(map(_half, powers)) * hours
    least, most = min(powers) * hours - room, max(powers) * hours + room
    if not least <= last - first <= most:
        raise Disagreement(
            f"{before[0].at.isoformat()}: the register rose by {last - first} kWh, but power and"
            f" time make {least:.6f} to {most:.6f} kWh"
        )
