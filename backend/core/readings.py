"""
What a charger said, as readings.

Rule 1: these functions are total. Whatever JSON value a charger sends, they return
something; what cannot be used becomes a `Leniency` and stays in the store as its raw frame.
Rule 2: nothing is read leniently in silence. `RULES` lists every deviation by name.
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
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from types import MappingProxyType

from backend.core import days
from backend.core.device_profile import DeviceProfile

ENERGY = "Energy.Active.Import.Register"
BEGIN, END = "Transaction.Begin", "Transaction.End"

RULES: Mapping[str, str] = MappingProxyType(
    {
        "not-an-object": "nothing in it can be used",
        "unknown-field": "left aside",
        "connector-missing": "read as the whole station, or as the only connector of the model",
        "connector-not-a-number": "read as the number that stands in it",
        "connector-unusable": "read as the whole station, or as the only connector of the model",
        "transaction-not-a-number": "read as the number that stands in it",
        "transaction-unusable": "read as no transaction",
        "meter-value-missing": "no values in it",
        "meter-value-not-a-list": "read as a list of one",
        "meter-value-not-an-object": "left aside",
        "sampled-value-missing": "no values in it",
        "sampled-value-not-a-list": "read as a list of one",
        "sampled-value-not-an-object": "left aside",
        "value-missing": "read as no value",
        "value-is-a-number": "read as if it were in quotes",
        "value-is-a-text": "read as if it were not in quotes",
        "value-has-blanks": "read without them",
        "value-decimal-comma": "read as a decimal point, as the profile says",
        "value-is-no-number": "read as no value",
        "value-too-large": "read as no value",
        "value-too-fine": "rounded to twelve decimals",
        "register-negative": "read as no value: a register counts from 0",
        "measurand-unusable": "read as the default, Energy.Active.Import.Register",
        "unknown-measurand": "kept under the name it was sent with",
        "unit-missing": "read in the measurand's default unit",
        "unit-spelling": "read as the unit it resembles",
        "unit-needless": "left aside: this measurand has none",
        "unit-unknown": "read as no value: what it counts is not known",
        "unit-corrected": "read in the unit that the profile knows",
        "frequency-unit": "read as hertz; OCPP 1.6 has no unit for it",
        "phase-unusable": "read as no phase",
        "unknown-phase": "kept as it was sent",
        "phase-to-neutral": "read as the phase",
        "context-unusable": "read as the default, Sample.Periodic",
        "unknown-context": "kept as it was sent",
        "location-unusable": "read as the default, Outlet",
        "unknown-location": "kept as it was sent",
        "format-unusable": "read as the default, Raw",
        "timestamp-missing": "read as the instant of reception",
        "timestamp-unreadable": "read as the instant of reception",
        "timestamp-without-zone": "read in the zone of the profile",
        "timestamp-spelling": "read as the instant it means",
        "timestamp-before-all-chargers": "read as the instant of reception: a clock never set",
        "timestamp-far-ahead": "read as the instant of reception: a clock set wrong",
        "timestamp-ahead": "believed; the clock may be set wrong",
        "id-tag-missing": "read as an empty one",
        "id-tag-not-a-text": "read as a text",
        "id-tag-too-long": "kept whole",
        "reason-unusable": "read as the default, Local",
        "unknown-reason": "kept as it was sent",
        "more-deviations": "not listed one by one",
    }
)
"""What each leniency means, by its rule."""

MEASURANDS: Mapping[str, str] = MappingProxyType(
    {
        "Current.Export": "A",
        "Current.Import": "A",
        "Current.Offered": "A",
        "Energy.Active.Export.Register": "Wh",
        ENERGY: "Wh",
        "Energy.Reactive.Export.Register": "varh",
        "Energy.Reactive.Import.Register": "varh",
        "Energy.Active.Export.Interval": "Wh",
        "Energy.Active.Import.Interval": "Wh",
        "Energy.Reactive.Export.Interval": "varh",
        "Energy.Reactive.Import.Interval": "varh",
        "Frequency": "Hertz",
        "Power.Active.Export": "W",
        "Power.Active.Import": "W",
        "Power.Factor": "",
        "Power.Offered": "W",
        "Power.Reactive.Export": "var",
        "Power.Reactive.Import": "var",
        "RPM": "",
        "SoC": "Percent",
        "Temperature": "Celsius",
        "Voltage": "V",
    }
)
"""The measurands of OCPP 1.6 §7.31 and the base unit of each."""

_UNITS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        # unit of OCPP 1.6 §7.45: (base unit, factor)
        "Wh": ("Wh", 1),
        "kWh": ("Wh", 1000),
        "varh": ("varh", 1),
        "kvarh": ("varh", 1000),
        "W": ("W", 1),
        "kW": ("W", 1000),
        "VA": ("VA", 1),
        "kVA": ("VA", 1000),
        "var": ("var", 1),
        "kvar": ("var", 1000),
        "A": ("A", 1),
        "V": ("V", 1),
        "Celsius": ("Celsius", 1),
        "Celcius": ("Celsius", 1),  # so in the first edition of OCPP 1.6
        "Fahrenheit": ("Fahrenheit", 1),
        "K": ("K", 1),
        "Percent": ("Percent", 1),
        "Hertz": ("Hertz", 1),
        "Hz": ("Hertz", 1),
    }
)
_UNITS_IN_ANY_CASE = {name.lower(): name for name in _UNITS}
_ALSO = {
    "Power.Offered": ("A",),  # some offer amperes
    "Power.Active.Import": ("VA",),  # and some have no better power
    "Temperature": ("Fahrenheit", "K"),  # not calculated with, hence left as they are
}
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

MAX_LENIENCIES = 100
MAX_CONNECTOR = 1000
MAX_ID_TAG = 20  # OCPP 1.6 §7.28
_MAX_SAID = 80
_MAX_NUMBER = 64
_MAX_POWER_OF_TEN = 15
_DECIMALS = 12
_MAX_INT64 = 2**63 - 1
_EXACT = Context(prec=100)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_COMMA_NUMBER = re.compile(r"[+-]?[0-9]+,[0-9]+")
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}(?:\.0*)?")
_TIMESTAMP = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})(?P<t>[Tt ])(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?"
    r"(?P<blank> ?)(?:(?P<utc>[Zz])|(?P<sign>[+-])(?P<oh>[0-9]{2}):?(?P<om>[0-9]{2})?)?"
)
_FIRST_CHARGER = datetime(2009, 1, 1, tzinfo=UTC)  # before OCPP, hence a clock that was never set
_FAR_AHEAD = timedelta(days=1)
_AHEAD = timedelta(minutes=5)
_WHOLE_WH = Decimal(1)
_SAMPLED = Decimal(0)


@dataclass(frozen=True, slots=True)
class Leniency:
    """
    A deviation that was read leniently; named, never silent.

    Attributes:
        rule: which one, a key of `RULES` ("value-is-a-number").
        where: the place in the message ("meterValue[0].sampledValue[2].value").
        said: what stood there, shortened to 80 characters.
        meaning: one clause: how it was read.
    """

    rule: str
    where: str
    said: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Reading:
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


@dataclass(frozen=True, slots=True)
class Reception:
    """What a message held: its readings in their order, and how it deviated."""

    readings: tuple[Reading, ...]
    leniencies: tuple[Leniency, ...]


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
        reception: meterStart as a reading, and the deviations.
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
        reception: meterStop and transactionData as readings of connector 0, for the message
            does not name one: `with_connector` sets it once the session is known.
    """

    transaction: int | None
    id_tag: str | None
    instant: datetime
    meter_stop_wh: Decimal | None
    reason: str
    reception: Reception


