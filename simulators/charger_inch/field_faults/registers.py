"""Rows F24 to F52: what meters say, in which unit, and in which structure."""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Literal

from simulators.charger_inch.field_faults.payloads import (
    MWH_PER_WH,
    REGISTER,
    entries_of,
    in_wh,
    instant_in,
    is_of,
    meter_values,
    mwh_of,
    number_of,
    register_of,
    register_sample,
    start_wh,
    with_mwh,
    with_registers,
    with_samples,
)
from simulators.charger_inch.measurements import decimal_text, stamp
from simulators.charger_inch.outbox import Transaction
from simulators.charger_inch.quirks import Quirk, Request, Scene, number

Json = dict[str, Any]

POWER = "Power.Active.Import"
INTERVAL = "Energy.Active.Import.Interval"

MWH_PER_KWH = 1_000 * MWH_PER_WH

RESTARTS_LIMIT = 16
"""How many restarts of a register are remembered, for what was read before them."""

HOLE = "hole-in-the-json"
"""A field that marks a payload whose text is to be broken; it never reaches the wire."""


# ---------------------------------------------------------------- numbers and units


@dataclass(frozen=True, slots=True)
class KwhLabelledWh(Quirk):
    """Registers are whole kWh under the unit Wh: a thousandth of what was counted."""

    name: ClassVar[str] = "kwh-labelled-wh"
    row: ClassVar[str] = "F24"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write the whole kWh, and Wh behind them."""

        def changed(sample: Json) -> Iterable[Json]:
            mwh = mwh_of(sample)
            return (sample if mwh is None else in_wh(sample, mwh // MWH_PER_KWH),)

        return with_samples(request, changed)


@dataclass(frozen=True, slots=True)
class KwLabelledW(Quirk):
    """
    The power is a number of kW under the unit W, or under none.

    Attributes:
        unit: what stands behind the number.
        energy_too: whether registers are numbers of Wh under the unit kWh.
    """

    name: ClassVar[str] = "kw-labelled-w"
    row: ClassVar[str] = "F25"

    unit: Literal["W", "none"] = "W"
    energy_too: bool = False

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write the wrong units."""

        def changed(sample: Json) -> Iterable[Json]:
            if is_of(sample, POWER):
                bare = {name: value for name, value in sample.items() if name != "unit"}
                return (bare if self.unit == "none" else bare | {"unit": self.unit},)
            mwh = mwh_of(sample)
            if mwh is not None and self.energy_too:
                return (in_wh(sample, mwh // MWH_PER_WH, "kWh"),)
            return (sample,)

        return with_samples(request, changed)


@dataclass(frozen=True, slots=True)
class BareRegister(Quirk):
    """A value is told without unit, measurand and context: OCPP's defaults make it Wh of energy."""

    name: ClassVar[str] = "bare-register"
    row: ClassVar[str] = "F26"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Keep the register's whole Wh and nothing else, where a request has a register."""
        if register_of(request) is None:
            return (request,)

        def changed(sample: Json) -> Iterable[Json]:
            mwh = mwh_of(sample)
            return () if mwh is None else ({"value": str(mwh // MWH_PER_WH)},)

        return with_samples(request, changed)


@dataclass(frozen=True, slots=True)
class NumbersForTexts(Quirk):
    """Values are JSON numbers where OCPP has texts."""

    name: ClassVar[str] = "numbers-for-texts"
    row: ClassVar[str] = "F27"

    def frames(self, text: str, scene: Scene) -> Sequence[str]:
        """Take the quotes from sampled values; in the text, so that all digits stay."""
        if not (text.startswith("[2,") and '"sampledValue"' in text):
            return (text,)
        return (re.sub(r'"value":"(-?\d+(?:\.\d+)?)"', r'"value":\1', text),)


@dataclass(frozen=True, slots=True)
class OddNumbers(Quirk):
    """
    Values have a decimal comma, a blank in front, or are no number.

    Attributes:
        form: which of the three; ``nan`` concerns registers only.
        every: in each so-many-th MeterValues.
    """

    name: ClassVar[str] = "odd-numbers"
    row: ClassVar[str] = "F28"

    form: Literal["comma", "blank", "nan"] = "comma"
    every: int = number(1, least=1, most=10_000)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write the values so."""
        if request.action != "MeterValues" or scene.count(self.name) % self.every:
            return (request,)
        return with_samples(request, self._changed)

    def _changed(self, sample: Json) -> Iterable[Json]:
        if self.form == "nan":
            return (sample | {"value": "NaN"} if is_of(sample, REGISTER) else sample,)
        value = str(sample.get("value", ""))
        odd = value.replace(".", ",") if self.form == "comma" else f" {value}"
        return (sample | {"value": odd},)


# ---------------------------------------------------------------- structure


@dataclass(frozen=True, slots=True)
class ObjectForList(Quirk):
    """The meterValue is an object where OCPP has a list."""

    name: ClassVar[str] = "object-for-list"
    row: ClassVar[str] = "F29"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Take the brackets off a meterValue of one entry."""
        entries = request.payload.get("meterValue")
        if not isinstance(entries, list) or len(entries) != 1:
            return (request,)
        return (request.having(meterValue=entries[0]),)


@dataclass(frozen=True, slots=True)
class InvalidJson(Quirk):
    """
    MeterValues are no JSON: something is missing before a comma.

    Nobody answers such a frame, and the charger waits for no answer; so a Heartbeat follows it,
    by whose answer one knows that it has been read.

    Attributes:
        where: what is missing: the transactionId where there is one, or a first sampled value.
        every: each so-many-th MeterValues.
    """

    name: ClassVar[str] = "invalid-json"
    row: ClassVar[str] = "F30"

    where: Literal["transactionId", "sampledValue"] = "transactionId"
    every: int = number(2, least=1, most=10_000)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Mark the MeterValues to be broken."""
        if request.action != "MeterValues" or scene.count(self.name) % self.every:
            return (request,)
        named = "transactionId" in request.payload
        where = self.where if named else "sampledValue"
        marked = request.having(**{HOLE: where})
        broken = Request(marked.action, marked.payload, marked.transaction, is_answered=False)
        return (broken, Request("Heartbeat", {}))

    def frames(self, text: str, scene: Scene) -> Sequence[str]:
        """Break the texts that are marked."""
        return (broken_where_marked(text),)


def broken_where_marked(text: str) -> str:
    """Leave out of a frame's text what its mark says, and the mark."""
    for where, whole, broken in (
        ("transactionId", r'"transactionId":[^,]*,', '"transactionId":,'),
        ("sampledValue", r'"sampledValue":\[', '"sampledValue":[,'),
    ):
        mark = f',"{HOLE}":"{where}"'
        if mark in text:
            text = re.sub(whole, broken, text.replace(mark, ""), count=1)
    return text


@dataclass(frozen=True, slots=True)
class SessionValues(Quirk):
    """MeterValues count from the start of the session, StartTransaction and its stop do not."""

    name: ClassVar[str] = "session-values"
    row: ClassVar[str] = "F31"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Take meterStart off the registers of MeterValues, and keep three decimals of a kWh."""
        if request.action != "MeterValues":
            return (request,)

        def changed(sample: Json) -> Iterable[Json]:
            mwh = mwh_of(sample)
            if mwh is None:
                return (sample,)
            started = start_wh(request.transaction) * MWH_PER_WH
            since = max(0, mwh - started) if request.transaction is not None else 0
            return (sample | {"value": decimal_text(since // MWH_PER_WH, 3), "unit": "kWh"},)

        return with_samples(request, changed)


@dataclass(frozen=True, slots=True)
class RegisterRestarts(Quirk):
    """
    The register begins again at 0, with each session or with each boot.

    Attributes:
        each: with what.
    """

    name: ClassVar[str] = "register-restarts"
    row: ClassVar[str] = "F32"

    each: Literal["session", "boot"] = "session"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Take what the register showed at its last restart off every register."""
        if request.action == "BootNotification" and self.each == "boot":
            restarts = (*scene.notes.get(self.name, ()), scene.full_wh)
            scene.notes[self.name] = restarts[-RESTARTS_LIMIT:]
        if request.action == "StartTransaction" and self.each == "session":
            scene.notes[self.name] = (start_wh(request.transaction),)
        restarts = tuple(wh * MWH_PER_WH for wh in scene.notes.get(self.name, ()))
        # What was read before a restart still shows the time before it.
        return (
            with_registers(
                request, lambda mwh: mwh - max((at for at in restarts if at <= mwh), default=0)
            ),
        )


@dataclass(frozen=True, slots=True)
class RegisterMomentarilyZero(Quirk):
    """
    The register is 0 for a moment, and then what it was.

    Attributes:
        every: in each so-many-th MeterValues.
    """

    name: ClassVar[str] = "register-momentarily-zero"
    row: ClassVar[str] = "F33"

    every: int = number(5, least=1, most=10_000)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write 0 into some MeterValues."""
        if request.action != "MeterValues" or register_of(request) is None:
            return (request,)
        if scene.count(self.name) % self.every:
            return (request,)
        return (with_registers(request, lambda mwh: 0),)


# ---------------------------------------------------------------- meterStart and meterStop


@dataclass(frozen=True, slots=True)
class MeterStartZero(Quirk):
    """
    StartTransaction has no reference: meterStart is 0 or null while meterStop is the lifetime's.

    Attributes:
        meter_start: what is sent.
    """

    name: ClassVar[str] = "meter-start-zero"
    row: ClassVar[str] = "F34"

    meter_start: Literal["zero", "null"] = "zero"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write no register into StartTransaction."""
        if request.action != "StartTransaction":
            return (request,)
        return (request.having(meterStart=0 if self.meter_start == "zero" else None),)


@dataclass(frozen=True, slots=True)
class MeterStopBelowStart(Quirk):
    """
    MeterStop is less than meterStart.

    Attributes:
        below_wh: how much less, in Wh.
    """

    name: ClassVar[str] = "meter-stop-below-start"
    row: ClassVar[str] = "F35"

    below_wh: int = number(1, least=1, most=1_000_000_000)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write a meterStop below the transaction's meterStart."""
        if request.action != "StopTransaction":
            return (request,)
        return (request.having(meterStop=start_wh(request.transaction) - self.below_wh),)


@dataclass(frozen=True, slots=True)
class MeterStopMissing(Quirk):
    """
    MeterStop is -1, or both meterStart and meterStop are 0.

    Attributes:
        form: which of the two.
    """

    name: ClassVar[str] = "meter-stop-missing"
    row: ClassVar[str] = "F36"

    form: Literal["minus-one", "both-zero"] = "minus-one"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write what is no register."""
        zero = self.form == "both-zero"
        if request.action == "StopTransaction":
            return (request.having(meterStop=0 if zero else -1),)
        if request.action == "StartTransaction" and zero:
            return (request.having(meterStart=0),)
        return (request,)


# ---------------------------------------------------------------- what comes late


@dataclass(frozen=True, slots=True)
class ValuesAfterStop(Quirk):
    """
    StopTransaction comes too soon: what was counted last follows it, without a transactionId.

    Attributes:
        short_wh: how much meterStop lacks, in Wh.
        later_s: how much later the rest is told, in s.
    """

    name: ClassVar[str] = "values-after-stop"
    row: ClassVar[str] = "F37"

    short_wh: int = number(4, least=0, most=1_000_000)
    later_s: int = number(1, least=0, most=3_600)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Send the register behind a StopTransaction that lacks some of it, with a decimal."""
        if request.action != "StopTransaction":
            return (request,)
        mwh = request.payload["meterStop"] * MWH_PER_WH
        sample = {
            "value": decimal_text(mwh // 100, 1),
            "context": "Sample.Clock",
            "measurand": REGISTER,
            "unit": "Wh",
        }
        at = _later(request.payload.get("timestamp"), self.later_s)
        rest = meter_values({"timestamp": at, "sampledValue": [sample]})
        short = request.having(meterStop=request.payload["meterStop"] - self.short_wh)
        return (*with_samples(short, self._shortened), rest)

    def _shortened(self, sample: Json) -> Iterable[Json]:
        mwh = mwh_of(sample)
        if mwh is None or sample.get("context") != "Transaction.End":
            return (sample,)
        return (with_mwh(sample, mwh - self.short_wh * MWH_PER_WH),)


@dataclass(frozen=True, slots=True)
class EndAfterStop(Quirk):
    """The value with the context Transaction.End is sent as MeterValues, after the stop."""

    name: ClassVar[str] = "end-after-stop"
    row: ClassVar[str] = "F38"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Send the register of the end behind StopTransaction."""
        if request.action != "StopTransaction":
            return (request,)
        mwh = request.payload["meterStop"] * MWH_PER_WH
        entry = {
            "timestamp": request.payload["timestamp"],
            "sampledValue": [register_sample(mwh, "Transaction.End")],
        }
        return (request, meter_values(entry, transaction=request.payload.get("transactionId")))


def _later(text: object, seconds: int) -> object:
    instant = instant_in(text)
    return text if instant is None else stamp(instant + timedelta(seconds=seconds))


# ---------------------------------------------------------------- several energies in one message


@dataclass(frozen=True, slots=True)
class BeginAmongPeriodic(Quirk):
    """One message has the register twice: as it is, and as it was when the transaction began."""

    name: ClassVar[str] = "begin-among-periodic"
    row: ClassVar[str] = "F39"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Put the register of Transaction.Begin behind each register of MeterValues."""
        if request.action != "MeterValues" or request.transaction is None:
            return (request,)
        begin = register_sample(start_wh(request.transaction) * MWH_PER_WH, "Transaction.Begin")

        def changed(sample: Json) -> Iterable[Json]:
            return (sample,) if mwh_of(sample) is None else (sample, begin)

        return with_samples(request, changed)


@dataclass(frozen=True, slots=True)
class RegisterAndInterval(Quirk):
    """MeterValues have the energy since the last ones beside the register."""

    name: ClassVar[str] = "register-and-interval"
    row: ClassVar[str] = "F40"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Put the interval's energy behind each register of MeterValues."""
        if request.action != "MeterValues" or (now := _count_in(request)) is None:
            return (request,)
        since_mwh = max(0, now.mwh - _count_before(self.name, now, request, scene).mwh)

        def changed(sample: Json) -> Iterable[Json]:
            return (sample,) if mwh_of(sample) is None else (sample, _interval(sample, since_mwh))

        return with_samples(request, changed)


@dataclass(frozen=True, slots=True)
class IntervalOnly(Quirk):
    """
    MeterValues have the energy of an interval and no register, and not of the configured interval.

    Attributes:
        period_s: the interval whose energy is told, whatever the configured one is, in s.
    """

    name: ClassVar[str] = "interval-only"
    row: ClassVar[str] = "F41"

    period_s: int = number(60, least=1, most=86_400)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write the energy of the period instead of each register of MeterValues."""
        if request.action != "MeterValues" or (now := _count_in(request)) is None:
            return (request,)
        before = _count_before(self.name, now, request, scene)
        gap = max(now.at - before.at, timedelta(seconds=1))
        period = timedelta(seconds=self.period_s)
        told_mwh = max(0, now.mwh - before.mwh) * period // gap

        def changed(sample: Json) -> Iterable[Json]:
            return (sample if mwh_of(sample) is None else _interval(sample, told_mwh),)

        return with_samples(request, changed)


@dataclass(frozen=True, slots=True)
class _Count:
    """What a register showed at an instant."""

    at: datetime
    mwh: int


def _count_in(request: Request) -> _Count | None:
    mwh = register_of(request)
    instants = (instant_in(entry.get("timestamp")) for entry in entries_of(request))
    at = next(filter(None, instants), None)
    return None if mwh is None or at is None else _Count(at, mwh)


def _count_before(name: str, now: _Count, request: Request, scene: Scene) -> _Count:
    """Give the count that was told last, or that of the transaction's begin; keep this one."""
    before, last = scene.notes.get(name, (None, None))
    if last is None or last.at != now.at:  # else the same is sent again
        before, last = last, now
        scene.notes[name] = (before, last)
    begun = request.transaction
    if begun is not None and (before is None or before.at < begun.started):
        return _Count(begun.started, begun.meter_start_wh * MWH_PER_WH)
    return before or now


def _interval(sample: Json, mwh: int) -> Json:
    return with_mwh(sample, mwh) | {"measurand": INTERVAL}


# ---------------------------------------------------------------- phases


@dataclass(frozen=True, slots=True)
class PhasesWithoutTotal(Quirk):
    """The register is told by phases, and its total is not."""

    name: ClassVar[str] = "phases-without-total"
    row: ClassVar[str] = "F42"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write the register's three parts instead of it."""
        return with_samples(request, lambda sample: _by_phase(sample) or (sample,))


@dataclass(frozen=True, slots=True)
class TotalAndPhases(Quirk):
    """The register is told by phases and as their total."""

    name: ClassVar[str] = "total-and-phases"
    row: ClassVar[str] = "F43"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write the register's three parts behind it."""
        return with_samples(request, lambda sample: (sample, *_by_phase(sample)))


def _by_phase(sample: Json) -> tuple[Json, ...]:
    """Give a register in three parts, as even as can be, which sum to it; () for no register."""
    mwh = mwh_of(sample)
    if mwh is None:
        return ()
    return tuple(
        with_mwh(sample, (mwh + place) // 3) | {"phase": phase}
        for place, phase in enumerate(("L1", "L2", "L3"))
    )


_ODD_PHASES = {
    "Current.Import": {"L1": "L1-N", "L2": "L2-N", "L3": "L3-N"},
    "Voltage": {"L1": "L1-L2", "L2": "L2-L3", "L3": "L3-L1"},
}

_SQUARE_ROOT_OF_3 = Decimal("1.732")


@dataclass(frozen=True, slots=True)
class OddPhaseLabels(Quirk):
    """Currents are of L1-N and of N, and voltages stand between two phases."""

    name: ClassVar[str] = "odd-phase-labels"
    row: ClassVar[str] = "F44"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write the other labels, with the voltages that belong to them, and a current of N."""

        def changed(sample: Json) -> Iterable[Json]:
            labels = _ODD_PHASES.get(sample.get("measurand", ""), {})
            label = labels.get(sample.get("phase", ""))
            if label is None:
                return (sample,)
            odd = sample | {"phase": label}
            if is_of(sample, "Voltage") and (volts := number_of(sample)) is not None:
                between = (volts * _SQUARE_ROOT_OF_3).quantize(Decimal("0.01"))
                return (odd | {"value": str(between)},)
            if label == "L3-N":
                return (odd, sample | {"phase": "N", "value": "0.000"})
            return (odd,)

        return with_samples(request, changed)


@dataclass(frozen=True, slots=True)
class OnePhaseOnly(Quirk):
    """Only the values of L1 are told, as by a charger that shows what a single-phase car uses."""

    name: ClassVar[str] = "one-phase-only"
    row: ClassVar[str] = "F45"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Leave the values of other phases out."""
        return with_samples(
            request, lambda sample: (sample,) if sample.get("phase", "L1") == "L1" else ()
        )


# ---------------------------------------------------------------- where energy is told


@dataclass(frozen=True, slots=True)
class EnergyInStopOnly(Quirk):
    """
    There are no MeterValues: the energy is told in StopTransaction.

    Attributes:
        data: whether it has transactionData; else meterStop is all.
    """

    name: ClassVar[str] = "energy-in-stop-only"
    row: ClassVar[str] = "F46"

    data: bool = True

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Keep MeterValues back."""
        if request.action == "MeterValues":
            return ()
        if request.action == "StopTransaction" and not self.data:
            return (request.lacking("transactionData"),)
        return (request,)


@dataclass(frozen=True, slots=True)
class HugeTransactionData(Quirk):
    """
    The transactionData of a StopTransaction is empty, or longer than 1 MiB.

    Attributes:
        entries: how many values it has.
    """

    name: ClassVar[str] = "huge-transaction-data"
    row: ClassVar[str] = "F47"

    entries: int = number(8_000, least=0, most=200_000)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write so many values, evenly from the begin to the end."""
        if request.action != "StopTransaction":
            return (request,)
        return (request.having(transactionData=evenly(request, self.entries)),)


def evenly(stop: Request, count: int) -> list[Json]:
    """Give so many registers, evenly spaced in time over a transaction that ends."""
    end = instant_in(stop.payload.get("timestamp"))
    if stop.transaction is None or end is None:
        return []
    known = _known_counts(stop, stop.transaction, end)
    began, lasted = known[0].at, end - known[0].at
    instants = (began + lasted * place // count for place in range(1, count + 1))
    return [
        {
            "timestamp": stamp(at),
            "sampledValue": [register_sample(_between(known, at), "Sample.Periodic")],
        }
        for at in instants
    ]


def _known_counts(stop: Request, begun: Transaction, end: datetime) -> list[_Count]:
    """Give what is known of a transaction's register: its begin, its transactionData, its end."""
    told = [
        _Count(at, mwh)
        for entry in entries_of(stop)
        for sample in entry["sampledValue"]
        if (at := instant_in(entry.get("timestamp"))) is not None
        and (mwh := mwh_of(sample)) is not None
    ]
    first = _Count(begun.started, begun.meter_start_wh * MWH_PER_WH)
    last = _Count(end, stop.payload["meterStop"] * MWH_PER_WH)
    inside = [one for one in told if first.at < one.at < end]
    return [first, *sorted(inside, key=lambda one: one.at), last]


def _between(known: list[_Count], at: datetime) -> int:
    """Give the register at an instant, as if it rose evenly between what is known."""
    place = bisect_left(known, at, 1, len(known) - 1, key=lambda one: one.at)
    before, after = known[place - 1], known[place]
    if after.at == before.at:
        return after.mwh
    return before.mwh + (after.mwh - before.mwh) * (at - before.at) // (after.at - before.at)


@dataclass(frozen=True, slots=True)
class RegisterSticks(Quirk):
    """The register stands still while a car charges, and jumps when the session ends."""

    name: ClassVar[str] = "register-sticks"
    row: ClassVar[str] = "F48"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write meterStart as every register of a transaction before its end."""
        if request.action != "MeterValues" or request.transaction is None:
            return (request,)
        stands_mwh = start_wh(request.transaction) * MWH_PER_WH
        return (with_registers(request, lambda mwh: stands_mwh),)


@dataclass(frozen=True, slots=True)
class SignedData(Quirk):
    """
    Registers are told as signed records, whose format is SignedData.

    The record has the form of OCMF (S.A.F.E. e.V.); its signature is none, but always the same for
    the same record.

    Attributes:
        raw_too: whether the register is told as a number, too.
    """

    name: ClassVar[str] = "signed-data"
    row: ClassVar[str] = "F49"

    raw_too: bool = True

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Put a signed record behind each register, or in its place."""
        at = next((entry.get("timestamp") for entry in entries_of(request)), "")

        def changed(sample: Json) -> Iterable[Json]:
            mwh = mwh_of(sample)
            if mwh is None:
                return (sample,)
            kept = {name: value for name, value in sample.items() if name != "unit"}
            record = signed_record(scene.identity, str(at), mwh)
            signed = kept | {"format": "SignedData", "value": record}
            return (sample, signed) if self.raw_too else (signed,)

        return with_samples(request, changed)


def signed_record(meter: str, at: str, mwh: int) -> str:
    """Write a register as OCMF: a head, a payload and a signature with bars between them."""
    reading = {
        "TM": f"{at} S",
        "TX": "C",
        "RV": "@",  # a number with all its digits, which json cannot write
        "RI": "1-0:1.8.0*255",
        "RU": "kWh",
        "ST": "G",
    }
    payload = {"FV": "1.0", "GI": "isebench", "GS": meter, "PG": "T1", "RD": [reading]}
    text = json.dumps(payload, separators=(",", ":")).replace('"@"', decimal_text(mwh, 6))
    signature = hashlib.sha256(text.encode()).hexdigest().upper()
    return f'OCMF|{text}|{{"SA":"ECDSA-secp256r1-SHA256","SD":"{signature}"}}'


@dataclass(frozen=True, slots=True)
class RegisterRollsOver(Quirk):
    """
    The register is a counter of whole Wh that begins again at 0 when it is full.

    Attributes:
        modulus_wh: what it cannot show any more, in Wh.
        short_of_wh: how far from there it is when it is first told, in Wh.
    """

    name: ClassVar[str] = "register-rolls-over"
    row: ClassVar[str] = "F50"

    modulus_wh: int = number(2**32, least=1_000, most=2**63)
    short_of_wh: int = number(6, least=0, most=2**63)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Show every register as that counter does."""
        first_wh = self._first_wh(request, scene)
        if first_wh is None:
            return (request,)

        def shown(wh: int) -> int:
            return (wh - first_wh - self.short_of_wh) % self.modulus_wh

        def changed(sample: Json) -> Iterable[Json]:
            mwh = mwh_of(sample)
            return (sample if mwh is None else in_wh(sample, shown(mwh // MWH_PER_WH)),)

        requests = with_samples(request, changed)
        request = requests[0] if requests else request
        for name in ("meterStart", "meterStop"):
            if isinstance(wh := request.payload.get(name), int):
                request = request.having(**{name: shown(wh)})
        return (request,)

    def _first_wh(self, request: Request, scene: Scene) -> int | None:
        """Give the register that was told first since this is on; None before there was one."""
        told = register_of(request)
        start, stop = request.payload.get("meterStart"), request.payload.get("meterStop")
        for wh in (start, stop, None if told is None else told // MWH_PER_WH):
            if isinstance(wh, int):
                scene.notes.setdefault(self.name, wh)
        first: int | None = scene.notes.get(self.name)
        return first


# ---------------------------------------------------------------- measurands


@dataclass(frozen=True, slots=True)
class FrequencyInHz(Quirk):
    """The frequency has the unit Hz, which OCPP 1.6 does not know."""

    name: ClassVar[str] = "frequency-in-hz"
    row: ClassVar[str] = "F51"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write the unit."""
        return with_samples(
            request,
            lambda sample: (sample | {"unit": "Hz"} if is_of(sample, "Frequency") else sample,),
        )


@dataclass(frozen=True, slots=True)
class AcceptsAnyMeasurand(Quirk):
    """
    Every list of measurands is Accepted; what the charger has not is left out without a word.

    Attributes:
        missing: a measurand that is left out although it is configured; empty for none.
    """

    name: ClassVar[str] = "accepts-any-measurand"
    row: ClassVar[str] = "F52"

    missing: str = ""

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Leave the measurand out."""
        if not self.missing or request.action != "MeterValues":
            return (request,)
        return with_samples(
            request, lambda sample: () if is_of(sample, self.missing) else (sample,)
        )
