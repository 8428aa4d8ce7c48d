"""
What the backend answers to each message of a charger (OCPP 1.6 §4 and §6).

Rule 1: StartTransaction, StopTransaction and MeterValues are always answered with a .conf,
whatever stands in them (§4.7, §4.8, §4.10): a charger throws a transaction message away after
a few refusals. What cannot be used is named and stays as its raw frame.
Rule 2: an answer is made of two parts: what is read from the message, at once, and `work`,
what is decided by what is known already, inside the transaction that also keeps the frame. It
leaves after that transaction's commit.
Rule 3: other messages are refused only where there is nothing to answer them with.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from ocpp.v16.enums import (  # type: ignore[import-untyped]
    Action,
    ChargePointStatus,
    DataTransferStatus,
)
from sqlalchemy import Connection

from backend.adapters import records, station_state
from backend.adapters.cards import Cards
from backend.adapters.meter_values import Keeper
from backend.adapters.ocpp_frames import Call, CallErrorCode, shown, violations
from backend.adapters.registration import ACCEPTED, REJECTED, STATUSES, may_come
from backend.core.plain import PlainMeterValues, read_plain
from backend.core.readings import (
    Leniency,
    MeterValue,
    read_meter_values,
    read_start,
    read_stop,
    with_connector,
)
from backend.settings import StationSettings

#: Does the work of a message in the writer's transaction; takes the connection and the key of
#: the frame, gives the payload of the answer.
Work = Callable[[Connection, int], dict[str, Any]]


class Answer(NamedTuple):
    """
    What to keep of a message and how to answer it.

    Attributes:
        payload: of the answer.
        odd: what deviated in the message.
        measured: what the charger measured.
        work: where more is to be kept, or decided first; gives the payload then.
        boots: True where a charger has reported that it started and may be configured.
        registration: how a BootNotification is answered; empty for other messages.
    """

    payload: Mapping[str, Any] = MappingProxyType({})
    odd: tuple[Leniency, ...] = ()
    measured: tuple[MeterValue, ...] = ()
    work: Work | None = None
    boots: bool = False
    registration: str = ""


class Refusal(NamedTuple):
    """A message that is refused with a CALLERROR, and what deviated in it."""

    code: CallErrorCode
    description: str
    odd: tuple[Leniency, ...] = ()


class Sender(NamedTuple):
    """
    Who sent a message, and what the backend knows then.

    Attributes:
        station: the charger's settings.
        station_id: its key in the store.
        now: when the frame came.
        cards: all cards.
        heartbeat_s: the interval to give at a start.
        registration: how its last BootNotification was answered.
        triggered: the messages that it was asked for before its acceptance.
    """

    station: StationSettings
    station_id: int
    now: datetime
    cards: Cards
    heartbeat_s: int
    registration: str = ACCEPTED
    triggered: Collection[str] = ()


def answer(call: Call, sender: Sender) -> Answer | Refusal:
    """
    Say how to answer a request.

    Parameters:
        call: the request, which may hold anything.
        sender: who sent it.
    """
    reader = _READERS.get(call.action or "")
    if not may_come(call.action or "", sender.registration, sender.triggered):
        odd = (Leniency("message-before-acceptance", "[2]", shown(call.action), "refused"),)
        return Refusal(CallErrorCode.SECURITY_ERROR, "the boot is not accepted yet", odd)
    if reader is not None:
        return reader(call.payload, sender)
    if call.action is None:
        return Refusal(CallErrorCode.FORMATION_VIOLATION, "the action must be a text")
    known = call.action in _ACTIONS
    rule = "action-not-for-a-backend" if known else "action-unknown"
    odd = (Leniency(rule, "[2]", shown(call.action), "refused"),)
    if known:
        what = f"{call.action} is not supported from a charger"
        return Refusal(CallErrorCode.NOT_SUPPORTED, what, odd)
    return Refusal(CallErrorCode.NOT_IMPLEMENTED, "the action is not known", odd)


# ---------------------------------------------------------------- what is billed


def _meter_values(payload: object, sender: Sender) -> Answer:
    """MeterValues (§4.7, §6.31)."""
    profile, now = sender.station.profile, sender.now
    if isinstance(payload, PlainMeterValues):
        reception = read_plain(payload, profile, now)
    else:
        reception = read_meter_values(payload, profile, now)
    return Answer({}, reception.leniencies, reception.meter_values)


def _start_transaction(payload: object, sender: Sender) -> Answer:
    """StartTransaction (§4.8, §6.45); the same one again gets the same transaction id."""
    report = read_start(payload, sender.station.profile, sender.now)
    card, odd = _card(sender, report.id_tag)

    def work(connection: Connection, frame_id: int) -> dict[str, Any]:
        number, found = records.keep_start(connection, sender.station_id, report)
        records.keep_deviations(
            connection, sender.station_id, frame_id, sender.now, Action.start_transaction, found
        )
        Keeper(connection).keep(sender.station_id, frame_id, report.reception.meter_values)
        return {"transactionId": number, "idTagInfo": card}

    return Answer(odd=report.reception.leniencies + odd, work=work)


def _stop_transaction(payload: object, sender: Sender) -> Answer:
    """StopTransaction (§4.10, §6.49); cannot be refused, whatever it says."""
    report = read_stop(payload, sender.station.profile, sender.now)
    card, odd = _card(sender, report.id_tag) if report.id_tag is not None else (None, ())

    def work(connection: Connection, frame_id: int) -> dict[str, Any]:
        only = 1 if sender.station.profile.connectors == 1 else 0
        connector, found = records.keep_stop(connection, sender.station_id, report, only)
        records.keep_deviations(
            connection, sender.station_id, frame_id, sender.now, Action.stop_transaction, found
        )
        told = [with_connector(one, connector) for one in report.reception.meter_values]
        Keeper(connection).keep(sender.station_id, frame_id, told)
        return {} if card is None else {"idTagInfo": card}

    return Answer(odd=report.reception.leniencies + odd, work=work)


def _card(sender: Sender, id_tag: str) -> tuple[dict[str, str], tuple[Leniency, ...]]:
    found = sender.cards.look_up(sender.station, id_tag, sender.now)
    odd = (
        (Leniency("id-tag-reversed", "idTag", shown(id_tag), "known with its bytes in reverse"),)
        if found.bytes_reversed
        else ()
    )
    return found.info, odd


# ---------------------------------------------------------------- everything else


def _boot_notification(payload: object, sender: Sender) -> Answer | Refusal:
    """BootNotification (§4.2, §6.1); answered as the settings of the station say."""
    if not isinstance(payload, dict):
        return _no_object(payload)
    status = STATUSES[sender.station.registration]

    def work(connection: Connection, frame_id: int) -> dict[str, Any]:
        station_id, now = sender.station_id, sender.now
        # It looks at what was said before, so it comes first.
        station_state.keep_registration(connection, station_id, now, status, payload)
        records.keep_boot(connection, station_id, now, payload)
        return {
            "status": status,
            "currentTime": _time(sender.now),
            "interval": sender.heartbeat_s,
        }

    found = violations(Action.boot_notification, payload)
    return Answer(work=work, odd=found, boots=status != REJECTED, registration=status)


def _heartbeat(payload: object, sender: Sender) -> Answer:
    """Heartbeat (§4.6): the time, whatever stands in it."""
    return Answer({"currentTime": _time(sender.now)}, violations(Action.heartbeat, payload))


def _authorize(payload: object, sender: Sender) -> Answer | Refusal:
    """Authorize (§4.1); without an idTag there is nothing to answer."""
    found = violations(Action.authorize, payload)
    if not isinstance(payload, dict):
        return _no_object(payload)
    id_tag = payload.get("idTag")
    if not isinstance(id_tag, str):
        code = CallErrorCode.PROTOCOL_ERROR
        if id_tag is not None:
            code = CallErrorCode.TYPE_CONSTRAINT_VIOLATION
        return Refusal(code, "idTag must be there and be a text", found)
    card, odd = _card(sender, id_tag)
    return Answer({"idTagInfo": card}, found + odd)


def _data_transfer(payload: object, sender: Sender) -> Answer | Refusal:
    """DataTransfer (§4.3): kept as a frame; no vendor's messages are known (document 003)."""
    found = violations(Action.data_transfer, payload)
    if not isinstance(payload, dict):
        return _no_object(payload)
    if "vendorId" not in payload:
        return Refusal(CallErrorCode.PROTOCOL_ERROR, "vendorId must be there", found)
    return Answer({"status": DataTransferStatus.unknown_vendor_id}, found)