def with_connector(reading: Reading, connector: int) -> Reading:
    """Give the same reading as one of ``connector``."""
    return replace(reading, connector=connector)


def read_meter_values(payload: object, profile: DeviceProfile, received: datetime) -> Reception:
    """
    Read a MeterValues request (OCPP 1.6 §6.31).

    Parameters:
        payload: any JSON value.
        profile: how this model's deviations are read.
        received: when the frame came, aware; stands in for unusable timestamps.
    """
    message = _Message(profile, received)
    fields = message.fields_of(payload, "", _METER_VALUES_FIELDS)
    connector = _connector(message, fields)
    transaction = _integer(message, fields, "transactionId", "transaction")
    readings = _meter_values(message, fields, "meterValue", connector, transaction)
    return Reception(tuple(readings), message.leniencies)


def read_start(payload: object, profile: DeviceProfile, received: datetime) -> StartReport:
    """Read a StartTransaction request (OCPP 1.6 §6.45); parameters as `read_meter_values`."""
    message = _Message(profile, received)
    fields = message.fields_of(payload, "", _START_FIELDS)
    connector = _connector(message, fields)
    id_tag = _id_tag(message, fields)
    if id_tag is None:
        message.note("id-tag-missing", "idTag", None)
    instant = _instant(message, fields.get("timestamp"), "timestamp")
    meter = _meter(message, fields, "meterStart")
    readings = _meter_readings(fields.get("meterStart"), meter, connector, None, instant, BEGIN)
    return StartReport(
        connector=connector,
        id_tag=id_tag or "",
        instant=instant,
        meter_start_wh=meter,
        reservation=_integer(message, fields, "reservationId", "transaction"),
        reception=Reception(readings, message.leniencies),
    )


