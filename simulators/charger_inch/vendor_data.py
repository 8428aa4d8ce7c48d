"""
What the vendor keeps to himself, as data: error codes, and messages in his own words.

The two files beside this one say what is known and what is ASSUMED; they can be exchanged for the
vendor's own lists without touching code.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

VENDOR_ID = "Etrel"

TEXT_LIMIT = 50
"""OCPP 1.6 §6.47: info and vendorErrorCode have 50 characters at most."""


ERROR_CODES = (
    "ConnectorLockFailure",
    "EVCommunicationError",
    "GroundFailure",
    "HighTemperature",
    "InternalError",
    "LocalListConflict",
    "OtherError",
    "OverCurrentFailure",
    "OverVoltage",
    "PowerMeterFailure",
    "PowerSwitchFailure",
    "ReaderFailure",
    "ResetFailure",
    "UnderVoltage",
    "WeakSignal",
)
"""The ChargePointErrorCodes of OCPP 1.6 §7.6, without NoError."""


@dataclass(frozen=True, slots=True)
class VendorError:
    """
    Something that is broken, in the words of OCPP and in the vendor's.

    Attributes:
        error_code: a ChargePointErrorCode of OCPP 1.6 §7.6.
        vendor_error_code: the vendor's code; empty where there is none.
        title: what a technician reads.
        faulted: whether the connector is Faulted by it.
        stops: whether it ends a running transaction.
    """

    error_code: str
    vendor_error_code: str = ""
    title: str = ""
    faulted: bool = True
    stops: bool = True

    def told_as(self, info: str | None, vendor_error_code: str | None) -> VendorError:
        """Give the same error with another text or code; None leaves what stands here."""
        return replace(
            self,
            title=self.title if info is None else info,
            vendor_error_code=(
                self.vendor_error_code if vendor_error_code is None else vendor_error_code
            ),
        )


@dataclass(frozen=True, slots=True)
class VendorMessage:
    """
    A DataTransfer message of the vendor's.

    Attributes:
        message_id: its messageId.
        fields, optional: names of the fields of its data, with their types: ``integer``,
            ``number``, ``instant``, or words with bars between.
        assumed: what of it no source says; empty: nothing.
    """

    message_id: str
    fields: Mapping[str, str] = field(default_factory=dict)
    optional: Mapping[str, str] = field(default_factory=dict)
    assumed: str = ""

    def takes(self, data: object) -> bool:
        """Tell whether ``data`` has the fields that it must have, and each is of its type."""
        if not isinstance(data, dict) or not self.fields.keys() <= data.keys():
            return False
        known = {**self.fields, **self.optional}
        return all(name in known and _is_a(value, known[name]) for name, value in data.items())


def _is_a(value: object, kind: str) -> bool:
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if not isinstance(value, str):
        return False
    if kind == "instant":
        try:
            datetime.fromisoformat(value)
        except ValueError:
            return False
        return True
    return value in kind.split("|")


@cache
def vendor_errors() -> Mapping[str, VendorError]:
    """Give the vendor's errors by their code."""
    rows = _read("vendor_errors.toml")["error"]
    return {row["vendor_error_code"]: VendorError(**row) for row in rows}


def error_named(error_code: str) -> VendorError:
    """Give the vendor's first error with a ChargePointErrorCode, or one of no vendor code."""
    found = (one for one in vendor_errors().values() if one.error_code == error_code)
    return next(found, VendorError(error_code))


@cache
def messages_from_backend() -> Mapping[str, VendorMessage]:
    """Give the vendor's messages that a backend may send, by messageId."""
    rows = _read("vendor_messages.toml")["from_backend"]
    return {row["message_id"]: VendorMessage(**row) for row in rows}


@cache
def messages_to_backend() -> Mapping[str, VendorMessage]:
    """Give the vendor's messages that the charger may send, by messageId."""
    rows = _read("vendor_messages.toml")["to_backend"]
    return {row["message_id"]: VendorMessage(**row) for row in rows}


def _read(name: str) -> dict[str, Any]:
    text = files("simulators.charger_inch").joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)
