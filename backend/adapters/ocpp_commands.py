"""
All that the backend can ask of a charger in OCPP 1.6, whatever wire it is on.

Rule 1: nothing invalid leaves (`backend.adapters.ocpp_schemas.checked`), and nothing that OCPP
forbids as long as the charger's boot is not accepted.
Rule 2: an answer is used as far as it can be; each deviation of it is kept by name.
Rule 3: what follows from an answer is kept with it, whoever asked and in which way: the local
list, reservations, charging profiles. Their versions and numbers are the backend's own.
Rule 4: what went wrong is told apart: not sent, refused with a code, no answer, line lost.
Rule 5: whose caller is cancelled is dropped as long as it waits for its turn. What has begun goes
on to its end, with what follows from it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from ocpp.v16.enums import Action  # type: ignore[import-untyped]
from sqlalchemy import Connection

from backend.adapters import records, station_state
from backend.adapters.cards import Cards
from backend.adapters.ocpp_frames import CallErrorCode, shown
from backend.adapters.ocpp_json import Turn, configuration_in
from backend.adapters.ocpp_schemas import checked, deviations_of_answer, unusable_field
from backend.adapters.registration import Registrations
from backend.adapters.store import Store
from backend.core.local_list import (
    ACCEPTED,
    DIFFERENTIAL,
    FULL,
    PART_MAX,
    KnownList,
    Update,
    plan,
)
from backend.core.readings import Leniency
from backend.errors import (
    BadAnswer,
    CommandError,
    DeviceError,
    LineLost,
    NoAnswer,
    Refused,
)
from backend.ports import Clock
from backend.settings import Settings

T = TypeVar("T")
Json = dict[str, Any]

#: ASSUMED: so many entries of a local list are sent at a time to a charger that does not say.
_PART_UNTOLD = 100
_PART_KEY, _LIST_KEY = "SendLocalListMaxLength", "LocalAuthListMaxLength"
_MISMATCH = "VersionMismatch"
#: Codes that some firmware spells as they should have been (OCPP-J errata 5.1, 5.2).
_SPELLINGS = {
    "FormatViolation": CallErrorCode.FORMATION_VIOLATION,
    "OccurrenceConstraintViolation": CallErrorCode.OCCURENCE_CONSTRAINT_VIOLATION,
}


class Lines(Protocol):
    """The lines to chargers; `backend.adapters.ocpp_json.CentralSystem` has them for JSON."""

    @property
    def cards(self) -> Cards:
        """The cards of all accounts."""

    @property
    def registrations(self) -> Registrations:
        """How the chargers' boots were answered."""

    async def turn(self, identity: str) -> Turn:
        """Wait until commands may be sent to a charger; raises `DeviceError`."""


@dataclass(frozen=True, slots=True)
class ListSent:
    """
    What became of a local list.

    Attributes:
        status: the last UpdateStatus; ``Accepted`` where there was nothing to send.
        version: the version that the list has now, or would have.
        kind: ``Full`` or ``Differential``, as it was sent.
        parts: how many requests it took; 0 where nothing had changed.
    """

    status: str
    version: int
    kind: str
    parts: int


