"""
What a charger said, as readings.

Rule 1: these functions are total. Whatever JSON value a charger sends, they return
something; what cannot be used becomes a `Leniency` and stays in the store as its raw frame.
Rule 2: nothing is read leniently in silence. `leniency.RULES` lists every deviation by name.
Rule 3: numbers are exact. A value is a Decimal in its base unit, made of the characters
that stood there; no float is ever calculated with.
Rule 4: what a person or a court may want to see stays verbatim: `Reading.raw_value`. Signed
data (format SignedData) is kept so and never read as a number.

The messages are those of OCPP 1.6 §6.31 (MeterValues), §6.45 (StartTransaction) and §6.49
(StopTransaction); the defaults of a sampled value those of §7.43.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from backend.core.device_profile import DeviceProfile
from backend.core.leniency import Leniency, Message, read_word, verbatim, within
from backend.core.quantities import (
    ENERGY,
    MEASURANDS,
    in_base_unit,
    read_number,
    read_value,
)
from backend.core.timestamps import read_instant

__all__ = [
    "BEGIN",
    "END",
    "ENERGY",
    "MAX_CONNECTOR",
    "MAX_INT64",
    "Kind",
    "Leniency",
    "MeterValue",
    "Reading",
    "Reception",
    "StartReport",
    "StopReport",
    "most_connector",
    "read_meter_values",
    "read_sampled_value",
    "read_start",
    "read_stop",
    "with_connector",
]

BEGIN, END = "Transaction.Begin", "Transaction.End"

_PHASES = ("L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1")
_CONTEXTS = (
    "Interruption.Begin",
    "Interruption.End",
    "Other",
    "Sample.Clock",
    "Sample.Periodic",
    BEGIN,
    END,
    "Trigger",
)
_LOCATIONS = ("Body", "Cable", "EV", "Inlet", "Outlet")
_REASONS = (
    "DeAuthorized",
    "EmergencyStop",
    "EVDisconnected",
    "HardReset",
    "Local",
    "Other",
    "PowerLoss",
    "Reboot",
    "Remote",
    "SoftReset",
    "UnlockCommand",
)
_METER_VALUES_FIELDS = {"connectorId", "transactionId", "meterValue"}
_START_FIELDS = {"connectorId", "idTag", "meterStart", "reservationId", "timestamp"}
_STOP_FIELDS = {"idTag", "meterStop", "timestamp", "transactionId", "reason", "transactionData"}
_SAMPLE_FIELDS = {"value", "context", "format", "measurand", "phase", "location", "unit"}

MAX_CONNECTOR = 1000
MAX_ID_TAG = 20  # OCPP 1.6 §7.28
MAX_INT64 = 2**63 - 1
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}(?:\.0*)?")
_WHOLE_WH = Decimal(1)
_SAMPLED = Decimal(0)


class Reading(NamedTuple):
    """
    One value that a charger reported.

    Attributes:
        connector: 0 is the whole station.
        instant: when it was measured, in UTC.
        measurand: by its OCPP name.
        phase: "L1" …; None for the total.
        location, context: by their OCPP names.
        value: in ``unit``; None where it is no number (SignedData, NaN).
        unit: the base unit: Wh, varh, W, var, VA, A, V, Hertz, Celsius (Fahrenheit,
            K where sent so), Percent or "".
        raw_value, raw_unit: verbatim; no unit is None.
        transaction: as sent; evidence only, chargers send wrong ones.
        resolution_wh: 0 for sampled values, 1 for meterStart and meterStop, which are whole
            watt hours by the protocol.
        position: its place in its message, from 0.
    """

    connector: int
    instant: datetime
    measurand: str
    phase: str | None
    location: str
    context: str
    value: Decimal | None
    unit: str
    raw_value: str
    raw_unit: str | None
    transaction: int | None
    resolution_wh: Decimal
    position: int


class Kind(NamedTuple):
    """What a value is, beside its number; the names are those of `Reading`."""

    measurand: str
    phase: str | None
    location: str
    context: str
    unit: str
    raw_unit: str | None
    resolution_wh: Decimal


class MeterValue(NamedTuple):
    """
    What a message says was measured at one instant (OCPP 1.6 §7.33), value beside value.

    Attributes:
        connector, instant, transaction: as in `Reading`, for all values.
        position: of the first value; the others follow.
        kinds, values, raw_values: of each value.
    """

    connector: int
    instant: datetime
    transaction: int | None
    position: int
    kinds: tuple[Kind, ...]
    values: tuple[Decimal | None, ...]
    raw_values: tuple[str, ...]

    def readings(self) -> Iterator[Reading]:
        """Give the values one by one."""
        each = zip(self.kinds, self.values, self.raw_values, strict=True)
        for position, (kind, value, raw_value) in enumerate(each, self.position):
            yield Reading(
                connector=self.connector,
                instant=self.instant,
                measurand=kind.measurand,
                phase=kind.phase,
                location=kind.location,
                context=kind.context,
                value=value,
                unit=kind.unit,
                raw_value=raw_value,
                raw_unit=kind.raw_unit,
                transaction=self.transaction,
                resolution_wh=kind.resolution_wh,
                position=position,
            )


@dataclass(frozen=True, slots=True)
class Reception:
    """What a message held, in its order, and how it deviated."""

    meter_values: tuple[MeterValue, ...]
    leniencies: tuple[Leniency, ...]

    @property
    def readings(self) -> tuple[Reading, ...]:
        """The values, one by one."""
        return tuple(reading for each in self.meter_values for reading in each.readings())


@dataclass(frozen=True, slots=True)
class StartReport:
    """
    A StartTransaction.

    Attributes:
        connector: as in `Reading`.
        id_tag: as sent, blanks and all; empty where there was none.
        instant: when the session began, in UTC.
        meter_start_wh: None where it is missing or cannot be one (-1).
        reservation: as sent.
        reception: meterStart as a meter value, and the deviations.
    """

    connector: int
    id_tag: str
    instant: datetime
    meter_start_wh: Decimal | None
    reservation: int | None
    reception: Reception


@dataclass(frozen=True, slots=True)
class StopReport:
    """
    A StopTransaction.

    Attributes:
        transaction: as sent; may be -1, 0 or another one's.
        id_tag: as sent; None where there was none, as after a remote stop.
        instant: when the session ended, in UTC.
        meter_stop_wh: None where it is missing or cannot be one.
        reason: "Local" where none was given (OCPP 1.6 §6.49).
        reception: meterStop and transactionData as meter values of connector 0, for the message
            does not name one: `with_connector` sets it once the session is known.
    """

    transaction: int | None
    id_tag: str | None
    instant: datetime
    meter_stop_wh: Decimal | None
    reason: str
    reception: Reception


def with_connector(meter_value: MeterValue, connector: int) -> MeterValue:
    """Give the same values as those of ``connector``."""
    return meter_value._replace(connector=connector)


def read_meter_values(payload: object, profile: DeviceProfile, received: datetime) -> Reception:
    """
    Read a MeterValues request (OCPP 1.6 §6.31).

    Parameters:
        payload: any JSON value.
        profile: how this model's deviations are read.
        received: when the frame came, aware; stands in for unusable timestamps.
    """
    message = Message(profile, received)
    fields = message.fields_of(payload, "", _METER_VALUES_FIELDS)
    connector = _connector(message, fields)
    transaction = _integer(message, fields, "transactionId", "transaction")
    values = _meter_values(message, fields, "meterValue", connector, transaction)
    return Reception(tuple(values), message.leniencies)


def read_start(payload: object, profile: DeviceProfile, received: datetime) -> StartReport:
    """Read a StartTransaction request (OCPP 1.6 §6.45); parameters as `read_meter_values`."""
    message = Message(profile, received)
    fields = message.fields_of(payload, "", _START_FIELDS)
    connector = _connector(message, fields)
    id_tag = _id_tag(message, fields)
    if id_tag is None:
        message.note("id-tag-missing", "idTag", None)
    instant = read_instant(message, fields.get("timestamp"), "timestamp")
    meter = _meter(message, fields, "meterStart")
    values = _meter_value_of(fields.get("meterStart"), meter, connector, None, instant, BEGIN)
    return StartReport(
        connector=connector,
        id_tag=id_tag or "",
        instant=instant,
        meter_start_wh=meter,
        reservation=_integer(message, fields, "reservationId", "transaction"),
        reception=Reception(values, message.leniencies),
    )


def read_stop(payload: object, profile: DeviceProfile, received: datetime) -> StopReport:
    """Read a StopTransaction request (OCPP 1.6 §6.49); parameters as `read_meter_values`."""
    message = Message(profile, received)
    fields = message.fields_of(payload, "", _STOP_FIELDS)
    transaction = _integer(message, fields, "transactionId", "transaction")
    if "transactionId" not in fields:
        message.note("transaction-unusable", "transactionId", None)
    instant = read_instant(message, fields.get("timestamp"), "timestamp")
    meter = _meter(message, fields, "meterStop")
    values = _meter_value_of(fields.get("meterStop"), meter, 0, transaction, instant, END)
    if fields.get("transactionData") not in (None, []):
        # Behind meterStop, so that a place in the message stays one place.
        behind = len(values)
        data = _meter_values(message, fields, "transactionData", 0, transaction)
        values += tuple(each._replace(position=each.position + behind) for each in data)
    return StopReport(
        transaction=transaction,
        id_tag=_id_tag(message, fields),
        instant=instant,
        meter_stop_wh=meter,
        reason=read_word(message, fields, "reason", "", _REASONS, "Local"),
        reception=Reception(values, message.leniencies),
    )


def _id_tag(message: Message, fields: Mapping[str, object]) -> str | None:
    value = fields.get("idTag")
    if value is None:
        return None
    if not isinstance(value, str):
        message.note("id-tag-not-a-text", "idTag", value)
    text = verbatim(value)
    if len(text) > MAX_ID_TAG:
        message.note("id-tag-too-long", "idTag", text)
    return text


# -- numbers ---------------------------------------------------------------------------


def _integer(message: Message, fields: Mapping[str, object], name: str, rule: str) -> int | None:
    """Read an integer of at most 64 bits; None where there is none."""
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        if _INTEGER.fullmatch(text := verbatim(value).strip()) is None:
            message.note(f"{rule}-unusable", name, value)
            return None
        message.note(f"{rule}-not-a-number", name, value)
        value = int(text.partition(".")[0])
    if abs(value) > MAX_INT64:
        message.note(f"{rule}-unusable", name, value)
        return None
    return value


def most_connector(profile: DeviceProfile) -> int:
    """Give the highest number that a connector of a model may have."""
    # Two numbers for the one connector of a model would make two registers of one, and count
    # its energy twice.
    return 1 if profile.connectors == 1 else MAX_CONNECTOR


def _connector(message: Message, fields: Mapping[str, object]) -> int:
    # A message without its connector is counted where only one can be meant.
    default = 1 if message.profile.connectors == 1 else 0
    if fields.get("connectorId") is None:
        message.note("connector-missing", "connectorId", None)
        return default
    connector = _integer(message, fields, "connectorId", "connector")
    if connector is None:
        return default
    if not 0 <= connector <= most_connector(message.profile):
        message.note("connector-unusable", "connectorId", connector)
        return default
    return connector


def _meter(message: Message, fields: Mapping[str, object], name: str) -> Decimal | None:
    """Read meterStart or meterStop: an integer in Wh (OCPP 1.6 §6.45, §6.49)."""
    value = fields.get(name)
    if isinstance(value, str):
        message.note("value-is-a-text", name, value)
        meter = read_number(message, value, name)
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        meter = read_number(message, verbatim(value), name)
    else:
        message.note("value-missing" if value is None else "value-is-no-number", name, value)
        return None
    if meter is not None and meter < 0:
        message.note("register-negative", name, value)
        return None
    return meter


def _meter_value_of(
    said: object,
    meter: Decimal | None,
    connector: int,
    transaction: int | None,
    instant: datetime,
    context: str,
) -> tuple[MeterValue, ...]:
    """Make meterStart or meterStop a meter value, so that one register is made of all."""
    if meter is None:
        return ()
    kind = Kind(
        measurand=ENERGY,
        phase=None,
        location="Outlet",
        context=context,
        unit="Wh",
        raw_unit=None,
        resolution_wh=_WHOLE_WH,
    )
    return (MeterValue(connector, instant, transaction, 0, (kind,), (meter,), (verbatim(said),)),)


# -- sampled values --------------------------------------------------------------------


def _items(
    message: Message, fields: Mapping[str, object], name: str, where: str, rule: str
) -> Iterator[tuple[str, dict[str, object]]]:
    """Give the objects of a list with their places; one object alone is a list of one."""
    place = within(where, name)
    value = fields.get(name)
    if value is None:
        message.note(f"{rule}-missing", place, value)
        return
    if not isinstance(value, list):
        message.note(f"{rule}-not-a-list", place, value)
        value = [value]
    for index, item in enumerate(value):
        if isinstance(item, dict):
            yield f"{place}[{index}]", item
        else:
            message.note(f"{rule}-not-an-object", f"{place}[{index}]", item)


def _meter_values(
    message: Message,
    fields: Mapping[str, object],
    name: str,
    connector: int,
    transaction: int | None,
) -> list[MeterValue]:
    found: list[MeterValue] = []
    position = 0
    for where, meter_value in _items(message, fields, name, "", "meter-value"):
        message.fields_of(meter_value, where, {"timestamp", "sampledValue"})
        instant = read_instant(message, meter_value.get("timestamp"), f"{where}.timestamp")
        samples = _items(message, meter_value, "sampledValue", where, "sampled-value")
        read = [read_sampled_value(message, sample, place) for place, sample in samples]
        if read:
            kinds, values, raw_values = zip(*read, strict=True)
            found.append(
                MeterValue(connector, instant, transaction, position, kinds, values, raw_values)
            )
            position += len(read)
    return found


def read_sampled_value(
    message: Message, sample: Mapping[str, object], where: str
) -> tuple[Kind, Decimal | None, str]:
    """
    Read a sampled value (OCPP 1.6 §7.43).

    Parameters:
        message: takes the deviations.
        sample: an object with any fields.
        where: its place.

    Returns:
        What the value is, itself in its base unit, and as it stood there.
    """
    message.fields_of(sample, where, _SAMPLE_FIELDS)
    measurand = _measurand(message, sample, where)
    said = sample.get("value")
    signed = (
        read_word(message, sample, "format", where, ("Raw", "SignedData"), "Raw") == "SignedData"
    )
    value = None if signed else read_value(message, said, f"{where}.value")
    raw_unit = sample.get("unit")
    unit, value = in_base_unit(message, raw_unit, f"{where}.unit", measurand, value)
    kind = Kind(
        measurand=measurand,
        phase=_phase(message, sample, where, measurand),
        location=read_word(message, sample, "location", where, _LOCATIONS, "Outlet"),
        context=read_word(message, sample, "context", where, _CONTEXTS, "Sample.Periodic"),
        unit=unit,
        raw_unit=None if raw_unit is None else verbatim(raw_unit),
        resolution_wh=_SAMPLED,
    )
    return kind, value, "" if said is None else verbatim(said)


def _measurand(message: Message, sample: Mapping[str, object], where: str) -> str:
    return read_word(message, sample, "measurand", where, tuple(MEASURANDS), ENERGY)


def _phase(
    message: Message, sample: Mapping[str, object], where: str, measurand: str
) -> str | None:
    phase = read_word(message, sample, "phase", where, _PHASES, "")
    if phase in ("L1-N", "L2-N", "L3-N"):
        if measurand != "Voltage":
            message.note("phase-to-neutral", f"{where}.phase", phase)
        return phase[:2]
    return phase or None
