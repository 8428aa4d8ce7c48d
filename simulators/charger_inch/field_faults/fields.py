"""Rows F80 to F92: fields that are wrong, and cards that are read otherwise than they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Any, ClassVar, Literal

from simulators.charger_inch.quirks import Quirk, Request, Scene, number

Json = dict[str, Any]


# ---------------------------------------------------------------- status and boot


@dataclass(frozen=True, slots=True)
class InvalidErrorCode(Quirk):
    """
    The errorCode of a StatusNotification is none of OCPP's.

    Attributes:
        code: what is sent instead of any.
    """

    name: ClassVar[str] = "invalid-error-code"
    row: ClassVar[str] = "F80"

    code: str = "Error"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write it."""
        told = request.action == "StatusNotification"
        return (request.having(errorCode=self.code) if told else request,)


@dataclass(frozen=True, slots=True)
class ErrorToldOnce(Quirk):
    """A fault is told with its error once; while it lasts the status is Faulted with NoError."""

    name: ClassVar[str] = "error-told-once"
    row: ClassVar[str] = "F81"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Leave the error out of what is told again."""
        if request.action != "StatusNotification" or request.payload.get("connectorId") != 1:
            return (request,)
        faulted = request.payload.get("status") == "Faulted"
        was_told, scene.notes[self.name] = scene.notes.get(self.name), faulted
        if not (faulted and was_told):
            return (request,)
        bare = request.lacking("info", "vendorId", "vendorErrorCode")
        return (bare.having(errorCode="NoError"),)


@dataclass(frozen=True, slots=True)
class OverLongFields(Quirk):
    """
    A field is longer than OCPP lets it be.

    Attributes:
        where: the serial number of the boot (limit 25), idTags (20), or values in the answer to
            GetConfiguration (500).
    """

    name: ClassVar[str] = "over-long-fields"
    row: ClassVar[str] = "F82"

    where: Literal["serial", "id-tag", "configuration"] = "serial"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write a serial number of 26 characters, or idTags of 21."""
        if self.where == "serial" and request.action == "BootNotification":
            serial = str(request.payload.get("chargePointSerialNumber", ""))
            return (request.having(chargePointSerialNumber=serial.ljust(26, "0")),)
        if self.where == "id-tag":
            return (_with_id_tag(request, lambda id_tag: id_tag.ljust(21, "0")),)
        return (request,)

    def result(self, action: str, answer: Json, scene: Scene) -> Json:
        """Give lists of measurands of more than 500 characters."""
        if self.where != "configuration" or action != "GetConfiguration":
            return answer
        return _with_values(answer, lambda value: value if "," not in value else _long(value))


