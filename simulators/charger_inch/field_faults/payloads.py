"""
What the faults are made of: reading and rewriting the values and times in a charger's payloads.

A fault may stand behind another one that has already been at work, so nothing here minds what it
cannot read: such a value or time is left as it is. A payload is never changed in place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from simulators.charger_inch.measurements import ENERGY, decimal_text
from simulators.charger_inch.outbox import Transaction
from simulators.charger_inch.quirks import Request

Json = dict[str, Any]

REGISTER = ENERGY

MWH_PER_WH = 1_000
"""Milliwatt hours in a watt hour: a charger writes kWh with six decimals, so none is smaller."""

_PLACES = {"kWh": 6, "Wh": 3}
_VALUE_LISTS = ("meterValue", "transactionData")

Change = Callable[[Json], Iterable[Json]]


# ---------------------------------------------------------------- values


def mwh_of(sample: Json) -> int | None:
    """Read the register of a sampled value, in mWh; None for what is no plain register."""
    measurand, form = sample.get("measurand", REGISTER), sample.get("format", "Raw")
    places = _PLACES.get(sample.get("unit", "Wh"))
    if (measurand, form) != (REGISTER, "Raw") or "phase" in sample or places is None:
        return None
    number = number_of(sample)
    return None if number is None else int(number.scaleb(places).to_integral_value())


def number_of(sample: Json) -> Decimal | None:
    """Read the number of a sampled value; None for what is none."""
    try:
        number = Decimal(sample["value"])
    except (InvalidOperation, KeyError, TypeError):
        return None
    return number if number.is_finite() else None


def with_mwh(sample: Json, mwh: int) -> Json:
    """Give a sampled value with another register, in its own unit and with all its digits."""
    return sample | {"value": decimal_text(mwh, _PLACES[sample.get("unit", "Wh")])}


def in_wh(sample: Json, wh: int, unit: str = "Wh") -> Json:
    """Give a sampled value that says a whole number under a unit, whatever it means."""
    return sample | {"value": str(wh), "unit": unit}


def is_of(sample: Json, *measurands: str) -> bool:
    """Tell whether a sampled value is one of these measurands."""
    return sample.get("measurand", REGISTER) in measurands


def entries_of(request: Request) -> Iterator[Json]:
    """Give the entries of a request's meterValue and transactionData."""
    for name in _VALUE_LISTS:
        found = request.payload.get(name, ())
        yield from [found] if isinstance(found, dict) else found


def register_of(request: Request) -> int | None:
    """Give the first register of a request's sampled values, in mWh; None where it has none."""
    for entry in entries_of(request):
        for sample in entry["sampledValue"]:
            if (mwh := mwh_of(sample)) is not None:
                return mwh
    return None


def with_samples(request: Request, change: Change) -> Sequence[Request]:
    """
    Give a request with each sampled value replaced by what ``change`` makes of it.

    An entry that loses all its values goes, too; and so do MeterValues that lose all entries, and
    the transactionData of a StopTransaction.
    """
    for name in _VALUE_LISTS:
        found = request.payload.get(name)
        if found is None:
            continue
        entries = [found] if isinstance(found, dict) else found
        changed = [
            entry | {"sampledValue": samples}
            for entry in entries
            if (samples := [new for old in entry["sampledValue"] for new in change(old)])
        ]
        if entries and not changed and name == "meterValue":
            return ()
        if entries and not changed:
            request = request.lacking(name)
        else:
            request = request.having(**{name: changed[0] if isinstance(found, dict) else changed})
    return (request,)


def with_registers(request: Request, change: Callable[[int], int]) -> Request:
    """Give a request with other registers: in samples, in meterStart and in meterStop, in mWh."""

    def changed(sample: Json) -> Iterable[Json]:
        mwh = mwh_of(sample)
        return (sample if mwh is None else with_mwh(sample, change(mwh)),)

    requests = with_samples(request, changed)
    request = requests[0] if requests else request
    for name in ("meterStart", "meterStop"):
        if isinstance(wh := request.payload.get(name), int):
            request = request.having(**{name: change(wh * MWH_PER_WH) // MWH_PER_WH})
    return request


def start_wh(transaction: Transaction | None) -> int:
    """Give the meterStart of a transaction; 0 for none."""
    return 0 if transaction is None else transaction.meter_start_wh


def register_sample(mwh: int, context: str) -> Json:
    """Write a register as the charger does."""
    return {
        "value": decimal_text(mwh, _PLACES["kWh"]),
        "context": context,
        "measurand": REGISTER,
        "unit": "kWh",
    }


def meter_values(*entries: Json, transaction: object = None) -> Request:
    """Give MeterValues of connector 1, with a transactionId where there is one."""
    payload: Json = {"connectorId": 1}
    if transaction is not None:
        payload["transactionId"] = transaction
    return Request("MeterValues", payload | {"meterValue": list(entries)})


# ---------------------------------------------------------------- times


def instant_in(text: object) -> datetime | None:
    """Read an aware instant; None for what is none."""
    try:
        instant = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return instant if instant is not None and instant.tzinfo is not None else None


def stamp_in(instant: datetime, offset: timedelta, end: str) -> str:
    """Write the wall-clock time that is ``offset`` ahead of UTC, with some text behind it."""
    local = (instant.astimezone(UTC) + offset).replace(tzinfo=None)
    return local.isoformat(timespec="milliseconds") + end


def with_stamps(request: Request, change: Callable[[datetime], str]) -> Request:
    """Give a request with each of its timestamps replaced by what ``change`` makes of it."""

    def changed(record: Json) -> Json:
        instant = instant_in(record.get("timestamp"))
        return record if instant is None else record | {"timestamp": change(instant)}

    payload = changed(request.payload)
    for name in _VALUE_LISTS:
        found = payload.get(name)
        if isinstance(found, dict):
            payload = payload | {name: changed(found)}
        elif found is not None:
            payload = payload | {name: [changed(entry) for entry in found]}
    return replace(request, payload=payload)