def _status_notification(payload: object, sender: Sender) -> Answer | Refusal:
    """StatusNotification (§4.9): how a connector stands; a free one has no session left."""
    if not isinstance(payload, dict):
        return _no_object(payload)
    connector = payload.get("connectorId")
    free = payload.get("status") == ChargePointStatus.available

    def work(connection: Connection, frame_id: int) -> dict[str, Any]:
        station_state.keep_connector(connection, sender.station_id, sender.now, payload)
        if free and isinstance(connector, int) and not isinstance(connector, bool):
            found = records.keep_free(connection, sender.station_id, connector, sender.now)
            action = Action.status_notification
            records.keep_deviations(
                connection, sender.station_id, frame_id, sender.now, action, found
            )
        return {}

    return Answer(odd=violations(Action.status_notification, payload), work=work)


def _notification(action: Action) -> Callable[[object, Sender], Answer | Refusal]:
    """Answer what a charger only tells: compared with its schema, its status kept."""
    kind = _UPKEEP.get(action)

    def read(payload: object, sender: Sender) -> Answer | Refusal:
        if not isinstance(payload, dict):
            return _no_object(payload)
        if kind is None:
            return Answer({}, violations(action, payload))

        def work(connection: Connection, frame_id: int) -> dict[str, Any]:
            station_id, now = sender.station_id, sender.now
            station_state.keep_upkeep(connection, station_id, now, kind, payload)
            return {}

        return Answer(work=work, odd=violations(action, payload))

    return read