class Commands:
    """
    Commands to chargers, each by the identity of its station.

    Every method raises `SettingsError` for a station that no setting names, `CommandError` for
    what must not be sent, and `DeviceError`, of one of its kinds, for what the charger does.
    """

    def __init__(self, settings: Settings, lines: Lines, store: Store, clock: Clock) -> None:
        self._settings = settings
        self._lines = lines
        self._store = store
        self._clock = clock
        self._begun: set[asyncio.Task[Any]] = set()

    async def stop(self) -> None:
        """Wait until what has begun is kept; the lines have ended."""
        while self._begun:
            await asyncio.wait(self._begun)

    # ------------------------------------------------------------ any command

    async def send(self, station: str, action: str, payload: Mapping[str, Any]) -> Json:
        """
        Send a command and give the payload of its answer.

        Parameters:
            action: one of `COMMANDS`.
            payload: as its schema has it.
        """
        exact = self._allowed(station, action, payload)
        work = partial(self._carry_out, station, action, exact)
        return await self._in_turn(station, action, work)

    def _allowed(self, station: str, action: str, payload: Mapping[str, Any]) -> Json:
        """Give what may be sent; see `Commands` for what is raised."""
        self._settings.station(station)
        exact = checked(action, payload)
        if action == "ReserveNow" and _instant(exact["expiryDate"]) <= self._clock.now():
            raise CommandError(
                "expiryDate is over already",
                "command ReserveNow",
                "write an instant to come",
                field="expiryDate",
                rule="in the future",
            )
        self._lines.registrations.check(station, action)
        return exact

    async def _in_turn(self, station: str, action: str, work: Callable[[Turn], Awaitable[T]]) -> T:
        """Do something once its turn has come; then to its end, whether the caller waits or not."""

        async def do(turn: Turn) -> T:
            try:
                with self._clock.hold(f"{station}: {action} and what follows from it"):
                    return await work(turn)
            finally:
                turn.end()

        with self._clock.hold(f"{station}: {action} is to be sent"):
            turn = await self._lines.turn(station)
            task = asyncio.create_task(do(turn))
            self._begun.add(task)
            task.add_done_callback(self._ended)
            await asyncio.wait((task,))
        return task.result()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._begun.discard(task)
        if not task.cancelled():
            task.exception()  # who waits is told; where nobody does, the outcome is kept

    async def _carry_out(self, station: str, action: str, exact: Json, turn: Turn) -> Json:
        """Send a command and keep what follows from its answer."""
        self._lines.registrations.asked(station, action, exact)
        if action == "SendLocalList":
            await self._keep(station, action, (), partial(_begin_list, asked=exact))
        try:
            answer = await turn.call(Action(action), exact)
        except Refused as refused:
            await self._keep(station, action, _odd_code(refused.code))
            raise
        follow = _FOLLOW.get(action)
        work = None if follow is None else partial(follow, asked=exact, told=answer)
        await self._keep(station, action, deviations_of_answer(action, answer), work)
        if (field := unusable_field(action, answer)) is not None:
            what = f"answers {action} without a {field} that can be used"
            raise BadAnswer(what, f"charger {station!r}", "look at its frames")
        return answer

    async def run(self, station: str, action: str, payload: Mapping[str, Any]) -> tuple[Json, Json]:
        """
        Send a command as a person or a program may write it: what the backend chooses is left out.

        Returns:
            The payload of the (last) answer, and what the backend has chosen.
        """
        if action == "ReserveNow":
            return await self._run_reserve(station, payload)
        if action == "SendLocalList" and "listVersion" not in payload:
            return await self._run_local_list(station, payload)
        return await self.send(station, action, payload), {}

    async def _run_reserve(self, station: str, payload: Mapping[str, Any]) -> tuple[Json, Json]:
        asked = dict(payload)
        if "reservationId" not in asked:
            exact = self._allowed(station, "ReserveNow", {**asked, "reservationId": 1})
            work = partial(self._reserve, station, exact)
            return await self._in_turn(station, "ReserveNow", work)
        exact = checked("ReserveNow", asked)
        number, station_id = exact["reservationId"], await self._id_of(station)
        if not await self._store.read(
            lambda connection: station_state.is_reservation(connection, station_id, number)
        ):
            raise CommandError(
                f"reservationId {number} is no reservation of this station",
                "command ReserveNow",
                "leave it out for a new reservation",
                field="reservationId",
                rule="own ids",
            )
        return await self.send(station, "ReserveNow", exact), {}

    async def _reserve(self, station: str, exact: Json, turn: Turn) -> tuple[Json, Json]:
        number = await self._begin_reservation(station, exact)
        asked = {**exact, "reservationId": number}
        try:
            answer = await self._carry_out(station, "ReserveNow", asked, turn)
        except (NoAnswer, LineLost):
            raise  # nobody knows whether the charger has it
        except DeviceError:
            await self._keep(station, "ReserveNow", (), partial(_cancelled, asked=asked, told={}))
            raise
        return answer, {"reservationId": number}

    async def _run_local_list(self, station: str, payload: Mapping[str, Any]) -> tuple[Json, Json]:
        # What the caller has written is looked at as if its version stood there.
        written = {"updateType": DIFFERENTIAL, **payload, "listVersion": 1}
        exact = checked("SendLocalList", written)
        cards = None
        if "localAuthorizationList" in payload:
            listed = exact["localAuthorizationList"]
            if exact["updateType"] != FULL:
                raise CommandError(
                    "a Differential list of one's own needs its listVersion",
                    "command SendLocalList",
                    "send it Full, or leave the list out: then it is the account's cards",
                    field="updateType",
                    rule="own versions",
                )
            cards = {entry["idTag"]: entry["idTagInfo"] for entry in listed}
        sent = await self.send_local_list(station, exact["updateType"], cards=cards)
        chosen = {"listVersion": sent.version, "updateType": sent.kind, "parts": sent.parts}
        return {"status": sent.status}, chosen

    # ------------------------------------------------------------ core profile

    async def remote_start(
        self,
        station: str,
        id_tag: str,
        connector: int = 1,
        charging_profile: Mapping[str, Any] | None = None,
    ) -> str:
        """Ask for a session to start (OCPP 1.6 §5.11): ``Accepted`` or ``Rejected``."""
        payload: Json = {"connectorId": connector, "idTag": id_tag}
        if charging_profile is not None:
            payload["chargingProfile"] = charging_profile
        return await self._status(station, "RemoteStartTransaction", payload)

    async def remote_stop(self, station: str, transaction: int) -> str:
        """
        Ask for a session to end (OCPP 1.6 §5.12): ``Accepted`` or ``Rejected``.

        Parameters:
            transaction: the id that the session got when it started.
        """
        return await self._status(station, "RemoteStopTransaction", {"transactionId": transaction})

    async def reset(self, station: str, kind: str) -> str:
        """Restart a charger (§5.14), ``Soft`` or ``Hard``: ``Accepted`` or ``Rejected``."""
        return await self._status(station, "Reset", {"type": kind})

    async def unlock_connector(self, station: str, connector: int) -> str:
        """Unlock a cable (§5.18): ``Unlocked``, ``UnlockFailed`` or ``NotSupported``."""
        return await self._status(station, "UnlockConnector", {"connectorId": connector})

    async def change_availability(self, station: str, connector: int, kind: str) -> str:
        """
        Take a connector, or with 0 the charger, in or out of service (§5.2).

        Parameters:
            kind: ``Operative`` or ``Inoperative``.

        Returns:
            ``Accepted``, ``Rejected`` or ``Scheduled``.
        """
        payload = {"connectorId": connector, "type": kind}
        return await self._status(station, "ChangeAvailability", payload)

    async def clear_cache(self, station: str) -> str:
        """Let a charger forget the cards it remembers (§5.4): ``Accepted`` or ``Rejected``."""
        return await self._status(station, "ClearCache", {})

    async def data_transfer(
        self,
        station: str,
        vendor_id: str,
        message_id: str | None = None,
        data: str | None = None,
    ) -> tuple[str, str | None]:
        """
        Say something in a vendor's words (§5.6).

        Returns:
            ``Accepted``, ``Rejected``, ``UnknownMessageId`` or ``UnknownVendorId``; and what the
            charger says, if anything.
        """
        payload = _given(vendorId=vendor_id, messageId=message_id, data=data)
        answer = await self.send(station, "DataTransfer", payload)
        said = answer.get("data")
        return str(answer["status"]), said if said is None else str(said)

    async def get_configuration(
        self, station: str, keys: Iterable[str] | None = None
    ) -> dict[str, str]:
        """
        Read configuration keys (§5.8).

        Parameters:
            keys: which; all where left out.

        Returns:
            The values of the keys that the charger knows and shows.
        """
        payload = {} if keys is None else {"key": list(keys)}
        return configuration_in(await self.send(station, "GetConfiguration", payload))

    async def change_configuration(self, station: str, key: str, value: str) -> str:
        """
        Set a configuration key (§5.3).

        Returns:
            ``Accepted``, ``Rejected``, ``RebootRequired`` or ``NotSupported``.
        """
        return await self._status(station, "ChangeConfiguration", {"key": key, "value": value})

    async def trigger_message(
        self, station: str, message: str, connector: int | None = None
    ) -> str:
        """
        Ask for a message now (§5.17).

        Parameters:
            message: its name, for example ``StatusNotification``.

        Returns:
            ``Accepted``, ``Rejected`` or ``NotImplemented``.
        """
        payload = _given(requestedMessage=message, connectorId=connector)
        return await self._status(station, "TriggerMessage", payload)

    # ------------------------------------------------------------ firmware management

    async def get_diagnostics(
        self,
        station: str,
        location: str,
        start: datetime | None = None,
        stop: datetime | None = None,
        retries: int | None = None,
        retry_interval_s: int | None = None,
    ) -> str | None:
        """
        Have diagnostics brought to a location (§5.9).

        Returns:
            The name of the file that will lie there; None where the charger has nothing to bring.
        """
        payload = _given(
            location=location,
            startTime=_time(start),
            stopTime=_time(stop),
            retries=retries,
            retryInterval=retry_interval_s,
        )
        name = (await self.send(station, "GetDiagnostics", payload)).get("fileName")
        return name if isinstance(name, str) and name else None

    async def update_firmware(
        self,
        station: str,
        location: str,
        retrieve_at: datetime,
        retries: int | None = None,
        retry_interval_s: int | None = None,
    ) -> None:
        """Have new firmware fetched from a location at an instant (§5.19)."""
        payload = _given(
            location=location,
            retrieveDate=_time(retrieve_at),
            retries=retries,
            retryInterval=retry_interval_s,
        )
        await self.send(station, "UpdateFirmware", payload)

    # ------------------------------------------------------------ local list

    async def get_local_list_version(self, station: str) -> int:
        """
        Ask for the version of the local list (§5.10); -1 where the charger keeps none.

        The INCH refuses with NotSupported (document 003); the backend counts itself.
        """
        answer = await self.send(station, "GetLocalListVersion", {})
        return int(answer["listVersion"])

    async def send_local_list(
        self,
        station: str,
        kind: str = FULL,
        *,
        cards: Mapping[str, Mapping[str, Any]] | None = None,
        part: int | None = None,
    ) -> ListSent:
        """
        Bring a charger's local list to what it is to be (§5.15).

        Parameters:
            kind: ``Full``, or ``Differential``: only what has changed, where the charger's list
                is known; where it is not, or the charger finds the version wrong, it is Full.
            cards: idTag to IdTagInfo; the cards of the station's account where left out.
            part: how many entries to send at a time; what the charger says where left out.
        """
        if kind not in (FULL, DIFFERENTIAL):
            raise CommandError(
                f"the update type is {shown(kind)}",
                "command SendLocalList",
                f"write {FULL} or {DIFFERENTIAL}",
                field="updateType",
                rule="enum",
            )
        now, found = self._clock.now(), self._settings.station(station)
        wanted = {
            tag: dict(info)
            for tag, info in (self._lines.cards.of(found, now) if cards is None else cards).items()
        }
        with self._clock.hold(f"{station}: its local list is brought up to date"):
            size = await self._part_size(station, len(wanted)) if part is None else part
            self._lines.registrations.check(station, "SendLocalList")

            async def bring(turn: Turn) -> ListSent:
                sent = await self._bring(station, wanted, kind, size, turn)
                if sent.status == _MISMATCH:
                    sent = await self._bring(station, wanted, FULL, size, turn)
                return sent

            # One turn for all parts: no other list may come between them.
            return await self._in_turn(station, "SendLocalList", bring)

    async def _part_size(self, station: str, count: int) -> int:
        """Ask a charger how many entries it takes at a time, and whether it can hold them all."""
        try:
            told = await self.get_configuration(station, [_PART_KEY, _LIST_KEY])
        except Refused:
            return _PART_UNTOLD
        if (most := _number(told, _LIST_KEY)) is not None and count > most:
            raise CommandError(
                f"the list has {count} cards, and the charger holds {most}",
                "command SendLocalList",
                "name fewer cards",
                field="localAuthorizationList",
                rule=_LIST_KEY,
            )
        size = _number(told, _PART_KEY)
        return _PART_UNTOLD if size is None or size < 1 else min(size, PART_MAX)

    async def _bring(
        self, station: str, wanted: Mapping[str, Json], kind: str, size: int, turn: Turn
    ) -> ListSent:
        station_id = await self._id_of(station)
        known = await self._store.read(
            lambda connection: station_state.known_list(connection, station_id)
        )
        updates = plan(known, wanted, kind, size)
        version, status = known.version, ACCEPTED
        for update in updates:
            version = update.version
            exact = checked("SendLocalList", update.payload())
            answer = await self._carry_out(station, "SendLocalList", exact, turn)
            status = str(answer["status"])
            if status != ACCEPTED:
                break
        kind = updates[0].kind if updates else kind
        return ListSent(status, version, kind, len(updates))

    # ------------------------------------------------------------ reservations

    async def reserve_now(
        self,
        station: str,
        connector: int,
        id_tag: str,
        expires_at: datetime,
        parent_id_tag: str | None = None,
    ) -> tuple[str, int]:
        """
        Reserve a connector, or with 0 the charger, for a card (§5.13).

        Returns:
            ``Accepted``, ``Faulted``, ``Occupied``, ``Rejected`` or ``Unavailable``; and the id of
            the reservation.
        """
        payload = _given(
            connectorId=connector,
            idTag=id_tag,
            expiryDate=_time(expires_at),
            parentIdTag=parent_id_tag,
        )
        answer, chosen = await self.run(station, "ReserveNow", payload)
        return str(answer["status"]), chosen["reservationId"]

    async def cancel_reservation(self, station: str, reservation: int) -> str:
        """End a reservation (§5.1): ``Accepted`` or ``Rejected``."""
        return await self._status(station, "CancelReservation", {"reservationId": reservation})

    async def _begin_reservation(self, station: str, payload: Mapping[str, Any]) -> int:
        station_id, now = await self._id_of(station), self._clock.now()
        return await self._store.write(
            lambda connection: station_state.begin_reservation(
                connection,
                station_id,
                now,
                payload["connectorId"],
                payload["idTag"],
                payload.get("parentIdTag"),
                _instant(payload["expiryDate"]),
            )
        )

    # ------------------------------------------------------------ smart charging

    async def set_charging_profile(
        self, station: str, connector: int, profile: Mapping[str, Any]
    ) -> str:
        """
        Limit the power (§5.16).

        Parameters:
            connector: 0 for the charger, or for all connectors.
            profile: a ChargingProfile (§7.8).

        Returns:
            ``Accepted``, ``Rejected`` or ``NotSupported``.
        """
        payload = {"connectorId": connector, "csChargingProfiles": profile}
        return await self._status(station, "SetChargingProfile", payload)

    async def clear_charging_profile(
        self,
        station: str,
        profile: int | None = None,
        connector: int | None = None,
        purpose: str | None = None,
        stack_level: int | None = None,
    ) -> str:
        """
        Remove the charging profiles that fit all that is given (§5.5); all where nothing is.

        Returns:
            ``Accepted``, or ``Unknown`` where none fits.
        """
        payload = _given(
            id=profile,
            connectorId=connector,
            chargingProfilePurpose=purpose,
            stackLevel=stack_level,
        )
        return await self._status(station, "ClearChargingProfile", payload)

    async def get_composite_schedule(
        self, station: str, connector: int, duration_s: int, unit: str | None = None
    ) -> Json:
        """Ask which limits hold in the time to come (§5.7); gives the payload of the answer."""
        payload = _given(connectorId=connector, duration=duration_s, chargingRateUnit=unit)
        return await self.send(station, "GetCompositeSchedule", payload)

    # ------------------------------------------------------------ what all share

    async def _status(self, station: str, action: str, payload: Mapping[str, Any]) -> str:
        return str((await self.send(station, action, payload))["status"])

    async def _id_of(self, identity: str) -> int:
        ids = await self._store.read(records.station_ids)
        return ids[self._settings.station(identity).identity]

    async def _keep(
        self,
        station: str,
        action: str,
        odd: tuple[Leniency, ...],
        work: Callable[[Connection, int, datetime], None] | None = None,
    ) -> None:
        if work is None and not odd:
            return
        station_id, now = await self._id_of(station), self._clock.now()

        def do(connection: Connection) -> None:
            records.keep_deviations(connection, station_id, None, now, action, odd)
            if work is not None:
                work(connection, station_id, now)

        await self._store.write(do)