def read_stop(payload: object, profile: DeviceProfile, received: datetime) -> StopReport:
    """Read a StopTransaction request (OCPP 1.6 §6.49); parameters as `read_meter_values`."""
    message = _Message(profile, received)
    fields = message.fields_of(payload, "", _STOP_FIELDS)
    transaction = _integer(message, fields, "transactionId", "transaction")
    if "transactionId" not in fields:
        message.note("transaction-unusable", "transactionId", None)
    instant = _instant(message, fields.get("timestamp"), "timestamp")
    meter = _meter(message, fields, "meterStop")
    readings = _meter_readings(fields.get("meterStop"), meter, 0, transaction, instant, END)
    if fields.get("transactionData") not in (None, []):
        # Behind meterStop, so that a place in the message stays one place.
        behind = len(readings)
        data = _meter_values(message, fields, "transactionData", 0, transaction)
        readings += tuple(replace(each, position=each.position + behind) for each in data)
    return StopReport(
        transaction=transaction,
        id_tag=_id_tag(message, fields),
        instant=instant,
        meter_stop_wh=meter,
        reason=_word(message, fields, "reason", "", _REASONS, "Local"),
        reception=Reception(readings, message.leniencies),
    )


class _Message:
    """A message while it is read: how to read it, and what deviated so far."""

    def __init__(self, profile: DeviceProfile, received: datetime) -> None:
        self.profile = profile
        self.received = received.astimezone(UTC)
        self._noted: list[Leniency] = []
        self._more = 0

    def note(self, rule: str, where: str, said: object) -> None:
        """Keep a deviation; beyond `MAX_LENIENCIES` only their number is kept."""
        if len(self._noted) < MAX_LENIENCIES:
            self._noted.append(Leniency(rule, where, _shortened(said), RULES[rule]))
        else:
            self._more += 1

    @property
    def leniencies(self) -> tuple[Leniency, ...]:
        if not self._more:
            return tuple(self._noted)
        rest = Leniency("more-deviations", "", str(self._more), RULES["more-deviations"])
        return (*self._noted, rest)

    def fields_of(self, value: object, where: str, known: set[str]) -> Mapping[str, object]:
        """Give the fields of an object, none of anything else; fields not known are noted."""
        if not isinstance(value, dict):
            self.note("not-an-object", where, value)
            return {}
        for name in value:
            if name not in known:
                self.note("unknown-field", _within(where, _shortened(name)), value[name])
        return value


# -- texts -----------------------------------------------------------------------------