def _no_object(payload: object) -> Refusal:
    odd = (Leniency("payload-is-no-object", "[3]", shown(payload), "refused"),)
    return Refusal(CallErrorCode.FORMATION_VIOLATION, "the payload must be an object", odd)


def _time(instant: datetime) -> str:
    """Write an instant as OCPP does, ``2026-06-01T10:00:00.000Z`` (§3.14 asks for UTC)."""
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


_UPKEEP: Mapping[Action, str] = {
    Action.diagnostics_status_notification: "diagnostics",
    Action.firmware_status_notification: "firmware",
}

_NOTIFICATIONS = (
    Action.diagnostics_status_notification,
    Action.firmware_status_notification,
    Action.log_status_notification,
    Action.security_event_notification,
    Action.signed_firmware_status_notification,
)

_ACTIONS = frozenset(action.value for action in Action)

_READERS: Mapping[str, Callable[[object, Sender], Answer | Refusal]] = {
    Action.meter_values.value: _meter_values,
    Action.start_transaction.value: _start_transaction,
    Action.stop_transaction.value: _stop_transaction,
    Action.boot_notification.value: _boot_notification,
    Action.heartbeat.value: _heartbeat,
    Action.authorize.value: _authorize,
    Action.data_transfer.value: _data_transfer,
    Action.status_notification.value: _status_notification,
    **{action.value: _notification(action) for action in _NOTIFICATIONS},
}

#: Messages that may come again word for word, and then get the same answer. The others tell a
#: time, or change nothing when they are read twice.
REPEATED = frozenset(
    (
        Action.meter_values.value,
        Action.start_transaction.value,
        Action.stop_transaction.value,
    )
)