def _odd_code(code: str) -> tuple[Leniency, ...]:
    """Name an error code that is none of OCPP-J 1.6 §4.2.3."""
    if code in _SPELLINGS:
        return (Leniency("error-code-spelling", "[2]", code, f"read as {_SPELLINGS[code]}"),)
    if code not in set(CallErrorCode):
        return (Leniency("error-code-unknown", "[2]", shown(code), "told as it is"),)
    return ()


def _given(**fields: Any) -> Json:
    """Give the fields that hold something; what is optional and left out is not sent."""
    return {name: value for name, value in fields.items() if value is not None}


def _time(instant: datetime | None) -> str | None:
    """Write an instant as OCPP does (§3.14 asks for UTC)."""
    if instant is None:
        return None
    if instant.tzinfo is None:
        raise CommandError(
            f"{instant} has no zone", "an instant of a command", "give an aware datetime"
        )
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _instant(written: str) -> datetime:
    """Read what `checked` has found to be an instant."""
    return datetime.fromisoformat(written)


def _number(told: Mapping[str, str], key: str) -> int | None:
    text = told.get(key, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


# ---------------------------------------------------------------- what follows from an answer

Follow = Callable[..., None]
"""Takes the connection, the station's key and the instant; what was asked and told, by name."""


def _reserved(connection: Connection, station: int, now: datetime, asked: Json, told: Json) -> None:
    status = str(told.get("status"))
    station_state.answer_reservation(connection, station, now, asked, status)


def _cancelled(
    connection: Connection, station: int, now: datetime, asked: Json, told: Json
) -> None:
    # Rejected means that the charger knows no such reservation: then it has ended, too.
    station_state.end_reservation(connection, station, now, asked["reservationId"])


def _limited(connection: Connection, station: int, now: datetime, asked: Json, told: Json) -> None:
    if told.get("status") == ACCEPTED:
        connector, profile = asked["connectorId"], asked["csChargingProfiles"]
        station_state.keep_profile(connection, station, now, connector, profile)


def _started(connection: Connection, station: int, now: datetime, asked: Json, told: Json) -> None:
    if told.get("status") == ACCEPTED and "chargingProfile" in asked:
        connector, profile = asked.get("connectorId", 0), asked["chargingProfile"]
        station_state.keep_profile(connection, station, now, connector, profile)


def _cleared(connection: Connection, station: int, now: datetime, asked: Json, told: Json) -> None:
    # Unknown means that there is none that fits.
    station_state.clear_profiles(connection, station, now, asked)


#: The status of a list that was sent on top of one that is known, until it is answered.
_SENT, _SENT_ON_SURE = "sent", "sent on top of a known list"


def _begin_list(connection: Connection, station: int, now: datetime, asked: Json) -> None:
    # Until the charger has said so, it is not known what it has: also if we die meanwhile.
    known = station_state.known_list(connection, station)
    status = _SENT_ON_SURE if known.is_sure else _SENT
    version = max(known.version, asked["listVersion"])
    unsure = KnownList(version, known.entries, is_sure=False, status=status)
    station_state.keep_list(connection, station, now, unsure)


def _listed(connection: Connection, station: int, now: datetime, asked: Json, told: Json) -> None:
    known, status = station_state.known_list(connection, station), str(told.get("status"))
    if status == ACCEPTED:
        listed = asked.get("localAuthorizationList", [])
        changes = {entry["idTag"]: entry.get("idTagInfo") for entry in listed}
        update = Update(asked["listVersion"], asked["updateType"], changes)
        is_sure = update.kind == FULL or known.status == _SENT_ON_SURE
        known = KnownList(update.version, update.applied_to(known.entries), is_sure)
    station_state.keep_list(connection, station, now, replace(known, status=status))


_FOLLOW: Mapping[str, Follow] = {
    "CancelReservation": _cancelled,
    "ClearChargingProfile": _cleared,
    "RemoteStartTransaction": _started,
    "ReserveNow": _reserved,
    "SendLocalList": _listed,
    "SetChargingProfile": _limited,
}