def _within(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _storable(text: str) -> str:
    """Escape what no database and no file can hold: halves of surrogate pairs."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _verbatim(value: object) -> str:
    """Show a JSON value that should have been a text; containers only by their size."""
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int) and value.bit_length() > _MAX_NUMBER * 3:
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"an object of {len(value)}"
    return str(value)


def _shortened(value: object) -> str:
    text = _verbatim(value)
    return text if len(text) <= _MAX_SAID else text[: _MAX_SAID - 1] + "…"


def _word(
    message: _Message,
    fields: Mapping[str, object],
    name: str,
    where: str,
    known: tuple[str, ...],
    default: str,
) -> str:
    """Read one word of an enumeration; an unknown one is kept, what is no word is not."""
    value = fields.get(name)
    if value is None:
        return default
    if not isinstance(value, str) or not value.strip():
        message.note(f"{name}-unusable", _within(where, name), value)
        return default
    if value in known:
        return value
    message.note(f"unknown-{name}", _within(where, name), value)
    return _shortened(value.strip())


def _id_tag(message: _Message, fields: Mapping[str, object]) -> str | None:
    value = fields.get("idTag")
    if value is None:
        return None
    if not isinstance(value, str):
        message.note("id-tag-not-a-text", "idTag", value)
    text = _verbatim(value)
    if len(text) > MAX_ID_TAG:
        message.note("id-tag-too-long", "idTag", text)
    return text


# -- numbers ---------------------------------------------------------------------------


def _integer(message: _Message, fields: Mapping[str, object], name: str, rule: str) -> int | None:
    """Read an integer of at most 64 bits; None where there is none."""
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        if _INTEGER.fullmatch(text := _verbatim(value).strip()) is None:
            message.note(f"{rule}-unusable", name, value)
            return None
        message.note(f"{rule}-not-a-number", name, value)
        value = int(text.partition(".")[0])
    if abs(value) > _MAX_INT64:
        message.note(f"{rule}-unusable", name, value)
        return None
    return value


def _connector(message: _Message, fields: Mapping[str, object]) -> int:
    # A message without its connector is counted where only one can be meant.
    default = 1 if message.profile.connectors == 1 else 0
    if fields.get("connectorId") is None:
        message.note("connector-missing", "connectorId", None)
        return default
    connector = _integer(message, fields, "connectorId", "connector")
    if connector is None:
        return default
    if not 0 <= connector <= MAX_CONNECTOR:
        message.note("connector-unusable", "connectorId", connector)
        return default
    return connector


def _number(message: _Message, text: str, where: str) -> Decimal | None:
    """Read a number exactly; None where it is none, or none that a meter could show."""
    stripped = text.strip()
    if stripped != text:
        message.note("value-has-blanks", where, text)
    if message.profile.decimal_comma and _COMMA_NUMBER.fullmatch(stripped):
        message.note("value-decimal-comma", where, text)
        stripped = stripped.replace(",", ".")
    if len(stripped) > _MAX_NUMBER or _NUMBER.fullmatch(stripped) is None:
        message.note("value-is-no-number", where, text)
        return None
    value = Decimal(stripped)
    if value.is_zero():
        return Decimal(0)
    if value.adjusted() >= _MAX_POWER_OF_TEN:
        message.note("value-too-large", where, text)
        return None
    finest = value.as_tuple().exponent
    if isinstance(finest, int) and finest < -_DECIMALS:
        message.note("value-too-fine", where, text)
        return value.quantize(Decimal(1).scaleb(-_DECIMALS), context=_EXACT)
    # Written without exponent, so that it stays readable wherever it is shown.
    return _EXACT.add(value, Decimal(0))


def _value(message: _Message, value: object, where: str) -> Decimal | None:
    """Read a sampled value, which OCPP wants to be a text holding a number."""
    if isinstance(value, str):
        return _number(message, value, where)
    if value is None:
        message.note("value-missing", where, value)
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        message.note("value-is-no-number", where, value)
        return None
    message.note("value-is-a-number", where, value)
    return _number(message, _verbatim(value), where)


def _meter(message: _Message, fields: Mapping[str, object], name: str) -> Decimal | None:
    """Read meterStart or meterStop: an integer in Wh (OCPP 1.6 §6.45, §6.49)."""
    value = fields.get(name)
    if isinstance(value, str):
        message.note("value-is-a-text", name, value)
        meter = _number(message, value, name)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        meter = _number(message, _verbatim(value), name)
    else:
        message.note("value-missing" if value is None else "value-is-no-number", name, value)
        return None
    if meter is not None and meter < 0:
        message.note("register-negative", name, value)
        return None
    return meter


def _meter_readings(
    said: object,
    meter: Decimal | None,
    connector: int,
    transaction: int | None,
    instant: datetime,
    context: str,
) -> tuple[Reading, ...]:
    """Make meterStart or meterStop a reading, so that one register is made of all."""
    if meter is None:
        return ()
    reading = Reading(
        connector=connector,
        instant=instant,
        measurand=ENERGY,
        phase=None,
        location="Outlet",
        context=context,
        value=meter,
        unit="Wh",
        raw_value=_verbatim(said),
        raw_unit=None,
        transaction=transaction,
        resolution_wh=_WHOLE_WH,
        position=0,
    )
    return (reading,)


# -- sampled values --------------------------------------------------------------------


def _items(
    message: _Message, fields: Mapping[str, object], name: str, where: str, rule: str
) -> Iterator[tuple[str, dict[str, object]]]:
    """Give the objects of a list with their places; one object alone is a list of one."""
    place = _within(where, name)
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
    message: _Message,
    fields: Mapping[str, object],
    name: str,
    connector: int,
    transaction: int | None,
) -> list[Reading]:
    readings: list[Reading] = []
    for where, meter_value in _items(message, fields, name, "", "meter-value"):
        message.fields_of(meter_value, where, {"timestamp", "sampledValue"})
        instant = _instant(message, meter_value.get("timestamp"), f"{where}.timestamp")
        samples = _items(message, meter_value, "sampledValue", where, "sampled-value")
        for place, sample in samples:
            message.fields_of(sample, place, _SAMPLE_FIELDS)
            readings.append(
                _reading(message, sample, place, connector, transaction, instant, len(readings))
            )
    return readings


def _reading(
    message: _Message,
    sample: Mapping[str, object],
    where: str,
    connector: int,
    transaction: int | None,
    instant: datetime,
    position: int,
) -> Reading:
    measurand = _measurand(message, sample, where)
    said = sample.get("value")
    signed = _word(message, sample, "format", where, ("Raw", "SignedData"), "Raw") == "SignedData"
    value = None if signed else _value(message, said, f"{where}.value")
    raw_unit = sample.get("unit")
    unit, value = _in_base_unit(message, raw_unit, f"{where}.unit", measurand, value)
    return Reading(
        connector=connector,
        instant=instant,
        measurand=measurand,
        phase=_phase(message, sample, where, measurand),
        location=_word(message, sample, "location", where, _LOCATIONS, "Outlet"),
        context=_word(message, sample, "context", where, _CONTEXTS, "Sample.Periodic"),
        value=value,
        unit=unit,
        raw_value="" if said is None else _verbatim(said),
        raw_unit=None if raw_unit is None else _verbatim(raw_unit),
        transaction=transaction,
        resolution_wh=_SAMPLED,
        position=position,
    )


def _measurand(message: _Message, sample: Mapping[str, object], where: str) -> str:
    return _word(message, sample, "measurand", where, tuple(MEASURANDS), ENERGY)


def _phase(
    message: _Message, sample: Mapping[str, object], where: str, measurand: str
) -> str | None:
    phase = _word(message, sample, "phase", where, _PHASES, "")
    if phase in ("L1-N", "L2-N", "L3-N"):
        if measurand != "Voltage":
            message.note("phase-to-neutral", f"{where}.phase", phase)
        return phase[:2]
    return phase or None


def _in_base_unit(
    message: _Message,
    said: object,
    where: str,
    measurand: str,
    value: Decimal | None,
) -> tuple[str, Decimal | None]:
    """Give the base unit of a value, and the value in it."""
    if value is None:
        return MEASURANDS.get(measurand, ""), None
    found = _unit(message, said, where, measurand)
    if found is None:
        message.note("unit-unknown", where, said)
        return MEASURANDS.get(measurand, ""), None
    base, factor = found
    return base, _EXACT.multiply(value, Decimal(factor))


def _unit(message: _Message, said: object, where: str, measurand: str) -> tuple[str, int] | None:
    """Find the base unit and the factor to it; None where the unit cannot be this measurand's."""
    base = MEASURANDS.get(measurand)
    always = message.profile.energy_unit_always
    if base == "Wh" and always:
        if said != always:
            message.note("unit-corrected", where, said)
        return _UNITS[always]
    if said is None or (isinstance(said, str) and not said.strip()):
        return _default_unit(message, said, where, base)
    if not isinstance(said, str):
        return None
    found = _unit_named(message, said, where)
    if base == "":
        message.note("unit-needless", where, said)
        return "", 1
    if base is None:
        return found or (_shortened(said.strip()), 1)
    if found is not None and found[0] not in (base, *_ALSO.get(measurand, ())):
        return None
    if base == "Hertz" and found is not None:
        message.note("frequency-unit", where, said)
    return found


def _default_unit(message: _Message, said: object, where: str, base: str | None) -> tuple[str, int]:
    """Read a value without unit: Wh for energies (OCPP 1.6 §7.43), else the base unit."""
    if not base or base == "Hertz":  # which have no unit in OCPP 1.6 §7.45
        return base or "", 1
    message.note("unit-missing", where, said)
    return _UNITS[message.profile.default_energy_unit] if base == "Wh" else (base, 1)


def _unit_named(message: _Message, said: str, where: str) -> tuple[str, int] | None:
    if said in _UNITS:
        return _UNITS[said]
    name = _UNITS_IN_ANY_CASE.get(said.strip().lower())
    if name is None:
        return None
    message.note("unit-spelling", where, said)
    return _UNITS[name]


# -- instants --------------------------------------------------------------------------


def _instant(message: _Message, value: object, where: str) -> datetime:
    """Read a timestamp; where it cannot be one, the instant of reception stands in."""
    if value is None:
        message.note("timestamp-missing", where, value)
        return message.received
    match = _TIMESTAMP.fullmatch(value.strip()) if isinstance(value, str) else None
    instant = _instant_of(message, match, where) if match else None
    if match is None or instant is None:
        message.note("timestamp-unreadable", where, value)
        return message.received
    if " " in (match["t"], match["blank"]) or match[0] != value:
        message.note("timestamp-spelling", where, value)
    if instant < _FIRST_CHARGER:
        message.note("timestamp-before-all-chargers", where, value)
        return message.received
    if instant - message.received > _FAR_AHEAD:
        message.note("timestamp-far-ahead", where, value)
        return message.received
    if instant - message.received > _AHEAD:
        message.note("timestamp-ahead", where, value)
    return instant


def _instant_of(message: _Message, match: re.Match[str], where: str) -> datetime | None:
    """Calculate the instant; None where such a time does not exist."""
    seconds = int(match["hour"]) * 3600 + int(match["minute"]) * 60 + int(match["second"] or 0)
    # Receivers must take any number of decimals (OCPP 1.6 errata 3.10); beyond µs they are cut.
    micros = int((match["fraction"] or "")[:6].ljust(6, "0"))
    if int(match["hour"]) > 24 or int(match["minute"]) > 59 or int(match["second"] or 0) > 60:
        return None
    try:
        midnight = datetime.fromisoformat(f"{match['date']}T00:00:00")
        # Added, so that 24:00:00 and a leap second become the instant they mean.
        naive = midnight + timedelta(seconds=seconds, microseconds=micros)
        if match["utc"]:
            return naive.replace(tzinfo=UTC)
        if match["sign"]:
            offset = timedelta(hours=int(match["oh"]), minutes=int(match["om"] or 0))
            naive += offset if match["sign"] == "-" else -offset
            return naive.replace(tzinfo=UTC)
        message.note("timestamp-without-zone", where, match[0])
        return days.instant_of_naive(naive, message.profile.zone_of_naive_times)
    except (ValueError, OverflowError):
        return None
