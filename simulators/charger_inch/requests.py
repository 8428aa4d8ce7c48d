"""
What a backend may ask of the charger (OCPP 1.6 §5), one method for each request.

Rule 1: a request has the form that its schema asks for; what it means is judged here.
Rule 2: the answer goes out before anything that the request sets off.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from simulators.charger_inch import vendor_data
from simulators.charger_inch.configuration import MEASURAND_KEYS
from simulators.charger_inch.connector import Connector
from simulators.charger_inch.field_faults.connection import RebootsOnTrigger
from simulators.charger_inch.field_faults.fields import RemoteStartNeedsHex
from simulators.charger_inch.field_faults.registers import AcceptsAnyMeasurand
from simulators.charger_inch.field_faults.transactions import ProfileIgnored
from simulators.charger_inch.habits import ListMemoryFull, RebootRequired
from simulators.charger_inch.maintenance import Maintenance
from simulators.charger_inch.measurements import is_measurand
from simulators.charger_inch.outbox import Message
from simulators.charger_inch.parts import Parts
from simulators.charger_inch.reservations import Reservation
from simulators.charger_inch.status import CHARGER, CONNECTOR

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """A CALLRESULT to the backend."""

    payload: Json


@dataclass(frozen=True, slots=True)
class Refusal:
    """A CALLERROR to the backend: a code of OCPP-J 1.6 §4.2.3 and why."""

    code: str
    why: str


class Controller(Protocol):
    """What requests can do with the charger as a whole."""

    @property
    def online(self) -> bool:
        """Whether the backend can be asked."""

    @property
    def line_is_up(self) -> bool:
        """Whether there is a line, accepted or not."""

    def reset(self, kind: str, now: datetime) -> None:
        """Restart once the answer is out: a ResetType (OCPP 1.6 §7.36)."""

    def restart(self, now: datetime) -> None:
        """Restart by itself."""

    def say_boot(self) -> None:
        """Send a BootNotification."""

    def say_heartbeat(self) -> None:
        """Send a Heartbeat."""

    def replan(self, key: str, now: datetime) -> None:
        """Do from now on what a configuration key says that has been changed."""


class Requests:
    """
    The requests that the charger answers.

    Parameters:
        controller: the charger as a whole.
        parts, connector, maintenance: the charger's.
        accepts_reservations: whether it takes reservations.
    """

    def __init__(
        self,
        controller: Controller,
        parts: Parts,
        *,
        accepts_reservations: bool,
        connector: Connector,
        maintenance: Maintenance,
    ) -> None:
        self._controller = controller
        self._accepts_reservations = accepts_reservations
        self._configuration = parts.configuration
        self._authority = parts.authority
        self._profiles = parts.profiles
        self._connector = connector
        self._maintenance = maintenance
        self._outbox = parts.outbox
        self._quirks = parts.quirks
        self._journal = parts.journal
        self._on_call = self._handlers()
        self._on_trigger = self._triggers()

    def _handlers(self) -> dict[str, Callable[[Json, datetime], Result | Refusal]]:
        return {
            "CancelReservation": self._on_cancel_reservation,
            "ChangeAvailability": self._on_change_availability,
            "ChangeConfiguration": self._on_change_configuration,
            "ClearCache": self._on_clear_cache,
            "ClearChargingProfile": self._on_clear_charging_profile,
            "DataTransfer": self._on_data_transfer,
            "GetConfiguration": self._on_get_configuration,
            "GetDiagnostics": self._on_get_diagnostics,
            "RemoteStartTransaction": self._on_remote_start,
            "RemoteStopTransaction": self._on_remote_stop,
            "ReserveNow": self._on_reserve_now,
            "Reset": self._on_reset,
            "SendLocalList": self._on_send_local_list,
            "SetChargingProfile": self._on_set_charging_profile,
            "TriggerMessage": self._on_trigger_message,
            "UnlockConnector": self._on_unlock_connector,
            "UpdateFirmware": self._on_update_firmware,
        }

    def refusal_of(self, action: str) -> Refusal | None:
        """Tell whether an action is refused whatever it says, and how."""
        if action in self._on_call:
            return None
        if action in _KNOWN_ACTIONS:
            return Refusal("NotSupported", f"this charger knows {action} but does not do it")
        return Refusal("NotImplemented", f"this charger knows no action {action}")

    def answer(self, action: str, payload: Json, now: datetime) -> Result | Refusal:
        """Answer a request that fits its schema."""
        refusal = self.refusal_of(action)
        if refusal is not None:
            return refusal
        self._journal.note(now, f"the backend asks {action}")
        return self._on_call[action](payload, now)

    def _on_get_configuration(self, payload: Json, now: datetime) -> Result | Refusal:
        names = payload.get("key", [])
        if len(names) > (most := self._configuration.number("GetConfigurationMaxKeys")):
            return Refusal("OccurenceConstraintViolation", f"at most {most} keys can be asked for")
        entries, unknown = self._configuration.entries(names)
        return Result({"configurationKey": entries, "unknownKey": unknown})

    def _on_change_configuration(self, payload: Json, now: datetime) -> Result | Refusal:
        later = MEASURAND_KEYS if self._quirks.active(RebootRequired) is not None else ()
        name, value = payload["key"], payload["value"]
        if self._quirks.active(AcceptsAnyMeasurand) is not None and name in MEASURAND_KEYS:
            value = ",".join(one for one in value.split(",") if is_measurand(one.strip()))
        verdict = self._configuration.change(name, value, after_reboot=later)
        if verdict == "Accepted":
            self._controller.replan(name, now)
        return Result({"status": verdict})

    def _on_clear_cache(self, payload: Json, now: datetime) -> Result | Refusal:
        return Result({"status": self._authority.clear_cache()})

    def _on_send_local_list(self, payload: Json, now: datetime) -> Result | Refusal:
        if self._quirks.active(ListMemoryFull) is not None:
            return Result({"status": "Failed"})
        entries = payload.get("localAuthorizationList", [])
        status = self._authority.update(payload["listVersion"], payload["updateType"], entries)
        return Result({"status": status})

    def _on_change_availability(self, payload: Json, now: datetime) -> Result | Refusal:
        operative = payload["type"] == "Operative"
        status = self._connector.change_availability(payload["connectorId"], operative, now)
        return Result({"status": status})

    def _on_unlock_connector(self, payload: Json, now: datetime) -> Result | Refusal:
        return Result({"status": self._connector.unlock_remotely(payload["connectorId"], now)})

    def _on_reserve_now(self, payload: Json, now: datetime) -> Result | Refusal:
        connector, expires = payload["connectorId"], _instant(payload["expiryDate"])
        zero = self._configuration.is_on("ReserveConnectorZeroSupported")
        if expires is None or not self._accepts_reservations:
            return Result({"status": "Rejected"})
        if connector == CHARGER and not zero:
            return Result({"status": "Rejected"})
        reservation = Reservation(
            payload["reservationId"],
            connector,
            payload["idTag"],
            payload.get("parentIdTag", ""),
            expires,
        )
        return Result({"status": self._connector.reserve(reservation, now)})

    def _on_cancel_reservation(self, payload: Json, now: datetime) -> Result | Refusal:
        done = self._connector.cancel_reservation(payload["reservationId"], now)
        return Result({"status": "Accepted" if done else "Rejected"})

    def _on_remote_start(self, payload: Json, now: datetime) -> Result | Refusal:
        id_tag, profile = payload["idTag"], payload.get("chargingProfile")
        connector = payload.get("connectorId", CONNECTOR)
        fault = self._quirks.active(RemoteStartNeedsHex)
        if fault is not None and not fault.takes(id_tag):
            return Result({"status": "Rejected"})
        if self._connector.refusal_of_start(connector, id_tag):
            return Result({"status": "Rejected"})
        if profile is not None:
            taken = self._profiles.install_with_remote_start(profile, now)
            if taken != "Accepted":
                return Result({"status": taken})
        self._connector.start_remotely(id_tag, now)
        return Result({"status": "Accepted"})

    def _on_remote_stop(self, payload: Json, now: datetime) -> Result | Refusal:
        done = self._controller.online and self._connector.stop_remotely(
            payload["transactionId"], now
        )
        return Result({"status": "Accepted" if done else "Rejected"})

    def _on_set_charging_profile(self, payload: Json, now: datetime) -> Result | Refusal:
        profile = payload["csChargingProfiles"]
        fault = self._quirks.active(ProfileIgnored)
        if fault is not None and fault.ignores(profile):
            return Result({"status": "Accepted"})
        status = self._profiles.install(
            payload["connectorId"], profile, now, self._connector.transaction
        )
        self._connector.profiles_changed(now)
        return Result({"status": status})

    def _on_clear_charging_profile(self, payload: Json, now: datetime) -> Result | Refusal:
        status = self._profiles.clear(payload)
        self._connector.profiles_changed(now)
        return Result({"status": status})

    def _on_get_diagnostics(self, payload: Json, now: datetime) -> Result | Refusal:
        return Result(self._maintenance.get_diagnostics(payload, now))

    def _on_update_firmware(self, payload: Json, now: datetime) -> Result | Refusal:
        return Result(self._maintenance.update_firmware(payload, now))

    def _on_reset(self, payload: Json, now: datetime) -> Result | Refusal:
        self._controller.reset(payload["type"], now)
        return Result({"status": "Accepted"})

    def _on_data_transfer(self, payload: Json, now: datetime) -> Result | Refusal:
        if payload["vendorId"].lower() != vendor_data.VENDOR_ID.lower():
            return Result({"status": "UnknownVendorId"})
        message = vendor_data.messages_from_backend().get(payload.get("messageId", ""))
        if message is None:
            return Result({"status": "UnknownMessageId"})
        try:
            data = json.loads(payload.get("data", "{}"))
        except (ValueError, RecursionError):
            data = None
        taken = message.takes(data)
        if taken:
            self._journal.note(now, f"vendor's message {message.message_id}")
        return Result({"status": "Accepted" if taken else "Rejected"})

    def _triggers(self) -> dict[str, Callable[[int | None, datetime], None]]:
        return {
            "BootNotification": self._report_boot,
            "DiagnosticsStatusNotification": self._report_diagnostics,
            "FirmwareStatusNotification": self._report_firmware,
            "Heartbeat": lambda connector, now: self._controller.say_heartbeat(),
            "MeterValues": self._report_values,
            "StatusNotification": self._report_status,
        }

    def _on_trigger_message(self, payload: Json, now: datetime) -> Result | Refusal:
        # OCPP 1.6 §5.17: the answer first, then the message. A connector that is not there
        # cannot tell anything.
        connector = payload.get("connectorId")
        if connector not in (None, CHARGER, CONNECTOR) or not self._controller.line_is_up:
            return Result({"status": "Rejected"})
        trigger = self._on_trigger.get(payload["requestedMessage"])
        if trigger is None:
            return Result({"status": "NotImplemented"})
        trigger(connector, now)
        return Result({"status": "Accepted"})

    def _report_boot(self, connector: int | None, now: datetime) -> None:
        if self._quirks.active(RebootsOnTrigger) is not None:
            self._controller.restart(now)
        else:
            self._controller.say_boot()

    def _report_diagnostics(self, connector: int | None, now: datetime) -> None:
        # OCPP 1.6 §4.4: Idle is sent only when triggered and nothing is being uploaded.
        status = {"status": self._maintenance.diagnostics_status}
        self._outbox.add(Message("DiagnosticsStatusNotification", status))

    def _report_firmware(self, connector: int | None, now: datetime) -> None:
        # OCPP 1.6 §4.5: Idle is sent only when triggered and nothing is being installed.
        status = {"status": self._maintenance.firmware_status}
        self._outbox.add(Message("FirmwareStatusNotification", status))

    def _report_values(self, connector: int | None, now: datetime) -> None:
        self._connector.metering.report(now, "MeterValuesSampledData", "Trigger")

    def _report_status(self, connector: int | None, now: datetime) -> None:
        connectors = (CHARGER, CONNECTOR) if connector is None else (connector,)
        self._connector.reports.report(*connectors, triggered=True)


def _instant(text: str) -> datetime | None:
    """Read an instant; one without a zone is UTC; None for what is none."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)


# The other actions of OCPP 1.6 §6, whether a backend may send them or not.
_KNOWN_ACTIONS = frozenset(
    {
        "Authorize",
        "BootNotification",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "GetCompositeSchedule",
        "GetLocalListVersion",
        "Heartbeat",
        "MeterValues",
        "StartTransaction",
        "StatusNotification",
        "StopTransaction",
    }
)
