"""
The short way: MeterValues about which nothing is odd.

Nearly all that chargers send is MeterValues as OCPP 1.6 §6.31 has it, worded the same each time.
Such a message is decoded right into the shapes below, and only its instants and numbers are
read; what its words mean has been learned from the careful reader, `backend.core.readings`.

Rule 1: this way gives what the careful one gives, to the digit, or nothing. Wherever the careful
reader might note a deviation, the message goes to it. A test compares the two on messages of
all sorts.
Rule 2: nothing is learned that is long or odd, and only so much.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct, to_builtins

from backend.core.device_profile import DeviceProfile
from backend.core.leniency import Message
from backend.core.quantities import is_plain_number, times
from backend.core.readings import (
    MAX_INT64,
    Kind,
    MeterValue,
    Reception,
    most_connector,
    read_meter_values,
    read_sampled_value,
)
from backend.core.timestamps import plain_instant

#: Ways to word a sampled value that are remembered of a model, and how long a word may be; an
#: INCH has ten ways for each context.
_WORDINGS = 4_096
_WORD_SIGNS = 50
_PROFILES = 64
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


# Fields that are null are the same as missing ones, as they are to the careful reader. gc=False:
# they hold texts and each other, and never themselves.


class PlainSampledValue(Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A sampled value (OCPP 1.6 §7.43) whose fields are all known, and texts."""

    value: str
    measurand: str | None = None
    phase: str | None = None
    location: str | None = None
    context: str | None = None
    format: str | None = None
    unit: str | None = None


class PlainMeterValue(Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """A meter value (OCPP 1.6 §7.33) that has its fields, and no others."""

    timestamp: str
    sampled_value: list[PlainSampledValue]


class PlainMeterValues(
    Struct, forbid_unknown_fields=True, rename="camel", omit_defaults=True, gc=False
):
    """A MeterValues request (OCPP 1.6 §6.31) that has its fields, and no others."""

    connector_id: int
    meter_value: list[PlainMeterValue]
    transaction_id: int | None = None


def read_plain(message: PlainMeterValues, profile: DeviceProfile, received: datetime) -> Reception:
    """Read a message by the short way, or where that ends, with care."""
    found = _read(message, profile, received)
    if found is not None:
        return Reception(tuple(found), ())
    return read_meter_values(to_builtins(message), profile, received)


def _read(
    message: PlainMeterValues, profile: DeviceProfile, received: datetime
) -> list[MeterValue] | None:
    connector, transaction = message.connector_id, message.transaction_id
    if not 0 <= connector <= most_connector(profile) or abs(transaction or 0) > MAX_INT64:
        return None
    found: list[MeterValue] = []
    position = 0
    for each in message.meter_value:
        instant = plain_instant(each.timestamp, received)
        read = _values(each.sampled_value, profile)
        if instant is None or read is None:
            return None
        if each.sampled_value:
            found.append(MeterValue(connector, instant, transaction, position, *read))
            position += len(each.sampled_value)
    return found


def _values(
    samples: list[PlainSampledValue], profile: DeviceProfile
) -> tuple[tuple[Kind, ...], tuple[Decimal, ...], tuple[str, ...]] | None:
    raw_values = tuple([one.value for one in samples])
    if not all(map(is_plain_number, raw_values)):
        return None
    known = _known(profile)
    worded = [
        (one.measurand, one.phase, one.location, one.context, one.format, one.unit)
        for one in samples
    ]
    try:
        meanings = [known[words] for words in worded]
    except KeyError:
        meanings = [_learn(profile, known, words) for words in worded]
    if not all(meanings):
        return None
    kinds, factors = zip(*meanings, strict=True) if meanings else ((), ())
    return kinds, tuple(map(times, map(Decimal, raw_values), factors)), raw_values


#: What a sampled value is, and the factor to its base unit.
_Meaning = tuple[Kind, Decimal]
_WORDS = ("measurand", "phase", "location", "context", "format", "unit")
_Known = dict[tuple[str | None, ...], _Meaning | None]


@lru_cache(_PROFILES)
def _known(profile: DeviceProfile) -> _Known:
    """Give what has been learned of how a model words its values; None is what is odd."""
    return {}


def _learn(profile: DeviceProfile, known: _Known, words: tuple[str | None, ...]) -> _Meaning | None:
    """Have the words of a sampled value read with care; None where that finds anything odd."""
    message = Message(profile, _NEVER)
    sample = dict(zip(_WORDS, words, strict=True))
    kind, factor, _ = read_sampled_value(message, {"value": "1", **sample}, "")
    meaning = None if message.leniencies or factor is None else (kind, factor)
    if len(known) < _WORDINGS and all(len(word or "") <= _WORD_SIGNS for word in words):
        known[words] = meaning
    return meaning
