"""
Deviations: what a charger said otherwise than OCPP 1.6 wants, by name.

Nothing is read leniently in silence. Whoever reads a message notes each deviation in the
`Message`; `RULES` says what each of them means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from backend.core.device_profile import DeviceProfile

MAX_LENIENCIES = 100
"""So many deviations of a message are listed; of the rest the number."""
MAX_SAID = 80
_MAX_BITS = 192

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
        "unknown-format": "read as the default, Raw",
        "timestamp-missing": "read as the instant of reception",
        "timestamp-unreadable": "read as the instant of reception",
        "timestamp-without-zone": "read in the zone of the profile",
        "timestamp-spelling": "read as the instant it means",
        "timestamp-before-all-chargers": "read as the instant of reception: a clock never set",
        "timestamp-ahead": "read as the instant of reception: a clock set wrong",
        "id-tag-missing": "read as an empty one",
        "id-tag-not-a-text": "read as a text",
        "id-tag-too-long": "kept whole",
        "reason-unusable": "read as the default, Local",
        "unknown-reason": "kept as it was sent",
        "more-deviations": "not listed one by one",
    }
)
"""What each leniency means, by its rule."""


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


class Message:
    """A message while it is read: how to read it, and what deviated so far."""

    def __init__(self, profile: DeviceProfile, received: datetime) -> None:
        self.profile = profile
        self.received = received.astimezone(UTC)
        self._noted: list[Leniency] = []
        self._more = 0

    def note(self, rule: str, where: str, said: object) -> None:
        """Keep a deviation; beyond `MAX_LENIENCIES` only their number is kept."""
        if len(self._noted) < MAX_LENIENCIES:
            self._noted.append(Leniency(rule, where, shortened(said), RULES[rule]))
        else:
            self._more += 1

    @property
    def leniencies(self) -> tuple[Leniency, ...]:
        """The deviations noted so far, in their order."""
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
                self.note("unknown-field", within(where, shortened(name)), value[name])
        return value


def within(where: str, name: str) -> str:
    """Name the place of a field: "meterValue[0].timestamp"."""
    return f"{where}.{name}" if where else name


def storable(text: str) -> str:
    """Escape what no database and no file can hold: halves of surrogate pairs."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def verbatim(value: object) -> str:
    """Show a JSON value that should have been a text; containers only by their size."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"an object of {len(value)}"
    return str(value)


def shortened(value: object) -> str:
    """Show a JSON value in at most `MAX_SAID` characters."""
    text = verbatim(value)
    return text if len(text) <= MAX_SAID else text[: MAX_SAID - 1] + "…"


def read_word(
    message: Message,
    fields: Mapping[str, object],
    name: str,
    where: str,
    known: tuple[str, ...],
    default: str,
) -> str:
    """
    Read one word of an enumeration.

    Parameters:
        message: takes the deviations ``unknown-<name>`` and ``<name>-unusable``.
        fields: of the object.
        name: of the field.
        where: the object's place.
        known: the words of the enumeration.
        default: what holds where the field is missing, or holds no word.

    Returns:
        The word; one that is not known as it was sent, shortened.
    """
    value = fields.get(name)
    if value is None:
        return default
    if not isinstance(value, str) or not value.strip():
        message.note(f"{name}-unusable", within(where, name), value)
        return default
    if value in known:
        return value
    message.note(f"unknown-{name}", within(where, name), value)
    return shortened(value.strip())