def _long(text: str) -> str:
    """Say a list again and again until it has more than 500 characters."""
    return ",".join([text] * (501 // len(text) + 1))


@dataclass(frozen=True, slots=True)
class EmptyVendor(Quirk):
    """The chargePointVendor is empty."""

    name: ClassVar[str] = "empty-vendor"
    row: ClassVar[str] = "F83"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write nothing into it."""
        boot = request.action == "BootNotification"
        return (request.having(chargePointVendor="") if boot else request,)


@dataclass(frozen=True, slots=True)
class ExtraFields(Quirk):
    """Authorize has a connectorId, which OCPP 1.6 does not know there."""

    name: ClassVar[str] = "extra-fields"
    row: ClassVar[str] = "F84"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Add it."""
        return (request.having(connectorId=1) if request.action == "Authorize" else request,)


@dataclass(frozen=True, slots=True)
class NumericConfiguration(Quirk):
    """Values of configuration keys are JSON numbers where OCPP has texts."""

    name: ClassVar[str] = "numeric-configuration"
    row: ClassVar[str] = "F85"

    def result(self, action: str, answer: Json, scene: Scene) -> Json:
        """Write numbers without quotes."""
        if action != "GetConfiguration":
            return answer
        return _with_values(answer, lambda value: int(value) if value.isdecimal() else value)


def _with_values(answer: Json, change: Any) -> Json:
    entries = [
        entry | {"value": change(entry["value"])} if isinstance(entry.get("value"), str) else entry
        for entry in answer["configurationKey"]
    ]
    return answer | {"configurationKey": entries}


# ---------------------------------------------------------------- cards


def _with_id_tag(request: Request, change: Any) -> Request:
    """Give a request with another idTag, where it has one."""
    id_tag = request.payload.get("idTag")
    return request.having(idTag=change(id_tag)) if isinstance(id_tag, str) else request


def _bytes_of(id_tag: str) -> bytes | None:
    try:
        return bytes.fromhex(id_tag)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class ControlBytesInIdTag(Quirk):
    """IdTags have control characters inside."""

    name: ClassVar[str] = "control-bytes-in-id-tag"
    row: ClassVar[str] = "F86"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Put U+0010 and U+000E into the middle."""
        return (
            _with_id_tag(
                request,
                lambda id_tag: f"{id_tag[: len(id_tag) // 2]}\x10\x0e{id_tag[len(id_tag) // 2 :]}",
            ),
        )


@dataclass(frozen=True, slots=True)
class SeparatedIdTag(Quirk):
    """
    The bytes of idTags stand apart.

    Attributes:
        form: with a blank before each byte, or with colons between them.
    """

    name: ClassVar[str] = "separated-id-tag"
    row: ClassVar[str] = "F87"

    form: Literal["blanks", "colons"] = "blanks"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write idTags so."""
        return (_with_id_tag(request, self._separated),)

    def _separated(self, id_tag: str) -> str:
        pairs = re.findall("..?", id_tag)
        return ":".join(pairs) if self.form == "colons" else "".join(f" {one}" for one in pairs)


@dataclass(frozen=True, slots=True)
class MangledUid(Quirk):
    """
    IdTags are UIDs that lack their last byte and have a checksum there, or are reversed.

    Attributes:
        form: which of the two; the checksum is the exclusive or of the bytes that are left.
    """

    name: ClassVar[str] = "mangled-uid"
    row: ClassVar[str] = "F88"

    form: Literal["cut", "reversed"] = "cut"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write idTags so."""
        return (_with_id_tag(request, self._mangled),)

    def _mangled(self, id_tag: str) -> str:
        uid = _bytes_of(id_tag)
        if not uid:
            return id_tag
        if self.form == "reversed":
            return uid[::-1].hex().upper()
        return (uid[:-1] + bytes([reduce(xor, uid[:-1], 0)])).hex().upper()


@dataclass(frozen=True, slots=True)
class LetsAnybodyIn(Quirk):
    """The charger asks nobody whether a card is good."""


@dataclass(frozen=True, slots=True)
class NoIdTag(LetsAnybodyIn):
    """
    Everybody charges, and all under one idTag or none (free vending).

    Attributes:
        sent: the idTag; empty for none.
    """

    name: ClassVar[str] = "no-id-tag"
    row: ClassVar[str] = "F89"

    sent: str = ""

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write it instead of any."""
        return (_with_id_tag(request, lambda id_tag: self.sent),)


@dataclass(frozen=True, slots=True)
class LowerCaseIdTag(Quirk):
    """IdTags are in lower case."""

    name: ClassVar[str] = "lower-case-id-tag"
    row: ClassVar[str] = "F90"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write them so."""
        return (_with_id_tag(request, str.lower),)


@dataclass(frozen=True, slots=True)
class AnyCardStarts(LetsAnybodyIn):
    """Any card starts at once, also one that nobody knows; the backend is not asked before."""

    name: ClassVar[str] = "any-card-starts"
    row: ClassVar[str] = "F91"


@dataclass(frozen=True, slots=True)
class RemoteStartNeedsHex(Quirk):
    """
    RemoteStartTransaction is Rejected where its idTag is no hexadecimal number.

    Attributes:
        most: how many characters it may have.
    """

    name: ClassVar[str] = "remote-start-needs-hex"
    row: ClassVar[str] = "F92"

    most: int = number(20, least=1, most=20)

    def takes(self, id_tag: str) -> bool:
        """Tell whether an idTag would do."""
        return re.fullmatch(r"[0-9A-Fa-f]+", id_tag) is not None and len(id_tag) <= self.most
