"""
What a vendor declares of a model, as data: the answers of a questionnaire such as document 003.

A declaration decides nothing by itself; what decides how a charger is read stands beside it in
the profile (`backend.core.device_profile`). The two are made of one table, so that they cannot
say different things: which messages a model sends and answers follows from the messages
declared, and what it measures from the measurements.

Nothing is made up: what the vendor does not say is an empty text, an empty list or `None`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import partial
from typing import Any

TRANSPORTS = ("1.5S", "1.6S", "1.6J")
"""OCPP 1.5 over SOAP, 1.6 over SOAP, 1.6 over JSON."""

CHARGER_MESSAGES = (
    "Authorize",
    "BootNotification",
    "DataTransfer",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "StartTransaction",
    "StatusNotification",
    "StopTransaction",
)
"""What a charger asks (OCPP 1.6 §4); DataTransfer goes both ways."""

BACKEND_MESSAGES = (
    "CancelReservation",
    "ChangeAvailability",
    "ChangeConfiguration",
    "ClearCache",
    "ClearChargingProfile",
    "DataTransfer",
    "GetCompositeSchedule",
    "GetConfiguration",
    "GetDiagnostics",
    "GetLocalListVersion",
    "RemoteStartTransaction",
    "RemoteStopTransaction",
    "ReserveNow",
    "Reset",
    "SendLocalList",
    "SetChargingProfile",
    "TriggerMessage",
    "UnlockConnector",
    "UpdateFirmware",
)
"""What a central system asks (OCPP 1.6 §5)."""

NOT_IN_1_5 = (
    "ClearChargingProfile",
    "GetCompositeSchedule",
    "SetChargingProfile",
    "TriggerMessage",
)
"""Messages that OCPP 1.5 does not have; a questionnaire has no box for them there."""


@dataclass(frozen=True, slots=True)
class ConnectorDeclared:
    """
    A connector of the model.

    Attributes:
        evse, connector: the numbers that OCPP messages use.
        current: ``AC``, ``DC`` or ``wireless``.
        plug: its kind, "Type 2".
        power_kw: the most it can deliver, as declared.
        phases: how many; 0 for direct current.
    """

    evse: int
    connector: int
    current: str
    plug: str
    power_kw: int
    phases: int = 0


@dataclass(frozen=True, slots=True)
class MessageDeclared:
    """A message, and the transports over which it is supported; none means that it is not."""

    action: str
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MeasurementDeclared:
    """
    Something that the model measures.

    Attributes:
        measurand: its name in OCPP 1.6 §7.31.
        phases: of which phases, ``("L1", "L2", "L3")``; empty for the whole.
        level: charge point, EVSE or connector.
        charging, standby: how often while charging and while not; empty where it is not sent.
        unit: as promised; empty where there is none.
        wire_units: the units that stand in messages; ``unit`` where left out.
    """

    measurand: str
    phases: tuple[str, ...] = ()
    level: str = "connector"
    charging: str = ""
    standby: str = ""
    unit: str = ""
    wire_units: tuple[str, ...] = ()

    @property
    def units_on_the_wire(self) -> tuple[str, ...]:
        """The units that messages may have with it; an empty text stands for none."""
        return self.wire_units or (self.unit,)


@dataclass(frozen=True, slots=True)
class Declaration:
    """
    The answers of a vendor's questionnaire.

    Attributes:
        vendor, model, firmware: as the vendor writes them; ``firmware_issued``: its date.
        connectors, messages, measurements: the three tables.
        id_tag_order, id_tag_delimiters, id_tag_example: how cards stand in idTags.
        custom_messages: what is said of DataTransfer.
        diagnostics_format, diagnostics_protocols: of the file that GetDiagnostics brings.
        firmware_format: of the file that UpdateFirmware fetches.
        other_measurements: what else is told of measuring.
        local_list_size: how many cards the local list holds, as declared.
        vendor_error_codes: what is said of them.
        endpoints: where the charger listens, by transport.
        charger_security, backend_security: protocols towards the charger, and towards the
            backend.
        other_interfaces: what else can be reached on the charger.
        documentation: where more is written.
    """

    vendor: str = ""
    model: str = ""
    firmware: str = ""
    firmware_issued: str = ""
    connectors: tuple[ConnectorDeclared, ...] = ()
    messages: tuple[MessageDeclared, ...] = ()
    measurements: tuple[MeasurementDeclared, ...] = ()
    id_tag_order: str = ""
    id_tag_delimiters: str = ""
    id_tag_example: str = ""
    custom_messages: str = ""
    diagnostics_format: str = ""
    diagnostics_protocols: tuple[str, ...] = ()
    firmware_format: str = ""
    other_measurements: str = ""
    local_list_size: str = ""
    vendor_error_codes: str = ""
    endpoints: tuple[tuple[str, str], ...] = ()
    charger_security: tuple[tuple[str, str], ...] = ()
    backend_security: str = ""
    other_interfaces: tuple[tuple[str, str], ...] = ()
    documentation: str = ""

    def supports(self, action: str, transport: str) -> bool | None:
        """Tell whether a message is supported over a transport; None where nothing is said."""
        for one in self.messages:
            if one.action == action:
                return transport in one.transports
        return None

    def sends(self, transport: str) -> tuple[str, ...]:
        """Give the messages of a charger that are supported over a transport."""
        return tuple(name for name in CHARGER_MESSAGES if self.supports(name, transport))

    def answers(self, transport: str) -> tuple[str, ...]:
        """Give the requests of a backend that are supported over a transport."""
        return tuple(name for name in BACKEND_MESSAGES if self.supports(name, transport))

    def refuses(self, transport: str) -> tuple[str, ...]:
        """Give the requests of a backend that are declared not to be supported."""
        return tuple(name for name in BACKEND_MESSAGES if self.supports(name, transport) is False)

    @classmethod
    def from_mapping(cls, mapping: object) -> Declaration:
        """
        Make a declaration of what a TOML file says.

        Raises:
            TypeError, ValueError: What must stand there instead, as the end of a sentence.
        """
        table = _table(mapping, cls)
        return cls(**{key: _READERS.get(key, _text)(value) for key, value in table.items()})


def _table(value: object, kind: type) -> dict[str, Any]:
    """Give a table whose keys are fields of a kind."""
    known = [each.name for each in fields(kind)]
    if not isinstance(value, Mapping):
        raise TypeError("a table with " + ", ".join(known))
    for key in value:
        if key not in known:
            raise ValueError(f"a table with {', '.join(known)}; {key!r} is none of them")
    return dict(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a table whose texts stand in quotes")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("a table whose lists hold texts in quotes")
    return tuple(_text(one) for one in value)


def _pairs(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, Mapping):
        raise TypeError("a table whose tables hold texts in quotes")
    return tuple((_text(key), _text(one)) for key, one in value.items())


def _messages(value: object) -> tuple[MessageDeclared, ...]:
    if not isinstance(value, Mapping):
        raise TypeError('a table whose messages are a table: Authorize = ["1.6J"]')
    found = []
    for action, transports in value.items():
        if action not in CHARGER_MESSAGES + BACKEND_MESSAGES:
            raise ValueError(f"a table whose messages are of OCPP 1.6; {action!r} is none")
        named = _texts(transports)
        if not set(named) <= set(TRANSPORTS):
            raise ValueError(f"a table whose transports are of {', '.join(TRANSPORTS)}")
        found.append(MessageDeclared(action, named))
    return tuple(found)


def _rows(kind: type, value: object) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise TypeError("a table whose rows are tables")
    return tuple(_row(kind, one) for one in value)


def _row(kind: type, value: object) -> Any:
    types = {each.name: _TYPES[str(each.type)] for each in fields(kind)}
    table = _table(value, kind)
    for key, said in table.items():
        if not isinstance(said, types[key]) or isinstance(said, bool):
            raise TypeError(f"a table whose {key} are each of type {types[key].__name__}")
    needed = [each.name for each in fields(kind) if each.default is MISSING]
    if not table.keys() >= set(needed):
        raise TypeError(f"a table whose rows have all of {', '.join(needed)}")
    lists = {key: _texts(said) for key, said in table.items() if isinstance(said, list)}
    return kind(**(table | lists))


_TYPES: Mapping[str, type] = {"int": int, "str": str, "tuple[str, ...]": list}

_READERS: Mapping[str, Callable[[object], Any]] = {
    "connectors": partial(_rows, ConnectorDeclared),
    "measurements": partial(_rows, MeasurementDeclared),
    "messages": _messages,
    "diagnostics_protocols": _texts,
    "endpoints": _pairs,
    "charger_security": _pairs,
    "other_interfaces": _pairs,
}
